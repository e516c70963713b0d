"""docs/proof.md from what the steps found: for each promise and bar what was tried, how often, with what result."""

import os
import platform
import subprocess
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.mutants.play import mutants

from .steps import ROOT, Done, Tested

BARS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("bars.toml").read_text(encoding="utf-8"))
DEFECTS = ROOT / "docs" / "defects.toml"


def written(done: Sequence[Done], suite: Sequence[Tested], left: Sequence[str] = ()) -> tuple[str, list[str]]:
    """The document, and the bars for which there is no figure."""
    found = {bar: tests_of(bar, suite) for bar in BARS["bar"]}
    steps = {one.step.name: one for one in done}
    seconds = sum(one.seconds for one in done)
    missing = [bar for bar, tests in found.items() if not tests and not also(bar, steps)]
    parts = [
        "# Proof",
        f"Written by `make prove` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC in {seconds / 60:.0f} minutes: "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end; the tree was {tree()}. Every figure below comes from that run; "
        "nothing is typed by hand.",
        summary(done, missing),
        *([f"**The run is not at its end: {', '.join(left)} and the tests are left.**"] if left else []),
        "## What was run",
        table(("step", "what", "tried", "broke something", "seconds", "command", "found"), map(step_line, done)),
        "## The promises",
        "A test belongs to a promise by its story in `tests/integration/test_promises.py` or by the bar it is marked "
        "with; a control is the same story with its guard taken out, which must fail.",
        table(("promise", "bars", "test cases", "failed", "stories", "controls", "guards taken out"), promises(suite)),
        "## The bars",
        '"In them" counts what a test goes through, where it says so: crash points, seeds, forgeries, repeats.',
        table(
            ("bar", "what must hold", "test cases", "in them", "failed", "besides", "where"),
            [bar_line(bar, tests, steps) for bar, tests in found.items()],
        ),
        "## Defects the harness found",
        defects(),
    ]
    if failures := [failure for one in done for failure in one.failures]:
        parts += ["## What failed in this run", "\n".join(f"- `{failure}`" for failure in failures)]
    return "\n\n".join(parts) + "\n", missing


def tree() -> str:
    """Which code this speaks of: a proof of other code would be none."""
    head = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "app.py", "chalicelib", "infra", "tests"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"`{head.stdout.strip() or 'not under git'}`{' with changes' if changed.stdout.strip() else ''}"


def tests_of(bar: str, suite: Sequence[Tested]) -> list[Tested]:
    named = tuple(BARS["tests"].get(bar, ()))
    return [one for one in suite if bar in one.proves or (named and one.id.startswith(named))]


def also(bar: str, steps: dict[str, Done]) -> list[Done]:
    wanted = BARS["bar"][bar].get("also", ())
    return [steps[name] for name in wanted if name in steps and steps[name].tried]


def failed(tests: Sequence[Tested]) -> int:
    return sum(one.outcome == "failed" for one in tests)


def summary(done: Sequence[Done], missing: Sequence[str]) -> str:
    bad = [one.step.name for one in done if not one.good]
    said = "Every step held." if not bad else f"**Not every step held: {', '.join(bad)}; see the end.**"
    bars = "Every bar has a figure." if not missing else f"**No figure yet for {', '.join(missing)}.**"
    return f"{said} {bars}"


def step_line(one: Done) -> tuple[object, ...]:
    command = " ".join(one.step.command[2:])
    found = one.found.replace("|", "/").replace("\n", " ")
    return one.step.name, one.step.tries, one.tried, one.broken, f"{one.seconds:.0f}", f"`{command}`", found


def promises(suite: Sequence[Tested]) -> list[tuple[object, ...]]:
    guards = mutants()
    lines: list[tuple[object, ...]] = []
    for number, title in BARS["promise"].items():
        bars = [bar for bar, about in BARS["bar"].items() if str(about["promise"]) == number]
        stories = [one for one in suite if f"::test_promise[{number}-" in one.id]
        controls = [one for one in suite if f"::test_control[{number}-" in one.id]
        cases = {one.id: one for bar in bars for one in tests_of(bar, suite)} | {one.id: one for one in stories}
        taken_out = sum(str(guard.promise) == number for guard in guards)
        tests = list(cases.values())
        lines.append(
            (f"{number}. {title}", " ".join(bars), len(tests), failed(tests), len(stories), len(controls), taken_out)
        )
    return lines


def bar_line(bar: str, tests: Sequence[Tested], steps: dict[str, Done]) -> tuple[object, ...]:
    besides = "; ".join(
        f"{one.step.name}: {one.tried} tried, {one.broken} broken"
        + (f", {one.found}" if one.step.name == "control" else "")
        for one in also(bar, steps)
    )
    files = sorted({one.id.partition("::")[0] for one in tests})
    where = "<br>".join(f"`{name}`" for name in files) or ("" if besides else "**none yet**")
    return bar, BARS["bar"][bar]["title"], len(tests), sum(one.tried for one in tests), failed(tests), besides, where


def defects() -> str:
    """What was wrong, how it was found (with the seed, where it was a seed), and what mended it."""
    listed: list[dict[str, str]] = tomllib.loads(DEFECTS.read_text(encoding="utf-8"))["defect"]
    lines = [(one["what"], one["found_by"], one["fix"], f"`{one['test']}`") for one in listed]
    return f"{len(lines)} so far.\n\n" + table(("what was wrong", "found by", "mended in", "shown by"), lines)


def table(head: Sequence[str], lines: Any) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
