"""A local server with Stripe's manners: its routes, forms, errors, signatures, and keys that are forgotten after a day.

What it remembers and when is the sandbox's (infra/local/sandbox/core.py); how it is said is Stripe's. With a `backend`
(localstripe, a server of its own) every intent, capture, cancellation and refund is made there first and bears its
number; here are added what that server lacks: idempotency, a clock, manual-capture events, failing and late refunds,
disputes, and the list of balance transactions.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.outbox import Message
from infra.local.peer import Problem, Reply
from infra.local.sandbox import releases
from infra.local.sandbox.asked import Capturing, NewBack, NewPayment, NewRefund, NewRelease
from infra.local.sandbox.core import HOUR
from infra.local.sandbox.line import SandboxProvider
from infra.local.sandbox.state import Payment, Refund, Released, Replay

Backend = Callable[[str, str, Mapping[str, str]], Mapping[str, Any]]
"""(method, path, form) -> what it answered. Raises Problem where it refused."""

FAR = 10 * 365 * 24 * HOUR
CODES = {
    "not_authorised": (400, "payment_intent_unexpected_state"),
    "voided": (400, "payment_intent_unexpected_state"),
    "already_captured": (400, "payment_intent_unexpected_state"),
    "more_than_held": (400, "amount_too_large"),
    "more_than_paid": (400, "amount_too_large"),
    "not_paid": (400, "charge_not_paid"),
    "charge_disputed": (400, "charge_disputed"),
    "no_such_payment": (404, "resource_missing"),
    "not_found": (404, "resource_missing"),
    "no_such_release": (404, "resource_missing"),
    "more_than_released": (400, "amount_too_large"),
}
EVENTS = {
    "payment.paid": "payment_intent.succeeded",
    "payment.authorised": "payment_intent.amount_capturable_updated",
    "payment.captured": "payment_intent.succeeded",
    "payment.voided": "payment_intent.canceled",
    "refund.succeeded": "refund.updated",
    "refund.failed": "refund.failed",
    "chargeback": "charge.dispute.funds_withdrawn",
    "chargeback.won": "charge.dispute.funds_reinstated",
}


class StripePeer(SandboxProvider):
    """As the sandbox provider, in Stripe's words. `secrets` are webhook secrets (`whsec_…`)."""

    backend: Backend | None = None
    groups: dict[str, str]

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.groups = {}

    def _route(
        self, method: str, path: list[str], query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        if path[:1] != ["v1"]:
            return super()._route(method, path, query, headers, body)
        try:
            self._check_key(headers)
            return self._v1(method, path[1:], query, headers, form(body))
        except Problem as problem:
            return self._error(problem)

    def _listed(self, rows: list[dict[str, Any]], what: str) -> Reply:
        return _json(200, {"object": "list", "data": rows, "has_more": False, "url": f"/v1/{what}"})

    def _v1(  # noqa: C901 - one route a case
        self, method: str, path: list[str], query: Mapping[str, str], headers: Mapping[str, str], said: dict[str, Any]
    ) -> Reply:
        match method, path:
            case "POST", ["payment_intents"]:
                return self._once(headers, "payments", said, lambda: self._intent(self._opened(said)))
            case "POST", ["payment_intents", ref, "capture"]:
                return self._once(headers, "captures", {**said, "ref": ref}, lambda: self._captured(ref, said))
            case "POST", ["payment_intents", ref, "cancel"]:
                return self._once(headers, "voids", {**said, "ref": ref}, lambda: self._voided(ref))
            case "POST", ["refunds"]:
                return self._once(headers, "refunds", said, lambda: self._shown_refund(self._refunded(said)))
            case "GET", ["payment_intents", ref]:
                intent = self._intent(self._payment(ref))
                if "expand[0]" not in query and intent["latest_charge"] is not None:
                    intent["latest_charge"] = intent["latest_charge"]["id"]
                return _json(200, intent)
            case "GET", ["refunds"]:
                of = query.get("payment_intent")
                mine = [self._shown_refund(r) for r in self.state.refunds.values() if r.payment_ref == of]
                return self._listed(mine, "refunds")
            case "POST", ["transfers"]:
                return self._once(headers, "releases", said, lambda: self._transferred(said))
            case "POST", ["transfers", ref, "reversals"]:
                return self._once(headers, "backs", {**said, "ref": ref}, lambda: self._reversed(ref, said))
            case "GET", ["transfers"]:
                mine = [self._transfer(one) for one in self.state.released.values() if not one.of]
                group = query.get("transfer_group")
                return self._listed([one for one in mine if one["transfer_group"] == group], "transfers")
            case "GET", ["transfers", ref, "reversals"]:
                mine = [self._transfer(one) for one in self.state.released.values() if one.of == ref]
                return self._listed(mine, "reversals")
            case "GET", ["balance_transactions"]:
                return self._balance(query)
        raise Problem(404, "no_such_route")

    def _once(
        self, headers: Mapping[str, str], on: str, said: dict[str, Any], work: Callable[[], dict[str, Any]]
    ) -> Reply:
        """Under a key, once: the same answer to the letter, refusals of a card included; other words are refused."""
        key = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), "")
        about = (key, str(said.get("payment_intent") or said.get("ref") or ""))
        self._break_line("before", on, about)
        asked = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        known = self.state.replays.get(f"{on} {key}")
        if known is None:
            try:
                status, answer = 200, work()
            except Problem as problem:
                status, answer = self._said_of(problem)
            known = Replay(asked=asked, answer=json.dumps([status, answer]), at=self.clock())
            self.state.replays[f"{on} {key}"] = known
        elif known.asked != asked:
            return _json(400, {"error": {"type": "idempotency_error", "message": "other parameters"}})
        self._break_line("after", on, about)
        status, answer = json.loads(known.answer)
        return _json(status, answer)

    # ---------------------------------------------------------------- what is done

    def _opened(self, said: dict[str, Any]) -> Payment:
        payment = self._open(
            NewPayment(
                key=said["metadata"]["tuan_key"],
                amount_minor=int(said["amount"]),
                currency=said["currency"].upper(),
                title=said["metadata"].get("group", ""),
                expires_at_ms=self.clock() + FAR,
                hold=said.get("capture_method") == "manual",
            )
        )
        if self.backend is not None:
            wanted = {name: str(said[name]) for name in ("amount", "currency", "capture_method")}
            wanted |= {f"metadata[{name}]": value for name, value in said["metadata"].items()}
            self._renamed(payment, self.backend("POST", "/v1/payment_intents", wanted)["id"])
        if "transfer_group" in said:
            self.groups[payment.ref] = said["transfer_group"]
        return payment

    def _renamed(self, payment: Payment, ref: str) -> None:
        del self.state.payments[payment.ref]
        payment.ref, payment.pay_url = ref, f"{self.base_url}/pay/{ref}"
        self.state.payments[ref] = payment

    def pay(self, ref: str, *, paid_at: int | None = None, late: bool = False) -> Payment:
        fresh = ref in self.state.payments and self.state.payments[ref].status == "open"
        if fresh and self.backend is not None:
            card = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12",
                    "card[exp_year]": "2030", "card[cvc]": "123"}  # fmt: skip
            method = self.backend("POST", "/v1/payment_methods", card)["id"]
            self.backend("POST", f"/v1/payment_intents/{ref}", {"payment_method": method})
            self.backend("POST", f"/v1/payment_intents/{ref}/confirm", {})
        return super().pay(ref, paid_at=paid_at, late=late)

    def _captured(self, ref: str, said: dict[str, Any]) -> dict[str, Any]:
        payment = self._payment(ref)
        amount = int(said.get("amount_to_capture", payment.amount_minor))
        self._capture(payment, Capturing(key=payment.key, amount_minor=amount, currency=payment.currency))
        if self.backend is not None:
            self.backend("POST", f"/v1/payment_intents/{ref}/capture", {"amount_to_capture": str(amount)})
        return self._intent(payment)

    def _voided(self, ref: str) -> dict[str, Any]:
        payment = self._payment(ref)
        if payment.status in ("voided", "captured", "paid"):
            raise Problem(400, "voided")
        self._void(payment)
        if self.backend is not None:
            self.backend("POST", f"/v1/payment_intents/{ref}/cancel", {})
        return self._intent(payment)

    def _refunded(self, said: dict[str, Any]) -> Refund:
        payment = self._payment(said["payment_intent"])
        refund = self._refund(
            NewRefund(
                key=said["metadata"]["tuan_key"],
                payment_ref=payment.ref,
                amount_minor=int(said["amount"]),
                currency=payment.currency,
            )
        )
        if self.backend is not None and refund.status != "failed":
            wanted = {"payment_intent": payment.ref, "amount": said["amount"]}
            ref = self.backend("POST", "/v1/refunds", wanted)["id"]
            del self.state.refunds[refund.ref]
            refund.ref = ref
            self.state.refunds[ref] = refund
        return refund

    def new_ref(self, kind: str, key: str) -> str:
        return super().new_ref({"pay": "pi", "ref": "re", "dis": "dp", "rel": "tr", "bak": "trr"}[kind], key)

    def _transferred(self, said: dict[str, Any]) -> dict[str, Any]:
        """Out of a charge, and in its group: another group is refused."""
        payment = next((p for p in self.state.payments.values() if said["source_transaction"] == _charge_of(p)), None)
        if payment is None:
            raise Problem(404, "no_such_payment")
        if said.get("transfer_group") != self.groups.get(payment.ref):
            raise Problem(400, "parameter_invalid")
        what = NewRelease(
            key=said["metadata"]["tuan_key"],
            payment_ref=payment.ref,
            account=said["destination"],
            amount_minor=int(said["amount"]),
            currency=said["currency"].upper(),
        )
        made = releases.release(self, what)
        if made.status == "failed":
            del self.state.released[made.ref]
            raise Problem(400, made.reason)
        return self._transfer(made)

    def _reversed(self, ref: str, said: dict[str, Any]) -> dict[str, Any]:
        source = self.state.released.get(ref)
        currency = source.currency if source is not None else "XXX"
        what = NewBack(
            key=said["metadata"]["tuan_key"], release_ref=ref, amount_minor=int(said["amount"]), currency=currency
        )
        return self._transfer(releases.take_back(self, what))

    def _transfer(self, one: Released) -> dict[str, Any]:
        said: dict[str, Any] = {
            "id": one.ref, "object": "transfer_reversal" if one.of else "transfer", "amount": one.amount_minor,
            "currency": one.currency.lower(), "metadata": {"tuan_key": one.key}, "created": one.made_at_ms // 1000,
        }  # fmt: skip
        if one.of:
            return {**said, "transfer": one.of}
        return {**said, "destination": one.account, "transfer_group": self.groups.get(one.payment_ref)}

    # ---------------------------------------------------------------- what is said

    def _payment(self, ref: str) -> Payment:
        found = self.state.payments.get(ref)
        if found is None:
            raise Problem(404, "no_such_payment")
        return found

    def _intent(self, payment: Payment) -> dict[str, Any]:
        status = {
            "open": "requires_payment_method",
            "paid": "succeeded",
            "authorised": "requires_capture",
            "captured": "succeeded",
            "voided": "canceled",
        }[payment.status]
        received = {"paid": payment.amount_minor, "captured": payment.captured_minor}.get(payment.status, 0)
        charge = None
        if payment.paid_at_ms is not None:
            charge = {"id": _charge_of(payment), "object": "charge", "created": payment.paid_at_ms // 1000}
        return {
            "id": payment.ref, "object": "payment_intent", "amount": payment.amount_minor,
            "amount_received": received, "currency": payment.currency.lower(), "status": status,
            "capture_method": "manual" if payment.hold else "automatic", "latest_charge": charge,
            "client_secret": f"{payment.ref}_secret_x", "metadata": {"tuan_key": payment.key, "group": payment.title},
            "created": payment.created_at_ms // 1000, "transfer_group": self.groups.get(payment.ref),
        }  # fmt: skip

    def _shown_refund(self, refund: Refund) -> dict[str, Any]:
        return {
            "id": refund.ref, "object": "refund", "amount": refund.amount_minor, "currency": refund.currency.lower(),
            "status": refund.status, "failure_reason": refund.reason or None, "payment_intent": refund.payment_ref,
            "metadata": {"tuan_key": refund.key}, "created": refund.created_at_ms // 1000,
        }  # fmt: skip

    def _balance(self, query: Mapping[str, str]) -> Reply:
        since, until = int(query.get("created[gte]", "0")), int(query.get("created[lt]", str(10**12)))
        rows = [self._transaction(n, line) for n, line in enumerate(self.moved())]
        rows = [row for row in rows if since <= row["created"] < until]
        ids = [row["id"] for row in rows]
        begin = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        limit = int(query.get("limit", "10"))
        page = rows[begin : begin + limit]
        more = begin + limit < len(rows)
        return _json(200, {"object": "list", "data": page, "has_more": more, "url": "/v1/balance_transactions"})

    def _transaction(self, number: int, line: dict[str, Any]) -> dict[str, Any]:
        category = {"payment": "charge", "chargeback": "dispute", "chargeback_won": "dispute_reversal"}
        paid = line["kind"] == "payment"
        source = {
            "id": f"ch_{line['ref'][3:]}" if paid else line["ref"],
            "object": line["kind"],
            "payment_intent": line["ref"] if paid else line["payment_ref"],
            "metadata": {"tuan_key": line["key"]},
        }
        return {
            "id": f"txn_{number:08d}", "object": "balance_transaction", "created": line["at_ms"] // 1000,
            "amount": line["amount_minor"] * (1 if line["kind"] in ("payment", "chargeback_won") else -1),
            "currency": line["currency"].lower(), "source": source,
            "reporting_category": category.get(line["kind"], "refund"),
        }  # fmt: skip

    def signed(self, webhook: Message) -> tuple[dict[str, str], bytes]:
        said = json.loads(webhook.body)
        event = {
            "id": said["id"], "object": "event", "type": EVENTS[said["type"]], "created": said["at_ms"] // 1000,
            "api_version": "2026-10-28.endive", "livemode": False, "data": {"object": self._object_of(said)},
        }  # fmt: skip
        body = json.dumps(event, indent=2).encode()
        at = str(self.clock() // 1000)
        marks = [hmac.new(s.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest() for s in self.secrets]
        value = ",".join([f"t={at}", *(f"v1={mark}" for mark in marks), "v0=0"])
        return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": value}, body

    def _object_of(self, said: dict[str, Any]) -> dict[str, Any]:
        """As it was when it happened, whatever has become of it since."""
        if said["type"].startswith("refund"):
            refund = self.state.refunds.get(said["ref"])
            refund = refund or next(r for r in self.state.refunds.values() if r.key == said["key"])
            status = "failed" if said["type"] == "refund.failed" else "succeeded"
            return {**self._shown_refund(refund), "status": status, "failure_reason": said.get("reason")}
        payment = next(p for p in self.state.payments.values() if p.key == said["key"])
        if said["type"].startswith("chargeback"):
            return {"id": said["ref"], "object": "dispute", "amount": said["amount_minor"], "reason": "fraudulent",
                    "currency": said["currency"].lower(), "payment_intent": payment.ref}  # fmt: skip
        received = said["amount_minor"] if said["type"] in ("payment.paid", "payment.captured") else 0
        return {**self._intent(payment), "amount_received": received}

    def _error(self, problem: Problem) -> Reply:
        return _json(*self._said_of(problem))

    def _said_of(self, problem: Problem) -> tuple[int, dict[str, Any]]:
        if problem.status == 402:
            return 402, {"error": {"type": "card_error", "code": problem.code, "message": problem.code}}
        if problem.status >= 500:
            return problem.status, {"error": {"type": "api_error", "message": problem.code}}
        if problem.status == 401:
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        status, code = CODES.get(problem.code, (400, problem.code))
        return status, {"error": {"type": "invalid_request_error", "code": code, "message": code}}


def _charge_of(payment: Payment) -> str:
    return f"ch_{payment.ref[3:]}"


def form(body: bytes) -> dict[str, Any]:
    """`a[b]=c` as {"a": {"b": "c"}}: Stripe's way of sending trees as forms."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(urlsplit("?" + body.decode()).query, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        node = tree
        for part in rest:
            node = node.setdefault(head, {})
            head = part
        node[head] = value
    return tree


def _json(status: int, said: object) -> Reply:
    return status, json.dumps(said).encode()
