"""Orders over the wire: joining, the order as its buyer sees it with its timeline, and as others see it."""

from collections.abc import Iterable
from typing import Annotated, Self

from msgspec import Meta

from ...domain.group import Group
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.order import Order, OrderState, Receipt
from ...domain.ports import OrderMark
from ...domain.statement import Statement
from .groups import Conditions, Verdict
from .money import Payment, PaymentBegun, Refund
from .people import MyNotice
from .words import Id, Input, Lines, Moment, Output, Version, Word, shown, shown_or_none

TermsVersion = Annotated[int, Meta(ge=1, le=10_000)]


class JoinBody(Input):
    """Joins and, with a `method`, starts the payment. `accepts_terms` names the version that was read."""

    lines: Lines
    accepts_terms: TermsVersion
    pickup_point: Id | None = None
    address_id: Id | None = None
    method: Word | None = None
    share: Id | None = None


class TeamBody(JoinBody, kw_only=True):
    """Opens a team of `size`; the rest is the initiator's own order."""

    size: Annotated[int, Meta(ge=2, le=100)]


class OrderChange(Input):
    """New quantities, or another pickup point, on top of the version that was read."""

    version: Version
    lines: Lines | None = None
    pickup_point: Id | None = None


class CancelBody(Input):
    """With a `version`, only if the order is still as it was read."""

    version: Version | None = None


class Seat(Output):
    """What a join is answered, and answered again to the same request, byte for byte.

    `payment_trouble` is the code of why no payment could be started; the seat is held all the same.
    """

    order_id: str
    group_id: str
    lines: dict[str, int]
    amount_minor: int
    currency: str
    joined_at: Moment
    pay_by: Moment
    terms: Conditions
    payment: PaymentBegun | None
    payment_trouble: str | None

    @classmethod
    def of(
        cls,
        *,
        order_id: str,
        group_id: str,
        receipt: Receipt,
        currency: str,
        told: Statement,
        payment: Entry | None,
        payment_trouble: str | None,
        language: str,
    ) -> Self:
        return cls(
            order_id=order_id,
            group_id=group_id,
            lines=dict(receipt.lines),
            amount_minor=receipt.amount_minor,
            currency=currency,
            joined_at=shown(receipt.joined_at),
            pay_by=shown(receipt.pay_by),
            terms=Conditions.of(told, currency, language),
            payment=PaymentBegun.of(payment) if payment else None,
            payment_trouble=payment_trouble,
        )


class MyOrder(Output):
    """An order as its buyer has it. `version` is what a change must name."""

    id: str
    group_id: str
    campaign_id: str
    state: OrderState
    lines: dict[str, int]
    prices_minor: dict[str, int]
    amount_minor: int
    currency: str
    terms_version: int
    joined_at: Moment
    pay_by: Moment
    paid_at: Moment | None
    ended_at: Moment | None
    pickup_point: str | None
    pickup_defaulted: bool
    address_id: str | None
    resolution: str | None
    version: int

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(
            id=order.id,
            group_id=order.group_id,
            campaign_id=order.campaign_id,
            state=order.state,
            lines=dict(order.lines),
            prices_minor=dict(order.prices),
            amount_minor=order.amount_minor,
            currency=order.currency,
            terms_version=order.terms_version,
            joined_at=shown(order.joined_at),
            pay_by=shown(order.pay_by),
            paid_at=shown_or_none(order.paid_at),
            ended_at=shown_or_none(order.ended_at),
            pickup_point=order.pickup_point_id,
            pickup_defaulted=order.pickup_defaulted,
            address_id=order.address_id,
            resolution=order.resolution,
            version=order.version,
        )


class OrderLine(Output):
    """An order of mine in the list: as the index knows it, so a moment late."""

    id: str
    group_id: str
    state: OrderState
    joined_at: Moment

    @classmethod
    def of(cls, mark: OrderMark) -> Self:
        return cls(
            id=mark.order_id,
            group_id=mark.order_id.partition("-")[0],
            state=mark.state,
            joined_at=shown(mark.joined_at),
        )


class OrderPage(Output):
    items: list[OrderLine]
    next: str | None


class Moment1(Output):
    """One thing that happened, or (with `expected`) that is promised."""

    at: Moment
    what: str
    expected: bool = False
    amount_minor: int | None = None


class OrderStory(Output):
    """One order with all that concerns it: its group's verdict, its money, and its timeline, oldest first."""

    order: MyOrder
    group_title: str
    group_closes_at: Moment
    verdict: Verdict | None
    payments: list[Payment]
    refunds: list[Refund]
    timeline: list[Moment1]
    notices: list[MyNotice]
    as_of: Moment


def timeline(order: Order, group: Group, entries: Iterable[Entry], now: Instant) -> list[Moment1]:
    """What happened to an order and its money, and what is promised next, oldest first."""
    told = [Moment1(at=shown(step.at), what=f"order_{step.state}") for step in order.steps]
    if group.verdict is not None:
        what = "group_formed" if group.verdict.formed else "group_failed"
        told.append(Moment1(at=shown(group.verdict.given_at), what=what))
    for entry in entries:
        told += _payment(entry) if entry.kind is Kind.PAYMENT else _refund(entry)
    return sorted(told, key=lambda one: (one.expected, one.at))


def _payment(entry: Entry) -> list[Moment1]:
    told = [Moment1(at=shown(entry.created_at), what="payment_started", amount_minor=entry.amount_minor)]
    if entry.posted_at is not None:
        told.append(Moment1(at=shown(entry.posted_at), what="payment_received", amount_minor=entry.amount_minor))
    return told


def _refund(entry: Entry) -> list[Moment1]:
    if entry.kind is not Kind.REFUND:
        return []
    amount = entry.amount_minor
    told = [Moment1(at=shown(entry.created_at), what="refund_requested", amount_minor=amount)]
    if entry.last_tried_at is not None:
        told.append(Moment1(at=shown(entry.last_tried_at), what="refund_submitted", amount_minor=amount))
    if entry.state is EntryState.POSTED and entry.posted_at is not None:
        told.append(Moment1(at=shown(entry.posted_at), what="refund_succeeded", amount_minor=amount))
    elif entry.promised_by is not None:
        looked_at = "refund_looked_at_by_a_person" if entry.stage is RefundStage.PARKED else "refund_promised"
        told.append(Moment1(at=shown(entry.promised_by), what=looked_at, expected=True, amount_minor=amount))
    return told


class GroupOrder(Output):
    """An order as those who serve it see it: the buyer under a name that means nothing elsewhere.

    `buyer_id` is filled for support and operators only.
    """

    id: str
    state: OrderState
    buyer: str
    buyer_id: str | None
    lines: dict[str, int]
    amount_minor: int
    currency: str
    joined_at: Moment
    paid_at: Moment | None
    pickup_point: str | None
    resolution: str | None

    @classmethod
    def of(cls, order: Order, *, named: bool) -> Self:
        return cls(
            id=order.id,
            state=order.state,
            buyer=masked(order.merchant_id, order.buyer_id),
            buyer_id=order.buyer_id if named else None,
            lines=dict(order.lines),
            amount_minor=order.amount_minor,
            currency=order.currency,
            joined_at=shown(order.joined_at),
            paid_at=shown_or_none(order.paid_at),
            pickup_point=order.pickup_point_id,
            resolution=order.resolution,
        )


class GroupOrderPage(Output):
    items: list[GroupOrder]
    next: str | None


def masked(merchant_id: str, buyer_id: str) -> str:
    """The same buyer is the same to one merchant, another to the next, and neither can be turned back."""
    return "buyer-" + derived("masked", merchant_id, buyer_id, length=8)
