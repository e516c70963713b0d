"""A fallback takes over (S5): what has not left yet goes through the other warehouse, sorting centre or carrier."""

from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ..attempts import attempts
from ..delivering import routes
from ..world import World


def switch_over(world: World, group: Group, terms: Campaign, stage: str, now: Instant) -> None:
    """One transaction for each batch that is still here; one that has been switched is passed over, so it may be taken
    again after a crash. What is on the road stays with whoever carries it."""
    fallback = next(one.fallback for one in terms.plan if one.name == stage)
    if fallback is None:
        return
    for batch in world.store.batches(group.id):
        for attempt in attempts(world):
            with attempt:
                routes.switch(world, batch, fallback, now)
                break
            batch = world.store.batch(batch.group_id, batch.destination) or batch
