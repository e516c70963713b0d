"""A pytest plugin: what each test was marked with and what became of it, as JSON lines in the file TUAN_PROOF names."""

import json
import os
from pathlib import Path

import pytest

MARKS = ("bar", "req")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The marks travel with the report, so that workers of a parallel run can tell them."""
    for item in items:
        ids = sorted({str(name) for mark in MARKS for one in item.iter_markers(mark) for name in one.args})
        item.user_properties.append(("proves", ids))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Only where the results come together: a worker's reports are sent there, and must not be counted twice."""
    target = os.environ.get("TUAN_PROOF")
    if target is None or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    if report.when == "call" or (report.when == "setup" and not report.passed) or report.failed:
        said = dict(report.user_properties)
        line = {
            "id": report.nodeid, "outcome": report.outcome, "seconds": report.duration,
            "proves": said.get("proves", []), "tried": said.get("tried", 1),
        }  # fmt: skip
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
