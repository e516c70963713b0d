"""The sandbox provider itself: what it remembers and what it does. No I/O; time comes from a clock it is
given.

It shares no code with the gateway that talks to it, because a mistake made on both sides would cancel out.

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

A key is remembered for 24 hours of its clock: until then the same request gets the very same answer and
another one 409; afterwards the same refund would be paid again (as with real providers), so far as the
payment covers it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from infra.local import outbox
from infra.local.outbox import Message
from infra.local.sandbox import releases
from infra.local.sandbox.releases import NewBack, NewRelease
from infra.local.sandbox.state import Dispute, Fault, Payment, Refund, Released, Replay, State

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
KEY_LIFE = 24 * HOUR
HOLD_LIFE = 7 * 24 * HOUR
PATIENCE = (2 * SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""How long it waits before it delivers a webhook again; after the last one it gives up."""

MOST_BYTES = 64 * 1024
MOST_LISTED = 100

Reply = tuple[int, bytes]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Millis = Annotated[int, msgspec.Meta(ge=0, le=10**14)]


class HungUp(ConnectionError):
    """The provider closed the line without a word."""


class Problem(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class NewPayment(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    amount_minor: Amount
    currency: Currency
    title: Annotated[str, msgspec.Meta(max_length=500)]
    expires_at_ms: Millis
    hold: bool = False
    method: Annotated[str, msgspec.Meta(pattern="^sandbox[a-z_]*$")] = "sandbox"


class Capturing(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    amount_minor: Amount
    currency: Currency


class Voiding(msgspec.Struct, forbid_unknown_fields=True):
    key: Key


class Disputing(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: Amount | None = None
    won: bool = False


class NewRefund(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    payment_ref: Key
    amount_minor: Amount
    currency: Currency


class Paying(msgspec.Struct, forbid_unknown_fields=True):
    """`late`: the money arrives although the time to pay is over, as bank transfers do."""

    paid_at_ms: Millis | None = None
    late: bool = False


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    webhook_url: str


Made = NewPayment | NewRefund | NewRelease | NewBack
Shape = TypeVar("Shape", Made, Capturing, Voiding, Disputing, Paying, Settings, list[Fault])
SHAPES: Mapping[str, type[Made]] = {
    "payments": NewPayment,
    "refunds": NewRefund,
    "releases": NewRelease,
    "backs": NewBack,
}


class SandboxProvider:
    """`secrets` sign the webhooks, each adding its mark: two while a secret is being rotated.

    In a test, `transport` is handed to the gateway, and `outbox` is what a test delivers, loses, doubles or
    shuffles: `for webhook in provider.take_due(): deliver(*provider.signed(webhook))`.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        secrets: Sequence[str] = ("sandbox-webhook-secret",),
        api_key: str = "sandbox-api-key",
        base_url: str = "http://sandbox.invalid",
        state: State | None = None,
    ) -> None:
        self.clock = clock
        self.secrets = tuple(secrets)
        self.base_url = base_url
        self.state = state or State()
        self._api_key = api_key

    @property
    def outbox(self) -> list[Message]:
        return self.state.outbox

    @property
    def faults(self) -> list[Fault]:
        return self.state.faults

    # ---------------------------------------------------------------- calls

    def transport(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One HTTP call. Raises HungUp where a fault wants silence."""
        self.settle()
        url = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        try:
            if len(body) > MOST_BYTES:
                raise Problem(413, "too_large")
            return self._route(method, url.path.strip("/").split("/"), query, headers, body)
        except Problem as problem:
            return _json(problem.status, {"code": problem.code, "message": problem.code.replace("_", " ")})

    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """As `transport`, with headers: for peers who sign what they answer."""
        status, said = self.transport(method, path, headers, body)
        return status, {"content-type": "application/json"}, said

    def _route(
        self, method: str, path: list[str], query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        match method, path:
            case "POST", ["payments", ref, "pay"]:
                paying = _read(body or b"{}", Paying)
                return _json(200, self.shown(self.pay(ref, paid_at=paying.paid_at_ms, late=paying.late)))
            case "POST", ["payments", ref, "dispute"]:
                asked = _read(body or b"{}", Disputing)
                return _json(200, msgspec.to_builtins(self.dispute(ref, asked.amount_minor, won=asked.won)))
            case "POST", ["payments", ref, "capture" | "void" as verb]:
                self._check_key(headers)
                return self._end_hold(ref, verb, body)
            case "GET", ["moves"]:
                self._check_key(headers)
                return self._moves(query)
            case "GET", ["faults"]:
                return 200, msgspec.json.encode(self.state.faults)
            case "PUT", ["faults"]:
                self.state.faults[:] = _read(body, list[Fault])
                return _json(200, {})
            case "PUT", ["settings"]:
                self.state.webhook_url = _read(body, Settings).webhook_url
                return _json(200, {})
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
        what = _read(body, SHAPES[kind])
        about = (what.key, getattr(what, "payment_ref", ""))
        self._break_line("before", kind, about)
        name = f"{kind} {what.key}"
        known = self.state.replays.get(name)
        if known is None:
            made = self._made(what)
            known = Replay(
                asked=_digest(body), answer=json.dumps(self.shown(made), ensure_ascii=False), at=self.clock()
            )
            self.state.replays[name] = known
        elif known.asked != _digest(body):
            raise Problem(409, "key_reused")
        self._break_line("after", kind, about)
        return 201, known.answer.encode()

    def _made(self, what: Made) -> Payment | Refund | Released:
        match what:
            case NewPayment():
                return self._open(what)
            case NewRefund():
                return self._refund(what)
            case NewRelease():
                return releases.release(self, what)
            case NewBack():
                return releases.take_back(self, what)

    def _end_hold(self, ref: str, verb: str, body: bytes) -> Reply:
        """A capture or a void, once per key; what has ended cannot be ended otherwise."""
        what = _read(body, Capturing) if verb == "capture" else _read(body, Voiding)
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
            known = self.state.replays[name] = Replay(asked=_digest(body), answer=answer, at=self.clock())
        elif known.asked != _digest(body):
            raise Problem(409, "key_reused")
        self._break_line("after", on, about)
        return 200, known.answer.encode()

    def _capture(self, payment: Payment, what: Capturing) -> None:
        if payment.status == "captured":
            raise Problem(409, "already_captured")
        if payment.status != "authorised":
            raise Problem(409, "voided" if payment.status == "voided" else "not_authorised")
        if payment.currency != what.currency:
            raise Problem(422, "other_currency")
        if what.amount_minor > payment.amount_minor:
            raise Problem(422, "more_than_held")
        if fault := self.fault("capture_fails", "captures", (what.key, payment.ref)):
            raise Problem(402, fault.reason)
        payment.status, payment.captured_minor, payment.captured_at_ms = "captured", what.amount_minor, self.clock()
        self._tell("payment.captured", payment, self.clock())

    def _void(self, payment: Payment) -> None:
        if payment.status == "captured":
            raise Problem(409, "already_captured")
        if payment.status == "paid":
            raise Problem(409, "not_authorised")
        if payment.status != "voided":
            payment.status = "voided"
            self._tell("payment.voided", payment, self.clock())

    def dispute(self, ref: str, amount_minor: int | None = None, *, won: bool = False) -> Dispute:
        """The buyer's bank takes money back; `won` ends it in our favour."""
        payment = self.state.payments.get(ref)
        if payment is None or payment.status not in ("paid", "captured"):
            raise Problem(404, "not_paid")
        known = next((one for one in self.state.disputes.values() if one.payment_ref == ref), None)
        if known is None:
            amount = amount_minor or payment.captured_minor or payment.amount_minor
            known = Dispute(
                ref=self.new_ref("dis", payment.key), payment_ref=ref, amount_minor=amount, at_ms=self.clock()
            )
            self.state.disputes[known.ref] = known
            self._tell_dispute("chargeback", payment, known, known.at_ms)
        if won and known.won_at_ms is None:
            known.won_at_ms = self.clock()
            self._tell_dispute("chargeback.won", payment, known, known.won_at_ms)
        return known

    def _tell_dispute(self, kind: str, payment: Payment, dispute: Dispute, at: int) -> None:
        shown = Payment(
            **{
                **msgspec.structs.asdict(payment),
                "ref": dispute.ref,
                "amount_minor": dispute.amount_minor,
                "captured_minor": None,
            }
        )
        self._tell(kind, shown, at)

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
        return _json(200, {"items": page, "next": str(begin + MOST_LISTED) if more else None})

    def moved(self) -> list[dict[str, object]]:
        """Every movement of money there has been, oldest first. A refund that failed later is none."""
        lines: list[dict[str, object]] = []

        def add(kind: str, row: Payment, key: str, ref: str, amount: int, at: int | None) -> None:
            lines.append({
                "kind": kind, "key": key, "ref": ref, "amount_minor": amount, "currency": row.currency,
                "at_ms": at or 0, "method": row.method, "payment_ref": "" if kind == "payment" else row.ref,
            })  # fmt: skip

        for one in self.state.payments.values():
            if one.status == "paid":
                add("payment", one, one.key, one.ref, one.amount_minor, one.paid_at_ms)
            elif one.captured_minor is not None:
                add("payment", one, one.key, one.ref, one.captured_minor, one.captured_at_ms)
        for refund in self.state.refunds.values():
            if refund.status == "succeeded":
                paid = self.state.payments[refund.payment_ref]
                add("refund", paid, refund.key, refund.ref, refund.amount_minor, refund.done_at_ms)
        for dispute in self.state.disputes.values():
            paid = self.state.payments[dispute.payment_ref]
            add("chargeback", paid, paid.key, dispute.ref, dispute.amount_minor, dispute.at_ms)
            if dispute.won_at_ms is not None:
                add("chargeback_won", paid, paid.key, dispute.ref, dispute.amount_minor, dispute.won_at_ms)
        return sorted(lines, key=lambda line: int(str(line["at_ms"])))

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
            return _json(200, self.shown(next((row for row in mine if row.status != "failed"), mine[-1])))
        limit, after = _number(query.get("limit", "50"), MOST_LISTED), query.get("after")
        refs = [row.ref for row in rows]
        if after is not None and after not in refs:
            raise Problem(400, "bad_cursor")
        start = refs.index(after) + 1 if after is not None else 0
        page = rows[start : start + limit]
        more = start + limit < len(rows)
        return _json(200, {"items": [self.shown(row) for row in page], "next": page[-1].ref if more else None})

    # ---------------------------------------------------------------- money

    def pay(self, ref: str, *, paid_at: int | None = None, late: bool = False) -> Payment:
        """The buyer pays. Paying twice is the same payment; `paid_at` may be earlier than now, never
        later.
        """
        payment = self.state.payments.get(ref)
        if payment is None:
            raise Problem(404, "not_found")
        if payment.status != "open":
            return payment
        now = self.clock()
        at = now if paid_at is None else paid_at
        if at > now or at < payment.created_at_ms:
            raise Problem(400, "bad_time")
        if at >= payment.expires_at_ms and not late:
            raise Problem(409, "expired")
        payment.status, payment.paid_at_ms = "authorised" if payment.hold else "paid", at
        self._tell("payment.authorised" if payment.hold else "payment.paid", payment, at)
        return payment

    def settle(self) -> None:
        """Does what has become due: pending refunds end, some refunds fail after the fact, old keys are
        forgotten.
        """
        now = self.clock()
        for refund in self.state.refunds.values():
            if refund.status == "pending" and refund.settles_at_ms is not None and refund.settles_at_ms <= now:
                refund.settles_at_ms = None
                self._succeed(refund)
            if refund.status == "succeeded" and refund.fails_at_ms is not None and refund.fails_at_ms <= now:
                refund.fails_at_ms = None
                refund.status, refund.reason = "failed", refund.fails_reason
                self._tell("refund.failed", refund, now, refund.reason)
        for payment in self.state.payments.values():
            if payment.status == "authorised" and now - (payment.paid_at_ms or now) >= HOLD_LIFE:
                self._void(payment)
        replays = self.state.replays
        for name in [name for name, replay in replays.items() if now - replay.at >= KEY_LIFE]:
            del replays[name]

    def _open(self, what: NewPayment) -> Payment:
        if what.expires_at_ms <= self.clock():
            raise Problem(422, "expires_in_the_past")
        ref = self.new_ref("pay", what.key)
        payment = Payment(
            ref=ref,
            key=what.key,
            amount_minor=what.amount_minor,
            currency=what.currency,
            title=what.title,
            pay_url=f"{self.base_url}/pay/{ref}",
            created_at_ms=self.clock(),
            expires_at_ms=what.expires_at_ms,
            hold=what.hold,
            method=what.method,
        )
        self.state.payments[ref] = payment
        return payment

    def _refund(self, what: NewRefund) -> Refund:
        payment = self.state.payments.get(what.payment_ref)
        if payment is None:
            raise Problem(404, "no_such_payment")
        if payment.status not in ("paid", "captured"):
            raise Problem(409, "not_paid")
        if any(one.payment_ref == payment.ref and one.won_at_ms is None for one in self.state.disputes.values()):
            raise Problem(409, "charge_disputed")
        if payment.currency != what.currency:
            raise Problem(422, "other_currency")
        if self.refunded(payment.ref) + what.amount_minor > (payment.captured_minor or payment.amount_minor):
            raise Problem(422, "more_than_paid")
        refund = Refund(
            ref=self.new_ref("ref", what.key),
            key=what.key,
            payment_ref=payment.ref,
            amount_minor=what.amount_minor,
            currency=what.currency,
            created_at_ms=self.clock(),
        )
        self.state.refunds[refund.ref] = refund
        self._begin(refund)
        return refund

    def _begin(self, refund: Refund) -> None:
        about = (refund.key, refund.payment_ref)
        now = self.clock()
        if fault := self.fault("refund_fails", "refunds", about):
            refund.status, refund.reason = "failed", fault.reason
            self._tell("refund.failed", refund, now, fault.reason)
        elif fault := self.fault("refund_pending", "refunds", about):
            refund.settles_at_ms = now + fault.delay_ms
        else:
            if fault := self.fault("refund_fails_later", "refunds", about):
                refund.fails_at_ms, refund.fails_reason = now + fault.delay_ms, fault.reason
            self._succeed(refund)

    def _succeed(self, refund: Refund) -> None:
        refund.status, refund.done_at_ms = "succeeded", self.clock()
        self._tell("refund.succeeded", refund, self.clock())

    def refunded(self, payment_ref: str) -> int:
        """What has gone back of a payment, or is on its way."""
        mine = (refund for refund in self.state.refunds.values() if refund.payment_ref == payment_ref)
        return sum(refund.amount_minor for refund in mine if refund.status != "failed")

    def shown(self, row: Payment | Refund | Released) -> dict[str, object]:
        said: dict[str, object] = msgspec.to_builtins(row)
        if isinstance(row, Payment):
            expired = row.status == "open" and self.clock() >= row.expires_at_ms
            return said | {
                "status": "expired" if expired else row.status,
                "refunded_minor": self.refunded(row.ref),
            }
        return {name: value for name, value in said.items() if name not in Refund.PRIVATE}

    def new_ref(self, kind: str, key: str) -> str:
        """Not a plain number: a provider that lost its memory must not hand out a name twice."""
        self.state.made += 1
        return f"{kind}_{_digest(f'{kind} {key} {self.state.made} {self.clock()}'.encode())[:16]}"

    # ---------------------------------------------------------------- webhooks

    def _tell(self, kind: str, row: Payment | Refund, at: int, reason: str = "") -> None:
        about = (row.key, row.payment_ref if isinstance(row, Refund) else "")
        if self.fault("webhook_lost", kind, about):
            return
        self.state.made += 1
        said: dict[str, object] = {
            "id": f"evt_{_digest(f'{kind} {row.ref} {self.state.made}'.encode())[:16]}",
            "type": kind,
            "key": row.key,
            "ref": row.ref,
            "amount_minor": getattr(row, "captured_minor", None) or row.amount_minor,
            "currency": row.currency,
            "at_ms": at,
        }
        if reason:
            said["reason"] = reason
        delay = self.fault("webhook_delayed", kind, about)
        due = self.clock() + (delay.delay_ms if delay else 0)
        copies = 2 if self.fault("webhook_doubled", kind, about) else 1
        body = json.dumps(said, separators=(",", ":"))
        paid = self.state.payments[row.payment_ref] if isinstance(row, Refund) else row
        self.state.outbox.extend(Message(body=body, due_at_ms=due, method=paid.method) for _ in range(copies))

    def take_due(self) -> list[Message]:
        """Takes from the outbox what is to be delivered now."""
        self.settle()
        return outbox.take_due(self.state.outbox, self.clock())

    def put_back(self, webhook: Message) -> None:
        outbox.put_back(self.state.outbox, webhook, self.clock(), PATIENCE)

    def signed(self, webhook: Message) -> tuple[dict[str, str], bytes]:
        """(headers, body), signed at the time of this very delivery."""
        body = webhook.body.encode()
        value = outbox.mark(body, self.secrets, self.clock() // SECOND)
        return {"Content-Type": "application/json", "Tuan-Sandbox-Signature": value}, body

    # ---------------------------------------------------------------- faults

    def problem(self, status: int, code: str) -> Problem:
        return Problem(status, code)

    def _break_line(self, when: str, kind: str, about: tuple[str, str]) -> None:
        if self.fault(f"silent_{when}", kind, about):
            raise HungUp
        if self.fault(f"error_{when}", kind, about):
            raise Problem(500, "internal_error")

    def fault(self, kind: str, on: str, about: tuple[str, str]) -> Fault | None:
        """Uses up one turn of the first fault that applies."""
        for fault in self.state.faults:
            if fault.kind == kind and fault.times > 0 and fault.fits(on, about):
                fault.times -= 1
                return fault
        return None


def _read(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError:
        raise Problem(400, "bad_request") from None


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Problem(400, "bad_limit")
    return int(text)


def _millis(text: str) -> int:
    if not text.isdecimal() or len(text) > 14:
        raise Problem(400, "bad_time")
    return int(text)


def _json(status: int, said: object) -> Reply:
    return status, json.dumps(said, ensure_ascii=False).encode()


def _digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()
