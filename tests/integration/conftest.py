"""Beds. A module's tests share one where their stories don't touch each other; a test may ask for its own instead.

Two beds cannot be up at once, so the shared one goes when a test wants its own, and comes back when next asked for.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bed import Bed

from .shop import Shop


class Shared:
    def __init__(self) -> None:
        self._open = ExitStack()
        self._bed: Bed | None = None

    def bed(self) -> Bed:
        if self._bed is None:
            self._bed = self._open.enter_context(Bed.made())
        return self._bed

    def close(self) -> None:
        self._open.close()
        self._bed = None


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    beds = Shared()
    yield beds
    beds.close()


@pytest.fixture
def shop(shared: Shared) -> Shop:
    return Shop(shared.bed())


@pytest.fixture
def own(shared: Shared) -> Iterator[Shop]:
    """A shop on a bed of its own, at 08:00 in Shanghai."""
    shared.close()
    with Bed.made() as made:
        yield Shop(made)
