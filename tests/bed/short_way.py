"""Rows in moto by the short way: past HTTP and moto's parsing, answered by our own engine.

moto keeps what it kept: its tables hold every row, its streams every record. But a call costs it three milliseconds,
nearly all of them for spelling and reading requests, so most calls are answered by `tests/engine`, which knows the same
rows and writes what changes into moto's table and stream. The first call of each form (operation, table, expressions)
and whatever is odd about its values goes the whole way through botocore and moto; there both must say the same. With
TUAN_BED=both every call goes both ways.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamRecord
from moto.dynamodb.models.table import Table as MotoTable

from tests.engine import Change, Engine
from tests.engine.template import core_table

BOTH_WAYS = os.environ.get("TUAN_BED") == "both"
KNOWN = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
SHAPING = (
    "TableName", "KeyConditionExpression", "ConditionExpression", "UpdateExpression", "ProjectionExpression",
    "IndexName", "Select", "ReturnValues",
)  # fmt: skip
NOISE = ("ResponseMetadata", "ConsumedCapacity", "UnprocessedKeys")
NOTHING_TO_COMPARE = ({}, [])
Whole = Callable[[], Any]

_met: set[Any] = set()
"""The forms of calls that this process has met."""


class ShortWay:
    """One region's tables, made when they are there."""

    def __init__(self, region: str) -> None:
        self._region = region
        self.differences: list[str] = []
        """Where moto said something else: an error of the engine, for whoever ends the bed."""
        self._quiet = False
        self.engine = Engine({name: core_table(moto.describe("Table")["Table"]) for name, moto in self.moto.items()})
        for name, table in self.engine.tables.items():
            table.watchers.append(self._writer(name))

    @property
    def moto(self) -> Mapping[str, MotoTable]:
        """Asked for anew each time: a transaction that moto rolls back puts other tables in their place."""
        tables: Mapping[str, MotoTable] = dynamodb_backends[DEFAULT_ACCOUNT_ID][self._region].tables
        return tables

    def call(self, operation: str, arguments: dict[str, Any], whole: Whole) -> Any:
        """Stands for a client's call to DynamoDB; `whole` is that call itself."""
        if operation not in KNOWN:
            return whole()
        form = _form(operation, arguments)
        if BOTH_WAYS or form not in _met or _odd(arguments):
            _met.add(form)
            return self._both_ways(operation, arguments, whole)
        return self.engine.call(operation, arguments)

    def _both_ways(self, operation: str, arguments: dict[str, Any], whole: Whole) -> Any:
        theirs = _outcome(whole)
        with self._quietly():
            ours = _outcome(lambda: self.engine.call(operation, arguments))
        if operation == "Query" and ours["Count"] == arguments.get("Limit"):
            # AWS names the last row whenever the limit was reached; moto only when there is more.
            theirs = {**theirs, "LastEvaluatedKey": ours["LastEvaluatedKey"]}
        if _said(ours) != _said(theirs):
            self.differences.append(f"{operation} {arguments}: {_said(ours)}, but moto: {_said(theirs)}")
        if isinstance(theirs, ClientError):
            raise theirs
        return theirs

    def relearn(self) -> None:
        """Reads moto's rows anew, after somebody wrote into them directly."""
        with self._quietly():
            for name, table in self.engine.tables.items():
                rows = {table.key(item): item for item in map(_wire, rows_of(self.moto[name]))}
                for gone in {table.key(item) for item in table.rows()} - rows.keys():
                    table.write(gone, None)
                for key, item in rows.items():
                    table.write(key, item)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """moto has it already."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _writer(self, name: str) -> Callable[[Change], None]:
        def written(change: Change) -> None:
            if self._quiet:
                return
            moto = self.moto[name]
            pk, sk = (DynamoType({"S": part}) for part in change.key)
            if change.new is None:
                del moto.items[pk][sk]
            else:
                moto.items[pk][sk] = LateItem(pk, sk, change.new)
            if moto.stream_shard is not None:
                moto.stream_shard.items.append(_record(moto, change))

        return written


class LateItem(Item):
    """moto's item, spelled in moto's types when somebody looks at it."""

    def __init__(self, hash_key: DynamoType, range_key: DynamoType, wire: dict[str, Any]) -> None:
        self.hash_key, self.range_key, self.wire = hash_key, range_key, wire

    def __getattr__(self, name: str) -> Any:
        if name != "attrs" or "wire" not in self.__dict__:
            raise AttributeError(name)
        super().__init__(self.hash_key, self.range_key, self.wire)
        return self.attrs


def rows_of(moto: MotoTable) -> Iterator[Item]:
    return (row for by_sort in moto.items.values() for row in by_sort.values())


def _wire(item: Item) -> dict[str, Any]:
    wire: dict[str, Any] = item.to_json()["Attributes"]
    return wire


def _record(moto: MotoTable, change: Change) -> StreamRecord:
    """As moto makes it."""
    shard = moto.stream_shard
    pk, sk = change.key
    images = {"NewImage": change.new, "OldImage": change.old}
    record = StreamRecord.__new__(StreamRecord)
    record.record = {
        "eventID": f"{len(shard.items):032x}",
        "eventName": "INSERT" if change.old is None else "REMOVE" if change.new is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.0",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "StreamViewType": moto.stream_specification["StreamViewType"],
            "ApproximateCreationDateTime": shard.created_on,
            "SequenceNumber": str(len(shard.items) + shard.starting_sequence_number),
            "SizeBytes": 1,
            "Keys": {moto.hash_key_attr: {"S": pk}, moto.range_key_attr: {"S": sk}},
            **{name: image for name, image in images.items() if image is not None},
        },
    }
    return record


def _form(operation: str, arguments: Mapping[str, Any]) -> Any:
    """What decides how a call is read; its values only decide the answer."""
    if "TransactItems" in arguments:
        actions = [next(iter(action.items())) for action in arguments["TransactItems"]]
        return operation, *((nature, *map(asked.get, SHAPING)) for nature, asked in actions)
    return operation, *map(arguments.get, SHAPING), *arguments.get("RequestItems", ())


def _odd(arguments: Mapping[str, Any]) -> bool:
    """Whether it writes what moto, like AWS, may refuse for its value alone: an empty key."""
    actions = [one for action in arguments.get("TransactItems", ()) for one in action.values()] or [arguments]
    return any(value == {"S": ""} for asked in actions for value in asked.get("Item", {}).values())


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        return error


def _said(outcome: Any) -> Any:
    """What matters of an answer: not its wording, and not what each says about itself."""
    if not isinstance(outcome, ClientError):
        return {name: value for name, value in outcome.items() if name not in NOISE and value not in NOTHING_TO_COMPARE}
    reasons: Any = outcome.response.get("CancellationReasons", [])
    told = [{name: one[name] for name in ("Code", "Item") if name in one} for one in reasons]
    return outcome.response["Error"]["Code"], told
