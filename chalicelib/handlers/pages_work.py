"""Pages of those who own stages: what is in their hands, a group's stages with all that happened, and the review of a
group that has reached its target (L5).
"""

from typing import Any

from chalice.app import Blueprint

from ..domain import escalation
from ..domain import journey as journeys
from ..domain.campaign import Campaign
from ..domain.instants import Instant
from ..domain.journey import Journey, Stage, StageState
from ..domain.plan import OWNER_ROLES, StagePlan
from ..domain.refusals import Refused
from ..services.fulfilling import review as reviews
from ..services.fulfilling import stages
from ..services.fulfilling.stages import JourneyView, Where
from .fields import on_the_clock
from .page import NAV, Ask, Gone, Link, Shown, page
from .shapes.stages import ReviewAnswer, StageCommand, StagePromise, StageTick, StageUpdate
from .shapes.words import to_instant, to_instant_or_none

bp = Blueprint(__name__)

A_PAGE = 50
HANDS = frozenset(OWNER_ROLES)
MOVING = ("sorter", "carrier", "leader")
REVIEWERS = frozenset({"merchant", "manager"})
NAV.append(Link("/work", "nav.work", HANDS))

Log = list[tuple[Instant, str, str]]
"""What happened: when, which kind of thing (`work.log.<kind>`), and its words."""


@page(bp, "GET", "/work", roles=HANDS)
def work_page(ask: Ask) -> Shown:
    mine = stages.mine(ask.world, ask.caller, late=False, limit=A_PAGE, start=ask.opened())
    manages = "manager" in ask.caller.roles
    serves = bool(ask.caller.roles & {"merchant", *MOVING})
    values = {"lines": mine.rows, "next": ask.sealed(mine.next), "manages": manages, "serves": serves}
    return Shown("work.html", values)


@page(bp, "GET", "/work/{group_id}", roles=HANDS)
def group_work(ask: Ask, group_id: str, stage: str = "") -> Shown:
    """A group that has no stages yet is shown to those who may review it."""
    try:
        view = stages.seen(ask.world, ask.caller, group_id)
    except Refused as refusal:
        if refusal.code != "no_stages_yet" or not ask.caller.roles & REVIEWERS:
            raise
        return Shown("work_review.html", {"group": reviews.seen(ask.world, ask.caller, group_id)})
    values = {
        "group": view.group,
        "version": view.journey.changes,
        "rows": [_row(ask, view, one, planned) for one, planned in _planned(view.journey, view.terms)],
        "etas": view.journey.etas,
        "silent_days": escalation.silent_days(view.journey, view.terms, ask.now),
        "posted": stage,
        "desk": view.group.merchant_id == ask.caller.id,
    }
    return Shown("work_group.html", values)


def _planned(journey: Journey, terms: Campaign) -> list[tuple[Stage, StagePlan]]:
    return list(zip(journey.stages, terms.plan, strict=True))


def _row(ask: Ask, view: JourneyView, stage: Stage, planned: StagePlan) -> dict[str, Any]:
    """A stage, what its reader may do to it, and what happened in it, newest first."""
    caller, journey = ask.caller, view.journey
    over = stage.state is StageState.DONE
    asked = stage.alert is not None and stage.alert.acknowledged_at is None and not over
    return {
        "stage": stage,
        "planned": planned,
        "handles": not over and journeys.may_handle(journey, planned, caller.id, caller.roles),
        "acknowledges": asked and caller.id in escalation.contacts(journey, planned),
        "owner": "you" if journeys.owner_of(journey, planned) == caller.id else planned.owner_role,
        "ticked": {tick.item for tick in stage.ticks},
        "late": stage.broken_at is not None or (not over and stage.due_at is not None and stage.due_at <= ask.now),
        "log": sorted(_log(stage), key=lambda line: line[0], reverse=True),
    }


def _log(stage: Stage) -> Log:
    known = (("turn", stage.since), ("entered", stage.entered_at), ("finished", stage.finished_at))
    log: Log = [(at, kind, "") for kind, at in known if at is not None]
    log += [(one.at, "updated", one.text) for one in stage.updates]
    log += [(one.at, "ticked", one.item) for one in stage.ticks]
    log += [(one.at, one.step.value, "") for one in stage.steps]
    log += [(one.at, "nudged", "") for one in stage.nudges]
    log += [(one.answered_at, "answered", "") for one in stage.nudges if one.answered_at is not None]
    if stage.alert is not None:
        log.append((stage.alert.at, "alert", ""))
        if stage.alert.acknowledged_at is not None:
            log.append((stage.alert.acknowledged_at, "acknowledged", ""))
    return log


# ------------------------------------------------------------------ what is done to a stage


@page(bp, "POST", "/work/{group_id}/{stage}/enter", roles=HANDS, again=group_work)
def stage_entered(ask: Ask, group_id: str, stage: str) -> Gone:
    stages.enter(ask.world, ask.caller, _where(ask, group_id, stage), now=ask.now)
    return _back(group_id)


@page(bp, "POST", "/work/{group_id}/{stage}/update", roles=HANDS, again=group_work)
def stage_updated(ask: Ask, group_id: str, stage: str) -> Gone:
    text = ask.read(StageUpdate, {"version": ask.form.one("version"), "text": ask.form.one("text")}).text
    stages.update(ask.world, ask.caller, _where(ask, group_id, stage), text, now=ask.now)
    return _back(group_id)


@page(bp, "POST", "/work/{group_id}/{stage}/promise", roles=HANDS, again=group_work)
def stage_promised(ask: Ask, group_id: str, stage: str) -> Gone:
    """On the group's own wall clock."""
    zone = stages.seen(ask.world, ask.caller, group_id).group.zone
    latest, earliest = (on_the_clock(ask.form.one(name), zone) for name in ("latest", "earliest"))
    given = {"version": ask.form.one("version"), "latest": latest, "earliest": earliest, "why": ask.form.one("why")}
    asked = ask.read(StagePromise, given)
    stages.promise(
        ask.world,
        ask.caller,
        _where(ask, group_id, stage),
        earliest=to_instant_or_none(asked.earliest),
        latest=to_instant(asked.latest),
        why=asked.why,
        now=ask.now,
    )
    return _back(group_id)


@page(bp, "POST", "/work/{group_id}/{stage}/tick", roles=HANDS, again=group_work)
def item_ticked(ask: Ask, group_id: str, stage: str) -> Gone:
    item = ask.read(StageTick, {"item": ask.form.one("item")}).item
    stages.tick(ask.world, ask.caller, Where(group_id=group_id, stage=stage), item, now=ask.now)
    return _back(group_id)


@page(bp, "POST", "/work/{group_id}/{stage}/finish", roles=HANDS, again=group_work)
def stage_done(ask: Ask, group_id: str, stage: str) -> Gone:
    stages.finish(ask.world, ask.caller, _where(ask, group_id, stage), now=ask.now)
    return _back(group_id)


@page(bp, "POST", "/work/{group_id}/{stage}/acknowledge", roles=HANDS, again=group_work)
def stage_alert_acknowledged(ask: Ask, group_id: str, stage: str) -> Gone:
    stages.acknowledge(ask.world, ask.caller, group_id, stage, now=ask.now)
    return _back(group_id)


def _where(ask: Ask, group_id: str, stage: str) -> Where:
    """As of the version that the form was made from: of two people at once one is told what the other did."""
    version = ask.read(StageCommand, {"version": ask.form.one("version")}).version
    return Where(group_id=group_id, stage=stage, version=version)


def _back(group_id: str) -> Gone:
    return Gone(f"/work/{group_id}", said="saved")


# ------------------------------------------------------------------ the review


@page(bp, "POST", "/work/{group_id}/review", roles=REVIEWERS, again=group_work)
def group_reviewed(ask: Ask, group_id: str) -> Gone:
    answer = ask.form.one("answer")
    if answer not in ("approve", "reject"):
        raise Refused("bad_value", path="answer", expected="approve or reject")
    why = ask.read(ReviewAnswer, {"approve": answer == "approve", "why": ask.form.one("why")}).why
    if answer == "reject" and not why:
        raise Refused("missing_field", field="why", path="$")
    reviews.review(ask.world, ask.caller, group_id, approved=answer == "approve", why=why, now=ask.now)
    return Gone(f"/work/{group_id}", said="review_given")
