"""What the sandbox provider remembers, and how it is written down between two runs."""

import os
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from infra.local.outbox import Message

FaultKind = Literal[
    "refund_fails",  # the refund is refused, with `reason`
    "refund_pending",  # the refund succeeds `delay_ms` later
    "refund_fails_later",  # the refund succeeds, and fails `delay_ms` later, with `reason`
    "error_before",  # 500, nothing done
    "error_after",  # 500, and yet done
    "silent_before",  # hangs up, nothing done
    "silent_after",  # hangs up, and yet done
    "capture_fails",  # the capture is refused, with `reason`
    "release_fails",  # a release is refused, with `reason`; on `backs`: the payee has nothing left
    "webhook_lost",
    "webhook_delayed",  # by `delay_ms`
    "webhook_doubled",
]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """The next `times` calls or webhooks that fit go wrong.

    `on` narrows it to `payments` or `refunds` (for webhooks to the beginning of their type: `payment`,
    `refund`, `refund.failed`); `match` to those whose key or payment ref contains it.
    """

    kind: FaultKind
    times: int = 1
    on: str = ""
    match: str = ""
    reason: str = "insufficient_funds"
    delay_ms: int = 0

    def fits(self, on: str, about: tuple[str, str]) -> bool:
        return on.startswith(self.on) and any(self.match in text for text in about)


class Payment(msgspec.Struct, kw_only=True):
    ref: str
    key: str
    amount_minor: int
    currency: str
    title: str
    pay_url: str
    created_at_ms: int
    expires_at_ms: int
    status: Literal["open", "paid", "authorised", "captured", "voided"] = "open"
    paid_at_ms: int | None = None
    hold: bool = False
    method: str = "sandbox"
    captured_minor: int | None = None
    captured_at_ms: int | None = None


class Refund(msgspec.Struct, kw_only=True):
    PRIVATE: ClassVar = frozenset({"settles_at_ms", "fails_at_ms", "fails_reason"})

    ref: str
    key: str
    payment_ref: str
    amount_minor: int
    currency: str
    created_at_ms: int
    status: Literal["pending", "succeeded", "failed"] = "pending"
    reason: str = ""
    done_at_ms: int | None = None
    settles_at_ms: int | None = None
    fails_at_ms: int | None = None
    fails_reason: str = ""


class Replay(msgspec.Struct):
    """What a key was used for, and the answer, which is repeated to the letter."""

    asked: str
    answer: str
    at: int


class Dispute(msgspec.Struct, kw_only=True):
    """A buyer's bank took money back, and perhaps gave it back."""

    ref: str
    payment_ref: str
    amount_minor: int
    at_ms: int
    won_at_ms: int | None = None


class Released(msgspec.Struct, kw_only=True):
    """Money let out to a payee, or (`of` a release) taken back from them."""

    ref: str
    key: str
    payment_ref: str
    account: str
    amount_minor: int
    currency: str
    made_at_ms: int
    of: str = ""
    status: Literal["succeeded", "failed"] = "succeeded"
    reason: str = ""


class State(msgspec.Struct):
    payments: dict[str, Payment] = msgspec.field(default_factory=dict)
    refunds: dict[str, Refund] = msgspec.field(default_factory=dict)
    disputes: dict[str, Dispute] = msgspec.field(default_factory=dict)
    replays: dict[str, Replay] = msgspec.field(default_factory=dict)
    released: dict[str, Released] = msgspec.field(default_factory=dict)
    spent: list[str] = msgspec.field(default_factory=list)
    outbox: list[Message] = msgspec.field(default_factory=list)
    faults: list[Fault] = msgspec.field(default_factory=list)
    webhook_url: str = ""
    made: int = 0


def load(path: Path) -> State:
    return msgspec.json.decode(path.read_bytes(), type=State) if path.exists() else State()


def save(state: State, path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.encode(state))
    os.replace(part, path)
