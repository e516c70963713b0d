"""Finds a cell by its name: a region file's (`eu-central-1`), or a running local stack's (`local:run`)."""

import json
from pathlib import Path
from typing import Any

import boto3

from infra import regions
from infra.deploy import Region
from infra.local.meter import Meter
from infra.local.stack import STAGE as LOCAL_STAGE
from infra.local.stack import local_region
from infra.package import ROOT

LOCAL = "local:"


class NoCell(Exception):
    """There is none of this name; the message says what to do."""


def find(name: str, stage: str) -> Region:
    """Raises NoCell or BadRegion."""
    if name.startswith(LOCAL):
        return local(name.removeprefix(LOCAL))
    cell = regions.read(name)
    if stage not in cell.stages:
        raise NoCell(f"{name}.toml describes no stage “{stage}”; it describes {', '.join(cell.stages)}")
    session = boto3.Session(region_name=cell.region)
    suffix = "amazonaws.com.cn" if cell.partition == "aws-cn" else "amazonaws.com"
    region = Region(
        name=name,
        stage=stage,
        connect=session.client,
        settings=cell.settings(stage),
        identity=cell.identity,
        bucket_url=lambda bucket: f"https://{bucket}.s3.{cell.region}.{suffix}",
        bake_s=cell.stages[stage].bake_minutes * 60,
    )
    region.firing = lambda: firing(region)
    return region


def firing(region: Region) -> set[str]:
    """The alarms that are going off, by their names without the stage."""
    prefix = f"tuan-{region.stage}-"
    pages = region.connect("cloudwatch").get_paginator("describe_alarms")
    found = pages.paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
    return {alarm["AlarmName"].removeprefix(prefix) for page in found for alarm in page["MetricAlarms"]}


def local(name: str) -> Region:
    address = address_of(name)
    region = local_region(name, address["endpoint_url"], address["settings"], address["aws_region"])
    region.identity = address.get("identity", region.identity)
    meter = Meter(region)
    region.firing = meter.firing
    return region


def address_of(name: str) -> dict[str, Any]:
    file = local_home(name) / "address.json"
    if not file.exists():
        raise NoCell(f"“{name}” is not running: `make run` starts it")
    address: dict[str, Any] = json.loads(file.read_text())
    return address


def local_home(name: str) -> Path:
    return ROOT / ".local" / name


def all_of_them() -> list[tuple[str, str]]:
    """(name, stage) of every cell: each stage of each region file, and the local stacks that run."""
    described = [(name, stage) for name in regions.names() for stage in regions.read(name).stages]
    running = sorted(path.parent.name for path in (ROOT / ".local").glob("*/address.json"))
    return described + [(f"{LOCAL}{name}", LOCAL_STAGE) for name in running]
