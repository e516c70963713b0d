"""Brings a region to what the templates and `.build/STAGE` say: `python -m infra.deploy REGION`.

Three stacks in this order, each given what those before it put out: data and identity (kept for
ever), then app (replaced at will). The local stack is deployed by the same code, so that what works
there is what AWS gets. Running it again without a change changes nothing.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import ClientError
from rich.console import Console

from infra import keys
from infra.package import ROOT, package

TEMPLATES = ROOT / "infra" / "templates"
REGIONS = ROOT / "infra" / "regions"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

Outputs = dict[str, str]


class StackFailed(Exception):
    """CloudFormation gave up on a stack; the message holds the reasons it named."""


@dataclass
class Region:
    """One deployment: where it is, and the settings that differ from the templates' defaults."""

    stage: str
    bucket: str
    connect: Callable[[str], Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    bucket_url: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    poll_seconds: float = 4.0
    tell: Callable[[str], None] = print

    def deploy(self, built: Path, discovered: Callable[[Outputs], Outputs] = lambda outputs: {}) -> Outputs:
        """Returns the outputs of all stacks.

        `discovered` may add settings that depend on what the first two stacks put out. Raises
        StackFailed; a stack that failed has been rolled back by CloudFormation.
        """
        outputs = self.stack("data", self.upload(TEMPLATES / "data.yaml"), {})
        keys.complete(self.connect("secretsmanager"), outputs["SecretArn"])
        outputs |= self.stack("identity", self.upload(TEMPLATES / "identity.yaml"), {})
        outputs |= discovered(outputs)
        return outputs | self.stack("app", self.upload_app(built), outputs)

    def upload_app(self, built: Path) -> str:
        """Uploads the zips, then the template with their places in it; returns the template's address."""
        template = yaml.safe_load((built / "sam.yaml").read_text())
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                zip_url = self.upload(built / resource["Properties"]["CodeUri"])
                bucket_key = zip_url.removeprefix(f"{self.bucket_url}/")
                resource["Properties"]["CodeUri"] = {"Bucket": self.bucket, "Key": bucket_key}
        return self.put(yaml.safe_dump(template, allow_unicode=True).encode(), ".yaml")

    def upload(self, path: Path) -> str:
        return self.put(path.read_bytes(), path.suffix)

    def put(self, body: bytes, suffix: str) -> str:
        """Stores it under a name made from its content, so that only a change is a change; returns its address."""
        bucket_key = f"{self.stage}/{hashlib.sha256(body).hexdigest()[:32]}{suffix}"
        self.connect("s3").put_object(Bucket=self.bucket, Key=bucket_key, Body=body)
        return f"{self.bucket_url}/{bucket_key}"

    def stack(self, part: str, template_url: str, given: Mapping[str, str]) -> Outputs:
        """Creates or updates one stack and waits for the end of it."""
        name = f"tuan-{self.stage}-{part}"
        cloudformation = self.connect("cloudformation")
        declared = cloudformation.get_template_summary(TemplateURL=template_url)["Parameters"]
        values = {"Stage": self.stage, **given, **self.settings}
        request = {
            "StackName": name,
            "TemplateURL": template_url,
            "Capabilities": CAPABILITIES,
            "Tags": [{"Key": key, "Value": value} for key, value in ({"app": "tuan"} | dict(self.tags)).items()],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": values[key]}
                for key in (parameter["ParameterKey"] for parameter in declared)
                if key in values
            ],
        }
        self.tell(f"{name} …")
        if describe(cloudformation, name) is None:
            cloudformation.create_stack(**request)
        elif not update(cloudformation, request):
            return outputs_of(describe(cloudformation, name))
        return outputs_of(self.finished(name))

    def finished(self, name: str) -> dict[str, Any]:
        cloudformation = self.connect("cloudformation")
        while (stack := describe(cloudformation, name) or {}).get("StackStatus", "").endswith("IN_PROGRESS"):
            time.sleep(self.poll_seconds)
        if stack.get("StackStatus") not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise StackFailed(f"{name}: {'; '.join(reasons(cloudformation, name))}")
        return stack


def describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stack


def update(cloudformation: Any, request: Mapping[str, Any]) -> bool:
    """False when CloudFormation found nothing to do, which it reports as an error."""
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    return True


def outputs_of(stack: Mapping[str, Any] | None) -> Outputs:
    return {output["OutputKey"]: output["OutputValue"] for output in (stack or {}).get("Outputs", [])}


def reasons(cloudformation: Any, name: str) -> list[str]:
    """What failed, first failure first."""
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '?')}" for event in failed]


def main() -> None:
    """Packages and deploys to the region that infra/regions/REGION.json describes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("region", help="the name of a file in infra/regions, without .json")
    name: str = parser.parse_args().region
    described = json.loads((REGIONS / f"{name}.json").read_text())
    session = boto3.Session(region_name=described["region"])
    suffix = session.client("s3").meta.endpoint_url.removeprefix("https://")
    console = Console()
    with console.status("packaging …") as status:
        built = ROOT / ".build" / described["stage"]
        package(described["stage"], built)
        region = Region(
            stage=described["stage"],
            bucket=described["bucket"],
            bucket_url=f"https://{described['bucket']}.{suffix}",
            connect=session.client,
            settings=described["settings"],
            tell=status.update,
        )
        outputs = region.deploy(built)
    for key, value in sorted(outputs.items()):
        console.print(f"{key:<16} {value}")


if __name__ == "__main__":
    main()
