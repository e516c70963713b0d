"""The steps of the long run. Each is a command anyone can type, and says what it tried, how often, what it found."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`read` finds (how many were tried, how many broke something, a sentence) in what the command printed."""

    name: str
    tries: str
    command: tuple[str, ...]
    read: Callable[[str], tuple[int, int, str]]
    limit_s: int = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a step. `tried` is 0 where it could not be run; then `found` says why."""

    step: Step
    tried: int
    broken: int
    found: str
    seconds: float
    failures: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.tried > 0 and self.broken == 0


@dataclass(frozen=True, slots=True)
class Tested:
    """One test as the plugin saw it. `tried` is how much it went through, where it says so."""

    id: str
    outcome: str
    seconds: float
    proves: tuple[str, ...] = field(default=())
    tried: int = 1


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def of_seeds(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) seeds, (\d+) failed, (.*)", said)
    return (int(line[1]), int(line[2]), line[3]) if line else (0, 1, said[-300:])


def of_mutants(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) of (\d+) mutants caught", said)
    return (int(line[2]), int(line[2]) - int(line[1]), line[0]) if line else (0, 1, said[-300:])


def of_doubles(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) pairs of faults, (\d+) broke a promise(.*)", said)
    return (int(line[1]), int(line[2]), line[0]) if line else (0, 1, said[-300:])


def of_races(said: str) -> tuple[int, int, str]:
    runs = re.findall(r"^(WRONG )?Outcome\((.*)\)$", said, re.MULTILINE)
    if not runs:
        return 0, 1, said.strip()[-300:]
    told = {name: sorted({int(number) for _, one in runs for number in re.findall(rf"\b{name}=(\d+)", one)})
            for name in ("orders", "refused", "busy")}  # fmt: skip
    found = "; ".join(f"{name} in each race: {', '.join(map(str, numbers))}" for name, numbers in told.items())
    return len(runs), sum(bool(wrong) for wrong, _ in runs), found


def of_fuzz(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) requests to (\d+) operations, (\d+) answered wrongly: (.*);", said)
    return (int(line[1]), int(line[3]), f"{line[2]} operations; answers: {line[4]}") if line else (0, 1, said[-300:])


def of_control(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) guards taken out at run time, (\d+) missed; (.*)", said)
    return (int(line[1]), int(line[2]), line[3]) if line else (0, 1, said[-300:])


def of_lives(said: str) -> tuple[int, int, str]:
    line = re.search(r"(\d+) lives of (\d+) steps, (\d+) failed", said)
    return (int(line[1]), int(line[3]), line[0]) if line else (0, 1, said[-300:])


def run(step: Step) -> Done:
    began = time.monotonic()
    print(f"-- {step.name}: {' '.join(step.command[2:])}", flush=True)
    told = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            step.command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=step.limit_s, check=False
        )
        said = done.stdout + done.stderr
        tried, broken, found = step.read(said)
    except subprocess.TimeoutExpired:
        said, (tried, broken, found) = "", (0, 1, f"not done within {step.limit_s} s")
    seconds = time.monotonic() - began
    failures = tuple(
        line for line in said.splitlines() if line.startswith(("python -m tests.simulation", "MISSED", "WRONG"))
    )
    print(f"   {tried} tried, {broken} broken, {seconds:.0f} s: {found[:200]}", flush=True)
    return Done(step=step, tried=tried, broken=broken, found=found, seconds=seconds, failures=failures[:20])


def run_tests(jobs: int, only: Sequence[str] = ()) -> tuple[Done, list[Tested]]:
    """The whole suite, with its marks."""
    record = ROOT / ".build" / "proof.jsonl"
    record.parent.mkdir(exist_ok=True)
    record.unlink(missing_ok=True)
    parallel = ("-n", str(jobs), "--dist", "loadscope") if jobs > 1 else ()
    command = python("pytest", "-q", "-p", "tests.prove.plugin", "--tb=no", *parallel, *only)
    began = time.monotonic()
    print("-- tests:", " ".join(command[2:]), flush=True)
    told = {**os.environ, "PYTHONPATH": str(ROOT), "TUAN_PROOF": str(record)}
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    tests = read_record(record)
    failed = tuple(sorted({one.id for one in tests if one.outcome == "failed"}))
    found = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-300:]
    print(f"   {found}", flush=True)
    tries = f"every test in {', '.join(only)}" if only else "every test of the suite"
    step = Step(name="tests", tries=tries, command=command, read=lambda _: (0, 0, ""))
    broken = max(len(failed), int(done.returncode != 0))
    return Done(step=step, tried=len(tests), broken=broken, found=found, seconds=seconds, failures=failed), tests


def read_record(record: Path) -> list[Tested]:
    if not record.exists():
        return []
    lines: list[dict[str, Any]] = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    return [Tested(one["id"], one["outcome"], one["seconds"], tuple(one["proves"]), one["tried"]) for one in lines]


def long_steps(jobs: int, seeds: int, lives: int, doubles: int, races: int, requests: int) -> list[Step]:
    both = str(jobs)
    return [
        Step(name="mutants", tries="guards taken out, one line each",
             command=python("tests.mutants", "--jobs", both), read=of_mutants),
        Step(name="control", tries="guards taken out at run time, in random histories",
             command=python("tests.simulation", "--control", "--seeds", "100"), read=of_control),
        Step(name="double", tries="two faults in one use case, at two of its outside calls",
             command=python("tests.prove.double", "--pairs", str(doubles), "--jobs", both), read=of_doubles),
        Step(name="lives", tries="lives of a group in random steps against a plain model",
             command=python("tests.prove.lives", "--lives", str(lives)), read=of_lives),
        Step(name="fuzz", tries="requests that schemathesis makes from the API's document, to the whole system",
             command=python("tests.security.fuzz", "--requests", str(requests)), read=of_fuzz),
        *[Step(name=f"races on {engine}",
               tries="races of 700 buyers for 500 units from 8 and 16 processes at 1, 3 and 8 slices",
               command=python("tests.bench.race", str(races), "--engine", engine), read=of_races)
          for engine in ("ministack", "dynoxide")],
        Step(name="seeds", tries="histories of interleaved workers with faults",
             command=python("tests.simulation", "--seeds", str(seeds), "--jobs", both), read=of_seeds),
    ]  # fmt: skip
