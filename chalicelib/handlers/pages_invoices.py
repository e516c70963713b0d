"""Pages of invoices: the buyer's request and what came of it, the merchant's list, and one to issue or correct."""

from collections.abc import Iterator

from chalice.app import Blueprint

from ..domain.instants import moment
from ..domain.invoice import Invoice, InvoiceKind, InvoiceState
from ..domain.refusals import Refused
from ..services.lists import every
from ..services.paying import invoices
from ..web.sheets import Cell
from .edge import MERCHANT
from .page import BUYER, Ask, Gone, Sent, Shown, page
from .shapes.invoices import InvoicePaper, InvoiceRequest
from .tables import as_csv, major

bp = Blueprint(__name__)

A_PAGE = 30
COLUMNS = ("order", "kind", "state", "amount", "currency", "number", "on", "red_number", "red_on")
KINDS = [kind.value for kind in InvoiceKind]


@page(bp, "GET", "/o/{order_id}/invoice", roles=BUYER)
def invoice_page(ask: Ask, order_id: str) -> Shown:
    """The form until it is issued. Before anything was asked for there is nothing but the form."""
    try:
        found: Invoice | None = invoices.mine(ask.world, ask.caller, order_id)
    except Refused:
        found = None
    values = {
        "order_id": order_id,
        "invoice": found,
        "links": links(ask, found),
        "kinds": KINDS,
        "open": found is None or found.state is InvoiceState.REQUESTED,
    }
    return Shown("invoice.html", values, files=True)


@page(bp, "POST", "/o/{order_id}/invoice", roles=BUYER, again=invoice_page)
def invoice_asked(ask: Ask, order_id: str) -> Gone:
    given = {name: ask.form.one(name) for name in ("kind", "title", "tax_number")}
    wanted = ask.read(InvoiceRequest, given).to_service()
    invoices.request(ask.world, ask.caller, order_id, wanted, now=ask.now)
    return Gone(f"/o/{order_id}/invoice", said="saved")


def links(ask: Ask, found: Invoice | None) -> list[str]:
    """Beside what was issued: where its file is, for some minutes."""
    return [ask.world.files.link(one.file) if one.file else "" for one in found.issued] if found else []


@page(bp, "GET", "/desk/invoices", roles=MERCHANT)
def invoices_page(ask: Ask) -> Shown:
    rows = invoices.of_merchant(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("desk_invoices.html", {"invoices": rows.rows, "next": ask.sealed(rows.next)})


@page(bp, "GET", "/desk/invoices.csv", roles=MERCHANT)
def invoices_csv(ask: Ask) -> Sent:
    """Nobody's name or tax number: those are on the invoices themselves."""
    heading = [ask.say(f"invoice.col.{name}") for name in COLUMNS]
    return as_csv((heading, cells(ask)), "invoices")


def cells(ask: Ask) -> Iterator[list[Cell]]:
    """A line for each invoice that was issued, and for each that waits."""
    for row in every(lambda start: invoices.of_merchant(ask.world, ask.caller, limit=100, start=start)):
        known: list[Cell] = [
            row.order_id,
            ask.say(f"invoice.kind.{row.kind}"),
            ask.say(f"invoice.{row.state}"),
        ]
        for one in row.issued:
            money: list[Cell] = [major(one.amount_minor, row.currency), row.currency]
            yield [*known, *money, one.number, one.on, one.red_number, one.red_on]
        if row.latest is None and row.state is not InvoiceState.CANCELLED:
            yield [*known, major(row.amount_minor, row.currency), row.currency, "", "", "", ""]


@page(bp, "GET", "/desk/invoices/{order_id}", roles=MERCHANT)
def issue_page(ask: Ask, order_id: str) -> Shown:
    """A file that has just been laid down comes back here with its key, which the form then carries."""
    found = invoices.own(ask.world, ask.caller, order_id)
    key = ask.query.one("key") or ask.form.one("key")
    values = {
        "invoice": found,
        "links": links(ask, found),
        "made_out": invoices.made_out_to(ask.world, ask.caller, order_id, now=ask.now),
        "upload": None
        if key
        else invoices.form(ask.world, ask.caller, order_id, back=ask.whole(f"/desk/invoices/{order_id}")),
        "key": key,
        "today": f"{moment(ask.now, ask.world.home.zone):%Y-%m-%d}",
        "open": found.state in (InvoiceState.REQUESTED, InvoiceState.TO_CORRECT),
    }
    return Shown("desk_invoice.html", values, files=True)


@page(bp, "POST", "/desk/invoices/{order_id}", roles=MERCHANT, again=issue_page)
def invoice_entered(ask: Ask, order_id: str) -> Gone:
    given = {name: ask.form.one(name) for name in ("number", "red_number", "key")}
    given |= {name: ask.form.one(name) for name in ("on", "red_on") if ask.form.one(name)}
    paper = ask.read(InvoicePaper, given).to_service()
    invoices.issue(ask.world, ask.caller, order_id, paper, now=ask.now)
    return Gone(f"/desk/invoices/{order_id}", said="saved")
