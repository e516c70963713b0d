"""The audit log (X7): one line for each sensitive act, chained by hashes, so that a line changed, added or taken out
between two others is found by whoever counts the chain again.

A chain is one person's: sensitive acts of different people never wait for each other. Its lines are numbered from 1;
each holds the hash of the one before. What the end of a chain hides, its hashes in the operators' log show.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime

from ..lean import dataclass
from .instants import Instant
from .writes import Row

NOTHING_BEFORE = "0" * 64
MOST_FACT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Row):
    """Who did what to which row, when, in which roles. Ids and numbers only: no name, contact or free text."""

    actor_id: str
    number: int
    at: Instant
    roles: tuple[str, ...] = ()
    what: str
    about: str
    facts: Mapping[str, str] = field(default_factory=dict)
    before: str = NOTHING_BEFORE
    seal: str = ""


def day_of(at: Instant) -> str:
    """The day of a moment, everywhere the same: `2026-11-21`."""
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def sealed(
    last: Act | None, *, actor_id: str, roles: frozenset[str], what: str, about: str, facts: Mapping[str, str],
    at: Instant,
) -> Act:  # fmt: skip
    """The next line after `last`. A clock that went back does not set the chain back."""
    act = Act(
        actor_id=actor_id,
        number=last.number + 1 if last else 1,
        at=max(at, last.at) if last else at,
        roles=tuple(sorted(roles)),
        what=what,
        about=about[:MOST_FACT],
        facts={name: value[:MOST_FACT] for name, value in sorted(facts.items())},
        before=last.seal if last else NOTHING_BEFORE,
    )
    return _with_seal(act)


def _with_seal(act: Act) -> Act:
    return replace(act, seal=seal_of(act))


def seal_of(act: Act) -> str:
    """The hash over everything the line says and the seal before it."""
    said = [
        act.actor_id, act.number, act.at, list(act.roles), act.what, act.about, sorted(act.facts.items()), act.before,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def faults(chain: Iterable[Act]) -> list[str]:
    """What is wrong with one person's chain, oldest line first; empty when nothing is."""
    found: list[str] = []
    last: Act | None = None
    for act in chain:
        expected = last.number + 1 if last else 1
        if act.number != expected:
            found.append(f"{act.actor_id}: line {expected} is missing, line {act.number} follows")
        elif act.before != (last.seal if last else NOTHING_BEFORE):
            found.append(f"{act.actor_id}: line {act.number} does not follow from the line before it")
        if act.seal != seal_of(act):
            found.append(f"{act.actor_id}: line {act.number} was changed")
        if last is not None and act.at < last.at:
            found.append(f"{act.actor_id}: line {act.number} is older than the line before it")
        last = act
    return found
