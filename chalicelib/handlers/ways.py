"""A formed group's way as the pages show it: the bar of stages, when the goods are expected, and the last word."""

from typing import Any

from ..domain import escalation
from ..domain import journey as journeys
from ..domain.campaign import Campaign
from ..domain.instants import Instant
from ..domain.journey import Journey, Stage, StageState
from ..domain.plan import BEFORE_FORMING, StagePlan

LATELY = 5
"""How many of the expected times before the present one a page shows."""


def way(journey: Journey | None, terms: Campaign, now: Instant) -> dict[str, Any] | None:
    """None where the group has not formed, or formed before there were stages."""
    if journey is None:
        return None
    said = journeys.last_update(journey)
    return {
        "stages": bar_of(journey, terms),
        "eta": journey.etas[-1] if journey.etas and journey.finished_at is None else None,
        "before": list(reversed(journey.etas[-LATELY - 1 : -1])),
        "last": {"stage": _called(journey, terms, said[0]), "word": said[1]} if said else None,
        "said_at": journey.said_at,
        "silent_days": escalation.silent_days(journey, terms, now),
        "compensations": journey.compensations,
        "finished": journey.finished_at,
    }


def bar_of(journey: Journey, terms: Campaign) -> list[dict[str, Any]]:
    """The stages after forming, as entries of the stage bar."""
    pairs = zip(journey.stages, terms.plan, strict=True)
    return [_entry(stage, planned) for stage, planned in pairs if stage.name not in BEFORE_FORMING]


def _entry(stage: Stage, planned: StagePlan) -> dict[str, Any]:
    done = stage.state is StageState.DONE
    standing = "done" if done else "next" if stage.state is StageState.WAITING else "now"
    return {
        "name": stage.name,
        "title": planned.title,
        "at": stage.finished_at if done else stage.entered_at or stage.since,
        "is": standing,
        "by": None if done else stage.due_at,
        "late": stage.broken_at is not None,
    }


def _called(journey: Journey, terms: Campaign, name: str) -> dict[str, str]:
    return {"name": name, "title": terms.plan[journeys.place_of(journey, name)].title}
