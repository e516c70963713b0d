"""Classes that are made leanly behave as the standard library's: every one of ours is held against it."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from typing import Any, Generic, TypeVar

import pytest

import chalicelib
from chalicelib.lean import lean

T = TypeVar("T")


@lean(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    seen: list[int] = dataclasses.field(default_factory=list)

    @property
    def far(self) -> bool:
        return self.x > 100


@lean(frozen=True, slots=True)
class Tall(Point, Generic[T]):
    z: T | None = None


def ours() -> set[Any]:
    """Every lean class that stands in a module of the sources."""
    found = set()
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and "__declared__" in vars(one):
                found.add(one)
    return found


def the_librarys(cls: Any) -> Any:
    """The same class, made by the standard library."""
    said = cls.__declared__
    body = {
        **said.defaults,
        "__annotations__": said.types,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
    }
    made: Any = type(cls.__name__, (), body)
    return dataclasses.dataclass(frozen=True, slots=True, kw_only=said.kw_only)(made)


def told(field: Any) -> tuple[Any, ...]:
    return field.name, field.type, field.default, field.default_factory, field.kw_only, field.init, field.compare


def taken(cls: Any) -> list[tuple[Any, ...]]:
    """What making an instance takes. The library's word for a default that is made is a private one."""
    made = {field.name for field in dataclasses.fields(cls) if field.default_factory is not dataclasses.MISSING}
    given = inspect.signature(cls).parameters.values()
    return [(one.name, one.kind, one.annotation, one.name in made or one.default) for one in given]


def test_every_class_of_ours_is_what_the_library_would_have_made() -> None:
    classes = ours()
    assert len(classes) > 200
    for cls in classes:
        twin = the_librarys(cls)
        assert list(map(told, dataclasses.fields(cls))) == list(map(told, dataclasses.fields(twin))), cls
        assert taken(cls) == taken(twin), cls
        assert cls.__match_args__ == twin.__match_args__, cls
        whole = {field.name: field.name for field in dataclasses.fields(cls)}
        least = {name: name for name, one in inspect.signature(cls).parameters.items() if one.default is one.empty}
        for values in (whole, least):
            one, theirs = cls(**values), twin(**values)
            assert repr(one) == repr(theirs), cls
            assert one == cls(**values) and one != theirs, cls
            assert all(getattr(one, name) == getattr(theirs, name) for name in whole), cls
        one, theirs = cls(**whole), twin(**whole)
        assert hash(one) == hash(theirs), cls
        for name in whole:
            assert dataclasses.replace(one, **{name: "another"}) != one, (cls, name)
        with pytest.raises(TypeError, match="unexpected keyword"):
            cls(**whole, nothing_of_ours=1)


def test_an_instance_cannot_be_changed_and_has_room_for_nothing_else() -> None:
    point = Point(1)
    for name in ("x", "nothing"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(point, name, 2)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(point, name)
    assert not hasattr(point, "__dict__")


def test_defaults_that_are_made_are_made_for_each() -> None:
    assert Point(1).seen == [] and Point(1).seen is not Point(1).seen
    assert Point(1, 2, [3]).seen == [3]


def test_a_class_above_gives_its_fields_first() -> None:
    assert Tall(1, 2, [3], "up") == Tall(x=1, y=2, seen=[3], z="up")
    assert [field.name for field in dataclasses.fields(Tall)] == ["x", "y", "seen", "z"]
    assert Tall(101).far and Tall(1) != Point(1)


def test_copies_and_what_was_laid_aside_are_equal() -> None:
    point = Point(1, 2, [3])
    for twin in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert twin == point and twin is not point


def test_a_class_taken_apart_by_its_places() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_nothing_is_compiled_before_it_is_used() -> None:
    """The point of it all: a class costs its slots, until somebody makes an instance, compares or hashes one."""

    @lean(frozen=True, slots=True)
    class Unused:
        x: int

    def waiting() -> set[str]:
        return {name for name, held in vars(Unused).items() if type(held).__name__ == "_Later"}

    assert waiting() == {"__init__", "__eq__", "__hash__", "__dataclass_fields__"}
    one = Unused(1)
    assert waiting() == {"__eq__", "__hash__"}
    assert one == Unused(1)
    assert waiting() == {"__hash__"}
    assert {one: 2}[Unused(1)] == 2
    assert waiting() == set()


def test_what_it_cannot_make_it_refuses() -> None:
    with pytest.raises(TypeError, match="nothing for a lean dataclass"):

        @lean(frozen=True, slots=True)
        class Busy:
            x: int

            def __post_init__(self) -> None: ...

    with pytest.raises(TypeError, match="nothing for a lean dataclass"):

        @lean(frozen=True, slots=True, kw_only=True)
        class Mixed(Point):
            z: int


def test_classes_that_may_change_are_the_librarys() -> None:
    @lean(slots=True, kw_only=True)
    class Sum:
        so_far: int = 0

    one = Sum()
    one.so_far += 1
    assert one == Sum(so_far=1)
