"""An order (订单): one buyer's commitment in one group.

    held ──(money in time)──> paid ──(buyer, while open)──> cancelled
      ├──(pay_by passed, or the group closed)──> expired ──(late money, room left)──> paid
      └──(buyer, while open)──> cancelled            expired, cancelled ──(a new join)──> held

    paid ──(its hold could not be captured)──> expired

What follows from the group's verdict (refunded, to be delivered) is derived when read, not written here.
`owed` names what has happened and has not been told yet: it is written together with the change itself, and the
order's timer is due until the notices exist, so that nobody is left in the dark by a crash in between.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import time
from enum import StrEnum

from ..lean import dataclass
from . import fees, pricing
from .campaign import Campaign, Fulfilment, deposit_of, price_on_joining
from .group import PAYMENT_GRACE, Group, GroupState
from .instants import HOUR, MINUTE, Instant, next_slot
from .refusals import Broken, Refused
from .writes import Row

REMINDER_SLOTS = (time(12, 0), time(17, 0), time(22, 0))
"""Unpaid orders are reminded at these local times (N3)."""

PICKUP_CHASE = 24 * HOUR
SHORT_WINDOW = 10 * MINUTE
NON_PAYER_AFTER = 2
NON_PAYER_WINDOW = 30 * 24 * HOUR
MOST_KEYS = 20
MOST_STEPS = 40
"""Steps an order remembers: it may be changed any number of times, and its row must stay small enough to be closed."""


class OrderState(StrEnum):
    HELD = "held"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


HOLDING = (OrderState.HELD, OrderState.PAID)

FAILED = "failed"
BALANCE_DUE = "balance_due"
DEFAULTED = "defaulted"
CALLED_OFF = "called_off"
"""Resolutions after forming: the balance is asked for; it was not paid; the merchant called the group off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a join was answered, so that the same request later gets the same bytes.

    `deadline` is the group's as it was told then; `payment_number` is kept for a payment started in the same call.
    """

    fingerprint: str
    lines: Mapping[str, int]
    amount_minor: int
    pay_by: Instant
    joined_at: Instant
    deadline: Instant
    payment_number: int = 1
    deposit_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of an order, for its timeline."""

    state: str
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Row):
    """Amounts in minor units of `currency`. `prices` are what was charged per unit on joining.

    `payment_id` is the ledger entry of the latest attempt to pay; `captured_id` of the one that paid.
    `released` says whether an expired or cancelled order's units went back to its slice.
    `fee_minor` is the delivery fee, a part of `amount_minor`; `zone` is where to, as the campaign names it.
    `handed_at` says that the goods are with the buyer; `uncollected` that nobody came for them, and what followed;
    `settled` how far its money was let out.
    `resolution` is set once, when the group's verdict has been carried out for this order; where the group failed, it
    may be missing (domain/resolution.py). `collected_at` is when its money was asked for, where the verdict waits for
    that.
    `withdrawn_at` is when the buyer took the money back in an incident. `swaps` says, by item, what became of a
    substitute that was offered: accepted, refused, or lapsed; `instead` under which SKU an accepted one comes.
    `returns` counts the returns its buyer asked for, of which one at a time is under way (`returning`); `returned` are
    the units that passed the check.
    `deposit_minor` is what joining costs where the rest is paid later; `balance_minor` that rest at the final price,
    to be paid by `balance_by`; `balance_id` the entry that paid it.
    `placed_by` is the leader who ordered for this buyer, if one did. `short` are units that did not arrive, found by
    the rounds of sharing up to `shared`.
    """

    id: str
    group_id: str
    part: int
    campaign_id: str
    merchant_id: str
    buyer_id: str
    slice: int
    terms_version: int
    state: OrderState
    lines: Mapping[str, int]
    prices: Mapping[str, int]
    amount_minor: int
    currency: str
    joined_at: Instant
    pay_by: Instant
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    pickup_point_id: str | None = None
    pickup_defaulted: bool = False
    address_id: str | None = None
    shared_by: str | None = None
    payment_id: str | None = None
    payments: int = 0
    captured_id: str | None = None
    paid_at: Instant | None = None
    ended_at: Instant | None = None
    released: bool = False
    reminded_at: Instant | None = None
    chased_at: Instant | None = None
    owed: tuple[str, ...] = ()
    resolution: str | None = None
    resolved_at: Instant | None = None
    collected_at: Instant | None = None
    placed_by: str | None = None
    short: Mapping[str, int] = field(default_factory=dict)
    shared: int = 0
    steps: tuple[Step, ...] = ()
    fee_minor: int = 0
    zone: str = ""
    handed_at: Instant | None = None
    handed_by: str = ""
    code_tries: int = 0
    uncollected: str | None = None
    withdrawn_at: Instant | None = None
    swaps: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    settled: int = 0
    returns: int = 0
    returning: bool = False
    returned: Mapping[str, int] = field(default_factory=dict)
    deposit_minor: int = 0
    balance_minor: int = 0
    balance_by: Instant | None = None
    balance_id: str | None = None

    @property
    def first_minor(self) -> int:
        """What the seat is paid with."""
        return self.deposit_minor or self.amount_minor

    @property
    def owes_balance(self) -> bool:
        return self.state is OrderState.PAID and self.resolution == BALANCE_DUE and self.withdrawn_at is None

    @property
    def goods_minor(self) -> int:
        """What the goods cost, without their delivery."""
        return self.amount_minor - self.fee_minor


def check_lines(terms: Campaign, lines: Mapping[str, int]) -> None:
    """Refuses lines that no stock could satisfy: unknown items, silly quantities, limits per buyer (P15)."""
    if not lines:
        raise Refused("no_lines")
    for sku, units in lines.items():
        item = terms.item(sku)
        if not 0 < units <= 100_000:
            raise Refused("quantity_out_of_range", sku=sku)
        if item.limit_per_buyer is not None and units > item.limit_per_buyer:
            raise Refused("over_the_limit", sku=sku, limit=item.limit_per_buyer)
    if terms.limit_per_buyer is not None and sum(lines.values()) > terms.limit_per_buyer:
        raise Refused("over_the_limit", limit=terms.limit_per_buyer)


def pay_by(terms: Campaign, group: Group, now: Instant, *, non_payer: bool) -> Instant:
    """Until when the seat is held unpaid. It never outlasts the close (O3, L8); shorter for a repeat non-payer."""
    until = group.closes_at
    if not terms.pay_until_close and terms.payment_window_ms is not None:
        until = min(until, now + terms.payment_window_ms)
    return min(until, now + SHORT_WINDOW) if non_payer else until


def check_pickup(terms: Campaign, group: Group, pickup_point_id: str | None) -> None:
    """The point must exist and serve the group's community; leaving it open is allowed and chased (O5)."""
    if pickup_point_id is None:
        return
    if terms.fulfilment is not Fulfilment.PICKUP:
        raise Refused("pickup_not_offered")
    for point in terms.pickup_points:
        if point.id == pickup_point_id and point.community_id in (None, group.community_id):
            return
    raise Refused("unknown_pickup_point", pickup_point=pickup_point_id)


def default_pickup(terms: Campaign, group: Group) -> str | None:
    for point in terms.pickup_points:
        if point.community_id in (None, group.community_id):
            return point.id
    return terms.pickup_points[0].id if terms.pickup_points else None


def prices_on_joining(terms: Campaign, group: Group, lines: Mapping[str, int]) -> dict[str, int]:
    return {sku: price_on_joining(terms, terms.item(sku), group.team_size) for sku in lines}


def weight_of(terms: Campaign, lines: Mapping[str, int]) -> int:
    return fees.weight(lines, {item.sku: item.weight_g for item in terms.items})


def fee_again(order: Order, terms: Campaign, lines: Mapping[str, int], goods_minor: int) -> int:
    """The delivery fee of other lines to the same zone."""
    zone = next((one for one in terms.delivery if one.zone == order.zone), None)
    if zone is None or order.address_id is None:
        return order.fee_minor
    return fees.fee_for(zone, goods_minor, weight_of(terms, lines)).amount_minor


def joined(new: Order, old: Order | None, key: str, receipt: Receipt) -> Order:
    """The order as a join leaves it. A seat given up may be taken again, under a key never used before."""
    if old is not None and (old.state in HOLDING or old.resolution is not None or key in old.receipts):
        raise Broken(f"order {old.id} is {old.state.value} and was joined again")
    receipts = dict(old.receipts) if old else {}
    if len(receipts) >= MOST_KEYS:
        raise Refused("rejoined_too_often", most=MOST_KEYS)
    receipts[key] = replace(receipt, payment_number=1 + (old.payments if old else 0))
    steps = and_then(old.steps if old else (), "held", new.joined_at, new.buyer_id)
    return replace(
        new,
        version=old.version if old else 0,
        payments=old.payments if old else 0,
        receipts=receipts,
        steps=steps,
        owed=("order_held" if new.placed_by is None else "ordered_for_you",),
        due_at=new.joined_at,
    )


def and_then(steps: tuple[Step, ...], state: str, at: Instant, by: str) -> tuple[Step, ...]:
    """A timeline with one more line; the newest are kept."""
    return (*steps, Step(state=state, at=at, by=by))[-MOST_STEPS:]


def check_mine(order: Order, buyer_id: str) -> None:
    """Another's order looks exactly like one that does not exist."""
    if order.buyer_id != buyer_id:
        raise Refused("order_not_found", order=order.id)


def changed(order: Order, lines: Mapping[str, int], group: Group, terms: Campaign, now: Instant) -> Order:
    """New quantities while held. A payment under way freezes them (its amount is already with the provider)."""
    if order.state is not OrderState.HELD:
        raise Refused("order_not_held", state=order.state.value)
    if order.payment_id is not None:
        raise Refused("payment_under_way")
    check_lines(terms, lines)
    prices = prices_on_joining(terms, group, lines)
    goods = pricing.amount(lines, prices)
    fee = fee_again(order, terms, lines, goods)
    return replace(
        order,
        lines=dict(lines),
        prices=prices,
        amount_minor=goods + fee,
        fee_minor=fee,
        deposit_minor=deposit_of(terms, lines),
        steps=and_then(order.steps, "changed", now, order.buyer_id),
        due_at=now,  # looked at once, so that the numbers have it although the stream lost it
    )


def pickup_chosen(order: Order, point: str, now: Instant) -> Order:
    """Before the verdict or after: a group that has formed still has to be told where its goods go."""
    if order.state not in HOLDING or order.resolution == FAILED:
        raise Refused("order_not_held", state=order.state.value)
    return replace(
        order,
        pickup_point_id=point,
        pickup_defaulted=False,
        steps=and_then(order.steps, "pickup_chosen", now, order.buyer_id),
    )


def lines_of(order: Order, sku: str) -> list[str]:
    """The lines of an order for which goods of this SKU come: its own, and those that it replaces (S23)."""
    return [
        line
        for line in sorted(order.lines)
        if order.swaps.get(line) in (None, "accepted") and order.instead.get(line, line) == sku
    ]


def goods(order: Order) -> dict[str, int]:
    """What is to be brought for an order, by SKU: what was bought, with what was accepted instead in its place."""
    coming: dict[str, int] = {}
    for line in sorted(order.lines):
        sku = order.instead.get(line, line)
        if line in lines_of(order, sku):
            coming[sku] = coming.get(sku, 0) + order.lines[line]
    return coming


def still_to_come(order: Order, sku: str) -> int:
    """Units of goods that were not found missing yet."""
    return sum(order.lines[line] - order.short.get(line, 0) for line in lines_of(order, sku))


def by_line(order: Order, missing: Mapping[str, int]) -> dict[str, int]:
    """Missing goods as units of the lines they stand for, which is what they were paid as."""
    found: dict[str, int] = {}
    for sku, units in missing.items():
        for line in lines_of(order, sku):
            lost = min(units, order.lines[line] - order.short.get(line, 0))
            units -= lost
            if lost:
                found[line] = lost
    return found


def comes_to_nothing(order: Order) -> bool:
    """Whether nothing of it is to come any more."""
    return all(order.short.get(line, 0) >= units for line, units in order.lines.items())


def found_short(order: Order, units: Mapping[str, int], round_number: int, now: Instant) -> Order:
    """Some of it did not arrive. Each round of sharing finds that once."""
    if order.state is not OrderState.PAID or order.shared >= round_number:
        raise Broken(
            f"order {order.id} is {order.state.value}, in round {order.shared}, and not short in {round_number}"
        )
    short = {sku: order.short.get(sku, 0) + units.get(sku, 0) for sku in {**order.short, **units}}
    if any(count > order.lines.get(sku, 0) for sku, count in short.items()):
        raise Broken(f"order {order.id} is short of more than it has")
    steps = and_then(order.steps, "short", now, "receipt")
    return replace(order, short=short, shared=round_number, steps=steps)


def cancelled(order: Order, now: Instant, *, by: str) -> Order:
    """Given up by its buyer while the group is open; its units go back to its slice in the same transaction."""
    if order.state not in HOLDING:
        raise Refused("order_not_held", state=order.state.value)
    return replace(
        order,
        state=OrderState.CANCELLED,
        ended_at=now,
        released=True,
        owed=(*order.owed, "order_cancelled"),
        due_at=now,
        steps=and_then(order.steps, "cancelled", now, by),
    )


def expired(order: Order, now: Instant, *, released: bool) -> Order:
    """Not paid in time. After the seal the units stay where they are and return with the group's."""
    if order.state is not OrderState.HELD:
        raise Broken(f"order {order.id} is {order.state.value} and cannot expire")
    return replace(
        order,
        state=OrderState.EXPIRED,
        ended_at=now,
        released=released,
        owed=(*order.owed, "order_expired"),
        due_at=now,
        steps=and_then(order.steps, "expired", now, "timer"),
    )


def lapsed(order: Order, now: Instant, *, released: bool, resolution: str | None = None) -> Order:
    """Its hold could not be turned into money: no longer paid, and nothing was taken from its buyer."""
    if order.state is not OrderState.PAID:
        raise Broken(f"order {order.id} is {order.state.value} and cannot lapse")
    return replace(
        order,
        state=OrderState.EXPIRED,
        ended_at=now,
        released=released,
        resolution=resolution or order.resolution,
        owed=(*order.owed, "order_lapsed"),
        due_at=now,
        steps=and_then(order.steps, "lapsed", now, "provider"),
    )


def payment_started(order: Order, payment_id: str, now: Instant) -> Order:
    if order.state is not OrderState.HELD and not order.owes_balance:
        raise Refused("order_not_held", state=order.state.value)
    return replace(order, payment_id=payment_id, payments=order.payments + 1)


def paid(order: Order, payment_id: str, paid_at: Instant, now: Instant, *, slice_number: int | None = None) -> Order:
    """The money is there. `slice_number` names the seat when the order had lost its own (late money)."""
    if order.state is not (OrderState.HELD if slice_number is None else OrderState.EXPIRED):
        raise Broken(f"order {order.id} is {order.state.value} and cannot be paid")
    return replace(
        order,
        state=OrderState.PAID,
        slice=order.slice if slice_number is None else slice_number,
        captured_id=payment_id,
        paid_at=paid_at,
        ended_at=None,
        released=False,
        owed=(*order.owed, "order_paid"),
        due_at=now,
        steps=and_then(order.steps, "paid", now, "provider"),
    )


def counts_in_time(paid_at: Instant, group: Group) -> bool:
    """A payment counts if the provider's own time precedes the deadline (promise 2)."""
    return paid_at < group.closes_at and group.state in (GroupState.OPEN, GroupState.SEALING)


def lapses_at(order: Order, group: Group) -> Instant:
    """When the seat is let go. A payment under way gets the grace in which its provider may still report it."""
    return min(order.pay_by, group.closes_at) + (PAYMENT_GRACE if order.payment_id is not None else 0)


def due_after(order: Order, group: Group, terms: Campaign, now: Instant) -> Instant | None:
    """When the order next wants to be looked at, once it owes nobody a word."""
    if order.state is OrderState.HELD:
        until = lapses_at(order, group)
        slot = next_slot(max(now, order.joined_at), REMINDER_SLOTS, terms.zone)
        return min(until, slot) if slot < order.pay_by else until
    if order.owes_balance:
        slot = next_slot(max(now, order.resolved_at or now), REMINDER_SLOTS, terms.zone)
        until = balance_ends_at(order)
        moments = [until, *([slot] if slot < (order.balance_by or 0) else [])]
        return min([*moments, *([at] if (at := _pickup_look(order, group, terms, now)) is not None else [])])
    return _pickup_look(order, group, terms, now)


def _pickup_look(order: Order, group: Group, terms: Campaign, now: Instant) -> Instant | None:
    if order.state is not OrderState.PAID or not wants_pickup(order, terms):
        return None
    chase = pickup_cutoff(group, terms) - PICKUP_CHASE
    if order.chased_at is None and chase > now:
        return chase
    return max(now, pickup_cutoff(group, terms)) if order.chased_at is not None else now


def balance_ends_at(order: Order) -> Instant:
    """When a balance is defaulted on. A payment under way gets the grace in which its provider may still report it."""
    assert order.balance_by is not None
    return order.balance_by + (PAYMENT_GRACE if order.payment_id != order.captured_id else 0)


def wants_pickup(order: Order, terms: Campaign) -> bool:
    return terms.fulfilment is Fulfilment.PICKUP and order.pickup_point_id is None


def pickup_cutoff(group: Group, terms: Campaign) -> Instant:
    """After this moment a missing choice is made for the buyer (O5): the campaign's own, else the close."""
    return terms.choose_pickup_by or group.closes_at


def slot_to_remind(order: Order, group: Group, terms: Campaign, now: Instant) -> Instant | None:
    """The latest reminder slot that has passed unsaid while money was waited for (once a slot, also when late)."""
    since, until = order.joined_at, min(order.pay_by, group.closes_at)
    if order.owes_balance:
        since, until = order.resolved_at or now, order.balance_by or now
    slot = next_slot(max(since, order.reminded_at or since), REMINDER_SLOTS, terms.zone)
    if slot > now or now >= until:
        return None
    while (later := next_slot(slot, REMINDER_SLOTS, terms.zone)) <= now:
        slot = later
    return slot
