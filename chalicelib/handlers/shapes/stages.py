"""Stages over the wire: a plan as a merchant writes it, a group's stages as everybody and as their people see them."""

from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta, structs

from ...domain import escalation
from ...domain import journey as domain
from ...domain import plan as plans
from ...domain.campaign import Campaign
from ...domain.instants import HOUR, MINUTE, Instant
from ...domain.journey import Journey, StageState, Step
from ...domain.plan import Basis, FallbackKind, StagePlan
from ...domain.promise import Promise
from ...services.fulfilling.stages import JourneyView, Line
from .words import Id, Input, Moment, MomentIn, Output, Version, Word, shown, shown_or_none
from .words import Line as Words

LimitMinutes = Annotated[int, Meta(ge=0, le=400 * 24 * 60)]
Check = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Said = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^(?=.*\S)[^\x00-\x1f\x7f]+$(?!\n)")]
Why = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class OwnerRole(StrEnum):
    MERCHANT = "merchant"
    SUPPLIER = "supplier"
    LEADER = "leader"
    MANAGER = "manager"
    SORTER = "sorter"
    CARRIER = "carrier"


class LimitShape(Input):
    """`basis` says whether the hours of the clock count, or working hours (nine a working day). With each full hundred
    participants it is `less_per_100_minutes` shorter, down to `floor_minutes`."""

    minutes: LimitMinutes
    basis: Basis = Basis.CLOCK
    less_per_100_minutes: LimitMinutes = 0
    floor_minutes: LimitMinutes = 0

    def to_domain(self) -> plans.Limit:
        return plans.Limit(
            ms=self.minutes * MINUTE,
            basis=self.basis,
            less_per_100_ms=self.less_per_100_minutes * MINUTE,
            floor_ms=self.floor_minutes * MINUTE,
        )

    @classmethod
    def of(cls, limit: plans.Limit) -> Self:
        return cls(
            minutes=limit.ms // MINUTE,
            basis=limit.basis,
            less_per_100_minutes=limit.less_per_100_ms // MINUTE,
            floor_minutes=limit.floor_ms // MINUTE,
        )


class FallbackShape(Input):
    """What is switched to when the stage stays late, and the id of what takes over."""

    kind: FallbackKind
    to: Id


class StagePlanShape(Input):
    """One stage of a plan. Without an `owner_id` the merchant owns it."""

    name: Word
    limit: LimitShape
    title: Words = ""
    owner_role: OwnerRole = OwnerRole.MERCHANT
    owner_id: Id | None = None
    contacts: Annotated[tuple[Id, ...], Meta(max_length=plans.MOST_CONTACTS)] = ()
    deliverable: Words = ""
    fallback: FallbackShape | None = None
    urgent: bool = False
    needs: Annotated[tuple[Word, ...], Meta(max_length=5)] = ()
    checklist: Annotated[tuple[Check, ...], Meta(max_length=plans.MOST_CHECKS)] = ()

    def to_domain(self) -> StagePlan:
        return StagePlan(
            name=self.name,
            limit=self.limit.to_domain(),
            title=self.title,
            owner_role=self.owner_role.value,
            owner_id=self.owner_id or "",
            contacts=tuple(self.contacts),
            deliverable=self.deliverable,
            fallback=plans.Fallback(kind=self.fallback.kind, to=self.fallback.to) if self.fallback else None,
            urgent=self.urgent,
            needs=tuple(self.needs),
            checklist=tuple(self.checklist),
        )

    @classmethod
    def of(cls, stage: StagePlan) -> Self:
        return cls(
            name=stage.name,
            limit=LimitShape.of(stage.limit),
            title=stage.title,
            owner_role=OwnerRole(stage.owner_role),
            owner_id=stage.owner_id or None,
            contacts=stage.contacts,
            deliverable=stage.deliverable,
            fallback=FallbackShape(kind=stage.fallback.kind, to=stage.fallback.to) if stage.fallback else None,
            urgent=stage.urgent,
            needs=stage.needs,
            checklist=stage.checklist,
        )


class StageCommand(Input):
    """`version` is the journey's, as it was read; `at` when it happened, if that was a little earlier."""

    version: Version
    at: MomentIn | None = None


class StageUpdate(StageCommand, kw_only=True):
    text: Said


class StagePromise(Input):
    """When the stage will be finished: by `latest`, and not before `earliest`."""

    version: Version
    latest: MomentIn
    earliest: MomentIn | None = None
    why: Why = ""


class StageTick(Input):
    item: Check


class ReviewAnswer(Input):
    approve: bool
    why: Why = ""


class PromiseShown(Output):
    earliest: Moment
    latest: Moment
    at: Moment
    why: str

    @classmethod
    def of(cls, promise: Promise) -> Self:
        return cls(
            earliest=shown(promise.earliest), latest=shown(promise.latest), at=shown(promise.at), why=promise.why
        )


class UpdateShown(Output):
    stage: str
    text: str
    at: Moment


class StageShown(Output):
    """A stage as anyone sees it. `since` is when its turn came, `due_at` its limit; `late`: the limit was broken."""

    name: str
    title: str
    state: StageState
    deliverable: str
    since: Moment | None
    entered_at: Moment | None
    due_at: Moment | None
    finished_at: Moment | None
    late: bool
    fallback_on_at: Moment | None
    promises: list[PromiseShown]

    @classmethod
    def of(cls, stage: domain.Stage, planned: StagePlan) -> Self:
        return cls(
            name=stage.name,
            title=planned.title,
            state=stage.state,
            deliverable=planned.deliverable,
            since=shown_or_none(stage.since),
            entered_at=shown_or_none(stage.entered_at),
            due_at=shown_or_none(stage.due_at),
            finished_at=shown_or_none(stage.finished_at),
            late=stage.broken_at is not None,
            fallback_on_at=shown_or_none(stage.fallback_on_at),
            promises=[PromiseShown.of(promise) for promise in stage.promises],
        )


class EtaShown(Output):
    """What was expected from `at` on, and what made it so."""

    earliest: Moment
    latest: Moment
    at: Moment
    why: str

    @classmethod
    def of(cls, mark: domain.EtaMark) -> Self:
        return cls(earliest=shown(mark.earliest), latest=shown(mark.latest), at=shown(mark.at), why=mark.why)


class CompensationShown(Output):
    """For a stage that broke its limit: a share of each order of the group, in basis points."""

    stage: str
    share_bp: int
    at: Moment


class Way(Output):
    """A formed group's way: its stages, when the goods are expected (with the history of that), and the last word.

    `silent_days` is set once nothing was said for as many days as the campaign finds worth saying.
    """

    stages: list[StageShown]
    eta_history: list[EtaShown]
    last_update: UpdateShown | None
    last_said_at: Moment
    said_hours_ago: int
    silent_days: int
    limits_broken: int
    compensations: list[CompensationShown]

    @classmethod
    def of(cls, journey: Journey, terms: Campaign, now: Instant) -> Self:
        said = domain.last_update(journey)
        return cls(
            stages=[StageShown.of(one, planned) for one, planned in zip(journey.stages, terms.plan, strict=True)],
            eta_history=[EtaShown.of(mark) for mark in journey.etas],
            last_update=UpdateShown(stage=said[0], text=said[1].text, at=shown(said[1].at)) if said else None,
            last_said_at=shown(journey.said_at),
            said_hours_ago=max(0, now - journey.said_at) // HOUR,
            silent_days=escalation.silent_days(journey, terms, now),
            limits_broken=domain.limits_broken(journey),
            compensations=[
                CompensationShown(stage=one.stage, share_bp=one.share_bp, at=shown(one.at))
                for one in journey.compensations
            ],
        )

    @classmethod
    def of_or_none(cls, journey: Journey | None, terms: Campaign, now: Instant) -> Self | None:
        return None if journey is None else cls.of(journey, terms, now)


class StepShown(Output):
    step: Step
    at: Moment


class NudgeShown(Output):
    at: Moment
    answered_at: Moment | None
    answered_in_s: int | None

    @classmethod
    def of(cls, nudge: domain.Nudge) -> Self:
        answered = nudge.answered_at
        return cls(
            at=shown(nudge.at),
            answered_at=shown_or_none(answered),
            answered_in_s=None if answered is None else (answered - nudge.at) // 1000,
        )


class AlertShown(Output):
    """`asked` is who is asked now; nobody further once it is acknowledged."""

    at: Moment
    why: str
    asked: str
    ask_next_at: Moment | None
    acknowledged_at: Moment | None
    acknowledged_by: str | None

    @classmethod
    def of_or_none(cls, alert: domain.Alert | None) -> Self | None:
        if alert is None:
            return None
        return cls(
            at=shown(alert.at),
            why=alert.why,
            asked=alert.asked,
            ask_next_at=shown_or_none(alert.ask_next_at),
            acknowledged_at=shown_or_none(alert.acknowledged_at),
            acknowledged_by=alert.acknowledged_by or None,
        )


class CheckShown(Output):
    """A line of the checklist; it is due with its stage."""

    item: str
    due_at: Moment | None
    ticked_at: Moment | None
    ticked_by: str | None


class StageInHand(StageShown, kw_only=True):
    """A stage as its own people see it: who did what when, what is still to tick, and what its lateness has set off."""

    owner_role: str
    owner_id: str
    entered_by: str | None
    finished_by: str | None
    updates: list[UpdateShown]
    updates_made: int
    checklist: list[CheckShown]
    needs: list[str]
    papers: list[str]
    steps: list[StepShown]
    alert: AlertShown | None
    nudges: list[NudgeShown]

    @classmethod
    def in_hand(cls, journey: Journey, stage: domain.Stage, planned: StagePlan) -> Self:
        ticks = {tick.item: tick for tick in stage.ticks}
        return cls(
            **structs.asdict(StageShown.of(stage, planned)),
            owner_role=planned.owner_role,
            owner_id=domain.owner_of(journey, planned),
            entered_by=stage.entered_by or None,
            finished_by=stage.finished_by or None,
            updates=[UpdateShown(stage=stage.name, text=one.text, at=shown(one.at)) for one in stage.updates],
            updates_made=stage.updates_made,
            checklist=[_check(item, stage.due_at, ticks.get(item)) for item in planned.checklist],
            needs=list(planned.needs),
            papers=list(stage.papers),
            steps=[StepShown(step=one.step, at=shown(one.at)) for one in stage.steps],
            alert=AlertShown.of_or_none(stage.alert),
            nudges=[NudgeShown.of(nudge) for nudge in stage.nudges],
        )


def _check(item: str, due_at: Instant | None, tick: domain.Tick | None) -> CheckShown:
    return CheckShown(
        item=item,
        due_at=shown_or_none(due_at),
        ticked_at=shown(tick.at) if tick else None,
        ticked_by=tick.by if tick else None,
    )


class JourneyShown(Output):
    """A group's stages for those who work on them. `version` is what a command must name."""

    group_id: str
    title: str
    version: int
    stage: str | None
    participants: int
    began_at: Moment
    finished_at: Moment | None
    stages: list[StageInHand]
    eta_history: list[EtaShown]
    expected: EtaShown | None

    @classmethod
    def of(cls, view: JourneyView) -> Self:
        journey = view.journey
        number = domain.current(journey)
        return cls(
            group_id=journey.group_id,
            title=view.group.title,
            version=journey.changes,
            stage=None if number is None else journey.stages[number].name,
            participants=journey.participants,
            began_at=shown(journey.began_at),
            finished_at=shown_or_none(journey.finished_at),
            stages=[
                StageInHand.in_hand(journey, stage, planned)
                for stage, planned in zip(journey.stages, view.terms.plan, strict=True)
            ],
            eta_history=[EtaShown.of(mark) for mark in journey.etas],
            expected=EtaShown.of(journey.etas[-1]) if journey.etas else None,
        )


class NudgeAnswer(Output):
    """What a leader hears: whom it went to is not theirs to know."""

    group_id: str
    stage: str
    due_at: Moment | None
    nudges: list[NudgeShown]

    @classmethod
    def of(cls, view: JourneyView) -> Self:
        number = domain.current(view.journey)
        assert number is not None
        stage = view.journey.stages[number]
        return cls(
            group_id=view.journey.group_id,
            stage=stage.name,
            due_at=shown_or_none(stage.due_at),
            nudges=[NudgeShown.of(nudge) for nudge in stage.nudges],
        )


class StageLine(Output):
    """A stage in a list: which group, how late it is, and how long nothing has been said."""

    group_id: str
    group_title: str
    campaign_id: str
    version: int
    owner_id: str
    overdue_minutes: int
    said_hours_ago: int
    stage: StageShown

    @classmethod
    def of(cls, line: Line, now: Instant) -> Self:
        due = line.stage.due_at
        return cls(
            group_id=line.group.id,
            group_title=line.group.title,
            campaign_id=line.group.campaign_id,
            version=line.journey.changes,
            owner_id=domain.owner_of(line.journey, line.planned),
            overdue_minutes=max(0, now - due) // MINUTE if due is not None else 0,
            said_hours_ago=max(0, now - line.journey.said_at) // HOUR,
            stage=StageShown.of(line.stage, line.planned),
        )


class StagePage(Output):
    items: list[StageLine]
    next: str | None
