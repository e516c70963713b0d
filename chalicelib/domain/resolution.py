"""What a group's verdict means for one paid order of it: the money that moves, and the word that is said of it."""

from dataclasses import replace

from . import balance, ledger, pricing
from .campaign import Campaign
from .group import Group, Verdict
from .instants import Instant
from .ledger import Entry, EntryState, Kind
from .order import FAILED, Order, OrderState, due_after


def in_group(order: Order, group: Group | None) -> Order:
    """The order as everybody is to see it: where its group failed, the refund that it is owed says so, and its own row
    need not be written for that (decision 0039).
    """
    if order.state is not OrderState.PAID or order.resolution is not None or group is None or group.verdict is None:
        return order
    if group.verdict.formed:
        return order
    return replace(order, resolution=FAILED, resolved_at=group.verdict.given_at)


def marked(order: Order, group: Group, terms: Campaign, moved: Entry | None, now: Instant) -> Order:
    """The order as its row says it when its share of the verdict, with `moved`, has been carried out."""
    verdict = group.verdict
    assert verdict is not None
    done = replace(order, resolution=_word(verdict, moved), resolved_at=now, owed=())
    if verdict.formed and order.deposit_minor:
        done = replace(balance.due(order, terms, verdict.prices, now), owed=())
    return replace(done, due_at=due_after(done, group, terms, now) if verdict.formed else None)


def _word(verdict: Verdict, moved: Entry | None) -> str:
    """`formed`, `price_drop` or `failed`. A hold at a lower price is simply captured lower: nothing comes back."""
    if not verdict.formed:
        return FAILED
    return moved.cause if moved is not None and moved.kind is Kind.REFUND else "formed"


def moved_after(verdict: Verdict, order: Order, payment: Entry, terms: Campaign, now: Instant) -> Entry | None:
    """The one entry that the verdict calls for: of a hold, its capture at the final price or its end; of money that
    has moved, all of it back, or what is over the final price, or nothing.
    """
    final = pricing.amount(order.lines, verdict.prices) + order.fee_minor
    if payment.state is EntryState.AUTHORISED:
        if not verdict.formed:
            return ledger.void_of(payment, cause=FAILED, now=now)
        until = verdict.given_at + terms.capture_grace_ms
        return ledger.capture_of(payment, amount_minor=final, until=until, now=now)
    back = payment.taken_minor - (final if verdict.formed else 0)
    cause = "price_drop" if verdict.formed else FAILED
    return ledger.refund_of(payment, cause=cause, amount_minor=back, now=now) if back > 0 else None


def waits(order: Order, payment: Entry) -> bool:
    """Whether an order of a failed group must be told so in its own row: it has a timer, its money may still move, or
    a second payment is expected of it.
    """
    return payment.state is not EntryState.POSTED or order.due_at is not None or order.deposit_minor > 0
