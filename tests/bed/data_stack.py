"""Makes tables, queue, key and secret in moto from the same templates that go to AWS."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from tests.infra.templates import load

TEMPLATES = Path(__file__).parents[2] / "infra" / "templates"
STAGE = "bed"
KEYS = ("cursor_key", "pickup_key", "sandbox_webhook", "sandbox_api_key", "carrier_webhook", "carrier_api_key")


@cache
def _template(name: str) -> dict[str, Any]:
    """To be read only: every bed has the same."""
    return load(TEMPLATES / name)


@cache
def _boto() -> boto3.Session:
    """One for all beds: each would register its handlers anew."""
    return boto3.Session()


def create(region: str) -> dict[str, str]:
    """The names and addresses the functions would find in their environment."""
    data, app = _template("data.yaml"), _template("app.yaml")
    dynamodb = _boto().client("dynamodb", region_name=region)
    for name in ("CoreTable", "VaultTable"):
        _table(dynamodb, _resource(data, name))
    key = _boto().client("kms", region_name=region).create_key()["KeyMetadata"]["Arn"]
    sqs = _boto().client("sqs", region_name=region)
    queue = sqs.create_queue(QueueName=f"tuan-{STAGE}-wake")["QueueUrl"]
    secrets = {name: f"{name}-" + "x" * 40 for name in KEYS}
    secret = (
        _boto()
        .client("secretsmanager", region_name=region)
        .create_secret(Name=f"tuan/{STAGE}/keys", SecretString=json.dumps(secrets))["ARN"]
    )
    files = f"tuan-{STAGE}-files"
    _boto().client("s3", region_name=region).create_bucket(
        Bucket=files, CreateBucketConfiguration={"LocationConstraint": region}
    )
    _boto().client("sesv2", region_name=region).create_email_identity(EmailIdentity="tuan@example.com")
    return {
        "STAGE": STAGE,
        "TABLE": f"tuan-{STAGE}",
        "VAULT_TABLE": f"tuan-{STAGE}-vault",
        "FILES": files,
        "KEY_ARN": key,
        "WAKE_QUEUE_URL": queue,
        "SECRET_ARN": secret,
        "SMS_SENDER": "Tuan",
        "EMAIL_FROM": "tuan@example.com",
        "SANDBOX_URL": "http://sandbox.invalid",
        "CARRIER_URL": "http://carrier.invalid",
        "PUBLIC_URL": "https://tuan.example",
        "TRANSFER_ACCOUNT": "招商银行 团团鲜果 6225 0000 0000",
        "PLATFORM_FEE_BP": "200",
        "STREAM_FILTERS": json.dumps(stream_filters(app)),
    }


def _resource(template: dict[str, Any], name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][name]["Properties"]
    return properties


def _table(dynamodb: Any, properties: dict[str, Any]) -> None:
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    asked = {name: properties[name] for name in wanted if name in properties}
    if "StreamSpecification" in properties:
        asked["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    name = properties["TableName"]["Fn::Sub"].replace("${Stage}", STAGE)
    dynamodb.create_table(TableName=name, **asked)


def stream_filters(app: dict[str, Any]) -> list[Any]:
    """The patterns that decide which records start the stream's function."""
    function = app["Resources"]["Changes"]["Properties"]
    (source,) = function["Events"].values()
    return [json.loads(each["Pattern"]) for each in source["Properties"]["FilterCriteria"]["Filters"]]


def passes(record: dict[str, Any], patterns: list[Any]) -> bool:
    """Whether one of the patterns lets the record through, as Lambda's event filtering would."""
    return any(_matches(record, pattern) for pattern in patterns)


def _matches(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(value.get(name), inner) for name, inner in pattern.items())
    return any(_rule(value, rule) for rule in pattern)


def _rule(value: Any, rule: Any) -> bool:
    if isinstance(rule, dict):
        if "exists" in rule:
            return (value is not None) == rule["exists"]
        raise ValueError(f"the bed does not know the rule {rule}")
    return bool(value == rule)
