"""Carries a verdict out (收团处理), order by order: one small transaction for each order that needs one.

Failed: every paid order is refunded in full. Formed: the difference to the final price goes back. The verdict is a
fact already, so this may stop anywhere and go on anywhere, and a group's size is never a limit.
"""

from dataclasses import replace

from ..domain import ledger, pricing
from ..domain import order as orders
from ..domain.group import Group, Part, Verdict
from ..domain.instants import Instant, local_text
from ..domain.ledger import Entry
from ..domain.money import shown
from ..domain.order import Order, OrderState
from ..domain.product import PriceMark
from ..domain.refusals import Broken, Lost
from ..domain.statement import arrives_by
from ..domain.tally import Numbers, Scope
from ..domain.writes import Create, Replace, TakeStock, Write
from . import tell
from .attempts import attempts
from .cancel import payment_of
from .close import INLINE_PARTS, spread_parts, stored
from .find_alternative import find_alternative
from .owed import owed_notices
from .world import World

ORDERS_AT_ONCE = 100
"""Orders one message carries out, about two seconds' work: a worker may be handed ten messages at a time."""


def carry_out(world: World, group: Group, now: Instant) -> None:
    if group.resolved_at is not None:
        return
    if not group.returned:
        group = return_unsold(world, group)
    open_parts = [k for k in range(group.parts) if not _resolved(world, group, k)]
    if open_parts and group.parts > INLINE_PARTS:
        spread_parts(world, group, open_parts, now)
        return
    for number in open_parts:
        carry_out_part(world, group, number, now)
    finish(world, group, now)


def _resolved(world: World, group: Group, number: int) -> bool:
    part = world.store.part(group.id, number)
    return part is not None and part.resolved


def return_unsold(world: World, group: Group) -> Group:
    """What the group was given and did not sell goes back to the campaign, once: the two rows move together."""
    assert group.verdict is not None
    back = {sku: -units for sku, units in group.verdict.unsold.items() if units}
    done = replace(group, returned=True)
    writes: list[Write] = [Replace(done)]
    if back:
        writes.append(TakeStock(group.campaign_id, back))
    world.store.commit(*writes)
    return replace(done, version=done.version + 1)


def carry_out_part(world: World, group: Group, number: int, now: Instant) -> None:
    part = world.store.part(group.id, number)
    if part is None or part.resolved:
        return
    alternative = "" if group.verdict and group.verdict.formed else find_alternative(world, group, now)
    orders_of_part = world.store.orders_of_part(group.id, number)
    waiting = [order for order in orders_of_part if order.state is OrderState.PAID and order.resolution is None]
    for order in waiting[:ORDERS_AT_ONCE]:
        resolve_order(world, group, order, alternative, now)
    if len(waiting) > ORDERS_AT_ONCE:
        world.queue.send_part(group.id, number)
        return
    _mark(world, part)


def _mark(world: World, part: Part) -> None:
    try:
        world.store.commit(Replace(replace(part, resolved=True)))
    except Lost:
        return


def finish(world: World, group: Group, now: Instant) -> None:
    """All parts done: the group waits for nothing more, and its sales enter the price history (P10)."""
    if not all(_resolved(world, group, number) for number in range(group.parts)):
        return
    if not group.returned:  # parts may be done by late messages before the group itself has been looked at
        group = return_unsold(world, group)
    record_sales(world, group)
    stored(world, replace(group, resolved_at=now, due_at=None))
    world.store.count_up(Scope.CAMPAIGN, group.campaign_id, Numbers(), {}, now)  # one more has formed or failed
    assert group.verdict is not None
    world.watch.count("resolution_lag_ms", max(0, now - group.verdict.given_at), unit="Milliseconds")


def resolve_order(world: World, group: Group, order: Order, alternative: str, now: Instant) -> None:
    """One order's share of the verdict: its refund, its mark and its notices in one transaction."""
    for attempt in attempts(world):
        with attempt:
            if order.state is not OrderState.PAID or order.resolution is not None:
                return
            world.store.commit(*_resolution(world, group, order, alternative, now))
            return
        order = world.store.order(order.id) or order


def _resolution(world: World, group: Group, order: Order, alternative: str, now: Instant) -> list[Write]:
    verdict = group.verdict
    assert verdict is not None
    payment = payment_of(world, order)
    if payment is None:
        raise Broken(f"paid order {order.id} has no payment")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    refund = refund_after(verdict, order, payment, now)
    done = replace(order, resolution=refund.cause if refund else "formed", resolved_at=now, owed=())
    done = replace(done, due_at=orders.due_after(done, group, terms, now) if verdict.formed else None)
    writes: list[Write] = [Replace(done), *([Create(refund)] if refund else [])]
    writes += owed_notices(world, order, group, terms, now)
    return writes + _verdict_notices(world, group, order, refund, alternative, now)


def refund_after(verdict: Verdict, order: Order, payment: Entry, now: Instant) -> Entry | None:
    """What the verdict gives back to this buyer: everything, the difference to the final price, or nothing."""
    if not verdict.formed:
        return ledger.refund_of(payment, cause="failed", amount_minor=payment.amount_minor, now=now)
    less = order.goods_minor - pricing.amount(order.lines, verdict.prices)
    return ledger.refund_of(payment, cause="price_drop", amount_minor=less, now=now) if less > 0 else None


def _verdict_notices(
    world: World, group: Group, order: Order, refund: Entry | None, alternative: str, now: Instant
) -> list[Write]:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    verdict = group.verdict
    assert verdict is not None
    template = "group_failed" if not verdict.formed else "price_drop_refund" if refund else "group_formed"
    params = {
        **tell.order_params(order, group, terms),
        "joined": str(verdict.participants),
        "final_price": shown(pricing.amount(order.lines, verdict.prices), order.currency),
        "alternative": alternative,
    }
    if refund is not None:
        params["amount"] = shown(refund.amount_minor, refund.currency)
        params["method"] = refund.method
        params["arrives_by"] = local_text(arrives_by(refund.method, now), group.zone)
    return [
        *tell.plan(world, order.buyer_id, about=order.id, event=template, template=template, params=params, now=now)
    ]


def record_sales(world: World, group: Group) -> None:
    verdict = group.verdict
    if verdict is None or not verdict.formed:
        return
    terms = world.store.terms(group.campaign_id, group.terms_version)
    for item in terms.items:
        if units := verdict.units.get(item.sku, 0):
            mark = PriceMark(
                product_id=item.product_id,
                at=verdict.given_at,
                nature="sale",
                price_minor=verdict.prices[item.sku],
                units=units,
                source=f"group:{group.id}:{item.sku}",
            )
            try:
                world.store.commit(Create(mark))
            except Lost:
                continue
