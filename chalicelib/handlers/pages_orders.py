"""Orders and stock of a running campaign: found over all its groups, handled many at once, added to."""

from typing import Any

from chalice.app import Blueprint

from ..domain.order import OrderState
from ..services import batch
from ..services.selling import board
from ..services.selling.restock import restock
from .edge import MERCHANT
from .fields import whole
from .page import Ask, Gone, Shown, page
from .pages_merchant import order_row, told
from .reading import request_key
from .shapes.campaigns import Restock

bp = Blueprint(__name__)

A_PAGE = 50


@page(bp, "GET", "/desk/c/{campaign_id}/orders", roles=MERCHANT)
def orders_found(ask: Ask, campaign_id: str) -> Shown:
    return orders_shown(ask, campaign_id, [])


def orders_shown(ask: Ask, campaign_id: str, outcomes: list[batch.Outcome]) -> Shown:
    state, point, group = (ask.query.one(name) for name in ("state", "point", "group"))
    wanted = board.Wanted(
        state=OrderState(state) if state in tuple(OrderState) else None,
        point=point,
        group=group,
        transfers=bool(ask.query.one("transfers")),
        open_still=bool(ask.query.one("owed")),
    )
    found = board.search(ask.world, ask.caller, campaign_id, wanted, A_PAGE, ask.opened())
    values: dict[str, Any] = {
        "campaign": found.campaign,
        "orders": [order_row(order) for order in found.orders],
        "groups": found.groups,
        "waybills": found.waybills,
        "next": ask.sealed(found.next),
        "states": [one.value for one in OrderState],
        "chosen": {"state": state, "point": point, "group": group, "transfers": wanted.transfers,
                   "owed": wanted.open_still},
        "outcomes": [told(ask, one) for one in outcomes],
    }  # fmt: skip
    return Shown("desk_orders.html", values)


@page(bp, "POST", "/desk/c/{campaign_id}/orders", roles=MERCHANT, again=orders_found)
def orders_handled(ask: Ask, campaign_id: str) -> Shown:
    board.published(ask.world, ask.caller, campaign_id)
    picked, reference = ask.form.all("order"), ask.form.one("reference")
    outcomes = batch.transfers_received(ask.world, ask.caller, picked, reference, now=ask.now)
    return orders_shown(ask, campaign_id, outcomes)


@page(bp, "GET", "/desk/c/{campaign_id}/stock", roles=MERCHANT)
def stock_page(ask: Ask, campaign_id: str) -> Shown:
    campaign = board.published(ask.world, ask.caller, campaign_id)
    stock = ask.world.store.stock(campaign_id)
    values = {
        "campaign": campaign,
        "left": dict(stock.left) if stock else {},
        "low": stock.low if stock else (),
        "key": ask.form.one("key") or ask.world.new_id(),
    }
    return Shown("desk_stock.html", values)


@page(bp, "POST", "/desk/c/{campaign_id}/stock", roles=MERCHANT, again=stock_page)
def stock_added(ask: Ask, campaign_id: str) -> Gone:
    """The form was given a number when it was drawn: sending it twice adds once."""
    given = {sku: whole(units) for sku, units in ask.form.under("units.").items()}
    wanted = ask.read(Restock, {"units": {s: n for s, n in given.items() if n}, "reason": ask.form.one("reason")})
    key = request_key(ask.form.one("key"), ask.caller.id, "restock")
    restock(ask.world, ask.caller, campaign_id, wanted.units, reason=wanted.reason, key=key, now=ask.now)
    return Gone(f"/desk/c/{campaign_id}/stock", said="restocked")
