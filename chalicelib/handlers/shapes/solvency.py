"""Solvency over the wire: a campaign's sums, and the rows they follow from."""

from typing import Self

from ...domain.ports import Page
from ...domain.solvency import Line, Solvency
from .words import Moment, Output, shown


class SolvencyLine(Output):
    """One movement, named by a hash. A negative amount came back from where its kind says it went."""

    hash: str
    kind: str
    amount_minor: int
    currency: str
    at: Moment

    @classmethod
    def of(cls, line: Line) -> Self:
        return cls(
            hash=line.hash,
            kind=line.kind,
            amount_minor=line.amount_minor,
            currency=line.currency,
            at=shown(line.at),
        )


class CampaignSolvency(Output):
    """held = paid - refunded - charged back - released, as of `as_of`; `entries` rows with the campaign's currency
    add up to it. Rows younger than `as_of` are not in the sums yet."""

    campaign_id: str
    currency: str
    paid_minor: int
    refunded_minor: int
    charged_back_minor: int
    released_minor: int
    held_minor: int
    entries: int
    as_of: Moment
    items: list[SolvencyLine]
    next: str | None

    @classmethod
    def of(cls, sums: Solvency, page: Page[Line], after: str | None) -> Self:
        return cls(
            campaign_id=sums.campaign_id,
            currency=sums.currency,
            paid_minor=sums.paid,
            refunded_minor=sums.refunded,
            charged_back_minor=sums.charged_back,
            released_minor=sums.released,
            held_minor=sums.held,
            entries=sums.entries,
            as_of=shown(sums.at),
            items=[SolvencyLine.of(line) for line in page.rows],
            next=after,
        )
