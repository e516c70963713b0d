"""Collects held money before the verdict, where the campaign says that a group may fail for want of it.

The count has said that there are enough; the prices are settled by it. Every hold is captured at its final price. When
all have ended, or the grace is over, orders whose money is not in lapse, the others are counted again, and the verdict
is given on them, once. Each step is small and may be taken again by anybody.
"""

from dataclasses import replace

from ...domain import group as groups
from ...domain import ledger, pricing
from ...domain import order as orders
from ...domain.group import Count, Group, Part
from ...domain.instants import SECOND, Instant
from ...domain.ledger import Entry, EntryState
from ...domain.order import Order, OrderState
from ...domain.refusals import Broken, Lost
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts
from ..world import World
from .cancel import payment_of
from .close import INLINE_PARTS, count_of, finished, stored

ORDERS_AT_ONCE = 100
FIRST_LOOK = 5 * SECOND


def collect(world: World, group: Group, now: Instant) -> Group:
    """Takes a group that was called as far towards its verdict as it can go now."""
    assert group.captures_by is not None
    parts = [world.store.part(group.id, number) for number in range(group.parts)]
    waiting = [number for number, part in enumerate(parts) if part is None or part.collected is None]
    for number in waiting:
        if group.parts > INLINE_PARTS:
            world.queue.send_part(group.id, number)
        else:
            parts[number] = collect_part(world, group, number, now)
    if any(part is None or part.collected is None for part in parts):
        wait = min(FIRST_LOOK << group.tries, 600 * SECOND)
        due_at = max(now + SECOND, min(group.captures_by, now + wait))
        return stored(world, replace(group, tries=group.tries + 1, due_at=due_at))
    terms = world.store.terms(group.campaign_id, group.terms_version)
    count = groups.total([part.collected for part in parts if part is not None and part.collected is not None])
    return finished(world, group, terms, groups.judged_again(group, terms, count, now), now)


def collect_part(world: World, group: Group, number: int, now: Instant) -> Part | None:
    """Asks for the money of one part's orders; counts them once all of it has come, or no longer may."""
    part = world.store.part(group.id, number)
    if part is None or part.collected is not None:
        return part
    paid = [order for order in world.store.orders_of_part(group.id, number) if order.state is OrderState.PAID]
    unasked = [order for order in paid if order.collected_at is None]
    for order in unasked[:ORDERS_AT_ONCE]:
        _ask(world, group, order, now)
    if len(unasked) > ORDERS_AT_ONCE:
        world.queue.send_part(group.id, number)
        return None
    counts = [_collected(world, group, order, now) for order in world.store.orders_of_part(group.id, number)]
    if any(count is None for count in counts):
        return None
    counted = replace(part, collected=groups.total([count for count in counts if count is not None]))
    try:
        world.store.commit(Replace(counted))
    except Lost:
        return world.store.part(group.id, number)
    return replace(counted, version=counted.version + 1)


def _ask(world: World, group: Group, order: Order, now: Instant) -> None:
    assert group.called is not None and group.captures_by is not None
    payment = _payment(world, order)
    writes: list[Write] = [Replace(replace(order, collected_at=now))]
    if payment.state is EntryState.AUTHORISED:
        final = pricing.amount(order.lines, group.called.prices) + order.fee_minor
        writes.append(Create(ledger.capture_of(payment, amount_minor=final, until=group.captures_by, now=now)))
    try:
        world.store.commit(*writes)
    except Lost:
        return  # told a word meanwhile, or asked by another worker: the next look asks again where it must


def _collected(world: World, group: Group, order: Order, now: Instant) -> Count | None:
    """What the order counts for in the end. None: its money may still come."""
    for attempt in attempts(world):
        with attempt:
            if order.state is not OrderState.PAID:
                return Count(unsold=order.lines) if _lapsed_here(order, group) else Count()
            if order.collected_at is None:
                return None
            payment = _payment(world, order)
            if payment.taken_minor:
                return count_of(order)
            capture = world.store.entry(ledger.capture_id(payment.id))
            pending = capture is not None and capture.state is EntryState.PENDING
            if pending and now < (group.captures_by or 0):
                return None
            # What a silent provider took after all comes back to its buyer: nobody waits for it once this is written.
            world.store.commit(Replace(orders.lapsed(order, now, released=False)))
            world.watch.count("orders_lapsed")
            return Count(unsold=order.lines)
        order = world.store.order(order.id) or order
    return None


def _lapsed_here(order: Order, group: Group) -> bool:
    """Lapsed after the first count, which had it among the sold: its units return with those never sold."""
    since = group.sealed_at or 0
    lapsed = order.state is OrderState.EXPIRED and any(s.state == "lapsed" and s.at >= since for s in order.steps)
    return lapsed and not order.released


def _payment(world: World, order: Order) -> Entry:
    payment = payment_of(world, order)
    if payment is None:
        raise Broken(f"paid order {order.id} has no payment")
    return payment
