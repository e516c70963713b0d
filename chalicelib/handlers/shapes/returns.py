"""Returns over the wire: what a buyer asks for, what its merchant says, and the timeline both see."""

from typing import Self

from msgspec import structs

from ...domain.instants import SECOND, Instant
from ...domain.ledger import Entry, EntryState
from ...domain.returns import UNDER_WAY, Return, ReturnState, Why
from ...services.delivering.returns import Wanted
from .words import Input, Line, Lines, Moment, Output, Reason, shown, shown_or_none


class ReturnInput(Input):
    """Units by SKU. `intact`: the goods are as they came, which is asked for where no reason is given."""

    lines: Lines
    why: Why
    text: Line = ""
    intact: bool = False

    def to_service(self) -> Wanted:
        return Wanted(lines=dict(self.lines), why=self.why, text=self.text.strip(), intact=self.intact)


class CheckInput(Input):
    """The check (质检): passed, or failed with what was found."""

    passed: bool
    reason: Line = ""


class FailedInput(Input):
    reason: Reason


class ReturnShown(Output):
    """`by`: until when the goods are to arrive or to be looked at; silence after that is a yes for goods that did
    arrive, and ends the return of those that did not. `checked_by_timer`: that is what happened."""

    id: str
    order_id: str
    why: Why
    text: str
    lines: dict[str, int]
    state: ReturnState
    asked_at: Moment
    received_at: Moment | None
    ended_at: Moment | None
    by: Moment | None
    checked_by_timer: bool
    reason: str
    amount_minor: int
    refund_id: str | None

    @classmethod
    def of(cls, one: Return) -> Self:
        return cls(
            id=one.id,
            order_id=one.order_id,
            why=one.why,
            text=one.text,
            lines=dict(one.lines),
            state=one.state,
            asked_at=shown(one.asked_at),
            received_at=shown_or_none(one.received_at),
            ended_at=shown_or_none(one.ended_at),
            by=shown(one.by) if one.state in UNDER_WAY else None,
            checked_by_timer=one.checked_by == "timer",
            reason=one.verdict,
            amount_minor=one.amount_minor,
            refund_id=one.refund_id,
        )


class ReturnWithMoney(ReturnShown, kw_only=True):
    """`paid_back_by` is promised for the money, `seconds_to_payout` counts down to it, and is 0 once it is back."""

    paid_back_by: Moment | None
    paid_back_at: Moment | None
    seconds_to_payout: int

    @classmethod
    def with_money(cls, one: Return, refund: Entry | None, now: Instant) -> Self:
        back = refund is not None and refund.state is EntryState.POSTED
        by = refund.promised_by if refund is not None else None
        return cls(
            **structs.asdict(ReturnShown.of(one)),
            paid_back_by=shown_or_none(by),
            paid_back_at=shown_or_none(refund.posted_at if refund is not None and back else None),
            seconds_to_payout=0 if back or by is None else max(0, by - now) // SECOND,
        )


class ReturnPage(Output):
    """Newest first."""

    items: list[ReturnShown]
    next: str | None
