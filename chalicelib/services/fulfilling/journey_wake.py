"""A journey's timer: tells what is owed, sets off what follows from it, and takes the steps whose time has come."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import escalation
from ...domain import journey as journeys
from ...domain.audit import day_of
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.journey import Journey, Step, Word
from ...domain.money import percent
from ...domain.refusals import Broken
from ...domain.upkeep import Announcement
from ...domain.writes import Create
from ..attempts import once
from ..telling import tell
from ..world import World
from . import after_forming
from .journeys import writes_of

ALL_BEHIND = "stages_unsaid_today"
"""Told once a day to each manager, whatever the number of their groups: it leads to the list."""


def journey_wake(world: World, journey: Journey, now: Instant) -> None:
    """First everybody hears of what is owed, each under an id of the event; then the word is let go of."""
    group = world.store.group(journey.group_id)
    if group is None:
        raise Broken(f"journey {journey.group_id} has no group")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    for word in journey.owed:
        _told(world, journey, group, terms, word, now)
    new = escalation.settled(escalation.looked_at(replace(journey, owed=()), terms, now), terms)
    world.store.commit(*writes_of(journey, new, terms))


def _told(world: World, journey: Journey, group: Group, terms: Campaign, word: Word, now: Instant) -> None:
    _begun(world, group, terms, word, now)
    if ".unanswered@" in word.event:
        world.watch.alarm("nobody_acknowledged", group=group.id, stage=word.stage)
    if not word.template:
        return
    params = _params(journey, group, terms, word)
    if not word.to:
        _announced(world, group, word, params, now)
    elif word.template == ALL_BEHIND:
        event = f"unsaid@{day_of(word.at)}"
        tell.tell(world, word.to, about="stages", event=event, template=word.template, params=params, now=now)
    else:
        tell.tell(world, word.to, about=group.id, event=word.event, template=word.template, params=params, now=now)


def _begun(world: World, group: Group, terms: Campaign, word: Word, now: Instant) -> None:
    """What other use cases do about it, each harmless to repeat."""
    if word.event == "formed":
        for begin in after_forming.ON_FORMING:
            begin(world, group, terms, now)
    for ending, begins in ((".turn", after_forming.ON_TURN), (f".{Step.FALLBACK.value}", after_forming.ON_FALLBACK)):
        if word.event.endswith(ending):
            for begin_stage in begins:
                begin_stage(world, group, terms, word.stage, now)


def _announced(world: World, group: Group, word: Word, params: Mapping[str, str], now: Instant) -> None:
    row = Announcement(
        group_id=group.id, event=word.event, template=word.template, params=params, created_at=now, due_at=now
    )
    once(world, Create(row))


def _params(journey: Journey, group: Group, terms: Campaign, word: Word) -> dict[str, str]:
    number = journeys.place_of(journey, word.stage)
    stage, planned = journey.stages[number], terms.plan[number]
    return {
        **tell.group_params(group),
        **({"link": f"/work/{group.id}"} if word.to else {}),
        "stage": planned.title or stage.name,
        "due": local_text(stage.due_at if stage.due_at is not None else word.at, group.zone),
        "fallback": planned.fallback.kind.value if planned.fallback else "",
        "days": str(terms.silence_days),
        "expected": local_text(journey.etas[-1].latest, group.zone) if journey.etas else "",
        "share": percent(terms.compensation_bp or 0),
    }
