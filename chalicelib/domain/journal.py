"""The journal (记账凭证): the ledger as accountants read it, one line an entry, and what each account comes to.

A line names both accounts; only what is posted has moved money. So the sums over posted lines are the ledger's
balance, account by account, and all of them together are nothing. There is nobody's name in it: buyers do not appear,
payees by their ids.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .instants import Instant
from .ledger import Entry, EntryState, between
from .refusals import Refused

MOST_LINES = 15_000
"""In one file: an answer has at most six megabytes."""

COLUMNS = (
    "time_utc", "time_local", "merchant", "campaign", "group", "order", "entry", "kind", "cause", "state", "from", "to",
    "payee", "amount", "currency", "method", "provider_ref", "payout",
)  # fmt: skip


def at(entry: Entry) -> Instant:
    """When its money moved, by the provider's own time where it has one; before that, when it was written."""
    return entry.paid_at or entry.posted_at or entry.created_at


@dataclass(slots=True)
class Sums:
    """Adds up as lines pass by, in minor units by (currency, account)."""

    lines: int = 0
    found: dict[tuple[str, str], int] = field(default_factory=dict)

    def counted(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Raises Refused('export_too_large')."""
        for entry in entries:
            self.lines += 1
            if self.lines > MOST_LINES:
                raise Refused("export_too_large", most=MOST_LINES)
            if entry.state is EntryState.POSTED:
                source, target = between(entry)
                self._add(entry.currency, source, -entry.amount_minor)
                self._add(entry.currency, target, entry.amount_minor)
            yield entry

    def _add(self, currency: str, account: str, amount: int) -> None:
        self.found[currency, account] = self.found.get((currency, account), 0) + amount

    @property
    def totals(self) -> Mapping[tuple[str, str], int]:
        return {key: self.found[key] for key in sorted(self.found)}
