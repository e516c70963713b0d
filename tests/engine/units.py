"""Sizes of items and what calls cost, by the rules AWS publishes; per table and per index."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .items import Item, Value
from .table import Index, Table

KB = 1024
MOST_ITEM = 400 * KB


MOST_KNOWN = 20_000
_known: dict[int, tuple[Item, int]] = {}


def size(item: Item | None) -> int:
    """Bytes: names and values; a number takes a byte per two digits and one more.

    Stored items are never changed in place, so what one was found to weigh is remembered as long as it is held here.
    """
    if not item:
        return 0
    known = _known.get(id(item))
    if known is not None and known[0] is item:
        return known[1]
    found = _inside(item)
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[id(item)] = item, found
    return found


def _inside(values: Mapping[str, Value]) -> int:
    bytes_ = 0
    for name, value in values.items():
        bytes_ += len(name) if name.isascii() else len(name.encode())
        bytes_ += _size(value)
    return bytes_


def _size(value: Value) -> int:
    ((nature, content),) = value.items()
    if nature == "S":
        return len(content) if content.isascii() else len(content.encode())
    if nature == "N":
        digits = content.lstrip("-").strip("0")
        return ((len(digits) or 1) + 1) // 2 + (2 if content[0] == "-" else 1)
    if nature == "M":
        return 3 + len(content) + _inside(content)
    if nature == "L":
        return 3 + len(content) + sum(map(_size, content))
    return 1


def write_units(bytes_: int) -> int:
    return max(1, -(-bytes_ // KB))


def read_halves(bytes_: int, consistent: bool) -> int:
    """In halves of a unit, because an eventually consistent read costs half of one."""
    return max(1, -(-bytes_ // (4 * KB))) * (2 if consistent else 1)


def index_units(index: Index, names: tuple[str, str], old: Item | None, new: Item | None) -> int:
    """One write for an entry that comes, goes or changes; two when it moves to another key."""
    before, after = index.entry(old), index.entry(new)
    was = index.projected(old, names) if old is not None and before is not None else None
    now = index.projected(new, names) if new is not None and after is not None else None
    if was is not None and now is not None and before == after:
        return 0 if was == now else write_units(_inside(now))
    return sum(write_units(_inside(one)) for one in (was, now) if one is not None)


@dataclass
class Meter:
    """What calls have cost: `writes` and `read_halves` by table or index, `calls` by operation."""

    writes: Counter[str] = field(default_factory=Counter)
    read_halves: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def wrote(self, table: Table, old: Item | None, new: Item | None, *, times: int = 1) -> None:
        """A write costs by the larger image; a transaction costs twice, its index entries do not."""
        self.row_took(old, new, times * write_units(max(size(old), size(new))))
        for index in table.indexes.values():
            if cost := index_units(index, table.names, old, new):
                self.entry_took(index, old, new, cost)

    def row_took(self, old: Item | None, new: Item | None, units: int) -> None:
        self.writes["table"] += units

    def entry_took(self, index: Index, old: Item | None, new: Item | None, units: int) -> None:
        self.writes[index.name] += units

    def read(self, where: str, bytes_: int, *, consistent: bool, times: int = 1) -> None:
        self.read_halves[where] += times * read_halves(bytes_, consistent)
