"""The audit log: sensitive acts are recorded in the transaction that does them, or before what has none (X7)."""

from ..domain import audit
from ..domain.audit import Act
from ..domain.instants import Instant
from ..domain.ports import Caller, Page
from ..domain.refusals import Unavailable
from ..domain.writes import Create
from .attempts import attempts
from .world import World


def line(world: World, caller: Caller, what: str, about: str, now: Instant, **facts: str) -> Create:
    """The write that records the act, for the transaction that does it. Somebody who acts twice at once tries again."""
    last = world.store.last_act(caller.id)
    act = audit.sealed(last, actor_id=caller.id, roles=caller.roles, what=what, about=about, facts=facts, at=now)
    return Create(act)


def record(world: World, caller: Caller, what: str, about: str, now: Instant, **facts: str) -> None:
    """Before an act that is no transaction of ours: rather one line too many than an act without a line."""
    for attempt in attempts(world):
        with attempt:
            written = line(world, caller, what, about, now, **facts)
            world.store.commit(written)
            noted(world, written)
            return
    raise Unavailable("busy")


def noted(world: World, written: Create) -> None:
    """The seal goes into the operators' log as well, so that the end of a chain cannot be cut off unseen."""
    act = written.row
    assert isinstance(act, Act)
    world.watch.note(
        "act", person=act.actor_id, event=act.what, row=act.about, index=str(act.number), ref=_grouped(act.seal)
    )


def _grouped(seal: str) -> str:
    """In eights, so that no run of its digits is ever taken for a phone number and masked."""
    return "-".join(seal[at : at + 8] for at in range(0, len(seal), 8))


def of_person(world: World, actor_id: str, *, limit: int, start: str | None) -> Page[Act]:
    return world.store.acts_of(actor_id, limit, start)


def of_day(world: World, day: str, *, limit: int, start: str | None) -> Page[Act]:
    return world.store.acts_on(day, limit, start)
