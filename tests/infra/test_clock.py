"""A demo stage's clock: fast, and over quiet hours in one leap; every process reads it the same."""

import pytest

from chalicelib import config as configs
from infra.local import sandbox_provider
from infra.local.stack import clock_of

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("after_s", "story_h"), [(0, 0), (15, 1), (29.9, 29.9 / 15), (30, 8), (45, 9), (60, 20), (75, 21)]
)
def test_a_clock_leaps_over_the_hours_it_is_told(
    monkeypatch: pytest.MonkeyPatch, after_s: float, story_h: float
) -> None:
    """At 240 an hour takes 15 s: two hours, a leap to the eighth, two more, a leap to the twentieth."""
    start, real = 1_000 * HOUR, 5_000_000
    said = clock_of(start, real, 240, [(start + 2 * HOUR, start + 8 * HOUR), (start + 10 * HOUR, start + 20 * HOUR)])
    monkeypatch.setenv("TUAN_CLOCK_START", said)
    monkeypatch.setenv("TUAN_CLOCK_SPEED", "240")
    configs.config.cache_clear()
    now = real + round(after_s * 1000)
    monkeypatch.setattr(configs, "real_now", lambda: now)
    monkeypatch.setattr(sandbox_provider.time, "time_ns", lambda: now * 1_000_000)
    try:
        assert configs.config().now() == pytest.approx(start + story_h * HOUR, abs=1)
        assert sandbox_provider.story_clock(said, 240)() == pytest.approx(start + story_h * HOUR, abs=1)
    finally:
        configs.config.cache_clear()
