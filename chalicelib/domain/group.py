"""A group (团): buyers who succeed or fail together, and its slices, which hold its seats and stock.

    open ──(deadline passed, or a team is full)──> sealing ──(all rows counted)──> formed | failed
                                                      └──(enough, with a review)──> review ──> formed | failed

Only the closer moves a group, each step naming the version it saw. The verdict is given once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from . import pricing
from .campaign import LONGEST_WINDOW, Campaign, Community, Kind, Measure, Target, after_close
from .ids import group_id
from .instants import DAY, SECOND, Instant, local_text
from .refusals import Broken, Refused
from .writes import Row

CLOCK_SKEW = 2 * SECOND
"""A close starts this long after its deadline, because the clocks of workers differ by a little."""

PAYMENT_GRACE = 20 * SECOND
"""How long the count waits for payments that were under way at the deadline."""

ORDERS_PER_PART = 1_000
MOST_PARTS = 64
MOST_SLICES = 400
FIRST_SLICES = 7
UNITS_PER_FIRST_SLICE = 1_000
"""A group begins with several slices only where each has so much of everything that it will not soon be short; and with
no more than are created in one small transaction, beside the group, its tally and what it takes of the stock."""

NO_SEAT_LIMIT = 10**9
FAR: Instant = 10**15


class GroupState(StrEnum):
    OPEN = "open"
    SEALING = "sealing"
    REVIEW = "review"
    FORMED = "formed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a closed group counted: paid orders only, and the units that return to the campaign."""

    participants: int = 0
    units: Mapping[str, int] | None = None
    amount_minor: int = 0
    unsold: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A group that has reached its target waits for a yes or a no (L5), its count kept; without either it is a yes at
    `until`. `left` is what the sealed slices still held; `by` is empty where time decided."""

    count: Count
    left: Mapping[str, int]
    until: Instant
    asked: bool = False
    approved: bool | None = None
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Given once. `prices` are the final unit prices, which hold for every buyer of a formed group."""

    formed: bool
    given_at: Instant
    participants: int
    units: Mapping[str, int]
    amount_minor: int
    prices: Mapping[str, int]
    reason: str
    unsold: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Row):
    """One group. `parts` (how its orders are spread over partitions) is frozen when it opens.

    `deadline_number` counts the moves of the deadline; slices take only a higher one. `spread_number` is the
    last one known to be on every slice. `called` is what the count said, where the verdict waits for the money of those
    who paid by a hold; it waits no longer than `captures_by`. `turn_at` is when the refunds of a large group begin.
    A formed group may be called off by its merchant; `cursor` is how far its orders have been paid back.
    """

    id: str
    campaign_id: str
    merchant_id: str
    terms_version: int
    kind: Kind
    title: str
    category: str
    state: GroupState = GroupState.OPEN
    community_id: str | None = None
    community_name: str = ""
    initiator_id: str | None = None
    team_size: int | None = None
    opens_at: Instant
    closes_at: Instant
    zone: str
    currency: str
    deadline_number: int = 0
    spread_number: int = 0
    slices: int = 1
    parts: int = 1
    opened_at: Instant
    listed: bool = False
    sealed_at: Instant | None = None
    called: Verdict | None = None
    captures_by: Instant | None = None
    verdict: Verdict | None = None
    returned: bool = False
    turn_at: Instant | None = None
    resolved_at: Instant | None = None
    tries: int = 0
    review: Review | None = None
    called_off_at: Instant | None = None
    called_off_why: str = ""
    called_off_by: str = ""
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Row):
    """A share of a group's seats and of each item's stock, in one small row that joins count down."""

    group_id: str
    number: int
    left: Mapping[str, int]
    seats: int
    opens_at: Instant
    closes_at: Instant
    deadline_number: int = 0
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Row):
    """One part of a group's orders during closing: counted once after the seal, later carried out.

    `collected` is the second count, of orders whose money is in, where the verdict waits for that.
    """

    group_id: str
    number: int
    count: Count
    collected: Count | None = None
    resolved: bool = False


def parts_for(capacity: int) -> int:
    """How many partitions the orders of a group are spread over, from the most orders it can have."""
    return max(1, min(MOST_PARTS, -(-capacity // ORDERS_PER_PART)))


def opened(
    terms: Campaign,
    *,
    now: Instant,
    which: Sequence[str],
    community: Community | None = None,
    initiator_id: str | None = None,
    team_size: int | None = None,
) -> Group:
    """A new group under these terms. Its id is derived from `which`, so opening it twice opens it once."""
    assert terms.opens_at is not None and terms.closes_at is not None
    closes_at = terms.closes_at
    if team_size is not None and terms.team_open_ms is not None:
        closes_at = min(closes_at, now + terms.team_open_ms)
    seats = team_size or terms.max_participants or sum(item.sellable for item in terms.items)
    return Group(
        id=group_id(terms.id, *which),
        campaign_id=terms.id,
        merchant_id=terms.merchant_id,
        terms_version=terms.terms_version,
        kind=terms.kind,
        title=terms.title,
        category=terms.category,
        community_id=community.id if community else None,
        community_name=community.name if community else "",
        initiator_id=initiator_id,
        team_size=team_size,
        opens_at=max(terms.opens_at, now) if team_size else terms.opens_at,
        closes_at=closes_at,
        zone=terms.zone,
        currency=terms.currency,
        parts=parts_for(seats),
        opened_at=now,
        due_at=now,
    )


def seats_of(group: Group, terms: Campaign) -> int:
    return group.team_size or terms.max_participants or NO_SEAT_LIMIT


def first_slices_for(kind: Kind, seats: int, units: Mapping[str, int]) -> int:
    """How many slices a group begins with: one, unless what it is given lets it expect a crowd."""
    if kind is Kind.TEAM:
        return 1
    least = min([seats, *units.values()]) if units else 0
    return max(1, min(FIRST_SLICES, least // UNITS_PER_FIRST_SLICE))


def first_slices(group: Group, terms: Campaign, units: Mapping[str, int]) -> list[Slice]:
    """The slices a group begins with, as many as it says: equal shares, and what is over for the first."""
    given = {item.sku: units.get(item.sku, 0) for item in terms.items}
    count, seats = group.slices, seats_of(group, terms)
    return [
        Slice(
            group_id=group.id,
            number=number,
            left={sku: _share(some, count, number) for sku, some in given.items()},
            seats=_share(seats, count, number),
            opens_at=group.opens_at,
            closes_at=group.closes_at,
        )
        for number in range(count)
    ]


def _share(whole: int, count: int, number: int) -> int:
    return whole // count + (whole % count if number == 0 else 0)


def closing_time(group: Group) -> Instant:
    return group.closes_at + CLOCK_SKEW


def latest_close(group: Group, terms: Campaign) -> Instant:
    """How far the deadline may move without outlasting money that is held since the group opened."""
    if not terms.hold_ms:
        return FAR
    return group.opens_at + min(terms.hold_ms.values()) - after_close(terms)


def deadline_moved(group: Group, closes_at: Instant, now: Instant, latest: Instant = FAR) -> Group:
    """An intent: the slices take it one by one, the group's timer sees to it (promise 2)."""
    if group.state is not GroupState.OPEN or now >= group.closes_at:
        raise Refused("group_closed")
    if closes_at <= now:
        raise Refused("deadline_in_the_past")
    if closes_at <= group.opens_at:
        raise Refused("deadline_before_start")
    if closes_at - max(now, group.opens_at) > LONGEST_WINDOW:
        raise Refused("window_too_long", days=LONGEST_WINDOW // DAY)
    if closes_at > latest:
        raise Refused("deadline_beyond_holds", latest=local_text(latest, group.zone))
    return replace(group, closes_at=closes_at, deadline_number=group.deadline_number + 1, due_at=now)


def sealing(group: Group, now: Instant) -> Group:
    """The close begins. The caller has seen the deadline pass, or every seat of a team paid."""
    if group.state is not GroupState.OPEN:
        raise Broken(f"group {group.id} is {group.state.value} and cannot begin to close")
    return replace(group, state=GroupState.SEALING, sealed_at=now, due_at=now, tries=0)


def total(parts: Sequence[Count]) -> Count:
    units: dict[str, int] = {}
    unsold: dict[str, int] = {}
    for part in parts:
        for sku, count in (part.units or {}).items():
            units[sku] = units.get(sku, 0) + count
        for sku, count in (part.unsold or {}).items():
            unsold[sku] = unsold.get(sku, 0) + count
    return Count(
        participants=sum(part.participants for part in parts),
        units=units,
        amount_minor=sum(part.amount_minor for part in parts),
        unsold=unsold,
    )


def reached(target: Target, count: Count) -> int:
    """How much of the target's measure there is."""
    return {
        Measure.PARTICIPANTS: count.participants,
        Measure.UNITS: sum((count.units or {}).values()),
        Measure.AMOUNT: count.amount_minor,
    }[target.measure]


def target_of(terms: Campaign, team_size: int | None) -> Target:
    if team_size is not None:
        return Target(measure=Measure.PARTICIPANTS, at_least=team_size)
    assert terms.target is not None
    return terms.target


def has_reached(group: Group, terms: Campaign, count: Count) -> bool:
    target = target_of(terms, group.team_size)
    return reached(target, count) >= target.at_least


def judged(
    group: Group, terms: Campaign, count: Count, left: Mapping[str, int], now: Instant, *, rejected: bool = False
) -> Verdict:
    """The verdict from the rows alone, or from the review's no. `left` is what the sealed slices still held."""
    enough = has_reached(group, terms, count)
    formed = enough and not rejected
    unsold = total([Count(unsold=count.unsold), Count(unsold=left)]).unsold or {}
    if not formed:
        unsold = total([Count(unsold=unsold), Count(unsold=count.units)]).unsold or {}
    return Verdict(
        formed=formed,
        given_at=now,
        participants=count.participants,
        units=dict(count.units or {}),
        amount_minor=count.amount_minor,
        prices={
            item.sku: pricing.unit_price(item.list_price_minor, item.tiers, count.participants) for item in terms.items
        },
        reason="target_reached" if formed else "rejected" if enough else "target_missed",
        unsold={sku: units for sku, units in unsold.items() if units},
    )


def called(group: Group, terms: Campaign, verdict: Verdict, now: Instant) -> Group:
    """Enough were counted. The prices are settled by this count; the verdict is given on the money that comes in."""
    if group.state not in (GroupState.SEALING, GroupState.REVIEW) or group.called is not None:
        raise Broken(f"group {group.id} is {group.state.value} and cannot be called")
    by = now + terms.capture_grace_ms
    return replace(group, state=GroupState.SEALING, called=verdict, captures_by=by, due_at=now, tries=0)


def judged_again(group: Group, terms: Campaign, collected: Count, now: Instant) -> Verdict:
    """The verdict on the orders whose money is in, by the rule that the campaign stated in advance."""
    assert group.called is not None
    formed = has_reached(group, terms, collected)
    back = [Count(unsold=group.called.unsold), Count(unsold=collected.unsold)]
    unsold = total(back if formed else [*back, Count(unsold=collected.units)]).unsold or {}
    return replace(
        group.called,
        formed=formed,
        given_at=now,
        participants=collected.participants,
        units=dict(collected.units or {}),
        amount_minor=collected.amount_minor,
        reason="target_reached" if formed else "shortfall",
        unsold={sku: units for sku, units in unsold.items() if units},
    )


def verdict_given(group: Group, verdict: Verdict) -> Group:
    if group.state not in (GroupState.SEALING, GroupState.REVIEW):
        raise Broken(f"group {group.id} is {group.state.value} and cannot be given a verdict")
    state = GroupState.FORMED if verdict.formed else GroupState.FAILED
    return replace(group, state=state, verdict=verdict, due_at=verdict.given_at, tries=0)


def reviewing(group: Group, review: Review, now: Instant) -> Group:
    """Counted and enough: somebody is asked. The count can no longer move, so the answer may take its time."""
    if group.state is not GroupState.SEALING:
        raise Broken(f"group {group.id} is {group.state.value} and cannot be reviewed")
    return replace(group, state=GroupState.REVIEW, review=review, due_at=now, tries=0)


def reviewed(group: Group, *, approved: bool, by: str, why: str = "") -> Group:
    """With the answer. Raises Refused when there was one already, another one; the same is done already."""
    review = group.review
    if review is None:
        raise Refused("no_review")
    if review.approved is not None:
        if review.approved is not approved:
            raise Refused("verdict_given", approved=review.approved)
        return group
    if group.state is not GroupState.REVIEW:
        raise Broken(f"group {group.id} is {group.state.value} with an open review")
    return replace(group, review=replace(review, approved=approved, by=by, why=why))


def review_asked(group: Group) -> Group:
    """Those who may answer have heard; time answers for them at the end."""
    assert group.review is not None
    return replace(group, review=replace(group.review, asked=True), due_at=group.review.until)
