"""The whole system on this machine: the templates and zips that AWS gets, on ministack, without Docker.

    with LocalStack("demo", fresh=True) as stack:
        urllib.request.urlopen(f"{stack.url}/health")

Everything it starts is its child, listens on a free port of 127.0.0.1 only, writes under
`.local/NAME/` only, and is gone after `stop()`; the state stays for the next start unless that one
asks for `fresh=True`. Two stacks of different names run side by side.
"""

import fcntl
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import boto3
from botocore.config import Config

from infra import gateway, keys
from infra.deploy import Outputs, Region
from infra.local.sandbox_provider import story_clock
from infra.package import ROOT, package_if_changed

HOST = "127.0.0.1"
AWS_REGION = "us-east-1"
STAGE = "local"
API_ID = "tuan"
EMAIL_FROM = "tuan@local.example"
START_SECONDS, STOP_SECONDS = 30, 30
LIBRARIES = Path(sysconfig.get_path("purelib"))
BARE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
CHILD = Path(__file__).with_name("child.py")
# What AWS's Python runtime offers to every function.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
SANDBOX_MODULE = "infra.local.sandbox_provider"
CARRIER_MODULE = "infra.local.carrier"
STRIPE_MODULE = "infra.local.stripe_provider"


class LocalStackError(Exception):
    """The stack cannot run; the message says what to do."""


class LocalStack:
    """One local copy of the system; a context manager, or `start()` and `stop()`.

    `clock_start` (epoch milliseconds of the story, or 0 for the real time) and `clock_speed` (story
    seconds in a real second) run the demo's day in minutes; `clock_skips` (from, to, of the story, in their order) are
    hours it leaps over. `settings` are template parameters on top of those every
    local stack has. `provider="stripe"`: people pay through Stripe's gateway, which speaks to localstripe behind a
    server that adds what that lacks. After `start()`:
    `url` is the API's base, `endpoint_url` the AWS endpoint, `outputs` what the stacks put out,
    `keys` the fields of the secret, `sandbox_url` the sandbox payment provider.
    """

    def __init__(
        self,
        name: str = "run",
        *,
        clock_start: int = 0,
        clock_speed: float = 1,
        clock_skips: Sequence[tuple[int, int]] = (),
        state_dir: Path | None = None,
        fresh: bool = False,
        built: Path | None = None,
        provider: str = "sandbox",
        aws_region: str = AWS_REGION,
        settings: Mapping[str, str] | None = None,
        identity: str = "cognito",
        tell: Callable[[str], None] = lambda step: None,
    ) -> None:
        self.name = name
        self.home = state_dir or ROOT / ".local" / name
        self.endpoint_url = ""
        self.url = ""
        self.sandbox_url = ""
        self.carrier_url = ""
        self.outputs: Outputs = {}
        self.keys: dict[str, str] = {}
        self._clock_start, self._clock_speed, self._clock_skips = clock_start, clock_speed, tuple(clock_skips)
        self._fresh, self._built, self._tell, self.provider = fresh, built, tell, provider
        self._aws_region, self._given, self._identity = aws_region, dict(settings or {}), identity
        self._children: list[subprocess.Popen[str]] = []
        self._lock: TextIO | None = None

    # ------------------------------------------------------------------ life

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Raises LocalStackError when it is running already or an engine does not come up."""
        self._take_home()
        try:
            self._tell("packaging")
            built = self._built or package_if_changed(STAGE, ROOT / ".build" / STAGE)
            ports = self._ports()
            self._tell("starting the engine")
            self._start_engine(ports["engine"])
            self._deploy(built, ports)
            self.client("ses").verify_email_identity(EmailAddress=EMAIL_FROM)
            self._start_sandbox(ports)
            self._start_carrier(ports["carrier"])
            self._write_address()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every child, last started first; the engine writes its state as it ends."""
        for child in reversed(self._children):
            end(child)
        self._children.clear()
        (self.home / "address.json").unlink(missing_ok=True)
        shutil.rmtree(self.home / "tmp", ignore_errors=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """As a power cut: nothing is asked, nothing is written."""
        for child in self._children:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    # ------------------------------------------------------------------ use

    def client(self, service: str) -> Any:
        """A boto3 client of the local engine."""
        return local_client(self.endpoint_url, service, self._aws_region)

    def redeploy(self, built: Path) -> None:
        """Another version on top of the one that runs."""
        self.outputs = self.region.deploy(built, discovered=self._discovered)

    def invoke(self, function: str, event: object) -> object:
        """Runs one function (api, authorize, challenge, tick, changes, wake or heard) with an event; its answer."""
        return invoke(self.client("lambda"), self.outputs, function, event)

    def now_ms(self) -> int:
        """What time it is for the system, in epoch milliseconds."""
        if not (clock := self._clock()):
            return real_ms()
        return story_clock(clock, self._clock_speed)()

    # ------------------------------------------------------------------ steps

    def _take_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise LocalStackError(f"“{self.name}” is running already; stop it or use another name") from None
        if self._fresh:
            shutil.rmtree(self.home / "state", ignore_errors=True)
        shutil.rmtree(self.home / "tmp", ignore_errors=True)
        for part in ("state", "tmp", "logs"):
            (self.home / part).mkdir(exist_ok=True)
        make_runtime(self.home / "tmp" / "runtime")

    def _ports(self) -> dict[str, int]:
        """The ports of the last time, so that addresses stay; new ones where somebody else took them."""
        file = self.home / "ports.json"
        before: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        ports = {part: free_port(before.get(part, 0)) for part in ("engine", "sandbox", "carrier")}
        file.write_text(json.dumps(ports))
        return ports

    def _start_engine(self, port: int) -> None:
        self.endpoint_url = f"http://{HOST}:{port}"
        self.url = f"{self.endpoint_url}/_aws/execute-api/{API_ID}/api"
        move_queues(self.home / "state", port)
        forget_stream_positions(self.home / "state" / "lambda.json")
        engine = self._spawn("engine", "ministack", environment=engine_environment(self.home, port, self._aws_region))
        wait_until(lambda: answers(f"{self.endpoint_url}/_ministack/health"), engine, START_SECONDS)

    def _deploy(self, built: Path, ports: dict[str, int]) -> None:
        settings = self._settings(ports) | self._given
        self.region = local_region(self.name, self.endpoint_url, settings, self._aws_region, tell=self._tell)
        self.region.identity = self._identity
        self.outputs = self.region.deploy(built, discovered=self._discovered)
        self.keys = keys.read(self.client("secretsmanager"), self.outputs["SecretArn"])
        if self.provider == "stripe":
            self.keys |= {"stripe_api_key": f"sk_test_{self.keys['sandbox_api_key']}"}
            self.keys |= {"stripe_webhook": self.keys["sandbox_webhook"]}
            keys.write(self.client("secretsmanager"), self.outputs["SecretArn"], self.keys)

    def _settings(self, ports: dict[str, int]) -> dict[str, str]:
        """What differs from a real stage: data may be thrown away, passwords do, time may be scaled."""
        return {
            "Protected": "false",
            "PasswordLogin": "true",
            # The gateway does not tell its functions under which address it was asked.
            "PublicUrl": self.url,
            "SandboxUrl": f"http://{HOST}:{ports['sandbox']}",
            "CarrierUrl": f"http://{HOST}:{ports['carrier']}",
            "TransferAccount": "Demo Bank 0000 1111 2222",
            "SmsSender": "TUAN",
            # Every worker is a process of its own here, and this machine has a few processors.
            "WorkerConcurrency": "4",
            "EmailFrom": EMAIL_FROM,
            "ClockStart": self._clock(),
            "ClockSpeed": f"{self._clock_speed:g}",
            **(self._stripe(ports) if self.provider == "stripe" else {}),
        }

    def _stripe(self, ports: dict[str, int]) -> dict[str, str]:
        url = f"http://{HOST}:{ports['sandbox']}"
        return {
            "SandboxUrl": "",
            "Providers": "stripe,transfer",
            "WithPaymentsLayer": "true",
            "StripeUrl": url,
            "StripePayUrl": f"{url}/pay/",
        }

    def _clock(self) -> str:
        """`story_ms@real_ms` (and where it leaps), or "" for the real time. Kept with the state: it never goes back."""
        if not self._clock_start:
            return ""
        file = self.home / "state" / f"clock-{self._clock_start}-{self._clock_speed:g}"
        if not file.exists():
            file.write_text(clock_of(self._clock_start, real_ms(), self._clock_speed, self._clock_skips))
        return file.read_text()

    def _discovered(self, outputs: Outputs) -> Outputs:
        """The engine's tokens name AWS as their issuer, yet their keys are fetched here."""
        if "UserPoolId" not in outputs:
            return {}
        return {"JwksUrl": f"{self.endpoint_url}/{outputs['UserPoolId']}/.well-known/jwks.json"}

    def _start_sandbox(self, ports: dict[str, int]) -> None:
        """The payment provider buyers pay at; the engine's Lambdas know its port from their settings."""
        self._tell(f"starting the {self.provider} payment provider")
        port = ports["sandbox"]
        self.sandbox_url = f"http://{HOST}:{port}"
        options = {
            "--port": str(port),
            "--webhook-url": f"{self.url}/webhooks/{self.provider}",
            "--secret": self.keys[f"{self.provider}_webhook"],
            "--api-key": self.keys[f"{self.provider}_api_key"],
            "--state": str(self.home / "state" / "sandbox-provider.json"),
            "--clock-start": self._clock(),
            "--clock-speed": f"{self._clock_speed:g}",
        }
        module = STRIPE_MODULE if self.provider == "stripe" else SANDBOX_MODULE
        sandbox = self._spawn("sandbox", module, *(f"{k}={v}" for k, v in options.items()))
        wait_until(lambda: listens(port), sandbox, START_SECONDS)

    def _start_carrier(self, port: int) -> None:
        """The carrier that goods are shipped with. Its parcels go by themselves, a step in two hours of the stage."""
        self._tell("starting the sandbox carrier")
        self.carrier_url = f"http://{HOST}:{port}"
        options = {
            "--port": str(port),
            "--callback-url": f"{self.url}/carriers/sandbox/callbacks",
            "--secret": self.keys["carrier_webhook"],
            "--api-key": self.keys["carrier_api_key"],
            "--pace-ms": str(2 * 3_600_000),
            "--state": str(self.home / "state" / "carrier.json"),
            "--clock-start": self._clock(),
            "--clock-speed": f"{self._clock_speed:g}",
        }
        carrier = self._spawn("carrier", CARRIER_MODULE, *(f"{k}={v}" for k, v in options.items()))
        wait_until(lambda: listens(port), carrier, START_SECONDS)

    def _write_address(self) -> None:
        """Lets another process (`make invoke`) find the stack that is running."""
        settings = {**self.region.settings, **self._discovered(self.outputs)}
        address = {
            "endpoint_url": self.endpoint_url,
            "url": self.url,
            "sandbox_url": self.sandbox_url,
            "carrier_url": self.carrier_url,
            "outputs": self.outputs,
            "settings": settings,
            "aws_region": self._aws_region,
            "identity": self._identity,
        }
        (self.home / "address.json").write_text(json.dumps(address, indent=2))

    def _spawn(
        self, name: str, module: str, *options: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Starts a child in a process group of its own: a Ctrl-C reaches us alone, and we end it in order."""
        log = self.home / "logs" / f"{name}.log"
        with log.open("w") as out:
            child = subprocess.Popen(
                [BARE_PYTHON, "-I", "-u", str(CHILD), str(LIBRARIES), module, *options],
                cwd=ROOT,
                env=environment or plain_environment(),
                stdin=subprocess.PIPE,  # closes when we end, whatever ends us; see child.py
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._children.append(child)
        return child


def make_runtime(folder: Path) -> None:
    """Gives the Lambdas what AWS's runtime has, and hides whatever else this machine has installed, so that a
    library missing from a zip is missed here, too."""
    folder.mkdir()
    for name in RUNTIME:
        (folder / name).symlink_to(LIBRARIES / name)
    hidden = '("site-packages", "dist-packages")'
    (folder / "sitecustomize.py").write_text(
        f"import sys\nsys.path[:] = [path for path in sys.path if not path.endswith({hidden})]\n"
    )


def local_region(
    name: str,
    endpoint_url: str,
    settings: Mapping[str, str],
    aws_region: str = AWS_REGION,
    tell: Callable[[str], None] = print,
) -> Region:
    """How a local stack is deployed to: by the code and templates that deploy to AWS."""
    return Region(
        name=name,
        stage=STAGE,
        connect=lambda service: local_client(endpoint_url, service, aws_region),
        settings=settings,
        bucket_url=lambda bucket: f"{endpoint_url}/{bucket}",
        tags={"ms-custom-id": API_ID},
        gradual=False,  # the engine has no CodeDeploy
        poll_s=0.1,
        tell=tell,
        mend=lambda outputs: mend(local_client(endpoint_url, "apigateway", aws_region), outputs["RestAPIId"]),
        api_url=lambda outputs: f"{endpoint_url}/_aws/execute-api/{API_ID}/api",
    )


def mend(client: Any, api: str) -> None:
    answer_as_the_gateway(client, api)
    take_files_whole(client, api)


def answer_as_the_gateway(client: Any, api: str) -> None:
    """The engine overlooks gateway responses in an API's document, and reads them from a table of its own alone."""
    wanted = gateway.responses()
    known = {one["responseType"]: one for one in client.get_gateway_responses(restApiId=api, limit=100)["items"]}
    changed = [
        kind
        for kind, answer in wanted.items()
        if known.get(kind, {}).get("responseTemplates") != answer["ResponseTemplates"]
    ]
    for kind in changed:
        headers = wanted[kind]["ResponseParameters"]["Headers"]
        client.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=wanted[kind]["StatusCode"],
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
            responseTemplates=wanted[kind]["ResponseTemplates"],
        )
    if changed:
        client.create_deployment(restApiId=api, stageName="api")


def take_files_whole(client: Any, api: str) -> None:
    """The engine overlooks the binary media types in an API's document, and would read a picture as text. It takes
    them from an update of the API, as a list."""
    from app import app

    wanted = list(app.api.binary_types)
    if client.get_rest_api(restApiId=api).get("binaryMediaTypes") != wanted:
        told = [{"op": "replace", "path": "/binaryMediaTypes", "value": wanted}]
        client.update_rest_api(restApiId=api, patchOperations=told)


def real_ms() -> int:
    return time.time_ns() // 1_000_000


def plain_environment() -> dict[str, str]:
    """Nothing of the caller's that could name a real AWS account or change how Python imports."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


def engine_environment(home: Path, port: int, aws_region: str) -> dict[str, str]:
    return plain_environment() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": aws_region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": aws_region,
        # Functions get no more rights than their policies in .chalice/ give them.
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "state" / "s3"),
        "TMPDIR": str(home / "tmp"),
        "PYTHONPATH": str(home / "tmp" / "runtime"),
        "PYTHONNOUSERSITE": "1",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "INFO",
        # Listeners nobody uses here, on fixed ports that a second copy would want, too.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would look for containers to tidy up.
        "DOCKER_HOST": f"unix://{home}/no-docker",
    }


def move_queues(state: Path, port: int) -> None:
    """The engine names queues by addresses that hold its port, and keeps those names when it moves."""
    for service in ("sqs", "lambda", "cloudformation"):
        file = state / f"{service}.json"
        if file.exists():
            moved = re.sub(rf"http://{HOST}:\d+/(?=\d{{12}}/)", f"http://{HOST}:{port}/", file.read_text())
            file.write_text(moved)


def forget_stream_positions(lambda_state: Path) -> None:
    """The engine keeps how far each stream was read, yet not the stream: without this, the first records
    after a restart, as many as had been read before, would wake nobody."""
    if lambda_state.exists():
        state = json.loads(lambda_state.read_text())
        state["payload"].pop("dynamodb_stream_positions", None)
        lambda_state.write_text(json.dumps(state))


def clock_of(start: int, real: int, speed: float, skips: Sequence[tuple[int, int]]) -> str:
    """The clock as the stage is told it: `story@real`, and once more for each moment at which it leaps ahead."""
    anchors = [(start, real)]
    for begins, ends in skips:
        story, since = anchors[-1]
        anchors.append((ends, since + round((begins - story) / speed)))
    return ",".join(f"{story}@{since}" for story, since in anchors)


@functools.cache
def local_client(endpoint_url: str, service: str, aws_region: str = AWS_REGION) -> Any:
    """One client per service: making one costs 100 ms. Short time-outs: the engine is next door."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=aws_region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=2,
            read_timeout=60,
            retries={"total_max_attempts": 3},
            parameter_validation=service != "apigateway",  # the engine wants a list where AWS wants a text
        ),
    )


def invoke(lambda_client: Any, outputs: Outputs, function: str, event: object) -> object:
    name = outputs["APIHandlerName" if function == "api" else f"{function.title()}Name"]
    answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"])


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_until(ready: Callable[[], bool], child: subprocess.Popen[str], seconds: float) -> None:
    """Raises LocalStackError when the child ended or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            raise LocalStackError(f"{child.args!r} did not come up; see the logs beside the state")
        time.sleep(0.05)


def end(child: subprocess.Popen[str]) -> None:
    """Asks the child to end, then makes sure that what it had started (Lambda workers) ended with it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin:
        child.stdin.close()
    try:
        os.killpg(child.pid, signal.SIGKILL)  # the group bears its leader's id and is ours alone
    except ProcessLookupError:
        return
