"""What the steps of one tree found, kept in files: a long run that was cut short goes on where it was."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .steps import Done, Step, Tested

TESTS = "tests"


class Kept:
    """`tree` names the code; what was found in other code counts for nothing. Without `resume` all begins anew."""

    def __init__(self, folder: Path, tree: str, resume: bool) -> None:
        self._folder, self._tree = folder, tree
        folder.mkdir(parents=True, exist_ok=True)
        if not resume:
            for file in folder.glob("*.json"):
                file.unlink()

    def done(self, step: Step) -> Done | None:
        found = self._read(step.name)
        return Done(step=step, **found["done"]) if found and found["command"] == list(step.command) else None

    def keep(self, done: Done) -> Done:
        self._write(done, {})
        return done

    def tests(self) -> tuple[Done, list[Tested]] | None:
        found = self._read(TESTS)
        if not found:
            return None
        step = Step(name=TESTS, tries=found["tries"], command=tuple(found["command"]), read=lambda _: (0, 0, ""))
        suite = [Tested(**{**one, "proves": tuple(one["proves"])}) for one in found["suite"]]
        return Done(step=step, **found["done"]), suite

    def keep_tests(self, done: Done, suite: list[Tested]) -> tuple[Done, list[Tested]]:
        self._write(done, {"suite": [asdict(one) for one in suite], "tries": done.step.tries})
        return done, suite

    def _write(self, done: Done, more: dict[str, Any]) -> None:
        found = asdict(replace(done, step=None))  # type: ignore[arg-type]
        found.pop("step")
        content = {"tree": self._tree, "command": list(done.step.command), "done": found, **more}
        self._file(done.step.name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    def _read(self, name: str) -> dict[str, Any] | None:
        file = self._file(name)
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if found.get("tree") != self._tree:
            return None
        found["done"]["failures"] = tuple(found["done"]["failures"])
        return found

    def _file(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.json"
