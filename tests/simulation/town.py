"""The system and its surroundings under one seed: clock, processes, queue, stream, schedule, provider.

The scheduler looks at what may run (requests, batches, ticks, each in a process of its own), lets the dice choose, and
lets that task go on to its next outside call. When nothing can run, the clock jumps to the next thing that wants to.
"""

import heapq
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast
from unittest import mock

import botocore.client

from chalicelib import wiring
from chalicelib.domain.instants import MINUTE, SECOND, Instant
from chalicelib.domain.person import Channel
from chalicelib.domain.ports import Vault
from chalicelib.domain.refusals import Refused, Unavailable
from chalicelib.gateways.carriers.sandbox import SandboxCarrier
from chalicelib.gateways.email import Email
from chalicelib.gateways.payments.sandbox import Sandbox
from chalicelib.gateways.payments.transfer import Transfer
from chalicelib.gateways.queue import Queue
from chalicelib.gateways.sms import Sms
from chalicelib.gateways.texts import Wording
from chalicelib.handlers.changes import images
from chalicelib.handlers.wake import looked_at
from chalicelib.services.paying.webhook import webhook
from chalicelib.services.running.follow import follow
from chalicelib.services.running.tick import look_ahead, tick
from chalicelib.services.world import World
from chalicelib.store.commit import Commits
from chalicelib.store.reads import Reads
from chalicelib.store.stored import Stored, bind
from chalicelib.store.timers import DynamoStore
from infra.local.carrier.core import CarrierServer
from infra.local.sandbox_provider import Fault as Manner
from infra.local.sandbox_provider import SandboxProvider
from tests.bed.data_stack import TEMPLATES, passes, stream_filters
from tests.engine import Change, Engine, Table
from tests.engine.template import core_properties, core_table
from tests.infra.templates import load

from .baton import Baton, Died, Task
from .faults import Call, Draw, Fault, Weather, calm
from .outside import TABLE, Doors, Messages, QuickVault
from .watch import Watch

START: Instant = 1_793_491_200_000
"""2026-11-01T00:00Z, which is 08:00 in Shanghai."""

REGION = "eu-central-1"
API_KEY, WEBHOOK_KEY = "k" * 40, "w" * 40
LIMIT = {"api": 20 * SECOND, "wake": 60 * SECOND, "changes": 30 * SECOND, "tick": 50 * SECOND, "webhook": 20 * SECOND}
"""How long AWS lets each function run (`.chalice/config.json`)."""

VISIBILITY = 6 * MINUTE
MOST_RECEIVES, MOST_RECORD_TRIES = 4, 5


@dataclass
class Process:
    """One warm Lambda environment: caches and a clock of its own, one invocation at a time."""

    number: int
    skew: int
    world: World
    busy: bool = False


@dataclass
class Waiting:
    """A task that wants a process. `work` is given the process's world and its time."""

    name: str
    kind: str
    work: Callable[[World, Instant], Any]
    after: Callable[[Task], None]


@dataclass
class Message:
    body: str
    receives: int = 0


@dataclass
class Loud:
    """The services' metrics and logs, kept: what stumbled, what was parked, what was alarmed."""

    town: "Town"
    said: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None:
        self.town.counts[metric] = self.town.counts.get(metric, 0) + value

    def alarm(self, what: str, **about: str) -> None:
        self.said.append((what, about))
        self.town.note(self.town.baton.current, "watch", "alarm", what, str(about))

    def note(self, what: str, **about: str) -> None:
        self.said.append((what, about))
        self.town.note(self.town.baton.current, "watch", "note", what, str(about))


class Town:
    """`with Town.made(seed, weather) as town:`; `town.run(until)` lets time pass."""

    def __init__(self, seed: int, weather: Weather, processes: int, draw: Draw | None = None) -> None:
        self.rng = random.Random(f"town {seed}")
        self.now: Instant = START
        self.weather = weather
        self.baton = Baton()
        self.trace: list[tuple[Instant, str, str, str, str, str]] = []
        self.counts: dict[str, int] = {}
        self.loud = Loud(self)
        self.table = _fresh_table()
        self.engine = Engine({TABLE: self.table}, page_rows=self.rng.choice((None, 2, 5)))
        self.messages = Messages(self)
        self.doors = Doors(self)
        self.provider = SandboxProvider(
            lambda: self.now, secrets=(WEBHOOK_KEY,), api_key=API_KEY, base_url="http://sandbox.invalid"
        )
        self.carrier = CarrierServer(lambda: self.now, secrets=("secret",), api_key="key")
        self.watch = Watch(self.table)
        self.draw: Draw = draw or weather.draw(self.rng)
        self.faults: dict[str, list[Fault]] = {}
        self.tasks: list[tuple[Task, Process]] = []
        self.waiting: list[Waiting] = []
        self.ready: list[Message] = []
        self.broken: list[str] = []
        self.steps = 0
        self._events: list[tuple[Instant, int, Callable[[], None]]] = []
        self._sequence = 0
        self._made = 0
        self._read = 0
        self._streaming = False
        self._next_tick = START + MINUTE
        self._due: dict[tuple[str, str], Instant] = {}
        self.table.watchers.append(self._timer)
        self.processes = [self._process(number) for number in range(processes)]
        if weather.stale:
            self.table.lag = lambda waiting: waiting if self.rng.random() < 0.5 else self.rng.randint(0, waiting)
            self.engine.stale = lambda: self.rng.randrange(100) < weather.stale

    @classmethod
    @contextmanager
    def made(
        cls, seed: int, weather: Weather | None = None, *, processes: int = 8, draw: Draw | None = None
    ) -> Iterator["Town"]:
        with ExitStack() as stack:
            keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "simulation")
            stack.enter_context(mock.patch.dict(os.environ, keys))
            connection()
            town = cls(seed, weather or Weather(), processes, draw)

            def hooked(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
                return town.doors.dynamodb(client, operation, arguments)

            stack.enter_context(mock.patch.object(botocore.client.BaseClient, "_make_api_call", hooked))
            stack.enter_context(mock.patch.object(wiring, "world", town._world))
            stack.enter_context(mock.patch.object(wiring, "now", town._now))
            try:
                yield town
            finally:
                town.stop()

    def _process(self, number: int) -> Process:
        skew = self.rng.randint(-self.weather.skew_ms, self.weather.skew_ms)
        store = DynamoStore.__new__(DynamoStore)
        Reads.__init__(store)
        Commits.__init__(store, connection())
        doors = self.doors
        world = World(
            store=store,
            payments={
                "sandbox": Sandbox("", API_KEY, [WEBHOOK_KEY], transport=doors.provider),
                "sandbox_card": Sandbox("", API_KEY, [WEBHOOK_KEY], name="sandbox_card", transport=doors.provider),
                "transfer": Transfer("招商银行 团团鲜果 6225 0000 0000"),
            },
            senders={
                Channel.SMS: Sms("Tuan", doors.client),
                Channel.EMAIL: Email("tuan@example.com", clients=doors.client),
            },
            vault=cast(Vault, QuickVault(doors)),
            identity=mock.Mock(),
            queue=Queue("queue", clients=doors.client),
            files=mock.Mock(),
            carriers={"sandbox": SandboxCarrier("", "key", ["secret"], transport=self.carrier.transport)},
            texts=Wording(),
            watch=self.loud,
            chats=mock.Mock(),
            draw=self.rng.random,
            new_id=self._new_id,
            rest=doors.rest,
            public_url="https://tuan.example",
        )
        return Process(number, skew, world)

    def _new_id(self) -> str:
        self._made += 1
        return f"id{self._made:018d}"

    # ------------------------------------------------------------- what tasks see

    def _running(self) -> Process:
        return next((process for task, process in self.tasks if task is self.baton.current), self.processes[0])

    def _world(self) -> World:
        return self._running().world

    def _now(self) -> Instant:
        return self.now + self._running().skew

    def note(self, task: Task | None, door: str, operation: str, about: str, outcome: str) -> None:
        self.trace.append((self.now, task.name if task else "-", door, operation, about, outcome))

    def faulted(self, task: Task, call: Call, fault: Fault) -> None:
        """Remembered by the row it hit, and by the notice its worker was about to send."""
        for about in {call.about, "|".join(task.claimed or ())}:
            self.faults.setdefault(about, []).append(fault)

    def faults_of(self, key: str) -> list[Fault]:
        return [fault for about, faults in self.faults.items() if key in about for fault in faults]

    def timers(self) -> dict[tuple[str, str], Instant]:
        """Every row that has one."""
        return dict(self._due)

    # ------------------------------------------------------------- starting things

    def later(self, ms: int, what: Callable[[], None]) -> None:
        self.at(self.now + ms, what)

    def at(self, moment: Instant, what: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (moment, self._sequence, what))

    def start(
        self, name: str, kind: str, work: Callable[[World, Instant], Any], after: Callable[[Task], None] | None = None
    ) -> None:
        """Wants a process; `after` hears how it ended."""
        self.waiting.append(Waiting(name, kind, work, after or (lambda task: None)))

    def _admit(self) -> None:
        """Whoever waits gets a free process, by chance."""
        if not self.waiting:
            return
        free = [process for process in self.processes if not process.busy]
        self.rng.shuffle(free)
        while self.waiting and free:
            wanted = self.waiting.pop(0)
            process = free.pop()
            process.busy = True
            task = Task(wanted.name, lambda p=process, w=wanted: w.work(p.world, self._now()))  # type: ignore[misc]
            task.started_at, task.limit_ms, task.skew = self.now, LIMIT[wanted.kind], process.skew
            task.after = wanted.after
            self.tasks.append((task, process))

    # ------------------------------------------------------------- the scheduler

    def run(self, until: Callable[[], bool], by: Instant | None = None, most_steps: int = 60_000) -> None:
        """Until `until()` says so, or a promise is broken. `by` is a moment at which it may say so."""
        for _ in range(most_steps):
            if self.broken or self.watch.broken or until():
                return
            self._wake_surroundings()
            self._admit()
            runnable = [pair for pair in self.tasks if pair[0].rests_until <= self.now]
            if runnable:
                self._step(*self.rng.choice(runnable))
            elif not until():
                self._sleep(by)
        self.broken.append("it does not come to rest")

    def _step(self, task: Task, process: Process) -> None:
        self.steps += 1
        self.now += self.rng.randrange(25)
        if self.weather.jumps and self.rng.randrange(1000) < self.weather.jumps:
            self.now += self.rng.choice((3 * SECOND, 20 * SECOND, 2 * MINUTE))
        self.baton.turn(task)
        if task.done:
            self.tasks.remove((task, process))
            process.busy = False
            self.note(task, "", "", "", f"ends: {_ending(task)}")
            if task.error is not None and not isinstance(task.error, (Died, Refused, Unavailable)):
                self._unexpected(task)
            task.after(task)

    def _unexpected(self, task: Task) -> None:
        from chalicelib.domain.refusals import Lost

        if not isinstance(task.error, Lost):
            self.broken.append(f"{task.name} raised {task.error!r}")

    def _sleep(self, by: Instant | None) -> None:
        """Nobody can go on: the clock moves to the next moment at which somebody can."""
        moments = [by] if by is not None and by > self.now else []
        moments += [self._tick_moment(), *(task.rests_until for task, _ in self.tasks)]
        moments += [self._events[0][0]] if self._events else []
        moments += [hook.due_at_ms for hook in self.provider.outbox]
        for refund in self.provider.state.refunds.values():
            moments += [at for at in (refund.settles_at_ms, refund.fails_at_ms) if at is not None]
        self.now = max(self.now, min(moments))

    def _tick_moment(self) -> Instant:
        """The next tick that would find something; an idle one changes nothing."""
        due = min(self._due.values(), default=None)
        if due is None:
            return self.now + 24 * 60 * MINUTE
        return max(self._next_tick, due - look_ahead(MINUTE) - due % MINUTE)

    def quiet(self) -> bool:
        """Nothing runs, and nothing is under way that would make something run."""
        hooks = [hook for hook in self.provider.outbox if hook.due_at_ms <= self.now]
        return not (self.tasks or self.waiting or self.ready or hooks or self._unread())

    # ------------------------------------------------------------- clock, queue, stream, webhooks

    def _wake_surroundings(self) -> None:
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()
        if self.now >= self._next_tick:
            self._next_tick = self.now - self.now % MINUTE + MINUTE
            if self.rng.randrange(100) >= self.weather.ticks_lost:
                self.start(f"tick {self.now // MINUTE % 100_000}", "tick", lambda world, now: tick(world, now=now))
        if self.ready:
            self._hand_out()
        if not self._streaming and self._unread():
            self._streaming = True
            self.later(self.rng.randrange(200, 2_000), self._stream)
        for hook in self.provider.take_due():
            self._webhook(hook)

    def _timer(self, change: Change) -> None:
        if change.new is not None and "due_at" in change.new:
            self._due[change.key] = int(change.new["due_at"]["N"])
        else:
            self._due.pop(change.key, None)

    def queued(self, messages: list[tuple[str, int]]) -> list[bool]:
        """Takes messages as SQS does: now and then one is lost, doubled, or named as not taken."""
        taken = []
        for body, delay_s in messages:
            if self.rng.randrange(1000) < self.weather.message_lost:
                taken.append(False)
                continue
            taken.append(True)
            copies = 2 if self.rng.randrange(100) < self.weather.message_doubled else 1
            if self.rng.randrange(100) < self.weather.message_lost:
                copies -= 1
            for _ in range(copies):
                self._deliver(Message(body), delay_s * SECOND + self.rng.randrange(300))
        return taken

    def _deliver(self, message: Message, ms: int) -> None:
        self.later(ms, lambda: self.ready.append(message))

    def _hand_out(self) -> None:
        """Up to ten messages to a worker, in any order."""
        self.rng.shuffle(self.ready)
        size = self.rng.randint(1, 10)
        batch, self.ready = self.ready[:size], self.ready[size:]

        def work(world: World, now: Instant) -> list[Message]:
            return [message for message in batch if not looked_at(message.body)]

        def after(task: Task) -> None:
            again = batch if task.error is not None else task.answer
            for message in again:
                message.receives += 1
                if message.receives < MOST_RECEIVES:
                    self._deliver(message, VISIBILITY)

        self.start(f"wake {self._number()}", "wake", work, after)

    def _number(self) -> int:
        self._made += 1
        return self._made

    def _unread(self) -> bool:
        return self._read < len(self.table.stream)

    def _stream(self) -> None:
        """What was written since, past the template's filters, as one batch; each record may be lost or doubled."""
        changes = self.table.stream[self._read :]
        self._read = len(self.table.stream)
        self._streaming = False
        records = [record for change in changes if passes(record := as_record(change), filters())]
        kept = [one for one in records if self.rng.randrange(100) >= self.weather.record_lost]
        kept += [one for one in kept if self.rng.randrange(100) < self.weather.record_doubled]
        if kept:
            self._changes(kept, 0)

    def _changes(self, records: list[dict[str, Any]], tries: int) -> None:
        def work(world: World, now: Instant) -> None:
            pairs, unreadable = images(records)
            assert not unreadable, unreadable
            follow(world, pairs, now=now, interval_ms=MINUTE)

        def after(task: Task) -> None:
            if task.error is not None and tries < MOST_RECORD_TRIES:
                self.later(2 * SECOND, lambda: self._changes(records, tries + 1))

        self.start(f"changes {self._number()}", "changes", work, after)

    def _webhook(self, hook: Any) -> None:
        headers, body = self.provider.signed(hook)

        def work(world: World, now: Instant) -> None:
            webhook(world, hook.method, headers, body, now=now)

        def after(task: Task) -> None:
            if task.error is not None:
                self.provider.put_back(hook)

        self.start(f"webhook {self._number()} {hook.body[8:28]}", "webhook", work, after)

    # ------------------------------------------------------------- the end of it

    def calm(self) -> None:
        """From now on nothing goes wrong any more; what went wrong stays as it is."""
        self.weather = Weather(skew_ms=self.weather.skew_ms, stale=self.weather.stale)
        self.draw = calm
        self.provider.faults.clear()

    def misbehave(self, rng: random.Random) -> None:
        """The provider's manners in this history."""
        for kind in self.weather.provider:
            for _ in range(rng.randint(1, 4)):
                delay = rng.choice((20 * SECOND, 5 * MINUTE, 3 * 60 * MINUTE))
                on = "" if kind.startswith(("refund", "capture")) else rng.choice(("payment", "refund", ""))
                self.provider.faults.append(Manner(kind=kind, on=on, delay_ms=delay))  # type: ignore[arg-type]
        for _ in range(self.weather.webhook_lost // 10):
            # A failure is reported until somebody listens; only reconciliation would find one that never was.
            self.provider.faults.append(Manner(kind="webhook_lost", on="refund.succeeded"))

    def stop(self) -> None:
        for task, _ in self.tasks:
            self.baton.end(task)

    def lines(self) -> list[str]:
        """The trace: when, who, at which door, what, about which row, and how it went."""
        return [
            f"{(at - START) / 1000:10.3f}s  {who:34.34} {door:8} {operation:18} {about}  {outcome}"
            for at, who, door, operation, about, outcome in self.trace
        ]


def _ending(task: Task) -> str:
    match task.error:
        case None:
            return "done"
        case Died():
            return "died"
        case error:
            return f"{type(error).__name__}{error.args}"


@cache
def _table_connection() -> Any:
    bind(TABLE, REGION)
    made = Stored._get_connection()
    assert made.connection.client is not None
    return made


def connection() -> Any:
    """One client for all histories of this process: making one takes longer than a history."""
    made = _table_connection()
    if Stored._connection is not made:
        bind(TABLE, REGION)
        Stored._connection = made
    return made.connection


@cache
def _properties() -> dict[str, Any]:
    return core_properties()


def _fresh_table() -> Table:
    return core_table(_properties())


@cache
def filters() -> list[Any]:
    return stream_filters(load(TEMPLATES / "app.yaml"))


def as_record(change: Change) -> dict[str, Any]:
    """A change as the stream's function is given it."""
    inner: dict[str, Any] = {"SequenceNumber": str(change.number)}
    if change.old is not None:
        inner["OldImage"] = change.old
    if change.new is not None:
        inner["NewImage"] = change.new
    name = "INSERT" if change.old is None else "REMOVE" if change.new is None else "MODIFY"
    return {"eventName": name, "eventSource": "aws:dynamodb", "dynamodb": inner}
