"""Keeps each group's pace as its journey is, and answers from all of them: what a merchant or a manager steers by."""

from dataclasses import replace

from ...domain.instants import Instant
from ...domain.journey import Journey
from ...domain.pace import Flow, Narrowed, Pace, flow, pace_of
from ...domain.ports import Caller
from ...domain.writes import Create, Replace
from ..attempts import attempts
from ..world import World

A_PAGE = 100
MOST_GROUPS = 2_000
"""Newest first; what is asked beyond them is a matter for the exports."""


def keep(world: World, group_id: str, now: Instant) -> None:
    """Copies the journey as it is now, read consistently: whichever record of it woke us, the newest one counts."""
    for attempt in attempts(world):
        with attempt:
            group, journey = world.store.group(group_id), world.store.journey(group_id)
            if group is None or journey is None:
                return
            known = world.store.pace(journey.merchant_id, journey.began_at, group_id)
            titles = [stage.title for stage in world.store.terms(group.campaign_id, group.terms_version).plan]
            fresh = pace_of(journey, group, titles, now)
            if known is None:
                world.store.commit(Create(fresh))
            elif known.of_version < journey.version:
                world.store.commit(Replace(replace(fresh, version=known.version)))


def moved(world: World, old: Journey | None, new: Journey | None, now: Instant) -> None:
    """A change in the stream. A step that moved no stage (a word let go of, a check) is not copied."""
    if new is not None and (old is None or old.stages != new.stages or old.finished_at != new.finished_at):
        keep(world, new.group_id, now)


def pace_wake(world: World, pace: Pace, now: Instant) -> None:
    """Compared with its journey, whatever the stream has brought: then it is as of now."""
    group, journey = world.store.group(pace.group_id), world.store.journey(pace.group_id)
    if group is None or journey is None:
        world.store.commit(Replace(replace(pace, due_at=None)))
        return
    titles = [stage.title for stage in world.store.terms(group.campaign_id, group.terms_version).plan]
    world.store.commit(Replace(replace(pace_of(journey, group, titles, now), version=pace.version)))


def figures(world: World, caller: Caller, by: Narrowed, *, now: Instant) -> Flow:
    """A merchant's own groups, and those whose region the caller manages."""
    found: dict[str, Pace] = {}
    for owner in ("merchant", "manager"):
        if owner not in caller.roles:
            continue
        start: str | None = None
        while len(found) < MOST_GROUPS:
            page = world.store.paces_of(owner, caller.id, A_PAGE, start)
            found.update({pace.group_id: pace for pace in page.rows})
            if (start := page.next) is None:
                break
    return flow(found.values(), by, now)
