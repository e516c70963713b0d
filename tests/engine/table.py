"""A table's rows and its sparse indexes, sorted, with every change written down."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .items import Item, scalar

Key = tuple[str, str]
Lag = Callable[[int], int]
"""From the number of index changes waiting: how many of them, the oldest first, a reader sees applied."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row's images before and after; `number` orders the stream."""

    number: int
    key: Key
    old: Item | None
    new: Item | None


@dataclass(frozen=True, slots=True)
class Index:
    """`carried` are the attributes it projects besides the keys."""

    name: str
    hash_name: str
    range_name: str
    carried: tuple[str, ...] = ()

    def entry(self, item: Item | None) -> tuple[str, Any] | None:
        """(hash, range) under which the item is listed, or None: the index is sparse."""
        if item is None or self.hash_name not in item or self.range_name not in item:
            return None
        return item[self.hash_name]["S"], scalar(item[self.range_name])

    def projected(self, item: Item, keys: tuple[str, str]) -> Item:
        wanted = (*keys, self.hash_name, self.range_name, *self.carried)
        return {name: item[name] for name in wanted if name in item}


@dataclass
class Sorted:
    """Rows of one partition in the order of their range keys."""

    keys: list[Any] = field(default_factory=list)
    rows: dict[Any, Item] = field(default_factory=dict)

    def put(self, key: Any, item: Item) -> None:
        if key not in self.rows:
            insort(self.keys, key)
        self.rows[key] = item

    def drop(self, key: Any) -> None:
        if key in self.rows:
            del self.rows[key]
            del self.keys[bisect_left(self.keys, key)]

    def between(self, low: Any, high: Any, forward: bool) -> Iterator[tuple[Any, Item]]:
        """Rows whose key is in [low, high]; None is no bound."""
        first = 0 if low is None else bisect_left(self.keys, low)
        last = len(self.keys) if high is None else bisect_right(self.keys, high)
        span = self.keys[first:last]
        return ((key, self.rows[key]) for key in (span if forward else reversed(span)))


class Table:
    """String keys `hash_name` and `range_name`. `lag` makes the indexes trail the rows, as they do in AWS."""

    def __init__(self, hash_name: str, range_name: str, indexes: tuple[Index, ...] = ()) -> None:
        self.names = (hash_name, range_name)
        self.indexes = {index.name: index for index in indexes}
        self.partitions: dict[str, Sorted] = {}
        self.listed: dict[tuple[str, str], Sorted] = {}
        self.stream: list[Change] = []
        self.watchers: list[Callable[[Change], None]] = []
        self.lag: Lag | None = None
        self.before: dict[Key, Item | None] = {}
        self._waiting: deque[Change] = deque()

    def key(self, item: Item) -> Key:
        return item[self.names[0]]["S"], item[self.names[1]]["S"]

    def row(self, key: Key) -> Item | None:
        partition = self.partitions.get(key[0])
        return partition.rows.get(key[1]) if partition else None

    def rows(self) -> Iterator[Item]:
        for pk in sorted(self.partitions):
            partition = self.partitions[pk]
            yield from (partition.rows[sk] for sk in partition.keys)

    def write(self, key: Key, new: Item | None) -> Change | None:
        """Puts or deletes a row. A write that changes nothing leaves no trace in the stream, as in AWS."""
        old = self.row(key)
        if old == new:
            return None
        change = Change(len(self.stream) + 1, key, old, new)
        if new is None:
            self.partitions[key[0]].drop(key[1])
        else:
            self.partitions.setdefault(key[0], Sorted()).put(key[1], new)
        self.before[key] = old
        self.stream.append(change)
        self._waiting.append(change)
        if self.lag is None:
            self.catch_up()
        for watcher in self.watchers:
            watcher(change)
        return change

    def listing(self, index: Index, hash_key: str) -> Sorted:
        """One partition of an index as a reader may see it now: rows by (range key, pk, sk)."""
        if self._waiting:
            self.catch_up(self.lag(len(self._waiting)) if self.lag else None)
        return self.listed.setdefault((index.name, hash_key), Sorted())

    def catch_up(self, most: int | None = None) -> None:
        for _ in range(len(self._waiting) if most is None else most):
            change = self._waiting.popleft()
            for index in self.indexes.values():
                self._move(index, change)

    def _move(self, index: Index, change: Change) -> None:
        old, new = index.entry(change.old), index.entry(change.new)
        if old is not None and old != new:
            self.listed[index.name, old[0]].drop((old[1], *change.key))
        if new is not None and change.new is not None:
            rows = self.listed.setdefault((index.name, new[0]), Sorted())
            rows.put((new[1], *change.key), index.projected(change.new, self.names))
