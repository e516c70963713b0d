"""Share links: everyone's own, and whom a follower is sent by (E6)."""

from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Lost, Refused
from ...domain.share import Share, share_code
from ...domain.writes import Create
from ..world import World


def share(world: World, caller: Caller, group_id: str, *, now: Instant) -> Share:
    if world.store.group_lately(group_id, now) is None:
        raise Refused("group_not_found", group=group_id)
    link = Share(code=share_code(group_id, caller.id), group_id=group_id, person_id=caller.id, created_at=now)
    try:
        world.store.commit(Create(link))
    except Lost:
        return follow(world, link.code)
    return link


def follow(world: World, code: str) -> Share:
    link = world.store.share(code)
    if link is None:
        raise Refused("share_not_found", share=code)
    return link
