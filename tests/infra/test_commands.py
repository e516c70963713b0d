"""The operator's commands on a cell of the local engine: what they show, what they refuse, what they leave."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from rich.console import Console

from infra import commands, keys, smoke
from infra.deploy import PARTS, NotHealthy
from infra.local.stack import LocalStack
from infra.package import ROOT
from infra.preflight import Preflight
from infra.rehearse import changed

pytestmark = pytest.mark.local

NAME = "test-commands"
FULL_NAME = f"tuan-local-{NAME}"


@pytest.fixture(scope="module")
def cell() -> Iterator[LocalStack]:
    with LocalStack(NAME, fresh=True) as stack:
        yield stack


def run(command: str, *options: str) -> tuple[int, str]:
    """Within this process, with nobody at the terminal, and without linting the templates once more."""
    said = io.StringIO()
    with (
        mock.patch.object(sys, "argv", [command, command, f"local:{NAME}", *options]),
        mock.patch.object(sys, "stdin", io.StringIO()),
        mock.patch.object(commands, "console", Console(file=said, emoji=False, width=200)),
        mock.patch.object(Preflight, "lint", return_value=()),
    ):
        try:
            commands.main()
        except SystemExit as ended:
            return int(ended.code or 0), said.getvalue()
    return 0, said.getvalue()


def made(command: str, *options: str) -> tuple[int, str]:
    """As `make` runs it: a process of its own that lints before it deploys."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.commands", command, f"local:{NAME}", *options],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.req("issue-7.2")
def test_what_is_there_is_shown_in_one_table(cell: LocalStack) -> None:
    code, said = made("status")
    live = cell.region.releases(cell.outputs).live()
    assert live
    assert code == 0
    row = next(line for line in said.splitlines() if f"local:{NAME}" in line)
    assert row.count("CREATE_COMPLETE") == 3
    assert live.name in row


@pytest.mark.req("issue-7.2")
def test_deploying_again_changes_nothing(cell: LocalStack) -> None:
    before = cell.region.releases(cell.outputs).all()
    code, said = made("deploy")
    assert code == 0, said
    assert "changes" not in said
    assert cell.region.releases(cell.outputs).all() == before


@pytest.mark.req("issue-7.2")
def test_a_change_is_shown_and_left_undone_when_nobody_agrees(cell: LocalStack) -> None:
    address = cell.home / "address.json"
    kept = address.read_text()
    address.write_text(
        kept.replace('"Zone": "Asia/Shanghai"', "").replace('"SmsSender": "TUAN"', '"SmsSender": "TUAN2"')
    )
    try:
        before = cell.region.releases(cell.outputs).all()
        code, said = run("deploy")
        assert code == 1, said
        assert re.search(r"tuan-local-app: \d+ changes", said)
        assert "nobody is here to say yes: run it with YES=1" in said
        assert "tuan-local-app: left as it was" in said
        assert cell.region.releases(cell.outputs).all() == before
        assert run("deploy", "--yes")[0] == 0
        assert len(cell.region.releases(cell.outputs).all()) == len(before) + 1
    finally:
        address.write_text(kept)
    code, said = run("rollback", "--yes")
    assert code == 0, said
    assert f"{before[-1].name} of" in said
    assert smoke.failures(cell.url) == []


@pytest.mark.req("issue-7.2")
def test_a_version_whose_api_does_not_answer_is_taken_back(cell: LocalStack, tmp_path: Path) -> None:
    good = cell.region.releases(cell.outputs).live()
    bad = changed(ROOT / ".build" / "local", tmp_path / "bad", "app.py", "\nraise RuntimeError('a bad version')\n")
    with pytest.raises(NotHealthy, match=r"GET /health: 5\d\d"):
        cell.redeploy(bad)
    assert cell.region.releases(cell.outputs).live() == good
    assert smoke.failures(cell.url) == []


@pytest.mark.req("issue-7.6")
def test_every_stack_carries_the_tags_that_bills_are_split_by(cell: LocalStack) -> None:
    for part in PARTS:
        described = cell.region.stacks.describe(f"tuan-local-{part}")
        assert described
        tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
        assert (tags["app"], tags["stage"], tags["tuan-cell"]) == ("tuan", "local", f"local-{NAME}"), part


@pytest.mark.req("issue-7.2")
def test_what_was_changed_by_hand_is_found(cell: LocalStack) -> None:
    assert run("drift") == (0, "everything is as the templates say\n")
    cell.client("sqs").delete_queue(QueueUrl=cell.outputs["ChangesFailedUrl"])
    code, said = run("drift")
    assert code == 1, said
    assert "tuan-local-app ChangesFailed" in said


@pytest.mark.req("issue-7.6")
def test_a_rotated_key_reaches_every_function(cell: LocalStack) -> None:
    before = keys.read(cell.client("secretsmanager"), cell.outputs["SecretArn"])
    release = keys.rotate_in(cell.region, "sandbox_webhook")
    after = keys.read(cell.client("secretsmanager"), cell.outputs["SecretArn"])
    assert after["sandbox_webhook_old"] == before["sandbox_webhook"] != after["sandbox_webhook"]
    live = cell.region.releases(cell.outputs).live()
    assert live
    assert live.name == release
    functions = cell.client("lambda").list_functions()["Functions"]
    said = {one["Environment"]["Variables"].get("TUAN_KEYS_AT") for one in functions if "tuan" in one["FunctionName"]}
    assert said == {live.parameters["KeysAt"]}
    assert smoke.failures(cell.url) == []
    with pytest.raises(ValueError, match="not rotated by us"):
        keys.rotate_in(cell.region, "people_key")


@pytest.mark.req("issue-7.2")
def test_data_goes_last_and_only_with_the_name_typed(cell: LocalStack) -> None:
    code, said = run("destroy", "--data", "--name", "yes")
    assert code == 1
    assert f"NAME={FULL_NAME}" in said
    assert smoke.failures(cell.url) == []
    code, said = run("destroy", "--data", "--name", FULL_NAME)
    assert code == 0, said
    assert "tuan-local is backed up" in said
    assert cell.client("dynamodb").list_tables()["TableNames"] == []
    assert cell.client("s3").list_buckets()["Buckets"] == []
    assert cell.region.stacks.status("tuan-local-app") in ("", "DELETE_COMPLETE")
