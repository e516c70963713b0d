"""Tasks that take turns: exactly one runs at a time, and only the scheduler says who is next.

They are greenlets and not threads, because handing over from one thread to another is the dearest step of all: a
history has thousands, and the system's own work between two of them is shorter.
"""

from collections.abc import Callable
from typing import Any

from greenlet import greenlet


class Died(BaseException):
    """The worker is gone, in the middle of what it did. No service may catch this."""


class Task:
    """One invocation: a request, a batch of messages, a tick. Runs from one outside call to the next."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name = name
        self.work = work
        self.rests_until = 0
        self.started_at = 0
        self.limit_ms = 0
        self.skew = 0
        self.calls = 0
        self.answer: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.doomed = False
        self.claimed: tuple[str, str] | None = None
        self.after: Callable[[Task], None] = lambda task: None
        self.strand: greenlet | None = None

    @property
    def died(self) -> bool:
        return isinstance(self.error, Died)


class Baton:
    """Hands control to one task and takes it back. `current` is the task that runs, or None for the scheduler."""

    def __init__(self) -> None:
        self.current: Task | None = None

    def turn(self, task: Task) -> None:
        """Lets the task run until its next outside call, or its end."""
        self.current = task
        if task.strand is None:
            task.strand = greenlet(self._run)
        task.strand.switch(task)
        self.current = None

    def pause(self) -> Task | None:
        """Called by a task at an outside call; returns when it is chosen again. The scheduler itself never waits."""
        task = self.current
        if task is not None:
            assert task.strand is not None
            task.strand.parent.switch()
            if task.doomed:
                raise Died
        return task

    def end(self, task: Task) -> None:
        """A task that will not be chosen again goes away, as a process does that is stopped."""
        if task.strand is not None and not task.done:
            task.doomed = True
            self.turn(task)

    def _run(self, task: Task) -> None:
        try:
            task.answer = task.work()
        except BaseException as error:
            task.error = error
        task.done = True
