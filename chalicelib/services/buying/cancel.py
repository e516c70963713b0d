"""A buyer gives up an order while its group is open; what was paid is refunded by itself."""

from dataclasses import replace

from ...domain import ledger
from ...domain import order as orders
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState
from ...domain.order import Order, OrderState
from ...domain.ports import Caller
from ...domain.refusals import Broken, Lost, Refused, Unavailable
from ...domain.writes import Create, Replace, Take, Write
from ..attempts import attempts
from ..world import World
from . import limits, seats
from .change import mine


def cancel(world: World, caller: Caller, order_id: str, *, version: int | None, now: Instant) -> Order:
    """Cancelling what is cancelled is done already. The seat, the units and the money go back together."""
    for attempt in attempts(world):
        with attempt:
            order, group, terms = mine(world, caller, order_id)
            if order.state is OrderState.CANCELLED:
                return order
            if version is not None and order.version != version:
                raise Refused("order_has_changed", version=order.version)
            new = orders.cancelled(order, now, by=caller.id)
            back = {sku: -units for sku, units in order.lines.items()}
            writes: list[Write] = [Take(group.id, order.slice, back, -1, now), Replace(new)]
            writes += money_back(world, order, now) + limits.give_back(world, terms, order)
            try:
                world.store.commit(*writes)
            except Lost as lost:
                if 0 in lost.rows and seats.why_refused(seats.as_slice(lost.rows[0]), now) != "short":
                    raise Refused("group_closed") from lost
                raise
            world.watch.count("orders_cancelled")
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def money_back(world: World, order: Order, now: Instant) -> list[Write]:
    """What an ending order owes in money: all of it back if it was paid, an end to a payment that was not."""
    entry = payment_of(world, order)
    if entry is None:
        return []
    if order.state is OrderState.PAID:
        return given_back(entry, "cancelled", now)
    if entry.state is EntryState.PENDING:
        return [Replace(replace(entry, state=EntryState.VOIDED))]
    return []


def given_back(payment: Entry, cause: str, now: Instant, owed: tuple[str, ...] = ()) -> list[Write]:
    """All of a payment: a hold is let go, money that moved is refunded, and where neither is, nothing is owed."""
    if payment.state is EntryState.AUTHORISED:
        word = ("hold_released",) if owed else ()
        return [Create(ledger.void_of(payment, cause=cause, now=now, owed=word))]
    taken = payment.taken_minor
    return [Create(ledger.refund_of(payment, cause=cause, amount_minor=taken, now=now, owed=owed))] if taken else []


def payments_of(world: World, order: Order) -> list[Entry]:
    """What a paid order was paid with, first things first: one payment, or a deposit and its balance."""
    first = payment_of(world, order)
    if first is None:
        raise Broken(f"paid order {order.id} has no payment")
    second = world.store.entry(order.balance_id) if order.balance_id else None
    return [first, second] if second is not None else [first]


def voided_balance(world: World, order: Order) -> list[Write]:
    """Nobody waits any more for a balance whose payment was begun; what still comes is given back."""
    entry = world.store.entry(order.payment_id) if order.owes_balance and order.payment_id else None
    if entry is None or entry.state is not EntryState.PENDING:
        return []
    return [Replace(replace(entry, state=EntryState.VOIDED))]


def payment_of(world: World, order: Order) -> Entry | None:
    wanted = order.captured_id if order.state is OrderState.PAID else order.payment_id
    if wanted is None:
        return None
    entry = world.store.entry(wanted)
    if entry is None:
        raise Broken(f"order {order.id} names a payment {wanted} that is not there")
    return entry
