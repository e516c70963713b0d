"""Delivery: a group's batches on their way, and handing the goods over."""

from chalice.app import Blueprint

from ..services.delivering import batches, waybills
from ..services.delivering import hand_over as handing
from ..services.delivering.labels import labels
from .edge import CARRIER, LEADER, MERCHANT, OPS, PUBLIC, SORTER, SUPPORT, Call, route, secrets
from .shapes.batches import (
    BatchList,
    BatchMove,
    BatchPage,
    BatchQuery,
    BatchShown,
    HandedLine,
    HandedLines,
    HandOverBody,
    LabelSheet,
    LabelShown,
    NotedLine,
    NotedLines,
    NumbersBody,
    PositionInput,
    PromiseInput,
    SheetQuery,
    ShipBody,
    TemperatureInput,
    WaitingLine,
    WaitingLines,
    WithoutCodeBody,
    micro,
)
from .shapes.money import Received
from .shapes.products import PictureForm, PictureKey
from .shapes.words import to_instant

bp = Blueprint(__name__)

CREW = MERCHANT | SORTER | CARRIER | LEADER
LOOKERS = CREW | SUPPORT | OPS | frozenset({"manager"})


def _key() -> str:
    """What pickup codes are derived under."""
    return secrets()["pickup_key"]


_ONE = "/groups/{group_id}/batches/{destination}"


@route(
    bp,
    "POST",
    "/groups/{group_id}/batches",
    answer=BatchList,
    roles=MERCHANT,
    summary="Plans a formed group's delivery batches (配送批次), one for each pickup point or zone; again, nothing",
    refusals=("group_not_found", "group_not_formed"),
)
def plan_batches(call: Call[None, None], group_id: str) -> BatchList:
    found = batches.plan_for(call.world, call.caller, group_id, now=call.now)
    return BatchList(items=[BatchShown.of(one, call.now) for one in found])


@route(
    bp,
    "GET",
    "/groups/{group_id}/batches",
    answer=BatchList,
    roles=LOOKERS,
    summary="A group's batches that the caller serves",
    refusals=("group_not_found",),
)
def group_batches(call: Call[None, None], group_id: str) -> BatchList:
    found = batches.of_group(call.world, call.caller, group_id)
    return BatchList(items=[BatchShown.of(one, call.now) for one in found])


@route(
    bp,
    "GET",
    "/batches",
    query=BatchQuery,
    answer=BatchPage,
    roles=CREW,
    summary="A merchant's batches, newest first; for others those they serve that are not finished, oldest first",
)
def my_batches(call: Call[None, BatchQuery]) -> BatchPage:
    start = call.opened(call.query.cursor)
    page = batches.of_mine(call.world, call.caller, call.query.state, limit=call.query.limit, start=start)
    return BatchPage(items=[BatchShown.of(one, call.now) for one in page.rows], next=call.sealed(page.next))


@route(bp, "GET", _ONE, answer=BatchShown, roles=LOOKERS, summary="One batch", refusals=("batch_not_found",))
def one_batch(call: Call[None, None], group_id: str, destination: str) -> BatchShown:
    return BatchShown.of(batches.seen(call.world, call.caller, group_id, destination), call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/state",
    body=BatchMove,
    answer=BatchShown,
    roles=CREW,
    summary="Brings a batch into its next state: sorted, in transit, ready, handed over; everyone in it is told once",
    refusals=(
        "batch_not_found",
        "batch_finished",
        "batch_goes_forward",
        "batch_skips",
        "not_yours_to_move",
        "pickup_choice_open",
        "balances_open",
        "orders_not_fetched",
        "back_dated",
        "time_in_the_future",
        "time_out_of_range",
        "promise_out_of_range",
    ),
)
def move_batch(call: Call[BatchMove, None], group_id: str, destination: str) -> BatchShown:
    ask = call.body.to_service()
    return BatchShown.of(batches.move(call.world, call.caller, group_id, destination, ask, now=call.now), call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/promise",
    body=PromiseInput,
    answer=BatchShown,
    roles=CREW,
    summary="Promises anew when a batch should be ready, as a range; what was said before is kept",
    refusals=("batch_not_found", "batch_finished", "promise_out_of_range", "time_out_of_range"),
)
def promise_batch(call: Call[PromiseInput, None], group_id: str, destination: str) -> BatchShown:
    earliest, latest = to_instant(call.body.earliest), to_instant(call.body.latest)
    found = batches.promise(
        call.world, call.caller, group_id, destination, earliest, latest, call.body.why, now=call.now
    )
    return BatchShown.of(found, call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/positions",
    body=PositionInput,
    answer=BatchShown,
    roles=CREW,
    summary="Where the vehicle is; an older position than the last changes nothing",
    refusals=(
        "batch_not_found",
        "batch_finished",
        "batch_not_on_the_way",
        "position_impossible",
        "position_jumps",
        "time_in_the_future",
        "time_out_of_range",
    ),
)
def ping_batch(call: Call[PositionInput, None], group_id: str, destination: str) -> BatchShown:
    here = call.body
    found = batches.ping(
        call.world,
        call.caller,
        group_id,
        destination,
        micro(here.lat),
        micro(here.lon),
        to_instant(here.at),
        now=call.now,
    )
    return BatchShown.of(found, call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/temperatures",
    body=TemperatureInput,
    answer=BatchShown,
    roles=CREW,
    summary="What a sensor says; leaving the limits of the goods raises an incident",
    refusals=("batch_not_found", "batch_finished", "temperature_impossible", "time_in_the_future", "time_out_of_range"),
)
def read_batch(call: Call[TemperatureInput, None], group_id: str, destination: str) -> BatchShown:
    found = batches.temperature(
        call.world,
        call.caller,
        group_id,
        destination,
        round(call.body.celsius * 10),
        to_instant(call.body.at),
        now=call.now,
    )
    return BatchShown.of(found, call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/photos/form",
    answer=PictureForm,
    status=201,
    roles=CREW,
    summary="A form that brings one photo of a batch: sorted, loaded, arrived",
    refusals=("batch_not_found", "batch_finished"),
)
def photo_form(call: Call[None, None], group_id: str, destination: str) -> PictureForm:
    return PictureForm.of(batches.photo_form(call.world, call.caller, group_id, destination))


@route(
    bp,
    "POST",
    f"{_ONE}/photos",
    body=PictureKey,
    answer=BatchShown,
    roles=CREW,
    summary="Puts the photo that was brought by such a form onto its batch",
    refusals=(
        "batch_not_found",
        "batch_finished",
        "too_many_photos",
        "file_not_uploaded",
        "file_too_large",
        "wrong_file_type",
    ),
)
def add_photo(call: Call[PictureKey, None], group_id: str, destination: str) -> BatchShown:
    found = batches.keep_photo(call.world, call.caller, group_id, destination, call.body.key, now=call.now)
    return BatchShown.of(found, call.now)


@route(
    bp,
    "POST",
    f"{_ONE}/waybills",
    body=ShipBody,
    answer=BatchShown,
    status=202,
    roles=MERCHANT | SORTER,
    summary="Asks the carrier for the batch's waybill (电子面单), or one an order for doors; again, nothing more",
    refusals=(
        "batch_not_found",
        "batch_finished",
        "batch_busy",
        "not_yours_to_ship",
        "carrier_not_connected",
        "already_shipped",
    ),
)
def ship_batch(call: Call[ShipBody, None], group_id: str, destination: str) -> BatchShown:
    found = waybills.request(call.world, call.caller, group_id, destination, call.body.carrier, now=call.now)
    return BatchShown.of(found, call.now)


@route(
    bp,
    "GET",
    f"{_ONE}/labels",
    query=SheetQuery,
    answer=LabelSheet,
    roles=MERCHANT | SORTER,
    summary="One sheet of a batch's labels in the order of the walk: community, building, unit; phones are masked",
    refusals=("batch_not_found", "not_yours_to_ship"),
)
def batch_labels(call: Call[None, SheetQuery], group_id: str, destination: str) -> LabelSheet:
    _, found = labels(call.world, call.caller, group_id, destination, sheet=call.query.sheet, now=call.now)
    return LabelSheet(items=[LabelShown.of(one) for one in found])


@route(
    bp,
    "POST",
    "/groups/{group_id}/tracking-numbers",
    body=NumbersBody,
    answer=NotedLines,
    roles=MERCHANT,
    summary="Takes tracking numbers by the batch; each line stands for itself, the same file twice changes nothing",
    refusals=("group_not_found",),
)
def note_numbers(call: Call[NumbersBody, None], group_id: str) -> NotedLines:
    said = waybills.note_numbers(call.world, call.caller, group_id, call.body.to_service(), now=call.now)
    return NotedLines(items=[NotedLine.of(one) for one in said], noted=sum(one.said == "noted" for one in said))


@route(
    bp,
    "POST",
    "/carriers/{carrier}/callbacks",
    answer=Received,
    roles=PUBLIC,
    raw=True,
    summary="A carrier's report; verified by its signature, harmless when late, repeated or out of order",
    refusals=("carrier_not_connected", "bad_signature", "bad_webhook", "waybill_not_found"),
)
def take_callback(call: Call[None, None], carrier: str) -> Received:
    waybills.callback(call.world, carrier, call.received, call.raw, now=call.now)
    return Received()


@route(
    bp,
    "POST",
    f"{_ONE}/hand-overs",
    body=HandOverBody,
    answer=HandedLines,
    roles=CREW,
    summary="Hands goods over against pickup codes (提货码), one order or many; each line stands for itself",
    refusals=("batch_not_found", "not_yours_to_hand_over", "time_out_of_range"),
)
def hand_goods_over(call: Call[HandOverBody, None], group_id: str, destination: str) -> HandedLines:
    asked = [one.to_service() for one in call.body.orders]
    said = handing.hand_over(call.world, call.caller, group_id, destination, asked, key=_key, now=call.now)
    return HandedLines(items=[HandedLine.of(one) for one in said])


@route(
    bp,
    "GET",
    f"{_ONE}/hand-overs",
    answer=WaitingLines,
    roles=CREW,
    summary="Who is still to come, with the beginning of each code: works without a network",
    refusals=("batch_not_found", "not_yours_to_hand_over"),
)
def hand_over_list(call: Call[None, None], group_id: str, destination: str) -> WaitingLines:
    found = handing.waiting(call.world, call.caller, group_id, destination, key=_key)
    return WaitingLines(items=[WaitingLine.of(one) for one in found])


@route(
    bp,
    "POST",
    f"{_ONE}/hand-overs/{{order_id}}",
    body=WithoutCodeBody,
    answer=HandedLine,
    roles=MERCHANT,
    summary="Hands one order over without its code, by its merchant, with a reason",
    refusals=(
        "batch_not_found",
        "order_not_found",
        "order_not_to_hand_over",
        "batch_not_ready",
        "batch_finished",
        "not_yours_to_hand_over",
    ),
)
def hand_over_without_code(
    call: Call[WithoutCodeBody, None], group_id: str, destination: str, order_id: str
) -> HandedLine:
    said = handing.without_code(
        call.world, call.caller, group_id, destination, order_id, call.body.reason, now=call.now
    )
    return HandedLine.of(said)
