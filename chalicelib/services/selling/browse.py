"""What anyone may see: the hall, a campaign, a group and how far it is."""

from collections.abc import Mapping

from ...domain import group as groups
from ...domain import pricing
from ...domain.campaign import Campaign, CampaignState, Item
from ...domain.group import NO_SEAT_LIMIT, Group, GroupState
from ...domain.instants import SECOND, Instant
from ...domain.journey import Journey, current
from ...domain.plan import PRESALE, REVIEW
from ...domain.ports import Caller, Page
from ...domain.pricing import NextTier
from ...domain.product import Product
from ...domain.refusals import Refused
from ...domain.review import Rating, Review
from ...domain.statement import Statement, statement
from ...domain.tally import Numbers, Tally
from ...lean import dataclass
from ..world import World
from . import reviews

SLICES_IN_ONE_READ = 100

HALL_KEPT_MS = SECOND
"""Half of what an answer of the hall may be old: the other half is left to whoever keeps the answer after us."""

MOST_HALLS = 64
"""Answers of the hall a process keeps. A page is at most a hundred lines, so this is a few megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    group: Group
    terms: Campaign
    tally: Tally | None
    statement: Statement
    journey: Journey | None = None

    @classmethod
    def of(cls, row: Group, terms: Campaign, tally: Tally | None, journey: Journey | None = None) -> "GroupView":
        return cls(group=row, terms=terms, tally=tally, statement=statement(terms, row), journey=journey)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemProgress:
    sku: str
    title: str
    price_now_minor: int
    reference_price_minor: int | None
    next_tier: NextTier | None
    units_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`joined` are buyers who have paid, `held` seats not paid yet. `exact`: read from the slices just now."""

    group_id: str
    state: GroupState
    joined: int
    held: int
    measure: str
    target: int
    reached: int
    remaining: int
    seats_left: int | None
    items: tuple[ItemProgress, ...]
    closes_at: Instant
    zone: str
    currency: str
    stage: str | None
    eta: tuple[Instant, Instant] | None
    journey: Journey | None
    terms: Campaign
    as_of: Instant
    exact: bool


def hall(
    world: World,
    *,
    community: str | None,
    category: str | None,
    closing_before: Instant | None,
    limit: int,
    start: str | None,
    now: Instant,
) -> Page[tuple[Group, Tally | None]]:
    """Open groups by deadline. A closed, filled or sold-out group is gone with the write that made it so."""
    page = world.store.hall(community, category, now, limit, start)
    found = world.store.listed(page.rows)
    rows: list[tuple[Group, Tally | None]] = []
    for row in page.rows:
        group, tally, stock = found.get(row.group_id, (None, None, None))
        if group is None or group.state is not GroupState.OPEN or group.closes_at != row.closes_at:
            continue
        if group.closes_at <= now:
            continue
        if closing_before is not None and group.closes_at > closing_before:
            return Page(rows, None)
        if stock is None or stock.sold_out_at is None:
            rows.append((group, tally))
    return Page(rows, page.next)


@dataclass(frozen=True, slots=True)
class HallAsked:
    """The whole question: two that differ in anything share no answer."""

    community: str | None
    category: str | None
    within: Instant | None
    limit: int
    start: str | None


@dataclass(frozen=True, slots=True)
class HallSeen:
    """An answer of the hall, read at `at` and good before `until`."""

    page: Page[tuple[Group, Tally | None]]
    at: Instant
    until: Instant


def hall_lately(world: World, asked: HallAsked, *, now: Instant) -> HallSeen:
    """The hall for those who only look: as this process read it less than a second ago, or as it is.

    A deadline is a deadline: what is kept is let go when the first group in it closes, so the clock never
    contradicts it. It is everybody's answer: nothing in it depends on who asks.
    """
    seen = world.halls.get(asked)
    if seen is not None and seen.at <= now < seen.until:
        return seen
    page = hall(
        world,
        community=asked.community,
        category=asked.category,
        closing_before=None if asked.within is None else now + asked.within,
        limit=asked.limit,
        start=asked.start,
        now=now,
    )
    until = min([now + HALL_KEPT_MS, *(group.closes_at for group, _ in page.rows)])
    if len(world.halls) >= MOST_HALLS:
        world.halls.clear()
    world.halls[asked] = found = HallSeen(page, now, until)
    return found


def campaign(world: World, caller: Caller | None, campaign_id: str) -> Campaign:
    """Drafts are their merchant's alone."""
    found = world.store.campaign(campaign_id)
    if found is None or (found.state is CampaignState.DRAFT and (caller is None or caller.id != found.merchant_id)):
        raise Refused("campaign_not_found", campaign=campaign_id)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A product as it is now, where a campaign offers it."""

    terms: Campaign
    item: Item
    product: Product
    rating: Rating | None
    reviews: Page[Review]


def offered(world: World, campaign_id: str, product_id: str, *, limit: int, start: str | None) -> Offered:
    """Raises Refused('campaign_not_found' or 'product_not_found'): what is in no published campaign, nobody sees."""
    found = campaign(world, None, campaign_id)
    terms = world.store.terms(found.id, found.terms_version)
    item = next((one for one in terms.items if one.product_id == product_id), None)
    product = world.store.product(product_id) if item is not None else None
    if item is None or product is None:
        raise Refused("product_not_found", product=product_id)
    return Offered(
        terms=terms,
        item=item,
        product=product,
        rating=world.store.rating(product_id),
        reviews=reviews.of_product(world, product_id, limit=limit, start=start),
    )


def group(world: World, group_id: str) -> GroupView:
    """The group with its numbers and its stages, in one read."""
    found = world.store.page_of_truth(group_id)
    if found is None:
        raise Refused("group_not_found", group=group_id)
    row, tally, journey = found
    terms = world.store.terms(row.campaign_id, row.terms_version)
    return GroupView.of(row, terms, tally, journey)


def progress(world: World, group_id: str, *, strong: bool, now: Instant) -> Progress:
    """At most two reads whatever the group's size: the group with its tally, and (if asked) its slices.

    A group so busy that its slices don't fit one read answers from the tally, and says so: no count of it would
    still be true when it arrives.
    """
    return progress_of(world, group(world, group_id), strong=strong, now=now)


def progress_of(world: World, view: GroupView, *, strong: bool, now: Instant) -> Progress:
    """The same for a group that has been read already."""
    row, terms = view.group, view.terms
    strong = strong and row.slices <= SLICES_IN_ONE_READ
    numbers = view.tally.numbers if view.tally else Numbers()
    target = groups.target_of(terms, row.team_size)
    joined = row.verdict.participants if row.verdict else numbers.paid
    count = groups.Count(
        participants=joined,
        units={"": sum(row.verdict.units.values()) if row.verdict else numbers.paid_units},
        amount_minor=row.verdict.amount_minor if row.verdict else numbers.paid_minor,
    )
    reached = groups.reached(target, count)
    seats, units = _left(world, view, strong=strong, numbers=numbers)
    return Progress(
        group_id=row.id,
        state=row.state,
        joined=joined,
        held=0 if row.verdict else numbers.held,
        measure=target.measure.value,
        target=target.at_least,
        reached=reached,
        remaining=max(0, target.at_least - reached),
        seats_left=seats,
        items=tuple(_items(terms, joined, units, over=row.verdict is not None)),
        closes_at=row.closes_at,
        zone=row.zone,
        currency=row.currency,
        stage=stage_of(row, view.journey),
        eta=eta_of(view.journey),
        journey=view.journey,
        terms=terms,
        as_of=now if strong else view.tally.as_of if view.tally else row.opened_at,
        exact=strong,
    )


def stage_of(group: Group, journey: Journey | None) -> str | None:
    """Where a group is on its way: before its verdict, in one of its stages, or nowhere any more."""
    if group.verdict is None:
        return REVIEW if group.state is GroupState.REVIEW else PRESALE
    number = current(journey) if journey is not None else None
    return journey.stages[number].name if journey is not None and number is not None else None


def eta_of(journey: Journey | None) -> tuple[Instant, Instant] | None:
    """When the goods are expected, as it was last worked out."""
    if journey is None or not journey.etas:
        return None
    return journey.etas[-1].earliest, journey.etas[-1].latest


def _left(
    world: World, view: GroupView, *, strong: bool, numbers: Numbers
) -> tuple[int | None, Mapping[str, int] | None]:
    """Seats and units buyers can still take here. Units a group has yet to fetch from the campaign are not counted."""
    limit = groups.seats_of(view.group, view.terms)
    if not strong:
        return (max(0, limit - numbers.held - numbers.paid) if limit < NO_SEAT_LIMIT else None), None
    slices = world.store.slices(view.group.id, view.group.slices)
    units = {item.sku: sum(row.left.get(item.sku, 0) for row in slices) for item in view.terms.items}
    return (sum(row.seats for row in slices) if limit < NO_SEAT_LIMIT else None), units


def _items(terms: Campaign, joined: int, units: Mapping[str, int] | None, *, over: bool) -> list[ItemProgress]:
    return [
        ItemProgress(
            sku=item.sku,
            title=item.title,
            price_now_minor=pricing.unit_price(item.list_price_minor, item.tiers, joined),
            reference_price_minor=item.reference_price_minor,
            next_tier=None if over else pricing.next_tier(item.list_price_minor, item.tiers, joined),
            units_left=units.get(item.sku) if units is not None else None,
        )
        for item in terms.items
    ]
