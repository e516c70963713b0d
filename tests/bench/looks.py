"""What looking costs: progress and the hall through the HTTP handler, first and again with the ETag it gave."""

import contextlib
import io
from dataclasses import dataclass
from typing import Any
from unittest import mock

from chalicelib import wiring
from chalicelib.domain.writes import Create
from chalicelib.services.buying.group_wake import listings
from chalicelib.services.buying.join import join

from .house import NOON, House, ask, buyer, open_pot, terms_of

LISTED = 20


@dataclass(frozen=True, slots=True)
class Look:
    """`again_*` is the same look with its ETag by a process that has read nothing lately, `warm_calls` by the one that
    gave it a moment ago."""

    what: str
    calls: int
    etag: bool
    cache: str
    again_status: int
    again_calls: int
    warm_calls: int


def event(path: str, route: str, ids: dict[str, str] | None, query: dict[str, str] | None, tag: str) -> dict[str, Any]:
    headers = {"accept-language": "zh-CN", **({"if-none-match": tag} if tag else {})}
    return {
        "resource": route, "path": path, "httpMethod": "GET", "headers": headers, "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": ids, "stageVariables": None, "body": None, "isBase64Encoded": False,
        "requestContext": {
            "requestId": "r", "resourcePath": route, "httpMethod": "GET", "path": path,
            "identity": {"sourceIp": "192.0.2.10"},
        },
    }  # fmt: skip


def looks() -> list[Look]:
    import app

    with House.built() as house:
        world = house.world()
        group = open_pot(house.store, terms_of(1, stock=100, target=3))
        join(world, buyer(1), group.id, ask(1), now=NOON)
        world.store.terms(group.campaign_id, 1)
        for number in range(2, LISTED + 2):
            for listing in listings(open_pot(house.store, terms_of(number, stock=100, target=3))):
                house.store.commit(Create(listing))
            world.store.terms(f"{number:020x}", 1)
        plans = (
            ("progress", f"/groups/{group.id}/progress", "/groups/{group_id}/progress", {"group_id": group.id}, None),
            ("progress, counted just now", f"/groups/{group.id}/progress", "/groups/{group_id}/progress",
             {"group_id": group.id}, {"strong": "true"}),
            (f"hall of {LISTED} groups", "/hall", "/hall", None, None),
        )  # fmt: skip

        def seen(path: str, route: str, ids: Any, query: Any, tag: str) -> tuple[dict[str, Any], int]:
            before = sum(house.meter.calls.values())
            with contextlib.redirect_stdout(io.StringIO()):
                answer = app.app(event(path, route, ids, query, tag), None)
            return answer, sum(house.meter.calls.values()) - before

        found = []
        now = mock.patch.object(wiring, "now", return_value=NOON)
        keys = mock.patch.object(wiring, "secrets", return_value={"cursor_key": "k" * 40, "pickup_key": "p" * 40})
        with mock.patch.object(wiring, "world", return_value=world), now, keys:
            for what, path, route, ids, query in plans:
                answer, calls = seen(path, route, ids, query, "")
                assert answer["statusCode"] == 200, answer
                headers = {name.lower(): value for name, value in answer["headers"].items()}
                _, warm = seen(path, route, ids, query, headers.get("etag", ""))
                world.halls.clear()
                again, more = seen(path, route, ids, query, headers.get("etag", ""))
                cache = headers.get("cache-control", "")
                found.append(Look(what, calls, "etag" in headers, cache, again["statusCode"], more, warm))
        return found


if __name__ == "__main__":
    for one in looks():
        print(one)
