"""Known holes in the locked versions: `python -m infra.advisories` asks the package index for each of them.

Needs the network, so it is `make audit` and not part of the tests. The index names published advisories by version; one
that is known to us and does not concern us is listed in ACCEPTED with its reason.
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .licences import ROOT

INDEX = "https://pypi.org/pypi/{name}/{version}/json"
TIMEOUT_S = 10
ACCEPTED: Mapping[str, str] = {}
"""Advisory id -> why it does not concern us."""

Ask = Callable[[str], dict[str, Any]]


def over_http(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        said: dict[str, Any] = json.loads(answer.read())
        return said


def versions() -> Iterator[tuple[str, str]]:
    for line in (ROOT / "infra" / "lock" / "dev.txt").read_text(encoding="utf-8").splitlines():
        name, equals, version = line.partition("==")
        if equals and not line.startswith("#"):
            yield name, version


def advisories(ask: Ask, name: str, version: str) -> list[str]:
    said = ask(INDEX.format(name=name, version=version))
    found = [one for one in said.get("vulnerabilities", []) if not one.get("withdrawn")]
    return [
        f"{name} {version}: {one['id']}, mended in {', '.join(one.get('fixed_in') or ['no version yet'])}"
        for one in found
        if one["id"] not in ACCEPTED
    ]


def main(ask: Ask = over_http) -> int:
    found: list[str] = []
    unasked: list[str] = []
    for name, version in versions():
        try:
            found += advisories(ask, name, version)
        except (OSError, ValueError) as error:
            unasked.append(f"{name} {version} could not be asked for: {type(error).__name__}")
    print("\n".join([*found, *unasked]) or "no advisory for any locked version")
    return bool(found or unasked)


if __name__ == "__main__":
    sys.exit(main())
