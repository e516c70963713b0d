"""A group's timer: list it, carry a moved deadline to its slices, close it, carry its verdict out."""

from dataclasses import replace

from ...domain import group as groups
from ...domain.group import Group, GroupState
from ...domain.instants import Instant
from ...domain.upkeep import Announcement, Listing
from ...domain.writes import Create
from ..attempts import once
from ..fulfilling import call_off
from ..fulfilling.review import review_wake
from ..telling.tell import group_params
from ..world import World
from .carry_out import carry_out
from .close import close, stored
from .collect import collect


def group_wake(world: World, group: Group, now: Instant) -> None:
    if group.state is GroupState.OPEN and (not group.listed or group.spread_number != group.deadline_number):
        group = spread(world, group, now)
    if group.called is not None and group.verdict is None:
        collect(world, group, now)
    elif (group.state is GroupState.OPEN and now >= groups.closing_time(group)) or group.state is GroupState.SEALING:
        close(world, group, now)  # its verdict is written due: the group comes again behind the verdicts of others
    elif group.state is GroupState.REVIEW:
        review_wake(world, group, now)
    elif group.called_off_at is not None:
        call_off.carry_on(world, group, now)
    elif group.verdict is not None:
        carry_out(world, group, now)


def spread(world: World, group: Group, now: Instant) -> Group:
    """The slices take the deadline, the hall lists it, and those in the group hear that it moved."""
    for number in range(group.slices):
        world.store.spread_deadline(group.id, number, group.closes_at, group.deadline_number)
    for listing in listings(group):
        once(world, Create(listing))
    if group.deadline_number and now < group.closes_at:
        moved = Announcement(
            group_id=group.id,
            event=f"deadline_moved@{group.deadline_number}",
            template="deadline_moved",
            params=group_params(group),
            created_at=now,
            due_at=now,
        )
        once(world, Create(moved))
    return stored(
        world,
        replace(group, listed=True, spread_number=group.deadline_number, due_at=groups.closing_time(group)),
    )


def listings(group: Group) -> list[Listing]:
    """One line in the hall for each facet: all, its community, its category, both."""
    communities = {"-", group.community_id or "-"}
    return [
        Listing(
            community_id=community,
            category=category,
            closes_at=group.closes_at,
            group_id=group.id,
            campaign_id=group.campaign_id,
        )
        for community in sorted(communities)
        for category in ("-", group.category)
    ]
