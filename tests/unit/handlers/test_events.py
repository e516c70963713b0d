"""The HTTP samples of events/: what API Gateway sends, taken by the very handlers."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from chalicelib.domain.refusals import Refused
from chalicelib.handlers import http_orders
from chalicelib.handlers.authorize import authorize
from chalicelib.services.buying.join import JoinRequest
from chalicelib.services.paying import webhook

EVENTS = Path(__file__).parents[3] / "events"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return event


def test_the_join_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, str, JoinRequest]] = []

    def join(world: Any, caller: Any, group_id: str, ask: JoinRequest, *, now: int) -> None:
        heard.append((caller.id, group_id, ask))
        raise Refused("group_closed")

    monkeypatch.setattr(http_orders, "join", join)
    answer = app(sample("join.json"), None)
    assert answer["statusCode"] == 409
    assert json.loads(answer["body"])["detail"] == "该团已截止，请看看其他正在进行的团。"
    [(caller, group_id, ask)] = heard
    assert (caller, group_id) == ("buyer-mei", "g7k2m9q4w1e8r5t3y")
    assert (ask.lines, ask.pickup_point_id) == ({"yangmei-2.5kg": 2}, "gate-south")


def test_the_webhook_sample(monkeypatch: pytest.MonkeyPatch, fake_world: SimpleNamespace) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(webhook, "webhook", lambda *asked, **_: heard.append(asked))
    answer = app(sample("webhook.json"), None)
    assert (answer["statusCode"], answer["body"]) == (200, '{"received":true}')
    _, provider, headers, body = heard[0]
    assert (provider, json.loads(body)["type"]) == ("sandbox", "payment.paid")
    assert headers["tuan-sandbox-signature"].startswith("t=")


def test_the_authorizer_sample() -> None:
    answer = authorize(sample("authorize.json"), None)
    assert answer["context"] == {"refused": "bad_token"}
    assert answer["policyDocument"]["Statement"][0]["Resource"] == [
        "arn:aws:execute-api:cn-northwest-1:123456789012:a1b2c3d4e5/api/*/*"
    ]


@pytest.mark.req("X6")
def test_the_authorizer_tells_who_and_covers_every_route_alike() -> None:
    event = sample("authorize.json") | {"authorizationToken": "Bearer mei:merchant,leader"}
    answer = authorize(event, None)
    assert answer["principalId"] == "mei"
    assert answer["context"] == {"roles": "leader,merchant", "phone_verified": "true"}
    other = event | {"methodArn": event["methodArn"].replace("GET/orders", "POST/groups/g1/join")}
    assert authorize(other, None)["policyDocument"] == answer["policyDocument"]
