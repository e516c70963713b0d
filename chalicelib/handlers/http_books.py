"""The books (对账): each provider's days, and what differed from our ledger."""

from chalice.app import Blueprint

from ..services.paying import books
from .edge import MERCHANT, OPS, Call, route
from .shapes.books import BookedDayLine, BookedDayPage, DifferenceLine, DifferencePage
from .shapes.words import PageQuery

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/books/{provider}",
    query=PageQuery,
    answer=BookedDayPage,
    roles=OPS,
    summary="The days of one provider that were held against its own list, newest first",
    refusals=("unknown_provider",),
)
def booked_days(call: Call[None, PageQuery], provider: str) -> BookedDayPage:
    page = books.days(call.world, provider, limit=call.query.limit, start=call.opened(call.query.cursor))
    return BookedDayPage(items=[BookedDayLine.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/books/{provider}/{day}",
    query=PageQuery,
    answer=DifferencePage,
    roles=OPS,
    summary="What differed on one day (local, as 2026-11-01)",
    refusals=("unknown_provider",),
)
def differences_of_a_day(call: Call[None, PageQuery], provider: str, day: str) -> DifferencePage:
    start = call.opened(call.query.cursor)
    page = books.differences(call.world, provider, day, limit=call.query.limit, start=start)
    return DifferencePage(items=[DifferenceLine.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/differences",
    query=PageQuery,
    answer=DifferencePage,
    roles=MERCHANT,
    summary="What was found to differ between a provider's list and my ledger, newest first",
)
def my_differences(call: Call[None, PageQuery]) -> DifferencePage:
    start = call.opened(call.query.cursor)
    page = call.world.store.differences_of(call.caller.id, call.query.limit, start)
    return DifferencePage(items=[DifferenceLine.of(one) for one in page.rows], next=call.sealed(page.next))
