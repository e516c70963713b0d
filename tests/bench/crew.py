"""Processes that join groups on an engine outside: the same tasks, given to all of them at once."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from chalicelib.services.world import World
from chalicelib.store.timers import DynamoStore

from .house import REGION, TABLE, House

Task = Callable[..., Any]


@dataclass
class Here:
    """What one process has to work with. `kept` lives from task to task."""

    url: str
    number: int
    world: World
    kept: dict[str, Any] = field(default_factory=dict)


def worker(pipe: Connection, url: str, number: int) -> None:
    here = Here(url, number, outside_world(url, seed=number))
    while True:
        said = pipe.recv()
        if said is None:
            return
        task, arguments = said
        try:
            pipe.send((task(here, *arguments), None))
        except Exception:
            pipe.send((None, traceback.format_exc()))


def outside_world(url: str, seed: int = 0) -> World:
    """The services over the engine at `url`; whatever else there is answers at once."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    store = DynamoStore(TABLE, REGION, url)
    return House(seed).world(rest=lambda ms: time.sleep(ms / 1000), store=store)


class Crew:
    def __init__(self, pipes: Sequence[Connection]) -> None:
        self.pipes = pipes

    def first(self, size: int) -> "Crew":
        """Some of them, while the others rest."""
        return Crew(self.pipes[:size])

    def all(self, task: Task, *shared: Any, each: Sequence[Any] | None = None) -> list[Any]:
        """Runs `task(here, *shared)` in every process at once, `each[n]` being one more argument of the nth."""
        for number, pipe in enumerate(self.pipes):
            pipe.send((task, (*shared, *([each[number]] if each is not None else []))))
        answers = [pipe.recv() for pipe in self.pipes]
        for _, trouble in answers:
            if trouble:
                raise RuntimeError(trouble)
        return [answer for answer, _ in answers]


@contextmanager
def crew(url: str, size: int) -> Iterator[Crew]:
    context = multiprocessing.get_context("forkserver")  # what they import is imported once
    context.set_forkserver_preload([__name__, "tests.bench.race"])
    pairs = [context.Pipe() for _ in range(size)]
    workers = [
        context.Process(target=worker, args=(far, url, number), daemon=True) for number, (_, far) in enumerate(pairs)
    ]
    for one in workers:
        one.start()
    try:
        yield Crew([near for near, _ in pairs])
    finally:
        for near, _ in pairs:
            near.send(None)
        for one in workers:
            one.join(5)
            if one.is_alive():
                one.kill()
