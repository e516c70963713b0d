"""Threads that take turns: exactly one runs at a time, and only the scheduler says who is next."""

import threading
from collections.abc import Callable
from typing import Any


class Died(BaseException):
    """The worker is gone, in the middle of what it did. No service may catch this."""


def locked() -> threading.Lock:
    """A lock as a turnstile: whoever releases it lets one through."""
    lock = threading.Lock()
    lock.acquire()
    return lock


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
        self.go = locked()
        self.thread: threading.Thread | None = None

    @property
    def died(self) -> bool:
        return isinstance(self.error, Died)


class Baton:
    """Hands control to one task and takes it back. `current` is the task that runs, or None for the scheduler."""

    def __init__(self) -> None:
        self.current: Task | None = None
        self._back = locked()

    def turn(self, task: Task) -> None:
        """Lets the task run until its next outside call, or its end."""
        self.current = task
        if task.thread is None:
            task.thread = threading.Thread(target=self._run, args=(task,), daemon=True)
            task.thread.start()
        else:
            task.go.release()
        self._back.acquire()
        self.current = None
        if task.done:
            task.thread.join()

    def pause(self) -> Task | None:
        """Called by a task at an outside call; returns when it is chosen again. The scheduler itself never waits."""
        task = self.current
        if task is not None:
            self._back.release()
            task.go.acquire()
            if task.doomed:
                raise Died
        return task

    def end(self, task: Task) -> None:
        """A task that will not be chosen again goes away, as a process does that is stopped."""
        if task.thread is not None and not task.done:
            task.doomed = True
            self.turn(task)

    def _run(self, task: Task) -> None:
        try:
            task.answer = task.work()
        except BaseException as error:
            task.error = error
        task.done = True
        self._back.release()
