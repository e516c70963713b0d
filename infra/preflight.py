"""What would stop a deployment, or the first order after it, asked before anything is changed.

Each check is a question to AWS; an answer that is missing because we may not ask is a failure, too. On the local
engine, questions it does not know are skipped and named as such.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import keys
from infra.deploy import IDENTITIES, TEMPLATES, Region
from infra.regions import Cell, regions_of

ALWAYS = (
    "apigateway",
    "cloudformation",
    "cloudwatch",
    "codedeploy",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
)
MOST_SMS_USD = 1  # what AWS allows an account that never asked for more


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: ok, warn (goes on), stop, or skip (could not be asked here)."""

    level: str
    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """`cell` is None for a local stack, which has no region file."""

    region: Region
    cell: Cell | None
    built: Path

    def findings(self) -> Iterator[Finding]:
        for check in (self.account, self.services, self.concurrency, self.requests, self.sms, self.email, self.secrets):
            try:
                yield from check()
            except (BotoCoreError, ClientError, NotImplementedError) as error:
                level = "skip" if self.cell is None else "stop"
                yield Finding(level, check.__name__, f"could not be asked: {error}")
        yield from self.lint()

    @property
    def strict(self) -> str:
        """What only hurts real people stops a protected stage alone."""
        return "stop" if self.region.settings.get("Protected", "true") == "true" else "warn"

    def account(self) -> Iterator[Finding]:
        found = self.region.connect("sts").get_caller_identity()["Account"]
        wanted = self.cell.account if self.cell else found
        if found != wanted:
            yield Finding("stop", "account", f"these credentials are for {found}, and the region file says {wanted}")
        else:
            yield Finding("ok", "account", found)

    def services(self) -> Iterator[Finding]:
        if self.cell is None:
            return
        chosen = [*ALWAYS, *(["sesv2"] if self.cell.contact.email_from else [])]
        chosen += ["cognito-idp"] if self.cell.identity == "cognito" else []
        absent = [service for service in chosen if self.cell.region not in regions_of(service, self.cell.partition)]
        hints = {
            "cognito-idp": 'identity = "phone-codes" needs none',
            "sesv2": "leave contact.email_from out, or send from another region",
        }
        for service in absent:
            hint = f": {hints[service]}" if service in hints else ""
            yield Finding("stop", "services", f"{self.cell.region} has no {service}{hint}")
        if not absent:
            yield Finding("ok", "services", f"all {len(chosen)} are there")

    def concurrency(self) -> Iterator[Finding]:
        limit = self.region.connect("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        wanted = self.cell.limits.account_concurrency if self.cell else 0
        if limit < wanted:
            yield Finding(
                "stop", "concurrency", f"Lambda runs {limit} at once here, {wanted} are planned: ask for more"
            )
        else:
            yield Finding("ok", "concurrency", f"{limit} at once")

    def requests(self) -> Iterator[Finding]:
        throttle = self.region.connect("apigateway").get_account().get("throttleSettings", {})
        rate, wanted = throttle.get("rateLimit", 0), int(self.region.settings.get("RequestsPerSecond", "0"))
        if rate < wanted:
            yield Finding("stop", "requests", f"API Gateway takes {rate:g}/s here, {wanted} are planned: ask for more")
        else:
            yield Finding("ok", "requests", f"{rate:g}/s")

    def sms(self) -> Iterator[Finding]:
        sns = self.region.connect("sns")
        if sns.get_sms_sandbox_account_status()["IsInSandbox"]:
            yield Finding(self.strict, "sms", "in the SMS sandbox: only numbers verified by hand get messages")
        spend = float(sns.get_sms_attributes()["attributes"].get("MonthlySpendLimit", MOST_SMS_USD))
        wanted = self.cell.limits.sms_usd_per_month if self.cell else 0
        if spend < wanted:
            yield Finding(self.strict, "sms", f"SMS stop at {spend:g} USD a month, {wanted} are planned: ask for more")
        else:
            yield Finding("ok", "sms", f"up to {spend:g} USD a month")

    def email(self) -> Iterator[Finding]:
        sender = self.region.settings.get("EmailFrom", "")
        if not sender:
            yield Finding("ok", "e-mail", "none is sent")
            return
        ses = self.region.connect("sesv2")
        if not ses.get_account()["ProductionAccessEnabled"]:
            yield Finding(self.strict, "e-mail", "in the SES sandbox: only verified addresses get mail")
        if any(verified(ses, identity) for identity in (sender, sender.partition("@")[2])):
            yield Finding("ok", "e-mail", f"{sender} is verified")
        else:
            yield Finding(self.strict, "e-mail", f"neither {sender} nor its domain is verified with SES")

    def secrets(self) -> Iterator[Finding]:
        name = f"tuan/{self.region.stage}/keys"
        secretsmanager = self.region.connect("secretsmanager")
        try:
            known = keys.read(secretsmanager, name)
        except secretsmanager.exceptions.ResourceNotFoundException:
            yield Finding("ok", "secrets", f"{name} will be made")
            yield from self._given({})
            return
        yield from self._given(known)
        missing = [key for key in ("cursor_key", *keys.GENERATED) if not known.get(key)]
        yield Finding("ok", "secrets", f"{', '.join(missing)} will be made" if missing else f"{name} is complete")

    def _given(self, known: dict[str, str]) -> Iterator[Finding]:
        """What only the payment providers can give; without it nobody could pay."""
        chosen = self.cell.payments.providers if self.cell else ()
        for provider in chosen:
            if missing := [key for key in keys.REQUIRED.get(provider, ()) if not known.get(key)]:
                says = f"{provider} needs {', '.join(missing)} in tuan/{self.region.stage}/keys"
                yield Finding(self.strict, "secrets", says)

    def lint(self) -> Iterator[Finding]:
        lint = Path(sys.executable).with_name("cfn-lint")
        templates = [TEMPLATES / "data.yaml", TEMPLATES / IDENTITIES[self.region.identity], self.built / "sam.yaml"]
        region = ["--regions", self.cell.region] if self.cell and self.cell.partition == "aws" else []
        done = subprocess.run([lint, *region, "--", *templates], capture_output=True, text=True)
        if done.returncode:
            yield Finding("stop", "templates", (done.stdout + done.stderr).strip())
        else:
            yield Finding("ok", "templates", "cfn-lint has nothing to say")


def verified(ses: Any, identity: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
    except ses.exceptions.NotFoundException:
        return False
