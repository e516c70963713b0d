"""Writes a journey: the row itself and the lines it puts into people's lists, always in one transaction."""

from dataclasses import replace

from ...domain import escalation, eta
from ...domain import journey as journeys
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.journey import Journey
from ...domain.writes import Create, Remove, Replace, Write


def journey_of(group: Group, terms: Campaign, now: Instant) -> list[Write]:
    """What a formed group's verdict is written together with."""
    journey = escalation.settled(eta.noted(journeys.begun(group, terms, now), terms, now, "formed"), terms)
    return [Create(journey), *(Create(line) for line in journeys.duties(journey, terms).values())]


def writes_of(old: Journey, new: Journey, terms: Campaign) -> list[Write]:
    """The journey (settled) at the version it was read at, and the difference to everybody's list.

    A line never changes once it is there, so it can be removed without having been read.
    """
    before, after = journeys.duties(old, terms), journeys.duties(new, terms)
    writes: list[Write] = [Replace(new)]
    writes += [Remove(replace(line, version=1)) for key, line in before.items() if key not in after]
    return writes + [Create(line) for key, line in after.items() if key not in before]
