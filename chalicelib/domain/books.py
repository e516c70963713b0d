"""The books (对账): our ledger of one day held against a payment provider's own list of what moved.

Every line of either list is paired with one of the other; whatever is left over, or differs, has one of these names:

    missing_here         the provider took money under a key that we never gave
    missing_there        we booked money that the provider does not know
    amount, currency     the same movement, of other money
    state                the same movement, done on one side only
    twice                one payment or refund was made more than once
    refund_unknown       money went back that no refund of ours asked for
    chargeback_unknown   a buyer's bank took money back (or gave it back), and nobody had told us

A day of one provider is looked at once it is over, by the timer of one row per provider, which then moves on to the
next day. Looking twice finds the same differences under the same keys: they are written and alarmed about once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ..lean import dataclass
from .instants import DAY, HOUR, Instant, instant, moment, zone_of
from .ledger import Entry, EntryState, Kind
from .writes import Row

OPENS = time(10, 30)
"""On the next day, local: by then providers have drawn up the day before (the latest of them at ten)."""

AGAIN = HOUR
LATE = DAY
"""A list still missing this long after it was first asked for raises an alarm, once."""

SHARDS = 16
"""Movements of one provider and day are listed under this many keys, so that a busy hour writes to none too often."""


PAYEES = "payees"
"""Where what payees were given is listed, beside the providers' own lists: they list what is ours with them."""


class MoveKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_WON = "chargeback_won"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One movement of money as the provider's own books have it: `key` is our key in the provider's spelling
    (`Payments.spelled`), `ref` its own number, `payment_ref` that of the payment a refund or chargeback is of.
    """

    kind: MoveKind
    key: str
    ref: str
    payment_ref: str = ""
    amount_minor: int
    currency: str
    at: Instant


class Named(StrEnum):
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATE = "state"
    TWICE = "twice"
    REFUND_UNKNOWN = "refund_unknown"
    CHARGEBACK_UNKNOWN = "chargeback_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Books(Row):
    """Where the books of one provider stand: `day` (local, ISO) is the next to be looked at; `asked_at` since when."""

    method: str
    day: str
    zone: str
    asked_at: Instant | None = None
    alarmed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedDay(Row):
    """A day that was held against the provider's list: lines there and here, and how many differences were found.

    `by_hand`: the provider has no list that a program can read, and a person compares.
    """

    method: str
    day: str
    theirs: int
    ours: int
    differences: int
    by_hand: bool = False
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Row):
    """`ours_minor` and `theirs_minor` are what either side has (None: nothing). `taken_up`: the missing report was
    made good by the program itself; otherwise a person must look.
    """

    method: str
    day: str
    named: Named
    kind: MoveKind
    key: str
    ref: str
    entry_id: str = ""
    merchant_id: str = ""
    ours_minor: int | None = None
    theirs_minor: int | None = None
    currency: str
    taken_up: bool = False
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A movement as our ledger has it. `raw` is our key as we spell it."""

    kind: MoveKind
    key: str
    raw: str
    ref: str
    amount_minor: int
    currency: str
    entry: Entry


@dataclass(slots=True)
class Compared:
    """`theirs` and `ours` found no partner in the other list of this day: what becomes of them is not decided yet."""

    pairs: int = 0
    differ: list[tuple[Named, Move, Booked | None]] = field(default_factory=list)
    theirs: list[Move] = field(default_factory=list)
    ours: list[Booked] = field(default_factory=list)


KINDS = {
    Kind.PAYMENT: MoveKind.PAYMENT,
    Kind.CAPTURE: MoveKind.PAYMENT,
    Kind.REFUND: MoveKind.REFUND,
    Kind.CHARGEBACK: MoveKind.CHARGEBACK,
    Kind.CHARGEBACK_WON: MoveKind.CHARGEBACK_WON,
}
"""Which line of a provider's list an entry stands for: voids move nothing, and releases are not in it."""


KEYED = (MoveKind.PAYMENT, MoveKind.REFUND)
"""Movements with a key of their own. Chargebacks share their payment's, and are told apart by their numbers."""


def key_of(entry: Entry) -> str:
    """The key that the provider was given for what this entry moves."""
    if entry.kind is Kind.REFUND:
        return entry.key
    return entry.payment_id if entry.payment_id else entry.id


def moved_at(entry: Entry) -> Instant | None:
    """When the entry's money moved; None while it has not, and for entries that move none at a provider."""
    if entry.state is not EntryState.POSTED or entry.kind not in KINDS:
        return None
    return entry.paid_at if entry.paid_at is not None else entry.posted_at


def compare(theirs: Iterable[Move], ours: Iterable[Booked]) -> Compared:
    """Pairs two lists of one day by kind and key, inside a key by number and then by money. Linear in both.

    A line listed twice under one number is one line: lists are read by pages, and pages may overlap.
    """
    found = Compared()
    there: dict[tuple[MoveKind, str], list[Move]] = defaultdict(list)
    for move in {(one.kind, one.key, one.ref): one for one in theirs}.values():
        there[move.kind, move.key].append(move)
    here: dict[tuple[MoveKind, str], list[Booked]] = defaultdict(list)
    for booked in ours:
        here[booked.kind, booked.key].append(booked)
    for name, moves in there.items():
        _pair(found, moves, here.pop(name, []))
    found.ours += [booked for left in here.values() for booked in left]
    return found


def _pair(found: Compared, moves: list[Move], booked: list[Booked]) -> None:
    """The movements of one key on both sides: usually one of each."""
    known = bool(booked)
    left = list(booked)
    keyed = moves[0].kind in KEYED
    for same in (_same_number_and_money, _same_money, _same_number, _anything) if keyed else (_same_number,):
        moves, left = _matched(found, moves, left, same)
    if known and keyed:
        found.differ += [(Named.TWICE, move, booked[0]) for move in moves]
    else:
        found.theirs += moves
    found.ours += left


def _same_money(move: Move, booked: Booked) -> bool:
    return (move.amount_minor, move.currency) == (booked.amount_minor, booked.currency)


def _same_number(move: Move, booked: Booked) -> bool:
    return move.ref == booked.ref


def _same_number_and_money(move: Move, booked: Booked) -> bool:
    return _same_number(move, booked) and _same_money(move, booked)


def _anything(move: Move, booked: Booked) -> bool:
    return True


def _matched(
    found: Compared, moves: Sequence[Move], booked: Sequence[Booked], same: Callable[[Move, Booked], bool]
) -> tuple[list[Move], list[Booked]]:
    left, rest = list(booked), []
    for move in moves:
        partner = next((one for one in left if same(move, one)), None)
        if partner is None:
            rest.append(move)
            continue
        left.remove(partner)
        found.pairs += 1
        if named := other_money(move, partner.amount_minor, partner.currency):
            found.differ.append((named, move, partner))
    return rest, left


def other_money(move: Move, amount_minor: int, currency: str) -> Named | None:
    if move.currency != currency:
        return Named.CURRENCY
    return Named.AMOUNT if move.amount_minor != amount_minor else None


# ----------------------------------------------------------------- days


def day_of(at: Instant, zone: str) -> str:
    return moment(at, zone).date().isoformat()


def bounds(day: str, zone: str) -> tuple[Instant, Instant]:
    """From the local midnight that begins the day until the next."""
    this = date.fromisoformat(day)
    begin, end = (datetime.combine(one, time(), tzinfo=zone_of(zone)) for one in (this, this + timedelta(days=1)))
    return instant(begin), instant(end)


def opens_at(day: str, zone: str) -> Instant:
    """When a day's books are first looked at."""
    next_day = date.fromisoformat(day) + timedelta(days=1)
    return instant(datetime.combine(next_day, OPENS, tzinfo=zone_of(zone)))


def opened(method: str, zone: str, now: Instant) -> Books:
    day = day_of(now, zone)
    return Books(method=method, day=day, zone=zone, due_at=opens_at(day, zone))


def waiting(books: Books, now: Instant) -> Books:
    """The provider's list is not there yet."""
    return replace(books, asked_at=books.asked_at if books.asked_at is not None else now, due_at=now + AGAIN)


def overdue(books: Books, now: Instant) -> bool:
    return books.asked_at is not None and books.alarmed_at is None and now - books.asked_at >= LATE


def next_day(books: Books) -> Books:
    day = (date.fromisoformat(books.day) + timedelta(days=1)).isoformat()
    return replace(books, day=day, asked_at=None, alarmed_at=None, due_at=opens_at(day, books.zone))
