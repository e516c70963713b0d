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
from moto.dynamodb.models.table import Table

_original = DynamoDBBackend.transact_write_items
_touched: list[tuple[str, str]] = []


def _named(action: dict[str, Any]) -> tuple[str, str]:
    (operation,) = action.values()
    key = operation.get("Item") or operation["Key"]
    return key["pk"]["S"], key["sk"]["S"]


def _snapshot(table: Table, memo: dict[int, Any]) -> Table:
    del memo
    twin = copy.copy(table)
    twin.items = defaultdict(dict, table.items)
    for pk, sk in _touched:
        for hash_key, rows in table.items.items():
            if hash_key.value == pk:
                fresh = dict(rows.items())
                for range_key in fresh:
                    if range_key.value == sk:
                        fresh[range_key] = copy.deepcopy(fresh[range_key])
                twin.items[hash_key] = fresh
    if table.stream_shard is not None:
        twin.stream_shard = copy.copy(table.stream_shard)
        twin.stream_shard.items = list(table.stream_shard.items)
        twin.stream_shard.table = twin
    return twin


def _transact(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    _touched[:] = [_named(action) for action in transact_items]
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
