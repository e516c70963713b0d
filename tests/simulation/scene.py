"""A town in which a use case is about to happen, and what can be done in it."""

from collections.abc import Callable
from functools import partial

from chalicelib.domain import ids
from chalicelib.domain.campaign import Measure, Target
from chalicelib.domain.instants import MINUTE, SECOND, Instant
from chalicelib.domain.writes import Row
from chalicelib.handlers.wake import looked_at
from chalicelib.services.paying.webhook import webhook
from chalicelib.services.running.follow import follow
from chalicelib.services.running.project import project
from chalicelib.services.running.tick import tick
from chalicelib.services.world import World
from chalicelib.store.rows import from_image
from infra.local.outbox import Message

from .baton import Task
from .faults import Weather
from .story import Story, buyer
from .town import VISIBILITY, Town

ONE = {"apples": 1}
NAME = "the case"
SILENT = Weather(record_lost=100, ticks_lost=100)
"""While a scene is set nothing runs by itself: it is worked off by hand up to the row that matters."""


def alone(at_least: int = 1) -> Target:
    return Target(measure=Measure.PARTICIPANTS, at_least=at_least)


class Scene:
    """A town in which a case is about to happen."""

    def __init__(self, town: Town, story: Story) -> None:
        self.town, self.story = town, story
        self.held_back: list[Message] = []

    @property
    def group_id(self) -> str:
        return self.story.groups[0].id

    def order_id(self, number: int) -> str:
        group = self.story.groups[0]
        return ids.order_id(group.id, buyer(number).id, group.parts)

    def version(self, number: int) -> int:
        return self.town.watch.orders[self.group_id][self.order_id(number)].version

    def passes(self, ms: int) -> None:
        until = self.town.now + ms
        self.town.run(lambda: self.town.now >= until and self.town.quiet(), until)

    def joined(self, *numbers: int, lines: dict[str, int] | None = None, method: str | None = "") -> None:
        method = self.story.plan.method if method == "" else method
        for number in numbers:
            self.story.joins(buyer(number), self.group_id, lines or ONE, f"k{number}", method=method)
            self.passes(SECOND)

    def paid(self, *numbers: int, lines: dict[str, int] | None = None) -> None:
        self.joined(*numbers, lines=lines)
        for number in numbers:
            self.story.pays(self.order_id(number))
            self.passes(SECOND)

    def team(self, size: int) -> None:
        self.story.opens_team(buyer(0), size, ONE, "team", method=self.story.plan.method)
        self.passes(SECOND)

    def until(self, moment: Instant) -> None:
        self.passes(max(0, moment - self.town.now))

    def closing(self) -> None:
        self.worked_off()
        self.until(self.story.groups[0].closes_at + 3 * SECOND)

    def due(self, *marks: str) -> list[str]:
        """Bodies of messages for the rows that are due and whose key has one of these marks."""
        keys = [key for key, at in self.town.timers().items() if at <= self.town.now + SECOND]
        wanted = [key for key in keys if not marks or any(mark in "|".join(key) for mark in marks)]
        return [f'{{"pk":"{pk}","sk":"{sk}"}}' for pk, sk in sorted(wanted)]

    def worked_off(self, *but: str) -> None:
        """Everything that is due is looked at, without faults, except rows with these marks."""
        for _ in range(20):
            bodies = [body for body in self.due() if body not in self.due(*but)] if but else self.due()
            if not bodies:
                return
            self.town.start("by hand", "wake", partial(_looked_at_all, bodies))
            self.passes(0)

    def wakes(self, *marks: str) -> None:
        bodies = self.due(*marks)
        assert bodies, f"nothing is due for {marks}"
        self._woken(bodies)

    def _woken(self, bodies: list[str]) -> None:
        def work(world: World, now: Instant) -> list[str]:
            return [body for body in bodies if not looked_at(body)]

        def after(task: Task) -> None:
            again = bodies if task.error is not None else task.answer
            if again:
                self.town.later(VISIBILITY, lambda: self._woken(again))

        self.town.start(NAME, "wake", work, after)

    def reported(self) -> None:
        """The provider's first webhook, as the case; it is sent again until it is taken."""
        hook = self.held_back.pop(0)
        headers, body = self.town.provider.signed(hook)

        def work(world: World, now: Instant) -> None:
            webhook(world, hook.method, headers, body, now=now)

        def after(task: Task) -> None:
            if task.error is not None:
                self.town.provider.put_back(hook)

        self.town.start(NAME, "webhook", work, after)

    def pays_unheard(self, number: int, *, late: bool = False) -> None:
        """The buyer pays; the webhook waits for the case."""
        self.story.pays(self.order_id(number), late=late)
        self.held_back = self.town.provider.take_due()

    def written(self, most: int = 10) -> list[tuple[Row | None, Row | None]]:
        """The rows last written, before and after."""
        changes = self.town.table.stream[-most:]
        return [(from_image(c.old) if c.old else None, from_image(c.new) if c.new else None) for c in changes]

    def follows(self) -> None:
        pairs = self.written()
        self.town.start(NAME, "changes", lambda world, now: follow(world, pairs, now=now, interval_ms=MINUTE))

    def counted(self) -> None:
        """The numbers for show have moved, and want to be counted again."""
        self.worked_off()
        project(self.town.processes[0].world, self.written(1_000), self.town.now)
        self.passes(6 * SECOND)

    def ticks(self) -> None:
        self.town.start(NAME, "tick", lambda world, now: tick(world, now=now))


def _looked_at_all(bodies: list[str], world: World, now: Instant) -> None:
    for body in bodies:
        looked_at(body)


Step = Callable[[Scene], None]
