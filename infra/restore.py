"""Brings a cell's tables back from a copy: `python -m infra.restore CELL --stage STAGE --at 2026-11-21T12:00:00Z`.

A copy is restored under new names, because the damaged tables stay for whoever finds out what happened. The app is
then given the new tables; their names are kept with the release, so that later deployments keep them, too.
What a restored table does not inherit (stream, deletion protection, recovery, time to live) is set again here.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from infra import cells
from infra.deploy import Region
from infra.stacks import Outputs

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Copies:
    """Backups of both tables, taken one after the other; the core table last, so that it names nobody unknown."""

    core: str
    vault: str


def back_up(region: Region, name: str) -> Copies:
    """Takes a copy of each table now. Beside it, the tables can go back to any second of the last 35 days."""
    dynamodb, outputs = region.connect("dynamodb"), region.outputs()
    made = [
        dynamodb.create_backup(TableName=outputs[key], BackupName=name)["BackupDetails"]["BackupArn"]
        for key in ("Vault", "Table")
    ]
    return Copies(core=made[1], vault=made[0])


def restore(region: Region, source: Copies | datetime, tell: Tell = print) -> Outputs:
    """Restores both tables from copies, or as they were at a moment, and gives them to the app."""
    dynamodb, outputs = region.connect("dynamodb"), region.outputs()
    suffix = datetime.now(UTC).strftime("%y%m%d%H%M%S")
    names = {"Table": f"tuan-{region.stage}-{suffix}", "Vault": f"tuan-{region.stage}-vault-{suffix}"}
    for key, name in names.items():
        tell(f"{outputs[key]} -> {name}")
        if isinstance(source, Copies):
            arn = source.core if key == "Table" else source.vault
            dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=arn)
        else:
            dynamodb.restore_table_to_point_in_time(
                SourceTableName=outputs[key], TargetTableName=name, RestoreDateTime=source
            )
    for key, name in names.items():
        active(dynamodb, name, region.poll_s)
        finish(dynamodb, name, region, is_core=key == "Table")
    stream = active(dynamodb, names["Table"], region.poll_s)["LatestStreamArn"]
    given = {**names, "TableStream": stream}
    live = region.releases(outputs).live()
    assert live is not None, "nothing was ever deployed here"
    tell("giving the app the restored tables")
    release = region.again(live, given, outputs["Bucket"])
    region.bring("app", {"TemplateURL": release.template}, release.parameters)
    region.releases(outputs).keep_tables(given)
    region.releases(outputs).went_live(release)
    return outputs | given


def finish(dynamodb: Any, name: str, region: Region, *, is_core: bool) -> None:
    protected = region.settings.get("Protected", "true") == "true"
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=protected)
    active(dynamodb, name, region.poll_s)
    if is_core:
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        dynamodb.update_table(TableName=name, StreamSpecification=stream)
        active(dynamodb, name, region.poll_s)
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"}
        )
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def active(dynamodb: Any, name: str, poll_s: float) -> dict[str, Any]:
    while True:
        table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
        if table["TableStatus"] == "ACTIVE":
            return table
        time.sleep(poll_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cell")
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--at", type=datetime.fromisoformat, required=True, help="as 2026-11-21T12:00:00Z")
    options = parser.parse_args()
    console = Console(emoji=False)
    region = cells.find(options.cell, "local" if options.cell.startswith(cells.LOCAL) else options.stage)
    with console.status("restoring …") as status:
        given = restore(region, options.at, status.update)
    for key in ("Table", "Vault", "TableStream"):
        console.print(f"{key:<12} {given[key]}")


if __name__ == "__main__":
    main()
