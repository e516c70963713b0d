"""A local peer on a loopback port: HTTP in, and out to whoever listens what the peer has to tell."""

import contextlib
import json
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Self

import urllib3

from infra.local.outbox import Message
from infra.local.peer import MOST_BYTES, HungUp, Peer

DELIVERY_S = 10.0
ROUND_S = 0.05


class Server:
    """Serves one peer until `stop`. The peer knows no threads, so a lock goes round each use of it."""

    deliverers = 1

    def __init__(self, peer: Peer, port: int = 0) -> None:
        self._peer = peer
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self, peer))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        peer.base_url = self.url
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.1,), name="peer-http", daemon=True),
            threading.Thread(target=self._deliver, name="peer-tells", daemon=True),
        ]

    def start(self) -> Self:
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

    def page(self, path: str, posted: bool) -> tuple[int, bytes] | None:
        """What people see at this path; None where there is only the peer."""
        return None

    def _deliver(self) -> None:
        with (
            urllib3.PoolManager(maxsize=self.deliverers, retries=False) as pool,
            ThreadPoolExecutor(self.deliverers, "peer-delivery") as workers,
        ):
            while not self._stopping.wait(ROUND_S):
                with self.lock:
                    url = self._peer.listener
                    due = self._peer.take_due() if url else []
                for message in due:
                    workers.submit(self._deliver_one, pool, url, message)

    def _deliver_one(self, pool: urllib3.PoolManager, url: str, message: Message) -> None:
        with self.lock:
            headers, body = self._peer.signed(message)
        try:
            limit = urllib3.Timeout(connect=2.0, read=DELIVERY_S)
            # The card's reports have a door of their own: /webhooks/sandbox -> /webhooks/sandbox_card.
            to = url + message.method.removeprefix("sandbox")
            answer = pool.request("POST", to, body=body, headers=headers, timeout=limit, redirect=False)
            taken = 200 <= answer.status < 300
        except urllib3.exceptions.HTTPError:
            taken = False
        if not taken:
            with self.lock:
                self._peer.put_back(message)


def _handler_for(server: Server, peer: Peer) -> type[BaseHTTPRequestHandler]:
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
            if (shown := server.page(self.path, self.command == "POST")) is not None:
                self._answer(*shown, "text/html; charset=utf-8")
                return
            try:
                with server.lock:
                    status, headers, said = peer.exchange(self.command, self.path, dict(self.headers), body)
            except HungUp:
                self.close_connection = True
                return
            more = dict(headers)
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


def until_stopped(server: Server) -> None:
    """Serves, and says where in one line, until SIGTERM or Ctrl-C."""
    # Not an Event: a signal that comes while its lock is held, as waiting begins, would wait for itself.
    asked_to_stop: SimpleQueue[None] = SimpleQueue()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: asked_to_stop.put(None))
    server.start()
    print(json.dumps({"url": server.url}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asked_to_stop.get()
    server.stop()
