"""What all local peers have in common: how they are asked, how they refuse, and what they have to tell."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from infra.local.outbox import Message

MOST_BYTES = 64 * 1024
Reply = tuple[int, bytes]
Whole = tuple[int, Mapping[str, str], bytes]
"""The same with the answer's headers."""

Route = Callable[[str, list[str], Mapping[str, str], Mapping[str, str], bytes], Reply]
"""Method, path in its parts, query, headers and body."""

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


def routed(route: Route, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """One call, taken apart for a peer's own routes. Raises Problem, for the peer to refuse in its own words."""
    if len(body) > MOST_BYTES:
        raise Problem(413, "too_large")
    url = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return route(method, url.path.strip("/").split("/"), query, headers, body)


def reply(status: int, said: object) -> Reply:
    return status, json.dumps(said, ensure_ascii=False).encode()


def digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()
