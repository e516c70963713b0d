"""Numbers for show: projections of orders, moved by the stream and healed by a recount. No decision reads them.

A tally belongs to a group or to a whole campaign. `as_of` says how fresh it is; every change sets its timer, and the
timer recounts from the rows, so a lost, doubled or late stream record is never wrong for long.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ..lean import dataclass
from .campaign import Measure, Target
from .group import Count, reached
from .instants import SECOND, Instant
from .ledger import Entry, EntryState, Kind
from .order import Order, OrderState
from .writes import Row

SOON = 5 * SECOND
PER_ORDER = 5
"""Milliseconds a recount waits per order of the group: a big group is recounted less often, so that recounting
costs the same per order whatever the size."""


class Scope(StrEnum):
    GROUP = "group"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counters. Money in minor units. `visitors` are distinct and human, as far as we can tell."""

    held: int = 0
    held_units: int = 0
    paid: int = 0
    paid_units: int = 0
    paid_minor: int = 0
    expired: int = 0
    cancelled: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    refunds: int = 0
    visitors: int = 0
    buyers: int = 0
    groups: int = 0
    formed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Row):
    """`recounted_version` is the version a recount left it at: still there at the next one, nothing has happened."""

    scope: Scope
    id: str
    campaign_id: str
    numbers: Numbers = Numbers()
    units: Mapping[str, int] = field(default_factory=dict)
    as_of: Instant
    recounted_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a merchant steers by (M1). Shares are in basis points (1/100 of a percent): whole numbers, no float."""

    conversion_bp: int | None
    average_order_minor: int | None
    formed_share_bp: int | None
    refund_share_bp: int | None


def of_order(order: Order | None) -> Numbers:
    """What one order adds to the numbers; the stream applies new minus old."""
    if order is None:
        return Numbers()
    units = sum(order.lines.values())
    match order.state:
        case OrderState.HELD:
            return Numbers(held=1, held_units=units)
        case OrderState.PAID:
            return Numbers(paid=1, paid_units=units, paid_minor=order.amount_minor)
        case OrderState.EXPIRED:
            return Numbers(expired=1)
        case OrderState.CANCELLED:
            return Numbers(cancelled=1)


def of_entry(entry: Entry | None) -> Numbers:
    if entry is None or entry.state is not EntryState.POSTED:
        return Numbers()
    if entry.kind in (Kind.PAYMENT, Kind.CAPTURE):
        return Numbers(captured_minor=entry.amount_minor)
    if entry.kind is Kind.REFUND:
        return Numbers(refunded_minor=entry.amount_minor, refunds=1)
    return Numbers()


def plus(one: Numbers, other: Numbers, sign: int = 1) -> Numbers:
    return Numbers(**{name: getattr(one, name) + sign * getattr(other, name) for name in Numbers.__slots__})


def recount_at(tally: Tally, now: Instant) -> Instant:
    orders = tally.numbers.held + tally.numbers.paid
    return now + max(SOON, orders * PER_ORDER)


def figures(numbers: Numbers) -> Figures:
    return Figures(
        conversion_bp=_share(numbers.buyers, numbers.visitors),
        average_order_minor=numbers.paid_minor // numbers.paid if numbers.paid else None,
        formed_share_bp=_share(numbers.formed, numbers.formed + numbers.failed),
        refund_share_bp=_share(numbers.refunded_minor, numbers.captured_minor),
    )


def _share(part: int, whole: int) -> int | None:
    return 10_000 * part // whole if whole else None


MILESTONES = ("milestone_half", "milestone_most", "milestone_one_more", "milestone_reached")


def milestones_passed(target: Target, count: Count) -> tuple[str, ...]:
    """Half, 80 %, one more to go, reached: those that hold now, the furthest last. Tiny targets have fewer."""
    have, need = reached(target, count), target.at_least
    passed = {
        "milestone_half": 2 * have >= need and need >= 4,
        "milestone_most": 5 * have >= 4 * need and need >= 5,
        "milestone_one_more": target.measure is Measure.PARTICIPANTS and have == need - 1 and need >= 3,
        "milestone_reached": have >= need,
    }
    return tuple(name for name in MILESTONES if passed[name])
