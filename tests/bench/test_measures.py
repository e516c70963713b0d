"""The measures can be wrong in both directions: each is shown something it must notice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.refusals import Refused
from chalicelib.services.buying import seats
from chalicelib.services.selling import browse

from . import breadth, cold, hot, looks, performance, race, rate, reasons
from .house import House
from .storm import Night, Storm

SMALL: dict[str, object] = {"stock": 400, "workers": 30, "rate": 2_000, "seconds": 2, "most": 600}


def test_selling_out_tells_nobody_full_too_early() -> None:
    found = hot.sold_out(**SMALL)
    assert (found.joined, found.refused, found.false_full, found.exact) == (400, 200, 0, True)


def test_full_said_too_early_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a shop that says "full" as soon as one slice is short."""

    def hasty(world: Any, group: Any, number: int, lines: Mapping[str, int], places: int, now: int) -> None:
        raise Refused("group_full")

    monkeypatch.setattr(seats, "gather", hasty)
    assert hot.sold_out(**SMALL).false_full > 0


@pytest.fixture(scope="module")
def night() -> Night:
    return played(shoppers=2)


def played(shoppers: int) -> Night:
    with House.built() as house:
        storm = Storm(house, 12, 60, 3)
        storm.shoppers = shoppers
        return storm.play()


def test_every_write_of_a_night_is_somebodys(night: Night) -> None:
    assert night.resolved == night.groups == night.verdicts
    assert night.written["elsewhere"] > 0
    assert night.written.get("nobody", 0) < night.written["night"] / 50


def test_shopping_elsewhere_is_not_the_nights(night: Night) -> None:
    busier = played(shoppers=5)
    assert busier.written["elsewhere"] > 1.5 * night.written["elsewhere"]
    assert busier.writes_per_order == pytest.approx(night.writes_per_order, rel=0.02)


@pytest.mark.parametrize(("factor", "said"), [(1.0, "reached"), (1.2, "**missed**"), (0.8, "**missed**")])
def test_dearer_and_cheaper_orders_are_both_no_constant(night: Night, factor: float, said: str) -> None:
    other = replace(night, writes_per_order=night.writes_per_order * factor)
    lines = performance.night(performance.Found({"storm": other, "storm_small": night}))
    assert next(line.cells()[3] for line in lines if "write units per order" in line.goal) == said


def test_whatever_is_missed_is_explained(night: Night) -> None:
    """Every goal that can be found, found missed: each is named in the section of what is not reached."""
    found = performance.Found(
        {
            "race": [race.Outcome(8, 1, 501, 199, 0, 501, -1, 1.0)],
            "handler": rate.HandlerTime(9.0, 9.0, 2.0),
            "rates": rate.Rates(100, 200, 0.5, 0.5, 2, 3),
            "peers": {"ratio": 19, "ours": 332, "theirs": 18.0, "p95": 0.06, "load": 9.6, "rounds": 5,
                      "ours_p95_ms": 37, "theirs_p95_ms": 591, "made_at": ""},
            "storm": replace(night, verdicts=1, resolved=1, most_asked=99, over_limit=1, others_p99_ms=999),
            "cold": ({"api.zip": (4 << 20, 3 << 20)}, (200.0, [cold.Start("api", 400, 2.0, 500, 2.5, ())])),
            "reading": looks.looks(),
        }
    )  # fmt: skip
    lines = performance.goals_of(found)
    missed = [line for line in lines if line.reached is False]
    assert len(missed) >= 14
    (_, said) = reasons.section(lines)
    assert [line.goal for line in missed if f"**{line.goal}** (" not in said] == []


def test_a_goal_without_a_reason_for_missing_it_can_not_be_set() -> None:
    with pytest.raises(ValueError, match="no reason"):
        reasons.Line("2 faster", "20x", "19x", False, "make bench-peers", " ")


def test_a_304_is_counted_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    look = next(one for one in looks.looks() if one.what == "progress")
    assert (look.again_status, look.again_calls) == (304, 1)
    plain = browse.progress

    def twice(*asked: Any, **named: Any) -> Any:
        plain(*asked, **named)
        return plain(*asked, **named)

    monkeypatch.setattr(browse, "progress", twice)
    assert next(one for one in looks.looks() if one.what == "progress").again_calls == 2


def test_a_304_of_the_hall_is_counted_cold_and_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    look = next(one for one in looks.looks() if one.what.startswith("hall"))
    assert (look.calls, look.again_status, look.again_calls, look.warm_calls) == (2, 304, 2, 0)
    monkeypatch.setattr(browse, "HALL_KEPT_MS", 0)  # the control: nothing is kept
    assert next(one for one in looks.looks() if one.what.startswith("hall")).warm_calls == 2


@pytest.mark.req("S2")
def test_a_groups_page_costs_the_same_whatever_its_size_and_its_writes_grow_in_step() -> None:
    small, large = breadth.breadth(20), breadth.breadth(80)
    for looked in ("open_look", "way_look", "figures_look"):
        one, other = getattr(small, looked), getattr(large, looked)
        assert (one.calls, one.reads) == (other.calls, other.reads)
        assert one.total <= 2 and not one.writes and not other.writes
    assert large.bought.writes == 4 * small.bought.writes
    assert large.decided.writes <= 4 * small.decided.writes
