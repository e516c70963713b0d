"""Rows of the books and of what follows from money that moved, as they stand in the middle of things."""

from chalicelib.domain.books import BookedDay, Books, Difference, MoveKind, Named
from chalicelib.domain.invoice import Invoice, InvoiceKind, InvoiceState, Issued
from chalicelib.domain.payout import Payout, PayoutLine, PayoutState
from chalicelib.domain.settlement import Settling
from chalicelib.domain.solvency import Solvency
from chalicelib.domain.upkeep import Turns
from chalicelib.domain.writes import Row

AT = 1_795_000_000_000

MONEY: tuple[Row, ...] = (
    Books(method="sandbox", day="2026-11-18", zone="Asia/Shanghai", asked_at=AT - 1, alarmed_at=AT, due_at=AT),
    BookedDay(method="sandbox", day="2026-11-17", theirs=1000, ours=1001, differences=1, at=AT),
    Difference(
        method="sandbox",
        day="2026-11-17",
        named=Named.MISSING_THERE,
        kind=MoveKind.REFUND,
        key="g5k2-00ab.p1.failed.1",
        ref="re_1",
        entry_id="g5k2-00ab.p1.failed",
        merchant_id="m1",
        ours_minor=900,
        currency="CNY",
        at=AT,
    ),
    Invoice(
        order_id="g5k2-00mei",
        group_id="g5k2",
        merchant_id="m1",
        buyer_id="mei",
        title="Fruit",
        kind=InvoiceKind.COMPANY,
        state=InvoiceState.TO_CORRECT,
        amount_minor=900,
        currency="CNY",
        requested_at=AT,
        issued=(Issued(number="24110000001", on="2026-11-18", amount_minor=1800, at=AT, by="m1", file="invoices/x"),),
        owed=("invoice_to_correct",),
        due_at=AT,
    ),
    Settling(group_id="g5k2", part=1, cursor="g5k2-01ab", unfinished=True, due_at=AT),
    Payout(
        id="po1",
        merchant_id="m1",
        created_at=AT,
        created_by="m1",
        collect=True,
        state=PayoutState.DRAWN,
        lines=(
            PayoutLine(
                payee="supplier",
                payee_id="s1",
                currency="CNY",
                amount_minor=700,
                entries=2,
                posted=1,
                paid_at=AT,
                paid_by="m1",
                reference="bank 17",
            ),
        ),
        due_at=AT,
    ),
    Turns(method="stripe", free_at=AT),
    Solvency(campaign_id="c1", currency="CNY", paid=9000, refunded=1000, released=500, entries=12, at=AT),
)
