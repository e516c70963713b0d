"""The supplier's desk: what is asked of them, as a page, a file and a sheet to print, and their answers."""

from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from ..domain import supply as rules
from ..domain.instants import instant, zone_of
from ..domain.refusals import Refused
from ..domain.supply import PurchaseOrder
from ..services.supplying import receive, reports, supply
from .edge import MERCHANT, SUPPLIER
from .page import NAV, Ask, Gone, Link, Sent, Shown, page
from .shapes.supply import AcknowledgeBody, LotBody
from .tables import as_csv

bp = Blueprint(__name__)

A_PAGE = 30
SUPPLIERS = SUPPLIER | MERCHANT
NAV.append(Link("/supply", "nav.supply", SUPPLIER))


@page(bp, "GET", "/supply", roles=SUPPLIERS)
def supply_page(ask: Ask) -> Shown:
    rows = supply.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("supply.html", {"purchases": rows.rows, "totals": rules.totals, "next": ask.sealed(rows.next)})


@page(bp, "GET", "/supply/{purchase_id}", roles=SUPPLIERS)
def purchase_page(ask: Ask, purchase_id: str) -> Shown:
    """A report that has just been laid down comes back here with its key, and is kept."""
    purchase = supply.own(ask.world, ask.caller, purchase_id)
    if key := ask.query.one("key"):
        purchase = reports.add(ask.world, ask.caller, purchase_id, key, now=ask.now)
    back = ask.whole(f"/supply/{purchase_id}")
    values = {
        **_values(purchase),
        "lots": supply.lots(ask.world, ask.caller, purchase_id),
        "links": [ask.world.files.link(one.key) for one in purchase.reports],
        "upload": reports.form(ask.world, ask.caller, purchase_id, back=back),
        "key": ask.form.one("key") or ask.world.new_id(),
    }
    return Shown("supply_order.html", values, files=True)


def _values(purchase: PurchaseOrder) -> dict[str, Any]:
    return {"purchase": purchase, "total": rules.totals(purchase.units), "places": sorted(purchase.units)}


@page(bp, "POST", "/supply/{purchase_id}/acknowledge", roles=SUPPLIERS, again=purchase_page)
def purchase_acknowledged(ask: Ask, purchase_id: str) -> Gone:
    number = ask.read(AcknowledgeBody, {"number": ask.form.one("number")}).number
    supply.acknowledge(ask.world, ask.caller, purchase_id, number, now=ask.now)
    return Gone(f"/supply/{purchase_id}", said="acknowledged")


@page(bp, "POST", "/supply/{purchase_id}/promise", roles=SUPPLIERS, again=purchase_page)
def goods_promised(ask: Ask, purchase_id: str) -> Gone:
    purchase = supply.own(ask.world, ask.caller, purchase_id)
    ready_at = wall_clock(ask.form.one("ready_at"), purchase.zone)
    supply.promise(ask.world, ask.caller, purchase_id, ready_at, ask.form.one("note")[:200], now=ask.now)
    return Gone(f"/supply/{purchase_id}", said="promised")


def wall_clock(text: str, zone: str) -> int:
    """What a date field sent, on the group's own wall clock."""
    try:
        return instant(datetime.fromisoformat(text).replace(tzinfo=zone_of(zone)))
    except (ValueError, OverflowError):
        raise Refused("bad_value", path="ready_at", expected="a date and a time") from None


@page(bp, "POST", "/supply/{purchase_id}/lots", roles=SUPPLIERS, again=purchase_page)
def lot_shipped(ask: Ask, purchase_id: str) -> Gone:
    given = {
        "units": ask.form.under("units."),
        "destination": ask.form.one("destination") or None,
        "batch": ask.form.one("batch"),
        "note": ask.form.one("note"),
    }
    asked = ask.read(LotBody, given).to_service(ask.form.one("key")[:64])
    supply.ship(ask.world, ask.caller, purchase_id, asked, now=ask.now)
    return Gone(f"/supply/{purchase_id}", said="shipped")


@page(bp, "GET", "/supply/{purchase_id}/csv", roles=SUPPLIERS)
def purchase_file(ask: Ask, purchase_id: str) -> Sent:
    purchase = supply.own(ask.world, ask.caller, purchase_id)
    heading = [ask.say(f"supply.{name}") for name in ("place", "sku", "item", "units")]
    rows = [
        (purchase.places.get(where, where), sku, purchase.items.get(sku, ""), units)
        for where in sorted(purchase.units)
        for sku, units in sorted(purchase.units[where].items())
    ]
    return as_csv((heading, rows), f"{purchase.id}-{purchase.number}")


@page(bp, "GET", "/supply/{purchase_id}/print", roles=SUPPLIERS)
def purchase_sheet(ask: Ask, purchase_id: str) -> Shown:
    return Shown("supply_print.html", _values(supply.own(ask.world, ask.caller, purchase_id)))


# ------------------------------------------------------------------ the merchant's view of it


@page(bp, "GET", "/desk/g/{group_id}/supply", roles=MERCHANT)
def asked_page(ask: Ask, group_id: str) -> Shown:
    """What a group asks of its suppliers and what they said, and what its destinations received."""
    values = {
        "group_id": group_id,
        "purchases": supply.of_group(ask.world, ask.caller, group_id),
        "receipts": receive.of_group(ask.world, ask.caller, group_id),
        "totals": rules.totals,
    }
    return Shown("desk_supply.html", values)


@page(bp, "POST", "/desk/g/{group_id}/supply/recount", roles=MERCHANT, again=asked_page)
def counted_anew(ask: Ask, group_id: str) -> Gone:
    supply.recount(ask.world, ask.caller, group_id, now=ask.now)
    return Gone(f"/desk/g/{group_id}/supply", said="recounted")
