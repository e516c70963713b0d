"""Asks the provider about a payment under way, before a seat is let go for want of it."""

from ...domain.instants import Instant
from ...domain.ledger import EntryState
from ...domain.order import Order
from ...domain.ports import Outcome
from ..world import World
from .money_in import money_in
from .start_payment import provider_of


def look_up(world: World, order: Order, now: Instant) -> bool:
    """Whether the money turned out to be there; it is then on the books and the order is whatever that makes it."""
    entry = world.store.entry(order.payment_id) if order.payment_id else None
    if entry is None or entry.state is not EntryState.PENDING:
        return False
    answer = provider_of(world, entry.method).look_up_payment(entry.id, entry.provider_ref)
    if answer.outcome not in (Outcome.SUCCEEDED, Outcome.AUTHORISED) or answer.paid_at is None:
        return False
    money_in(
        world,
        entry.id,
        amount_minor=answer.amount_minor if answer.amount_minor is not None else entry.amount_minor,
        currency=answer.currency or entry.currency,
        paid_at=answer.paid_at,
        ref=answer.ref or "",
        held=answer.outcome is Outcome.AUTHORISED,
        now=now,
    )
    return (answer.amount_minor or entry.amount_minor, answer.currency or entry.currency) == (
        entry.amount_minor,
        entry.currency,
    )  # other money than was asked for is on the books as well, and pays for nothing
