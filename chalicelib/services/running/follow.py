"""Follows the table's changes: rows written due are woken at once, and the numbers for show move along."""

from collections.abc import Sequence

from ...domain.instants import Instant
from ...domain.tally import Tally
from ...domain.writes import Row
from ..world import World
from .project import project
from .tick import look_ahead


def follow(world: World, changes: Sequence[tuple[Row | None, Row | None]], *, now: Instant, interval_ms: int) -> None:
    """A timer further off than the next tick's look-ahead is left to the tick.

    A tally moves with every order while its timer stays as it was: it is queued when that is set, not every time.
    """
    soon = now + look_ahead(interval_ms)
    due = {
        world.store.key_of(new): new.due_at
        for old, new in changes
        if new is not None
        and new.due_at is not None
        and new.due_at <= soon
        and not new.leased
        and not (isinstance(new, Tally) and old is not None and old.due_at == new.due_at)
    }
    if due:
        world.queue.send(list(due.items()), now)
    project(world, changes, now)
