"""A row of every kind with every field filled in, made from its annotations: a new kind or field has one at once."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import count
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from chalicelib.domain.writes import Row

AWKWARD = ("a.b", "红 富士 #1", "size:size", "SET")
"""Names as merchants give them, and as expressions would trip over."""

NEVER_EMPTY = {("Brake", "at")}
"""Fields with an empty default in which there is always something when the row is stored."""


def full(of: type[Row]) -> Any:
    """Every optional field given, every collection with something in it."""
    return _made(of, count(1), everything=True)


def bare(of: type[Row]) -> Any:
    """Only what must be given."""
    return _made(of, count(1), everything=False)


def _made(of: type[Any], numbers: "count[int]", *, everything: bool) -> Any:
    hints = get_type_hints(of)
    values = {
        each.name: _value(each.name, hints[each.name], numbers, everything)
        for each in fields(of)
        if each.name not in ("version", "due_at")
        and (everything or _is_required(each) or (of.__name__, each.name) in NEVER_EMPTY)
    }
    if of.__name__ in ("Order", "Entry"):
        values["id"] = "g1-0amei" + (".p1" if of.__name__ == "Entry" else "")
    return of(**values)


def _is_required(each: Any) -> bool:
    return "MISSING" in repr(each.default) and "MISSING" in repr(each.default_factory)


def _value(name: str, hint: Any, numbers: "count[int]", everything: bool) -> Any:
    arguments, origin = get_args(hint), get_origin(hint)
    if origin in (Union, UnionType):
        return _value(name, next(a for a in arguments if a is not NoneType), numbers, everything)
    if origin is tuple:
        inner = [arguments[0]] if arguments[-1] is Ellipsis else list(arguments)
        return tuple(_value(name, each, numbers, everything) for each in inner)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _value(name, arguments[1], numbers, everything) for key in AWKWARD}
    return _plain(name, hint, numbers, everything)


def _plain(name: str, hint: Any, numbers: "count[int]", everything: bool) -> Any:
    if is_dataclass(hint):
        return _made(hint, numbers, everything=everything)  # type: ignore[arg-type]
    if issubclass(hint, Enum):
        return list(hint)[-1]
    if hint is bool:
        return True
    if hint is int:
        return next(numbers)
    assert hint is str, f"{name} is a {hint}: say here what one looks like"
    return f"{name}-{next(numbers)}"
