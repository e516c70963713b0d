"""Modules in their compiled form, so that a function compiles nothing at its start: Lambda may keep nothing it made.

Where there is room, ours stand beside their sources, so that a failure shows its line; elsewhere, and where they are
libraries, they stand alone. Neither is checked against a source: the zip's fixed times would say nothing. All know
their lines but neither their columns, which would be a quarter, nor their docstrings, a tenth: that makes the room.

The interpreter that packages compiles, for it is of the runtime's version; one of another version could load what
stands alone as little as the libraries in machine code that lie beside it. A process of its own with a fixed hash seed
makes the same bytes of the same sources.
"""

import ast
import importlib.util
import marshal
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

UNCHECKED = (1).to_bytes(4, "little")
LISTENS = "chalicelib/handlers/openapi.py"
"""Makes the API's own document of what classes say of themselves; where it is, they go on saying it."""

Entry = Callable[[str], zipfile.ZipInfo]


def add_compiled(target: Path, beside: Sequence[str], alone: Sequence[str], root: str, entry_of: Entry) -> None:
    """Writes the zip anew: the modules under `beside` also compiled, the others under `alone` compiled only. In Lambda
    they will lie under `root`.

    Raises CalledProcessError for a source that cannot be compiled.
    """
    if not beside and not alone:
        return
    with tempfile.TemporaryDirectory(prefix="tuan-compiled-") as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(target) as made:
            made.extractall(folder)
        command = [sys.executable, "-m", "infra.compiled", scratch, root, ",".join(beside), ",".join(alone)]
        environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1"}
        subprocess.run(command, env=environment, check=True, cwd=Path(__file__).parents[1])
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                made.writestr(entry_of(str(path.relative_to(folder))), path.read_bytes(), compresslevel=9)


def main(folder: Path, root: str, beside: Sequence[str], alone: Sequence[str]) -> None:
    mute: tuple[type[ast.AST], ...] = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)
    if not (folder / LISTENS).exists():
        mute = (*mute, ast.ClassDef)
    kept = list(sources(folder, beside))
    for path in kept:
        target = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(compiled(path, f"{root}/{path.relative_to(folder)}", mute))
    for path in set(sources(folder, alone)) - set(kept):
        path.with_suffix(".pyc").write_bytes(compiled(path, f"{root}/{path.relative_to(folder)}", mute))
        path.unlink()


def sources(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Those of packages, folders and single modules; what is a library in machine code has none."""
    for name in names:
        yield from (folder / name).rglob("*.py")
        if (single := (folder / name).with_suffix(".py")).exists():
            yield single


def compiled(path: Path, name: str, mute: tuple[type[ast.AST], ...]) -> bytes:
    source = path.read_bytes()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, mute):
            silence(node)
    code = compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)


def silence(node: Any) -> None:
    """Takes a docstring away. An empty one stays: a body that has nothing else must stay a body."""
    if ast.get_docstring(node, clean=False) is not None:
        node.body[0] = ast.copy_location(ast.Expr(ast.Constant("")), node.body[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *(list(filter(None, names.split(","))) for names in sys.argv[3:]))
