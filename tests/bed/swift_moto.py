"""Makes moto's queries and answers cost what they return, so that a day of 60 buyers plays in seconds.

moto sorts and compares the whole table for each query, copies what it found to the last leaf, looks for every
possible spelling of every member of every attribute value, and lists the methods of its own class for every call, and
measures a row anew for each of its attributes;
botocore spells its user agent for every call. What is found and answered stays the same; that no row comes
near the limit of 400 KB is asserted at the client.
"""

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.useragent import UserAgentString
from moto.core import responses
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models import table
from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

AS_THEY_ARE = ("S", "N", "BOOL", "NULL", "M", "L")
"""All but bytes, which stand in the vault alone and never inside another value."""

_query, _all_items = Table.query, Table.all_items
_signature = inspect.signature(_query)
_structure = ResponseSerializer._serialize_type_structure


def _narrow(self: Any, *given: Any, **named: Any) -> Any:
    """Leaves moto's own query only the rows whose hash keys fit."""
    asked = _signature.bind(self, *given, **named).arguments
    if asked.get("index_name"):
        conditions = [(name, wanted.type, wanted.value) for name, wanted in asked.get("hash_key_conditions") or ()]
        rows = [row for rows in self.items.values() for row in rows.values() if _fits(row, conditions)]
    else:
        rows = list(self.items.get(asked["hash_key"], {}).values())
    self.narrowed = rows
    try:
        return _query(self, *given, **named)
    finally:
        self.narrowed = None


def _fits(row: Any, conditions: list[tuple[str, str, Any]]) -> bool:
    for name, kind, value in conditions:
        there = row.attrs.get(name)
        if there is None or there.type != kind or there.value != value:
            return False
    return True


def _narrowed(self: Any) -> Any:
    rows = getattr(self, "narrowed", None)
    return _all_items(self) if rows is None else sorted(rows, key=lambda row: (row.hash_key, row.range_key))


def _plain(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """An attribute value is already what goes over the wire."""
    if shape.name == "AttributeValue" and type(value) is dict and len(value) == 1 and next(iter(value)) in AS_THEY_ARE:
        self._default_serialize(serialized, value, shape, key)
    else:
        _structure(self, serialized, value, shape, key)


def _found(what: Any) -> Any:
    """Rows that a query found, apart from the table's own; their values are only read."""
    if isinstance(what, list):
        return [_found(one) for one in what]
    if not isinstance(what, Item):
        return copy.deepcopy(what)
    twin = copy.copy(what)
    twin.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(twin.attrs, what.attrs)
    return twin


@contextmanager
def swift_moto() -> Iterator[None]:
    with (
        mock.patch.object(table, "copy", SimpleNamespace(deepcopy=_found, copy=copy.copy)),
        mock.patch.object(responses, "method_names_from_class", cache(responses.method_names_from_class)),
        mock.patch.object(responses, "camelcase_to_underscores", cache(responses.camelcase_to_underscores)),
        mock.patch.object(UserAgentString, "to_string", return_value="bed"),
        mock.patch.object(LimitedSizeDict, "__setitem__", dict.__setitem__),
        mock.patch.object(Table, "query", _narrow),
        mock.patch.object(Table, "all_items", _narrowed),
        mock.patch.object(ResponseSerializer, "_serialize_type_structure", _plain),
    ):
        yield
