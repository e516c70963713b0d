"""Reads what a caller sent, strictly: anything unknown, mistyped or out of bounds is a named refusal."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import msgspec
from chalice.app import MultiDict, Request

from ..domain.ids import derived
from ..domain.refusals import Refused
from .problems import DEFAULT_LANGUAGE

MOST_BODY_BYTES = 64 * 1024
_ID = re.compile(r"[A-Za-z0-9._~-]{1,120}")
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_SHOWN = 80
"""How much of a caller's own words an answer repeats."""


def raw_body(request: Request, most: int = MOST_BODY_BYTES) -> bytes:
    raw = request.raw_body
    content = raw.encode() if isinstance(raw, str) else raw
    if len(content) > most:
        raise Refused("body_too_large", most=most)
    return content


def body(raw: bytes, shape: type[msgspec.Struct]) -> Any:
    """The body as `shape`. Where nothing is required, nothing need be sent."""
    try:
        return _decoder(shape).decode(raw or (b"{}" if not required(shape) else b""))
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("malformed_json") from None


def query(given: MultiDict | None, shape: type[msgspec.Struct] | None) -> Any:
    """Query parameters as `shape`. Repeated ones are refused: readers disagree on which one counts."""
    values: dict[str, str] = {}
    for name in given or ():
        several = given.getlist(name) if given else []
        if len(several) != 1:
            raise Refused("repeated_parameter", field=name[:_SHOWN])
        values[name] = several[0]
    if shape is None:
        if values:
            raise Refused("unknown_parameter", field=next(iter(values))[:_SHOWN])
        return None
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _as_parameter(_refusal(str(error))) from None


def path_ids(given: Mapping[str, str]) -> dict[str, str]:
    """Ids out of the path: decoded here, as a local gateway does not. What cannot be an id names nothing."""
    ids = {name: unquote(value) for name, value in given.items()}
    if not all(_ID.fullmatch(value) for value in ids.values()):
        raise Refused("not_found")
    return ids


def request_key(header: str | None, *scope: str) -> str:
    """The caller's Idempotency-Key as we keep it: scoped to caller and route, never in their own words."""
    if not header:
        raise Refused("key_required")
    if not _KEY.fullmatch(header):
        raise Refused("bad_key")
    return derived("request", *scope, header, length=24)


def language(accepted: str | None) -> str:
    """`zh` or `en`, whichever of them the caller likes better; Chinese when they don't say."""
    best, liking = DEFAULT_LANGUAGE, 0.0
    for offer in (accepted or "")[:200].split(","):
        name, _, weight = offer.strip().partition(";")
        tongue = name.strip().lower().partition("-")[0]
        if tongue in ("zh", "en") and _weight(weight) > liking:
            best, liking = tongue, _weight(weight)
    return best


def _weight(text: str) -> float:
    given = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", text)
    return float(given[1]) if given else 1.0


@cache
def required(shape: type[msgspec.Struct]) -> bool:
    """Whether a shape has a field that must be sent."""
    return any(one.required for one in msgspec.structs.fields(shape))


@cache
def _decoder(shape: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_TYPE = re.compile(r"Expected `([^`]+)`, got `[^`]+`")
_BOUND = re.compile(r"Expected `([a-z]+)` (of length )?([<>]=? -?\d+)")


def _refusal(message: str) -> Refused:
    """The refusal in what the decoder says. It repeats names and bounds, and never a value."""
    what, path = _split(message)
    if field := _FIELD.fullmatch(what):
        code = "unknown_field" if field[1] == "contains unknown" else "missing_field"
        return Refused(code, path=path, field=field[2][:_SHOWN])
    if kind := _TYPE.fullmatch(what):
        return Refused("wrong_type", path=path, expected=kind[1])
    if bound := _BOUND.fullmatch(what):
        return Refused("out_of_bounds", path=path, expected=f"{bound[1]} {bound[2] or ''}{bound[3]}")
    return Refused("bad_value", path=path, expected=_expectation(what))


def _split(message: str) -> tuple[str, str]:
    what, found, path = message.rpartition(" - at ")
    if not found:
        return message, "$"
    return what, path.replace("`", "")[:_SHOWN]


def _expectation(what: str) -> str:
    if "RFC3339" in what or "timezone" in what:
        return "RFC 3339 time with offset"
    if "enum" in what:
        return "one of the documented values"
    return "a value as documented"


def _as_parameter(refusal: Refused) -> Refused:
    """The same refusal in the words of a query string."""
    facts = refusal.facts
    if refusal.code in ("unknown_field", "missing_field"):
        return Refused(refusal.code.replace("field", "parameter"), field=facts["field"])
    return Refused("bad_parameter", field=facts["path"].removeprefix("$."), expected=facts["expected"])
