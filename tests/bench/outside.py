"""The four ways to take a seat (`compare.py`) against dynoxide: the same bare calls from several processes at once, in
blocks that take turns, so that all meet the same noise. The engine does one thing at a time, so nothing conflicts: what
is seen is what each way asks of a store.
"""

import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .compare import NAMES, Doors, Mind, Shop, slices_of
from .crew import Here, crew
from .house import TABLE
from .peer_engine import raw_client, started

PROCESSES, SLICES, BLOCK, ROUNDS = 4, 8, 50, 12


@dataclass(frozen=True, slots=True)
class Outside:
    """Joins/s of all processes together, median of the blocks; `beside` is the median of the blocks' ratios to the
    transaction's; calls of a join; how often one was cancelled by another."""

    name: str
    rate: float
    beside: float
    calls: float
    conflicts: int


class Client:
    """One process's calls, counted."""

    def __init__(self, url: str, number: int) -> None:
        self.client, self.dice = raw_client(url), random.Random(number)
        self.calls, self.conflicts = 0, 0

    def doors(self) -> Doors:
        return Doors(
            call=self.call, left=self.left, row=self.row, rest=lambda ms: time.sleep(ms / 1000), draw=self.dice.random
        )

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        self.calls += 1
        try:
            return self.client._make_api_call(operation, arguments)
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            self.conflicts += any(one["Code"] == "TransactionConflict" for one in reasons)
            raise

    def row(self, pk: str, sk: str) -> dict[str, Any] | None:
        found = self.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}})
        return dict(found["Item"]) if "Item" in found else None

    def left(self) -> list[int]:
        keys = [{"pk": row["pk"], "sk": row["sk"]} for row in slices_of(SLICES)]
        found = self.call("BatchGetItem", {"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": True}}})
        rows = {row["pk"]["S"]: int(row["left"]["N"]) for row in found["Responses"][TABLE]}
        return [rows.get(key["pk"]["S"], 0) for key in keys]


def way_block(here: Here, way: str, size: int) -> tuple[float, int, int]:
    """(seconds, calls, conflicts) of `size` new buyers who come one way."""
    if way not in here.kept:
        client = Client(here.url, here.number)
        here.kept[way] = client, Shop(client.doors(), SLICES), Mind(here.number % SLICES)
    client, shop, mind = here.kept[way]
    first = here.kept["buyer"] = here.kept.get("buyer", here.number * 10**6) + size
    calls, conflicts = client.calls, client.conflicts
    began = time.perf_counter()
    for number in range(first, first + size):
        getattr(shop, way)(mind, f"{number:08d}")
    return time.perf_counter() - began, client.calls - calls, client.conflicts - conflicts


def outside(rounds: int = ROUNDS) -> list[Outside]:
    rates: dict[str, list[float]] = {way: [] for way in NAMES}
    calls: Counter[str] = Counter()
    conflicts: Counter[str] = Counter()
    with started((TABLE,)) as url, crew(url, PROCESSES) as hands:
        client = raw_client(url)
        for row in slices_of(SLICES):
            client.put_item(TableName=TABLE, Item=row)
        for way in NAMES:
            hands.all(way_block, way, BLOCK)  # what a process does once, it has done now
        for way in NAMES * rounds:
            told = hands.all(way_block, way, BLOCK)
            rates[way].append(BLOCK * PROCESSES / max(seconds for seconds, _, _ in told))
            calls[way] += sum(asked for _, asked, _ in told)
            conflicts[way] += sum(cancelled for _, _, cancelled in told)
    return [
        Outside(
            name=way.replace("_", " "),
            rate=statistics.median(rates[way]),
            beside=statistics.median(one / ours for one, ours in zip(rates[way], rates["transaction"], strict=True)),
            calls=calls[way] / (BLOCK * PROCESSES * rounds),
            conflicts=conflicts[way],
        )
        for way in NAMES
    ]


if __name__ == "__main__":
    for one in outside():
        print(one)
