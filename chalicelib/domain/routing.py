"""Which warehouse and carrier a batch goes through (O9): a rule table by zone and temperature class, and daily loads.

The same table and batch always give the same answer. What matches nothing waits in its merchant's queue. Capacities
are counted by the local day on which goods should be sorted, so that an overload is known before that day comes (S25).
"""

from collections.abc import Mapping
from dataclasses import replace

from ..lean import dataclass
from .batch import UNSHIPPED, Batch, Pace, served_by, wants_other_bills
from .instants import HOUR, Instant, moment
from .promise import Promise
from .refusals import Refused
from .writes import Row

ANY = "*"
MOST_DIVERSIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """`capacity` is orders a day by temperature class; a class that is not named is not limited. `fallback` is another
    warehouse's id."""

    id: str
    name: str
    capacity: Mapping[str, int]
    fallback: str = ""
    sorters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Haulier:
    """A carrier as the merchant uses it: `id` is the gateway's name. `capacity` is orders a day; 0 is unlimited."""

    id: str
    name: str
    capacity: int = 0
    fallback: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Zone and temperature class to warehouse and carrier; `*` matches all. The highest priority wins."""

    zone: str
    keep: str
    warehouse: str
    carrier: str
    priority: int = 0
    sort_hours: int = 12
    least_hours: int = 4
    most_hours: int = 24

    @property
    def pace(self) -> Pace:
        return Pace(sort_ms=self.sort_hours * HOUR, least_ms=self.least_hours * HOUR, most_ms=self.most_hours * HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversion:
    """For a while everything of a zone goes elsewhere (S7)."""

    zone: str
    warehouse: str
    to: str
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes(Row):
    """A merchant's routing table. After a change its timer looks through the queue; `cursor` is how far it got."""

    merchant_id: str
    warehouses: tuple[Warehouse, ...] = ()
    carriers: tuple[Haulier, ...] = ()
    rules: tuple[Rule, ...] = ()
    diversions: tuple[Diversion, ...] = ()
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(Row):
    """Orders that one warehouse (in one temperature class) or carrier has to take on one local day."""

    merchant_id: str
    day: str
    place: str
    orders: int = 0
    capacity: int = 0
    alerted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute(Row):
    """All unshipped batches of a zone go from one warehouse to another: one command, carried out by its timer."""

    merchant_id: str
    key: str
    zone: str
    warehouse: str
    to: str
    at: Instant
    moved: int = 0
    cursor: str | None = None
    done_at: Instant | None = None


def check(table: Routes) -> None:
    """Refuses a table that names what is not in it."""
    houses, hauliers = {one.id for one in table.warehouses}, {one.id for one in table.carriers}
    if len(houses) < len(table.warehouses) or len(hauliers) < len(table.carriers):
        raise Refused("repeated_id")
    for rule in table.rules:
        if rule.warehouse not in houses:
            raise Refused("unknown_warehouse", warehouse=rule.warehouse)
        if rule.carrier not in hauliers:
            raise Refused("unknown_carrier", carrier=rule.carrier)
    for one in table.warehouses:
        if one.fallback and (one.fallback not in houses or one.fallback == one.id):
            raise Refused("unknown_warehouse", warehouse=one.fallback)


def warehouse(table: Routes, warehouse_id: str) -> Warehouse:
    for one in table.warehouses:
        if one.id == warehouse_id:
            return one
    raise Refused("unknown_warehouse", warehouse=warehouse_id)


def haulier(table: Routes, carrier_id: str) -> Haulier | None:
    return next((one for one in table.carriers if one.id == carrier_id), None)


def carried_by(batch: Batch, table: Routes, carrier: str, now: Instant) -> Batch:
    """The same batch with another carrier, whose people may serve it instead of the ones before."""
    before = {f"carrier:{who}" for one in table.carriers for who in one.people}
    driving = haulier(table, carrier)
    people = [f"carrier:{who}" for who in (driving.people if driving else ())]
    crew = [one for one in batch.crew if one not in before]
    return _driven(replace(batch, crew=tuple(dict.fromkeys([*crew, *people]))), carrier, now)


def _driven(batch: Batch, carrier: str, now: Instant) -> Batch:
    """Waybills that another carrier was asked for are its timer's to call off, and its people's lists to be changed."""
    new = replace(batch, carrier=carrier, billed=batch.billed or (batch.carrier if batch.waybill else ""))
    due = wants_other_bills(new) or served_by(new) != new.listed_for
    return replace(new, due_at=now) if due else new


def rule_for(table: Routes, zone: str, keep: str) -> Rule | None:
    """The highest priority; of equals the most particular, and of those the first by name."""
    fitting = [one for one in table.rules if one.zone in (zone, ANY) and one.keep in (keep, ANY)]
    return min(
        fitting,
        key=lambda one: (-one.priority, one.zone == ANY, one.keep == ANY, one.warehouse, one.carrier),
        default=None,
    )


def diverted(table: Routes, zone: str, warehouse_id: str, now: Instant) -> str:
    """Where a batch for this warehouse goes now: elsewhere while the latest diversion of its zone stands."""
    for one in reversed(table.diversions):
        if one.zone == zone and one.warehouse == warehouse_id and now < one.until:
            return one.to
    return warehouse_id


def routed(batch: Batch, table: Routes, now: Instant) -> Batch:
    """With its warehouse, carrier, pace and people; as it was where no rule matches."""
    rule = rule_for(table, batch.zone, batch.keep.value)
    if rule is None:
        return batch
    house = warehouse(table, diverted(table, batch.zone, rule.warehouse, now))
    return _through(batch, table, house, rule.carrier, rule.pace, now)


def instead_through(batch: Batch, table: Routes, to: str, now: Instant) -> Batch:
    """The same batch through another warehouse, by the carrier and at the pace of that one's own rule."""
    rule = rule_for(
        replace(table, rules=tuple(one for one in table.rules if one.warehouse == to)), batch.zone, batch.keep.value
    )
    carrier, pace = (rule.carrier, rule.pace) if rule is not None else (batch.carrier, batch.pace)
    return _through(batch, table, warehouse(table, to), carrier, pace, now)


def sent_elsewhere(batch: Batch, table: Routes, to: str, now: Instant) -> Batch:
    """The same batch through another warehouse, with its time worked out anew and everyone in it told (S7)."""
    new = instead_through(batch, table, to, now)
    pace = new.pace
    earliest, latest = now + pace.least_ms, now + pace.sort_ms + pace.sort_ms // 4 + pace.most_ms
    told = Promise(earliest=earliest, latest=latest, at=now, by="timer", why="rerouted")
    return replace(new, promises=(*new.promises, told)[-20:], owed=(*new.owed, f"batch_promise@{now}"), due_at=now)


def _through(batch: Batch, table: Routes, house: Warehouse, carrier: str, pace: Pace, now: Instant) -> Batch:
    before = {f"sorter:{who}" for one in table.warehouses for who in one.sorters}
    before |= {f"carrier:{who}" for one in table.carriers for who in one.people}
    driving = haulier(table, carrier)
    people = [f"sorter:{who}" for who in house.sorters] + [
        f"carrier:{who}" for who in (driving.people if driving else ())
    ]
    crew = [one for one in batch.crew if one not in before]
    new = replace(batch, warehouse_id=house.id, pace=pace, crew=tuple(dict.fromkeys([*crew, *people])))
    return _driven(new, carrier, now)


def to_be_moved(batch: Batch, command: Reroute) -> bool:
    return batch.state in UNSHIPPED and batch.zone == command.zone and batch.warehouse_id == command.warehouse


# ------------------------------------------------------------------ loads


def day_of_work(batch: Batch) -> str:
    """The local day on which its goods should be sorted."""
    return moment(batch.created_at + batch.pace.sort_ms, batch.clock_zone).strftime("%Y-%m-%d")


def places_of(batch: Batch) -> tuple[str, ...]:
    """What this batch loads: its warehouse in its temperature class, and its carrier."""
    house = (f"warehouse.{batch.warehouse_id}.{batch.keep.value}",) if batch.warehouse_id else ()
    return (*house, *((f"carrier.{batch.carrier}",) if batch.carrier else ()))


def capacity_of(table: Routes, place: str) -> int:
    """Orders a day; 0 where nothing limits it."""
    kind, _, rest = place.partition(".")
    if kind == "carrier":
        found = haulier(table, rest)
        return found.capacity if found else 0
    house_id, _, keep = rest.rpartition(".")
    return next((one.capacity.get(keep, 0) for one in table.warehouses if one.id == house_id), 0)


def fallback_of(table: Routes, place: str) -> str:
    kind, _, rest = place.partition(".")
    if kind == "carrier":
        found = haulier(table, rest)
        return found.fallback if found else ""
    return next((one.fallback for one in table.warehouses if one.id == rest.rpartition(".")[0]), "")


def loaded(load: Load, table: Routes, orders: int) -> Load:
    return replace(load, orders=max(0, load.orders + orders), capacity=capacity_of(table, load.place))


def overloaded(load: Load) -> bool:
    return 0 < load.capacity < load.orders


def filling(load: Load) -> bool:
    """Four fifths are taken: said while there is still time to do something (S25)."""
    return 0 < load.capacity * 4 <= load.orders * 5


def holds(load: Load, table: Routes, orders: int) -> bool:
    """Whether so many more are within what this place takes on that day."""
    limit = capacity_of(table, load.place)
    return not limit or load.orders + orders <= limit


def place_instead(place: str, other: str) -> str:
    """The same kind of load at another warehouse (in the same temperature class) or carrier."""
    kind, _, rest = place.partition(".")
    return f"{kind}.{other}" if kind == "carrier" else f"{kind}.{other}.{rest.rpartition('.')[2]}"
