"""How a campaign means to keep its promise: the stages (节点) a formed group goes through, each with an owner, a
deliverable and a limit (S1).

A plan is part of the terms and frozen with them. A draft that names none gets the one of its category's profile (P22).
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from itertools import takewhile

from ..lean import dataclass
from .instants import DAY, HOUR, MINUTE, Instant
from .refusals import Refused
from .workdays import FURTHEST, WORKDAY, Calendar, after_working

PRESALE, REVIEW = "presale", "review"
STOCKING, SORTING, DELIVERY, AFTERSALES = "stocking", "sorting", "delivery", "aftersales"

BEFORE_FORMING = (PRESALE, REVIEW)
"""These end with the verdict: in a journey they stand as done, at the group's own times."""

OWNER_ROLES = ("merchant", "supplier", "leader", "manager", "sorter", "carrier")
MOST_STAGES = 12
MOST_CHECKS = 20
MOST_CONTACTS = 5


class Basis(StrEnum):
    """What a limit counts: every hour of the clock, or working hours (nine a working day)."""

    CLOCK = "clock"
    WORKING = "working"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`ms` less `less_per_100_ms` for each full hundred participants, but never under `floor_ms` (P18)."""

    ms: Instant
    basis: Basis = Basis.CLOCK
    less_per_100_ms: Instant = 0
    floor_ms: Instant = 0

    def lasting(self, participants: int) -> Instant:
        return max(self.ms - self.less_per_100_ms * (participants // 100), min(self.floor_ms, self.ms))


class FallbackKind(StrEnum):
    """What is switched to when a stage stays late (S5)."""

    OTHER_WAREHOUSE = "other_warehouse"
    OTHER_CARRIER = "other_carrier"
    OTHER_SORTING_CENTRE = "other_sorting_centre"
    OTHER_SUPPLIER = "other_supplier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """`to` is the id of the one that takes over."""

    kind: FallbackKind
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """One stage as planned. `owner_id` empty: the merchant owns it. `title` empty: it is called by its name's words.

    `contacts` are asked one after the other when an urgent alert stays unanswered. `needs` are papers without which
    it cannot be finished (`qc_report`), `checklist` what must be ticked first (packing material, pre-packing).
    """

    name: str
    limit: Limit
    title: str = ""
    owner_role: str = "merchant"
    owner_id: str = ""
    contacts: tuple[str, ...] = ()
    deliverable: str = ""
    fallback: Fallback | None = None
    urgent: bool = False
    needs: tuple[str, ...] = ()
    checklist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a category promises by default. The compensation is a share of each order, in basis points, granted once
    for each stage that broke its limit; the exception to the 7-day return is only taken over where the merchant named
    the profile: a buyer's right is never given away by a guess."""

    plan: tuple[StagePlan, ...]
    compensation_bp: int = 0
    return_exception: str | None = None


def _plan(
    stocking: Limit, sorting: Limit, delivery: Limit, aftersales: Limit, urgent: tuple[str, ...] = ()
) -> tuple[StagePlan, ...]:
    before = tuple(StagePlan(name=name, limit=Limit(ms=0)) for name in BEFORE_FORMING)
    limits = {STOCKING: stocking, SORTING: sorting, DELIVERY: delivery, AFTERSALES: aftersales}
    return before + tuple(StagePlan(name=name, limit=limit, urgent=name in urgent) for name, limit in limits.items())


SUPPLY = Limit(ms=48 * HOUR, less_per_100_ms=12 * HOUR, floor_ms=12 * HOUR)

PROFILES: Mapping[str, Profile] = {
    "fresh": Profile(
        plan=_plan(
            replace(SUPPLY, ms=24 * HOUR, floor_ms=6 * HOUR),
            Limit(ms=4 * HOUR),
            Limit(ms=2 * HOUR),
            Limit(ms=2 * DAY),
            urgent=(DELIVERY,),
        ),
        compensation_bp=500,
        return_exception="鲜活易腐商品",
    ),
    "appliance": Profile(
        plan=_plan(SUPPLY, Limit(ms=24 * HOUR), Limit(ms=72 * HOUR), Limit(ms=15 * DAY)),
        compensation_bp=200,
    ),
    "clothing": Profile(
        plan=_plan(SUPPLY, Limit(ms=24 * HOUR), Limit(ms=3 * DAY), Limit(ms=7 * DAY)),
        compensation_bp=200,
    ),
    "general": Profile(
        plan=_plan(
            SUPPLY,
            Limit(ms=WORKDAY, basis=Basis.WORKING),
            Limit(ms=3 * WORKDAY, basis=Basis.WORKING),
            Limit(ms=7 * DAY),
        ),
    ),
}
"""Fresh: with the buyer within two hours of sorting. Clothing: within three days. Times as the sources give them."""

CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("fresh", "fruit", "vegetables", "seafood", "生鲜", "水果", "蔬菜", "海鲜", "肉蛋"), "fresh"),
    **dict.fromkeys(("appliance", "appliances", "electronics", "家电", "电器", "数码"), "appliance"),
    **dict.fromkeys(("clothing", "clothes", "shoes", "服装", "服饰", "鞋靴"), "clothing"),
}


def profile_of(category: str, named: str = "") -> Profile:
    """The profile a merchant named, or the one its category suggests."""
    return PROFILES[named or CATEGORIES.get(category.strip().lower(), "general")]


def due(limit: Limit, since: Instant, participants: int, days: Calendar, zone: str) -> Instant:
    """When a stage that began at `since` must be finished."""
    lasting = limit.lasting(participants)
    if limit.basis is Basis.WORKING:
        return after_working(since, lasting, days, zone)
    return since + lasting


def check_plan(plan: tuple[StagePlan, ...]) -> None:
    """Refuses a plan nobody could follow."""
    if not plan:
        return
    names = [stage.name for stage in plan]
    if len(plan) > MOST_STAGES or len(set(names)) < len(names):
        raise Refused("bad_plan", why="stages")
    before = list(takewhile(lambda name: name in BEFORE_FORMING, names))
    after = names[len(before) :]
    if not after or before != [name for name in BEFORE_FORMING if name in before] or set(after) & set(BEFORE_FORMING):
        raise Refused("bad_plan", why="order")
    for stage in plan:
        _check_stage(stage)


def _check_stage(stage: StagePlan) -> None:
    limit = stage.limit
    least = 0 if stage.name in BEFORE_FORMING else MINUTE
    if not least <= limit.ms < FURTHEST or limit.less_per_100_ms < 0 or not 0 <= limit.floor_ms <= limit.ms:
        raise Refused("limit_out_of_range", stage=stage.name)
    if limit.less_per_100_ms and limit.floor_ms < least:
        raise Refused("limit_out_of_range", stage=stage.name)
    if stage.owner_role not in OWNER_ROLES:
        raise Refused("bad_stage_owner", stage=stage.name, roles=list(OWNER_ROLES))
    if stage.owner_role != "merchant" and not stage.owner_id:
        raise Refused("bad_stage_owner", stage=stage.name, roles=list(OWNER_ROLES))
    if len(set(stage.checklist)) < len(stage.checklist) or len(stage.checklist) > MOST_CHECKS:
        raise Refused("bad_plan", why="checklist")
