"""Goods that nobody fetched: given back to the merchant with the money returned, or forfeited, as the campaign says."""

from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.hand_over import given_up
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.statement import arrives_by
from ...domain.writes import Replace, Write
from ..attempts import attempts
from ..paying.left import left_of
from ..telling import tell
from ..world import World


def give_up(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> None:
    """The order's mark, its refund and its notices in one transaction; an order fetched meanwhile is left alone."""
    for attempt in attempts(world):
        with attempt:
            if order.handed_at is not None or order.uncollected is not None:
                return
            world.store.commit(*_writes(world, order, group, terms, now))
            return
        order = world.store.order(order.id) or order


def _writes(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    then = terms.uncollected.then
    writes: list[Write] = [Replace(given_up(order, then, now))]
    params = {**tell.order_params(order, group, terms), "amount": "", "arrives_by": ""}
    if then == "returned":
        left = left_of(world, order)
        amount = left.amount_minor
        if terms.fee_refund != "always":  # it was driven there
            amount -= min(amount, order.fee_minor)
        if amount > 0:
            writes += left.back(amount, now, cause="uncollected")
            params["amount"] = shown(amount, order.currency)
            params["arrives_by"] = local_text(arrives_by(left.payments[-1].method, now), group.zone)
    template = f"uncollected_{then}"
    event = f"{template}@{order.version}"
    writes += tell.plan(world, order.buyer_id, about=order.id, event=event, template=template, params=params, now=now)
    return writes
