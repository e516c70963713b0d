"""`make run`: the local stack with demo people and data, until Ctrl-C or SIGTERM.

State is kept under `.local/NAME/`; `--fresh` starts from nothing.
"""

import argparse
import importlib.util
import signal
import subprocess
from queue import SimpleQueue
from types import FrameType

from rich.console import Console
from rich.table import Table

from infra.deploy import NotHealthy, StackFailed
from infra.local.people import PASSWORD, PEOPLE, enrol
from infra.local.stack import LocalStack, LocalStackError

# Where the demo's data is loaded from when the tests bring it: load(stack) -> None.
LOADER = ("tests.story", "load")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--name", default="run", help="two names run side by side")
    parser.add_argument("--fresh", action="store_true", help="forget the state of the last run")
    options = parser.parse_args()
    asked_to_stop = stop_signal()
    console = Console()
    stack = LocalStack(options.name, fresh=options.fresh, tell=lambda step: console.print(f"[dim]{step}[/dim]"))
    try:
        with stack:
            enrol(stack.client("cognito-idp"), stack.outputs)
            load_demo(stack, console)
            print_addresses(stack, console)
            asked_to_stop.get()
            console.print("[dim]stopping; state is kept[/dim]")
    except (LocalStackError, StackFailed, NotHealthy, subprocess.CalledProcessError) as error:
        raise SystemExit(str(error)) from None


def stop_signal() -> SimpleQueue[int]:
    """Given something by the first Ctrl-C or SIGTERM, so that stopping is orderly wherever it finds us.

    Not an Event: a signal that comes while its lock is held, as waiting begins, would wait for itself.
    """
    asked: SimpleQueue[int] = SimpleQueue()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return asked


def load_demo(stack: LocalStack, console: Console) -> None:
    """Once per state: what was loaded is still there after a stop."""
    module_name, function = LOADER
    mark = stack.home / "state" / "demo-loaded"
    if mark.exists() or importlib.util.find_spec(module_name.split(".")[0]) is None:
        return
    if importlib.util.find_spec(module_name) is None:
        return
    load = getattr(importlib.import_module(module_name), function, None)
    if load is None:
        return
    with console.status("loading the demo"):
        load(stack)
    mark.touch()


def print_addresses(stack: LocalStack, console: Console) -> None:
    addresses = Table(show_header=False, box=None)
    for name, url in (
        ("pages", f"{stack.url}/"),
        ("API", stack.url),
        ("OpenAPI", f"{stack.url}/openapi.json"),
        ("SMS sent (log-in codes)", f"{stack.endpoint_url}/_ministack/sns/sms-messages"),
        ("e-mail sent", f"{stack.endpoint_url}/_ministack/ses/messages"),
        ("payments", stack.sandbox_url),
        ("carrier", stack.carrier_url),
        ("logs", str(stack.home / "logs")),
    ):
        addresses.add_row(name, url)
    logins = Table("who", "phone", "role", title=f"log-ins, all with password {PASSWORD}")
    for person in PEOPLE:
        logins.add_row(person.name, person.phone, person.role or "buyer")
    console.print(addresses, logins, "Ctrl-C stops it.")


if __name__ == "__main__":
    main()
