"""How much memory a function should have, which in Lambda also says how much processor it gets.

Measured: what the function needs of both, from the zip that is deployed, in an interpreter of its own. Reckoned: what
that comes to at each setting, because Lambda gives a whole processor at 1,769 MB and a share below it.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.package import ROOT, package_if_changed

from . import cold

WHOLE_PROCESSOR_MB = 1_769
SETTINGS = (256, 512, 640, 768, 1024, 1536, 1769)
MOST_FIRST_MS = {"api_handler": 900, "wake": 2_000}
MOST_OWN_MS, MOST_SHARE = 10, 0.5
"""What a setting must keep: the start before a first answer (a person waits for the API a second, of which a tenth is
the network's; a deadline is looked at 2 s late in any case), the handler's own time, how full its memory is. The least
that keeps them is right."""
ROUNDS = 7

STARTED = """
import resource, time
{code}
{client}
print(round(time.process_time() * 1e6), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
CODE = {"api_handler": ("api", "import app"), "wake": ("events", "import chalicelib.handlers.wake")}


@dataclass(frozen=True, slots=True)
class Need:
    """Processor time until the first client exists, in ms of a whole processor, and the memory it takes, in MB."""

    function: str
    start_ms: float
    peak_mb: float
    set_mb: int


@dataclass(frozen=True, slots=True)
class Setting:
    """At `mb`: milliseconds until a first answer can be given and of the handler itself; dollars a million calls."""

    function: str
    mb: int
    first_ms: float
    own_ms: float
    full: float
    dollars: float

    @property
    def keeps(self) -> bool:
        return self.first_ms <= MOST_FIRST_MS[self.function] and self.own_ms <= MOST_OWN_MS and self.full <= MOST_SHARE


def share_of(mb: int) -> float:
    """How much of a processor a function gets."""
    return min(1.0, mb / WHOLE_PROCESSOR_MB)


def settings_of(need: Need, own_ms: float, calls: float) -> list[Setting]:
    prices = tomllib.loads(Path(__file__).with_name("prices.toml").read_text())
    found = []
    for mb in SETTINGS:
        share = share_of(mb)
        own = own_ms / share
        billed_s = (own + calls * prices["milliseconds"]["store_call"]) / 1000
        dollars = (billed_s * mb / 1024 * prices["lambda_gb_second"] + prices["lambda_request"]) * 1e6
        found.append(Setting(need.function, mb, need.start_ms / share, own, need.peak_mb / mb, dollars))
    return found


def configured() -> dict[str, int]:
    """Function -> the megabytes it is deployed with."""
    known = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]
    return {name: one["lambda_memory_size"] for name, one in known.items()}


def needs() -> list[Need]:
    out = package_if_changed("local", ROOT / ".build" / "local")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for function, (zipped, code) in CODE.items():
            folder = Path(scratch, zipped)
            with zipfile.ZipFile(out / f"{zipped}.zip") as packed:
                packed.extractall(folder)
            script = STARTED.format(code=code, client=cold.CLIENT)
            said = [_ran(folder, script) for _ in range(ROUNDS)]
            start_ms = statistics.median(one for one, _ in said)
            found.append(Need(function, start_ms, max(most for _, most in said), configured()[function]))
    return found


def _ran(folder: Path, script: str) -> tuple[float, float]:
    """(ms of processor, MB at most)"""
    env = cold.ENVIRONMENT | {"PYTHONPATH": str(folder), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    micro, kilo = done.stdout.split()[-2:]
    return int(micro) / 1000, int(kilo) / 1024


if __name__ == "__main__":
    for need in needs():
        print(need)
        for setting in settings_of(need, 2.3, 2):
            print("  ", setting, setting.keeps)
