"""Two thousand requests nobody means, made from the API's own document: never a 5xx, never a trace (B28)."""

import json
import random
import re
from typing import Any

import pytest

from app import app
from chalicelib.domain.refusals import Refused
from chalicelib.handlers import edge, openapi

from .conftest import Door

REQUESTS = 2_000
SEED = 20_251_121
EVERYONE = "fay:merchant,support,ops,manager"

DOCUMENT: dict[str, Any] = json.loads(openapi.document())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = [(m, path, one) for path, item in DOCUMENT["paths"].items() for m, one in item.items()]

TEXTS = ["", " ", "a", "团", "🍎" * 50, "\u202e", "\x00", "a\nb", "'; --", "<b>", "x" * 9_000, "null", "-1", "{}"]
NUMBERS = [0, 1, -1, 2, 100, 2**31, 2**53, 2**64, -(2**70), 1.5, 1e308]
PLAIN = [
    "a",
    "b",
    "CNY",
    "Asia/Shanghai",
    "a@b.cn",
    "sandbox",
    "08:30",
    "330106",
    "团",
    "+8613800000000",
    "zh",
    "visitor-1",
]
TIMES = ["2025-11-22T08:00:00+08:00", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"]
ODD = [None, True, [], {}, [[]], {"a": {}}, *TEXTS, *NUMBERS]
IDS = ["g1", "..", "%2e%2e", "a%00b", "%ff", "团", "x" * 300, "g1-zz", "g1-00abc", "%25", "{x}"]


class Refusing:
    """A world in which nothing is found: whatever is asked of it is refused, never broken."""

    def __getattr__(self, name: str) -> Any:
        raise Refused("not_found")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(edge, "world", Refusing)
    return Door(app)


def value(dice: random.Random, schema: dict[str, Any], noise: float, depth: int = 0) -> Any:
    """What the schema asks for, often at its limits; with the probability `noise`, anything else."""
    if dice.random() < noise or depth > 5:
        return dice.choice(ODD)
    if "$ref" in schema:
        return value(dice, SCHEMAS[schema["$ref"].rpartition("/")[2]], noise, depth + 1)
    if "anyOf" in schema:
        return value(dice, dice.choice(schema["anyOf"]), noise, depth + 1)
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if schema.get("type") == "object":
        return mapping(dice, schema, noise, depth)
    if schema.get("type") == "array":
        return [value(dice, schema["items"], noise, depth + 1) for _ in range(dice.randrange(4))]
    if schema.get("type") == "integer":
        return dice.choice([schema["minimum"], schema["minimum"] + 1, 2, schema["maximum"]])
    if schema.get("type") == "boolean":
        return dice.random() < 0.5
    return text(dice, schema)


def mapping(dice: random.Random, schema: dict[str, Any], noise: float, depth: int) -> dict[str, Any]:
    if "properties" not in schema:
        names = [text(dice, schema.get("propertyNames", {})) for _ in range(1 + dice.randrange(3))]
        return {name: value(dice, schema["additionalProperties"], noise, depth + 1) for name in names}
    wanted = set(schema.get("required", ()))
    chosen = [name for name in schema["properties"] if name in wanted or dice.random() < 0.5]
    made = {name: value(dice, schema["properties"][name], noise, depth + 1) for name in chosen}
    return made | ({dice.choice(TEXTS): 1} if dice.random() < noise else {})


def text(dice: random.Random, schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return dice.choice(TIMES)
    return dice.choice([one for one in PLAIN if fits(one, schema)] or TEXTS)


def fits(one: str, schema: dict[str, Any]) -> bool:
    long_enough = schema.get("minLength", 0) <= len(one) <= schema.get("maxLength", 10**6)
    return long_enough and re.search(schema.get("pattern", ""), one) is not None


def body_of(dice: random.Random, one: dict[str, Any]) -> bytes:
    content = one.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    noise = dice.choice([0.0, 0.02, 0.2])
    raw = json.dumps(value(dice, schema, noise)).encode()
    if dice.random() < noise:
        cut = dice.randrange(len(raw) + 1)
        raw = raw[:cut] + bytes([dice.randrange(256)]) + raw[cut:]
    return raw


def query_of(dice: random.Random, one: dict[str, Any]) -> str:
    named = [p["name"] for p in one["parameters"] if p["in"] == "query" and dice.random() < 0.5]
    named += ["x"] if dice.random() < 0.05 else []
    values = ["", "1", "0", "101", "true", "%00", "%E5%9B%A2", "a" * 3_000, "%ff", "20&limit=3", "AAAA"]
    return "&".join(f"{name}={dice.choice(values)}" for name in named)


@pytest.mark.req("B28")
def test_no_request_breaks_the_door(door: Door) -> None:
    dice = random.Random(SEED)
    statuses: dict[int, int] = {}
    for _ in range(REQUESTS):
        method, path, one = dice.choice(OPERATIONS)
        for parameter in one["parameters"]:
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", dice.choice(IDS))
        target = f"{path}?{query_of(dice, one)}"
        headers = {"Accept-Language": dice.choice(["en", "zh", "*;q=x", "en;q=9,,", "x" * 999])}
        sent = body_of(dice, one) if "requestBody" in one else None
        key = dice.choice(["k-1", "", "x" * 70, "\u00e9"])
        said = door(method.upper(), target, sent, as_=EVERYONE, key=key, headers=headers)
        statuses[said.status] = statuses.get(said.status, 0) + 1
        assert said.status < 500, (method, target, sent, said.body)
        assert b"Traceback" not in said.body
        if said.status >= 400:
            assert said.json["status"] == said.status
    assert {400, 404} <= statuses.keys(), statuses
