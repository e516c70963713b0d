"""Parses condition, key and update expressions into small trees; each text is parsed once."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

T = TypeVar("T")
COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
FUNCTIONS = frozenset({"attribute_exists", "attribute_not_exists", "begins_with"})
_TOKEN = re.compile(
    r"\s*(?:(?P<value>:\w+)|(?P<sign><>|<=|>=|[=<>(),+\-])|(?P<word>[#A-Za-z_][\w]*(?:\.[#A-Za-z_][\w]*)*))"
)


class BadExpression(Exception):
    """Not the grammar this engine knows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path, its parts still placeholders."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A value, by its placeholder."""

    name: str


@dataclass(frozen=True, slots=True)
class IfNotExists:
    place: Place
    otherwise: "Operand"


@dataclass(frozen=True, slots=True)
class Sum:
    """`left + right` or `left - right`."""

    left: "Operand"
    sign: int
    right: "Operand"


Operand = Place | Given | IfNotExists | Sum


@dataclass(frozen=True, slots=True)
class Test:
    """`how` is a comparator, a function's name, or `between`; `operands` in their order."""

    how: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Both:
    left: "Condition"
    right: "Condition"


@dataclass(frozen=True, slots=True)
class Either:
    left: "Condition"
    right: "Condition"


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Condition"


Condition = Test | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Update:
    sets: tuple[tuple[Place, Operand], ...]
    removes: tuple[Place, ...]


@cache
def condition(text: str) -> Condition:
    reader = _Reader(text)
    tree = reader.either()
    reader.end()
    return tree


@cache
def update(text: str) -> Update:
    reader = _Reader(text)
    sets: list[tuple[Place, Operand]] = []
    removes: list[Place] = []
    while reader.ahead is not None:
        match reader.take().upper():
            case "SET":
                sets.extend(reader.listed(reader.assignment))
            case "REMOVE":
                removes.extend(reader.listed(reader.place))
            case other:
                raise BadExpression(f"no clause {other}: {text}")
    return Update(tuple(sets), tuple(removes))


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = _tokens(text)
        self.ahead: str | None = next(self._tokens, None)

    def take(self, expected: str | None = None) -> str:
        token = self.ahead
        if token is None or (expected is not None and token.upper() != expected):
            raise BadExpression(f"expected {expected or 'more'}, found {token}: {self.text}")
        self.ahead = next(self._tokens, None)
        return token

    def sees(self, word: str) -> bool:
        return self.ahead is not None and self.ahead.upper() == word

    def end(self) -> None:
        if self.ahead is not None:
            raise BadExpression(f"left over at {self.ahead}: {self.text}")

    def listed(self, one: Callable[[], T]) -> list[T]:
        found = [one()]
        while self.sees(","):
            self.take()
            found.append(one())
        return found

    # conditions

    def either(self) -> Condition:
        tree = self.both()
        while self.sees("OR"):
            self.take()
            tree = Either(tree, self.both())
        return tree

    def both(self) -> Condition:
        tree = self.single()
        while self.sees("AND"):
            self.take()
            tree = Both(tree, self.single())
        return tree

    def single(self) -> Condition:
        if self.sees("NOT"):
            self.take()
            return Not(self.single())
        if self.sees("("):
            self.take()
            tree = self.either()
            self.take(")")
            return tree
        if self.ahead in FUNCTIONS:
            return Test(self.take(), self.arguments())
        left = self.operand()
        if self.sees("BETWEEN"):
            self.take()
            low = self.operand()
            self.take("AND")
            return Test("between", (left, low, self.operand()))
        how = self.take()
        if how not in COMPARATORS:
            raise BadExpression(f"no comparator {how}: {self.text}")
        return Test(how, (left, self.operand()))

    def arguments(self) -> tuple[Operand, ...]:
        self.take("(")
        found = tuple(self.listed(self.operand))
        self.take(")")
        return found

    # updates

    def assignment(self) -> tuple[Place, Operand]:
        place = self.place()
        self.take("=")
        left = self.operand()
        if self.ahead in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            return place, Sum(left, sign, self.operand())
        return place, left

    def place(self) -> Place:
        token = self.take()
        if token[0] in ":(),=<>+-":
            raise BadExpression(f"{token} is no path: {self.text}")
        return Place(tuple(token.split(".")))

    def operand(self) -> Operand:
        if self.ahead is not None and self.ahead[0] == ":":
            return Given(self.take())
        if self.ahead == "if_not_exists":
            self.take()
            place, otherwise = self.arguments()
            if not isinstance(place, Place):
                raise BadExpression(f"if_not_exists wants a path: {self.text}")
            return IfNotExists(place, otherwise)
        return self.place()


def _tokens(text: str) -> Iterator[str]:
    position, text = 0, text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise BadExpression(f"cannot read {text[position:]!r}")
        position = found.end()
        yield found[found.lastgroup or 0]
