"""Payouts (结款): money for payees that people move by hand, and where payees are paid by providers."""

from chalice.app import Blueprint

from ..services.paying import payouts
from .edge import MERCHANT, OPS, Call, route
from .shapes.payouts import AccountInput, PayoutInput, PayoutPage, PayoutPaid, PayoutQuery, PayoutShown

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/payouts",
    body=PayoutInput,
    answer=PayoutShown,
    roles=MERCHANT | OPS,
    key=True,
    summary="Draws up what waits to be paid by hand, by payee, less what they owe",
    refusals=("merchant_not_yours", "key_reused"),
)
def draw_payout(call: Call[PayoutInput, None]) -> PayoutShown:
    asked = call.body
    payout = payouts.draw(
        call.world, call.caller, call.key, merchant_id=asked.merchant, collect=asked.collect, now=call.now
    )
    return PayoutShown.of(payout)


@route(
    bp,
    "GET",
    "/payouts",
    query=PayoutQuery,
    answer=PayoutPage,
    roles=MERCHANT | OPS,
    summary="Payouts, newest first",
)
def list_payouts(call: Call[None, PayoutQuery]) -> PayoutPage:
    asked = call.query
    page = payouts.of_merchant(
        call.world, call.caller, asked.merchant, limit=asked.limit, start=call.opened(asked.cursor)
    )
    return PayoutPage(items=[PayoutShown.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/payouts/{payout_id}",
    answer=PayoutShown,
    roles=MERCHANT | OPS,
    summary="One payout with its lines",
    refusals=("payout_not_found",),
)
def one_payout(call: Call[None, None], payout_id: str) -> PayoutShown:
    return PayoutShown.of(payouts.seen(call.world, call.caller, payout_id))


@route(
    bp,
    "POST",
    "/payouts/{payout_id}/paid",
    body=PayoutPaid,
    answer=PayoutShown,
    roles=MERCHANT | OPS,
    summary="Confirms that a line was paid, or collected; its entries are posted with this reference",
    refusals=("payout_not_found", "payout_not_drawn", "payout_line_not_found", "wrong_amount", "already_confirmed"),
    fresh=True,
)
def confirm_payout(call: Call[PayoutPaid, None], payout_id: str) -> PayoutShown:
    asked = call.body
    who = (asked.payee.value, asked.payee_id, asked.currency)
    payout = payouts.confirm(
        call.world, call.caller, payout_id, who, amount_minor=asked.amount_minor, reference=asked.reference,
        now=call.now,
    )  # fmt: skip
    return PayoutShown.of(payout)


@route(
    bp,
    "PUT",
    "/payees/{person_id}/accounts/{method}",
    body=AccountInput,
    status=204,
    roles=OPS,
    summary="Where a payee is paid by a provider; sealed, and written into the audit log",
    refusals=("method_cannot_release",),
    fresh=True,
)
def book_account(call: Call[AccountInput, None], person_id: str, method: str) -> None:
    payouts.book_account(call.world, call.caller, person_id, method, call.body.account, call.now)
