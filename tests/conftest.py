"""What holds for every test."""

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("tuan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tuan")
"""How long an example takes is the machine's business: on a busy one the same example would fail now and then."""

gc.set_threshold(50_000, 20, 50)
"""Looking for cycles among a million objects that all stay was a tenth of the suite's time."""


def pytest_collection_finish() -> None:
    """The tests themselves and what they import are there to the end."""
    gc.collect()
    gc.freeze()
