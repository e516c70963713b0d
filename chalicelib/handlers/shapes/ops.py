"""The operator's view: what is due next, what is parked and why."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.audit import Act
from ...domain.ports import DueRow
from ...domain.upkeep import Parked
from .words import Input, Moment, Output, PageQuery, shown


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


class ActLine(Output):
    """`before` is the seal of the line before; `seal` covers all of this line and that."""

    person_id: str
    number: int
    at: Moment
    roles: list[str]
    what: str
    about: str
    facts: dict[str, str]
    before: str
    seal: str

    @classmethod
    def of(cls, act: Act) -> Self:
        return cls(
            person_id=act.actor_id,
            number=act.number,
            at=shown(act.at),
            roles=list(act.roles),
            what=act.what,
            about=act.about,
            facts=dict(act.facts),
            before=act.before,
            seal=act.seal,
        )


class ActPage(Output):
    items: list[ActLine]
    next: str | None


class DayQuery(PageQuery, kw_only=True):
    day: Annotated[str, Meta(pattern=r"^20\d\d-[01]\d-[0-3]\d$(?!\n)", max_length=10)]


class LimitQuery(Input):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class Health(Output):
    status: str
    now: Moment
