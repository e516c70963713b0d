"""`make bench`: every measurement, and docs/performance.md with tables and plots made from them.

python -m tests.bench                everything
python -m tests.bench race rates     only these; the others keep what their last run found
"""

import gc
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from infra.package import ROOT

from . import cold, compare, cost, hot, looks, memory, outside, race, rate, storm
from .peer_engine import NotHere
from .performance import Found, document

KEPT = ROOT / ".build" / "bench"
STORM_SCALE, SMALL_SCALE = 10, 100
"""Shares of a full night: a tenth of its groups, of its huge one and of its workers, and a hundredth beside it."""

PARTS: dict[str, Callable[[], Any]] = {
    "cold": lambda: (cold.sizes(), cold.starts()),
    "memory": memory.needs,
    "race": race.races,
    "handler": rate.handler_time,
    "rates": rate.rates,
    "outside": outside.outside,
    "hot": hot.hot,
    "ordinary": hot.ordinary,
    "sold_out": hot.sold_out,
    "storm": lambda: storm.storm(STORM_SCALE),
    "storm_small": lambda: storm.storm(SMALL_SCALE),
    "storm_huge": storm.huge,
    "ways": compare.ways,
    "cost": cost.text,
    "reading": looks.looks,
}
IN_REAL_TIME = ("cold", "memory", "race", "handler", "rates", "outside")
"""These are timed by the wall clock and run alone; the others count or play in virtual time, two at once."""

LONGEST_FIRST = ("storm", "storm_huge", "ordinary", "hot", "storm_small", "ways", "sold_out", "cost", "reading")
"""So that both cores have something to do until the end."""


def measure(part: str) -> None:
    """In a process of its own, so that no part meets what another left behind."""
    if part not in IN_REAL_TIME:
        gc.set_threshold(50_000, 20, 100)  # a model's rows stay: looking through them all was a quarter of its time
    try:
        found = PARTS[part]()
    except NotHere as reason:
        found = reason
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{part}.pickle").write_bytes(pickle.dumps(found))
    print(json.dumps({"processor_s": time.process_time()}))


def run(part: str) -> None:
    began, load = time.perf_counter(), os.getloadavg()[0]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--part", part], cwd=ROOT, capture_output=True, text=True
    )
    words = "done" if done.returncode == 0 else f"FAILED\n{done.stderr[-2000:]}"
    took = {"part": part, "seconds": time.perf_counter() - began, "loads": (load, os.getloadavg()[0])}
    if done.returncode == 0:
        if part not in IN_REAL_TIME:  # the others wait for processes of their own
            took |= json.loads(done.stdout.splitlines()[-1])
        (KEPT / f"{part}.took.json").write_text(json.dumps(took))
    print(f"{part:12} {time.perf_counter() - began:6.0f} s  {words}", flush=True)


def kept() -> dict[str, Any]:
    return {path.stem: pickle.loads(path.read_bytes()) for path in KEPT.glob("*.pickle")}


def took() -> list[dict[str, Any]]:
    """How each part ran, and when it ended: one that was not asked for this time keeps its earlier run."""
    found = {
        path.name.partition(".")[0]: {
            **json.loads(path.read_text()),
            "ended": f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%m-%d %H:%M}",
        }
        for path in KEPT.glob("*.took.json")
    }
    return [found[part] for part in PARTS if part in found]


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--part"]:
        measure(arguments[1])
        return
    chosen = arguments or list(PARTS)
    if not arguments:
        for old in KEPT.glob("*.pickle"):
            if old.stem in PARTS:
                old.unlink()
                old.with_suffix(".took.json").unlink(missing_ok=True)
    for part in chosen:
        if part in IN_REAL_TIME:
            run(part)
    with ThreadPoolExecutor(2) as pair:
        list(pair.map(run, [part for part in LONGEST_FIRST if part in chosen]))
    document(Found(kept() | {"took": took()}))
    print(json.dumps({"written": "docs/performance.md"}))


if __name__ == "__main__":
    main(sys.argv[1:])
