"""The rooms of the house: who may know whom, and what the inner ones must never reach for."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.every import every

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "chalicelib").rglob("*.py"), ROOT / "app.py"])

MAY_KNOW = {
    "domain": {"domain"},
    "services": {"services", "domain"},
    "store": {"store", "domain"},
    "gateways": {"gateways", "domain"},
    "handlers": {"handlers", "web", "services", "domain", "wiring", "config"},
    "web": {"web", "domain"},
    "wiring": {"services", "store", "gateways", "domain", "config"},
    "config": {"domain"},
    "app": {"handlers", "wiring", "config"},
    "lean": set(),
}
"""Each room's own arrows. `gateways` and `store` never meet; only `wiring` knows both."""

FOR_ALL = {"lean"}
"""What stands beside the standard library, and knows nobody."""

PURE = ("domain", "services")

FOREIGN_TO_PURE = {
    "time", "random", "secrets", "uuid", "os", "sys", "subprocess", "socket", "asyncio", "threading", "logging",
    "urllib", "http", "io", "pathlib", "tempfile", "shutil",
}  # fmt: skip
"""Clock, chance, waiting, environment, input and output: handed in, never reached for (B32)."""

FORBIDDEN_CALLS = {"now", "utcnow", "today", "open", "print", "input", "eval", "exec", "sleep", "getenv", "uuid4"}
LONGEST = 60

sources = every(SOURCES)


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "chalicelib" and len(parts) > 1 else parts[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imported(path: Path) -> Iterator[str]:
    """Full names of all modules imported anywhere in the file, inside functions too."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            start = base if node.level else str(node.module)
            yield from (f"{start}.{alias.name}" for alias in node.names)


def rooms_known(path: Path) -> set[str]:
    inside = [name.split(".") for name in imported(path) if name.split(".")[0] == "chalicelib"]
    return {parts[1] for parts in inside if len(parts) > 1}


@sources
def test_every_arrow_points_down(path: Path) -> None:
    room = room_of(path)
    if path.name == "__init__.py" and path.parent == ROOT / "chalicelib":
        assert not rooms_known(path)
        return
    extra = rooms_known(path) - MAY_KNOW[room] - FOR_ALL
    assert not extra, f"{room} reaches out of its arrows"


def test_the_reader_of_imports_sees_them_all() -> None:
    """Relative ones, absolute ones, those inside functions: else the test above would say nothing."""
    assert {"store", "gateways", "services", "domain", "config"} <= rooms_known(ROOT / "chalicelib" / "wiring.py")
    assert "domain" in rooms_known(ROOT / "chalicelib" / "handlers" / "shapes" / "words.py")
    assert "services" in rooms_known(ROOT / "chalicelib" / "services" / "buying" / "join.py")


@every(p for p in SOURCES if room_of(p) == "domain")
def test_the_domain_imports_the_standard_library_only(path: Path) -> None:
    outside = {name.split(".")[0] for name in imported(path)} - {"chalicelib"}
    assert outside <= sys.stdlib_module_names


@every(p for p in SOURCES if room_of(p) == "services")
def test_services_know_no_library(path: Path) -> None:
    """No AWS word, no framework, no HTTP: whatever is outside comes through the world they are given."""
    outside = {name.split(".")[0] for name in imported(path)} - {"chalicelib"}
    assert outside <= sys.stdlib_module_names


@every(p for p in SOURCES if room_of(p) in PURE)
def test_no_clock_chance_wait_or_environment_where_decisions_are_made(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & FOREIGN_TO_PURE
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert name not in FORBIDDEN_CALLS, f"line {node.lineno} calls {name}"


@sources
def test_only_one_file_reads_the_environment(path: Path) -> None:
    if path == ROOT / "chalicelib" / "config.py":
        return
    for node in ast.walk(tree_of(path)):
        name = getattr(node, "attr", getattr(node, "id", None))
        assert name not in ("environ", "getenv", "environb"), f"line {getattr(node, 'lineno', 0)} reads the environment"


# the text itself


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@sources
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for function in functions(tree_of(path)):
        assert function.end_lineno is not None
        lines = function.end_lineno - function.lineno + 1
        assert lines <= LONGEST, f"{function.name} has {lines} lines"


@sources
def test_every_module_says_what_it_is_for(path: Path) -> None:
    tree = tree_of(path)
    assert not tree.body or ast.get_docstring(tree), "a module without a word on top"


@sources
def test_what_is_long_and_public_says_why(path: Path) -> None:
    """What is short explains itself by its name, and so do the fields of a shape; else a sentence is owed."""
    owing = ast.FunctionDef if "shapes" in path.parts else ast.FunctionDef | ast.ClassDef
    for node in tree_of(path).body:
        if isinstance(node, owing) and not node.name.startswith("_"):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 >= 30:
                assert ast.get_docstring(node), f"{node.name} owes a sentence"
