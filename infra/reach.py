"""Which modules a module can import, read off its import statements, those inside functions among them.

What a function of ours can never import has no place in its zip. Nothing is run for this, so it costs nothing and
finds also what is only imported when it is needed; an import under a computed name would be missed (there is none).
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache


def reachable(sources: Mapping[str, bytes], starts: Iterable[str]) -> set[str]:
    """Files out of `sources` (path -> content) that importing the modules `starts` may come to, packages included."""
    files = {module_of(path): path for path in sources}
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in files:
            continue
        seen.add(name)
        waiting += [name.rpartition(".")[0], *_imported(files[name], sources[files[name]])]
    return {files[name] for name in seen}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _imported(path: str, source: bytes) -> tuple[str, ...]:
    """Everything that may be a module; a name that is none (a function, say) is nobody's file. Each zip asks again."""
    return tuple(_named(path, source))


def _named(path: str, source: bytes) -> Iterator[str]:
    name = module_of(path)
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
