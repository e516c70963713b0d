"""Returns of received goods: asked for by the buyer, received and checked by the merchant."""

from chalice.app import Blueprint

from ..services.delivering import returns
from .edge import BUYER, MERCHANT, SUPPORT, Call, route
from .shapes.returns import CheckInput, ReturnInput, ReturnPage, ReturnShown
from .shapes.words import PageQuery

bp = Blueprint(__name__)

_ONE = "/returns/{return_id}"


@route(
    bp,
    "POST",
    "/orders/{order_id}/returns",
    body=ReturnInput,
    answer=ReturnShown,
    status=201,
    roles=BUYER,
    key=True,
    summary="Asks to send goods back (退货): within seven days without a reason, later where they are at fault",
    refusals=(
        "order_not_found",
        "nothing_to_return",
        "return_under_way",
        "too_many_returns",
        "more_than_received",
        "return_too_late",
        "return_excepted",
        "goods_not_intact",
        "key_reused",
    ),
)
def return_asked(call: Call[ReturnInput, None], order_id: str) -> ReturnShown:
    wanted = call.body.to_service()
    return ReturnShown.of(returns.ask(call.world, call.caller, order_id, wanted, key=call.key, now=call.now))


@route(bp, "GET", "/returns", query=PageQuery, answer=ReturnPage, roles=MERCHANT, summary="What comes back to me")
def returns_to_me(call: Call[None, PageQuery]) -> ReturnPage:
    start = call.opened(call.query.cursor)
    page = returns.of_merchant(call.world, call.caller, limit=call.query.limit, start=start)
    return ReturnPage(items=[ReturnShown.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    f"{_ONE}/received",
    answer=ReturnShown,
    roles=MERCHANT | SUPPORT,
    summary="The goods have come back; they are to be looked at within two days",
    refusals=("return_not_found", "return_not_waiting"),
)
def return_received(call: Call[None, None], return_id: str) -> ReturnShown:
    return ReturnShown.of(returns.receive(call.world, call.caller, return_id, now=call.now))


@route(
    bp,
    "POST",
    f"{_ONE}/check",
    body=CheckInput,
    answer=ReturnShown,
    roles=MERCHANT | SUPPORT,
    summary="What the check (质检) found: passed, and the money goes back at once; or failed, with a reason",
    refusals=("return_not_found", "return_not_waiting", "payment_under_way", "reason_needed"),
)
def return_checked(call: Call[CheckInput, None], return_id: str) -> ReturnShown:
    said, why = call.body, call.body.reason.strip()
    return ReturnShown.of(returns.judge(call.world, call.caller, return_id, passed=said.passed, why=why, now=call.now))
