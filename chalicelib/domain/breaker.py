"""A breaker: a channel that its provider has refused to everybody, because our money or quota there is spent.

While it is open nothing is tried there; what matters goes round it. When its time is over, the next message tries, and
opens it again if nothing has changed: so it needs no timer, and a raised limit is found within the hour.
"""

from dataclasses import replace

from ..lean import dataclass
from .instants import HOUR, Instant
from .person import Channel
from .writes import Row

OPEN_FOR = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker(Row):
    """One channel's, open until `until`; `times` counts how often it has been opened."""

    channel: Channel
    until: Instant
    times: int = 1


def opened(known: Breaker | None, channel: Channel, now: Instant) -> Breaker:
    """The same one where it is open already."""
    if known is None:
        return Breaker(channel=channel, until=now + OPEN_FOR)
    if now < known.until:
        return known
    return replace(known, until=now + OPEN_FOR, times=known.times + 1)
