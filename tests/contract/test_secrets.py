"""The deployment's keys: read once, and never repeated in an error."""

import json

import pytest

from chalicelib.domain.refusals import Broken
from chalicelib.gateways import aws
from chalicelib.gateways.secrets import Secrets


def test_the_secret_is_read_once_per_process(cloud: aws.Clients) -> None:
    manager = cloud("secretsmanager")
    arn = manager.create_secret(Name="tuan/test/keys", SecretString='{"cursor_key":"c"}')["ARN"]
    secrets = Secrets(arn, clients=cloud)
    assert secrets() == {"cursor_key": "c"}
    manager.put_secret_value(SecretId=arn, SecretString='{"cursor_key":"d"}')
    assert secrets() == {"cursor_key": "c"}
    assert Secrets(arn, clients=cloud)() == {"cursor_key": "d"}


@pytest.mark.parametrize(
    "text", ["hush-hush", '["hush-hush"]', json.dumps({"key": {"deep": "hush-hush"}}), '"hush-hush"']
)
def test_another_shape_is_a_bug_that_does_not_repeat_the_secret(cloud: aws.Clients, text: str) -> None:
    arn = cloud("secretsmanager").create_secret(Name="tuan/test/keys", SecretString=text)["ARN"]
    with pytest.raises(Broken) as broken:
        Secrets(arn, clients=cloud)()
    assert "hush" not in repr(broken.value)


def test_a_missing_secret_is_a_bug(cloud: aws.Clients) -> None:
    with pytest.raises(Broken):
        Secrets("arn:aws:secretsmanager:eu-central-1:123456789012:secret:none", clients=cloud)()
