"""Solvency (X4): anybody can see, and add up for themselves, that what buyers paid is given back, let out, or held.

    held = paid - refunded - charged back - released

The rows are the campaign's entries without anybody's name: a hash of the entry's id, what it did, and how much. Who
knows an entry's id (its own buyer) finds it among them.
"""

from ..lean import dataclass
from .ids import derived
from .instants import MINUTE, Instant
from .ledger import Balance, Entry, EntryState, Kind
from .writes import Row

FRESH = 5 * MINUTE
"""The sums are added up from the rows at most this often, however many ask: the address is open to everybody."""

SHOWN = {
    Kind.PAYMENT: "paid",
    Kind.CAPTURE: "paid",
    Kind.REFUND: "refunded",
    Kind.CHARGEBACK: "charged_back",
    Kind.CHARGEBACK_WON: "charged_back",
    Kind.RELEASE: "released",
    Kind.REVERSAL: "released",
}
BACKWARDS = (Kind.CHARGEBACK_WON, Kind.REVERSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solvency(Row):
    """A campaign's sums as they were at `at`, in minor units of its currency."""

    campaign_id: str
    currency: str
    paid: int = 0
    refunded: int = 0
    charged_back: int = 0
    released: int = 0
    entries: int = 0
    at: Instant

    @property
    def held(self) -> int:
        return self.paid - self.refunded - self.charged_back - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`amount_minor` is negative where money came back from where the row says it went."""

    hash: str
    kind: str
    amount_minor: int
    currency: str
    at: Instant


def hash_of(entry_id: str) -> str:
    """What stands for an entry in public."""
    return derived("solvency", entry_id, length=20)


def line_of(entry: Entry) -> Line | None:
    """None for what has moved no money."""
    if entry.state is not EntryState.POSTED or entry.kind not in SHOWN:
        return None
    return Line(
        hash=hash_of(entry.id),
        kind=SHOWN[entry.kind],
        amount_minor=-entry.amount_minor if entry.kind in BACKWARDS else entry.amount_minor,
        currency=entry.currency,
        at=entry.posted_at or entry.created_at,
    )


def added_up(campaign_id: str, currency: str, balance: Balance, entries: int, now: Instant) -> Solvency:
    return Solvency(
        campaign_id=campaign_id,
        currency=currency,
        paid=balance.captured,
        refunded=balance.refunded,
        charged_back=balance.charged_back,
        released=balance.released,
        entries=entries,
        at=now,
    )
