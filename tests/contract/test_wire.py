"""The HTTP underneath: limits on time and size, and no following of redirects, against a real socket."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.domain.ports import Outcome
from chalicelib.gateways.payments.sandbox import Sandbox
from chalicelib.gateways.wire import MOST_BYTES, NoAnswer, over_http


@contextmanager
def peer(says: bytes, *, waits_s: float = 0.0) -> Iterator[str]:
    """Answers every connection with the same bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.settimeout(2)
                line.recv(65_536)
                over.wait(waits_s)
                with_suppressed_send(line, says)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def with_suppressed_send(line: socket.socket, says: bytes) -> None:
    try:
        line.sendall(says)
    except OSError:
        return


def answer(body: bytes, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


def test_a_silent_peer_is_given_up_on_in_time() -> None:
    with peer(b"", waits_s=30) as url:
        begun = time.monotonic()
        seen = Sandbox(url, "", (), limit_s=0.3).look_up_payment("k")
        assert seen.outcome is Outcome.UNKNOWN
        assert time.monotonic() - begun < 25, "long before the peer would have hung up"


def test_nobody_there_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert Sandbox(f"http://127.0.0.1:{port}", "", ()).look_up_refund("k", "p").outcome is Outcome.UNKNOWN


def test_an_endless_answer_is_cut_and_does_not_poison_the_next_call() -> None:
    with peer(answer(b"x" * (4 * MOST_BYTES))) as url:
        call = over_http(url, 2.0)
        for _ in range(3):
            with pytest.raises(NoAnswer):
                call("GET", "/", {}, b"")


def test_a_short_answer_is_no_answer() -> None:
    with peer(answer(b"{}")[:-1]) as url, pytest.raises(NoAnswer):
        over_http(url, 1.0)("GET", "/", {}, b"")


def test_redirects_are_not_followed() -> None:
    with peer(answer(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n")) as url:
        assert over_http(url, 1.0)("POST", "/refunds", {}, b"{}") == (307, b"")


def test_a_line_is_used_again_unless_something_is_left_on_it() -> None:
    lines: set[tuple[str, int]] = set()

    class Peer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            lines.add(self.client_address)
            body = b"x" * (MOST_BYTES + 10) if self.path == "/long" else b"short"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with_suppressed_send(self.connection, body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    call = over_http(f"http://127.0.0.1:{server.server_address[1]}", 2.0)
    try:
        for _ in range(3):
            assert call("GET", "/", {}, b"") == (200, b"short")
        assert len(lines) == 1
        with pytest.raises(NoAnswer):
            call("GET", "/long", {}, b"")
        assert call("GET", "/", {}, b"") == (200, b"short")
    finally:
        server.shutdown()
        server.server_close()
