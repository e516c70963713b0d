"""What was seen of a day: the answers, the messages, and the provider's books. The checker reads this and no more."""

from dataclasses import dataclass, field
from datetime import datetime

from .script import Script
from .stack import Instant, Json, Message


@dataclass(slots=True)
class Heard:
    """One call and its answer, word for word."""

    at: Instant
    who: str | None
    method: str
    path: str
    status: int
    text: str


@dataclass(slots=True)
class GroupSeen:
    """A group as everyone sees it (card, progress) and as its merchant does (orders, money)."""

    card: Json
    progress: Json
    money: Json
    orders: list[Json]


@dataclass(slots=True)
class Look:
    at: Instant
    groups: dict[str, GroupSeen]


@dataclass(slots=True)
class Refusal:
    """A join that was refused, and what buyers of the whole campaign held at that moment."""

    at: Instant
    who: str
    group: str
    takes: dict[str, int]
    code: str
    taken: dict[str, int]
    sellable: dict[str, int]
    closes_at: Instant


@dataclass(slots=True)
class Record:
    """`orders` and `notices` are each person's own, as they read them; `surprises` what went other than written. `ways`
    are the stages of formed groups as their merchant sees them, `missing` what leaders
    found missing and `shares` how that was shared out, `progress_reads` what the page of truth cost each time."""

    script: Script
    ended_at: Instant
    patience_ms: int
    calls: list[Heard] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    campaigns: dict[str, Json] = field(default_factory=dict)
    figures: dict[str, Json] = field(default_factory=dict)
    products: list[Json] = field(default_factory=list)
    group_ids: dict[str, str] = field(default_factory=dict)
    orders: dict[str, list[Json]] = field(default_factory=dict)
    notices: dict[str, list[Json]] = field(default_factory=dict)
    added: list[tuple[Instant, str, dict[str, int]]] = field(default_factory=list)
    visitors: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    contact_reads: dict[str, list[Json]] = field(default_factory=dict)
    wanted_reads: list[tuple[str, str, str]] = field(default_factory=list)
    alternatives: dict[str, int] = field(default_factory=dict)
    hall: list[Json] = field(default_factory=list)
    due: list[Json] = field(default_factory=list)
    parked: list[Json] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    books: Json = None
    ways: dict[str, Json] = field(default_factory=dict)
    missing: dict[str, dict[str, int]] = field(default_factory=dict)
    shares: dict[str, list[Json]] = field(default_factory=dict)
    progress_reads: list[tuple[str, int]] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    @property
    def groups(self) -> dict[str, GroupSeen]:
        """The groups as they were at the end."""
        return self.looks[-1].groups if self.looks else {}

    def group_of(self, order: Json) -> str:
        """The story's key of the group an order belongs to."""
        return next((key for key, found in self.group_ids.items() if found == order["order"]["group_id"]), "?")


def ms(moment: str) -> Instant:
    """Milliseconds of an RFC 3339 moment."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def money(minor: int) -> str:
    return f"¥{minor / 100:,.2f}"
