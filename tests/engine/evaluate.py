"""Evaluates parsed expressions against an item."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from . import items
from .grammar import Both, Condition, Either, Given, IfNotExists, Not, Operand, Place, Sum, Test, Update
from .items import Item, Value

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class MissingAttribute(Exception):
    """An update reads what is not there."""


class Terms:
    """What an expression's placeholders stand for in one call."""

    __slots__ = ("names", "values")

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.names: Mapping[str, str] = arguments.get("ExpressionAttributeNames") or {}
        self.values: Mapping[str, Value] = arguments.get("ExpressionAttributeValues") or {}

    def path(self, place: Place) -> tuple[str, ...]:
        return tuple(self.names[part] if part[0] == "#" else part for part in place.parts)

    def value(self, operand: Operand, item: Item) -> Value | None:
        match operand:
            case Place():
                return items.look(item, self.path(operand))
            case Given(name):
                return self.values[name]
            case IfNotExists(place, otherwise):
                there = items.look(item, self.path(place))
                return self.value(otherwise, item) if there is None else there
            case Sum(left, sign, right):
                one, other = self.value(left, item), self.value(right, item)
                if one is None or other is None or "N" not in one or "N" not in other:
                    raise MissingAttribute
                return {"N": str(int(one["N"]) + sign * int(other["N"]))}


def holds(condition: Condition, terms: Terms, item: Item) -> bool:
    match condition:
        case Test(how, operands):
            return _tests(how, operands, terms, item)
        case Both(left, right):
            return holds(left, terms, item) and holds(right, terms, item)
        case Either(left, right):
            return holds(left, terms, item) or holds(right, terms, item)
        case Not(inner):
            return not holds(inner, terms, item)


def _tests(how: str, operands: tuple[Operand, ...], terms: Terms, item: Item) -> bool:
    values = [terms.value(operand, item) for operand in operands]
    first = values[0]
    if how == "attribute_exists":
        return first is not None
    if how == "attribute_not_exists":
        return first is None
    if any(value is None for value in values):
        return how == "<>" and first != values[1]
    assert first is not None and values[1] is not None
    match how:
        case "=":
            return first == values[1]
        case "<>":
            return first != values[1]
        case "begins_with":
            return "S" in first and "S" in values[1] and first["S"].startswith(values[1]["S"])
        case "between":
            assert values[2] is not None
            low, high = items.ordered(values[1], first), items.ordered(first, values[2])
            return low is not None and high is not None and low[0] <= low[1] and high[0] <= high[1]
    pair = items.ordered(first, values[1])
    return pair is not None and COMPARE[how](*pair)


def updated(update: Update, terms: Terms, item: Item) -> Item:
    """Every operand is read from the item as it was, whatever the order of the clauses."""
    new = item
    for place, operand in update.sets:
        value = terms.value(operand, item)
        if value is None:
            raise MissingAttribute
        new = items.put(new, terms.path(place), value)
    for place in update.removes:
        new = items.drop(new, terms.path(place))
    return new
