"""A task (待办): something that only a person can do now. It waits in its owner's list until somebody says it is done.

Its id is derived from what it is about, so that making it twice makes it once.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from ..lean import dataclass
from .instants import Instant
from .writes import Row

SUPPORT = "support"
"""The list of everybody who works in support; any other list is a person's own, by their id."""


class Errand(StrEnum):
    """`call`: somebody has not read what they should know. `answer`: somebody asked what no template answers.
    `supplier`: another supplier is to be found. `upgrade_carrier`: a VIP's goods are late, and may go a faster way.
    `payout`: the second parts of a called-off group's earnests are to be transferred."""

    CALL = "call"
    ANSWER = "answer"
    SUPPLIER = "supplier"
    UPGRADE_CARRIER = "upgrade_carrier"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Row):
    """`queue` is whose list it stands in. `person_id` is whom it concerns; `facts` are strings to be read."""

    id: str
    queue: str
    errand: Errand
    about: str
    person_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    created_at: Instant
    done_at: Instant | None = None
    done_by: str = ""
    note: str = ""


def done(task: Task, *, by: str, note: str, now: Instant) -> Task:
    return replace(task, done_at=now, done_by=by, note=note)
