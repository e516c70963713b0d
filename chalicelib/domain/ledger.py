"""The ledger (记账): every movement of buyers' money is one entry between two named accounts.

    payment         buyer -> held      pending while the buyer pays, posted when the money is there; voided when nobody
                                       waits for it any more (money that still comes is posted, and paid back)
    capture         buyer -> held      what is taken of a payment that was only authorised
    void            (nothing moves)    lets an authorised payment go
    refund          held  -> buyer     pending from the moment it is owed, posted when the provider has paid it back
    release         held  -> merchant, supplier, leader or platform, on settlement
    reversal        back from one of these -> held, where a refund came after its release
                                       (these two: pending until the provider, or a person, has moved the money)
    chargeback      held  -> buyer     the buyer's bank took the money back
    chargeback_won  buyer -> held      and gave it back to us
    doubled         merchant -> buyer  the second part of an earnest, from a merchant who calls a group off: pending
                                       until the merchant says that it was transferred; it was never held here

A payment that is held at the buyer's bank until the verdict moves nothing itself. It is `authorised` until its capture
is posted (then `captured`, with what was taken of it) or its void (then `voided`).

Entries are never changed back or deleted. For every group and at every instant:
captured = refunded + charged back + released + held, in minor units, and all accounts together add up to nothing
(promise 3). What is authorised is nobody's but the buyer's, and stands apart.

A refund, a capture, a void, a release and a reversal are the saga below. The key given to the provider is the entry's
own id with the number of the attempt, so an echo of the same attempt never pays twice, and two equal partial refunds
are two entries and both pass. A capture that fails is tried again until its grace is over, and then given up. A release
or reversal that the provider cannot make waits by hand, until a payout has it (domain/payout.py).

    requested -> submitted -> succeeded
                     └-> failed -> (new attempt) submitted … -> parked for a person | given up | by hand
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from ..lean import dataclass
from .instants import DAY, HOUR, MINUTE, SECOND, Instant
from .writes import Row

REFUND_PROMISE = DAY
"""A refund unfinished after this long raises an alarm (R4)."""

LEASE = MINUTE
"""A worker that claimed a refund and fell silent is replaced after this long, not before."""

KEY_WINDOW = 23 * HOUR
"""Providers may forget a key after 24 h: beyond this, ask before trying again."""

MOST_ATTEMPTS = 6
GONE = ("voided", "expired")
"""Reasons for which a capture is not tried again: there is nothing left to take."""

TAKEN = "captured"
"""The reason for which a hold cannot be let go any more."""

HAND = ("cannot_release", "no_account", "paid_by_hand")
"""Reasons for which a release or reversal is not tried again: a person moves this money."""

POLL = 10 * MINUTE


class Kind(StrEnum):
    PAYMENT = "payment"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    RELEASE = "release"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"
    CHARGEBACK_WON = "chargeback_won"
    DOUBLED = "doubled"


RELEASES = (Kind.RELEASE, Kind.REVERSAL)
SAGAS = (Kind.CAPTURE, Kind.VOID, Kind.REFUND, *RELEASES)
"""What a provider is asked to do by the entry's own timer."""


DONE: Mapping[Kind, str] = {Kind.REFUND: "refund_done", Kind.DOUBLED: "doubled_paid"}
"""What its buyer hears when it is done."""


class EntryState(StrEnum):
    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    POSTED = "posted"
    VOIDED = "voided"


class RefundStage(StrEnum):
    REQUESTED = "requested"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARKED = "parked"
    GIVEN_UP = "given_up"
    BY_HAND = "by_hand"


ACCOUNTS: Mapping[Kind, tuple[str, str]] = {
    Kind.PAYMENT: ("buyer", "held"),
    Kind.CAPTURE: ("buyer", "held"),
    Kind.VOID: ("buyer", "buyer"),
    Kind.REFUND: ("held", "buyer"),
    Kind.RELEASE: ("held", "merchant"),
    Kind.REVERSAL: ("merchant", "held"),
    Kind.CHARGEBACK: ("held", "buyer"),
    Kind.CHARGEBACK_WON: ("buyer", "held"),
    Kind.DOUBLED: ("merchant", "buyer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Row):
    """One movement. `cause` says why a refund is owed: failed, price_drop, cancelled, late, duplicate, stray,
    shortage, incident (the buyer took it back), substitute (refused, or not answered), return (its goods came back),
    balance_unpaid (of a down payment), called_off. Of a payment it is `balance` where it pays one; of a release,
    `forfeited`.

    `method` is the provider's name; `provider_ref` its own id of the payment or refund; `payment_id` the payment that
    a refund pays back or a capture takes, of `payment_minor`. `pay_url` is where the buyer pays. `first_tried_at`
    belongs to the current attempt's key. `hold`: the payment was asked for as an authorisation; it was given at
    `authorised_at`, and `captured_minor` of it taken. A capture that fails is tried again until `until`.
    Of a release or reversal, `payee` is the account (empty: the merchant) and `payee_id` whose; `release_id` is the
    release that a reversal takes from; `payout_id` the payout in which a person moved the money.
    """

    id: str
    kind: Kind
    order_id: str
    group_id: str
    campaign_id: str
    buyer_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    method: str
    state: EntryState = EntryState.PENDING
    cause: str = ""
    created_at: Instant
    posted_at: Instant | None = None
    paid_at: Instant | None = None
    provider_ref: str | None = None
    pay_url: str | None = None
    pay_params: Mapping[str, str] | None = None
    instructions: str | None = None
    hold: bool = False
    authorised_at: Instant | None = None
    captured_minor: int = 0
    until: Instant | None = None
    payment_id: str | None = None
    payment_ref: str | None = None
    payment_minor: int = 0
    stage: RefundStage | None = None
    attempt: int = 1
    first_tried_at: Instant | None = None
    last_tried_at: Instant | None = None
    promised_by: Instant | None = None
    alarmed_at: Instant | None = None
    reason: str = ""
    owed: tuple[str, ...] = ()
    payee: str = ""
    payee_id: str = ""
    release_id: str = ""
    payout_id: str = ""

    @property
    def key(self) -> str:
        """The idempotency key for the provider."""
        return f"{self.id}.{self.attempt}"

    @property
    def taken_minor(self) -> int:
        """What of a payment has moved: all of one that was charged, what was captured of a hold."""
        if self.state is EntryState.POSTED:
            return self.amount_minor
        return self.captured_minor if self.state is EntryState.CAPTURED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a group's entries add up to, in minor units. `pending_refunds` and `releasing` are part of `held`;
    `authorised` is not. `receivable` is what payees owe back: where it went to a buyer already, `held` lacks it.

    `doubled` is what merchants paid to buyers past us (second parts of earnests), `to_double` what they still owe them.
    """

    captured: int = 0
    refunded: int = 0
    released: int = 0
    charged_back: int = 0
    pending_refunds: int = 0
    authorised: int = 0
    doubled: int = 0
    to_double: int = 0
    releasing: int = 0
    receivable: int = 0

    @property
    def held(self) -> int:
        return self.captured - self.refunded - self.released - self.charged_back


def balance(entries: Iterable[Entry]) -> Balance:
    posted: dict[Kind, int] = dict.fromkeys(Kind, 0)
    pending: dict[Kind, int] = dict.fromkeys(Kind, 0)
    authorised = 0
    for entry in entries:
        if entry.state is EntryState.POSTED:
            posted[entry.kind] += entry.amount_minor
        elif entry.state is EntryState.PENDING:
            pending[entry.kind] += entry.amount_minor
        elif entry.state is EntryState.AUTHORISED:
            authorised += entry.amount_minor
    return Balance(
        captured=posted[Kind.PAYMENT] + posted[Kind.CAPTURE],
        refunded=posted[Kind.REFUND],
        released=posted[Kind.RELEASE] - posted[Kind.REVERSAL],
        charged_back=posted[Kind.CHARGEBACK] - posted[Kind.CHARGEBACK_WON],
        pending_refunds=pending[Kind.REFUND],
        authorised=authorised,
        doubled=posted[Kind.DOUBLED],
        to_double=pending[Kind.DOUBLED],
        releasing=pending[Kind.RELEASE],
        receivable=pending[Kind.REVERSAL],
    )


def accounts(entries: Iterable[Entry]) -> dict[str, int]:
    """Σ per named account over posted entries; the values add up to nothing by construction of the table above."""
    sums: dict[str, int] = dict.fromkeys(("buyer", "held", "merchant", "supplier", "leader", "platform"), 0)
    for entry in entries:
        if entry.state is EntryState.POSTED:
            source, target = between(entry)
            sums[source] -= entry.amount_minor
            sums[target] += entry.amount_minor
    return sums


def between(entry: Entry) -> tuple[str, str]:
    """The two accounts of one entry: those of its kind, with its own payee for the merchant."""
    source, target = ACCOUNTS[entry.kind]
    if entry.payee:
        source, target = (entry.payee if name == "merchant" else name for name in (source, target))
    return source, target


def refund_of(
    payment: Entry, *, cause: str, amount_minor: int, now: Instant, owed: tuple[str, ...] = (), number: int = 1
) -> Entry:
    """A refund that is owed. Its id is derived from the payment and the cause: owing it twice owes it once.

    `number` tells several refunds for one cause apart.
    """
    return about(
        payment,
        id=f"{payment.id}.{cause}" if number == 1 else f"{payment.id}.{cause}.{number}",
        kind=Kind.REFUND,
        amount_minor=amount_minor,
        cause=cause,
        payment_minor=payment.taken_minor,
        created_at=now,
        stage=RefundStage.REQUESTED,
        promised_by=now + REFUND_PROMISE,
        owed=owed,
        due_at=now,
    )


def place_in_queue(rank: int, refunds_per_s: int) -> Instant:
    """How long a refund of a whole group waits for those before it, in ms: whole seconds, so a small group waits not
    at all. A fifth of what the provider takes is left to refunds that somebody asked for, which never queue (R5).
    """
    return rank // max(1, refunds_per_s * 4 // 5) * SECOND


def refundable(payment: Entry, entries: Iterable[Entry]) -> int:
    """What of a payment has not been given back yet, requested refunds included.

    Whoever refunds a part writes the order in the same transaction, so that two causes never both count on the same
    remainder.
    """
    back = sum(one.amount_minor for one in entries if one.kind is Kind.REFUND and one.payment_id == payment.id)
    return max(0, payment.taken_minor - back)


def paid_back(
    payments: Sequence[Entry], entries: Sequence[Entry], *, cause: str, amount_minor: int, now: Instant, number: int = 1
) -> list[Entry]:
    """Refunds of this much, of what was paid last first: a provider gives back no more than it was paid."""
    made: list[Entry] = []
    for payment in reversed(payments):
        part = min(amount_minor, refundable(payment, entries))
        if part > 0:
            made.append(refund_of(payment, cause=cause, amount_minor=part, now=now, number=number))
            amount_minor -= part
    return made


def capture_of(payment: Entry, *, amount_minor: int, until: Instant, now: Instant) -> Entry:
    """Takes what is owed of a hold, all of it or less. There is one per payment, because a hold is taken once."""
    return about(
        payment,
        id=capture_id(payment.id),
        kind=Kind.CAPTURE,
        amount_minor=amount_minor,
        payment_minor=payment.amount_minor,
        until=until,
        created_at=now,
        stage=RefundStage.REQUESTED,
        promised_by=now + REFUND_PROMISE,
        due_at=now,
    )


def capture_id(payment_id: str) -> str:
    return f"{payment_id}.capture"


def void_of(payment: Entry, *, cause: str, now: Instant, owed: tuple[str, ...] = ()) -> Entry:
    """Lets a hold go: there is one per payment, whatever the cause."""
    return about(
        payment,
        id=void_id(payment.id),
        kind=Kind.VOID,
        amount_minor=payment.amount_minor,
        payment_minor=payment.amount_minor,
        cause=cause,
        created_at=now,
        stage=RefundStage.REQUESTED,
        promised_by=now + REFUND_PROMISE,
        owed=owed,
        due_at=now,
    )


def void_id(payment_id: str) -> str:
    return f"{payment_id}.void"


def charged_back(payment: Entry, *, ref: str, amount_minor: int, won: bool, at: Instant, now: Instant) -> Entry:
    """The buyer's bank took money back, or gave it back to us: a fact by the time we hear of it, so posted at once."""
    kind = Kind.CHARGEBACK_WON if won else Kind.CHARGEBACK
    return about(
        payment,
        id=f"{payment.id}.{kind.value}.{ref}",
        kind=kind,
        amount_minor=amount_minor,
        payment_minor=payment.taken_minor,
        provider_ref=ref,
        state=EntryState.POSTED,
        created_at=now,
        posted_at=now,
        paid_at=at,
        owed=(kind.value,),
        due_at=now,
    )


def stray_of(payment: Entry, *, amount_minor: int, currency: str, ref: str, paid_at: Instant, now: Instant) -> Entry:
    """Money that a provider took under a payment's key and that is not what was asked for: on the books as it came."""
    return replace(
        about(payment, id=f"{payment.id}.stray", kind=Kind.PAYMENT, amount_minor=amount_minor, created_at=now),
        currency=currency,
        state=EntryState.POSTED,
        cause="stray",
        provider_ref=ref,
        paid_at=paid_at,
        posted_at=now,
    )


def about(payment: Entry, **fields: Any) -> Entry:
    """An entry that belongs to a payment."""
    known: dict[str, Any] = {
        "order_id": payment.order_id,
        "group_id": payment.group_id,
        "campaign_id": payment.campaign_id,
        "buyer_id": payment.buyer_id,
        "merchant_id": payment.merchant_id,
        "currency": payment.currency,
        "method": payment.method,
        "payment_id": payment.id,
        "payment_ref": payment.provider_ref,
    }
    return Entry(**{**known, **fields})


def authorised(payment: Entry, *, provider_ref: str, at: Instant, now: Instant) -> Entry:
    """The buyer's bank holds the money for us. In time or not, the provider's time of it is what counts."""
    return replace(
        payment,
        state=EntryState.AUTHORISED,
        provider_ref=provider_ref or payment.provider_ref,
        paid_at=at,
        authorised_at=now,
        due_at=None,
    )


def captured(payment: Entry, amount_minor: int) -> Entry:
    return replace(payment, state=EntryState.CAPTURED, captured_minor=amount_minor)


def posted(payment: Entry, *, provider_ref: str, paid_at: Instant, now: Instant) -> Entry:
    return replace(
        payment,
        state=EntryState.POSTED,
        provider_ref=provider_ref,
        paid_at=paid_at,
        posted_at=now,
        due_at=None,
    )


def backoff(attempt: int) -> Instant:
    """30 s, 2 min, 8 min, 32 min, then hourly."""
    return min((30 * SECOND) << (2 * (attempt - 1)), HOUR)


def submitted(refund: Entry, now: Instant, lease: Instant = LEASE) -> Entry:
    """Claimed: this worker talks to the provider now; another takes over when the lease has run out."""
    return replace(
        refund,
        stage=RefundStage.SUBMITTED,
        first_tried_at=refund.first_tried_at if refund.first_tried_at is not None else now,
        last_tried_at=now,
        due_at=now + lease,
    )


def looks_first(entry: Entry, key_window_ms: Instant, now: Instant) -> bool:
    """Whether to ask what became of an entry before the provider is told again: it has numbered it already, or may have
    forgotten the key it remembers for `key_window_ms`.
    """
    again = entry.first_tried_at != entry.last_tried_at
    return entry.provider_ref is not None or (again and must_ask_first(entry, now, min(KEY_WINDOW, key_window_ms)))


def must_ask_first(refund: Entry, now: Instant, window: Instant = KEY_WINDOW) -> bool:
    """Whether the provider may have forgotten this attempt's key, so that repeating it could pay twice."""
    return refund.first_tried_at is not None and now - refund.first_tried_at > window


def succeeded(refund: Entry, *, provider_ref: str, now: Instant) -> Entry:
    return replace(
        refund,
        stage=RefundStage.SUCCEEDED,
        state=EntryState.POSTED,
        provider_ref=provider_ref,
        posted_at=now,
        owed=(*refund.owed, DONE[refund.kind]) if refund.kind in DONE else refund.owed,
        due_at=now if refund.kind in DONE or refund.owed else None,
    )


def accepted(refund: Entry, *, provider_ref: str | None, now: Instant) -> Entry:
    """The provider has it and will say later; we look at it again in a while, and at 24 h at the latest."""
    return replace(
        refund, provider_ref=provider_ref or refund.provider_ref, due_at=_look_again(refund, now + POLL, now)
    )


def unknown(refund: Entry, now: Instant) -> Entry:
    """No answer: the same attempt is repeated under the same key, each time after twice as long, hourly at last."""
    silent = now - (refund.first_tried_at if refund.first_tried_at is not None else now)
    return replace(refund, due_at=_look_again(refund, now + max(30 * SECOND, min(silent, HOUR)), now))


def reason_code(said: str) -> str:
    """A provider's word as a code: free text may hold a person's data, and has no place in a ledger."""
    return said if 0 < len(said) <= 40 and all(c.islower() or c in "_0123456789" for c in said) else "other"


def failed(refund: Entry, reason: str, now: Instant) -> Entry:
    """The provider refused this attempt for good: a new one, under a new key, up to a limit; then a person.

    A refund may fail after it had succeeded: what was not said about that yet is not said any more.
    """
    reason = reason_code(reason)
    refund = replace(refund, owed=tuple(event for event in refund.owed if event != "refund_done"))
    if refund.kind is Kind.CAPTURE and (now >= (refund.until or 0) or reason in GONE):
        return given_up(refund, reason)
    if refund.kind is Kind.VOID and reason == TAKEN:
        return given_up(refund, reason)
    if refund.kind in RELEASES and (reason in HAND or refund.attempt >= MOST_ATTEMPTS):
        return replace(refund, stage=RefundStage.BY_HAND, reason=reason, due_at=None)
    if refund.attempt >= MOST_ATTEMPTS and refund.kind is not Kind.CAPTURE:
        return replace(
            refund,
            stage=RefundStage.PARKED,
            state=EntryState.PENDING,
            posted_at=None,
            reason=reason,
            due_at=None,
        )
    return replace(
        refund,
        stage=RefundStage.FAILED,
        state=EntryState.PENDING,
        posted_at=None,
        reason=reason,
        attempt=refund.attempt + 1,
        provider_ref=None,
        first_tried_at=None,
        due_at=_look_again(refund, now + backoff(refund.attempt), now),
    )


def given_up(entry: Entry, reason: str) -> Entry:
    """A capture whose grace is over: nothing was taken, and nothing will be. A void that came too late: the money was
    taken, and its report (or the books) says what becomes of it."""
    return replace(entry, stage=RefundStage.GIVEN_UP, state=EntryState.VOIDED, reason=reason, due_at=None)


def overdue(refund: Entry, now: Instant) -> bool:
    """Whether the 24 h alarm is to be raised now (once)."""
    return (
        refund.kind in (*SAGAS, Kind.DOUBLED)
        and refund.state is EntryState.PENDING
        and refund.alarmed_at is None
        and refund.promised_by is not None
        and now >= refund.promised_by
    )


def _look_again(refund: Entry, at: Instant, now: Instant) -> Instant:
    if refund.until is not None and refund.until > now:
        at = min(at, refund.until)
    if refund.alarmed_at is None and refund.promised_by is not None and refund.promised_by > now:
        return min(at, refund.promised_by)
    return at
