"""What CloudWatch makes of metrics and alarms, for local stacks: the engine stores alarms, yet its own judging mixes
the functions up, reads no embedded metrics and measures no queues.

The alarms are those deployed (read back from the engine). Their data points come from the functions' logs (metrics
in the embedded format; the platform's own lines, for invocations and errors), and from the queues' depth, which is
looked at when asked. For what the engine cannot measure there is no data, and no state.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.deploy import Region

FUNCTIONS = ("api", "authorize", "challenge", "tick", "changes", "wake")
# The first word of a line that the platform, and not our code, writes into a function's log.
PLATFORM = {"REPORT": "Invocations", "Traceback": "Errors"}
QUEUE_METRICS = ("ApproximateNumberOfMessagesVisible",)
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
    """`haste`: an alarm's minute lasts 60 / haste seconds, so that a rehearsal need not wait for CloudWatch's."""

    region: Region
    haste: float = 1.0
    points: dict[Series, list[Point]] = field(default_factory=lambda: defaultdict(list))
    _read_to_ms: int = 0
    _names: dict[str, str] = field(default_factory=dict)

    def states(self) -> dict[str, str]:
        """Alarm (without the stage) -> OK, ALARM, or "" where the engine measures nothing of the kind."""
        self.look()
        now = time.time()
        prefix = f"tuan-{self.region.stage}-"
        return {
            alarm["AlarmName"].removeprefix(prefix): self._judged(alarm, now) if measured(alarm) else ""
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
        for function, name in self._functions().items():
            for at, message in self._events(function, since):
                if message.startswith("{"):
                    self._take(json.loads(message))
                elif metric := PLATFORM.get(message.split(" ", 1)[0]):
                    self.points["AWS/Lambda", metric, (("FunctionName", name),)].append((at, 1.0))
        for url in self._queue_urls():
            name = url.rpartition("/")[2]
            asked = self.region.connect("sqs").get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
            )
            depth = float(asked["Attributes"]["ApproximateNumberOfMessages"])
            self.points["AWS/SQS", QUEUE_METRICS[0], (("QueueName", name),)].append((time.time(), depth))

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

    def _functions(self) -> dict[str, str]:
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
        dimensions = tuple(sorted((one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])))
        return self.points.get((alarm["Namespace"], alarm["MetricName"], dimensions), [])


def statistic(alarm: Mapping[str, Any], values: list[float]) -> float:
    if "ExtendedStatistic" in alarm:
        rank = float(alarm["ExtendedStatistic"].removeprefix("p")) / 100
        return sorted(values)[min(len(values) - 1, int(rank * len(values)))]
    return sum(values) if alarm["Statistic"] == "Sum" else max(values)


def measured(alarm: Mapping[str, Any]) -> bool:
    """Whether this machine has what the alarm is about."""
    namespace, metric, dimensions = alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions")
    if namespace == "AWS/Lambda":
        return metric in PLATFORM.values() and bool(dimensions)
    return namespace == "Tuan" or (namespace == "AWS/SQS" and metric in QUEUE_METRICS)
