"""Every row the issue names has a test marked with its id. Read from the sources: nothing is imported."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]

ROWS_OF_THE_ISSUE = (
    "L1 L2 L3 L4 L6 L7 L8 L13 L14 P1 P2 P10 P11 P12 P14 P15 O1 O2 O3 O5 R1 R2 R3 R4 R9 R10 "
    "N1 N2 N3 N5 S2 S3 S20 E6 M1 X3 X5 X6"
)


def marked(source: str) -> set[str]:
    """The ids of `pytest.mark.req(…)` on the tests of one file, wherever the mark stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req":
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return found


def test_every_row_of_the_issue_has_a_test() -> None:
    found: set[str] = set()
    for path in sorted(TESTS.rglob("test_*.py")):
        found |= marked(path.read_text(encoding="utf-8"))
    assert [row for row in ROWS_OF_THE_ISSUE.split() if row not in found] == []


def test_the_scan_sees_a_mark_and_only_a_mark() -> None:
    source = '@pytest.mark.req("L1")\ndef test_it() -> None:\n    """pytest.mark.req("L2")"""\n'
    assert marked(source) == {"L1"}
