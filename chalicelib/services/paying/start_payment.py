"""Starts a payment: for a held order, whose lines are frozen from here on, because the amount is with the provider; or
for the balance of one that owes it.
"""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import balance
from ...domain import order as orders
from ...domain.campaign import Campaign, deposit_of
from ...domain.deposit import BALANCE
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.order import Order, OrderState
from ...domain.ports import Caller, Charge, Outcome, Payments
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts
from ..world import World

MOST_PAYMENTS = 10


def start_payment(world: World, caller: Caller, order_id: str, method: str, *, payer: str = "", now: Instant) -> Entry:
    """`payer` goes to the provider and nowhere else."""
    order = world.store.order(order_id)
    if order is None:
        raise Refused("order_not_found", order=order_id)
    if caller.id != order.placed_by:  # a leader may pay what they ordered for a neighbour
        orders.check_mine(order, caller.id)
    terms = world.store.terms(order.campaign_id, order.terms_version)
    if method not in terms.methods:
        raise Refused("method_not_offered", methods=list(terms.methods))
    return start(world, order_id, method, payer=payer, now=now)


def provider_of(world: World, method: str) -> Payments:
    provider = world.payments.get(method)
    if provider is None:
        raise Refused("method_not_offered", methods=sorted(world.payments))
    return provider


def check_amount(world: World, method: str, amount_minor: int) -> None:
    can = provider_of(world, method).can
    if amount_minor > can.most_minor:
        raise Refused("amount_over_provider_limit", most_minor=can.most_minor)
    if amount_minor < can.least_minor:
        raise Refused("amount_under_provider_limit", least_minor=can.least_minor)


def check_amounts(
    world: World, method: str, terms: Campaign, lines: Mapping[str, int], amount_minor: int, fee_minor: int
) -> None:
    """All that will be asked for under this method, before any of it is: of a deposit, also the least balance."""
    first = deposit_of(terms, lines)
    if first:
        lowest = sum(units * terms.item(sku).lowest_price_minor for sku, units in lines.items())
        check_amount(world, method, lowest + fee_minor - first)
    check_amount(world, method, first or amount_minor)


def start(world: World, order_id: str, method: str, *, payer: str = "", now: Instant) -> Entry:
    """The entry first, then the provider, under the entry's id as key: a repeat finds the same payment."""
    provider = provider_of(world, method)
    for attempt in attempts(world):
        with attempt:
            order = world.store.order(order_id)
            if order is None:
                raise Refused("order_not_found", order=order_id)
            entry = _under_way(world, order, method) or _begin(world, order, method, now)
            return _at_provider(world, provider, order, entry, payer)
    raise Unavailable("busy")


def _under_way(world: World, order: Order, method: str) -> Entry | None:
    """Of what is asked for now: the seat's payment of a held order, or the balance of one that owes it."""
    asked = order.state is OrderState.HELD or order.owes_balance
    entry = world.store.entry(order.payment_id) if order.payment_id and asked else None
    if entry is None or balance.is_balance(entry) is not order.owes_balance:
        return None
    return entry if entry.method == method and entry.state is EntryState.PENDING else None


def _check_may_begin(order: Order, now: Instant) -> None:
    if order.state is OrderState.PAID:
        balance.check_may_pay(order, now)
    elif order.state is not OrderState.HELD:
        raise Refused("order_not_held", state=order.state.value)
    elif now >= order.pay_by:
        raise Refused("too_late_to_pay")
    most = MOST_PAYMENTS * (2 if order.owes_balance else 1)
    if order.payments >= most:
        raise Refused("too_many_payments", most=most)


def _begin(world: World, order: Order, method: str, now: Instant) -> Entry:
    _check_may_begin(order, now)
    terms = world.store.terms(order.campaign_id, order.terms_version)
    if order.owes_balance:
        check_amount(world, method, order.balance_minor)
    else:
        check_amounts(world, method, terms, order.lines, order.amount_minor, order.fee_minor)
    entry = Entry(
        id=f"{order.id}.p{order.payments + 1}",
        kind=Kind.PAYMENT,
        order_id=order.id,
        group_id=order.group_id,
        campaign_id=order.campaign_id,
        buyer_id=order.buyer_id,
        merchant_id=order.merchant_id,
        amount_minor=order.balance_minor if order.owes_balance else order.first_minor,
        currency=order.currency,
        method=method,
        cause=BALANCE if order.owes_balance else "",
        hold=method in terms.hold_ms,
        created_at=now,
    )
    started: list[Write] = [Replace(orders.payment_started(order, entry.id, now)), Create(entry)]
    older = world.store.entry(order.payment_id) if order.payment_id else None
    if older is not None and older.state is EntryState.PENDING:
        started.append(Replace(replace(older, state=EntryState.VOIDED)))
    world.store.commit(*started)
    return replace(entry, version=1)


def _at_provider(world: World, provider: Payments, order: Order, entry: Entry, payer: str) -> Entry:
    """Asked for as a hold where the terms say so: authorised now, captured when the group has formed."""
    if entry.pay_url is not None or entry.instructions is not None or entry.pay_params is not None:
        return entry
    charge = Charge(
        key=entry.id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        expires_at=order.balance_by if order.owes_balance and order.balance_by is not None else order.pay_by,
        title=order.group_id,
        payer=payer,
        split=world.store.terms(order.campaign_id, order.terms_version).settlement is not None,
    )
    answer = provider.authorise(charge) if entry.hold else provider.start(charge)
    if answer.outcome is Outcome.FAILED:
        raise Refused("payment_refused_by_provider", reason=answer.reason)
    if answer.outcome is Outcome.UNKNOWN:
        raise Unavailable("payment provider", retry_after_s=5)
    started = replace(
        entry,
        provider_ref=answer.ref,
        pay_url=answer.pay_url,
        pay_params=answer.pay_params,
        instructions=answer.instructions,
    )
    world.store.commit(Replace(started))
    return replace(started, version=started.version + 1)
