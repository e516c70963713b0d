"""What goes into the zips, and how big they are: start-up time grows with every byte."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from chalicelib.gateways import aws
from infra.package import CUTS, ROOT, Cut, finished, read_yaml
from infra.reach import reachable
from tests.bench.cold import ENVIRONMENT, FUNCTIONS

ALLOWED_AT_THE_TOP = {
    "app.py", "chalicelib", "infra", "events", "tests", "docs",
    "requirements.txt", "pyproject.toml", "Makefile", "README.md", "README.zh-CN.md",
}  # fmt: skip


def names(zip_path: Path) -> set[str]:
    with zipfile.ZipFile(zip_path) as made:
        return set(made.namelist())


def modules(zip_path: Path) -> set[str]:
    """By their sources' names, also where only what was compiled of them is there."""
    return {name.removesuffix("c") for name in names(zip_path) if "__pycache__" not in name}


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


STARTED = """
{code}
import gc, json, os, sys, types
def source(module):
    ours = (module.__file__ or "").startswith(os.getcwd()) and module.__file__.endswith(".py")
    return ours and not os.path.exists(module.__cached__)
written = [one for one in gc.get_objects() if isinstance(one, types.FunctionType)]
print(json.dumps({{
    "sources": [m.__name__ for m in list(sys.modules.values()) if hasattr(m, "__file__") and source(m)],
    "written": [one.__qualname__ for one in written if one.__code__.co_filename == "<string>"],
    "loaded": sorted({{name.split(".")[0] for name in sys.modules}}),
}}))
"""
MOST_WRITTEN = 100
"""Functions that are written and compiled while a handler is imported: by the library for its tuples and few classes,
and by `chalicelib/lean.py` for what is used at once. Were each of our classes made so, there would be 1,400."""

IDLE = {"boto3", "botocore", "pynamodb", "urllib3", "jinja2", "babel", "pygal", "xlsxwriter", "segno", "jwt", "stripe"}
"""Nobody needs these before something is asked."""


@pytest.fixture(scope="module")
def unpacked(packaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder a zip was unpacked to. What is made for Lambda's processor is taken from this machine's own."""

    @cache
    def folder(name: str) -> Path:
        target = tmp_path_factory.mktemp("unpacked")
        with zipfile.ZipFile(packaged / name) as made:
            made.extractall(target)
        for foreign in {path.relative_to(target).parts[0] for path in target.rglob("*.so")}:
            path = target / foreign
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return target

    return folder


def ran(folder: Path, code: str) -> str:
    environment = ENVIRONMENT | {"PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_start_compiles_nothing_and_loads_nothing_idle(unpacked: Callable[[str], Path], function: str) -> None:
    zipped, code = FUNCTIONS[function]
    found = json.loads(ran(unpacked(zipped), STARTED.format(code=code)))
    assert found["sources"] == []
    assert len(found["written"]) < MOST_WRITTEN, found["written"]
    assert not IDLE & set(found["loaded"])


def test_what_a_first_call_needs_is_there_compiled(packaged: Path) -> None:
    """Ours and what makes the table's client; libraries for few routes are compiled when those are first asked."""
    for zipped, found in (("api.zip", names(packaged / "api.zip")), ("events.zip", names(packaged / "events.zip"))):
        needed = {name for name in found if name.split("/")[0] in ("chalicelib", "chalice", "msgspec", "pynamodb")}
        for name in (name for name in needed if name.endswith(".py")):
            path = Path(name)
            assert f"{path.parent}/__pycache__/{path.stem}.{sys.implementation.cache_tag}.pyc" in found, (zipped, name)
        assert "pynamodb/models.pyc" in found and "pynamodb/models.py" not in found


def test_nobody_looks_at_the_sources_of_what_is_compiled(packaged: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packaged / "api.zip") as made:
        made.extractall(tmp_path)
    source = tmp_path / "chalicelib" / "domain" / "instants.py"
    source.write_text("raise RuntimeError('compiled from the source')")
    assert ran(tmp_path, "import chalicelib.domain.instants as loaded; print(loaded.DAY)").strip() == "86400000"


def test_the_apis_document_is_whole_without_its_sources_words(unpacked: Callable[[str], Path]) -> None:
    code = "import app; from chalicelib.handlers import openapi; print(openapi.document().decode())"
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert json.loads(ran(unpacked("api.zip"), code)) == kept


def test_one_session_makes_all_clients(unpacked: Callable[[str], Path]) -> None:
    """A second one would read all of botocore's tables again, which takes longer than importing a handler."""
    code = """
from chalicelib import wiring
from chalicelib.gateways import aws
connection = wiring.world().store.connection
print(connection.client and connection.session is aws.session(), aws.client("sqs").meta.region_name)
"""
    assert ran(unpacked("events.zip"), code).split() == ["True", "eu-central-1"]


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-east-1", "us-gov-west-1", "eu-central-9"])
def test_the_cut_table_of_endpoints_leads_where_the_whole_one_does(
    unpacked: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    """In every partition, and for a region that neither knows yet."""

    def led(data: Path) -> list[tuple[str, str, str]]:
        monkeypatch.setattr(aws, "DATA", data)
        session = aws.session.__wrapped__()
        made = (session.create_client(name, region_name=region) for name in aws.SERVICES)
        return [(one.meta.endpoint_url, one.meta.partition, one._request_signer.region_name) for one in made]

    cut = unpacked("events.zip") / "chalicelib" / "gateways" / aws.DATA.name
    assert (cut / "endpoints.json").stat().st_size < 80_000
    assert led(cut) == led(ROOT / "nowhere")


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
    events, authorize = modules(packaged / "events.zip"), modules(packaged / "authorize.zip")
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
