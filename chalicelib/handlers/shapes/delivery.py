"""How far goods are, over the wire: what has happened to a batch and what is expected, and an order as part of one."""

from typing import Self

from ...domain import batch as rules
from ...domain.batch import Batch, BatchState, Delivery, Holder
from ...domain.instants import Instant
from ...domain.journey import stocking
from ...domain.waybill import WaybillState
from ...services.buying.orders import OrderView
from .words import Moment, Output, shown, shown_or_none


class MoveMade(Output):
    state: BatchState
    at: Moment


class Expected(Output):
    """`late`: the whole range has passed, and it has not come yet."""

    state: BatchState
    earliest: Moment
    latest: Moment
    late: bool


class Promised(Output):
    earliest: Moment
    latest: Moment
    said_at: Moment
    why: str


class Position(Output):
    lat: float
    lon: float
    at: Moment


class NextStop(Output):
    name: str
    expected_at: Moment | None
    stops_left: int


class Reading(Output):
    celsius: float
    at: Moment
    out_of_range: bool


class TrackShown(Output):
    """What the carrier says, by its own clock."""

    state: WaybillState
    at: Moment
    place: str


class OrderDelivery(Output):
    """How far an order's goods are (S8): with what has happened, and when the rest is expected.

    `holder` is who has them now.
    """

    state: Delivery
    holder: Holder | None
    place: str
    history: list[MoveMade]
    expected: list[Expected]
    promises: list[Promised]
    position: Position | None
    next_stop: NextStop | None
    carrier: str
    waybill: str
    tracking: list[TrackShown]
    temperature: Reading | None
    photos: list[str]
    handed_at: Moment | None
    pickup_code: str | None

    @classmethod
    def of_or_none(cls, view: OrderView, code: str, now: Instant) -> Self | None:
        """The code is shown while there is something to fetch with it."""
        state = rules.delivery_of(view.order, view.batch, view.terms)
        if state is None:
            return None
        batch = view.batch
        bill = view.waybill if view.waybill is not None and view.waybill.off is None else None
        fetchable = rules.awaited(view.order)
        return cls(
            state=state,
            holder=rules.holder_of(state, stocking=view.journey is not None and stocking(view.journey)),
            place=batch.name if batch else "",
            history=history(batch) if batch else [],
            expected=expected(batch, now) if batch and fetchable else [],
            promises=promises(batch) if batch else [],
            position=position(batch) if batch and state is Delivery.IN_TRANSIT else None,
            next_stop=next_stop(batch) if batch and state is Delivery.IN_TRANSIT else None,
            carrier=bill.carrier if bill else batch.carrier if batch else "",
            waybill=bill.number if bill else "",
            temperature=reading(batch.readings[-1]) if batch and batch.readings else None,
            photos=list(view.photos),
            tracking=[TrackShown(state=one.state, at=shown(one.at), place=one.place) for one in bill.events]
            if bill
            else [],
            handed_at=shown_or_none(view.order.handed_at),
            pickup_code=code if fetchable else None,
        )


def history(batch: Batch) -> list[MoveMade]:
    return [MoveMade(state=one.state, at=shown(one.at)) for one in batch.moves]


def expected(batch: Batch, now: Instant) -> list[Expected]:
    return [
        Expected(state=one.state, earliest=shown(one.earliest), latest=shown(one.latest), late=one.late)
        for one in rules.estimates(batch, now)
    ]


def promises(batch: Batch) -> list[Promised]:
    return [
        Promised(earliest=shown(one.earliest), latest=shown(one.latest), said_at=shown(one.at), why=one.why)
        for one in batch.promises
    ]


def position(batch: Batch) -> Position | None:
    if not batch.pings:
        return None
    last = batch.pings[-1]
    return Position(lat=last.lat_e6 / 1e6, lon=last.lon_e6 / 1e6, at=shown(last.at))


def next_stop(batch: Batch) -> NextStop | None:
    number = rules.next_stop(batch)
    if number is None:
        return None
    return NextStop(
        name=batch.stops[number].name,
        expected_at=shown_or_none(rules.arrival(batch, number)),
        stops_left=len(batch.stops) - number,
    )


def reading(one: rules.Reading) -> Reading:
    return Reading(celsius=one.tenths / 10, at=shown(one.at), out_of_range=one.out_of_range)
