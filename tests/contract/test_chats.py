"""Robots against peers on loopback that check what the real ones check: path, body and signature."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain.chat import ChatKind, key_in
from chalicelib.domain.ports import Outcome
from chalicelib.domain.refusals import Refused
from chalicelib.gateways.chat import Robots

KEY, SECRET, NOW = "key-12345678", "SEC0123456789", 1_763_700_000_123
FAR = 60 * 60


class Peer(ThreadingHTTPServer):
    """Plays all three: a text arrives if its key is known and, where a secret is set, its signature is fresh."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[str] = []
        self.broken: list[tuple[int, dict[str, Any]]] = []
        self.silent = False
        self.clock = NOW

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def signed(message: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


class Handler(BaseHTTPRequestHandler):
    server: Peer

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.silent:
            self.close_connection = True
            return
        status, answer = self.server.broken.pop(0) if self.server.broken else self.judged(body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def judged(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path:
            case "/cgi-bin/webhook/send":
                good, text = asked.get("key") == KEY, body["text"]["content"]
            case "/robot/send":
                stamp = asked["timestamp"]
                right = signed(f"{stamp}\n{SECRET}".encode(), SECRET.encode())
                fresh = abs(self.server.clock - int(stamp)) <= FAR * 1000
                good, text = asked["access_token"] == KEY and asked["sign"] == right and fresh, body["text"]["content"]
            case _:
                right = signed(b"", f"{body['timestamp']}\n{SECRET}".encode())
                fresh = abs(self.server.clock // 1000 - int(body["timestamp"])) <= FAR
                good = parts.path == f"/open-apis/bot/v2/hook/{KEY}" and body["sign"] == right and fresh
                text = body["content"]["text"]
                if good:
                    self.server.heard.append(text)
                return 200, {"code": 0 if good else 19021, "msg": ""}
        if good:
            self.server.heard.append(text)
        return 200, {"errcode": 0 if good else 310000, "errmsg": ""}


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def robots(peer: Peer, now: int = NOW) -> Robots:
    return Robots(lambda: now, dict.fromkeys(ChatKind, peer.url))


@pytest.mark.req("N6")
@pytest.mark.parametrize("kind", ChatKind)
def test_a_text_arrives_where_its_signature_is_looked_at(peer: Peer, kind: ChatKind) -> None:
    answer = robots(peer).say(kind, key=KEY, secret=SECRET, text="最近一小时售出 495 件 🍎")
    assert answer.outcome is Outcome.SUCCEEDED
    assert peer.heard == ["最近一小时售出 495 件 🍎"]


@pytest.mark.req("N6")
@pytest.mark.parametrize("kind", [ChatKind.DINGTALK, ChatKind.FEISHU])
@pytest.mark.parametrize("how", ["secret", "clock"])
def test_a_wrong_secret_or_clock_is_refused_for_good(peer: Peer, kind: ChatKind, how: str) -> None:
    now = NOW - 2 * FAR * 1000 if how == "clock" else NOW
    answer = robots(peer, now).say(kind, key=KEY, secret="other" if how == "secret" else SECRET, text="x")
    assert answer.outcome is Outcome.FAILED
    assert answer.reason.startswith("refused_")
    assert peer.heard == []


@pytest.mark.req("N6")
@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (ChatKind.WECOM, (200, {"errcode": 45009})),
        (ChatKind.DINGTALK, (200, {"errcode": 660026})),
        (ChatKind.FEISHU, (200, {"code": 9499})),
        (ChatKind.WECOM, (429, {"errcode": 1})),
    ],
)
def test_too_many_at_once_is_for_later(peer: Peer, kind: ChatKind, answer: tuple[int, dict[str, Any]]) -> None:
    peer.broken.append(answer)
    assert robots(peer).say(kind, key=KEY, secret=SECRET, text="x").outcome is Outcome.PENDING


@pytest.mark.req("N6")
def test_silence_and_a_broken_peer_leave_it_unknown(peer: Peer) -> None:
    peer.broken.append((502, {}))
    assert robots(peer).say(ChatKind.WECOM, key=KEY, secret="", text="x").outcome is Outcome.UNKNOWN
    peer.silent = True
    assert robots(peer).say(ChatKind.WECOM, key=KEY, secret="", text="x").outcome is Outcome.UNKNOWN


@pytest.mark.req("N6")
@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (ChatKind.WECOM, f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"),
        (ChatKind.DINGTALK, f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"),
        (ChatKind.FEISHU, f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"),
    ],
)
def test_the_key_is_found_in_the_address_and_nowhere_else(kind: ChatKind, url: str) -> None:
    assert key_in(kind, url) == KEY
    for bad in (
        url.replace("https", "http"),
        url.replace(".com", ".com.evil.example").replace(".cn", ".cn.evil.example"),
        url.replace("https://", "https://user@"),
        url.replace(KEY, ""),
        url.replace(KEY, "a b"),
        "https://169.254.169.254/latest/meta-data",
    ):
        with pytest.raises(Refused, match="wrong_chat_address"):
            key_in(kind, bad)
