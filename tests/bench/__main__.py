"""`make bench`: every measurement, and docs/performance.md with tables and plots made from them.

python -m tests.bench                everything
python -m tests.bench race rates     only these; the others keep what their last run found
"""

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.package import ROOT

from . import cold, compare, cost, hot, looks, race, rate, storm
from .peer_engine import NotHere
from .performance import Found, document

KEPT = ROOT / ".build" / "bench"
STORM_SCALE = 25

PARTS: dict[str, Callable[[], Any]] = {
    "cold": lambda: (cold.sizes(), cold.starts()),
    "race": race.races,
    "handler": rate.handler_time,
    "rates": rate.rates,
    "hot": hot.hot,
    "ordinary": hot.ordinary,
    "sold_out": hot.sold_out,
    "storm": lambda: storm.storm(STORM_SCALE),
    "storm_small": lambda: storm.storm(STORM_SCALE * 2),
    "storm_huge": storm.huge,
    "ways": compare.ways,
    "cost": cost.text,
    "reading": looks.looks,
}
IN_REAL_TIME = ("cold", "race", "handler", "rates")
"""These are timed by the wall clock and run alone; the others count or play in virtual time, two at once."""


def measure(part: str) -> None:
    """In a process of its own, so that no part meets what another left behind."""
    try:
        found = PARTS[part]()
    except NotHere as reason:
        found = reason
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{part}.pickle").write_bytes(pickle.dumps(found))


def run(part: str) -> None:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--part", part], cwd=ROOT, capture_output=True, text=True
    )
    words = "done" if done.returncode == 0 else f"FAILED\n{done.stderr[-2000:]}"
    print(f"{part:12} {time.perf_counter() - began:6.0f} s  {words}", flush=True)


def kept() -> dict[str, Any]:
    return {path.stem: pickle.loads(path.read_bytes()) for path in KEPT.glob("*.pickle")}


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--part"]:
        measure(arguments[1])
        return
    chosen = arguments or list(PARTS)
    if not arguments:
        for old in KEPT.glob("*.pickle"):
            if old.stem in PARTS:
                old.unlink()
    for part in chosen:
        if part in IN_REAL_TIME:
            run(part)
    with ThreadPoolExecutor(2) as pair:
        list(pair.map(run, [part for part in chosen if part in PARTS and part not in IN_REAL_TIME]))
    document(Found(kept()))
    print(json.dumps({"written": "docs/performance.md"}))


if __name__ == "__main__":
    main(sys.argv[1:])
