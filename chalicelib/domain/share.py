"""A person's own link to a group (E6). A join through it is attributed to whoever shared it."""

from ..lean import dataclass
from .ids import derived
from .instants import Instant
from .writes import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Row):
    code: str
    group_id: str
    person_id: str
    created_at: Instant


def share_code(group_id: str, person_id: str) -> str:
    """The same person sharing the same group always gets the same link."""
    return derived("share", group_id, person_id, length=10)
