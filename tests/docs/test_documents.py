"""The documents say what the code does today: every example, table, link, path and command in them.

When one of these fails after a change that was meant: `.venv/bin/python -m tests.docs.examples` writes the made parts
anew; the rest is for a person to put right.
"""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from .examples import DOCUMENTS, KEPT, normal, spelled
from .render import ROOT, all_roles, made
from .scene import Example, play

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
WRITTEN = [*DOCUMENTS, *DECISIONS]
HOMES = (ROOT, ROOT / "chalicelib")
FOLDERS = "app.py|chalicelib|infra|events|tests|docs|domain|services|store|gateways|handlers"
PATH = re.compile(rf"`((?:{FOLDERS})(?:/[\w.*-]+)+)/?`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def examples() -> Mapping[str, Example]:
    return play()


def test_the_kept_answers_are_todays(examples: Mapping[str, Example]) -> None:
    assert normal(KEPT.read_text()) == normal(spelled(examples))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_what_is_made_of_the_code_says_what_it_says(path: Path, examples: Mapping[str, Example]) -> None:
    assert normal(path.read_text()) == normal(made(path.read_text(), examples))


def test_another_answer_would_be_noticed(examples: Mapping[str, Example]) -> None:
    """The control: an id or a moment may differ, an amount may not."""
    text = KEPT.read_text()
    group_id = examples["join"].answer["group_id"]
    assert normal(text.replace(group_id, "g" + "7" * 16)) == normal(text)
    assert normal(text.replace('"amount_minor": 9800', '"amount_minor": 9801')) != normal(text)


def test_every_role_has_its_table() -> None:
    marks = set(re.findall(r"made: routes (\S+) ", (ROOT / "docs" / "http-api.md").read_text()))
    assert marks == all_roles()


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    links = LINK.findall(CODE.sub("", path.read_text()))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_files_that_are_named_exist(path: Path) -> None:
    missing = [found for found in PATH.findall(path.read_text()) if not any(list(home.glob(found)) for home in HOMES)]
    assert missing == []


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_commands_that_are_named_exist(path: Path) -> None:
    text = path.read_text()
    assert set(TARGET.findall(text)) <= targets()
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert find_spec(module) is not None, module


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_chinese_readme_lists_every_command() -> None:
    assert set(re.findall(r"^\| `make ([a-z-]+)` ", (ROOT / "README.zh-CN.md").read_text(), re.MULTILINE)) == targets()


def test_both_readmes_show_the_same() -> None:
    english, chinese = (CODE.sub("", (ROOT / name).read_text()) for name in ("README.md", "README.zh-CN.md"))
    assert len(re.findall("^#+ ", english, re.MULTILINE)) == len(re.findall("^#+ ", chinese, re.MULTILINE))
    assert examples_in(english) == [mark.replace("refusal_zh", "refusal") for mark in examples_in(chinese)]
    assert LINK.findall(english)[1:] == LINK.findall(chinese)[1:]


def examples_in(text: str) -> list[str]:
    return re.findall(r"made: (example [^>]+) -->", text)


def test_clauses_that_are_named_exist() -> None:
    """The guards of docs/architecture.md, by the names they have in the code."""
    clauses = (ROOT / "docs" / "architecture.md").read_text().partition("## The clauses")[2].partition("\n## ")[0]
    code = "".join((ROOT / "chalicelib" / "store" / name).read_text() for name in ("commit.py", "timers.py"))
    names = re.findall(r"`(\w+)`", clauses)
    assert names and [name for name in names if f"def {name}(" not in code] == []


def test_decisions_are_numbered_and_say_why() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]} ")
        assert all(f"**{word}.**" in text for word in ("Context", "Choice", "What would change it")), path.name
        assert "**Why.**" in text or "**What it is not.**" in text, path.name


def test_each_defect_names_a_commit_and_a_test_that_exist() -> None:
    """Where the history is at hand: an archive and a shallow copy have none."""
    listed = tomllib.loads((ROOT / "docs" / "defects.toml").read_text(encoding="utf-8"))["defect"]
    for one in listed:
        file, _, name = one["test"].partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text(encoding="utf-8"), one["test"]

    def git(*words: str, said: str = "") -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, input=said, capture_output=True, text=True, check=False)
        return done.stdout

    if git("rev-parse", "--is-shallow-repository").strip() == "false":
        found = git("cat-file", "--batch-check", said="\n".join(one["fix"] for one in listed))
        assert [line for line in found.splitlines() if " commit " not in line] == []
