"""The door: what is read, what is refused, who may pass, and how it is answered."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from chalice.app import Blueprint
from msgspec import Meta, Struct

from chalicelib.domain.refusals import Broken, Lost, Refused, Unavailable
from chalicelib.handlers import edge
from chalicelib.handlers.edge import BUYER, MERCHANT, PUBLIC, Call, route
from chalicelib.handlers.shapes.words import Input, Lines, MomentIn, Output, PageQuery, Title

from .conftest import Door, Watch

Open = Callable[[], Door]


class Ask(Input):
    title: Title
    lines: Lines | None = None
    at: MomentIn | None = None
    count: Annotated[int, Meta(ge=1, le=9)] = 1


class Echo(Output):
    title: str
    lines: dict[str, int] | None
    key: str
    who: str
    as_of: str = "2025-11-21T12:00:00.000Z"


class Filter(PageQuery, kw_only=True):
    category: str | None = None
    strong: bool = False


class Listed(Output):
    items: list[str]
    next: str | None


@pytest.fixture
def door(bp: Blueprint, opened: Open) -> Door:
    @route(bp, "POST", "/echo", body=Ask, answer=Echo, status=201, roles=BUYER, summary="s")
    def echo(call: Call[Ask, None]) -> Echo:
        return Echo(title=call.body.title, lines=call.body.lines, key=call.key, who=call.caller.id)

    @route(bp, "POST", "/things", body=Ask, answer=Echo, roles=MERCHANT, key=True, summary="s")
    def things(call: Call[Ask, None]) -> Echo:
        return Echo(title=call.body.title, lines=None, key=call.key, who=call.caller.id)

    @route(bp, "GET", "/list/{list_id}", query=Filter, answer=Listed, roles=BUYER, summary="s")
    def listing(call: Call[None, Filter], list_id: str) -> Listed:
        start = call.opened(call.query.cursor)
        after = int(start) if start else 0
        return Listed(items=[list_id, str(after)], next=call.sealed(str(after + call.query.limit)))

    @route(bp, "GET", "/public", answer=Echo, roles=PUBLIC, cache="public, max-age=2", summary="s")
    def public(call: Call[None, None]) -> Echo:
        return Echo(title="é团", lines=None, key="", who="", as_of=next(clock))

    @route(bp, "POST", "/quiet", status=204, roles=PUBLIC, summary="s")
    def quiet(call: Call[None, None]) -> None:
        return None

    @route(bp, "GET", "/fails/{how}", roles=PUBLIC, summary="s")
    def fails(call: Call[None, None], how: str) -> None:
        raise FAILURES[how]

    clock = iter(["one", "two"])
    return opened()


FAILURES: dict[str, Exception] = {
    "refused": Refused("over_the_limit", limit=3, sku="apple"),
    "lost": Lost(),
    "unavailable": Unavailable("store", retry_after_s=7),
    "broken": Broken("a promise"),
    "bug": ValueError("the phone is +86 138 0000 0000"),
}


# what is read


@pytest.mark.parametrize(
    ("body", "code", "facts"),
    [
        (b"{", "malformed_json", {}),
        (b"", "malformed_json", {}),
        (b'{"title": "a", }', "malformed_json", {}),
        (b'{"title": "\xff"}', "malformed_json", {}),
        (b'{"title": "\\ud800"}', "malformed_json", {}),
        (b"[]", "wrong_type", {"path": "$"}),
        (b"null", "wrong_type", {"path": "$"}),
        (b"[" * 60_000, "wrong_type", {"path": "$"}),
        (b"{}", "missing_field", {"field": "title"}),
        (b'{"title": "a", "state": "paid"}', "unknown_field", {"field": "state"}),
        (b'{"title": 5}', "wrong_type", {"path": "$.title", "expected": "str"}),
        (b'{"title": ""}', "out_of_bounds", {"path": "$.title"}),
        (b'{"title": "   "}', "bad_value", {"path": "$.title"}),
        (b'{"title": "a\\nb"}', "bad_value", {"path": "$.title"}),
        (b'{"title": "a\\n"}', "bad_value", {"path": "$.title"}),
        (b'{"title": "a\\u0000"}', "bad_value", {"path": "$.title"}),
        (json.dumps({"title": "团" * 121}).encode(), "out_of_bounds", {"path": "$.title"}),
        (b'{"title": "a", "count": 0}', "out_of_bounds", {"path": "$.count", "expected": "int >= 1"}),
        (b'{"title": "a", "count": -1}', "out_of_bounds", {"path": "$.count"}),
        (b'{"title": "a", "count": 1.0}', "wrong_type", {"path": "$.count", "expected": "int"}),
        (b'{"title": "a", "count": true}', "wrong_type", {"path": "$.count"}),
        (b'{"title": "a", "count": 1e400}', "bad_value", {"path": "$.count"}),
        (b'{"title": "a", "count": ' + b"9" * 400 + b"}", "out_of_bounds", {"path": "$.count"}),
        (b'{"title": "a", "lines": {}}', "out_of_bounds", {"path": "$.lines"}),
        (b'{"title": "a", "lines": {"apple": 0}}', "out_of_bounds", {"path": "$.lines[...]"}),
        (b'{"title": "a", "lines": {"apple": 1000000}}', "out_of_bounds", {"path": "$.lines[...]"}),
        (b'{"title": "a", "lines": {"": 1}}', "out_of_bounds", {"path": "key in $.lines"}),
        (b'{"title": "a", "lines": {"a b": 1}}', "bad_value", {"path": "key in $.lines"}),
        (b'{"title": "a", "at": "2026-01-01T00:00:00"}', "bad_value", {"path": "$.at"}),
        (b'{"title": "a", "at": "tomorrow"}', "bad_value", {"path": "$.at"}),
        (b'{"title": "a", "at": 1767225600}', "wrong_type", {"path": "$.at"}),
    ],
)
def test_bad_bodies_are_refused_by_name(door: Door, body: bytes, code: str, facts: dict[str, str]) -> None:
    said = door("POST", "/echo", body, as_="mei:")
    assert (said.status, said.code) == (400, code)
    assert facts.items() <= said.json.items()


def test_any_script_and_emoji_are_fine(door: Door) -> None:
    said = door("POST", "/echo", {"title": "水果🍎𠮷", "lines": {"apple": 2}}, as_="mei:")
    assert said.status == 201
    assert "水果🍎𠮷".encode() in said.body
    assert said.json["lines"] == {"apple": 2}


def test_a_body_over_64_kib_is_refused_before_it_is_read(door: Door) -> None:
    said = door("POST", "/echo", b'{"title": "' + b"a" * 70_000 + b'"}', as_="mei:")
    assert (said.status, said.code) == (413, "body_too_large")


def test_a_refusal_does_not_repeat_a_long_field_name(door: Door) -> None:
    said = door("POST", "/echo", {"title": "a", "x" * 5_000: 1}, as_="mei:")
    assert said.code == "unknown_field"
    assert len(said.body) < 1_000


def test_another_media_type_is_refused_in_our_words(door: Door) -> None:
    said = door("POST", "/echo", b"a=1", as_="mei:", headers={"Content-Type": "text/plain"})
    assert (said.status, said.code) == (415, "unsupported_media_type")


def test_another_method_is_refused_in_our_words(door: Door) -> None:
    said = door("DELETE", "/echo", as_="mei:")
    assert (said.status, said.code, said.headers["Allow"]) == (405, "method_not_allowed", "POST")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "bad_parameter"),
        ("limit=101", "bad_parameter"),
        ("limit=ten", "bad_parameter"),
        ("limit=", "bad_parameter"),
        ("strong=maybe", "bad_parameter"),
        ("limit=1&limit=2", "repeated_parameter"),
        ("sort=price", "unknown_parameter"),
        ("cursor=" + "a" * 3_000, "bad_parameter"),
    ],
)
def test_bad_query_parameters_are_refused(door: Door, query: str, code: str) -> None:
    said = door("GET", f"/list/a?{query}", as_="mei:")
    assert (said.status, said.code) == (400, code)


def test_a_route_without_parameters_takes_none(door: Door) -> None:
    assert door("GET", "/public?x=1").code == "unknown_parameter"


def test_path_ids_are_decoded_and_what_cannot_be_an_id_is_not_found(door: Door) -> None:
    assert door("GET", "/list/a%2Db", as_="mei:").json["items"][0] == "a-b"
    for strange in ("a%2Fb", "a%00", "%E5%9B%A2", "a%20b", "x" * 200, "..%2f"):
        assert door("GET", f"/list/{strange}", as_="mei:").code == "not_found"


# keys


def test_a_key_is_required_where_declared(door: Door) -> None:
    assert door("POST", "/things", {"title": "a"}, as_="mei:merchant").code == "key_required"
    for bad in ("", "a b", "é", "x" * 65):
        said = door("POST", "/things", {"title": "a"}, as_="mei:merchant", key=bad)
        assert said.code in ("key_required", "bad_key")


@pytest.mark.req("B6")
def test_keys_are_scoped_to_the_caller_and_not_kept_in_their_words(door: Door) -> None:
    def kept(who: str, key: str) -> str:
        return str(door("POST", "/things", {"title": "a"}, as_=who, key=key).json["key"])

    assert kept("mei:merchant", "k-1") == kept("mei:merchant", "k-1")
    assert len({kept("mei:merchant", "k-1"), kept("mei:merchant", "k-2"), kept("li:merchant", "k-1")}) == 3
    assert "k-1" not in kept("mei:merchant", "k-1")


# who


def test_without_a_token_nobody_passes(door: Door) -> None:
    assert door("POST", "/echo", {"title": "a"}).status == 401


@pytest.mark.parametrize("token", ["garbage", "Basic x", "Bearer ", "Bearer garbage", "bearer"])
def test_a_token_that_does_not_verify_is_401_in_the_callers_language(door: Door, token: str) -> None:
    headers = {"Authorization": token, "Accept-Language": "en"}
    said = door("POST", "/echo", {"title": "a"}, headers=headers)
    assert (said.status, said.code) == (401, "bad_token")
    assert said.headers["WWW-Authenticate"] == "Bearer"
    assert "sign in" in said.json["detail"]


def test_everyone_signed_in_is_a_buyer(door: Door) -> None:
    assert door("POST", "/echo", {"title": "a"}, as_="mei:").json["who"] == "mei"


def test_another_role_is_forbidden_before_the_body_is_read(door: Door) -> None:
    said = door("POST", "/things", b"{", as_="mei:leader")
    assert (said.status, said.code) == (403, "forbidden")


def test_no_caller_no_entry_even_if_the_gateway_forgot_its_authorizer(door: Door) -> None:
    event = json.loads(json.dumps(EVENT))
    assert ask_app(door, event)["statusCode"] == 401
    event["requestContext"]["authorizer"] = {"principalId": "", "roles": "merchant"}
    assert ask_app(door, event)["statusCode"] == 401
    event["requestContext"]["authorizer"] = {"principalId": "mei", "roles": "", "refused": "bad_token"}
    assert ask_app(door, event)["statusCode"] == 401
    event["requestContext"]["authorizer"] = {"principalId": "mei", "roles": "", "phone_verified": "true"}
    assert ask_app(door, event)["statusCode"] == 201


EVENT: dict[str, Any] = {
    "requestContext": {"httpMethod": "POST", "resourcePath": "/echo", "requestId": "r-1"},
    "multiValueQueryStringParameters": None,
    "headers": {"Content-Type": "application/json"},
    "pathParameters": None,
    "stageVariables": None,
    "body": '{"title": "团"}',
    "isBase64Encoded": False,
}


def ask_app(door: Door, event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = door.client._app(event, None)
    return answer


# answers


def test_answers_are_compact_unescaped_json_that_nobody_stores(door: Door) -> None:
    said = door("POST", "/echo", {"title": "团", "lines": {"b": 1, "a": 2}}, as_="mei:")
    assert said.body.decode().startswith('{"title":"团","lines":{"a":2,"b":1},')
    assert said.headers["Content-Type"] == "application/json"
    assert said.headers["Cache-Control"] == "no-store"


def test_an_etag_changes_with_what_is_said_and_not_with_when(door: Door) -> None:
    first = door("GET", "/public")
    assert first.headers["Cache-Control"] == "public, max-age=2"
    again = door("GET", "/public", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_nothing_to_say_is_an_empty_204(door: Door) -> None:
    said = door("POST", "/quiet")
    assert (said.status, said.body) == (204, b"")


@pytest.mark.parametrize(
    ("accept", "start"),
    [
        (None, "超过每人限购"),
        ("en", "This is over the limit of 3"),
        ("en-GB,zh;q=0.8", "This is over the limit of 3"),
        ("fr, en;q=0.3, zh;q=0.5", "超过每人限购数量 3"),
        ("zh-Hans-CN", "超过每人限购数量 3"),
        ("de", "超过"),
        ("en;q=0", "超过"),
        (";;;q=,,", "超过"),
    ],
)
def test_a_refusal_speaks_the_callers_language(door: Door, accept: str | None, start: str) -> None:
    said = door("GET", "/fails/refused", language=accept)
    assert (said.status, said.code) == (409, "over_the_limit")
    assert said.json["detail"].startswith(start)
    assert (said.json["limit"], said.json["sku"], said.json["status"]) == (3, "apple", 409)


@pytest.mark.parametrize(("how", "code", "after"), [("lost", "busy", "1"), ("unavailable", "unavailable", "7")])
@pytest.mark.req("B18")
def test_what_may_be_tried_again_is_503_with_a_time(door: Door, how: str, code: str, after: str) -> None:
    said = door("GET", f"/fails/{how}")
    assert (said.status, said.code, said.headers["Retry-After"]) == (503, code, after)


@pytest.mark.parametrize("how", ["broken", "bug"])
@pytest.mark.req("B29")
def test_a_bug_is_500_with_a_number_and_no_detail(door: Door, watch: Watch, how: str) -> None:
    said = door("GET", f"/fails/{how}", language="en")
    assert (said.status, said.code) == (500, "internal")
    assert "138 0000" not in said.body.decode()
    [(what, about)] = watch.alarms
    assert what == "internal_error"
    assert about["request"] == said.json["id"]
    assert "138 0000" not in json.dumps(about)
    assert "test_edge.py" in about["where"]


# pages


def test_a_cursor_leads_on_through_its_own_list(door: Door) -> None:
    first = door("GET", "/list/a?limit=5", as_="mei:").json
    second = door("GET", f"/list/a?limit=7&cursor={first['next']}", as_="mei:").json
    assert second["items"] == ["a", "5"]


def test_a_cursor_is_good_for_nothing_else(door: Door) -> None:
    cursor = door("GET", "/list/a?limit=5&category=fruit", as_="mei:").json["next"]
    assert door("GET", f"/list/a?category=fruit&cursor={cursor}", as_="mei:").status == 200
    for path, who in (
        (f"/list/b?category=fruit&cursor={cursor}", "mei:"),
        (f"/list/a?category=wine&cursor={cursor}", "mei:"),
        (f"/list/a?cursor={cursor}", "mei:"),
        (f"/list/a?category=fruit&cursor={cursor}", "li:"),
    ):
        assert door("GET", path, as_=who).code == "bad_cursor"


def test_a_cursor_made_up_by_hand_is_refused(door: Door) -> None:
    cursor = door("GET", "/list/a", as_="mei:").json["next"]
    for position in range(len(cursor)):
        forged = cursor[:position] + ("A" if cursor[position] != "A" else "B") + cursor[position + 1 :]
        assert door("GET", f"/list/a?cursor={forged}", as_="mei:").code == "bad_cursor"
    for forged in ("", "A", "%00", "x" * 50, cursor + "=", cursor[:-1], cursor + "A", "团"):
        assert door("GET", f"/list/a?cursor={forged}", as_="mei:").code == "bad_cursor"


def test_every_route_is_in_the_table(door: Door) -> None:
    assert [one.name for one in edge.ROUTES] == ["echo", "things", "listing", "public", "quiet", "fails"]


def test_shapes_are_strict() -> None:
    assert Ask.__struct_config__.forbid_unknown_fields
    assert issubclass(Filter, Struct)
    assert Filter.__struct_config__.forbid_unknown_fields
