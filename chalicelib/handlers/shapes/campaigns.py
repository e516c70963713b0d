"""Campaigns over the wire: what a merchant writes, what everybody reads, and what only its merchant reads."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from msgspec import Meta, structs

from ...domain import campaign as domain
from ...domain import plan as plans
from ...domain.batch import Temperature
from ...domain.campaign import (
    Campaign,
    CampaignState,
    Fulfilment,
    Kind,
    Measure,
    ShareReward,
    ShortageRule,
    Shortfall,
    price_on_joining,
)
from ...domain.deposit import DepositKind, DepositTerms
from ...domain.fees import DeliveryZone
from ...domain.instants import DAY, HOUR, MINUTE, Instant, midnight_after
from ...domain.money import MAX_MINOR
from ...domain.plan import Basis, StagePlan
from ...domain.pricing import Tier, tier_from_percent
from ...domain.refusals import Refused
from ...services.selling.figures import CampaignFigures
from .stages import StagePlanShape
from .words import (
    END,
    Category,
    Currency,
    Day,
    Id,
    Input,
    Line,
    Minor,
    Moment,
    MomentIn,
    Output,
    People,
    Sku,
    Stocked,
    Text,
    Title,
    Units,
    Version,
    Word,
    Zone,
    shown,
    shown_or_none,
    to_instant_or_none,
)

Days = Annotated[int, Meta(ge=1, le=30)]
Division = Annotated[str, Meta(max_length=12, pattern=rf"^[0-9]+{END}", description="the beginning of a division code")]


class Preset(StrEnum):
    """`one_day`: ends at 24:00 of the day it opens, and unpaid orders end with it (L8)."""

    ONE_DAY = "one_day"


class TierInput(Input):
    """From this many participants on: a unit price, or a percentage off the list price."""

    participants: People
    unit_price_minor: Minor | None = None
    percent_off: Annotated[int, Meta(ge=1, le=99)] | None = None

    def to_domain(self, list_price_minor: int) -> Tier:
        if (self.unit_price_minor is None) == (self.percent_off is None):
            raise Refused("tier_needs_one_price")
        if self.unit_price_minor is not None:
            return Tier(participants=self.participants, unit_price_minor=self.unit_price_minor)
        assert self.percent_off is not None
        return tier_from_percent(list_price_minor, self.participants, self.percent_off)


class ItemInput(Input):
    sku: Sku
    product_id: Id
    title: Title
    list_price_minor: Minor
    tiers: Annotated[tuple[TierInput, ...], Meta(max_length=20)] = ()
    stock: Stocked = 0
    buffer: Stocked = 0
    stop_threshold: Stocked = 0
    low_stock: Stocked = 0
    limit_per_buyer: Units | None = None
    reference_price_minor: Minor | None = None
    weight_g: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    keep: Temperature = Temperature.AMBIENT
    supplier_id: Id | None = None
    fallback_supplier_id: Id | None = None
    supplier_price_minor: Minor | None = None

    def to_domain(self) -> domain.Item:
        return domain.Item(
            sku=self.sku,
            product_id=self.product_id,
            title=self.title,
            list_price_minor=self.list_price_minor,
            tiers=tuple(tier.to_domain(self.list_price_minor) for tier in self.tiers),
            stock=self.stock,
            buffer=self.buffer,
            stop_threshold=self.stop_threshold,
            low_stock=self.low_stock,
            limit_per_buyer=self.limit_per_buyer,
            reference_price_minor=self.reference_price_minor,
            weight_g=self.weight_g,
            keep=self.keep.value,
            supplier_id=self.supplier_id,
            fallback_supplier_id=self.fallback_supplier_id,
            supplier_price_minor=self.supplier_price_minor,
        )


class CommunityInput(Input):
    id: Id
    name: Title
    zone: Line = ""


class PickupPointInput(Input):
    """With a `place_id`, a leader's place: what is not said here is taken from it at publishing."""

    id: Id
    name: Title
    community_id: Id | None = None
    address: Line = ""
    hours: Line = ""
    place_id: Id | None = None

    def to_domain(self) -> domain.PickupPoint:
        """Whose the place is, and what it holds, is looked up at publishing."""
        return domain.PickupPoint(
            id=self.id,
            name=self.name,
            community_id=self.community_id,
            address=self.address,
            hours=self.hours,
            place_id=self.place_id,
        )


class UncollectedInput(Input):
    """Reminders on these days after goods are ready; after `until_days` the rule, if there is one."""

    remind_after_days: Annotated[tuple[Days, ...], Meta(max_length=5)] = (1, 2)
    until_days: Annotated[int, Meta(ge=1, le=60)] = 3
    then: Literal["", "returned", "forfeited"] = ""

    def to_domain(self) -> domain.Uncollected:
        return domain.Uncollected(
            remind_after_days=tuple(sorted(self.remind_after_days)), until_days=self.until_days, then=self.then
        )


class DeliveryZoneInput(Input):
    """A zone delivered to the door. `divisions` are the beginnings of the division codes it covers; none: every one.

    `fee_minor` covers the first kilogram, `per_kg_minor` each one begun after it; from `free_from_minor` it is free.
    """

    zone: Line
    divisions: Annotated[tuple[Division, ...], Meta(max_length=50)] = ()
    fee_minor: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    per_kg_minor: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    free_from_minor: Minor | None = None

    def to_domain(self) -> DeliveryZone:
        return DeliveryZone(
            zone=self.zone,
            divisions=tuple(self.divisions),
            fee_minor=self.fee_minor,
            per_kg_minor=self.per_kg_minor,
            free_from_minor=self.free_from_minor,
        )


class TargetInput(Input):
    measure: Measure
    at_least: Minor

    def to_domain(self) -> domain.Target:
        return domain.Target(measure=self.measure, at_least=self.at_least)


class SettlementInput(Input):
    """How a formed group's money is let out: `first_bp` basis points at hand-over, the rest `after_sales_days` later;
    `commission_bp` of the goods to the leader."""

    commission_bp: Annotated[int, Meta(ge=0, le=3_000)] = 0
    first_bp: Annotated[int, Meta(ge=0, le=9_000)] = 7_000
    after_sales_days: Annotated[int, Meta(ge=1, le=60)] = 7

    def to_domain(self) -> domain.SettlementTerms:
        return domain.SettlementTerms(
            commission_bp=self.commission_bp, first_bp=self.first_bp, after_sales_ms=self.after_sales_days * DAY
        )


class DepositInput(Input):
    """Joining costs `percent` of the lowest price; the rest is due within `balance_hours` after the group has formed.

    `earnest` (定金): at most 20 %, kept by the merchant if the balance is not paid, returned double if the merchant
    calls the group off. `down_payment` (订金): returned if the balance is not paid. Both are charged at once.
    """

    kind: DepositKind
    percent: Annotated[int, Meta(ge=1, le=90)]
    balance_hours: Annotated[int, Meta(ge=1, le=30 * 24)] = 72

    def to_domain(self) -> DepositTerms:
        return DepositTerms(kind=self.kind, share_bp=self.percent * 100, balance_ms=self.balance_hours * HOUR)


class DepositShown(Output):
    kind: DepositKind
    percent: int
    balance_hours: int

    @classmethod
    def of_or_none(cls, terms: DepositTerms | None) -> Self | None:
        if terms is None:
            return None
        return cls(kind=terms.kind, percent=terms.share_bp // 100, balance_hours=terms.balance_ms // HOUR)


class ShareRewardInput(Input):
    """A coupon for each paid join by somebody's link, so many a person (E6)."""

    amount_minor: Minor
    min_spend_minor: Annotated[int, Meta(ge=0, le=MAX_MINOR)] = 0
    most_per_person: Annotated[int, Meta(ge=1, le=100)] = 5
    valid_days: Annotated[int, Meta(ge=1, le=365)] = 30

    def to_domain(self) -> ShareReward:
        return ShareReward(
            amount_minor=self.amount_minor,
            min_spend_minor=self.min_spend_minor,
            most_per_person=self.most_per_person,
            valid_ms=self.valid_days * DAY,
        )


class CampaignDraft(Input):
    """A draft. Only the title is asked for; publishing asks for the rest."""

    title: Title
    description: Text = ""
    category: Category | None = None
    kind: Kind = Kind.POT
    preset: Preset | None = None
    items: Annotated[tuple[ItemInput, ...], Meta(max_length=domain.MAX_ITEMS)] = ()
    communities: Annotated[tuple[CommunityInput, ...], Meta(max_length=domain.MAX_COMMUNITIES)] = ()
    team_sizes: Annotated[tuple[Annotated[int, Meta(ge=2, le=100)], ...], Meta(max_length=10)] = ()
    team_open_minutes: Annotated[int, Meta(ge=10, le=30 * 24 * 60)] | None = None
    target: TargetInput | None = None
    max_participants: People | None = None
    limit_per_buyer: Units | None = None
    opens_at: MomentIn | None = None
    closes_at: MomentIn | None = None
    zone: Zone = "Asia/Shanghai"
    currency: Currency = "CNY"
    payment_window_minutes: Annotated[int, Meta(ge=1, le=14 * 24 * 60)] | None = None
    pay_until_close: bool = False
    methods: Annotated[tuple[Word, ...], Meta(max_length=10)] = ()
    refund_rule: Text = ""
    return_exception: Line | None = None
    fulfilment: Fulfilment | None = None
    pickup_points: Annotated[tuple[PickupPointInput, ...], Meta(max_length=200)] = ()
    choose_pickup_by: MomentIn | None = None
    shortage_rule: ShortageRule = ShortageRule.FIRST_COME
    stock_override_reason: Line | None = None
    max_unpaid_per_person: Annotated[int, Meta(ge=1, le=100)] = 5
    max_unpaid_per_group: People | None = None
    delivery: Annotated[tuple[DeliveryZoneInput, ...], Meta(max_length=50)] = ()
    fee_refund: Literal["always", "before_shipping", "never"] = "before_shipping"
    uncollected: UncollectedInput | None = None
    profile: Word | None = None
    plan: Annotated[tuple[StagePlanShape, ...], Meta(max_length=plans.MOST_STAGES)] = ()
    calendar: Word = "cn"
    days_off: Annotated[tuple[Day, ...], Meta(max_length=60)] = ()
    days_worked: Annotated[tuple[Day, ...], Meta(max_length=60)] = ()
    manager_id: Id | None = None
    message_budget: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    promised_ship_date: MomentIn | None = None
    review_minutes: Annotated[int, Meta(ge=1, le=14 * 24 * 60)] | None = None
    silence_days: Annotated[int, Meta(ge=1, le=30)] = 3
    acknowledge_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 15
    late_compensation_bp: Annotated[int, Meta(ge=0, le=5_000)] | None = None
    shortfall: Shortfall = Shortfall.KEEP
    capture_grace_minutes: Annotated[int, Meta(ge=10, le=24 * 60)] = 60
    settlement: SettlementInput | None = None
    deposit: DepositInput | None = None
    share_reward: ShareRewardInput | None = None

    def to_domain(self, *, merchant_id: str) -> Campaign:
        """The id is given when it is stored."""
        opens_at, closes_at = self._window()
        one_day = self.preset is Preset.ONE_DAY
        return Campaign(
            id="",
            merchant_id=merchant_id,
            title=self.title,
            description=self.description,
            category=self.category or "",
            kind=self.kind,
            items=tuple(item.to_domain() for item in self.items),
            communities=tuple(domain.Community(id=c.id, name=c.name, zone=c.zone) for c in self.communities),
            team_sizes=tuple(self.team_sizes),
            team_open_ms=_ms(self.team_open_minutes),
            target=self.target.to_domain() if self.target else None,
            max_participants=self.max_participants,
            limit_per_buyer=self.limit_per_buyer,
            opens_at=opens_at,
            closes_at=closes_at,
            zone=self.zone,
            currency=self.currency,
            payment_window_ms=None if one_day else _ms(self.payment_window_minutes),
            pay_until_close=self.pay_until_close or one_day,
            methods=tuple(self.methods),
            refund_rule=self.refund_rule,
            return_exception=self.return_exception,
            fulfilment=self.fulfilment,
            pickup_points=tuple(point.to_domain() for point in self.pickup_points),
            choose_pickup_by=to_instant_or_none(self.choose_pickup_by),
            shortage_rule=self.shortage_rule,
            stock_override_reason=self.stock_override_reason,
            max_unpaid_per_person=self.max_unpaid_per_person,
            max_unpaid_per_group=self.max_unpaid_per_group,
            delivery=tuple(one.to_domain() for one in self.delivery),
            fee_refund=self.fee_refund,
            uncollected=self.uncollected.to_domain() if self.uncollected else domain.Uncollected(),
            profile=self.profile or "",
            plan=tuple(stage.to_domain() for stage in self.plan),
            calendar=self.calendar,
            days_off=tuple(self.days_off),
            days_worked=tuple(self.days_worked),
            manager_id=self.manager_id or "",
            message_budget=self.message_budget,
            promised_ship_at=to_instant_or_none(self.promised_ship_date),
            review_ms=_ms(self.review_minutes),
            silence_days=self.silence_days,
            acknowledge_ms=self.acknowledge_minutes * MINUTE,
            compensation_bp=self.late_compensation_bp,
            shortfall=self.shortfall,
            capture_grace_ms=self.capture_grace_minutes * MINUTE,
            settlement=self.settlement.to_domain() if self.settlement else None,
            deposit=self.deposit.to_domain() if self.deposit else None,
            share_reward=self.share_reward.to_domain() if self.share_reward else None,
        )

    def _window(self) -> tuple[Instant | None, Instant | None]:
        opens_at, closes_at = to_instant_or_none(self.opens_at), to_instant_or_none(self.closes_at)
        if self.preset is not Preset.ONE_DAY:
            return opens_at, closes_at
        if closes_at is not None or opens_at is None:
            raise Refused("one_day_has_no_close")
        return opens_at, midnight_after(opens_at, self.zone)


class CampaignEdit(CampaignDraft, kw_only=True):
    """The whole draft anew, and the version it replaces."""

    version: Version


class PriceTier(Output):
    participants: int
    unit_price_minor: int


class Item(Output):
    """`joining_price_minor` is the price that is certain if the group forms; it is paid on joining, unless
    `deposit_minor` says that only so much of it is. `percent_off` sets it against the reference. `picture` is
    its path below this API's address."""

    sku: str
    product_id: str
    title: str
    list_price_minor: int
    joining_price_minor: int
    deposit_minor: int | None
    tiers: list[PriceTier]
    limit_per_buyer: int | None
    reference_price_minor: int | None
    percent_off: int | None
    picture: str | None

    @classmethod
    def of(cls, terms: Campaign, item: domain.Item, team_size: int | None) -> Self:
        price = price_on_joining(terms, item, team_size)
        reference = item.reference_price_minor
        return cls(
            sku=item.sku,
            product_id=item.product_id,
            title=item.title,
            list_price_minor=item.list_price_minor,
            joining_price_minor=price,
            deposit_minor=terms.deposit.of_unit(item.lowest_price_minor) if terms.deposit else None,
            tiers=[PriceTier(participants=t.participants, unit_price_minor=t.unit_price_minor) for t in item.tiers],
            limit_per_buyer=item.limit_per_buyer,
            reference_price_minor=reference,
            percent_off=100 * (reference - price) // reference if reference and reference > price else None,
            picture=f"/{item.picture}" if item.picture else None,
        )


class Community(Output):
    id: str
    name: str
    zone: str


class PickupPoint(Output):
    id: str
    name: str
    community_id: str | None
    address: str
    hours: str
    place_id: str | None


class Target(Output):
    measure: Measure
    at_least: int

    @classmethod
    def of(cls, target: domain.Target) -> Self:
        return cls(measure=target.measure, at_least=target.at_least)


class DeliveryZoneShown(Output):
    zone: str
    fee_minor: int
    per_kg_minor: int
    free_from_minor: int | None


class UncollectedRule(Output):
    remind_after_days: list[int]
    until_days: int
    then: str


class ShareRewardShown(Output):
    amount_minor: int
    min_spend_minor: int
    most_per_person: int
    valid_days: int

    @classmethod
    def of(cls, reward: ShareReward) -> Self:
        return cls(
            amount_minor=reward.amount_minor,
            min_spend_minor=reward.min_spend_minor,
            most_per_person=reward.most_per_person,
            valid_days=reward.valid_ms // DAY,
        )


class PlannedStage(Output):
    """A stage as buyers may know it beforehand: what it brings, and how long it may take."""

    name: str
    title: str
    deliverable: str
    minutes: int
    basis: Basis

    @classmethod
    def of(cls, stage: StagePlan) -> Self:
        return cls(
            name=stage.name,
            title=stage.title,
            deliverable=stage.deliverable,
            minutes=stage.limit.ms // MINUTE,
            basis=stage.limit.basis,
        )


class CampaignOffer(Output):
    """A campaign as anyone sees it. Stock is shown by a group's progress, not here."""

    id: str
    title: str
    description: str
    category: str
    state: CampaignState
    kind: Kind
    items: list[Item]
    communities: list[Community]
    team_sizes: list[int]
    team_open_minutes: int | None
    target: Target | None
    max_participants: int | None
    limit_per_buyer: int | None
    opens_at: Moment | None
    closes_at: Moment | None
    zone: str
    currency: str
    payment_window_minutes: int | None
    pay_until_close: bool
    methods: list[str]
    refund_rule: str
    return_exception: str | None
    fulfilment: Fulfilment | None
    pickup_points: list[PickupPoint]
    choose_pickup_by: Moment | None
    delivery: list[DeliveryZoneShown]
    fee_refund: str
    uncollected: UncollectedRule
    promised_ship_date: Moment | None
    stages: list[PlannedStage]
    shortage_rule: ShortageRule
    deposit: DepositShown | None
    share_reward: ShareRewardShown | None
    terms_version: int
    published_at: Moment | None

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        return cls(
            id=campaign.id,
            title=campaign.title,
            description=campaign.description,
            category=campaign.category,
            state=campaign.state,
            kind=campaign.kind,
            items=[Item.of(campaign, item, None) for item in campaign.items],
            communities=[Community(id=c.id, name=c.name, zone=c.zone) for c in campaign.communities],
            team_sizes=list(campaign.team_sizes),
            team_open_minutes=_minutes(campaign.team_open_ms),
            target=Target.of(campaign.target) if campaign.target else None,
            max_participants=campaign.max_participants,
            limit_per_buyer=campaign.limit_per_buyer,
            opens_at=shown_or_none(campaign.opens_at),
            closes_at=shown_or_none(campaign.closes_at),
            zone=campaign.zone,
            currency=campaign.currency,
            payment_window_minutes=_minutes(campaign.payment_window_ms),
            pay_until_close=campaign.pay_until_close,
            methods=list(campaign.methods),
            refund_rule=campaign.refund_rule,
            return_exception=campaign.return_exception,
            fulfilment=campaign.fulfilment,
            pickup_points=[
                PickupPoint(
                    id=p.id,
                    name=p.name,
                    community_id=p.community_id,
                    address=p.address,
                    hours=p.hours,
                    place_id=p.place_id,
                )
                for p in campaign.pickup_points
            ],
            choose_pickup_by=shown_or_none(campaign.choose_pickup_by),
            delivery=[
                DeliveryZoneShown(
                    zone=one.zone,
                    fee_minor=one.fee_minor,
                    per_kg_minor=one.per_kg_minor,
                    free_from_minor=one.free_from_minor,
                )
                for one in campaign.delivery
            ],
            fee_refund=campaign.fee_refund,
            uncollected=UncollectedRule(
                remind_after_days=list(campaign.uncollected.remind_after_days),
                until_days=campaign.uncollected.until_days,
                then=campaign.uncollected.then,
            ),
            promised_ship_date=shown_or_none(campaign.promised_ship_at),
            stages=[PlannedStage.of(stage) for stage in campaign.plan],
            shortage_rule=campaign.shortage_rule,
            deposit=DepositShown.of_or_none(campaign.deposit),
            share_reward=ShareRewardShown.of(campaign.share_reward) if campaign.share_reward else None,
            terms_version=campaign.terms_version,
            published_at=shown_or_none(campaign.published_at),
        )


class ItemStock(Output):
    """What only the merchant sees of an item."""

    sku: str
    stock: int
    buffer: int
    stop_threshold: int
    low_stock: int
    supplier_id: str | None
    fallback_supplier_id: str | None


class OwnCampaign(CampaignOffer, kw_only=True):
    """A campaign as its merchant sees it, drafts included. `version` is what an edit must name."""

    version: int
    created_at: Moment
    stock: list[ItemStock]
    stock_override_reason: str | None
    max_unpaid_per_person: int
    max_unpaid_per_group: int | None
    shortfall: Shortfall
    capture_grace_minutes: int
    groups_opened: int
    profile: str | None
    plan: list[StagePlanShape]
    calendar: str
    days_off: list[str]
    days_worked: list[str]
    manager_id: str | None
    message_budget: int | None
    review_minutes: int | None
    silence_days: int
    acknowledge_minutes: int
    late_compensation_bp: int | None

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        return cls(
            **structs.asdict(CampaignOffer.of(campaign)),
            version=campaign.version,
            created_at=shown(campaign.created_at),
            stock=[
                ItemStock(
                    sku=item.sku,
                    stock=item.stock,
                    buffer=item.buffer,
                    stop_threshold=item.stop_threshold,
                    low_stock=item.low_stock,
                    supplier_id=item.supplier_id,
                    fallback_supplier_id=item.fallback_supplier_id,
                )
                for item in campaign.items
            ],
            stock_override_reason=campaign.stock_override_reason,
            max_unpaid_per_person=campaign.max_unpaid_per_person,
            max_unpaid_per_group=campaign.max_unpaid_per_group,
            shortfall=campaign.shortfall,
            capture_grace_minutes=campaign.capture_grace_ms // MINUTE,
            groups_opened=campaign.groups_opened,
            profile=campaign.profile or None,
            plan=[StagePlanShape.of(stage) for stage in campaign.plan],
            calendar=campaign.calendar,
            days_off=list(campaign.days_off),
            days_worked=list(campaign.days_worked),
            manager_id=campaign.manager_id or None,
            message_budget=campaign.message_budget,
            review_minutes=_minutes(campaign.review_ms),
            silence_days=campaign.silence_days,
            acknowledge_minutes=campaign.acknowledge_ms // MINUTE,
            late_compensation_bp=campaign.compensation_bp,
        )


class CampaignPage(Output):
    items: list[OwnCampaign]
    next: str | None


class Restock(Input):
    """Units to add, by SKU, what for, and the supplier's own number of the batch they came with (P17)."""

    units: Annotated[dict[Sku, Units], Meta(min_length=1, max_length=domain.MAX_ITEMS)]
    reason: Annotated[str, Meta(max_length=200)] = ""
    batch: Line = ""


class StockLeft(Output):
    """What the campaign still has to give to its groups."""

    campaign_id: str
    left: dict[str, int]

    @classmethod
    def of(cls, stock: domain.Stock) -> Self:
        return cls(campaign_id=stock.campaign_id, left=dict(stock.left))


class Figures(Output):
    """What a merchant steers by (M1). Shares in basis points; null where nothing can be divided yet."""

    campaign_id: str
    currency: str
    visitors: int
    buyers: int
    orders_held: int
    orders_paid: int
    orders_expired: int
    orders_cancelled: int
    paid_minor: int
    captured_minor: int
    refunded_minor: int
    refunds: int
    groups: int
    groups_formed: int
    groups_failed: int
    conversion_bp: int | None
    average_order_minor: int | None
    formed_share_bp: int | None
    refund_share_bp: int | None
    low: list[str]
    sold_out: list[str]
    as_of: Moment

    @classmethod
    def of(cls, campaign_id: str, found: CampaignFigures) -> Self:
        numbers, shares = found.numbers, found.figures
        return cls(
            campaign_id=campaign_id,
            currency=found.currency,
            visitors=numbers.visitors,
            buyers=numbers.buyers,
            orders_held=numbers.held,
            orders_paid=numbers.paid,
            orders_expired=numbers.expired,
            orders_cancelled=numbers.cancelled,
            paid_minor=numbers.paid_minor,
            captured_minor=numbers.captured_minor,
            refunded_minor=numbers.refunded_minor,
            refunds=numbers.refunds,
            groups=numbers.groups,
            groups_formed=numbers.formed,
            groups_failed=numbers.failed,
            conversion_bp=shares.conversion_bp,
            average_order_minor=shares.average_order_minor,
            formed_share_bp=shares.formed_share_bp,
            refund_share_bp=shares.refund_share_bp,
            low=list(found.low),
            sold_out=list(found.sold_out),
            as_of=shown(found.as_of),
        )


def _ms(minutes: int | None) -> int | None:
    return None if minutes is None else minutes * MINUTE


def _minutes(ms: int | None) -> int | None:
    return None if ms is None else ms // MINUTE
