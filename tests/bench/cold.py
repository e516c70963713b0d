"""What a cold start costs: the size of each function's zip, and importing its handler from that very zip.

Each measurement is a fresh interpreter, interleaved with one that does `import boto3` and makes a DynamoDB client, so
that both meet the same noise. Our code is imported as Lambda does it: from a folder nobody may write compiled files
to, so that only what the zip holds compiled is not compiled again; botocore, which Lambda brings along, is compiled.

What is only put off is paid at the first request, so that is measured as well: from an empty interpreter until the
first piece of work is answered (`answers.py` says which), its calls to AWS included.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.package import CUTS, ROOT, package_if_changed

from .answers import Asking, asking

ROUNDS = 15
STAGE = "local"

BASELINE = "import boto3; boto3.client('dynamodb', region_name='eu-central-1')"
CLIENT = "from chalicelib import wiring; wiring.world().store.connection.client"
FUNCTIONS = {
    "api": ("api.zip", "import app"),
    "authorize": ("authorize.zip", "import chalicelib.handlers.authorize"),
    "tick": ("events.zip", "import chalicelib.handlers.tick"),
    "changes": ("events.zip", "import chalicelib.handlers.changes"),
    "wake": ("events.zip", "import chalicelib.handlers.wake"),
}
"""Function -> (its zip, what Lambda imports before the first event)."""

TIMED = """
import time
began = time.perf_counter()
{code}
print(round((time.perf_counter() - began) * 1e6))
"""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "TUAN_TABLE": "tuan-bench",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": os.defpath,
}


ASKED = {"api": ("progress", "join"), "tick": ("tick",), "changes": ("changes",), "wake": ("wake",)}
"""What each function is asked first."""


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    what: str
    ms: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Start:
    """Medians in milliseconds, and ratios to the baseline of the same rounds. `ready` includes the first client."""

    function: str
    import_ms: float
    import_ratio: float
    ready_ms: float | None
    ready_ratio: float | None
    answers: tuple[FirstAnswer, ...]


def sizes() -> dict[str, tuple[int, int]]:
    """Zip -> (bytes, limit)."""
    out = package_if_changed("prod", ROOT / ".build" / "bench-prod")
    return {cut.name: ((out / cut.name).stat().st_size, cut.limit) for cut in CUTS}


def starts(rounds: int = ROUNDS) -> tuple[float, list[Start]]:
    """The baseline's median, and what each function's start took."""
    out = package_if_changed(STAGE, ROOT / ".build" / STAGE)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {}
        for cut in CUTS:
            folders[cut.name] = Path(scratch, cut.name)
            with zipfile.ZipFile(out / cut.name) as packed:
                packed.extractall(folders[cut.name])
        taken: dict[str, list[float]] = {}
        with asking() as world:
            for number in range(rounds):
                for name, (folder, code) in plans(folders, world, number).items():
                    taken.setdefault(name, []).append(timed(folder, code, world.environment))
    return statistics.median(taken["baseline"]), [start_of(name, taken) for name in FUNCTIONS]


def plans(folders: dict[str, Path], world: Asking, number: int) -> dict[str, tuple[Path, str]]:
    """One round: what is timed, where, and the code."""
    found = {"baseline": (folders["api.zip"].parent, BASELINE)}
    for name, (zipped, code) in FUNCTIONS.items():
        found[name] = folders[zipped], code
        if name != "authorize":
            found[f"{name}+client"] = folders[zipped], f"{code}\n{CLIENT}"
        for what in ASKED.get(name, ()):
            found[f"{name}+{what}"] = folders[zipped], f"{code}\n{world.code(what, number)}"
    return found


def start_of(name: str, taken: dict[str, list[float]]) -> Start:
    base, ready = taken["baseline"], taken.get(f"{name}+client")
    first = [(what, taken[f"{name}+{what}"]) for what in ASKED.get(name, ())]
    return Start(
        function=name,
        import_ms=statistics.median(taken[name]),
        import_ratio=ratio(taken[name], base),
        ready_ms=statistics.median(ready) if ready else None,
        ready_ratio=ratio(ready, base) if ready else None,
        answers=tuple(FirstAnswer(what, statistics.median(ms), ratio(ms, base)) for what, ms in first),
    )


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Median of the ratios round by round: noise that lasts longer than a round drops out."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def timed(folder: Path, code: str, environment: Mapping[str, str]) -> float:
    """Milliseconds that `code` takes in a fresh interpreter that finds the zip's content first."""
    command = [sys.executable, "-c", TIMED.format(code=code)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**ENVIRONMENT, **environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.splitlines()[-1]) / 1000


if __name__ == "__main__":
    print(json.dumps({"sizes": sizes()}, indent=1))
    baseline, found = starts(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    print(f"baseline {baseline:.0f} ms")
    for start in found:
        print(start)
