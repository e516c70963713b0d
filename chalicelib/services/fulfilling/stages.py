"""What people do to the stages of a formed group: take one up, say how it goes, promise a time, tick, finish, answer
an alert, and ask.

Every command names the `version` of the journey that its sender read (`changes`): of two at once one wins, and the
other is told what happened. The timer's own steps do not count as changes, so they never make a command stale.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...domain import escalation, eta, ids
from ...domain import journey as journeys
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.journey import Duty, Journey, Stage
from ...domain.order import HOLDING
from ...domain.plan import StagePlan
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...lean import dataclass
from ..attempts import attempts
from ..world import World
from .journeys import writes_of

SEES_ALL = frozenset({"manager", "support", "ops"})

Decide = Callable[[Journey, Campaign], Journey]


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyView:
    group: Group
    terms: Campaign
    journey: Journey


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which stage of which group a command is about, as of which `version`, and when it happened (None: now)."""

    group_id: str
    stage: str
    version: int | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A stage in somebody's list, as it is now."""

    group: Group
    planned: StagePlan
    stage: Stage
    journey: Journey


def enter(world: World, caller: Caller, where: Where, *, now: Instant) -> JourneyView:
    return _handled(
        world,
        caller,
        where,
        now,
        lambda journey, terms: journeys.entered(journey, where.stage, caller.id, now, where.at),
    )


def update(world: World, caller: Caller, where: Where, text: str, *, now: Instant) -> JourneyView:
    def decide(journey: Journey, terms: Campaign) -> Journey:
        return journeys.updated(journey, where.stage, text, caller.id, now, where.at)

    return _handled(world, caller, where, now, decide)


def promise(
    world: World, caller: Caller, where: Where, *, earliest: Instant | None, latest: Instant, why: str, now: Instant
) -> JourneyView:
    def decide(journey: Journey, terms: Campaign) -> Journey:
        return journeys.promised(journey, where.stage, earliest=earliest, latest=latest, why=why, by=caller.id, now=now)

    return _handled(world, caller, where, now, decide, eta.PROMISED)


def tick(world: World, caller: Caller, where: Where, item: str, *, now: Instant) -> JourneyView:
    def decide(journey: Journey, terms: Campaign) -> Journey:
        planned = terms.plan[journeys.place_of(journey, where.stage)]
        return journeys.ticked(journey, planned, item, caller.id, now)

    return _handled(world, caller, where, now, decide)


def finish(world: World, caller: Caller, where: Where, *, now: Instant) -> JourneyView:
    def decide(journey: Journey, terms: Campaign) -> Journey:
        return journeys.finished(journey, terms, where.stage, caller.id, now, where.at)

    return _handled(world, caller, where, now, decide, "finished")


def acknowledge(world: World, caller: Caller, group_id: str, stage: str, *, now: Instant) -> JourneyView:
    """By anybody an alert may ask: the owner, the contacts, the manager, the merchant."""

    def decide(journey: Journey, terms: Campaign) -> Journey:
        planned = terms.plan[journeys.place_of(journey, stage)]
        known = (planned.owner_id, *planned.contacts, journeys.manager_of(journey), journey.merchant_id)
        if caller.id not in known:
            raise Refused("not_your_stage", stage=stage)
        return journeys.acknowledged(journey, stage, caller.id, now)

    return changed(world, group_id, decide, now=now)


def nudge(world: World, caller: Caller, group_id: str, *, now: Instant) -> JourneyView:
    """One tap of a leader whose people wait (一键催单, S11)."""

    def decide(journey: Journey, terms: Campaign) -> Journey:
        return journeys.nudged(journey, terms, caller.id, now)

    group = world.store.group(group_id)
    if group is None or not _leads(world, caller, group):
        raise Refused("group_not_found", group=group_id)
    return changed(world, group_id, decide, now=now)


def _leads(world: World, caller: Caller, group: Group) -> bool:
    """The one who opened it, one whose pickup point it is, or a leader who has bought in it."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if caller.id == group.initiator_id or any(getattr(p, "leader_id", None) == caller.id for p in terms.pickup_points):
        return True
    if "leader" not in caller.roles:
        return False
    order = world.store.order(ids.order_id(group.id, caller.id, group.parts))
    return order is not None and order.state in HOLDING


def _handled(
    world: World, caller: Caller, where: Where, now: Instant, decide: Decide, why: str | None = None
) -> JourneyView:
    """A command of the stage's own people."""

    def checked(journey: Journey, terms: Campaign) -> Journey:
        planned = terms.plan[journeys.place_of(journey, where.stage)]
        if not journeys.may_handle(journey, planned, caller.id, caller.roles):
            raise Refused("not_your_stage", stage=where.stage)
        journeys.check_current(journey, where.version)
        return decide(journey, terms)

    return changed(world, where.group_id, checked, why, now=now)


def changed(world: World, group_id: str, decide: Decide, why: str | None = None, *, now: Instant) -> JourneyView:
    """Load, decide, commit. Also for what other use cases do to a journey: a supplier's promise, a lot that shipped.

    `why` names what may move the expected time, for its history; None: it moves nothing.
    """
    for attempt in attempts(world):
        with attempt:
            view = of_group(world, group_id)
            if view.group.called_off_at is not None:
                raise Refused("group_called_off")
            new = decide(view.journey, view.terms)
            if new is view.journey:
                return view
            new = eta.noted(new, view.terms, now, why) if why is not None else new
            new = escalation.settled(new, view.terms)
            world.store.commit(*writes_of(view.journey, new, view.terms))
            return replace(view, journey=replace(new, version=new.version + 1))
    raise Unavailable("busy")


def of_group(world: World, group_id: str) -> JourneyView:
    """Consistent. Raises Refused where there is no such group, or it has no journey (yet)."""
    group = world.store.group(group_id)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    return _view(world, group)


def _view(world: World, group: Group) -> JourneyView:
    journey = world.store.journey(group.id)
    if journey is None:
        raise Refused("no_stages_yet", group=group.id)
    return JourneyView(group=group, terms=world.store.terms(group.campaign_id, group.terms_version), journey=journey)


def seen(world: World, caller: Caller, group_id: str) -> JourneyView:
    """All that is known of a journey, for those who work on it; for others it looks like a missing group, whether it
    has formed or not."""
    group = world.store.group(group_id)
    if group is None or not _works_on(world, caller, group):
        raise Refused("group_not_found", group=group_id)
    return _view(world, group)


def _works_on(world: World, caller: Caller, group: Group) -> bool:
    """By the terms alone, so that it can be said before there is a journey."""
    if caller.roles & SEES_ALL or caller.id == group.merchant_id:
        return True
    terms = world.store.terms(group.campaign_id, group.terms_version)
    return caller.id == terms.manager_id or any(caller.id in (stage.owner_id, *stage.contacts) for stage in terms.plan)


def mine(world: World, caller: Caller, *, late: bool, limit: int, start: str | None) -> Page[Line]:
    """The stages in somebody's hands; or, `late`, those a manager must see to. Two reads a page, and the terms."""
    page = world.store.duties_of(caller.id, late=late, limit=limit, start=start)
    found = world.store.groups_and_journeys([line.group_id for line in page.rows])
    return Page(_lines(world, page.rows, found), page.next)


def _lines(world: World, rows: Sequence[Duty], found: dict[str, tuple[Group, Journey | None]]) -> list[Line]:
    lines: list[Line] = []
    for duty in rows:
        group, journey = found.get(duty.group_id, (None, None))
        if group is None or journey is None:
            continue
        number = journeys.place_of(journey, duty.stage)
        planned = world.store.terms(group.campaign_id, group.terms_version).plan[number]
        lines.append(Line(group=group, planned=planned, stage=journey.stages[number], journey=journey))
    return lines
