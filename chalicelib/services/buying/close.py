"""Closes a group: seal, expire, count, judge (收团). Every step may die half-way and be taken again by anybody.

open -> sealing     only at or after the deadline, or when every seat of a team is paid
every slice sealed  nothing can join, change or cancel any more
every part counted  what was held has been paid or has expired; the count can no longer move
the verdict         once, from the rows; with a review, from its answer (L5)
"""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import group as groups
from ...domain import order as orders
from ...domain.campaign import Campaign, Kind, Shortfall
from ...domain.group import Count, Group, GroupState, Part, Review, Verdict
from ...domain.instants import Instant
from ...domain.order import Order, OrderState
from ...domain.refusals import Lost
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts
from ..fulfilling.journeys import journey_of
from ..paying.look_up import look_up
from ..world import World
from .cancel import money_back

INLINE_PARTS = 2
"""Groups of up to this many parts are counted by the worker that closes them; larger ones are spread."""


def close(world: World, group: Group, now: Instant) -> Group:
    """Takes the group as far towards its verdict as it can go now; whom to call is for services/buying/collect.py."""
    if group.state is GroupState.OPEN:
        group = stored(world, groups.sealing(group, now))
    left = seal(world, group)
    counts = [world.store.part(group.id, number) for number in range(group.parts)]
    if group.parts > INLINE_PARTS and any(part is None for part in counts):
        return spread_parts(world, group, [k for k, part in enumerate(counts) if part is None], now)
    for number, part in enumerate(counts):
        counts[number] = part or count_part(world, group, number, now)
    if any(part is None for part in counts):
        return stored(world, replace(group, due_at=group.closes_at + groups.PAYMENT_GRACE))
    count = groups.total([part.count for part in counts if part is not None])
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if terms.review_ms is not None and groups.has_reached(group, terms, count):
        review = Review(count=count, left=left, until=now + terms.review_ms)
        return stored(world, groups.reviewing(group, review, now))
    return give_verdict(world, group, count, left, now)


def spread_parts(world: World, group: Group, numbers: list[int], now: Instant) -> Group:
    """Parts are worked on side by side; the group's own timer looks again in case a message was lost."""
    for number in numbers:
        world.queue.send_part(group.id, number)
    wait = min(10_000 << group.tries, 3_600_000)
    return stored(world, replace(group, tries=group.tries + 1, due_at=now + wait))


def give_verdict(
    world: World,
    group: Group,
    count: Count,
    left: Mapping[str, int],
    now: Instant,
    *also: Write,
    rejected: bool = False,
) -> Group:
    """From the counts alone, unless money that is only held has a say (services/buying/collect.py)."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    verdict = groups.judged(group, terms, count, left, now, rejected=rejected)
    if verdict.formed and terms.hold_ms and terms.shortfall is Shortfall.FAIL_BELOW_TARGET:
        # The verdict is given once, and this campaign's depends on money that is only held: it waits for that.
        waiting = groups.called(group, terms, verdict, now)
        world.store.commit(Replace(waiting), *also)
        return replace(waiting, version=waiting.version + 1)
    return finished(world, group, terms, verdict, now, *also)


def finished(world: World, group: Group, terms: Campaign, verdict: Verdict, now: Instant, *also: Write) -> Group:
    """With a formed verdict its journey begins, in the same transaction: no group is ever left to itself (S1)."""
    closed = groups.verdict_given(group, verdict)
    journey = journey_of(closed, terms, now) if verdict.formed and terms.plan else []
    world.store.commit(Replace(closed), *journey, *also)
    closed = replace(closed, version=closed.version + 1)
    world.watch.count("groups_formed" if verdict.formed else "groups_failed")
    world.watch.count("close_lag_ms", max(0, now - group.closes_at), unit="Milliseconds")
    return closed


def stored(world: World, group: Group) -> Group:
    world.store.commit(Replace(group))
    return replace(group, version=group.version + 1)


def seal(world: World, group: Group) -> dict[str, int]:
    """Seals every slice and adds up what they still hold."""
    left: dict[str, int] = {}
    for number in range(group.slices):
        for sku, units in world.store.seal(group.id, number).left.items():
            left[sku] = left.get(sku, 0) + units
    return left


def count_part(world: World, group: Group, number: int, now: Instant) -> Part | None:
    """Ends every held order of a sealed group's part, then counts the paid ones. None: payments are still under way."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    counts: list[Count] = []
    waiting = False
    for order in world.store.orders_of_part(group.id, number):
        final = _final(world, group, terms, order, now)
        waiting = waiting or final is None
        if final is not None:
            counts.append(count_of(final))
    if waiting:
        return None
    part = Part(group_id=group.id, number=number, count=groups.total(counts))
    try:
        world.store.commit(Create(part))
    except Lost:
        return world.store.part(group.id, number)
    return replace(part, version=1)


def _final(world: World, group: Group, terms: Campaign, order: Order, now: Instant) -> Order | None:
    """The order as it will stay. None while a payment that was under way at the deadline may still be reported."""
    for attempt in attempts(world):
        with attempt:
            if order.state is not OrderState.HELD:
                return order
            if order.payment_id is not None:
                if now < group.closes_at + groups.PAYMENT_GRACE:
                    return None
                if look_up(world, order, now):
                    raise Lost()
            lapsed = orders.expired(order, now, released=False)
            writes: list[Write] = [Replace(lapsed), *money_back(world, order, now)]
            world.store.commit(*writes)
            return lapsed
        order = world.store.order(order.id) or order
    return None


def count_of(order: Order) -> Count:
    if order.state is OrderState.PAID:
        return Count(participants=1, units=order.lines, amount_minor=order.goods_minor)
    if order.state is OrderState.EXPIRED and not order.released:
        return Count(unsold=order.lines)
    return Count()


def close_full_team(world: World, group_id: str, now: Instant) -> None:
    """A team closes when its Nth buyer has paid: slice first, then the orders, then seal at that version."""
    group = world.store.group(group_id)
    if group is None or group.state is not GroupState.OPEN or group.kind is not Kind.TEAM:
        return
    row = world.store.slice(group_id, 0)
    if row is None or row.sealed:
        return
    paid = sum(
        order.state is OrderState.PAID
        for part in range(group.parts)
        for order in world.store.orders_of_part(group_id, part)
    )
    if group.team_size is None or paid < group.team_size:
        return
    # Without the slice's version a cancel between the count and the seal would close a team that is short.
    world.store.commit(Replace(groups.sealing(group, now)), Replace(replace(row, sealed=True)))
