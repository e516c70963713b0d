"""Writes what a run found into docs/operations.md, between `<!-- NAME -->` and `<!-- /NAME -->`."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from infra.package import ROOT

DOCUMENT = ROOT / "docs" / "operations.md"


def keep(name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As a Markdown table with its date. Raises KeyError when the document has no such place."""
    lines = [f"*{datetime.now(UTC):%Y-%m-%d}, on the local engine.*", "", *table(head, rows)]
    text = DOCUMENT.read_text(encoding="utf-8")
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not place.search(text):
        raise KeyError(f"{DOCUMENT.name} has no place <!-- {name} -->")
    body = "\n".join(lines)
    DOCUMENT.write_text(place.sub(lambda found: f"{found[1]}{body}\n{found[2]}", text), encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(one.replace('|', '/').replace(chr(10), ' ') for one in row)} |" for row in cells]
