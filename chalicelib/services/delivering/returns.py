"""Returns of goods: asked for by the buyer, received and looked at by the merchant, paid back by the usual refund."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain import returns as rules
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.ports import Caller, Page
from ...domain.refusals import Broken, Refused, Unavailable
from ...domain.returns import Return, ReturnState, Why
from ...domain.statement import arrives_by
from ...domain.writes import Create, Replace, Write
from ...lean import dataclass
from ..attempts import attempts
from ..buying.cancel import payment_of
from ..buying.change import mine
from ..paying.left import left_of
from ..telling import tell
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    lines: dict[str, int]
    why: Why
    text: str = ""
    intact: bool = False


def ask(world: World, caller: Caller, order_id: str, wanted: Wanted, *, key: str, now: Instant) -> Return:
    """One at a time for each order: the order at its version and the return are one transaction."""
    for attempt in attempts(world):
        with attempt:
            order, _, terms = mine(world, caller, order_id)
            known = world.store.return_(order.id, order.returns) if order.returns else None
            if known is not None and known.key == key:
                if (dict(known.lines), known.why) != (wanted.lines, wanted.why):
                    raise Refused("key_reused")
                return known
            rules.check(order, terms, wanted.lines, wanted.why, now, intact=wanted.intact)
            changed, new = rules.asked(order, wanted.lines, wanted.why, wanted.text, key, now)
            world.store.commit(Replace(changed), Create(new))
            return replace(new, version=1)
    raise Unavailable("busy")


def receive(world: World, caller: Caller, return_id: str, *, now: Instant) -> Return:
    """The goods are back. Said again, it is done already."""
    for attempt in attempts(world):
        with attempt:
            one = served(world, caller, return_id)
            if one.received_at is not None:
                return one
            world.store.commit(Replace(rules.received(one, now)))
            return served(world, caller, return_id)
    raise Unavailable("busy")


def judge(world: World, caller: Caller, return_id: str, *, passed: bool, why: str = "", now: Instant) -> Return:
    """The check (质检): passed, and the money goes back; or failed, with a reason. Said again, it is done already."""
    if not passed and not why:
        raise Refused("reason_needed")
    for attempt in attempts(world):
        with attempt:
            one = served(world, caller, return_id)
            if one.state is (ReturnState.PASSED if passed else ReturnState.FAILED):
                return one
            rules.check_may_judge(one)
            _end(world, one, passed=passed, why=why, by=caller.id, now=now)
            return served(world, caller, return_id)
    raise Unavailable("busy")


def served(world: World, caller: Caller, return_id: str) -> Return:
    """As its merchant, or support, may deal with it."""
    one = world.store.return_(*rules.order_of(return_id))
    if one is None or (one.merchant_id != caller.id and "support" not in caller.roles):
        raise Refused("return_not_found", id=return_id)
    return one


def of_order(world: World, order: Order) -> list[Return]:
    """Costs nothing for an order that never had one."""
    return world.store.returns_of(order.id) if order.returns else []


def of_merchant(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Return]:
    return world.store.returns_of_merchant(caller.id, limit, start)


def with_titles(world: World, found: Sequence[Return]) -> list[tuple[Return, dict[str, str], Group | None]]:
    """With the group each comes from, and what its items are called."""
    groups = {one.group_id: world.store.group(one.group_id) for one in found}
    terms = {g.id: world.store.terms(g.campaign_id, g.terms_version) for g in groups.values() if g is not None}
    return [
        (
            one,
            {sku: terms[one.group_id].item(sku).title for sku in one.lines} if one.group_id in terms else {},
            groups[one.group_id],
        )
        for one in found
    ]


def _end(world: World, one: Return, *, passed: bool, why: str, by: str, now: Instant) -> None:
    """The return, its order and what follows for the money: together, so no refund counts on what another takes."""
    order, group, _ = _about(world, one)
    if not passed:
        changed, ended = rules.failed(one, order, why, by=by, now=now)
        world.store.commit(Replace(ended), Replace(changed))
        return
    if group.verdict is None:
        raise Broken(f"order {order.id} is returned, and has no verdict")
    left = left_of(world, order, taken=True)
    amount = rules.amount(one, order, group.verdict.prices, left.amount_minor)
    refunds = rules.refunds(one, left.payments, left.entries, amount, now)
    changed, ended = rules.passed(one, order, refunds, by=by, now=now)
    writes: list[Write] = [Replace(ended), Replace(changed), *(Create(refund) for refund in refunds)]
    world.store.commit(*writes)
    world.watch.count("returns_passed")


def _about(world: World, one: Return) -> tuple[Order, Group, Campaign]:
    order, group = world.store.order(one.order_id), world.store.group(one.group_id)
    if order is None or group is None:
        raise Broken(f"return {one.id} has no order or no group")
    return order, group, world.store.terms(group.campaign_id, group.terms_version)


# ----------------------------------------------------------------- its timer


def return_wake(world: World, one: Return, now: Instant) -> None:
    """Tells what it owes; afterwards, ends what nobody has seen to in time."""
    if one.owed:
        world.store.commit(Replace(rules.told(one)), *_said(world, one, now))
    elif one.state is ReturnState.ASKED and now >= one.by:
        order, _, _ = _about(world, one)
        changed, ended = rules.lapsed(one, order, now)
        world.store.commit(Replace(ended), Replace(changed))
    elif one.state is ReturnState.RECEIVED and now >= one.by:
        _end(world, one, passed=True, why="", by="timer", now=now)
    else:
        world.store.commit(Replace(rules.told(one)))


def _said(world: World, one: Return, now: Instant) -> list[Write]:
    """Asking for one is told to the merchant, everything after that to the buyer."""
    order, group, terms = _about(world, one)
    event = one.owed[0]
    to_merchant = event == "return_asked"
    payment = payment_of(world, order)
    params = {
        **tell.group_params(group),
        "items": "、".join(f"{terms.item(sku).title} ×{count}" for sku, count in sorted(one.lines.items())),
        "by": local_text(one.by, group.zone),
        "reason": one.verdict,
        "amount": shown(one.amount_minor, order.currency),
        "arrives_by": local_text(arrives_by(payment.method, one.ended_at or now), group.zone) if payment else "",
        "link": "/desk/returns" if to_merchant else f"/orders/{order.id}",
    }
    return [
        *tell.plan(
            world,
            one.merchant_id if to_merchant else one.buyer_id,
            about=order.id,
            event=f"{event}@{one.number}",
            template=event,
            params=params,
            now=now,
        )
    ]
