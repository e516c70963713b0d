"""Goods that nobody fetched: given back to the merchant with the money returned, or forfeited, as the campaign says."""

from ...domain import ledger
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.hand_over import given_up
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.statement import arrives_by
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts
from ..buying.cancel import payments_of
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
    payments = payments_of(world, order) if then == "returned" else []
    params = {**tell.order_params(order, group, terms), "amount": "", "arrives_by": ""}
    if payments:
        entries = world.store.entries_of_order(order.id)
        amount = sum(ledger.refundable(payment, entries) for payment in payments)
        if terms.fee_refund != "always":  # it was driven there
            amount -= min(amount, order.fee_minor)
        if amount > 0:
            back = ledger.paid_back(payments, entries, cause="uncollected", amount_minor=amount, now=now)
            writes += [Create(one) for one in back]
            params["amount"] = shown(amount, order.currency)
            params["arrives_by"] = local_text(arrives_by(payments[-1].method, now), group.zone)
    template = f"uncollected_{then}"
    event = f"{template}@{order.version}"
    writes += tell.plan(world, order.buyer_id, about=order.id, event=event, template=template, params=params, now=now)
    return writes
