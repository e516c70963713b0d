"""For operators: what is looked at next, what is parked and why, and putting it back."""

from ...domain.instants import Instant
from ...domain.ports import Caller, DueRow, Page, RowKey
from ...domain.refusals import Refused
from ...domain.upkeep import Parked
from .. import audit
from ..world import World


def due(world: World, *, limit: int) -> list[DueRow]:
    return world.store.due_soon(limit)


def parked(world: World, *, limit: int, start: str | None) -> Page[Parked]:
    return world.store.parked(limit, start)


def put_back(world: World, caller: Caller, *, pk: str, sk: str, now: Instant) -> None:
    """Raises Lost (503 at the edge) when the row met another write, and nothing was put back."""
    if world.store.wakeable(world.store.key_of(Parked(pk=pk, sk=sk, kind="", reason="", parked_at=now))) is None:
        raise Refused("not_parked", pk=pk, sk=sk)
    audit.record(world, caller, "put_back", f"{pk}|{sk}", now)
    if not world.store.put_back(RowKey(pk, sk), now):
        raise Refused("not_parked", pk=pk, sk=sk)
