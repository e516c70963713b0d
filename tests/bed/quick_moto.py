"""Makes moto's transactions cost what they touch.

moto copies the whole table once per action to be able to roll back; only the rows a transaction names can
change, so only they need copying. What is rolled back stays exactly the same.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_original = DynamoDBBackend.transact_write_items
_touched: list[tuple[str, str]] = []
_twins: dict[int, Table] = {}


def _named(action: dict[str, Any]) -> tuple[str, str]:
    (operation,) = action.values()
    key = operation.get("Item") or operation["Key"]
    return key["pk"]["S"], key["sk"]["S"]


def _snapshot(table: Table, memo: dict[int, Any]) -> Table:
    """Asked for before each action; nothing has been written yet, so the first answer is every answer."""
    del memo
    if id(table) not in _twins:
        _twins[id(table)] = _twin(table)
    return _twins[id(table)]


def _twin(table: Table) -> Table:
    twin = copy.copy(table)
    twin.items = defaultdict(dict, table.items)
    for pk, sk in _touched:
        hash_key, range_key = DynamoType({"S": pk}), DynamoType({"S": sk})
        if hash_key in table.items:
            rows = dict(twin.items[hash_key])
            if range_key in rows:
                rows[range_key] = copy.deepcopy(rows[range_key])
            twin.items[hash_key] = rows
    if table.stream_shard is not None:
        twin.stream_shard = copy.copy(table.stream_shard)
        twin.stream_shard.items = list(table.stream_shard.items)
        twin.stream_shard.table = twin
    return twin


def _transact(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    _touched[:] = [_named(action) for action in transact_items]
    _twins.clear()
    _original(self, transact_items)


@contextmanager
def quick_moto() -> Iterator[None]:
    Table.__deepcopy__ = _snapshot  # type: ignore[attr-defined]
    DynamoDBBackend.transact_write_items = _transact  # type: ignore[method-assign]
    try:
        yield
    finally:
        del Table.__deepcopy__  # type: ignore[attr-defined]
        DynamoDBBackend.transact_write_items = _original  # type: ignore[method-assign]
