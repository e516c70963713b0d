"""Turns what the code says into the parts of the documents that nobody should have to keep up by hand.

A document holds marks, `<!-- made: KIND ARGUMENTS -->` … `<!-- end -->`; what stands between them is written here.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from string import Formatter
from typing import Any

from chalicelib.handlers.edge import ROUTES, Route
from chalicelib.handlers.problems import PROBLEMS
from chalicelib.store.rows import KINDS, Kind

from .scene import Example

ROOT = Path(__file__).parents[2]
MADE = re.compile(r"(<!-- made: ([^>]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
WIDTH = 100

ROWS: Mapping[str, tuple[str, str]] = {
    "product": ("a product in its merchant's catalogue, with the deals that run", ""),
    "price_mark": ("one line of its price history: a list price set, or a sale made", ""),
    "review": ("what one buyer says of a product, by the order it came with", ""),
    "rating": ("a product's reviews added up", ""),
    "campaign": ("the offer: a draft, then published", "at publishing: opens its groups"),
    "terms": ("the campaign as published; version n never changes", ""),
    "stock": ("what the campaign still has to give to its groups", ""),
    "restocked": ("one addition to the stock, so that a repeated one adds nothing", ""),
    "group": ("the group: deadline, state, verdict", "deadline + 2 s; a moved deadline; work half done"),
    "slice": ("a share of a group's seats and units", ""),
    "part": ("one part of a closing group's orders: its count, and whether it is carried out", ""),
    "order": ("one buyer's commitment and its steps", "words owed; reminders; pay-by; a missing pickup choice"),
    "entry": ("one movement of money", "a refund's next try; its 24 h alarm; words owed"),
    "notice": ("one message to one person on one channel", "its sending time; the end of its sender's lease"),
    "preferences": ("how a person wants to be told, and what they agreed to", ""),
    "tally": ("numbers for show of a group or a campaign", "5 s after a change (later for big groups): the recount"),
    "journey": ("a formed group's stages: entered, promised, said, finished", "words owed; warnings; 18:00; silence"),
    "duty": ("a line in somebody's list: a stage in their hands, or a late one to see to", ""),
    "share": ("a person's own link to a group", ""),
    "announcement": ("something to tell everyone in a group, and how far it got", "until everyone is told"),
    "parked": ("a row that could not be processed, and why", ""),
    "listing": ("a group's line in the hall under one facet", ""),
    "visit": ("one distinct visitor of a campaign, by a hash that names nobody", ""),
    "demand": ("what a formed group's orders add up to, by destination", "the next part to count; the pickup cut-off"),
    "purchase_order": ("what one supplier is asked for, with its amendments and answers", "words owed; its answer-by"),
    "lot": ("goods a supplier has sent off", ""),
    "receipt": ("what a destination is to receive, and has received", "the end of its grace; a sharing under way"),
    "leader": ("who applied as a leader, and what was decided", ""),
    "place": ("a leader's pickup place", ""),
    "neighbour": ("somebody who lets a leader order for them", ""),
    "books": ("where the books of one provider stand", "10:30 of the day after; hourly until its list is there"),
    "booked_day": ("a day that was held against a provider's own list", ""),
    "difference": ("what differed on it, by name", ""),
    "settling": ("how far a formed group's money has been let out", "every six hours, until all of it is"),
    "solvency": ("a campaign's sums for everybody, at most five minutes old when asked for", ""),
    "allowance": ("units one buyer has taken over all groups of a campaign", ""),
}  # fmt: skip
"""Row kind -> (what it holds, what wakes it). A kind that is not here is described by its class."""


def made(document: str, examples: Mapping[str, Example]) -> str:
    """The document with everything between marks written anew."""

    def filled(found: re.Match[str]) -> str:
        kind, *words = found[2].split()
        plain = [word for word in words if "=" not in word]
        named = dict(word.split("=", 1) for word in words if "=" in word)
        return f"{found[1]}\n{_MAKERS[kind](examples, *plain, **named)}\n\n{found[4]}"

    return MADE.sub(filled, document)


# ------------------------------------------------------------------ examples


def example(examples: Mapping[str, Example], name: str, keep: str = "") -> str:
    """The call and its answer. `keep` (a,b.c) names the members shown; `…` stands for the others."""
    one = examples[name]
    lines = [f"{one.method} {one.path}"]
    if one.who is not None:
        lines.append(f"Authorization: Bearer <token of {one.who}>")
    lines += [f"{header}: {value}" for header, value in one.headers.items()]
    if one.body is not None:
        lines += ["", pretty(one.body)]
    said = one.answer if not keep else kept(one.answer, [path.split(".") for path in keep.split(",")])
    status = f"{one.status} {HTTPStatus(one.status).phrase}"
    return "\n".join(["```http", *lines, "```", "", status, "", "```json", pretty(said), "```"])


def kept(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [kept(inner, paths) for inner in value]
    if not isinstance(value, dict) or [] in paths:
        return value
    wanted = {path[0] for path in paths}
    assert wanted <= value.keys(), f"there is no {wanted - value.keys()} to keep"
    shown = {
        name: kept(inner, [path[1:] for path in paths if path[0] == name])
        for name, inner in value.items()
        if name in wanted
    }
    return shown if len(shown) == len(value) else {**shown, "…": "…"}


def pretty(value: Any, indent: str = "") -> str:
    """JSON with what fits on one line on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not value or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{deeper}{json.dumps(key, ensure_ascii=False)}: {pretty(one, deeper)}" for key, one in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{deeper}{pretty(one, deeper)}" for one in value) + f"\n{indent}]"


# ------------------------------------------------------------------ tables


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def problems(examples: Mapping[str, Example]) -> str:
    ordered = sorted(PROBLEMS.items(), key=lambda pair: pair[1].status)
    return table(("status", "code", "what it says"), ((str(p.status), f"`{code}`", p.en) for code, p in ordered))


def routes(examples: Mapping[str, Example], roles: str) -> str:
    """The routes that ask for exactly these roles (a+b, or public), as they were declared."""
    wanted = frozenset() if roles == "public" else frozenset(roles.split("+"))
    found = [route for route in ROUTES if route.roles == wanted]
    assert found, f"no route asks for {roles}"
    return table(("call", "what it does"), ((f"`{one.method} {one.path}`", _summary(one)) for one in found))


def _summary(one: Route) -> str:
    notes = [note for note, holds in (("idempotency key", one.key), ("cached", bool(one.cache))) if holds]
    return one.summary + (f" *({', '.join(notes)})*" if notes else "")


def all_roles() -> set[str]:
    return {"+".join(sorted(one.roles)) or "public" for one in ROUTES}


class _Word(str):
    """A placeholder that may stand for an enum, too."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return self


class _Sample:
    """A row whose every field says its own name, so that a key made of it shows what keys are made of."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        if name == "id" and self._kind in ("order", "entry"):
            return "‹group›-0a‹hash›" + (".p1" if self._kind == "entry" else "")
        if name == "number":
            return 1
        return 0 if name.endswith("at") else _Word(f"‹{name.removesuffix('_id')}›")


def rows(examples: Mapping[str, Example]) -> str:
    return table(("kind", "partition key", "sort key", "listed under", "holds", "its timer"), map(_row, KINDS))


def _row(kind: Kind[Any]) -> tuple[str, ...]:
    sample: Any = _Sample(kind.name)
    pk, sk = (_key(part) for part in kind.key(sample))
    line = kind.listed(sample) if kind.listed else None
    listed = _key(line[0]) if line else ""
    holds, wakes = ROWS.get(kind.name) or (_first_sentence(kind.of), "")
    gone = " (goes by itself)" if kind.gone_at else ""
    return f"`{kind.name}`", pk, sk, listed, holds + gone, wakes


def _first_sentence(of: type) -> str:
    return " ".join((of.__doc__ or "").split()).partition(". ")[0].rstrip(".")


def _key(text: str) -> str:
    return f"`{text.replace('0' * 15, '‹moment›')}`"


def commands(examples: Mapping[str, Example]) -> str:
    found = re.findall(r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return table(("command", "what it does"), ((f"`make {name}`", what) for name, what in found))


def decisions(examples: Mapping[str, Example]) -> str:
    lines = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        title = path.read_text().splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}](decisions/{path.name})")
    return "\n".join(lines)


def measured(examples: Mapping[str, Example], language: str) -> str:
    """Three figures of the last `make bench`, as it wrote them into docs/performance.json."""
    found = json.loads((ROOT / "docs" / "performance.json").read_text())
    lines = _MEASURED[language]
    return "\n".join(f"- {line.format(**found)}" for line in lines if all(found[name] for name in _names(line)))


def _names(line: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(line) if name]


_MEASURED = {
    "en": (
        "700 buyers at once for 500 units: exactly 500 sold in {exact_runs} of {runs} runs.",
        "One hot group takes {hot_per_s:,} joins a second on a model of DynamoDB's limits, in {hot_slices} slices that "
        "it found by itself.",
        "On one hot product {beside_pretix} times the orders a second of pretix, which does more per order, at "
        "{p95_beside_pretix} of its 95th percentile.",
    ),
    "zh": (
        "700 人同时抢 500 件：{runs} 轮中有 {exact_runs} 轮恰好卖出 500 件。",
        "在按 DynamoDB 限额建的模型上，一个热门团每秒接纳 {hot_per_s:,} 单，自己分成 {hot_slices} 片。",
        "同一件热门商品，每秒订单数是 pretix 的 {beside_pretix} 倍（pretix 每单做的事更多），"
        "95 分位耗时是它的 {p95_beside_pretix} 倍。",
    ),
}

_MAKERS: Mapping[str, Callable[..., str]] = {
    "example": example,
    "problems": problems,
    "routes": routes,
    "rows": rows,
    "commands": commands,
    "decisions": decisions,
    "measured": measured,
}
