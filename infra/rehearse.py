"""`make rehearse`: a region's whole life, twice, side by side on this machine.

Two cells are deployed from their region files, the demo's day is played in both, a new version takes over while
orders flow, a bad one is taken back by its alarms, a roll-back, a restore from a copy, and in the end one cell is
killed. Each step says what it found; one that finds something wrong ends the rehearsal with 1.

`--short` leaves the demo's day out and has smaller crowds: for CI.
"""

import argparse
import json
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from rich.console import Console
from rich.status import Status
from rich.table import Table

from infra import regions, restore, smoke
from infra.deploy import NotHealthy
from infra.drill import market_on
from infra.kept import keep
from infra.local.meter import Meter
from infra.local.stack import LocalStack
from infra.market import Market
from infra.package import CUTS, ROOT, package_if_changed

CELLS = ("eu-central-1", "cn-north-1")
"""One knows people by its user pool; the other, which has none, by phone codes of our own."""

FROM_THE_FILE = ("Zone", "Language", "QuietHours", "RequestsPerSecond", "RequestBurst", "TransferAccount")
HEAD = ("step", "s", "found")
HASTE = 12.0
"""An alarm's minute lasts five seconds here."""

console = Console(emoji=False, highlight=False)


class Wrong(Exception):
    """The rehearsal found something that must not be."""


@dataclass
class Rehearsal:
    short: bool
    stacks: dict[str, LocalStack] = field(default_factory=dict)
    done: list[tuple[str, str, float]] = field(default_factory=list)
    status: Status | None = None

    @property
    def first(self) -> LocalStack:
        return self.stacks[CELLS[0]]

    @property
    def crowd(self) -> int:
        return 8 if self.short else 24

    @property
    def hands(self) -> int:
        """How many buy at once; each request that runs beside another starts one more process of each function."""
        return 2 if self.short else 4

    def doing(self, what: str) -> None:
        """What is under way within a step, for whoever watches."""
        if self.status is not None:
            self.status.update(f"{what} …")

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Inside, the function given is told what was found."""
        found: list[str] = []
        began = time.monotonic()
        console.print(f"[bold]{name}[/bold]")

        def says(what: str) -> None:
            found.append(what)
            console.print(f"   {what}", soft_wrap=True)

        with console.status(f"{name} …") as self.status:
            yield says
        self.done.append((name, "; ".join(found[-2:]), time.monotonic() - began))

    def rows(self) -> list[list[str]]:
        return [[name, f"{took:.0f}", found] for name, found, took in self.done]

    def show(self) -> None:
        table = Table(*HEAD, title="rehearsal", title_justify="left")
        for row in self.rows():
            table.add_row(*row)
        console.print(table)


def rehearse(rehearsal: Rehearsal) -> None:
    with ExitStack() as cleaning, tempfile.TemporaryDirectory(prefix="tuan-rehearse-") as scratch:
        built = package_if_changed("local", ROOT / ".build" / "local")
        two_cells(rehearsal, cleaning, built)
        if not rehearsal.short:
            demo_in_both(rehearsal)
        market = new_version(rehearsal, built, Path(scratch))
        bad_version(rehearsal, built, Path(scratch))
        roll_back(rehearsal, market)
        restore_from_copy(rehearsal)
        lose_one(rehearsal)


def two_cells(rehearsal: Rehearsal, cleaning: ExitStack, built: Path) -> None:
    with rehearsal.step("deploy two regions side by side, twice") as says:
        for name in CELLS:
            cell = regions.read(name)
            settings = {key: cell.settings("scratch")[key] for key in FROM_THE_FILE}
            if rehearsal.short:
                settings["WorkerConcurrency"] = str(rehearsal.hands)
            stack = LocalStack(
                f"rehearse-{name}",
                aws_region=name,
                settings=settings,
                identity=cell.identity,
                fresh=True,
                built=built,
                tell=rehearsal.doing,
            )
            cleaning.callback(shutil.rmtree, stack.home, ignore_errors=True)
            rehearsal.stacks[name] = cleaning.enter_context(stack)
            version = stack.region.releases(stack.outputs).live()
            says(f"{name} is at {stack.url}, release {version.name if version else '?'}")
        for name, stack in rehearsal.stacks.items():
            changes: list[str] = []
            stack.region.agree = lambda part, found, changes=changes: bool(changes.append(part)) or True  # type: ignore[misc]
            stack.redeploy(built)
            expect(changes == [], f"{name}: deploying the same again changed {changes}")
            drifts = [
                d for part in ("data", "identity", "app") for d in stack.region.stacks.drifts(f"tuan-local-{part}")
            ]
            expect(drifts == [], f"{name} drifted: {drifts}")
        says("deploying the same again changed nothing; nothing drifted")
        one, other = (stack.outputs for stack in rehearsal.stacks.values())
        expect("UserPoolId" in one and "UserPoolId" not in other, "the cells should know people each in its own way")
        expect(one["KeyArn"] != other["KeyArn"], "the cells share a key")
        for name, stack in rehearsal.stacks.items():
            says(f"{name}: a new buyer logged in by phone and code, and is {log_in_by_code(stack)}")


def log_in_by_code(stack: LocalStack) -> str:
    """As an app does it; the code is read where the engine keeps the SMS it would have sent."""
    phone = "+8613900000001"
    status, asked = post(f"{stack.url}/log-in", {"phone": phone})
    expect(status == 201, f"no code was sent: {status} {asked}")
    sent = json.loads(urllib.request.urlopen(f"{stack.endpoint_url}/_ministack/sns/sms-messages", timeout=10).read())
    code = re.findall(r"(?<!\d)\d{6}(?!\d)", json.dumps(sent, ensure_ascii=False))[-1]
    status, found = post(f"{stack.url}/log-in/code", {"phone": phone, "challenge": asked["challenge"], "code": code})
    expect(status == 200, f"the code was not taken: {status} {found}")
    mine = urllib.request.Request(f"{stack.url}/me/contact", headers={"Authorization": f"Bearer {found['token']}"})
    with urllib.request.urlopen(mine, timeout=10) as answer:
        expect(json.load(answer)["phone"] == phone, "the phone is not in the vault")
    return str(found["person_id"])


def post(url: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    answer = urllib3.request("POST", url, body=json.dumps(body), headers=headers, timeout=20)
    return answer.status, answer.json()


def demo_in_both(rehearsal: Rehearsal) -> None:
    """In cells of their own, whose clocks run fast; a day takes minutes."""
    import subprocess

    with rehearsal.step("play the demo's day in both") as says:
        command = [sys.executable, "-m", "tests.story", "--stack", "local", "--json", "--name"]
        running = {
            name: subprocess.Popen(
                [*command, f"rehearse-day-{name}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for name in CELLS
        }
        for name, child in running.items():
            said, _ = child.communicate()
            expect(child.returncode == 0, f"{name}: the day ended with {child.returncode}: {said[-2000:]}")
            says(f"{name}: every promise held")


def new_version(rehearsal: Rehearsal, built: Path, scratch: Path) -> Market:
    """Orders flow all the while; what was promised to a buyer is there afterwards, and nobody had to do a thing."""
    stack = rehearsal.first
    with rehearsal.step("deploy a new version while orders flow") as says:
        before = stack.region.releases(stack.outputs).live()
        market = market_on(stack, workers=rehearsal.hands)
        names = market.arrive(rehearsal.crowd)
        market.open(units=len(names), at_least=1, seconds=3600)
        buying = threading.Thread(target=market.buy, args=(names,))
        buying.start()
        stack.redeploy(changed(built, scratch / "next", "RELEASE", "the next one"))
        buying.join()
        after = stack.region.releases(stack.outputs).live()
        expect(bool(before and after and before.name != after.name), "no new release is live")
        expect(not market.refusals, f"buyers were refused: {market.refusals}")
        unharmed(market, len(names))
        says(f"{before and before.name} -> {after and after.name}; {len(market.orders)} orders of {len(names)}")
    return market


def bad_version(rehearsal: Rehearsal, built: Path, scratch: Path) -> None:
    """One whose worker fails at everything it is asked: the API looks well, so only an alarm can tell."""
    stack = rehearsal.first
    with rehearsal.step("deploy a bad version: its alarms take it back") as says:
        good = stack.region.releases(stack.outputs).live()
        meter = Meter(stack.region, haste=HASTE)
        meter.look()
        stack.region.firing, stack.region.bake_s, stack.region.poll_s = meter.firing, 120.0, 1.0
        bad = changed(built, scratch / "bad", "chalicelib/services/running/wake.py", BROKEN)
        ticking = threading.Event()
        noise = threading.Thread(target=keep_waking, args=(stack, ticking))
        noise.start()
        try:
            stack.redeploy(bad)
        except NotHealthy as taken_back:
            says(str(taken_back))
        else:
            raise Wrong("a version that fails at everything went live")
        finally:
            ticking.set()
            noise.join()
            stack.region.firing, stack.region.bake_s, stack.region.poll_s = set, 0.0, 0.1
        live = stack.region.releases(stack.outputs).live()
        expect(live == good, f"{live and live.name} is live, and {good and good.name} should be")


BROKEN = "\n\ndef wake(world, key, now):\n    raise RuntimeError('a bad version')\n"


def keep_waking(stack: LocalStack, enough: threading.Event) -> None:
    """Orders come in, so that the worker has something to fail at."""
    market = market_on(stack, workers=2)
    names = market.arrive(2)
    body = {"email": "somebody@local.example"}
    while not enough.wait(0.5):
        market.ask("PUT", "/me/contact", body, who=names[0])
        market.ask("POST", "/campaigns", None, who="merchant")
        stack.client("sqs").send_message(
            QueueUrl=stack.outputs["WakeQueueUrl"], MessageBody='{"pk":"CAMPAIGN#nobody","sk":"CAMPAIGN"}'
        )


def roll_back(rehearsal: Rehearsal, market: Market) -> None:
    stack = rehearsal.first
    with rehearsal.step("roll back by hand") as says:
        before = stack.region.releases(stack.outputs).live()
        back = stack.region.roll_back()
        expect(back is not None and before is not None and back.name != before.name, "nothing was rolled back")
        expect(not (wrong := smoke.failures(stack.url)), f"the API is not well: {wrong}")
        unharmed(market, rehearsal.crowd)
        says(f"{before and before.name} -> {back and back.name}; every order is still there")


def restore_from_copy(rehearsal: Rehearsal) -> None:
    """The core table is lost; the cell goes on from a copy of both tables, with every order of the copy."""
    stack = rehearsal.first
    with rehearsal.step("lose the table, restore it from a copy") as says:
        market = market_on(stack, workers=rehearsal.hands)
        names = market.arrive(rehearsal.crowd)
        market.open(units=len(names), at_least=1, seconds=3600)
        market.buy(names[: len(names) // 2])
        unharmed(market, len(names))  # what is paid is on the books before the copy is taken
        copies = restore.back_up(stack.region, "rehearsal")
        dynamodb = stack.client("dynamodb")
        dynamodb.update_table(TableName=stack.outputs["Table"], DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=stack.outputs["Table"])
        lost = market.progress()
        began = time.monotonic()
        given = restore.restore(stack.region, copies, lambda what: None)
        took = time.monotonic() - began
        expect(not (wrong := smoke.failures(stack.url)), f"the API is not well: {wrong}")
        market.buy(names[len(names) // 2 :])
        expect(len(market.orders) == len(names), f"{len(market.orders)} orders of {len(names)}: {market.refusals}")
        unharmed(market, len(names))
        says(f"without its table: {lost.get('code', lost)}; on {given['Table']} after {took:.0f} s")
        says(f"{len(market.orders)} orders, those before the loss and those after the restore")


def lose_one(rehearsal: Rehearsal) -> None:
    one, other = (rehearsal.stacks[name] for name in CELLS)
    with rehearsal.step(f"kill {CELLS[0]}: {CELLS[1]} goes on") as says:
        market = market_on(other, workers=rehearsal.hands)
        names = market.arrive(rehearsal.crowd)
        market.open(units=len(names), at_least=1, seconds=3600)
        market.buy(names[: len(names) // 2])
        one.kill()
        expect(bool(smoke.failures(one.url)), f"{CELLS[0]} was killed and still answers")
        market.buy(names[len(names) // 2 :])
        expect(len(market.orders) == len(names), f"{len(market.orders)} orders of {len(names)}: {market.refusals}")
        market.close_in(2)
        took = market.settled(240)
        unharmed(market, len(names))
        held = market.money()["held_minor"]
        says(f"{len(names)} orders in {CELLS[1]}, its verdict carried out {took:.0f} s after the last")
        says(f"its books hold what was paid: {held} minor units")


# ---------------------------------------------------------------------- small things


def changed(built: Path, out: Path, member: str, more: str) -> Path:
    """The same artefacts with one file changed in each zip; what had been compiled of it is left out."""
    place, _, file = member.rpartition("/")
    compiled = f"{place}/".lstrip("/") + f"__pycache__/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
    out.mkdir()
    shutil.copy(built / "sam.yaml", out)
    for cut in CUTS:
        with zipfile.ZipFile(built / cut.name) as old, zipfile.ZipFile(out / cut.name, "w") as new:
            for name in old.namelist():
                if name == compiled:
                    continue
                body = old.read(name)
                new.writestr(name, body + more.encode() if name == member else body)
            if member not in old.namelist():
                new.writestr(member, more)
    return out


def unharmed(market: Market, units: int) -> None:
    """After a moment in which reports of payments may still arrive."""
    deadline = time.monotonic() + 60
    while (broken := list(market.broken(units))) and time.monotonic() < deadline:
        time.sleep(0.5)
    expect(not broken, f"broken: {broken}")


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the table in docs/operations.md")
    parser.add_argument("--short", action="store_true", help="without the demo's day, with small crowds")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parser.parse_args()
    rehearsal = Rehearsal(short=options.short)
    try:
        rehearse(rehearsal)
    except Wrong as wrong:
        rehearsal.show()
        console.print(f"[red]{wrong}[/red]", soft_wrap=True)
        sys.exit(1)
    rehearsal.show()
    if options.write:
        keep("rehearsal", HEAD, rehearsal.rows())


if __name__ == "__main__":
    main()
