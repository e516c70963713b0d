"""`python -m tests.simulation --seeds 5000 --jobs 2`, or `--seed 17 --trace` to see one of them."""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

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
        return control(asked.seeds)
    return many(range(asked.first, asked.first + asked.seeds), asked.jobs)


def control(seeds: int) -> int:
    """Each guard taken out: in which of its seeds that is noticed first, or in how many where a share is asked for."""
    from .test_control import GUARDS, caught

    missed, shares = 0, []
    for guard in GUARDS:
        wide = replace(guard, seeds=seeds) if guard.rate else guard
        noticed = []
        for seed, broken in enumerate(caught(wide)):
            noticed += [seed] if broken else []
            if noticed and not guard.rate:
                break
        good = bool(noticed) and len(noticed) >= guard.rate * wide.seeds
        missed += not good
        shares += [f"without '{guard.name}' {len(noticed)} of {wide.seeds} seeds fail"] if guard.rate else []
        where = f"in {len(noticed)} of {wide.seeds} seeds" if guard.rate else f"first in seed {(noticed or [None])[0]}"
        print(f"{'noticed' if good else 'MISSED'} {where}: {guard.name}", flush=True)
    print(f"{len(GUARDS)} guards taken out at run time, {missed} missed; {'; '.join(shares)}")
    return missed > 0


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
    parser.add_argument("--control", action="store_true", help="take the guards out, one at a time, over --seeds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
