"""Settlement (结算): whose a formed group's money is, order by order, and when it is let out of escrow.

Of what an order's buyer paid and did not get back, in this order:

    platform    its fee, in basis points of all of it
    leader      commission, in basis points of the goods, where a leader ordered for the buyer or owns the pickup place
    supplier    the supplier's price of every unit that arrived; less in proportion where part of its price went back
    merchant    the rest: all of it where no rates and no supplier's prices are given

All rates are frozen at publishing. A first share is let out when the goods have been handed over, the rest when the
after-sales time is over. What each is owed is worked out anew at either moment from what the ledger says then: what
was refunded, or is about to be, was never theirs, and what was let out too much by then is taken back. The parts add
up to the whole to the cent. Money that goes back to a buyer after a share is taken back from its payees at once: by the
provider, from their next payout, or it stays theirs to return.

The platform's share is with the platform already: it is posted as soon as it is due. The others' are moved by the
provider, or by a person (domain/payout.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .campaign import Campaign, Item
from .instants import Instant
from .ledger import REFUND_PROMISE, RELEASES, Entry, EntryState, Kind, RefundStage, about
from .money import spread
from .order import CALLED_OFF, DEFAULTED, Order, OrderState
from .writes import Row

BP = 10_000
NOT_DELIVERED = ("failed", "lapsed", DEFAULTED, CALLED_OFF)
HANDED, DONE = 1, 2
"""The two moments, as an order's `settled` counts them."""


class Payee(StrEnum):
    MERCHANT = "merchant"
    SUPPLIER = "supplier"
    LEADER = "leader"
    PLATFORM = "platform"


Owed = Mapping[tuple[Payee, str], int]
"""Minor units by payee and their id (the platform has none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling(Row):
    """A formed group whose money is being let out: how far this round has come, and what is not finished yet."""

    group_id: str
    part: int = 0
    cursor: str | None = None
    unfinished: bool = False
    finished_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """One order's money, in minor units. `back` are refunds (requested ones too) and what a bank took back."""

    paid: int
    back: int

    @property
    def left(self) -> int:
        return max(0, self.paid - self.back)


def payments_of(order: Order, entries: Iterable[Entry]) -> list[Entry]:
    """What it was paid with, first things first: one payment, or a deposit and its balance."""
    found = {one.id: one for one in entries if one.kind is Kind.PAYMENT}
    return [found[name] for name in (order.captured_id, order.balance_id) if name in found]


def sums(payments: Sequence[Entry], entries: Iterable[Entry]) -> Sums:
    back, mine = 0, {payment.id for payment in payments}
    for one in entries:
        if one.payment_id not in mine or one.state is EntryState.VOIDED:
            continue
        if one.kind in (Kind.REFUND, Kind.CHARGEBACK):
            back += one.amount_minor
        elif one.kind is Kind.CHARGEBACK_WON:
            back -= one.amount_minor
    return Sums(paid=sum(payment.taken_minor for payment in payments), back=back)


def handed_at(order: Order) -> Instant | None:
    """When it became clear that the goods are the buyer's, or that nobody comes for them or wants them any more."""
    if order.handed_at is not None or order.withdrawn_at is not None:
        return order.handed_at or order.withdrawn_at
    given_up = [step.at for step in order.steps if step.state == order.uncollected]
    return given_up[-1] if given_up else None


def never(order: Order) -> bool:
    """Whether nothing of this order will ever be let out."""
    return order.state is not OrderState.PAID or order.resolution in NOT_DELIVERED


def stage_of(order: Order, terms: Campaign, now: Instant) -> int:
    """The latest moment that has come; 0 while the goods are on their way. A return under way keeps the rest back."""
    at = handed_at(order)
    if terms.settlement is None or never(order) or order.resolution is None or at is None or at > now:
        return 0
    over = now >= at + terms.settlement.after_sales_ms and not order.returning
    return DONE if over else HANDED


def leader_of(order: Order, terms: Campaign) -> str | None:
    if order.placed_by is not None:
        return order.placed_by
    point = terms.point(order.pickup_point_id) if order.pickup_point_id else None
    return point.leader_id if point is not None else None


def owed(order: Order, terms: Campaign, prices: Mapping[str, int], left: int) -> dict[tuple[Payee, str], int]:
    """What of `left` is whose. `prices` are the final ones. Adds up to `left`."""
    assert terms.settlement is not None
    platform = _share(left, terms.settlement.platform_bp)
    goods = max(0, left - order.fee_minor)
    leader_id = leader_of(order, terms)
    leader = min(_share(goods, terms.settlement.commission_bp), left - platform) if leader_id else 0
    found: dict[tuple[Payee, str], int] = {(Payee.PLATFORM, ""): platform}
    if leader_id:
        found[Payee.LEADER, leader_id] = leader
    suppliers = _suppliers(order, terms, prices, goods, left - platform - leader)
    found |= {(Payee.SUPPLIER, who): amount for who, amount in suppliers.items()}
    found[Payee.MERCHANT, terms.merchant_id] = left - sum(found.values())
    return {who: amount for who, amount in found.items() if amount}


def _share(of: int, bp: int) -> int:
    """Half a minor unit rounds up."""
    return (of * bp * 2 + BP) // (2 * BP)


def _suppliers(order: Order, terms: Campaign, prices: Mapping[str, int], goods: int, at_most: int) -> dict[str, int]:
    cost: dict[str, int] = {}
    worth = 0
    for sku, units in order.lines.items():
        item, arrived = terms.item(sku), units - order.short.get(sku, 0)
        worth += arrived * prices.get(sku, order.prices.get(sku, 0))
        if (price := price_of_supplier(item)) is not None and item.supplier_id:
            cost[item.supplier_id] = cost.get(item.supplier_id, 0) + arrived * price
    whole = sum(cost.values())
    payable = min(whole if goods >= worth else whole * goods // worth, at_most)
    return dict(zip(cost, spread(payable, list(cost.values())), strict=True)) if whole else {}


def price_of_supplier(item: Item) -> int | None:
    return item.supplier_price_minor


def due_now(whole: Owed, stage: int, first_bp: int) -> dict[tuple[Payee, str], int]:
    """What should be let out by this moment, all told: the first share of everything, or everything."""
    if stage == DONE or not whole:
        return dict(whole)
    total = sum(whole.values()) * first_bp // BP
    return dict(zip(whole, spread(total, list(whole.values())), strict=True))


def released(payments: Sequence[Entry], entries: Iterable[Entry]) -> dict[tuple[Payee, str], int]:
    """What was let out of one order's payments so far."""
    mine = {payment.id for payment in payments}
    found: dict[tuple[Payee, str], int] = {}
    for one in entries:
        if one.payment_id in mine and one.kind in (Kind.RELEASE, Kind.REVERSAL):
            who = (Payee(one.payee or "merchant"), one.payee_id)
            found[who] = found.get(who, 0) + (one.amount_minor if one.kind is Kind.RELEASE else -one.amount_minor)
    return found


def moves(
    payments: Sequence[Entry], whole: Owed, entries: Iterable[Entry], *, stage: int, first_bp: int, now: Instant
) -> list[Entry]:
    """The entries that bring what was let out to what is due, each out of a payment that has it or back from a release
    of it. They are numbered on from those there are, and written with their order at its version: made once.
    """
    by_id = {payment.id: payment for payment in payments}
    entries = [one for one in entries if one.payment_id in by_id]
    target, before = due_now(whole, stage, first_bp), released(payments, entries)
    room = {one.id: sums([one], entries).left - sum(released([one], entries).values()) for one in payments}
    first = sum(one.kind in RELEASES for one in entries)
    made: list[Entry] = []

    def add(payment: Entry, kind: Kind, who: tuple[Payee, str], amount: int, release: str = "") -> None:
        named = f"{stage}.{who[0].value}{first + len(made)}"
        made.append(replace(_entry(payment, kind, who, amount, named, now), release_id=release))

    for who in sorted({*target, *before}):
        change = target.get(who, 0) - before.get(who, 0)
        for payment, amount in _out_of(payments, room, change):
            room[payment.id] -= amount
            add(payment, Kind.RELEASE, who, amount)
        for release, amount in _taken_from(entries, who, -change):
            add(by_id[release.payment_id or ""], Kind.REVERSAL, who, amount, release.id)
    return made


def _out_of(payments: Sequence[Entry], room: Mapping[str, int], amount: int) -> list[tuple[Entry, int]]:
    """Which payments so much is let out of: the first that have it; what none has falls to the last."""
    found: list[tuple[Entry, int]] = []
    for payment in payments:
        part = amount if payment is payments[-1] else min(amount, max(0, room[payment.id]))
        if part > 0:
            found.append((payment, part))
            amount -= part
    return found


def _taken_from(entries: Iterable[Entry], who: tuple[Payee, str], amount: int) -> list[tuple[Entry, int]]:
    """From which releases so much is taken back: from the latest first, and from none more than is left of it."""
    left: dict[str, int] = {}
    releases: dict[str, Entry] = {}
    for one in entries:
        if (Payee(one.payee or "merchant"), one.payee_id) != who:
            continue
        if one.kind is Kind.RELEASE:
            releases[one.id], left[one.id] = one, left.get(one.id, 0) + one.amount_minor
        elif one.kind is Kind.REVERSAL and one.release_id:
            left[one.release_id] = left.get(one.release_id, 0) - one.amount_minor
    found: list[tuple[Entry, int]] = []
    for release in sorted(releases.values(), key=lambda one: (one.created_at, one.id), reverse=True):
        part = min(amount, left[release.id])
        if part > 0:
            found.append((release, part))
            amount -= part
    return found


def _entry(payment: Entry, kind: Kind, who: tuple[Payee, str], amount_minor: int, named: str, now: Instant) -> Entry:
    payee, payee_id = who
    ours = payee is Payee.PLATFORM
    return about(
        payment,
        id=f"{payment.id}.{kind.value}.{named}",
        kind=kind,
        state=EntryState.POSTED if ours else EntryState.PENDING,
        stage=None if ours else RefundStage.REQUESTED,
        amount_minor=amount_minor,
        payee=payee.value,
        payee_id=payee_id,
        payment_minor=payment.taken_minor,
        created_at=now,
        posted_at=now if ours else None,
        promised_by=None if ours else now + REFUND_PROMISE,
        due_at=None if ours else now,
    )
