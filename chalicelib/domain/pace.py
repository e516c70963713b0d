"""How fast formed groups move through their stages: one small row a group, beside its journey, for figures.

A pace is a copy: moved by the stream whenever the journey changes, and healed by its own timer. Copying the same
journey twice changes nothing, and an older one never overwrites a newer one, so a lost, doubled or late record is
never wrong for long. No decision reads it. What is asked is answered from these rows alone; orders are counted by
their number, so a group of ten thousand costs what a group of ten does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from ..lean import dataclass
from .group import Group
from .instants import DAY, HOUR, MINUTE, Instant
from .journey import Journey, current
from .plan import BEFORE_FORMING
from .writes import Row

HEALED_EVERY = 6 * HOUR
LATELY = 7 * DAY
KEPT = 90 * DAY
TOO_SLOW_BP = 12_000
"""Over 1.2 times the benchmark, a stage's capacity should be looked at (M4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One stage of one group. `since` is when its turn came; None: not yet."""

    name: str
    title: str = ""
    since: Instant | None = None
    due_at: Instant | None = None
    finished_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(Row):
    """`region` is the community's name, empty where the group is for everyone. `of_version` is the journey's."""

    group_id: str
    campaign_id: str
    merchant_id: str
    manager_id: str
    title: str
    region: str
    category: str
    orders: int
    legs: tuple[Leg, ...]
    began_at: Instant
    finished_at: Instant | None = None
    of_version: int
    as_of: Instant


def pace_of(journey: Journey, group: Group, titles: Sequence[str], now: Instant) -> Pace:
    """The copy, with the moment at which it is compared again; a finished one has nothing left to be wrong about."""
    return Pace(
        group_id=group.id,
        campaign_id=group.campaign_id,
        merchant_id=group.merchant_id,
        manager_id=journey.manager_id,
        title=group.title,
        region=group.community_name or group.community_id or "",
        category=group.category,
        orders=journey.participants,
        legs=tuple(
            Leg(name=stage.name, title=title, since=stage.since, due_at=stage.due_at, finished_at=stage.finished_at)
            for stage, title in zip(journey.stages, titles, strict=True)
            if stage.name not in BEFORE_FORMING
        ),
        began_at=journey.began_at,
        finished_at=journey.finished_at,
        of_version=journey.version,
        as_of=now,
        due_at=now + HEALED_EVERY if current(journey) is not None else None,
    )


# ----------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """The drill-down: each None takes all (M7)."""

    region: str | None = None
    category: str | None = None
    stage: str | None = None

    def takes(self, pace: Pace) -> bool:
        return self.region in (None, pace.region) and self.category in (None, pace.category)


@dataclass(slots=True, kw_only=True)
class StageFigures:
    """One stage in one region and category. `arrived` and `finished` count groups over the last LATELY; `growth` is
    what the queue grew by. Times are averages over the groups that finished it, in milliseconds; the benchmark is what
    their plans allowed."""

    region: str
    category: str
    stage: str
    title: str = ""
    waiting_groups: int = 0
    waiting_orders: int = 0
    late_groups: int = 0
    late_orders: int = 0
    arrived: int = 0
    finished: int = 0
    timed: int = 0
    took_ms: int = 0
    allowed_ms: int = 0

    @property
    def growth(self) -> int:
        return self.arrived - self.finished

    @property
    def average_ms(self) -> int | None:
        return self.took_ms // self.timed if self.timed else None

    @property
    def benchmark_ms(self) -> int | None:
        return self.allowed_ms // self.timed if self.timed else None

    @property
    def against_benchmark_bp(self) -> int | None:
        """10,000 is as long as planned."""
        return self.took_ms * 10_000 // self.allowed_ms if self.allowed_ms else None

    @property
    def review_capacity(self) -> bool:
        return self.allowed_ms > 0 and self.took_ms * 10_000 > self.allowed_ms * TOO_SLOW_BP


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A group whose stage in turn is over its limit: from here the reader goes on to its orders."""

    pace: Pace
    leg: Leg
    late_ms: Instant


@dataclass(slots=True, kw_only=True)
class Flow:
    """`unfinished` of the `orders` are in groups that are still on their way (M3). `as_of` is the oldest copy of what
    is under way, so that nothing shown is older; None where nothing is."""

    lines: list[StageFigures] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    groups: int = 0
    orders: int = 0
    unfinished: int = 0
    as_of: Instant | None = None

    @property
    def unfinished_bp(self) -> int | None:
        return self.unfinished * 10_000 // self.orders if self.orders else None

    @property
    def bottleneck(self) -> StageFigures | None:
        """The stage whose queue grew most lately; none where none grew (M14)."""
        worst = max(self.lines, key=lambda line: (line.growth, line.waiting_orders), default=None)
        return worst if worst is not None and worst.growth > 0 else None


def flow(paces: Iterable[Pace], by: Narrowed, now: Instant) -> Flow:
    """Everything at once, from the copies: exact, and the same whoever adds it up."""
    found = Flow()
    lines: dict[tuple[str, str, str], StageFigures] = {}
    for pace in paces:
        if not by.takes(pace):
            continue
        found.groups += 1
        found.orders += pace.orders
        if pace.finished_at is None:
            found.unfinished += pace.orders
            found.as_of = min(found.as_of or pace.as_of, pace.as_of)
        for leg in _begun(pace, by):
            key = (pace.region, pace.category, leg.name)
            line = lines.setdefault(key, StageFigures(region=key[0], category=key[1], stage=key[2], title=leg.title))
            _count(line, pace, leg, now)
            if _late(leg, now) and leg.due_at is not None:
                found.delays.append(Delay(pace=pace, leg=leg, late_ms=now - leg.due_at))
    found.lines = [lines[key] for key in sorted(lines)]
    found.delays.sort(key=lambda delay: (-delay.late_ms, delay.pace.group_id))
    return found


def _begun(pace: Pace, by: Narrowed) -> Iterator[Leg]:
    return (leg for leg in pace.legs if leg.since is not None and by.stage in (None, leg.name))


def _late(leg: Leg, now: Instant) -> bool:
    return leg.finished_at is None and leg.due_at is not None and now >= leg.due_at


def _count(line: StageFigures, pace: Pace, leg: Leg, now: Instant) -> None:
    assert leg.since is not None
    line.arrived += int(leg.since > now - LATELY)
    if leg.finished_at is None:
        line.waiting_groups += 1
        line.waiting_orders += pace.orders
        line.late_groups += int(_late(leg, now))
        line.late_orders += pace.orders if _late(leg, now) else 0
        return
    line.finished += int(leg.finished_at > now - LATELY)
    if leg.due_at is not None:
        line.timed += 1
        line.took_ms += leg.finished_at - leg.since
        line.allowed_ms += max(leg.due_at - leg.since, MINUTE)
