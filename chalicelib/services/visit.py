"""Counts distinct human visitors of a campaign's pages, without keeping who they are (M1)."""

from ..domain.ids import derived
from ..domain.instants import Instant
from ..domain.refusals import Lost, Refused
from ..domain.upkeep import Visit
from ..domain.writes import Create
from .world import World

ROBOTS = ("bot", "spider", "crawl", "curl", "wget", "python-", "headless", "preview", "monitor")


def is_robot(user_agent: str) -> bool:
    agent = user_agent.lower()
    return not agent or any(word in agent for word in ROBOTS)


def visit(world: World, group_id: str, visitor: str, user_agent: str, *, now: Instant) -> None:
    """`visitor` is a random id the page keeps; only its hash is stored. Coming back counts once."""
    group = world.store.group_lately(group_id, now)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    if is_robot(user_agent):
        return
    row = Visit(
        campaign_id=group.campaign_id,
        group_id=group_id,
        visitor=derived("visitor", group.campaign_id, visitor),
        at=now,
    )
    try:
        world.store.commit(Create(row))
    except Lost:
        return
