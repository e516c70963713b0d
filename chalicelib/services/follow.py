"""Follows the table's changes: rows written due are woken at once, and the numbers for show move along."""

from collections.abc import Sequence

from ..domain.instants import Instant
from ..domain.writes import Row
from .project import project
from .tick import look_ahead
from .world import World


def follow(world: World, changes: Sequence[tuple[Row | None, Row | None]], *, now: Instant, interval_ms: int) -> None:
    """A timer further off than the next tick's look-ahead is left to the tick.

    Only a timer that was set with this change: a tally moves with every order and would be queued with every one.
    """
    soon = now + look_ahead(interval_ms)
    due = {
        world.store.key_of(new): new.due_at
        for old, new in changes
        if new is not None
        and new.due_at is not None
        and new.due_at <= soon
        and (old is None or old.due_at != new.due_at)
    }
    if due:
        world.queue.send(list(due.items()), now)
    project(world, changes, now)
