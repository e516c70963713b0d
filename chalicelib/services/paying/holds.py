"""Money that is only held: what follows when it is taken, let go, or lost (Kind.CAPTURE, Kind.VOID).

Every function here names the writes that belong into one transaction with the entry's own.
"""

from dataclasses import replace

from ...domain import ledger, pricing
from ...domain import order as orders
from ...domain.group import Group, GroupState
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.order import Order, OrderState
from ...domain.refusals import Broken
from ...domain.writes import Create, Replace, Take, TakeStock, Write
from ..buying import limits
from ..supplying.purchase import counting_again
from ..world import World


def consequences(world: World, entry: Entry, now: Instant) -> list[Write]:
    """Of a capture or void that has ended; nothing follows from any other stage, or from a refund."""
    if entry.kind is Kind.CAPTURE and entry.state is EntryState.POSTED:
        return taken(world, entry, now)
    if entry.kind is Kind.CAPTURE and entry.stage is RefundStage.GIVEN_UP:
        return not_taken(world, entry, now)
    if entry.kind is Kind.VOID and entry.state is EntryState.POSTED:
        payment = payment_behind(world, entry)
        return [Replace(replace(payment, state=EntryState.VOIDED))]
    return []


def payment_behind(world: World, entry: Entry) -> Entry:
    payment = world.store.entry(entry.payment_id) if entry.payment_id else None
    if payment is None:
        raise Broken(f"entry {entry.id} is of no payment")
    return payment


def taken(world: World, capture: Entry, now: Instant) -> list[Write]:
    """The money moved. Where nobody waits for it any more (its order has lapsed, or its group failed), it goes back,
    and so does what is over the final price.

    The order is written as it is: whoever cancels it, ends it or carries a verdict out for it has then either seen the
    money, or is seen here. Otherwise each could count on the other to pay it back.
    """
    payment = ledger.captured(payment_behind(world, capture), capture.amount_minor)
    order = _order(world, capture)
    writes: list[Write] = [Replace(payment), Replace(order)]
    given_back = order.resolution == "failed" or order.captured_id != payment.id
    if order.state is not OrderState.PAID or given_back:
        owed = ("late_money_refund",)
        back = ledger.refund_of(payment, cause="late", amount_minor=capture.amount_minor, now=now, owed=owed)
        writes.append(Create(back))
    elif order.resolution is not None and (over := payment.taken_minor - _final(world, order)) > 0:
        writes.append(Create(ledger.refund_of(payment, cause="price_drop", amount_minor=over, now=now)))
    return writes


def _final(world: World, order: Order) -> int:
    """What an order of a group that has formed comes to."""
    group = world.store.group(order.group_id)
    if group is None or group.verdict is None:
        raise Broken(f"order {order.id} is resolved, and its group is not")
    return pricing.amount(order.lines, group.verdict.prices) + order.fee_minor


def not_taken(world: World, capture: Entry, now: Instant) -> list[Write]:
    """Given up: the hold is let go, and an order of a group that has formed lapses; what it took goes back to stock.

    Before the verdict the order is left to the second count (services/buying/collect.py).
    """
    payment = payment_behind(world, capture)
    writes: list[Write] = []
    if payment.state is EntryState.AUTHORISED and world.store.entry(ledger.void_id(payment.id)) is None:
        writes.append(Create(ledger.void_of(payment, cause="not_captured", now=now)))
    order = _order(world, capture)
    group = _group(world, capture)
    if order.state is OrderState.PAID and order.captured_id == payment.id and group.verdict is not None:
        writes += lapse(world, order, now)
        world.watch.count("orders_lapsed")
    return writes


def lapse(world: World, order: Order, now: Instant) -> list[Write]:
    """After the verdict, which stays: the units return to the campaign, and suppliers are asked for less."""
    back = {sku: -units for sku, units in order.lines.items()}
    ended = Replace(orders.lapsed(order, now, released=True, resolution="lapsed"))
    return [ended, TakeStock(order.campaign_id, back), *counting_again(world, order.group_id, now)]


def lost(world: World, payment: Entry, now: Instant) -> None:
    """The provider ended a hold that we still counted on. While the group is open its seat is free again; later the
    close finds that there is nothing to take.
    """
    void = ledger.void_of(payment, cause="by_provider", now=now)
    ended = replace(ledger.succeeded(void, provider_ref=payment.provider_ref or "", now=now), due_at=None)
    writes: list[Write] = [Create(ended), Replace(replace(payment, state=EntryState.VOIDED))]
    order, group = _order(world, payment), _group(world, payment)
    if order.state is OrderState.PAID and order.captured_id == payment.id and group.state is GroupState.OPEN:
        terms = world.store.terms(group.campaign_id, group.terms_version)
        back = {sku: -units for sku, units in order.lines.items()}
        writes = [Take(group.id, order.slice, back, -1), Replace(orders.lapsed(order, now, released=True)), *writes]
        writes += limits.give_back(world, terms, order)
    world.store.commit(*writes)
    world.watch.alarm("hold_lost", entry=payment.id, order=payment.order_id)


def taken_unasked(world: World, payment: Entry, amount_minor: int, ref: str, now: Instant) -> None:
    """Somebody captured a hold at the provider by hand: booked as it is, and dealt with like any money there is."""
    capture = ledger.capture_of(payment, amount_minor=amount_minor, until=now, now=now)
    done = ledger.succeeded(capture, provider_ref=ref, now=now)
    world.store.commit(Create(done), *taken(world, done, now))
    world.watch.alarm("captured_unasked", entry=payment.id, order=payment.order_id)


def _order(world: World, entry: Entry) -> Order:
    order = world.store.order(entry.order_id)
    if order is None:
        raise Broken(f"entry {entry.id} has no order")
    return order


def _group(world: World, entry: Entry) -> Group:
    group = world.store.group(entry.group_id)
    if group is None:
        raise Broken(f"entry {entry.id} has no group")
    return group
