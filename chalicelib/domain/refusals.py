"""What can go wrong, named for what the caller should do.

    Trouble
     ├─ Refused       the request cannot be done as asked: the caller changes something   (4xx)
     ├─ Lost          a guarded write saw other rows than it named: look again, decide again
     ├─ Unavailable   nothing is wrong with the request: try the same again later          (503)
     └─ Broken        a promise of this program does not hold: a bug, for a person         (500)

A refusal has a stable `code`; its sentences, in Chinese and English, live at the edge.
"""

from collections.abc import Mapping
from typing import Any


class Trouble(Exception):
    """Root of what this program raises on purpose."""


class Refused(Trouble):
    """The request cannot be done as asked. `facts` fill the sentence and are shown to the caller."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class Lost(Trouble):
    """A transaction named rows that have moved. `rows` holds, by position, what stood there instead.

    A position is present when its condition failed; its value is the row as it is now, or None when there is
    none (or, for a write on its own, when it was not asked for). Empty: it met another write on the same rows,
    nothing is known, and it may simply be tried again.
    """

    def __init__(self, rows: Mapping[int, Any] | None = None) -> None:
        super().__init__("rows moved")
        self.rows = dict(rows or {})


class Unavailable(Trouble):
    """A part we depend on does not answer, or a row is too busy. The same request may be sent again."""

    def __init__(self, what: str, retry_after_s: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.retry_after_s = retry_after_s


class Broken(Trouble):
    """Something that must never happen did. Never caught except by the outermost handler."""
