"""The engine's tables, made from the template that makes them in AWS."""

from pathlib import Path
from typing import Any

from tests.infra.templates import load

from .table import Index, Table

DATA = Path(__file__).parents[2] / "infra" / "templates" / "data.yaml"


def core_properties() -> dict[str, Any]:
    properties: dict[str, Any] = load(DATA)["Resources"]["CoreTable"]["Properties"]
    return properties


def core_table(properties: dict[str, Any] | None = None) -> Table:
    asked = properties or core_properties()
    indexes = tuple(
        Index(one["IndexName"], *_names(one["KeySchema"]), tuple(one["Projection"].get("NonKeyAttributes", ())))
        for one in asked["GlobalSecondaryIndexes"]
    )
    return Table(*_names(asked["KeySchema"]), indexes)


def _names(schema: list[dict[str, str]]) -> tuple[str, str]:
    named = {one["KeyType"]: one["AttributeName"] for one in schema}
    return named["HASH"], named["RANGE"]
