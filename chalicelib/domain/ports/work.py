"""The queue of rows to wake, and what operators watch."""

from collections.abc import Sequence
from typing import Protocol

from ..instants import Instant
from .table import RowKey


class WakeQueue(Protocol):
    def send(self, rows: Sequence[tuple[RowKey, Instant]], now: Instant) -> None:
        """Asks for each row to be woken at its moment (at once if past; at most 15 minutes ahead)."""
        ...

    def send_part(self, group_id: str, part: int) -> None:
        """Asks for one part of a closing group's orders to be worked on."""
        ...


class Watch(Protocol):
    """Metrics and structured logs: no personal data, ever."""

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None: ...
    def alarm(self, what: str, **about: str) -> None: ...
    def note(self, what: str, **about: str) -> None: ...
