"""Items as they travel: `{"name": {"S": "…"}}`. Stored items are never changed in place, so images can be shared."""

from collections.abc import Sequence
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
Path = Sequence[str]


class BadPath(Exception):
    """An update names a place whose parent is not there."""


def look(item: Item, path: Path) -> Value | None:
    """What stands at `path`, or None."""
    value = item.get(path[0])
    for name in path[1:]:
        if value is None or "M" not in value:
            return None
        value = value["M"].get(name)
    return value


def put(item: Item, path: Path, value: Value) -> Item:
    """The item with `value` at `path`; maps on the way are copied, never changed."""
    if len(path) == 1:
        return {**item, path[0]: value}
    inner = item.get(path[0])
    if inner is None or "M" not in inner:
        raise BadPath(".".join(path))
    return {**item, path[0]: {"M": put(inner["M"], path[1:], value)}}


def drop(item: Item, path: Path) -> Item:
    """The item without what stands at `path`; nothing there is fine."""
    if len(path) == 1:
        return {name: value for name, value in item.items() if name != path[0]}
    inner = item.get(path[0])
    if inner is None or "M" not in inner:
        raise BadPath(".".join(path))
    return {**item, path[0]: {"M": drop(inner["M"], path[1:])}}


def scalar(value: Value) -> str | int | bool | None:
    """A string, whole number or boolean to compare or sort by. Ours are never fractions."""
    ((nature, content),) = value.items()
    if nature == "N":
        return int(content)
    if nature in ("S", "BOOL"):
        plain: str | bool = content
        return plain
    return None


def ordered(one: Value, other: Value) -> tuple[Any, Any] | None:
    """Both as comparable scalars, or None where DynamoDB calls them incomparable."""
    if one.keys() != other.keys():
        return None
    a, b = scalar(one), scalar(other)
    return None if a is None or b is None else (a, b)
