"""What AWS gets: `python -m infra.package --stage prod` makes `.build/prod/`.

Chalice derives template and code from app.py and merges infra/templates/app.yaml into it. It puts
the same zip behind every function, though, and start-up time grows with the zip: so its zip is cut
into three, each with the libraries its functions import (see CUTS).

What a start needs goes along compiled: half of it was compiling.

What Chalice's template cannot say, and merging cannot add, is written into it here: calls go to each function's
alias, functions start from a snapshot where the runtime can, and the gateway's own answers are ours.

The same sources and locked versions give the same bytes, so an unchanged function is not deployed
again. Libraries are installed once per lock, Python and processor, under `.build/vendor/`.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chalicelib.gateways.payments.stripe import OBJECTS
from infra import compiled, endpoints, gateway, reach
from infra.compiled import add_compiled

try:  # in C: a template takes a second otherwise
    from yaml import CSafeDumper as Writer
    from yaml import CSafeLoader as Reader
except ImportError:
    from yaml import SafeDumper as Writer  # type: ignore[assignment]
    from yaml import SafeLoader as Reader  # type: ignore[assignment]

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "infra" / "lock" / "dev.txt"
TEMPLATE = ROOT / "infra" / "templates" / "app.yaml"
MIB = 1 << 20

# Needs botocore, which the Lambda runtime has in a version of its own.
# Stripe's own would bring a second HTTP client; it speaks over ours.
WITHOUT_DEPENDENCIES = ("pynamodb", "stripe", "typing_extensions")

# Of Stripe's library a zip carries what this loads, a tenth of it.
STRIPE_LOADS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from stripe import APIConnectionError, CardError, HTTPClient, IdempotencyError, InvalidRequestError
from stripe import SignatureVerificationError, StripeClient, WebhookSignature
class Says(HTTPClient):
    name = "says"
    def request(self, method, url, headers, post_data=None, **more):
        return self.said
says = Says()
api = StripeClient("sk_test", http_client=says, max_network_retries=0).v1
says.said = '{"object": "list", "data": [], "has_more": false, "url": "/"}', 200, {}
api.refunds.list({"limit": 1}), api.balance_transactions.list({"created": {"gte": 1}})
says.said = '{"object": "payment_intent", "id": "pi_1", "metadata": {"a": "b"}}', 200, {}
api.payment_intents.create({"amount": 1, "currency": "eur", "metadata": {"a": "b"}}, {"idempotency_key": "k"}).to_dict()
kinds = (400, "invalid_request_error"), (402, "card_error"), (500, "api_error"), (400, "idempotency_error")
for status, kind in kinds:
    says.said = '{"error": {"type": "%s", "code": "c", "message": "m"}}' % kind, status, {}
    try:
        api.payment_intents.capture("pi_1")
    except Exception:
        pass
from stripe._object_classes import OBJECT_CLASSES, get_object_class
from stripe._util import convert_to_stripe_object
for name in sys.argv[2:]:
    get_object_class("V1", name)
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "stripe" and m.__file__]))
"""
# Nothing imports these at run time; without them the zips halve.
IDLE_SUFFIXES = (".pyc", ".pyi", ".h", ".c", ".pxd", ".dist-info")
# Babel brings a thousand locales; the pages speak two languages. They spell numbers, moments and durations, so what
# the world's languages, places, moneys and zones are called may go as well, and the tools for catalogues of messages.
LOCALES = ("en", "root", "zh")
UNSPOKEN = (
    *("languages", "territories", "scripts", "variants", "time_zones", "meta_zones"),
    *("currency_names", "currency_names_plural", "unit_display_names"),
)
UNASKED = ("likely_subtags", "territory_languages", "territory_currencies")

CIPHERS = ("cryptography", "cffi", "_cffi_backend")
TOKENS = ("jwt", "pycparser", *CIPHERS)
STRIPE = ("stripe", "typing_extensions")
ALWAYS = ("chalice", "msgspec", "pynamodb")
PAGES = (
    "jinja2",
    "markupsafe",
    "babel",
    "segno",
    "pydyf",
    "pygal",
    "importlib_metadata",
    "zipp",
    "xlsxwriter",
    "chalicelib/web",
)


@dataclass(frozen=True)
class Cut:
    """One zip: everything but `without` (top-level names, or folders of ours), at most `limit` bytes.

    `compiled` names what is also there compiled, and `alone` the libraries that are there compiled only
    (`infra/compiled.py`): what comes as source alone is compiled at every cold start. Beside its source it triples a
    module's share of the zip. `only` these names, where it is given; `under` is the folder in which Lambda looks for
    them, in a layer. `starts` are the modules that Lambda imports: of ours the zip carries what these can import, and
    nothing else.
    """

    name: str
    without: tuple[str, ...]
    limit: int
    compiled: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    under: str = ""
    starts: tuple[str, ...] = ()

    def keeps(self, member: str) -> bool:
        top = member.split("/", 1)[0].split(".", 1)[0]
        if self.only and top not in self.only:
            return False
        return top not in self.without and not member.startswith(tuple(f"{w}/" for w in self.without))


# Only the authorizer verifies tokens; only the API renders pages. Names are those of CodeUri in app.yaml.
# What payment providers need stands in a layer, which only regions with such a provider attach.
CUTS = (
    Cut(
        "api.zip",
        without=(*TOKENS, *STRIPE),
        limit=3 * MIB,
        compiled=("app", "chalicelib"),
        alone=(*ALWAYS, "markupsafe", "jinja2", "babel"),
        starts=("app",),
    ),
    Cut(
        "events.zip",
        without=(*TOKENS, *STRIPE, *PAGES),
        limit=1 * MIB,
        compiled=("chalicelib/handlers",),
        alone=(*ALWAYS, "chalicelib"),
        starts=tuple(f"chalicelib.handlers.{name}" for name in ("challenge", "changes", "heard", "tick", "wake")),
    ),
    Cut(
        "authorize.zip",
        without=(*PAGES, *STRIPE, "pynamodb"),
        limit=12 * MIB,
        compiled=("chalicelib",),
        alone=("chalice", "msgspec", *TOKENS),
        starts=("chalicelib.handlers.authorize",),
    ),
    Cut(
        "payments.zip",
        without=(),
        limit=6 * MIB,
        alone=tuple(f"python/{name}" for name in (*CIPHERS, *STRIPE)),
        only=(*CIPHERS, *STRIPE),
        under="python/",
    ),
)


def main() -> None:
    """Packages one stage and prints how big its zips became."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stage", default="prod", help="a stage of .chalice/config.json")
    parser.add_argument("--out", type=Path, help="default: .build/STAGE")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--if-changed", action="store_true", help="not again while the sources are the same")
    options = parser.parse_args()
    out = options.out or ROOT / ".build" / options.stage
    (package_if_changed if options.if_changed else package)(options.stage, out)
    if not options.quiet:
        print("\n".join(size_table(out)))
    heavy = [cut.name for cut in CUTS if (out / cut.name).stat().st_size > cut.limit]
    if heavy:
        parser.exit(1, f"over the limit: {', '.join(heavy)}\n")


def package(stage: str, out: Path) -> None:
    """Fills `out` with sam.yaml and the zips it names.

    Raises CalledProcessError when pip or chalice fails; what they said is on stderr.
    """
    architecture = host_architecture() if stage == "local" else "arm64"
    libraries = vendor(architecture)
    with tempfile.TemporaryDirectory(prefix="tuan-package-") as scratch:
        project, made = Path(scratch, "project"), Path(scratch, "made")
        copy_project(project, architecture)
        endpoints.lay_down(project)
        shutil.copytree(libraries, project / "vendor")
        run_chalice(project, made, stage)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        (out / "sam.yaml").write_text(finished((made / "sam.yaml").read_text()))
        for cut in CUTS:
            write_cut(made / "deployment.zip", out / cut.name, cut)
            add_compiled(out / cut.name, cut.compiled, cut.alone, "/opt" if cut.under else "/var/task", entry_of)


def package_if_changed(stage: str, out: Path) -> Path:
    """Packages unless `out` is younger than every source; safe to call from several processes at once."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with (out.parent / f"{out.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, now = out / "sources.sha256", fingerprint()
        if not mark.exists() or mark.read_text() != now:
            package(stage, out)
            mark.write_text(now)
    return out


def fingerprint() -> str:
    """One hash of everything that decides what a package holds."""
    files = [
        ROOT / "app.py",
        ROOT / "requirements.txt",
        LOCK,
        TEMPLATE,
        *map(Path, (__file__, compiled.__file__, endpoints.__file__, gateway.__file__, reach.__file__)),
    ]
    files += sorted(p for d in ("chalicelib", ".chalice") for p in (ROOT / d).rglob("*") if is_source(p))
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_source(path: Path) -> bool:
    return path.is_file() and not {"__pycache__", "deployments", "deployed"} & set(path.parts)


def host_architecture() -> str:
    """This machine's processor in Lambda's words: locally, Lambdas run on it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def copy_project(project: Path, architecture: str) -> None:
    """The sources alone, so that nothing else of the checkout can slip into a zip."""
    idle = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    for folder in ("chalicelib", ".chalice"):
        shutil.copytree(ROOT / folder, project / folder, ignore=idle)
    shutil.copy(ROOT / "app.py", project)
    (project / "requirements.txt").touch()  # vendor/ holds what it would name
    config = project / ".chalice" / "config.json"
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"lambda_architecture": architecture}))


def run_chalice(project: Path, made: Path, stage: str) -> None:
    """Chalice imports app.py to learn the routes; a region is all it wants to know of AWS."""
    region = {"AWS_DEFAULT_REGION": "eu-central-1"}
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage]
    command += ["--merge-template", str(TEMPLATE), "--template-format", "yaml", str(made)]
    run_quietly(command, cwd=project, env=os.environ | region)


def finished(sam: str) -> str:
    """Chalice's template, with every call to a function's alias, and with the gateway's answers in our form."""
    for function in ("APIHandler", "Authorize"):
        sam = sam.replace(f"${{{function}.Arn}}/invocations", f"${{{function}.Arn}}:live/invocations")
    template = read_yaml(sam)
    for function in ("APIHandler", "Authorize"):
        permission = template["Resources"][f"{function}InvokePermission"]["Properties"]
        permission["FunctionName"] = {"Ref": f"{function}.Alias"}
    template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"] = gateway.responses()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and can_snap(resource["Properties"]["Runtime"]):
            resource["Properties"]["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    written: str = yaml.dump(template, Dumper=Plain, allow_unicode=True, width=1000)
    return written


def can_snap(runtime: str) -> bool:
    """Whether Lambda restores this runtime from a snapshot of its imports; Python's from 3.12 on."""
    version = runtime.removeprefix("python").split(".")
    return tuple(map(int, version)) >= (3, 12)


def read_yaml(text: str) -> Any:
    return yaml.load(text, Loader=Reader)


class Plain(Writer):
    """CloudFormation knows no YAML aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def vendor(architecture: str) -> Path:
    """The folder of run-time libraries for one processor, at the locked versions; made once."""
    rules = (IDLE_SUFFIXES, LOCALES, UNSPOKEN, UNASKED, WITHOUT_DEPENDENCIES, STRIPE_LOADS, sorted(OBJECTS))
    wanted = (ROOT / "requirements.txt").read_bytes() + LOCK.read_bytes() + repr(rules).encode()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(wanted).hexdigest()[:12]
    folder = ROOT / ".build" / "vendor" / f"{version}-{architecture}-{key}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch, "libraries")
        pip_install(target, architecture, version, ["-r", str(ROOT / "requirements.txt"), "-c", str(LOCK)])
        pip_install(target, architecture, version, ["--no-deps", *map(pinned, WITHOUT_DEPENDENCIES)])
        drop_idle(target)
        strip_stripe(target)
        if not folder.exists():  # another process may have been faster
            target.rename(folder)
    return folder


def pinned(name: str) -> str:
    """`pynamodb` -> `pynamodb==6.1.0`, as the lock says."""
    return next(line for line in LOCK.read_text().splitlines() if line.startswith(f"{name}=="))


def pip_install(target: Path, architecture: str, version: str, what: list[str]) -> None:
    """Installs wheels for Lambda's Linux, whatever this machine is."""
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    newest_glibc = 34 if sys.version_info >= (3, 12) else 26
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(17, newest_glibc + 1)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--target", str(target), "--only-binary=:all:", "--no-compile", "--upgrade"]
    command += ["--implementation", "cp", "--python-version", version]
    command += [f"--platform={tag}" for tag in [*platforms, f"manylinux2014_{machine}"]]
    run_quietly([*command, *what])


def drop_idle(target: Path) -> None:
    for path in sorted(target.rglob("*"), reverse=True):
        if path.suffix in IDLE_SUFFIXES or path.name == "__pycache__" or path == target / "bin":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (target / "babel" / "locale-data").glob("*.dat"):
        if path.stem not in LOCALES:  # en_CA and zh_Hant are other languages than ours
            path.unlink()
        else:
            empty(path, UNSPOKEN)
    empty(target / "babel" / "global.dat", UNASKED)
    shutil.rmtree(target / "babel" / "messages", ignore_errors=True)


def empty(path: Path, names: tuple[str, ...]) -> None:
    """Takes tables out of one of Babel's pickled maps; their names stay, with nothing under them."""
    if not path.exists():
        return
    known = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps({name: {} if name in names else held for name, held in known.items()}, 2))


def strip_stripe(target: Path) -> None:
    """Of 17 MB of one client for everything Stripe does, what our gateway loads."""
    command = [sys.executable, "-c", STRIPE_LOADS, str(target), *sorted(OBJECTS)]
    loaded = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    kept = {Path(file).resolve() for file in loaded}
    for path in sorted((target / "stripe").rglob("*"), reverse=True):
        if path.is_file() and path.resolve() not in kept:
            path.unlink()
        elif (path.is_dir() and path.name == "__pycache__") or (path.is_dir() and not any(path.iterdir())):
            shutil.rmtree(path)


def run_quietly(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Runs a command that is expected to work; only when it does not, what it said is shown."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


def write_cut(whole: Path, target: Path, cut: Cut) -> None:
    """Copies what the cut keeps, in a fixed order with fixed times and modes: same content, same bytes."""
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        idle = out_of_reach(source, cut.starts)
        for member in sorted(set(filter(cut.keeps, source.namelist())) - idle):
            if "__pycache__/" in member:  # left by whoever imported the sources on the way here
                continue
            made.writestr(entry_of(cut.under + member), source.read(member), compresslevel=9)


def out_of_reach(whole: zipfile.ZipFile, starts: tuple[str, ...]) -> set[str]:
    """Modules of ours that none of `starts` can import."""
    ours = {name for name in whole.namelist() if name.endswith(".py") and name.startswith(("app.py", "chalicelib/"))}
    return ours - reach.reachable({name: whole.read(name) for name in ours}, starts) if starts else set()


def entry_of(member: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(member)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def size_table(out: Path) -> Iterator[str]:
    """Lines of a table: each zip against its limit, and what is heaviest in it."""
    yield f"{'zip':<14} {'KiB':>7} {'limit':>7}  heaviest"
    for cut in CUTS:
        with zipfile.ZipFile(out / cut.name) as made:
            heaviest = ", ".join(f"{name} {size >> 10}" for name, size in weights(made.infolist())[:4])
        size = (out / cut.name).stat().st_size
        verdict = "" if size <= cut.limit else "  TOO BIG"
        yield f"{cut.name:<14} {size / 1024:>7.0f} {cut.limit / 1024:>7.0f}  {heaviest}{verdict}"


def weights(members: Iterable[zipfile.ZipInfo]) -> list[tuple[str, int]]:
    """Packed bytes per top-level name, heaviest first."""
    sizes: dict[str, int] = {}
    for member in members:
        top = member.filename.split("/", 1)[0]
        sizes[top] = sizes.get(top, 0) + member.compress_size
    return sorted(sizes.items(), key=lambda pair: -pair[1])


if __name__ == "__main__":
    main()
