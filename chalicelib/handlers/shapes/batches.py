"""Delivery batches over the wire: what those who move them send, and what everybody may see of one."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import batch as rules
from ...domain.batch import Batch, BatchState, Temperature
from ...domain.instants import Instant
from ...domain.label import Label
from ...services.delivering.batches import MoveRequest
from ...services.delivering.hand_over import Handed, Handing, Waiting
from ...services.delivering.waybills import MOST_ROWS, Noted, Typed
from .delivery import (
    Expected,
    MoveMade,
    NextStop,
    Position,
    Promised,
    Reading,
    expected,
    history,
    next_stop,
    position,
    promises,
    reading,
)
from .orders import masked
from .words import END, Id, Input, Line, Moment, MomentIn, Output, PageQuery, Title, shown_or_none, to_instant_or_none

Degrees = Annotated[float, Meta(ge=-180, le=180)]
Code = Annotated[str, Meta(min_length=1, max_length=12, pattern=r"^[0-9]+$(?!\n)")]


class StopInput(Input):
    """A place the vehicle calls at; the last is the batch's own."""

    name: Title
    lat: Degrees
    lon: Degrees


class BatchMove(Input):
    """Brings it `to` its next state. `at` is when it happened, if not now; the range promises when it is ready."""

    to: BatchState
    at: MomentIn | None = None
    ready_earliest: MomentIn | None = None
    ready_latest: MomentIn | None = None
    stops: Annotated[tuple[StopInput, ...], Meta(max_length=30)] = ()

    def to_service(self) -> MoveRequest:
        return MoveRequest(
            state=self.to,
            at=to_instant_or_none(self.at),
            earliest=to_instant_or_none(self.ready_earliest),
            latest=to_instant_or_none(self.ready_latest),
            stops=tuple(rules.Stop(name=one.name, lat_e6=micro(one.lat), lon_e6=micro(one.lon)) for one in self.stops),
        )


class PromiseInput(Input):
    earliest: MomentIn
    latest: MomentIn
    why: Line = ""


class PositionInput(Input):
    """Degrees; `at` is the receiver's own time."""

    lat: Annotated[float, Meta(ge=-1000, le=1000)]
    lon: Annotated[float, Meta(ge=-1000, le=1000)]
    at: MomentIn


class TemperatureInput(Input):
    celsius: Annotated[float, Meta(ge=-1000, le=1000)]
    at: MomentIn


class HandOverLine(Input):
    """`at`: when the goods changed hands, where that is told later."""

    order_id: Id
    code: Code
    at: MomentIn | None = None

    def to_service(self) -> Handing:
        return Handing(order_id=self.order_id, code=self.code, at=to_instant_or_none(self.at))


class HandOverBody(Input):
    orders: Annotated[tuple[HandOverLine, ...], Meta(min_length=1, max_length=50)]


class WithoutCodeBody(Input):
    reason: Annotated[str, Meta(min_length=3, max_length=200)]


class ShipBody(Input):
    """Another carrier than the batch's route says; usually left out."""

    carrier: Id | None = None


class SheetQuery(Input):
    """Sheets are counted from 0; each holds up to 300 labels."""

    sheet: Annotated[int, Meta(ge=0, le=1_000)] = 0


class LabelShown(Output):
    number: int
    order_id: str
    place: str
    door: str
    recipient: str
    phone: str
    goods: list[str]
    carrier: str
    waybill: str

    @classmethod
    def of(cls, one: Label) -> Self:
        return cls(
            number=one.number,
            order_id=one.order_id,
            place=one.place,
            door=one.door,
            recipient=one.recipient,
            phone=one.phone,
            goods=list(one.goods),
            carrier=one.carrier,
            waybill=one.waybill,
        )


class LabelSheet(Output):
    items: list[LabelShown]


class NumberLine(Input):
    order_id: Id
    carrier: Id
    number: Annotated[str, Meta(min_length=4, max_length=40, pattern=rf"^[A-Za-z0-9-]+{END}")]


class NumbersBody(Input):
    """Tracking numbers, a line each; a line that is wrong refuses itself alone."""

    rows: Annotated[tuple[NumberLine, ...], Meta(min_length=1, max_length=MOST_ROWS)]

    def to_service(self) -> list[Typed]:
        return [Typed(order_id=one.order_id, carrier=one.carrier, number=one.number) for one in self.rows]


class NotedLine(Output):
    """`result` is `noted`, `known`, or the code of a refusal."""

    order_id: str
    result: str

    @classmethod
    def of(cls, one: Noted) -> Self:
        return cls(order_id=one.order_id, result=one.said)


class NotedLines(Output):
    items: list[NotedLine]
    noted: int


class HandedLine(Output):
    """`result` is `handed_over`, or the code of a refusal that concerns this line alone."""

    order_id: str
    result: str
    handed_at: Moment | None
    tries_left: int | None

    @classmethod
    def of(cls, one: Handed) -> Self:
        return cls(
            order_id=one.order_id,
            result=one.said,
            handed_at=shown_or_none(one.handed_at),
            tries_left=one.tries_left,
        )


class HandedLines(Output):
    items: list[HandedLine]


class WaitingLine(Output):
    """`check` is the beginning of the code: for a hand-over without a network, told later with the whole of it."""

    order_id: str
    buyer: str
    lines: dict[str, int]
    check: str
    locked: bool

    @classmethod
    def of(cls, one: Waiting) -> Self:
        return cls(
            order_id=one.order.id,
            buyer=masked(one.order.merchant_id, one.order.buyer_id),
            lines=dict(one.order.lines),
            check=one.check,
            locked=one.order.code_tries >= 5,
        )


class WaitingLines(Output):
    items: list[WaitingLine]


class BatchQuery(PageQuery, kw_only=True):
    """With a `state`, only batches that are in it: a page may then hold fewer, and more may still follow."""

    state: BatchState | None = None


class BatchShown(Output):
    """A batch as those who serve it see it."""

    group_id: str
    destination: str
    name: str
    title: str
    zone: str
    state: BatchState
    keep: Temperature
    orders: int
    units: dict[str, int]
    weight_g: int
    counted: bool
    warehouse: str
    carrier: str
    waybill: str
    history: list[MoveMade]
    expected: list[Expected]
    promises: list[Promised]
    position: Position | None
    next_stop: NextStop | None
    temperature: Reading | None
    out_of_range: int
    photos: int
    version: int

    @classmethod
    def of(cls, batch: Batch, now: Instant) -> Self:
        return cls(
            group_id=batch.group_id,
            destination=batch.destination,
            name=batch.name,
            title=batch.title,
            zone=batch.zone,
            state=batch.state,
            keep=batch.keep,
            orders=batch.orders,
            units=dict(batch.units),
            weight_g=batch.weight_g,
            counted=batch.counted,
            warehouse=batch.warehouse_id,
            carrier=batch.carrier,
            waybill=batch.waybill,
            history=history(batch),
            expected=expected(batch, now),
            promises=promises(batch),
            position=position(batch),
            next_stop=next_stop(batch),
            temperature=reading(batch.readings[-1]) if batch.readings else None,
            out_of_range=sum(one.out_of_range for one in batch.readings),
            photos=len(batch.photos),
            version=batch.version,
        )


class BatchList(Output):
    items: list[BatchShown]


class BatchPage(BatchList):
    next: str | None


def micro(degrees: float) -> int:
    return round(degrees * 1_000_000)
