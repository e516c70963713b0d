"""What a gateway costs a function that never calls it, and the limits of every call."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.gateways import aws
from chalicelib.gateways.aws import ONCE, PATIENCE

ROOT = Path(__file__).parents[2]
HEAVY = ("boto3", "botocore", "urllib3", "jwt", "cryptography", "msgspec")

IMPORT_ALL = """
import json, sys
from chalicelib.gateways import aws, email, identity, queue, secrets, sms, texts, vault, watch, wire
from chalicelib.gateways.payments import transfer
email.Email("a@b.example"); sms.Sms(); queue.Queue("u"); secrets.Secrets("a"); vault.SealedVault("t", "k")
texts.Wording(); watch.Lines("s"); transfer.Transfer()
identity.Pool(issuer="i", audience="a", jwks_url="http://127.0.0.1:1")
print(json.dumps(sorted(sys.modules)))
"""


def test_making_every_gateway_imports_nothing_heavy() -> None:
    said = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(said.stdout))
    assert not loaded.intersection(HEAVY)
    assert not any(name.startswith("chalicelib.gateways.wording.") for name in loaded)


@pytest.mark.parametrize("service", ["dynamodb", "kms", "sqs", "sns", "sesv2", "secretsmanager", "cognito-idp"])
def test_every_client_has_short_limits_and_is_made_once(cloud: aws.Clients, service: str) -> None:
    client = cloud(service)
    config = client.meta.config
    assert config.connect_timeout <= 1
    assert config.read_timeout <= PATIENCE.get(service, 3) < 20, "the API's own limit"
    attempts = config.retries["total_max_attempts"]
    assert attempts <= 2
    assert cloud(service) is client
    if service in ONCE:
        assert attempts == 1, "a repeat by the SDK could be a second message"


def test_messages_are_sent_by_services_that_are_not_repeated() -> None:
    assert {"sns", "sesv2", "cognito-idp"} <= ONCE
