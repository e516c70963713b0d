"""Whose work we carry, under which licence: `python -m infra.licences` writes docs/licences.md from what is installed.

What is shipped in the zips may be used in any product without publishing ours; a licence that is unknown, or that asks
for more, fails a test before it fails a lawyer. Tools for developing are listed apart: they are shipped to nobody.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "licences.md"
SHIPPED_BESIDES = ("pynamodb", "chalice")
"""Put into the zips by packaging itself: PynamoDB without its dependencies, and Chalice's small runtime."""

PERMISSIVE = {
    "MIT": r"\bMIT\b",
    "BSD": r"\bBSD\b|Modified BSD",
    "Apache-2.0": r"Apache",
    "ISC": r"\bISC\b",
    "PSF-2.0": r"\bPSF\b|Python Software Foundation",
    "Unlicense": r"Unlicense|Public Domain",
    "0BSD": r"\b0BSD\b",
    "Zlib": r"\bzlib\b",
}
WEAK = {"MPL-2.0": r"MPL|Mozilla"}
"""Asks only for changes of its own files: fine for tools, not for what is shipped."""

COPYLEFT = r"(?<![A-Z])A?GPL|LGPL|General Public License|\bEUPL\b|\bSSPL\b|\bBUSL\b"


@dataclass(frozen=True, slots=True)
class Used:
    name: str
    version: str
    licence: str
    shipped: bool

    @property
    def by_exception(self) -> bool:
        """pygal is LGPL: used as it is, in the zip as files of its own, and exchangeable for another version."""
        return self.name == "pygal"

    @property
    def fine(self) -> bool:
        return self.by_exception or self.licence in PERMISSIVE or (not self.shipped and self.licence in WEAK)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> list[str]:
    lines = (ROOT / "infra" / "lock" / "dev.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line and not line.startswith("#")]


def shipped() -> set[str]:
    """What requirements.txt names, with all they need."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return set(_closure(wanted)) | {plain(name) for name in SHIPPED_BESIDES}


def _closure(names: Iterable[str]) -> Iterator[str]:
    """Names and what they need, extras left out."""
    seen: set[str] = set()
    waiting = [plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        waiting += [plain(re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0]) for need in needs if "extra ==" not in need
                    and not re.search(r"python_version\s*<|sys_platform\s*==\s*.win32", need)]  # fmt: skip


def licence_of(found: Distribution) -> str:
    """The licence in one word, from the classifiers, the expression or the first line of the text."""
    about = found.metadata
    keys = set(about)
    classified = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    stated = [about[name][:80] for name in ("License-Expression", "License") if name in keys]
    said = " ".join([*stated, *classified])
    for name, pattern in PERMISSIVE.items():
        if re.search(pattern, said):
            return name
    if re.search(COPYLEFT, said):
        return "copyleft"
    return next((name for name, pattern in WEAK.items() if re.search(pattern, said)), "unknown")


def used() -> list[Used]:
    carried = shipped()
    found: list[Used] = []
    for name in sorted({plain(one) for one in locked()}):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found.append(Used(name, "", "unknown", name in carried))
            continue
        found.append(Used(name, package.version, licence_of(package), name in carried))
    return found


def table(packages: Iterable[Used]) -> str:
    rows = [f"| {one.name} | {one.version} | {one.licence} |" for one in packages]
    return "\n".join(["| package | version | licence |", "| --- | --- | --- |", *rows])


def main() -> int:
    packages = used()
    parts = [
        "# Licences",
        "Written by `python -m infra.licences` from the metadata of what `make setup` installs.",
        "## In the zips",
        table(one for one in packages if one.shipped),
        "## Tools for developing and testing, shipped to nobody",
        table(one for one in packages if not one.shipped),
    ]
    TABLE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    wrong = [one for one in packages if one.shipped and not one.fine]
    print(
        f"{len(packages)} packages, {sum(one.shipped for one in packages)} of them in the zips; {wrong or 'all fine'}"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
