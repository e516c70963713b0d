"""One table, one model, one client: every row is keys, a few indexed attributes, and a document.

A model per kind would open a client per kind (about 100 ms of a cold start each). The kinds are told apart by
`kind`, and `rows.py` says how each is keyed; the document is the domain object, field by field.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Self

import msgspec
from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.constants import MAP, NUMBER
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model


def to_wire(value: Any) -> dict[str, Any]:
    """A plain value as DynamoDB spells it. Floats are refused: money and time are whole numbers."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": {key: to_wire(inner) for key, inner in value.items()}}
    if isinstance(value, (list, tuple)):
        return {"L": [to_wire(inner) for inner in value]}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"cannot store a {type(value).__name__}")


def from_wire(wire: dict[str, Any]) -> Any:
    ((nature, value),) = wire.items()
    match nature:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "M":
            return {key: from_wire(inner) for key, inner in value.items()}
        case "L":
            return [from_wire(inner) for inner in value]
        case "NULL":
            return None
    raise TypeError(f"cannot read a {nature}")


class WholeNumber(Attribute[int]):
    """PynamoDB types its numbers as float; ours are whole."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class Document(Attribute[dict[str, Any]]):
    """The domain object as a nested map, so that conditions and counters can name what is inside."""

    attr_type = MAP

    def serialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {key: to_wire(inner) for key, inner in value.items()}

    def deserialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {key: from_wire(inner) for key, inner in value.items()}


class DueIndex(GlobalSecondaryIndex["Stored"]):  # type: ignore[no-untyped-call]
    """Sparse and keys-only: the rows that have a timer, spread over shards by their key."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = WholeNumber(range_key=True)


class ListedIndex(GlobalSecondaryIndex["Stored"]):  # type: ignore[no-untyped-call]
    """Lists: a buyer's orders, a merchant's campaigns, a campaign's groups. Never coarser than one owner."""

    class Meta:
        index_name = "listed"
        projection = IncludeProjection(["state"])

    list_key = UnicodeAttribute(hash_key=True)
    list_at = UnicodeAttribute(range_key=True)


class Stored(Model):
    """One row of the core table. `shape` is the version of the document's shape, for migrations."""

    class Meta:
        table_name: ClassVar[str | None] = None
        region: ClassVar[str | None] = None
        host: ClassVar[str | None] = None
        connect_timeout_seconds = 1.0
        read_timeout_seconds = 3.0
        max_retry_attempts = 2
        max_pool_connections = 32

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    shape = WholeNumber()
    version = WholeNumber()
    body = Document()
    state = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = WholeNumber(null=True)
    hot = UnicodeAttribute(null=True)
    list_key = UnicodeAttribute(null=True)
    list_at = UnicodeAttribute(null=True)
    gone_at = WholeNumber(null=True)
    stumbles = WholeNumber(null=True)

    due_index = DueIndex()
    listed_index = ListedIndex()

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """All at once: attribute by attribute, as PynamoDB does it, took as long as the rest of a read."""
        made = cls.__new__(cls)
        made.attribute_values = {name: value for name, wire in data.items() if (value := from_wire(wire)) is not None}
        return made


def bind(table_name: str, region: str, host: str | None = None) -> None:
    """Names the table once per process (again in tests that start over)."""
    Stored.Meta.table_name = table_name
    Stored.Meta.region = region
    Stored.Meta.host = host
    Stored._connection = None


SCALARS = (int, str, NoneType, bool)


def plain(value: Any) -> Any:
    """A domain object as plain dicts, lists, strings and whole numbers; what is at its default is not said, inside it
    neither: so an ordinary order stays within one write unit while it is bought.
    """
    of: Any = type(value)
    if of in SCALARS:
        return value
    if (known := _defaults(of)) is not None:
        said = ((name, getattr(value, name), default) for name, default in known)
        return {name: plain(inner) for name, inner, default in said if inner != default}
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    return msgspec.to_builtins(value)


@cache
def _defaults(of: Any) -> tuple[tuple[str, Any], ...] | None:
    """Of a dataclass, its fields with their defaults (`MISSING` where there is none); nothing of any other type."""
    if not is_dataclass(of):
        return None
    made = ((one.name, one.default, one.default_factory) for one in fields(of))
    return tuple((name, default if make is MISSING else make()) for name, default, make in made)
