"""Tasks for people: listed to those whose they are, and done once."""

from collections.abc import Mapping

from ...domain import task as tasks
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.task import SUPPORT, Errand, Task
from ...domain.writes import Create, Replace
from .. import audit
from ..attempts import attempts
from ..world import World


def planned(
    *, queue: str, errand: Errand, about: str, event: str, facts: Mapping[str, str], now: Instant, person_id: str = ""
) -> Create:
    """To be written together with what it follows from. The same event makes the same task."""
    return Create(
        Task(
            id=derived(queue, errand.value, about, event),
            queue=queue,
            errand=errand,
            about=about,
            person_id=person_id,
            facts=dict(facts),
            created_at=now,
        )
    )


def queue_of(caller: Caller) -> str:
    return SUPPORT if SUPPORT in caller.roles else caller.id


def waiting(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Task]:
    """Oldest first; from the index, so a fresh one may be missing for a moment."""
    return world.store.tasks(queue_of(caller), limit, start)


def words(world: World, caller: Caller, task_id: str, *, now: Instant) -> Mapping[str, str]:
    """What was written to us, out of the vault, where it is kept for a while: {"phone", "text"}."""
    found = world.store.task(task_id)
    if found is None or found.queue != queue_of(caller) or found.errand is not Errand.ANSWER:
        raise Refused("task_not_found", task=task_id)
    audit.record(world, caller, "words_read", task_id, now)
    owner = found.person_id or found.about
    said = world.vault.kept(owner, found.about, reader=caller.id, why=f"task {task_id}", now=now)
    if said is None:
        raise Refused("task_not_found", task=task_id)
    return said


def finish(world: World, caller: Caller, task_id: str, note: str, *, now: Instant) -> Task:
    """Done is done: the second to say so changes nothing."""
    for attempt in attempts(world):
        with attempt:
            found = world.store.task(task_id)
            if found is None or found.queue != queue_of(caller):
                raise Refused("task_not_found", task=task_id)
            if found.done_at is not None:
                return found
            world.store.commit(Replace(tasks.done(found, by=caller.id, note=note, now=now)))
            return tasks.done(found, by=caller.id, note=note, now=now)
    raise Unavailable("busy")
