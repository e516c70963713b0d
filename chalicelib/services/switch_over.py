"""A fallback takes over (S5): what has not left yet goes through the other warehouse, sorting centre or carrier."""

from dataclasses import replace

from ..domain.batch import UNSHIPPED, Batch
from ..domain.campaign import Campaign
from ..domain.group import Group
from ..domain.instants import Instant
from ..domain.plan import Fallback, FallbackKind
from ..domain.refusals import Unavailable
from ..domain.writes import Replace
from .attempts import attempts
from .world import World

WAREHOUSES = (FallbackKind.OTHER_WAREHOUSE, FallbackKind.OTHER_SORTING_CENTRE)


def switch_over(world: World, group: Group, terms: Campaign, stage: str, now: Instant) -> None:
    """One write for each batch that is still here; a batch that has been switched is passed over, so it may be taken
    again after a crash. What is on the road stays with whoever carries it."""
    fallback = next(one.fallback for one in terms.plan if one.name == stage)
    if fallback is None:
        return
    for batch in world.store.batches(group.id):
        _switch(world, batch, fallback)


def _switch(world: World, batch: Batch, fallback: Fallback) -> None:
    for attempt in attempts(world):
        with attempt:
            new = switched(batch, fallback)
            if new is not batch:
                world.store.commit(Replace(new))
            return
        batch = world.store.batch(batch.group_id, batch.destination) or batch
    raise Unavailable("busy")


def switched(batch: Batch, fallback: Fallback) -> Batch:
    if batch.state not in UNSHIPPED:
        return batch
    if fallback.kind in WAREHOUSES and batch.warehouse_id != fallback.to:
        return replace(batch, warehouse_id=fallback.to)
    if fallback.kind is FallbackKind.OTHER_CARRIER and batch.carrier != fallback.to:
        return replace(batch, carrier=fallback.to)
    return batch
