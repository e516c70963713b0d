"""What the engine adds to a plain table: limits, the stream, trailing indexes, paging, units."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .core import Engine
from .errors import conflict
from .template import core_table
from .units import Meter, size

T = "t"


def row(pk: str, **more: dict[str, Any]) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}, **more}


def put(pk: str, **more: dict[str, Any]) -> dict[str, Any]:
    return {"Put": {"TableName": T, "Item": row(pk, **more)}}


@pytest.fixture
def engine() -> Engine:
    return Engine({T: core_table()}, meter=Meter())


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_transaction_names_each_row_once_and_at_most_a_hundred(engine: Engine) -> None:
    with pytest.raises(ClientError) as twice:
        engine.call("TransactWriteItems", {"TransactItems": [put("a"), put("a")]})
    with pytest.raises(ClientError) as many:
        engine.call("TransactWriteItems", {"TransactItems": [put(str(k)) for k in range(101)]})
    assert code(twice) == code(many) == "ValidationException"
    assert list(engine.tables[T].rows()) == []


def test_a_refused_transaction_changes_nothing_and_says_why_in_order(engine: Engine) -> None:
    engine.call("PutItem", {"TableName": T, "Item": row("b", n={"N": "1"})})
    absent = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    second = {"Put": {**put("b")["Put"], **absent}}
    with pytest.raises(ClientError) as refused:
        engine.call("TransactWriteItems", {"TransactItems": [put("a"), second, put("c")]})
    reasons: Any = refused.value.response.get("CancellationReasons")
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
    assert reasons[1]["Item"] == row("b", n={"N": "1"})
    assert [item["pk"]["S"] for item in engine.tables[T].rows()] == ["b"]


def test_an_update_without_its_parent_is_a_validation_error(engine: Engine) -> None:
    update = {
        "TableName": T,
        "Key": row("a"),
        "UpdateExpression": "SET #0.#1 = :0",
        "ExpressionAttributeNames": {"#0": "body", "#1": "n"},
        "ExpressionAttributeValues": {":0": {"N": "1"}},
    }
    with pytest.raises(ClientError) as alone:
        engine.call("UpdateItem", update)
    with pytest.raises(ClientError) as together:
        engine.call("TransactWriteItems", {"TransactItems": [{"Update": update}, put("b")]})
    reasons: Any = together.value.response.get("CancellationReasons")
    assert code(alone) == "ValidationException" and reasons[0]["Code"] == "ValidationError"


def test_the_stream_has_both_images_and_no_record_of_a_write_that_changed_nothing(engine: Engine) -> None:
    for number in ("1", "1", "2"):
        engine.call("PutItem", {"TableName": T, "Item": row("a", n={"N": number})})
    engine.call("DeleteItem", {"TableName": T, "Key": row("a")})
    images = [(c.old and c.old["n"]["N"], c.new and c.new["n"]["N"]) for c in engine.tables[T].stream]
    assert images == [(None, "1"), ("1", "2"), ("2", None)]


def test_an_index_may_trail_its_rows(engine: Engine) -> None:
    table = engine.tables[T]
    table.lag = lambda waiting: waiting - 1
    for number in range(3):
        due = {"due_shard": {"S": "7"}, "due_at": {"N": str(number)}}
        engine.call("PutItem", {"TableName": T, "Item": row(f"r{number}", **due)})
    asked = {
        "TableName": T,
        "IndexName": "due",
        "KeyConditionExpression": "due_shard = :s",
        "ExpressionAttributeValues": {":s": {"S": "7"}},
    }
    seen = engine.call("Query", asked)["Items"]
    assert [item["pk"]["S"] for item in seen] == ["r0", "r1"]
    assert seen[0].keys() == {"pk", "sk", "due_shard", "due_at"}
    table.catch_up()
    assert engine.call("Query", {**asked, "Select": "COUNT"}) == {"Count": 3, "ScannedCount": 3}


def test_a_read_that_is_not_consistent_may_be_stale(engine: Engine) -> None:
    engine.stale = lambda: True
    for number in ("1", "2"):
        engine.call("PutItem", {"TableName": T, "Item": row("a", n={"N": number})})
    asked = {"TableName": T, "Key": row("a")}
    assert engine.call("GetItem", asked)["Item"]["n"] == {"N": "1"}
    assert engine.call("GetItem", {**asked, "ConsistentRead": True})["Item"]["n"] == {"N": "2"}


def test_pages_end_early_when_asked_and_go_on_where_they_ended() -> None:
    engine = Engine({T: core_table()}, page_rows=2)
    for number in range(5):
        item = {"pk": {"S": "p"}, "sk": {"S": str(number)}}
        engine.call("PutItem", {"TableName": T, "Item": item})
    seen: list[str] = []
    start: dict[str, Any] = {}
    while True:
        asked = {"TableName": T, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
        answer = engine.call("Query", {**asked, **start, "ScanIndexForward": False})
        seen += [item["sk"]["S"] for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert seen == ["4", "3", "2", "1", "0"]


def test_units_are_counted_by_size_twice_in_transactions_and_for_each_index(engine: Engine) -> None:
    meter = engine.meter
    assert meter is not None
    big = {"S": "x" * 1500}
    engine.call("PutItem", {"TableName": T, "Item": row("a", text=big)})
    assert +meter.writes == {"table": 2}
    due = {"due_shard": {"S": "1"}, "due_at": {"N": "5"}}
    engine.call("TransactWriteItems", {"TransactItems": [put("a", text=big, **due)]})
    assert +meter.writes == {"table": 6, "due": 1}
    moved = {**due, "due_at": {"N": "6"}}
    engine.call("PutItem", {"TableName": T, "Item": row("a", text={"S": ""}, **moved)})
    assert +meter.writes == {"table": 8, "due": 3}, "a moved entry is deleted and put"
    engine.call("GetItem", {"TableName": T, "Key": row("a"), "ConsistentRead": True})
    assert meter.read_halves["table"] == 2


def test_sizes_follow_the_published_rules() -> None:
    assert size({"ab": {"S": "é"}}) == 4
    assert size({"n": {"N": "-1234"}}) == 1 + 2 + 2
    assert size({"m": {"M": {"k": {"BOOL": True}}}, "l": {"L": [{"NULL": True}]}}) == 1 + 3 + 3 + 1 + 3 + 2


def test_an_item_over_400_kb_is_refused(engine: Engine) -> None:
    with pytest.raises(ClientError) as refused:
        engine.call("PutItem", {"TableName": T, "Item": row("a", text={"S": "x" * 500_000})})
    assert code(refused) == "ValidationException"


def test_a_conflict_names_its_row() -> None:
    reasons: Any = conflict("TransactWriteItems", 3, 1).response.get("CancellationReasons")
    assert [reason["Code"] for reason in reasons] == ["None", "TransactionConflict", "None"]
