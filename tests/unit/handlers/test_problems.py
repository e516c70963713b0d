"""Every refusal the sources can utter has its line in the table, in both languages, and no line is idle."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import app as _app  # noqa: F401 - declares every route
from chalicelib.handlers.edge import ROUTES
from chalicelib.handlers.problems import PROBLEMS, TITLES, problem
from tests.every import every

SOURCES = Path(__file__).parents[3] / "chalicelib"

MADE_AT_THE_EDGE = {
    "busy",
    "unavailable",
    "internal",
    "method_not_allowed",
    "unsupported_media_type",
    "unknown_field",
    "missing_field",
    "missing_parameter",
    "bad_request",
    "too_many_requests",
}
"""Codes that are put together or looked up in edge.py and reading.py, where the AST does not show them, or said by
the gateway itself (infra/gateway.py)."""


def refused() -> Iterator[tuple[str, str]]:
    """(code, file) of every `Refused("code", …)` in the sources."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) == "Refused":
                for code in _codes(node.args[0]):
                    yield code, path.name


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _codes(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)


UTTERED = dict(refused())


def test_the_search_finds_refusals_in_every_room() -> None:
    assert {"over_the_limit", "sold_out", "bad_token", "bad_cursor"} <= UTTERED.keys()


@every(sorted(UTTERED))
def test_every_refusal_has_a_line(code: str) -> None:
    assert code in PROBLEMS, f"{UTTERED[code]} refuses with {code}: give it a line in handlers/problems.py"


@every(sorted(PROBLEMS))
def test_every_line_is_used(code: str) -> None:
    assert code in UTTERED or code in MADE_AT_THE_EDGE, f"nothing refuses with {code}: take its line out"


def test_what_routes_say_they_refuse_exists() -> None:
    for one in ROUTES:
        assert set(one.refusals) <= UTTERED.keys(), one.name
        assert len(set(one.refusals)) == len(one.refusals), one.name


@every(sorted(PROBLEMS))
def test_a_line_says_what_to_do_in_both_languages(code: str) -> None:
    line = PROBLEMS[code]
    assert line.status in TITLES
    assert re.search(r"[\u4e00-\u9fff]", line.zh)
    assert line.zh.endswith("。")
    assert line.en.isascii()
    assert line.en.endswith(".")
    named = [{field for _, field, *_ in Formatter().parse(text) if field} for text in (line.zh, line.en)]
    assert named[0] == named[1], "both languages tell the same facts"


def test_server_errors_are_those_that_may_be_tried_again_or_a_bug() -> None:
    assert {code for code, line in PROBLEMS.items() if line.status >= 500} == {"busy", "unavailable", "internal"}


def test_facts_fill_the_sentence_and_stand_beside_it() -> None:
    status, document = problem("campaign_incomplete", {"missing": ["items", "target"]}, "en")
    assert status == 422
    assert document["detail"] == "The campaign is not complete: add items, target."
    assert document["missing"] == ["items", "target"]
    assert document["type"] == "urn:tuan:problem:campaign_incomplete"
    assert problem("campaign_incomplete", {"missing": ["items", "target"]}, "zh")[1]["detail"] == (
        "活动还不完整，请补充：items、target。"
    )


def test_words_of_ours_are_told_in_the_readers_and_stay_plain_beside_the_sentence() -> None:
    _, document = problem("stage_out_of_order", {"stage": "delivery", "first": "sorting"}, "zh")
    assert (document["detail"], document["first"]) == ("还没轮到节点 配送，请先完成 分拣。", "sorting")
    assert problem("batch_skips", {"state": "planned", "next": "sorted"}, "zh")[1]["detail"] == (
        "批次现为“待分拣”，下一步是“已分拣”，不能跳过。"
    )
    assert (
        "not the turn of stage 试吃"
        in problem("stage_out_of_order", {"stage": "试吃", "first": "x"}, "en")[1]["detail"]
    )


def test_a_missing_fact_breaks_no_sentence() -> None:
    assert problem("over_the_limit", {}, "en")[1]["detail"] == "This is over the limit of … per buyer: order fewer."


def test_facts_overwrite_no_member_of_the_form() -> None:
    _, document = problem("order_not_held", {"state": "paid", "status": 200, "code": "x", "detail": "y"}, "en")
    assert (document["status"], document["code"], document["state"]) == (409, "order_not_held", "paid")


def test_facts_are_never_read_as_format() -> None:
    _, document = problem("unknown_item", {"sku": "{missing} {0.__class__}"}, "en")
    assert "{0.__class__}" in document["detail"]


def test_an_unnamed_code_is_still_a_refusal() -> None:
    status, document = problem("never_heard_of", {}, "zh")
    assert (status, document["code"]) == (400, "never_heard_of")
