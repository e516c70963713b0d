"""The bed's short way to moto: its tables and streams hold what the engine says, and what differs is not kept quiet."""

from collections.abc import Iterator

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.campaign import Stock
from chalicelib.domain.writes import Create, Replace
from tests.bed import Bed, bed, short_way

STOCK = Stock(campaign_id="c1", left={"apples": 5, "梨 #1": 2})


@pytest.fixture(scope="module")
def made() -> Iterator[Bed]:
    with Bed.made() as one:
        yield one


def stocked(made: Bed, name: str) -> Stock:
    """Written, changed and read often enough that each of these has gone the short way."""
    store = wiring.world().store
    for number in range(3):
        first = Stock(campaign_id=f"{name}{number}", left=STOCK.left)
        store.commit(Create(first))
        there = store.stock(first.campaign_id)
        assert there is not None
        store.commit(Replace(Stock(campaign_id=there.campaign_id, left={"apples": 4}, version=there.version)))
    last = store.stock(f"{name}2")
    assert last is not None
    return last


def test_motos_table_and_stream_hold_what_went_the_short_way(made: Bed) -> None:
    shard = made.table.stream_shard
    before = len(shard.items)
    assert stocked(made, "a").left == {"apples": 4}
    scanned = boto3.client("dynamodb", region_name=bed.REGION).scan(TableName=bed.CORE)["Items"]
    theirs = sorted(scanned, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    assert theirs == list(made.rows.engine.tables[bed.CORE].rows())
    told = [record.to_json() for record in shard.items[before:]]
    assert [one["eventName"] for one in told] == ["INSERT", "MODIFY"] * 3
    assert told[-1]["dynamodb"]["OldImage"] != told[-1]["dynamodb"]["NewImage"]
    assert told[-1]["dynamodb"]["Keys"] == {name: told[-1]["dynamodb"]["NewImage"][name] for name in ("pk", "sk")}


def test_what_is_written_into_moto_directly_is_learnt_when_asked(made: Bed) -> None:
    stocked(made, "b")
    (row,) = (row for row in short_way.rows_of(made.table) if row.hash_key.value == "CAMPAIGN#b2")
    row.attrs["body"].value["left"].value["apples"].value = "1"
    made.rows.relearn()
    there = wiring.world().store.stock("b2")
    assert there is not None and there.left == {"apples": 1}


def test_an_answer_that_moto_does_not_give_fails_the_bed(made: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(made, "c")
    monkeypatch.setattr(short_way, "_met", set())
    monkeypatch.setattr(made.rows.engine, "call", lambda operation, arguments: {})
    wiring.world().store.stock("c2")
    assert [one.partition(" ")[0] for one in made.rows.differences] == ["GetItem"]
    made.rows.differences.clear()
