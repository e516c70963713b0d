"""What goes into the zips, and how big they are: start-up time grows with every byte."""

import zipfile
from pathlib import Path

import pytest

from infra.package import CUTS, ROOT, Cut

ALLOWED_AT_THE_TOP = {
    "app.py", "chalicelib", "infra", "events", "tests", "docs",
    "requirements.txt", "pyproject.toml", "Makefile", "README.md", "README.zh-CN.md",
}  # fmt: skip


def names(zip_path: Path) -> set[str]:
    with zipfile.ZipFile(zip_path) as made:
        return set(made.namelist())


def tops(zip_path: Path) -> set[str]:
    return {name.split("/")[0].split(".")[0] for name in names(zip_path)}


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: str(cut.name))
def test_each_zip_is_small(packaged: Path, cut: Cut) -> None:
    assert (packaged / cut.name).stat().st_size <= cut.limit


def test_the_same_sources_give_the_same_bytes(packaged: Path, packaged_again: Path) -> None:
    for file in sorted(path.name for path in packaged_again.iterdir()):
        assert (packaged / file).read_bytes() == (packaged_again / file).read_bytes(), file


def test_only_the_authorizer_carries_token_libraries(packaged: Path) -> None:
    assert {"jwt", "cryptography"} <= tops(packaged / "authorize.zip")
    for name in ("api.zip", "events.zip"):
        assert not {"jwt", "cryptography", "cffi"} & tops(packaged / name), name


def test_only_the_api_carries_pages(packaged: Path) -> None:
    assert "jinja2" in tops(packaged / "api.zip")
    for name in ("events.zip", "authorize.zip"):
        assert "jinja2" not in tops(packaged / name), name
        assert not any(file.startswith("chalicelib/web/") for file in names(packaged / name)), name


def test_what_lambda_has_already_is_left_out(packaged: Path) -> None:
    for cut in CUTS:
        assert not {"boto3", "botocore", "s3transfer", "pip"} & tops(packaged / cut.name), cut.name


def test_a_cut_drops_whole_names_only() -> None:
    cut = Cut("x.zip", without=("jwt", "_cffi_backend", "chalicelib/web"), limit=1)
    kept = ["jwtools/a.py", "chalicelib/webhooks.py", "app.py"]
    dropped = ["jwt/api.py", "_cffi_backend.cpython-311-x86_64-linux-gnu.so", "chalicelib/web/page.html"]
    assert [name for name in kept + dropped if cut.keeps(name)] == kept


def test_the_top_level_holds_only_what_belongs_there() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "__pycache__"}
    assert found <= ALLOWED_AT_THE_TOP
