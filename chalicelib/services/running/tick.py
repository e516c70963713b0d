"""The minute clock: queues what is coming within its look-ahead, and again what stays overdue, ever more rarely."""

from ...domain.instants import MINUTE, Instant
from ...domain.ports import RowKey
from ..world import World

AT_ONCE = 500
MOST_PARKED = 100
"""Counted anew each time, and not further: the alarm on it lasts as long as anything waits for a person."""

RAREST = 16
"""Intervals between two queuings of a row that stays overdue."""


def tick(world: World, *, now: Instant, interval_ms: int = MINUTE) -> int:
    """How many rows were queued. A row is queued for its moment by at most two ticks; when it stays overdue, after
    1, 2, 4, 8, 16 intervals and then every 16: a stuck row costs little (and is soon parked), and after an outage of
    hours nothing waits for hours more."""
    queued = 0
    batch: list[tuple[RowKey, Instant]] = []
    for row in world.store.due(now + look_ahead(interval_ms)):
        if row.due_at > now or _again(now - row.due_at, interval_ms):
            batch.append((row.key, row.due_at))
            queued += 1
        if len(batch) >= AT_ONCE:
            world.queue.send(batch, now)
            batch = []
    if batch:
        world.queue.send(batch, now)
    world.watch.count("rows_queued", queued)
    world.watch.count("parked_rows", len(world.store.parked(MOST_PARKED, None).rows))
    return queued


def look_ahead(interval_ms: int) -> int:
    """Half an interval more than one, so that a late tick still finds everything in time."""
    return interval_ms * 3 // 2


def _again(overdue_ms: int, interval_ms: int) -> bool:
    """Whether a power of two of intervals has passed since the tick before, or a little earlier: ticks come with the
    clocks of their workers, and one that came a second too soon must not put the row off to the next power."""
    age, before = overdue_ms // interval_ms, max(0, overdue_ms - look_ahead(interval_ms)) // interval_ms
    return age == 0 or age.bit_length() > before.bit_length() or age // RAREST > before // RAREST
