"""A substitute offer (替代商品): an item has run out; its buyers say until a moment whether they take another (S23).

Who says nothing by then gets the line's money back, exactly as who refuses it.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .batch import rides
from .instants import DAY, HOUR, SECOND, Instant
from .order import Order, and_then
from .refusals import Broken, Refused
from .writes import Row

SHORTEST, LONGEST = HOUR, 14 * DAY
AFTER = 2 * SECOND
"""Clocks differ a little: an answer that was given in time is written before anybody decides without it."""


class Phase(StrEnum):
    """`telling` those who bought it, `waiting` for answers, `settling` for who gave none."""

    TELLING = "telling"
    WAITING = "waiting"
    SETTLING = "settling"
    DONE = "done"


class Said(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute(Row):
    """`title` is what is offered instead of `sku`, and `instead` the SKU it is asked of suppliers and counted under.

    `cursor` is how far the work of the phase has come.
    """

    group_id: str
    sku: str
    title: str
    until: Instant
    offered_at: Instant
    offered_by: str
    phase: Phase = Phase.TELLING
    cursor: str | None = None
    instead: str = ""


def sku_instead(sku: str) -> str:
    """The SKU of a substitute that has none of its own."""
    return f"{sku[:20]}.alt"


def check_until(until: Instant, now: Instant) -> None:
    if not now + SHORTEST <= until <= now + LONGEST:
        raise Refused("offer_time_out_of_range")


def went_on(offer: Substitute, cursor: str | None, now: Instant) -> Substitute:
    """The next page of the phase, or the next phase."""
    if cursor is not None:
        return replace(offer, cursor=cursor, due_at=now)
    if offer.phase is Phase.TELLING:
        return replace(offer, phase=Phase.WAITING, cursor=None, due_at=offer.until + AFTER)
    return replace(offer, phase=Phase.DONE, cursor=None, due_at=None)


def concerns(offer: Substitute, order: Order) -> bool:
    return rides(order) and left_of(order, offer.sku) > 0 and offer.sku not in order.swaps


def left_of(order: Order, sku: str) -> int:
    """Units still to come."""
    return order.lines.get(sku, 0) - order.short.get(sku, 0)


def check_answer(offer: Substitute, order: Order, said: Said, now: Instant) -> None:
    known = order.swaps.get(offer.sku)
    if known is not None:
        raise Refused("already_answered", answer=known)
    if not concerns(offer, order):
        raise Refused("nothing_to_replace")
    if now >= offer.until:
        raise Refused("offer_over")


def answered(order: Order, offer: Substitute, said: Said, now: Instant) -> Order:
    """Of a line that is not replaced, nothing comes any more: it counts as missing, like what was found short."""
    sku = offer.sku
    if sku in order.swaps:
        raise Broken(f"order {order.id} has answered about {sku}")
    swaps: Mapping[str, str] = {**order.swaps, sku: said.value}
    short = order.short if said is Said.ACCEPTED else {**order.short, sku: order.lines[sku]}
    by = "timer" if said is Said.LAPSED else order.buyer_id
    instead = {**order.instead, sku: offer.instead} if said is Said.ACCEPTED and offer.instead else order.instead
    return replace(
        order,
        swaps=swaps,
        short=short,
        instead=instead,
        steps=and_then(order.steps, f"substitute_{said.value}", now, by),
    )


def number_of(order: Order) -> int:
    """Which refund of this kind the next one is."""
    return 1 + sum(said != Said.ACCEPTED.value for said in order.swaps.values())
