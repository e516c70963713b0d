"""What a story is played against, whatever it is made of: in one process on moto, or a local copy over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Instant = int
Json = Any
"""What an API answered: read key by key, because the checker shares no types with what it checks."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`json` is None where there was no body; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Json


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS or e-mail as the channel's own service took it. `at` is story time."""

    channel: str
    to: str
    subject: str
    text: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody to be known to the identity provider, with a verified phone."""

    key: str
    roles: tuple[str, ...]
    phone: str
    email: str | None


class Stack(Protocol):
    """`patience_ms`: how late in the story a verdict may come. `speed`: its seconds in a real one, 0 if virtual."""

    name: str
    speed: float
    patience_ms: int

    def now(self) -> Instant: ...

    def advance_to(self, at: Instant) -> None:
        """Lets the story's time pass, everything that happens by itself included. No time passes when it is later."""
        ...

    def settle(self) -> None:
        """Returns once everything that was due by now has been done."""
        ...

    def people(self, logins: Sequence[Login]) -> None: ...

    def id_of(self, who: str) -> str:
        """The id under which the system knows a person."""
        ...

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...

    def pay(self, pay_url: str, paid_at: Instant | None = None, *, late: bool = False) -> None:
        """The buyer pays at the provider; `late`: although the time to pay is over."""
        ...

    def scan(self, number: str, status: str) -> None:
        """The carrier's driver scans a parcel, and the carrier reports it."""
        ...

    def fault(self, **fault: Json) -> None:
        """The provider misbehaves next: the fields of `Fault` in infra.local.sandbox.state."""
        ...

    def books(self) -> Json:
        """What the provider has on its own books: {"payments": [...], "refunds": [...]}."""
        ...

    def messages(self) -> list[Message]: ...

    def alarms(self) -> list[str]:
        """What would have woken an operator; empty where the stack cannot tell."""
        ...

    def dynamodb_calls(self) -> int | None: ...
