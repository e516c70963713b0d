"""`make prove`: everything that is claimed, tried at length, into docs/proof.md. No figure in there is typed by hand.

`--quick` tries a little of everything in a few minutes; it writes where `--out` says.
"""

import argparse
import sys
from pathlib import Path

from .kept import Kept
from .report import tree, written
from .steps import ROOT, Done, Step, Tested, long_steps, run, run_tests

OUT = ROOT / "docs" / "proof.md"
KEPT = ROOT / ".build" / "proof"
QUICK = {"seeds": 60, "lives": 20, "pairs": 30, "races": 1, "requests": 200}


def main() -> int:
    asked = arguments()
    if asked.quick:
        vars(asked).update(QUICK)
    steps = long_steps(asked.jobs, asked.seeds, asked.lives, asked.pairs, asked.races, asked.requests)
    steps = [step for step in steps if step.name not in asked.skip]
    kept = Kept(KEPT, tree(), asked.resume)
    done: list[Done] = []
    for step in steps:
        done.append(kept.done(step) or kept.keep(run(step)))
        report(asked, done, [], steps[len(done) :])
    tests, suite = kept.tests() or kept.keep_tests(*run_tests(asked.jobs, asked.tests))
    bad, missing = report(asked, [tests, *done], suite, [])
    print(f"{asked.out.name}: steps that broke something: {bad or 'none'}; bars without a figure: {missing or 'none'}")
    return bool(bad or missing)


def report(
    asked: argparse.Namespace, done: list[Done], suite: list[Tested], left: list[Step]
) -> tuple[list[str], list[str]]:
    """Written after each step, so that a run that is cut short leaves what it found; it says what is left."""
    text, missing = written(done, suite, [step.name for step in left])
    asked.out.write_text(text, encoding="utf-8")
    return [one.step.name for one in done if not one.good], missing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5_000)
    parser.add_argument("--lives", type=int, default=5_000)
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--races", type=int, default=10)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true", help="go on with a run of the same tree that was cut short")
    parser.add_argument("--tests", nargs="*", default=[], help="only these suites; the report says so")
    parser.add_argument("--skip", action="append", default=[], help="a step to leave out; the report says so")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
