"""For operators: what is looked at next, what is parked and why, and putting it back."""

from chalice.app import Blueprint

from ..services import upkeep
from .edge import OPS, Call, route
from .shapes.ops import DueLine, DueList, LimitQuery, ParkedLine, ParkedPage, RowInput
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
)
def put_back(call: Call[RowInput, None]) -> None:
    upkeep.put_back(call.world, pk=call.body.pk, sk=call.body.sk, now=call.now)
