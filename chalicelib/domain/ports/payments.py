"""Payment providers: what they are asked, and what they may answer."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from ...lean import dataclass
from ..books import Move, MoveKind
from ..instants import HOUR, Instant


class Outcome(StrEnum):
    """What a provider said. UNKNOWN: nothing we can rely on; the same call may be repeated under the same key.

    Of a payment, AUTHORISED is a hold on the buyer's money, and SUCCEEDED that the money moved; a hold that was let go
    is FAILED with the reason `voided`.
    """

    SUCCEEDED = "succeeded"
    AUTHORISED = "authorised"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"


VOIDED = "voided"

CANNOT_HOLD = "cannot_hold"
CANNOT_RELEASE = "cannot_release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a buyer is to pay, under our key, until `expires_at`. `payer` is who pays in the provider's own words, where
    it asks; `split` says that parts of it will be released to payees.
    """

    key: str
    amount_minor: int
    currency: str
    expires_at: Instant
    title: str
    payer: str = ""
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All or some of one payment: what is to be captured, refunded, released or taken back, under our key."""

    key: str
    payment_ref: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`pay_url` is where the buyer pays, `pay_params` what the provider's own app on the phone is opened with."""

    outcome: Outcome
    ref: str | None = None
    reason: str = ""
    pay_url: str | None = None
    pay_params: Mapping[str, str] | None = None
    instructions: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    paid_at: Instant | None = None

    def about(self, asked: Charge | Part) -> "Answer":
        """An answer about other money than was asked for says nothing about ours."""
        if self.amount_minor is not None and (self.amount_minor, self.currency) != (asked.amount_minor, asked.currency):
            return Answer(outcome=Outcome.UNKNOWN, reason="other_amount")
        return self


class EventKind(StrEnum):
    """PAID: charged at once. CAPTURED: of a hold. VOIDED: a hold is over, whoever ended it."""

    PAID = "paid"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    CHARGED_BACK = "charged_back"
    CHARGEBACK_WON = "chargeback_won"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """A verified webhook. `key` is the one we gave: the payment's entry id, or a refund entry's id and attempt.

    Of a chargeback `key` is the payment's, and `ref` the provider's own number of the dispute.
    """

    kind: EventKind
    key: str
    ref: str
    amount_minor: int
    currency: str
    at: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do. Times in ms; amounts in minor units, of one payment.

    `hold_ms` is how long an authorisation is kept at least (0: it cannot hold); `partial_capture` whether less than
    was authorised may be taken; `refund_window_ms` how long after the payment a refund is possible; `key_window_ms`
    how long a key is remembered; `refunds_per_s` how many refunds it takes a second. `releases`: it lets parts of a
    payment go to payees' accounts; `takes_back`: and gets them back from there. No `currencies` means any that we take.
    """

    hold_ms: Instant = 0
    partial_capture: bool = False
    refund_window_ms: Instant
    currencies: frozenset[str] = frozenset()
    least_minor: int = 1
    most_minor: int
    key_window_ms: Instant = 24 * HOUR
    refunds_per_s: int = 100
    releases: bool = False
    takes_back: bool = False

    def takes(self, currency: str) -> bool:
        return not self.currencies or currency in self.currencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Money that was let out: under our key, to the payee's account with the provider, which numbered it `ref`."""

    key: str
    ref: str
    payment_ref: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """One page. Only SUCCEEDED is a list; PENDING says that the provider has not drawn it up yet."""

    outcome: Outcome
    lines: Sequence[Move] = ()
    next: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a report is answered over HTTP where its provider wants words of its own."""

    status: int
    content_type: str = ""
    body: str = ""


class Payments(Protocol):
    """One payment provider. Every call has a time limit and answers with an Outcome instead of raising.

    Keys are ours: a payment's is its entry's id, that of anything else its entry's id and attempt.
    `payment_ref` is the provider's number of the payment, as its first answer or report gave it.
    """

    name: str

    @property
    def can(self) -> Capabilities: ...

    def start(self, charge: Charge) -> Answer:
        """A payment that is charged at once."""
        ...

    def authorise(self, charge: Charge) -> Answer:
        """A payment that is only held until it is captured or voided."""
        ...

    def capture(self, part: Part) -> Answer:
        """Takes what was held, or less of it; the rest is let go. Once: a second capture fails."""
        ...

    def void(self, key: str, payment_ref: str) -> Answer:
        """Lets a hold go. What is let go already, by whomever, has succeeded."""
        ...

    def refund(self, part: Part, paid_minor: int) -> Answer:
        """Pays back some of what was paid: `paid_minor` in all."""
        ...

    def release(self, part: Part, account: str) -> Answer:
        """Lets a part of a payment go to a payee's account with the provider."""
        ...

    def look_up_release(self, key: str, payment_ref: str) -> Answer: ...
    def take_back(self, part: Part, release: Released) -> Answer:
        """Takes some of a release back from its payee, as far as their account has it."""
        ...

    def look_up_take_back(self, key: str, release: Released) -> Answer: ...
    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        """By our key, and by the provider's number where we know it: some find nothing without. FAILED is final."""
        ...

    def look_up_refund(self, key: str, payment_ref: str) -> Answer: ...
    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        """The provider's own list of what moved from `since` until before `until`, by pages: for reconciliation.

        A provider that lists by days lists those of its zone that begin in this time.
        """
        ...

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        """Our key of a payment or a refund as the provider's lists have it."""
        ...

    def reply(self, refusal: str) -> Reply | None:
        """How to answer a report: taken (`refusal` is empty), or not. None: any 2xx is taken, anything else is not."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        """Raises Refused('bad_signature') for anything not provably the provider's and fresh."""
        ...
