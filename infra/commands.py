"""The operator's commands: `python -m infra.commands deploy|rollback|destroy|status|drift|alarms CELL …`.

CELL is the name of a file in infra/regions, or `local:NAME` for a local stack that is running.
"""

import argparse
import sys
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from infra import cells, regions
from infra.cells import LOCAL, NoCell
from infra.deploy import PARTS, Declined, NotHealthy, Region, StackFailed
from infra.local.meter import Meter
from infra.package import ROOT, package_if_changed
from infra.preflight import Preflight
from infra.regions import BadRegion
from infra.retire import Refusal, destroy
from infra.stacks import Change

COLOURS = {"ok": "green", "warn": "yellow", "stop": "red", "skip": "dim"}
ANEW = {"True": " [red](made anew)[/red]", "Conditional": " [yellow](may be made anew)[/yellow]"}
console = Console(emoji=False)


def main() -> None:
    options = parsed()
    try:
        COMMANDS[options.command](options)
    except (BadRegion, NoCell, Refusal, StackFailed, NotHealthy) as trouble:
        console.print(f"[red]{trouble}[/red]", soft_wrap=True)
        sys.exit(1)
    except Declined as stack:
        console.print(f"{stack}: left as it was")
        sys.exit(1)
    except (BotoCoreError, ClientError) as trouble:
        console.print(f"[red]AWS: {trouble}[/red]", soft_wrap=True)
        sys.exit(1)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("cell", nargs="?", default="", help="a name in infra/regions, or local:NAME")
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--yes", action="store_true", help="run the changes without asking")
    parser.add_argument("--data", action="store_true", help="destroy: the data, too")
    parser.add_argument("--name", default="", help="destroy --data: the cell's full name, typed")
    options = parser.parse_args()
    if options.command != "status" and not options.cell:
        parser.error("name a cell: make … REGION=eu-central-1, or REGION=local:run")
    return options


def found(options: argparse.Namespace) -> Region:
    stage = "local" if options.cell.startswith(LOCAL) else options.stage
    region = cells.find(options.cell, stage)
    region.agree = asking(options.yes)
    return region


def asking(yes: bool) -> Callable[[str, tuple[Change, ...]], bool]:
    """Shows a stack's changes, then asks, unless told not to."""

    def agree(stack: str, changes: tuple[Change, ...]) -> bool:
        table = Table("", "resource", "type", title=f"{stack}: {len(changes)} changes", title_justify="left")
        for change in changes:
            table.add_row(change.action, f"{change.name}{ANEW.get(change.replaces, '')}", change.kind)
        console.print(table)
        if yes:
            return True
        if not sys.stdin.isatty():
            console.print("nobody is here to say yes: run it with YES=1")
            return False
        return console.input("Run them? [y/N] ").strip().lower() in ("y", "yes")

    return agree


# ---------------------------------------------------------------------- deploy, roll back, destroy


def deploy(options: argparse.Namespace) -> None:
    region, began = found(options), time.monotonic()
    is_local = options.cell.startswith(LOCAL)
    package = "local" if is_local else "prod"
    with console.status("packaging …"):
        built = package_if_changed(package, ROOT / ".build" / package)
    cell = None if is_local else regions.read(options.cell)
    if not passes(Preflight(region, cell, built)):
        raise Refusal("the preflight found what stops a deployment; nothing was changed")
    with console.status("deploying …") as status:
        shown = region.agree

        def agree(stack: str, changes: tuple[Change, ...]) -> bool:
            status.stop()
            agreed = shown(stack, changes)
            status.start()
            return agreed

        region.agree, region.tell = agree, status.update
        outputs = region.deploy(built)
    summary(region, outputs, time.monotonic() - began)


def passes(preflight: Preflight) -> bool:
    table = Table("", "preflight", "", show_header=False, box=None)
    levels = set()
    for finding in preflight.findings():
        levels.add(finding.level)
        table.add_row(f"[{COLOURS[finding.level]}]{finding.level}[/]", finding.what, finding.says)
    console.print(table)
    return "stop" not in levels


def summary(region: Region, outputs: dict[str, str], took_s: float) -> None:
    live = region.releases(outputs).live()
    table = Table(show_header=False, box=None)
    table.add_row("release", f"{live.name}, {live.at}, commit {live.commit or '?'}" if live else "none")
    table.add_row("API", region.api_url(outputs))
    for key in ("Table", "UserPoolId", "OperatorsTopic", "Bucket"):
        table.add_row(key, outputs.get(key, ""))
    table.add_row("took", f"{took_s:.0f} s")
    console.print(table)


def rollback(options: argparse.Namespace) -> None:
    region = found(options)
    release = region.roll_back()
    if release is None:
        raise Refusal("there is no older release to go back to")
    console.print(f"{release.name} of {release.at} is live again")


def take_down(options: argparse.Namespace) -> None:
    region = found(options)
    for line in destroy(region, data=options.data, typed=options.name):
        console.print(line)


# ---------------------------------------------------------------------- look


def status(options: argparse.Namespace) -> None:
    """All cells in one table."""
    table = Table("cell", "stage", *PARTS, "release", "since", "alarms")
    for name, stage in cells.all_of_them():
        if not options.cell or name == options.cell:
            table.add_row(*row_of(name, stage))
    console.print(table)


def row_of(name: str, stage: str) -> list[str]:
    try:
        region = cells.find(name, stage)
        states = [region.stacks.status(region.stack_name(part)) for part in PARTS]
        if not all(states):
            return [name, stage, *(state or "-" for state in states), "", "", ""]
        live = region.releases(region.outputs()).live()
        alarms = ", ".join(sorted(region.firing())) or "none"
        return [name, stage, *states, live.name if live else "", live.at if live else "", alarms]
    except (BotoCoreError, ClientError) as error:
        return [name, stage, *("?" for _ in PARTS), "", "", f"cannot be asked: {type(error).__name__}"]


def drift(options: argparse.Namespace) -> None:
    region = found(options)
    drifts = [one for part in PARTS for one in region.stacks.drifts(region.stack_name(part))]
    for one in drifts:
        console.print(f"{one.stack} {one.name}: {one.status} {', '.join(one.where)}")
    if drifts:
        sys.exit(1)
    console.print("everything is as the templates say")


def alarms(options: argparse.Namespace) -> None:
    """Every alarm with its state; exits 1 when one is going off."""
    region = found(options)
    states = Meter(region).states() if options.cell.startswith(LOCAL) else dict.fromkeys(cells.firing(region), "ALARM")
    table = Table("alarm", "state")
    for name, state in sorted(states.items()):
        table.add_row(name, f"[red]{state}[/red]" if state == "ALARM" else state or "[dim]not measured here[/dim]")
    console.print(table if states else "none is going off")
    if "ALARM" in states.values():
        sys.exit(1)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "deploy": deploy,
    "rollback": rollback,
    "destroy": take_down,
    "status": status,
    "drift": drift,
    "alarms": alarms,
}

if __name__ == "__main__":
    main()
