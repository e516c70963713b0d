"""A counter that never goes over its limit, whoever counts beside it (N9)."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.spent import Spent
from chalicelib.domain.writes import Create
from chalicelib.store.timers import DynamoStore

NOW = 1_795_000_000_000
OWNER = ("campaign.c1", "all")


@pytest.mark.req("N9")
@pytest.mark.parametrize("most", [0, 1, 3])
def test_as_many_as_allowed_and_no_more(store: DynamoStore, most: int) -> None:
    said = [store.spend(*OWNER, most, NOW) for _ in range(most + 2)]
    assert said == [True] * most + [False, False]


@pytest.mark.req("N9")
def test_who_counts_first_at_the_same_moment_is_counted_with(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual: Callable[..., Any] = store.commit
    monkeypatch.setattr(store, "commit", lambda *writes: (usual(Create(_one())), usual(*writes)))
    assert store.spend(*OWNER, 2, NOW)
    monkeypatch.undo()
    assert not store.spend(*OWNER, 2, NOW), "the other's and this one"


def _one() -> Spent:
    return Spent(owner=OWNER[0], window=OWNER[1], used=1, began_at=NOW)
