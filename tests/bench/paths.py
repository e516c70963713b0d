"""What each path asks of the table: calls, write units of rows and of indexes, read units. Counted, not estimated."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chalicelib.domain.group import Group, GroupState
from chalicelib.domain.instants import HOUR, Instant
from chalicelib.domain.ports import Caller, RowKey
from chalicelib.services.buying.cancel import cancel
from chalicelib.services.buying.carry_out import carry_out
from chalicelib.services.buying.close import close
from chalicelib.services.buying.join import join
from chalicelib.services.fulfilling import stages
from chalicelib.services.fulfilling.stages import Where
from chalicelib.services.paying.money_in import money_in
from chalicelib.services.paying.start_payment import start_payment
from chalicelib.services.running.follow import follow
from chalicelib.services.running.wake import wake, wake_part
from chalicelib.services.selling import browse
from chalicelib.store.rows import from_image
from tests.engine.units import Meter

from .house import NOON, House, ask, buyer, open_pot, terms_of

BUYERS = 20


@dataclass
class Cost:
    """What one path cost. `writes` are units of the rows themselves, `index_writes` those of both indexes."""

    path: str
    calls: Counter[str] = field(default_factory=Counter)
    writes: float = 0
    index_writes: float = 0
    reads: float = 0
    biggest: int = 0

    @property
    def total(self) -> float:
        return sum(self.calls.values())

    def shared(self, among: int) -> "Cost":
        """The same per piece, where several were done at once."""
        calls = Counter({name: count / among for name, count in self.calls.items()})
        return Cost(self.path, calls, self.writes / among, self.index_writes / among, self.reads / among, self.biggest)


@contextmanager
def counted(meter: Meter, path: str) -> Iterator[Cost]:
    """What is asked of the table inside."""
    calls, writes, reads = Counter(meter.calls), Counter(meter.writes), Counter(meter.read_halves)
    cost = Cost(path)
    yield cost
    cost.calls = meter.calls - calls
    spent = meter.writes - writes
    cost.writes = spent.pop("table", 0)
    cost.index_writes = sum(spent.values())
    cost.reads = sum((meter.read_halves - reads).values()) / 2


class Walk:
    """One group's life, path by path."""

    def __init__(self, house: House, *, target: int) -> None:
        self.house, self.world = house, house.world()
        terms = terms_of(target, stock=1_000, target=target)
        self.group_id = open_pot(house.store, terms).id
        self.costs: list[Cost] = []
        self._followed = len(house.table.stream)

    def count(self, path: str, act: Callable[[], object], among: int = 1) -> None:
        with counted(self.house.meter, path) as cost:
            act()
        self.costs.append(cost.shared(among))

    def follow(self, now: Instant) -> None:
        """The stream and the wake queue, until nothing is due at `now`."""
        while True:
            fresh = self.house.table.stream[self._followed :]
            self._followed += len(fresh)
            pairs = [
                (from_image(one.old) if one.old else None, from_image(one.new) if one.new else None) for one in fresh
            ]
            for start in range(0, len(pairs), 100):
                follow(self.world, pairs[start : start + 100], now=now, interval_ms=60_000)
            messages = self.house.queue.taken()
            self.house.queue.waiting = [one for one in messages if one[0] > now]
            ready = [what for at, what in messages if at <= now]
            if not fresh and not ready:
                return
            for what in ready:
                wake(self.world, what, now) if isinstance(what, RowKey) else wake_part(self.world, *what, now)

    def group(self) -> Group:
        found = self.world.store.group(self.group_id)
        assert found is not None
        return found


def play(house: House, *, formed: bool) -> list[Cost]:
    """Twenty join and pay; the group forms with a price drop, or fails and pays everybody back."""
    walk = Walk(house, target=3 if formed else 500)
    world, now = walk.world, NOON
    join(world, buyer(0), walk.group_id, ask(0), now=now)  # what a process reads once, it has read now
    walk.count("join", lambda: join(world, buyer(1), walk.group_id, ask(1), now=now))
    walk.count(
        "join and start the payment", lambda: join(world, buyer(2), walk.group_id, ask(2, method="sandbox"), now=now)
    )
    seats = [join(world, buyer(n), walk.group_id, ask(n), now=now).order_id for n in range(3, BUYERS)]
    walk.count("tell those who joined, move the figures (a join)", lambda: walk.follow(now), among=BUYERS)
    started = [start_payment(world, buyer(n), order_id, "sandbox", now=now) for n, order_id in enumerate(seats[:-1], 3)]
    walk.follow(now)
    paid = {"amount_minor": 5500 if formed else 5190, "currency": "CNY", "ref": "pay_ref", "paid_at": now, "now": now}
    paid["amount_minor"] = started[0].amount_minor
    walk.count("pay (the provider's report)", lambda: money_in(world, started[0].id, **paid))  # type: ignore[arg-type]
    walk.follow(now)
    for entry in started[1:]:
        money_in(world, entry.id, **paid)  # type: ignore[arg-type]
    walk.count("tell those who paid, move the figures (a payment)", lambda: walk.follow(now), among=len(started) - 1)
    progress = browse.progress
    walk.count("progress", lambda: progress(world, walk.group_id, strong=False, now=now))
    walk.count("progress, counted just now", lambda: progress(world, walk.group_id, strong=True, now=now))
    walk.count("cancel", lambda: cancel(world, buyer(BUYERS - 1), seats[-1], version=None, now=now))
    walk.follow(now)
    end(walk, formed=formed)
    return walk.costs


def on_its_way(walk: Walk, now: Instant) -> None:
    """The stages of a formed group, which do not know how many have bought."""
    world, group = walk.world, walk.group()
    merchant = Caller(id=group.merchant_id, roles=frozenset({"merchant"}), phone_verified=True)
    journey = world.store.journey(group.id)
    assert journey is not None and journey.due_at is not None
    key = world.store.key_of(journey)
    walk.count("a journey begins: its owner is told", lambda: wake(world, key, now))
    where = Where(group_id=group.id, stage="stocking")
    walk.count("take up a stage", lambda: stages.enter(world, merchant, where, now=now))
    walk.count("say how a stage goes", lambda: stages.update(world, merchant, where, "on the road", now=now))
    late = now + 40 * HOUR
    walk.count("a stage runs late: warned, escalated, told", lambda: wake(world, key, late))
    walk.count("finish a stage", lambda: stages.finish(world, merchant, where, now=late))
    walk.count("progress of a group on its way", lambda: browse.progress(world, group.id, strong=False, now=late))


def end(walk: Walk, *, formed: bool) -> None:
    later = walk.group().closes_at + 30_000
    orders = sum(1 for part in range(walk.group().parts) for _ in walk.world.store.orders_of_part(walk.group_id, part))
    group = walk.group()
    walk.count(f"close: seal, count {orders} orders, verdict", lambda: close(walk.world, group, later))
    closed = walk.group()
    assert closed.state is (GroupState.FORMED if formed else GroupState.FAILED), closed
    paid = closed.verdict.participants if closed.verdict else 0
    outcome = "formed, price dropped" if formed else "failed"
    walk.count(
        f"carry the verdict out ({outcome}; a paid order)", lambda: carry_out(walk.world, closed, later), among=paid
    )
    if formed:
        on_its_way(walk, later)
    refunds = [row for row in walk.world.store.entries_of_group(closed) if row.due_at is not None]
    keys = [walk.world.store.key_of(row) for row in refunds if row.kind.value == "refund"]
    if keys:
        walk.count(f"refund ({outcome}): claimed, paid back, booked", lambda: wake(walk.world, keys[0], later))


def figures() -> dict[str, list[Cost]]:
    found = {}
    for name, formed in (("failed", False), ("formed", True)):
        with House.built() as house:
            found[name] = play(house, formed=formed)
    return found


if __name__ == "__main__":
    for outcome, costs in figures().items():
        print(outcome)
        for cost in costs:
            units = f"{cost.writes:6.2f} {cost.index_writes:6.2f} {cost.reads:6.2f}"
            print(f"{cost.path:58} {cost.total:6.2f} {units} {dict(cost.calls)}")
