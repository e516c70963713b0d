"""The local stack: up quickly, alone on loopback, its state kept, nothing left behind."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import PIPE

import pytest
import urllib3

from chalicelib.domain.files import Use
from chalicelib.gateways.files import Bucket
from infra import keys
from infra.drill import market_on
from infra.local.people import PEOPLE, enrol, token
from infra.local.stack import LocalStack, LocalStackError
from infra.package import ROOT

pytestmark = pytest.mark.local

SCHEDULED = {
    "version": "0",
    "id": "5f1c2e0a-0000-0000-0000-000000000000",
    "account": "000000000000",
    "region": "us-east-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "time": "2026-11-21T12:00:00Z",
    "resources": [],
    "detail": {},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("stack")
    return path


@pytest.fixture(scope="module")
def stack(home: Path) -> Iterator[LocalStack]:
    with LocalStack("test", state_dir=home) as running:
        yield running


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_the_api_answers_through_the_gateway(stack: LocalStack) -> None:
    assert status_of(f"{stack.url}/openapi.json") < 500


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/orders", 401, "not_signed_in"), ("/nowhere", 404, "not_found")]
)
def test_the_gateways_own_answers_are_ours(stack: LocalStack, path: str, status: int, code: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(stack.url + path, timeout=20)
    assert refused.value.code == status
    assert refused.value.headers["Content-Type"] == "application/problem+json"
    assert json.load(refused.value)["code"] == code


def test_what_is_written_due_is_worked_on_at_once(stack: LocalStack) -> None:
    """Stream, queue and worker, each with its own rights: a campaign's group opens without anybody's doing."""
    market = market_on(stack, workers=1)
    market.arrive(0)
    market.open(units=1, at_least=1, seconds=3600)
    assert market.group_id


def test_the_schedules_function_runs_with_its_own_rights(stack: LocalStack) -> None:
    answer = stack.invoke("tick", SCHEDULED)
    assert "errorType" not in json.dumps(answer), answer


def test_people_log_in_and_carry_their_role(stack: LocalStack) -> None:
    cognito = stack.client("cognito-idp")
    enrol(cognito, stack.outputs)
    enrol(cognito, stack.outputs)  # a second run finds them there
    roles = {person.name: claims(token(cognito, stack.outputs, person)) for person in PEOPLE}
    assert roles["ops"]["cognito:groups"] == ["ops"]
    assert roles["lin"]["iss"] == stack.outputs["Issuer"]
    assert roles["lin"]["aud"] == stack.outputs["Audience"]
    assert roles["lin"]["phone_number_verified"] in (True, "true")
    assert "cognito:groups" not in roles["lin"]


@pytest.mark.req("O12")
def test_a_file_is_brought_by_a_signed_form_and_only_as_it_says(stack: LocalStack) -> None:
    """The form and the links are the gateway's own; that the bucket holds uploads to them is tried here."""
    files = Bucket(stack.outputs["Files"], clients=stack.client)
    form = files.form(Use.PHOTO, "o1", "abcdefgh12", back="http://127.0.0.1:9/o/o1")
    photo = b"\xff\xd8\xff\xe0" + b"j" * 200
    sent = posted(form.url, form.fields, photo)
    assert (sent.status, sent.headers["Location"].split("?")[0]) == (303, "http://127.0.0.1:9/o/o1")
    kept = files.keep(Use.PHOTO, "o1", form.key)
    assert urllib3.request("GET", files.link(kept.key)).data == photo
    bare = files.link(kept.key).split("?")[0]
    assert urllib3.request("GET", bare).status == 403
    assert posted(form.url, {**form.fields, "key": "new/photos/o2/abcdefgh12"}, photo).status == 403
    assert posted(form.url, form.fields, photo * 30_000).status == 400, "too large"
    assert posted(form.url, {"key": "new/photos/o1/abcdefgh13"}, photo).status == 403


def posted(url: str, fields: Mapping[str, str], content: bytes) -> urllib3.BaseHTTPResponse:
    parts = {**fields, "file": ("photo.jpg", content, "image/jpeg")}
    return urllib3.request("POST", url, fields=parts, redirect=False)


def claims(jwt: str) -> dict[str, object]:
    """The payload, unverified: whether it verifies is the authorizer's test."""
    payload = jwt.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def test_keys_are_made_once_and_rotate(stack: LocalStack) -> None:
    secrets, arn = stack.client("secretsmanager"), stack.outputs["SecretArn"]
    assert keys.complete(secrets, arn) == stack.keys
    rotated = keys.rotate(secrets, arn, "sandbox_webhook")
    assert rotated["sandbox_webhook_old"] == stack.keys["sandbox_webhook"] != rotated["sandbox_webhook"]
    assert rotated["cursor_key"] == stack.keys["cursor_key"]


def test_the_same_name_cannot_run_twice(stack: LocalStack, home: Path) -> None:
    with pytest.raises(LocalStackError, match="running already"):
        LocalStack("test", state_dir=home).start()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_nothing_listens_beyond_loopback(stack: LocalStack) -> None:
    children = [child.pid for child in stack._children]
    assert children
    for address in (listening for pid in children for listening in listening_addresses(pid)):
        assert address == "0100007F", "127.0.0.1 in the kernel's notation"


def listening_addresses(pid: int) -> Iterator[str]:
    """Addresses, as the kernel writes them, of every socket that `pid` listens on."""
    own = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                yield fields[1].split(":")[0]


@pytest.mark.alone
@pytest.mark.req("L2-13")
def test_state_survives_a_stop_and_the_second_start_is_quick(tmp_path: Path) -> None:
    row = {"pk": {"S": "kept"}, "sk": {"S": "row"}}
    with LocalStack("again", state_dir=tmp_path) as first:
        first.client("dynamodb").put_item(TableName=first.outputs["Table"], Item=row)
        children = [child.pid for child in first._children]
    assert not any(alive(pid) for pid in children)

    began = time.monotonic()
    with LocalStack("again", state_dir=tmp_path) as second:
        took = time.monotonic() - began
        kept = second.client("dynamodb").get_item(TableName=second.outputs["Table"], Key=row)
        assert (second.url, second.keys) == (first.url, first.keys)
    assert kept["Item"] == row
    assert took < 20

    with LocalStack("again", state_dir=tmp_path, fresh=True) as third:
        gone = third.client("dynamodb").get_item(TableName=third.outputs["Table"], Key=row)
    assert "Item" not in gone


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """No clean-up code runs in a killed process, so the children must notice by themselves."""
    script = """
import sys
from pathlib import Path
from subprocess import PIPE
from infra.local.stack import LocalStack
stack = LocalStack("orphan", state_dir=Path(sys.argv[1])).start()
print(*(child.pid for child in stack._children), flush=True)
input()
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert children
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in children)


def test_two_copies_run_side_by_side(stack: LocalStack, tmp_path: Path) -> None:
    with LocalStack("beside", state_dir=tmp_path) as other:
        assert other.endpoint_url != stack.endpoint_url
        assert other.keys["cursor_key"] != stack.keys["cursor_key"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
