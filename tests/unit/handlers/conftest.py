"""The HTTP side alone: a fake world behind the door, people who hold simple tokens, and a client."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import Blueprint, Chalice
from chalice.test import Client

from chalicelib.domain.ports import Caller
from chalicelib.domain.refusals import Refused
from chalicelib.handlers import authorize, edge

NOW = 1_763_726_400_000  # 2025-11-21T12:00:00Z


@dataclass
class Said:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        return str(self.json["code"])


@dataclass
class Watch:
    """Remembers what operators would be told."""

    alarms: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def alarm(self, what: str, **about: str) -> None:
        self.alarms.append((what, about))

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None:
        """Nothing here counts."""


class Identity:
    """Tokens that say what they are: `mei:buyer,merchant`."""

    def verify(self, token: str, now: int) -> Caller:
        name, found, roles = token.partition(":")
        if not found:
            raise Refused("bad_token")
        verified = not name.startswith("unverified")
        return Caller(id=name, roles=frozenset(filter(None, roles.split(","))), phone_verified=verified)


class Door:
    """A client of an app, with the headers that matter spelled shortly."""

    def __init__(self, app: Chalice) -> None:
        self.client = Client(app)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | None = None,
        key: str | None = None,
        language: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        sent = dict(headers or {})
        if as_ is not None:
            sent["Authorization"] = f"Bearer {as_}"
        if key is not None:
            sent["Idempotency-Key"] = key
        if language is not None:
            sent["Accept-Language"] = language
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        answer = self.client.http.request(method, path, headers=sent, body=raw)
        return Said(answer.status_code, answer.headers, answer.body)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def fake_world(watch: Watch) -> SimpleNamespace:
    return SimpleNamespace(watch=watch, payments={})


@pytest.fixture(autouse=True)
def _behind_the_door(monkeypatch: pytest.MonkeyPatch, fake_world: SimpleNamespace) -> None:
    monkeypatch.setattr(edge, "world", lambda: fake_world)
    monkeypatch.setattr(edge, "now", lambda: NOW)
    monkeypatch.setattr(edge, "confirmed", lambda call: None)
    monkeypatch.setattr(edge, "secrets", lambda: {"cursor_key": "a secret of the tests", "pickup_key": "another"})
    monkeypatch.setattr(authorize, "identity", Identity)
    monkeypatch.setattr(authorize, "now", lambda: NOW)


@pytest.fixture
def bp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blueprint]:
    """A blueprint of the test's own, whose routes stay out of the app's table."""
    monkeypatch.setattr(edge, "ROUTES", [])
    return Blueprint("tests")


@pytest.fixture
def opened(bp: Blueprint) -> Callable[[], Door]:
    """Opens the door to what the test has declared on `bp`."""

    def register() -> Door:
        app = Chalice(app_name="tests", configure_logs=False)
        app.register_middleware(edge.at_the_door, "http")
        app.register_blueprint(authorize.bp)
        app.register_blueprint(bp)
        return Door(app)

    return register
