"""A story on the whole system in one process: moto, a virtual clock, and faults when asked."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from infra.local.sandbox_provider import Fault
from tests.bed.bed import Bed, Dice

from .script import MINUTE, Script
from .stack import Answer, Instant, Json, Login, Message

BEFORE = 10 * MINUTE
FAULTS: Mapping[str, Dice] = {
    "none": Dice(),
    "lost": Dice(lost=30),
    "doubled": Dice(doubled=40),
    "shuffled": Dice(shuffled=True),
    "all": Dice(lost=20, doubled=20, shuffled=True),
}


class TimedBed(Bed):
    """Notes when each message left: moto keeps them without a time."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.left: list[Message] = []
        self.counted = {"sms": 0, "email": 0}

    def drain(self) -> None:
        super().drain()
        self.note()

    def note(self) -> None:
        """Each channel's messages come in the order in which they were sent."""
        by_channel: dict[str, list[Any]] = {"sms": [], "email": []}
        for sent in self.sent():
            by_channel[sent.channel].append(sent)
        for channel, all_sent in by_channel.items():
            for sent in all_sent[self.counted[channel] :]:
                self.left.append(Message(channel, sent.to, sent.subject, sent.text, self.now))
            self.counted[channel] = len(all_sent)


CODE = "登录验证码"
"""What a message with a one-time code says: it answers a person's own click and tells them of nothing."""


class OnMoto:
    """Implements Stack."""

    name = "moto"
    speed = 0.0

    def __init__(self, bed: TimedBed, patience_ms: int) -> None:
        self.bed = bed
        self.patience_ms = patience_ms

    @classmethod
    @contextmanager
    def made(cls, script: Script, faults: str = "none", seed: int = 0, provider: str = "sandbox") -> Iterator["OnMoto"]:
        start = script.day.at(script.day.starts) - BEFORE
        # With every third message lost, the tick's ever rarer repeats may take a while.
        patience = MINUTE if faults in ("none", "doubled", "shuffled") else 30 * MINUTE
        with TimedBed.made(start, replace(FAULTS[faults], seed=seed), provider) as bed:
            assert isinstance(bed, TimedBed)
            yield cls(bed, patience)

    def now(self) -> Instant:
        return self.bed.now

    def advance_to(self, at: Instant) -> None:
        if at > self.bed.now:
            self.bed.advance_to(at)

    def settle(self) -> None:
        self.bed.drain()

    def people(self, logins: Sequence[Login]) -> None:
        for login in logins:
            self.bed.person(self.id_of(login.key), *login.roles, phone=login.phone)

    def id_of(self, who: str) -> str:
        return f"id-{who}"

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        person = None if who is None else self.id_of(who)
        got = self.bed.call(method, path, body, who=person, headers=headers)
        return Answer(got.status, got.headers, got.text, got.json if got.text else None)

    def pay(self, pay_url: str, paid_at: Instant | None = None, *, late: bool = False) -> None:
        self.bed.pay(pay_url, paid_at, late=late)

    def scan(self, number: str, status: str) -> None:
        self.bed.carrier.scanned(number, status, at=self.bed.now)
        self.bed.drain()

    def fault(self, **fault: Json) -> None:
        self.bed.provider.faults.append(msgspec.convert(fault, Fault))

    def books(self) -> Json:
        state = self.bed.provider.state
        return {
            "payments": [self.bed.provider.shown(payment) for payment in state.payments.values()],
            "refunds": [self.bed.provider.shown(refund) for refund in state.refunds.values()],
        }

    def messages(self) -> list[Message]:
        self.bed.note()
        return [message for message in self.bed.left if CODE not in message.text]

    def alarms(self) -> list[str]:
        return [what for what, _ in self.bed.alarms]

    def dynamodb_calls(self) -> int | None:
        return sum(count for (service, _), count in self.bed.hook.calls.items() if service == "dynamodb")
