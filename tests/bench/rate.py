"""How much of a join is ours: joins/s beside boto3 doing the same writes, with an empty and with a full group, and the
handler's own time. All against dynoxide, in blocks that take turns, so that all meet the same noise.
"""

import copy
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from unittest import mock

from botocore.httpsession import URLLib3Session

from chalicelib import wiring
from chalicelib.services.buying.join import join
from chalicelib.services.world import World
from tests.bench.race import opened, real_now

from .crew import Crew, Here, crew, outside_world
from .house import SKU, TABLE, ask, buyer
from .peer_engine import raw_client, started

PROCESSES = 4
BLOCK = 60
ROUNDS = 12
MANY_ORDERS = 10_000
PLENTY = 10**6


@dataclass(frozen=True, slots=True)
class Rates:
    """Joins/s of all processes together (medians of blocks); ratios are medians of neighbouring blocks."""

    ours: float
    raw: float
    to_raw: float
    full_to_empty: float
    calls_empty: float
    calls_full: float


@dataclass(frozen=True, slots=True)
class HandlerTime:
    """Milliseconds of one HTTP join inside the handler, the waiting for the store left out (and that beside it)."""

    median_ms: float
    p95_ms: float
    waiting_ms: float


def join_block(here: Here, group_id: str, size: int) -> tuple[float, int]:
    """(seconds, calls to the table) of `size` joins of new buyers."""
    first = here.kept["next"] = here.kept.get("next", here.number * 10**6) + size
    client = here.world.store.connection.client  # type: ignore[attr-defined]
    calls: Counter[str] = Counter()
    with counting(client, calls):
        began = time.perf_counter()
        for number in range(first, first + size):
            join(here.world, buyer(number), group_id, ask(number), now=real_now())
        return time.perf_counter() - began, sum(calls.values())


def raw_block(here: Here, pattern: str, size: int) -> tuple[float, int]:
    """The same transaction, sent by boto3 itself."""
    if "raw" not in here.kept:
        here.kept["raw"] = raw_client(here.url)
    client = here.kept["raw"]
    first = here.kept["next"] = here.kept.get("next", here.number * 10**6) + size
    asked = [json.loads(pattern.replace("@BUYER@", f"{number:08x}")) for number in range(first, first + size)]
    began = time.perf_counter()
    for items in asked:
        client.transact_write_items(TransactItems=items)
    return time.perf_counter() - began, size


class counting:
    """Counts a client's calls by name, and keeps the last transaction's actions."""

    def __init__(self, client: Any, calls: Counter[str]) -> None:
        self.client, self.calls = client, calls
        self.transaction: list[dict[str, Any]] = []

    def __enter__(self) -> "counting":
        below = self.client._make_api_call

        def counted(operation: str, arguments: dict[str, Any]) -> Any:
            self.calls[operation] += 1
            if operation == "TransactWriteItems":
                self.transaction = copy.deepcopy(arguments["TransactItems"])
            return below(operation, arguments)

        self.client._make_api_call = counted
        return self

    def __exit__(self, *_: object) -> None:
        del self.client._make_api_call


def pattern_of(world: World, group_id: str) -> str:
    """A join's transaction with a gap where the buyer differs."""
    number = 0xFEDCBA98
    with counting(world.store.connection.client, Counter()) as seen:  # type: ignore[attr-defined]
        answer = join(world, buyer(number), group_id, ask(number), now=real_now())
    text = json.dumps(seen.transaction).replace(f"{number:08x}", "@BUYER@")
    mark = answer.order_id.partition("-")[2]
    return text.replace(mark, mark[:2] + "@BUYER@" + mark[10:])


def fill(world: World, group_id: str, url: str, orders: int) -> None:
    """Orders put by hand, so that the group is large before anybody is timed."""
    client, pattern = raw_client(url), pattern_of(world, group_id)
    for start in range(0, orders, 25):
        puts = []
        for number in range(start, min(start + 25, orders)):
            actions = json.loads(pattern.replace("@BUYER@", f"{0xA0000000 + number:08x}"))
            puts += [{"PutRequest": {"Item": action["Put"]["Item"]}} for action in actions if "Put" in action]
        client.batch_write_item(RequestItems={TABLE: puts})


def block(hands: Crew, task: Any, *arguments: Any) -> tuple[float, float]:
    """(joins/s of all together, calls per join)."""
    told = hands.all(task, *arguments, BLOCK)
    return BLOCK * len(told) / max(seconds for seconds, _ in told), sum(calls for _, calls in told) / BLOCK / len(told)


def rates(rounds: int = ROUNDS) -> Rates:
    with started((TABLE,)) as url, crew(url, PROCESSES) as hands:
        world = outside_world(url)
        empty, _ = opened(world, PROCESSES, PLENTY)
        full, _ = opened(world, PROCESSES, PLENTY)
        fill(world, full.id, url, MANY_ORDERS)
        pattern = pattern_of(world, empty.id)
        for task, subject in ((join_block, empty.id), (join_block, full.id), (raw_block, pattern)):
            block(hands, task, subject)  # what a process does once, it has done now
        ours, raw, to_raw, flat = [], [], [], []
        calls: dict[str, float] = {}
        for _ in range(rounds):
            one, calls["empty"] = block(hands, join_block, empty.id)
            two, calls["full"] = block(hands, join_block, full.id)
            three, _ = block(hands, raw_block, pattern)
            ours.append(one)
            raw.append(three)
            to_raw.append(one / three)
            flat.append(two / one)
        return Rates(
            ours=statistics.median(ours),
            raw=statistics.median(raw),
            to_raw=statistics.median(to_raw),
            full_to_empty=statistics.median(flat),
            calls_empty=calls["empty"],
            calls_full=calls["full"],
        )


def join_event(group_id: str, number: int) -> dict[str, Any]:
    """What API Gateway sends the function for a join."""
    return {
        "resource": "/groups/{group_id}/join",
        "path": f"/groups/{group_id}/join",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json", "idempotency-key": f"key-{number}", "accept-language": "zh-CN"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"group_id": group_id},
        "stageVariables": None,
        "requestContext": {
            "requestId": f"request-{number}",
            "resourcePath": "/groups/{group_id}/join",
            "httpMethod": "POST",
            "path": f"/api/groups/{group_id}/join",
            "identity": {"sourceIp": "192.0.2.10"},
            "authorizer": {"principalId": buyer(number).id, "roles": "", "phone_verified": "true"},
        },
        "body": json.dumps({"lines": {SKU: 1}, "accepts_terms": 1, "pickup_point": "gate"}),
        "isBase64Encoded": False,
    }


def handler_time(requests: int = 400) -> HandlerTime:
    import app

    own, waits = [], []
    with started((TABLE,)) as url:
        world = outside_world(url)
        group, _ = opened(world, 1, PLENTY)
        waited = [0.0]
        send = URLLib3Session.send

        def timed(session: Any, request: Any) -> Any:
            began = time.perf_counter()
            try:
                return send(session, request)
            finally:
                waited[0] += time.perf_counter() - began

        with mock.patch.object(wiring, "world", return_value=world), mock.patch.object(URLLib3Session, "send", timed):
            for number in range(requests + 50):
                event = join_event(group.id, number)
                waited[0] = 0.0
                began = time.perf_counter()
                answer = app.app(event, None)
                taken = time.perf_counter() - began
                assert answer["statusCode"] == 201, answer
                if number >= 50:
                    own.append((taken - waited[0]) * 1e3)
                    waits.append(waited[0] * 1e3)
    return HandlerTime(statistics.median(own), statistics.quantiles(own, n=20)[-1], statistics.median(waits))


if __name__ == "__main__":
    print(handler_time())
    print(rates(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
