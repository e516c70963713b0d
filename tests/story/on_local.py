"""A story on the local engine: the packaged artefacts over real HTTP, stream, queue and schedule, on a fast clock."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import urllib3

from infra.local.people import Person, enrol, token
from infra.local.stack import LocalStack

from .record import ms
from .script import Script
from .stack import Answer, Instant, Json, Login, Message

SPEED = 240.0
BEFORE_S = 40
"""Real seconds from the clock's start until the story begins: for deploying, and for everyone to arrive."""

PATIENCE_S = 20
SETTLE_S = 90
READING_S = 5
"""How long reading the whole record takes at most: what fell due meanwhile would be read half before and half after."""

WATCH_S = 0.4


SCHEDULED = {
    "version": "0",
    "id": "5f1c2e0a-0000-0000-0000-000000000000",
    "account": "000000000000",
    "region": "us-east-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "time": "2026-11-21T12:00:00Z",
    "resources": [],
    "detail": {},
}
"""What the schedule sends to the clock's function."""


class OnLocal:
    """Implements Stack. Messages are read while they come, because the engine keeps no time with an SMS."""

    name = "local"

    def __init__(
        self, stack: LocalStack, speed: float, ops: str, skips: Sequence[tuple[Instant, Instant]] = ()
    ) -> None:
        self.stack, self.speed, self.ops, self.skips = stack, speed, ops, list(skips)
        self.patience_ms = int(PATIENCE_S * 1000 * speed)
        self._http = urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(30.0))
        self._tokens: dict[str, str] = {}
        self._left: dict[str, list[Message]] = {"sms": [], "email": []}
        self._known: dict[str, set[str]] = {"sms": set(), "email": set()}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="messages", daemon=True)

    @classmethod
    @contextmanager
    def made(
        cls,
        script: Script,
        name: str = "demo",
        speed: float = SPEED,
        tell: Any = lambda step: None,
        before_s: float = BEFORE_S,
        provider: str = "sandbox",
    ) -> Iterator["OnLocal"]:
        start = script.day.at(script.day.starts) - int(before_s * 1000 * speed)
        skips = script.day.skipped()
        clock = {"clock_start": start, "clock_speed": speed, "clock_skips": skips}
        server = "stripe" if provider == "stripe" else "sandbox"
        with LocalStack(name, **clock, fresh=True, tell=tell, provider=server) as stack:
            local = cls(stack, speed, script.with_role("ops"), skips)
            local._watcher.start()
            try:
                yield local
            finally:
                local._ended.set()
                local._watcher.join()

    def now(self) -> Instant:
        return self.stack.now_ms()

    def advance_to(self, at: Instant) -> None:
        """After a leap the clock's own minute comes at once, so that what fell due meanwhile is not left lying."""
        while self.skips and self.skips[0][1] <= at:
            begins, ends = self.skips.pop(0)
            self._sleep_until(begins)
            while self.now() < ends:
                time.sleep(0.01)
            self.stack.invoke("tick", SCHEDULED)
        self._sleep_until(at)

    def _sleep_until(self, at: Instant) -> None:
        time.sleep(max(0.0, (at - self.now()) / 1000 / self.speed))

    def settle(self) -> None:
        """Until nothing is left that falls due before all is read; after a while, as it is."""
        reading_ms, deadline = int(READING_S * 1000 * self.speed), time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            answer = self.call("GET", "/ops/due?limit=1", who=self.ops)
            rows = answer.json["items"] if answer.status == 200 else None
            if rows == [] or (rows and ms(rows[0]["due_at"]) > self.now() + reading_ms):
                return
            time.sleep(0.1)

    def people(self, logins: Sequence[Login]) -> None:
        cognito = self.stack.client("cognito-idp")
        everyone = {one.key: Person(one.key, one.phone, "".join(one.roles)) for one in logins}
        enrol(cognito, self.stack.outputs, everyone.values())
        self._tokens = {key: token(cognito, self.stack.outputs, person) for key, person in everyone.items()}

    def id_of(self, who: str) -> str:
        body = self._tokens[who].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims["sub"])

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if who is not None:
            sent["Authorization"] = f"Bearer {self._tokens[who]}"
        content = b"" if body is None else json.dumps(body).encode()
        try:
            got = self._http.request(method, self.stack.url + path, body=content, headers=sent)
        except urllib3.exceptions.HTTPError as error:  # a lost answer: to be asked again, the same
            return Answer(503, {}, "", {"code": "no_answer", "detail": type(error).__name__})
        text = got.data.decode()
        got_headers = {name.lower(): value for name, value in got.headers.items()}
        return Answer(got.status, got_headers, text, _json(text))

    # ------------------------------------------------------------------ the provider

    def pay(self, pay_url: str, paid_at: Instant | None = None, *, late: bool = False) -> None:
        """A payment that ran out while we were on our way is a late one."""
        ref = pay_url.rstrip("/").rpartition("/")[2]
        body: dict[str, Json] = {"late": late} | ({"paid_at_ms": paid_at} if paid_at is not None else {})
        status, said = self._provider("POST", f"/payments/{ref}/pay", body)
        if status == 409 and said.get("code") == "expired":
            status, said = self._provider("POST", f"/payments/{ref}/pay", {**body, "late": True})
        if status != 200:
            raise RuntimeError(f"the provider refused a payment: {said}")

    def scan(self, number: str, status: str) -> None:
        """By hand: parcels would go by themselves, but the story says when."""
        for method, path, body in (
            ("PUT", "/settings", {"pace_ms": 0}),
            ("POST", f"/waybills/{number}/events", {"status": status}),
        ):
            address = self.stack.carrier_url + path
            got = self._http.request(method, address, body=json.dumps(body).encode())
            if got.status != 200:
                raise RuntimeError(f"the carrier did not scan {number}: {got.data.decode()}")

    def fault(self, **fault: Json) -> None:
        _, faults = self._provider("GET", "/faults")
        self._provider("PUT", "/faults", [*faults, fault])

    def books(self) -> Json:
        return {kind: self._listed(kind) for kind in ("payments", "refunds")}

    def _listed(self, kind: str) -> list[Json]:
        rows: list[Json] = []
        after: dict[str, str] = {}
        while True:
            _, page = self._provider("GET", f"/{kind}?{urlencode({'limit': 100, **after})}")
            rows += page["items"]
            if page["next"] is None:
                return rows
            after = {"after": page["next"]}

    def _provider(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.stack.keys[f'{self.stack.provider}_api_key']}",
        }
        content = b"" if body is None else json.dumps(body).encode()
        got = self._http.request(method, self.stack.sandbox_url + path, body=content, headers=headers)
        return got.status, _json(got.data.decode())

    # ------------------------------------------------------------------ messages

    def messages(self) -> list[Message]:
        self._note()
        return [*self._left["sms"], *self._left["email"]]

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                self._note()

    def _note(self) -> None:
        with self._lock:
            now = self.now()
            texts = self._seen("/_ministack/sns/sms-messages")["sms_messages"]
            self._add("sms", [(r["MessageId"], to, "", r["Message"]) for to, all in texts.items() for r in all], now)
            mails = [r for all in self._seen("/_ministack/ses/messages")["messages"].values() for r in all]
            self._add("email", [(r["MessageId"], r["To"][0], r["Subject"], r["BodyText"]) for r in mails], now)

    def _seen(self, path: str) -> Json:
        return _json(self._http.request("GET", self.stack.endpoint_url + path).data.decode())

    def _add(self, channel: str, found: list[tuple[str, str, str, str]], now: Instant) -> None:
        known = self._known[channel]
        for message_id, to, subject, text in found:
            if message_id not in known:
                known.add(message_id)
                self._left[channel].append(Message(channel, to, subject, text, now))

    # ------------------------------------------------------------------ figures

    def alarms(self) -> list[str]:
        return []

    def dynamodb_calls(self) -> int | None:
        return None


def _json(text: str) -> Json:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return {"code": "no_json", "detail": text[:200]}
