"""Turns what an order owes its buyer in words into notices: told once, together with the change of the row."""

from collections.abc import Mapping

from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order, OrderState
from ...domain.statement import arrives_by
from ...domain.writes import Write
from ..buying.cancel import payment_of
from ..selling import rewards
from ..world import World
from . import tell


def owed_notices(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    told = [
        write
        for event in order.owed
        for write in plan_for(world, order, group, terms, f"{event}@{order.version}", event, now)
    ]
    return told + _reward(world, order, group, terms, now)


def _reward(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    """What whoever shared the group gains or loses by what has happened to this order."""
    failed = group.verdict is not None and not group.verdict.formed
    if order.state is OrderState.PAID and "order_paid" in order.owed and not failed:
        return rewards.granted(world, order, group, terms, now)
    ended = "order_cancelled" in order.owed or "order_lapsed" in order.owed
    return rewards.undone(world, order, group, terms, now) if ended or failed else []


def plan_for(
    world: World, order: Order, group: Group, terms: Campaign, event: str, template: str, now: Instant
) -> list[Write]:
    params = {**tell.order_params(order, group, terms), **_refund_params(world, order, terms, template)}
    return [*tell.plan(world, order.buyer_id, about=order.id, event=event, template=template, params=params, now=now)]


def _refund_params(world: World, order: Order, terms: Campaign, template: str) -> Mapping[str, str]:
    """For a cancellation: how much comes back and until when, or nothing where nothing was taken."""
    if template != "order_cancelled":
        return {}
    entry = payment_of(world, order)
    if entry is None or entry.id != order.captured_id or order.ended_at is None or not entry.taken_minor:
        return {"amount": "", "arrives_by": ""}
    until = arrives_by(entry.method, order.ended_at)
    return {"amount": shown(entry.amount_minor, entry.currency), "arrives_by": local_text(until, terms.zone)}
