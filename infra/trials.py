"""Tries the runbooks of docs/operations.md on this machine: `python -m infra.trials [ALARM …]`.

For every alarm: causes what it is about, sees it go off, follows its runbook, and sees it clear. Where the engine has
nothing of the kind (SES, SMS money, hot partitions), the figure is given to its CloudWatch by hand. Ends with 1 when
one does not go off or does not clear. Time runs sixtyfold here, and an alarm's minute lasts a few seconds (HASTES).
"""

import argparse
import contextlib
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.drill import a_while_ago, market_on, silence, speak
from infra.kept import keep
from infra.local.meter import Meter
from infra.local.stack import EMAIL_FROM, LocalStack
from infra.market import Market, wait_for

HASTE, SPEED = 4.0, 60.0
HASTES = {
    "parked": 1.0,  # counted by the schedule, which comes once in a real minute however much haste there is
    "throttled": 12.0,
    "api-5xx": 12.0,
    "changes-late": 12.0,
    "queue-old": 40.0,
    "api-slow": 12.0,
    "conflicts": 12.0,
    "concurrency": 12.0,
    "table-throttled": 12.0,
    "sms-spend": 20.0,
    "bounces": 240.0,
    "complaints": 240.0,
}

QUICK = 4_000.0
QUICKLY = ("late-refund",)
"""The clock of those trials that need a day to pass."""

LONGEST_S = 600.0
OFTEN = {"challenge": 12}
"""Whoever asks for codes too often makes an error of the challenge, too: it takes more of them to be an alarm."""

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

    def switch(self, function: str, *, on: bool) -> None:
        """Its queue's or stream's mapping."""
        uuid = mapping_of(self.stack, function)
        self.stack.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=on)

    def state_of(self, function: str) -> str:
        uuid = mapping_of(self.stack, function)
        return str(self.stack.client("lambda").get_event_source_mapping(UUID=uuid)["State"])

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
        for _ in range(OFTEN.get(function, 1)):
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
    trial.switch("Wake", on=False)
    time.sleep(16)
    trial.switch("Wake", on=True)
    wait_for(market.verdict, "the verdict", 180)


def mapping_of(stack: LocalStack, function: str) -> str:
    mappings = stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return str(next(one["UUID"] for one in mappings if f"app-{function}-" in one["FunctionArn"]))


def see_the_worker(trial: Trial) -> str:
    state = trial.state_of("Wake")
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


def given(alarm: str, value: float) -> Cause:
    """The figure alone, as CloudWatch would have it from the service that counts it."""

    def cause(trial: Trial) -> None:
        told = next(one for one in trial.meter.alarms() if one["AlarmName"].endswith(f"-{alarm}"))
        series = {"MetricName": told["MetricName"], "Dimensions": told.get("Dimensions", [])}
        trial.stack.client("cloudwatch").put_metric_data(
            Namespace=told["Namespace"], MetricData=[{**series, "Value": value}]
        )

    return cause


def concurrency_reserved_away(trial: Trial) -> None:
    """The function may not run at all; the gateway asks for it all the same."""
    lambdas, name = trial.stack.client("lambda"), trial.stack.outputs["APIHandlerName"]
    if not trial.kept:
        lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        trial.kept[name] = True
    with contextlib.suppress(lambdas.exceptions.TooManyRequestsException):
        lambdas.invoke(FunctionName=name, Payload=b"{}")


def reservation_removed(trial: Trial) -> str:
    lambdas, name = trial.stack.client("lambda"), trial.stack.outputs["APIHandlerName"]
    reserved = lambdas.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    lambdas.delete_function_concurrency(FunctionName=name)
    return f"it was reserved {reserved}; the reservation is removed"


def see_the_answers(trial: Trial) -> str:
    answered = [line for line in trial.meter.lines("api") if line.get("what") == "answered"]
    ours = [line for line in answered if line["status"] >= "500"]
    return f"{remove_them(trial)}; {len(ours)} were ours, by {ours[-1]['route']}"


def stream_not_read(trial: Trial) -> None:
    """A minute's worth of the alarm's time without its function, again and again, while somebody writes."""
    if not trial.kept:
        trial.kept["market"] = market = market_on(trial.stack, workers=2)
        trial.kept["names"] = iter(market.arrive(30))
        market.open(units=30, at_least=1, seconds=86_400)
    trial.switch("Changes", on=False)
    trial.kept["market"].join(next(trial.kept["names"]))
    time.sleep(60 / trial.meter.haste + 0.5)
    trial.switch("Changes", on=True)
    time.sleep(0.7)


def see_the_stream(trial: Trial) -> str:
    lag = max(value for _, value in trial.meter.series("stream_age_ms"))
    return f"stream_age_ms was {lag:.0f}; the mapping is {trial.state_of('Changes')} again"


def worker_stopped(trial: Trial) -> None:
    if not trial.kept:
        trial.switch("Wake", on=False)
        trial.kept["Wake"] = True
    message = '{"pk":"GROUP#g","sk":"GROUP"}'
    trial.stack.client("sqs").send_message(QueueUrl=trial.stack.outputs["WakeQueueUrl"], MessageBody=message)


def worker_started(trial: Trial) -> str:
    url = trial.stack.outputs["WakeQueueUrl"]
    asked = trial.stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    trial.switch("Wake", on=True)
    return f"{asked['Attributes']['ApproximateNumberOfMessages']} messages waited, the mapping was Disabled; it is on"


def worker_often_away(trial: Trial) -> None:
    """Six minutes of the stage's time without a worker, again and again, while orders come in."""
    if not trial.kept:
        trial.kept["market"] = market = market_on(trial.stack, workers=2)
        trial.kept["names"] = iter(market.arrive(60))
        market.open(units=60, at_least=1, seconds=86_400)
    trial.switch("Wake", on=False)
    trial.kept["market"].join(next(trial.kept["names"]))
    time.sleep(6.5)
    trial.switch("Wake", on=True)
    time.sleep(2.5)


def see_the_timers(trial: Trial) -> str:
    late = max(value for _, value in trial.meter.series("timer_lag_ms"))
    items = trial.market.ask("GET", "/ops/due?limit=50", who="ops").json["items"]
    return f"a row was {late / 60_000:.0f} min late; the mapping is {trial.state_of('Wake')}; {len(items)} rows are due"


def nothing_is_left(trial: Trial) -> str:
    parked = trial.market.ask("GET", "/ops/parked", who="ops").json["items"]
    due = trial.market.ask("GET", "/ops/due?limit=50", who="ops").json["items"]
    usual = max((value for _, value in trial.meter.series("resolution_lag_ms")), default=0)
    return f"{len(parked)} rows are parked, {len(due)} due; the longest here took {usual:.0f} ms"


def slowest_route(trial: Trial) -> str:
    answered = [line for line in trial.meter.lines("api") if line.get("what") == "answered"]
    slow = max(answered, key=lambda line: int(line["ms"]))
    return f"of {len(answered)} answers the slowest took {slow['ms']} ms: {slow['route']}"


def busiest_function(trial: Trial) -> str:
    runs = {
        function: len(trial.meter.points["AWS/Lambda", "Invocations", (("FunctionName", name),)])
        for function, name in trial.meter.functions().items()
    }
    most = max(runs, key=lambda function: runs[function])
    return f"most runs: {most}, {runs[most]}; its worker_concurrency may be lowered"


def messages_by_template(trial: Trial) -> str:
    """What costs SMS, and what bounces or annoys: the same line says it."""
    sent = [line for line in trial.meter.lines("wake") if str(line.get("what", "")).startswith("notices_")]
    by = Counter(f"{line.get('template', '?')} by {line.get('channel', '?')}" for line in sent)
    return f"notices: {', '.join(f'{what} {times}' for what, times in by.most_common(2)) or 'none'}"


def conflicts_by_kind(trial: Trial) -> str:
    names = ("conflicts", "join_conflicts", "slices_split")
    counted = {name: sum(value for _, value in trial.meter.series(name)) for name in names}
    return ", ".join(f"{name} {value:.0f}" for name, value in counted.items())


def table_has_no_limit(trial: Trial) -> str:
    table = trial.stack.client("dynamodb").describe_table(TableName=trial.stack.outputs["Table"])["Table"]
    return f"{table['BillingModeSummary']['BillingMode']}; {conflicts_by_kind(trial)}"


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
    "heard-errors": raising("heard"),
    "internal-errors": (broken_group_is_asked_for, remove_them),
    "tick-silent": (schedule_stopped, schedule_goes_on),
    "close-late": (worker_stopped_over_a_deadline, see_the_worker),
    "notices-failing": (mail_is_refused, verify_again),
    "throttled": (concurrency_reserved_away, reservation_removed),
    "api-5xx": (broken_group_is_asked_for, see_the_answers),
    "changes-late": (stream_not_read, see_the_stream),
    "queue-old": (worker_stopped, worker_started),
    "timers-late": (worker_often_away, see_the_timers),
    "api-slow": (given("api-slow", 6_000), slowest_route),
    "conflicts": (given("conflicts", 20), conflicts_by_kind),
    "table-throttled": (given("table-throttled", 60), table_has_no_limit),
    "concurrency": (given("concurrency", 900), busiest_function),
    "spend-limit": (given("spend-limit", 1), messages_by_template),
    "sms-spend": (given("sms-spend", 90), messages_by_template),
    "bounces": (given("bounces", 0.04), messages_by_template),
    "complaints": (given("complaints", 0.001), messages_by_template),
    "resolution-late": (given("resolution-late", 4_000_000), nothing_is_left),
    "late-refund": (refunds_are_never_answered, provider_answers_again),
}
BY_HAND = (
    "api-slow",
    "conflicts",
    "resolution-late",
    "table-throttled",
    "concurrency",
    "spend-limit",
    "sms-spend",
    "bounces",
    "complaints",
)
"""Their figures are given to the engine: nothing on one machine makes them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("alarm", nargs="*", help=f"of: {', '.join(sorted(TRIALS))}; default: all")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/operations.md")
    options = parser.parse_args()
    if unknown := set(options.alarm) - TRIALS.keys():
        parser.error(f"there is no trial of {', '.join(sorted(unknown))}; there are: {', '.join(sorted(TRIALS))}")
    rows, failed = try_them(options.alarm or list(TRIALS))
    table = Table(*HEAD, title="runbooks, tried", title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    if options.write:
        keep("trials", HEAD, rows)
    sys.exit(failed)


HEAD = ("alarm", "caused", "went off after", "what the runbook found", "cleared after")


def try_them(wanted: list[str]) -> tuple[list[list[str]], bool]:
    """A row for each, and whether one failed."""
    rows: list[list[str]] = []
    failed = False
    with progress() as bar:
        task = bar.add_task("", total=len(wanted))
        for speed in (SPEED, QUICK):
            names = [name for name in wanted if (name in QUICKLY) == (speed == QUICK)]
            if not names:
                continue
            bar.update(task, description="starting a stack")
            with stack_at(speed) as stack:
                for name in names:
                    bar.update(task, description=name)
                    row, ok = tried(name, stack)
                    failed = failed or not ok
                    rows.append(row)
                    bar.console.print(" · ".join(row), soft_wrap=True)
                    bar.advance(task)
    return rows, failed


def progress() -> Progress:
    """One line that says what is under way, how much is done, and since when."""
    shown = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*shown, console=console, transient=True)


def tried(name: str, stack: LocalStack) -> tuple[list[str], bool]:
    cause, follow = TRIALS[name]
    how = "its figure, by hand" if name in BY_HAND else "really"
    market = market_on(stack, workers=2)
    market.arrive(0)
    trial = Trial(name, stack, market, Meter(stack.region, haste=HASTES.get(name, HASTE)))
    try:
        off = trial.goes_off(cause)
        found = follow(trial)
        cleared = trial.clears()
    except (TimeoutError, RuntimeError, KeyError, IndexError, StopIteration, ValueError) as trouble:
        return [name, how, "never", f"[red]{type(trouble).__name__}: {trouble}[/red]", ""], False
    return [name, how, f"{off:.0f} s", str(found), f"{cleared:.0f} s"], True


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
