"""Metrics and logs: one JSON line per record on stdout, where Lambda's log driver picks it up.

No personal data, ever (promise 6): only fields of a fixed list are written, and what looks like a phone
number or an e-mail in a value is masked, because a provider's words may end up in a `reason`. Writing a line
never breaks the work it tells about: a field that is not on the list is left out and named under `refused`,
unless `strict`.

Every line carries the ids of the piece of work it was written in (`during`): the request or message, the function,
the trace. Rows are named by their own keys, so a story is followed from the API through stream and queue by those.

A metric is a line in CloudWatch's embedded format, so that counting costs no call.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ..domain.refusals import Broken

NAMESPACE = "Tuan"

FIELDS = frozenset(
    {
        "about", "attempt", "batch", "buyer", "by", "campaign", "cause", "channel", "code", "community",
        "count", "cursor", "deadline", "delay", "due", "entry", "error", "event", "function", "group",
        "index", "item", "key", "kind", "late", "left", "limit", "merchant", "message",
        "method", "metric", "ms", "notice", "operation", "order", "outcome", "part", "payment", "person",
        "pk", "product", "provider", "reader", "reason", "ref", "refund", "request", "result", "role",
        "route", "row", "scope", "shard", "share", "sk", "sku", "slice", "slices", "source",
        "stage", "state", "status", "step", "table", "template", "terms", "trace", "tries", "urgency",
        "value", "version", "where", "why", "worker", "zone",
    }
)  # fmt: skip
"""Ids, kinds and numbers. Names, phones, e-mails, addresses, texts, headers and bodies have no field to be
in.
"""

_work: ContextVar[Mapping[str, str]] = ContextVar("work")


@contextmanager
def during(**ids: str) -> Iterator[None]:
    """Lines written meanwhile carry these ids, besides those of the work this one is part of."""
    token = _work.set({**working(), **{name: value for name, value in ids.items() if value}})
    try:
        yield
    finally:
        _work.reset(token)


def working() -> Mapping[str, str]:
    """The ids of the work under way."""
    return _work.get({})


MASK = "[masked]"
MOST_CHARACTERS = 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_PERSONAL = re.compile(
    r"[^\s@\"'<>,;:#/]+@[^\s@\"'<>,;#/]+\.[^\s@\"'<>,;#/]+"  # somebody@somewhere.org
    r"|\+\d[\d ().-]{5,18}\d"  # +49 170 1234567
    r"|(?<![\w.-])\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{3,4}(?![\w-])"  # 010-6552-9988
    r"|(?<![\w.-])(?:\d{8,12}|\d{14,15})(?![\w-])"  # 13812345678, and no moment, which has 13 digits
    r"|(?<!\d)1[3-9]\d{9}(?!\d)"  # a Chinese mobile number, wherever it hides
)


class Lines:
    """Implements ports.Watch. `clock` gives real milliseconds: CloudWatch does not follow a story's clock."""

    def __init__(
        self,
        stage: str,
        *,
        release: str = "",
        strict: bool = False,
        write: Callable[[str], object] | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._stage = stage
        self._release = release
        self._strict = strict
        self._write = write
        self._clock = clock

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None:
        self._line("metric", metric, about, {metric: value}, unit)

    def alarm(self, what: str, **about: str) -> None:
        """Also counts `Alarm` and the alarm's own name (`late_refund` as `LateRefund`), on which the stack
        alarms.
        """
        name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", what))
        self._line("alarm", what, about, {"Alarm": 1, name: 1} if _NAME.fullmatch(name) else {"Alarm": 1}, "Count")

    def note(self, what: str, **about: str) -> None:
        self._line("note", what, about, {}, "")

    def _line(self, level: str, what: str, about: Mapping[str, str], metrics: Mapping[str, int], unit: str) -> None:
        now = self._clock()
        record: dict[str, object] = {"level": level, "what": masked(what), "at": now, "Stage": self._stage}
        if self._release:
            record["release"] = self._release
        about = {**working(), **about}
        record |= {name: masked(str(value)) for name, value in about.items() if name in FIELDS}
        refused = sorted(name for name in about if name not in FIELDS)
        if refused:
            if self._strict:
                raise Broken(f"a log line has no field {', '.join(refused)}")
            record["refused"] = refused
        if metrics:
            record |= dict(metrics) | {"_aws": _embedded(metrics, unit, now)}
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        (self._write or _to_stdout)(line + "\n")


def masked(text: str) -> str:
    return _PERSONAL.sub(MASK, text)[:MOST_CHARACTERS]


def _embedded(metrics: Mapping[str, int], unit: str, now: int) -> dict[str, object]:
    named = [{"Name": name, "Unit": unit} for name in metrics]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": named}
    return {"Timestamp": now, "CloudWatchMetrics": [directive]}


def _to_stdout(line: str) -> None:
    """In one piece: two writers of one process must not share a line."""
    sys.stdout.write(line)
    sys.stdout.flush()
