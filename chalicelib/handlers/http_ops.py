"""For operators: what is looked at next, what is parked and why, and putting it back."""

from chalice.app import Blueprint

from ..services import audit
from ..services.running import upkeep
from .edge import OPS, Call, route
from .shapes.ops import ActLine, ActPage, DayQuery, DueLine, DueList, LimitQuery, ParkedLine, ParkedPage, RowInput
from .shapes.words import PageQuery

bp = Blueprint(__name__)


@route(bp, "GET", "/ops/due", query=LimitQuery, answer=DueList, roles=OPS, summary="What happens next, and when")
def due_rows(call: Call[None, LimitQuery]) -> DueList:
    rows = upkeep.due(call.world, limit=call.query.limit)
    return DueList(items=[DueLine.of(row) for row in rows])


@route(
    bp,
    "GET",
    "/ops/parked",
    query=PageQuery,
    answer=ParkedPage,
    roles=OPS,
    summary="Rows that could not be processed, with their reasons",
)
def parked_rows(call: Call[None, PageQuery]) -> ParkedPage:
    page = upkeep.parked(call.world, limit=call.query.limit, start=call.opened(call.query.cursor))
    return ParkedPage(items=[ParkedLine.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    "/ops/parked/put-back",
    body=RowInput,
    status=204,
    roles=OPS,
    summary="Puts a parked row back to work",
    refusals=("not_parked",),
    fresh=True,
)
def put_back(call: Call[RowInput, None]) -> None:
    upkeep.put_back(call.world, call.caller, pk=call.body.pk, sk=call.body.sk, now=call.now)


@route(
    bp,
    "GET",
    "/ops/audit",
    query=DayQuery,
    answer=ActPage,
    roles=OPS,
    summary="Sensitive acts of one day (UTC), newest first",
)
def acts_of_a_day(call: Call[None, DayQuery]) -> ActPage:
    start = call.opened(call.query.cursor)
    page = audit.of_day(call.world, call.query.day, limit=call.query.limit, start=start)
    return ActPage(items=[ActLine.of(act) for act in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/ops/audit/{person_id}",
    query=PageQuery,
    answer=ActPage,
    roles=OPS,
    summary="One person's chain of sensitive acts, oldest first",
)
def acts_of_a_person(call: Call[None, PageQuery], person_id: str) -> ActPage:
    start = call.opened(call.query.cursor)
    page = audit.of_person(call.world, person_id, limit=call.query.limit, start=start)
    return ActPage(items=[ActLine.of(act) for act in page.rows], next=call.sealed(page.next))
