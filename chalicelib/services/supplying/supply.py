"""A supplier's own verbs (S9): acknowledge, promise a date, ship a lot. And who may look at a purchase order."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import supply
from ...domain.ids import group_of
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.supply import Lot, PurchaseOrder
from ...domain.writes import Create, Replace
from ...lean import dataclass
from ..attempts import attempts
from ..paying.money import SEES_ALL, seen_group
from ..world import World
from .purchase import count_again


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRequest:
    """`key` is the caller's Idempotency-Key."""

    units: Mapping[str, int]
    key: str
    destination: str | None = None
    batch: str = ""
    note: str = ""


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[PurchaseOrder]:
    return world.store.purchases_of(caller.id, limit, start)


def one(world: World, caller: Caller, purchase_id: str) -> PurchaseOrder:
    """For its supplier, its merchant, and those who may look into any group; to others it does not exist."""
    purchase = world.store.purchase(purchase_id)
    if purchase is None or not (caller.id in (purchase.supplier_id, purchase.merchant_id) or caller.roles & SEES_ALL):
        raise Refused("purchase_not_found", purchase=purchase_id)
    return purchase


def lots(world: World, caller: Caller, purchase_id: str) -> list[Lot]:
    one(world, caller, purchase_id)
    return sorted(world.store.lots_of(purchase_id), key=lambda lot: lot.number)


def of_group(world: World, caller: Caller, group_id: str) -> list[PurchaseOrder]:
    group = seen_group(world, caller, group_id)
    return world.store.purchases_of_group(group.id)


def alone(world: World, caller: Caller, group_id: str) -> Mapping[str, Mapping[str, int]]:
    """Item -> units -> orders of these and nothing beside, as last counted."""
    group = seen_group(world, caller, group_id)
    demand = world.store.demand(group.id)
    return demand.alone if demand is not None else {}


def recount(world: World, caller: Caller, group_id: str, *, now: Instant) -> None:
    """The merchant has the orders counted anew: what has changed becomes amendments within seconds."""
    group = seen_group(world, caller, group_id)
    if count_again(world, group.id, now) is None:
        raise Refused("nothing_asked_for", group=group_id)


def own(world: World, caller: Caller, purchase_id: str) -> PurchaseOrder:
    """The supplier's alone: nobody else answers or promises for them."""
    purchase = world.store.purchase(purchase_id)
    if purchase is None or purchase.supplier_id != caller.id:
        raise Refused("purchase_not_found", purchase=purchase_id)
    return purchase


def acknowledge(world: World, caller: Caller, purchase_id: str, number: int, *, now: Instant) -> PurchaseOrder:
    """Acknowledging what is acknowledged is done already."""
    for attempt in attempts(world):
        with attempt:
            purchase = own(world, caller, purchase_id)
            if purchase.acknowledged and number == purchase.number:
                return purchase
            new = supply.acknowledged(purchase, number, now, caller.id)
            world.store.commit(Replace(new))
            world.watch.count("purchase_answer_ms", now - (new.answer_by - new.answer_within), unit="Milliseconds")
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def promise(
    world: World, caller: Caller, purchase_id: str, ready_at: Instant, note: str, *, now: Instant
) -> PurchaseOrder:
    """The same date again is no new promise."""
    for attempt in attempts(world):
        with attempt:
            purchase = own(world, caller, purchase_id)
            last = purchase.promised
            if last is not None and (last.ready_at, last.note) == (ready_at, note):
                return purchase
            new = supply.promised(purchase, ready_at, note, now, caller.id)
            world.store.commit(Replace(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def ship(world: World, caller: Caller, purchase_id: str, ask: LotRequest, *, now: Instant) -> Lot:
    """The lot and what is left to ship move together; the same request again finds its lot."""
    for attempt in attempts(world):
        with attempt:
            purchase = own(world, caller, purchase_id)
            known = world.store.lot(purchase_id, ask.key)
            if known is not None:
                return _same(known, ask)
            new = supply.shipped(purchase, ask.units, ask.destination, now)
            lot = Lot(
                purchase_id=purchase_id,
                group_id=group_of(purchase_id),
                key=ask.key,
                number=new.lots,
                units=dict(ask.units),
                destination=ask.destination,
                batch=ask.batch,
                note=ask.note,
                shipped_at=now,
                by=caller.id,
            )
            world.store.commit(Replace(new), Create(lot))
            return replace(lot, version=1)
    raise Unavailable("busy")


def _same(known: Lot, ask: LotRequest) -> Lot:
    asked = (dict(ask.units), ask.destination, ask.batch, ask.note)
    if (dict(known.units), known.destination, known.batch, known.note) != asked:
        raise Refused("key_reused")
    return known
