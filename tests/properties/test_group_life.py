"""One group's whole life in random order, against a model too simple to be wrong: sets of people, and sums of money.

The domain decides; a little store of versioned rows here plays the part of the real one, with the guards its writes
name. After every step the promises hold: nothing oversold, a verdict once and from the rows, money that adds up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import group as groups
from chalicelib.domain import ledger, pricing
from chalicelib.domain import order as orders
from chalicelib.domain.campaign import Campaign, Item, Measure, Target
from chalicelib.domain.group import Count, Group, GroupState, Slice
from chalicelib.domain.instants import DAY, MINUTE
from chalicelib.domain.ledger import Entry, EntryState, RefundStage
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.pricing import Tier
from chalicelib.domain.refusals import Refused
from tests.unit.domain import given as story

BUYERS = ("an", "bo", "chen", "dai", "en", "fu")
buyers = st.sampled_from(BUYERS)
HELD, PAID, EXPIRED, CANCELLED = OrderState


@dataclass
class Shelf:
    """Versioned rows: a replacement must name the version it saw."""

    group: Group
    slice: Slice
    orders: dict[str, Order] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def put_order(self, new: Order) -> None:
        seen = self.orders.get(new.buyer_id)
        assert new.version == (seen.version if seen else 0)
        self.orders[new.buyer_id] = replace(new, version=new.version + 1)

    def create_entry(self, new: Entry) -> None:
        assert new.id not in self.entries, "an echo creates nothing"
        self.entries[new.id] = new

    def take(self, units: int, seats: int, now: int | None) -> bool:
        """The clauses of a slice's guard."""
        row = self.slice
        if row.sealed or (now is not None and not row.opens_at <= now < row.closes_at):
            return False
        if (units > 0 and row.left["apples"] < units) or (seats > 0 and row.seats < seats):
            return False
        self.slice = replace(row, left={"apples": row.left["apples"] - units}, seats=row.seats - seats)
        return True


@dataclass
class Model:
    """Who is in, for how many units, who has paid how much, what of it pays for goods, and what went back to whom."""

    stock: int
    inside: dict[str, int] = field(default_factory=dict)
    paid: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    captured: int = 0
    returned: dict[str, int] = field(default_factory=dict)
    owed_back: dict[str, int] = field(default_factory=dict)

    def owes(self, buyer: str, amount: int) -> None:
        self.owed_back[buyer] = self.owed_back.get(buyer, 0) + amount


class GroupLife(RuleBasedStateMachine):
    @initialize(
        stock=st.integers(1, 12),
        seats=st.sampled_from([None, 2, 4]),
        measure=st.sampled_from(Measure),
        need=st.integers(1, 4),
    )
    def opens(self, stock: int, seats: int | None, measure: Measure, need: int) -> None:
        tiers = (Tier(participants=2, unit_price_minor=900), Tier(participants=4, unit_price_minor=701))
        item = Item(sku="apples", product_id="p", title="", list_price_minor=1_000, tiers=tiers, stock=stock)
        at_least = need * 1_000 if measure is Measure.AMOUNT else need
        self.terms: Campaign = story.terms(
            items=(item,), target=Target(measure=measure, at_least=at_least), max_participants=seats
        )
        group = story.group(self.terms)
        self.shelf = Shelf(group, groups.first_slices(group, self.terms, {"apples": stock})[0])
        self.model = Model(stock)
        self.now = story.NOON
        self.keys = 0
        self.verdict: groups.Verdict | None = None

    # time

    @rule(minutes=st.integers(1, 24 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(minutes=st.integers(-60, 3 * 24 * 60))
    def deadline_moves(self, minutes: int) -> None:
        try:
            moved = groups.deadline_moved(self.shelf.group, self.now + minutes * MINUTE, self.now)
        except Refused:
            late = self.shelf.group.state is not GroupState.OPEN or self.now >= self.shelf.group.closes_at
            assert late or minutes <= 0
            return
        self.shelf.group = moved
        if not self.shelf.slice.sealed and self.shelf.slice.deadline_number < moved.deadline_number:
            self.shelf.slice = replace(
                self.shelf.slice, closes_at=moved.closes_at, deadline_number=moved.deadline_number
            )

    # buyers

    @rule(buyer=buyers, units=st.integers(1, 4))
    def joins(self, buyer: str, units: int) -> None:
        old = self.shelf.orders.get(buyer)
        if old is not None and (old.state in orders.HOLDING or old.resolution is not None):
            return
        if not self.shelf.take(units, 1, self.now):
            self._was_rightly_refused(units)
            return
        prices = orders.prices_on_joining(self.terms, self.shelf.group, {"apples": units})
        self.keys += 1
        new = story.order(
            id=f"g-00{buyer}",
            buyer_id=buyer,
            lines={"apples": units},
            prices=prices,
            amount_minor=pricing.amount({"apples": units}, prices),
            joined_at=self.now,
            pay_by=orders.pay_by(self.terms, self.shelf.group, self.now, non_payer=False),
        )
        try:
            joined = orders.joined(replace(new, version=0), old, f"k{self.keys}", story.receipt())
        except Refused:
            assert old is not None and len(old.receipts) == orders.MOST_KEYS
            assert self.shelf.take(-units, -1, None)
            return
        self.shelf.put_order(joined)
        self.model.inside[buyer] = units

    def _was_rightly_refused(self, units: int) -> None:
        """Nobody hears "full" while there is room, nor "closed" while it is open."""
        group = self.shelf.group
        is_open = group.state is GroupState.OPEN and self.now < group.closes_at
        room = self.model.stock - sum(self.model.inside.values()) >= units
        seat = self.terms.max_participants is None or len(self.model.inside) < self.terms.max_participants
        assert not (is_open and room and seat)

    @rule(buyer=buyers, units=st.integers(1, 4))
    def changes(self, buyer: str, units: int) -> None:
        order = self.shelf.orders.get(buyer)
        if order is None:
            return
        try:
            new = orders.changed(order, {"apples": units}, self.shelf.group, self.terms, self.now)
        except Refused:
            assert order.state is not HELD or order.payment_id is not None
            return
        if self.shelf.take(units - order.lines["apples"], 0, self.now):
            self.shelf.put_order(new)
            self.model.inside[buyer] = units

    @rule(buyer=buyers)
    def starts_to_pay(self, buyer: str) -> None:
        order = self.shelf.orders.get(buyer)
        if order is None or self.now >= order.pay_by:
            return
        try:
            started = orders.payment_started(order, f"{order.id}.p{order.payments + 1}", self.now)
        except Refused:
            assert order.state is not HELD
            return
        self.shelf.put_order(started)
        assert started.payment_id is not None
        self.shelf.create_entry(story.payment(started.payment_id, order.amount_minor, buyer_id=buyer))

    @rule(buyer=buyers, which=st.integers(1, 3), ago=st.integers(0, 60), echo=st.booleans())
    def money_arrives(self, buyer: str, which: int, ago: int, echo: bool) -> None:
        """For whichever payment, late or in time, and reported twice."""
        payment = self.shelf.entries.get(f"g-00{buyer}.p{which}")
        if payment is None or payment.state is EntryState.POSTED:
            return
        paid_at = self.now - ago * MINUTE
        money = ledger.posted(payment, provider_ref="pi", paid_at=paid_at, now=self.now)
        self.model.captured += payment.amount_minor
        self.shelf.entries[money.id] = money
        order = self.shelf.orders[buyer]
        if (
            order.state is HELD
            and money.amount_minor == order.amount_minor
            and orders.counts_in_time(paid_at, self.shelf.group)
        ):
            self.shelf.put_order(orders.paid(order, money.id, paid_at, self.now))
            self.model.paid[buyer] = self.model.kept[buyer] = money.amount_minor
        elif self._seated_again(order, money):
            self.model.inside[buyer] = order.lines["apples"]
            self.model.paid[buyer] = self.model.kept[buyer] = money.amount_minor
        else:
            cause = "duplicate" if order.state is PAID else "late"
            self._refund(money, cause, money.amount_minor)
        if echo:
            assert self.shelf.entries[money.id].state is EntryState.POSTED, "the second report finds it so"

    def _seated_again(self, order: Order, money: Entry) -> bool:
        lapsed = order.state is EXPIRED and order.resolution is None and money.id == order.payment_id
        if not lapsed or self.shelf.group.state is not GroupState.OPEN or money.amount_minor != order.amount_minor:
            return False
        if not self.shelf.take(order.lines["apples"], 1, self.now):
            return False
        assert money.paid_at is not None
        self.shelf.put_order(orders.paid(order, money.id, money.paid_at, self.now, slice_number=0))
        return True

    @rule(buyer=buyers)
    def cancels(self, buyer: str) -> None:
        order = self.shelf.orders.get(buyer)
        if order is None:
            return
        try:
            new = orders.cancelled(order, self.now, by=buyer)
        except Refused:
            assert buyer not in self.model.inside
            return
        if not self.shelf.take(-order.lines["apples"], -1, self.now):
            return
        self.shelf.put_order(new)
        del self.model.inside[buyer]
        if order.state is PAID:
            del self.model.kept[buyer]
            self._refund(self.shelf.entries[order.captured_id or ""], "cancelled", self.model.paid.pop(buyer))

    @rule(buyer=buyers)
    def timer_lets_a_seat_lapse(self, buyer: str) -> None:
        order = self.shelf.orders.get(buyer)
        if order is None or order.state is not HELD or self.now < min(order.pay_by, self.shelf.group.closes_at):
            return
        if self.shelf.take(-order.lines["apples"], -1, None):
            self.shelf.put_order(orders.expired(order, self.now, released=True))
            del self.model.inside[buyer]

    # the close

    @precondition(lambda self: self.shelf.group.state is GroupState.OPEN)
    @rule()
    def closing_begins(self) -> None:
        if self.now >= groups.closing_time(self.shelf.group):
            self.shelf.group = groups.sealing(self.shelf.group, self.now)
            self.shelf.slice = replace(self.shelf.slice, sealed=True)

    @precondition(lambda self: self.shelf.group.state is GroupState.SEALING)
    @rule()
    def verdict_is_given(self) -> None:
        for order in list(self.shelf.orders.values()):
            if order.state is HELD:
                self.shelf.put_order(orders.expired(order, self.now, released=False))
                del self.model.inside[order.buyer_id]
        counts = [_count(order) for order in self.shelf.orders.values()]
        verdict = groups.judged(self.shelf.group, self.terms, groups.total(counts), self.shelf.slice.left, self.now)
        self.shelf.group = groups.verdict_given(self.shelf.group, verdict)
        self.verdict = verdict
        self._is_right(verdict)

    def _is_right(self, verdict: groups.Verdict) -> None:
        model = self.model
        assert verdict.participants == len(model.paid) and set(model.paid) == set(model.inside)
        assert sum(verdict.units.values()) == sum(model.inside.values())
        assert verdict.amount_minor == sum(model.paid.values())
        assert self.terms.target is not None
        reached = {
            Measure.PARTICIPANTS: len(model.paid),
            Measure.UNITS: sum(model.inside.values()),
            Measure.AMOUNT: sum(model.paid.values()),
        }[self.terms.target.measure]
        assert verdict.formed is (reached >= self.terms.target.at_least)
        sold = sum(model.inside.values()) if verdict.formed else 0
        assert sum(verdict.unsold.values()) == model.stock - sold, "what was not sold goes back, all of it"

    @precondition(lambda self: self.verdict is not None)
    @rule(buyer=buyers)
    def verdict_is_carried_out(self, buyer: str) -> None:
        order = self.shelf.orders.get(buyer)
        if order is None or order.state is not PAID or order.resolution is not None:
            return
        assert self.verdict is not None
        due = pricing.amount(order.lines, self.verdict.prices) if self.verdict.formed else 0
        back = order.amount_minor - due
        assert back >= 0, "nobody ever owes more later"
        if back:
            cause = "price_drop" if self.verdict.formed else "failed"
            self._refund(self.shelf.entries[order.captured_id or ""], cause, back)
        self.model.kept[buyer] = due
        self.shelf.put_order(replace(order, resolution="formed" if self.verdict.formed else "failed"))

    # money back

    def _refund(self, payment: Entry, cause: str, amount_minor: int) -> None:
        refund = ledger.refund_of(payment, cause=cause, amount_minor=amount_minor, now=self.now)
        self.shelf.create_entry(refund)
        self.model.owes(payment.buyer_id, amount_minor)

    @rule(pick=st.integers(0, 30), word=st.sampled_from(["succeeded", "failed", "silence"]))
    def provider_answers_a_refund(self, pick: int, word: str) -> None:
        refunds = [e for e in self.shelf.entries.values() if e.kind is ledger.Kind.REFUND]
        if not refunds:
            return
        refund = refunds[pick % len(refunds)]
        if refund.stage is RefundStage.PARKED:
            return
        done = refund.state is EntryState.POSTED
        answers: dict[str, Callable[[Entry], Entry]] = {
            "succeeded": lambda e: ledger.succeeded(e, provider_ref="re", now=self.now),
            "failed": lambda e: ledger.failed(e, "no", self.now),
            "silence": lambda e: ledger.unknown(e, self.now),
        }
        if done and word != "failed":
            return
        self.shelf.entries[refund.id] = answers[word](refund if done else ledger.submitted(refund, self.now))
        change = {"succeeded": refund.amount_minor, "failed": -refund.amount_minor if done else 0}.get(word, 0)
        self.model.returned[refund.buyer_id] = self.model.returned.get(refund.buyer_id, 0) + change

    # the promises, after every step

    @invariant()
    def nothing_is_oversold(self) -> None:
        row, model = self.shelf.slice, self.model
        assert row.left["apples"] >= 0 and row.seats >= 0
        lapsed = [o for o in self.shelf.orders.values() if o.state is EXPIRED and not o.released]
        inside = sum(model.inside.values()) + sum(o.lines["apples"] for o in lapsed)
        assert row.left["apples"] + inside == model.stock
        holding = {b: o.lines["apples"] for b, o in self.shelf.orders.items() if o.state in orders.HOLDING}
        assert holding == model.inside
        if self.terms.max_participants is not None:
            assert row.seats + len(model.inside) + len(lapsed) == self.terms.max_participants

    @invariant()
    def money_adds_up(self) -> None:
        entries, model = list(self.shelf.entries.values()), self.model
        money = ledger.balance(entries)
        assert money.captured == model.captured == money.refunded + money.released + money.held
        assert sum(ledger.accounts(entries).values()) == 0
        assert money.refunded == sum(model.returned.values())
        assert money.pending_refunds + money.refunded == sum(model.owed_back.values())
        assert money.held - money.pending_refunds == sum(model.kept.values()), "what is not owed back is for the goods"

    @invariant()
    def a_verdict_stands(self) -> None:
        if self.verdict is None:
            return
        assert self.shelf.group.verdict == self.verdict
        paid = [o for o in self.shelf.orders.values() if o.state is PAID]
        assert len(paid) == self.verdict.participants
        assert sum(o.amount_minor for o in paid) == self.verdict.amount_minor
        with pytest.raises(Refused):
            groups.deadline_moved(self.shelf.group, self.now + DAY, self.now)


def _count(order: Order) -> Count:
    if order.state is PAID:
        return Count(participants=1, units=order.lines, amount_minor=order.amount_minor)
    if order.state is EXPIRED and not order.released:
        return Count(unsold=order.lines)
    return Count()


TestGroupLife = pytest.mark.req("P11", "X3", "B2")(GroupLife.TestCase)
TestGroupLife.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
