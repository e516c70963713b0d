"""What AWS tells of our messages, read from events as it sends them (B25, N12)."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.ports import Fate, TextIn, Undelivered
from chalicelib.domain.refusals import Broken
from chalicelib.gateways.heard import parsed

EVENTS = Path(__file__).parents[2] / "events"


def told(said: Any) -> dict[str, Any]:
    return {"Records": [{"Sns": {"Message": json.dumps(said)}}]}


def mail(kind: str, **more: Any) -> dict[str, Any]:
    return told({"eventType": kind, "mail": {"messageId": "m1", "destination": ["somebody@mail.example"]}, **more})


@pytest.mark.bar("B25")
@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("bounce", Undelivered(ref="0107019a3c2e5d11-5a1d-000000", fate=Fate.BOUNCED)),
        ("sms-failed", Undelivered(ref="34d9b400-c6dd-5444-820d-fbeb0f1f54cf", fate=Fate.BOUNCED)),
        ("sms", TextIn(id="cae173d2-66b9-564c-8309-21f858e9fb84", phone="+8613800000001", text="我的订单到哪了？")),
    ],
)
def test_the_samples(name: str, heard: Undelivered | TextIn) -> None:
    assert parsed(json.loads((EVENTS / f"{name}.json").read_text())) == [heard]


@pytest.mark.bar("B25")
@pytest.mark.parametrize(
    ("event", "fate"),
    [
        (mail("Bounce", bounce={"bounceType": "Transient"}), Fate.LOST),
        (mail("Bounce", bounce={"bounceType": "Undetermined"}), Fate.LOST),
        (mail("Bounce"), Fate.LOST),
        (mail("Complaint", complaint={}), Fate.COMPLAINED),
    ],
)
def test_only_what_lasts_is_taken_to_last(event: dict[str, Any], fate: Fate) -> None:
    assert parsed(event) == [Undelivered(ref="m1", fate=fate)]


@pytest.mark.parametrize("answer", ["No quota left for account", "Phone is currently unreachable/unavailable"])
def test_an_sms_that_failed_says_whose_trouble_it_is(answer: str) -> None:
    line = {"notification": {"messageId": "s1"}, "delivery": {"providerResponse": answer}, "status": "FAILURE"}
    assert parsed(told(line)) == [Undelivered(ref="s1", fate=Fate.SPENT if "quota" in answer else Fate.LOST)]


@pytest.mark.parametrize("said", ["no JSON", "[1]", '{"eventType": "Open"}', '{"eventType": "Bounce"}', "null"])
def test_what_concerns_nobody_is_passed_by(said: str) -> None:
    assert parsed({"Records": [{"Sns": {"Message": said}}, {"Sns": {}}]}) == []


def test_what_comes_from_elsewhere_is_a_bug() -> None:
    for event in ({"Tuan": "hello"}, {"Records": [{"nothing": "known"}]}):
        with pytest.raises(Broken):
            parsed(event)
