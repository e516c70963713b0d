"""One seed, one history: drawn, played through its faults, brought to rest, and checked."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from chalicelib.domain import books
from chalicelib.domain import group as groups
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, Instant
from chalicelib.domain.order import OrderState
from chalicelib.services.buying import seats
from chalicelib.store import rows, timers

from .faults import Draw, Weather
from .promises import Rest
from .story import Plan, Story
from .town import Town

TICKS = 3
LONG, SOON = 4 * DAY, 30 * HOUR
SHARDS = 3


@dataclass
class Outcome:
    """`broken` is empty when every promise held. `trace` is kept as lines of text on demand."""

    seed: int
    broken: list[str]
    steps: int
    faults: int
    trace: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def play(
    seed: int, *, plan: Plan | None = None, weather: Weather | None = None, trace: bool = False, processes: int = 0
) -> Outcome:
    rng = random.Random(f"history {seed}")
    weather, plan = weather or Weather.of(rng), plan or Plan.of(rng)
    many = processes or rng.choice((4, 8, 16, 32))
    with small(rng.choice((1_000, 1_000, 5, 1))), Town.made(seed, weather, processes=many) as town:
        story = Story(town, plan, rng).opened()
        town.misbehave(rng)
        story.drawn()
        town.run(story.over)
        broken = settle(town, story)
        lines = town.lines() if trace or broken else []
        return Outcome(seed, broken, town.steps, sum(map(len, town.faults.values())), lines, dict(town.counts))


def settle(town: Town, story: Story, rest: Instant = LONG) -> list[str]:
    """Nothing goes wrong any more: three ticks bring every order of a closed group to its end (B4), and time all."""
    town.calm()
    broken: list[str] = []
    if not (town.broken or town.watch.broken):
        until = town.now + patience(town)
        closing = [group.id for group in story.groups if group.closes_at + 30 * SECOND < town.now]
        town.run(lambda: town.now >= until, until)
        broken += converged(town, closing)
        end = town.now + rest
        town.run(lambda: town.now >= end, end)
    broken += town.watch.broken + town.broken
    return broken or Rest(town, story.said).broken()


def patience(town: Town) -> Instant:
    """Three ticks; and as long again as a row had been overdue, because what stays overdue is queued ever more rarely.

    A timer that was set further off, after trouble with its row, is waited for: a large group whose messages to its
    parts were lost again and again looks after them ever more rarely, at last once an hour.
    """
    overdue = max([town.now - at for at in town.timers().values() if at <= town.now], default=0)
    waited = [at for (_, sk), at in town.timers().items() if sk == "GROUP" or at < town.now + 10 * MINUTE]
    further = max([at - town.now for at in waited if at < town.now + HOUR], default=0)
    return max(overdue, further, 0) + TICKS * MINUTE + MINUTE


def converged(town: Town, group_ids: list[str]) -> Iterator[str]:
    for group_id in group_ids:
        review = town.watch.groups[group_id].review
        if review is not None and town.now < review.until + TICKS * MINUTE:
            continue  # it has been counted, and waits for a person
        called = town.watch.groups[group_id]
        if called.verdict is None and town.now < (called.captures_by or 0) + TICKS * MINUTE:
            continue  # it has been counted, and waits for the money that is held
        if town.watch.groups[group_id].verdict is None:
            yield f"group {group_id} has no verdict after three ticks"
        entries = town.watch.entries[group_id]
        for order in town.watch.orders[group_id].values():
            resolved = order.resolution is not None or f"{order.captured_id}.failed" in entries
            if order.state is OrderState.HELD or (order.state is OrderState.PAID and not resolved):
                yield f"order {order.id} of a closed group is {order.state} after three ticks"


@contextmanager
def small(orders_per_part: int) -> Iterator[None]:
    """Groups of many parts without thousands of orders, slices of single units, and few shards of timers and of moved
    money, since a tick, and a morning's comparison of the books, asks each of them."""
    with (
        mock.patch.object(groups, "ORDERS_PER_PART", orders_per_part),
        mock.patch.object(seats, "LEAST_SHARE", 1, create=True),
        mock.patch.object(rows, "DUE_SHARDS", SHARDS),
        mock.patch.object(timers, "DUE_SHARDS", SHARDS),
        mock.patch.object(books, "SHARDS", SHARDS),
    ):
        yield


__all__ = ["LONG", "SOON", "Draw", "Outcome", "play", "settle", "small"]
