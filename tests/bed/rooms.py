"""The chats that robots speak in, as the bed has them: what was said where, and what they answer next."""

from dataclasses import dataclass, field

from chalicelib.domain.chat import ChatKind
from chalicelib.domain.ports import Answer, Outcome


@dataclass(frozen=True)
class Said:
    kind: ChatKind
    key: str
    secret: str
    text: str


@dataclass
class Rooms:
    """Implements ports.Chats. `answers` are given first, one a message; after them everything is well."""

    said: list[Said] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def say(self, kind: ChatKind, *, key: str, secret: str, text: str) -> Answer:
        self.said.append(Said(kind, key, secret, text))
        return self.answers.pop(0) if self.answers else Answer(outcome=Outcome.SUCCEEDED)
