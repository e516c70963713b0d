"""CloudFormation, one stack at a time: what would change, change it, wait for the end of it, find what drifted."""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
NOT_YET = ("REVIEW_IN_PROGRESS",)
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")

Outputs = dict[str, str]


class StackFailed(Exception):
    """CloudFormation gave up on a stack; the message holds the reasons it named."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a change set. `replaces`: whether the resource is made anew ("True", "Conditional", "False"), and
    what was in it is not carried over."""

    action: str
    name: str
    kind: str
    replaces: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change set that waits to be run or dropped."""

    stack: str
    id: str
    changes: tuple[Change, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """One resource that is no longer as its template says; `where` are the properties."""

    stack: str
    name: str
    status: str
    where: tuple[str, ...]


@dataclass
class Stacks:
    """`client` is CloudFormation's; `poll_s` how long it rests between two looks."""

    client: Any
    poll_s: float = 4.0

    def describe(self, name: str) -> dict[str, Any] | None:
        try:
            stack: dict[str, Any] = self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return stack

    def status(self, name: str) -> str:
        """As CloudFormation says it; "" where there is none."""
        return str((self.describe(name) or {}).get("StackStatus", ""))

    def outputs(self, name: str) -> Outputs:
        stack = self.describe(name) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def propose(
        self, name: str, template: Mapping[str, str], values: Mapping[str, str], tags: Mapping[str, str]
    ) -> Proposal | None:
        """What running `template` would change; None when nothing. `values` may hold more than it declares."""
        status = self.status(name)
        if status == "ROLLBACK_COMPLETE":  # its first creation failed: all that can be done with it is to delete it
            self.delete(name)
            status = ""
        is_new = status in ("", *NOT_YET)
        declared = self.client.get_template_summary(**template)["Parameters"]
        known = [parameter["ParameterKey"] for parameter in declared if parameter["ParameterKey"] in values]
        change_set: str = self.client.create_change_set(
            StackName=name,
            ChangeSetName=f"tuan-{uuid.uuid4().hex[:12]}",
            ChangeSetType="CREATE" if is_new else "UPDATE",
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": values[key]} for key in known],
            Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            **template,
        )["Id"]
        described = self._described(change_set)
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "")
            self.drop(Proposal(name, change_set, (), is_new))
            if any(words in reason for words in NOTHING_TO_DO):
                return None
            raise StackFailed(f"{name}: {reason}")
        return Proposal(name, change_set, tuple(self._changes(change_set)), is_new)

    def run(self, proposal: Proposal) -> None:
        """Raises StackFailed; CloudFormation has then put back what was before."""
        self.client.execute_change_set(ChangeSetName=proposal.id)
        self.settle(proposal.stack)

    def drop(self, proposal: Proposal) -> None:
        self.client.delete_change_set(ChangeSetName=proposal.id)
        if proposal.is_new and self.status(proposal.stack) in NOT_YET:
            self.client.delete_stack(StackName=proposal.stack)

    def settle(self, name: str) -> None:
        while (status := self.status(name)).endswith("IN_PROGRESS"):
            time.sleep(self.poll_s)
        if status not in DONE:
            raise StackFailed(f"{name}: {'; '.join(self.reasons(name)) or status}")

    def delete(self, name: str) -> None:
        """What the template retains stays."""
        self.client.delete_stack(StackName=name)
        while (status := self.status(name)).endswith("IN_PROGRESS"):
            time.sleep(self.poll_s)
        if status not in ("", "DELETE_COMPLETE"):
            raise StackFailed(f"{name}: {'; '.join(self.reasons(name)) or status}")

    def reasons(self, name: str) -> list[str]:
        """What failed, first failure first."""
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
        return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '?')}" for event in failed]

    def resources(self, name: str) -> dict[str, tuple[str, str]]:
        """Logical name -> (type, physical id)."""
        pages = self.client.get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId", ""))
            for page in pages
            for one in page["StackResourceSummaries"]
        }

    def drifts(self, name: str) -> list[Drift]:
        asked = self.client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
        while self._detecting(asked):
            time.sleep(self.poll_s)
        found = self.client.describe_stack_resource_drifts(
            StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )["StackResourceDrifts"]
        return [
            Drift(
                stack=name,
                name=one["LogicalResourceId"],
                status=one["StackResourceDriftStatus"],
                where=tuple(difference["PropertyPath"] for difference in one.get("PropertyDifferences", [])),
            )
            for one in found
        ]

    def _detecting(self, detection: str) -> bool:
        said = self.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        return bool(said["DetectionStatus"] == "DETECTION_IN_PROGRESS")

    def _described(self, change_set: str) -> dict[str, Any]:
        while True:
            said: dict[str, Any] = self.client.describe_change_set(ChangeSetName=change_set)
            if said["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return said
            time.sleep(self.poll_s)

    def _changes(self, change_set: str) -> Iterator[Change]:
        start: dict[str, str] = {}
        while True:
            page = self.client.describe_change_set(ChangeSetName=change_set, **start)
            for one in page.get("Changes", []):
                change = one["ResourceChange"]
                yield Change(
                    action=change["Action"],
                    name=change["LogicalResourceId"],
                    kind=change["ResourceType"],
                    replaces=str(change.get("Replacement", "False")),
                )
            if not page.get("NextToken"):
                return
            start = {"NextToken": page["NextToken"]}
