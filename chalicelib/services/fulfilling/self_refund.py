"""A buyer takes the money back in one call, while an incident of level 3 covers goods that have not left (R11)."""

from ...domain import incident as rules
from ...domain.batch import UNSHIPPED, Batch, awaited, destination_of
from ...domain.campaign import Campaign, Fulfilment
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.order import Order, weight_of
from ...domain.ports import Caller
from ...domain.refusals import Broken, Refused, Unavailable
from ...domain.writes import Replace, Unchanged, Write
from ..attempts import attempts
from ..buying.cancel import voided_balance
from ..buying.change import mine
from ..delivering import batches, routes
from ..delivering.waybills import given_back
from ..paying.left import left_of
from ..supplying.purchase import counting_again
from ..world import World


def self_refund(world: World, caller: Caller, order_id: str, *, now: Instant) -> Order:
    """Taken back already is done already. What is no longer wanted is counted out of what suppliers are asked for."""
    for attempt in attempts(world):
        with attempt:
            order, group, terms = mine(world, caller, order_id)
            if order.withdrawn_at is not None:
                return order
            world.store.commit(*_writes(world, order, group, terms, now))
            world.watch.count("orders_self_refunded")
            return world.store.order(order_id) or order
    raise Unavailable("busy")


def is_open(world: World, order: Order, group: Group, terms: Campaign, batch: Batch | None) -> bool:
    """Whether its buyer may take the money back now, as it is shown; the call itself decides for itself."""
    left = batch is not None and batch.state not in UNSHIPPED
    if left or not (awaited(order) or order.owes_balance):
        return False
    destination = destination_of(order, group, terms)
    return any(rules.opens_refund(one, destination) for one in world.store.incidents(group.id))


def _writes(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    """Order, refund, demand and batch move together: a batch that leaves meanwhile has moved, and the goods with it."""
    destination = destination_of(order, group, terms)
    if not any(rules.opens_refund(one, destination) for one in world.store.incidents(group.id)):
        raise Refused("self_refund_not_open")
    batch = _batch(world, group, destination, now)
    rules.check_may_withdraw(order, batch)
    left = left_of(world, order, taken=True)
    writes: list[Write] = [Replace(rules.withdrawn(order, now)), *left.back(left.amount_minor, now, cause="incident")]
    writes += voided_balance(world, order)
    writes += counting_again(world, group.id, now)
    if terms.fulfilment is Fulfilment.DELIVERY:
        writes += given_back(world, order, now)
    return [*writes, *_out_of(world, batch, order, terms, now)]


def _batch(world: World, group: Group, destination: str, now: Instant) -> Batch:
    """The batch is there from here on, so that its leaving is always noticed."""
    found = {one.destination: one for one in batches.plan(world, group, now)}
    if destination not in found:
        raise Broken(f"group {group.id} has no batch {destination}")
    return found[destination]


def _out_of(world: World, batch: Batch, order: Order, terms: Campaign, now: Instant) -> list[Write]:
    less = rules.without(batch, order, weight_of(terms, order.lines))
    if less == batch:
        return [Unchanged(batch)]
    if not batch.loaded_on:
        return [Replace(less)]
    less, loads = routes.load_writes(world, routes.table_of(world, batch.merchant_id), batch, less, now)
    return [Replace(less), *loads]
