"""The bed behind a real HTTP server on loopback, under a prefix as a stage has one, so that a browser can come.

Requests run side by side (the bed's hook makes each call to AWS exact); what the stream and the queue owe is worked
off after each. The sandbox provider's payment page stands beside it, under /pay/.
"""

import base64
import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from chalice.config import Config
from chalice.local import LocalGateway

from chalicelib import wiring
from tests.bed import Bed

PREFIX = "/api"


class Site:
    """`url` is where the hall is. `requests` counts bytes sent by path."""

    def __init__(self, bed: Bed, prefix: str = PREFIX) -> None:
        import app

        self.bed = bed
        self.prefix = prefix
        self.sent: list[tuple[str, int]] = []
        self._gateway = LocalGateway(app.app, Config())
        self._rest = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.origin}{prefix}"
        bed.provider.base_url = self.origin
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @contextmanager
    def open(self) -> Iterator["Site"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        if target.startswith("/pay/"):
            return self._pay(target, method)
        if target == "/favicon.ico":
            return 204, {}, b""
        if not target.startswith(self.prefix):
            return 403, {}, b"outside of the stage"
        inside = target[len(self.prefix) :] or "/"
        said = self._gateway.handle_request(method, inside, headers, body)
        with self._rest:
            self.bed.drain()
        content = said["body"]
        if said.get("isBase64Encoded"):
            content = base64.b64decode(content)
        return said["statusCode"], said["headers"], content.encode() if isinstance(content, str) else content

    def _pay(self, target: str, method: str) -> tuple[int, Any, bytes]:
        """The provider's page: pay, and back to where one came from."""
        ref, _, query = target.rpartition("/")[2].partition("?")
        if method == "POST":
            with self._rest:
                self.bed.pay(ref)
        back = html.escape(parse_qs(query)["back"][0])
        page = f'''<!doctype html><html lang="zh"><title>pay</title><form method="post"><button>Pay</button></form>
            <a href="{back}">Back to the order</a>'''
        return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()

    def code(self, phone: str) -> str:
        """The latest log-in code sent to a phone."""
        texts = [one.text for one in self.bed.sent() if one.to == phone and "验证码" in one.text]
        found = re.search(r"\d{6}", texts[-1])
        assert found
        return found[0]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = site.answer(self.command, self.path, dict(self.headers), body)
            site.sent.append((self.path, len(content)))
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() in ("content-length", "date", "server"):
                    continue
                for one in value if isinstance(value, list) else [value]:
                    self.send_header(name, one)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _any

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    return Handler


def public_at(url: str) -> None:
    """Links for others are whole: they start with the public address."""
    object.__setattr__(wiring.world(), "public_url", url)
