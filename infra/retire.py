"""Takes a cell down: its code at once, its data only when somebody types the cell's full name."""

from collections.abc import Iterator
from typing import Any

from infra.deploy import LASTING, Region


class Refusal(Exception):
    """What was asked is not done; the message says why, and what to do."""


def destroy(region: Region, *, data: bool, typed: str) -> Iterator[str]:
    """Yields what it did. Without `data`, the data stays, and a new deployment finds it there."""
    full_name = f"tuan-{region.stage}-{region.name}"
    if data and typed != full_name:
        raise Refusal(f"the data stays: to destroy it, type the cell's full name: NAME={full_name}")
    if data and region.settings.get("Protected", "true") == "true":
        raise Refusal(
            "the data stays: this stage is protected. Set protected = false in its file and deploy that first"
        )
    outputs = region.outputs()
    if region.stacks.status(region.stack_name("app")):
        region.stacks.delete(region.stack_name("app"))
        yield f"{region.stack_name('app')} is gone; the data is untouched"
    if data:
        yield from _destroy_data(region, outputs)


def _destroy_data(region: Region, outputs: dict[str, str]) -> Iterator[str]:
    """A last backup of each table is kept. Afterwards the name is free for a new deployment."""
    dynamodb = region.connect("dynamodb")
    tables = [outputs[key] for key in ("Table", "Vault") if key in outputs]
    for table in tables:
        backup = dynamodb.create_backup(TableName=table, BackupName=f"{table}-last")["BackupDetails"]["BackupArn"]
        yield f"{table} is backed up: {backup}"
    for part in reversed(LASTING):
        name = region.stack_name(part)
        if region.stacks.status(name):
            region.stacks.client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
            region.stacks.delete(name)
            yield f"{name} is gone"
    for table in tables:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        yield f"{table} is deleted"
    if "UserPoolId" in outputs:
        region.connect("cognito-idp").delete_user_pool(UserPoolId=outputs["UserPoolId"])
        yield f"{outputs['UserPoolId']} is deleted"
    if "SecretArn" in outputs:
        region.connect("secretsmanager").delete_secret(SecretId=outputs["SecretArn"], ForceDeleteWithoutRecovery=True)
        yield f"{outputs['SecretArn']} is deleted"
    if "TokenKeyArn" in outputs:
        region.connect("kms").schedule_key_deletion(KeyId=outputs["TokenKeyArn"], PendingWindowInDays=7)
        yield f"{outputs['TokenKeyArn']} goes in 7 days"
    if "KeyArn" in outputs:
        region.connect("kms").schedule_key_deletion(KeyId=outputs["KeyArn"], PendingWindowInDays=30)
        yield f"{outputs['KeyArn']} goes in 30 days, and with it every backup of the vault"
    for bucket in (outputs[key] for key in ("Bucket", "Files") if key in outputs):
        empty(region.connect("s3"), bucket)
        region.connect("s3").delete_bucket(Bucket=bucket)
        yield f"{bucket} is deleted"


def empty(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        gone = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if gone:
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in gone]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
