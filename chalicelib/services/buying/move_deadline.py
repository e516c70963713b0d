"""Moves a group's deadline: an intent on the group, carried to its slices at once and, if that fails, by its timer."""

from dataclasses import replace

from ...domain import group as groups
from ...domain.group import Group, GroupState
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Replace
from .. import audit
from ..attempts import attempts
from ..world import World
from .group_wake import spread


def move_deadline(
    world: World, caller: Caller, group_id: str, closes_at: Instant, *, now: Instant
) -> tuple[Group, bool]:
    """The group, and whether every slice already has the new deadline."""
    moved = _intend(world, caller, group_id, closes_at, now)
    if moved.state is not GroupState.OPEN or moved.spread_number == moved.deadline_number:
        return moved, True  # asked again: a group that has closed meanwhile must not be given a timer
    try:
        return spread(world, moved, now), True
    except (Lost, Unavailable):
        return moved, False


def own_group(world: World, caller: Caller, group_id: str) -> Group:
    """A group of the caller's own campaign; another's looks like a missing one."""
    group = world.store.group(group_id)
    if group is None or group.merchant_id != caller.id:
        raise Refused("group_not_found", group=group_id)
    return group


def _intend(world: World, caller: Caller, group_id: str, closes_at: Instant, now: Instant) -> Group:
    for attempt in attempts(world):
        with attempt:
            group = own_group(world, caller, group_id)
            if group.closes_at == closes_at:
                return group
            terms = world.store.terms(group.campaign_id, group.terms_version)
            moved = groups.deadline_moved(group, closes_at, now, groups.latest_close(group, terms))
            facts = {"from": str(group.closes_at), "to": str(closes_at)}
            act = audit.line(world, caller, "deadline_moved", group_id, now, **facts)
            world.store.commit(Replace(moved), act)
            audit.noted(world, act)
            return replace(moved, version=moved.version + 1)
    raise Unavailable("busy")
