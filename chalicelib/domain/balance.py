"""The balance (尾款) of an order that began with a deposit: owed once its group has formed, then paid or defaulted on.

    (verdict) ──> balance_due ──(money in time)──> formed
                       └──(not in time)──> defaulted: 定金 goes to the merchant, 订金 back to the buyer
    balance_due, formed ──(the merchant calls the group off)──> called_off: all goes back, and 定金 once more

The order stays paid through all of it: its seat was, and the count of a verdict never changes.
"""

from collections.abc import Mapping
from dataclasses import replace

from . import pricing
from .campaign import Campaign
from .deposit import BALANCE, FORFEITED, DepositKind
from .group import PAYMENT_GRACE, Group
from .instants import Instant
from .ledger import REFUND_PROMISE, Entry, EntryState, Kind, RefundStage, about
from .order import BALANCE_DUE, CALLED_OFF, DEFAULTED, Order, OrderState, and_then
from .refusals import Broken, Refused

STANDING = ("formed", "price_drop", BALANCE_DUE)
"""Resolutions under which goods are still to come."""


def due(order: Order, terms: Campaign, prices: Mapping[str, int], now: Instant) -> Order:
    """What is left to pay at the final price, the delivery fee included. The deposit counts towards all of it."""
    assert terms.deposit is not None
    left = pricing.amount(order.lines, prices) + order.fee_minor - order.deposit_minor
    if left <= 0:
        raise Broken(f"order {order.id} has a deposit of all it costs")
    by = now + terms.deposit.balance_ms
    return replace(order, resolution=BALANCE_DUE, resolved_at=now, balance_minor=left, balance_by=by)


def all_in_at(group: Group, terms: Campaign) -> Instant | None:
    """From when on no balance of this group is waited for. None: nobody can say yet, or it has no deposits."""
    if terms.deposit is None or group.resolved_at is None:
        return None
    return group.resolved_at + terms.deposit.balance_ms + PAYMENT_GRACE


def check_all_in(group: Group, terms: Campaign, now: Instant) -> None:
    """Goods are parted among those who have paid for them: not before it is known who has."""
    if terms.deposit is None:
        return
    until = all_in_at(group, terms)
    if until is None or now < until:
        raise Refused("balances_open")


def check_may_pay(order: Order, now: Instant) -> None:
    if order.state is not OrderState.PAID or order.deposit_minor == 0 or order.resolution is None:
        raise Refused("already_paid" if order.state is OrderState.PAID else "order_not_held", state=order.state.value)
    if order.resolution in ("formed", "price_drop"):
        raise Refused("already_paid")
    if order.resolution != BALANCE_DUE:
        raise Refused("balance_not_due", state=order.resolution)
    if order.balance_by is None or now >= order.balance_by:
        raise Refused("too_late_to_pay")


def pays(order: Order, money: Entry, paid_at: Instant) -> bool:
    """Whether this money is what is waited for, and in time by its provider's own time."""
    in_time = order.balance_by is not None and paid_at < order.balance_by
    return order.owes_balance and money.amount_minor == order.balance_minor and in_time


def paid(order: Order, entry_id: str, now: Instant) -> Order:
    return replace(
        order,
        resolution="formed",
        balance_id=entry_id,
        owed=(*order.owed, "balance_paid"),
        due_at=now,
        steps=and_then(order.steps, "balance_paid", now, "provider"),
    )


def defaulted(order: Order, kind: DepositKind, now: Instant) -> Order:
    if not order.owes_balance:
        raise Broken(f"order {order.id} is {order.resolution} and owes no balance")
    return replace(
        order,
        resolution=DEFAULTED,
        ended_at=now,
        owed=(*order.owed, "earnest_forfeited" if kind is DepositKind.EARNEST else "down_payment_back"),
        due_at=now,
        steps=and_then(order.steps, "defaulted", now, "timer"),
    )


def called_off(order: Order, now: Instant) -> Order:
    return replace(
        order,
        resolution=CALLED_OFF,
        ended_at=now,
        owed=(*order.owed, "group_called_off"),
        due_at=now,
        steps=and_then(order.steps, "called_off", now, "merchant"),
    )


def forfeited(deposit: Entry, amount_minor: int, now: Instant) -> Entry:
    """held -> merchant, once for each deposit; on its way like any release."""
    return _with_the_merchant(deposit, forfeiture_id(deposit.id), Kind.RELEASE, amount_minor, now)


def _with_the_merchant(deposit: Entry, name: str, kind: Kind, amount_minor: int, now: Instant) -> Entry:
    return about(
        deposit,
        id=name,
        kind=kind,
        amount_minor=amount_minor,
        cause=FORFEITED,
        payee="merchant",
        payee_id=deposit.merchant_id,
        payment_minor=deposit.taken_minor,
        stage=RefundStage.REQUESTED,
        created_at=now,
        promised_by=now + REFUND_PROMISE,
        due_at=now,
    )


def forfeiture_id(deposit_id: str) -> str:
    return f"{deposit_id}.{FORFEITED}"


def taken_back(deposit: Entry, forfeiture: Entry, now: Instant) -> Entry:
    """merchant -> held: it turned out that the balance had been paid in time."""
    back = _with_the_merchant(deposit, f"{forfeiture.id}.back", Kind.REVERSAL, forfeiture.amount_minor, now)
    return replace(back, release_id=forfeiture.id)


def doubled(deposit: Entry, now: Instant, promised_by: Instant) -> Entry:
    """merchant -> buyer, past the provider, which gives back no more than it was paid: the merchant transfers it and
    says so.
    """
    return about(
        deposit,
        id=f"{deposit.id}.{Kind.DOUBLED.value}",
        kind=Kind.DOUBLED,
        amount_minor=deposit.taken_minor,
        cause=CALLED_OFF,
        method="transfer",
        state=EntryState.PENDING,
        created_at=now,
        promised_by=promised_by,
        owed=("earnest_doubled",),
        due_at=now,
    )


def is_balance(entry: Entry) -> bool:
    return entry.kind is Kind.PAYMENT and entry.cause == BALANCE
