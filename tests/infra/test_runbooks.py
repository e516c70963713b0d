"""Every alarm has a runbook, every runbook an alarm; each is tried, and the document says how the last trial went."""

import re

import pytest

from infra.drill import DRILLS
from infra.kept import DOCUMENT, keep
from infra.package import ROOT
from infra.trials import BY_HAND, HEAD, TRIALS
from tests.infra.templates import load

TEXT = DOCUMENT.read_text(encoding="utf-8")
ALARMS = {
    one["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("tuan-${Stage}-")
    for one in load(ROOT / "infra" / "templates" / "app.yaml")["Resources"].values()
    if one.get("Type") == "AWS::CloudWatch::Alarm"
}


def part(name: str) -> str:
    """What the document keeps between the marks of this name."""
    return TEXT.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


@pytest.mark.req("issue-7.5")
def test_every_alarm_has_a_runbook_and_a_trial() -> None:
    assert set(re.findall(r"^### `([a-z0-9-]+)`$", TEXT, re.MULTILINE)) == ALARMS
    assert set(TRIALS) == ALARMS
    assert set(BY_HAND) < ALARMS


@pytest.mark.req("issue-7.5")
@pytest.mark.parametrize("alarm", sorted(ALARMS))
def test_a_runbook_says_where_to_look_what_to_do_and_how_it_was_tried(alarm: str) -> None:
    runbook = TEXT.partition(f"### `{alarm}`\n")[2].partition("\n##")[0]
    assert "Do:" in runbook
    assert "Look" in runbook
    (row,) = [line for line in part("trials").splitlines() if line.startswith(f"| {alarm} |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == len(HEAD)
    assert cells[1] == ("its figure, by hand" if alarm in BY_HAND else "really")
    assert re.fullmatch(r"\d+ s", cells[2])
    assert re.fullmatch(r"\d+ s", cells[4])


def test_the_document_says_what_rehearsal_and_drills_found() -> None:
    for name in ("rehearsal", *(f"drill-{kind}" for kind in DRILLS)):
        assert part(name).count("\n| ") > 3, name
    for kind in DRILLS:
        assert "| promises broken | none |" in part(f"drill-{kind}"), kind


def test_a_place_that_is_not_there_is_said() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        keep("nowhere", ("a",), [("b",)])
