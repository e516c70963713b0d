"""The API's description, OpenAPI 3.1, made of the very shapes and routes that serve it: it cannot say otherwise.

Served at /openapi.json, and kept in docs/ by `python -m chalicelib.handlers.openapi docs/openapi.json`, where a
test compares the two.
"""

import re
import sys
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from . import edge
from .edge import JSON, PROBLEM_JSON, Route
from .problems import PROBLEMS
from .reading import MOST_BODY_BYTES, required

REF = "#/components/schemas/{name}"
ANYWHERE = ("internal", "unavailable", "busy")

DESCRIPTION = f"""\
Group buying: people commit to buy together; if enough of them do so before the deadline, everyone buys at the price
they earned together; if not, everyone gets their money back.

Amounts are whole minor units (`…_minor`) with a `currency` beside them. Moments are RFC 3339. Lists are paged by
`limit` and `cursor`; `next` is the cursor of the following page, or null. A body is at most {MOST_BODY_BYTES} bytes,
and fields that are not described are refused. Refusals are `application/problem+json` with a stable `code` and a
`detail` in Chinese or English, by `Accept-Language`.
"""


class Problem(msgspec.Struct, kw_only=True):
    """A refusal (RFC 9457). The facts of a code stand beside these members."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    code: str
    detail: str


@cache
def document() -> bytes:
    """The document as it is served: built once per process, when it is first asked for."""
    return msgspec.json.format(msgspec.json.encode(described(edge.ROUTES)), indent=1) + b"\n"


def described(routes: Iterable[Route]) -> dict[str, Any]:
    routes = sorted(routes, key=lambda one: (one.path, one.method))
    paths: dict[str, dict[str, Any]] = {}
    for one in routes:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tuan 团", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": ".", "description": "where this document is served"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": _schemas(routes),
        },
    }


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    shapes = {shape for one in routes for shape in (one.body, one.answer) if shape is not None}
    _, schemas = msgspec.json.schema_components([*sorted(shapes, key=lambda s: s.__name__), Problem], ref_template=REF)
    return dict(sorted(schemas.items()))


def _operation(one: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [*_path_parameters(one), *_query_parameters(one), *_headers(one)],
        "responses": {str(one.status): _success(one), **_problems(one)},
        "security": [{"bearer": []}] if one.roles else [],
    }
    if one.roles:
        operation["x-roles"] = sorted(one.roles)
    if one.body is not None:
        content = {JSON: {"schema": _reference(one.body)}}
        operation["requestBody"] = {"required": required(one.body), "content": content}
    elif one.raw:
        operation["requestBody"] = {"required": True, "content": {"*/*": {}}}
    return operation


def _path_parameters(one: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 120}}
        for name in re.findall(r"{(\w+)}", one.path)
    ]


def _query_parameters(one: Route) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    _, schemas = msgspec.json.schema_components([one.query], ref_template=REF)
    schema = schemas[one.query.__name__]
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": of}
        for name, of in schema["properties"].items()
    ]


def _headers(one: Route) -> list[dict[str, Any]]:
    headers = [_header("Accept-Language", "zh (default) or en", required=False)]
    if one.key:
        headers.append(_header("Idempotency-Key", "the same for every repeat of this request", required=True))
    return headers


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if required:
        schema |= {"minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def _reference(shape: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REF.format(name=shape.__name__)}


def _success(one: Route) -> dict[str, Any]:
    if one.answer is None:
        return {"description": HTTPStatus(one.status).phrase}
    return {
        "description": HTTPStatus(one.status).phrase,
        "content": {JSON: {"schema": _reference(one.answer)}},
    }


def codes(one: Route) -> tuple[str, ...]:
    """Every code this route may refuse with: its service's, and what follows from its declaration."""
    found = [*one.refusals, *ANYWHERE]
    if one.roles:
        found += ["not_signed_in", "bad_token", "forbidden"]
    if "{" in one.path:
        found += ["not_found"]
    if one.body is not None:
        found += ["malformed_json", "unknown_field", "missing_field", "wrong_type", "out_of_bounds", "bad_value"]
        found += ["unsupported_media_type"]
    if one.body is not None or one.raw:
        found += ["body_too_large"]
    found += ["unknown_parameter", "repeated_parameter"]
    if one.query is not None:
        found += ["bad_parameter"]
        found += ["missing_parameter"] if required(one.query) else []
        found += ["bad_cursor"] if "cursor" in one.query.__struct_fields__ else []
    if one.key:
        found += ["key_required", "bad_key"]
    if one.fresh:
        found += ["second_factor_required"]
    return tuple(dict.fromkeys(found))


def _problems(one: Route) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes(one):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    not_modified = {"304": {"description": "as the ETag sent with If-None-Match says"}} if one.cache else {}
    return not_modified | {
        str(status): {
            "description": ", ".join(f"`{code}`" for code in sorted(named)),
            "content": {PROBLEM_JSON: {"schema": _reference(Problem)}},
        }
        for status, named in sorted(by_status.items())
    }


def main(path: str) -> None:
    """Writes the document where it is kept."""
    import_module("app")  # declares the routes
    Path(path).write_bytes(document())


if __name__ == "__main__":
    main(sys.argv[1])
