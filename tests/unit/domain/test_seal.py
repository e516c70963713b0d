"""Marks on links (N7): good for what they were made for, for as long as they were, and nobody else can make one."""

import pytest

from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.seal import holds, sealed

NOW = 1_793_491_200_000
KEYS = ("today", "yesterday")
MARK = sealed("today", "read", "g1-00mei", "batch_ready", until=NOW + DAY)


def test_a_mark_is_short_and_holds_until_its_hour_is_over() -> None:
    assert len(MARK) < 24
    assert holds(MARK, KEYS, "read", "g1-00mei", "batch_ready", now=NOW + DAY)
    assert not holds(MARK, KEYS, "read", "g1-00mei", "batch_ready", now=NOW + DAY + HOUR)


def test_a_rotated_key_still_opens_and_an_older_one_does_not() -> None:
    old = sealed("yesterday", "read", until=NOW)
    assert holds(old, KEYS, "read", now=NOW)
    assert not holds(old, ("tomorrow", "today"), "read", now=NOW)


@pytest.mark.parametrize(
    "forged",
    ["", ".", "zzzz.", MARK[:-1] + ("A" if MARK[-1] != "A" else "B"), "z" + MARK[1:], "é" + MARK, "9" * 30 + ".x",
     MARK.partition(".")[2], "-1.x", "0x1.y"],
)  # fmt: skip
def test_a_forged_one_is_nothing(forged: str) -> None:
    assert not holds(forged, KEYS, "read", "g1-00mei", "batch_ready", now=NOW)


@pytest.mark.parametrize(
    "bound", [("read", "g1-00lan", "batch_ready"), ("email", "g1-00mei", "batch_ready"), ("read",)]
)
def test_another_things_mark_is_nothing(bound: tuple[str, ...]) -> None:
    assert not holds(MARK, KEYS, *bound, now=NOW)
