"""Routing batches to warehouses and carriers, counting what each has to take, and sending a zone another way."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain import routing as rules
from ...domain.batch import UNSHIPPED, Batch
from ...domain.instants import DAY, HOUR, Instant, moment
from ...domain.plan import Fallback, FallbackKind
from ...domain.ports import Caller
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.routing import Diversion, Load, Reroute, Routes
from ...domain.writes import Create, Replace, Write, put
from ...lean import dataclass
from .. import audit
from ..attempts import attempts
from ..lists import every
from ..telling import tell
from ..world import World

ELSEWHERE = (FallbackKind.OTHER_WAREHOUSE, FallbackKind.OTHER_SORTING_CENTRE)
AT_ONCE = 50
"""Batches one waking looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A day's load of one place. `fallback_free` is what its fallback has left that day (None: unlimited, or none)."""

    load: Load
    over: bool
    fallback: str
    fallback_free: int | None


def table_of(world: World, merchant_id: str) -> Routes:
    return world.store.routes(merchant_id) or Routes(merchant_id=merchant_id)


def set_table(world: World, caller: Caller, wanted: Routes, version: int, *, now: Instant) -> Routes:
    """The whole table anew, on top of the version that was read; what waits in the queue is matched by its timer."""
    found = table_of(world, caller.id)
    if found.version != version:
        raise Refused("routes_have_changed", version=found.version)
    new = replace(
        wanted, merchant_id=caller.id, version=found.version, diversions=found.diversions, cursor=None, due_at=now
    )
    rules.check(new)
    act = audit.line(world, caller, "routes_set", caller.id, now)
    try:
        world.store.commit(put(new), act)
    except Lost as lost:
        raise Refused("routes_have_changed", version=table_of(world, caller.id).version) from lost
    audit.noted(world, act)
    return replace(new, version=new.version + 1)


def routed(world: World, batch: Batch, now: Instant) -> Batch:
    """A new batch on its way through the table. Its load is counted when its orders are."""
    table = world.store.routes(batch.merchant_id)
    return rules.routed(batch, table, now) if table is not None else batch


def load_writes(
    world: World, table: Routes, before: Batch | None, after: Batch, now: Instant
) -> tuple[Batch, list[Write]]:
    """Takes the batch's orders off the loads it was on, and puts them onto those it is on now."""
    day = rules.day_of_work(after)
    change: dict[tuple[str, str], int] = {}
    if before is not None and before.loaded_on:
        for place in rules.places_of(before):
            change[before.loaded_on, place] = change.get((before.loaded_on, place), 0) - before.orders
    for place in rules.places_of(after):
        change[day, place] = change.get((day, place), 0) + after.orders
    writes: list[Write] = []
    for (on, place), orders in sorted(change.items()):
        if orders:
            writes += _load(world, table, after, on, place, orders, now)
    return replace(after, loaded_on=day if rules.places_of(after) else ""), writes


def _load(world: World, table: Routes, batch: Batch, day: str, place: str, orders: int, now: Instant) -> list[Write]:
    found = world.store.load(batch.merchant_id, day, place)
    new = rules.loaded(found or Load(merchant_id=batch.merchant_id, day=day, place=place), table, orders)
    writes: list[Write] = []
    if rules.filling(new) and not new.alerted:
        new = replace(new, alerted=True)
        writes += _alert(world, table, new, now)
    return [put(new), *writes]


def placed(world: World, table: Routes, batch: Batch, now: Instant) -> tuple[Batch, list[Write]]:
    """A batch that has just been counted, onto the loads of its day (S25).

    No warehouse is loaded beyond its limit: its fallback takes the batch where it has room, else the merchant's queue
    does. A carrier's fallback takes it likewise; without one the carrier's limit is passed, with a word.
    """
    new, told = batch, list[Write]()
    for place in rules.places_of(batch):
        load, other = _load_of(world, batch, place), rules.fallback_of(table, place)
        is_house = place.startswith("warehouse.")
        if rules.holds(load, table, batch.orders) or (not is_house and new.carrier != batch.carrier):
            continue
        free = bool(other) and rules.holds(
            _load_of(world, batch, rules.place_instead(place, other)), table, batch.orders
        )
        if is_house:
            new = rules.instead_through(new, table, other, now) if free else replace(new, warehouse_id="", carrier="")
        elif free:
            new = rules.carried_by(new, table, other, now)
        if is_house or free:
            told += _alert(world, table, rules.loaded(load, table, batch.orders), now, batch)
    new, loads = load_writes(world, table, None, new, now)
    return new, [*loads, *told]


def _load_of(world: World, batch: Batch, place: str) -> Load:
    day = rules.day_of_work(batch)
    return world.store.load(batch.merchant_id, day, place) or Load(merchant_id=batch.merchant_id, day=day, place=place)


def _alert(world: World, table: Routes, load: Load, now: Instant, batch: Batch | None = None) -> list[Write]:
    """Said once a day and place, while there is still time to use the fallback; and of each batch that was not let
    onto it any more (S25)."""
    world.watch.count("capacity_overloads")
    params = {
        "place": load.place.partition(".")[2],
        "day": load.day,
        "orders": str(load.orders),
        "capacity": str(load.capacity),
        "fallback": rules.fallback_of(table, load.place) or "-",
        "link": "/deliver",
    }
    event = f"capacity:{load.day}:{load.place}" + (f":{batch.group_id}.{batch.destination}" if batch else "")
    return [
        *tell.plan(
            world,
            load.merchant_id,
            about=load.merchant_id,
            event=event,
            template="capacity_short",
            params=params,
            now=now,
        )
    ]


def match_queue(world: World, table: Routes, now: Instant) -> None:
    """After a change of the table: what matched nothing is looked at again."""
    page = world.store.batches_of(table.merchant_id, AT_ONCE, table.cursor)
    for batch in page.rows:
        if not batch.warehouse_id:
            _again(world, table, batch, now)
    done = page.next is None
    world.store.commit(Replace(replace(table, cursor=page.next, due_at=None if done else now)))


def _again(world: World, table: Routes, batch: Batch, now: Instant) -> None:
    new = rules.routed(batch, table, now)
    if not new.warehouse_id:
        return
    writes: list[Write] = []
    if new.counted:
        new, writes = placed(world, table, new, now)
    if new.warehouse_id:
        world.store.commit(Replace(new), *writes)


def queue(world: World, caller: Caller) -> list[Batch]:
    """Batches that no rule has matched."""
    batches = every(lambda start: world.store.batches_of(caller.id, 100, start))
    return [one for one in batches if not one.warehouse_id and one.state.value == "planned"]


def forecast(world: World, caller: Caller, *, days: int, now: Instant) -> list[Forecast]:
    """The loads of today and the days after it, fullest first within a day."""
    table = table_of(world, caller.id)
    first = moment(now - 12 * HOUR).strftime("%Y-%m-%d")
    last = moment(now + days * DAY).strftime("%Y-%m-%d")
    loads = world.store.loads(caller.id, first, last)
    return [_seen(table, loads, one) for one in loads]


def _seen(table: Routes, loads: Sequence[Load], one: Load) -> Forecast:
    fallback = rules.fallback_of(table, one.place)
    free = None
    if fallback:
        place = rules.place_instead(one.place, fallback)
        limit = rules.capacity_of(table, place)
        taken = sum(other.orders for other in loads if other.day == one.day and other.place == place)
        free = max(0, limit - taken) if limit else None
    return Forecast(load=one, over=rules.overloaded(one), fallback=fallback, fallback_free=free)


# ------------------------------------------------------------------ another way


def reroute(
    world: World, caller: Caller, *, zone: str, warehouse: str, to: str, hours: int, key: str, now: Instant
) -> Reroute:
    """One command, once under its key. For `hours` what is planned anew for that warehouse goes the other way too."""
    for attempt in attempts(world):
        with attempt:
            known = world.store.reroute(caller.id, key)
            if known is not None:
                if (known.zone, known.warehouse, known.to) != (zone, warehouse, to):
                    raise Refused("key_reused")
                return known
            table = table_of(world, caller.id)
            rules.warehouse(table, warehouse), rules.warehouse(table, to)
            if warehouse == to:
                raise Refused("same_warehouse")
            command = Reroute(merchant_id=caller.id, key=key, zone=zone, warehouse=warehouse, to=to, at=now, due_at=now)
            writes: list[Write] = [Create(command), audit.line(world, caller, "rerouted", zone, now, to=to)]
            if hours:
                one = Diversion(zone=zone, warehouse=warehouse, to=to, until=now + hours * HOUR)
                standing = [known for known in table.diversions if now < known.until]
                writes.append(Replace(replace(table, diversions=(*standing, one)[-rules.MOST_DIVERSIONS :])))
            world.store.commit(*writes)
            return replace(command, version=1)
    raise Unavailable("busy")


def reroute_wake(world: World, command: Reroute, now: Instant) -> None:
    """Batch by batch, each with its loads in one transaction; a batch that has moved already is left alone."""
    table = table_of(world, command.merchant_id)
    page = world.store.batches_of(command.merchant_id, AT_ONCE, command.cursor)
    moved = 0
    for batch in page.rows:
        if rules.to_be_moved(batch, command):
            moved += _move(world, table, batch, command, now)
    done = page.next is None
    world.store.commit(
        Replace(
            replace(
                command,
                cursor=page.next,
                moved=command.moved + moved,
                done_at=now if done else None,
                due_at=None if done else now,
            )
        )
    )


def _move(world: World, table: Routes, batch: Batch, command: Reroute, now: Instant) -> int:
    for attempt in attempts(world):
        with attempt:
            found = world.store.batch(batch.group_id, batch.destination)
            if found is None or not rules.to_be_moved(found, command):
                return 0
            new = rules.sent_elsewhere(found, table, command.to, now)
            writes: list[Write] = []
            if found.counted:
                new, writes = load_writes(world, table, found, new, now)
            world.store.commit(Replace(new), *writes)
            return 1
    return 0


def by_carrier(world: World, batch: Batch, to: str, now: Instant) -> tuple[Batch, list[Write]]:
    """The batch with another carrier, and what its loads become."""
    table = table_of(world, batch.merchant_id)
    new = rules.carried_by(batch, table, to, now)
    return load_writes(world, table, batch, new, now) if batch.loaded_on else (new, [])


def switch(world: World, batch: Batch, fallback: Fallback, now: Instant) -> None:
    """A stage stayed late (S5): what is not shipped goes through the other warehouse, or by the other carrier, with its
    loads, its people and its time. One that has switched already is left alone, so it may be asked again."""
    table = table_of(world, batch.merchant_id)
    new = batch
    if batch.state not in UNSHIPPED:
        return
    if fallback.kind is FallbackKind.OTHER_CARRIER and batch.carrier != fallback.to:
        new = rules.carried_by(batch, table, fallback.to, now)
    elif fallback.kind in ELSEWHERE and batch.warehouse_id != fallback.to:
        known = any(one.id == fallback.to for one in table.warehouses)
        new = (
            rules.sent_elsewhere(batch, table, fallback.to, now) if known else replace(batch, warehouse_id=fallback.to)
        )
    if new == batch:
        return
    writes: list[Write] = []
    if batch.counted:
        new, writes = load_writes(world, table, batch, new, now)
    world.store.commit(Replace(new), *writes)


def rerouted(world: World, caller: Caller, key: str) -> Reroute:
    found = world.store.reroute(caller.id, key)
    if found is None:
        raise Refused("reroute_not_found", reroute=key)
    return found
