"""Taking a cell down: the code at once; the data only with the full name typed, and never of a protected stage."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.deploy import Region
from infra.retire import Refusal, destroy


@dataclass
class Cloud:
    """Three stacks; what is done to them is written down."""

    done: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    def client(self, service: str) -> Any:
        assert service == "cloudformation", f"{service} was asked, and only the code should go"
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        status = "DELETE_COMPLETE" if StackName in self.gone else "CREATE_COMPLETE"
        return {"Stacks": [{"StackStatus": status, "Outputs": []}]}

    def delete_stack(self, StackName: str) -> None:
        self.done.append(StackName)
        self.gone.add(StackName)


def cell(cloud: Cloud, protected: str = "true") -> Region:
    return Region("eu-central-1", "prod", cloud.client, {"Protected": protected}, poll_s=0)


@pytest.mark.req("issue-7.2")
def test_without_a_word_about_data_only_the_code_goes() -> None:
    cloud = Cloud()
    assert list(destroy(cell(cloud), data=False, typed="")) == ["tuan-prod-app is gone; the data is untouched"]
    assert cloud.done == ["tuan-prod-app"]


@pytest.mark.req("issue-7.2")
@pytest.mark.parametrize("typed", ["", "prod", "tuan-prod-ap-southeast-1", "TUAN-PROD-EU-CENTRAL-1"])
def test_data_stays_unless_the_full_name_is_typed(typed: str) -> None:
    cloud = Cloud()
    with pytest.raises(Refusal, match="NAME=tuan-prod-eu-central-1"):
        list(destroy(cell(cloud, "false"), data=True, typed=typed))
    assert cloud.done == []


@pytest.mark.req("issue-7.2")
def test_a_protected_stage_keeps_its_data_whatever_is_typed() -> None:
    cloud = Cloud()
    with pytest.raises(Refusal, match="protected"):
        list(destroy(cell(cloud), data=True, typed="tuan-prod-eu-central-1"))
    assert cloud.done == []
