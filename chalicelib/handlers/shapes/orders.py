"""Orders over the wire: joining, the order as its buyer sees it with its timeline, and as others see it."""

from collections.abc import Iterable
from typing import Annotated, Self

from msgspec import Meta, structs

from ...domain.group import Group, GroupState
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.journey import compensation_minor
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.order import Order, OrderState
from ...domain.returns import Return
from ...services.buying.join import JoinAnswer, JoinRequest
from ...services.buying.orders import OrderView
from ...services.delivering.fees import Quote
from ...services.selling import browse
from .delivery import OrderDelivery
from .groups import Conditions, Eta, Verdict
from .incidents import CouponLine
from .money import Payment, PaymentBegun, Refund
from .people import MyNotice
from .returns import ReturnWithMoney
from .stages import Way
from .words import Id, Input, Lines, Moment, Output, Version, Word, shown, shown_or_none

TermsVersion = Annotated[int, Meta(ge=1, le=10_000)]


JOINING = (
    "phone_not_verified",
    "terms_not_accepted",
    "method_not_offered",
    "no_lines",
    "unknown_item",
    "quantity_out_of_range",
    "over_the_limit",
    "pickup_not_offered",
    "unknown_pickup_point",
    "address_missing",
    "unknown_address",
    "zone_not_served",
    "amount_over_provider_limit",
    "too_many_unpaid",
    "group_has_too_many_unpaid",
    "not_started",
    "group_closed",
    "sold_out",
    "already_joined",
    "rejoined_too_often",
    "key_reused",
)
"""What a join may be refused for, whoever it is for and wherever it begins."""


class JoinBody(Input):
    """Joins and, with a `method`, starts the payment. `accepts_terms` names the version that was read."""

    lines: Lines
    accepts_terms: TermsVersion
    pickup_point: Id | None = None
    address_id: Id | None = None
    method: Word | None = None
    share: Id | None = None

    def to_service(self, key: str, fingerprint: str) -> JoinRequest:
        return JoinRequest(
            lines=self.lines,
            accepts_terms=self.accepts_terms,
            key=key,
            fingerprint=fingerprint,
            pickup_point_id=self.pickup_point,
            address_id=self.address_id,
            method=self.method,
            share=self.share,
        )


class QuoteBody(Input):
    lines: Lines
    address_id: Id | None = None


class QuoteShown(Output):
    """`free`: why no delivery fee is asked (`pickup`, `threshold`); empty where one is, or where none is known."""

    goods_minor: int
    fee_minor: int
    total_minor: int
    currency: str
    zone: str
    weight_g: int
    free: str

    @classmethod
    def of(cls, quote: Quote) -> Self:
        return cls(
            goods_minor=quote.goods_minor,
            fee_minor=quote.fee.amount_minor,
            total_minor=quote.total_minor,
            currency=quote.currency,
            zone=quote.fee.zone,
            weight_g=quote.fee.weight_g,
            free=quote.fee.free,
        )


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
    deposit_minor: int | None
    payment: PaymentBegun | None
    payment_trouble: str | None

    @classmethod
    def of(cls, taken: JoinAnswer, language: str) -> Self:
        receipt = taken.receipt
        return cls(
            order_id=taken.order_id,
            group_id=taken.group_id,
            lines=dict(receipt.lines),
            amount_minor=receipt.amount_minor,
            currency=taken.currency,
            deposit_minor=receipt.deposit_minor or None,
            joined_at=shown(receipt.joined_at),
            pay_by=shown(receipt.pay_by),
            terms=Conditions.of(taken.statement, taken.currency, language),
            payment=PaymentBegun.of(taken.payment) if taken.payment else None,
            payment_trouble=taken.payment_trouble,
        )


class MyOrder(Output):
    """An order as its buyer has it. `version` is what a change must name. With a `deposit_minor` that is what joining
    cost; the balance, at the final price, is known once the group has formed (`resolution` is then `balance_due`).
    """

    id: str
    group_id: str
    campaign_id: str
    state: OrderState
    lines: dict[str, int]
    prices_minor: dict[str, int]
    amount_minor: int
    fee_minor: int
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
    short: dict[str, int]
    deposit_minor: int | None
    balance_minor: int | None
    balance_by: Moment | None
    balance_paid: bool
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
            fee_minor=order.fee_minor,
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
            short=dict(order.short),
            deposit_minor=order.deposit_minor or None,
            balance_minor=order.balance_minor or None,
            balance_by=shown_or_none(order.balance_by),
            balance_paid=order.balance_id is not None,
            version=order.version,
        )


class OrderLine(MyOrder, kw_only=True):
    """An order of mine in the list, with what it needs of its group."""

    group_title: str
    group_state: GroupState
    group_closes_at: Moment

    @classmethod
    def seen(cls, view: OrderView) -> Self:
        return cls(
            **structs.asdict(MyOrder.of(view.order)),
            group_title=view.group.title,
            group_state=view.group.state,
            group_closes_at=shown(view.group.closes_at),
        )


class OrderPage(Output):
    items: list[OrderLine]
    next: str | None


class TimelineStep(Output):
    """One thing that happened, or (with `expected`) that is promised."""

    at: Moment
    what: str
    expected: bool = False
    amount_minor: int | None = None


class Offered(Output):
    """What is offered instead of an item of mine, and what became of it: `accepted`, `refused` or `lapsed`."""

    sku: str
    title: str
    until: Moment
    answer: str | None


class OrderStory(Output):
    """One order with all that concerns it: its group's verdict and stages, its money, and its timeline, oldest first.

    `compensation_minor` is what limits that were broken come to, and `coupons` what was granted for delays.
    `may_self_refund`: an incident of level 3 covers the goods, and they have not left.
    """

    order: MyOrder
    group_title: str
    group_state: GroupState
    group_closes_at: Moment
    verdict: Verdict | None
    delivery: OrderDelivery | None
    stage: str | None
    eta: Eta | None
    way: Way | None
    compensation_minor: int
    coupons: list[CouponLine]
    may_self_refund: bool
    substitutes: list[Offered]
    payments: list[Payment]
    refunds: list[Refund]
    doubled: Refund | None
    timeline: list[TimelineStep]
    returns: list[ReturnWithMoney]
    notices: list[MyNotice]
    as_of: Moment

    @classmethod
    def of(cls, view: OrderView, now: Instant, code: str = "") -> Self:
        entries = sorted(view.entries, key=lambda entry: (entry.created_at, entry.id))
        return cls(
            order=MyOrder.of(view.order),
            group_title=view.group.title,
            group_state=view.group.state,
            group_closes_at=shown(view.group.closes_at),
            verdict=Verdict.of_or_none(view.group.verdict),
            delivery=OrderDelivery.of_or_none(view, code, now),
            stage=browse.stage_of(view.group, view.journey),
            eta=Eta.of_or_none(browse.eta_of(view.journey)),
            way=Way.of_or_none(view.journey, view.terms, now),
            compensation_minor=compensation_of(view),
            coupons=[CouponLine.of(one) for one in view.coupons],
            may_self_refund=view.may_self_refund,
            substitutes=offered(view),
            payments=[Payment.of(entry) for entry in entries if entry.kind is Kind.PAYMENT],
            refunds=[Refund.of(entry, now) for entry in entries if entry.kind is Kind.REFUND],
            doubled=next((Refund.of(entry, now) for entry in entries if entry.kind is Kind.DOUBLED), None),
            timeline=timeline(view.order, view.group, entries),
            returns=[ReturnWithMoney.with_money(one, money_of(one, entries), now) for one in view.returns],
            notices=[MyNotice.of(notice) for notice in view.notices],
            as_of=shown(now),
        )


def money_of(one: Return, entries: Iterable[Entry]) -> Entry | None:
    return next((entry for entry in entries if entry.id == one.refund_id), None)


def offered(view: OrderView) -> list[Offered]:
    return [
        Offered(sku=one.sku, title=one.title, until=shown(one.until), answer=view.order.swaps.get(one.sku))
        for one in view.offers
    ]


def compensation_of(view: OrderView) -> int:
    if view.journey is None or view.order.state is not OrderState.PAID:
        return 0
    return compensation_minor(view.journey, view.order.amount_minor)


def timeline(order: Order, group: Group, entries: Iterable[Entry]) -> list[TimelineStep]:
    """What happened to an order and its money, and what is promised next, oldest first."""
    told = [TimelineStep(at=shown(step.at), what=f"order_{step.state}") for step in order.steps]
    if group.verdict is not None:
        what = "group_formed" if group.verdict.formed else "group_failed"
        told.append(TimelineStep(at=shown(group.verdict.given_at), what=what))
    for entry in entries:
        told += _end(entry) if entry.kind in ENDS else _payment(entry) if entry.kind is Kind.PAYMENT else _refund(entry)
    return sorted(told, key=lambda one: (one.expected, one.at))


def _payment(entry: Entry) -> list[TimelineStep]:
    told = [TimelineStep(at=shown(entry.created_at), what="payment_started", amount_minor=entry.amount_minor)]
    if entry.posted_at is not None:
        told.append(TimelineStep(at=shown(entry.posted_at), what="payment_received", amount_minor=entry.amount_minor))
    if entry.authorised_at is not None:
        at = shown(entry.authorised_at)
        told.append(TimelineStep(at=at, what="payment_authorised", amount_minor=entry.amount_minor))
    return told


ENDS = {
    Kind.CAPTURE: "payment_captured",
    Kind.VOID: "payment_let_go",
    Kind.CHARGEBACK: "charged_back",
    Kind.CHARGEBACK_WON: "chargeback_won",
    Kind.DOUBLED: "doubled_paid",
}


def _end(entry: Entry) -> list[TimelineStep]:
    """Of a hold, or of money that a bank took back: it stands in the timeline once it has happened."""
    if entry.posted_at is None:
        return []
    return [TimelineStep(at=shown(entry.posted_at), what=ENDS[entry.kind], amount_minor=entry.amount_minor)]


def _refund(entry: Entry) -> list[TimelineStep]:
    if entry.kind is not Kind.REFUND:
        return []
    amount = entry.amount_minor
    told = [TimelineStep(at=shown(entry.created_at), what="refund_requested", amount_minor=amount)]
    if entry.last_tried_at is not None:
        told.append(TimelineStep(at=shown(entry.last_tried_at), what="refund_submitted", amount_minor=amount))
    if entry.state is EntryState.POSTED and entry.posted_at is not None:
        told.append(TimelineStep(at=shown(entry.posted_at), what="refund_succeeded", amount_minor=amount))
    elif entry.promised_by is not None:
        looked_at = "refund_looked_at_by_a_person" if entry.stage is RefundStage.PARKED else "refund_promised"
        told.append(TimelineStep(at=shown(entry.promised_by), what=looked_at, expected=True, amount_minor=amount))
    return told


class GroupOrder(Output):
    """An order as those who serve it see it: the buyer under a name that means nothing elsewhere.

    `buyer_id` is filled for support and operators only. `came_by` is whose link the buyer followed (E6), under the
    name that person has as a buyer.
    """

    id: str
    state: OrderState
    buyer: str
    buyer_id: str | None
    came_by: str | None
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
            came_by=masked(order.merchant_id, order.shared_by) if order.shared_by else None,
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
