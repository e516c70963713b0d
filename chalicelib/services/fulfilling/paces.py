"""Keeps each group's pace as its journey is, and answers from all of them: what a merchant or a manager steers by."""

from dataclasses import replace
from functools import partial
from itertools import chain

from ...domain.instants import Instant
from ...domain.journey import Journey
from ...domain.pace import Flow, Narrowed, Pace, flow, pace_of
from ...domain.ports import Caller
from ...domain.writes import Create, Replace
from ..attempts import attempts
from ..lists import every
from ..world import World

A_PAGE = 100
MOST_GROUPS = 2_000
"""Newest first; what is asked beyond them is a matter for the exports."""


def keep(world: World, group_id: str, now: Instant) -> None:
    """Copies the journey as it is now, read consistently: whichever record of it woke us, the newest one counts."""
    for attempt in attempts(world):
        with attempt:
            fresh = _read(world, group_id, now)
            if fresh is None:
                return
            known = world.store.pace(fresh.merchant_id, fresh.began_at, group_id)
            if known is None:
                world.store.commit(Create(fresh))
            elif known.of_version < fresh.of_version:
                world.store.commit(Replace(replace(fresh, version=known.version)))


def moved(world: World, old: Journey | None, new: Journey | None, now: Instant) -> None:
    """A change in the stream. A step that moved no stage (a word let go of, a check) is not copied."""
    if new is not None and (old is None or old.stages != new.stages or old.finished_at != new.finished_at):
        keep(world, new.group_id, now)


def pace_wake(world: World, pace: Pace, now: Instant) -> None:
    """Compared with its journey, whatever the stream has brought: then it is as of now."""
    fresh = _read(world, pace.group_id, now) or replace(pace, due_at=None)
    world.store.commit(Replace(replace(fresh, version=pace.version)))


def _read(world: World, group_id: str, now: Instant) -> Pace | None:
    group, journey = world.store.group(group_id), world.store.journey(group_id)
    if group is None or journey is None:
        return None
    titles = [stage.title for stage in world.store.terms(group.campaign_id, group.terms_version).plan]
    return pace_of(journey, group, titles, now)


def figures(world: World, caller: Caller, by: Narrowed, *, now: Instant) -> Flow:
    """A merchant's own groups, and those whose region the caller manages."""
    owners = [owner for owner in ("merchant", "manager") if owner in caller.roles]
    found: dict[str, Pace] = {}
    for pace in chain.from_iterable(every(partial(world.store.paces_of, owner, caller.id, A_PAGE)) for owner in owners):
        found[pace.group_id] = pace
        if len(found) == MOST_GROUPS:
            break
    return flow(found.values(), by, now)
