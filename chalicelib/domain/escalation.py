"""What a journey's timer does by itself: warns, escalates, switches a fallback on, asks the next contact, checks that
something was said today, and says when nothing was said for days. Every step is taken once, however late it is looked
at; a step whose time passed together with a graver one is noted without a word.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

from . import eta
from .campaign import Campaign
from .instants import DAY, HOUR, MINUTE, Instant, at_local, next_slot
from .journey import (
    Alert,
    Compensation,
    Journey,
    Stage,
    Step,
    Taken,
    current,
    manager_of,
    owing,
    owner_of,
)
from .plan import StagePlan

LEAST_GAP, MOST_GAP = 10 * MINUTE, 12 * HOUR
DAILY = time(18, 0)
"""By this local time each stage in work must have been updated (S12)."""

CHECKED_FOR = 14 * DAY
"""After so long a silence nobody is reminded every evening any more; that it is silent is said ever more rarely."""

TEMPLATES = {
    Step.DUE_SOON: "stage_due_soon",
    Step.OVERDUE: "stage_overdue",
    Step.MANAGER: "stage_late",
    Step.FALLBACK: "stage_fallback",
}


def gap(stage: Stage) -> Instant:
    """How far apart the steps lie: a quarter of the limit, so that two hours and two weeks each get their own pace."""
    assert stage.since is not None and stage.due_at is not None
    return min(max((stage.due_at - stage.since) // 4, LEAST_GAP), MOST_GAP)


def schedule(stage: Stage, planned: StagePlan) -> list[tuple[Step, Instant]]:
    """When each step is to be taken, if nobody finishes the stage before."""
    assert stage.due_at is not None
    apart = gap(stage)
    steps = [
        (Step.DUE_SOON, stage.due_at - apart),
        (Step.OVERDUE, stage.due_at),
        (Step.MANAGER, stage.due_at + apart),
    ]
    return [*steps, (Step.FALLBACK, stage.due_at + 2 * apart)] if planned.fallback is not None else steps


def next_due(journey: Journey, terms: Campaign) -> Instant | None:
    """The earliest moment at which the journey wants to be looked at. A word that is owed comes before all."""
    if journey.owed:
        return max(word.at for word in journey.owed)
    number = current(journey)
    return min(_moments(journey, terms, number)) if number is not None else None


def _moments(journey: Journey, terms: Campaign, number: int) -> Iterator[Instant]:
    stage, planned = journey.stages[number], terms.plan[number]
    taken = {one.step for one in stage.steps}
    yield from (at for step, at in schedule(stage, planned) if step not in taken)
    if stage.alert is not None and stage.alert.ask_next_at is not None:
        yield stage.alert.ask_next_at
    if (evening := next_slot(journey.checked_at, (DAILY,), terms.zone)) < journey.said_at + CHECKED_FOR:
        yield evening
    yield _silent_at(journey, terms)


def _silent_at(journey: Journey, terms: Campaign) -> Instant:
    """When silence is next remarked on: after the campaign's days, then after as long again, and so on."""
    patience = terms.silence_days * DAY
    remarked = journey.silent_said_at
    if remarked is None or remarked <= journey.said_at:
        return journey.said_at + patience
    return remarked + max(patience, remarked - journey.said_at)


def looked_at(journey: Journey, terms: Campaign, now: Instant) -> Journey:
    """Everything whose time has come, done; `owed` then names who is to hear of it."""
    number = current(journey)
    if number is None:
        return journey
    new = _escalated(journey, terms, number, now)
    new = _asked_next(new, terms, number, now)
    new = _checked_today(new, terms, number, now)
    new = _said_silent(new, terms, number, now)
    return eta.noted(new, terms, now, "late") if _is_late(new.stages[number], now) else new


def _is_late(stage: Stage, now: Instant) -> bool:
    return stage.due_at is not None and now >= stage.due_at


def _escalated(journey: Journey, terms: Campaign, number: int, now: Instant) -> Journey:
    stage, planned = journey.stages[number], terms.plan[number]
    known = {one.step for one in stage.steps}
    passed = [step for step, at in schedule(stage, planned) if at <= now and step not in known]
    for step in passed:
        silent = step is Step.DUE_SOON and len(passed) > 1
        journey = _taken(journey, terms, number, step, now, silent=silent)
    return journey


def _taken(journey: Journey, terms: Campaign, number: int, step: Step, now: Instant, *, silent: bool) -> Journey:
    planned = terms.plan[number]
    stage = journey.stages[number]
    stage = replace(stage, steps=(*stage.steps, Taken(step=step, at=now)))
    if step is Step.OVERDUE:
        stage = replace(stage, broken_at=stage.due_at)
    if step is Step.FALLBACK:
        stage = replace(stage, fallback_on_at=now)
    new = with_stage(journey, number, stage)
    if not silent:
        new = _told(new, planned, step, now)
    if step is Step.OVERDUE:
        new = _compensated(new, terms, stage, now)
    return alerted(new, terms, number, "overdue", now) if step is Step.OVERDUE and planned.urgent else new


def _told(journey: Journey, planned: StagePlan, step: Step, now: Instant) -> Journey:
    owner, manager = owner_of(journey, planned), manager_of(journey)
    heard = {
        Step.DUE_SOON: [owner],
        Step.OVERDUE: [owner],
        Step.MANAGER: [manager],
        Step.FALLBACK: [owner, manager, journey.merchant_id],
    }[step]
    for person in dict.fromkeys(heard):
        journey = owing(journey, f"{planned.name}.{step.value}", TEMPLATES[step], person, planned.name, now)
    return journey


def _compensated(journey: Journey, terms: Campaign, stage: Stage, now: Instant) -> Journey:
    """One line for all orders, whatever their number; each order's share is derived when it is read (S17)."""
    if not terms.compensation_bp:
        return journey
    granted = Compensation(stage=stage.name, share_bp=terms.compensation_bp, at=now)
    new = replace(journey, compensations=(*journey.compensations, granted))
    return owing(new, f"{stage.name}.compensated", "late_compensation", "", stage.name, now)


def contacts(journey: Journey, planned: StagePlan) -> list[str]:
    """Whom an urgent alert asks, one after the other."""
    people = [owner_of(journey, planned), *planned.contacts, manager_of(journey), journey.merchant_id]
    return list(dict.fromkeys(people))


def alerted(journey: Journey, terms: Campaign, number: int, why: str, now: Instant) -> Journey:
    """An urgent matter: the owner must acknowledge it in time, or the next contact is asked (S13)."""
    stage, planned = journey.stages[number], terms.plan[number]
    if stage.alert is not None and stage.alert.acknowledged_at is None:
        return journey
    first = contacts(journey, planned)[0]
    alert = Alert(at=now, why=why, asked=first, ask_next_at=now + terms.acknowledge_ms)
    new = with_stage(journey, number, replace(stage, alert=alert))
    return owing(new, f"{stage.name}.urgent@{now}.0", "stage_urgent", first, stage.name, now)


def _asked_next(journey: Journey, terms: Campaign, number: int, now: Instant) -> Journey:
    stage, planned = journey.stages[number], terms.plan[number]
    alert = stage.alert
    if alert is None or alert.acknowledged_at is not None or alert.ask_next_at is None or alert.ask_next_at > now:
        return journey
    people, turn = contacts(journey, planned), alert.turn + 1
    if turn >= len(people):
        left = with_stage(journey, number, replace(stage, alert=replace(alert, ask_next_at=None)))
        return owing(left, f"{stage.name}.unanswered@{alert.at}", "", "", stage.name, now)
    asked = replace(alert, asked=people[turn], turn=turn, ask_next_at=now + terms.acknowledge_ms)
    new = with_stage(journey, number, replace(stage, alert=asked))
    return owing(new, f"{stage.name}.urgent@{alert.at}.{turn}", "stage_urgent", people[turn], stage.name, now)


def _checked_today(journey: Journey, terms: Campaign, number: int, now: Instant) -> Journey:
    """The last 18:00 that has passed: whoever said nothing on that day is reminded, and the manager gets the list."""
    slot = next_slot(journey.checked_at, (DAILY,), terms.zone)
    if slot > now:
        return journey
    while (later := next_slot(slot, (DAILY,), terms.zone)) <= now:
        slot = later
    checked = replace(journey, checked_at=slot)
    if slot >= journey.said_at + CHECKED_FOR or journey.said_at >= at_local(slot, time(0, 0), terms.zone):
        return checked
    stage, planned = journey.stages[number], terms.plan[number]
    event = f"unsaid@{slot}"
    checked = owing(checked, event, "stage_unsaid_today", owner_of(journey, planned), stage.name, now)
    return owing(checked, event, "stages_unsaid_today", manager_of(journey), stage.name, now)


def _said_silent(journey: Journey, terms: Campaign, number: int, now: Instant) -> Journey:
    if _silent_at(journey, terms) > now:
        return journey
    stage, planned = journey.stages[number], terms.plan[number]
    new = replace(journey, silent_said_at=now)
    return owing(new, f"silent@{now}", "stage_silent", owner_of(journey, planned), stage.name, now)


def silent_days(journey: Journey, terms: Campaign, now: Instant) -> int:
    """For how many days nothing has been said, once that is as long as the campaign finds worth saying; else 0."""
    if journey.finished_at is not None:
        return 0
    days = (now - journey.said_at) // DAY
    return days if days >= terms.silence_days else 0


def with_stage(journey: Journey, number: int, stage: Stage) -> Journey:
    return replace(journey, stages=(*journey.stages[:number], stage, *journey.stages[number + 1 :]))


def settled(journey: Journey, terms: Campaign) -> Journey:
    """A journey as it is to be written: with its next moment."""
    return replace(journey, due_at=next_due(journey, terms))
