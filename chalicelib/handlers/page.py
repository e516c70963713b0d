"""The one door for pages: a page is declared through it, its reader known, its forms checked, its answer framed.

    @page(bp, "GET", "/o/{order_id}", roles=BUYER)
    def order_page(ask: Ask, order_id: str) -> Shown:
        return Shown("order.html", {"view": orders.one(ask.world, ask.caller, order_id)})

    @page(bp, "POST", "/o/{order_id}/cancel", roles=BUYER, again=order_page)
    def order_cancelled(ask: Ask, order_id: str) -> Gone:
        cancel(ask.world, ask.caller, order_id, version=None, now=ask.now)
        return Gone(f"/o/{order_id}", said="cancelled")

A view that shows is a GET, one that changes is a POST which goes on to a GET; what it refuses is told on top of the
page `again`, with the form as it was filled in. Sessions, CSRF, language, security headers and links that hold under
any prefix are the door's: a template writes {{ to("/o/" ~ id) }}, {{ csrf() }} and {{ t("key", n=3) }}.
"""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import msgspec
from chalice.app import Blueprint, Request, Response

from ..domain.ids import derived
from ..domain.instants import DAY, SECOND
from ..domain.ports import Caller
from ..domain.refusals import Lost, Refused, Unavailable
from ..domain.session import Session
from ..lean import dataclass
from ..services.people import sessions
from ..web.render import rendered
from ..web.say import LANGUAGES, Say
from . import cursor, edge, reading
from .edge import BUYER, PUBLIC
from .problems import problem

if TYPE_CHECKING:
    from ..services.world import World

__all__ = [
    "BUYER",
    "NAV",
    "PAGES",
    "PUBLIC",
    "Ask",
    "Elsewhere",
    "Form",
    "Gone",
    "Link",
    "Page",
    "Sent",
    "Shown",
    "explain",
    "page",
]

FORM, FILES = "application/x-www-form-urlencoded", "multipart/form-data"
LANGUAGE_COOKIE, VISITOR_COOKIE, SESSION_COOKIE = "tuan_lang", "tuan_v", "tuan_s"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
WITH_FILES = ("img-src", "form-action")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Vary": "Cookie, Accept-Language",
}
NEXT = re.compile(r"/[A-Za-z0-9._~/-]*(\?[A-Za-z0-9._~=&%-]*)?")
"""Where a log-in may lead: a path of ours. `//somewhere` would be somebody else's."""

V = TypeVar("V", bound=Callable[..., "Answer"])
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Shown:
    """A template with its values. With `files`, it may show what is read by a link of `world.files`, and hold a form
    that brings some there ({{ p.upload(form, label) }})."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    files: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """On to another page of ours, which says `said.<said>` on top."""

    path: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that is no page: a file."""

    body: str | bytes
    content_type: str
    cache: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """On to an address outside of ours, which was made here."""

    address: str
    cache: str


Answer = Shown | Gone | Sent | Elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, as declared. `again` shows the form anew when this one is refused."""

    name: str
    method: str
    path: str
    roles: frozenset[str]
    view: Callable[..., "Answer"]
    again: Callable[..., "Answer"] | None
    most_bytes: int = 0


PAGES: list[Page] = []
"""Every page there is; the test of who may do what reads it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu, for those who have one of the roles."""

    path: str
    text: str
    roles: frozenset[str]


NAV: list[Link] = [Link("/", "nav.hall", PUBLIC), Link("/my/orders", "nav.orders", BUYER), Link("/my", "nav.me", BUYER)]


class Form:
    """What a form or a query sent: texts only, possibly several under one name."""

    def __init__(self, given: Mapping[str, list[str]]) -> None:
        self._given = given

    def one(self, name: str, default: str = "") -> str:
        return self._given.get(name, [default])[-1].strip()

    def all(self, name: str) -> list[str]:
        return self._given.get(name, [])

    def under(self, prefix: str) -> dict[str, str]:
        """`units.apple=2` and the like, without the prefix; empty ones left out."""
        found = {name[len(prefix) :]: self.one(name) for name in self._given if name.startswith(prefix)}
        return {name: value for name, value in found.items() if value}

    def __bool__(self) -> bool:
        return bool(self._given)


@dataclass(kw_only=True)
class Ask:
    """One request for a page, read. `problem` is what its form was refused for, `wrong` the same by field."""

    page: Page
    request: Request
    now: int
    ids: Mapping[str, str]
    language: str
    query: Form
    form: Form
    files: Mapping[str, bytes] = field(default_factory=dict)
    token: str = ""
    session: Session | None = None
    problem: str = ""
    problem_code: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    _visitor: str = ""

    @property
    def world(self) -> "World":
        return edge.world()

    @property
    def caller(self) -> Caller:
        if self.session is None:
            raise Refused("not_signed_in")
        return sessions.caller_of(self.session)

    @property
    def say(self) -> Say:
        return Say(self.language, self.now)

    @property
    def address(self) -> str:
        """The network address the request came from, as the gateway saw it."""
        return str((self.request.context.get("identity") or {}).get("sourceIp") or "")

    @property
    def device(self) -> str:
        return device_name(self.request.headers.get("user-agent", ""))

    # links

    @property
    def root(self) -> str:
        """From this page to the top: links are relative, so they hold under any stage or domain."""
        if self.page.path == "/":
            public = urlsplit(self.world.public_url)
            if public.netloc and public.netloc == self.request.headers.get("host"):
                return public.path.rstrip("/") + "/"  # whether the address ended in a slash, some gateways don't tell
        return "../" * (self.page.path.strip("/").count("/")) or "./"

    def to(self, path: str, **query: Any) -> str:
        given = {name: value for name, value in query.items() if value not in (None, "")}
        mark = "&" if "?" in path else "?"
        return self.root + path.lstrip("/") + (mark + urlencode(given) if given else "")

    def whole(self, path: str) -> str:
        """The address for others: a link to share, a code to scan."""
        return (self.world.public_url or self._addressed()) + path

    def _addressed(self) -> str:
        """As the request was addressed, where no public address is configured."""
        headers, filled = self.request.headers, self.page.path.format(**self.ids)
        prefix = str(self.request.context.get("path") or "").removesuffix(filled).rstrip("/")
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{headers.get('host', '')}{prefix}"

    @property
    def here(self) -> str:
        """This page's path with its query, to come back to."""
        shown = page_of(self.page.again) if self.page.again else self.page
        path = shown.path.format(**self.ids)
        pairs = {name: value for name, value in (self.request.query_params or {}).items() if name not in OWN}
        return path + ("?" + urlencode(pairs) if pairs and not self.page.again else "")

    # forms

    def read(self, shape: type[S], values: Mapping[str, Any]) -> S:
        """Texts of a form as one of the API's own shapes: the same bounds, the same refusals."""
        try:
            return msgspec.convert(dict(values), shape, strict=False)
        except msgspec.ValidationError as error:
            raise reading._refusal(str(error)) from None

    def why(self, refusal: Refused) -> str:
        """A refusal in the reader's words, to stand beside a field."""
        return str(problem(refusal.code, refusal.facts, self.language)[1]["detail"])

    @property
    def csrf(self) -> str:
        """Bound to the session; before there is one, to a cookie of this browser's own."""
        return derived("csrf", self.token or self.visitor, length=24)

    @property
    def visitor(self) -> str:
        if not self._visitor:
            self._visitor = uuid4().hex
            self.keep(VISITOR_COOKIE, self._visitor, None)
        return self._visitor

    # lists

    def opened(self) -> str | None:
        """Where the page of a list that was asked for starts."""
        given = self.query.one("cursor")
        return cursor.opened(given, edge.secrets()["cursor_key"], *self._scope()) if given else None

    def sealed(self, start: str | None) -> str | None:
        return cursor.sealed(start, edge.secrets()["cursor_key"], *self._scope())

    def _scope(self) -> tuple[str, ...]:
        who = self.session.person_id if self.session else ""
        filters = {name: value for name, value in (self.request.query_params or {}).items() if name not in OWN}
        return "page", self.page.name, who, json.dumps([dict(self.ids), filters], sort_keys=True)

    # cookies

    @property
    def secure(self) -> bool:
        return str(self.request.headers.get("x-forwarded-proto", "http")) == "https"

    def keep(self, name: str, value: str, seconds: int | None) -> None:
        """Sets a cookie; without seconds it lasts as long as the browser. It is never readable by scripts."""
        age = "" if seconds is None else f"; Max-Age={seconds}"
        secure = "; Secure" if self.secure else ""
        self.cookies.append(f"{cookie_name(name, self.secure)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")

    def sign_in(self, token: str) -> None:
        session = sessions.find(self.world, token, now=self.now)
        assert session is not None
        self.keep(SESSION_COOKIE, token, (session.expires_at - self.now) // SECOND)

    def sign_out(self) -> None:
        self.keep(SESSION_COOKIE, "", 0)


OWN = ("lang", "said", "cursor")
"""Query parameters of the door itself."""


def page(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    roles: frozenset[str] = PUBLIC,
    again: Callable[..., Answer] | None = None,
    most_bytes: int = 0,
) -> Callable[[V], V]:
    """Declares a view as the page at `path`, for `roles` (PUBLIC: no one needs to sign in); with `most_bytes`, its form
    may bring files, and be that long."""

    def declare(view: V) -> V:
        declared = Page(
            name=view.__name__, method=method, path=path, roles=roles, view=view, again=again, most_bytes=most_bytes
        )
        PAGES.append(declared)

        @wraps(view)
        def answered(**ids: str) -> Response:
            return _answered(declared, edge._request.get(), ids)

        options: dict[str, Any] = {"methods": [method], "name": declared.name}
        if method == "POST":
            options["content_types"] = [FORM, FILES] if most_bytes else [FORM]
        bp.route(path, **options)(answered)
        return view

    return declare


def page_of(view: Callable[..., Any]) -> Page:
    return next(one for one in PAGES if one.view is view)


def cookie_name(name: str, secure: bool) -> str:
    """Over https no other host of the domain can plant a cookie of this name."""
    return f"__Host-{name}" if secure else name


# ------------------------------------------------------------------ one request


def _answered(declared: Page, request: Request, ids: Mapping[str, str]) -> Response:
    ask = _bare(declared, request, ids)
    try:
        if declared.path == "/" and not str(request.context.get("path") or "/").endswith("/"):
            return _to(ask, request.context["path"].rpartition("/")[2] + "/", 308)
        _recognise(ask)
        _admit(ask)
        return _framed(ask, _viewed(ask))
    except Refused as refusal:
        return _refused(ask, refusal)
    except (Lost, Unavailable) as trouble:
        seconds = trouble.retry_after_s if isinstance(trouble, Unavailable) else 1
        return _problem_page(ask, "unavailable", {"retry_after_s": seconds}, {"Retry-After": str(seconds)})
    except Exception as error:
        return _problem_page(ask, "internal", {"id": edge.reported(ask.page.name, error, ask.request)})


def _viewed(ask: Ask) -> Answer:
    """The view; or, where it refuses a form, the page the form stands on, with the reason on top."""
    declared = ask.page
    try:
        if declared.method == "POST":
            _check_form(ask)
        return declared.view(ask, **ask.ids)
    except Refused as refusal:
        if declared.again is None or refusal.code in ("not_signed_in", "forbidden"):
            raise
        status = explain(ask, refusal)
        shown = declared.again(ask, **ask.ids)
        return replace(shown, status=status) if isinstance(shown, Shown) else shown


def _bare(declared: Page, request: Request, ids: Mapping[str, str]) -> Ask:
    """The request before anything in it is believed."""
    asked = {name: request.query_params.getlist(name) for name in request.query_params} if request.query_params else {}
    return Ask(
        page=declared,
        request=request,
        now=edge.now(),
        ids=dict(ids),
        language=reading.language(request.headers.get("accept-language")),
        query=Form(asked),
        form=Form({}),
    )


def _recognise(ask: Ask) -> None:
    """Who is reading, in which language, and what they sent."""
    ask.ids = reading.path_ids(ask.ids)
    cookies = _cookies(ask.request.headers.get("cookie", ""))
    wanted = ask.query.one("lang")
    kept = cookies.get(cookie_name(LANGUAGE_COOKIE, ask.secure), "")
    if wanted in LANGUAGES:
        ask.language = wanted
        ask.keep(LANGUAGE_COOKIE, wanted, 365 * DAY // SECOND)
    elif kept in LANGUAGES:
        ask.language = kept
    ask._visitor = cookies.get(cookie_name(VISITOR_COOKIE, ask.secure), "")[:64]
    token = cookies.get(cookie_name(SESSION_COOKIE, ask.secure), "")[:80]
    if token:
        ask.session = sessions.find(ask.world, token, now=ask.now)
        ask.token = token if ask.session else ""
    if ask.page.method == "POST":
        sent = reading.raw_body(ask.request, ask.page.most_bytes or reading.MOST_BODY_BYTES)
        kind = str(ask.request.headers.get("content-type", ""))
        if kind.startswith(FILES):
            ask.form, ask.files = _parts(kind, sent)
            return
        try:
            ask.form = Form(parse_qs(sent.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500))
        except ValueError:
            raise Refused("body_too_large", most=reading.MOST_BODY_BYTES) from None


def _parts(kind: str, sent: bytes) -> tuple[Form, dict[str, bytes]]:
    """A form with files in it: its texts, and its files by name."""
    from email.parser import BytesParser
    from email.policy import HTTP

    texts: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + sent)
    for part in message.iter_parts() if message.is_multipart() else ():
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if part.get_filename() is None:
            texts.setdefault(name, []).append(content.decode("utf-8", "replace"))
        else:
            files[name] = content
    return Form(texts), files


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header[:8_192].split(";"))
    return {name: value for name, _, value in pairs if name}


def _admit(ask: Ask) -> None:
    if not ask.page.roles:
        return
    if not ask.caller.roles & ask.page.roles:
        raise Refused("forbidden")


def _check_form(ask: Ask) -> None:
    """Only our own pages hold the token; a form sent from elsewhere, or after the session ended, is refused."""
    if not hmac.compare_digest(ask.form.one("csrf").encode(), ask.csrf.encode()):
        raise Refused("form_expired")


# ------------------------------------------------------------------ answers


def _framed(ask: Ask, answer: Answer) -> Response:
    if isinstance(answer, Gone):
        return _to(ask, ask.to(answer.path, said=answer.said), 303)
    if isinstance(answer, Elsewhere):
        return Response(body="", status_code=302, headers={"Location": answer.address, "Cache-Control": answer.cache})
    if isinstance(answer, Sent):
        headers: edge.Headers = {
            "Content-Type": answer.content_type,
            "Cache-Control": answer.cache,
            "X-Content-Type-Options": "nosniff",
        }
        if answer.name:
            headers["Content-Disposition"] = f'attachment; filename="{answer.name}"'
        return Response(body=answer.body, headers=headers)
    html = rendered(answer.template, **_frame(ask), **answer.values)
    cache = "no-store" if ask.session or ask.form else "private, no-cache"
    policy = {"Content-Security-Policy": _policy(ask.world.files.origin)} if answer.files else {}
    return _sent(ask, html, answer.status, {"Cache-Control": cache, **policy})


def _policy(files: str) -> str:
    return "; ".join(f"{rule} {files}" if rule.split()[0] in WITH_FILES else rule for rule in POLICY.split("; "))


def _frame(ask: Ask) -> dict[str, Any]:
    """What every template may use."""
    from markupsafe import Markup

    say = ask.say
    said = ask.query.one("said")
    roles = ask.caller.roles if ask.session else frozenset()
    return {
        "t": say,
        "say": say,
        "to": ask.to,
        "ask": ask,
        "root": ask.root,
        "form": ask.form,
        "me": ask.session,
        "nav": [link for link in NAV if not link.roles or link.roles & roles],
        "said": say(f"said.{said}") if said and say.has(f"said.{said}") else "",
        "problem": ask.problem,
        "wrong": ask.wrong,
        "csrf": lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(ask.csrf),
        "languages": LANGUAGES,
        "switch": lambda language: ask.to(ask.here, lang=language),
    }


def _to(ask: Ask, address: str, status: int) -> Response:
    return _sent(ask, "", status, {"Location": address, "Cache-Control": "no-store"})


def _sent(ask: Ask, html: str, status: int, more: Mapping[str, str]) -> Response:
    headers: edge.Headers = {
        **HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": ask.say.tag,
        **more,
    }
    if ask.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if ask.cookies:
        headers["Set-Cookie"] = ask.cookies if len(ask.cookies) > 1 else ask.cookies[0]
    return Response(body=html, status_code=status, headers=headers)


def _refused(ask: Ask, refusal: Refused) -> Response:
    if refusal.code == "not_signed_in":
        return _to(ask, ask.to("/login", next=ask.here if ask.here != "/" else ""), 303)
    return _problem_page(ask, refusal.code, refusal.facts)


def explain(ask: Ask, refusal: Refused) -> int:
    """Puts the refusal into words for a person in front of a form; returns its status."""
    status, document = problem(refusal.code, refusal.facts, ask.language)
    ask.problem, ask.problem_code = document["detail"], refusal.code
    if refusal.code in ("missing_field", "wrong_type", "out_of_bounds", "bad_value", "unknown_field"):
        name = str(refusal.facts.get("field") or refusal.facts.get("path", "")).rpartition(".")[2]
        name = re.sub(r"\[.*|^\$", "", name)
        key = f"field.{name}"
        ask.problem = ask.say("problem.field", field=ask.say(key) if ask.say.has(key) else name)
        ask.wrong.setdefault(name, ask.problem)
    return status


def _problem_page(ask: Ask, code: str, facts: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    status, document = problem(code, facts, ask.language)
    values = {"title": document["title"], "detail": document["detail"], "code": code}
    html = rendered("problem.html", **_frame(ask), **values)
    return _sent(ask, html, status, {"Cache-Control": "no-store", **(headers or {})})


def safe_next(given: str) -> str:
    """Where to go after signing in: a path of ours, or the hall."""
    return given if NEXT.fullmatch(given) and not given.startswith("//") and not urlsplit(given).netloc else "/"


_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
            ("Mac OS X", "Mac"), ("Linux", "Linux"))  # fmt: skip
_BROWSERS = (("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
             ("Safari", "Safari"))  # fmt: skip


def device_name(agent: str) -> str:
    """`Chrome · Android`: enough to recognise one's own device in a list, and no more than that is kept."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "?")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "?")
    return f"{browser} · {system}"
