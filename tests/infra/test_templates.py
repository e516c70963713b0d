"""The templates say what the promises need: nothing forgotten, nothing lost, nobody over-privileged."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.handlers.problems import PROBLEMS
from infra.deploy import OF_THE_CODE
from infra.package import ROOT
from tests.infra.templates import Template

EVERLASTING = (
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Cognito::UserPool",
    "AWS::S3::Bucket",
)
FUNCTIONS = {"APIHandler", "Authorize", "Challenge", "Changes", "Heard", "Tick", "Wake"}


def of_type(template: Template, *kinds: str) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in template["Resources"].items() if one["Type"] in kinds}


def event(template: Template, function: str) -> dict[str, Any]:
    (source,) = template["Resources"][function]["Properties"]["Events"].values()
    properties: dict[str, Any] = source["Properties"]
    return properties


def statements(template: Template) -> Iterator[dict[str, Any]]:
    for role in of_type(template, "AWS::IAM::Role").values():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from either_way(statement)


def either_way(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement under a condition, whichever way it falls."""
    chosen = statement["Fn::If"][1:] if "Fn::If" in statement else [statement]
    yield from (one for one in chosen if "Ref" not in one)


# ---------------------------------------------------------------------- data


def test_what_must_last_is_retained(data_template: Template, identity_template: Template) -> None:
    for template in (data_template, identity_template):
        for name, resource in of_type(template, *EVERLASTING).items():
            # Only a first deployment that fails may take it along: nothing is in it yet.
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_tables_can_be_restored_and_are_encrypted_and_protected(data_template: Template) -> None:
    tables = of_type(data_template, "AWS::DynamoDB::Table")
    assert len(tables) == 2
    for name, table in tables.items():
        properties = table["Properties"]
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, name
        assert properties["SSESpecification"]["SSEEnabled"] is True, name
        assert properties["DeletionProtectionEnabled"] == {"Ref": "Protected"}, name
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name


def test_protection_is_the_default(data_template: Template, identity_template: Template) -> None:
    assert data_template["Parameters"]["Protected"]["Default"] == "true"
    assert identity_template["Parameters"]["Protected"]["Default"] == "true"
    assert identity_template["Parameters"]["PasswordLogin"]["Default"] == "false"


@pytest.mark.req("promise-6")
def test_the_vault_has_its_own_rotating_key_and_no_stream(data_template: Template) -> None:
    vault = data_template["Resources"]["VaultTable"]["Properties"]
    assert vault["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": "VaultKey.Arn"}
    assert data_template["Resources"]["VaultKey"]["Properties"]["EnableKeyRotation"] is True
    assert "StreamSpecification" not in vault


def test_the_core_table_streams_both_images_and_lists_what_is_due(data_template: Template) -> None:
    core = data_template["Resources"]["CoreTable"]["Properties"]
    assert core["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    projections = {index["IndexName"]: index["Projection"] for index in core["GlobalSecondaryIndexes"]}
    assert projections["due"] == {"ProjectionType": "KEYS_ONLY"}
    assert projections["listed"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]}
    assert core["TimeToLiveSpecification"] == {"AttributeName": "gone_at", "Enabled": True}


# ---------------------------------------------------------------------- app


@pytest.mark.req("promise-4")
def test_the_stream_loses_nothing_and_blocks_on_nothing(app_template: Template) -> None:
    source = event(app_template, "Changes")
    assert source["Stream"] == {"Ref": "TableStream"}
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 < source["MaximumRetryAttempts"] <= 10
    assert 60 <= source["MaximumRecordAgeInSeconds"] <= 86_400
    assert source["MaximumBatchingWindowInSeconds"] <= 1
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["ChangesFailed", "Arn"]}


def test_the_stream_starts_a_function_for_marked_rows_and_figures_alone(app_template: Template) -> None:
    patterns = [json.loads(one["Pattern"]) for one in event(app_template, "Changes")["FilterCriteria"]["Filters"]]
    figures = {"kind": {"S": ["order", "visit", "entry"]}}
    with_stages = {"kind": {"S": [*figures["kind"]["S"], "journey"]}}
    assert patterns == [
        {"dynamodb": {"NewImage": {"hot": {"S": ["1"]}}}},
        {"dynamodb": {"NewImage": with_stages}},
        {"dynamodb": {"OldImage": figures}},
    ]


@pytest.mark.req("promise-4")
def test_the_wake_queue_sets_hopeless_messages_aside(app_template: Template) -> None:
    source, resources = event(app_template, "Wake"), app_template["Resources"]
    queue = resources["WakeQueue"]["Properties"]
    assert source["Queue"] == {"Fn::GetAtt": ["WakeQueue", "Arn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["WakeDead", "Arn"]}
    assert queue["VisibilityTimeout"] >= 6 * resources["Wake"]["Properties"]["Timeout"]
    for name, one in of_type(app_template, "AWS::SQS::Queue").items():
        assert one["Properties"]["SqsManagedSseEnabled"] is True, name


def test_the_schedule_ticks_every_minute(app_template: Template) -> None:
    assert event(app_template, "Tick")["Schedule"] == "rate(1 minute)"


def test_every_function_has_limits_and_keeps_its_logs_for_a_while(app_template: Template) -> None:
    functions = of_type(app_template, "AWS::Serverless::Function")
    assert set(functions) == FUNCTIONS
    for name, function in functions.items():
        properties = function["Properties"]
        assert 0 < properties["Timeout"] <= 60, name
        assert 128 <= properties["MemorySize"] <= 2048, name
        assert properties["Architectures"] == ["arm64"], name
        log_group = app_template["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log_group["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}, name
    assert functions["APIHandler"]["Properties"]["Timeout"] < 29, "API Gateway hangs up after 29 s"


def test_the_api_is_throttled(app_template: Template) -> None:
    (setting,) = app_template["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(setting)


def test_no_policy_allows_more_than_named_actions(app_template: Template, identity_template: Template) -> None:
    seen = [*statements(app_template), *statements(identity_template)]
    assert len(seen) > len(FUNCTIONS)
    for statement in seen:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action, statement


def test_any_resource_is_named_only_where_aws_knows_none(app_template: Template) -> None:
    """A phone and a trace have no ARN, streams cannot be listed by name; topics are then refused explicitly."""
    wide = {one["Sid"] for one in statements(app_template) if one["Effect"] == "Allow" and one["Resource"] == "*"}
    assert wide == {"SmsToPhones", "StreamList", "Traces"}
    refused = [one["Sid"] for one in statements(app_template) if one["Effect"] == "Deny"]
    # For the worker, which tells; for the challenge, which sends codes; for the API, which sends them without a pool.
    assert refused == ["NeverToTopics"] * 3


@pytest.mark.req("promise-6")
def test_only_api_and_worker_reach_contact_data(app_template: Template) -> None:
    for name, role in of_type(app_template, "AWS::IAM::Role").items():
        reaches = '"Ref": "KeyArn"' in json.dumps(role) or "table/${Vault}" in json.dumps(role)
        assert reaches == (name in ("ApiHandlerRole", "HeardRole", "WakeRole")), name


@pytest.mark.req("N12", "promise-6")
def test_what_people_write_is_put_into_the_vault_by_a_function_that_cannot_open_it(app_template: Template) -> None:
    heard = app_template["Resources"]["HeardRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = {action for one in heard for way in either_way(one) for action in way["Action"] if "kms" in action}
    assert allowed == {"kms:Encrypt"}
    topic = app_template["Resources"]["HeardTopic"]["Properties"]
    assert topic["KmsMasterKeyId"] == {"Ref": "KeyArn"}, "sealed while it waits"
    (statement,) = app_template["Resources"]["HeardTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.req("promise-4")
def test_operators_hear_of_everything_that_waits_for_them(app_template: Template) -> None:
    alarms = of_type(app_template, "AWS::CloudWatch::Alarm")
    watched = {alarm["Properties"]["MetricName"] for alarm in alarms.values()}
    assert {"ApproximateNumberOfMessagesVisible", "Errors", "IteratorAge", "Invocations"} <= watched
    assert {"Alarm", "parked_rows", "LateRefund", "close_lag_ms", "timer_lag_ms", "resolution_lag_ms"} <= watched
    assert {"SMSMonthToDateSpentUSD", "Reputation.BounceRate", "ConcurrentExecutions"} <= watched
    for name, alarm in alarms.items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "Operators"}], name
        assert alarm["Properties"]["OKActions"] == [{"Ref": "Operators"}], name
    dimensions = [one for alarm in alarms.values() for one in alarm["Properties"].get("Dimensions", [])]
    failing = {one["Value"]["Ref"] for one in dimensions if "Ref" in one["Value"]}
    assert failing >= FUNCTIONS


def test_every_metric_of_ours_is_one_the_code_writes(app_template: Template) -> None:
    """An alarm or a plot on a name nobody counts would stay silent for ever."""
    sources = "\n".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    alarms = of_type(app_template, "AWS::CloudWatch::Alarm").values()
    named = {a["Properties"]["MetricName"] for a in alarms if a["Properties"]["Namespace"] == "Tuan"}
    board = json.loads(app_template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    for widget in board["widgets"]:
        named |= {metric[1] for metric in widget["properties"]["metrics"] if metric[0] == "Tuan"}
    for name in named - {"Alarm"}:
        spelled = {f'"{name}"', f'alarm("{"".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")}"'}
        prefix, _, _ = name.partition("_")
        assert any(one in sources for one in spelled) or f'"{prefix}_{{' in sources, name


def test_a_new_version_takes_over_step_by_step_and_back_on_an_alarm(app_template: Template) -> None:
    defaults = app_template["Globals"]["Function"]
    assert defaults["AutoPublishAlias"] == "live"
    preference = defaults["DeploymentPreference"]
    assert app_template["Parameters"]["Shift"]["Default"].startswith("Canary")
    watching = {alarm["Ref"] for alarm in preference["Alarms"]}
    resources = app_template["Resources"]
    names = {resources[one]["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("tuan-${Stage}-") for one in watching}
    assert names == set(OF_THE_CODE)
    assert ":live/invocations" in json.dumps(resources["RestAPI"])
    assert ".Arn}/invocations" not in json.dumps(resources["RestAPI"])
    for name in FUNCTIONS:
        assert resources[name]["Properties"]["AutoPublishAliasAllProperties"] is True, name


def test_the_gateways_own_answers_are_problems_with_our_codes(app_template: Template) -> None:
    answers = app_template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    codes = {}
    for kind, answer in answers.items():
        document = json.loads(answer["ResponseTemplates"]["application/json"])
        assert answer["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'", kind
        assert answer["StatusCode"] == str(document["status"]), kind
        assert document["code"] in PROBLEMS, kind
        codes[kind] = document["code"]
    assert codes["UNAUTHORIZED"] == "not_signed_in"
    assert codes["THROTTLED"] == "too_many_requests"
    assert codes["REQUEST_TOO_LARGE"] == "body_too_large"
    assert codes["BAD_REQUEST_BODY"] == "malformed_json"
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(codes)
