"""The ways to read the table, which every question is put in. Consistent unless it says otherwise."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition

from ...domain.ports import Page
from ...domain.refusals import Broken
from ...domain.writes import Row
from ..commit import translated
from ..rows import (
    from_stored,
    key_of,
)
from ..stored import Stored

R = TypeVar("R", bound=Row)


def start_key(start: str | None) -> dict[str, Any] | None:
    return json.loads(start) if start else None


def next_key(key: dict[str, Any] | None) -> str | None:
    return json.dumps(key, separators=(",", ":"), sort_keys=True) if key else None


class Base:
    """One row by its key, some by theirs, all of an owner in the index, and those of a partition."""

    connection: Connection

    def _get(self, of: type[R], pk: str, sk: str, *, consistent: bool = True) -> R | None:
        with translated():
            try:
                stored = Stored.get(pk, sk, consistent_read=consistent)
            except Stored.DoesNotExist:
                return None
        row = from_stored(stored)
        if not isinstance(row, of):
            raise Broken(f"{pk} {sk} is a {stored.kind}")
        return row

    def _batch(self, keys: Sequence[tuple[str, str]], *, consistent: bool) -> list[Row]:
        with translated():
            return [from_stored(stored) for stored in Stored.batch_get(list(keys), consistent_read=consistent)]

    def _page(self, of: type[R], owner: str, limit: int, start: str | None) -> Page[R]:
        """Rows of one owner, newest first: keys from the index, then the rows themselves."""
        with translated():
            found = Stored.listed_index.query(
                owner,
                scan_index_forward=False,
                limit=limit,
                page_size=limit,
                last_evaluated_key=start_key(start),
            )
            keys = [(mark.pk, mark.sk) for mark in found]
            after = next_key(found.last_evaluated_key) if len(keys) == limit else None
        rows = {(row_pk(row)): row for row in self._batch(keys, consistent=True)} if keys else {}
        return Page([cast(R, rows[key]) for key in keys if isinstance(rows.get(key), of)], after)

    def _query(
        self,
        of: type[R],
        pk: str,
        condition: Condition | None,
        *,
        forward: bool = True,
        consistent: bool = True,
    ) -> Iterator[R]:
        with translated():
            for stored in Stored.query(pk, condition, consistent_read=consistent, scan_index_forward=forward):
                row = from_stored(stored)
                if isinstance(row, of):
                    yield row

    def _query_page(
        self,
        of: type[R],
        pk: str,
        condition: Condition | None,
        limit: int,
        start: str | None,
        *,
        forward: bool = True,
    ) -> Page[R]:
        with translated():
            found = Stored.query(
                pk,
                condition,
                consistent_read=True,
                scan_index_forward=forward,
                limit=limit,
                page_size=limit,
                last_evaluated_key=start_key(start),
            )
            rows = [from_stored(stored) for stored in found]
            after = next_key(found.last_evaluated_key) if len(rows) == limit else None
        return Page([row for row in rows if isinstance(row, of)], after)


def row_pk(row: Row) -> tuple[str, str]:
    key = key_of(row)
    return key.pk, key.sk
