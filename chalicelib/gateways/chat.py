"""Robots in team chats: WeCom, DingTalk and Feishu, each with its own body, signature and way of saying no.

All three answer 200 with a code of their own inside; only that code says whether the text arrived.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ..domain.chat import HOSTS, ChatKind
from ..domain.instants import Instant
from ..domain.ports import Answer, Outcome
from .wire import NoAnswer, Transport, over_http

LIMIT_S = 3.0

TOO_MANY = {ChatKind.WECOM: (45009, 45033), ChatKind.DINGTALK: (130101, 660026), ChatKind.FEISHU: (9499, 11232)}
"""Codes that mean "later". Whatever else is refused stays refused."""


class Robots:
    """Implements ports.Chats. `bases` replaces the real hosts in tests and on a laptop; `clock` is real time, which
    DingTalk's and Feishu's signatures are made of whatever the stage's own clock shows."""

    def __init__(self, clock: Callable[[], Instant], bases: Mapping[ChatKind, str] | None = None) -> None:
        self._clock = clock
        self._bases = bases or {kind: f"https://{host}" for kind, host in HOSTS.items()}

    def say(self, kind: ChatKind, *, key: str, secret: str, text: str) -> Answer:
        path, body = REQUESTS[kind](key, secret, text, self._clock())
        call: Transport = over_http(self._bases[kind], LIMIT_S)
        try:
            status, content = call("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())
        except NoAnswer:
            return Answer(outcome=Outcome.UNKNOWN, reason="no_answer")
        if status >= 500:
            return Answer(outcome=Outcome.UNKNOWN, reason=f"http_{status}")
        return _read(kind, status, content)


def _read(kind: ChatKind, status: int, content: bytes) -> Answer:
    try:
        said = json.loads(content)
        code = said["code" if kind is ChatKind.FEISHU else "errcode"]
    except (ValueError, KeyError, TypeError):
        return Answer(outcome=Outcome.FAILED, reason=f"http_{status}")
    if code == 0:
        return Answer(outcome=Outcome.SUCCEEDED)
    if status == 429 or code in TOO_MANY[kind]:
        return Answer(outcome=Outcome.PENDING, reason="too_many")
    return Answer(outcome=Outcome.FAILED, reason=f"refused_{code}")


def _wecom(key: str, secret: str, text: str, now: Instant) -> tuple[str, dict[str, Any]]:
    del secret, now  # WeCom's key is all there is
    return f"/cgi-bin/webhook/send?key={key}", {"msgtype": "text", "text": {"content": text}}


def _dingtalk(key: str, secret: str, text: str, now: Instant) -> tuple[str, dict[str, Any]]:
    signed = ""
    if secret:
        made = hmac.new(secret.encode(), f"{now}\n{secret}".encode(), hashlib.sha256).digest()
        signed = f"&timestamp={now}&sign={quote(base64.b64encode(made).decode(), safe='')}"
    return f"/robot/send?access_token={key}{signed}", {"msgtype": "text", "text": {"content": text}}


def _feishu(key: str, secret: str, text: str, now: Instant) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        stamp = str(now // 1000)
        made = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        body |= {"timestamp": stamp, "sign": base64.b64encode(made).decode()}
    return f"/open-apis/bot/v2/hook/{key}", body


REQUESTS = {ChatKind.WECOM: _wecom, ChatKind.DINGTALK: _dingtalk, ChatKind.FEISHU: _feishu}
