"""What we carry: its licences, known holes, and that no secret lies in the code or in the environment."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import advisories, licences
from tests.infra.templates import load

ROOT = Path(__file__).parents[2]
SECRET_SHAPES = {
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----",
    "an AWS access key": r"\bA(?:KI|SI)A[0-9A-Z]{16}\b",
    "a Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{16,}",
    "a webhook secret": r"\bwhsec_[0-9A-Za-z]{20,}",
    "a token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
}
NAMES_OF_SECRETS = re.compile(r"SECRET|PASSWORD|TOKEN|API_?KEY|CURSOR_KEY|WEBHOOK", re.IGNORECASE)
WORDLESS = (".png", ".ico", ".zip", ".woff2", ".sqlite")


def sources() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    files = [ROOT / name for name in listed] or [path for path in ROOT.rglob("*") if path.is_file()]
    return [path for path in files if path.exists() and path.suffix not in WORDLESS and ".build" not in path.parts]


@pytest.mark.req("B29")
def test_no_secret_lies_in_the_code() -> None:
    found = []
    for path in sources():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}: {what}" for what, shape in SECRET_SHAPES.items() if re.search(shape, text)
        ]
    assert found == []


@pytest.mark.req("B29")
def test_the_search_would_find_one() -> None:
    made = "AKIA" + "A" * 16
    assert [what for what, shape in SECRET_SHAPES.items() if re.search(shape, f"key = {made}")] == ["an AWS access key"]


def environments(node: Any) -> list[dict[str, Any]]:
    """Every `Variables` of a template, wherever it stands."""
    if isinstance(node, list):
        return [found for one in node for found in environments(one)]
    if not isinstance(node, dict):
        return []
    here = [node["Variables"]] if isinstance(node.get("Variables"), dict) else []
    return here + [found for one in node.values() for found in environments(one)]


@pytest.mark.req("B29")
def test_functions_are_given_the_name_of_the_secret_and_never_a_secret() -> None:
    """Environment variables are shown to whoever may look at a function."""
    variables = [
        (name, value)
        for path in sorted((ROOT / "infra" / "templates").glob("*.yaml"))
        for found in environments(load(path))
        for name, value in found.items()
    ]
    assert len(variables) > 5
    secretive = [name for name, value in variables if NAMES_OF_SECRETS.search(name)]
    assert secretive == ["TUAN_SECRET_ARN"] * len(secretive)


@pytest.mark.req("B29")
def test_only_one_file_reads_the_secret_store() -> None:
    asking = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "chalicelib").rglob("*.py"))
        if "get_secret_value" in path.read_text(encoding="utf-8")
    ]
    assert asking == ["chalicelib/gateways/secrets.py"]


# ----------------------------------------------------------------- licences


def test_everything_in_the_zips_may_be_used_without_publishing_ours() -> None:
    packages = licences.used()
    assert {one.name for one in packages if one.shipped} >= {"msgspec", "jinja2", "pyjwt", "cryptography", "pynamodb"}
    assert [one for one in packages if one.shipped and not one.fine] == []


def test_the_list_of_licences_is_todays() -> None:
    """`python -m infra.licences` writes it anew."""
    kept = licences.TABLE.read_text(encoding="utf-8")
    missing = [one.name for one in licences.used() if f"| {one.name} | {one.version} |" not in kept]
    assert missing == []


class Told(dict[str, Any]):
    """A distribution that says what it is told to say."""

    @property
    def metadata(self) -> "Told":
        return self

    def get_all(self, name: str) -> Any:
        return self.get(name)


@pytest.mark.parametrize(
    ("about", "licence"),
    [
        ({"License-Expression": "MIT"}, "MIT"),
        ({"License-Expression": "AGPL-3.0-only"}, "copyleft"),
        ({"License": "GNU Lesser General Public License v3"}, "copyleft"),
        ({"Classifier": ["License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"]}, "MPL-2.0"),
        ({"License": "Our own"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_licence_is_told_from_what_its_package_says(about: dict[str, Any], licence: str) -> None:
    assert licences.licence_of(Told(about)) == licence  # type: ignore[arg-type]


# ----------------------------------------------------------------- known holes


def test_an_advisory_for_a_locked_version_is_told_and_a_withdrawn_one_is_not() -> None:
    said = {"vulnerabilities": [{"id": "X-1", "fixed_in": ["2.0"]}, {"id": "X-2", "withdrawn": "2026-01-01T00:00:00Z"}]}
    assert advisories.advisories(lambda url: said, "some", "1.0") == ["some 1.0: X-1, mended in 2.0"]


def test_what_could_not_be_asked_for_is_not_called_clean(capsys: pytest.CaptureFixture[str]) -> None:
    def nobody(url: str) -> dict[str, Any]:
        raise OSError

    assert advisories.main(nobody) == 1
    assert "could not be asked for" in capsys.readouterr().out
