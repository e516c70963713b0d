"""The carrier on a loopback port: HTTP in, callbacks out."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

from infra.local.carrier.core import MOST_BYTES, CarrierServer, HungUp
from infra.local.outbox import Message

DELIVERY_S = 10.0
ROUND_S = 0.05


class Server:
    """Serves one carrier until `stop`. The carrier knows no threads, so a lock goes round each use of it."""

    def __init__(self, carrier: CarrierServer, port: int = 0) -> None:
        self.carrier = carrier
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        carrier.base_url = self.url
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.1,), name="carrier-http", daemon=True),
            threading.Thread(target=self._deliver, name="carrier-callbacks", daemon=True),
        ]

    def start(self) -> "Server":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join()

    def _deliver(self) -> None:
        with urllib3.PoolManager(maxsize=2, retries=False) as pool:
            while not self._stopping.wait(ROUND_S):
                with self.lock:
                    url = self.carrier.state.callback_url
                    due = self.carrier.take_due() if url else []
                for callback in due:
                    self._deliver_one(pool, url, callback)

    def _deliver_one(self, pool: urllib3.PoolManager, url: str, callback: Message) -> None:
        with self.lock:
            headers, body = self.carrier.signed(callback)
        try:
            limit = urllib3.Timeout(connect=2.0, read=DELIVERY_S)
            answer = pool.request("POST", url, body=body, headers=headers, timeout=limit, redirect=False)
            taken = 200 <= answer.status < 300
        except urllib3.exceptions.HTTPError:
            taken = False
        if not taken:
            with self.lock:
                self.carrier.put_back(callback)


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
                self._answer(413, b"")
                return
            body = self.rfile.read(int(length))
            try:
                with server.lock:
                    status, said = server.carrier.transport(self.command, self.path, dict(self.headers), body)
            except HungUp:
                self.close_connection = True
                return
            self._answer(status, said)

        do_GET = do_POST = do_PUT = _any

        def _answer(self, status: int, said: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the console belongs to whoever started us."""

    return Handler
