"""The list of mutants is true, and the quickest of them are caught in every run; `make prove` plays all."""

import ast
from collections import Counter

import pytest

from .play import ROOT, Mutant, mutants, mutated, play

LIST = mutants()
QUICK = ("float-money", "owe-a-refund-twice", "verdict-twice", "ignore-consent", "ignore-the-providers-time")


@pytest.mark.req("B31")
@pytest.mark.parametrize("mutant", LIST, ids=lambda one: one.name)
def test_its_line_is_found_and_its_tests_exist(mutant: Mutant) -> None:
    changed = mutated(mutant, (ROOT / mutant.file).read_text(encoding="utf-8"))
    ast.parse(changed)
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test


@pytest.mark.req("B31")
def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(LIST) >= 15
    assert [name for name, times in Counter(one.name for one in LIST).items() if times > 1] == []
    assert {one.promise for one in LIST} >= {1, 2, 3, 4, 5, 6, 7}


@pytest.mark.req("B31")
@pytest.mark.parametrize("name", QUICK)
def test_a_guard_taken_out_is_noticed(name: str) -> None:
    (mutant,) = [one for one in LIST if one.name == name]
    result = play(mutant)
    assert result.caught, result.said
