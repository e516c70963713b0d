"""A person's contact data: written to the vault, read from it with a reason, and every read recorded (X5, X6)."""

from collections.abc import Iterator

from ...domain.instants import Instant
from ...domain.order import FAILED, HOLDING, Order
from ...domain.person import Address, Channel, Contact, given_anew
from ...domain.ports import Caller, Page, VaultRead
from ...domain.refusals import Refused, Unavailable
from ...domain.resolution import in_group
from ...domain.writes import put
from .. import audit
from ..attempts import attempts
from ..lists import every
from ..telling.tell import preferences_of
from ..world import World
from . import confirm_email

LISTED = 50


def read_mine(world: World, caller: Caller, *, now: Instant) -> Contact:
    found = world.vault.read(caller.id, reader=caller.id, why="own contact", now=now)
    return found or Contact()


def save_mine(world: World, caller: Caller, *, email: str | None, now: Instant) -> Contact:
    """The phone is the one the identity provider verified; nobody can name another's."""
    contact = Contact(phone=world.identity.phone_of(caller.id), email=email)
    world.vault.write(caller.id, contact, now)
    if email is not None:
        _given_anew(world, caller, now)
    return contact


def _given_anew(world: World, caller: Caller, now: Instant) -> None:
    """What bounced before was another address, or is proved by the letter that goes out now."""
    for attempt in attempts(world):
        with attempt:
            known = preferences_of(world, caller.id)
            new = given_anew(known, Channel.EMAIL, now)
            letter = confirm_email.ask(world, new, now) if Channel.EMAIL in known.suppressed else []
            world.store.commit(put(new), *letter)
            return
    raise Unavailable("busy")


def add_address(world: World, caller: Caller, address: Address, *, now: Instant) -> str:
    address_id = "a" + world.new_id()
    world.vault.add_address(caller.id, address_id, address, now)
    return address_id


def remove_address(world: World, caller: Caller, address_id: str) -> None:
    """Not while goods are on their way to it. Raises Refused('address_in_use', orders)."""
    waiting = [
        order.id for order in _orders(world, caller) if order.address_id == address_id and _owed_goods(world, order)
    ]
    if waiting:
        raise Refused("address_in_use", orders=waiting[:LISTED])
    world.vault.remove_address(caller.id, address_id)


def _orders(world: World, caller: Caller) -> Iterator[Order]:
    for mark in every(lambda start: world.store.orders_of_buyer(caller.id, LISTED, start)):
        order = world.store.order(mark.order_id)
        if order is not None:
            yield order


def _owed_goods(world: World, order: Order) -> bool:
    group = world.store.group(order.group_id)
    known = in_group(order, group)
    return known.state in HOLDING and known.resolution != FAILED and known.handed_at is None


def read_for_support(world: World, caller: Caller, person_id: str, *, why: str, now: Instant) -> Contact:
    audit.record(world, caller, "contact_read", person_id, now)
    found = world.vault.read(person_id, reader=caller.id, why=why, now=now)
    if found is None:
        raise Refused("contact_not_found", person=person_id)
    return found


def reads(world: World, person_id: str, *, limit: int, start: str | None) -> Page[VaultRead]:
    return world.vault.reads(person_id, limit, start)
