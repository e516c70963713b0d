"""What CloudWatch makes of metrics and alarms, for local stacks: the engine stores alarms, yet its own judging mixes
the functions up, reads no embedded metrics and measures no queues.

The alarms are those deployed (read back from the engine). Their data points come from the functions' logs (metrics
in the embedded format; the platform's own lines, for invocations and errors; our line for each answer, for what the
gateway would count), from the queues' depth, which is looked at when asked, and from the engine's CloudWatch, which
knows throttles and whatever figure a trial gives it by hand. Where there is no data there is no state.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.deploy import Region

FUNCTIONS = ("api", "authorize", "challenge", "tick", "changes", "wake", "heard")
# The first word of a line that the platform, and not our code, writes into a function's log.
PLATFORM = {"REPORT": "Invocations", "Traceback": "Errors"}
DEPTH, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
STREAM_AGE = "IteratorAge"
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
    "LessThanThreshold": lambda value, limit: value < limit,
}

Point = tuple[float, float]
"""(epoch seconds, value)."""

Series = tuple[str, str, tuple[tuple[str, str], ...]]
"""(namespace, metric, dimensions)."""


@dataclass
class Meter:
    """`haste`: an alarm's minute lasts 60 / haste seconds, so that a rehearsal need not wait for CloudWatch's.
    Messages and stream records age as hastily: one that has waited for a second counts as `haste` seconds old."""

    region: Region
    haste: float = 1.0
    points: dict[Series, list[Point]] = field(default_factory=lambda: defaultdict(list))
    given: dict[Series, list[Point]] = field(default_factory=dict)
    _read_to_ms: int = 0
    _empty_at: dict[str, float] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def states(self) -> dict[str, str]:
        """Alarm (without the stage) -> OK, ALARM, or "" where the engine measures nothing of the kind."""
        self.look()
        now = time.time()
        prefix = f"tuan-{self.region.stage}-"
        return {
            alarm["AlarmName"].removeprefix(prefix): self._judged(alarm, now) if self._measured(alarm) else ""
            for alarm in self.alarms()
        }

    def firing(self) -> set[str]:
        return {name for name, state in self.states().items() if state == "ALARM"}

    def alarms(self) -> list[dict[str, Any]]:
        pages = (
            self.region.connect("cloudwatch")
            .get_paginator("describe_alarms")
            .paginate(AlarmNamePrefix=f"tuan-{self.region.stage}-")
        )
        return sorted((alarm for page in pages for alarm in page["MetricAlarms"]), key=lambda one: one["AlarmName"])

    def look(self) -> None:
        """Reads what was written since the last look."""
        since, self._read_to_ms = self._read_to_ms, time.time_ns() // 1_000_000
        for function, name in self.functions().items():
            for at, message in self._events(function, since):
                if message.startswith("{"):
                    self._take(json.loads(message))
                elif metric := PLATFORM.get(message.split(" ", 1)[0]):
                    self.points["AWS/Lambda", metric, (("FunctionName", name),)].append((at, 1.0))
        for url in self._queue_urls():
            self._look_at_queue(url)
        for alarm in self.alarms():
            self._look_at_engine(alarm)

    def _look_at_queue(self, url: str) -> None:
        name, now = url.rpartition("/")[2], time.time()
        asked = self.region.connect("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        depth = float(asked["Attributes"]["ApproximateNumberOfMessages"])
        self.points["AWS/SQS", DEPTH, (("QueueName", name),)].append((now, depth))
        if not depth:
            self._empty_at[name] = now
        # The engine does not say how old messages are: at most as old as the queue has not been empty.
        waited = (now - self._empty_at.setdefault(name, now)) * self.haste
        self.points["AWS/SQS", AGE, (("QueueName", name),)].append((now, waited))

    def _look_at_engine(self, alarm: Mapping[str, Any]) -> None:
        """What the engine's own CloudWatch has of this hour."""
        now = time.time()
        statistic = alarm.get("Statistic", "Maximum")
        found = self.region.connect("cloudwatch").get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            Dimensions=alarm.get("Dimensions", []),
            StartTime=now - 3600,
            EndTime=now + 1,
            Period=1,
            Statistics=[statistic],
        )["Datapoints"]
        if alarm["MetricName"] not in PLATFORM.values():
            self.given[series_of(alarm)] = [(one["Timestamp"].timestamp(), one[statistic]) for one in found]

    def lines(self, function: str) -> list[dict[str, Any]]:
        """The structured lines one function wrote."""
        return [json.loads(message) for _, message in self._events(function, 0) if message.startswith("{")]

    def _events(self, function: str, since_ms: int) -> Iterator[tuple[float, str]]:
        """(epoch seconds, line) of one function's log."""
        logs = self.region.connect("logs")
        group = f"/tuan/{self.region.stage}/{function}"
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
            yield from ((event["timestamp"] / 1000, event["message"]) for page in pages for event in page["events"])

    def functions(self) -> dict[str, str]:
        """Our name of each function -> its name in this stack."""
        if not self._names:
            outputs = self.region.stacks.outputs(self.region.stack_name("app"))
            known = {"api": outputs.get("APIHandlerName", "")} | {
                function: outputs.get(f"{function.title()}Name", "") for function in FUNCTIONS[1:]
            }
            self._names = {function: name for function, name in known.items() if name}
        return self._names

    def series(self, metric: str) -> list[Point]:
        """One of our own metrics, oldest first."""
        return self.points.get(("Tuan", metric, (("Stage", self.region.stage),)), [])

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("what") == "answered":
            at, api = line["at"] / 1000, (("ApiName", f"tuan-{self.region.stage}"),)
            self.points["AWS/ApiGateway", "Latency", api].append((at, float(line["ms"])))
            self.points["AWS/ApiGateway", "5XXError", api].append((at, float(line["status"] >= "500")))
        if "stream_age_ms" in line:
            changes = (("FunctionName", self.functions()["changes"]),)
            age = float(line["stream_age_ms"]) * self.haste
            self.points["AWS/Lambda", STREAM_AGE, changes].append((line["at"] / 1000, age))
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                dimensions = tuple((name, str(line[name])) for name in sorted(names))
                for metric in directive["Metrics"]:
                    key = (directive["Namespace"], metric["Name"], dimensions)
                    self.points[key].append((line["_aws"]["Timestamp"] / 1000, float(line[metric["Name"]])))

    def _queue_urls(self) -> list[str]:
        found: list[str] = (
            self.region.connect("sqs").list_queues(QueueNamePrefix=f"tuan-{self.region.stage}-").get("QueueUrls", [])
        )
        return found

    def _judged(self, alarm: Mapping[str, Any], now: float) -> str:
        """As CloudWatch: in ALARM when each of the last N periods breaches, missing ones as the alarm says."""
        period = alarm["Period"] / self.haste
        points = self._points_of(alarm)
        breaches = []
        for number in range(alarm["EvaluationPeriods"]):
            end = now - number * period
            values = [value for at, value in points if end - period < at <= end]
            if values:
                breaches.append(COMPARE[alarm["ComparisonOperator"]](statistic(alarm, values), alarm["Threshold"]))
            else:
                breaches.append(alarm.get("TreatMissingData") == "breaching")
        return "ALARM" if all(breaches) else "OK"

    def _points_of(self, alarm: Mapping[str, Any]) -> list[Point]:
        series = series_of(alarm)
        return self.points.get(series, []) + self.given.get(series, [])

    def _measured(self, alarm: Mapping[str, Any]) -> bool:
        """Whether this machine has what the alarm is about, or was given it by hand."""
        return measured(alarm) or bool(self.given.get(series_of(alarm)))


def series_of(alarm: Mapping[str, Any]) -> Series:
    dimensions = tuple(sorted((one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])))
    return alarm["Namespace"], alarm["MetricName"], dimensions


def statistic(alarm: Mapping[str, Any], values: list[float]) -> float:
    if "ExtendedStatistic" in alarm:
        rank = float(alarm["ExtendedStatistic"].removeprefix("p")) / 100
        return sorted(values)[min(len(values) - 1, int(rank * len(values)))]
    return sum(values) if alarm["Statistic"] == "Sum" else max(values)


def measured(alarm: Mapping[str, Any]) -> bool:
    """Whether this machine has what the alarm is about."""
    namespace, metric = alarm["Namespace"], alarm["MetricName"]
    if namespace == "AWS/Lambda":
        return metric in (*PLATFORM.values(), "Throttles", STREAM_AGE) and bool(alarm.get("Dimensions"))
    return namespace in ("Tuan", "AWS/SQS", "AWS/ApiGateway")
