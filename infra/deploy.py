"""Brings a region to what the templates and the packaged code say: `make deploy REGION=… STAGE=…`.

Three stacks in this order, each given what those before it put out: data and identity (kept for ever), then app
(replaced at will). Every change is shown before it runs. A new version of the code takes over through each
function's alias, step by step where CodeDeploy is (AWS), at once where it is not (the local engine); then the
public API is tried, and the alarms are watched for a while. What does not pass is rolled back.

The local stack is deployed by the same code, so that what works there is what AWS gets. Running it again
without a change changes nothing.
"""

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra import keys, smoke
from infra.package import ROOT, read_yaml
from infra.releases import Release, Releases
from infra.stacks import Change, Outputs, StackFailed, Stacks

__all__ = ["Declined", "NotHealthy", "Outputs", "Region", "StackFailed"]

TEMPLATES = ROOT / "infra" / "templates"
IDENTITIES = {"cognito": "identity.yaml", "phone-codes": "identity-phone-codes.yaml"}
PARTS = ("data", "identity", "app")
LASTING = ("data", "identity")
DEFAULT_WORKERS = 50

# Alarms that speak of the code. One that goes off while a new version settles in takes that version back.
OF_THE_CODE = (
    "api-errors",
    "authorize-errors",
    "challenge-errors",
    "tick-errors",
    "changes-errors",
    "wake-errors",
    "heard-errors",
    "api-5xx",
    "internal-errors",
    "stumbles",
)


class Declined(Exception):
    """Somebody looked at the changes and did not want them."""


class NotHealthy(Exception):
    """The new version was taken back; the message says why."""


@dataclass
class Region:
    """One cell: a region's deployment under a stage's name. `connect` gives a boto3 client for a service.

    `settings` are template parameters; `identity` says who knows people, one of IDENTITIES. `agree` is shown each
    stack's changes and says whether to run them; `firing` names the alarms that are going off, without the stage.
    `gradual` needs CodeDeploy. `mend` does by hand what an engine does not make of a template.
    """

    name: str
    stage: str
    connect: Callable[[str], Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    bucket_url: Callable[[str], str] = lambda bucket: f"https://{bucket}.s3.amazonaws.com"
    tags: Mapping[str, str] = field(default_factory=dict)
    identity: str = "cognito"
    gradual: bool = True
    bake_s: float = 0.0
    poll_s: float = 4.0
    tell: Callable[[str], None] = print
    agree: Callable[[str, tuple[Change, ...]], bool] = lambda stack, changes: True
    firing: Callable[[], set[str]] = set
    mend: Callable[[Outputs], None] = lambda outputs: None
    api_url: Callable[[Outputs], str] = lambda outputs: outputs["EndpointURL"]

    # ------------------------------------------------------------------ what is there

    @property
    def stacks(self) -> Stacks:
        return Stacks(self.connect("cloudformation"), self.poll_s)

    def stack_name(self, part: str) -> str:
        return f"tuan-{self.stage}-{part}"

    def outputs(self) -> Outputs:
        """Of all stacks that are there, with the tables in use: after a restore, others than the data stack's."""
        found = {key: value for part in PARTS for key, value in self.stacks.outputs(self.stack_name(part)).items()}
        return found | self.releases(found).tables() if "Bucket" in found else found

    def releases(self, outputs: Outputs) -> Releases:
        return Releases(self.connect("s3"), outputs["Bucket"], self.stage)

    # ------------------------------------------------------------------ deploy

    def deploy(self, built: Path, discovered: Callable[[Outputs], Outputs] = lambda outputs: {}) -> Outputs:
        """Returns the outputs of all stacks.

        `discovered` may add settings that depend on what the first two stacks put out. Raises Declined, NotHealthy
        (rolled back by us), or StackFailed (rolled back by CloudFormation).
        """
        outputs = self.bring("data", {"TemplateBody": (TEMPLATES / "data.yaml").read_text()}, {})
        keys.complete(self.connect("secretsmanager"), outputs["SecretArn"])
        outputs |= self.bring("identity", {"TemplateBody": (TEMPLATES / IDENTITIES[self.identity]).read_text()}, {})
        outputs |= discovered(outputs)
        outputs |= self.releases(outputs).tables()
        release = self.upload(built, outputs)
        return outputs | self.go_live(release, outputs)

    def go_live(self, release: Release, outputs: Outputs) -> Outputs:
        before = self.firing()
        releases = self.releases(outputs)
        app = self.bring("app", {"TemplateURL": release.template}, release.parameters)
        self.mend(outputs | app)
        live = releases.live()
        if live is not None and live.name == release.name:
            return app
        releases.went_live(release)
        if trouble := self.trouble(outputs | app, before):
            went_back = self.roll_back()
            where = f"{went_back.name} is live again" if went_back else "there is no older one to go back to"
            raise NotHealthy(f"{release.name}: {'; '.join(trouble)}; {where}")
        return app

    def trouble(self, outputs: Outputs, before: Iterable[str]) -> list[str]:
        """What a caller or an alarm says against what was just deployed."""
        self.tell("trying the API …")
        if wrong := smoke.failures(self.api_url(outputs)):
            return wrong
        until = time.monotonic() + self.bake_s
        while time.monotonic() < until:
            self.tell(f"watching the alarms for {until - time.monotonic():.0f} s …")
            if alarms := self.firing().intersection(OF_THE_CODE).difference(before):
                return [f"alarm {name}" for name in sorted(alarms)]
            time.sleep(self.poll_s)
        return []

    def roll_back(self) -> Release | None:
        """Makes the release before the live one live again, without touching data; None when there is none."""
        outputs = self.outputs()
        releases = self.releases(outputs)
        release = releases.before()
        if release is not None:
            self.bring("app", {"TemplateURL": release.template}, release.parameters)
            releases.went_back(release)
        return release

    def bring(self, part: str, template: Mapping[str, str], given: Mapping[str, str]) -> Outputs:
        """Creates or updates one stack, if `agree` agrees; returns its outputs."""
        name = self.stack_name(part)
        self.tell(f"{name} …")
        tags = {"app": "tuan", "stage": self.stage, "tuan-cell": f"{self.stage}-{self.name}"} | dict(self.tags)
        proposal = self.stacks.propose(name, template, {"Stage": self.stage, **self.settings, **given}, tags)
        if proposal is not None:
            if not self.agree(name, proposal.changes):
                self.stacks.drop(proposal)
                raise Declined(name)
            self.stacks.run(proposal)
        if part in LASTING:
            protected = self.settings.get("Protected", "true") == "true"
            self.stacks.client.update_termination_protection(StackName=name, EnableTerminationProtection=protected)
        return self.stacks.outputs(name)

    # ------------------------------------------------------------------ upload

    def upload(self, built: Path, outputs: Outputs) -> Release:
        """Uploads the zips, then the template with their places in it."""
        template = read_yaml((built / "sam.yaml").read_text())
        known = {"Stage": self.stage} | outputs | dict(self.settings)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                zip_path = built / resource["Properties"]["CodeUri"]
                key = self.put(outputs["Bucket"], zip_path.read_bytes(), zip_path.suffix)
                resource["Properties"]["CodeUri"] = {"Bucket": outputs["Bucket"], "Key": key}
        layer = template["Resources"]["PaymentsLayer"]["Properties"]
        zip_path = built / layer["Content"]
        key = self.put(outputs["Bucket"], zip_path.read_bytes(), zip_path.suffix)
        layer["Content"] = {"S3Bucket": outputs["Bucket"], "S3Key": key}
        parameters = {key: known[key] for key in sorted(template["Parameters"]) if key in known}
        scaling = template["Resources"]["Wake"]["Properties"]["Events"]["WakeSqsEventSource"]["Properties"][
            "ScalingConfig"
        ]
        # As a number: the local engine compares what a reference gives, which is text.
        scaling["MaximumConcurrency"] = int(known.get("WorkerConcurrency", DEFAULT_WORKERS))
        if not self.gradual:
            del template["Globals"]["Function"]["DeploymentPreference"]
        return self.release(template, parameters, outputs["Bucket"])

    def release(self, template: dict[str, Any], parameters: dict[str, str], bucket: str) -> Release:
        """A template and what it is run with, named after both. The name goes into the functions' environment: a
        function whose settings alone change gets a new version only if its text in the template changes, too."""
        variables = template["Globals"]["Function"]["Environment"]["Variables"]
        variables["TUAN_RELEASE"] = ""
        name = digest(json.dumps([template, parameters], sort_keys=True).encode())[:12]
        variables["TUAN_RELEASE"] = name
        key = self.put(bucket, json.dumps(template, ensure_ascii=False).encode(), ".json")
        return Release(
            name=name,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            commit=commit(),
            template=f"{self.bucket_url(bucket)}/{key}",
            parameters=parameters,
        )

    def again(self, release: Release, given: Mapping[str, str], bucket: str) -> Release:
        """The same code under other parameters."""
        key = release.template.removeprefix(f"{self.bucket_url(bucket)}/")
        template = json.loads(self.connect("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        return self.release(template, {**release.parameters, **given}, bucket)

    def put(self, bucket: str, body: bytes, suffix: str) -> str:
        """Stores it under a name made from its content, so that only a change is a change; returns its key."""
        key = f"{self.stage}/{digest(body)[:32]}{suffix}"
        self.connect("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return key


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def commit() -> str:
    """The checkout's commit, marked when something is not committed; "" outside of one."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
