"""Change an order while its group is open: quantities (before paying), or the pickup point."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import order as orders
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.order import Order
from ...domain.ports import Caller
from ...domain.refusals import Broken, Lost, Refused, Unavailable
from ...domain.resolution import in_group
from ...domain.writes import Replace, Take
from ..attempts import attempts
from ..world import World
from . import limits, seats


def change(
    world: World,
    caller: Caller,
    order_id: str,
    *,
    lines: Mapping[str, int] | None,
    pickup_point_id: str | None,
    version: int,
    now: Instant,
) -> Order:
    """`version` is the one the caller saw: a change on top of somebody's newer one is refused."""
    if (lines is None) == (pickup_point_id is None):
        raise Refused("change_one_thing")
    for attempt in attempts(world):
        with attempt:
            order, group, terms = mine(world, caller, order_id)
            if order.version != version:
                raise Refused("order_has_changed", version=order.version)
            if lines is not None:
                return _change_lines(world, order, group, terms, lines, now)
            assert pickup_point_id is not None
            return _choose_pickup(world, order, group, terms, pickup_point_id, now)
    raise Unavailable("busy")


def mine(world: World, caller: Caller, order_id: str) -> tuple[Order, Group, Campaign]:
    """The caller's own order with its group and terms; another's looks like a missing one."""
    order = world.store.order(order_id)
    if order is None:
        raise Refused("order_not_found", order=order_id)
    orders.check_mine(order, caller.id)
    group = world.store.group(order.group_id)
    if group is None:
        raise Broken(f"order {order_id} has no group")
    return in_group(order, group), group, world.store.terms(group.campaign_id, group.terms_version)


def _change_lines(
    world: World, order: Order, group: Group, terms: Campaign, lines: Mapping[str, int], now: Instant
) -> Order:
    new = orders.changed(order, lines, group, terms, now)
    more = {
        sku: lines.get(sku, 0) - order.lines.get(sku, 0)
        for sku in {*lines, *order.lines}
        if lines.get(sku, 0) != order.lines.get(sku, 0)
    }
    limit = limits.allowance_writes(world, terms, order.buyer_id, sum(more.values()))
    try:
        world.store.commit(Take(group.id, order.slice, more, 0, now), Replace(new), *limit)
    except Lost as lost:
        if 0 in lost.rows and 1 not in lost.rows:
            if seats.why_refused(seats.as_slice(lost.rows[0]), now) != "short":
                raise Refused("group_closed") from lost
            wanted = {sku: units for sku, units in more.items() if units > 0}
            seats.gather(world, group, order.slice, wanted, 0, now)
        raise
    return replace(new, version=new.version + 1)


def _choose_pickup(world: World, order: Order, group: Group, terms: Campaign, point: str, now: Instant) -> Order:
    """No seat moves, so no slice is asked; the goods leave after the cut-off, and so does the choice."""
    orders.check_pickup(terms, group, point)
    if now >= orders.pickup_cutoff(group, terms):
        raise Refused("too_late_to_choose")
    new = orders.pickup_chosen(order, point, now)
    world.store.commit(Replace(new))
    return replace(new, version=new.version + 1)
