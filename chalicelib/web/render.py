"""A template filled in. Everything that is not markup of our own is escaped; templates are compiled once a process."""

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
STATIC = HERE / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    return made


def rendered(template: str, **values: Any) -> str:
    return environment().get_template(template).render(values)


@cache
def asset(name: str) -> str:
    """`app.css` -> `static/app-3f9a1c0d2b.css`: a new content has a new address, so the old may be kept for ever."""
    stem, _, suffix = name.partition(".")
    return f"static/{stem}-{_mark(name)}.{suffix}"


def served(address: str) -> tuple[bytes, str, bool] | None:
    """(content, media type, whether it is what that address stands for) of a file in static/; None: no such file.

    A page made by the release before asks for its own file and is given today's, which it must not keep.
    """
    stem, _, mark = address.rpartition(".")[0].rpartition("-")
    suffix = "." + address.rpartition(".")[2]
    name = stem + suffix
    if suffix not in KINDS or name not in _names():
        return None
    return (STATIC / name).read_bytes(), KINDS[suffix], mark == _mark(name)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in STATIC.iterdir())


@cache
def _mark(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
