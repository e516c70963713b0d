"""What a payment provider remembers and does: payments and holds, refunds, disputes, webhooks, and what goes wrong. No
I/O; time comes from a clock it is given. In what words it is asked is another matter: the sandbox's own are in line.py,
those of real providers in infra/local/peers.

It shares no code with the gateways that talk to it, because a mistake made on both sides would cancel out.

A key is remembered for 24 hours of its clock: until then the same request gets the very same answer and another one
409; afterwards the same refund would be paid again (as with real providers), so far as the payment covers it.
"""

import json
from collections.abc import Callable, Sequence

import msgspec

from infra.local import outbox
from infra.local.outbox import Message
from infra.local.peer import HungUp, Problem, digest
from infra.local.sandbox import releases
from infra.local.sandbox.asked import Capturing, Made, NewBack, NewPayment, NewRefund, NewRelease
from infra.local.sandbox.state import Dispute, Fault, Payment, Refund, Released, State

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
KEY_LIFE = 24 * HOUR
HOLD_LIFE = 7 * 24 * HOUR
PATIENCE = (2 * SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""How long it waits before it delivers a webhook again; after the last one it gives up."""


class Provider:
    """`secrets` sign the webhooks, each adding its mark: two while a secret is being rotated. `outbox` is what a test
    delivers, loses, doubles or shuffles: `for webhook in provider.take_due(): deliver(*provider.signed(webhook))`.
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

    @property
    def listener(self) -> str:
        return self.state.webhook_url

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
        return f"{kind}_{digest(f'{kind} {key} {self.state.made} {self.clock()}'.encode())[:16]}"

    # ---------------------------------------------------------------- webhooks

    def _tell(self, kind: str, row: Payment | Refund, at: int, reason: str = "") -> None:
        about = (row.key, row.payment_ref if isinstance(row, Refund) else "")
        if self.fault("webhook_lost", kind, about):
            return
        self.state.made += 1
        said: dict[str, object] = {
            "id": f"evt_{digest(f'{kind} {row.ref} {self.state.made}'.encode())[:16]}",
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
