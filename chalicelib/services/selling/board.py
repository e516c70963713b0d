"""A running campaign as its merchant watches it: numbers for show, hour by hour, with where it is heading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from ...domain import hours, ids
from ...domain import tally as tallies
from ...domain.batch import destination_of, rides
from ...domain.campaign import Campaign, CampaignState
from ...domain.group import Group
from ...domain.hours import Hour, Pulse
from ...domain.instants import HOUR, Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.order import Order, OrderState
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...domain.resolution import in_group
from ...domain.tally import Figures, Numbers, Scope, Tally
from ...domain.waybill import Waybill, batch_key
from ...lean import dataclass
from ..lists import all_groups
from ..world import World
from .draft import own

LATELY_HOURS = 48
MOST_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group: `ending` is where its participants end at the pace of the last day."""

    group: Group
    tally: Tally | None
    joined: int
    ending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """`hours` are the last two days without gaps; `total` is everything since the opening."""

    campaign: Campaign
    numbers: Numbers
    figures: Figures
    hours: Sequence[Hour]
    total: Pulse
    lines: Sequence[Line]
    as_of: Instant


def board(world: World, caller: Caller, campaign_id: str, *, now: Instant) -> Board:
    campaign = published(world, caller, campaign_id)
    tally = world.store.tally(Scope.CAMPAIGN, campaign_id)
    if tally is None:
        raise Refused("not_published")
    known = world.store.hours(campaign_id)
    total = Pulse()
    for hour in known:
        total = hours.plus(total, hour.pulse)
    groups = list(all_groups(world, campaign_id))
    tallied = world.store.tallies_of([group.id for group in groups])
    fresh = sum(hour.pulse.paid for hour in known if hour.at > now - 24 * HOUR)
    lines = [_line(group, tallied.get(group.id), fresh, tally.numbers.paid, now) for group in groups]
    return Board(
        campaign=campaign,
        numbers=tally.numbers,
        figures=tallies.figures(tally.numbers),
        hours=_without_gaps(campaign_id, known, now),
        total=total,
        lines=lines,
        as_of=tally.as_of,
    )


def published(world: World, caller: Caller, campaign_id: str) -> Campaign:
    campaign = own(world, caller, campaign_id)
    if campaign.state is not CampaignState.PUBLISHED:
        raise Refused("not_published")
    return campaign


def _line(group: Group, tally: Tally | None, fresh: int, paid: int, now: Instant) -> Line:
    """A group's share of the day's pace is its share of all who paid."""
    joined = group.verdict.participants if group.verdict else tally.numbers.paid if tally else 0
    lately = fresh * joined // paid if paid else 0
    open_still = group.verdict is None
    ending = hours.projected(joined, group.opens_at, group.closes_at, now, lately) if open_still else joined
    return Line(group=group, tally=tally, joined=joined, ending=ending)


def _without_gaps(campaign_id: str, known: Sequence[Hour], now: Instant) -> list[Hour]:
    if not known:
        return []
    by_hour = {hour.at: hour for hour in known}
    last = max(hours.hour_of(now), known[-1].at)
    first = max(known[0].at, last - (LATELY_HOURS - 1) * HOUR)
    count = (last - first) // HOUR + 1
    moments = [first + k * HOUR for k in range(count)]
    return [by_hour.get(at, Hour(campaign_id=campaign_id, at=at)) for at in moments]


def days(world: World, caller: Caller, campaign_id: str) -> dict[str, Pulse]:
    """The daily series (M2), on the campaign's own clock."""
    campaign = published(world, caller, campaign_id)
    return hours.by_day(world.store.hours(campaign_id), campaign.zone)


def orders(world: World, caller: Caller, campaign_id: str) -> Iterator[Order]:
    """All orders of a campaign, group by group, as they are read: for a file."""
    published(world, caller, campaign_id)
    for group in all_groups(world, campaign_id):
        for part in range(group.parts):
            yield from (in_group(order, group) for order in world.store.orders_of_part(group.id, part))


def filtered(
    world: World, group: Group, state: OrderState | None, limit: int, start: str | None
) -> tuple[list[Order], str | None]:
    """A page of a group's orders in one state, looking at no more than twenty pages' worth."""
    found: list[Order] = []
    for _ in range(20):
        page = world.store.orders_of_group(group, limit - len(found), start)
        found += [in_group(order, group) for order in page.rows if state is None or order.state is state]
        start = page.next
        if start is None or len(found) >= limit:
            break
    return found, start


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders: `transfers` that wait for money by bank transfer, `open_still` whose goods are still owed."""

    state: OrderState | None = None
    point: str = ""
    group: str = ""
    transfers: bool = False
    open_still: bool = False

    def fits(self, order: Order) -> bool:
        if self.state is not None and order.state is not self.state:
            return False
        if self.point and order.pickup_point_id != self.point:
            return False
        if self.transfers and (order.state is not OrderState.HELD or order.payment_id is None):
            return False
        owed = order.state is OrderState.PAID and order.resolution == "formed" and order.handed_at is None
        return owed or not self.open_still


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    campaign: Campaign
    groups: Sequence[Group]
    orders: Sequence[Order]
    next: str | None
    waybills: Mapping[str, Waybill] = field(default_factory=dict)


def search(world: World, caller: Caller, campaign_id: str, wanted: Wanted, limit: int, start: str | None) -> Found:
    """Orders of a campaign over all its groups, a page at a time; `start` is the last one looked at."""
    campaign = published(world, caller, campaign_id)
    groups = list(all_groups(world, campaign_id))
    looked = [group for group in groups if wanted.group in ("", group.id)]
    begun = ids.group_of(start) if start else ""
    if begun:
        looked = looked[next((k for k, group in enumerate(looked) if group.id == begun), len(looked)) :]
    found: list[Order] = []
    seen = 0
    last = start
    for group in looked:
        after = last if last and ids.group_of(last) == group.id else None
        for order in _orders_after(world, group, after):
            last, seen = order.id, seen + 1
            if wanted.fits(order):
                found.append(order)
            if len(found) == limit or seen == MOST_LOOKED_AT:
                return _with_waybills(world, Found(campaign=campaign, groups=groups, orders=found, next=last))
    return _with_waybills(world, Found(campaign=campaign, groups=groups, orders=found, next=None))


def _with_waybills(world: World, found: Found) -> Found:
    """Each order's own waybill, or the one that its whole batch rides under: one read for the page."""
    groups = {group.id: group for group in found.groups}
    under = {}
    for order in found.orders:
        if rides(order):
            group = groups[order.group_id]
            terms = world.store.terms(group.campaign_id, group.terms_version)
            under[order.id] = (order.id, batch_key(group.id, destination_of(order, group, terms)))
    known = {one.id: one for one in world.store.waybills([key for keys in under.values() for key in keys])}
    bills = {order: next((known[key] for key in keys if key in known), None) for order, keys in under.items()}
    return replace(found, waybills={order: bill for order, bill in bills.items() if bill is not None})


def _orders_after(world: World, group: Group, after: str | None) -> Iterator[Order]:
    first = ids.part_of(after) if after else 0
    for part in range(first, group.parts):
        yield from world.store.orders_of_part(group.id, part, after if part == first else None)


def refunds_under_way(world: World, group: Group) -> list[Entry]:
    return [
        entry
        for entry in world.store.entries_of_group(group)
        if entry.kind is Kind.REFUND and entry.state is EntryState.PENDING
    ]
