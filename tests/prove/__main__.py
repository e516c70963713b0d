"""`make prove`: everything that is claimed, tried at length, into docs/proof.md. No figure in there is typed by hand.

`--quick` tries a little of everything in a few minutes; it writes where `--out` says.
"""

import argparse
import sys
import time
from pathlib import Path

from .report import written
from .steps import ROOT, Done, long_steps, run, run_tests

OUT = ROOT / "docs" / "proof.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5_000)
    parser.add_argument("--lives", type=int, default=5_000)
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--races", type=int, default=10)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--skip", action="append", default=[], help="a step to leave out; the report says so")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    if asked.quick:
        asked.seeds, asked.lives, asked.pairs, asked.races, asked.requests = 60, 20, 30, 1, 200
    began = time.monotonic()
    tests, suite = run_tests(asked.jobs)
    done: list[Done] = [tests]
    for step in long_steps(asked.jobs, asked.seeds, asked.lives, asked.pairs, asked.races, asked.requests):
        if step.name not in asked.skip:
            done.append(run(step))
    text, missing = written(done, suite, time.monotonic() - began)
    asked.out.write_text(text, encoding="utf-8")
    bad = [one.step.name for one in done if not one.good]
    print(f"{asked.out.name}: steps that broke something: {bad or 'none'}; bars without a figure: {missing or 'none'}")
    return bool(bad or missing)


if __name__ == "__main__":
    sys.exit(main())
