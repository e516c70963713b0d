"""A tally's timer: count again from the rows, so that what is shown is never wrong for long.

The exact count also decides what is said on the strength of it: milestones to a group's people, low stock and
sold-out items to the merchant, each once per crossing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..domain import group as groups
from ..domain import tally as tallies
from ..domain.campaign import Campaign, Measure, Target
from ..domain.group import Group, GroupState
from ..domain.instants import Instant
from ..domain.money import shown
from ..domain.order import HOLDING, Order, OrderState
from ..domain.tally import Numbers, Scope, Tally, plus
from ..domain.upkeep import Announcement
from ..domain.writes import Create, Replace, Write
from . import tell
from .close import count_of
from .world import World

GROUPS_AT_ONCE = 50


@dataclass
class Counted:
    numbers: Numbers = field(default_factory=Numbers)
    units: dict[str, int] = field(default_factory=dict)
    buyers: set[str] = field(default_factory=set)
    counts: list[groups.Count] = field(default_factory=list)


def recount(world: World, tally: Tally, now: Instant) -> None:
    if tally.scope is Scope.GROUP:
        group = world.store.group(tally.id)
        if group is not None:
            recount_group(world, tally, group, now)
    else:
        recount_campaign(world, tally, now)


def recount_group(world: World, tally: Tally, group: Group, now: Instant) -> None:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    counted = count(world, [group])
    fresh = replace(
        tally,
        numbers=replace(counted.numbers, visitors=tally.numbers.visitors),
        units=counted.units,
        as_of=now,
        due_at=None,
    )
    writes: list[Write] = []
    if group.state is GroupState.OPEN and now < group.closes_at:
        target = groups.target_of(terms, group.team_size)
        total = groups.total(counted.counts)
        names = tallies.new_milestones(tally.milestones, target, total)
        fresh = tallies.with_milestones(fresh, names)
        writes += [Create(announcement(group, name, target, total, now)) for name in names[-1:]]
    world.store.commit(Replace(fresh), *writes)


def count(world: World, of: Iterable[Group]) -> Counted:
    counted = Counted()
    for group in of:
        for part in range(group.parts):
            for order in world.store.orders_of_part(group.id, part):
                _add(counted, order)
        for entry in world.store.entries_of_group(group):
            counted.numbers = plus(counted.numbers, tallies.of_entry(entry))
        verdict = group.verdict
        formed, failed = (int(verdict.formed), int(not verdict.formed)) if verdict else (0, 0)
        counted.numbers = plus(counted.numbers, Numbers(groups=1, formed=formed, failed=failed))
    counted.numbers = replace(counted.numbers, buyers=len(counted.buyers))
    return counted


def _add(counted: Counted, order: Order) -> None:
    counted.numbers = plus(counted.numbers, tallies.of_order(order))
    counted.counts.append(count_of(order))
    if order.state is OrderState.PAID:
        counted.buyers.add(order.buyer_id)
    if order.state in HOLDING:
        for sku, units in order.lines.items():
            counted.units[sku] = counted.units.get(sku, 0) + units


def announcement(group: Group, name: str, target: Target, count: groups.Count, now: Instant) -> Announcement:
    have = groups.reached(target, count)
    money = target.measure is Measure.AMOUNT

    def spelled(number: int) -> str:
        return shown(number, group.currency) if money else str(number)

    return Announcement(
        group_id=group.id,
        event=name,
        template=name,
        params={
            "joined": spelled(have),
            "target": spelled(target.at_least),
            "remaining": spelled(max(0, target.at_least - have)),
        },
        created_at=now,
        due_at=now,
    )


def all_groups(world: World, campaign_id: str) -> Iterator[Group]:
    start: str | None = None
    while True:
        page = world.store.groups_of(campaign_id, GROUPS_AT_ONCE, start)
        yield from page.rows
        if page.next is None:
            return
        start = page.next


def recount_campaign(world: World, tally: Tally, now: Instant) -> None:
    campaign = world.store.campaign(tally.campaign_id)
    if campaign is None or campaign.terms_version == 0:
        return
    terms = world.store.terms(campaign.id, campaign.terms_version)
    of = list(all_groups(world, campaign.id))
    counted = count(world, of)
    numbers = replace(counted.numbers, visitors=world.store.visitors(campaign.id))
    available = left_to_sell(world, terms, of)
    low = tuple(i.sku for i in terms.items if available[i.sku] <= i.low_stock)
    sold_out = tuple(sku for sku, units in available.items() if units == 0)
    fresh = replace(
        tally,
        numbers=numbers,
        units=counted.units,
        as_of=now,
        low=low,
        sold_out=sold_out,
        sold_out_at=now if len(sold_out) == len(terms.items) and tally.sold_out_at is None else tally.sold_out_at,
        due_at=None,
    )
    if len(sold_out) < len(terms.items):
        fresh = replace(fresh, sold_out_at=None)
    world.store.commit(Replace(fresh), *_stock_notices(world, terms, tally, fresh, available, now))


def left_to_sell(world: World, terms: Campaign, of: Iterable[Group]) -> dict[str, int]:
    """Units buyers can still take: the campaign's stock and what open groups hold."""
    stock = world.store.stock(terms.id)
    left = {item.sku: (stock.left.get(item.sku, 0) if stock else 0) for item in terms.items}
    for group in of:
        if group.state is not GroupState.OPEN:
            continue
        for row in world.store.slices(group.id, group.slices):
            for sku, units in row.left.items():
                left[sku] = left.get(sku, 0) + units
    return left


def _stock_notices(
    world: World, terms: Campaign, before: Tally, after: Tally, available: dict[str, int], now: Instant
) -> list[Write]:
    """Once per crossing (P14, L6): an item that was low already says nothing new."""
    writes: list[Write] = []
    for item in terms.items:
        crossed = (
            ("sold_out", item.sku in after.sold_out and item.sku not in before.sold_out),
            ("stock_low", item.sku in after.low and item.sku not in before.low and available[item.sku] > 0),
        )
        for template, now_true in crossed:
            if now_true:
                params = {
                    "title": terms.title,
                    "item": item.title,
                    "left": str(available[item.sku]),
                    "link": f"/campaigns/{terms.id}",
                }
                writes += tell.plan(
                    world,
                    terms.merchant_id,
                    about=terms.id,
                    event=f"{template}@{item.sku}@{after.version}",
                    template=template,
                    params=params,
                    now=now,
                )
    return writes[:20]
