"""What holds for every test."""

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LONGEST_FIRST = ("simulation", "infra", "browser", "bench", "security", "flows", "engine", "integration", "contract")
"""Folders, as their files take time: whoever is left without work at the end then waits for a short one."""

settings.register_profile("tuan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tuan")
"""How long an example takes is the machine's business: on a busy one the same example would fail now and then."""

gc.set_threshold(50_000, 20, 50)
"""Looking for cycles among a million objects that all stay was a tenth of the suite's time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """The tests themselves and what they import are there to the end."""
    gc.collect()
    gc.freeze()
