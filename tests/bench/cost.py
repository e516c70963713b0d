"""Dollars per million of what people do, from counted calls and units (`paths.py`) and a dated table of prices."""

import pickle
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.package import ROOT

from . import memory, paths
from .paths import Cost
from .report import table

PRICES = Path(__file__).with_name("prices.toml")
MEASURED = ROOT / ".build" / "bench" / "handler.pickle"
MILLION = 1_000_000
GOAL = 3.60
NOTHING = Cost("")
MIX = (("join", 1_000_000), ("close", 20_000), ("carry out", 200_000), ("refund", 200_000))


@dataclass(frozen=True, slots=True)
class Line:
    """Dollars per million. `base` is rows and Lambda; indexes, gateway and queue stand beside it."""

    what: str
    rows: float
    function: float
    indexes: float
    beside: float

    @property
    def base(self) -> float:
        return self.rows + self.function


def prices() -> dict[str, Any]:
    """With the handler's own time as `python -m tests.bench handler` found it on this machine, if it ever did."""
    at = tomllib.loads(PRICES.read_text())
    if MEASURED.exists():
        at["milliseconds"]["own"] = pickle.loads(MEASURED.read_bytes()).median_ms
    return at


TOLD = Cost("two notices planned", Counter(PutItem=2, GetItem=1), writes=2, reads=1)
"""In carrying out a failed group's verdict: its buyer's wishes are read and two notices written. They belong to the
messages, which are not in the goal."""


def line(what: str, cost: Cost, at: dict[str, Any], *, function: str, told: Cost = NOTHING) -> Line:
    """`function` runs it; the API also pays its gateway, the worker its queue (send, receive, delete; by tens)."""
    mb = memory.configured()[function]
    own, waiting = at["milliseconds"]["own"], (cost.total - told.total) * at["milliseconds"]["store_call"]
    taken_ms = own / memory.share_of(mb) + waiting
    running = taken_ms / 1000 * mb / 1024 * at["lambda_gb_second"]
    calls = 1 if function == "api_handler" else 0.1
    beside = at["rest_request"] if function == "api_handler" else 3 * 0.1 * at["queue_request"]
    units, reads = cost.writes - told.writes, cost.reads - told.reads
    return Line(
        what=what,
        rows=(units * at["write_unit"] + reads * at["read_unit"]) * MILLION,
        function=(running + calls * at["lambda_request"]) * MILLION,
        indexes=cost.index_writes * at["write_unit"] * MILLION,
        beside=beside * MILLION,
    )


def lines() -> dict[str, Line]:
    at, found = prices(), paths.figures()["failed"]
    by_name = {cost.path: cost for cost in found}

    def one(start: str) -> Cost:
        return next(cost for name, cost in by_name.items() if name.startswith(start))

    return {
        "join": line("join", one("join"), at, function="api_handler"),
        "pay": line("payment (start and report)", _payment(by_name), at, function="api_handler"),
        "close": line("closing of a group of 20", one("close"), at, function="wake"),
        "carry out": line("verdict carried out, an order", one("carry"), at, function="wake", told=TOLD),
        "refund": line("refund", one("refund"), at, function="wake"),
        "progress": line("progress read", by_name["progress"], at, function="api_handler"),
        "told": line("telling one who joined", one("tell those who joined"), at, function="wake"),
    }


def _payment(by_name: dict[str, Cost]) -> Cost:
    both, join = by_name["join and start the payment"], by_name["join"]
    start = Cost("", both.calls - join.calls, both.writes - join.writes, 0, both.reads - join.reads)
    report = by_name["pay (the provider's report)"]
    return Cost(
        "payment",
        start.calls + report.calls,
        start.writes + report.writes,
        both.index_writes - join.index_writes + report.index_writes,
        start.reads + report.reads,
    )


def floor() -> float:
    """Dollars of the mix that the joins' own units cost: two rows in a transaction, by decision 0015."""
    return 4 * float(prices()["write_unit"]) * dict(MIX)["join"]


def next_saving() -> float:
    """Dollars of the mix that one more idea would save: the brake's query out of the join."""
    at = prices()
    call = at["milliseconds"]["store_call"] * memory.configured()["api_handler"] / 1024 * at["lambda_gb_second"] / 1000
    return float(0.5 * at["read_unit"] + call) * dict(MIX)["join"]


def mix(found: dict[str, Line]) -> float:
    return sum(found[what].base * count / MILLION for what, count in MIX)


def text() -> str:
    at, found = prices(), lines()
    rows = [
        (
            one.what,
            f"{one.rows:.2f}",
            f"{one.function:.2f}",
            f"{one.base:.2f}",
            f"{one.indexes:.2f}",
            f"{one.beside:.2f}",
        )
        for one in found.values()
    ]
    total = mix(found)
    index = sum(found[what].indexes * count / MILLION for what, count in MIX)
    cached = at["edge_request"] * MILLION
    full = found["progress"].base + found["progress"].beside
    shares = "; ".join(f"{what} ${found[what].base * count / MILLION:.2f}" for what, count in MIX)
    return "\n\n".join(
        (
            f"Dollars per million, {at['region']}, prices of {at['as_of']} (`tests/bench/prices.toml`); "
            f"a function's own time {at['milliseconds']['own']:.1f} ms of a whole processor, a call to the store "
            f"{at['milliseconds']['store_call']} ms. Waiting for a payment provider is not in it.",
            table(("a million of", "rows", "Lambda", "rows and Lambda", "indexes", "gateway or queue"), rows),
            f"1 M joins, 20,000 closings and 200,000 refunds, rows and Lambda: **${total:.2f}** (goal ${GOAL:.2f}; "
            f"{shares}). Their index writes: ${index:.2f}.",
            f"A million looks at progress cost ${full:.2f} through gateway and function, ${cached:.2f} from the edge, "
            "where one request every two seconds and place is passed on (`max-age=2`).",
        )
    )


if __name__ == "__main__":
    print(text())
