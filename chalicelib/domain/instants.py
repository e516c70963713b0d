"""Moments in time: whole milliseconds since 1970 UTC, with the zone of the group kept beside them.

Integers order, compare and store exactly; a zone is applied only where a person's wall clock matters
(reminder slots, quiet hours, local midnight), so daylight saving never moves a deadline.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .refusals import Refused

Instant = int
"""Milliseconds since 1970-01-01T00:00Z."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def instant(moment: datetime) -> Instant:
    """Milliseconds of an aware datetime (a naive one is a bug, and raises)."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return round(moment.timestamp() * 1000)


def moment(at: Instant, zone: str = "UTC") -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone(zone_of(zone))


def rfc3339(at: Instant) -> str:
    """`2026-11-21T12:00:00.000Z`: one spelling everywhere, so that answers compare byte for byte."""
    return moment(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def zone_of(name: str) -> ZoneInfo:
    """The zone, or the refusal `unknown_zone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused("unknown_zone", zone=name) from error


def at_local(day_of: Instant, clock: time, zone: str, days_later: int = 0) -> Instant:
    """The moment at which the wall clock in `zone` shows `clock` on the local day of `day_of`."""
    local = moment(day_of, zone)
    day = local.date() + timedelta(days=days_later)
    return instant(datetime.combine(day, clock, tzinfo=zone_of(zone)))


def next_slot(after: Instant, slots: Iterable[time], zone: str) -> Instant:
    """The first moment strictly after `after` at which a wall clock in `zone` shows one of `slots`."""
    candidates = (at_local(after, slot, zone, days) for days in (0, 1) for slot in slots)
    return min(at for at in candidates if at > after)


def midnight_after(at: Instant, zone: str) -> Instant:
    """24:00 local of the day of `at`: the close of a one-day campaign (L8)."""
    return at_local(at, time(0, 0), zone, days_later=1)


def within_hours(at: Instant, start: time, end: time, zone: str) -> bool:
    """Whether the wall clock lies in [start, end), where the span may cross midnight."""
    clock = moment(at, zone).time()
    return start <= clock < end if start <= end else clock >= start or clock < end


def local_text(at: Instant, zone: str) -> str:
    """`2026-11-21 22:00` on the wall clock of `zone`: for messages."""
    return moment(at, zone).strftime("%Y-%m-%d %H:%M")
