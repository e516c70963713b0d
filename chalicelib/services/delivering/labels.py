"""What goes onto the boxes of a batch: community -> building -> unit, so that one walk delivers them (O11).

Names and phones are masked before they go anywhere. Reading an address is on record, with who read it and for
which order. A sheet holds at most `SHEET` labels, so that it is made while somebody waits for it.
"""

from collections.abc import Mapping

from ...domain.batch import Batch
from ...domain.campaign import Campaign, Fulfilment
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.label import Label, door, masked_name, masked_phone, walk
from ...domain.order import Order, goods
from ...domain.person import Address
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ..world import World
from .batches import mine, orders_of

SHEET = 300


def labels(
    world: World, caller: Caller, group_id: str, destination: str, *, sheet: int, now: Instant
) -> tuple[Batch, list[Label]]:
    """One sheet of a batch's labels, in the order of the walk; `sheet` counts from 0."""
    batch, roles = mine(world, caller, group_id, destination)
    if not roles & {"merchant", "sorter"}:
        raise Refused("not_yours_to_ship")
    group = world.store.group(group_id)
    assert group is not None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    titles = {item.sku: item.title for item in terms.items}
    titles |= {one.instead: one.title for one in world.store.substitutes(group_id)}
    orders = orders_of(world, batch)[sheet * SHEET : (sheet + 1) * SHEET]
    found = [
        (order, _address(world, caller, order, terms, now), _phone(world, caller, order, terms, now))
        for order in orders
    ]
    found.sort(key=lambda one: (walk(one[1]), one[0].id))
    return batch, [
        _label(world, batch, titles, number, order, address, phone)
        for number, (order, address, phone) in enumerate(found, start=sheet * SHEET + 1)
    ]


def _address(world: World, caller: Caller, order: Order, terms: Campaign, now: Instant) -> Address | None:
    if terms.fulfilment is not Fulfilment.DELIVERY or order.address_id is None:
        return None
    contact = world.vault.read(order.buyer_id, reader=caller.id, why=f"label {order.id}", now=now)
    return contact.addresses.get(order.address_id) if contact else None


def _phone(world: World, caller: Caller, order: Order, terms: Campaign, now: Instant) -> str:
    """At a pickup point the end of the phone is what tells two neighbours of one name apart."""
    if terms.fulfilment is Fulfilment.DELIVERY:
        return ""
    return world.identity.phone_of(order.buyer_id) or ""


def _label(
    world: World,
    batch: Batch,
    titles: Mapping[str, str],
    number: int,
    order: Order,
    address: Address | None,
    phone: str,
) -> Label:
    bill = world.store.waybill(order.id)
    return Label(
        number=number,
        order_id=order.id,
        place=f"{batch.zone} {batch.name}".strip(),
        door=door(address) if address else batch.name,
        recipient=masked_name(address.recipient) if address else f"#{derived('label', order.id, length=4)}",
        phone=masked_phone(address.phone if address else phone),
        goods=tuple(f"{titles.get(sku, sku)} x {units}" for sku, units in goods(order).items()),
        carrier=bill.carrier if bill else batch.carrier,
        waybill=bill.number if bill else batch.waybill,
    )
