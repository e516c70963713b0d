"""Starts a payment for a held order. From here on its lines are frozen: the amount is with the provider."""

from dataclasses import replace

from ..domain import order as orders
from ..domain.instants import Instant
from ..domain.ledger import Entry, EntryState, Kind
from ..domain.order import Order, OrderState
from ..domain.ports import Caller, Outcome, Payments
from ..domain.refusals import Refused, Unavailable
from ..domain.writes import Create, Replace, Write
from .attempts import attempts
from .world import World

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
    entry = world.store.entry(order.payment_id) if order.payment_id and order.state is OrderState.HELD else None
    return entry if entry and entry.method == method and entry.state is EntryState.PENDING else None


def _begin(world: World, order: Order, method: str, now: Instant) -> Entry:
    if order.state is OrderState.PAID:
        raise Refused("already_paid")
    if order.state is not OrderState.HELD:
        raise Refused("order_not_held", state=order.state.value)
    if now >= order.pay_by:
        raise Refused("too_late_to_pay")
    if order.payments >= MOST_PAYMENTS:
        raise Refused("too_many_payments", most=MOST_PAYMENTS)
    check_amount(world, method, order.amount_minor)
    terms = world.store.terms(order.campaign_id, order.terms_version)
    entry = Entry(
        id=f"{order.id}.p{order.payments + 1}",
        kind=Kind.PAYMENT,
        order_id=order.id,
        group_id=order.group_id,
        campaign_id=order.campaign_id,
        buyer_id=order.buyer_id,
        merchant_id=order.merchant_id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        method=method,
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
    ask = provider.authorise if entry.hold else provider.start
    answer = ask(
        key=entry.id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        expires_at=order.pay_by,
        title=order.group_id,
        payer=payer,
    )
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
