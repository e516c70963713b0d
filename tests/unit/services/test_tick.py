"""How often a row that stays overdue is queued: rarely, and never so rarely that an outage lasts on."""

import pytest

from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.services.running.tick import RAREST, _again


@pytest.mark.req("R1")
@pytest.mark.bar("B23")
@pytest.mark.parametrize("jitter", [0, 900, -900])
def test_after_an_outage_a_row_is_queued_within_sixteen_ticks(jitter: int) -> None:
    """Ticks stop for hours and come back: whatever the row's age by then, it is queued soon."""
    for outage in range(0, 9 * HOUR, 7 * MINUTE + 13 * SECOND):
        queued = [n for n in range(RAREST + 1) if _again(outage + n * MINUTE + jitter * (n % 2), MINUTE)]
        assert queued, outage


@pytest.mark.req("R1")
def test_a_row_that_stays_overdue_for_a_day_is_queued_about_a_hundred_times() -> None:
    times = sum(_again(n * MINUTE + 5 * SECOND, MINUTE) for n in range(24 * 60))
    assert 90 <= times <= 200
