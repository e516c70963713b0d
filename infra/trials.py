"""Tries the runbooks of docs/operations.md on this machine: `python -m infra.trials [ALARM …]`.

For each alarm that the local engine can measure: causes what it is about, sees it go off, follows its runbook, and
sees it clear. Ends with 1 when one does not go off or does not clear. Time runs sixtyfold here, and an alarm's
minute lasts fifteen seconds.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.drill import a_while_ago, market_on, silence, speak
from infra.local.meter import Meter
from infra.local.stack import EMAIL_FROM, LocalStack
from infra.market import Market, wait_for

HASTE, SPEED = 4.0, 60.0
HASTES = {"parked": 1.0}
"""What the schedule counts comes once in a real minute, however much haste there is."""

QUICK = 4_000.0
"""The clock of the trial that needs a day to pass."""

LONGEST_S = 600.0
GARBAGE = {"Records": [{"nothing": "known"}], "triggerSource": "Nobody_"}

console = Console(emoji=False, highlight=False)
Cause = Callable[["Trial"], Any]


@dataclass
class Trial:
    """One alarm on one stack. `cause` is repeated until the alarm goes off; `follow` is what its runbook says."""

    alarm: str
    stack: LocalStack
    market: Market
    meter: Meter
    kept: dict[str, Any] = field(default_factory=dict)

    def goes_off(self, cause: Cause) -> float:
        return self._wait("ALARM", lambda: cause(self))

    def clears(self) -> float:
        return self._wait("OK", lambda: None)

    def _wait(self, state: str, meanwhile: Callable[[], Any]) -> float:
        began = time.monotonic()
        while self.meter.states()[self.alarm] != state:
            if time.monotonic() - began > LONGEST_S:
                raise TimeoutError(f"{self.alarm} is not {state} after {LONGEST_S:.0f} s")
            meanwhile()
            time.sleep(0.5)
        return time.monotonic() - began

    def put(self, key: str, **attributes: Any) -> None:
        """A row as nobody writes it: its document says nothing that its kind needs."""
        row: dict[str, Any] = {"pk": {"S": key}, "sk": {"S": "GROUP"}, "kind": {"S": "group"}, "shape": {"N": "1"}}
        row |= {"version": {"N": "1"}, "body": {"M": {"id": {"S": "no group"}}}, **attributes}
        self.stack.client("dynamodb").put_item(TableName=self.stack.outputs["Table"], Item=row)

    def remove(self, key: str) -> None:
        where = {"pk": {"S": key}, "sk": {"S": "GROUP"}}
        self.stack.client("dynamodb").delete_item(TableName=self.stack.outputs["Table"], Key=where)


# ---------------------------------------------------------------------- causes, and what the runbooks say


def message_in(queue: str) -> tuple[Cause, Cause]:
    def cause(trial: Trial) -> None:
        if not trial.kept:
            trial.kept["sent"] = trial.stack.client("sqs").send_message(
                QueueUrl=trial.stack.outputs[queue], MessageBody='{"pk":"GROUP#g","sk":"GROUP"}'
            )

    def follow(trial: Trial) -> str:
        """Look at what was given up on, see whether its row is due still, then take the message away."""
        sqs, url = trial.stack.client("sqs"), trial.stack.outputs[queue]
        message = sqs.receive_message(QueueUrl=url)["Messages"][0]
        due = trial.market.ask("GET", "/ops/due?limit=50", who="ops").json["items"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return f"it named {message['Body']}; {len(due)} rows are due, that one is not"

    return cause, follow


def unreadable_message(trial: Trial) -> None:
    trial.stack.client("sqs").send_message(QueueUrl=trial.stack.outputs["WakeQueueUrl"], MessageBody="what?")
    time.sleep(2)


def read_the_alarm_line(trial: Trial) -> str:
    lines = [line for name in ("api", "wake", "changes") for line in trial.meter.lines(name)]
    said = [line for line in lines if line.get("level") == "alarm"]
    return f"the log line says {said[-1]['what']}, request {said[-1].get('request', '?')}"


def raising(function: str) -> tuple[Cause, Cause]:
    def cause(trial: Trial) -> None:
        if function == "api":  # which answers whatever it is asked
            change_handler(trial, "chalicelib.handlers.wake.wake")
        trial.stack.invoke(function, GARBAGE)

    def follow(trial: Trial) -> str:
        group = f"/tuan/local/{function}"
        events = trial.stack.client("logs").filter_log_events(logGroupName=group)["events"]
        traces = [event["message"] for event in events if "Error" in event["message"]]
        if function == "api":
            change_handler(trial, "app.app")
        return f"the log ends with {traces[-1].strip()[:60] if traces else 'nothing'}"

    return cause, follow


def change_handler(trial: Trial, handler: str) -> None:
    """Of the version that nobody is served by."""
    name = trial.stack.outputs["APIHandlerName"]
    trial.stack.client("lambda").update_function_configuration(FunctionName=name, Handler=handler)


def rows_nobody_can_read(trial: Trial) -> None:
    if not trial.kept:
        now = trial.stack.now_ms()
        for number in range(6):
            key = f"GROUP#broken{number}"
            due = {"due_at": {"N": str(now)}, "due_shard": {"S": str(number)}, "hot": {"S": "1"}}
            trial.put(key, **due)
            trial.kept[key] = True


def mend_and_put_back(trial: Trial) -> str:
    """Find them in the list, mend or remove the cause, put the row back."""
    parked = trial.market.ask("GET", "/ops/parked", who="ops").json["items"]
    for row in parked:
        trial.market.ask("POST", "/ops/parked/put-back", {"pk": row["pk"], "sk": row["sk"]}, who="ops")
        trial.remove(row["pk"])
    return f"{len(parked)} rows, because {parked[0]['reason'][:40]}" if parked else "none parked yet"


def remove_them(trial: Trial) -> str:
    for key in trial.kept:
        trial.remove(key)
    return "removed the rows it names"


def broken_group_is_asked_for(trial: Trial) -> None:
    if not trial.kept:
        trial.put("GROUP#broken")
        trial.kept["GROUP#broken"] = True
    for _ in range(3):
        trial.market.ask("GET", "/groups/broken")


def schedule_stopped(trial: Trial) -> None:
    for rule in trial.stack.client("events").list_rules()["Rules"]:
        trial.stack.client("events").disable_rule(Name=rule["Name"])
        trial.kept[rule["Name"]] = True


def schedule_goes_on(trial: Trial) -> str:
    for rule in trial.kept:
        trial.stack.client("events").enable_rule(Name=rule)
    tick = json.loads((trial.stack.home.parents[1] / "events" / "schedule.json").read_text())
    trial.stack.invoke("tick", tick)
    return f"rule {', '.join(trial.kept)} is on again, and one tick was run by hand"


def worker_stopped_over_a_deadline(trial: Trial) -> None:
    """The queue has no worker while a group closes; then it has one again, and the verdict comes late."""
    if trial.kept:
        return
    trial.kept["market"] = market = market_on(trial.stack, workers=2)
    market.arrive(1)
    market.open(units=1, at_least=1, seconds=8 * SPEED)
    mapping = mapping_of(trial.stack, "Wake")
    trial.stack.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    time.sleep(16)
    trial.stack.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    wait_for(market.verdict, "the verdict", 180)


def mapping_of(stack: LocalStack, function: str) -> str:
    mappings = stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return str(next(one["UUID"] for one in mappings if f"app-{function}-" in one["FunctionArn"]))


def see_the_worker(trial: Trial) -> str:
    lambdas = trial.stack.client("lambda")
    state = lambdas.get_event_source_mapping(UUID=mapping_of(trial.stack, "Wake"))["State"]
    lag = max(value for _, value in trial.meter.series("close_lag_ms"))
    return f"the worker's mapping is {state} again; the verdict came {lag / 1000:.0f} of the stage's seconds late"


def mail_is_refused(trial: Trial) -> None:
    if not trial.kept:
        trial.stack.client("ses").delete_identity(Identity=EMAIL_FROM)
        trial.kept["market"] = market = market_on(trial.stack, workers=4)
        names = market.arrive(6)
        for name in names:
            market.ask("PUT", "/me/contact", {"email": f"{name}@local.example"}, who=name)
        market.open(units=12, at_least=1, seconds=3600)
        market.buy(names)


def verify_again(trial: Trial) -> str:
    failed = [line for line in trial.meter.lines("wake") if line.get("what") == "notices_failed"]
    trial.stack.client("ses").verify_email_identity(EmailAddress=EMAIL_FROM)
    return f"{len(failed)} by {failed[-1]['channel'] if failed else '?'}; the sender is verified again"


def refunds_are_never_answered(trial: Trial) -> None:
    if not trial.kept:
        trial.kept["market"] = market = market_on(trial.stack, workers=2)
        names = market.arrive(2)
        market.open(units=4, at_least=4, seconds=12 * QUICK, pay_minutes=20_000)
        silence(market, "refunds", 10_000)
        market.buy(names)


def provider_answers_again(trial: Trial) -> str:
    speak(trial.kept["market"])
    return f"the provider answers again; refunded {trial.kept['market'].settled(180) and 'in full'}"


TRIALS: dict[str, tuple[Cause, Cause]] = {
    "wake-dead": message_in("WakeDeadUrl"),
    "changes-failed": message_in("ChangesFailedUrl"),
    "raised": (unreadable_message, read_the_alarm_line),
    "stumbles": (rows_nobody_can_read, remove_them),
    "parked": (rows_nobody_can_read, mend_and_put_back),
    "api-errors": raising("api"),
    "authorize-errors": raising("authorize"),
    "challenge-errors": raising("challenge"),
    "tick-errors": raising("tick"),
    "changes-errors": raising("changes"),
    "wake-errors": raising("wake"),
    "internal-errors": (broken_group_is_asked_for, remove_them),
    "tick-silent": (schedule_stopped, schedule_goes_on),
    "close-late": (worker_stopped_over_a_deadline, see_the_worker),
    "notices-failing": (mail_is_refused, verify_again),
    "late-refund": (refunds_are_never_answered, provider_answers_again),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("alarm", nargs="*", help="default: all that can be tried here")
    wanted = parser.parse_args().alarm or list(TRIALS)
    table = Table("alarm", "went off after", "what the runbook found", "cleared after", title="runbooks, tried")
    failed = False
    for speed in (SPEED, QUICK):
        names = [name for name in wanted if (name == "late-refund") == (speed == QUICK)]
        if not names:
            continue
        with stack_at(speed) as stack:
            for name in names:
                row, ok = tried(name, stack)
                failed = failed or not ok
                table.add_row(*row)
                console.print(*row, sep=" · ")
    console.print(table)
    sys.exit(failed)


def tried(name: str, stack: LocalStack) -> tuple[list[str], bool]:
    cause, follow = TRIALS[name]
    market = market_on(stack, workers=2)
    market.arrive(0)
    trial = Trial(name, stack, market, Meter(stack.region, haste=HASTES.get(name, HASTE)))
    try:
        off = trial.goes_off(cause)
        found = follow(trial)
        cleared = trial.clears()
    except (TimeoutError, RuntimeError, KeyError, IndexError, StopIteration) as trouble:
        return [name, "", f"[red]{type(trouble).__name__}: {trouble}[/red]", ""], False
    return [name, f"{off:.0f} s", str(found), f"{cleared:.0f} s"], True


@contextmanager
def stack_at(speed: float) -> Iterator[LocalStack]:
    stack = LocalStack(f"trials-{speed:g}", clock_start=a_while_ago(), clock_speed=speed, fresh=True)
    try:
        with stack:
            yield stack
    finally:
        shutil.rmtree(stack.home, ignore_errors=True)


if __name__ == "__main__":
    main()
