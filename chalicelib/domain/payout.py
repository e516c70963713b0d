"""Payouts (结款): money that no provider lets out or takes back for us, and that a person moves.

Releases and reversals by hand wait under their merchant. *Drawing* a payout collects them by payee: what is let out,
less what the payee owes back from earlier. A payee who owes more than they are due stays out of it, and what they owe
is taken from a later payout; or a payout that `collect`s asks them for it. Each line is then paid (or collected) and
confirmed with the bank's own reference, and only that posts its entries.

    payout   drawing -> drawn -> (each line confirmed) -> paid
    entry    by hand -> submitted, in the payout -> posted
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .instants import Instant
from .ledger import Entry, EntryState, Kind, RefundStage
from .refusals import Refused
from .writes import Row

Party = tuple[str, str, str]
"""(payee, payee's id, currency)."""


class PayoutState(StrEnum):
    DRAWING = "drawing"
    DRAWN = "drawn"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutLine:
    """What one payee is to be paid, in minor units (negative: to be collected from them), and how far it got.

    `posted` counts those of its `entries` that its confirmation has posted.
    """

    payee: str
    payee_id: str
    currency: str
    amount_minor: int = 0
    entries: int = 0
    posted: int = 0
    paid_at: Instant | None = None
    paid_by: str = ""
    reference: str = ""

    @property
    def party(self) -> Party:
        return self.payee, self.payee_id, self.currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(Row):
    """One drawing of one merchant's payables."""

    id: str
    merchant_id: str
    created_at: Instant
    created_by: str
    collect: bool = False
    state: PayoutState = PayoutState.DRAWING
    lines: tuple[PayoutLine, ...] = ()


def party(entry: Entry) -> Party:
    return entry.payee or "merchant", entry.payee_id, entry.currency


def worth(entry: Entry) -> int:
    """What an entry adds to what its payee is to be paid."""
    return -entry.amount_minor if entry.kind is Kind.REVERSAL else entry.amount_minor


def payable(entry: Entry) -> bool:
    """Whether it waits for a payout."""
    return entry.state is EntryState.PENDING and entry.stage is RefundStage.BY_HAND and not entry.payout_id


def chosen(payout: Payout, entries: Iterable[Entry]) -> list[Entry]:
    """What this payout takes in, debts first. A payee who is in it already stays in it with whatever is left."""
    waiting: dict[Party, list[Entry]] = {}
    for entry in entries:
        if payable(entry):
            waiting.setdefault(party(entry), []).append(entry)
    begun = {line.party for line in payout.lines}
    taken: list[Entry] = []
    for who in sorted(waiting):
        if who in begun or payout.collect or sum(map(worth, waiting[who])) >= 0:
            taken += sorted(waiting[who], key=lambda one: (worth(one) > 0, one.id))
    return taken


def drawn(payout: Payout, entries: Sequence[Entry]) -> tuple[Payout, list[Entry]]:
    """The payout with some more entries in it, and those entries as they are then."""
    lines = {line.party: line for line in payout.lines}
    for entry in entries:
        line = lines.get(party(entry)) or PayoutLine(
            payee=entry.payee or "merchant", payee_id=entry.payee_id, currency=entry.currency
        )
        lines[line.party] = replace(line, amount_minor=line.amount_minor + worth(entry), entries=line.entries + 1)
    claimed = [replace(one, stage=RefundStage.SUBMITTED, payout_id=payout.id) for one in entries]
    return replace(payout, lines=tuple(lines.values())), claimed


def finished_drawing(payout: Payout, now: Instant) -> Payout:
    """A line that comes to nothing needs nobody: what was due and what was owed cancel out."""
    lines = tuple(
        replace(line, paid_at=now, reference="netted") if line.amount_minor == 0 else line for line in payout.lines
    )
    due_at = now if any(line.paid_at is not None for line in lines) else None
    state = PayoutState.DRAWN if lines else PayoutState.PAID
    return replace(payout, lines=lines, state=state, due_at=due_at)


def confirmed(payout: Payout, who: Party, amount_minor: int, reference: str, by: str, now: Instant) -> Payout | None:
    """With that line paid. None where the same was said before.

    Raises Refused('payout_not_drawn', 'payout_line_not_found', 'wrong_amount' or 'already_confirmed').
    """
    if payout.state is PayoutState.DRAWING:
        raise Refused("payout_not_drawn")
    line = next((line for line in payout.lines if line.party == who), None)
    if line is None:
        raise Refused("payout_line_not_found")
    if line.amount_minor != amount_minor:
        raise Refused("wrong_amount", expected_minor=line.amount_minor)
    if line.paid_at is not None:
        if line.reference == reference:
            return None
        raise Refused("already_confirmed", reference=line.reference)
    paid = replace(line, paid_at=now, paid_by=by, reference=reference)
    lines = tuple(paid if one.party == who else one for one in payout.lines)
    return replace(payout, lines=lines, due_at=now)


def posted(payout: Payout, entries: Sequence[Entry], now: Instant) -> tuple[Payout, list[Entry]]:
    """The payout with some more entries of its confirmed lines posted, and those entries."""
    lines = {line.party: line for line in payout.lines}
    done = []
    for entry in entries:
        line = lines[party(entry)]
        lines[line.party] = replace(line, posted=line.posted + 1)
        done.append(
            replace(
                entry,
                state=EntryState.POSTED,
                stage=RefundStage.SUCCEEDED,
                provider_ref=line.reference,
                paid_at=line.paid_at,
                posted_at=now,
                due_at=None,
            )
        )
    return replace(payout, lines=tuple(lines.values())), done


def unposted(payout: Payout) -> set[Party]:
    """Whose confirmed lines have entries that are not posted yet."""
    return {line.party for line in payout.lines if line.paid_at is not None and line.posted < line.entries}


def rested(payout: Payout, now: Instant) -> Payout:
    """Nothing of it is to be posted now; it is over when every line is confirmed."""
    over = all(line.paid_at is not None for line in payout.lines)
    return replace(payout, state=PayoutState.PAID if over else payout.state, due_at=None)
