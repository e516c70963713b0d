"""Plays a story and checks the promises: `python -m tests.story --stack moto|local [--story FILE]`.

Prints the story as it goes, then what became of it, then each promise with a tick. Ends with 1 when one is broken.
"""

import argparse
import json
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from rich.console import Console

from . import tables
from .check import check
from .player import Player
from .script import Script, StoryError, read
from .stack import Instant

DAY = Path(__file__).with_name("day.toml")
WIDTH = 140


def main() -> None:
    options = parsed()
    try:
        script = read(options.story, options.provider)
    except StoryError as error:
        raise SystemExit(str(error)) from None
    console = Console(stderr=options.json, highlight=False, width=max(Console().width, WIDTH))
    begun = time.monotonic()
    with stack_of(options, script, console) as stack:
        console.print(f"[bold]{script.day.title}[/bold], {script.day.date}, on {stack.name}")

        def tell(at: Instant, who: str, what: str) -> None:
            console.print(f"[dim]{script.day.clock(at):>8}[/dim]  [cyan]{who}[/cyan] {what}" if who else
                          f"[dim]{script.day.clock(at):>8}  {what}[/dim]")  # fmt: skip

        record = Player(stack, script, tell).play()
        figures = tables.figures(record, stack, time.monotonic() - begun)
    broken = check(record)
    if options.json:
        json.dump(tables.as_json(record, broken, figures), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        tables.show(console, record, broken, figures)
    if any(said for _, said in broken):
        raise SystemExit(1)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.story", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stack", choices=("moto", "local"), default="moto")
    parser.add_argument("--story", type=Path, default=DAY, help="a file like day.toml")
    parser.add_argument(
        "--faults",
        choices=("none", "lost", "doubled", "shuffled", "all"),
        default="none",
        help="moto: what happens to stream records and messages",
    )
    parser.add_argument(
        "--provider", choices=("sandbox", "sandbox_card", "stripe"), default="sandbox", help="who is paid through"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the faults' dice")
    parser.add_argument("--speed", type=float, default=240, help="local: seconds of the story in a real one")
    parser.add_argument("--name", default="demo", help="local: two names run side by side")
    parser.add_argument("--json", action="store_true", help="the outcome for machines, on standard output")
    options = parser.parse_args()
    if options.faults != "none" and options.stack != "moto":
        parser.error("--faults needs --stack moto")
    return options


def stack_of(options: argparse.Namespace, script: Script, console: Console) -> AbstractContextManager[Any]:
    """Each stack's libraries are imported only when it is asked for."""
    if options.stack == "moto":
        from .on_moto import OnMoto

        return OnMoto.made(script, options.faults, options.seed, options.provider)
    from .on_local import OnLocal

    tell = lambda step: console.print(f"[dim]{step}[/dim]")  # noqa: E731
    return OnLocal.made(script, options.name, options.speed, tell, provider=options.provider)


if __name__ == "__main__":
    main()
