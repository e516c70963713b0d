"""For suppliers: what is asked of them, and their answers. For merchants: what was asked, and asking anew."""

from chalice.app import Blueprint
from msgspec import structs

from ..services.supplying import reports, supply
from .edge import MERCHANT, SUPPLIER, Call, route
from .shapes.supply import (
    AcknowledgeBody,
    LotBody,
    LotLine,
    PackAhead,
    PromiseBody,
    Purchase,
    PurchaseList,
    PurchasePage,
    PurchaseStory,
    ReportBody,
    ReportLine,
    Upload,
)
from .shapes.words import PageQuery, shown, to_instant

bp = Blueprint(__name__)

SUPPLIERS = SUPPLIER | MERCHANT
"""A merchant whose items name nobody else supplies them."""

SEE_PURCHASES = MERCHANT | {"manager", "support", "ops"}


@route(bp, "GET", "/purchases", query=PageQuery, answer=PurchasePage, roles=SUPPLIERS, summary="What is asked of me")
def my_purchases(call: Call[None, PageQuery]) -> PurchasePage:
    page = supply.mine(call.world, call.caller, limit=call.query.limit, start=call.opened(call.query.cursor))
    return PurchasePage(items=[Purchase.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/purchases/{purchase_id}",
    answer=PurchaseStory,
    roles=SUPPLIERS | SEE_PURCHASES,
    summary="One purchase order with its amendments, promises, reports and lots",
    refusals=("purchase_not_found",),
)
def one_purchase(call: Call[None, None], purchase_id: str) -> PurchaseStory:
    purchase = supply.one(call.world, call.caller, purchase_id)
    told = structs.asdict(Purchase.of(purchase))
    told["reports"] = [
        ReportLine(content_type=one.content_type, size=one.size, at=shown(one.at), link=call.world.files.link(one.key))
        for one in purchase.reports
    ]
    lots = supply.lots(call.world, call.caller, purchase_id)
    return PurchaseStory(**told, shipments=[LotLine.of(lot) for lot in lots])


@route(
    bp,
    "GET",
    "/groups/{group_id}/purchases",
    answer=PurchaseList,
    roles=SEE_PURCHASES,
    summary="What a formed group asks of its suppliers",
    refusals=("group_not_found",),
)
def group_purchases(call: Call[None, None], group_id: str) -> PurchaseList:
    rows = supply.of_group(call.world, call.caller, group_id)
    return PurchaseList(items=[Purchase.of(row) for row in rows])


@route(
    bp,
    "GET",
    "/groups/{group_id}/pack-ahead",
    answer=PackAhead,
    roles=SEE_PURCHASES,
    summary="How many orders hold one item alone, so that they can be packed ahead (提前打包)",
    refusals=("group_not_found",),
)
def pack_ahead(call: Call[None, None], group_id: str) -> PackAhead:
    found = supply.alone(call.world, call.caller, group_id)
    return PackAhead(items={sku: dict(by) for sku, by in found.items()})


@route(
    bp,
    "POST",
    "/groups/{group_id}/purchases/recount",
    status=202,
    roles=MERCHANT,
    summary="Has the orders counted anew; what has changed becomes amendments",
    refusals=("group_not_found", "nothing_asked_for"),
)
def recount_purchases(call: Call[None, None], group_id: str) -> None:
    supply.recount(call.world, call.caller, group_id, now=call.now)


@route(
    bp,
    "POST",
    "/purchases/{purchase_id}/acknowledge",
    body=AcknowledgeBody,
    answer=Purchase,
    roles=SUPPLIERS,
    summary="Acknowledges the purchase order, or its latest amendment",
    refusals=("purchase_not_found", "purchase_has_changed"),
)
def acknowledge_purchase(call: Call[AcknowledgeBody, None], purchase_id: str) -> Purchase:
    return Purchase.of(supply.acknowledge(call.world, call.caller, purchase_id, call.body.number, now=call.now))


@route(
    bp,
    "POST",
    "/purchases/{purchase_id}/promises",
    body=PromiseBody,
    answer=Purchase,
    roles=SUPPLIERS,
    summary="Promises when the goods will be ready",
    refusals=("purchase_not_found", "promise_in_the_past", "promise_too_far", "time_out_of_range"),
)
def promise_goods(call: Call[PromiseBody, None], purchase_id: str) -> Purchase:
    ready_at = to_instant(call.body.ready_at)
    return Purchase.of(supply.promise(call.world, call.caller, purchase_id, ready_at, call.body.note, now=call.now))


@route(
    bp,
    "POST",
    "/purchases/{purchase_id}/lots",
    body=LotBody,
    answer=LotLine,
    status=201,
    roles=SUPPLIERS,
    key=True,
    summary="Reports a lot that is on its way",
    refusals=(
        "purchase_not_found",
        "purchase_not_acknowledged",
        "too_many_lots",
        "unknown_destination",
        "not_on_this_purchase",
        "more_than_asked_for",
        "key_reused",
    ),
)
def ship_lot(call: Call[LotBody, None], purchase_id: str) -> LotLine:
    return LotLine.of(supply.ship(call.world, call.caller, purchase_id, call.body.to_service(call.key), now=call.now))


@route(
    bp,
    "POST",
    "/purchases/{purchase_id}/reports/uploads",
    answer=Upload,
    status=201,
    roles=SUPPLIERS,
    summary="A form with which an inspection report is uploaded (PDF or picture, at most 5 MiB)",
    refusals=("purchase_not_found",),
)
def upload_report(call: Call[None, None], purchase_id: str) -> Upload:
    return Upload.of(reports.form(call.world, call.caller, purchase_id, back=""))


@route(
    bp,
    "POST",
    "/purchases/{purchase_id}/reports",
    body=ReportBody,
    answer=Purchase,
    roles=SUPPLIERS,
    summary="Adds the uploaded report to the purchase order, once it has been looked at",
    refusals=(
        "purchase_not_found",
        "too_many_reports",
        "file_not_uploaded",
        "wrong_file_type",
        "file_too_large",
    ),
)
def add_report(call: Call[ReportBody, None], purchase_id: str) -> Purchase:
    return Purchase.of(reports.add(call.world, call.caller, purchase_id, call.body.key, now=call.now))
