"""The operator's view: what is due next, what is parked and why."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.ports import DueRow
from ...domain.upkeep import Parked
from .words import Input, Moment, Output, shown


class DueLine(Output):
    pk: str
    sk: str
    due_at: Moment

    @classmethod
    def of(cls, row: DueRow) -> Self:
        return cls(pk=row.key.pk, sk=row.key.sk, due_at=shown(row.due_at))


class DueList(Output):
    items: list[DueLine]


class ParkedLine(Output):
    pk: str
    sk: str
    kind: str
    reason: str
    parked_at: Moment

    @classmethod
    def of(cls, row: Parked) -> Self:
        return cls(pk=row.pk, sk=row.sk, kind=row.kind, reason=row.reason, parked_at=shown(row.parked_at))


class ParkedPage(Output):
    items: list[ParkedLine]
    next: str | None


RowName = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]


class RowInput(Input):
    """Names one parked row."""

    pk: RowName
    sk: RowName


class LimitQuery(Input):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class Health(Output):
    status: str
    now: Moment
