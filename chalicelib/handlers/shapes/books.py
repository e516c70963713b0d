"""The books over the wire: days that were held against a provider's list, and what was found to differ."""

from typing import Self

from ...domain.books import BookedDay, Difference, MoveKind, Named
from .words import Moment, Output, shown


class BookedDayLine(Output):
    """`by_hand`: this provider has no list that a program can read."""

    day: str
    theirs: int
    ours: int
    differences: int
    by_hand: bool
    looked_at: Moment

    @classmethod
    def of(cls, one: BookedDay) -> Self:
        return cls(
            day=one.day,
            theirs=one.theirs,
            ours=one.ours,
            differences=one.differences,
            by_hand=one.by_hand,
            looked_at=shown(one.at),
        )


class BookedDayPage(Output):
    items: list[BookedDayLine]
    next: str | None


class DifferenceLine(Output):
    """What either side has, in minor units (null: nothing). `taken_up`: made good by itself; else a person looks."""

    provider: str
    day: str
    named: Named
    kind: MoveKind
    key: str
    ref: str
    entry_id: str
    ours_minor: int | None
    theirs_minor: int | None
    currency: str
    taken_up: bool
    found_at: Moment

    @classmethod
    def of(cls, one: Difference) -> Self:
        return cls(
            provider=one.method,
            day=one.day,
            named=one.named,
            kind=one.kind,
            key=one.key,
            ref=one.ref,
            entry_id=one.entry_id,
            ours_minor=one.ours_minor,
            theirs_minor=one.theirs_minor,
            currency=one.currency,
            taken_up=one.taken_up,
            found_at=shown(one.at),
        )


class DifferencePage(Output):
    items: list[DifferenceLine]
    next: str | None
