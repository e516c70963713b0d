"""Money over the wire: payments, refunds with their timeline, and what a group's accounts add up to."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.instants import SECOND, Instant
from ...domain.ledger import Entry, EntryState, RefundStage
from ...services.paying import money
from .words import Currency, Input, Minor, Moment, MomentIn, Output, Title, Word, shown, shown_or_none


class PaymentStart(Input):
    """`payer` is who pays in the provider's own words, where it asks (WeChat Pay inside WeChat: the openid)."""

    method: Word
    payer: Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")] = ""


class TransferReceived(Input):
    """A bank transfer as it arrived on the merchant's account."""

    amount_minor: Minor
    currency: Currency
    received_at: MomentIn
    reference: Title


class TransferReturned(Input):
    """A refund the merchant has paid back by bank transfer."""

    reference: Title
    paid_back_at: MomentIn


class PaymentBegun(Output):
    """Where to pay, as it was when the payment began: nothing in it changes later."""

    payment_id: str
    method: str
    amount_minor: int
    currency: str
    pay_url: str | None
    pay_params: dict[str, str] | None
    instructions: str | None
    charged_when_formed: bool

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(
            payment_id=entry.id,
            method=entry.method,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            pay_url=entry.pay_url,
            pay_params=dict(entry.pay_params) if entry.pay_params is not None else None,
            instructions=entry.instructions,
            charged_when_formed=entry.hold,
        )


class Payment(Output):
    """A payment now. `state`: pending, posted (the money is there), authorised (held by the buyer's bank until the
    verdict), captured (`captured_minor` of it was taken), or voided (no longer waited for, or let go)."""

    id: str
    order_id: str
    method: str
    amount_minor: int
    currency: str
    state: EntryState
    created_at: Moment
    paid_at: Moment | None
    captured_minor: int
    pay_url: str | None
    pay_params: dict[str, str] | None
    instructions: str | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        waiting = entry.state is EntryState.PENDING
        return cls(
            id=entry.id,
            order_id=entry.order_id,
            method=entry.method,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            state=entry.state,
            created_at=shown(entry.created_at),
            paid_at=shown_or_none(entry.paid_at),
            captured_minor=entry.taken_minor,
            pay_url=entry.pay_url if waiting else None,
            pay_params=dict(entry.pay_params) if waiting and entry.pay_params is not None else None,
            instructions=entry.instructions if waiting else None,
        )


class Refund(Output):
    """A refund now. `seconds_to_promise` counts down to `promised_by`, and is 0 once the money is back."""

    id: str
    order_id: str
    cause: str
    method: str
    amount_minor: int
    currency: str
    stage: RefundStage
    requested_at: Moment
    submitted_at: Moment | None
    succeeded_at: Moment | None
    promised_by: Moment | None
    seconds_to_promise: int

    @classmethod
    def of(cls, entry: Entry, now: Instant) -> Self:
        back = entry.state is EntryState.POSTED
        left = 0 if back or entry.promised_by is None else max(0, entry.promised_by - now) // SECOND
        return cls(
            id=entry.id,
            order_id=entry.order_id,
            cause=entry.cause,
            method=entry.method,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            stage=entry.stage or RefundStage.REQUESTED,
            requested_at=shown(entry.created_at),
            submitted_at=shown_or_none(entry.last_tried_at),
            succeeded_at=shown_or_none(entry.posted_at) if back else None,
            promised_by=shown_or_none(entry.promised_by),
            seconds_to_promise=left,
        )


class Payouts(Output):
    """To be transferred by the merchant, and confirmed like a refund by transfer, under the same address."""

    items: list[Refund]


class Accounts(Output):
    """Σ of posted entries per account; together they are nothing."""

    buyer_minor: int
    held_minor: int
    merchant_minor: int
    supplier_minor: int
    leader_minor: int
    platform_minor: int


class GroupMoney(Output):
    """captured = refunded + charged back + released + held, at every instant. Pending refunds are part of what is held;
    what is authorised is still the buyers' own, and part of nothing. `strays` is money that came in another currency.
    """

    group_id: str
    currency: str
    captured_minor: int
    refunded_minor: int
    released_minor: int
    held_minor: int
    charged_back_minor: int
    pending_refunds_minor: int
    authorised_minor: int
    strays: dict[str, int]
    accounts: Accounts
    entries: int
    as_of: Moment

    @classmethod
    def of(cls, group_id: str, found: money.GroupMoney, now: Instant) -> Self:
        balance, accounts = found.balance, found.accounts
        return cls(
            group_id=group_id,
            currency=found.currency,
            captured_minor=balance.captured,
            refunded_minor=balance.refunded,
            released_minor=balance.released,
            held_minor=balance.held,
            charged_back_minor=balance.charged_back,
            pending_refunds_minor=balance.pending_refunds,
            authorised_minor=balance.authorised,
            strays=dict(found.strays),
            accounts=Accounts(
                buyer_minor=accounts["buyer"],
                held_minor=accounts["held"],
                merchant_minor=accounts["merchant"],
                supplier_minor=accounts["supplier"],
                leader_minor=accounts["leader"],
                platform_minor=accounts["platform"],
            ),
            entries=found.entries,
            as_of=shown(now),
        )


class Received(Output):
    """What a provider's call is answered: it has been dealt with, and need not come again."""

    received: bool = True
