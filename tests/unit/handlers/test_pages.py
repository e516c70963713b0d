"""The door of the pages: who passes, what every answer carries, and that nothing is done for a stranger's form."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from app import app
from chalicelib.domain import session as rules
from chalicelib.domain.refusals import Refused, Unavailable
from chalicelib.domain.session import Session
from chalicelib.handlers import edge, page
from chalicelib.services.people import log_in

from .conftest import NOW, Door, Said, Watch

PUBLIC = {
    "GET /", "GET /g/{group_id}", "GET /g/{group_id}/feed", "GET /g/{group_id}/share", "GET /s/{code}",
    "GET /c/{campaign_id}",
    "GET /c/{campaign_id}/p/{product_id}",
    "GET /c/{campaign_id}/solvency",
    "GET /static/{name}", "GET /pictures/{owner}/{name}", "GET /login", "POST /login", "POST /login/code",
    "GET /r/{order_id}/{mark}", "POST /r/{order_id}/{mark}",
    "GET /confirm/{person_id}/{mark}", "POST /confirm/{person_id}/{mark}",
}  # fmt: skip
"""Pages for which nobody needs to sign in; all others are in ROLES, by who passes."""

STAGES = r"GET /work(?!/batches).*|POST /work/\{group_id\}/\{stage\}/.*"
ROLES = {
    "buyer": re.compile(
        r"(GET|POST) (/my.*|/lead.*|/o/.*|/logout|/g/\{group_id\}/(join|feed/.*)|/c/\{campaign_id\}/teams)"
    ),
    "merchant": re.compile(r"(GET|POST) (/desk.*|/supply.*|/deliver.*|/work.*|/manage/flow)"),
    "sorter": re.compile(r"GET /deliver.*|POST /deliver.*/(move|ship|hand)|GET /work/batches|" + STAGES),
    "carrier": re.compile(r"GET /deliver(/\{group_id\})?|POST /deliver.*/(move|hand)|GET /work/batches|" + STAGES),
    "leader": re.compile(r"GET /deliver(/\{group_id\})?|POST /deliver.*/(move|hand)|GET /work/batches|" + STAGES),
    "supplier": re.compile(r"(GET|POST) /supply.*|" + STAGES),
    "manager": re.compile(r"GET /look|(GET|POST) (/manage.*|/work(?!/batches).*)"),
    "support": re.compile(r"GET /look|(GET|POST) /support.*"),
    "ops": re.compile(r"GET /look|GET /support|(GET|POST) /ops.*"),
}

TOKEN = "t" * 40
EVERY = [pytest.param(one, id=f"{one.method} {one.path}") for one in page.PAGES]


class Store(SimpleNamespace):
    """Knows one session; whatever else is asked of it, it does not answer."""

    def session(self, session_id: str) -> Session | None:
        if session_id != rules.session_id(TOKEN):
            return None
        return Session(
            id=session_id, person_id="mei", roles=("buyer",), phone_verified=True, device="?", created_at=NOW,
            seen_at=NOW, expires_at=NOW + 1,
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(name)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> Callable[..., Said]:
    world = SimpleNamespace(store=Store(), watch=watch, public_url="", new_id=lambda: "new", vault=Store())
    monkeypatch.setattr(edge, "world", lambda: world)
    with_client = Door(app)

    def come(method: str, path: str, form: dict[str, str] | None = None, *, cookie: str = "", **headers: str) -> Said:
        sent = {"Cookie": cookie, "Host": "tuan.example", **{k.replace("_", "-"): v for k, v in headers.items()}}
        body = None
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        return with_client(method, path, body, headers=sent)

    return come


def signed_in(**more: str) -> dict[str, str]:
    return {"cookie": f"tuan_s={TOKEN}", **more}


def csrf() -> str:
    from chalicelib.domain.ids import derived

    return derived("csrf", TOKEN, length=24)


def filled(path: str) -> str:
    return path.replace("{", "").replace("}", "")


@pytest.mark.req("B26")
def test_every_page_is_for_everybody_or_for_named_roles() -> None:
    for one in page.PAGES:
        named = f"{one.method} {one.path}"
        allowed = {role for role, pattern in ROLES.items() if pattern.fullmatch(named)}
        assert (named in PUBLIC) is (not one.roles), named
        assert set(one.roles) == allowed, named


@pytest.mark.req("B26")
@pytest.mark.parametrize("one", EVERY)
def test_strangers_are_sent_to_the_log_in(door: Callable[..., Said], one: page.Page) -> None:
    said = door(one.method, filled(one.path), {} if one.method == "POST" else None)
    if one.roles:
        assert said.status == 303
        assert "login" in said.headers["Location"]
    else:
        assert "login?" not in said.headers.get("Location", "")


@pytest.mark.req("B27")
@pytest.mark.parametrize("one", [p for p in EVERY if p.values[0].method == "POST"])
@pytest.mark.parametrize("token", ["", "x" * 24, "of-another-session"])
def test_a_form_from_elsewhere_does_nothing(door: Callable[..., Said], one: page.Page, token: str) -> None:
    said = door("POST", filled(one.path), {"csrf": token}, **signed_in())
    assert said.status in (303, 403, 503)  # 303: the log-in page sends whoever is signed in on; 503: its page is dark
    assert "Set-Cookie" not in said.headers


@pytest.mark.parametrize("one", [p for p in EVERY if "static" not in p.values[0].path])
def test_every_answer_is_guarded(door: Callable[..., Said], one: page.Page) -> None:
    said = door(one.method, filled(one.path), {"csrf": csrf()} if one.method == "POST" else None, **signed_in())
    policy = said.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert said.headers["Cache-Control"] == "no-store"
    assert not re.search(rb"<script(?! src=)|<style|\sstyle=|\son\w+=", said.body)


def test_a_page_with_files_may_reach_their_bucket_and_nothing_else() -> None:
    rules = dict(rule.split(" ", 1) for rule in page._policy("https://files.example").split("; "))
    assert rules["img-src"] == "'self' data: https://files.example"
    assert rules["form-action"] == "'self' https://files.example"
    assert [name for name, rule in rules.items() if "files.example" in rule] == ["img-src", "form-action"]


@pytest.mark.parametrize(("proto", "name"), [("http", "tuan_v"), ("https", "__Host-tuan_v")])
def test_cookies_are_for_us_alone(door: Callable[..., Said], proto: str, name: str) -> None:
    cookie = str(door("GET", "/login", X_Forwarded_Proto=proto).headers["Set-Cookie"])
    assert re.fullmatch(rf"{name}=[0-9a-f]{{32}}; Path=/; HttpOnly; SameSite=Lax(; Secure)?", cookie)
    assert ("Secure" in cookie) is (proto == "https")


@pytest.mark.parametrize(
    ("given", "leads"),
    [
        ("/o/g1-00abc", "/o/g1-00abc"),
        ("/g/g1?via=ab12", "/g/g1?via=ab12"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/g/g1\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_a_log_in_leads_to_our_own_pages_only(given: str, leads: str) -> None:
    assert page.safe_next(given) == leads


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "zh"),
        ({"Accept_Language": "en-GB,en;q=0.9"}, "en"),
        ({"Accept_Language": "en", "cookie": "tuan_lang=zh"}, "zh"),
    ],
)
def test_the_browser_chooses_the_language_and_the_reader_may_switch(
    door: Callable[..., Said], headers: dict[str, str], language: str
) -> None:
    tag = {"zh": b'lang="zh-CN"', "en": b'<html lang="en"'}
    assert tag[language] in door("GET", "/login", **headers).body
    switched = door("GET", "/login?lang=en", **headers)
    assert tag["en"] in switched.body
    assert "tuan_lang=en" in str(switched.headers["Set-Cookie"])


@pytest.mark.parametrize(("path", "start"), [("/login", "./"), ("/g/x/share", "../../"), ("/my/orders", "../")])
def test_links_hold_under_any_prefix(door: Callable[..., Said], path: str, start: str) -> None:
    """They are relative to the page, so neither a stage nor a domain is assumed."""
    said = door("GET", path, **signed_in())
    links = re.findall(r'(?:href|src|action)="([^"#]+)"', said.body.decode())
    for link in links:
        assert link.startswith((start, "./")), link


def test_a_file_with_its_hash_is_kept_for_ever_and_another_only_briefly(door: Callable[..., Said]) -> None:
    from chalicelib.web.render import asset

    named = door("GET", f"/{asset('app.css')}")
    assert "immutable" in named.headers["Cache-Control"]
    older = door("GET", "/static/app-0123456789.css")
    assert (older.body, older.headers["Cache-Control"]) == (named.body, "public, max-age=60")
    for path in ("/static/app.py", "/static/..%2fsay.py", "/static/words-0123456789.css"):
        assert door("GET", path).status == 404


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("138 0000 0001", "+8613800000001"),
        ("+49 151-23456789", "+4915123456789"),
        ("0044 20 7946 0000", "+442079460000"),
    ],
)
def test_phones_as_people_write_them(written: str, phone: str) -> None:
    assert log_in.phone_number(written) == phone


@pytest.mark.parametrize("written", ["", "abc", "123", "+0123456789", "١٣٨٠٠٠٠٠٠٠١", "1" * 30, "138;DROP"])
def test_what_is_no_phone(written: str) -> None:
    with pytest.raises(Refused, match="bad_phone"):
        log_in.phone_number(written)
