"""Bank transfers, on the merchant's word: the money came, or was paid back."""

from chalice.app import Blueprint

from ..services.paying import confirm
from .edge import MERCHANT, Call, route
from .shapes.money import Payment, Refund, TransferReceived, TransferReturned
from .shapes.words import to_instant

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/payments/{entry_id}/confirm",
    body=TransferReceived,
    answer=Payment,
    roles=MERCHANT,
    summary="A bank transfer has arrived; again, it changes nothing",
    refusals=(
        "payment_not_found",
        "not_confirmed_by_hand",
        "wrong_amount",
        "wrong_currency",
        "time_in_the_future",
        "time_out_of_range",
    ),
)
def confirm_payment(call: Call[TransferReceived, None], entry_id: str) -> Payment:
    told = call.body
    entry = confirm.payment(
        call.world,
        call.caller,
        entry_id,
        amount_minor=told.amount_minor,
        currency=told.currency,
        received_at=to_instant(told.received_at),
        reference=told.reference,
        now=call.now,
    )
    return Payment.of(entry)


@route(
    bp,
    "POST",
    "/refunds/{entry_id}/confirm",
    body=TransferReturned,
    answer=Refund,
    roles=MERCHANT,
    summary="A refund was paid back by bank transfer; again, it changes nothing",
    refusals=("refund_not_found", "not_confirmed_by_hand", "time_in_the_future", "time_out_of_range"),
    fresh=True,
)
def confirm_refund(call: Call[TransferReturned, None], entry_id: str) -> Refund:
    told = call.body
    entry = confirm.refund(
        call.world,
        call.caller,
        entry_id,
        reference=told.reference,
        paid_back_at=to_instant(told.paid_back_at),
        now=call.now,
    )
    return Refund.of(entry, call.now)
