"""Channels that reach people, and the words of what is sent."""

from collections.abc import Mapping
from typing import Protocol

from ..chat import ChatKind
from ..person import Channel
from .payments import Answer


class Sender(Protocol):
    """One channel. `to` is a phone number or an e-mail address, and goes nowhere but to the provider."""

    def send(self, *, to: str, subject: str, text: str) -> Answer: ...


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
