"""The leader's desk: applying, places, what is to be received, and handing it over."""

from chalice.app import Blueprint

from ..domain.refusals import Refused
from ..services.buying import neighbours
from ..services.delivering import hand_over
from ..services.people import leaders
from ..services.supplying import receive
from .edge import BUYER, secrets
from .page import NAV, Ask, Gone, Link, Shown, page
from .shapes.batches import HandOverLine
from .shapes.supply import ApplyBody, PlaceBody, PlaceEdit, ReceiptBody

bp = Blueprint(__name__)

A_PAGE = 30
NAV.append(Link("/lead", "nav.lead", frozenset({"leader"})))


@page(bp, "GET", "/lead", roles=BUYER)
def lead_page(ask: Ask, place_id: str = "") -> Shown:
    """Whoever is none yet finds the form with which one applies."""
    leader = ask.world.store.leader(ask.caller.id)
    places = leaders.my_places(ask.world, ask.caller, limit=A_PAGE, start=None)
    receipts = receive.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    values = {
        "leader": leader,
        "places": places.rows,
        "receipts": receipts.rows,
        "next": ask.sealed(receipts.next),
        "helpers": neighbours.allowed_by_me(ask.world, ask.caller, limit=A_PAGE, start=None).rows,
        "key": ask.form.one("key") or ask.world.new_id(),
    }
    return Shown("lead.html", values)


@page(bp, "POST", "/lead/apply", roles=BUYER, again=lead_page)
def leader_applied(ask: Ask) -> Gone:
    community = ask.read(ApplyBody, {"community": ask.form.one("community")}).community
    leaders.apply(ask.world, ask.caller, community, now=ask.now)
    return Gone("/lead", said="applied")


@page(bp, "POST", "/lead/places", roles=BUYER, again=lead_page)
def place_added(ask: Ask) -> Gone:
    asked = ask.read(PlaceBody, _place(ask)).to_service()
    leaders.add_place(ask.world, ask.caller, asked, key=ask.form.one("key")[:64], now=ask.now)
    return Gone("/lead", said="saved")


@page(bp, "POST", "/lead/places/{place_id}", roles=BUYER, again=lead_page)
def place_changed(ask: Ask, place_id: str) -> Gone:
    asked = ask.read(PlaceEdit, {**_place(ask), "version": ask.form.one("version")})
    leaders.change_place(ask.world, ask.caller, place_id, asked.to_service(), asked.version, ask.now)
    return Gone("/lead", said="saved")


def _place(ask: Ask) -> dict[str, object]:
    texts = {name: ask.form.one(name) for name in ("name", "address", "hours", "capacity")}
    return {**texts, "community_id": ask.form.one("community_id") or None, "open": ask.form.one("open") != "no"}


@page(bp, "GET", "/lead/r/{group_id}/{destination}", roles=BUYER)
def receipt_page(ask: Ask, group_id: str, destination: str) -> Shown:
    receipt = receive.one(ask.world, ask.caller, group_id, destination)
    return Shown("lead_receipt.html", {"receipt": receipt, "number": len(receipt.entries) + 1})


@page(bp, "POST", "/lead/r/{group_id}/{destination}", roles=BUYER, again=receipt_page)
def receipt_entered(ask: Ask, group_id: str, destination: str) -> Gone:
    fields = {kind: ask.form.under(f"{kind}.") for kind in ("received", "short", "damaged")}
    skus = {sku for given in fields.values() for sku in given}
    lines = {sku: {kind: given.get(sku, "0") for kind, given in fields.items()} for sku in skus}
    given = {"number": ask.form.one("number"), "lines": lines, "note": ask.form.one("note")}
    asked = ask.read(ReceiptBody, given)
    receive.receive(
        ask.world,
        ask.caller,
        group_id,
        destination,
        {sku: line.to_domain() for sku, line in asked.lines.items()},
        number=asked.number,
        note=asked.note,
        now=ask.now,
    )
    return Gone(f"/lead/r/{group_id}/{destination}", said="received")


@page(bp, "POST", "/lead/r/{group_id}/{destination}/hand-over", roles=BUYER, again=receipt_page)
def goods_handed_over(ask: Ask, group_id: str, destination: str) -> Gone:
    """Against the code that the buyer shows; a wrong one is refused by name."""
    given = {"order_id": ask.form.one("order_id"), "code": ask.form.one("code")}
    one = ask.read(HandOverLine, given).to_service()
    (said,) = hand_over.hand_over(ask.world, ask.caller, group_id, destination, [one], key=_key, now=ask.now)
    if said.said != hand_over.DONE:
        raise Refused(said.said, tries_left=said.tries_left)
    return Gone(f"/lead/r/{group_id}/{destination}", said="handed_over")


def _key() -> str:
    return secrets()["pickup_key"]
