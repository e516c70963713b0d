"""Carries a verdict out (收团处理), order by order: each is done once, whoever does it again.

Failed: every paid order is refunded in full, and what was only held is let go. Formed: the difference to the final
price goes back, and what was held is captured at that price. The verdict is a fact already, so this may stop anywhere
and go on anywhere, and a group's size is never a limit.
"""

from dataclasses import replace

from ...domain import balance, ledger, pricing
from ...domain import order as orders
from ...domain.campaign import Campaign
from ...domain.group import Group, Part, Verdict
from ...domain.instants import Instant, local_text
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.money import shown
from ...domain.order import Order, OrderState
from ...domain.product import PriceMark
from ...domain.refusals import Broken, Lost
from ...domain.statement import arrives_by
from ...domain.tally import Numbers, Scope
from ...domain.writes import Create, Replace, TakeStock, Write
from ..attempts import attempts, once
from ..paying.holds import lapse
from ..paying.refund_queue import queued, turn_taken
from ..selling.find_alternative import find_alternative
from ..telling import tell
from ..telling.owed import owed_notices
from ..world import World
from .cancel import payment_of
from .close import INLINE_PARTS, spread_parts, stored

ORDERS_AT_ONCE = 80
"""Orders one message carries out, about two seconds' work: a worker may be handed ten messages at a time."""


def carry_out(world: World, group: Group, now: Instant) -> None:
    if group.resolved_at is not None:
        return
    if not group.returned:
        group = return_unsold(world, group)
    group = turn_taken(world, group)
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
    group = turn_taken(world, group)
    alternative = "" if group.verdict and group.verdict.formed else find_alternative(world, group, now)
    rows = list(world.store.accounts_of_part(group.id, number))
    payments = {row.id: row for row in rows if isinstance(row, Entry) and row.state is EntryState.POSTED}
    paid = [row for row in rows if isinstance(row, Order) and row.state is OrderState.PAID]
    waiting = [order for order in paid if order.resolution is None]
    ranks = first_come(group, number, paid)
    for order in waiting[:ORDERS_AT_ONCE]:
        payment = payments.get(order.captured_id or "")
        resolve_order(world, group, order, alternative, now, rank=ranks[order.id], payment=payment)
    if len(waiting) > ORDERS_AT_ONCE:
        world.queue.send_part(group.id, number)
        return
    _mark(world, part)


def first_come(group: Group, number: int, paid: list[Order]) -> dict[str, int]:
    """The orders' ranks in their whole group by when they joined, as if its parts took turns: each part knows its own
    orders only, and all parts are about as large."""
    in_turn = sorted(paid, key=lambda order: (order.joined_at, order.id))
    return {order.id: rank * group.parts + number for rank, order in enumerate(in_turn)}


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


def resolve_order(
    world: World,
    group: Group,
    order: Order,
    alternative: str,
    now: Instant,
    *,
    rank: int = 0,
    payment: Entry | None = None,
) -> None:
    """One order's share of the verdict: its refund, its mark and its notices. `payment` is its money, where that has
    moved and been read: it stays as it is.
    """
    verdict = group.verdict
    assert verdict is not None
    for attempt in attempts(world):
        with attempt:
            if order.state is not OrderState.PAID or order.resolution is not None:
                return
            money = payment or payment_of(world, order)
            if money is None:
                raise Broken(f"paid order {order.id} has no payment")
            writes = _resolution(world, group, order, money, alternative, rank, now)
            if verdict.formed or money.state is not EntryState.POSTED or order.owed:
                world.store.commit(*writes)
            else:
                one_by_one(world, writes)
            return
        order = world.store.order(order.id) or order


def one_by_one(world: World, writes: list[Write]) -> None:
    """What a failed group owes for money that has moved, at half of what a transaction costs.

    Nothing else can move what it rests on: the verdict is given, the lines are sealed, and no other cause gives this
    payment back. Refund and notices are named by what they are about, so whoever comes after a crash finds those that
    are there; the mark comes last, because where it stands nobody looks further.
    """
    mark, *owed = writes
    for write in owed:
        once(world, write)
    world.store.commit(mark)


def _resolution(
    world: World, group: Group, order: Order, payment: Entry, alternative: str, rank: int, now: Instant
) -> list[Write]:
    """The order's mark first, then what is owed with it."""
    verdict = group.verdict
    assert verdict is not None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if verdict.formed and payment.state is EntryState.VOIDED:  # its hold was lost before anything could be taken
        return lapse(world, order, now)
    refund = moved_after(verdict, order, payment, terms, now)
    done = replace(order, resolution=resolution_of(verdict, refund), resolved_at=now, owed=())
    if verdict.formed and order.deposit_minor:
        done = replace(balance.due(order, terms, verdict.prices, now), owed=())
    done = replace(done, due_at=orders.due_after(done, group, terms, now) if verdict.formed else None)
    writes: list[Write] = [Replace(done), *([Create(queued(world, group, refund, rank, now))] if refund else [])]
    writes += owed_notices(world, order, group, terms, now)
    return writes + _verdict_notices(world, group, done, refund, alternative, now)


def resolution_of(verdict: Verdict, refund: Entry | None) -> str:
    """`formed`, `price_drop` or `failed`. A hold at a lower price is simply captured lower: nothing comes back."""
    if not verdict.formed:
        return "failed"
    return refund.cause if refund is not None and refund.kind is Kind.REFUND else "formed"


def moved_after(verdict: Verdict, order: Order, payment: Entry, terms: Campaign, now: Instant) -> Entry | None:
    """The one entry that the verdict calls for: of a hold, its capture at the final price or its end; of money that
    has moved, all of it back, or what is over the final price, or nothing.
    """
    final = pricing.amount(order.lines, verdict.prices) + order.fee_minor
    if payment.state is EntryState.AUTHORISED:
        if not verdict.formed:
            return ledger.void_of(payment, cause="failed", now=now)
        until = verdict.given_at + terms.capture_grace_ms
        return ledger.capture_of(payment, amount_minor=final, until=until, now=now)
    back = payment.taken_minor - (final if verdict.formed else 0)
    cause = "price_drop" if verdict.formed else "failed"
    return ledger.refund_of(payment, cause=cause, amount_minor=back, now=now) if back > 0 else None


def _verdict_notices(
    world: World, group: Group, order: Order, refund: Entry | None, alternative: str, now: Instant
) -> list[Write]:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    verdict = group.verdict
    assert verdict is not None
    back = refund if refund is not None and refund.kind is Kind.REFUND else None
    if not verdict.formed:
        template = "group_failed" if back else "group_failed_hold"
    elif order.owes_balance:
        template = "group_formed_balance"
    else:
        template = "price_drop_refund" if back else "group_formed"
    params = {
        **tell.order_params(order, group, terms),
        "joined": str(verdict.participants),
        "final_price": shown(pricing.amount(order.lines, verdict.prices), order.currency),
        "alternative": alternative,
    }
    if back is not None:
        params["amount"] = shown(back.amount_minor, back.currency)
        params["method"] = back.method
        params["arrives_by"] = local_text(arrives_by(back.method, now), group.zone)
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
