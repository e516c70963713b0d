"""`dataclass` as in the standard library, made leanly: use it as `from ..lean import dataclass`.

The library writes and compiles six methods for every class while its module is imported: with some 240 classes, more
than a third of a cold start, for classes most of which this process makes no instance of. Here a class gets its slots
at once; `__init__`, `__eq__`, `__hash__` and what `fields` and `replace` read are made when first looked at, and the
rest is shared by all. It behaves the same, and a test holds every class of ours against the library's; instances are
made faster than the library's, through their slots. For type checkers it is the library's.

Not for fields made by `InitVar` or `ClassVar`, and not with `__post_init__`. Classes that may change are few, and the
library makes them.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

Made = Callable[[type], type]

MISSING = dataclasses.MISSING


def lean(*, frozen: bool = False, slots: bool = False, kw_only: bool = False) -> Made:
    if not (frozen and slots):
        return dataclasses.dataclass(frozen=frozen, slots=slots, kw_only=kw_only)
    return lambda cls: _made(cls, kw_only)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = lean


class _Declared:
    """What a class says of its fields, those of the class above first: their types, and the defaults of some."""

    __slots__ = ("defaults", "kw_only", "types")

    def __init__(self, cls: type, kw_only: bool) -> None:
        above: _Declared | None = getattr(cls, "__declared__", None)
        own = {name: held for name, held in vars(cls).items() if name in cls.__annotations__}
        self.types: dict[str, Any] = {**(above.types if above else {}), **cls.__annotations__}
        self.defaults: dict[str, Any] = {**(above.defaults if above else {}), **own}
        self.kw_only = kw_only
        if hasattr(cls, "__post_init__") or (above and above.kw_only != kw_only):
            raise TypeError(f"{cls.__qualname__}: nothing for a lean dataclass")


class _Later:
    """What is made when it is first looked at, and from then on stands in its own place."""

    __slots__ = ("_make", "_name", "_owner")

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, one: object, of: type | None = None) -> Any:
        setattr(self._owner, self._name, self._make(self._owner))
        return getattr(of if one is None else one, self._name)


def _made(cls: type, kw_only: bool) -> type:
    """The class once more, with slots: only a new one can have them."""
    declared = _Declared(cls, kw_only)
    own = cls.__annotations__
    body = {
        "__slots__": tuple(own),
        "__match_args__": () if kw_only else tuple(declared.types),
        "__declared__": declared,
        "__dataclass_fields__": _Later(_fields),
        "__init__": _Later(_init),
        "__eq__": _Later(_eq),
        "__hash__": _Later(_hash),
        **SHARED,
        **{name: held for name, held in vars(cls).items() if name not in own and name not in OF_THE_OLD},
    }
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


OF_THE_OLD = ("__dict__", "__weakref__")


def _fields(cls: Any) -> Any:
    """As the library makes them, of a class with the same fields and no methods."""
    declared: _Declared = cls.__declared__
    twin = type(
        cls.__name__, (), {**declared.defaults, "__annotations__": declared.types, "__module__": cls.__module__}
    )
    twin.__doc__ = ""  # it would write one
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=declared.kw_only)(twin)
    return made.__dataclass_fields__


def _init(cls: Any) -> Any:
    scope: dict[str, Any] = {"_unsaid": MISSING}
    taken, done = [], []
    for name, field in cls.__dataclass_fields__.items():
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        said = name
        if field.default_factory is not MISSING:
            scope[f"_make_{name}"] = field.default_factory
            said = f"_make_{name}() if {name} is _unsaid else {name}"
            taken.append(f"{name}=_unsaid")
        elif field.default is not MISSING:
            scope[f"_default_{name}"] = field.default
            taken.append(f"{name}=_default_{name}")
        else:
            taken.append(name)
        done.append(f"_set_{name}(self, {said})")
    star = ["*"] if cls.__declared__.kw_only and taken else []
    made = _compiled(cls, "__init__", ["self", *star, *taken], done or ["pass"], scope)
    made.__annotations__ = {**cls.__declared__.types, "return": None}
    return made


def _eq(cls: Any) -> Any:
    ours, theirs = _values(cls, "self"), _values(cls, "other")
    done = ["if other.__class__ is self.__class__:", f" return {ours} == {theirs}", "return NotImplemented"]
    return _compiled(cls, "__eq__", ["self", "other"], done, {})


def _hash(cls: Any) -> Any:
    return _compiled(cls, "__hash__", ["self"], [f"return hash({_values(cls, 'self')})"], {})


def _values(cls: Any, of: str) -> str:
    return f"({''.join(f'{of}.{name},' for name in cls.__declared__.types)})"


def _compiled(cls: type, name: str, taken: list[str], done: list[str], scope: dict[str, Any]) -> Any:
    scope["__name__"] = cls.__module__
    body = "".join(f"\n {line}" for line in done)
    exec(f"def {name}({', '.join(taken)}):{body}", scope)
    made = scope.pop(name)
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    return made


def _repr(self: Any) -> str:
    said = (f"{name}={getattr(self, name)!r}" for name in type(self).__declared__.types)
    return f"{type(self).__qualname__}({', '.join(said)})"


def _setattr(self: Any, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in type(self).__declared__.types]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(type(self).__declared__.types, state, strict=True):
        object.__setattr__(self, name, value)


SHARED = {
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
