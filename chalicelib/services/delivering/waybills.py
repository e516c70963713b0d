"""Waybills (电子面单): asked of the carrier, followed by its reports and by asking, or typed in by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...domain import batch as batches
from ...domain import waybill as rules
from ...domain.batch import Batch, BatchState
from ...domain.campaign import Campaign, Fulfilment
from ...domain.group import Group
from ...domain.hand_over import handed
from ...domain.instants import Instant
from ...domain.order import Order
from ...domain.person import Address
from ...domain.ports import Caller, Carrier, Outcome, Parcel, Report, Ride
from ...domain.refusals import Broken, Lost, Refused, Unavailable
from ...domain.resolution import in_group
from ...domain.waybill import Waybill, WaybillState
from ...domain.writes import Create, Replace, Write, put
from ...lean import dataclass
from ..attempts import attempts, once
from ..buying.move_deadline import own_group
from ..telling import tell
from ..world import World
from . import routes
from .batches import forwarded, mine, store

ON_THE_WAY = (WaybillState.PICKED_UP, WaybillState.IN_TRANSIT, WaybillState.ARRIVING)
MOST_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One line of an upload of tracking numbers."""

    order_id: str
    carrier: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """`said` is `noted`, `known` (the same number again), or the code of a refusal of this line alone."""

    order_id: str
    said: str


def carrier_of(world: World, name: str) -> Carrier:
    if name not in world.carriers:
        raise Refused("carrier_not_connected", carrier=name)
    return world.carriers[name]


def request(
    world: World, caller: Caller, group_id: str, destination: str, carrier: str | None, *, now: Instant
) -> Batch:
    """Asks for the batch's waybill, or for one an order where it is delivered to doors. Asked again: nothing more."""
    for attempt in attempts(world):
        with attempt:
            batch, roles = mine(world, caller, group_id, destination)
            if not roles & {"merchant", "sorter"}:
                raise Refused("not_yours_to_ship")
            batches.check_open(batch)
            name = carrier or batch.carrier
            carrier_of(world, name)
            if destination.startswith("point."):
                return _one(world, batch, name, now)
            if batch.task:
                raise Refused("batch_busy")
            if batch.billed not in ("", name):
                return _by_another(world, batch, name, now)
            new = replace(batch, carrier=name, billed=name, task="waybills", cursor=None, due_at=now)
            world.store.commit(Replace(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def _by_another(world: World, batch: Batch, carrier: str, now: Instant) -> Batch:
    """Its waybills are with one carrier, and now another is to bring it: those are called off, by its timer."""
    if batch.state not in batches.UNSHIPPED:
        raise Refused("already_shipped")
    new, loads = routes.by_carrier(world, batch, carrier, now)
    return store(world, batch, new, *loads)


def _one(world: World, batch: Batch, carrier: str, now: Instant) -> Batch:
    """A batch's own waybill; after a refusal it may be asked for again, of another carrier too."""
    key = rules.batch_key(batch.group_id, batch.destination)
    known = world.store.waybill(key)
    if known is not None and known.state is not WaybillState.REFUSED:
        if known.carrier == carrier:
            return batch
        return _by_another(world, replace(batch, billed=known.carrier), carrier, now)
    new = asked(batch, key, "", carrier, now)
    new = replace(new, version=known.version, turn=known.turn) if known else new
    written = replace(batch, carrier=carrier, billed=carrier)
    world.store.commit(put(new), Replace(written))
    return replace(written, version=written.version + 1)


def asked(batch: Batch, key: str, order_id: str, carrier: str, now: Instant) -> Waybill:
    return Waybill(
        id=key,
        group_id=batch.group_id,
        destination=batch.destination,
        merchant_id=batch.merchant_id,
        carrier=carrier,
        order_id=order_id,
        requested_at=now,
        due_at=now,
    )


def request_for_orders(world: World, batch: Batch, orders: Sequence[Order], now: Instant) -> None:
    """One waybill an order, for goods that go to doors. One that is there already is left alone."""
    for order in orders:
        if order.handed_at is not None or order.uncollected is not None:
            continue
        new = once(world, Create(asked(batch, order.id, order.id, batch.carrier, now)))
        if not new and (writes := rebilled(world, order.id, batch.carrier, now)):
            world.store.commit(*writes)


def rebilled(world: World, waybill_id: str, carrier: str, now: Instant) -> list[Write]:
    """The waybill off its goods, and this carrier asked for the next; nothing where it is this carrier's already."""
    known = world.store.waybill(waybill_id)
    if known is None or not rules.to_call_off(known, carrier):
        return []
    return [Create(rules.kept_beside(known, now)), Replace(rules.followed_by(known, carrier, now))]


def given_back(world: World, order: Order, now: Instant) -> list[Write]:
    """For the transaction in which an order's buyer takes the money back: nobody is to fetch its parcel."""
    known = world.store.waybill(order.id)
    return [Replace(rules.called_off(known, now))] if known is not None and rules.to_call_off(known, "") else []


# ------------------------------------------------------------------ the timer


def waybill_wake(world: World, waybill: Waybill, now: Instant) -> None:
    if waybill.off is not None:
        _call_off(world, waybill, now)
    elif waybill.carrier not in world.carriers:
        world.store.commit(Replace(rules.refused(waybill, "carrier not connected")))
    elif waybill.state is WaybillState.REQUESTED:
        _issue(world, waybill, now)
    else:
        _ask(world, waybill, now)


def _call_off(world: World, waybill: Waybill, now: Instant) -> None:
    """Asked until there is an answer. Goods that the carrier has already are the merchant's to get back."""
    if waybill.off is not rules.CallOff.ASKED:
        world.store.commit(Replace(replace(waybill, due_at=None)))
        return
    new = _told_off(world, waybill, now)
    writes: list[Write] = [Replace(new)]
    if new.off is rules.CallOff.REFUSED or new.tries == rules.MOST_TRIES:
        batch = world.store.batch(waybill.group_id, waybill.destination)
        writes += trouble(world, batch, new, now) if batch else []
    world.store.commit(*writes)
    if new.off is rules.CallOff.DONE:
        world.watch.count("waybills_called_off")


def _told_off(world: World, waybill: Waybill, now: Instant) -> Waybill:
    if waybill.carrier not in world.carriers:
        return rules.off_ended(waybill, rules.CallOff.REFUSED, "carrier not connected")
    said = world.carriers[waybill.carrier].cancel(waybill.key)
    if said.outcome is Outcome.SUCCEEDED:
        return rules.off_ended(waybill, rules.CallOff.DONE)
    if said.outcome is Outcome.FAILED:
        return rules.off_ended(waybill, rules.CallOff.REFUSED, said.reason)
    return rules.off_unanswered(waybill, said.reason, now)


def _issue(world: World, waybill: Waybill, now: Instant) -> None:
    """The key makes a repeat harmless, so the carrier is asked first and the answer recorded then."""
    batch = world.store.batch(waybill.group_id, waybill.destination)
    group = world.store.group(waybill.group_id)
    if batch is None or group is None:
        raise Broken(f"waybill {waybill.id} has no batch")
    said = world.carriers[waybill.carrier].issue(_parcel(world, waybill, batch, group, now))
    if said.outcome is Outcome.SUCCEEDED:
        new = rules.issued(waybill, said.number, said.label, now)
    elif said.outcome is Outcome.FAILED:
        new = rules.refused(waybill, said.reason)
    else:
        new = rules.unanswered(waybill, said.reason, now)
    writes: list[Write] = [Replace(new)]
    if new.state is WaybillState.ISSUED and not new.order_id:
        writes.append(Replace(replace(batch, waybill=new.number)))
    if new.state is WaybillState.REFUSED:
        writes += trouble(world, batch, new, now)
    world.store.commit(*writes)


def _parcel(world: World, waybill: Waybill, batch: Batch, group: Group, now: Instant) -> Parcel:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if not waybill.order_id:
        point = next((one for one in terms.pickup_points if f"point.{one.id}" == batch.destination), None)
        where = point.address if point else ""
        return Parcel(
            key=waybill.key, title=batch.title, to_name=batch.name, to_phone="", to_address=where or batch.name,
            weight_g=batch.weight_g, keep=batch.keep.value,
        )  # fmt: skip
    order = world.store.order(waybill.order_id)
    if order is None:
        raise Broken(f"waybill {waybill.id} has no order")
    reader, why = f"carrier:{waybill.carrier}", f"waybill {order.id}"
    contact = world.vault.read(order.buyer_id, reader=reader, why=why, now=now)
    address = contact.addresses.get(order.address_id or "") if contact else None
    weights = {item.sku: item.weight_g for item in terms.items}
    return Parcel(
        key=waybill.key,
        title=batch.title,
        to_name=address.recipient if address else "",
        to_phone=address.phone if address else "",
        to_address=written_out(address) if address else "",
        weight_g=sum(units * weights.get(sku, 0) for sku, units in order.lines.items()),
        keep=batch.keep.value,
    )


def written_out(address: Address) -> str:
    parts = (
        address.province, address.city, address.district, address.street, address.community, address.building,
        address.unit, address.room,
    )  # fmt: skip
    return " ".join(part for part in parts if part)


def trouble(world: World, batch: Batch, waybill: Waybill, now: Instant) -> list[Write]:
    """A carrier that refuses, or brings goods back, is the merchant's to settle."""
    world.watch.note("waybill_trouble", group=waybill.group_id, state=waybill.state.value, reason=waybill.reason)
    params = {
        "title": batch.title,
        "place": batch.name,
        "reason": waybill.reason or waybill.state.value,
        "link": f"/groups/{batch.group_id}",
    }
    event = f"waybill:{waybill.id}:{waybill.state.value}:{waybill.version}"
    return [
        *tell.plan(
            world,
            batch.merchant_id,
            about=batch.group_id,
            event=event,
            template="waybill_trouble",
            params=params,
            now=now,
        )
    ]


def _ask(world: World, waybill: Waybill, now: Instant) -> None:
    """The carrier has been silent: it is asked, and what it says goes the way of its reports."""
    if waybill.state in rules.ENDED or waybill.by_hand:
        world.store.commit(Replace(replace(waybill, due_at=None)))
        return
    reports = world.carriers[waybill.carrier].track(waybill.key)
    for report in sorted(reports or [], key=lambda one: one.at):
        take(world, waybill.carrier, report, now=now)
    found = world.store.waybill(waybill.id)
    if found is not None and found.state not in rules.ENDED:
        world.store.commit(Replace(rules.still_silent(found, now)))


# ------------------------------------------------------------------ reports


def callback(world: World, carrier: str, headers: Mapping[str, str], body: bytes, *, now: Instant) -> None:
    take(world, carrier, carrier_of(world, carrier).parse_callback(headers, body, now), now=now)


def take(world: World, carrier: str, report: Report, *, now: Instant) -> None:
    """What follows from a report happens before it is recorded: a report that comes again makes good what was missed.

    Each consequence happens once, however often and in whatever order the reports come.
    """
    for attempt in attempts(world):
        with attempt:
            waybill = _reported(world, carrier, report)
            at = min(report.at, now)
            new = rules.heard(waybill, report.state, at, now, report.place)
            if new.off is None:
                _carry(world, new, at, now)
            if new == waybill:
                return
            writes: list[Write] = [Replace(new)]
            astray = new.off is not None or new.state is WaybillState.RETURNED
            if astray and new.state is not waybill.state:
                batch = world.store.batch(new.group_id, new.destination)
                writes += trouble(world, batch, new, now) if batch else []
            world.store.commit(*writes)
            return
    raise Unavailable("busy")


def _reported(world: World, carrier: str, report: Report) -> Waybill:
    """The waybill that a report is of, with its goods or taken off them. Anything else is none of ours."""
    for waybill_id in rules.ids_under(report.key):
        found = world.store.waybill(waybill_id)
        if found is not None and (found.carrier, found.key, found.number) == (carrier, report.key, report.number):
            return found
    raise Refused("waybill_not_found")


def _carry(world: World, waybill: Waybill, at: Instant, now: Instant) -> None:
    by = f"carrier:{waybill.carrier}"
    if waybill.state in ON_THE_WAY or waybill.state is WaybillState.DELIVERED:
        to = BatchState.READY if waybill.state is WaybillState.DELIVERED else BatchState.IN_TRANSIT
        forwarded(world, waybill.group_id, waybill.destination, to, by=by, at=at, now=now)
    if waybill.state is WaybillState.DELIVERED and waybill.order_id:
        _at_the_door(world, waybill.order_id, by, at)


def _at_the_door(world: World, order_id: str, by: str, at: Instant) -> None:
    for attempt in attempts(world):
        with attempt:
            order = world.store.order(order_id)
            if (
                order is None
                or order.handed_at is not None
                or order.uncollected is not None
                or not batches.rides(order)
            ):
                return
            world.store.commit(Replace(handed(order, by=by, at=at)))
            return


# ------------------------------------------------------------------ numbers typed in


def note_numbers(world: World, caller: Caller, group_id: str, rows: Sequence[Typed], *, now: Instant) -> list[Noted]:
    """Tracking numbers by the batch (O10): each line stands for itself, and the same file twice changes nothing."""
    group = own_group(world, caller, group_id)
    taken: set[tuple[str, str]] = set()
    said = []
    for row in rows:
        try:
            if (row.carrier, row.number) in taken:
                raise Refused("repeated_number")
            taken.add((row.carrier, row.number))
            said.append(Noted(order_id=row.order_id, said=_note(world, group, row, now)))
        except Refused as refused:
            said.append(Noted(order_id=row.order_id, said=refused.code))
        except Lost:
            said.append(Noted(order_id=row.order_id, said="busy"))
    return said


def _note(world: World, group: Group, row: Typed, now: Instant) -> str:
    order = world.store.order(row.order_id)
    if order is None or order.group_id != group.id:
        raise Refused("order_not_found")
    if not batches.rides(order := in_group(order, group)):
        raise Refused("order_not_to_hand_over", state=order.resolution or order.state.value)
    known = world.store.waybill(order.id)
    if known is not None and known.number == row.number and known.carrier == row.carrier:
        return "known"
    if known is not None and known.state not in (WaybillState.REQUESTED, WaybillState.REFUSED) and not known.by_hand:
        raise Refused("waybill_exists", number=known.number)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    new = Waybill(
        id=order.id,
        group_id=group.id,
        destination=batches.destination_of(order, group, terms),
        merchant_id=group.merchant_id,
        carrier=row.carrier,
        order_id=order.id,
        state=WaybillState.ISSUED,
        number=row.number,
        by_hand=True,
        requested_at=now,
        issued_at=now,
        version=known.version if known else 0,
    )
    world.store.commit(put(new))
    return "noted"


def ride_of(world: World, order: Order, group: Group, terms: Campaign) -> Ride:
    """The batch an order rides in, its own waybill or the one all of the batch ride under, and what is offered for its
    items: one call, or two."""
    if not batches.rides(order):
        return Ride(None, None)
    destination = batches.destination_of(order, group, terms)
    ride = world.store.ride_of(group.id, destination, order.id, list(order.lines))
    batch = ride.batch
    if ride.waybill is not None or batch is None or terms.fulfilment is not Fulfilment.PICKUP or not batch.waybill:
        return ride
    return ride._replace(waybill=world.store.waybill(rules.batch_key(batch.group_id, batch.destination)))
