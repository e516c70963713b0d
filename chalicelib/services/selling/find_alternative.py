"""A failure always comes with a way out (R10): another open group of the same kind of goods, else the hall."""

from ...domain.group import Group, GroupState
from ...domain.instants import HOUR, Instant
from ..world import World

LOOKED_AT = 20
SOME_TIME = HOUR


def find_alternative(world: World, group: Group, now: Instant) -> str:
    """A link: the same community and category first, then the category, then anything open."""
    for community, category in ((group.community_id, group.category), (None, group.category), (None, None)):
        page = world.store.hall(community, category, now + SOME_TIME, LOOKED_AT, None)
        found = world.store.listed([row for row in page.rows if row.group_id != group.id])
        for row in page.rows:
            other, _, stock = found.get(row.group_id, (None, None, None))
            if other is None or other.state is not GroupState.OPEN or other.initiator_id is not None:
                continue
            if stock is None or stock.sold_out_at is None:
                return f"/groups/{other.id}"
    return "/hall"
