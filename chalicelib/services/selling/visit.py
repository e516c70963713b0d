"""Counts distinct human visitors of a campaign's pages, how long they look and what they pass on, without keeping
who they are (M1, M10)."""

from dataclasses import replace

from ...domain.ids import ALPHABET, derived
from ...domain.instants import Instant
from ...domain.refusals import Lost, Refused
from ...domain.upkeep import Visit
from ...domain.writes import Create, Replace
from ..attempts import attempts
from ..world import World

LONGEST_STAY_S, MOST_SHARES, SAMPLE = 1_800, 10, 4
ROBOTS = ("bot", "spider", "crawl", "curl", "wget", "python-", "headless", "preview", "monitor")


def is_robot(user_agent: str) -> bool:
    agent = user_agent.lower()
    return not agent or any(word in agent for word in ROBOTS)


def visit(
    world: World,
    group_id: str,
    visitor: str,
    user_agent: str,
    *,
    stayed_s: int = 0,
    shared: bool = False,
    now: Instant,
) -> None:
    """`visitor` is a random id the page keeps; only its hash is stored. Coming back counts once.

    How long they looked is kept for one visitor in `SAMPLE`, up to half an hour; shares up to ten each: enough to
    steer by, too little to follow anyone.
    """
    group = world.store.group_lately(group_id, now)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    if is_robot(user_agent):
        return
    name = derived("visitor", group.campaign_id, visitor)
    stayed_s = stayed_s if sampled(name) else 0
    row = Visit(campaign_id=group.campaign_id, group_id=group_id, visitor=name, at=now)
    for attempt in attempts(world):
        with attempt:
            known = world.store.visit(group.campaign_id, name) if stayed_s or shared else None
            seen = known or row
            fresh = replace(
                seen,
                stayed_s=min(LONGEST_STAY_S, seen.stayed_s + stayed_s),
                shares=min(MOST_SHARES, seen.shares + int(shared)),
            )
            if known is None:
                _create(world, fresh)
            elif fresh != known:
                world.store.commit(Replace(fresh))


def _create(world: World, row: Visit) -> None:
    try:
        world.store.commit(Create(row))
    except Lost:
        if row.stayed_s or row.shares:
            raise  # the visit came to be meanwhile: add to it


def sampled(name: str) -> bool:
    return ALPHABET.index(name[0]) % SAMPLE == 0
