"""The local peer keeps the manners of real providers: only then does a green test mean something."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.domain.ports import Charge, EventKind, Outcome
from chalicelib.gateways.payments.sandbox import Sandbox
from infra.local.sandbox.core import PATIENCE
from infra.local.sandbox_provider import Problem, Server, story_clock
from tests.contract.benches import API_KEY, SECRET, STORY_START, SandboxBench

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench() -> SandboxBench:
    return SandboxBench()


def call(bench: SandboxBench, method: str, path: str, said: object = None) -> tuple[int, object]:
    body = b"" if said is None else json.dumps(said).encode()
    status, answer = bench.provider.transport(method, path, {"Authorization": f"Bearer {API_KEY}"}, body)
    return status, json.loads(answer)


def test_payments_are_listed_by_pages_for_reconciliation(bench: SandboxBench) -> None:
    for number in range(7):
        bench.start(f"pay-{number}")
    keys: list[str] = []
    path = "/payments?limit=3"
    while path:
        status, page = call(bench, "GET", path)
        assert status == 200
        keys += [row["key"] for row in page["items"]]
        path = f"/payments?limit=3&after={page['next']}" if page["next"] else ""
    assert keys == [f"pay-{number}" for number in range(7)]
    assert call(bench, "GET", "/payments?limit=0")[0] == 400
    assert call(bench, "GET", "/payments?after=made-up")[0] == 400


def test_refunds_are_listed_without_what_is_still_to_happen(bench: SandboxBench) -> None:
    ref = bench.paid()
    bench.breaks("refund_fails_later", delay_ms=HOUR)
    bench.refund(payment_ref=ref)
    _, page = call(bench, "GET", "/refunds")
    assert [row["status"] for row in page["items"]] == ["succeeded"]
    assert "fails_at_ms" not in page["items"][0]


def test_the_buyer_cannot_pay_after_the_time_unless_the_money_was_slow(bench: SandboxBench) -> None:
    ref = bench.start(expires_in=HOUR).ref
    bench.later(2 * HOUR)
    assert call(bench, "POST", f"/payments/{ref}/pay")[0] == 409
    assert call(bench, "POST", f"/payments/{ref}/pay", {"paid_at_ms": bench.now + 1})[0] == 400
    status, paid = call(bench, "POST", f"/payments/{ref}/pay", {"late": True})
    assert (status, paid["status"], paid["paid_at_ms"]) == (200, "paid", bench.now)


def test_the_providers_own_time_of_paying_may_be_earlier_than_the_news(bench: SandboxBench) -> None:
    ref = bench.start(expires_in=HOUR).ref
    bench.later(2 * HOUR)
    at = bench.now - HOUR - MINUTE
    assert call(bench, "POST", f"/payments/{ref}/pay", {"paid_at_ms": at})[0] == 200
    [hook] = bench.webhooks()
    assert bench.gateway.parse_webhook(*hook, bench.now).at == at


def test_paying_twice_is_one_payment(bench: SandboxBench) -> None:
    bench.paid()
    bench.buyer_pays("pay-1")
    assert len(bench.webhooks()) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "bad_request"),
        ({"key": "r", "payment_ref": "nobody", "amount_minor": 1, "currency": "CNY"}, "no_such_payment"),
        ({"key": "r", "payment_ref": "REF", "amount_minor": 1, "currency": "USD"}, "other_currency"),
        ({"key": "r", "payment_ref": "REF", "amount_minor": 0, "currency": "CNY"}, "bad_request"),
        ({"key": "r", "payment_ref": "REF", "amount_minor": 1001, "currency": "CNY"}, "more_than_paid"),
        ({"key": "r", "payment_ref": "OPEN", "amount_minor": 1, "currency": "CNY"}, "not_paid"),
    ],
)
def test_impossible_refunds_are_refused(bench: SandboxBench, said: dict[str, object], code: str) -> None:
    refs = {"REF": bench.paid(), "OPEN": bench.start("pay-2").ref}
    if "payment_ref" in said:
        said = said | {"payment_ref": refs.get(str(said["payment_ref"]), "nobody")}
    status, answer = call(bench, "POST", "/refunds", said)
    assert status >= 400
    assert answer["code"] == code
    assert bench.provider.state.refunds == {}


def test_faults_are_set_over_http_and_used_up(bench: SandboxBench) -> None:
    faults = [{"kind": "refund_fails", "times": 2, "match": "pay-1", "reason": "no"}]
    assert call(bench, "PUT", "/faults", faults)[0] == 200
    assert call(bench, "PUT", "/faults", [{"kind": "explode"}])[0] == 400
    ref = bench.paid()
    other = bench.paid("other")
    assert bench.refund("other.r", payment_ref=other).outcome is Outcome.SUCCEEDED
    outcomes = [bench.refund(f"pay-1.r.{n}", payment_ref=ref).outcome for n in range(3)]
    assert outcomes == [Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED]
    assert call(bench, "GET", "/faults")[1][0]["times"] == 0


def test_a_webhook_that_is_not_taken_comes_again_with_patience_and_an_end(bench: SandboxBench) -> None:
    bench.paid()
    deliveries = 0
    for wait in (0, *PATIENCE):
        bench.later(wait)
        [webhook] = bench.provider.take_due()
        headers, body = bench.provider.signed(webhook)
        bench.gateway.parse_webhook(headers, body, bench.now)  # signed anew each time
        bench.provider.put_back(webhook)
        assert bench.provider.take_due() == []
        deliveries += 1
    bench.later(30 * 24 * HOUR)
    assert bench.provider.take_due() == []
    assert deliveries == 1 + len(PATIENCE)


def test_a_story_clock_runs_faster() -> None:
    real = time.time_ns() // 1_000_000
    ahead = story_clock(f"{STORY_START}@{real - 10_000}", 60.0)() - STORY_START
    assert 600_000 <= ahead < 600_000 + 60 * 5_000
    assert abs(story_clock("", 1.0)() - real) < 5_000


class Receiver:
    """Our webhook address: refuses the first `refuses` deliveries."""

    def __init__(self, refuses: int = 0) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.refuses = refuses
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused = receiver.refuses > 0
                receiver.refuses -= 1
                if not refused:
                    receiver.taken.append((dict(self.headers), body))
                self.send_response(503 if refused else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count: int, limit_s: float = 10.0) -> None:
        until = time.monotonic() + limit_s
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} webhooks came"
            time.sleep(0.02)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def test_webhooks_reach_a_real_address_and_come_again_when_refused(bench: SandboxBench, receiver: Receiver) -> None:
    receiver.refuses = 1
    server = Server(bench.provider).start()
    try:
        reply = urllib3.request("PUT", f"{server.url}/settings", json={"webhook_url": receiver.url})
        assert reply.status == 200
        with server.lock:
            bench.paid()
        until = time.monotonic() + 10
        while not any(webhook.tries for webhook in bench.provider.outbox):
            assert time.monotonic() < until
            time.sleep(0.02)
        bench.later(2 * SECOND)
        receiver.wait_for(1)
    finally:
        server.stop()
    [(headers, body)] = receiver.taken
    assert bench.gateway.parse_webhook(headers, body, bench.now).kind is EventKind.PAID


def test_a_person_can_play_the_buyer_on_a_page(bench: SandboxBench) -> None:
    title = "<script>alert(1)</script>"
    bench.gateway.start(Charge(key="k", amount_minor=1, currency="CNY", expires_at=bench.now + HOUR, title=title))
    server = Server(bench.provider).start()
    try:
        url = f"{server.url}/pay/{bench.gateway.look_up_payment('k').ref}"
        page = urllib3.request("GET", url).data.decode()
        assert "<form" in page
        assert "<script>" not in page
        assert "paid" in urllib3.request("POST", url).data.decode()
        assert urllib3.request("GET", f"{server.url}/pay/nobody").status == 404
    finally:
        server.stop()
    assert bench.gateway.look_up_payment("k").outcome is Outcome.SUCCEEDED


@pytest.mark.req("O2")
def test_the_command_says_when_it_is_ready_stops_cleanly_and_remembers(tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "sandbox" / "state.json"

    def begin() -> tuple[subprocess.Popen[str], Sandbox]:
        command = [sys.executable, "-m", "infra.local.sandbox_provider", "--state", str(state)]
        command += ["--secret", SECRET, "--api-key", API_KEY, "--webhook-url", receiver.url]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        url = json.loads(child.stdout.readline())["url"]
        assert url.startswith("http://127.0.0.1:")
        return child, Sandbox(url, API_KEY, (SECRET,))

    now = time.time_ns() // 1_000_000
    charge = Charge(key="k", amount_minor=5, currency="CNY", expires_at=now + HOUR, title="kept")
    child, gateway = begin()
    try:
        started = gateway.start(charge)
        assert started.pay_url is not None
        urllib3.request("POST", started.pay_url)
        receiver.wait_for(1)
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    child, gateway = begin()
    try:
        seen = gateway.look_up_payment("k")
        assert (seen.outcome, seen.ref) == (Outcome.SUCCEEDED, started.ref)
        again = gateway.start(charge)
        assert again.ref == started.ref
    finally:
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0


def test_problems_have_codes(bench: SandboxBench) -> None:
    with pytest.raises(Problem) as problem:
        bench.provider.pay("nobody")
    assert problem.value.code == "not_found"
    assert call(bench, "DELETE", "/payments")[0] == 404
    assert call(bench, "PUT", "/settings", {"webhook": 1})[0] == 400
    huge = {"key": "k", "title": "x" * 100_000}
    assert call(bench, "POST", "/payments", huge)[0] == 413
