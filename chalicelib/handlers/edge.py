"""The one door for HTTP: a route is declared through it, read strictly, checked for its role, answered alike.

    @route(bp, "POST", "/groups/{group_id}/join", body=JoinBody, answer=JoinAnswer, roles=BUYER, key=True, …)
    def join_group(call: Call[JoinBody, None], group_id: str) -> JoinAnswer: …

A view parses nothing and formats nothing: it is given a `Call`, calls one service, and returns a shape. What
went wrong becomes `application/problem+json` with a stable code. ROUTES is the table of all of it, from which
the OpenAPI document and the test of who may do what are read.
"""

import hashlib
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import field
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import uuid4

import msgspec
from chalice.app import Blueprint, Request, Response

from ..domain.ports import Caller
from ..domain.refusals import Broken, Lost, Refused, Trouble, Unavailable
from ..lean import dataclass
from . import cursor, reading
from .authorize import authorize
from .problems import problem

if TYPE_CHECKING:
    from ..services.world import World

PUBLIC: frozenset[str] = frozenset()
"""No one needs to sign in."""

BUYER = frozenset({"buyer"})
"""Anyone signed in: everybody may buy."""

MERCHANT = frozenset({"merchant"})
SUPPLIER = frozenset({"supplier"})
MANAGER = frozenset({"manager"})
SUPPORT = frozenset({"support"})
OPS = frozenset({"ops"})

SORTER = frozenset({"sorter"})
CARRIER = frozenset({"carrier"})
LEADER = frozenset({"leader"})

NO_STORE = "no-store"
JSON, PROBLEM_JSON = "application/json", "application/problem+json"

Headers = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer in somebody else's words."""

    status: int
    content_type: str
    body: str


Answer = msgspec.Struct | msgspec.Raw | Plain | None
Body = TypeVar("Body")
Query = TypeVar("Query")
View = TypeVar("View", bound=Callable[..., Answer])

_log = logging.getLogger("tuan.edge")
_request: ContextVar[Request] = ContextVar("request")
_encoder = msgspec.json.Encoder(order="deterministic")


# What lies behind the door, looked up late: importing a view costs nothing, and tests put their own here.
def world() -> "World":
    from .. import wiring

    return wiring.world()


def now() -> int:
    from .. import wiring

    return wiring.now()


def secrets() -> Mapping[str, str]:
    from .. import wiring

    return wiring.secrets()


def confirmed(call: "Call[Any, Any]") -> None:
    """Raises Refused('second_factor_required'). On a stage with a story's clock nobody could answer a code in time."""
    from .. import wiring
    from ..services.people import second_factor

    if wiring.in_real_time():
        second_factor.check(call.world, call.caller, call.token, key=secrets()["cursor_key"], now=call.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, as declared. `refusals` are its service's codes; those of the edge follow from the rest.

    `key` says whether an Idempotency-Key is required, `raw` that the body is handed on unread, `fresh` that the caller
    must have answered a one-time code lately.
    """

    name: str
    method: str
    path: str
    body: type[msgspec.Struct] | None
    query: type[msgspec.Struct] | None
    answer: type[msgspec.Struct] | None
    status: int
    roles: frozenset[str]
    summary: str
    refusals: tuple[str, ...]
    cache: str | None
    key: bool
    raw: bool
    fresh: bool
    tag: str


ROUTES: list[Route] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Body, Query]):
    """One request, read. `address` is the network address the gateway saw; `headers` are what the answer will
    carry besides its own, for a view to add to."""

    route: Route
    now: int
    body: Body
    query: Query
    key: str
    language: str
    raw: bytes
    received: Mapping[str, str]
    signed_in: Caller | None
    ids: Mapping[str, str]
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> "World":
        return world()

    @property
    def caller(self) -> Caller:
        if self.signed_in is None:
            raise Broken(f"{self.route.name} is public and has no caller")
        return self.signed_in

    @property
    def token(self) -> str:
        """The caller's bearer token: compared by its hash, never kept."""
        return self.received.get("authorization", "").partition(" ")[2]

    def opened(self, given: str | None) -> str | None:
        """Where the page that was asked for starts."""
        return cursor.opened(given, secrets()["cursor_key"], *self._scope()) if given is not None else None

    def sealed(self, start: str | None) -> str | None:
        """The cursor for the page after this one."""
        return cursor.sealed(start, secrets()["cursor_key"], *self._scope()) if start is not None else None

    def fingerprint(self) -> str:
        """Tells another request under the same key apart: a hash of the body in its canonical spelling."""
        content = _encoder.encode([self.ids, self.body])
        return hashlib.sha256(content).hexdigest()[:32]

    def _scope(self) -> tuple[str, ...]:
        filters = msgspec.to_builtins(self.query) if self.query is not None else {}
        kept = {name: value for name, value in filters.items() if name not in ("cursor", "limit")}
        who = self.signed_in.id if self.signed_in else ""
        return self.route.name, who, _encoder.encode([self.ids, kept]).decode()


def route(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    answer: type[msgspec.Struct] | None = None,
    status: int = 200,
    roles: frozenset[str],
    summary: str,
    refusals: tuple[str, ...] = (),
    cache: str | None = None,
    key: bool = False,
    raw: bool = False,
    fresh: bool = False,
) -> Callable[[View], View]:
    """Declares a view as the one answer to `method path`, for `roles` (PUBLIC: no token is asked for)."""

    def declare(view: View) -> View:
        declared = Route(
            name=view.__name__,
            method=method,
            path=path,
            body=body,
            query=query,
            answer=answer,
            status=status,
            roles=roles,
            summary=summary,
            refusals=refusals,
            cache=cache,
            key=key,
            raw=raw,
            fresh=fresh,
            tag=path.split("/")[1].partition(".")[0],
        )
        ROUTES.append(declared)

        @wraps(view)
        def answered(**ids: str) -> Response:
            return _answered(declared, view, _request.get(), ids)

        options: dict[str, Any] = {"methods": [method], "name": declared.name}
        if roles:
            options["authorizer"] = authorize
        if raw:
            options["content_types"] = [JSON, "application/x-www-form-urlencoded", "text/plain"]
        bp.route(path, **options)(answered)
        return view

    return declare


def at_the_door(request: Request, proceed: Callable[[Request], Response]) -> Response:
    """HTTP middleware: keeps the request where its thread finds it, and rewords the framework's refusals."""
    from .. import wiring

    token = _request.set(request)
    begun = wiring.real_now()
    try:
        with wiring.during("api", str(request.context.get("requestId") or "")):
            response = proceed(request)
            if isinstance(response.body, dict) and "Code" in response.body:
                response = _reworded(request, response)
            _note_answer(request, response.status_code, wiring.real_now() - begun)
            return response
    finally:
        _request.reset(token)


def _note_answer(request: Request, status: int, ms: int) -> None:
    """One line a request: the route as it is declared, never the path as it was asked, which may hold anything."""
    from .. import wiring

    route = str(request.context.get("resourcePath") or "")
    wiring.watch().note("answered", method=request.method, route=route, status=str(status), ms=str(ms))


def _answered(declared: Route, view: Callable[..., Any], request: Request, ids: Mapping[str, str]) -> Response:
    language = reading.language(request.headers.get("accept-language"))
    try:
        call = _read(declared, request, ids, language)
        if declared.fresh:
            confirmed(call)
        return _sent(call, view(call, **call.ids))
    except Refused as refusal:
        return _refused(refusal.code, refusal.facts, language)
    except Lost:
        return _later("busy", 1, language)
    except Unavailable as trouble:
        return _later("unavailable", trouble.retry_after_s, language)
    except Exception as error:
        return _refused("internal", {"id": reported(declared.name, error, request)}, language)


def _read(declared: Route, request: Request, ids: Mapping[str, str], language: str) -> Call[Any, Any]:
    caller = _caller(request) if declared.roles else None
    if declared.roles:
        _check_role(caller, declared, request)
    who = caller.id if caller else ""
    raw = reading.raw_body(request) if declared.body or declared.raw else b""
    return Call(
        route=declared,
        now=now(),
        ids=reading.path_ids(ids),
        query=reading.query(request.query_params, declared.query),
        body=reading.body(raw, declared.body) if declared.body else None,
        key=reading.request_key(request.headers.get("idempotency-key"), who, declared.name) if declared.key else "",
        language=language,
        raw=raw,
        received=request.headers,
        signed_in=caller,
        address=str((request.context.get("identity") or {}).get("sourceIp") or ""),
    )


def _caller(request: Request) -> Caller | None:
    """Who the authorizer found to hold the token; None when nobody."""
    found = request.context.get("authorizer") or {}
    if found.get("refused") or not found.get("principalId"):
        return None
    return Caller(
        id=found["principalId"],
        roles=frozenset(filter(None, found.get("roles", "").split(","))) | BUYER,
        phone_verified=found.get("phone_verified") == "true",
    )


def _check_role(caller: Caller | None, declared: Route, request: Request) -> None:
    if caller is None:
        raise Refused("bad_token" if request.headers.get("authorization") else "not_signed_in")
    if not caller.roles & declared.roles:
        raise Refused("forbidden")


def _sent(call: Call[Any, Any], answer: Answer) -> Response:
    declared = call.route
    headers: Headers = {
        "Cache-Control": declared.cache or NO_STORE,
        "X-Content-Type-Options": "nosniff",
        **call.headers,
    }
    if isinstance(answer, Plain):
        spoken: Headers = {**headers, "Content-Type": answer.content_type} if answer.content_type else headers
        return Response(body=answer.body, status_code=answer.status, headers=spoken)
    if answer is None:
        return Response(body="", status_code=declared.status, headers=headers)
    if declared.cache:
        headers["ETag"] = etag = _etag(answer)
        if call.received.get("if-none-match") == etag:
            return Response(body="", status_code=304, headers=headers)
    headers["Content-Type"] = JSON
    return Response(body=_encoder.encode(answer).decode(), status_code=declared.status, headers=headers)


def _etag(answer: msgspec.Struct | msgspec.Raw) -> str:
    """Changes with what is said, not with when it was looked up."""
    lasting: msgspec.Struct | msgspec.Raw = answer
    if isinstance(answer, msgspec.Struct) and hasattr(answer, "as_of"):
        lasting = msgspec.structs.replace(answer, as_of="")
    return f'W/"{hashlib.sha256(_encoder.encode(lasting)).hexdigest()[:20]}"'


def _refused(code: str, facts: Mapping[str, Any], language: str, **headers: str) -> Response:
    status, document = problem(code, facts, language)
    sent: Headers = {
        **headers,
        "Content-Type": PROBLEM_JSON,
        "Cache-Control": NO_STORE,
        "Content-Language": language,
    }
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(body=_encoder.encode(document).decode(), status_code=status, headers=sent)


def _later(code: str, seconds: int, language: str) -> Response:
    return _refused(code, {"retry_after_s": seconds}, language, **{"Retry-After": str(seconds)})


def reported(name: str, error: Exception, request: Request) -> str:
    """A bug. Whoever asked gets a number to quote; the log where it was, but no message: it may quote data."""
    number = str(request.context.get("requestId") or uuid4().hex)
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    about = {
        "request": number,
        "route": name,
        "error": type(error).__name__,
        "reason": str(error) if isinstance(error, Trouble) else "",
        "where": " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)),
    }
    try:
        world().watch.alarm("internal_error", **about)
    except Exception:
        _log.error(json.dumps({"alarm": "internal_error", **about}))
    return number


_FRAMEWORK_CODES = {405: "method_not_allowed", 415: "unsupported_media_type"}


def _reworded(request: Request, response: Response) -> Response:
    """The framework's own refusals (another method or media type), in our form and the caller's words."""
    code = _FRAMEWORK_CODES.get(response.status_code, "internal")
    facts = {"id": request.context.get("requestId") or ""} if code == "internal" else {}
    allowed = response.headers.get("Allow")
    extra = {"Allow": allowed} if isinstance(allowed, str) else {}
    return _refused(code, facts, reading.language(request.headers.get("accept-language")), **extra)
