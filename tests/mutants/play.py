"""Takes a guard out of a copy of the tree and runs the tests that are named to catch it.

Before anything is taken out, the named tests must pass on an untouched copy: a test that fails anyway catches nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("mutants.toml")
COPIED = ("app.py", "chalicelib", "events", "infra", "tests", "docs", ".chalice", "pyproject.toml", "requirements.txt",
          "Makefile", "README.md", "README.zh-CN.md")  # fmt: skip
LIMIT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One guard and its absence. `after` is a line above the one that is looked for, where it stands several times."""

    name: str
    guard: str
    promise: int
    bar: str
    file: str
    find: str
    put: str
    tests: tuple[str, ...]
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    mutant: Mutant
    caught_by: tuple[str, ...]
    seconds: float
    said: str

    @property
    def caught(self) -> bool:
        return bool(self.caught_by)


class NotFound(Exception):
    """The line that a mutant changes is not there, or not there once: the list is older than the code."""


def mutants() -> list[Mutant]:
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]
    return [Mutant(**{**one, "tests": tuple(one["tests"])}) for one in listed]


def mutated(mutant: Mutant, source: str) -> str:
    """The source with the one line replaced, at the same indentation. Raises NotFound."""
    lines = source.splitlines(keepends=True)
    start = _only(mutant, [k for k, line in enumerate(lines) if line.strip() == mutant.after]) if mutant.after else 0
    hits = [k for k, line in enumerate(lines) if k >= start and line.strip() == mutant.find]
    at = hits[0] if mutant.after and hits else _only(mutant, hits)
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at] = f"{indent}{mutant.put}\n"
    return "".join(lines)


def _only(mutant: Mutant, hits: Sequence[int]) -> int:
    if len(hits) != 1:
        raise NotFound(f"{mutant.name}: {len(hits)} lines of {mutant.file} are {mutant.find!r}")
    return hits[0]


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        tree = Path(name)
        for each in COPIED:
            source = ROOT / each
            if source.is_dir():
                shutil.copytree(source, tree / each, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
            elif source.exists():
                shutil.copy2(source, tree / each)
        yield tree


def run(tree: Path, tests: Sequence[str]) -> tuple[list[str], str]:
    """The tests that failed, and the end of what was said."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--tb=line", "-rfE", *tests]
    told = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    for name in [name for name in told if name.startswith("PYTEST_XDIST")]:
        del told[name]
    done = subprocess.run(command, cwd=tree, env=told, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    failed = [line.split()[1] for line in lines if line.startswith("FAILED")]
    if done.returncode not in (0, 1):
        return [], done.stdout[-1500:] + done.stderr[-500:]
    return failed, done.stdout[-1500:]


def play(mutant: Mutant) -> Result:
    began = time.monotonic()
    with copy_of_the_tree() as tree:
        path = tree / mutant.file
        path.write_text(mutated(mutant, path.read_text(encoding="utf-8")), encoding="utf-8")
        failed, said = run(tree, mutant.tests)
    seconds = time.monotonic() - began
    return Result(mutant=mutant, caught_by=tuple(failed), seconds=seconds, said=said)


def control(wanted: Sequence[Mutant]) -> list[str]:
    """Which of the named tests fail although nothing was taken out."""
    with copy_of_the_tree() as tree:
        failed, said = run(tree, sorted({test for mutant in wanted for test in mutant.tests}))
    if failed or " passed" not in said:
        return failed or [said]
    return []


def play_all(wanted: Sequence[Mutant], jobs: int = 2) -> Iterator[Result]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(play, wanted)
