"""The store on moto: one small table a module, made from the template that goes to AWS, and emptied for every test."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from chalicelib.store.timers import DynamoStore
from tests.bed import data_stack
from tests.bed.aws import Hook
from tests.bed.quick_moto import quick_moto
from tests.infra.templates import load

REGION = "eu-west-1"
TABLE = f"tuan-{data_stack.STAGE}"


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """Sees, counts and can fail every call the store makes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        found = Hook()
        with mock_aws(), quick_moto(), found.installed():
            yield found


@pytest.fixture(scope="module")
def client(hook: Hook) -> Any:
    """Plain access, past the store."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    template = load(data_stack.TEMPLATES / "data.yaml")
    data_stack._table(dynamodb, template["Resources"]["CoreTable"]["Properties"])
    return dynamodb


@pytest.fixture(scope="module")
def bound(client: Any) -> DynamoStore:
    return DynamoStore(TABLE, REGION)


@pytest.fixture
def store(bound: DynamoStore, hook: Hook) -> Iterator[DynamoStore]:
    for backends in dynamodb_backends.values():
        if REGION in backends:
            table = backends[REGION].tables[TABLE]
            table.items.clear()
            if table.stream_shard is not None:
                table.stream_shard.items.clear()
    bound._terms.clear()
    bound._groups.clear()
    hook.calls.clear()
    yield bound
    hook.fault = None


@pytest.fixture
def raw(client: Any) -> Any:
    """An item as DynamoDB holds it."""

    def get(pk: str, sk: str) -> dict[str, Any] | None:
        item: dict[str, Any] | None = client.get_item(
            TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
        ).get("Item")
        return item

    return get
