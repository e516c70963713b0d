"""What all local peers have in common: how they are asked, how they refuse, and what they have to tell."""

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from infra.local.outbox import Message

MOST_BYTES = 64 * 1024
Reply = tuple[int, bytes]
Whole = tuple[int, Mapping[str, str], bytes]
"""The same with the answer's headers."""

Shape = TypeVar("Shape")


class HungUp(ConnectionError):
    """The peer closed the line without a word."""


class Problem(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Peer(Protocol):
    """`listener` is the address that is told of things; empty where nobody listens yet."""

    base_url: str

    @property
    def listener(self) -> str: ...
    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Whole: ...
    def take_due(self) -> list[Message]: ...
    def put_back(self, message: Message, /) -> None: ...
    def signed(self, message: Message, /) -> tuple[dict[str, str], bytes]: ...


def read(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError:
        raise Problem(400, "bad_request") from None


def reply(status: int, said: object) -> Reply:
    return status, json.dumps(said, ensure_ascii=False).encode()


def digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()
