"""Timers and other single updates: what is due, what stumbled, what is parked, sealed, spread and counted up."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.group import Slice
from chalicelib.domain.instants import HOUR, MINUTE
from chalicelib.domain.ports import DueRow, RowKey
from chalicelib.domain.refusals import Broken, Lost
from chalicelib.domain.tally import Numbers, Scope, Tally
from chalicelib.domain.upkeep import MOST_STUMBLES
from chalicelib.domain.writes import Create, Replace
from chalicelib.store.timers import DynamoStore
from tests.bed.aws import Hook
from tests.unit.domain import given as story
from tests.unit.domain.given import NOON

from .conftest import TABLE

SLICE = Slice(group_id="g1", number=0, left={"apples": 5}, seats=3, opens_at=1_000, closes_at=2_000)
ORDER = story.order(version=0, due_at=NOON)


def conflict_once(operation: str) -> Any:
    """The first such call meets a transaction on the same row, as it may in a crowd."""
    met: list[str] = []

    def fault(service: str, called: str, arguments: dict[str, Any], call: Any) -> Any:
        if called == operation and not met:
            met.append(called)
            if called.startswith("Transact"):
                reasons = [{"Code": "TransactionConflict", "Message": ""} for _ in arguments["TransactItems"]]
                answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
                raise ClientError(answer, called)
            raise ClientError({"Error": {"Code": "TransactionConflictException"}}, called)
        return call()

    return fault


# due


@pytest.mark.req("R1")
def test_due_lists_the_rows_whose_time_has_come_from_all_shards(store: DynamoStore) -> None:
    for k in range(60):
        store.commit(Create(story.order(id=f"g1-00b{k}", buyer_id=f"b{k}", version=0, due_at=NOON + k)))
    store.commit(Create(story.order(id="g1-00rests", version=0)))

    found = list(store.due(NOON + 39))

    assert {row.key.sk for row in found} == {f"ORDER#g1-00b{k}" for k in range(40)}, "and none that rests"
    assert all(row.due_at <= NOON + 39 for row in found)
    assert [row.due_at - NOON for row in store.due_soon(5)] == [0, 1, 2, 3, 4]


def test_a_timer_moves_and_clears_with_the_row_itself(store: DynamoStore) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    assert list(store.due(NOON)) == [DueRow(key, NOON)]
    store.commit(Replace(replace(ORDER, version=1, due_at=NOON + 5)))
    assert list(store.due(NOON)) == [] and list(store.due(NOON + 5)) == [DueRow(key, NOON + 5)]
    store.commit(Replace(replace(ORDER, version=2, due_at=None)))
    assert list(store.due(NOON + HOUR)) == []


# a row that cannot be processed


def stumble_to_the_end(store: DynamoStore, key: RowKey) -> list[int]:
    """The rests between failures, in milliseconds."""
    rests, now = [], NOON
    while not store.stumble(key, "Broken: no such thing", now):
        (row,) = store.due(now + 2 * HOUR)
        rests.append(row.due_at - now)
        now = row.due_at
    return rests


def test_a_row_that_keeps_failing_rests_longer_each_time_and_is_parked_with_its_reason(store: DynamoStore) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)

    rests = stumble_to_the_end(store, key)

    assert rests == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert len(rests) == MOST_STUMBLES - 1
    assert list(store.due(NOON + 99 * HOUR)) == [], "it stops nobody else"
    (parked,) = store.parked(10, None).rows
    assert (parked.pk, parked.sk, parked.kind, parked.reason) == (key.pk, key.sk, "order", "Broken: no such thing")


def test_put_back_it_is_due_again_with_a_clean_sheet_and_off_the_list(store: DynamoStore) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    stumble_to_the_end(store, key)

    assert store.put_back(key, NOON + HOUR)

    assert list(store.due(NOON + HOUR)) == [DueRow(key, NOON + HOUR)]
    assert store.parked(10, None).rows == []
    assert store.wakeable(key) == replace(ORDER, version=1, due_at=NOON + HOUR), "the row itself is as it was"
    assert not store.put_back(key, NOON), "putting back what is not parked does nothing"
    assert not store.stumble(key, "again", NOON + HOUR), "and it may stumble again before it is parked"


def test_a_row_that_was_done_meanwhile_forgets_its_stumbles(store: DynamoStore) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    for _ in range(MOST_STUMBLES - 1):
        store.stumble(key, "x", NOON)
    store.commit(Replace(replace(ORDER, version=1, due_at=NOON)))
    assert not store.stumble(key, "x", NOON)


@pytest.mark.req("B21")
def test_trouble_behind_a_claim_is_counted_on_and_parked(store: DynamoStore) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    for stumbles in range(MOST_STUMBLES - 1):
        row = store.wakeable(key)
        assert row is not None and row.stumbles == stumbles
        store.commit(Replace(replace(row, due_at=NOON), claim=True))
        assert not store.stumble(key, "x", NOON)
    row = store.wakeable(key)
    assert row is not None
    store.commit(Replace(row, claim=True))
    assert store.stumble(key, "x", NOON), "a claim is no progress"


def test_the_stumble_of_a_row_that_rests_or_is_gone_changes_nothing(store: DynamoStore) -> None:
    store.commit(Create(replace(ORDER, due_at=None)))
    assert not store.stumble(store.key_of(ORDER), "x", NOON)
    assert not store.stumble(RowKey("no", "where"), "x", NOON)
    assert list(store.due(NOON + HOUR)) == []


def test_a_row_nobody_can_read_can_still_be_parked(store: DynamoStore, client: Any) -> None:
    """Its kind is one we do not know, and its body is nonsense."""
    item = {"pk": "X", "sk": "Y", "kind": "mystery", "due_shard": "3", "hot": "1"}
    numbers = {"shape": "1", "version": "1", "due_at": str(NOON)}
    client.put_item(
        TableName=TABLE,
        Item={**{k: {"S": v} for k, v in item.items()}, **{k: {"N": v} for k, v in numbers.items()}, "body": {"M": {}}},
    )
    key = RowKey("X", "Y")
    with pytest.raises(Broken):
        store.wakeable(key)
    stumble_to_the_end(store, key)
    (parked,) = store.parked(10, None).rows
    assert parked.kind == "mystery" and list(store.due(NOON + HOUR)) == []
    assert store.put_back(key, NOON)


def test_parked_rows_are_paged(store: DynamoStore) -> None:
    for buyer in ("an", "bo", "chen"):
        order = story.order(id=f"g1-00{buyer}", buyer_id=buyer, version=0, due_at=NOON)
        store.commit(Create(order))
        for turn in range(MOST_STUMBLES):
            store.stumble(store.key_of(order), "x", NOON + turn)
    first = store.parked(2, None)
    rest = store.parked(2, first.next)
    assert [row.sk for row in [*first.rows, *rest.rows]] == [f"ORDER#g1-00{b}" for b in ("an", "bo", "chen")]


def test_parking_that_met_a_conflict_is_not_called_parked(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    for turn in range(MOST_STUMBLES - 1):
        store.stumble(key, "x", NOON + turn)
    hook.fault = conflict_once("TransactWriteItems")
    with pytest.raises(Lost):
        store.stumble(key, "x", NOON)
    assert not store.parked(10, None).rows
    assert store.stumble(key, "x", NOON)
    assert len(store.parked(10, None).rows) == 1


def test_putting_back_that_met_a_conflict_asks_to_look_again(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(ORDER))
    key = store.key_of(ORDER)
    stumble_to_the_end(store, key)
    hook.fault = conflict_once("TransactWriteItems")
    with pytest.raises(Lost):
        store.put_back(key, NOON)


# the seal


@pytest.mark.req("R1")
def test_a_seal_holds_and_may_be_set_again(store: DynamoStore) -> None:
    store.commit(Create(SLICE))
    once, again = store.seal("g1", 0), store.seal("g1", 0)
    assert once == replace(SLICE, sealed=True, version=2)
    assert (again.sealed, again.left, again.seats) == (True, {"apples": 5}, 3)
    with pytest.raises(Lost):
        store.commit(Replace(replace(SLICE, version=1)))  # what was seen before the seal is no longer so


def test_what_is_not_there_cannot_be_sealed(store: DynamoStore) -> None:
    with pytest.raises(Lost):
        store.seal("g1", 0)
    assert store.slice("g1", 0) is None


# the deadline


@pytest.mark.parametrize(
    ("moves", "closes_at"),
    [
        ([(1, 3_000)], 3_000),
        ([(1, 3_000), (2, 2_500)], 2_500),
        ([(2, 2_500), (1, 3_000)], 2_500),  # a late echo of an older move
        ([(1, 3_000), (1, 9_000)], 3_000),  # the same number says the same once
        ([(0, 9_000)], 2_000),
    ],
)
def test_a_slice_takes_only_a_later_move_of_its_deadline(
    store: DynamoStore, moves: list[tuple[int, int]], closes_at: int
) -> None:
    store.commit(Create(SLICE))
    for number, at in moves:
        store.spread_deadline("g1", 0, at, number)
    found = store.slice("g1", 0)
    assert found is not None
    assert (found.closes_at, found.deadline_number) == (closes_at, max(number for number, _ in moves))


def test_a_sealed_slice_has_been_counted_and_keeps_its_deadline(store: DynamoStore) -> None:
    store.commit(Create(replace(SLICE, sealed=True)))
    store.spread_deadline("g1", 0, 9_000, 1)
    assert store.slice("g1", 0) == replace(SLICE, sealed=True, version=1)


def test_a_move_that_met_a_join_on_the_slice_is_not_thought_done(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(SLICE))
    hook.fault = conflict_once("UpdateItem")
    try:
        store.spread_deadline("g1", 0, 3_000, 1)
    except Lost:
        store.spread_deadline("g1", 0, 3_000, 1)
    found = store.slice("g1", 0)
    assert found is not None and found.closes_at == 3_000


# numbers for show


@pytest.mark.req("M1")
def test_counting_up_adds_and_sets_the_tallys_timer_once(store: DynamoStore) -> None:
    tally = Tally(scope=Scope.GROUP, id="g1", campaign_id="c1", as_of=NOON, units={"apples": 1})
    store.commit(Create(tally))

    store.count_up(Scope.GROUP, "g1", Numbers(held=1, held_units=2), {"apples": 2, "new.one": 3}, NOON + 1)
    store.count_up(Scope.GROUP, "g1", Numbers(held=-1, paid=1), {"apples": -1}, NOON + 2)

    found = store.tally(Scope.GROUP, "g1")
    assert found is not None
    assert found.numbers == Numbers(held=0, held_units=2, paid=1)
    assert (found.units, found.as_of) == ({"apples": 2, "new.one": 3}, NOON + 2)
    assert found.due_at == NOON + 1 + 5_000, "a busy tally is not put off for ever"
    assert [row.key for row in store.due(NOON + HOUR)] == [store.key_of(tally)]


def test_a_tally_that_does_not_exist_is_left_for_the_recount(store: DynamoStore) -> None:
    store.count_up(Scope.GROUP, "g1", Numbers(held=1), {}, NOON)
    assert store.tally(Scope.GROUP, "g1") is None


def test_two_recounts_of_one_moment_correct_once(store: DynamoStore) -> None:
    """Two workers look at the same tally: both find one paid order missing; it is added once."""
    store.commit(Create(Tally(scope=Scope.GROUP, id="g1", campaign_id="c1", as_of=NOON)))
    for moment in (NOON, NOON + MINUTE):
        seen = store.tally(Scope.GROUP, "g1")
        assert seen is not None
        for _ in range(2):
            store.correct_tally(seen, Numbers(paid=1), {"apples": 2}, moment, moment + MINUTE)
    fresh = store.tally(Scope.GROUP, "g1")
    assert fresh is not None
    assert (fresh.numbers.paid, dict(fresh.units)) == (2, {"apples": 4})
    assert fresh.recounted_version == fresh.version
