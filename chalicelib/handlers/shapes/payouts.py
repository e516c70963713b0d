"""Payouts over the wire: what people pay by hand to payees, and what they confirm."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.payout import Payout, PayoutLine, PayoutState
from ...domain.settlement import Payee
from .words import END, Currency, Input, Moment, Output, Title, shown, shown_or_none

Whose = Annotated[str, Meta(max_length=120, pattern=rf"^[A-Za-z0-9._~-]*{END}")]
Account = Annotated[str, Meta(max_length=128, pattern=rf"^[A-Za-z0-9@._+-]*{END}")]


class PayoutInput(Input):
    """`merchant` is for operators, who draw for others; `collect`: also ask back what payees owe."""

    merchant: Whose = ""
    collect: bool = False


class PayoutPaid(Input):
    """One line, as it was paid (or, negative, collected), with the bank's own reference."""

    payee: Payee
    payee_id: Whose
    currency: Currency
    amount_minor: Annotated[int, Meta(ge=-(10**12), le=10**12)]
    reference: Title


class PayoutQuery(Input):
    merchant: Whose = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=1_000)] | None = None


class AccountInput(Input):
    """Stripe's connected account, a merchant's number or openid with WeChat Pay, a user's number or login with Alipay;
    empty: no more."""

    account: Account


class PayoutLineShown(Output):
    """`amount_minor` is negative where the payee has to pay."""

    payee: str
    payee_id: str
    currency: str
    amount_minor: int
    entries: int
    paid_at: Moment | None
    reference: str

    @classmethod
    def of(cls, line: PayoutLine) -> Self:
        return cls(
            payee=line.payee,
            payee_id=line.payee_id,
            currency=line.currency,
            amount_minor=line.amount_minor,
            entries=line.entries,
            paid_at=shown_or_none(line.paid_at),
            reference=line.reference,
        )


class PayoutShown(Output):
    id: str
    merchant_id: str
    state: PayoutState
    created_at: Moment
    collect: bool
    lines: list[PayoutLineShown]

    @classmethod
    def of(cls, payout: Payout) -> Self:
        return cls(
            id=payout.id,
            merchant_id=payout.merchant_id,
            state=payout.state,
            created_at=shown(payout.created_at),
            collect=payout.collect,
            lines=[PayoutLineShown.of(line) for line in payout.lines],
        )


class PayoutPage(Output):
    items: list[PayoutShown]
    next: str | None
