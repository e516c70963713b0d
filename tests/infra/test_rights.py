"""Least privilege (B30): an evening is played, and each function's calls are compared with its policy."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.gateways import watch
from infra.package import ROOT
from tests.flows.conftest import EVENING
from tests.story.on_moto import OnMoto
from tests.story.player import Player
from tests.story.script import read

FUNCTIONS = ("api", "wake", "tick", "changes", "challenge")

NOT_OURS = {"Logs", "Traces", "Receive", "Stream", "StreamList", "FailedRecords", "BatchesOnTheLocalEngine"}
"""Statements that Lambda itself uses on the function's behalf, or the local engine alone asks for."""

NOT_PLAYED = {
    # People are made, found and closed at the log-in: tests/integration/test_login.py.
    ("api", "Phones", action)
    for action in (
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:AdminUpdateUserAttributes",
        "cognito-idp:AdminDeleteUser",
    )
} | {
    ("wake", "Phones", "cognito-idp:AdminGetUser"),  # whose contact is in no vault
    ("api", "Core", "dynamodb:DeleteItem"),  # a parked row is put back, a session ends
    ("api", "Vault", "dynamodb:GetItem"),  # somebody reads a contact
    ("api", "Vault", "dynamodb:DeleteItem"),  # an account is closed
    ("api", "Files", "s3:GetObject"),  # a picture is looked at
    ("api", "Files", "s3:PutObject"),  # and brought
    ("api", "FilesThatAreNotThere", "s3:ListBucket"),  # without it S3 says "forbidden" of what is not there
    ("wake", "Keys", "secretsmanager:GetSecretValue"),  # the provider's key, read once a process; here there is one
    ("challenge", "Keys", "secretsmanager:GetSecretValue"),
    ("wake", "WakeQueue", "sqs:SendMessage"),  # parts of a group of hundreds
}
"""What an evening has no occasion for."""

IAM: Mapping[str, str] = {
    "SendMessageBatch": "SendMessage",
}
SERVICES: Mapping[str, str] = {"sesv2": "ses"}
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

Right = tuple[str, str]
"""(action, last part of what it is used on, "" where that has no name)."""


def rights_of(service: str, operation: str, arguments: Mapping[str, Any]) -> Iterator[Right]:
    """The rights that one call needs."""
    name = SERVICES.get(service, service)
    if operation == "TransactWriteItems":
        for item in arguments["TransactItems"]:
            ((kind, about),) = item.items()
            yield f"{name}:{TRANSACTED[kind]}", about["TableName"]
    elif operation == "TransactGetItems":
        for item in arguments["TransactItems"]:
            yield f"{name}:GetItem", item["Get"]["TableName"]
    elif operation == "BatchGetItem":
        for table in arguments["RequestItems"]:
            yield f"{name}:BatchGetItem", table
    else:
        yield f"{name}:{IAM.get(operation, operation)}", arguments.get("TableName", "")


@pytest.fixture(scope="module")
def seen() -> dict[str, set[Right]]:
    """Function -> what it was seen to do in an evening's story."""
    found: dict[str, set[Right]] = defaultdict(set)
    script = read(EVENING)
    with OnMoto.made(script) as stack:
        hook = stack.bed.hook
        before = hook.fault

        def noted(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
            function = watch.working().get("function", "")
            found[function].update(rights_of(service, operation, arguments))
            return before(service, operation, arguments, call) if before else call()

        hook.fault = noted
        Player(stack, script, lambda at, who, what: None).play()
        hook.fault = before
    return found


def statements(function: str) -> Iterator[tuple[str, set[str], str]]:
    """(sid, actions, table or "")."""
    policy = json.loads(Path(ROOT, ".chalice", f"policy-{function}.json").read_text())
    for one in policy["Statement"]:
        # Without a user pool: tests/contract/test_phone_codes.py
        statement = one["Fn::If"][1] if "Fn::If" in one else one
        if "Ref" in statement:
            continue
        if statement["Effect"] == "Allow":
            table = {"Core": "tuan-bed", "Codes": "tuan-bed", "Vault": "tuan-bed-vault"}.get(statement["Sid"], "")
            yield statement["Sid"], set(statement["Action"]), table


@pytest.mark.req("B30")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_call_without_a_right(seen: dict[str, set[Right]], function: str) -> None:
    allowed = {(action, table) for _, actions, table in statements(function) for action in actions}
    assert seen[function], "nothing was seen: this test would prove nothing"
    assert seen[function] - allowed == set()


@pytest.mark.req("B30")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_right_without_a_call(seen: dict[str, set[Right]], function: str) -> None:
    idle = {
        (sid, action)
        for sid, actions, table in statements(function)
        if sid not in NOT_OURS
        for action in actions
        if (action, table) not in seen[function] and (function, sid, action) not in NOT_PLAYED
    }
    assert idle == set()
