"""Shares out what did not arrive by the campaign's own rule, and pays it back: one small transaction an order.

A round begins with the cuts, computed from all the destination's orders; every order's share follows from them and
from itself. So the round may die anywhere and be taken up by anybody: an order that was in it says so.
"""

from dataclasses import replace

from ...domain import order as orders
from ...domain import pricing
from ...domain import receipt as receipts
from ...domain.campaign import Campaign
from ...domain.destination import destination_of, wants_goods
from ...domain.group import Group
from ...domain.instants import MINUTE, Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.receipt import Claim, Receipt
from ...domain.refusals import Broken
from ...domain.statement import arrives_by
from ...domain.writes import Replace, Write
from ..attempts import attempts
from ..paying.left import left_of
from ..telling import tell
from ..world import World

ORDERS_AT_ONCE = 100


def receipt_wake(world: World, receipt: Receipt, now: Instant) -> None:
    group = world.store.group(receipt.group_id)
    if group is None:
        raise Broken(f"receipt of {receipt.group_id} has no group")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if receipt.owed:
        _tell_owed(world, receipt, now)
    elif receipt.sharing:
        _go_on(world, group, terms, receipt, now)
    elif receipt.unsettled and group.resolved_at is None:  # the final price has not been paid back to all yet
        world.store.commit(Replace(replace(receipt, due_at=now + MINUTE)))
    elif receipt.unsettled:
        begun = receipts.begun(receipt, _claims(world, group, terms, receipt), now)
        world.store.commit(Replace(begun))
    else:
        world.store.commit(Replace(replace(receipt, due_at=None)))


def _claims(world: World, group: Group, terms: Campaign, receipt: Receipt) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {sku: [] for sku in receipt.unsettled}
    for part in range(group.parts):
        for order in world.store.orders_of_part(group.id, part):
            if _is_here(order, group, terms, receipt):
                for sku, known in claims.items():
                    if sku in orders.goods(order):
                        known.append(receipts.claim(receipt.rule, order, sku, receipt.seed))
    return claims


def _is_here(order: Order, group: Group, terms: Campaign, receipt: Receipt) -> bool:
    return wants_goods(order) and destination_of(order, group, terms) == receipt.destination


def _go_on(world: World, group: Group, terms: Campaign, receipt: Receipt, now: Instant) -> None:
    assert receipt.round is not None
    page = world.store.orders_of_group(group, ORDERS_AT_ONCE, receipt.round.cursor)
    for order in page.rows:
        if _is_here(order, group, terms, receipt):
            settle(world, group, terms, receipt, order, now)
    world.store.commit(Replace(receipts.went_on(receipt, page.next, now)))


def settle(world: World, group: Group, terms: Campaign, receipt: Receipt, order: Order, now: Instant) -> None:
    """One order's share: its mark, its refund and what it is told, together or not at all."""
    for attempt in attempts(world):
        with attempt:
            units = receipts.shares(receipt, order)
            if not units:
                return
            world.store.commit(*_share(world, group, terms, receipt, order, units, now))
            world.watch.count("orders_short")
            return
        order = world.store.order(order.id) or order


def _share(
    world: World,
    group: Group,
    terms: Campaign,
    receipt: Receipt,
    order: Order,
    missing: dict[str, int],
    now: Instant,
) -> list[Write]:
    assert receipt.round is not None and group.verdict is not None
    left = left_of(world, order)
    units = orders.by_line(order, missing)
    short = orders.found_short(order, units, receipt.round.number, now)
    nothing_came = dict(short.short) == dict(order.lines)  # then what it cost to bring goes back with it
    amount = pricing.amount(units, group.verdict.prices)
    amount = left.amount_minor if nothing_came else min(left.amount_minor, amount)
    writes: list[Write] = [Replace(short), *left.back(amount, now, cause="shortage", number=receipt.round.number)]
    params = {
        **tell.group_params(group),
        "items": "、".join(f"{terms.item(sku).title} ×{count}" for sku, count in sorted(units.items())),
        "amount": shown(amount, order.currency),
        "arrives_by": local_text(arrives_by(left.payments[-1].method, now), group.zone),
        "link": f"/orders/{order.id}",
    }
    event = f"order_short@{receipt.round.number}"
    return [
        *writes,
        *tell.plan(world, order.buyer_id, about=order.id, event=event, template="order_short", params=params, now=now),
    ]


def _tell_owed(world: World, receipt: Receipt, now: Instant) -> None:
    """The merchant, and the place's leader, hear that more comes than the place holds."""
    writes: list[Write] = []
    for person_id, link in _concerned(receipt):
        writes += tell.plan(
            world,
            person_id,
            about=f"{receipt.group_id}.{receipt.destination}",
            event=f"place_over_capacity@{receipt.version}",
            template="place_over_capacity",
            params={
                "title": receipt.title,
                "place": receipt.place,
                "orders": str(receipt.orders),
                "capacity": str(receipt.capacity or 0),
                "link": link,
            },
            now=now,
        )
    told = replace(receipt, owed=())
    due = told.latest.at + receipts.GRACE if told.latest else None
    world.store.commit(Replace(replace(told, due_at=due)), *writes)


def _concerned(receipt: Receipt) -> list[tuple[str, str]]:
    people = {receipt.merchant_id: f"/desk/g/{receipt.group_id}/supply"}
    if receipt.leader_id is not None:
        people.setdefault(receipt.leader_id, f"/lead/r/{receipt.group_id}/{receipt.destination}")
    return list(people.items())
