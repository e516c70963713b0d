"""What must hold after every single call to the table, kept up to date change by change."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain import pricing
from chalicelib.domain.campaign import Restocked, Stock
from chalicelib.domain.group import Group, GroupState, Part, Slice
from chalicelib.domain.journey import Journey, StageState
from chalicelib.domain.ledger import Entry, EntryState, Kind
from chalicelib.domain.order import BALANCE_DUE, CALLED_OFF, DEFAULTED, HOLDING, Order, OrderState
from chalicelib.domain.writes import Row
from chalicelib.store.rows import from_image
from tests.engine import Change, Table
from tests.engine.units import size

WORDS = {
    OrderState.HELD: {"order_held"},
    OrderState.PAID: {"order_paid"},
    OrderState.CANCELLED: {"order_cancelled"},
    OrderState.EXPIRED: {"order_expired", "order_lapsed"},
}
"""What an order's new state is told by."""

STATES = (GroupState.OPEN, GroupState.SEALING, GroupState.REVIEW, GroupState.FORMED, GroupState.FAILED)


@dataclass
class Wish:
    """A buyer who is just asking for seats and units; `room` stays true while there has always been room."""

    campaign_id: str
    group_id: str | None
    lines: Mapping[str, int]
    seats: int
    room: bool = True


@dataclass
class Watch:
    """`broken` says which promise did not hold, and how. Sums are checked once a whole transaction is in."""

    table: Table
    broken: list[str] = field(default_factory=list)
    given: dict[str, Counter[str]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    slices: dict[str, dict[int, Slice]] = field(default_factory=lambda: defaultdict(dict))
    orders: dict[str, dict[str, Order]] = field(default_factory=lambda: defaultdict(dict))
    entries: dict[str, dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict))
    journeys: dict[str, Journey] = field(default_factory=dict)
    stock: dict[str, Stock] = field(default_factory=dict)
    counted: set[tuple[str, int]] = field(default_factory=set)
    _touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._looks: dict[str, Callable[[Any, Any], None]] = {
            "stock": self._stock,
            "restocked": self._restocked,
            "group": self._group,
            "slice": self._slice,
            "order": self._order,
            "part": self._part,
            "entry": self._entry,
            "journey": self._journey,
        }
        self.table.watchers.append(self._changed)

    def say(self, what: str) -> None:
        self.broken.append(what)

    # ------------------------------------------------------------- one row

    def _changed(self, change: Change) -> None:
        old = self.rows.get(change.key)
        look = self._looks.get(change.new["kind"]["S"]) if change.new else None
        if change.new is None or look is None:
            return
        new = from_image(change.new)
        self.rows[change.key] = new
        if old is not None and new.version < old.version:
            self.say(f"{change.key} went back from version {old.version} to {new.version}")
        look(old, new)

    def _stock(self, old: Stock | None, new: Stock) -> None:
        if old is None:
            self.given[new.campaign_id] = Counter(new.left)
        self.stock[new.campaign_id] = new
        self._touched.add(new.campaign_id)
        self._not_negative("stock", new.left.values())

    def _restocked(self, old: Restocked | None, new: Restocked) -> None:
        if old is None:
            self.given[new.campaign_id].update(new.units)

    def _group(self, old: Group | None, new: Group) -> None:
        if old is not None:
            back = STATES.index(new.state) < STATES.index(old.state)
            if back or (old.verdict is not None and new.verdict != old.verdict):
                self.say(f"group {new.id} went from {old.state} to {new.state}, or its verdict changed")
        self.groups[new.id] = new
        self._touched.add(new.campaign_id)

    def _slice(self, old: Slice | None, new: Slice) -> None:
        self.slices[new.group_id][new.number] = new
        self._not_negative(f"slice {new.number} of {new.group_id}", [*new.left.values(), new.seats])
        if (bytes_ := size(self.table.stream[-1].new or {})) > 1_024:
            self.say(f"slice {new.number} of {new.group_id} has {bytes_} bytes")
        if old is not None and old.sealed and (old.left, old.seats) != (new.left, new.seats):
            self.say(f"slice {new.number} of {new.group_id} moved after its seal")
        if old is not None and new.deadline_number < old.deadline_number:
            self.say(f"an older deadline overwrote a newer one on slice {new.number} of {new.group_id}")
        group = self.groups.get(new.group_id)
        if group is not None:
            self._touched.add(group.campaign_id)

    def _journey(self, old: Journey | None, new: Journey) -> None:
        """Nothing finished moves, nothing is skipped, no promise is lost, no step is taken twice (S1, S5)."""
        self.journeys[new.group_id] = new
        standing = [list(StageState).index(stage.state) for stage in new.stages]
        if standing != sorted(standing, reverse=True):
            self.say(f"journey {new.group_id} skipped a stage: {[stage.state.value for stage in new.stages]}")
        for stage in new.stages:
            steps = [taken.step for taken in stage.steps]
            if len(set(steps)) < len(steps):
                self.say(f"stage {stage.name} of {new.group_id} took a step twice: {steps}")
        for was, now in zip(old.stages if old else (), new.stages, strict=False):
            if was.state is StageState.DONE and was != now:
                self.say(f"finished stage {was.name} of {new.group_id} moved")
            if now.promises[: len(was.promises)] != was.promises:
                self.say(f"a promise of {was.name} of {new.group_id} was lost")

    def _order(self, old: Order | None, new: Order) -> None:
        if (new.group_id, new.part) in self.counted and _counts(old) != _counts(new) and not self._lapsed(new):
            self.say(f"order {new.id} moved after the count: {old.state if old else None} to {new.state}")
        revived = old is not None and old.state not in HOLDING and new.state is OrderState.HELD
        if old is not None and revived and not new.receipts.keys() - old.receipts.keys():
            self.say(f"an old key revived order {new.id}")
        if (old is None or old.state is not new.state) and not WORDS[new.state] & {*new.owed}:
            self.say(f"order {new.id} became {new.state} and owes nobody a word")
        joined = new.state is OrderState.HELD and (old is None or old.state is not OrderState.HELD)
        ended = new.state is OrderState.CANCELLED and old is not None and old.state is not OrderState.CANCELLED
        if joined or ended:
            self._in_time(new, (new.joined_at if joined else new.ended_at) or 0)
        group = self.groups[new.group_id]
        if new.resolution == DEFAULTED and (old is None or old.resolution != DEFAULTED) and group.called_off_at:
            self.say(f"order {new.id} defaulted in a group that its merchant had called off")
        asked = old is not None and (old.resolution == BALANCE_DUE or new.resolution == CALLED_OFF)
        if old is not None and old.resolution not in (None, new.resolution) and not (asked or self._lapsed(new)):
            self.say(f"order {new.id} was resolved twice: {old.resolution}, {new.resolution}")
        self.orders[new.group_id][new.id] = new
        self._touched.add(new.campaign_id)

    def _lapsed(self, order: Order) -> bool:
        """Its hold could not be taken: after the verdict, or before one that waits for the money."""
        group = self.groups[order.group_id]
        ended = order.state is OrderState.EXPIRED and order.steps[-1].state == "lapsed"
        return ended and (order.resolution == "lapsed" if group.called is None else True)

    def _in_time(self, order: Order, at: int) -> None:
        row = self.slices[order.group_id][order.slice]
        if row.sealed or not row.opens_at <= at < row.closes_at:
            self.say(f"order {order.id} became {order.state} at {at}; its slice: {row}")

    def _part(self, old: Part | None, new: Part) -> None:
        self.counted.add((new.group_id, new.number))
        if old is not None and old.count != new.count:
            self.say(f"part {new.number} of {new.group_id} was counted twice, differently")

    def _entry(self, old: Entry | None, new: Entry) -> None:
        self.entries[new.group_id][new.id] = new
        self._touched.add(new.campaign_id)
        if old is not None and old.amount_minor != new.amount_minor and new.kind is not Kind.CAPTURE:
            self.say(f"entry {new.id} changed its amount")

    def _not_negative(self, what: str, numbers: Iterable[int]) -> None:
        if any(number < 0 for number in numbers):
            self.say(f"{what} fell below nothing")

    # ------------------------------------------------------------- sums

    def after_call(self) -> None:
        for campaign_id in self._touched:
            self._check(campaign_id)
        if self._touched and self.wishes:
            for wish in self.wishes:
                wish.room = wish.room and self.has_room(wish)
        self._touched.clear()

    def _check(self, campaign_id: str) -> None:
        if campaign_id not in self.stock:
            return
        units: Counter[str] = Counter(self.stock[campaign_id].left)
        taken: Counter[str] = Counter()
        for group in self.groups.values():
            if group.campaign_id == campaign_id:
                self._group_units(group, units)
                self._seats(group)
                self._money(group.id)
                self._owed(group)
                for order in self.orders[group.id].values():
                    if order.state in HOLDING:
                        taken[order.buyer_id] += sum(order.lines.values())
        if +units != +self.given[campaign_id]:
            self.say(f"units of {campaign_id}: given {dict(self.given[campaign_id])}, there are {dict(units)}")
        most = self.limits.get(campaign_id)
        over = {buyer: count for buyer, count in taken.items() if most is not None and count > most}
        if over:
            self.say(f"over the limit of {most}: {over}")

    def _group_units(self, group: Group, units: Counter[str]) -> None:
        """Stock is escrowed downwards; once a group gave back what it did not sell, only what it sold counts."""
        if group.returned:
            assert group.verdict is not None
            units.update(group.verdict.units if group.verdict.formed else {})
            for order in self.orders[group.id].values():
                if order.resolution in ("lapsed", DEFAULTED):
                    units.subtract(order.lines)
            return
        for row in self.slices[group.id].values():
            units.update(row.left)
        for order in self.orders[group.id].values():
            if _sits(order):
                units.update(order.lines)

    def _seats(self, group: Group) -> None:
        seats = sum(row.seats for row in self.slices[group.id].values())
        seats += sum(_sits(order) or order.resolution == "lapsed" for order in self.orders[group.id].values())
        if seats != self.capacity.setdefault(group.id, seats):
            self.say(f"seats of {group.id}: {self.capacity[group.id]} were given, there are {seats}")

    def _money(self, group_id: str) -> None:
        """No payment is paid back beyond itself, and nothing is paid back that never came."""
        back: Counter[str] = Counter()
        out: Counter[str] = Counter()
        for entry in self.entries[group_id].values():
            if entry.kind is Kind.REFUND:
                assert entry.payment_id is not None
                back[entry.payment_id] += entry.amount_minor
            if entry.kind in (Kind.RELEASE, Kind.REVERSAL):
                assert entry.payment_id is not None
                out[entry.payment_id] += entry.amount_minor * (1 if entry.kind is Kind.RELEASE else -1)
        for payment_id in {*back, *out}:
            payment = self.entries[group_id].get(payment_id)
            taken = payment.taken_minor if payment else 0
            if back[payment_id] > taken:
                self.say(f"{back[payment_id]} is paid back of {payment_id}, which is {payment}")
            if not 0 <= out[payment_id] <= taken:
                self.say(f"{out[payment_id]} is let out of {payment_id}, which is {payment}")

    def _owed(self, group: Group) -> None:
        """At every instant, what nobody keeps is on its way back: it is owed in the write that says so (B20)."""
        entries = self.entries[group.id]
        ends = {entry.payment_id for entry in entries.values() if entry.kind in (Kind.CAPTURE, Kind.VOID)}
        back: Counter[str] = Counter()
        for entry in entries.values():
            if entry.kind is Kind.REFUND:
                back[entry.payment_id or ""] += entry.amount_minor
        for entry in entries.values():
            if entry.kind is not Kind.PAYMENT:
                continue
            kept = self._kept(self.orders[group.id][entry.order_id], entry, group)
            if entry.taken_minor - back[entry.id] > kept:
                self.say(f"{entry.taken_minor} of {entry.id} was taken, {kept} is kept, {back[entry.id]} goes back")
            ended = kept == 0 or self.orders[group.id][entry.order_id].resolution is not None
            if entry.state is EntryState.AUTHORISED and ended and entry.id not in ends:
                self.say(f"{entry.id} is held, {kept} of it is wanted, and nobody ends it")

    @staticmethod
    def _kept(order: Order, payment: Entry, group: Group) -> int:
        """The most that may stay of a payment."""
        gone = order.resolution in ("failed", CALLED_OFF) or order.withdrawn_at is not None
        pays = payment.id in (order.captured_id, order.balance_id)
        if order.state is not OrderState.PAID or not pays or gone:
            return 0
        if order.deposit_minor or order.resolution is None or group.verdict is None:
            return payment.amount_minor
        return pricing.amount(order.lines, group.verdict.prices) + order.fee_minor

    def has_room(self, wish: Wish) -> bool:
        left: Counter[str] = Counter(self.stock[wish.campaign_id].left)
        if wish.group_id is not None:
            if self.groups[wish.group_id].state is not GroupState.OPEN:
                return False
            rows = self.slices[wish.group_id].values()
            for row in rows:
                left.update(row.left)
            if sum(row.seats for row in rows) < wish.seats:
                return False
        return all(left[sku] >= units for sku, units in wish.lines.items())


def _sits(order: Order) -> bool:
    """Whether the order's seat and units are with it, and not with a slice."""
    return order.state in HOLDING or (order.state is OrderState.EXPIRED and not order.released)


def _counts(order: Order | None) -> object:
    """What a count sees of an order."""
    return (dict(order.lines), order.amount_minor) if order is not None and order.state is OrderState.PAID else None
