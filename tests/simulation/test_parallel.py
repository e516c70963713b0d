"""Seats in real parallel, from processes of their own against engines outside (B13); `tests.bench.race` plays more."""

from unittest import mock

import pytest

from chalicelib.store import commit
from tests.bench import race
from tests.bench.crew import Here
from tests.bench.peer_engine import NotHere
from tests.bench.race import Outcome, races

from .test_control import _take_whatever_is_left

BUYERS, UNITS, PROCESSES = 70, 50, 4


@pytest.mark.bar("B13")
@pytest.mark.bar("B15")
@pytest.mark.parametrize("engine", ["ministack", "dynoxide"])
def test_in_real_parallel_exactly_the_units_are_sold_and_nobody_is_sent_away_too_soon(engine: str) -> None:
    try:
        found = races(1, (PROCESSES,), (1, 3, 8), engine=engine, buyers=BUYERS, units=UNITS)
    except NotHere as why:
        pytest.skip(str(why))
    assert [one for one in found if not one.exact] == []
    assert len(found) == 3


def join_unguarded(here: Here, group_id: str, buyers: list[int]) -> dict[str, int]:
    """As `join_these`, in a process whose slices give what they no longer have."""
    with mock.patch.object(commit, "take_from_slice", _take_whatever_is_left):
        return race.join_these(here, group_id, buyers)


@pytest.mark.bar("B13")
def test_without_the_guard_the_same_race_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the race does put the guard to the test."""
    monkeypatch.setattr(race, "TASK", join_unguarded)
    (found,) = races(1, (PROCESSES,), (1,), engine="ministack", buyers=BUYERS, units=UNITS)
    assert isinstance(found, Outcome)
    assert found.orders > UNITS and not found.exact
