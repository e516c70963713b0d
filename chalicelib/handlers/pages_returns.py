"""Goods that come back: the buyer's form on the order's page, and the merchant's list with what is to be done."""

from chalice.app import Blueprint

from ..domain.refusals import Refused
from ..services.delivering import returns
from .edge import MERCHANT
from .page import BUYER, Ask, Gone, Shown, page
from .pages_buying import order_page
from .reading import request_key
from .shapes.returns import FailedInput, ReturnInput

bp = Blueprint(__name__)

A_PAGE = 30


@page(bp, "POST", "/o/{order_id}/return", roles=BUYER, again=order_page)
def return_asked(ask: Ask, order_id: str) -> Gone:
    lines = {sku: units for sku, units in ask.form.under("units.").items() if units.strip("0")}
    if not lines:
        raise Refused("no_lines")
    given = {"lines": lines, "why": ask.form.one("why"), "text": ask.form.one("text"),
             "intact": bool(ask.form.one("intact"))}  # fmt: skip
    wanted = ask.read(ReturnInput, given).to_service()
    key = request_key(ask.form.one("key"), ask.caller.id, "return")
    returns.ask(ask.world, ask.caller, order_id, wanted, key=key, now=ask.now)
    return Gone(f"/o/{order_id}", said="return_asked")


@page(bp, "GET", "/desk/returns", roles=MERCHANT)
def returns_page(ask: Ask, return_id: str = "") -> Shown:
    found = returns.of_merchant(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    lines = returns.with_titles(ask.world, found.rows)
    return Shown("desk_returns.html", {"lines": lines, "next": ask.sealed(found.next)})


@page(bp, "POST", "/desk/returns/{return_id}/received", roles=MERCHANT, again=returns_page)
def goods_back(ask: Ask, return_id: str) -> Gone:
    returns.receive(ask.world, ask.caller, return_id, now=ask.now)
    return Gone("/desk/returns", said="return_received")


@page(bp, "POST", "/desk/returns/{return_id}/check", roles=MERCHANT, again=returns_page)
def goods_checked(ask: Ask, return_id: str) -> Gone:
    passed = ask.form.one("check") == "passed"
    why = "" if passed else ask.read(FailedInput, {"reason": ask.form.one("reason")}).reason.strip()
    returns.judge(ask.world, ask.caller, return_id, passed=passed, why=why, now=ask.now)
    return Gone("/desk/returns", said="return_passed" if passed else "return_failed")
