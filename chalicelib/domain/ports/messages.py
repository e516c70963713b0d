"""Channels that reach people, and the words of what is sent."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from ...lean import dataclass
from ..chat import ChatKind
from ..person import Channel
from .payments import Answer


class Sender(Protocol):
    """One channel. `to` is a phone number or an e-mail address, and goes nowhere but to the provider."""

    def send(self, *, to: str, subject: str, text: str) -> Answer: ...


class Fate(StrEnum):
    """What became of a message that its provider had taken: an address that does not work, a reader who calls it spam,
    a message lost on its way, or one that our money no longer reached for."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    LOST = "lost"
    SPENT = "spend_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """`ref` is the provider's number of the message, which its notice has kept."""

    ref: str
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class TextIn:
    """An SMS that somebody sent us. `id` is the provider's, and the same in every repeat."""

    id: str
    phone: str
    text: str


class Chats(Protocol):
    def say(self, kind: ChatKind, *, key: str, secret: str, text: str) -> Answer:
        """SUCCEEDED, PENDING (too many at once: later), FAILED for good, or UNKNOWN."""
        ...


class Texts(Protocol):
    """Wording of notices: (template, parameters) in a language."""

    def text(self, template: str, params: Mapping[str, str], language: str, channel: Channel) -> tuple[str, str]:
        """(subject, text); the subject is empty for SMS."""
        ...

    def code(self, code: str, minutes: int) -> str:
        """The SMS with a log-in code, in both languages: who will read it is not known yet."""
        ...
