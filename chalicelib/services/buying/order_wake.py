"""An order's timer: tell what happened, remind, chase a missing choice, and let the seat go when it is not paid."""

from dataclasses import replace

from ...domain import order as orders
from ...domain.campaign import Campaign, Kind
from ...domain.group import Group, GroupState, deadline_moved
from ...domain.instants import Instant
from ...domain.order import Order, OrderState
from ...domain.refusals import Broken, Lost
from ...domain.writes import Replace, Take, Write
from ..paying import balances
from ..paying.look_up import look_up
from ..telling.owed import owed_notices, plan_for
from ..world import World
from . import limits
from .cancel import money_back
from .close import close_full_team


def order_wake(world: World, order: Order, now: Instant) -> None:
    group = world.store.group(order.group_id)
    if group is None:
        raise Broken(f"order {order.id} has no group")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if order.state is OrderState.HELD and now >= orders.lapses_at(order, group):
        lapse(world, order, group, terms, now)
        return
    if order.owes_balance and now >= orders.balance_ends_at(order):
        if not look_up(world, order, now):
            balances.default(world, order, group, terms, now)
        return
    paid_in_team = "order_paid" in order.owed and group.kind is Kind.TEAM
    new, writes = _next(world, order, group, terms, now)
    world.store.commit(Replace(new), *writes)
    if paid_in_team:
        close_full_team(world, group.id, now)


def _next(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> tuple[Order, list[Write]]:
    """The order with everything said that was owed, and the notices that say it."""
    writes = owed_notices(world, order, group, terms, now)
    new = replace(order, owed=())
    unpaid = order.state is OrderState.HELD or order.owes_balance
    if unpaid and (slot := orders.slot_to_remind(order, group, terms, now)) is not None:
        new = replace(new, reminded_at=slot)
        template = "balance_reminder" if order.owes_balance else "payment_reminder"
        writes += plan_for(world, order, group, terms, f"reminder@{slot}", template, now)
    if order.state is OrderState.PAID and orders.wants_pickup(order, terms) and not order.owed:
        new, event = _chase(new, group, terms, now)
        if event:
            writes += plan_for(world, new, group, terms, event, event, now)
    return replace(new, due_at=orders.due_after(new, group, terms, now)), writes


def _chase(order: Order, group: Group, terms: Campaign, now: Instant) -> tuple[Order, str]:
    """A missing pickup choice is asked for once, and made for the buyer at the cut-off (O5)."""
    if now >= orders.pickup_cutoff(group, terms):
        point = orders.default_pickup(terms, group)
        return replace(order, pickup_point_id=point, pickup_defaulted=True), "pickup_defaulted"
    if order.chased_at is None:
        return replace(order, chased_at=now), "pickup_missing"
    return order, ""


def lapse(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> None:
    """Not paid in time: asked once more at the provider, then the seat and the units go back together (O3).

    A group that is already sealing is left to its closer, who counts what stays on its slices.
    """
    if look_up(world, order, now):
        return
    new = orders.expired(order, now, released=True)
    back = {sku: -units for sku, units in order.lines.items()}
    writes: list[Write] = [Take(group.id, order.slice, back, -1), Replace(new)]
    writes += money_back(world, order, now) + limits.give_back(world, terms, order) + team_ends(order, group, now)
    try:
        world.store.commit(*writes)
    except Lost as lost:
        if 0 not in lost.rows:
            raise
        world.store.commit(Replace(replace(order, due_at=None)))
        return
    world.watch.count("orders_expired")


def team_ends(order: Order, group: Group, now: Instant) -> list[Write]:
    """A team whose initiator did not pay closes at once: a deadline moved to now, in the transaction that says so."""
    if order.buyer_id != group.initiator_id or group.state is not GroupState.OPEN or now >= group.closes_at:
        return []
    return [Replace(deadline_moved(group, now + 1, now))]
