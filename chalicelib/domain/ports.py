"""What the use cases need of the outside: the store, and the gateways. Everything else is decided in here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from .audit import Act
from .batch import Batch
from .books import BookedDay, Books, Difference
from .books import Move as Move
from .books import MoveKind as MoveKind
from .campaign import Campaign, Restocked, Stock
from .chat import ChatKind, Hook
from .feed import Digest, GroupChat, Post, Question, QuestionState
from .files import StoredFile, UploadForm, Use
from .group import Group, Part, Slice
from .hours import Hour, Pulse
from .incident import Coupon, Incident
from .instants import HOUR, Instant
from .journey import Duty, Journey
from .leader import Leader, Neighbour, Place
from .ledger import Entry
from .notice import Notice
from .order import Order, OrderState
from .pace import Pace
from .person import Address, Channel, Contact, Preferences
from .product import PriceMark, Product
from .receipt import Receipt
from .review import Rating, Review
from .routing import Load, Reroute, Routes
from .second_factor import Confirmed
from .session import Brake, LoginCode, Session
from .share import Share
from .solvency import Solvency
from .substitute import Substitute
from .supply import Demand, Lot, PurchaseOrder
from .tally import Numbers, Scope, Tally
from .task import Task
from .upkeep import Allowance, Announcement, Listing, Parked, Visit
from .waybill import Waybill, WaybillState
from .writes import Row, Write

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowKey:
    """Names one stored row, for timers, queue messages and parked rows."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class DueRow:
    key: RowKey
    due_at: Instant


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and where the next one starts (None: that was all)."""

    rows: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class OrderMark:
    """What the index knows of a buyer's order, without reading it."""

    order_id: str
    state: OrderState
    joined_at: Instant


class Store(Protocol):
    """Consistent reads unless named otherwise. `commit` is one write, or one transaction: all or nothing.

    Raises Lost when a row was not as named, Unavailable when the store is too busy or silent.
    """

    def commit(self, *writes: Write) -> None: ...

    def product(self, product_id: str) -> Product | None: ...
    def products_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Product]: ...
    def price_marks(self, product_id: str, limit: int = 200) -> list[PriceMark]: ...
    def review(self, product_id: str, ordered_at: Instant, order_id: str) -> Review | None: ...
    def reviews(self, product_id: str, limit: int, start: str | None) -> Page[Review]:
        """Newest order first, hidden ones too."""
        ...

    def rating(self, product_id: str) -> Rating | None: ...
    def campaign(self, campaign_id: str) -> Campaign | None: ...
    def campaigns_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Campaign]: ...
    def terms(self, campaign_id: str, number: int) -> Campaign:
        """Frozen, so read once per process and kept."""
        ...

    def stock(self, campaign_id: str) -> Stock | None: ...
    def restocked(self, campaign_id: str, key: str) -> Restocked | None: ...
    def stocks_lately(self, campaign_ids: Iterable[str]) -> dict[str, Stock]:
        """For show, so not consistent; one read for all."""
        ...

    def group(self, group_id: str) -> Group | None: ...
    def group_lately(self, group_id: str, now: Instant) -> Group | None:
        """As seen within the last seconds: for routing only, never for a decision."""
        ...

    def groups_of(self, campaign_id: str, limit: int, start: str | None) -> Page[Group]: ...
    def groups_and_tallies(self, group_ids: Sequence[str]) -> dict[str, tuple[Group, Tally | None]]: ...
    def journey(self, group_id: str) -> Journey | None: ...
    def page_of_truth(self, group_id: str) -> tuple[Group, Tally | None, Journey | None] | None:
        """All that a group's progress is made of, in one read; for show, so not consistent."""
        ...

    def order_page(self, order_id: str) -> tuple[Order | None, Group | None, Journey | None]:
        """An order with what it needs of its group, in one read."""
        ...

    def groups_and_journeys(self, group_ids: Sequence[str]) -> dict[str, tuple[Group, Journey | None]]: ...
    def pace(self, merchant_id: str, began_at: Instant, group_id: str) -> Pace | None: ...
    def paces_of(self, role: str, person_id: str, limit: int, start: str | None) -> Page[Pace]:
        """Of a `merchant`'s groups or a `manager`'s, newest first."""
        ...

    def duties_of(self, person_id: str, *, late: bool, limit: int, start: str | None) -> Page[Duty]: ...
    def slice(self, group_id: str, number: int) -> Slice | None: ...
    def slices(self, group_id: str, count: int) -> list[Slice]: ...
    def stock_and_slices(self, campaign_id: str, group_id: str, count: int) -> tuple[Stock, list[Slice]]:
        """Each as it is when it is read. Raises Lost where one is missing."""
        ...

    def seal(self, group_id: str, number: int) -> Slice:
        """Seals one slice (again, if it was) and returns it: from here on its numbers cannot move."""
        ...

    def spread_deadline(self, group_id: str, number: int, closes_at: Instant, deadline_number: int) -> None:
        """Sets a slice's deadline if it has not taken this or a later move already, and is not sealed."""
        ...

    def part(self, group_id: str, number: int) -> Part | None: ...
    def order(self, order_id: str) -> Order | None: ...
    def orders_of_part(self, group_id: str, part: int, after: str | None = None) -> Iterator[Order]: ...
    def orders_of_group(self, group: Group, limit: int, start: str | None) -> Page[Order]: ...
    def orders_of_buyer(self, buyer_id: str, limit: int, start: str | None) -> Page[OrderMark]:
        """From the index: may lag, newest first."""
        ...

    def entry(self, entry_id: str) -> Entry | None: ...
    def entries_of_order(self, order_id: str) -> list[Entry]: ...
    def entries_of_group(self, group: Group) -> Iterator[Entry]: ...
    def entries_of_part(self, group_id: str, part: int, after: str | None = None) -> Iterator[Entry]:
        """By id, those behind the one named `after`."""
        ...

    def solvency(self, campaign_id: str) -> Solvency | None: ...
    def moved(self, method: str, since: Instant, until: Instant) -> Iterator[Entry]:
        """Entries of one provider whose money moved from `since` until before `until`; from the index, so ask for
        what is minutes old or older."""
        ...

    def books(self, method: str) -> Books | None: ...
    def booked_days(self, method: str, limit: int, start: str | None) -> Page[BookedDay]:
        """Newest first."""
        ...

    def differences(self, method: str, day: str, limit: int, start: str | None) -> Page[Difference]: ...
    def differences_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Difference]:
        """Those about one merchant's money, newest first; from the index."""
        ...

    def preferences(self, person_id: str) -> Preferences | None: ...
    def accounts_of_part(self, group_id: str, part: int) -> Iterator[Order | Entry]: ...
    def hooks(self, campaign_id: str) -> list[Hook]: ...
    def post(self, group_id: str, post_id: str) -> Post | None: ...
    def posts(self, group_id: str, limit: int, start: str | None) -> Page[Post]:
        """Newest first."""
        ...

    def question(self, group_id: str, question_id: str) -> Question | None: ...
    def questions(
        self, group_id: str, states: frozenset[QuestionState], asker: str | None, limit: int, start: str | None
    ) -> Page[Question]:
        """Newest first: those in one of `states`, and whatever `asker` asked."""
        ...

    def group_chat(self, group_id: str) -> GroupChat | None: ...
    def digest(self, group_id: str) -> Digest | None: ...
    def notices_about(self, person_id: str, about: str) -> list[Notice]: ...
    def notices_of(self, person_id: str, limit: int, start: str | None) -> Page[Notice]: ...
    def tally(self, scope: Scope, owner_id: str) -> Tally | None: ...
    def count_up(self, scope: Scope, owner_id: str, delta: Numbers, units: Mapping[str, int], now: Instant) -> None:
        """Adds to a tally and sets its timer; a tally that does not exist is left for the recount."""
        ...

    def correct_tally(
        self, tally: Tally, delta: Numbers, units: Mapping[str, int], now: Instant, next_at: Instant
    ) -> None:
        """Adds a recount's correction to a tally, notes that it was recounted, and sets its timer."""
        ...

    def rest_tally(self, tally: Tally) -> None:
        """Clears the timer of a tally to which nothing has happened since it was read."""
        ...

    def visitors(self, campaign_id: str) -> int: ...
    def visit(self, campaign_id: str, visitor: str) -> Visit | None: ...
    def visits(self, campaign_id: str) -> Iterator[Visit]: ...
    def hours(self, campaign_id: str) -> list[Hour]:
        """Oldest first; for show, so not consistent."""
        ...

    def add_to_hour(self, campaign_id: str, at: Instant, delta: Pulse) -> None:
        """Adds to an hour, which comes to be with its first numbers."""
        ...

    def share(self, code: str) -> Share | None: ...
    def allowance(self, campaign_id: str, buyer_id: str) -> Allowance | None: ...
    def batch(self, group_id: str, destination: str) -> Batch | None: ...
    def ride_of(self, group_id: str, destination: str, order_id: str) -> tuple[Batch | None, Waybill | None]:
        """The batch that an order rides in, and a waybill of its own: one call."""
        ...

    def batches(self, group_id: str) -> list[Batch]: ...
    def batches_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Batch]:
        """Newest first; from the index, so it may lag."""
        ...

    def waybill(self, waybill_id: str) -> Waybill | None: ...
    def routes(self, merchant_id: str) -> Routes | None: ...
    def reroute(self, merchant_id: str, key: str) -> Reroute | None: ...
    def load(self, merchant_id: str, day: str, place: str) -> Load | None: ...
    def loads(self, merchant_id: str, first_day: str, last_day: str) -> list[Load]: ...
    def announcement(self, group_id: str, event: str) -> Announcement | None: ...
    def hall(
        self, community_id: str | None, category: str | None, now: Instant, limit: int, start: str | None
    ) -> Page[Listing]: ...

    # supply, leaders, receipts
    def demand(self, group_id: str) -> Demand | None: ...
    def purchase(self, purchase_id: str) -> PurchaseOrder | None: ...
    def purchases_of(self, supplier_id: str, limit: int, start: str | None) -> Page[PurchaseOrder]:
        """A supplier's, newest first; from the index, so a fresh one may be missing for a moment."""
        ...

    def purchases_of_group(self, group_id: str) -> list[PurchaseOrder]: ...
    def lot(self, purchase_id: str, key: str) -> Lot | None: ...
    def lots_of(self, purchase_id: str) -> list[Lot]: ...
    def leader(self, person_id: str) -> Leader | None: ...
    def leaders(self, state: str, limit: int, start: str | None) -> Page[Leader]:
        """From the index, newest first."""
        ...

    def place(self, place_id: str) -> Place | None: ...
    def places_of(self, leader_id: str, limit: int, start: str | None) -> Page[Place]: ...
    def neighbour(self, leader_id: str, code: str) -> Neighbour | None: ...
    def neighbours_of(self, leader_id: str, limit: int, start: str | None) -> Page[Neighbour]: ...
    def leaders_for(self, person_id: str, limit: int, start: str | None) -> Page[Neighbour]:
        """Whom a person lets order for them; from the index."""
        ...

    def receipt(self, group_id: str, destination: str) -> Receipt | None: ...
    def receipts_of(self, group_id: str) -> list[Receipt]: ...
    def receipts_of_leader(self, leader_id: str, limit: int, start: str | None) -> Page[Receipt]: ...

    # incidents, coupons, tasks
    def incident(self, group_id: str, incident_id: str) -> Incident | None: ...
    def incidents(self, group_id: str) -> list[Incident]: ...
    def substitute(self, group_id: str, sku: str) -> Substitute | None: ...
    def substitutes(self, group_id: str) -> list[Substitute]: ...
    def coupons_of(self, person_id: str, limit: int, start: str | None) -> Page[Coupon]: ...
    def task(self, task_id: str) -> Task | None: ...
    def tasks(self, queue: str, limit: int, start: str | None) -> Page[Task]:
        """What waits in a list; from the index, newest first."""
        ...

    def spend(self, owner: str, window: str, most: int, now: Instant) -> bool:
        """Counts one more under an owner, unless that were more than `most`; one write while it is within."""
        ...

    # the audit log
    def last_act(self, actor_id: str) -> Act | None: ...
    def acts_of(self, actor_id: str, limit: int, start: str | None) -> Page[Act]:
        """One person's chain, oldest first."""
        ...

    def acts_on(self, day: str, limit: int, start: str | None) -> Page[Act]:
        """Everybody's of one day, newest first; from the index, so it may lag."""
        ...

    # signing in
    def login_code(self, who: str) -> LoginCode | None: ...
    def brake(self, who: str) -> Brake | None: ...
    def confirmed(self, who: str) -> Confirmed | None: ...
    def session(self, session_id: str) -> Session | None: ...
    def sessions_of(self, person_id: str, limit: int, start: str | None) -> Page[Session]: ...

    # timers
    def key_of(self, row: Row) -> RowKey: ...
    def wakeable(self, key: RowKey) -> Row | None:
        """Any row with a timer, by its key. Raises Broken where the row cannot be read as what it says it is."""
        ...

    def due(self, until: Instant) -> Iterator[DueRow]:
        """From the index, shard by shard: rows whose timer is at or before `until`."""
        ...

    def due_soon(self, limit: int) -> list[DueRow]: ...
    def stumble(self, key: RowKey, reason: str, now: Instant) -> bool:
        """Counts a failure of a row and sets its timer further off; parks it at the limit (then True)."""
        ...

    def parked(self, limit: int, start: str | None) -> Page[Parked]: ...
    def put_back(self, key: RowKey, now: Instant) -> bool: ...


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
    how long a key is remembered; `refunds_per_s` how many refunds it takes a second. No `currencies` means any that we
    take.
    """

    hold_ms: Instant = 0
    partial_capture: bool = False
    refund_window_ms: Instant
    currencies: frozenset[str] = frozenset()
    least_minor: int = 1
    most_minor: int
    key_window_ms: Instant = 24 * HOUR
    refunds_per_s: int = 100

    def takes(self, currency: str) -> bool:
        return not self.currencies or currency in self.currencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """One page. Only SUCCEEDED is a list; PENDING says that the provider has not drawn it up yet."""

    outcome: Outcome
    lines: Sequence[Move] = ()
    next: str | None = None
    reason: str = ""


class Payments(Protocol):
    """One payment provider. Every call has a time limit and answers with an Outcome instead of raising.

    Keys are ours: a payment's is its entry's id, that of a refund, capture or void its entry's id and attempt.
    `payment_ref` is the provider's number of the payment, as its first answer or report gave it.
    """

    name: str

    @property
    def can(self) -> Capabilities: ...

    def start(
        self, *, key: str, amount_minor: int, currency: str, expires_at: Instant, title: str, payer: str = ""
    ) -> Answer:
        """A payment that is charged at once. `payer` is who pays in the provider's own words, where it asks."""
        ...

    def authorise(
        self, *, key: str, amount_minor: int, currency: str, expires_at: Instant, title: str, payer: str = ""
    ) -> Answer:
        """A payment that is only held until it is captured or voided."""
        ...

    def capture(self, *, key: str, payment_ref: str, amount_minor: int, currency: str) -> Answer:
        """Takes what was held, or less of it; the rest is let go. Once: a second capture fails."""
        ...

    def void(self, *, key: str, payment_ref: str) -> Answer:
        """Lets a hold go. What is let go already, by whomever, has succeeded."""
        ...

    def refund(self, *, key: str, payment_ref: str, amount_minor: int, currency: str, paid_minor: int) -> Answer:
        """Pays back some of what was paid: `paid_minor` in all."""
        ...

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

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        """Raises Refused('bad_signature') for anything not provably the provider's and fresh."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a carrier is asked to take. `to_*` are people's data: they go to the carrier and nowhere else."""

    key: str
    title: str
    to_name: str
    to_phone: str
    to_address: str
    weight_g: int
    keep: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a carrier says happened to one of our parcels. `key` is the one we gave, `number` its own."""

    key: str
    number: str
    state: WaybillState
    at: Instant
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A carrier's answer: SUCCEEDED with its number, FAILED with its reason, UNKNOWN where nobody can tell."""

    outcome: Outcome
    number: str = ""
    label: str = ""
    reason: str = ""


class Carrier(Protocol):
    """One carrier. Every call has a time limit and answers instead of raising; a key makes a repeat harmless."""

    name: str

    def issue(self, parcel: Parcel) -> Taken: ...
    def track(self, key: str) -> list[Report] | None:
        """All it has said of a parcel; None where it does not answer."""
        ...

    def parse_callback(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Report:
        """Raises Refused('bad_signature') for anything not provably the carrier's and fresh."""
        ...


class Sender(Protocol):
    """One channel. `to` is a phone number or an e-mail address, and goes nowhere but to the provider."""

    def send(self, *, to: str, subject: str, text: str) -> Answer: ...


class Vault(Protocol):
    """Contact data, encrypted; every read is recorded with who read and why."""

    def read(
        self, person_id: str, *, reader: str, why: str, now: Instant, addresses_too: bool = True
    ) -> Contact | None: ...
    def knows_address(self, person_id: str, address_id: str) -> bool: ...
    def write(self, person_id: str, contact: Contact, now: Instant) -> None: ...
    def add_address(self, person_id: str, address_id: str, address: Address, now: Instant) -> None: ...
    def remove_address(self, person_id: str, address_id: str) -> None:
        """Removing one that is not there is done already."""
        ...

    def reads(self, person_id: str, limit: int, start: str | None) -> Page["VaultRead"]: ...
    def keep(self, owner: str, name: str, what: Mapping[str, str], now: Instant) -> None: ...
    def kept(self, owner: str, name: str, *, reader: str, why: str, now: Instant) -> Mapping[str, str] | None: ...
    def forget(self, owner: str, name: str) -> None: ...
    def erase(self, person_id: str) -> None:
        """Removes all contact data; who has read it stays on record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRead:
    person_id: str
    reader: str
    why: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking, as the identity provider vouches for it."""

    id: str
    roles: frozenset[str]
    phone_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Caller):
    """Who has just proved their phone, with the token that says so to the API for an hour."""

    token: str


class Chats(Protocol):
    def say(self, kind: ChatKind, *, key: str, secret: str, text: str) -> Answer:
        """SUCCEEDED, PENDING (too many at once: later), FAILED for good, or UNKNOWN."""
        ...


class Identity(Protocol):
    def verify(self, token: str, now: Instant) -> Caller:
        """Raises Refused('bad_token') for anything expired, foreign or forged."""
        ...

    def phone_of(self, person_id: str) -> str | None:
        """The person's verified phone number, if there is one."""
        ...

    def start_log_in(self, phone: str) -> str:
        """Challenges a phone, enrolling who is new: a code is sent to it. Returns what the answer must name.

        Raises Refused('code_sent_lately' or 'too_many_codes', retry_after_s) or Refused('bad_phone').
        """
        ...

    def answer_code(self, phone: str, challenge: str, code: str, now: Instant) -> SignedIn | str:
        """Who has answered rightly, or the challenge to answer next. Raises Refused('code_expired') at its end."""
        ...

    def forget(self, person_id: str) -> None:
        """Removes the person's log-in. Forgetting twice is done already."""
        ...


class Files(Protocol):
    """What people bring: pictures, reports, photos. `owner` is the id of what a file belongs to."""

    @property
    def origin(self) -> str:
        """Where forms go and links lead: scheme and host, for a page's policy."""
        ...

    def form(self, use: Use, owner: str, new_id: str, *, back: str = "") -> UploadForm:
        """A form that lays one file down within minutes; with `back`, a browser is sent there afterwards."""
        ...

    def keep(self, use: Use, owner: str, key: str) -> StoredFile:
        """Keeps what was laid down under `key`; the same file is kept once, however often this is asked.

        Raises Refused('file_not_uploaded', 'wrong_file_type' or 'file_too_large').
        """
        ...

    def put(self, use: Use, owner: str, content: bytes) -> StoredFile:
        """The same for a small file that came with the request."""
        ...

    def look(self, key: str) -> StoredFile | None: ...
    def read(self, key: str) -> bytes | None: ...
    def link(self, key: str, *, name: str = "") -> str:
        """An address to read a file at, for some minutes, by whoever has it; with `name`, to be saved as."""
        ...


class WakeQueue(Protocol):
    def send(self, rows: Sequence[tuple[RowKey, Instant]], now: Instant) -> None:
        """Asks for each row to be woken at its moment (at once if past; at most 15 minutes ahead)."""
        ...

    def send_part(self, group_id: str, part: int) -> None:
        """Asks for one part of a closing group's orders to be worked on."""
        ...


class Texts(Protocol):
    """Wording of notices: (template, parameters) in a language."""

    def text(self, template: str, params: Mapping[str, str], language: str, channel: Channel) -> tuple[str, str]:
        """(subject, text); the subject is empty for SMS."""
        ...

    def code(self, code: str, minutes: int) -> str:
        """The SMS with a log-in code, in both languages: who will read it is not known yet."""
        ...


class Watch(Protocol):
    """Metrics and structured logs: no personal data, ever."""

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None: ...
    def alarm(self, what: str, **about: str) -> None: ...
    def note(self, what: str, **about: str) -> None: ...
