"""A second look at who asks for what cannot be undone (X2): a fresh one-time code, good for one token, briefly."""

from ..lean import dataclass
from .instants import MINUTE, Instant
from .refusals import Refused
from .writes import Row

GOOD_FOR = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Row):
    """A code was answered under this token. `who` is a keyed hash of person and token: it names neither."""

    who: str
    until: Instant


def confirmed(old: Confirmed | None, who: str, now: Instant) -> Confirmed:
    return Confirmed(who=who, until=now + GOOD_FOR, version=old.version if old else 0)


def check(found: Confirmed | None, now: Instant) -> None:
    """Raises Refused('second_factor_required') unless a code was answered just now."""
    if found is None or now >= found.until:
        raise Refused("second_factor_required", minutes=GOOD_FOR // MINUTE)
