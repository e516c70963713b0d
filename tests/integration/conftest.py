"""Beds. A module's tests share one where their stories don't touch each other; others are given their own.

A module uses either `shop` or `own`: two beds cannot be up at once.
"""

from collections.abc import Iterator

import pytest

from tests.bed import Bed

from .shop import Shop


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    with Bed.made() as made:
        yield made


@pytest.fixture
def shop(bed: Bed) -> Shop:
    return Shop(bed)


@pytest.fixture
def own() -> Iterator[Shop]:
    """A shop on a bed of its own, at 08:00 in Shanghai."""
    with Bed.made() as made:
        yield Shop(made)
