"""A formed group's way through its stages (节点): who has it in hand, until when, what was promised and what was said.

    its turn comes ──(the owner enters)──> entered ──(the owner finishes)──> done; then the next one's turn comes

All stages lie in one row, so whatever happens is one conditional write, and the page of truth is one read whatever
the group's size. A stage's limit runs from the moment its turn came: nobody gains time by not taking it up. Nothing
is skipped, nothing finished is touched again, and a promised time never leaves the history. Decisions are taken on
`changes`, which counts what people did: the timer's own steps (`escalation`) never make a person's command stale.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from enum import StrEnum

from ..lean import dataclass
from . import plan as plans
from .campaign import Campaign
from .group import Group
from .instants import DAY, HOUR, MINUTE, Instant, at_local
from .plan import BEFORE_FORMING, FallbackKind, StagePlan
from .promise import Promise
from .refusals import Broken, Refused
from .workdays import calendar
from .writes import Row

BACKDATED = HOUR
"""How long after the fact something may be recorded at its own time."""

MOST_UPDATES = 12
MOST_PROMISES = 20
MOST_NUDGES = 20
MOST_MARKS = 30
NUDGE_EVERY = 4 * HOUR
FURTHEST_PROMISE = 365 * DAY


class StageState(StrEnum):
    """WAITING: not its turn yet. TURN: its limit runs, and its owner has not taken it up."""

    WAITING = "waiting"
    TURN = "turn"
    ENTERED = "entered"
    DONE = "done"


class Step(StrEnum):
    """What a stage that runs late sets off, in this order, each once."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MANAGER = "manager"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    step: Step
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    text: str
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    item: str
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A leader's reminder (催单), and when it was answered by anything the owner did."""

    at: Instant
    by: str
    answered_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An urgent matter that somebody must acknowledge. `asked` is who is asked now; `ask_next_at` when the next is."""

    at: Instant
    why: str
    asked: str
    turn: int = 0
    ask_next_at: Instant | None = None
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`since` is when its turn came; `due_at` its limit. `fallback_on_at`: the fallback has taken over."""

    name: str
    state: StageState = StageState.WAITING
    since: Instant | None = None
    due_at: Instant | None = None
    entered_at: Instant | None = None
    entered_by: str = ""
    finished_at: Instant | None = None
    finished_by: str = ""
    promises: tuple[Promise, ...] = ()
    updates: tuple[Update, ...] = ()
    updates_made: int = 0
    ticks: tuple[Tick, ...] = ()
    papers: tuple[str, ...] = ()
    steps: tuple[Taken, ...] = ()
    alert: Alert | None = None
    nudges: tuple[Nudge, ...] = ()
    fallback_on_at: Instant | None = None
    broken_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that happened and has not been told: `to` a person, or to all in the group where it is empty."""

    event: str
    template: str
    to: str
    stage: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaMark:
    """When the goods were expected, as it was known at `at`."""

    earliest: Instant
    latest: Instant
    at: Instant
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """Granted to every paid order of the group for a limit that was broken: a share of its amount, in basis points."""

    stage: str
    share_bp: int
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey(Row):
    """`changes` counts what people did, and is what their commands name. `said_at` is when a person last said anything.

    `checked_at` is the last 18:00 that was looked at, `silent_said_at` when silence was last remarked on.
    """

    group_id: str
    campaign_id: str
    merchant_id: str
    manager_id: str
    participants: int
    began_at: Instant
    stages: tuple[Stage, ...]
    changes: int = 1
    said_at: Instant
    checked_at: Instant
    silent_said_at: Instant | None = None
    etas: tuple[EtaMark, ...] = ()
    compensations: tuple[Compensation, ...] = ()
    owed: tuple[Word, ...] = ()
    finished_at: Instant | None = None
    called_off_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Row):
    """A line in somebody's list: a stage in their hand, or (`late`) one they must see to. It never changes: it comes
    with the turn of the stage (or what the manager must hear of) and goes with its end (or the next word), in the
    journey's own transaction."""

    person_id: str
    group_id: str
    stage: str
    late: bool = False
    since: Instant


def begun(group: Group, terms: Campaign, now: Instant) -> Journey:
    """The journey of a group that has just formed; stages before forming are done, at the group's own times."""
    assert group.verdict is not None
    journey = Journey(
        group_id=group.id,
        campaign_id=group.campaign_id,
        merchant_id=group.merchant_id,
        manager_id=terms.manager_id,
        participants=group.verdict.participants,
        began_at=now,
        stages=tuple(_at_forming(stage, group, now) for stage in terms.plan),
        said_at=now,
        checked_at=now,
        owed=(Word(event="formed", template="", to="", stage="", at=now),),
    )
    first = next(k for k, stage in enumerate(journey.stages) if stage.state is StageState.WAITING)
    return _turned(journey, terms, first, now)


def _at_forming(stage: StagePlan, group: Group, now: Instant) -> Stage:
    if stage.name not in BEFORE_FORMING:
        return Stage(name=stage.name)
    sealed = group.sealed_at if group.sealed_at is not None else now
    began = group.opens_at if stage.name == plans.PRESALE else sealed
    ended = sealed if stage.name == plans.PRESALE else now
    by = group.review.by if stage.name == plans.REVIEW and group.review is not None else ""
    return Stage(
        name=stage.name, state=StageState.DONE, since=began, entered_at=began, finished_at=ended, finished_by=by
    )


def _turned(journey: Journey, terms: Campaign, number: int, now: Instant) -> Journey:
    """The turn of a stage comes: its limit runs, and its owner hears of it."""
    stage, planned = journey.stages[number], terms.plan[number]
    due_at = due_of(terms, planned, now, journey.participants)
    promises = stage.promises
    if planned.name == plans.STOCKING and terms.promised_ship_at is not None:
        ships = terms.promised_ship_at
        promises = (*promises, Promise(earliest=ships, latest=ships, at=now, by=terms.merchant_id, why="presale"))
    mine = replace(stage, state=StageState.TURN, since=now, due_at=due_at, promises=promises)
    turned = _with(journey, number, mine)
    return owing(turned, f"{stage.name}.turn", "stage_turn", owner_of(journey, planned), stage.name, now)


def due_of(terms: Campaign, planned: StagePlan, since: Instant, participants: int) -> Instant:
    """A presale's promised shipping date is the limit of its stocking (P16); otherwise the plan's own counts."""
    if planned.name == plans.STOCKING and terms.promised_ship_at is not None:
        return max(terms.promised_ship_at, since + MINUTE)
    days = calendar(terms.calendar, terms.days_off, terms.days_worked)
    return plans.due(planned.limit, since, participants, days, terms.zone)


# ----------------------------------------------------------------- reading it


def current(journey: Journey) -> int | None:
    """Which stage the group is in; None when all are done, or the group was called off."""
    if journey.called_off_at is not None:
        return None
    return next((k for k, stage in enumerate(journey.stages) if stage.state is not StageState.DONE), None)


def stocking(journey: Journey) -> bool:
    """Whether the goods are still the supplier's to bring."""
    number = current(journey)
    return number is not None and journey.stages[number].name == plans.STOCKING


def called_off(journey: Journey, now: Instant) -> Journey:
    """It ends where it stands; nobody is asked for anything, or told of it, any more."""
    return replace(journey, called_off_at=now, owed=(), due_at=None)


def place_of(journey: Journey, name: str) -> int:
    for number, stage in enumerate(journey.stages):
        if stage.name == name:
            return number
    raise Refused("stage_not_found", stage=name)


def owner_of(journey: Journey, planned: StagePlan) -> str:
    return planned.owner_id or journey.merchant_id


def manager_of(journey: Journey) -> str:
    """Who answers for the region; without one, the merchant is told twice rather than nobody."""
    return journey.manager_id or journey.merchant_id


def may_handle(journey: Journey, planned: StagePlan, person_id: str, roles: frozenset[str]) -> bool:
    """The owner in the stage's own role, or the group's merchant."""
    owns = person_id == owner_of(journey, planned) and planned.owner_role in roles
    return owns or (person_id == journey.merchant_id and "merchant" in roles)


def fallback_of(journey: Journey, terms: Campaign, kind: FallbackKind) -> str | None:
    """Who has taken over, where a fallback of this kind is on: what routing and supply ask."""
    for stage, planned in zip(journey.stages, terms.plan, strict=True):
        if stage.fallback_on_at is not None and planned.fallback is not None and planned.fallback.kind is kind:
            return planned.fallback.to
    return None


def limits_broken(journey: Journey) -> int:
    """How many limits were broken."""
    return sum(stage.broken_at is not None for stage in journey.stages)


def compensation_minor(journey: Journey, amount_minor: int) -> int:
    """What an order of this amount is granted for the limits that were broken, each rounded half up."""
    return sum((amount_minor * one.share_bp * 2 + 10_000) // 20_000 for one in journey.compensations)


# ----------------------------------------------------------------- commands


def check_current(journey: Journey, version: int | None) -> None:
    """Raises Refused where somebody else has changed it since it was read."""
    if version is not None and version != journey.changes:
        raise Refused("journey_has_changed", version=journey.changes)


def entered(journey: Journey, name: str, by: str, now: Instant, at: Instant | None = None) -> Journey:
    """Its owner has taken it up. Entering again is done already."""
    number = _open(journey, name)
    stage = journey.stages[number]
    if stage.state is StageState.ENTERED:
        return journey
    when = _happened(journey, stage, at, now)
    mine = _answered(replace(stage, state=StageState.ENTERED, entered_at=when, entered_by=by), by, now)
    return _changed(_with(journey, number, mine), now)


def updated(journey: Journey, name: str, text: str, by: str, now: Instant, at: Instant | None = None) -> Journey:
    number = _at_work(journey, name)
    stage = journey.stages[number]
    said = Update(text=text, at=_happened(journey, stage, at, now), by=by)
    updates = (*stage.updates, said)[-MOST_UPDATES:]
    mine = _answered(replace(stage, updates=updates, updates_made=stage.updates_made + 1), by, now)
    return _changed(_with(journey, number, mine), now)


def promised(
    journey: Journey, name: str, *, earliest: Instant | None, latest: Instant, why: str, by: str, now: Instant
) -> Journey:
    """A time for the end of a stage that is not done, also of one whose turn has not come (a supplier's schedule, S16).

    It is what buyers are shown; the limit stays what it is, and with it what happens when it is broken.
    """
    number = place_of(journey, name)
    stage = journey.stages[number]
    if stage.state is StageState.DONE:
        raise Refused("stage_finished", stage=name)
    first = latest if earliest is None else earliest
    if first > latest or first <= now or latest > now + FURTHEST_PROMISE:
        raise Refused("promise_out_of_range")
    if len(stage.promises) >= MOST_PROMISES:
        raise Refused("promised_too_often", most=MOST_PROMISES)
    given = Promise(earliest=first, latest=latest, at=now, by=by, why=why)
    mine = _answered(replace(stage, promises=(*stage.promises, given)), by, now)
    return _changed(_with(journey, number, mine), now)


def ticked(journey: Journey, planned: StagePlan, item: str, by: str, now: Instant) -> Journey:
    """Ticks a line of the checklist. Ticking it again is done already."""
    number = _at_work(journey, planned.name)
    stage = journey.stages[number]
    if item not in planned.checklist:
        raise Refused("not_on_the_checklist", item=item)
    if any(tick.item == item for tick in stage.ticks):
        return journey
    mine = _answered(replace(stage, ticks=(*stage.ticks, Tick(item=item, at=now, by=by))), by, now)
    return _changed(_with(journey, number, mine), now)


def with_paper(journey: Journey, name: str, paper: str, by: str, now: Instant) -> Journey:
    """A paper that the stage needs has come (a QC report, say)."""
    number = place_of(journey, name)
    stage = journey.stages[number]
    if paper in stage.papers:
        return journey
    mine = _answered(replace(stage, papers=(*stage.papers, paper)), by, now)
    return _changed(_with(journey, number, mine), now)


def finished(journey: Journey, terms: Campaign, name: str, by: str, now: Instant, at: Instant | None = None) -> Journey:
    """Done, and the next one's turn comes at the same moment. What the plan asks for must be there."""
    number = _at_work(journey, name)
    stage, planned = journey.stages[number], terms.plan[number]
    if missing := [item for item in planned.checklist if item not in {tick.item for tick in stage.ticks}]:
        raise Refused("checklist_open", items=missing)
    if papers := [paper for paper in planned.needs if paper not in stage.papers]:
        raise Refused("papers_missing", papers=papers)
    when = _happened(journey, stage, at, now)
    done = _answered(replace(stage, state=StageState.DONE, finished_at=when, finished_by=by), by, now)
    after = _with(journey, number, done)
    if number + 1 == len(journey.stages):
        return _changed(replace(after, finished_at=now), now)
    return _changed(_turned(after, terms, number + 1, now), now)


def acknowledged(journey: Journey, name: str, by: str, now: Instant) -> Journey:
    """Somebody says: I am on it. The first one counts; nobody further is asked."""
    number = place_of(journey, name)
    stage = journey.stages[number]
    if stage.state is StageState.DONE:
        raise Refused("stage_finished", stage=name)
    if stage.alert is None:
        raise Refused("nothing_to_acknowledge", stage=name)
    if stage.alert.acknowledged_at is not None:
        return journey
    alert = replace(stage.alert, acknowledged_at=now, acknowledged_by=by, ask_next_at=None)
    return _changed(_with(journey, number, replace(stage, alert=alert)), now, said=False)


def nudged(journey: Journey, terms: Campaign, by: str, now: Instant) -> Journey:
    """A leader asks the owner of the current stage, at most once in NUDGE_EVERY whoever asks (S11)."""
    number = current(journey)
    if number is None:
        raise Refused("journey_finished")
    stage = journey.stages[number]
    if stage.nudges and now < (free := stage.nudges[-1].at + NUDGE_EVERY):
        raise Refused("nudged_lately", retry_after_s=-(-(free - now) // 1000))
    mine = replace(stage, nudges=(*stage.nudges, Nudge(at=now, by=by))[-MOST_NUDGES:])
    owner = owner_of(journey, terms.plan[number])
    asked = owing(_with(journey, number, mine), f"{stage.name}.nudge@{now}", "stage_nudged", owner, stage.name, now)
    return _changed(asked, now, said=False)


def marked(journey: Journey, mark: EtaMark) -> Journey:
    """The history of what was expected: a mark where it differs from the one before."""
    last = journey.etas[-1] if journey.etas else None
    if last is not None and (last.earliest, last.latest) == (mark.earliest, mark.latest):
        return journey
    return replace(journey, etas=(*journey.etas, mark)[-MOST_MARKS:])


def owing(journey: Journey, event: str, template: str, to: str, stage: str, now: Instant) -> Journey:
    """Written down with what happened, and told by the row's timer. The same event is owed once."""
    if any(word.event == event and word.to == to for word in journey.owed):
        return journey
    return replace(journey, owed=(*journey.owed, Word(event=event, template=template, to=to, stage=stage, at=now)))


def last_update(journey: Journey) -> tuple[str, Update] | None:
    """The latest thing that was said in words, and of which stage."""
    said = [(stage.name, update) for stage in journey.stages for update in stage.updates[-1:]]
    return max(said, key=lambda one: one[1].at, default=None)


def duties(journey: Journey, terms: Campaign) -> Mapping[tuple[str, str, bool], Duty]:
    """The lines there are for this journey now: the owner's of the stage in turn; and the manager's, when it is late or
    the last check at 18:00 found that nothing had been said that day (S12)."""
    number = current(journey)
    if number is None:
        return {}
    stage = journey.stages[number]
    if stage.since is None:
        raise Broken(f"stage {stage.name} of {journey.group_id} is in turn since never")
    owner = Duty(
        person_id=owner_of(journey, terms.plan[number]), group_id=journey.group_id, stage=stage.name, since=stage.since
    )
    lines = [owner]
    unsaid = journey.said_at < at_local(journey.checked_at, time(0, 0), terms.zone)
    if unsaid or any(taken.step is Step.MANAGER for taken in stage.steps):
        lines.append(replace(owner, person_id=manager_of(journey), late=True))
    return {(line.person_id, line.stage, line.late): line for line in lines}


# ----------------------------------------------------------------- parts


def _open(journey: Journey, name: str) -> int:
    """The stage in turn. Raises Refused for one that is done, or whose turn has not come (nothing is skipped)."""
    number = place_of(journey, name)
    stage = journey.stages[number]
    if stage.state is StageState.DONE:
        raise Refused("stage_finished", stage=name)
    if stage.state is StageState.WAITING:
        now_at = current(journey)
        raise Refused("stage_out_of_order", stage=name, first=journey.stages[now_at or 0].name)
    return number


def _at_work(journey: Journey, name: str) -> int:
    number = _open(journey, name)
    if journey.stages[number].state is not StageState.ENTERED:
        raise Refused("stage_not_entered", stage=name)
    return number


def _happened(journey: Journey, stage: Stage, at: Instant | None, now: Instant) -> Instant:
    """When it happened: now, or a little earlier; never before what is recorded already."""
    if at is None:
        return now
    if at > now:
        raise Refused("time_in_the_future")
    known = [stage.since, stage.entered_at, *(update.at for update in stage.updates[-1:])]
    if at < now - BACKDATED or at < max(moment for moment in known if moment is not None):
        raise Refused("back_dated", stage=stage.name)
    return at


def _answered(stage: Stage, by: str, now: Instant) -> Stage:
    """Whatever its people do answers the nudges that are open, and acknowledges an alert."""
    nudges = tuple(n if n.answered_at is not None else replace(n, answered_at=now) for n in stage.nudges)
    alert = stage.alert
    if alert is not None and alert.acknowledged_at is None:
        alert = replace(alert, acknowledged_at=now, acknowledged_by=by, ask_next_at=None)
    return replace(stage, nudges=nudges, alert=alert)


def _with(journey: Journey, number: int, stage: Stage) -> Journey:
    return replace(journey, stages=(*journey.stages[:number], stage, *journey.stages[number + 1 :]))


def _changed(journey: Journey, now: Instant, *, said: bool = True) -> Journey:
    """A person's change: it is counted, and breaks the silence."""
    return replace(journey, changes=journey.changes + 1, said_at=now if said else journey.said_at)
