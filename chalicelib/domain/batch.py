"""A delivery batch (配送批次): the orders of a formed group for one pickup point or zone, moving together.

    planned ──> sorted ──> in_transit ──> ready (for pickup, or at the doors) ──> handed_over

An order's batch is derived from its group and destination, so a batch of any size moves with one write. It never goes
back; a finished one takes nothing more. Pings, readings and photos are capped lists: the newest say what matters.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from ..lean import dataclass
from .campaign import Campaign, Fulfilment
from .geo import Point, metres
from .group import Group
from .ids import derived
from .instants import HOUR, MINUTE, Instant
from .order import Order, OrderState, comes_to_nothing, default_pickup
from .promise import Promise
from .refusals import Refused
from .writes import Row

CLOCK_AHEAD = 2 * MINUTE
"""How far a driver's clock may run ahead of ours."""

MOST_POSITIONS = 50
MOST_READINGS = 200
MOST_PHOTOS = 20
MOST_PROMISES = 20
FASTEST_MPS = 60
"""216 km/h: no lorry is faster, so a further jump is a wrong position."""

CITY_MPS = 7
"""About 25 km/h, where the pings do not tell the vehicle's own speed yet."""

AT_STOP_M = 200


class BatchState(StrEnum):
    PLANNED = "planned"
    SORTED = "sorted"
    IN_TRANSIT = "in_transit"
    READY = "ready"
    HANDED_OVER = "handed_over"


WAY = tuple(BatchState)
UNSHIPPED = (BatchState.PLANNED, BatchState.SORTED)

MOVERS: Mapping[BatchState, frozenset[str]] = {
    BatchState.SORTED: frozenset({"merchant", "sorter"}),
    BatchState.IN_TRANSIT: frozenset({"merchant", "sorter", "carrier"}),
    BatchState.READY: frozenset({"merchant", "carrier", "leader"}),
    BatchState.HANDED_OVER: frozenset({"merchant", "leader", "carrier"}),
}
"""Who may bring a batch into a state (S9); each of them only where the batch names them."""


class Temperature(StrEnum):
    """How goods are kept. A batch is kept as its coldest item asks."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


LIMITS: Mapping[Temperature, tuple[int, int] | None] = {
    Temperature.AMBIENT: None,
    Temperature.CHILLED: (0, 80),
    Temperature.FROZEN: (-400, -150),
}
"""Tenths of a degree Celsius, both ends allowed (S14)."""

POSSIBLE = (-600, 800)
"""What a sensor in a lorry can read at all; the rest is a broken sensor, and refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    state: BatchState
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    lat_e6: int
    lon_e6: int
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place the vehicle calls at, in order; the last is the batch's own."""

    name: str
    lat_e6: int
    lon_e6: int
    passed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    tenths: int
    at: Instant
    by: str
    out_of_range: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    key: str
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long this way usually takes, from its rule in the routing table."""

    sort_ms: int = 12 * HOUR
    least_ms: int = 4 * HOUR
    most_ms: int = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Row):
    """`destination` is `point.‹id›` or `zone.‹name›`. `orders` and `units` are counted by its timer when it is planned.

    `warehouse_id` is empty while no rule has matched: it then waits in its merchant's queue. `crew` names who else may
    serve it, as `role:id`. `cursor` is how far the work named by `task` has come. `billed` is the carrier that was
    asked for its waybills. `listed_for` are those in whose lists it stands.
    `late_at` is when it was found that it had not kept its promise.
    """

    group_id: str
    destination: str
    name: str
    campaign_id: str
    merchant_id: str
    title: str = ""
    zone: str = ""
    clock_zone: str = "Asia/Shanghai"
    keep: Temperature = Temperature.AMBIENT
    state: BatchState = BatchState.PLANNED
    created_at: Instant
    crew: tuple[str, ...] = ()
    orders: int = 0
    units: Mapping[str, int] = field(default_factory=dict)
    weight_g: int = 0
    counted: bool = False
    warehouse_id: str = ""
    carrier: str = ""
    loaded_on: str = ""
    pace: Pace = Pace()
    moves: tuple[Move, ...] = ()
    promises: tuple[Promise, ...] = ()
    stops: tuple[Stop, ...] = ()
    pings: tuple[Ping, ...] = ()
    readings: tuple[Reading, ...] = ()
    photos: tuple[Photo, ...] = ()
    waybill: str = ""
    billed: str = ""
    listed_for: tuple[str, ...] = ()
    late_at: Instant | None = None
    owed: tuple[str, ...] = ()
    task: str = ""
    cursor: str | None = None
    reminders: int = 0
    called_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand(Row):
    """A line in the list of somebody who serves a batch. It comes and goes by the batch's timer, and never changes."""

    person_id: str
    group_id: str
    destination: str
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a group's goods can go: one of these makes one batch."""

    destination: str
    name: str
    zone: str
    leader_id: str = ""


def zone_destination(zone: str) -> str:
    plain = zone.isascii() and zone.replace("-", "").replace("_", "").isalnum()
    return f"zone.{zone if plain else derived('zone', zone, length=10)}" if zone else "zone.all"


def zone_of_group(group: Group, terms: Campaign) -> str:
    return next((one.zone for one in terms.communities if one.id == group.community_id), "")


def places(terms: Campaign, group: Group) -> list[Place]:
    """Every place this group's orders can go to: points that serve it, or the zones it is delivered in."""
    zones = {one.id: one.zone for one in terms.communities}
    if terms.fulfilment is Fulfilment.PICKUP:
        return [
            Place(
                destination=f"point.{point.id}",
                name=point.name,
                zone=zones.get(point.community_id or "", "") or zone_of_group(group, terms),
                leader_id=getattr(point, "leader_id", None) or "",
            )
            for point in terms.pickup_points
            if point.community_id in (None, group.community_id) or group.community_id is None
        ]
    named = [one.zone for one in terms.delivery] or [zone_of_group(group, terms)]
    return [Place(destination=zone_destination(zone), name=zone or group.title, zone=zone) for zone in named]


def destination_of(order: Order, group: Group, terms: Campaign) -> str:
    """Where an order goes: its pickup point (the default where none was chosen), or its zone."""
    if terms.fulfilment is Fulfilment.PICKUP:
        return f"point.{order.pickup_point_id or default_pickup(terms, group)}"
    return zone_destination(order.zone or zone_of_group(group, terms))


def rides(order: Order) -> bool:
    """Whether this order is in its batch: paid, resolved as formed, and not given back since."""
    formed = order.state is OrderState.PAID and order.resolution in ("formed", "price_drop")
    return formed and order.withdrawn_at is None


def awaited(order: Order) -> bool:
    """Whether goods of it are still to change hands."""
    return rides(order) and order.handed_at is None and order.uncollected is None and not comes_to_nothing(order)


def planned(terms: Campaign, group: Group, place: Place, now: Instant) -> Batch:
    """A formed group's batch for one place. Its timer counts its orders."""
    return Batch(
        group_id=group.id,
        destination=place.destination,
        name=place.name,
        campaign_id=terms.id,
        merchant_id=terms.merchant_id,
        title=terms.title,
        zone=place.zone,
        clock_zone=terms.zone,
        keep=coldest(terms),
        created_at=now,
        crew=_crew(terms, place),
        task="count",
        due_at=now,
    )


def counted_anew(batch: Batch, now: Instant) -> Batch:
    """What its orders want has changed: its timer counts them again. What has left is left as it was counted."""
    if batch.state not in UNSHIPPED or not batch.counted or batch.task:
        return batch
    return replace(
        batch, orders=0, units={}, weight_g=0, counted=False, loaded_on="", cursor=None, task="count", due_at=now
    )


def _crew(terms: Campaign, place: Place) -> tuple[str, ...]:
    owners = [
        f"{stage.owner_role}:{stage.owner_id}"
        for stage in terms.plan
        if stage.name in ("sorting", "delivery") and stage.owner_id
    ]
    return tuple(dict.fromkeys([*owners, *([f"leader:{place.leader_id}"] if place.leader_id else [])]))


def coldest(terms: Campaign) -> Temperature:
    kept = {item.keep for item in terms.items}
    return next((one for one in reversed(Temperature) if one.value in kept), Temperature.AMBIENT)


# ------------------------------------------------------------------ who, and the way


def acts_as(batch: Batch, caller_id: str, roles: frozenset[str]) -> frozenset[str]:
    """In which roles somebody may act on this batch: by having the role and by being named for it."""
    mine = {role for role in roles if f"{role}:{caller_id}" in batch.crew}
    return frozenset(mine | ({"merchant"} if caller_id == batch.merchant_id and "merchant" in roles else set()))


def wants_other_bills(batch: Batch) -> bool:
    """Its carrier has changed since waybills were asked for, and it has not left: they are to be asked for anew."""
    return bool(batch.billed) and batch.billed != batch.carrier and batch.state in UNSHIPPED


MOST_LINES = 40
"""Lines of lists that one write moves."""


def served_by(batch: Batch) -> tuple[str, ...]:
    """Who else than its merchant is to find it in their list: its crew, until it is finished."""
    crew = {one.partition(":")[2] for one in batch.crew} if batch.state is not BatchState.HANDED_OVER else set()
    return tuple(sorted(crew - {""}))


def relisted(batch: Batch) -> tuple[Batch, list[InHand], list[InHand]]:
    """The batch as it is to be listed, with the lines that come and those that go; some now, more the next time."""
    wanted, known = set(served_by(batch)), set(batch.listed_for)
    changes = sorted(wanted ^ known)[:MOST_LINES]
    listed = tuple(sorted(known ^ set(changes)))
    come = [in_hand(batch, who) for who in changes if who in wanted]
    return replace(batch, listed_for=listed), come, [in_hand(batch, who) for who in changes if who in known]


def in_hand(batch: Batch, person_id: str) -> InHand:
    return InHand(
        person_id=person_id, group_id=batch.group_id, destination=batch.destination, created_at=batch.created_at
    )


def check_open(batch: Batch) -> None:
    if batch.state is BatchState.HANDED_OVER:
        raise Refused("batch_finished")
    if batch.called_off:
        raise Refused("group_called_off")


def moved(batch: Batch, to: BatchState, *, by: str, at: Instant, now: Instant, skipping: bool = False) -> Batch:
    """One step on the way. `skipping` is for carriers' reports, which may come late: what lay between is filled in.

    `at` is when it happened: not in the future, and not before the step before it.
    """
    check_open(batch)
    here, there = WAY.index(batch.state), WAY.index(to)
    if there <= here:
        raise Refused("batch_goes_forward", state=batch.state.value)
    if there > here + 1 and not skipping:
        raise Refused("batch_skips", state=batch.state.value, next=WAY[here + 1].value)
    since = batch.moves[-1].at if batch.moves else batch.created_at
    if at > now + CLOCK_AHEAD:
        raise Refused("time_in_the_future")
    if at < since and not skipping:
        raise Refused("back_dated")
    at = max(at, since)
    steps = tuple(Move(state=state, at=at, by=by) for state in WAY[here + 1 : there + 1])
    return replace(batch, state=to, moves=(*batch.moves, *steps), owed=(*batch.owed, f"batch_{to.value}"), due_at=now)


def promised(batch: Batch, earliest: Instant, latest: Instant, *, by: str, now: Instant, why: str = "") -> Batch:
    if latest < earliest or latest <= now:
        raise Refused("promise_out_of_range")
    one = Promise(earliest=earliest, latest=latest, at=now, by=by, why=why)
    return replace(batch, promises=(*batch.promises, one)[-MOST_PROMISES:], due_at=now)


def at_of(batch: Batch, state: BatchState) -> Instant | None:
    return next((one.at for one in batch.moves if one.state is state), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`late`: the whole range has passed and the state has not come."""

    state: BatchState
    earliest: Instant
    latest: Instant
    late: bool


def estimates(batch: Batch, now: Instant) -> list[Estimate]:
    """When each state to come is expected (S8): from the pace of its way, or as promised, or as driven."""
    pace, found = batch.pace, []
    first = last = batch.moves[-1].at if batch.moves else batch.created_at
    for state in WAY[WAY.index(batch.state) + 1 : -1]:
        if state is BatchState.SORTED:
            last = last + pace.sort_ms
        elif state is BatchState.IN_TRANSIT:
            last = last + pace.sort_ms // 4
        else:
            first, last = _ready(batch, first + pace.least_ms, last + pace.most_ms, now)
        found.append(Estimate(state=state, earliest=first, latest=last, late=last < now))
    return found


def breaks_at(batch: Batch) -> Instant | None:
    """When the latest promise of its arrival is broken; None once that is known, or it has arrived (S17)."""
    arrived = WAY.index(batch.state) >= WAY.index(BatchState.READY)
    return None if arrived or batch.late_at is not None or not batch.promises else batch.promises[-1].latest


def _ready(batch: Batch, first: Instant, last: Instant, now: Instant) -> tuple[Instant, Instant]:
    driving = arrival(batch, len(batch.stops) - 1) if batch.stops else None
    if driving is not None and batch.state is BatchState.IN_TRANSIT:
        return driving, driving + max(10 * MINUTE, (driving - now) // 2)
    if batch.promises:
        return batch.promises[-1].earliest, batch.promises[-1].latest
    return first, last


# ------------------------------------------------------------------ on the road


def pinged(batch: Batch, lat_e6: int, lon_e6: int, *, by: str, at: Instant, now: Instant) -> Batch:
    """The vehicle is here. An older ping than the last is ignored; an impossible one is refused by name (S15)."""
    check_open(batch)
    if not -90_000_000 <= lat_e6 <= 90_000_000 or not -180_000_000 <= lon_e6 <= 180_000_000:
        raise Refused("position_impossible")
    if lat_e6 == 0 and lon_e6 == 0:  # what a receiver says that has no fix
        raise Refused("position_impossible")
    if at > now + CLOCK_AHEAD:
        raise Refused("time_in_the_future")
    if batch.state is not BatchState.IN_TRANSIT:
        raise Refused("batch_not_on_the_way", state=batch.state.value)
    here = Point(lat_e6, lon_e6)
    if batch.pings:
        before = batch.pings[-1]
        if at <= before.at:
            return batch
        way = metres(Point(before.lat_e6, before.lon_e6), here)
        if way > AT_STOP_M + FASTEST_MPS * (at - before.at) / 1000:
            raise Refused("position_jumps", metres=int(way))
    pings = (*batch.pings, Ping(lat_e6=lat_e6, lon_e6=lon_e6, at=at, by=by))[-MOST_POSITIONS:]
    return replace(batch, pings=pings, stops=_passed(batch.stops, here, at))


def _passed(stops: tuple[Stop, ...], here: Point, at: Instant) -> tuple[Stop, ...]:
    """Being at a stop passes it and those before it."""
    reached = [k for k, one in enumerate(stops) if one.passed_at is None and metres(here, point_of(one)) <= AT_STOP_M]
    if not reached:
        return stops
    return tuple(
        replace(one, passed_at=at) if k <= reached[-1] and one.passed_at is None else one for k, one in enumerate(stops)
    )


def point_of(where: Stop | Ping) -> Point:
    return Point(where.lat_e6, where.lon_e6)


def next_stop(batch: Batch) -> int | None:
    return next((k for k, one in enumerate(batch.stops) if one.passed_at is None), None)


def speed_mps(batch: Batch) -> float:
    """Over the pings that are kept, standing still included; a city's speed where they say too little."""
    if len(batch.pings) < 2:
        return CITY_MPS
    way = sum(metres(point_of(a), point_of(b)) for a, b in zip(batch.pings, batch.pings[1:], strict=False))
    seconds = (batch.pings[-1].at - batch.pings[0].at) / 1000
    return max(2.0, way / seconds) if way > 500 and seconds > 60 else CITY_MPS


def arrival(batch: Batch, stop: int) -> Instant | None:
    """When the vehicle should be at this stop, from its last position by way of the stops before it."""
    first = next_stop(batch)
    if not batch.pings or first is None or stop < first:
        return None
    way, here = 0.0, point_of(batch.pings[-1])
    for one in batch.stops[first : stop + 1]:
        way += metres(here, point_of(one))
        here = point_of(one)
    return batch.pings[-1].at + int(way / speed_mps(batch) * 1000)


def read_temperature(batch: Batch, tenths: int, *, by: str, at: Instant, now: Instant) -> Batch:
    """Records what a sensor says. Leaving the limits of its class raises an incident, once until it is back (S14)."""
    check_open(batch)
    if not POSSIBLE[0] <= tenths <= POSSIBLE[1]:
        raise Refused("temperature_impossible")
    if at > now + CLOCK_AHEAD:
        raise Refused("time_in_the_future")
    if batch.readings and at <= batch.readings[-1].at:
        return batch
    limits = LIMITS[batch.keep]
    out = limits is not None and not limits[0] <= tenths <= limits[1]
    was_out = bool(batch.readings) and batch.readings[-1].out_of_range
    new = replace(
        batch,
        readings=(*batch.readings, Reading(tenths=tenths, at=at, by=by, out_of_range=out))[-MOST_READINGS:],
    )
    if out and not was_out:
        return replace(new, owed=(*new.owed, f"temperature@{at}"), due_at=now)
    return new


def photographed(batch: Batch, key: str, *, by: str, now: Instant) -> Batch:
    check_open(batch)
    if any(one.key == key for one in batch.photos):
        return batch
    if len(batch.photos) >= MOST_PHOTOS:
        raise Refused("too_many_photos", most=MOST_PHOTOS)
    return replace(batch, photos=(*batch.photos, Photo(key=key, at=now, by=by)))


# ------------------------------------------------------------------ as an order shows it


class Delivery(StrEnum):
    """How far an order of a formed group is, as its buyer sees it (S8). Derived, never written."""

    PREPARING = "preparing"
    SORTED = "sorted"
    IN_TRANSIT = "in_transit"
    READY_FOR_PICKUP = "ready_for_pickup"
    AT_THE_DOOR = "at_the_door"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    RETURNED = "returned"
    FORFEITED = "forfeited"
    WITHDRAWN = "withdrawn"


class Holder(StrEnum):
    """In whose hands an order's goods are now."""

    SUPPLIER = "supplier"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    POINT = "point"
    BUYER = "buyer"
    MERCHANT = "merchant"


HOLDERS: Mapping[Delivery, Holder] = {
    Delivery.SORTED: Holder.WAREHOUSE,
    Delivery.IN_TRANSIT: Holder.CARRIER,
    Delivery.READY_FOR_PICKUP: Holder.POINT,
    Delivery.AT_THE_DOOR: Holder.CARRIER,
    Delivery.PICKED_UP: Holder.BUYER,
    Delivery.DELIVERED: Holder.BUYER,
    Delivery.RETURNED: Holder.MERCHANT,
    Delivery.FORFEITED: Holder.MERCHANT,
}


def holder_of(delivery: Delivery, *, stocking: bool) -> Holder | None:
    """While they are prepared, the stage tells: with the supplier until stocking has ended. None: there are none."""
    if delivery is Delivery.PREPARING:
        return Holder.SUPPLIER if stocking else Holder.WAREHOUSE
    return HOLDERS.get(delivery)


def delivery_of(order: Order, batch: Batch | None, terms: Campaign) -> Delivery | None:
    """None while the order has nothing to be delivered."""
    if order.withdrawn_at is not None:
        return Delivery.WITHDRAWN
    if not rides(order):
        return None
    pickup = terms.fulfilment is Fulfilment.PICKUP
    if order.uncollected is not None:
        return Delivery(order.uncollected)
    if order.handed_at is not None:
        return Delivery.PICKED_UP if pickup else Delivery.DELIVERED
    if batch is None or batch.state is BatchState.PLANNED:
        return Delivery.PREPARING
    if batch.state is BatchState.SORTED:
        return Delivery.SORTED
    if batch.state is BatchState.IN_TRANSIT:
        return Delivery.IN_TRANSIT
    return Delivery.READY_FOR_PICKUP if pickup else Delivery.AT_THE_DOOR
