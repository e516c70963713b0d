"""What may go wrong at an outside call, and how often in this history."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    REPEAT = "repeat at once"
    ECHO = "repeat much later"
    CONFLICT = "conflict"
    THROTTLE = "throttle"
    TIMEOUT_BEFORE = "time-out, not done"
    TIMEOUT_AFTER = "time-out, yet done"


SWEPT = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.REPEAT, Fault.ECHO)
"""The four of bar B1."""

SENDERS = ("sns", "sesv2")
MESSAGES = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.THROTTLE, Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER})
"""The SDK never repeats a message by itself."""

READS = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.THROTTLE, Fault.TIMEOUT_BEFORE})
FATAL = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)


@dataclass(frozen=True, slots=True)
class Call:
    """One outside call: which door, which operation, about what, by which task, its how-manieth."""

    door: str
    operation: str
    about: str
    task: str
    number: int

    @property
    def reads(self) -> bool:
        return self.door == "vault" or "Get" in self.operation or self.operation in ("Query", "GET")

    @property
    def possible(self) -> frozenset[Fault]:
        if self.door in SENDERS:
            return MESSAGES
        if self.reads:
            return READS
        if self.operation.startswith("Transact"):
            return frozenset(Fault)
        return frozenset(Fault) - {Fault.CONFLICT}


Draw = Callable[[Call], Fault | None]


def calm(call: Call) -> Fault | None:
    return None


@dataclass
class Weather:
    """The faults of one history, in per mille of calls; messages and records in percent."""

    rate: int = 0
    kinds: tuple[Fault, ...] = tuple(Fault)
    conflicts: int = 0
    message_lost: int = 0
    message_doubled: int = 0
    record_lost: int = 0
    record_doubled: int = 0
    webhook_lost: int = 0
    ticks_lost: int = 0
    jumps: int = 0
    skew_ms: int = 0
    stale: int = 0
    provider: tuple[str, ...] = ()

    @classmethod
    def of(cls, rng: random.Random) -> "Weather":
        if rng.random() < 0.2:
            return cls(skew_ms=rng.choice((0, 2_000)), record_lost=rng.choice((0, 100)))
        some: dict[str, Any] = {
            "rate": rng.choice((3, 10, 30, 80)),
            "kinds": tuple(rng.sample(list(Fault), rng.randint(1, len(Fault)))),
            "conflicts": rng.choice((0, 0, 20, 300)),
            "message_lost": rng.choice((0, 10, 50)),
            "message_doubled": rng.choice((0, 30)),
            "record_lost": rng.choice((0, 30, 100)),
            "record_doubled": rng.choice((0, 30)),
            "webhook_lost": rng.choice((0, 30)),
            "ticks_lost": rng.choice((0, 0, 20)),
            "jumps": rng.choice((0, 0, 2)),
            "skew_ms": rng.choice((0, 500, 2_000)),
            "stale": rng.choice((0, 20)),
            "provider": tuple(name for name in PROVIDER if rng.random() < 0.4),
        }
        return cls(**some)

    def draw(self, rng: random.Random) -> Draw:
        def drawn(call: Call) -> Fault | None:
            if call.operation == "TransactWriteItems" and rng.randrange(1000) < self.conflicts:
                return Fault.CONFLICT
            if rng.randrange(1000) >= self.rate:
                return None
            fault = rng.choice(self.kinds)
            return fault if fault in call.possible else None

        return drawn


PROVIDER = (
    "refund_fails", "refund_pending", "refund_fails_later", "capture_fails", "webhook_delayed", "webhook_doubled",
)  # fmt: skip


@dataclass
class Planned:
    """One fault at one call of one task: how a sweep goes through all of them. `seen` counts that task's calls."""

    task: str
    at: int
    fault: Fault | None
    seen: list[Call] = field(default_factory=list)
    done: bool = False

    def __call__(self, call: Call) -> Fault | None:
        if self.done or not call.task.startswith(self.task):
            return None
        self.seen.append(call)
        if len(self.seen) != self.at:
            return None
        self.done = True
        return self.fault if self.fault in call.possible else None
