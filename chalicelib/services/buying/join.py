"""One-call join (一键参团): a seat and the units are held in one transaction of two rows, before any money moves.

The order's id follows from group and buyer, so a lost answer, a double tap or a retry much later all find the same
order: the same request gets its first answer again, another body under the same key is refused.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ...domain import ids, pricing
from ...domain import order as orders
from ...domain.campaign import Campaign, Fulfilment, deposit_of
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.ledger import Entry
from ...domain.order import Order, OrderState, Receipt
from ...domain.ports import Caller
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.statement import Statement, statement
from ...domain.writes import Create, Replace, Take, Write
from ...lean import dataclass
from ..attempts import attempts
from ..delivering.fees import fee_of
from ..paying.start_payment import check_amounts, start
from ..world import World
from . import limits, seats


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """`key` is the caller's Idempotency-Key, `fingerprint` tells two bodies under one key apart."""

    lines: Mapping[str, int]
    accepts_terms: int
    key: str
    fingerprint: str
    pickup_point_id: str | None = None
    address_id: str | None = None
    method: str | None = None
    share: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAnswer:
    """`payment_trouble` is a refusal's code when the seat is held but the payment could not be started."""

    order_id: str
    group_id: str
    receipt: Receipt
    currency: str
    statement: Statement
    payment: Entry | None = None
    payment_trouble: str | None = None


def join(
    world: World, caller: Caller, group_id: str, ask: JoinRequest, *, now: Instant, placed_by: str | None = None
) -> JoinAnswer:
    """`caller` is the buyer; `placed_by` names the leader who does this for them."""
    group = world.store.group_lately(group_id, now)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    check_ask(world, caller, terms, group, ask)
    order_id = ids.order_id(group.id, caller.id, group.parts)
    try:
        new = replace(draft(world, caller, terms, group, ask, now), placed_by=placed_by)
        receipt = seat(world, terms, group, new, ask, now)
        world.watch.count("joins")
    except Refused as refused:
        receipt = told_before(world, order_id, ask, refused)
    return answered(world, terms, group, order_id, receipt, ask, now)


def check_ask(world: World, caller: Caller, terms: Campaign, group: Group, ask: JoinRequest) -> None:
    """Who may join, under which terms, with which lines and where to: before any seat is touched."""
    if not caller.phone_verified:
        raise Refused("phone_not_verified")
    if ask.accepts_terms != group.terms_version:
        raise Refused("terms_not_accepted", version=group.terms_version)
    if ask.method is not None and ask.method not in terms.methods:
        raise Refused("method_not_offered", methods=list(terms.methods))
    orders.check_lines(terms, ask.lines)
    orders.check_pickup(terms, group, ask.pickup_point_id)
    if terms.fulfilment is Fulfilment.DELIVERY and ask.address_id is None:
        raise Refused("address_missing")
    if ask.address_id is not None and not world.vault.knows_address(caller.id, ask.address_id):
        raise Refused("unknown_address", address=ask.address_id)


def draft(world: World, caller: Caller, terms: Campaign, group: Group, ask: JoinRequest, now: Instant) -> Order:
    """The order as it would be. Whoever often let orders lapse gets little time to pay."""
    order_id = ids.order_id(group.id, caller.id, group.parts)
    who = limits.standing(world, caller.id, order_id, now)
    limits.check_holds(world, terms, group, who)
    prices = orders.prices_on_joining(terms, group, ask.lines)
    goods = pricing.amount(ask.lines, prices)
    fee = fee_of(world, terms, caller.id, ask.lines, goods, ask.address_id, now)
    if ask.method is not None:
        check_amounts(world, ask.method, terms, ask.lines, goods + fee.amount_minor, fee.amount_minor)
    return Order(
        id=order_id,
        group_id=group.id,
        part=ids.part_of(order_id),
        campaign_id=terms.id,
        merchant_id=terms.merchant_id,
        buyer_id=caller.id,
        slice=0,
        terms_version=group.terms_version,
        state=OrderState.HELD,
        lines=dict(ask.lines),
        prices=prices,
        amount_minor=goods + fee.amount_minor,
        fee_minor=fee.amount_minor,
        deposit_minor=deposit_of(terms, ask.lines),
        zone=fee.zone,
        currency=terms.currency,
        joined_at=now,
        pay_by=orders.pay_by(terms, group, now, non_payer=who.non_payer),
        pickup_point_id=ask.pickup_point_id,
        address_id=ask.address_id,
        shared_by=sharer(world, ask.share, caller),
    )


def sharer(world: World, code: str | None, caller: Caller) -> str | None:
    """Whom the join is attributed to (E6): nobody for an unknown link or one's own."""
    share = world.store.share(code) if code else None
    return share.person_id if share and share.person_id != caller.id else None


def seat(world: World, terms: Campaign, group: Group, new: Order, ask: JoinRequest, now: Instant) -> Receipt:
    """Takes the seat, or finds that it was taken by this very request before. Refuses only what is certain."""
    receipt = Receipt(
        fingerprint=ask.fingerprint,
        lines=new.lines,
        amount_minor=new.amount_minor,
        pay_by=new.pay_by,
        joined_at=now,
        deadline=group.closes_at,
        deposit_minor=new.deposit_minor,
    )
    old: Order | None = None
    for attempt in attempts(world):
        with attempt:
            number = seats.pick(world, group)
            order = orders.joined(replace(new, slice=number), old, ask.key, receipt)
            write: Write = Replace(order) if old else Create(order)
            more = limits.allowance_writes(world, terms, new.buyer_id, sum(new.lines.values()))
            world.store.commit(Take(group.id, number, new.lines, 1, now), write, *more)
            return order.receipts[ask.key]
        assert attempt.lost is not None
        found = _look_at(world, group, new, ask, attempt.lost, number, now)
        if isinstance(found, Receipt):
            return found
        old = found or old
        group = world.store.group_lately(group.id, now) or group
    raise Unavailable("busy")


def _look_at(
    world: World, group: Group, new: Order, ask: JoinRequest, lost: Lost, number: int, now: Instant
) -> Receipt | Order | None:
    """What a refused join means: joined before (the receipt), a seat given up earlier (that order), or try again."""
    if not lost.rows:
        world.watch.count("join_conflicts")
        seats.after_conflict(world, group, number)
        return None
    if isinstance(there := lost.rows.get(1), Order):
        return told(there, ask)
    if 0 not in lost.rows:
        return None  # the allowance moved
    refusal = seats.why_refused(seats.as_slice(lost.rows[0]), now)
    if refusal == "closed":
        raise Refused("group_closed")
    if refusal == "not_started":
        raise Refused("not_started")
    with suppress(Lost):
        seats.gather(world, group, number, new.lines, 1, now)
    return None


def told(there: Order, ask: JoinRequest) -> Receipt | Order:
    """The order that stands: this request's own, another's, or one given up that may be taken again."""
    receipt = there.receipts.get(ask.key)
    if receipt is not None:
        if receipt.fingerprint != ask.fingerprint:
            raise Refused("key_reused")
        return receipt
    if there.state in orders.HOLDING:
        raise Refused("already_joined", order=there.id)
    if there.resolution is not None:
        raise Refused("group_closed")
    return there


def told_before(world: World, order_id: str, ask: JoinRequest, refused: Refused) -> Receipt:
    """A request that was done before is not refused for want of what it used up itself: a limit, the last seat."""
    there = world.store.order(order_id)
    receipt = told(there, ask) if there is not None and ask.key in there.receipts else None
    if not isinstance(receipt, Receipt):
        raise refused
    return receipt


def answered(
    world: World,
    terms: Campaign,
    group: Group,
    order_id: str,
    receipt: Receipt,
    ask: JoinRequest,
    now: Instant,
) -> JoinAnswer:
    """With a payment started in the same call, if a method was named (L14). The seat stands either way."""
    payment, trouble = None, None
    if ask.method is not None:
        payment = world.store.entry(f"{order_id}.p{receipt.payment_number}")
        try:
            payment = payment or start(world, order_id, ask.method, now=now)
        except Refused as refused:
            trouble = refused.code
        except Unavailable:
            trouble = "payment_provider_unavailable"
    return JoinAnswer(
        order_id=order_id,
        group_id=group.id,
        receipt=receipt,
        currency=terms.currency,
        statement=statement(terms, group, receipt.deadline),
        payment=payment,
        payment_trouble=trouble,
    )
