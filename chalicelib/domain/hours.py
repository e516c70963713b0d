"""How a campaign goes hour by hour (M2, M10, M11): projections like the tallies, moved by the stream, healed by a
recount; no decision reads them.

What a row adds follows from the row alone, so that the stream can apply new minus old and a recount can start anew.
"""

from collections.abc import Iterable

from ..lean import dataclass
from .instants import HOUR, Instant, moment
from .order import Order, OrderState
from .upkeep import Visit
from .writes import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """`orders` were placed in the hour, whatever became of them; `paid` were paid in it and still are. `stayed_s` is
    the time that `stayers` of its visitors looked at the page."""

    orders: int = 0
    paid: int = 0
    paid_minor: int = 0
    units: int = 0
    visitors: int = 0
    stayers: int = 0
    stayed_s: int = 0
    shares: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour(Row):
    """The hour that begins at `at`."""

    campaign_id: str
    at: Instant
    pulse: Pulse = Pulse()


def hour_of(at: Instant) -> Instant:
    return at - at % HOUR


def beats(row: Row | None) -> dict[Instant, Pulse]:
    """What one row adds, by hour."""
    found: dict[Instant, Pulse] = {}
    match row:
        case Order():
            _add(found, row.joined_at, Pulse(orders=1))
            if row.state is OrderState.PAID and row.paid_at is not None:
                units = sum(row.lines.values())
                _add(found, row.paid_at, Pulse(paid=1, paid_minor=row.amount_minor, units=units))
        case Visit():
            stayed = row.stayed_s
            _add(found, row.at, Pulse(visitors=1, stayers=int(stayed > 0), stayed_s=stayed, shares=row.shares))
    return found


def _add(to: dict[Instant, Pulse], at: Instant, pulse: Pulse, sign: int = 1) -> None:
    to[hour_of(at)] = plus(to.get(hour_of(at), Pulse()), pulse, sign)


def add(to: dict[Instant, Pulse], row: Row | None, sign: int = 1) -> None:
    for at, pulse in beats(row).items():
        _add(to, at, pulse, sign)


def plus(one: Pulse, other: Pulse, sign: int = 1) -> Pulse:
    return Pulse(**{name: getattr(one, name) + sign * getattr(other, name) for name in Pulse.__slots__})


def by_day(hours: Iterable[Hour], zone: str) -> dict[str, Pulse]:
    """`2026-11-01` on the campaign's own wall clock -> what happened that day."""
    days: dict[str, Pulse] = {}
    for hour in hours:
        day = f"{moment(hour.at, zone):%Y-%m-%d}"
        days[day] = plus(days.get(day, Pulse()), hour.pulse)
    return days


def projected(joined: int, opened_at: Instant, closes_at: Instant, now: Instant, lately: int) -> int:
    """Where the participants end if the pace of the last 24 hours (or since the opening) holds until the close."""
    window = min(24 * HOUR, now - opened_at)
    if window < HOUR or now >= closes_at:
        return joined  # the first minutes say nothing of the rest
    return joined + lately * (closes_at - now) // window
