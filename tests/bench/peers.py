"""Orders/s beside pretix, a ticket shop, on one hot product: both over HTTP on this machine, in blocks that take turns.

pretix comes from PyPI into .build/pretix, on a scratch PostgreSQL in a temporary folder; four workers each. It does
more per order than a join of ours does: it renders and queues an e-mail, writes positions, fees, taxes and a log of
every step, and its API checks the whole order. So this says how a hot product feels, not who writes better code.
"""

import json
import os
import pickle
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from infra.package import ROOT

from .crew import outside_world
from .house import SKU, TABLE, buyer
from .peer_engine import NotHere, free_port, started
from .race import opened

PRETIX = "pretix==2026.8.0"
FOLDER = ROOT / ".build" / "pretix"
KEPT = ROOT / ".build" / "bench" / "peers.pickle"
WORKERS, CLIENTS, BLOCK_S, ROUNDS = 4, 8, 4.0, 5
BIN = Path("/usr/lib/postgresql")

SETUP = """
from datetime import timedelta
from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Event, Organizer, Team
with scopes_disabled():
    house = Organizer.objects.create(name="Bench", slug="bench")
    event = Event.objects.create(
        organizer=house, name="Hot", slug="hot", currency="EUR", live=True,
        date_from=now() + timedelta(days=9),
    )
    item = event.items.create(name="Orange", default_price=59)
    quota = event.quotas.create(name="all", size=1000000)
    quota.items.add(item)
    known = {one.name for one in Team._meta.get_fields()}
    rights = {name: True for name in known if name.startswith(("can_", "all_"))}
    team = Team.objects.create(organizer=house, name="api", **rights)
    print("READY", team.tokens.create(name="bench").token, item.pk)
"""


def run(command: list[str], **more: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        raise NotHere(f"{command[0]} failed: {(done.stderr or done.stdout)[-600:]}")
    return str(done.stdout)


def installed() -> Path:
    python = FOLDER / "venv" / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", str(FOLDER / "venv")])
    if not (python.parent / "gunicorn").exists():
        run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PRETIX, "gunicorn"])
    return python


@contextmanager
def postgres(folder: Path) -> Iterator[int]:
    """A scratch server on loopback. It refuses to run as root, so root runs it as its own user."""
    tools = sorted(BIN.glob("*/bin")) if BIN.exists() else []
    if not tools:
        raise NotHere("PostgreSQL (the Debian package postgresql) is not installed")
    more: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = pwd.getpwnam("postgres")
        os.chown(folder, who.pw_uid, who.pw_gid)
        more = {"user": who.pw_uid, "group": who.pw_gid, "cwd": folder}
    data, port = folder / "data", free_port()
    run([str(tools[-1] / "initdb"), "-D", str(data), "-U", "bench", "--auth=trust"], **more)
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    server = subprocess.Popen(
        [str(tools[-1] / "postgres"), "-D", str(data), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **more,
    )
    try:
        create = [str(tools[-1] / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "pretix"]
        until(lambda: subprocess.run(create, capture_output=True).returncode == 0, 30)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _listens(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        connection.connect()
        connection.close()
        return True
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise NotHere("a server did not start")
        time.sleep(0.1)


@contextmanager
def pretix(folder: Path) -> Iterator[tuple[int, str, int]]:
    """(port, API token, product)."""
    python = installed()
    with postgres(folder) as database:
        home = Path(tempfile.mkdtemp(prefix="tuan-pretix-home-"))
        port = free_port()
        (home / "pretix.cfg").write_text(
            f"[pretix]\ninstance_name=bench\nurl=http://127.0.0.1:{port}\ndatadir={home}/data\nregistration=off\n"
            f"[database]\nbackend=postgresql\nname=pretix\nuser=bench\nhost=127.0.0.1\nport={database}\n"
            "[django]\nsecret=bench-bench-bench-bench-bench-bench\n"
        )
        env = os.environ | {"PRETIX_CONFIG_FILE": str(home / "pretix.cfg")}
        run([str(python), "-m", "pretix", "migrate", "--noinput"], env=env, cwd=home)
        said = run([str(python), "-m", "pretix", "shell", "-c", SETUP], env=env, cwd=home)
        token, item = next(line for line in said.splitlines() if line.startswith("READY")).split()[1:]
        command = [str(python.parent / "gunicorn"), "pretix.wsgi", "-w", str(WORKERS), "-b", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, env=env, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _listens(port), 60)
            yield port, token, int(item)
        finally:
            server.terminate()
            server.wait(20)
            shutil.rmtree(home, ignore_errors=True)


def serve(url: str, port: int) -> None:
    """One worker of ours: the app's handler behind Chalice's own local gateway, the store outside."""
    from unittest import mock

    from chalice.config import Config
    from chalice.local import ChaliceRequestHandler, create_local_server

    import app
    from chalicelib import wiring

    ChaliceRequestHandler.wbufsize = -1
    ChaliceRequestHandler.disable_nagle_algorithm = True
    world = outside_world(url, seed=port)
    authorizer: dict[str, Any] = {"roles": "", "phone_verified": "true"}
    from chalicelib.handlers import edge

    def caller(request: Any) -> Any:
        return buyer(int(request.headers["x-buyer"]))

    del authorizer
    with mock.patch.object(wiring, "world", return_value=world), mock.patch.object(edge, "_caller", caller):
        for entry in app.app.routes.values():
            for route in entry.values():
                route.authorizer = None
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        sys.stderr = sys.stdout
        create_local_server(app.app, Config(), "127.0.0.1", port).serve_forever()


@contextmanager
def ours() -> Iterator[tuple[list[int], str]]:
    """(ports of the workers, group)."""
    with started((TABLE,)) as url:
        group, _ = opened(outside_world(url), 1, 10**6)
        ports = [free_port() for _ in range(WORKERS)]
        code = "import sys; from tests.bench.peers import serve; serve(sys.argv[1], int(sys.argv[2]))"
        workers = [
            subprocess.Popen([sys.executable, "-c", code, url, str(port)], cwd=ROOT, stderr=subprocess.DEVNULL)
            for port in ports
        ]
        try:
            for port in ports:
                until(lambda port=port: _listens(port), 60)  # type: ignore[misc]
            yield ports, group.id
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait(10)


Order = Callable[[HTTPConnection, int], tuple[int, str]]


def block(
    ports: list[int], order: Order, numbers: Iterator[int], seconds: float = BLOCK_S
) -> tuple[float, list[float]]:
    """(orders/s, how long each took in ms) of eight clients that order one after the other."""
    taken: list[float] = []
    wrong: list[tuple[int, str]] = []
    end = time.perf_counter() + seconds

    def client(port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < end:
            began = time.perf_counter()
            said = order(connection, next(numbers))
            if said[0] == 201:
                taken.append((time.perf_counter() - began) * 1e3)
            else:
                wrong.append(said)

    began = time.perf_counter()
    clients = [threading.Thread(target=client, args=(ports[n % len(ports)],)) for n in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if len(wrong) > len(taken):
        raise NotHere(f"orders were refused: {wrong[:2]}")
    return len(taken) / (time.perf_counter() - began), taken


def join_order(group_id: str) -> Order:
    body = json.dumps({"lines": {SKU: 1}, "accepts_terms": 1, "pickup_point": "gate"})

    def order(connection: HTTPConnection, number: int) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"k{number}", "X-Buyer": str(number)}
        return post(connection, f"/groups/{group_id}/join", body, headers)

    return order


def pretix_order(token: str, item: int) -> Order:
    body = json.dumps(
        {
            "email": "buyer@example.org", "locale": "en", "payment_provider": "manual", "simulate": False,
            "positions": [{"item": item, "variation": None, "price": "59.00", "answers": [], "subevent": None}],
        }
    )  # fmt: skip

    def order(connection: HTTPConnection, number: int) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Authorization": f"Token {token}"}
        return post(connection, "/api/v1/organizers/bench/events/hot/orders/", body, headers)

    return order


def post(connection: HTTPConnection, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()[:300]


class Numbers:
    """Numbers for several threads."""

    def __init__(self) -> None:
        self._next, self._lock = 0, threading.Lock()

    def __iter__(self) -> "Numbers":
        return self

    def __next__(self) -> int:
        with self._lock:
            self._next += 1
            return self._next


def compare(rounds: int = ROUNDS) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tuan-peers-")))
        port, token, item = stack.enter_context(pretix(folder))
        ports, group_id = stack.enter_context(ours())
        theirs, mine = pretix_order(token, item), join_order(group_id)
        numbers = Numbers()
        block([port], theirs, numbers, 2)
        block(ports, mine, numbers, 2)
        rates: list[tuple[float, float]] = []
        waits: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            one, quick = block(ports, mine, numbers)
            two, slow = block([port], theirs, numbers)
            rates.append((one, two))
            waits[0].extend(quick)
            waits[1].extend(slow)
        p95 = [statistics.quantiles(each, n=20)[-1] for each in waits]
        return {
            "ours": statistics.median(one for one, _ in rates),
            "theirs": statistics.median(two for _, two in rates),
            "ratio": statistics.median(one / two for one, two in rates),
            "ours_p95_ms": p95[0],
            "theirs_p95_ms": p95[1],
            "p95": p95[0] / p95[1],
            "rounds": rounds,
            "made_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
            "load": os.getloadavg()[0],
        }


def main() -> int:
    try:
        found = compare()
    except NotHere as reason:
        print(f"not measured: {reason}")
        return 1
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_bytes(pickle.dumps(found))
    print(json.dumps(found, indent=1))
    print("pretix does more per order: e-mail, positions, fees, taxes, a log of every step.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
