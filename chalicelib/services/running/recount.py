"""A tally's timer: count again from the rows, so that what is shown is never wrong for long.

The exact count also decides what is said on the strength of it: milestones to a group's people, low stock and
sold-out items to the merchant, each once per crossing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...domain import group as groups
from ...domain import hours
from ...domain import tally as tallies
from ...domain.campaign import Campaign, Measure, Stock, Target
from ...domain.group import Group, GroupState
from ...domain.hours import Pulse
from ...domain.instants import Instant
from ...domain.money import shown
from ...domain.order import HOLDING, Order, OrderState
from ...domain.refusals import Broken
from ...domain.tally import Numbers, Scope, Tally, plus
from ...domain.upkeep import Announcement
from ...domain.writes import Create, Replace, Write
from ..attempts import once
from ..buying.close import count_of
from ..lists import all_groups
from ..telling import tell
from ..world import World
from .project import add_up

MOST_CROSSINGS = 3
"""Items told of in one transaction, so that it stays small on whatever channels a merchant chose."""


@dataclass
class Counted:
    numbers: Numbers = field(default_factory=Numbers)
    units: dict[str, int] = field(default_factory=dict)
    buyers: set[str] = field(default_factory=set)
    counts: list[groups.Count] = field(default_factory=list)
    pulses: dict[Instant, Pulse] = field(default_factory=dict)


def recount(world: World, tally: Tally, now: Instant) -> None:
    """What differs is added, not overwritten: whatever the stream counts meanwhile stays counted."""
    if tally.version == tally.recounted_version:
        world.store.rest_tally(tally)
        return
    if tally.scope is Scope.GROUP:
        recount_group(world, tally, now)
    else:
        recount_campaign(world, tally, now)


def recount_group(world: World, tally: Tally, now: Instant) -> None:
    group = world.store.group(tally.id)
    if group is None:
        raise Broken(f"tally {tally.id} has no group")
    counted = count(world, [group])
    correct(world, tally, counted, tally.numbers.visitors, now)
    if group.state is GroupState.OPEN and now < group.closes_at:
        tell_milestones(world, group, counted, now)


def correct(world: World, tally: Tally, counted: Counted, visitors: int, now: Instant) -> None:
    fresh = replace(counted.numbers, visitors=visitors)
    skus = {*counted.units, *tally.units}
    units = {sku: more for sku in skus if (more := counted.units.get(sku, 0) - tally.units.get(sku, 0))}
    next_at = tallies.recount_at(replace(tally, numbers=fresh), now)
    world.store.correct_tally(tally, plus(fresh, tally.numbers, -1), units, now, next_at)


def tell_milestones(world: World, group: Group, counted: Counted, now: Instant) -> None:
    """Each once: the announcement's row is what remembers it. Of several passed at once only the last is told."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    target = groups.target_of(terms, group.team_size)
    total = groups.total(counted.counts)
    passed = tallies.milestones_passed(target, total)
    new = [name for name in passed if world.store.announcement(group.id, name) is None]
    for name in new:
        told = announcement(group, name, target, total, now)
        silent = name != passed[-1]
        once(world, Create(replace(told, due_at=None) if silent else told))


def count(world: World, of: Iterable[Group]) -> Counted:
    counted = Counted()
    for group in of:
        for part in range(group.parts):
            for row in world.store.accounts_of_part(group.id, part):
                if isinstance(row, Order):
                    _add(counted, row)
                else:
                    counted.numbers = plus(counted.numbers, tallies.of_entry(row))
        verdict = group.verdict
        formed, failed = (int(verdict.formed), int(not verdict.formed)) if verdict else (0, 0)
        counted.numbers = plus(counted.numbers, Numbers(groups=1, formed=formed, failed=failed))
    counted.numbers = replace(counted.numbers, buyers=len(counted.buyers))
    return counted


def _add(counted: Counted, order: Order) -> None:
    counted.numbers = plus(counted.numbers, tallies.of_order(order))
    counted.counts.append(count_of(order))
    hours.add(counted.pulses, order)
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


def recount_campaign(world: World, tally: Tally, now: Instant) -> None:
    campaign = world.store.campaign(tally.campaign_id)
    if campaign is None:
        raise Broken(f"tally {tally.id} has no campaign")
    terms = world.store.terms(campaign.id, campaign.terms_version)
    of = list(all_groups(world, campaign.id))
    counted = count(world, of)
    visitors = 0
    for visit in world.store.visits(campaign.id):
        visitors += 1
        hours.add(counted.pulses, visit)
    correct(world, tally, counted, visitors, now)
    correct_hours(world, campaign.id, counted.pulses)
    watch_stock(world, terms, of, now)


def correct_hours(world: World, campaign_id: str, counted: dict[Instant, Pulse]) -> None:
    known = {row.at: row.pulse for row in world.store.hours(campaign_id)}
    hours_there = {*counted, *known}
    add_up(
        world,
        campaign_id,
        {at: hours.plus(counted.get(at, Pulse()), known.get(at, Pulse()), -1) for at in sorted(hours_there)},
    )


def watch_stock(world: World, terms: Campaign, of: Iterable[Group], now: Instant) -> None:
    """Tells the merchant of each crossing once (P14), and closes the shop while nothing is left (L6)."""
    stock = world.store.stock(terms.id)
    if stock is None:
        raise Broken(f"campaign {terms.id} has no stock row")
    left = left_to_sell(world, terms, stock, of)
    while (fresh := crossed(stock, terms, left, now)) != stock:
        world.store.commit(Replace(fresh), *_stock_notices(world, terms, stock, fresh, left, now))
        stock = replace(fresh, version=fresh.version + 1)


def crossed(stock: Stock, terms: Campaign, left: Mapping[str, int], now: Instant) -> Stock:
    """The stock row with what has crossed since, at most so many items at a time."""
    low = [item.sku for item in terms.items if left[item.sku] <= item.low_stock]
    sold_out = [sku for sku, units in left.items() if units == 0]
    new = [sku for sku in left if sku in {*sold_out} - {*stock.sold_out} or sku in {*low} - {*stock.low}]
    later = new[MOST_CROSSINGS:]
    return replace(
        stock,
        low=tuple(sku for sku in low if sku in stock.low or sku not in later),
        sold_out=tuple(sku for sku in sold_out if sku in stock.sold_out or sku not in later),
        sold_out_at=(stock.sold_out_at or now) if len(sold_out) == len(left) else None,
    )


def left_to_sell(world: World, terms: Campaign, stock: Stock, of: Iterable[Group]) -> dict[str, int]:
    """Units buyers can still take: the campaign's stock and what open groups hold."""
    left = {item.sku: stock.left.get(item.sku, 0) for item in terms.items}
    for group in of:
        if group.state is not GroupState.OPEN:
            continue
        for row in world.store.slices(group.id, group.slices):
            for sku, units in row.left.items():
                left[sku] = left.get(sku, 0) + units
    return left


def _stock_notices(
    world: World, terms: Campaign, before: Stock, after: Stock, left: dict[str, int], now: Instant
) -> list[Write]:
    writes: list[Write] = []
    for item in terms.items:
        if item.sku in after.sold_out and item.sku not in before.sold_out:
            template = "sold_out"
        elif item.sku in after.low and item.sku not in before.low:
            template = "stock_low"
        else:
            continue
        params = {
            "title": terms.title,
            "item": item.title,
            "left": str(left[item.sku]),
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
    return writes
