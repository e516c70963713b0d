"""The provider on a loopback port: HTTP in, webhooks out, and a page on which a person plays the buyer."""

import html
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import urllib3

from infra.local.outbox import Message
from infra.local.sandbox.asked import HungUp, Problem
from infra.local.sandbox.line import MOST_BYTES, SandboxProvider

DELIVERERS = 8
DELIVERY_S = 10.0
ROUND_S = 0.05

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Sandbox</title>
<body style="font-family:sans-serif;max-width:24em;margin:3em auto">
<h1>{title}</h1><p style="font-size:2em">{amount} {currency}<br>
<small>最小货币单位 minor units</small></p><p>{status}</p>
<form method="post"><button style="font-size:1.5em"{disabled}>支付 Pay</button></form>{back}
</body></html>"""


class Server:
    """Serves one provider until `stop`. The provider knows no threads, so a lock goes round each use of
    it.
    """

    def __init__(self, provider: SandboxProvider, port: int = 0) -> None:
        self.provider = provider
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        provider.base_url = self.url
        for payment in provider.state.payments.values():  # kept from an earlier run, perhaps on another port
            payment.pay_url = f"{self.url}/pay/{payment.ref}"
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.1,), name="sandbox-http", daemon=True),
            threading.Thread(target=self._deliver, name="sandbox-webhooks", daemon=True),
        ]

    def start(self) -> "Server":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Ends cleanly: deliveries under way end first, and what was not taken is back in the outbox."""
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join()

    def _deliver(self) -> None:
        with (
            urllib3.PoolManager(maxsize=DELIVERERS, retries=False) as pool,
            ThreadPoolExecutor(DELIVERERS, "sandbox-delivery") as workers,
        ):
            while not self._stopping.wait(ROUND_S):
                with self.lock:
                    url = self.provider.state.webhook_url
                    due = self.provider.take_due() if url else []
                for webhook in due:
                    workers.submit(self._deliver_one, pool, url, webhook)

    def _deliver_one(self, pool: urllib3.PoolManager, url: str, webhook: Message) -> None:
        with self.lock:
            headers, body = self.provider.signed(webhook)
        try:
            limit = urllib3.Timeout(connect=2.0, read=DELIVERY_S)
            # The card's reports have a door of their own: /webhooks/sandbox -> /webhooks/sandbox_card.
            answer = pool.request(
                "POST",
                url + webhook.method.removeprefix("sandbox"),
                body=body,
                headers=headers,
                timeout=limit,
                redirect=False,
            )
            taken = 200 <= answer.status < 300
        except urllib3.exceptions.HTTPError:
            taken = False
        if not taken:
            with self.lock:
                self.provider.put_back(webhook)


def _handler_for(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True
        timeout = 30

        def _any(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.close_connection = True
                self._answer(413, b"", "text/plain")
                return
            body = self.rfile.read(int(length))
            if self.path.startswith("/pay/"):
                self._answer(*_page(server, self.path[5:], self.command == "POST"), "text/html; charset=utf-8")
                return
            try:
                with server.lock:
                    status, more, said = server.provider.exchange(self.command, self.path, dict(self.headers), body)
            except HungUp:
                self.close_connection = True
                return
            more = dict(more)
            self._answer(status, said, more.pop("content-type", "application/json"), more)

        do_GET = do_POST = do_PUT = _any

        def _answer(self, status: int, said: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the console belongs to whoever started us."""

    return Handler


def _page(server: Server, asked: str, paying: bool) -> tuple[int, bytes]:
    """`asked` is the payment's reference, perhaps with `?back=`: where the buyer came from."""
    ref, _, query = asked.partition("?")
    back = parse_qs(query).get("back", [""])[0]
    shown_back = (
        f'<p><a href="{html.escape(back)}">返回订单 Back to the order</a></p>' if back.startswith("http") else ""
    )
    with server.lock:
        provider = server.provider
        payment = provider.state.payments.get(ref)
        if payment is None:
            return 404, b"<!doctype html><title>404</title>"
        problem = _try(lambda: provider.pay(ref)) if paying else ""
        said = provider.shown(payment)
    status = {
        "open": "待支付 to be paid",
        "paid": "已支付,谢谢! paid, thank you",
        "authorised": "已授权,谢谢! authorised, thank you",
        "captured": "已扣款 captured",
        "voided": "已解除 let go",
        "expired": "已过期 expired",
    }
    return 200, PAGE.format(
        title=html.escape(payment.title),
        amount=payment.amount_minor,
        currency=html.escape(payment.currency),
        status=html.escape(problem or status[str(said["status"])]),
        disabled="" if said["status"] == "open" else " disabled",
        back=shown_back,
    ).encode()


def _try(what: Callable[[], object]) -> str:
    try:
        what()
    except Problem as problem:
        return problem.code
    return ""


def ready_line(server: Server) -> str:
    return json.dumps({"url": server.url})
