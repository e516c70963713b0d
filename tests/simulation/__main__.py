"""`python -m tests.simulation --seeds 5000 --jobs 2`, or `--seed 17 --trace` to see one of them."""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from .history import Outcome, play


def quick(seed: int) -> Outcome:
    outcome = play(seed)
    outcome.trace = outcome.trace[-200:]
    return outcome


def main() -> int:
    asked = arguments()
    if asked.seed is not None:
        outcome = play(asked.seed, trace=asked.trace)
        print("\n".join(outcome.trace if asked.trace else []))
        print(f"seed {asked.seed}: {outcome.steps} outside calls, {outcome.faults} faults")
        print("\n".join(outcome.broken or ["all promises held"]))
        return bool(outcome.broken)
    if asked.control:
        return control()
    return many(range(asked.first, asked.first + asked.seeds), asked.jobs)


def control() -> int:
    """How often each guard is missed when it is taken out."""
    from .test_control import GUARDS, caught

    for guard in GUARDS:
        said = [broken for broken in caught(guard) if broken]
        print(f"{guard.name}: {len(said)} of {guard.seeds}; {said[0][0] if said else ''}", flush=True)
    return 0


def many(seeds: range, jobs: int) -> int:
    began, failed, steps, faults = time.monotonic(), 0, 0, 0
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(jobs) as pool:
        for outcome in pool.map(quick, seeds, chunksize=10):
            steps, faults = steps + outcome.steps, faults + outcome.faults
            counts.update(outcome.counts)
            if outcome.broken:
                failed += 1
                print(f"python -m tests.simulation --seed {outcome.seed} --trace   # {outcome.broken[0]}", flush=True)
    took = time.monotonic() - began
    shown = (
        "orders_paid",
        "groups_formed",
        "groups_failed",
        "late_money_seated",
        "late_money_refunded",
        "slices_split",
    )
    print(
        f"{len(seeds)} seeds, {failed} failed, {steps} outside calls, {faults} faults, {took:.0f} s; "
        + ", ".join(f"{name} {counts[name]}" for name in shown)
    )
    return failed > 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, help="just this one")
    parser.add_argument("--trace", action="store_true", help="show every outside call of it")
    parser.add_argument("--control", action="store_true", help="take the guards out, one at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
