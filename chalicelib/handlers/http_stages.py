"""The stages of a formed group: its people's commands, their lists, a leader's nudge, and the review before forming."""

from chalice.app import Blueprint

from ..domain.plan import OWNER_ROLES
from ..services.fulfilling import paces, stages
from ..services.fulfilling import review as reviews
from ..services.fulfilling.stages import Where
from .edge import BUYER, Call, route
from .shapes.groups import Reviewed
from .shapes.pace import FlowQuery, FlowShown
from .shapes.stages import (
    JourneyShown,
    NudgeAnswer,
    ReviewAnswer,
    StageCommand,
    StageLine,
    StagePage,
    StagePromise,
    StageTick,
    StageUpdate,
)
from .shapes.words import PageQuery, to_instant, to_instant_or_none

bp = Blueprint(__name__)

HANDS = frozenset(OWNER_ROLES)
LOOKERS = HANDS | {"support", "ops"}
REVIEWERS = frozenset({"merchant", "manager"})
MANAGER = frozenset({"manager", "merchant"})

_ANY = ("group_not_found", "no_stages_yet", "stage_not_found", "not_your_stage")
_CHANGE = (*_ANY, "journey_has_changed", "stage_finished")
_AT = ("time_in_the_future", "time_out_of_range", "back_dated")


@route(
    bp,
    "GET",
    "/groups/{group_id}/stages",
    answer=JourneyShown,
    roles=LOOKERS,
    summary="A formed group's stages for those who work on them, with the version that commands name",
    refusals=("group_not_found", "no_stages_yet"),
)
def group_stages(call: Call[None, None], group_id: str) -> JourneyShown:
    return JourneyShown.of(stages.seen(call.world, call.caller, group_id))


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/enter",
    body=StageCommand,
    answer=JourneyShown,
    roles=HANDS,
    summary="Takes up the stage whose turn it is",
    refusals=(*_CHANGE, "stage_out_of_order", *_AT),
)
def enter_stage(call: Call[StageCommand, None], group_id: str, stage: str) -> JourneyShown:
    return JourneyShown.of(stages.enter(call.world, call.caller, _where(call.body, group_id, stage), now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/updates",
    body=StageUpdate,
    answer=JourneyShown,
    roles=HANDS,
    summary="Says how the stage goes, for everybody to read",
    refusals=(*_CHANGE, "stage_out_of_order", "stage_not_entered", *_AT),
)
def update_stage(call: Call[StageUpdate, None], group_id: str, stage: str) -> JourneyShown:
    where = _where(call.body, group_id, stage)
    return JourneyShown.of(stages.update(call.world, call.caller, where, call.body.text, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/promises",
    body=StagePromise,
    answer=JourneyShown,
    roles=HANDS,
    summary="Promises when a stage will be finished; what was promised before stays in the history",
    refusals=(*_CHANGE, "promise_out_of_range", "promised_too_often", "time_out_of_range"),
)
def promise_stage(call: Call[StagePromise, None], group_id: str, stage: str) -> JourneyShown:
    asked = call.body
    promised = stages.promise(
        call.world,
        call.caller,
        Where(group_id=group_id, stage=stage, version=asked.version),
        earliest=to_instant_or_none(asked.earliest),
        latest=to_instant(asked.latest),
        why=asked.why,
        now=call.now,
    )
    return JourneyShown.of(promised)


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/ticks",
    body=StageTick,
    answer=JourneyShown,
    roles=HANDS,
    summary="Ticks a line of the stage's checklist",
    refusals=(*_ANY, "stage_finished", "stage_out_of_order", "stage_not_entered", "not_on_the_checklist"),
)
def tick_stage(call: Call[StageTick, None], group_id: str, stage: str) -> JourneyShown:
    where = Where(group_id=group_id, stage=stage)
    return JourneyShown.of(stages.tick(call.world, call.caller, where, call.body.item, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/finish",
    body=StageCommand,
    answer=JourneyShown,
    roles=HANDS,
    summary="Finishes the stage: the next one's turn comes",
    refusals=(*_CHANGE, "stage_out_of_order", "stage_not_entered", "checklist_open", "papers_missing", *_AT),
)
def finish_stage(call: Call[StageCommand, None], group_id: str, stage: str) -> JourneyShown:
    return JourneyShown.of(stages.finish(call.world, call.caller, _where(call.body, group_id, stage), now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/stages/{stage}/acknowledge",
    answer=JourneyShown,
    roles=HANDS,
    summary="Answers an urgent alert: nobody further is asked",
    refusals=(*_ANY, "stage_finished", "nothing_to_acknowledge"),
)
def acknowledge_stage(call: Call[None, None], group_id: str, stage: str) -> JourneyShown:
    return JourneyShown.of(stages.acknowledge(call.world, call.caller, group_id, stage, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/nudge",
    answer=NudgeAnswer,
    roles=BUYER,
    summary="Asks the owner of the current stage how it goes (一键催单); how long the answer takes is measured",
    refusals=("group_not_found", "no_stages_yet", "journey_finished", "nudged_lately"),
)
def nudge_group(call: Call[None, None], group_id: str) -> NudgeAnswer:
    return NudgeAnswer.of(stages.nudge(call.world, call.caller, group_id, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/review",
    body=ReviewAnswer,
    answer=Reviewed,
    roles=REVIEWERS,
    summary="Approves or rejects a group that has reached its target and waits for it",
    refusals=("group_not_found", "no_review", "verdict_given"),
)
def review_group(call: Call[ReviewAnswer, None], group_id: str) -> Reviewed:
    asked = call.body
    return Reviewed.of(
        reviews.review(call.world, call.caller, group_id, approved=asked.approve, why=asked.why, now=call.now)
    )


@route(
    bp,
    "GET",
    "/stages",
    query=PageQuery,
    answer=StagePage,
    roles=HANDS,
    summary="The stages in my hands",
)
def my_stages(call: Call[None, PageQuery]) -> StagePage:
    return _page(call, late=False)


@route(
    bp,
    "GET",
    "/stages/late",
    query=PageQuery,
    answer=StagePage,
    roles=MANAGER,
    summary="The stages I must see to: they run late, or nothing was said of them by 18:00 of the last day",
)
def late_stages(call: Call[None, PageQuery]) -> StagePage:
    return _page(call, late=True)


@route(
    bp,
    "GET",
    "/stages/figures",
    query=FlowQuery,
    answer=FlowShown,
    roles=MANAGER,
    summary="How my groups move through their stages: against the benchmark, work in progress, delays, drill-down",
)
def stage_figures(call: Call[None, FlowQuery]) -> FlowShown:
    return FlowShown.of(paces.figures(call.world, call.caller, call.query.to_domain(), now=call.now), call.now)


def _page(call: Call[None, PageQuery], *, late: bool) -> StagePage:
    page = stages.mine(call.world, call.caller, late=late, limit=call.query.limit, start=call.opened(call.query.cursor))
    return StagePage(items=[StageLine.of(line, call.now) for line in page.rows], next=call.sealed(page.next))


def _where(asked: StageCommand, group_id: str, stage: str) -> Where:
    return Where(group_id=group_id, stage=stage, version=asked.version, at=to_instant_or_none(asked.at))
