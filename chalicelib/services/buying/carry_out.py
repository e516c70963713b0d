"""Carries a verdict out (收团处理), order by order: each is done once, whoever does it again.

Failed: every paid order is refunded in full, and what was only held is let go. Formed: the difference to the final
price goes back, and what was held is captured at that price. The verdict is a fact already, so this may stop anywhere
and go on anywhere, and a group's size is never a limit.
"""

from dataclasses import replace

from ...domain import pricing, resolution
from ...domain.group import Group, Part
from ...domain.instants import Instant, local_text
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.money import shown
from ...domain.order import FAILED, Order, OrderState
from ...domain.person import Preferences
from ...domain.product import PriceMark
from ...domain.refusals import Broken, Lost
from ...domain.statement import arrives_by
from ...domain.tally import Numbers, Scope
from ...domain.writes import Create, Replace, TakeStock, Write
from ...lean import dataclass
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
    over = {row.payment_id for row in rows if isinstance(row, Entry) and row.cause == FAILED}
    waiting = [order for order in paid if order.resolution is None and order.captured_id not in over]
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
    """One order's share of the verdict: its notices, its refund, and its mark where it has one. `payment` is its money,
    where that has moved and been read: it stays as it is.
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
            done = _done(world, group, order, money, alternative, rank, now)
            if done.mark is None:
                for write in (*done.words, *done.money):
                    once(world, write)
            else:
                world.store.commit(done.mark, *done.money, *done.words)
            return
        order = world.store.order(order.id) or order


@dataclass(frozen=True, slots=True)
class Done:
    """What one order's share of the verdict is written as: together where there is a mark on the order.

    Without one (the group failed, the money has moved, and the order waits for nothing else) its parts are written one
    by one, at half of what a transaction costs. Nothing else can move what they rest on: the verdict is given, the
    lines are sealed, and no other cause gives this payment back. Words and refund are named by what they are about, so
    whoever comes after a crash finds those that are there; the refund comes last and is the mark, because where it
    stands nobody looks further.
    """

    mark: Write | None
    money: list[Write]
    words: list[Write]


def _done(world: World, group: Group, order: Order, payment: Entry, alternative: str, rank: int, now: Instant) -> Done:
    verdict = group.verdict
    assert verdict is not None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if verdict.formed and payment.state is EntryState.VOIDED:  # its hold was lost before anything could be taken
        mark, *rest = lapse(world, order, now)
        return Done(mark, rest, [])
    refund = resolution.moved_after(verdict, order, payment, terms, now)
    marked = resolution.marked(order, group, terms, refund, now)
    words = owed_notices(world, order, group, terms, now)
    known = tell.preferences_of(world, order.buyer_id)
    words += _verdict_notices(world, group, marked, refund, alternative, now, known)
    money: list[Write] = [Create(queued(world, group, refund, rank, now, known=known))] if refund else []
    written = verdict.formed or resolution.waits(order, payment)
    return Done(Replace(marked) if written else None, money, words)


def _verdict_notices(
    world: World,
    group: Group,
    order: Order,
    refund: Entry | None,
    alternative: str,
    now: Instant,
    known: Preferences,
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
    about = {"about": order.id, "event": template, "template": template}
    return [*tell.plan(world, order.buyer_id, **about, params=params, now=now, known=known)]


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
            once(world, Create(mark))
