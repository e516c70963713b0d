"""Groups over the wire: a line in the hall, one group with its terms, and what becomes of it."""

from typing import Annotated, Self

from msgspec import Meta, structs

from ...domain import group as domain
from ...domain import pricing
from ...domain.campaign import Campaign, Fulfilment, Kind, Measure, Shortfall
from ...domain.group import Group, GroupState, target_of
from ...domain.instants import Instant
from ...domain.links import page_path
from ...domain.share import Share
from ...domain.statement import Statement
from ...domain.tally import Tally
from ...services.buying import preview
from ...services.selling import browse
from .campaigns import CampaignOffer, DepositShown, Item, PickupPoint, Target
from .stages import Way
from .terms import sentences
from .words import Category, Id, Input, Moment, MomentIn, Output, PageQuery, shown, shown_or_none


class HallQuery(PageQuery, kw_only=True):
    """Filters of the hall. `community` is a community's id."""

    community: Id | None = None
    category: Category | None = None
    closing_within_minutes: Annotated[int, Meta(ge=1, le=90 * 24 * 60)] | None = None


class ProgressQuery(Input):
    """`strong`: from the rows themselves, not from the projection."""

    strong: bool = False


class ViewInput(Input):
    """`visitor` is a random value the page keeps: it names nobody, and only a keyed hash of it is stored."""

    visitor: Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
    stayed_s: Annotated[int, Meta(ge=0, le=3_600)] = 0
    shared: bool = False


class DeadlineInput(Input):
    closes_at: MomentIn


class Joined(Output):
    """Numbers for show. `joined` have paid; `held` have a seat and have not."""

    joined: int
    held: int
    as_of: Moment | None

    @classmethod
    def of(cls, tally: Tally | None) -> Self:
        if tally is None:
            return cls(joined=0, held=0, as_of=None)
        return cls(joined=tally.numbers.paid, held=tally.numbers.held, as_of=shown(tally.as_of))


class CommunityName(Output):
    id: str
    name: str


class GroupLine(Output):
    """A group in a list."""

    id: str
    campaign_id: str
    title: str
    category: str
    kind: Kind
    state: GroupState
    community: CommunityName | None
    team_size: int | None
    opens_at: Moment
    closes_at: Moment
    zone: str
    currency: str
    target: Target
    numbers: Joined
    items: list[Item]

    @classmethod
    def of(cls, group: Group, terms: Campaign, tally: Tally | None) -> Self:
        return cls(
            id=group.id,
            campaign_id=group.campaign_id,
            title=group.title,
            category=group.category,
            kind=group.kind,
            state=group.state,
            community=_community(group),
            team_size=group.team_size,
            opens_at=shown(group.opens_at),
            closes_at=shown(group.closes_at),
            zone=group.zone,
            currency=group.currency,
            target=Target.of(target_of(terms, group.team_size)),
            numbers=Joined.of(tally),
            items=[Item.of(terms, item, group.team_size) for item in terms.items],
        )


class GroupPage(Output):
    items: list[GroupLine]
    next: str | None


class Conditions(Output):
    """What a buyer is told before paying. `accepts_terms` of a join must name `version`.

    `sentences` says the same in the caller's language.
    """

    version: int
    measure: Measure
    at_least: int
    deadline: Moment
    zone: str
    pay_by_rule: str
    refund_route: str
    refund_arrives_within_days: dict[str, int]
    refund_rule: str
    return_exception: str | None
    charged_when_formed: list[str]
    shortfall: Shortfall
    capture_grace_minutes: int
    deposit: DepositShown | None
    sentences: list[str]

    @classmethod
    def of(cls, told: Statement, currency: str, language: str) -> Self:
        return cls(
            version=told.version,
            measure=told.measure,
            at_least=told.at_least,
            deadline=shown(told.deadline),
            zone=told.zone,
            pay_by_rule=told.pay_by_rule,
            refund_route=told.refund_route,
            refund_arrives_within_days=dict(told.refund_arrives_within_days),
            refund_rule=told.refund_rule,
            return_exception=told.return_exception,
            charged_when_formed=list(told.charged_when_formed),
            shortfall=told.shortfall,
            capture_grace_minutes=told.capture_grace_minutes,
            deposit=DepositShown.of_or_none(told.deposit),
            sentences=sentences(told, currency, language),
        )


class Verdict(Output):
    """Given once. `prices_minor` are the final unit prices, which hold for every buyer of a formed group."""

    formed: bool
    given_at: Moment
    participants: int
    units: dict[str, int]
    amount_minor: int
    prices_minor: dict[str, int]
    reason: str

    @classmethod
    def of(cls, verdict: domain.Verdict) -> Self:
        return cls(
            formed=verdict.formed,
            given_at=shown(verdict.given_at),
            participants=verdict.participants,
            units=dict(verdict.units),
            amount_minor=verdict.amount_minor,
            prices_minor=dict(verdict.prices),
            reason=verdict.reason,
        )

    @classmethod
    def of_or_none(cls, verdict: domain.Verdict | None) -> Self | None:
        return None if verdict is None else cls.of(verdict)


class GroupCard(GroupLine, kw_only=True):
    """One group with all a buyer needs to decide."""

    description: str
    fulfilment: Fulfilment | None
    pickup_points: list[PickupPoint]
    methods: list[str]
    terms: Conditions
    verdict: Verdict | None

    @classmethod
    def seen(cls, view: browse.GroupView, language: str) -> Self:
        terms, group = view.terms, view.group
        offer = CampaignOffer.of(terms)
        return cls(
            **structs.asdict(GroupLine.of(group, terms, view.tally)),
            description=terms.description,
            fulfilment=terms.fulfilment,
            pickup_points=[p for p in offer.pickup_points if p.community_id in (None, group.community_id)],
            methods=offer.methods,
            terms=Conditions.of(view.statement, group.currency, language),
            verdict=Verdict.of_or_none(group.verdict),
        )


class NextTier(Output):
    """So many more people, and everyone pays so much less."""

    more_participants: int
    unit_price_minor: int
    less_minor: int

    @classmethod
    def of_or_none(cls, tier: pricing.NextTier | None) -> Self | None:
        if tier is None:
            return None
        return cls(
            more_participants=tier.more_participants,
            unit_price_minor=tier.unit_price_minor,
            less_minor=tier.less_minor,
        )


class ItemProgress(Output):
    sku: str
    title: str
    price_now_minor: int
    reference_price_minor: int | None
    next_tier: NextTier | None
    units_left: int | None

    @classmethod
    def of(cls, item: browse.ItemProgress) -> Self:
        return cls(
            sku=item.sku,
            title=item.title,
            price_now_minor=item.price_now_minor,
            reference_price_minor=item.reference_price_minor,
            next_tier=NextTier.of_or_none(item.next_tier),
            units_left=item.units_left,
        )


class Eta(Output):
    """When the goods are expected, as a range."""

    earliest: Moment
    latest: Moment

    @classmethod
    def of_or_none(cls, expected: tuple[Instant, Instant] | None) -> Self | None:
        return None if expected is None else cls(earliest=shown(expected[0]), latest=shown(expected[1]))


class GroupProgress(Output):
    """How far a group is: the one address that answers with everything. `joined` have paid, `held` have a seat;
    `exact`: counted from its rows just now. `way` is what became of it once it had formed."""

    group_id: str
    state: GroupState
    joined: int
    held: int
    target: Target
    reached: int
    remaining: int
    seats_left: int | None
    items: list[ItemProgress]
    closes_at: Moment
    zone: str
    currency: str
    stage: str | None
    eta: Eta | None
    way: Way | None
    as_of: Moment
    exact: bool

    @classmethod
    def of(cls, found: browse.Progress, now: Instant) -> Self:
        return cls(
            group_id=found.group_id,
            state=found.state,
            joined=found.joined,
            held=found.held,
            target=Target(measure=Measure(found.measure), at_least=found.target),
            reached=found.reached,
            remaining=found.remaining,
            seats_left=found.seats_left,
            items=[ItemProgress.of(item) for item in found.items],
            closes_at=shown(found.closes_at),
            zone=found.zone,
            currency=found.currency,
            stage=found.stage,
            eta=Eta.of_or_none(found.eta),
            way=Way.of_or_none(found.journey, found.terms, now),
            as_of=shown(found.as_of),
            exact=found.exact,
        )


class Reviewed(Output):
    """What became of a group that was reviewed."""

    group_id: str
    state: GroupState
    approved: bool | None
    verdict: Verdict | None

    @classmethod
    def of(cls, group: Group) -> Self:
        return cls(
            group_id=group.id,
            state=group.state,
            approved=group.review.approved if group.review else None,
            verdict=Verdict.of_or_none(group.verdict),
        )


class DeadlineMoved(Output):
    """`done` says whether every slice of the group has the new deadline; until then it is on its way."""

    group_id: str
    closes_at: Moment
    deadline_number: int
    done: bool


class CallOffBody(Input):
    """`why` is kept with the group and in the audit log."""

    why: Annotated[str, Meta(min_length=1, max_length=200)]


class CalledOff(Output):
    """The verdict stands; refunds follow order by order."""

    group_id: str
    called_off_at: Moment | None

    @classmethod
    def of(cls, group: Group) -> Self:
        return cls(group_id=group.id, called_off_at=shown_or_none(group.called_off_at))


class ShareLink(Output):
    """A person's own link to a group. `path` is this API's; `url` is the page to send to others, if known."""

    code: str
    group_id: str
    path: str
    url: str | None

    @classmethod
    def of(cls, link: Share, public_url: str) -> Self:
        path = f"/shares/{link.code}"
        url = public_url + page_path(path) if public_url else None
        return cls(code=link.code, group_id=link.group_id, path=path, url=url)


class ClosePreview(Output):
    """What a close right now would do: `refunds` and `notices` count people."""

    group_id: str
    verdict: Verdict
    held_to_expire: int
    refunds: int
    refund_minor: int
    notices: int
    as_of: Moment

    @classmethod
    def of(cls, group_id: str, found: preview.Preview, now: Instant) -> Self:
        return cls(
            group_id=group_id,
            verdict=Verdict.of(found.verdict),
            held_to_expire=found.held_to_expire,
            refunds=found.refunds,
            refund_minor=found.refund_minor,
            notices=found.notices,
            as_of=shown(now),
        )


def _community(group: Group) -> CommunityName | None:
    return CommunityName(id=group.community_id, name=group.community_name) if group.community_id else None
