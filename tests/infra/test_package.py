"""What goes into the zips, and how big they are: start-up time grows with every byte."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.package import CUTS, ROOT, Cut, finished, read_yaml
from infra.reach import reachable

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


def test_every_function_finds_its_handler_in_its_zip(packaged: Path) -> None:
    template = read_yaml((packaged / "sam.yaml").read_text())
    functions = [one["Properties"] for one in template["Resources"].values() if one["Type"].endswith("::Function")]
    assert len(functions) > 5
    for one in functions:
        module = one["Handler"].rpartition(".")[0].replace(".", "/") + ".py"
        assert module in names(packaged / one["CodeUri"].removeprefix("./")), one["Handler"]


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


def test_the_api_starts_without_compiling(packaged: Path, tmp_path: Path) -> None:
    """Every module of ours that an import of the app loads comes from its compiled form."""
    with zipfile.ZipFile(packaged / "api.zip") as made:
        made.extractall(tmp_path)
    listed = {name for name in names(packaged / "api.zip") if name.startswith("chalicelib/") and name.endswith(".py")}
    tag = sys.implementation.cache_tag
    for name in listed:
        path = Path(name)
        assert (tmp_path / path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").exists(), name
    source = tmp_path / "chalicelib" / "domain" / "instants.py"
    source.write_text("raise RuntimeError('compiled from the source')")  # the control: nobody looks at it
    code = "import chalicelib.domain.instants as loaded; print(loaded.DAY)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "86400000", done.stderr


@pytest.mark.parametrize(("runtime", "can"), [("python3.11", False), ("python3.12", True), ("python3.14", True)])
def test_functions_start_from_a_snapshot_where_the_runtime_has_it(packaged: Path, runtime: str, can: bool) -> None:
    made_here = (packaged / "sam.yaml").read_text()
    plain = re.sub(r"\n +SnapStart:\n +ApplyOn: PublishedVersions", "", made_here)
    template = read_yaml(finished(re.sub(r"Runtime: python3\.\d+", f"Runtime: {runtime}", plain)))
    functions = [one for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    assert functions
    for one in functions:
        assert one["Properties"].get("SnapStart") == ({"ApplyOn": "PublishedVersions"} if can else None)


def test_a_zip_carries_what_its_functions_can_import(packaged: Path) -> None:
    """Neither less (imports inside functions count) nor more: no HTTP code behind an event, no timers at the door."""
    events, authorize = names(packaged / "events.zip"), names(packaged / "authorize.zip")
    assert {"chalicelib/handlers/wake.py", "chalicelib/services/buying/order_wake.py"} <= events
    assert not any(name.startswith(("chalicelib/handlers/http_", "chalicelib/handlers/shapes/")) for name in events)
    assert "chalicelib/gateways/identity.py" in authorize
    assert not any(name.startswith("chalicelib/services/running/wake") for name in authorize)


def test_imports_are_followed_wherever_they_stand() -> None:
    sources = {
        "app.py": b"from house.rooms import hall",
        "house/__init__.py": b"from .keys import KEY",
        "house/keys.py": b"KEY = 1",
        "house/rooms/__init__.py": b"",
        "house/rooms/hall.py": b"def later():\n    from ... import nowhere\n    from ..cellar import wine\n",
        "house/cellar/__init__.py": b"",
        "house/cellar/wine.py": b"import json",
        "house/attic.py": b"import house.cellar",
    }
    assert reachable(sources, ["app"]) == set(sources) - {"house/attic.py"}


SPOKEN = """
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.web.say import LANGUAGES, Say
for language in LANGUAGES:
    say = Say(language, 1_793_491_200_000)
    for at in (say.now, say.now - 40 * DAY, say.now + 400 * DAY, say.now - 3 * MINUTE, say.now - 26 * HOUR):
        print(say.clock(at, "Europe/Berlin"), say.day(at, "Asia/Shanghai"), say.left(at), say.ago(min(at, say.now)))
    print(say.number(1234567), say.percent(2, 3), say.tenths(43), say.money(-123456789, "CNY"), say.money(7, "JPY"))
    print(*(say.lasting(ms) for ms in (1000, MINUTE, 5 * MINUTE, HOUR, 3 * HOUR, DAY, 9 * DAY)))
"""


def test_pages_speak_the_same_with_the_tables_that_are_packaged(packaged: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packaged / "api.zip") as made:
        made.extractall(tmp_path)

    def said(folder: Path) -> str:
        done = subprocess.run([sys.executable, "-c", SPOKEN], cwd=folder, capture_output=True, text=True)
        assert not done.returncode, done.stderr
        return done.stdout

    assert said(tmp_path) == said(ROOT)
