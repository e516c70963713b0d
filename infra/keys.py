"""The fields of the one secret `tuan/STAGE/keys` that CloudFormation cannot generate.

The data stack makes the secret with `cursor_key`. The sandbox provider's keys are added by the deploy when
they are missing and then left alone: a rotation (`rotate`) keeps the old one valid beside the new
one until the provider has switched over. `python -m infra.keys CELL sandbox_webhook` rotates and makes every function
read the secret anew.
"""

import argparse
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.deploy import Region

# `people_key` hashes phones where people are known by them: it lasts for ever, under another nobody would be known.
ROTATED = ("sandbox_webhook", "carrier_webhook", "cursor_key")
# `pickup_key` lasts as long: under another, codes that buyers have written down would be wrong.
GENERATED = (
    "people_key",
    "pickup_key",
    "sandbox_webhook",
    "sandbox_webhook_old",
    "sandbox_api_key",
    "carrier_webhook",
    "carrier_api_key",
)
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "stripe": ("stripe_api_key", "stripe_webhook"),
    "wechat": (
        "wechat_mchid",
        "wechat_appid",
        "wechat_serial",
        "wechat_private_key",
        "wechat_api_v3_key",  # and, unless it has platform certificates: wechat_public_key_id, wechat_public_key
    ),
    "alipay": ("alipay_app_id", "alipay_private_key", "alipay_public_key"),
}
"""What a payment provider gave its merchant: a person puts it into the secret before the first deployment."""


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


def rotate_in(region: "Region", name: str) -> str:
    """Rotates, then releases the app once more: functions read the secret once. Returns the new release's name."""
    if name not in ROTATED:
        raise ValueError(f"“{name}” is not rotated by us; these are: {', '.join(ROTATED)}")
    outputs = region.outputs()
    releases = region.releases(outputs)
    live = releases.live()
    if live is None:
        raise ValueError("nothing was ever deployed here")
    rotate(region.connect("secretsmanager"), outputs["SecretArn"], name)
    release = region.again(live, {"KeysAt": datetime.now(UTC).isoformat(timespec="seconds")}, outputs["Bucket"])
    region.bring("app", {"TemplateURL": release.template}, release.parameters)
    region.mend(region.outputs())
    releases.went_live(release)
    return release.name


def read(secretsmanager: Any, secret_arn: str) -> dict[str, str]:
    keys: dict[str, str] = json.loads(secretsmanager.get_secret_value(SecretId=secret_arn)["SecretString"])
    return keys


def write(secretsmanager: Any, secret_arn: str, keys: dict[str, str]) -> None:
    secretsmanager.put_secret_value(SecretId=secret_arn, SecretString=json.dumps(keys, sort_keys=True))


def main() -> None:
    from infra import cells

    parser = argparse.ArgumentParser(description="Rotates a key of a cell.")
    parser.add_argument("cell")
    parser.add_argument("name", choices=ROTATED)
    parser.add_argument("--stage", default="prod")
    options = parser.parse_args()
    region = cells.find(options.cell, "local" if options.cell.startswith(cells.LOCAL) else options.stage)
    print(f"{options.name} is new, the old value stays valid beside it; release {rotate_in(region, options.name)}")


if __name__ == "__main__":
    main()
