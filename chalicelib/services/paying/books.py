"""Holds a provider's day against the ledger (对账): names every difference, and takes up what no report ever told."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...domain import books as rules
from ...domain.books import KINDS, Booked, BookedDay, Books, Difference, Move, MoveKind, Named
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind, RefundStage
from ...domain.ports import Answer, EventKind, Moves, Outcome, Page, Payments, ProviderEvent
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Create, Replace
from ...lean import dataclass
from ..attempts import once
from ..world import World
from .start_payment import provider_of
from .webhook import reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A difference, with the report that would make it good, if one would."""

    named: Named
    move: Move
    entry: Entry | None = None
    ours_minor: int | None = None
    theirs_minor: int | None = None
    report: ProviderEvent | None = None


def opened(world: World, methods: Iterable[str], now: Instant) -> None:
    """Every provider through which money may come has books from that day on."""
    for method in methods:
        if world.store.books(method) is None:
            once(world, Create(rules.opened(method, world.home.zone, now)))


def books_wake(world: World, books: Books, now: Instant) -> None:
    """One day. It may stop anywhere and be done again: only the last write moves on to the next day."""
    provider = provider_of(world, books.method)
    since, until = rules.bounds(books.day, books.zone)
    theirs = _theirs(provider, since, until)
    if theirs is None:
        _wait(world, books, now)
        return
    by_hand = theirs.outcome is Outcome.NOT_FOUND
    ours = [] if by_hand else list(_ours(world, provider, since, until))
    found = list(_found(world, provider, theirs.lines, ours))
    for one in found:
        _note(world, books, one, now)
    if found:
        world.watch.alarm("books_differ", provider=books.method, day=books.day, differences=str(len(found)))
    done = BookedDay(
        method=books.method,
        day=books.day,
        theirs=len(theirs.lines),
        ours=len(ours),
        differences=len(found),
        by_hand=by_hand,
        at=now,
    )
    world.store.commit(Replace(rules.next_day(books)), Create(done))
    world.watch.count("books_differences", len(found))


def _theirs(provider: Payments, since: Instant, until: Instant) -> Moves | None:
    """The whole list; None while there is none."""
    lines: list[Move] = []
    start = None
    while True:
        page = provider.moves(since, until, start)
        if page.outcome is Outcome.NOT_FOUND:
            return page
        if page.outcome is not Outcome.SUCCEEDED:
            return None
        lines += page.lines
        if page.next is None:
            return replace(page, lines=lines)
        start = page.next


def _wait(world: World, books: Books, now: Instant) -> None:
    waiting = rules.waiting(books, now)
    if late := rules.overdue(waiting, now):
        waiting = replace(waiting, alarmed_at=now)
    world.store.commit(Replace(waiting))
    if late:
        world.watch.alarm("books_late", provider=books.method, day=books.day)


def _ours(world: World, provider: Payments, since: Instant, until: Instant) -> Iterator[Booked]:
    for entry in world.store.moved(provider.name, since, until):
        if rules.moved_at(entry) is not None:  # else it has moved back since: a refund that failed after all
            yield _booked(provider, entry)


def _booked(provider: Payments, entry: Entry) -> Booked:
    kind, raw = KINDS[entry.kind], rules.key_of(entry)
    return Booked(
        kind=kind,
        key=provider.spelled(raw, MoveKind.REFUND if kind is MoveKind.REFUND else MoveKind.PAYMENT),
        raw=raw,
        ref=entry.provider_ref or "",
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        entry=entry,
    )


def _found(world: World, provider: Payments, theirs: Iterable[Move], ours: list[Booked]) -> Iterator[Found]:
    compared = rules.compare(theirs, ours)
    for named, move, booked in compared.differ:
        entry = booked.entry if booked else None
        mine = booked.amount_minor if booked else None
        yield Found(named=named, move=move, entry=entry, ours_minor=mine, theirs_minor=move.amount_minor)
    for move in compared.theirs:
        if found := _only_there(world, provider, move):
            yield found
    for booked in compared.ours:
        if found := _only_here(provider, booked):
            yield found


# ----------------------------------------------------------------- there, and not on this day here


def _only_there(world: World, provider: Payments, move: Move) -> Found | None:
    if move.kind is MoveKind.REFUND:
        return _refund_there(world, provider, move)
    payment = world.store.entry(move.key) if provider.spelled(move.key) == move.key and move.key else None
    if payment is not None and (payment.kind is not Kind.PAYMENT or payment.method != provider.name):
        payment = None
    if move.kind is MoveKind.PAYMENT:
        return _payment_there(world, move, payment)
    return _chargeback_there(world, move, payment)


def _payment_there(world: World, move: Move, payment: Entry | None) -> Found | None:
    """Booked on another day, or in another state, or not at all."""
    if payment is None:
        return Found(named=Named.MISSING_HERE, move=move, theirs_minor=move.amount_minor)
    capture, stray = (world.store.entry(f"{payment.id}.{name}") for name in ("capture", "stray"))
    moved = [one for one in (payment, capture, stray) if one is not None and one.state is EntryState.POSTED]
    for one in moved:
        if rules.other_money(move, one.amount_minor, one.currency) is None:
            return None
    if moved:
        named = rules.other_money(move, moved[0].amount_minor, moved[0].currency) or Named.AMOUNT
        return _of(named, move, moved[0])
    held = payment.state is EntryState.AUTHORISED
    return replace(
        _of(Named.STATE, move, payment), report=_report(EventKind.CAPTURED if held else EventKind.PAID, move)
    )


def _refund_there(world: World, provider: Payments, move: Move) -> Found | None:
    refund, attempt = None, ""
    if provider.spelled(move.key, MoveKind.REFUND) == move.key:
        entry_id, _, attempt = move.key.rpartition(".")
        refund = world.store.entry(entry_id) if entry_id else None
    if refund is None or refund.kind is not Kind.REFUND or refund.method != provider.name:
        return Found(named=Named.REFUND_UNKNOWN, move=move, theirs_minor=move.amount_minor)
    if attempt != str(refund.attempt):
        return _of(Named.TWICE, move, refund)  # an attempt that was given up has paid after all
    if named := rules.other_money(move, refund.amount_minor, refund.currency):
        return _of(named, move, refund)
    if refund.state is EntryState.POSTED:
        return None
    return replace(_of(Named.STATE, move, refund), report=_report(EventKind.REFUNDED, move))


def _chargeback_there(world: World, move: Move, payment: Entry | None) -> Found | None:
    unknown = Found(named=Named.CHARGEBACK_UNKNOWN, move=move, theirs_minor=move.amount_minor)
    if payment is None:
        return unknown
    kind = Kind.CHARGEBACK if move.kind is MoveKind.CHARGEBACK else Kind.CHARGEBACK_WON
    known = world.store.entry(f"{payment.id}.{kind.value}.{move.ref}")
    if known is not None:
        named = rules.other_money(move, known.amount_minor, known.currency)
        return _of(named, move, known) if named else None
    event = EventKind.CHARGED_BACK if kind is Kind.CHARGEBACK else EventKind.CHARGEBACK_WON
    return replace(unknown, entry=payment, report=_report(event, move))


def _of(named: Named, move: Move, entry: Entry) -> Found:
    mine = entry.amount_minor if entry.state is EntryState.POSTED else None
    return Found(named=named, move=move, entry=entry, ours_minor=mine, theirs_minor=move.amount_minor)


def _report(kind: EventKind, move: Move) -> ProviderEvent:
    return ProviderEvent(
        kind=kind, key=move.key, ref=move.ref, amount_minor=move.amount_minor, currency=move.currency, at=move.at
    )


# ----------------------------------------------------------------- here, and not on this day there


def _only_here(provider: Payments, booked: Booked) -> Found | None:
    """The provider may have it under another day: it is asked about this one. Raises Unavailable while it is silent."""
    move = Move(
        kind=booked.kind,
        key=booked.key,
        ref=booked.ref,
        amount_minor=booked.amount_minor,
        currency=booked.currency,
        at=booked.entry.posted_at or 0,
    )
    found = Found(named=Named.MISSING_THERE, move=move, entry=booked.entry, ours_minor=booked.amount_minor)
    if booked.kind not in rules.KEYED:
        return found
    refund = booked.kind is MoveKind.REFUND
    of = booked.entry.payment_ref or booked.ref
    said = provider.look_up_refund(booked.raw, of) if refund else provider.look_up_payment(booked.raw, of or None)
    if said.outcome is Outcome.UNKNOWN:
        raise Unavailable("payment provider", retry_after_s=60)
    if said.outcome is Outcome.NOT_FOUND:
        return found
    if said.outcome is Outcome.SUCCEEDED:
        return _other_money_said(found, booked, said)
    failed = refund and said.outcome is Outcome.FAILED
    report = replace(_report(EventKind.REFUND_FAILED, move), key=booked.raw, reason=said.reason) if failed else None
    return replace(found, named=Named.STATE, report=report)


def _other_money_said(found: Found, booked: Booked, said: Answer) -> Found | None:
    if said.amount_minor in (None, booked.amount_minor) and said.currency in (None, booked.currency):
        return None
    named = Named.CURRENCY if said.currency not in (None, booked.currency) else Named.AMOUNT
    return replace(found, named=named, theirs_minor=said.amount_minor)


# ----------------------------------------------------------------- what is done about it


def _note(world: World, books: Books, found: Found, now: Instant) -> None:
    taken_up = found.report is not None and _taken_up(world, books.method, found, now)
    move, entry = found.move, found.entry
    one = Difference(
        method=books.method,
        day=books.day,
        named=found.named,
        kind=move.kind,
        key=move.key,
        ref=move.ref,
        entry_id=entry.id if entry else "",
        merchant_id=entry.merchant_id if entry else "",
        ours_minor=found.ours_minor,
        theirs_minor=found.theirs_minor,
        currency=move.currency,
        taken_up=taken_up,
        at=now,
    )
    once(world, Create(one))


def _taken_up(world: World, method: str, found: Found, now: Instant) -> bool:
    """The report that never came, as if it had: the same path, and as harmless when it comes after all."""
    assert found.report is not None
    if found.entry is not None and found.entry.stage is RefundStage.PARKED:
        return False
    try:
        reported(world, method, found.report, now)
    except Refused:
        return False
    return True


# ----------------------------------------------------------------- who looks at them


def days(world: World, method: str, *, limit: int, start: str | None) -> Page[BookedDay]:
    _check(world, method)
    return world.store.booked_days(method, limit, start)


def differences(world: World, method: str, day: str, *, limit: int, start: str | None) -> Page[Difference]:
    _check(world, method)
    return world.store.differences(method, day, limit, start)


def _check(world: World, method: str) -> None:
    if method not in world.payments:
        raise Refused("unknown_provider", provider=method)
