"""Working time: which days are worked where, and when so many working hours have passed.

A calendar is Monday to Friday, less its holidays, plus the weekend days that are worked instead of them (调休). Days
are ISO dates on the wall clock of the campaign. A year whose holidays are not known here is plain weekdays, so that a
campaign may name days of its own, off or worked, which win over the calendar.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date, datetime, time, timedelta

from ..lean import dataclass
from .instants import DAY, HOUR, Instant, instant, moment, zone_of
from .refusals import Refused

OPENS, CLOSES = time(9, 0), time(18, 0)
WORKDAY = 9 * HOUR
"""One working day, in working time: 09:00 to 18:00 on the wall clock."""

FURTHEST = 400 * DAY
"""No limit reaches further: a calendar on which nobody works must not be counted for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """`always`: every day is worked. Otherwise weekdays, less `off`, plus `worked`."""

    off: frozenset[str] = field(default_factory=frozenset)
    worked: frozenset[str] = field(default_factory=frozenset)
    always: bool = False

    def works_on(self, day: date) -> bool:
        text = day.isoformat()
        if text in self.worked or text in self.off:
            return text in self.worked
        return self.always or day.weekday() < 5


def _days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=k)).isoformat() for k in range((end - start).days + 1)]


CHINA_OFF = frozenset(
    day
    for first, last in (
        ("2025-01-01", "2025-01-01"), ("2025-01-28", "2025-02-04"), ("2025-04-04", "2025-04-06"),
        ("2025-05-01", "2025-05-05"), ("2025-05-31", "2025-06-02"), ("2025-10-01", "2025-10-08"),
        ("2026-01-01", "2026-01-03"), ("2026-02-15", "2026-02-23"), ("2026-04-04", "2026-04-06"),
        ("2026-05-01", "2026-05-05"), ("2026-06-19", "2026-06-21"), ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),
    )
    for day in _days(first, last)
)  # fmt: skip
CHINA_WORKED = frozenset(
    (
        "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    )
)  # fmt: skip
"""The State Council's notices for 2025 and 2026. A year is added when it is published; until then, weekdays."""

CALENDARS: Mapping[str, Calendar] = {
    "cn": Calendar(off=CHINA_OFF, worked=CHINA_WORKED),
    "weekdays": Calendar(),
    "every_day": Calendar(always=True),
}


def calendar(name: str, days_off: tuple[str, ...] = (), days_worked: tuple[str, ...] = ()) -> Calendar:
    """The calendar of that name with a campaign's own days. Raises Refused for a name or a date that is none."""
    if name not in CALENDARS:
        raise Refused("unknown_calendar", calendar=name, calendars=sorted(CALENDARS))
    for day in (*days_off, *days_worked):
        _checked(day)
    if both := set(days_off) & set(days_worked):
        raise Refused("bad_day", day=min(both))
    known = CALENDARS[name]
    off = (known.off - set(days_worked)) | set(days_off)
    worked = (known.worked - set(days_off)) | set(days_worked)
    return Calendar(off=off, worked=worked, always=known.always)


def _checked(day: str) -> None:
    try:
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError(day)
    except ValueError as error:
        raise Refused("bad_day", day=day) from error


def after_working(start: Instant, ms: Instant, days: Calendar, zone: str) -> Instant:
    """The moment at which `ms` of working time have passed since `start`."""
    left = ms
    for opens, closes in _shifts(start, days, zone):
        begin = max(start, opens)
        if left <= closes - begin:
            return begin + left
        left -= max(0, closes - begin)
    return start + FURTHEST


def _shifts(start: Instant, days: Calendar, zone: str) -> Iterator[tuple[Instant, Instant]]:
    """The hours worked from the day of `start` on, day by day."""
    first = moment(start, zone).date()
    here = zone_of(zone)
    for k in range(FURTHEST // DAY):
        day = first + timedelta(days=k)
        if not days.works_on(day):
            continue
        opens, closes = (instant(datetime.combine(day, clock, tzinfo=here)) for clock in (OPENS, CLOSES))
        if closes > start:
            yield opens, closes
