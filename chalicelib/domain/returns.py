"""A return (退货): goods that a buyer has received and sends back, and what becomes of them (R6, R9).

    asked ──(goods are back)──> received ──(looked at: 质检)──> passed | failed
      └──(nothing came in time)──> lapsed     └──(nobody looked in time)──> passed

Without a reason goods go back within seven days, counted from the day after they were handed over, if they are as
they came; terms may except a campaign from that, and say so before payment. What is at fault goes back for longer,
and whatever the terms say. The money follows as a refund of the order's payment when the check is passed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from . import ledger, pricing
from .campaign import Campaign
from .instants import DAY, Instant, midnight_after
from .ledger import Entry
from .order import Order, OrderState, and_then
from .refusals import Broken, Refused
from .writes import Row

WINDOW_DAYS = 7
FAULT_WINDOW = 30 * DAY
SEND_WITHIN = 14 * DAY
CHECK_WITHIN = 2 * DAY
"""A merchant who has the goods and says nothing for this long has passed them."""

MOST_RETURNS = 5


class Why(StrEnum):
    NO_REASON = "no_reason"
    QUALITY = "quality"
    DAMAGED = "damaged"
    WRONG_GOODS = "wrong_goods"


class ReturnState(StrEnum):
    ASKED = "asked"
    RECEIVED = "received"
    PASSED = "passed"
    FAILED = "failed"
    LAPSED = "lapsed"


UNDER_WAY = (ReturnState.ASKED, ReturnState.RECEIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Row):
    """`number` counts an order's returns; `key` is the request's, so that a repeated one asks once.

    `by` is when the next step is due: until then the goods are to arrive, or to be looked at. `checked_by` is who
    looked (`timer`: nobody did in time), `verdict` what they said. `amount_minor` is what goes back.
    """

    order_id: str
    number: int
    group_id: str
    merchant_id: str
    buyer_id: str
    key: str
    why: Why
    text: str = ""
    lines: Mapping[str, int]
    state: ReturnState = ReturnState.ASKED
    asked_at: Instant
    by: Instant
    received_at: Instant | None = None
    ended_at: Instant | None = None
    checked_by: str = ""
    verdict: str = ""
    amount_minor: int = 0
    refund_id: str | None = None
    owed: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return return_id(self.order_id, self.number)


def return_id(order_id: str, number: int) -> str:
    return f"{order_id}.r{number}"


def order_of(return_id: str) -> tuple[str, int]:
    """The order and the number in a return's id; a wrong one is nobody's."""
    order_id, mark, number = return_id.rpartition(".r")
    if not mark or not number.isdecimal() or len(number) > 2 or number.startswith("0"):
        raise Refused("return_not_found", id=return_id)
    return order_id, int(number)


def until(order: Order, zone: str) -> Instant | None:
    """24:00 of the seventh day after the day of the hand-over: until then nobody needs a reason."""
    if order.handed_at is None:
        return None
    return midnight_after(midnight_after(order.handed_at, zone) + (WINDOW_DAYS - 1) * DAY, zone)


def left_of(order: Order) -> dict[str, int]:
    """Units that came and have not gone back."""
    gone = {sku: order.short.get(sku, 0) + order.returned.get(sku, 0) for sku in order.lines}
    return {sku: units - gone[sku] for sku, units in order.lines.items() if units > gone[sku]}


def whys(order: Order, terms: Campaign, now: Instant) -> tuple[Why, ...]:
    """For what its buyer could send goods back now; none: for nothing."""
    if order.handed_at is None or order.returning or order.returns >= MOST_RETURNS or not left_of(order):
        return ()
    faults = (Why.QUALITY, Why.DAMAGED, Why.WRONG_GOODS) if now < order.handed_at + FAULT_WINDOW else ()
    free = terms.return_exception is None and now < (until(order, terms.zone) or 0)
    return ((Why.NO_REASON,) if free else ()) + faults


def check(order: Order, terms: Campaign, lines: Mapping[str, int], why: Why, now: Instant, *, intact: bool) -> None:
    """Raises Refused with what stands against it."""
    if order.state is not OrderState.PAID or order.handed_at is None or order.withdrawn_at is not None:
        raise Refused("nothing_to_return")
    if order.returning:
        raise Refused("return_under_way", id=return_id(order.id, order.returns))
    if order.returns >= MOST_RETURNS:
        raise Refused("too_many_returns", most=MOST_RETURNS)
    left = left_of(order)
    for sku, units in lines.items():
        if not 0 < units <= left.get(sku, 0):
            raise Refused("more_than_received", sku=sku, left=left.get(sku, 0))
    _check_why(order, terms, why, now, intact=intact)


def _check_why(order: Order, terms: Campaign, why: Why, now: Instant, *, intact: bool) -> None:
    assert order.handed_at is not None
    if why is not Why.NO_REASON:
        if now >= order.handed_at + FAULT_WINDOW:
            raise Refused("return_too_late", until=order.handed_at + FAULT_WINDOW)
        return
    if terms.return_exception is not None:
        raise Refused("return_excepted", reason=terms.return_exception)
    if now >= (last := until(order, terms.zone) or 0):
        raise Refused("return_too_late", until=last)
    if not intact:
        raise Refused("goods_not_intact")


def asked(order: Order, lines: Mapping[str, int], why: Why, text: str, key: str, now: Instant) -> tuple[Order, Return]:
    """The order says that a return is under way, so there is one at a time."""
    new = Return(
        order_id=order.id,
        number=order.returns + 1,
        group_id=order.group_id,
        merchant_id=order.merchant_id,
        buyer_id=order.buyer_id,
        key=key,
        why=why,
        text=text,
        lines=dict(lines),
        asked_at=now,
        by=now + SEND_WITHIN,
        owed=("return_asked",),
        due_at=now,
    )
    steps = and_then(order.steps, "return_asked", now, order.buyer_id)
    return replace(order, returns=new.number, returning=True, steps=steps), new


def received(one: Return, now: Instant) -> Return:
    """The goods are back with the merchant, who now has some days to look at them."""
    if one.state is not ReturnState.ASKED:
        raise Refused("return_not_waiting", state=one.state.value)
    return _owing(replace(one, state=ReturnState.RECEIVED, received_at=now, by=now + CHECK_WITHIN), now)


def check_may_judge(one: Return) -> None:
    if one.state is not ReturnState.RECEIVED:
        raise Refused("return_not_waiting", state=one.state.value)


def passed(one: Return, order: Order, refunds: Sequence[Entry], *, by: str, now: Instant) -> tuple[Order, Return]:
    """`refund_id` names the first: what was paid in two parts goes back in two."""
    gone = {sku: order.returned.get(sku, 0) + one.lines.get(sku, 0) for sku in {**order.returned, **one.lines}}
    ended = replace(
        one,
        state=ReturnState.PASSED,
        ended_at=now,
        checked_by=by,
        amount_minor=sum(refund.amount_minor for refund in refunds),
        refund_id=refunds[0].id if refunds else None,
    )
    return _over(replace(order, returned=gone), "return_passed", by, now), _owing(ended, now)


def failed(one: Return, order: Order, why: str, *, by: str, now: Instant) -> tuple[Order, Return]:
    ended = replace(one, state=ReturnState.FAILED, ended_at=now, checked_by=by, verdict=why)
    return _over(order, "return_failed", by, now), _owing(ended, now)


def lapsed(one: Return, order: Order, now: Instant) -> tuple[Order, Return]:
    """Nothing came back in time. Its buyer may ask again while the time for it lasts."""
    ended = replace(one, state=ReturnState.LAPSED, ended_at=now)
    return _over(order, "return_lapsed", "timer", now), _owing(ended, now)


def _over(order: Order, step: str, by: str, now: Instant) -> Order:
    if not order.returning:
        raise Broken(f"order {order.id} has no return under way")
    return replace(order, returning=False, steps=and_then(order.steps, step, now, by))


def _owing(one: Return, now: Instant) -> Return:
    return replace(one, owed=(*one.owed, f"return_{one.state.value}"), due_at=now)


def told(one: Return) -> Return:
    later = one.owed[1:]
    waits = one.by if one.state in UNDER_WAY else None
    return replace(one, owed=later, due_at=one.due_at if later else waits)


def amount(one: Return, order: Order, prices: Mapping[str, int], left: int) -> int:
    """What goes back of the `left` minor units: the goods at the final price; with all of an order's goods at fault,
    what it cost to bring them as well."""
    everything = left_of(order) == dict(one.lines)
    if everything and one.why is not Why.NO_REASON:
        return left
    return min(left, pricing.amount(one.lines, prices))


def refunds(
    one: Return, payments: Sequence[Entry], entries: Sequence[Entry], amount_minor: int, now: Instant
) -> list[Entry]:
    """Named by payment and the return's number, so each is owed once."""
    made = ledger.paid_back(payments, entries, cause="return", amount_minor=amount_minor, now=now)
    return [replace(entry, id=f"{entry.payment_id}.return.{one.number}") for entry in made]
