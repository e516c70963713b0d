"""Midnight: thousands of groups end at one moment, a fifth of them failing, and one of them is huge.

Played on the model of `virtual.py` by the real tick, stream follower and wake worker. A full night has 10,000 groups
of 20, one of 50,000 orders, and 50 workers; a smaller one divides all three alike, so that each worker has as much to
do. That hides how several parts of the huge group meet in one worker's batch, so ten parts are played alone, too.
"""

import heapq
import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.group import Group, closing_time
from chalicelib.domain.instants import Instant
from chalicelib.domain.ports import RowKey
from chalicelib.domain.refusals import Lost, Refused, Unavailable
from chalicelib.domain.writes import Replace
from chalicelib.services.buying.join import join
from chalicelib.services.paying.money_in import money_in
from chalicelib.services.paying.start_payment import start_payment
from chalicelib.services.running.follow import follow
from chalicelib.services.running.tick import tick
from chalicelib.services.running.wake import stumbled, wake, wake_part
from chalicelib.services.world import World
from chalicelib.store.rows import from_image
from tests.engine.table import Change

from .house import START, House, ask, buyer, open_pot, terms_of
from .virtual import Limits, Model

GROUPS, ORDERS, HUGE, WORKERS = 10_000, 20, 50_000, 50
BATCH, WORKER_LIMIT_MS, VISIBLE_AGAIN_MS = 10, 30_000, 180_000
FOLLOWED = ("order", "visit", "entry")
OF_PEOPLE = ("PERSON", "DUTIES", "LATE")
"""Families of rows whose partition is a person's; the merchant's are the night's, as nothing forms elsewhere."""

SHOPPERS = 0xF0000000
"""Ids of those who shop elsewhere meanwhile; no buyer of the night has one as high."""

SHOPPING_MS = 5 * 60_000
"""So long after the deadline others go on shopping elsewhere; then the workers have only the night to carry out."""

DEADLINE_MS = 45_000
"""The deadline on the model's clock: the tick before it comes at 0 and sees it ahead."""

QUIET_S = 10
"""So long nothing of the night is due before it counts as over: a recount comes 5 s after a change."""

Message = RowKey | tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Milliseconds after the deadline.

    `writes_per_order`: units of the rows of the night's own groups, campaigns and buyers. `written` are all units by
    whose rows they were: the night's, those of the shopping elsewhere, or nobody's (which must be next to none).
    `most_asked`: how often one timer (a row with one moment) was queued; `most_parted` how often one part of a group,
    which calls itself again until all of its orders are done.
    """

    workers: int
    groups: int
    orders: int
    failed: int
    verdicts: int
    last_verdict_ms: float
    huge_verdict_ms: float
    resolved: int
    last_resolved_ms: float
    refunds: int
    last_refund_ms: float
    writes_per_order: float
    written: dict[str, int]
    most_asked: int
    most_parted: int
    longest_ms: float
    over_limit: int
    others_p99_ms: float
    others_served: int
    conflicts: int
    alarms: int
    verdicts_by_second: tuple[tuple[float, float], ...]
    resolved_by_second: tuple[tuple[float, float], ...]
    refunds_by_second: tuple[tuple[float, float], ...]


class TimedQueue:
    """SQS on the model's clock: whole seconds of delay, batches of ten, back again when a worker failed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.asked: Counter[tuple[Message, str]] = Counter()
        self.idle: list[Any] = []
        self._messages: list[tuple[float, int, Message]] = []
        self._order = itertools.count()

    def send(self, rows: Sequence[tuple[RowKey, Instant]], now: Instant) -> None:
        for key, at in rows:
            self.put(key, self.model.clock.now + -(-max(0, at - now) // 1000) * 1000)

    def send_part(self, group_id: str, part: int) -> None:
        self.put((group_id, part), self.model.clock.now)

    def put(self, message: Message, at: float) -> None:
        self.asked[message, self._moment(message)] += 1
        heapq.heappush(self._messages, (at, next(self._order), message))
        self.model.clock.at(at, self._rouse)

    def _moment(self, message: Message) -> str:
        """The timer's own moment: a row that gets another one has another timer."""
        row = self.model.house.table.row((message.pk, message.sk)) if isinstance(message, RowKey) else None
        return row["due_at"]["N"] if row and "due_at" in row else ""

    def _rouse(self) -> None:
        if self.idle and self._messages and self._messages[0][0] <= self.model.clock.now:
            self.model.clock.at(self.model.clock.now, self.idle.pop())

    def named(self, until: float) -> list[Message]:
        """Whatever waits and is due until then."""
        return [message for at, _, message in self._messages if at <= until]

    def taken(self) -> list[Message]:
        found: list[Message] = []
        while self._messages and self._messages[0][0] <= self.model.clock.now and len(found) < BATCH:
            found.append(heapq.heappop(self._messages)[2])
        return found


class Storm:
    def __init__(self, house: House, groups: int, huge: int, workers: int) -> None:
        self.house, self.groups, self.most, self.workers = house, groups, huge, workers
        self.model = Model(house, Limits(crash=0.0))
        self.queue = house.queue = TimedQueue(self.model)  # type: ignore[assignment]
        self.verdicts: dict[str, float] = {}
        self.resolved: dict[str, float] = {}
        self.refunds: list[float] = []
        self.spans: list[float] = []
        self.others: list[float] = []
        self.failed = 0
        self.shoppers = 4
        self.quiet = 0
        self.whole = True
        self.owners: dict[str, str] = {}
        self._fresh: list[list[Change]] = [[] for _ in range(4)]
        self.end_ms = DEADLINE_MS + 40 * 60_000

    # ------------------------------------------------------------- the scene

    def set_scene(self) -> None:
        groups = self.groups
        pattern = self._pattern()
        for number in range(1, groups + 1):
            target = ORDERS // 2 if number % 5 else ORDERS * 2
            self._group(number, target, ORDERS, pattern)
        self.huge = self._group(groups + 1, self.most // 2, self.most, pattern)
        open_pot(self.house.store, later := replace(terms_of(groups + 2, stock=10**6, target=3)))
        self.other = later
        self.elsewhere = self.others_group()[0]
        self.owners |= {self.elsewhere: "elsewhere", later.id: "elsewhere"}
        self.house.table.stream.clear()
        self.house.table.watchers.append(self._saw)

    def _pattern(self) -> list[str]:
        """The rows of one buyer who paid, with gaps for who and where."""
        world, now = self.house.world(), START + 60_000
        group = open_pot(self.house.store, terms_of(0xABCDEF, stock=ORDERS, target=1))
        seat = join(world, buyer(0xFEDCBA98), group.id, ask(1), now=now)
        entry = start_payment(world, buyer(0xFEDCBA98), seat.order_id, "sandbox", now=now)
        paid: dict[str, Any] = {"amount_minor": entry.amount_minor, "currency": "CNY", "paid_at": now, "ref": "pay"}
        money_in(world, entry.id, now=now, **paid)
        order = world.store.order(seat.order_id)
        assert order is not None
        world.store.commit(Replace(replace(order, owed=(), due_at=None)))
        partition = next(pk for pk in self.house.table.partitions if pk.startswith(f"GROUP#{group.id}#ORDERS"))
        rows = list(self.house.table.partitions[partition].rows.values())
        mark = seat.order_id.partition("-")[2]
        gaps = {group.id: "@GROUP@", mark: "@PART@@MARK@", "fedcba98": "@BUYER@", f"{0xABCDEF:020x}": "@CAMPAIGN@"}
        texts = []
        for row in rows:
            text = json.dumps(row)
            for what, gap in gaps.items():
                text = text.replace(what, gap)
            texts.append(text.replace("#ORDERS#00", "#ORDERS#@PART@"))
        self._drop(group.id)
        return texts

    def _drop(self, group_id: str) -> None:
        for key in [(row["pk"]["S"], row["sk"]["S"]) for row in self.house.table.rows() if group_id in row["pk"]["S"]]:
            self.house.table.write(key, None)

    def _group(self, number: int, target: int, orders: int, pattern: list[str]) -> Group:
        closes = START + DEADLINE_MS
        terms = replace(terms_of(number, stock=orders, target=target), opens_at=START - 60_000, closes_at=closes)
        group = open_pot(self.house.store, terms, escrowed=0)
        self.owners |= {group.id: "night", terms.id: "night"}
        self.house.store.commit(Replace(group := replace(group, due_at=closing_time(group))))
        for each in range(orders):
            who = f"{(number << 16) + each:08x}"[-8:]
            gaps = {
                "@GROUP@": group.id, "@PART@": f"{each % group.parts:02x}", "@MARK@": f"{each:016x}",
                "@BUYER@": who, "@CAMPAIGN@": terms.id,
            }  # fmt: skip
            for text in pattern:
                for gap, what in gaps.items():
                    text = text.replace(gap, what)
                row = json.loads(text)
                self.house.table.write((row["pk"]["S"], row["sk"]["S"]), row)
        return group

    # ------------------------------------------------------------- watching

    def _saw(self, change: Change) -> None:
        new = change.new
        if new is None:
            return
        at, kind = self.model.clock.now - DEADLINE_MS, new["kind"]["S"]
        if kind == "group":
            state, body = new["state"]["S"], new["body"]["M"]
            if state in ("formed", "failed") and body["id"]["S"] not in self.verdicts:
                self.verdicts[body["id"]["S"]] = at
                self.failed += state == "failed"
            if "resolved_at" in body and "N" in body["resolved_at"]:
                self.resolved.setdefault(body["id"]["S"], at)
        elif kind == "entry" and ".failed" in new["sk"]["S"] and _posted(change):
            self.refunds.append(at)
        if "hot" in new or kind in FOLLOWED:
            self._fresh[hash(new["pk"]["S"]) % len(self._fresh)].append(change)

    # ------------------------------------------------------------- the functions

    def _worker(self) -> Callable[[], None]:
        def work() -> None:
            world = self.model.worker_world()
            me = self.model.clock.me()
            while True:
                messages = self.queue.taken()
                if not messages:
                    self.queue.idle.append(me)
                    self.model.clock.hand_over()
                    continue
                began = self.model.clock.now
                for message in messages:
                    self._look_at(world, message)
                self.spans.append(self.model.clock.now - began)

        return work

    def _look_at(self, world: World, message: Message) -> None:
        now = self.model.now()
        try:
            wake(world, message, now) if isinstance(message, RowKey) else wake_part(world, *message, now)
        except (Unavailable, Lost):
            self.queue.put(message, self.model.clock.now + VISIBLE_AGAIN_MS)
        except Exception as error:
            if isinstance(message, RowKey):
                stumbled(world, message, error, now)

    def _follower(self, shard: int) -> Callable[[], None]:
        def work() -> None:
            world = self.model.worker_world()
            while True:
                batch, self._fresh[shard] = self._fresh[shard][:100], self._fresh[shard][100:]
                pairs = [(_row(one.old), _row(one.new)) for one in batch]
                if pairs:
                    follow(world, pairs, now=self.model.now(), interval_ms=60_000)
                if len(batch) < 100:
                    self.model.clock.sleep(250)

        return work

    def _ticker(self) -> None:
        world = self.model.worker_world()
        while True:
            tick(world, now=self.model.now())
            self.model.clock.sleep(60_000 - self.model.clock.now % 60_000)

    def _shopper(self) -> Callable[[], None]:
        """Somebody else's business meanwhile: joins of a group that goes on selling."""

        def work() -> None:
            world = self.model.worker_world()
            group_id = self.elsewhere
            for number in itertools.count(SHOPPERS + (next(self._shoppers) << 20)):
                began = self.model.clock.now
                try:
                    join(world, buyer(number), group_id, ask(number), now=self.model.now())
                    self.others.append(self.model.clock.now - began)
                except (Unavailable, Refused):
                    self.others.append(float("inf"))
                self.model.clock.sleep(500)
                if self.model.clock.now > DEADLINE_MS + SHOPPING_MS:
                    self.model.clock.hand_over()  # for good: nobody wakes it but the end

        return work

    _shoppers = itertools.count(1)

    def _whose(self, pk: str) -> str:
        """Whose row it is: "night", "elsewhere" or "nobody"; a person's by the number the id begins with."""
        family, _, rest = pk.partition("#")
        owner = rest.partition("#")[0]
        if family in OF_PEOPLE:
            return "elsewhere" if int(owner[:8], 16) >= SHOPPERS else "night"
        return self.owners.get(owner, "nobody")

    def others_group(self) -> list[str]:
        campaign = self.other.id
        return [
            row["body"]["M"]["id"]["S"]
            for row in self.house.table.rows()
            if row["kind"]["S"] == "group" and row["body"]["M"]["campaign_id"]["S"] == campaign
        ]

    def _until_done(self) -> None:
        clock = self.model.clock
        self.quiet = 0 if self._owes() else self.quiet + 1
        if self.quiet > QUIET_S or clock.now >= self.end_ms:
            clock.end()
        else:
            clock.at(clock.now + 1_000, self._until_done)

    def _owes(self) -> bool:
        """Whether anything of the night is still to be done: a verdict carried out, a refund, a message or a change."""
        if len(self.resolved) <= self.groups or len(self.refunds) < self.failed * ORDERS:
            return True
        if not self.whole:
            return False
        soon = self.queue.named(self.model.clock.now + QUIET_S * 1_000)
        named = (message.pk if isinstance(message, RowKey) else f"GROUP#{message[0]}" for message in soon)
        changed = (change.new["pk"]["S"] for fresh in self._fresh for change in fresh if change.new)
        return any(self._whose(pk) == "night" for pk in itertools.chain(named, changed))

    # ------------------------------------------------------------- the night

    def play(self) -> Night:
        self.set_scene()
        clock = self.model.clock
        for _ in range(self.workers):
            clock.at(0, clock.runner(self._worker()))
        for shard in range(len(self._fresh)):
            clock.at(0, clock.runner(self._follower(shard)))
        clock.at(0, clock.runner(self._ticker))
        for _ in range(self.shoppers):
            clock.at(DEADLINE_MS, clock.runner(self._shopper()))
        clock.at(DEADLINE_MS, self._until_done)
        self.model.meter.whose = self._whose
        clock.run()
        orders = self.groups * ORDERS + self.most
        written = dict(self.model.meter.units_of)
        served = sorted(self.others) or [0.0]
        return Night(
            workers=self.workers,
            groups=self.groups + 1,
            orders=orders,
            failed=self.failed,
            verdicts=len(self.verdicts),
            last_verdict_ms=max(self.verdicts.values(), default=0),
            huge_verdict_ms=self.verdicts.get(self.huge.id, float("inf")),
            resolved=len(self.resolved),
            last_resolved_ms=max(self.resolved.values(), default=0),
            refunds=len(self.refunds),
            last_refund_ms=max(self.refunds, default=0),
            writes_per_order=written.get("night", 0) / orders,
            written=written,
            most_asked=max((n for (one, _), n in self.queue.asked.items() if isinstance(one, RowKey)), default=0),
            most_parted=max((n for (one, _), n in self.queue.asked.items() if isinstance(one, tuple)), default=0),
            longest_ms=max(self.spans, default=0),
            over_limit=sum(span > WORKER_LIMIT_MS for span in self.spans),
            others_p99_ms=served[int(len(served) * 0.99)],
            others_served=len(self.others),
            conflicts=self.model.seen.conflicts,
            alarms=len(self.house.counts.alarms),
            verdicts_by_second=_grown(self.verdicts.values()),
            resolved_by_second=_grown(self.resolved.values()),
            refunds_by_second=_grown(self.refunds),
        )


def _posted(change: Change) -> bool:
    """The entry is on the books, and was not before."""
    states = [image["state"]["S"] if image else "" for image in (change.old, change.new)]
    return states == ["pending", "posted"]


def _row(image: Any) -> Any:
    return from_image(image) if image else None


def _grown(moments: Any) -> tuple[tuple[float, float], ...]:
    """How many there were by when, at most 200 points."""
    found = sorted(moments)
    step = max(1, len(found) // 200)
    return tuple((found[place] / 1000, float(place + 1)) for place in range(0, len(found), step))


def storm(scale: int = 25) -> Night:
    """A night at 1/scale of its size: 50, 25, 10, 5, 2 or 1; with 100, one worker has half as much to do."""
    with House.built() as house:
        return Storm(house, GROUPS // scale, HUGE // scale, max(1, WORKERS // scale)).play()


def huge() -> Night:
    """Ten parts of a huge group on two workers: as many as fit into one batch of messages. Played until carried out."""
    with House.built() as house:
        night = Storm(house, 10, HUGE // 5, 2)
        night.whole = False
        return night.play()


if __name__ == "__main__":
    night = huge() if sys.argv[1:] == ["huge"] else storm(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
    print({name: getattr(night, name) for name in Night.__slots__ if not name.endswith("by_second")})
