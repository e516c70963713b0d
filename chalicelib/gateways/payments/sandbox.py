"""The sandbox provider: what local stages and demos pay with. Its peer is infra/local/sandbox_provider.py.

It is written as for a real provider: a call that got no clear answer is UNKNOWN and may be repeated under its
key, because guessing "failed" would start a second refund, and guessing "not found" would pay one twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import quote

import msgspec

from ...domain.instants import DAY, Instant
from ...domain.ports import (
    CANNOT_HOLD,
    VOIDED,
    Answer,
    Capabilities,
    Charge,
    EventKind,
    Move,
    MoveKind,
    Moves,
    Outcome,
    Part,
    ProviderEvent,
    Released,
)
from ...domain.refusals import Refused
from . import signature
from .cannot import AnsweredAsUsual

if TYPE_CHECKING:
    from ..wire import Transport

LIMIT_S = 2.5
MOST_WEBHOOK_BYTES = 16 * 1024
OUR_FAULT = frozenset({400, 401, 403, 405, 408, 415, 425, 429})
"""Refusals that are about our credentials, our pace or a bug of ours: nothing was decided about the money."""

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=10**14)]

EVENTS: Mapping[str, EventKind] = {
    "payment.paid": EventKind.PAID,
    "payment.authorised": EventKind.AUTHORISED,
    "payment.captured": EventKind.CAPTURED,
    "payment.voided": EventKind.VOIDED,
    "chargeback": EventKind.CHARGED_BACK,
    "chargeback.won": EventKind.CHARGEBACK_WON,
    "refund.succeeded": EventKind.REFUNDED,
    "refund.failed": EventKind.REFUND_FAILED,
}
OUTCOMES: Mapping[str, Outcome] = {
    "open": Outcome.PENDING,
    "paid": Outcome.SUCCEEDED,
    "authorised": Outcome.AUTHORISED,
    "captured": Outcome.SUCCEEDED,
    "voided": Outcome.FAILED,
    "expired": Outcome.FAILED,
    "pending": Outcome.PENDING,
    "succeeded": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
}


class Money(msgspec.Struct):
    """What the provider says about a payment or a refund. It may say more one day; that is not our
    concern.
    """

    ref: Short
    key: Short
    amount_minor: Amount
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    status: str
    reason: str = ""
    pay_url: str | None = None
    paid_at_ms: Millis | None = None
    captured_minor: Amount | None = None


class Line(msgspec.Struct):
    """One movement in the provider's own list."""

    kind: MoveKind
    key: Short
    ref: Short
    amount_minor: Amount
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    at_ms: Millis
    payment_ref: str = ""


class Listed(msgspec.Struct):
    items: list[Line]
    next: str | None = None


class Complaint(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,40}$")]


class Webhook(msgspec.Struct, forbid_unknown_fields=True):
    id: Short
    type: Short
    key: Short
    ref: Short
    amount_minor: Amount
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    at_ms: Millis
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


Asked = Mapping[str, str | int]
T = TypeVar("T", Money, Listed, Complaint)


class Sandbox(AnsweredAsUsual):
    """`webhook_secrets`: the current one first, then the previous one while it is being rotated out.

    The method `sandbox` has the manners of a wallet, which charges at once; `sandbox_card` those of a card, whose money
    may be held. `transport` stands in for HTTP where the provider runs in the same process.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        webhook_secrets: Sequence[str],
        *,
        name: str = "sandbox",
        transport: "Transport | None" = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self.name = name
        self._base_url = base_url
        self._api_key = api_key
        self._secrets = tuple(webhook_secrets)
        self._transport = transport
        self._limit_s = limit_s

    @property
    def can(self) -> Capabilities:
        card = self.name != "sandbox"
        return Capabilities(
            hold_ms=7 * DAY if card else 0,
            partial_capture=card,
            refund_window_ms=365 * DAY,
            most_minor=5_000_000_00,
            key_window_ms=DAY,
            releases=True,
            takes_back=True,
        )

    def start(self, charge: Charge) -> Answer:
        return self._open(charge, hold=False)

    def authorise(self, charge: Charge) -> Answer:
        if not self.can.hold_ms:
            return Answer(outcome=Outcome.FAILED, reason=CANNOT_HOLD)
        return self._open(charge, hold=True)

    def _open(self, charge: Charge, *, hold: bool) -> Answer:
        asked = {
            **_money(charge),
            "hold": hold,
            "method": self.name,
            "title": charge.title,
            "expires_at_ms": charge.expires_at,
        }
        return self._call("POST", "/payments", asked).about(charge)

    def capture(self, part: Part) -> Answer:
        return self._act("capture", part.payment_ref, _money(part))

    def void(self, key: str, payment_ref: str) -> Answer:
        answer = self._act("void", payment_ref, {"key": key})
        return replace(answer, outcome=Outcome.SUCCEEDED) if answer.reason == VOIDED else answer

    def _act(self, verb: str, payment_ref: str, asked: Asked) -> Answer:
        """What has ended already, so that it cannot be done again, is looked at before anything is concluded."""
        answer = self._call("POST", f"/payments/{quote(payment_ref, safe='')}/{verb}", asked, about=None)
        if answer.reason in ("key_reused", "already_captured"):
            return replace(answer, outcome=Outcome.UNKNOWN)
        return answer

    def refund(self, part: Part, paid_minor: int) -> Answer:
        return self._pay_out("/refunds", part, payment_ref=part.payment_ref)

    def _pay_out(self, path: str, part: Part, **of: str) -> Answer:
        answer = self._call("POST", path, {**_money(part), **of})
        if answer.reason == "key_reused":
            # Some money has moved under this key. "Failed" would move it again; this wants a person.
            return replace(answer, outcome=Outcome.UNKNOWN)
        return answer.about(part)

    def release(self, part: Part, account: str) -> Answer:
        return self._pay_out("/releases", part, payment_ref=part.payment_ref, account=account)

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        return self._call("GET", f"/releases?key={quote(key, safe='')}", {"key": key})

    def take_back(self, part: Part, release: Released) -> Answer:
        return self._pay_out("/backs", part, release_ref=release.ref)

    def look_up_take_back(self, key: str, release: Released) -> Answer:
        return self._call("GET", f"/backs?key={quote(key, safe='')}", {"key": key})

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        return self._call("GET", f"/payments?key={quote(key, safe='')}", {"key": key})

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        return self._call("GET", f"/refunds?key={quote(key, safe='')}", {"key": key})

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        after = f"&after={quote(start, safe='')}" if start else ""
        path = f"/moves?method={self.name}&since_ms={since}&until_ms={until}{after}"
        try:
            status, content = self._wire()("GET", path, self._headers(), b"")
        except OSError as error:
            return Moves(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        said = _decoded(content, Listed) if status == 200 else None
        if said is None:
            return Moves(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
        lines = [
            Move(
                kind=line.kind,
                key=line.key,
                ref=line.ref,
                payment_ref=line.payment_ref,
                amount_minor=line.amount_minor,
                currency=line.currency,
                at=line.at_ms,
            )
            for line in said.items
        ]
        return Moves(outcome=Outcome.SUCCEEDED, lines=lines, next=said.next)

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        return key

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        if len(body) > MOST_WEBHOOK_BYTES:
            raise Refused("bad_webhook")
        signature.check(headers, body, self._secrets, now)
        try:
            said = msgspec.json.decode(body, type=Webhook)
        except msgspec.DecodeError as error:
            raise Refused("bad_webhook") from error
        return ProviderEvent(
            kind=EVENTS.get(said.type, EventKind.OTHER),
            key=said.key,
            ref=said.ref,
            amount_minor=said.amount_minor,
            currency=said.currency,
            at=said.at_ms,
            reason=said.reason,
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}

    def _call(self, method: str, path: str, asked: Asked, about: str | None = "key") -> Answer:
        """One call, once. The answer must be about the key we asked for, or it is no answer."""
        body = msgspec.json.encode(asked) if method == "POST" else b""
        try:
            status, content = self._wire()(method, path, self._headers(), body)
        except OSError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        if status in (200, 201):
            return _answer(_decoded(content, Money), str(asked[about]) if about else None)
        return _refusal(status, _decoded(content, Complaint), method)

    def _wire(self) -> "Transport":
        if self._transport is None:
            from ..wire import over_http

            self._transport = over_http(self._base_url, self._limit_s)
        return self._transport


def _decoded(content: bytes, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError:
        return None


def _answer(said: Money | None, key: str | None) -> Answer:
    if said is None or key not in (None, said.key) or said.status not in OUTCOMES:
        return Answer(outcome=Outcome.UNKNOWN, reason="garbage")
    return Answer(
        outcome=OUTCOMES[said.status],
        ref=said.ref,
        reason=said.reason or (said.status if said.status in ("expired", VOIDED) else ""),
        pay_url=said.pay_url,
        amount_minor=said.captured_minor or said.amount_minor,
        currency=said.currency,
        paid_at=said.paid_at_ms,
    )


def _refusal(status: int, said: Complaint | None, method: str) -> Answer:
    """A refusal counts only in the provider's own words: a proxy in between also says 404."""
    if said is None or status in OUR_FAULT or not 400 <= status < 500:
        return Answer(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
    if method == "GET":
        missing = status == 404 and said.code == "not_found"
        return Answer(outcome=Outcome.NOT_FOUND if missing else Outcome.UNKNOWN, reason=said.code)
    return Answer(outcome=Outcome.FAILED, reason=said.code)


def _money(asked: Charge | Part) -> Asked:
    return {"key": asked.key, "amount_minor": asked.amount_minor, "currency": asked.currency}
