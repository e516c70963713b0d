"""Handing goods over: pickup codes, and what happens to goods that nobody fetches (S24).

A code is derived from the order and a secret, so it is stored nowhere and is the same whenever it is asked for. It is
verified once; five wrong ones lock the order, and then only its merchant hands it over, with a reason.
"""

import hashlib
import hmac
from dataclasses import replace
from typing import NamedTuple

from .batch import Batch, BatchState, at_of, rides
from .campaign import Campaign
from .instants import DAY, Instant
from .order import Order, and_then
from .refusals import Refused

MOST_TRIES = 5
DIGITS = 6
CHECK_DIGITS = 3
"""How much of a code the list for hand-overs without a network shows: enough to tell a neighbour from a stranger (one
guess in a thousand passes, and five lock), not enough to hand over on paper what nobody has fetched."""


def pickup_code(order_id: str, key: str) -> str:
    digest = hmac.new(key.encode(), f"pickup\x1f{order_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def check_of(code: str) -> str:
    return code[:CHECK_DIGITS]


class Outcome(NamedTuple):
    """The refusal, if any, and the order as the attempt leaves it (None: nothing is to be written)."""

    refusal: Refused | None
    order: Order | None


def attempt(order: Order, code: str, right: str, *, by: str, at: Instant) -> Outcome:
    """One code for one order. A wrong one is refused and counted, so it is both an answer and a write."""
    if order.handed_at is not None:
        return Outcome(Refused("already_handed_over"), None)
    if order.code_tries >= MOST_TRIES:
        return Outcome(Refused("code_locked"), None)
    if not hmac.compare_digest(code.encode(), right.encode()):
        return Outcome(Refused("wrong_pickup_code"), replace(order, code_tries=order.code_tries + 1))
    return Outcome(None, handed(order, by=by, at=at))


def handed(order: Order, *, by: str, at: Instant) -> Order:
    return replace(order, handed_at=at, handed_by=by, steps=and_then(order.steps, "handed_over", at, by))


def check_may_be_handed(order: Order, batch: Batch) -> None:
    if not rides(order):
        raise Refused("order_not_to_hand_over", state=order.resolution or order.state.value)
    if order.uncollected is not None:
        raise Refused("order_not_to_hand_over", state=order.uncollected)
    if batch.state is BatchState.HANDED_OVER:
        raise Refused("batch_finished")
    if batch.state is not BatchState.READY:
        raise Refused("batch_not_ready", state=batch.state.value)


def reminder_times(batch: Batch, terms: Campaign) -> list[Instant]:
    """When those who have not fetched their goods are reminded."""
    ready = at_of(batch, BatchState.READY)
    return [ready + days * DAY for days in terms.uncollected.remind_after_days] if ready is not None else []


def rule_applies_at(batch: Batch, terms: Campaign) -> Instant | None:
    """When the campaign's rule takes over; None where it has none, and goods wait until somebody decides."""
    ready = at_of(batch, BatchState.READY)
    if ready is None or not terms.uncollected.then:
        return None
    return ready + terms.uncollected.until_days * DAY


def given_up(order: Order, then: str, now: Instant) -> Order:
    """Nobody came. Returned goods are paid back, forfeited ones are not; either is told."""
    return replace(order, uncollected=then, steps=and_then(order.steps, then, now, "timer"))
