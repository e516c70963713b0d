"""What a decision wants written. A list of these is one write, or one transaction: all of it or nothing.

Each names the state it expects, so that a repeated, late or concurrent attempt changes nothing.
"""

from collections.abc import Mapping
from dataclasses import field

from ..lean import dataclass
from .instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every stored thing has. `version` is the version as read; a write of it stores the next one.

    `due_at` is when the row wants to be looked at again: the row's timer. None: it waits for nothing. `stumbles` counts
    how often looking at it ended in trouble since it last moved.
    """

    version: int = 0
    due_at: Instant | None = None
    stumbles: int = 0

    @property
    def leased(self) -> bool:
        """Whether the timer is only the end of a worker's lease. The tick finds the few whose worker died; the stream
        does not wake the many that were done meanwhile.
        """
        return False


@dataclass(frozen=True, slots=True)
class Create:
    """The row must not exist yet (an echo of a creation changes nothing)."""

    row: Row


@dataclass(frozen=True, slots=True)
class Replace:
    """The row must still be at the version it was read at (nobody decided in between).

    A `claim` only says who works on the row, so its stumbles stay counted: trouble behind a claim is parked as well.
    """

    row: Row
    claim: bool = False


def put(row: Row) -> Create | Replace:
    """A row that was read and changed, or, where its version says that there was none, a new one."""
    return Replace(row) if row.version else Create(row)


@dataclass(frozen=True, slots=True)
class Remove:
    """Deletes the row if it is at the version it was read at."""

    row: Row


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Writes nothing, but the row must be at the version it was read at."""

    row: Row


@dataclass(frozen=True, slots=True)
class Take:
    """Takes units and seats from a slice by counting, without naming its version: joins do not queue up.

    Negative numbers give back. The slice must not be sealed; with `now` it must also be open at that time.
    """

    group_id: str
    number: int
    units: Mapping[str, int] = field(default_factory=dict)
    seats: int = 0
    now: Instant | None = None


@dataclass(frozen=True, slots=True)
class TakeStock:
    """Takes units from a campaign's stock by counting (negative gives back)."""

    campaign_id: str
    units: Mapping[str, int]


Write = Create | Replace | Remove | Unchanged | Take | TakeStock
