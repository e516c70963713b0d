"""The sandbox provider's own words: a provider (core.py) that is asked over HTTP.

POST /payments            {key, amount_minor, currency, title, expires_at_ms}
                          with hold: true only authorised when paid, for seven days
POST /payments/{ref}/capture  {key, amount_minor, currency}: takes what is held, or less of it, once
POST /payments/{ref}/void     {key}: lets what is held go; again, it changes nothing
POST /payments/{ref}/dispute  {amount_minor?, won?}: the buyer's bank takes money back, or gives it back
GET  /moves?method=&since_ms=&until_ms=  what moved in that time, by pages
GET  /payments?key=       one; without a key all, oldest first, by pages (limit, after)
POST /payments/{ref}/pay  {paid_at_ms?, late?}: the buyer pays
POST /refunds             {key, payment_ref, amount_minor, currency}
GET  /refunds?key=        as with payments
POST /releases, /backs    money for payees, see releases.py
GET, PUT /faults          what goes wrong next, see Fault
PUT  /settings            {webhook_url}
"""

import hmac
import json
from collections.abc import Mapping

import msgspec

from infra.local.peer import Problem, Reply, Whole, digest, read, reply, routed
from infra.local.sandbox.asked import (
    Capturing,
    Disputing,
    Made,
    NewBack,
    NewPayment,
    NewRefund,
    NewRelease,
    Paying,
    Settings,
    Voiding,
)
from infra.local.sandbox.core import Provider
from infra.local.sandbox.state import Fault, Payment, Refund, Released, Replay

MOST_LISTED = 100

SHAPES: Mapping[str, type[Made]] = {
    "payments": NewPayment,
    "refunds": NewRefund,
    "releases": NewRelease,
    "backs": NewBack,
}


class SandboxProvider(Provider):
    """In a test, `transport` is handed to the gateway."""

    def transport(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One HTTP call. Raises HungUp where a fault wants silence."""
        self.settle()
        try:
            return routed(self._route, method, path, headers, body)
        except Problem as problem:
            return reply(problem.status, {"code": problem.code, "message": problem.code.replace("_", " ")})

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Whole:
        """As `transport`, with headers: for peers who sign what they answer."""
        status, said = self.transport(method, path, headers, body)
        return status, {"content-type": "application/json"}, said

    def _route(
        self, method: str, path: list[str], query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        match method, path:
            case "POST", ["payments", ref, "pay"]:
                paying = read(body or b"{}", Paying)
                return reply(200, self.shown(self.pay(ref, paid_at=paying.paid_at_ms, late=paying.late)))
            case "POST", ["payments", ref, "dispute"]:
                asked = read(body or b"{}", Disputing)
                return reply(200, msgspec.to_builtins(self.dispute(ref, asked.amount_minor, won=asked.won)))
            case "POST", ["payments", ref, "capture" | "void" as verb]:
                self._check_key(headers)
                return self._end_hold(ref, verb, body)
            case "GET", ["moves"]:
                self._check_key(headers)
                return self._moves(query)
            case "GET", ["faults"]:
                return 200, msgspec.json.encode(self.state.faults)
            case "PUT", ["faults"]:
                self.state.faults[:] = read(body, list[Fault])
                return reply(200, {})
            case "PUT", ["settings"]:
                self.state.webhook_url = read(body, Settings).webhook_url
                return reply(200, {})
            case "GET" | "POST", ["payments" | "refunds" | "releases" | "backs" as kind]:
                self._check_key(headers)
                return self._list(kind, query) if method == "GET" else self._make(kind, body)
        raise Problem(404, "no_such_route")

    def _check_key(self, headers: Mapping[str, str]) -> None:
        given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            raise Problem(401, "bad_api_key")

    def _make(self, kind: str, body: bytes) -> Reply:
        """A new payment or refund: once per key while the key is remembered, whatever goes wrong on the
        line.
        """
        what = read(body, SHAPES[kind])
        about = (what.key, getattr(what, "payment_ref", ""))
        self._break_line("before", kind, about)
        name = f"{kind} {what.key}"
        known = self.state.replays.get(name)
        if known is None:
            made = self._made(what)
            known = Replay(asked=digest(body), answer=json.dumps(self.shown(made), ensure_ascii=False), at=self.clock())
            self.state.replays[name] = known
        elif known.asked != digest(body):
            raise Problem(409, "key_reused")
        self._break_line("after", kind, about)
        return 201, known.answer.encode()

    def _end_hold(self, ref: str, verb: str, body: bytes) -> Reply:
        """A capture or a void, once per key; what has ended cannot be ended otherwise."""
        what = read(body, Capturing) if verb == "capture" else read(body, Voiding)
        payment = self.state.payments.get(ref)
        if payment is None:
            raise Problem(404, "no_such_payment")
        on, about = f"{verb}s", (what.key, ref)
        self._break_line("before", on, about)
        name = f"{on} {what.key}"
        known = self.state.replays.get(name)
        if known is None:
            if isinstance(what, Capturing):
                self._capture(payment, what)
            else:
                self._void(payment)
            answer = json.dumps(self.shown(payment), ensure_ascii=False)
            known = self.state.replays[name] = Replay(asked=digest(body), answer=answer, at=self.clock())
        elif known.asked != digest(body):
            raise Problem(409, "key_reused")
        self._break_line("after", on, about)
        return 200, known.answer.encode()

    def _moves(self, query: Mapping[str, str]) -> Reply:
        since, until = (_millis(query.get(name, "")) for name in ("since_ms", "until_ms"))
        lines = [
            line
            for line in self.moved()
            if since <= int(str(line["at_ms"])) < until and line.pop("method") == query.get("method", "sandbox")
        ]
        begin = int(query["after"]) if query.get("after", "0").isdecimal() and "after" in query else 0
        page = lines[begin : begin + MOST_LISTED]
        more = begin + MOST_LISTED < len(lines)
        return reply(200, {"items": page, "next": str(begin + MOST_LISTED) if more else None})

    def _list(self, kind: str, query: Mapping[str, str]) -> Reply:
        rows: list[Payment | Refund | Released]
        if kind == "payments":
            rows = list(self.state.payments.values())
        elif kind == "refunds":
            rows = list(self.state.refunds.values())
        else:
            rows = [one for one in self.state.released.values() if bool(one.of) is (kind == "backs")]
        if "key" in query:
            # Records outlive keys. Of several under one key, one that moved money is what matters.
            mine = [row for row in rows if row.key == query["key"]]
            if not mine:
                raise Problem(404, "not_found")
            return reply(200, self.shown(next((row for row in mine if row.status != "failed"), mine[-1])))
        limit, after = _number(query.get("limit", "50"), MOST_LISTED), query.get("after")
        refs = [row.ref for row in rows]
        if after is not None and after not in refs:
            raise Problem(400, "bad_cursor")
        start = refs.index(after) + 1 if after is not None else 0
        page = rows[start : start + limit]
        more = start + limit < len(rows)
        return reply(200, {"items": [self.shown(row) for row in page], "next": page[-1].ref if more else None})


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Problem(400, "bad_limit")
    return int(text)


def _millis(text: str) -> int:
    if not text.isdecimal() or len(text) > 14:
        raise Problem(400, "bad_time")
    return int(text)
