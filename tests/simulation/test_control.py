"""The positive control: each guard is taken out at run time, and the seeds must notice.

At least one of a guard's `seeds` must, and where `rate` is given that share of them. `--control` shows all the rates.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import pytest
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import Action

from chalicelib.domain import group as groups
from chalicelib.domain import ledger, notice
from chalicelib.domain import order as orders
from chalicelib.domain.campaign import Kind, Measure, Target
from chalicelib.domain.instants import MINUTE, Instant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.notice import Notice
from chalicelib.domain.order import Order
from chalicelib.domain.refusals import Lost, Refused
from chalicelib.domain.writes import Create, Replace, Take
from chalicelib.services.buying import cancel as orders_cancel
from chalicelib.services.buying import close, join, order_wake, seats
from chalicelib.services.paying import money_in
from chalicelib.services.telling import send_notice
from chalicelib.services.world import World
from chalicelib.store import commit
from chalicelib.store.rows import slice_key
from chalicelib.store.stored import Stored
from chalicelib.store.timers import DynamoStore

from .faults import Fault, Weather
from .history import play
from .races import DEADLINES, FORGOTTEN, RACES, Race, run
from .story import Plan

Patches = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One guard, how to take it out, and the histories in which that must show."""

    name: str
    out: Patches
    plan: Plan = field(default_factory=Plan)
    weather: Weather = field(default_factory=lambda: Weather(rate=20, conflicts=20, skew_ms=500))
    seeds: int = 20
    rate: float = 0.0
    race: Race | None = None


def _without(module: Any, name: str, stand_in: Any) -> Patches:
    return lambda: mock.patch.object(module, name, stand_in)


def _take_whatever_is_left(take: Take) -> tuple[Any, list[Any]]:
    condition, actions = REAL_TAKE(replace(take, units={sku: -abs(n) for sku, n in take.units.items()}, seats=0))
    del actions
    return condition, REAL_TAKE(take)[1]


def _take_from_sealed(take: Take) -> tuple[Any, list[Any]]:
    condition, actions = REAL_TAKE(take)
    if take.now is not None and sum(take.units.values()) > 0:
        return condition, actions
    return Stored.pk.exists(), actions


def _any_version(version: int) -> Any:
    return Stored.pk.exists()


def _at_any_time(take: Take) -> tuple[Any, list[Any]]:
    return REAL_TAKE(replace(take, now=None))


REAL_TAKE = commit.take_from_slice
REAL_FINAL = close._final


def _count_before_expiring(
    world: World, group: Any, terms: Any, order: Order, now: Instant
) -> Order | None:  # pragma: no cover - a guard taken out
    return order


def _full_without_gathering(*_: Any) -> None:
    raise Refused("sold_out")


def _early_close(world: World, group_id: str, now: Instant) -> None:
    """The seal names the slice as it is now, not as it was before the orders were read."""
    group = world.store.group(group_id)
    if group is None or group.state is not groups.GroupState.OPEN or group.team_size is None:
        return
    paid = [order for order in world.store.orders_of_part(group_id, 0) if order.state is orders.OrderState.PAID]
    if len(paid) < group.team_size:
        return
    row = world.store.slice(group_id, 0)
    assert row is not None
    world.store.commit(Replace(groups.sealing(group, now)), Replace(replace(row, sealed=True)))


def _never(refund: Entry, now: Instant) -> bool:
    return False


def _mark_then_send(world: World, claimed: Notice, now: Instant) -> None:
    marked = notice.sent(claimed, "soon", now)
    world.store.commit(Replace(marked))
    to = world.vault.read(marked.person_id, reader="notices", why="", now=now)
    assert to is not None
    address = to.phone if marked.channel.value == "sms" else to.email
    world.senders[marked.channel].send(to=address or "", subject="s", text="t")


def _send_then_claim(world: World, claimed: Notice, now: Instant) -> None:
    contact = world.vault.read(claimed.person_id, reader="notices", why="", now=now)
    assert contact is not None
    address = contact.phone if claimed.channel.value == "sms" else contact.email
    world.senders[claimed.channel].send(to=address or "", subject="s", text="t")
    world.store.commit(Replace(notice.sent(claimed, "m", now)))


@contextmanager
def _random_refund_keys() -> Iterator[None]:
    rng = random.Random(1)
    key = property(lambda entry: f"{entry.id}.{entry.attempt}.{rng.randrange(10**9)}")
    with mock.patch.object(Entry, "key", key):
        yield


@contextmanager
def _deadline_downwards() -> Iterator[None]:
    """A slice takes a deadline whatever the number of the move that set it."""

    def spread(self: Any, group_id: str, number: int, closes_at: Instant, deadline_number: int) -> None:
        stored = Stored(*slice_key(group_id, number))
        actions: list[Action] = [
            Path(["body", "closes_at"]).set(Value(closes_at)),
            Path(["body", "deadline_number"]).set(Value(deadline_number)),
            Stored.version.set(Path("version") + Value(1)),
        ]
        try:
            with commit.translated():
                stored.update(actions, Path(["body", "sealed"]) == Value(False))
        except Lost:
            return

    with mock.patch.object(DynamoStore, "spread_deadline", spread):
        yield


def _told_any_key(there: Order, ask: Any) -> Any:
    """An old key seats again."""
    if there.state in orders.HOLDING:
        receipt = there.receipts.get(ask.key)
        if receipt is None:
            raise Refused("already_joined", order=there.id)
        return receipt
    return there


def _joined_any_key(new: Order, old: Order | None, key: str, receipt: Any) -> Order:
    receipts = {**(old.receipts if old else {}), key: receipt}
    return replace(
        new, version=old.version if old else 0, payments=old.payments if old else 0, receipts=receipts,
        owed=("order_held",), due_at=new.joined_at,
    )  # fmt: skip


@contextmanager
def _old_keys_revive() -> Iterator[None]:
    with (
        mock.patch.object(join, "told", _told_any_key),
        mock.patch.object(orders, "joined", _joined_any_key),
    ):
        yield


def _money_only_for_the_held(world: World, money: Any, order: Order, *rest: Any) -> None:
    if order.state is orders.OrderState.HELD:
        REAL_SETTLE(world, money, order, *rest)
    else:
        world.store.commit(Replace(money))


REAL_SETTLE = money_in._settle


def _no_money_back(world: World, order: Order, now: Instant) -> list[Any]:
    return []


@contextmanager
def _refunds_apart_from_the_mark() -> Iterator[None]:
    """The order is marked first and the refund it owes is written afterwards: a crash in between forgets it."""
    real = DynamoStore.commit

    def commits(self: Any, *writes: Any) -> None:
        owed = [one for one in writes if isinstance(one, Create) and isinstance(one.row, Entry)]
        rest = [one for one in writes if one not in owed]
        if owed and any(isinstance(one, Replace) and isinstance(one.row, Order) for one in rest):
            real(self, *rest)
            real(self, *owed)
        else:
            real(self, *writes)

    with mock.patch.object(DynamoStore, "commit", commits):
        yield


CROWD = Plan(stock=(2, 3), buyers=14, seats=None, target=Target(measure=Measure.PARTICIPANTS, at_least=1))
SEATS = Plan(stock=(20, 20), buyers=14, seats=3)
TEAMS = Plan(kind=Kind.TEAM, stock=(12,), buyers=14, team_sizes=(2, 3))
NEVER = Plan(buyers=8, target=Target(measure=Measure.AMOUNT, at_least=10**9), open_ms=8 * MINUTE)
CRASHES = Weather(rate=60, kinds=(Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.REPEAT, Fault.TIMEOUT_AFTER))

GUARDS = (
    Guard(name="a slice is asked for its units", out=_without(commit, "take_from_slice", _take_whatever_is_left),
          plan=CROWD, rate=0.95),
    Guard(name="a write names the version it saw", out=_without(commit, "at_version", _any_version)),
    Guard(name="cancel and expiry ask an unsealed slice", out=_without(commit, "take_from_slice", _take_from_sealed),
          plan=replace(NEVER, open_ms=3 * MINUTE, window_ms=3 * MINUTE), seeds=60),
    Guard(name="a join asks for the time", out=_without(commit, "take_from_slice", _at_any_time), seeds=40,
          plan=Plan(open_ms=2 * MINUTE), weather=Weather(ticks_lost=100, record_lost=100)),
    Guard(name="the closer expires before it counts", out=_without(close, "_final", _count_before_expiring)),
    Guard(name="full is said after gathering", out=_without(seats, "gather", _full_without_gathering),
          plan=replace(CROWD, slices=3, stock=(8, 8))),
    Guard(name="a team is sealed at the version read before its orders",
          out=_without(order_wake, "close_full_team", _early_close), seeds=150, race=RACES[0]),
    Guard(name="a slice takes only a later deadline", out=_deadline_downwards, seeds=100, race=DEADLINES),
    Guard(name="a refund's key is its row's", out=_random_refund_keys, plan=NEVER, weather=CRASHES),
    Guard(name="a notice is sent before it is marked", out=_without(send_notice, "_send", _mark_then_send),
          weather=CRASHES),
    Guard(name="a notice is claimed before it is sent", out=_without(send_notice, "_send", _send_then_claim),
          weather=Weather(record_doubled=80, message_doubled=80)),
    Guard(name="a spent key revives nothing", out=_old_keys_revive, seeds=40),
    Guard(name="late money goes back", out=_without(money_in, "_settle", _money_only_for_the_held)),
    Guard(name="a cancelled order's money goes back", out=_without(orders_cancel, "money_back", _no_money_back)),
    Guard(name="what is owed is written with what owes it", out=_refunds_apart_from_the_mark, plan=NEVER,
          weather=CRASHES),
    Guard(name="what was begun long ago is asked for first", out=_without(ledger, "must_ask_first", _never),
          race=FORGOTTEN, seeds=1),
)  # fmt: skip


def tried(guard: Guard, seed: int) -> list[str]:
    if guard.race is not None:
        return run(guard.race, seed)
    return play(seed, plan=guard.plan, weather=guard.weather, processes=8).broken


def caught(guard: Guard) -> Iterator[list[str]]:
    """What is said in each of the guard's seeds when it is not there."""
    with guard.out():
        for seed in range(guard.seeds):
            yield tried(guard, seed)


@pytest.mark.bar("B13")
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_taken_out_is_noticed(guard: Guard) -> None:
    if guard.rate:
        assert sum(map(bool, caught(guard))) >= guard.rate * guard.seeds
    else:
        assert any(caught(guard)), f"not in {guard.seeds} seeds"
