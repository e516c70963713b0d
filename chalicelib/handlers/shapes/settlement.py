"""Settlement over the wire: whose a group's money is, and what of it was let out."""

from typing import Self

from ...domain.settlement import Payee
from ...services.paying.settle import Settlement
from .words import Output


class PayeeLine(Output):
    """`due_minor` is theirs as things stand; `released_minor` what was let out to them."""

    payee: Payee
    payee_id: str
    due_minor: int
    released_minor: int


class GroupSettlement(Output):
    """captured = refunded + charged back + released + held. The lines' dues are what is left of the orders that
    formed; `unfinished` orders are still on their way, or in their after-sales time. `releasing` is on its way to
    payees and held until it is there; `receivable` is what they owe back. `doubled_minor` is what a merchant who
    called the group off has paid its buyers past us, `to_double_minor` what they are still owed."""

    group_id: str
    currency: str
    captured_minor: int
    refunded_minor: int
    charged_back_minor: int
    pending_refunds_minor: int
    released_minor: int
    held_minor: int
    releasing_minor: int
    receivable_minor: int
    orders: int
    unfinished: int
    doubled_minor: int
    to_double_minor: int
    lines: list[PayeeLine]

    @classmethod
    def of(cls, found: Settlement) -> Self:
        money = found.balance
        return cls(
            group_id=found.group.id,
            currency=found.group.currency,
            captured_minor=money.captured,
            refunded_minor=money.refunded,
            charged_back_minor=money.charged_back,
            pending_refunds_minor=money.pending_refunds,
            released_minor=money.released,
            held_minor=money.held,
            releasing_minor=money.releasing,
            receivable_minor=money.receivable,
            orders=found.orders,
            unfinished=found.unfinished,
            doubled_minor=money.doubled,
            to_double_minor=money.to_double,
            lines=[
                PayeeLine(
                    payee=who[0],
                    payee_id=who[1],
                    due_minor=found.due.get(who, 0),
                    released_minor=found.released.get(who, 0),
                )
                for who in sorted({*found.due, *found.released})
            ],
        )
