"""Writes anew what the documents show of the code: `.venv/bin/python -m tests.docs.examples`.

docs/examples.json holds every call of the scene with its whole answer; the documents show some of them, shortened,
and tables of routes, refusals, rows and commands. `test_documents.py` fails while they say anything else.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from .render import ROOT, made
from .scene import Example, play

KEPT = ROOT / "docs" / "examples.json"
DOCUMENTS = tuple(ROOT / name for name in ("README.md", "README.zh-CN.md", "docs/architecture.md", "docs/http-api.md"))

_IDS = re.compile(r"\b[a-z][0-9a-z]{16}\b|(?<=-[0-9a-f]{2})[0-9a-z]{16}\b|\b(?:pay|re)_[0-9a-f]{16}\b|\bbuyer-\w{8}\b")
_MOMENTS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
_CURSORS = re.compile(r'("next": )"[\w-]+"')


def normal(text: str) -> str:
    """The text with ids numbered as they appear, and moments and cursors blanked: what must not differ by the day."""
    seen: dict[str, str] = {}
    text = _CURSORS.sub(r'\1"‹cursor›"', _MOMENTS.sub("‹moment›", text))
    return _IDS.sub(lambda found: seen.setdefault(found[0], f"‹id {len(seen) + 1}›"), text)


def spelled(examples: Mapping[str, Example]) -> str:
    return json.dumps({name: asdict(one) for name, one in examples.items()}, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    examples = play()
    _write(KEPT, spelled(examples))
    for path in DOCUMENTS:
        _write(path, made(path.read_text(), examples))


def _write(path: Path, text: str) -> None:
    """Only what says something new is written, so that a run without a change changes nothing."""
    if not path.exists() or normal(path.read_text()) != normal(text):
        path.write_text(text)
        print(f"{path.relative_to(ROOT)} written anew")


if __name__ == "__main__":
    main()
