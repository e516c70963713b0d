"""A merchant's offer (活动), and what must be true before it may be published (L1).

A draft may be incomplete; publishing freezes it as numbered terms, which groups and orders then name. Nothing
in frozen terms ever changes: what can change later (stock, a group's deadline) lives in rows of its own.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from ..lean import dataclass
from . import plan as plans
from . import pricing
from .deposit import DepositTerms
from .fees import DeliveryZone
from .instants import DAY, HOUR, MINUTE, Instant, zone_of
from .money import MAX_MINOR, decimals
from .plan import StagePlan
from .pricing import Tier
from .refusals import Refused
from .workdays import calendar
from .writes import Row

MAX_ITEMS = 20
MAX_UNITS = 1_000_000
MAX_COMMUNITIES = 200
LONGEST_WINDOW = 90 * DAY

RESOLUTION_MARGIN = DAY
"""A hold outlasts the close and the grace by this much, so that a provider may be down for a day and nothing lapses."""


class Kind(StrEnum):
    """Who succeeds or fails together: all of a campaign, one community, or a team of N (L4)."""

    POT = "pot"
    COMMUNITY = "community"
    TEAM = "team"


class Measure(StrEnum):
    PARTICIPANTS = "participants"
    UNITS = "units"
    AMOUNT = "amount"


class Fulfilment(StrEnum):
    PICKUP = "pickup"
    DELIVERY = "delivery"


class Shortfall(StrEnum):
    """What holds when a group had enough, and then some of the money that was held could not be taken.

    KEEP: the group has formed, and the orders whose money failed lapse. FAIL_BELOW_TARGET: the verdict waits until the
    money is in or its grace is over, and is given on the orders that remain.
    """

    KEEP = "keep"
    FAIL_BELOW_TARGET = "fail_below_target"


class ShortageRule(StrEnum):
    """Who goes without when fewer goods arrive than were ordered: whoever came last, everybody in proportion, or
    whom a published seed draws."""

    FIRST_COME = "first_come"
    PROPORTION = "proportion"
    DRAW = "draw"


class CampaignState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementTerms:
    """How a group's money is let out of escrow: `first_bp` basis points of it at hand-over, the rest after the
    after-sales time. `commission_bp` is the leader's, of the goods; `platform_bp` the platform's, of everything, set at
    publishing to what the region's was then.
    """

    commission_bp: int = 0
    first_bp: int = 7_000
    after_sales_ms: int = 7 * DAY
    platform_bp: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareReward:
    """The coupon for each paid join by somebody's link (E6), in minor units of the campaign's currency."""

    amount_minor: int
    min_spend_minor: int = 0
    most_per_person: int = 5
    valid_ms: Instant = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """When a group forms: at least this many participants, units, or minor units of money (L2)."""

    measure: Measure
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A product as this campaign sells it. Tiers are unit prices; percentages were rounded when it was drafted.

    `buffer` units are never sold to buyers (P12); sales stop while `stop_threshold` units are left (L6); falling
    to `low_stock` units tells the merchant once per crossing (P14). `weight_g` is one unit's, packed; `keep` how it
    must be kept (`ambient`, `chilled`, `frozen`). `picture` is the key of the product's picture, as
    it was at publishing. Without a `supplier_id` the merchant supplies it; `fallback_supplier_id` takes over where the
    plan's fallback is another supplier, or an incident asks for one; a unit costs
    `supplier_price_minor`, where the supplier is paid out of the group's own money.
    """

    sku: str
    product_id: str
    title: str
    list_price_minor: int
    tiers: tuple[Tier, ...] = ()
    stock: int = 0
    buffer: int = 0
    stop_threshold: int = 0
    low_stock: int = 0
    limit_per_buyer: int | None = None
    reference_price_minor: int | None = None
    weight_g: int = 0
    keep: str = "ambient"
    picture: str = ""
    supplier_id: str | None = None
    fallback_supplier_id: str | None = None
    supplier_price_minor: int | None = None

    @property
    def sellable(self) -> int:
        """Units that may ever be escrowed to groups."""
        return max(0, self.stock - max(self.buffer, self.stop_threshold))

    @property
    def lowest_price_minor(self) -> int:
        return self.tiers[-1].unit_price_minor if self.tiers else self.list_price_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    id: str
    name: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupPoint:
    """`place_id` names a leader's own place; whose it is and how many orders a day it holds are frozen, too."""

    id: str
    name: str
    community_id: str | None = None
    address: str = ""
    hours: str = ""
    place_id: str | None = None
    leader_id: str | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncollected:
    """What happens to goods that nobody fetches (S24): reminders on these days after they are ready, then the rule.

    `then` is `returned` (paid back) or `forfeited` (not); empty: they wait until somebody decides.
    """

    remind_after_days: tuple[int, ...] = (1, 2)
    until_days: int = 3
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Row):
    """The offer. Amounts in minor units of `currency`; moments in milliseconds; `zone` is its wall clock.

    `payment_window_ms` bounds how long a seat is held unpaid; None means until the close (the one-day preset, L8).
    `max_participants` limits the seats of each group; `limit_per_buyer` the units of one buyer over all groups.
    `return_exception` names why the 7-day return does not apply, and must be shown before payment.
    `fee_refund` says when the delivery fee goes back with the goods: `always`, `before_shipping`, or `never` (of a
    failed group or a cancelled order everything does).

    `plan` is how a formed group is fulfilled; terms published before there were plans have none, and no journey. It
    runs on `calendar` with the campaign's own `days_off` and `days_worked` (ISO dates). `manager_id` answers for the
    region; `promised_ship_at` is a presale's shipping date (P16); with `review_ms` somebody may approve or reject a
    group that has reached its target before it forms, by itself after that time (L5). An urgent alert is acknowledged
    within `acknowledge_ms`; a stage that breaks its limit grants `compensation_bp` basis points of each order.
    `hold_ms` is set at publishing: the methods whose money is only held until the verdict, with how long their
    providers hold it; all others charge at once. `capture_grace_ms` is how long a failing capture is tried again.
    With a `deposit` that is what joining costs, and the rest is asked for when the group has formed.
    """

    id: str
    merchant_id: str
    title: str
    description: str = ""
    category: str = ""
    state: CampaignState = CampaignState.DRAFT
    kind: Kind = Kind.POT
    items: tuple[Item, ...] = ()
    communities: tuple[Community, ...] = ()
    team_sizes: tuple[int, ...] = ()
    team_open_ms: int | None = None
    target: Target | None = None
    max_participants: int | None = None
    limit_per_buyer: int | None = None
    opens_at: Instant | None = None
    closes_at: Instant | None = None
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    payment_window_ms: int | None = None
    pay_until_close: bool = False
    methods: tuple[str, ...] = ()
    refund_rule: str = ""
    return_exception: str | None = None
    fulfilment: Fulfilment | None = None
    pickup_points: tuple[PickupPoint, ...] = ()
    choose_pickup_by: Instant | None = None
    shortage_rule: ShortageRule = ShortageRule.FIRST_COME
    stock_override_reason: str | None = None
    max_unpaid_per_person: int = 5
    max_unpaid_per_group: int | None = None
    shortfall: Shortfall = Shortfall.KEEP
    capture_grace_ms: int = HOUR
    hold_ms: Mapping[str, int] = field(default_factory=dict)
    terms_version: int = 0
    created_at: Instant = 0
    published_at: Instant | None = None
    groups_opened: int = 0
    uncollected: Uncollected = Uncollected()
    delivery: tuple[DeliveryZone, ...] = ()
    fee_refund: str = "before_shipping"
    profile: str = ""
    plan: tuple[StagePlan, ...] = ()
    calendar: str = "cn"
    days_off: tuple[str, ...] = ()
    days_worked: tuple[str, ...] = ()
    manager_id: str = ""
    message_budget: int | None = None
    promised_ship_at: Instant | None = None
    review_ms: int | None = None
    silence_days: int = 3
    acknowledge_ms: int = 15 * MINUTE
    compensation_bp: int | None = None
    settlement: SettlementTerms | None = None
    deposit: DepositTerms | None = None
    share_reward: ShareReward | None = None

    def point(self, point_id: str) -> PickupPoint | None:
        return next((point for point in self.pickup_points if point.id == point_id), None)

    def item(self, sku: str) -> Item:
        for item in self.items:
            if item.sku == sku:
                return item
        raise Refused("unknown_item", sku=sku)

    @property
    def spans_groups(self) -> bool:
        """Whether one buyer could join several groups, so that the limit needs a row of its own."""
        return self.limit_per_buyer is not None and self.kind is not Kind.POT


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Row):
    """A campaign as it was published: version n never changes."""

    campaign_id: str
    number: int
    campaign: Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock(Row):
    """What a campaign has left to give to groups: they take from it in chunks, and return what they don't sell.

    `low` and `sold_out` name the items whose crossing has been told (P14); `sold_out_at` is when the last of all items
    ran out, which closes the shop until stock is added (L6).
    """

    campaign_id: str
    left: Mapping[str, int]
    low: tuple[str, ...] = ()
    sold_out: tuple[str, ...] = ()
    sold_out_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restocked(Row):
    """Units added to a campaign's stock: the row that makes a repeated request add nothing, and keeps the reason and
    the supplier's number of the batch they came with."""

    campaign_id: str
    key: str
    units: Mapping[str, int]
    reason: str
    at: Instant
    batch: str = ""


def certain_participants(terms: Campaign, team_size: int | None) -> int:
    """The fewest participants with which the group can form: their tier is what a buyer pays on joining."""
    if team_size is not None:
        return team_size
    if terms.target is not None and terms.target.measure is Measure.PARTICIPANTS:
        return max(1, terms.target.at_least)
    return 1


def price_on_joining(terms: Campaign, item: Item, team_size: int | None) -> int:
    return pricing.unit_price(item.list_price_minor, item.tiers, certain_participants(terms, team_size))


def deposit_of(terms: Campaign, lines: Mapping[str, int]) -> int:
    """What joining costs of these lines, where the rest is paid later; 0 where there is no deposit."""
    if terms.deposit is None:
        return 0
    return sum(units * terms.deposit.of_unit(terms.item(sku).lowest_price_minor) for sku, units in lines.items())


def longest_wait(terms: Campaign) -> Instant:
    """From the first moment at which a buyer may pay until the verdict has surely been carried out."""
    assert terms.opens_at is not None and terms.closes_at is not None
    open_ms = terms.closes_at - terms.opens_at
    if terms.kind is Kind.TEAM and terms.team_open_ms is not None:
        open_ms = min(open_ms, terms.team_open_ms)
    return open_ms + after_close(terms)


def after_close(terms: Campaign) -> Instant:
    return terms.capture_grace_ms + (terms.review_ms or 0) + RESOLUTION_MARGIN


def check_publishable(draft: Campaign, now: Instant) -> None:
    """Refuses a draft that a buyer could not rely on. Each refusal names the field to mend."""
    if draft.state is not CampaignState.DRAFT:
        raise Refused("already_published")
    missing = [
        name
        for name, present in (
            ("items", draft.items),
            ("target", draft.target or draft.kind is Kind.TEAM),
            ("opens_at", draft.opens_at is not None),
            ("closes_at", draft.closes_at is not None),
            ("payment_window", draft.payment_window_ms or draft.pay_until_close),
            ("refund_rule", draft.refund_rule),
            ("fulfilment", draft.fulfilment),
            ("methods", draft.methods),
            ("category", draft.category),
            ("communities", draft.communities or draft.kind is not Kind.COMMUNITY),
            ("team_sizes", draft.team_sizes or draft.kind is not Kind.TEAM),
            ("pickup_points", draft.pickup_points or draft.fulfilment is not Fulfilment.PICKUP),
        )
        if not present
    ]
    if missing:
        raise Refused("campaign_incomplete", missing=missing)
    _check_times(draft, now)
    _check_pickup(draft)
    if draft.promised_ship_at is not None and draft.closes_at is not None and draft.promised_ship_at <= draft.closes_at:
        raise Refused("ship_date_before_close")
    for item in draft.items:
        check_item(item)
    if sum(item.sellable for item in draft.items) == 0:
        raise Refused("no_sellable_stock")
    _check_stock_covers_target(draft)


def check_draft(draft: Campaign) -> None:
    """What is wrong even in a draft: nonsense that no later edit would turn into sense."""
    zone_of(draft.zone)
    decimals(draft.currency)
    if len(draft.items) > MAX_ITEMS:
        raise Refused("too_many_items", most=MAX_ITEMS)
    if len({item.sku for item in draft.items}) < len(draft.items):
        raise Refused("repeated_sku")
    if len({community.id for community in draft.communities}) < len(draft.communities):
        raise Refused("repeated_community")
    if len(draft.communities) > MAX_COMMUNITIES:
        raise Refused("too_many_communities", most=MAX_COMMUNITIES)
    if any(not 2 <= size <= 100 for size in draft.team_sizes):
        raise Refused("team_size_out_of_range", least=2, most=100)
    if len({one.zone for one in draft.delivery}) < len(draft.delivery):
        raise Refused("repeated_zone")
    for item in draft.items:
        check_item(item)
    if draft.profile and draft.profile not in plans.PROFILES:
        raise Refused("unknown_profile", profiles=sorted(plans.PROFILES))
    calendar(draft.calendar, draft.days_off, draft.days_worked)
    plans.check_plan(draft.plan)
    _check_settlement(draft)
    if draft.deposit is not None:
        draft.deposit.check({item.sku: item.lowest_price_minor for item in draft.items})


def with_profile(draft: Campaign) -> Campaign:
    """What the merchant left open, as the profile of the category has it (P22)."""
    profile = plans.profile_of(draft.category, draft.profile)
    share = draft.compensation_bp
    if share is None:
        share = profile.compensation_bp if draft.profile else 0
    return replace(
        draft,
        plan=draft.plan or profile.plan,
        return_exception=draft.return_exception or (profile.return_exception if draft.profile else None),
        compensation_bp=share,
    )


def _check_settlement(draft: Campaign) -> None:
    for item in draft.items:
        if item.supplier_price_minor is not None and item.supplier_id is None:
            raise Refused("supplier_price_without_supplier", sku=item.sku)
        if item.supplier_price_minor is not None and draft.settlement is None:
            raise Refused("supplier_price_without_settlement", sku=item.sku)


def check_item(item: Item) -> None:
    if not 0 < item.list_price_minor <= MAX_MINOR:
        raise Refused("price_out_of_range", sku=item.sku)
    if not 0 <= item.stock <= MAX_UNITS or not 0 <= item.buffer <= item.stock:
        raise Refused("stock_out_of_range", sku=item.sku)
    participants, price = 0, item.list_price_minor
    for tier in item.tiers:
        if tier.participants <= participants:
            raise Refused("tiers_out_of_order", sku=item.sku)
        if not 0 < tier.unit_price_minor < price:
            raise Refused("tier_price_not_falling", sku=item.sku)
        participants, price = tier.participants, tier.unit_price_minor


def _check_times(draft: Campaign, now: Instant) -> None:
    assert draft.opens_at is not None and draft.closes_at is not None
    if draft.closes_at <= now:
        raise Refused("deadline_in_the_past")
    if draft.closes_at <= draft.opens_at:
        raise Refused("deadline_before_start")
    if draft.closes_at - max(now, draft.opens_at) > LONGEST_WINDOW:
        raise Refused("window_too_long", days=LONGEST_WINDOW // DAY)
    if draft.payment_window_ms is not None and not MINUTE <= draft.payment_window_ms <= 14 * DAY:
        raise Refused("payment_window_out_of_range")
    if draft.team_open_ms is not None and not 10 * MINUTE <= draft.team_open_ms <= 30 * 24 * HOUR:
        raise Refused("team_window_out_of_range")


def _check_pickup(draft: Campaign) -> None:
    """Every buyer must have a point to choose, and time to choose it."""
    if draft.fulfilment is not Fulfilment.PICKUP:
        return
    served = {point.community_id for point in draft.pickup_points}
    if draft.kind is not Kind.COMMUNITY and None not in served:
        raise Refused("no_pickup_point_for_all")
    for community in draft.communities:
        if community.id not in served and None not in served:
            raise Refused("community_without_pickup_point", community=community.id)
    if draft.choose_pickup_by is not None and draft.closes_at is not None and draft.choose_pickup_by < draft.closes_at:
        raise Refused("pickup_choice_before_close")


def _check_stock_covers_target(draft: Campaign) -> None:
    """P13's core: a campaign that cannot reach its own target would take money for nothing."""
    if draft.target is None or draft.target.measure is Measure.AMOUNT:
        return
    if sum(item.sellable for item in draft.items) < draft.target.at_least:
        raise Refused("stock_below_target")
    seats = draft.max_participants
    if seats is not None and draft.target.measure is Measure.PARTICIPANTS and seats < draft.target.at_least:
        raise Refused("seats_below_target")
