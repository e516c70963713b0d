"""Moments: whole milliseconds, and wall clocks that daylight saving moves without moving a deadline."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import instants
from chalicelib.domain.instants import DAY, HOUR, MINUTE, at_local, instant, midnight_after, moment, next_slot
from chalicelib.domain.order import REMINDER_SLOTS
from chalicelib.domain.refusals import Refused

ZONES = [
    "Asia/Shanghai", "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Africa/Cairo", "Asia/Beirut",
    "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Pacific/Chatham",
]  # fmt: skip
zones = st.sampled_from(ZONES)
moments = st.integers(946_684_800_000, 4_102_444_800_000)


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text))


@given(moments)
def test_a_moment_survives_being_spelled_and_read(now: int) -> None:
    assert at(instants.rfc3339(now).replace("Z", "+00:00")) == now
    assert instant(moment(now, "Asia/Kathmandu")) == now


def test_a_moment_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        instant(datetime(2026, 1, 1))


def test_one_spelling_everywhere() -> None:
    assert instants.rfc3339(1_763_697_600_007) == "2025-11-21T04:00:00.007Z"
    assert instants.local_text(1_763_697_600_000, "Asia/Shanghai") == "2025-11-21 12:00"


@pytest.mark.parametrize("name", ["", "Nowhere", "../../etc/passwd", "/etc/passwd", "Asia/Shang\x00hai", "Asia"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="unknown_zone"):
        instants.zone_of(name)


@pytest.mark.req("L8")
@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        ("Asia/Shanghai", "2026-06-01T15:59:59.999+00:00", "2026-06-01T16:00:00+00:00"),
        ("Asia/Shanghai", "2026-06-01T16:00:00+00:00", "2026-06-02T16:00:00+00:00"),
        ("Europe/Berlin", "2026-03-29T00:30:00+01:00", "2026-03-30T00:00:00+02:00"),  # a day of 23 hours
        ("Europe/Berlin", "2026-10-25T00:30:00+02:00", "2026-10-26T00:00:00+01:00"),  # and one of 25
        ("Africa/Cairo", "2026-04-23T20:00:00+02:00", "2026-04-24T01:00:00+03:00"),  # this midnight does not exist
        ("America/Havana", "2026-10-31T20:00:00-04:00", "2026-11-01T00:00:00-04:00"),  # this one comes twice
    ],
)
def test_a_one_day_campaign_ends_at_local_midnight(zone: str, now: str, midnight: str) -> None:
    assert midnight_after(at(now), zone) == at(midnight)


@given(moments, zones)
def test_midnight_is_ahead_and_at_most_a_long_day_away(now: int, zone: str) -> None:
    """Apia once skipped a whole day; even there it is ahead."""
    assert 0 < midnight_after(now, zone) - now <= 25 * HOUR


@pytest.mark.req("N3")
@given(moments, zones)
def test_the_next_slot_is_ahead_and_shown_by_the_wall_clock(now: int, zone: str) -> None:
    slot = next_slot(now, REMINDER_SLOTS, zone)
    assert 0 < slot - now <= 15 * HOUR, "22:00 to 12:00, and an hour of daylight saving"
    assert moment(slot, zone).time() in REMINDER_SLOTS
    for minutes in range(1, (slot - now) // MINUTE, 17):
        between = moment(now + minutes * MINUTE, zone).time().replace(second=0, microsecond=0)
        assert between not in REMINDER_SLOTS or now + minutes * MINUTE >= slot


@pytest.mark.req("N3")
def test_slots_keep_to_the_wall_clock_when_it_is_moved() -> None:
    saturday = at("2026-03-28T23:00:00+01:00")
    slots = [saturday]
    for _ in range(3):
        slots.append(next_slot(slots[-1], REMINDER_SLOTS, "Europe/Berlin"))
    assert slots[1:] == [at(f"2026-03-29T{hour}:00:00+02:00") for hour in (12, 17, 22)]
    assert slots[1] - saturday == 12 * HOUR, "13 hours on the clock"


def test_a_slot_is_strictly_after() -> None:
    noon = at("2026-06-01T12:00:00+08:00")
    assert next_slot(noon, REMINDER_SLOTS, "Asia/Shanghai") == noon + 5 * HOUR
    assert next_slot(noon - 1, REMINDER_SLOTS, "Asia/Shanghai") == noon


@pytest.mark.parametrize(
    ("clock", "start", "end", "inside"),
    [
        ("08:00", "08:00", "22:00", True), ("22:00", "08:00", "22:00", False), ("07:59", "08:00", "22:00", False),
        ("23:00", "22:00", "06:00", True), ("05:59", "22:00", "06:00", True), ("06:00", "22:00", "06:00", False),
        ("12:00", "12:00", "12:00", False),
    ],
)  # fmt: skip
def test_hours_may_cross_midnight(clock: str, start: str, end: str, inside: bool) -> None:
    now = at(f"2026-06-01T{clock}:00+08:00")
    within = instants.within_hours(now, time.fromisoformat(start), time.fromisoformat(end), "Asia/Shanghai")
    assert within is inside


def test_a_clock_time_that_daylight_saving_skips_is_the_moment_after_the_gap() -> None:
    day = at("2026-03-29T00:00:00+01:00")
    assert moment(at_local(day, time(2, 30), "Europe/Berlin"), "UTC") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert at_local(day, time(0), "Europe/Berlin", days_later=1) - day == DAY - HOUR
