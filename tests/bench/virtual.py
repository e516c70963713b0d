"""Virtual time, and a store that has AWS's limits in it.

Workers are strands (greenlets) of which exactly one runs at a time: whoever waits hands over to whoever is next in
time. The store's answers come from the engine in memory; what is modelled around it is how long a call takes and what
it meanwhile keeps others from doing:

- a key (of the table or of an index) takes 1,000 write units in any one second, by the size of the rows written;
- a transaction takes 10 ms; the later of two that meet on a row is cancelled (with `mutual`, both are);
- a single write takes 5 ms and is refused while a transaction holds its row; a read takes 4 ms;
- any call may be a worker's last: it dies before the call or after it, and nobody hears the answer.
"""

import copy
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from chalicelib.services.world import World
from chalicelib.store.reads import Reads
from tests.engine import errors
from tests.engine.items import Item
from tests.engine.table import Change, Index
from tests.engine.units import Meter

from .house import START, House

UNITS_PER_KEY = 1_000
TRANSACTION_MS, WRITE_MS, READ_MS = 10.0, 5.0, 4.0
ACTIONS = {"Put": "Item", "Update": "Key", "Delete": "Key", "ConditionCheck": "Key"}
SINGLE = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
Key = tuple[str, str]


class Died(BaseException):
    """The worker is gone in the middle of what it did."""


class Over(BaseException):
    """The run has ended."""


class Runner:
    """One strand of the model. It runs until it waits, and goes on when it is its turn again."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.strand = greenlet(self._run)
        self._work = work

    def _run(self) -> None:
        with suppress(Over):
            self._work()


class Clock:
    """Moments to come, in order: a runner that goes on, or something that happens at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.over = False
        self._next: list[tuple[float, int, Runner | Callable[[], None]]] = []
        self._order = itertools.count()
        self._runners: list[Runner] = []
        self._current: Runner | None = None
        self._caller = getcurrent()

    def at(self, when: float, what: Runner | Callable[[], None]) -> None:
        heapq.heappush(self._next, (when, next(self._order), what))

    def runner(self, work: Callable[[], None]) -> Runner:
        made = Runner(work)
        self._runners.append(made)
        return made

    def me(self) -> Runner:
        assert self._current is not None
        return self._current

    def sleep(self, ms: float) -> None:
        self.at(self.now + ms, self.me())
        self.hand_over()

    def hand_over(self) -> None:
        """Gives the turn to whoever is next; comes back when it is the caller's again."""
        if self.over:  # whoever ends what it began may ask for one turn more
            raise Over
        following = self._following()
        if following is not self._current:
            self._current = following
            (self._caller if following is None else following.strand).switch()
        if self.over:
            raise Over

    def _following(self) -> Runner | None:
        while self._next and not self.over:
            when, _, what = heapq.heappop(self._next)
            self.now = max(self.now, when)
            if isinstance(what, Runner):
                return what
            what()
        return None

    def end(self) -> None:
        """Called by something that happens: the run is over."""
        self.over = True

    def run(self) -> None:
        """Until somebody ends it or nothing is left to come. A runner's trouble is raised here."""
        self._caller = getcurrent()
        for runner in self._runners:
            runner.strand.parent = self._caller
        while (following := self._following()) is not None:
            self._current = following
            following.strand.switch()
        self.over = True
        for runner in self._runners:
            if runner.strand:  # it has begun and waits: what it holds is let go
                runner.strand.throw(Over)


class Watchful(Meter):
    """Remembers what the last call wrote where: (table or index, its key) -> units."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Counter[tuple[str, str]] = Counter()
        self.whose: Callable[[str], str] | None = None
        self.units_of: Counter[str] = Counter()

    def row_took(self, old: Item | None, new: Item | None, units: int) -> None:
        super().row_took(old, new, units)
        row = new or old
        assert row is not None
        key = row["pk"]["S"]
        self.last["table", key] += units
        if self.whose is not None:
            self.units_of[self.whose(key)] += units

    def entry_took(self, index: Index, old: Item | None, new: Item | None, units: int) -> None:
        super().entry_took(index, old, new, units)
        entry = index.entry(new) or index.entry(old)
        assert entry is not None
        self.last[index.name, entry[0]] += units


class Unkept(list[Change]):
    """A stream whose records nobody reads back: whoever wants them watches. A night's would fill gigabytes."""

    def append(self, change: Change, /) -> None:
        return


@dataclass
class Held:
    """A transaction under way."""

    cancelled: bool = False


@dataclass
class Limits:
    """`crash`: the chance that a call is its worker's last."""

    crash: float = 0.0
    mutual: bool = False


@dataclass
class Seen:
    """What the model counted. `hottest` is the most units one key took in one second."""

    transactions: int = 0
    conflicts: int = 0
    throttled: int = 0
    crashes: int = 0
    hottest: Counter[str] = field(default_factory=Counter)


class Model:
    """AWS's limits around the engine of a house, in virtual time."""

    def __init__(self, house: House, limits: Limits, seed: int = 0) -> None:
        self.house, self.limits = house, limits
        self.clock = Clock()
        self.dice = random.Random(seed)
        self.seen = Seen()
        self.meter = house.engine.meter = Watchful()
        self._held: dict[Key, Held] = {}
        self._writing: Counter[Key] = Counter()
        self._spent: dict[tuple[str, str], tuple[int, int]] = {}
        house.below = self.call
        house.table.stream = Unkept()

    def worker_world(self) -> World:
        """A world whose memory is one worker's own."""
        store = copy.copy(self.house.store)
        Reads.__init__(store)
        return self.house.world(rest=lambda ms: self.clock.sleep(ms), store=store)

    def now(self) -> int:
        return START + int(self.clock.now)

    # ------------------------------------------------------------- calls

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        if self.clock._current is None:  # before the run, when the scene is set
            return self.house.engine.call(operation, arguments)
        fate = self.dice.random()
        if fate < self.limits.crash / 2:
            self._die()
        try:
            return self._timed(operation, arguments)
        finally:
            if fate > 1 - self.limits.crash / 2:
                self._die()

    def _die(self) -> None:
        self.seen.crashes += 1
        raise Died

    def _timed(self, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems":
            return self._transaction(arguments)
        if operation == "TransactGetItems":
            return self._together(arguments)
        if operation in SINGLE:
            return self._single(operation, arguments)
        self.clock.sleep(READ_MS)
        return self.house.engine.call(operation, arguments)

    def _transaction(self, arguments: dict[str, Any]) -> Any:
        keys = [_key(action[name], ACTIONS[name]) for action in arguments["TransactItems"] for name in action]
        self.seen.transactions += 1
        mine = Held()
        met = [key in self._held or self._writing[key] > 0 for key in keys]
        if any(met):
            for key in keys:
                if self.limits.mutual and key in self._held:
                    self._held[key].cancelled = True
            self._conflict(met)
        if any(self._is_full("table", key[0]) for key in keys):
            self.seen.throttled += 1
            self.clock.sleep(WRITE_MS)
            raise errors.cancelled("TransactWriteItems", [{"Code": "ThrottlingError", "Message": ""} for _ in keys])
        self._held.update(dict.fromkeys(keys, mine))
        try:
            self.clock.sleep(TRANSACTION_MS)
        finally:
            for key in keys:
                self._held.pop(key, None)
        if mine.cancelled:
            self._conflict([True] * len(keys))
        return self._written("TransactWriteItems", arguments)

    def _conflict(self, met: list[bool]) -> None:
        self.seen.conflicts += 1
        self.clock.sleep(WRITE_MS)
        conflict = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        raise errors.cancelled("TransactWriteItems", [conflict if one else errors.NO_REASON for one in met])

    def _together(self, arguments: dict[str, Any]) -> Any:
        keys = [_key(each["Get"], "Key") for each in arguments["TransactItems"]]
        before = [key in self._held for key in keys]
        self.clock.sleep(TRANSACTION_MS)
        met = [one or key in self._held for one, key in zip(before, keys, strict=True)]
        if any(met):
            conflict = {"Code": "TransactionConflict", "Message": ""}
            raise errors.cancelled("TransactGetItems", [conflict if one else errors.NO_REASON for one in met])
        return self.house.engine.call("TransactGetItems", arguments)

    def _single(self, operation: str, arguments: dict[str, Any]) -> Any:
        key = _key(arguments, SINGLE[operation])
        for again in (True, True, False):  # the SDK's own three attempts
            if not self._is_full("table", key[0]):
                break
            self.seen.throttled += 1
            self.clock.sleep(50 * (0.5 + self.dice.random()))
            if not again:
                raise errors.error(operation, "ThrottlingException")
        if key in self._held:
            self.clock.sleep(WRITE_MS)
            raise errors.error(operation, "TransactionConflictException")
        self._writing[key] += 1
        try:
            self.clock.sleep(WRITE_MS)
        finally:
            self._writing[key] -= 1
        return self._written(operation, arguments)

    def _written(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        self.meter.last.clear()
        try:
            return self.house.engine.call(operation, arguments)
        finally:
            second = int(self.clock.now // 1000)
            for (where, key), units in self.meter.last.items():
                then, spent = self._spent.get((where, key), (second, 0))
                spent = units + (spent if then == second else 0)
                self._spent[where, key] = (second, spent)
                self.seen.hottest[where] = max(self.seen.hottest[where], spent)

    def _is_full(self, where: str, key: str) -> bool:
        then, spent = self._spent.get((where, key), (0, 0))
        return then == int(self.clock.now // 1000) and spent >= UNITS_PER_KEY


def _key(action: Mapping[str, Any], where: str) -> Key:
    return action[where]["pk"]["S"], action[where]["sk"]["S"]
