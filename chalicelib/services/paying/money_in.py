"""Money arrives: for a held order it is its payment, otherwise it is seated again or given back, never stranded.

Whoever reports it (webhook, look-up at the close, the merchant for a bank transfer) ends here; every report of the
same payment after the first changes nothing. A hold at the buyer's bank (`held`) is as good as money, and moves none.
"""

from dataclasses import replace

from ...domain import balance, ledger
from ...domain import order as orders
from ...domain.campaign import Campaign
from ...domain.group import Group, GroupState
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState
from ...domain.order import Order, OrderState
from ...domain.refusals import Broken, Lost, Refused, Unavailable
from ...domain.writes import Create, Replace, Take, Write
from ..attempts import attempts
from ..buying import limits, seats
from ..buying.cancel import given_back
from ..world import World
from . import balances


def money_in(
    world: World,
    entry_id: str,
    *,
    amount_minor: int,
    currency: str,
    paid_at: Instant,
    ref: str,
    held: bool = False,
    method: str | None = None,
    now: Instant,
) -> None:
    """`method` is who reports it, where that is known: no provider has a say about another's payments."""
    for attempt in attempts(world):
        with attempt:
            payment = world.store.entry(entry_id)
            if payment is None or payment.kind is not ledger.Kind.PAYMENT or method not in (None, payment.method):
                raise Refused("payment_not_found", payment=entry_id)
            if (amount_minor, currency) != (payment.amount_minor, payment.currency):
                _stray(world, payment, amount_minor, currency, paid_at, ref, held, now)
                return
            if payment.state is EntryState.POSTED or payment.authorised_at is not None:
                return
            order, group, terms = _owner(world, payment)
            money = (
                ledger.authorised(payment, provider_ref=ref, at=paid_at, now=now)
                if held
                else ledger.posted(payment, provider_ref=ref, paid_at=paid_at, now=now)
            )
            _settle(world, money, order, group, terms, paid_at, now)
            return
    raise Unavailable("busy")


def _stray(
    world: World,
    payment: Entry,
    amount_minor: int,
    currency: str,
    paid_at: Instant,
    ref: str,
    held: bool,
    now: Instant,
) -> None:
    """Other money than was asked for pays for nothing: it is booked as it came, and goes back; a person hears of it."""
    came = ledger.stray_of(payment, amount_minor=amount_minor, currency=currency, ref=ref, paid_at=paid_at, now=now)
    if world.store.entry(came.id) is not None:
        return
    if held:
        came = replace(came, state=EntryState.AUTHORISED, authorised_at=now, posted_at=None)
    world.store.commit(Create(came), *given_back(came, "stray", now, owed=("late_money_refund",)))
    world.watch.alarm("stray_money", entry=came.id, expected=f"{payment.amount_minor} {payment.currency}")


def _owner(world: World, payment: Entry) -> tuple[Order, Group, Campaign]:
    order = world.store.order(payment.order_id)
    group = world.store.group(payment.group_id)
    if order is None or group is None:
        raise Broken(f"entry {payment.id} belongs to nothing")
    return order, group, world.store.terms(group.campaign_id, group.terms_version)


def _settle(
    world: World, money: Entry, order: Order, group: Group, terms: Campaign, paid_at: Instant, now: Instant
) -> None:
    if balance.is_balance(money):
        balances.came(world, money, order, paid_at, now)
        return
    same_amount = money.amount_minor == order.first_minor
    if order.state is OrderState.HELD and same_amount and orders.counts_in_time(paid_at, group):
        world.store.commit(Replace(orders.paid(order, money.id, paid_at, now)), Replace(money))
        world.watch.count("orders_paid")
        return
    lapsed = order.state is OrderState.EXPIRED and order.resolution is None and money.id == order.payment_id
    if (
        lapsed
        and same_amount
        and group.state is GroupState.OPEN
        and _seat_again(world, money, order, group, terms, now)
    ):
        world.watch.count("late_money_seated")
        return
    cause = "duplicate" if order.state is OrderState.PAID else "late"
    refund = given_back(money, cause, now, owed=("late_money_refund",))
    world.store.commit(Replace(money), *refund)
    world.watch.count("late_money_refunded")


def _seat_again(world: World, money: Entry, order: Order, group: Group, terms: Campaign, now: Instant) -> bool:
    """Late money takes a seat like a join does: from a slice that is open and has room. False: there is none."""
    number = seats.pick(world, group)
    writes: list[Write] = [
        Take(group.id, number, order.lines, 1, now),
        Replace(orders.paid(order, money.id, money.paid_at or now, now, slice_number=number)),
        Replace(money),
    ]
    try:
        writes += limits.allowance_writes(world, terms, order.buyer_id, sum(order.lines.values()))
        world.store.commit(*writes)
        return True
    except Refused:
        return False
    except Lost as lost:
        if set(lost.rows) != {0}:
            raise
        row = lost.rows[0]
        if seats.why_refused(seats.as_slice(row), now) != "short":
            return False
    try:
        seats.gather(world, group, number, order.lines, 1, now)
    except Refused:
        return False
    raise Lost()
