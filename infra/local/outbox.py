"""What a local peer has to say to us: kept until it is due, told again until it is taken, signed each time."""

import hashlib
import hmac
from collections.abc import Sequence

import msgspec


class Message(msgspec.Struct):
    """`method` is the payment method it is about, where a peer has several."""

    body: str
    due_at_ms: int
    tries: int = 0
    method: str = ""


def take_due(outbox: list[Message], now: int) -> list[Message]:
    """Takes out what is to be delivered now."""
    due = [one for one in outbox if one.due_at_ms <= now]
    outbox[:] = [one for one in outbox if one.due_at_ms > now]
    return due


def put_back(outbox: list[Message], message: Message, now: int, patience: Sequence[int]) -> None:
    """It was not taken: it is delivered again later, with growing patience (ms) and not for ever."""
    if message.tries < len(patience):
        message.due_at_ms = now + patience[message.tries]
        message.tries += 1
        outbox.append(message)


def mark(body: bytes, secrets: Sequence[str], at_s: int) -> str:
    """`t=…,v1=…`: a mark under each secret, of the time and the body."""
    text = f"{at_s}.".encode() + body
    marks = [hmac.new(secret.encode(), text, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at_s}", *(f"v1={one}" for one in marks)])
