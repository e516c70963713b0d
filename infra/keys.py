"""The fields of the one secret `tuan/STAGE/keys` that CloudFormation cannot generate.

The data stack makes the secret with `cursor_key`. The sandbox provider's keys are added by the deploy when
they are missing and then left alone: a rotation (`rotate`) keeps the old one valid beside the new
one until the provider has switched over.
"""

import json
import secrets
from typing import Any

# `people_key` hashes phones where people are known by them: it lasts for ever, under another nobody would be known.
GENERATED = ("people_key", "sandbox_webhook", "sandbox_webhook_old", "sandbox_api_key")


def complete(secretsmanager: Any, secret_arn: str) -> dict[str, str]:
    """Adds the fields that are missing and returns all; what is there never changes."""
    keys = read(secretsmanager, secret_arn)
    missing = [name for name in GENERATED if name not in keys]
    if missing:
        keys |= {name: secrets.token_hex(32) for name in missing}
        write(secretsmanager, secret_arn, keys)
    return keys


def rotate(secretsmanager: Any, secret_arn: str, name: str) -> dict[str, str]:
    """Gives `name` a new value; the one it had becomes `name_old` and is accepted until the next rotation."""
    keys = read(secretsmanager, secret_arn)
    keys |= {f"{name}_old": keys[name], name: secrets.token_hex(32)}
    write(secretsmanager, secret_arn, keys)
    return keys


def read(secretsmanager: Any, secret_arn: str) -> dict[str, str]:
    keys: dict[str, str] = json.loads(secretsmanager.get_secret_value(SecretId=secret_arn)["SecretString"])
    return keys


def write(secretsmanager: Any, secret_arn: str, keys: dict[str, str]) -> None:
    secretsmanager.put_secret_value(SecretId=secret_arn, SecretString=json.dumps(keys, sort_keys=True))
