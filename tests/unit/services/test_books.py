"""Reconciliation (B12): pairing two lists, and a day of a thousand orders on the whole store."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import books, ledger
from chalicelib.domain.books import Booked, Move, MoveKind, Named, compare
from chalicelib.domain.instants import DAY, MINUTE, Instant
from chalicelib.domain.ledger import Entry, EntryState, Kind
from chalicelib.domain.ports import Answer, EventKind, Moves, Outcome, Part, ProviderEvent
from chalicelib.domain.writes import Create, Replace
from chalicelib.services.buying.join import join
from chalicelib.services.paying.books import books_wake
from chalicelib.services.paying.books import opened as open_books
from chalicelib.services.paying.entry_wake import entry_wake
from chalicelib.services.paying.webhook import webhook
from tests.bench.house import START, House, Ledger, ask, buyer, open_pot, terms_of

PAGE = 100


class Bank(Ledger):
    """A provider that keeps a list of what it did, and shows it by pages."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Move] = []

    def did(self, kind: MoveKind, key: str, amount_minor: int, at: Instant) -> Move:
        line = Move(
            kind=kind, key=key, ref=f"{kind}-{len(self.lines)}", amount_minor=amount_minor, currency="CNY", at=at
        )
        self.lines.append(line)
        return line

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        mine = [line for line in self.lines if since <= line.at < until]
        begin = int(start or 0)
        more = str(begin + PAGE) if begin + PAGE < len(mine) else None
        return Moves(outcome=Outcome.SUCCEEDED, lines=mine[begin : begin + PAGE], next=more)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        line = self.did(MoveKind.PAYMENT, headers["key"], int(body), now)
        return ProviderEvent(
            kind=EventKind.PAID, key=line.key, ref=line.ref, amount_minor=line.amount_minor, currency="CNY", at=now
        )

    def refund(self, part: Part, paid_minor: int) -> Answer:
        said = super().refund(part, paid_minor)
        line = self.did(MoveKind.REFUND, part.key, part.amount_minor, START + 10 * MINUTE)
        return replace(said, ref=line.ref)


def day_of_orders(house: House, orders: int) -> Bank:
    """Everybody joins and pays; every third is paid back something."""
    bank = house.provider = Bank()
    world = house.world()
    group = open_pot(house.store, terms_of(1, stock=orders, target=1))
    open_books(world, ["sandbox"], START)
    for number in range(1, orders + 1):
        seat = join(world, buyer(number), group.id, ask(number, method="sandbox"), now=START + MINUTE)
        assert seat.payment is not None
        body = str(seat.payment.amount_minor).encode()
        webhook(world, "sandbox", {"key": seat.payment.id}, body, now=START + 2 * MINUTE)
        if number % 3 == 0:
            paid = house.store.entry(seat.payment.id)
            assert paid is not None
            back = ledger.refund_of(paid, cause="shortage", amount_minor=100, now=START + 5 * MINUTE)
            house.store.commit(Create(back))
            entry_wake(world, replace(back, version=1), START + 10 * MINUTE)
    return bank


def look(house: House, at: Instant) -> None:
    row = house.store.books("sandbox")
    assert row is not None and row.due_at is not None
    books_wake(house.world(), row, max(at, row.due_at))


@pytest.mark.req("X3")
@pytest.mark.bar("B12")
def test_a_clean_day_of_a_thousand_orders_raises_nothing_and_planted_differences_are_all_found() -> None:
    with House.built() as house:
        bank = day_of_orders(house, 1_000)
        look(house, START + 2 * DAY)
        (day,) = house.store.booked_days("sandbox", 10, None).rows
        assert (day.theirs, day.ours, day.differences) == (1_333, 1_333, 0)
        assert house.counts.alarms == []

        row = house.store.books("sandbox")
        assert row is not None
        house.store.commit(Replace(replace(row, day=day.day)))  # the same day again, in another book
        first, second, third, fourth, fifth = [line for line in bank.lines if line.kind is MoveKind.PAYMENT][:5]
        bank.lines.remove(first)
        bank.look_up_payment = lambda key, ref=None: replace(Ledger().look_up_payment(key), outcome=Outcome.NOT_FOUND)  # type: ignore[method-assign]
        bank.lines[bank.lines.index(second)] = replace(second, amount_minor=second.amount_minor - 1)
        bank.lines[bank.lines.index(third)] = replace(third, currency="HKD")
        bank.lines.append(replace(fourth, ref="again"))
        bank.lines.append(replace(fifth, key="g1-00nobody.p1", ref="foreign"))
        bank.did(MoveKind.REFUND, "g1-00nobody.p1.failed.1", 7, START + MINUTE)
        bank.did(MoveKind.CHARGEBACK, fifth.key, 50, START + MINUTE)
        found = _found_again(house)
        assert sorted(found) == sorted([
            ("missing_there", first.key), ("amount", second.key), ("currency", third.key), ("twice", fourth.key),
            ("missing_here", "g1-00nobody.p1"), ("refund_unknown", "g1-00nobody.p1.failed.1"),
            ("chargeback_unknown", fifth.key),
        ])  # fmt: skip
        known = house.store.entries_of_order(fifth.key.partition(".")[0])
        assert [entry.amount_minor for entry in known if entry.kind is Kind.CHARGEBACK] == [50], "taken up"
        assert set(_found_again(house)) == set(found), "looking again finds nothing new"


def _found_again(house: House) -> list[tuple[str, str]]:
    """Done anew for the first day, as after a crash just before its last write."""
    from chalicelib.domain.refusals import Lost

    row = house.store.books("sandbox")
    assert row is not None
    day = house.store.booked_days("sandbox", 10, None).rows[-1].day
    again = replace(row, day=day)
    house.store.commit(Replace(again))
    with pytest.raises(Lost):
        books_wake(house.world(), replace(again, version=again.version + 1), START + 3 * DAY)
    return [(one.named.value, one.key) for one in house.store.differences("sandbox", day, 100, None).rows]


@pytest.mark.req("X3")
def test_the_cost_of_a_day_grows_with_its_orders_and_no_faster() -> None:
    spent = []
    for orders in (60, 240):
        with House.built() as house:
            day_of_orders(house, orders)
            calls = 0
            below = house.below

            def counted(operation: str, arguments: dict[str, Any], below: Any = below) -> Any:
                nonlocal calls
                calls += 1
                return below(operation, arguments)

            house.below = counted
            look(house, START + 2 * DAY)
            spent.append(calls)
    assert spent[1] <= spent[0] + 16, "sixteen lists are read by hundreds: nothing is read line by line"


# ----------------------------------------------------------------- pairing, on histories of all kinds

HAPPENED = ("paid", "captured", "stray", "refund", "retried", "bank", "bank_won")
PLANTED = ("lost", "doubled", "amount", "currency", "forgotten")
STEPS = st.lists(
    st.tuples(st.sampled_from(HAPPENED), st.integers(1, 9)),
    max_size=30,
)


def history(steps: list[tuple[str, int]]) -> tuple[list[Entry], list[Move]]:
    """What a day without mishaps leaves on either side."""
    entries: list[Entry] = []
    moves: list[Move] = []
    for number, (step, amount) in enumerate(steps):
        payment = Entry(
            id=f"g1-00b{number}.p1", kind=Kind.PAYMENT, order_id=f"g1-00b{number}", group_id="g1", campaign_id="c1",
            buyer_id="b", merchant_id="m", amount_minor=amount, currency="CNY", method="sandbox", created_at=1,
        )  # fmt: skip
        paid = ledger.posted(payment, provider_ref=f"pay{number}", paid_at=5, now=9)

        def moved(kind: MoveKind, key: str, ref: str, amount: int = amount) -> None:
            moves.append(Move(kind=kind, key=key, ref=ref, amount_minor=amount, currency="CNY", at=5))

        if step == "captured":
            held = ledger.authorised(payment, provider_ref=f"pay{number}", at=5, now=9)
            taken = ledger.succeeded(
                ledger.capture_of(held, amount_minor=amount, until=99, now=9), provider_ref=f"pay{number}", now=9
            )
            entries += [ledger.captured(held, amount), taken]
            moved(MoveKind.PAYMENT, payment.id, f"pay{number}")
            continue
        if step == "stray":
            came = ledger.stray_of(
                payment, amount_minor=amount + 1, currency="CNY", ref=f"odd{number}", paid_at=5, now=9
            )
            entries.append(came)
            moved(MoveKind.PAYMENT, payment.id, f"odd{number}", amount + 1)
        entries.append(paid)
        moved(MoveKind.PAYMENT, payment.id, f"pay{number}")
        if step in ("refund", "retried"):
            back = ledger.refund_of(paid, cause="failed", amount_minor=amount, now=9)
            back = ledger.failed(back, "bank_busy", 9) if step == "retried" else back
            done = ledger.succeeded(back, provider_ref=f"re{number}", now=9)
            entries.append(done)
            moved(MoveKind.REFUND, done.key, f"re{number}")
        if step.startswith("bank"):
            for won in (False, True)[: 1 + (step == "bank_won")]:
                kind = MoveKind.CHARGEBACK_WON if won else MoveKind.CHARGEBACK
                entries.append(ledger.charged_back(paid, ref=f"d{number}", amount_minor=amount, won=won, at=5, now=9))
                moved(kind, payment.id, f"d{number}")
    return entries, moves


def booked(entries: list[Entry]) -> list[Booked]:
    return [
        Booked(
            kind=books.KINDS[one.kind], key=books.key_of(one), raw=books.key_of(one), ref=one.provider_ref or "",
            amount_minor=one.amount_minor, currency=one.currency, entry=one,
        )
        for one in entries
        if books.moved_at(one) is not None
    ]  # fmt: skip


@pytest.mark.bar("B12")
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.randoms(use_true_random=False), st.booleans())
def test_clean_histories_raise_no_alarm(steps: list[tuple[str, int]], dice: random.Random, overlapping: bool) -> None:
    """A thousand of them, in any order, and with pages that overlap."""
    entries, moves = history(steps)
    dice.shuffle(moves)
    dice.shuffle(entries)
    found = compare([*moves, *(moves[:3] if overlapping else [])], booked(entries))
    assert (found.differ, found.theirs, found.ours) == ([], [], [])
    assert found.pairs == len(moves)


@pytest.mark.bar("B12")
@settings(max_examples=300, deadline=None)
@given(STEPS.filter(bool), st.integers(0, 10_000), st.sampled_from(PLANTED))
def test_one_planted_difference_is_found_whatever_else_happened(
    steps: list[tuple[str, int]], where: int, what: str
) -> None:
    entries, moves = history(steps)
    ours = booked(entries)
    at = where % len(moves)
    line = moves[at]
    match what:
        case "lost":
            del moves[at]
        case "doubled":
            moves.append(replace(line, ref="again"))
        case "amount":
            moves[at] = replace(line, amount_minor=line.amount_minor + 1_000)
        case "currency":
            moves[at] = replace(line, currency="HKD")
        case "forgotten":
            ours.pop(where % len(ours))
    found = compare(moves, ours)
    named = [name for name, *_ in found.differ]
    wanted: dict[str, list[Named]] = {"amount": [Named.AMOUNT], "currency": [Named.CURRENCY]}
    if what in wanted:
        assert named == wanted[what]
    assert len(named) + len(found.theirs) + len(found.ours) == 1


@pytest.mark.req("X3")
def test_only_money_that_moved_is_listed() -> None:
    ((entry, *_), _) = history([("paid", 5)])
    assert books.moved_at(entry) == 5
    assert books.moved_at(replace(entry, state=EntryState.PENDING)) is None
    assert books.moved_at(replace(entry, kind=Kind.VOID)) is None


@pytest.mark.bar("B12")
def test_money_that_either_side_has_under_the_next_day_is_no_difference() -> None:
    """Paid a moment before midnight, by the provider's clock or by ours."""
    with House.built() as house:
        bank = day_of_orders(house, 6)
        midnight = books.bounds(books.day_of(START, "Asia/Shanghai"), "Asia/Shanghai")[1]
        theirs, ours = (line for line in bank.lines[:2])
        bank.lines[bank.lines.index(theirs)] = replace(theirs, at=midnight + 1)
        mine = house.store.entry(ours.key)
        assert mine is not None
        house.store.commit(Replace(replace(mine, paid_at=midnight + 1)))
        known = {line.key: line for line in bank.lines}

        def look_up(key: str, ref: str | None = None) -> Answer:
            line = known.get(key)
            return Answer(outcome=Outcome.SUCCEEDED, amount_minor=line.amount_minor if line else None)

        bank.look_up_payment = look_up  # type: ignore[method-assign]
        for _ in range(2):
            look(house, 0)
        assert [day.differences for day in house.store.booked_days("sandbox", 10, None).rows] == [0, 0]
        assert house.counts.alarms == []
