"""The document of the API: valid, the one that is kept in docs/, and as strict as the code."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.handlers import openapi
from chalicelib.handlers.edge import ROUTES, Route
from chalicelib.handlers.problems import PROBLEMS

from .conftest import Door

KEPT = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(openapi.document())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]

PERSONAL = {"phone", "email", "recipient", "room", "building", "unit", "address"}
MAY_CARRY = {
    "LabelShown": {"phone", "recipient"},  # masked
    "ContactCard": {"phone", "email"},
    "TaskWords": {"phone"},  # who wrote by SMS: for support, each reading recorded
    "SavedAddress": {"phone", "recipient", "room", "building", "unit"},
    "ContactInput": {"email"},
    "LogInInput": {"phone"},
    "LogInAnswer": {"phone"},
    "AddressInput": {"phone", "recipient", "room", "building", "unit"},
    "PickupPoint": {"address"},
    "PickupPointInput": {"address"},
    "PlaceBody": {"address"},
    "PlaceEdit": {"address"},
    "PlaceLine": {"address"},
}
"""Shapes that may have such a field: a person's contact, who wants to log in, and the public place where goods are
handed over."""

CONTACT_ROUTES = {"GET /me/contact", "PUT /me/contact", "GET /people/{person_id}/contact"}


def reached(name: str, seen: set[str] | None = None) -> set[str]:
    """Names of the schemas a schema is made of."""
    seen = set() if seen is None else seen
    if name not in seen:
        seen.add(name)
        for reference in references(SCHEMAS[name]):
            reached(reference, seen)
    return seen


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


@pytest.mark.req("B27")
def test_the_kept_document_is_the_code() -> None:
    """Drift: `python -m chalicelib.handlers.openapi docs/openapi.json` writes it anew. Look at what changed."""
    assert KEPT.read_bytes() == openapi.document()


def test_it_is_served() -> None:
    said = Door(app)("GET", "/openapi.json")
    assert said.status == 200
    assert said.json == DOCUMENT


def test_every_route_is_in_it() -> None:
    described = {f"{m.upper()} {path}" for path, item in DOCUMENT["paths"].items() for m in item}
    assert described == {f"{one.method} {one.path}" for one in ROUTES}


@pytest.mark.parametrize("one", ROUTES, ids=lambda one: one.name)
def test_a_route_names_its_refusals_by_status(one: Route) -> None:
    answers = DOCUMENT["paths"][one.path][one.method.lower()]["responses"]
    for code in openapi.codes(one):
        assert f"`{code}`" in answers[str(PROBLEMS[code].status)]["description"]
    assert ("401" in answers) is bool(one.roles) or "bad_signature" in one.refusals


@pytest.mark.req("B27")
@pytest.mark.parametrize("one", [one for one in ROUTES if one.body], ids=lambda one: one.name)
def test_no_request_takes_fields_it_does_not_describe(one: Route) -> None:
    assert one.body is not None
    for name in reached(one.body.__name__):
        if SCHEMAS[name].get("type") == "object":
            assert SCHEMAS[name]["additionalProperties"] is False, name


@pytest.mark.req("B27")
def test_nobody_sets_a_state_or_an_owner() -> None:
    for one in ROUTES:
        if one.body is not None:
            fields = {field for name in reached(one.body.__name__) for field in SCHEMAS[name].get("properties", {})}
            assert not fields & {"state", "buyer_id", "merchant_id", "verdict", "joined", "paid_at", "prices_minor"}


@pytest.mark.req("B28")
@pytest.mark.parametrize("one", [one for one in ROUTES if one.body or one.query], ids=lambda one: one.name)
def test_everything_taken_in_is_bounded(one: Route) -> None:
    for shape in (one.body, one.query):
        if shape is not None:
            _, schemas = msgspec.json.schema_components([shape])
            for name, schema in schemas.items():
                assert list(unbounded(schema, name)) == []


def unbounded(node: Any, where: str) -> Iterator[str]:
    """Texts, numbers, lists and maps without a limit."""
    if isinstance(node, list):
        for position, value in enumerate(node):
            yield from unbounded(value, f"{where}[{position}]")
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind == "string" and not {"maxLength", "format", "enum", "pattern"} & node.keys():
        yield where
    if kind == "integer" and not {"maximum", "minimum"} <= node.keys():
        yield where
    if kind == "array" and "maxItems" not in node:
        yield where
    if kind == "object" and "properties" not in node and "maxProperties" not in node:
        yield where
    for name, value in node.items():
        yield from unbounded(value, f"{where}.{name}")


@pytest.mark.req("B29", "X5")
def test_personal_data_leaves_only_where_it_may() -> None:
    for name, schema in SCHEMAS.items():
        found = PERSONAL & set(schema.get("properties", {}))
        assert found <= MAY_CARRY.get(name, set()), name
    for one in ROUTES:
        if one.answer is not None and "ContactCard" in reached(one.answer.__name__):
            assert f"{one.method} {one.path}" in CONTACT_ROUTES


def test_ids_of_buyers_leave_only_for_those_who_may_know_them() -> None:
    holders = {name for name, schema in SCHEMAS.items() if "buyer_id" in schema.get("properties", {})}
    assert holders == {"GroupOrder"}


def takes_a_time(schema: dict[str, Any], seen: frozenset[str] = frozenset()) -> bool:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name not in seen and takes_a_time(DOCUMENT["components"]["schemas"][name], seen | {name})
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema["items"]] if "items" in schema else []
    return schema.get("format") == "date-time" or any(takes_a_time(one, seen) for one in inner)


@pytest.mark.req("B28")
def test_whoever_may_send_a_time_is_told_that_it_may_be_out_of_range() -> None:
    """The year 314 is a time to the reader and none to us: any route that takes one can refuse it."""
    untold = [
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method, one in methods.items()
        for content in one.get("requestBody", {}).get("content", {}).values()
        if takes_a_time(content.get("schema", {}))
        and "`time_out_of_range`" not in one["responses"].get("422", {}).get("description", "")
    ]
    assert untold == []
