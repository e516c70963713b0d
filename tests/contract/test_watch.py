"""Logs and metrics: readable by machines, and empty of people."""

import json
from typing import Any

import pytest

from chalicelib.domain.instants import rfc3339
from chalicelib.domain.refusals import Broken
from chalicelib.gateways.watch import MASK, Lines, masked

NOW = 1_764_000_000_000


class Written(list[str]):
    """Lines as they were written, read back as records."""

    def record(self, at: int) -> dict[str, Any]:
        return json.loads(super().__getitem__(at))


def lines(**how: bool) -> tuple[Lines, Written]:
    written = Written()
    return Lines("test", write=written.append, clock=lambda: NOW, **how), written


def test_a_count_is_a_metric_in_the_embedded_format(capsys: pytest.CaptureFixture[str]) -> None:
    Lines("prod", clock=lambda: NOW).count("Joined", 2, about="order", group="g1")
    out = capsys.readouterr().out
    assert out.endswith("}\n")
    assert out.count("\n") == 1
    said = json.loads(out)
    assert said["_aws"] == {
        "Timestamp": NOW,
        "CloudWatchMetrics": [
            {"Namespace": "Tuan", "Dimensions": [["Stage"]], "Metrics": [{"Name": "Joined", "Unit": "Count"}]}
        ],
    }
    assert (said["Joined"], said["Stage"], said["group"]) == (2, "prod", "g1")


def test_alarms_are_counted_under_the_names_the_stack_alarms_on() -> None:
    watch, seen = lines()
    watch.alarm("late_refund", refund="r1")
    watch.alarm("parked", row="x")
    for place, name in enumerate(("LateRefund", "Parked")):
        assert seen.record(place)["level"] == "alarm"
        assert seen.record(place)[name] == seen.record(place)["Alarm"] == 1
        names = {metric["Name"] for metric in seen.record(place)["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        assert names == {"Alarm", name}


def test_a_note_has_its_correlation_ids_and_is_no_metric() -> None:
    watch, seen = lines()
    watch.note("refund failed", refund="r1", request="q-9", reason="account_closed\nforged line")
    assert len(seen) == 1
    assert "_aws" not in seen.record(0)
    assert (seen.record(0)["refund"], seen.record(0)["request"]) == ("r1", "q-9")


@pytest.mark.req("X5")
@pytest.mark.parametrize(
    "field", ["phone", "email", "address", "name", "to", "recipient", "text", "body", "token", "headers"]
)
def test_fields_that_could_hold_personal_data_do_not_exist(field: str) -> None:
    watch, seen = lines()
    watch.note("sent", order="o1", **{field: "Wang Xiaoming"})
    assert "Xiaoming" not in json.dumps(seen.record(0))
    assert seen.record(0)["refused"] == [field]
    strict, _ = lines(strict=True)
    with pytest.raises(Broken):
        strict.note("sent", **{field: "Wang Xiaoming"})


@pytest.mark.req("X5")
@pytest.mark.parametrize(
    "personal",
    [
        "+8613812345678", "13812345678", "+49 170 1234567", "+1 (415) 555-2671", "010-6552-9988", "138 1234 5678",
        "4155552671", "wang@mail.example", "Wang.Xiao+tuan@mail.co.example", "王@例子.中国", "1381234567８",
    ],
)  # fmt: skip
def test_what_looks_like_a_phone_or_a_mail_is_masked(personal: str) -> None:
    watch, seen = lines()
    said = f"Invalid parameter: {personal} is not valid"
    watch.note(said, reason=said)
    watch.alarm("oops", error=f"<{personal}>", pk=f"person#{personal}")
    everything = json.dumps([seen.record(0), seen.record(1)], ensure_ascii=False)
    assert personal not in everything
    assert seen.record(0)["reason"] == f"Invalid parameter: {MASK} is not valid"


@pytest.mark.parametrize(
    "harmless",
    [
        "g4k2m9x7q1w8e5r3-0a7c9e6679742540", "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "12345678-1234-1234-1234-123456789012",
        str(NOW), rfc3339(NOW), "2026-11-21", "12:00",
        "1234567", "order#g1#o1", "status_503", "¥1,234.50", "part 3 of 64",
    ],
)  # fmt: skip
def test_ids_moments_and_amounts_stay_readable(harmless: str) -> None:
    assert masked(harmless) == harmless
