"""What holds for people who said nothing: their region's language, clock and quiet hours."""

from datetime import UTC, datetime, time

import pytest

from chalicelib.domain.person import Home, Hours, Preferences, Urgency, send_at

BERLIN = Home(language="en", zone="Europe/Berlin", quiet_from=time(21, 0), quiet_until=time(9, 0))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def somebody(hours: Hours | None = None) -> Preferences:
    return Preferences(person_id="p", language=BERLIN.language, zone=BERLIN.zone, hours=hours)


@pytest.mark.req("N3")
def test_courtesy_waits_for_the_morning_of_the_region() -> None:
    evening, morning = at("2026-11-21T20:30"), at("2026-11-22T08:00")  # 21:30 and 09:00 in Berlin
    assert send_at(somebody(), Urgency.COURTESY, evening, BERLIN) == morning
    assert send_at(somebody(), Urgency.COURTESY, at("2026-11-21T19:30"), BERLIN) == at("2026-11-21T19:30")


@pytest.mark.req("N3")
def test_a_persons_own_hours_come_before_the_regions() -> None:
    evening = at("2026-11-21T20:30")
    assert send_at(somebody(Hours(start="18:00", end="23:00")), Urgency.COURTESY, evening, BERLIN) == evening


def test_money_is_told_at_any_hour() -> None:
    night = at("2026-11-21T02:00")
    assert send_at(somebody(), Urgency.MONEY, night, BERLIN) == night
