"""Invoices: asked for by buyers, issued and corrected by merchants (O17)."""

from chalice.app import Blueprint

from ..services.paying import invoices
from .edge import BUYER, MERCHANT, Call, route
from .shapes.invoices import InvoiceMadeOut, InvoicePage, InvoicePaper, InvoiceRequest, InvoiceShown
from .shapes.supply import Upload
from .shapes.words import PageQuery

bp = Blueprint(__name__)

_ONE = "/orders/{order_id}/invoice"


@route(
    bp,
    "PUT",
    _ONE,
    body=InvoiceRequest,
    answer=InvoiceShown,
    roles=BUYER,
    summary="Asks for an invoice (发票) of what was paid in the end; until it is issued, changes to whom",
    refusals=("order_not_found", "nothing_to_invoice", "bad_tax_number", "invoice_issued"),
)
def invoice_requested(call: Call[InvoiceRequest, None], order_id: str) -> InvoiceShown:
    made = invoices.request(call.world, call.caller, order_id, call.body.to_service(), now=call.now)
    return InvoiceShown.of(made, call.world.files)


@route(
    bp,
    "GET",
    _ONE,
    answer=InvoiceShown,
    roles=BUYER | MERCHANT,
    summary="An order's invoice, for its buyer and its merchant",
    refusals=("invoice_not_found",),
)
def invoice_shown(call: Call[None, None], order_id: str) -> InvoiceShown:
    return InvoiceShown.of(invoices.mine(call.world, call.caller, order_id), call.world.files)


@route(
    bp,
    "GET",
    f"{_ONE}/made-out-to",
    answer=InvoiceMadeOut,
    roles=BUYER | MERCHANT,
    summary="Whom an invoice is made out to; every reading is on record",
    refusals=("invoice_not_found",),
)
def invoice_made_out_to(call: Call[None, None], order_id: str) -> InvoiceMadeOut:
    to = invoices.made_out_to(call.world, call.caller, order_id, now=call.now)
    return InvoiceMadeOut(title=to.get("title", ""), tax_number=to.get("tax_number", ""))


@route(
    bp,
    "POST",
    f"{_ONE}/file",
    answer=Upload,
    status=201,
    roles=MERCHANT,
    summary="A form that takes the invoice as a PDF",
    refusals=("invoice_not_found",),
)
def invoice_file(call: Call[None, None], order_id: str) -> Upload:
    return Upload.of(invoices.form(call.world, call.caller, order_id))


@route(
    bp,
    "POST",
    f"{_ONE}/issue",
    body=InvoicePaper,
    answer=InvoiceShown,
    roles=MERCHANT,
    summary="The invoice was issued, or taken back by a red one and issued anew",
    refusals=(
        "invoice_not_found",
        "invoice_issued",
        "invoice_number_missing",
        "red_number_missing",
        "nothing_to_correct",
        "too_many_invoices",
        "file_not_uploaded",
        "wrong_file_type",
        "file_too_large",
    ),
)
def invoice_issued(call: Call[InvoicePaper, None], order_id: str) -> InvoiceShown:
    made = invoices.issue(call.world, call.caller, order_id, call.body.to_service(), now=call.now)
    return InvoiceShown.of(made, call.world.files)


@route(
    bp,
    "GET",
    "/invoices",
    query=PageQuery,
    answer=InvoicePage,
    roles=MERCHANT,
    summary="Invoices that are asked of me, newest first",
)
def my_invoices(call: Call[None, PageQuery]) -> InvoicePage:
    start = call.opened(call.query.cursor)
    page = invoices.of_merchant(call.world, call.caller, limit=call.query.limit, start=start)
    items = [InvoiceShown.of(one, call.world.files) for one in page.rows]
    return InvoicePage(items=items, next=call.sealed(page.next))
