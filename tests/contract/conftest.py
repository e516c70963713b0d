"""AWS as moto plays it, one empty one per test."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib.gateways import aws


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws.Clients]:
    """The gateways' own clients, with their own time limits, on moto."""
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    aws.session.cache_clear()
    aws.client.cache_clear()
    with mock_aws():
        yield aws.client
    aws.session.cache_clear()
    aws.client.cache_clear()
