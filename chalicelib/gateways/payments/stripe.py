"""Stripe, through its own library: PaymentIntents, charged at once or captured by hand once the group has formed.

The library is loaded when first needed (about a quarter of a second) and speaks over our own transport, with our time
limit and without its retries: whoever knows the key repeats. Amounts are Stripe's minor units, which are ours; its
times are whole seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from ...domain.instants import DAY, MINUTE, SECOND, Instant
from ...domain.ports import (
    CANNOT_RELEASE,
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
from ...domain.refusals import Refused, Unavailable
from .cannot import AnsweredAsUsual

if TYPE_CHECKING:
    from ..wire import Exchange

API_VERSION = "2026-10-28.endive"
"""Pinned: what Stripe says does not change under us. The library's own, see infra/lock."""

ADDRESS = "https://api.stripe.com"
LIMIT_S = 8.0
"""Authorising and capturing ask a bank, which takes longer than a look at a list."""

TOLERANCE = 5 * MINUTE
MOST_WEBHOOK_BYTES = 256 * 1024
SIGNATURE = "stripe-signature"
KEY = "tuan_key"
OBJECTS = frozenset(
    {"list", "payment_intent", "charge", "refund", "balance_transaction", "dispute", "transfer", "transfer_reversal"}
)
"""What we let the library make classes of. Whatever else Stripe names stays plain: a zip carries these alone."""

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")

CAN = Capabilities(
    hold_ms=7 * DAY,
    partial_capture=True,
    refund_window_ms=180 * DAY,
    currencies=frozenset({"CNY", "HKD", "TWD", "SGD", "EUR", "USD", "GBP", "JPY", "KRW", "MYR", "AUD", "CAD"}),
    least_minor=50,
    most_minor=999_999_99,
    key_window_ms=DAY,
    refunds_per_s=25,
    releases=True,
    takes_back=True,
)


class Stripe(AnsweredAsUsual):
    """`webhook_secrets`: the current one first, then the previous one while it is being rotated out.

    `pay_url` is the page with Stripe's form, to which the payment's number is added; the buyer's own app may take
    `pay_params` instead. `exchange` stands in for HTTP where the peer runs in the same process.
    """

    name = "stripe"
    can = CAN

    def __init__(
        self,
        api_key: str,
        webhook_secrets: Sequence[str],
        *,
        publishable_key: str = "",
        base_url: str = ADDRESS,
        pay_url: str = "",
        exchange: "Exchange | None" = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._api_key, self._secrets = api_key, tuple(filter(None, webhook_secrets))
        self._publishable, self._base_url, self._pay_url = publishable_key, base_url or ADDRESS, pay_url
        self._exchange, self._limit_s = exchange, limit_s
        self._made: Any = None

    # ---------------------------------------------------------------- payments

    def start(self, charge: Charge) -> Answer:
        return self._open(charge, "automatic")

    def authorise(self, charge: Charge) -> Answer:
        return self._open(charge, "manual")

    def _open(self, charge: Charge, capture: str) -> Answer:
        """Stripe knows no time to pay by: money that comes later than ours is late money."""
        asked = {
            "amount": charge.amount_minor,
            "currency": charge.currency.lower(),
            "capture_method": capture,
            "payment_method_types": ["card"],
            "metadata": {KEY: charge.key, "group": charge.title},
        } | ({"transfer_group": charge.key} if charge.split else {})
        found = self._ask(lambda api: api.payment_intents.create(asked, {"idempotency_key": charge.key}))
        if isinstance(found, Answer):
            return found
        params = {"client_secret": str(found["client_secret"]), "publishable_key": self._publishable}
        url = f"{self._pay_url}{found['id']}" if self._pay_url else None
        return Answer(
            outcome=Outcome.PENDING,
            ref=found["id"],
            pay_url=url,
            pay_params=params,
            amount_minor=found["amount"],
            currency=found["currency"].upper(),
        ).about(charge)

    def capture(self, part: Part) -> Answer:
        asked = {"amount_to_capture": part.amount_minor, "expand": ["latest_charge"]}
        named = {"idempotency_key": part.key}
        found = self._ask(lambda api: api.payment_intents.capture(part.payment_ref, asked, named))
        return self._ended(found, part.payment_ref)

    def void(self, key: str, payment_ref: str) -> Answer:
        asked = {"expand": ["latest_charge"]}
        found = self._ask(lambda api: api.payment_intents.cancel(payment_ref, asked, {"idempotency_key": key}))
        answer = self._ended(found, payment_ref)
        if answer.reason == VOIDED:
            return Answer(outcome=Outcome.SUCCEEDED, ref=payment_ref)
        return answer if answer.outcome is not Outcome.SUCCEEDED else Answer(outcome=Outcome.UNKNOWN, ref=payment_ref)

    def _ended(self, found: Any, payment_ref: str) -> Answer:
        """A refusal may mean that it has ended already: then what it is now is the answer."""
        if not isinstance(found, Answer):
            return _payment(found)
        if found.outcome is Outcome.FAILED and found.reason == "payment_intent_unexpected_state":
            return self.look_up_payment("", payment_ref)
        return found

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        """Without Stripe's number nobody has been shown where to pay."""
        if ref is None:
            return Answer(outcome=Outcome.NOT_FOUND)
        found = self._ask(lambda api: api.payment_intents.retrieve(ref, {"expand": ["latest_charge"]}), reads=True)
        return found if isinstance(found, Answer) else _payment(found)

    # ---------------------------------------------------------------- refunds

    def refund(self, part: Part, paid_minor: int) -> Answer:
        asked = {"payment_intent": part.payment_ref, "amount": part.amount_minor, "metadata": {KEY: part.key}}
        found = self._ask(lambda api: api.refunds.create(asked, {"idempotency_key": part.key}))
        return found if isinstance(found, Answer) else _refund(found).about(part)

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        """Among the refunds of its payment: keys are forgotten, what was written on a refund is not."""
        asked = {"payment_intent": payment_ref, "limit": 100}
        found = self._ask(lambda api: api.refunds.list(asked), reads=True)
        if isinstance(found, Answer):
            return found
        mine = [one for one in found["data"] if (one["metadata"] or {}).get(KEY) == key]
        if not mine:
            return Answer(outcome=Outcome.NOT_FOUND)
        return _refund(next((one for one in mine if one["status"] not in ("failed", "canceled")), mine[-1]))

    # ---------------------------------------------------------------- payees

    def release(self, part: Part, account: str) -> Answer:
        """A transfer to a connected account, out of this very charge. Its group is what it is found by later."""
        intent = self._ask(lambda api: api.payment_intents.retrieve(part.payment_ref), reads=True)
        if isinstance(intent, Answer):
            return intent
        if not intent.get("transfer_group"):
            return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)
        asked = {
            "amount": part.amount_minor,
            "currency": part.currency.lower(),
            "destination": account,
            "source_transaction": intent["latest_charge"],
            "transfer_group": intent["transfer_group"],
            "metadata": {KEY: part.key},
        }
        return _sent(self._ask(lambda api: api.transfers.create(asked, {"idempotency_key": part.key})))

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        intent = self._ask(lambda api: api.payment_intents.retrieve(payment_ref), reads=True)
        if isinstance(intent, Answer):
            return intent
        asked = {"transfer_group": intent["transfer_group"], "limit": 100}
        return _among(self._ask(lambda api: api.transfers.list(asked), reads=True), key)

    def take_back(self, part: Part, release: Released) -> Answer:
        asked, named = {"amount": part.amount_minor, "metadata": {KEY: part.key}}, {"idempotency_key": part.key}
        return _sent(self._ask(lambda api: api.transfers.reversals.create(release.ref, asked, named)))

    def look_up_take_back(self, key: str, release: Released) -> Answer:
        return _among(self._ask(lambda api: api.transfers.reversals.list(release.ref, {"limit": 100}), reads=True), key)

    # ---------------------------------------------------------------- lists and webhooks

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        """Stripe's balance transactions: charges as captured, refunds, disputes."""
        asked: dict[str, Any] = {
            "created": {"gte": -(-since // SECOND), "lt": -(-until // SECOND)},
            "limit": 100,
            "expand": ["data.source"],
        }
        if start:
            asked["starting_after"] = start
        found = self._ask(lambda api: api.balance_transactions.list(asked), reads=True)
        if isinstance(found, Answer):
            return Moves(outcome=Outcome.UNKNOWN, reason=found.reason)
        rows = list(found["data"])
        lines = [line for row in rows if (line := _move(row)) is not None]
        return Moves(outcome=Outcome.SUCCEEDED, lines=lines, next=rows[-1]["id"] if found["has_more"] else None)

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        return key

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        said = self._verified(headers, body, now)
        try:
            event, what = str(said["type"]), said["data"]["object"]
            at = int(said["created"]) * SECOND
            if event.startswith("charge.dispute.funds_"):
                return self._dispute(event, what, at)
            return _event(event, what, at)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused("bad_webhook") from error

    def _verified(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Any:
        """Signed by one of our secrets, and its time near ours on either side: the library looks at one side only."""
        given = [value for name, value in headers.items() if name.lower() == SIGNATURE]
        if len(given) != 1 or len(body) > MOST_WEBHOOK_BYTES:
            raise Refused("bad_signature")
        from stripe import SignatureVerificationError, WebhookSignature

        for secret in self._secrets:
            try:
                WebhookSignature.verify_header(body.decode(), given[0], secret)
                signed_at = WebhookSignature._get_timestamp_and_signatures(given[0], "v1")[0] * SECOND
                break
            except (SignatureVerificationError, ValueError, IndexError):
                continue
        else:
            raise Refused("bad_signature")
        if abs(now - signed_at) > TOLERANCE:
            raise Refused("bad_signature")
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise Refused("bad_webhook") from error

    def _dispute(self, event: str, what: Any, at: Instant) -> ProviderEvent:
        """A dispute names its payment and not our key, so we ask. Raises Unavailable: Stripe reports it again."""
        intent = self._ask(lambda api: api.payment_intents.retrieve(what["payment_intent"]), reads=True)
        if isinstance(intent, Answer):
            raise Unavailable("payment provider", retry_after_s=5)
        won = event.endswith("reinstated")
        return ProviderEvent(
            kind=EventKind.CHARGEBACK_WON if won else EventKind.CHARGED_BACK,
            key=str(intent["metadata"][KEY]),
            ref=str(what["id"]),
            amount_minor=int(what["amount"]),
            currency=str(what["currency"]).upper(),
            at=at,
            reason=str(what.get("reason") or ""),
        )

    # ---------------------------------------------------------------- the library

    def _ask(self, call: Callable[[Any], Any], *, reads: bool = False) -> Any:
        """What Stripe answered, or an Answer that says why there is nothing to go by."""
        import stripe

        try:
            return call(self._api()).to_dict()
        except stripe.CardError as error:
            return Answer(outcome=Outcome.FAILED, reason=error.code or "card_declined")
        except stripe.IdempotencyError:
            # Something was done under this key. "Failed" would do it again under another; this wants a person.
            return Answer(outcome=Outcome.UNKNOWN, reason="key_reused")
        except stripe.InvalidRequestError as error:
            if error.http_status == 404 and reads:
                return Answer(outcome=Outcome.NOT_FOUND, reason=error.code or "")
            final = error.http_status in (400, 404) and not reads
            outcome = Outcome.FAILED if final else Outcome.UNKNOWN
            return Answer(outcome=outcome, reason=error.code or "invalid_request")
        except stripe.StripeError as error:
            return Answer(outcome=Outcome.UNKNOWN, reason=type(error).__name__)

    def _api(self) -> Any:
        if self._made is None:
            import stripe
            from stripe import StripeClient
            from stripe._object_classes import OBJECT_CLASSES

            for name in OBJECT_CLASSES.keys() - OBJECTS:
                del OBJECT_CLASSES[name]
            stripe.enable_telemetry = False
            self._made = StripeClient(
                self._api_key,
                stripe_version=API_VERSION,
                base_addresses={"api": self._base_url},
                max_network_retries=0,
                http_client=self._http(),
            ).v1
        return self._made

    def _http(self) -> Any:
        """Stripe's library over our own transport."""
        from stripe import APIConnectionError, HTTPClient

        if self._exchange is None:
            from ..wire import exchange

            self._exchange = exchange(self._base_url, self._limit_s)
        send = self._exchange

        class OverWire(HTTPClient):
            name = "wire"

            def request(self, method: str, url: str, headers: Any, post_data: Any = None, **usage: Any) -> Any:
                parts = urlsplit(url)
                body = post_data.encode() if isinstance(post_data, str) else post_data or b""
                path = f"{parts.path}?{parts.query}" if parts.query else parts.path
                try:
                    status, said, content = send(method.upper(), path, dict(headers or {}), body)
                except OSError as error:
                    raise APIConnectionError(type(error).__name__) from None  # type: ignore[no-untyped-call]
                return content, status, said

            def close(self) -> None:
                """The pool is the process's own."""

        return OverWire()


def _payment(found: Any) -> Answer:
    """A PaymentIntent, with its charge expanded: when it was authorised or paid is the charge's own time."""
    status, charge = found["status"], found["latest_charge"]
    at = int(charge["created"]) * SECOND if charge is not None and not isinstance(charge, str) else None
    known: dict[str, Any] = {"ref": found["id"], "currency": found["currency"].upper(), "paid_at": at}
    if status == "requires_capture":
        return Answer(outcome=Outcome.AUTHORISED, amount_minor=found["amount"], **known)
    if status == "succeeded":
        return Answer(outcome=Outcome.SUCCEEDED, amount_minor=_received(found), **known)
    if status == "canceled":
        return Answer(outcome=Outcome.FAILED, reason=VOIDED, **known)
    outcome = Outcome.PENDING if status in OPEN else Outcome.UNKNOWN
    return Answer(outcome=outcome, amount_minor=found["amount"], reason="" if status in OPEN else "garbage", **known)


def _received(intent: Any) -> int:
    received = intent.get("amount_received")
    return int(intent["amount"] if received is None else received)


def _refund(found: Any) -> Answer:
    outcome = {
        "succeeded": Outcome.SUCCEEDED,
        "failed": Outcome.FAILED,
        "canceled": Outcome.FAILED,
        "pending": Outcome.PENDING,
        "requires_action": Outcome.PENDING,
    }.get(found["status"], Outcome.UNKNOWN)
    return Answer(
        outcome=outcome,
        ref=found["id"],
        amount_minor=found["amount"],
        currency=found["currency"].upper(),
        reason=found.get("failure_reason") or "",
    )


def _sent(found: Any) -> Answer:
    """A transfer or its reversal: Stripe makes either at once, or refuses it."""
    if isinstance(found, Answer):
        return found
    known: dict[str, Any] = {"amount_minor": found["amount"], "currency": found["currency"].upper()}
    return Answer(outcome=Outcome.SUCCEEDED, ref=found["id"], **known)


def _among(found: Any, key: str) -> Answer:
    if isinstance(found, Answer):
        return found
    mine = [one for one in found["data"] if (one["metadata"] or {}).get(KEY) == key]
    return _sent(mine[0]) if mine else Answer(outcome=Outcome.NOT_FOUND)


EVENTS: Mapping[str, EventKind] = {
    "payment_intent.amount_capturable_updated": EventKind.AUTHORISED,
    "payment_intent.succeeded": EventKind.PAID,
    "payment_intent.canceled": EventKind.VOIDED,
    "refund.updated": EventKind.REFUNDED,
    "refund.failed": EventKind.REFUND_FAILED,
}


def _event(event: str, what: Any, at: Instant) -> ProviderEvent:
    kind = EVENTS.get(event, EventKind.OTHER)
    key = (what.get("metadata") or {}).get(KEY)
    if key is None or (event == "refund.updated" and what.get("status") not in ("succeeded", "failed")):
        kind, key = EventKind.OTHER, key or ""  # another's payment on the same account, or nothing new
    if event == "refund.updated" and what.get("status") == "failed":
        kind = EventKind.REFUND_FAILED
    if kind is EventKind.PAID and what["capture_method"] == "manual":
        kind = EventKind.CAPTURED
    amount = _received(what) if kind in (EventKind.PAID, EventKind.CAPTURED) else what.get("amount", 0)
    return ProviderEvent(
        kind=kind,
        key=str(key),
        ref=str(what.get("id", "")),
        amount_minor=int(amount),
        currency=str(what.get("currency", "")).upper(),
        at=at,
        reason=str(what.get("failure_reason") or ""),
    )


def _move(row: Any) -> Move | None:
    """A balance transaction of ours; fees and payouts are not buyers' money."""
    source = row["source"]
    category = row.get("reporting_category")
    kind = {
        "charge": MoveKind.PAYMENT,
        "refund": MoveKind.REFUND,
        "dispute": MoveKind.CHARGEBACK,
        "dispute_reversal": MoveKind.CHARGEBACK_WON,
    }.get(category)
    if kind is None or source is None or isinstance(source, str):
        return None
    payment_ref = str(source.get("payment_intent") or "")
    return Move(
        kind=kind,
        key=str((source.get("metadata") or {}).get(KEY, "")),
        ref=payment_ref if kind is MoveKind.PAYMENT else str(source["id"]),
        payment_ref="" if kind is MoveKind.PAYMENT else payment_ref,
        amount_minor=abs(int(row["amount"])),
        currency=str(row["currency"]).upper(),
        at=int(row["created"]) * SECOND,
    )
