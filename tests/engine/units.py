"""Sizes of items and what calls cost, by the rules AWS publishes; per table and per index."""

from collections import Counter
from dataclasses import dataclass, field

from .items import Item, Value
from .table import Index, Table

KB = 1024
MOST_ITEM = 400 * KB


def size(item: Item | None) -> int:
    """Bytes: names and values; a number takes a byte per two digits and one more."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items()) if item else 0


def _size(value: Value) -> int:
    ((nature, content),) = value.items()
    match nature:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).lstrip("-").strip("0") or "0"
            return (len(digits) + 1) // 2 + (2 if content[0] == "-" else 1)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in content.items())
        case "L":
            return 3 + sum(1 + _size(inner) for inner in content)
    return 1


def write_units(bytes_: int) -> int:
    return max(1, -(-bytes_ // KB))


def read_halves(bytes_: int, consistent: bool) -> int:
    """In halves of a unit, because an eventually consistent read costs half of one."""
    return max(1, -(-bytes_ // (4 * KB))) * (2 if consistent else 1)


def index_units(index: Index, names: tuple[str, str], old: Item | None, new: Item | None) -> int:
    """One write for an entry that comes, goes or changes; two when it moves to another key."""
    before, after = index.entry(old), index.entry(new)
    entry = size(index.projected(new, names)) if new is not None and after is not None else 0
    if before is None or after is None:
        gone = write_units(size(index.projected(old, names))) if old is not None and before is not None else 0
        return gone + (write_units(entry) if after is not None else 0)
    assert old is not None and new is not None
    if before != after:
        return write_units(size(index.projected(old, names))) + write_units(entry)
    return 0 if index.projected(old, names) == index.projected(new, names) else write_units(entry)


@dataclass
class Meter:
    """What calls have cost: `writes` and `read_halves` by table or index, `calls` by operation."""

    writes: Counter[str] = field(default_factory=Counter)
    read_halves: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def wrote(self, table: Table, old: Item | None, new: Item | None, *, times: int = 1) -> None:
        """A write costs by the larger image; a transaction costs twice, its index entries do not."""
        self.writes["table"] += times * write_units(max(size(old), size(new)))
        for index in table.indexes.values():
            self.writes[index.name] += index_units(index, table.names, old, new)

    def read(self, where: str, bytes_: int, *, consistent: bool, times: int = 1) -> None:
        self.read_halves[where] += times * read_halves(bytes_, consistent)
