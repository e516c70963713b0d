"""What would stop a deployment is found before anything is changed, and said with what to do about it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from infra import regions
from infra.deploy import Region
from infra.preflight import Finding, Preflight


class NotFound(Exception):
    """As the clients name it."""


@dataclass
class Account:
    """What AWS would answer; a well set up account unless a test says otherwise."""

    number: str = "123456789012"
    concurrency: int = 1000
    rate: float = 10_000
    sms_sandbox: bool = False
    sms_limit: str = "200"
    ses_production: bool = True
    verified: tuple[str, ...] = ("tuan.example",)
    secret: dict[str, str] | None = None
    denied: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        def ask(answer: Callable[..., Any]) -> Callable[..., Any]:
            def answered(**given: Any) -> Any:
                if service in self.denied:
                    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, service)
                return answer(**given)

            return answered

        calls = {
            "sts": {"get_caller_identity": lambda: {"Account": self.number}},
            "lambda": {"get_account_settings": lambda: {"AccountLimit": {"ConcurrentExecutions": self.concurrency}}},
            "apigateway": {"get_account": lambda: {"throttleSettings": {"rateLimit": self.rate}}},
            "sns": {
                "get_sms_sandbox_account_status": lambda: {"IsInSandbox": self.sms_sandbox},
                "get_sms_attributes": lambda: {"attributes": {"MonthlySpendLimit": self.sms_limit}},
            },
            "sesv2": {
                "get_account": lambda: {"ProductionAccessEnabled": self.ses_production},
                "get_email_identity": self._identity,
            },
            "secretsmanager": {"get_secret_value": self._secret},
        }[service]
        found = SimpleNamespace(**{name: ask(answer) for name, answer in calls.items()})
        found.exceptions = SimpleNamespace(NotFoundException=NotFound, ResourceNotFoundException=NotFound)
        return found

    def _identity(self, EmailIdentity: str) -> dict[str, Any]:
        if EmailIdentity not in self.verified:
            raise NotFound
        return {"VerifiedForSendingStatus": True}

    def _secret(self, SecretId: str) -> dict[str, Any]:
        if self.secret is None:
            raise NotFound
        return {"SecretString": json.dumps(self.secret)}


def findings(account: Account, cell: str = "eu-central-1", stage: str = "prod", **changed: Any) -> dict[str, Finding]:
    """By what they are about; the worst of each."""
    described = msgspec.structs.replace(regions.read(cell), **changed)
    region = Region(cell, stage, account.client, described.settings(stage), identity=described.identity)
    order = ("ok", "skip", "warn", "stop")
    found: dict[str, Finding] = {}
    for one in unlinted(Preflight(region, described, Path("nowhere"))):
        if one.what not in found or order.index(one.level) > order.index(found[one.what].level):
            found[one.what] = one
    return found


def unlinted(preflight: Preflight) -> list[Finding]:
    """The templates have a test of their own, and cfn-lint takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Preflight, "lint", lambda self: iter(()))
        return list(preflight.findings())


@pytest.mark.req("issue-7.2")
def test_a_well_set_up_account_passes() -> None:
    assert {one.level for one in findings(Account()).values()} == {"ok"}


@pytest.mark.req("issue-7.2")
@pytest.mark.parametrize(
    ("account", "about", "says"),
    [
        (Account(number="999999999999"), "account", "these credentials are for 999999999999"),
        (Account(concurrency=10), "concurrency", "Lambda runs 10 at once here, 1000 are planned: ask for more"),
        (Account(rate=100), "requests", "API Gateway takes 100/s here, 2000 are planned: ask for more"),
        (Account(sms_sandbox=True), "sms", "in the SMS sandbox"),
        (Account(sms_limit="1"), "sms", "SMS stop at 1 USD a month, 100 are planned: ask for more"),
        (Account(ses_production=False), "e-mail", "in the SES sandbox"),
        (Account(verified=()), "e-mail", "neither hello@tuan.example nor its domain is verified"),
    ],
)
def test_what_stops_a_deployment_is_named(account: Account, about: str, says: str) -> None:
    found = findings(account)[about]
    assert found.level == "stop"
    assert says in found.says


@pytest.mark.req("issue-7.2")
@pytest.mark.parametrize("account", [Account(sms_sandbox=True), Account(ses_production=False), Account(verified=())])
def test_what_only_hurts_real_people_warns_where_there_are_none(account: Account) -> None:
    levels = {one.level for one in findings(account, stage="scratch").values()}
    assert "warn" in levels
    assert "stop" not in levels


def test_a_question_that_we_may_not_ask_stops_too() -> None:
    found = findings(Account(denied=("sns",)))["sms"]
    assert (found.level, "AccessDenied" in found.says) == ("stop", True)


@pytest.mark.req("issue-7.2")
def test_a_region_without_user_pools_is_told_of_the_log_in_that_needs_none() -> None:
    china = Account(number="210987654321")
    assert findings(china, "cn-north-1")["services"].level == "ok"
    wrong = findings(china, "cn-north-1", identity="cognito")["services"]
    assert wrong.level == "stop"
    assert wrong.says == 'cn-north-1 has no cognito-idp: identity = "phone-codes" needs none'


@pytest.mark.req("issue-7.6")
def test_keys_that_are_missing_are_named_and_will_be_made() -> None:
    assert "will be made" in findings(Account())["secrets"].says
    half = Account(secret={"cursor_key": "k", "people_key": "k", "sandbox_webhook": "k", "sandbox_webhook_old": ""})
    assert findings(half)["secrets"].says == (
        "pickup_key, sandbox_webhook_old, sandbox_api_key, carrier_webhook, carrier_api_key will be made"
    )


def test_a_local_stack_skips_what_it_cannot_be_asked() -> None:
    account = Account(denied=("sns",))
    region = Region("run", "local", account.client, {"Protected": "false"})
    found = {one.what: one.level for one in unlinted(Preflight(region, None, Path("nowhere")))}
    assert found["sms"] == "skip"
    assert "stop" not in found.values()


@pytest.mark.parametrize(("kind", "level"), [("AWS::No::Such", "stop"), ("AWS::SQS::Queue", "ok")])
def test_templates_are_linted(tmp_path: Path, kind: str, level: str) -> None:
    """That what is packaged passes is for `make lint` to say."""
    (tmp_path / "sam.yaml").write_text(f"Resources: {{A: {{Type: {kind}}}}}")
    (found,) = Preflight(Region("here", "prod", Account().client), None, tmp_path).lint()
    assert found.level == level
