"""`python -m tests.mutants` plays all of them into docs/mutants.md; `python -m tests.mutants NAME …` some of them."""

import argparse
import sys
import time
from collections.abc import Sequence

from .play import ROOT, Mutant, Result, control, mutants, mutated, play_all

TABLE = ROOT / "docs" / "mutants.md"
HEAD = """# Guards, taken out one by one

Written by `make prove` (this part alone: `python -m tests.mutants`). Each line of the table is one guard of the
program, changed in one line of a copy of the tree; the named test passes on the untouched copy and must fail on the
changed one. A line that is no longer found fails the run. The list is `tests/mutants/mutants.toml`.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    asked = parser.parse_args()
    known = mutants()
    wanted = [one for one in known if not asked.names or one.name in asked.names]
    results = played(wanted, asked.jobs)
    if not asked.names and not asked.dry and results:
        TABLE.write_text(HEAD + table(results), encoding="utf-8")
    missed = [one for one in results if not one.caught]
    return bool(missed or len(results) < len(wanted) or not wanted)


def played(wanted: Sequence[Mutant], jobs: int) -> list[Result]:
    """Nothing, where a line is not found or a named test fails by itself."""
    began = time.monotonic()
    for one in wanted:
        mutated(one, (ROOT / one.file).read_text(encoding="utf-8"))
    if broken := control(wanted):
        print("fails with nothing taken out:", *broken, sep="\n  ")
        return []
    results: list[Result] = []
    for result in play_all(wanted, jobs):
        results.append(result)
        print(f"{'caught' if result.caught else 'MISSED':7}{result.seconds:5.1f} s  {result.mutant.name}", flush=True)
        if not result.caught:
            print(result.said)
    caught = sum(one.caught for one in results)
    print(f"{caught} of {len(results)} mutants caught, {time.monotonic() - began:.0f} s")
    return results


def table(results: Sequence[Result]) -> str:
    lines = [
        f"{sum(one.caught for one in results)} of {len(results)} were caught.",
        "",
        "| mutant | the guard it takes out | promise | bar | where | caught by |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        m = one.mutant
        by = "<br>".join(f"`{test}`" for test in one.caught_by) or "**nothing**"
        lines.append(f"| {m.name} | {m.guard} | {m.promise} | {m.bar} | `{m.file}` | {by} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
