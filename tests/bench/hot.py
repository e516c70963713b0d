"""The crowd on the model of `virtual.py`: one hot group, a thousand ordinary ones, and the moment stock runs out.

Requests arrive at random moments and go to a worker chosen at random among the idle ones; each serves one at a time.
A client whose request died or was answered "busy" sends it again under the same key. Nothing is told how many slices
there should be.
"""

import random
import statistics
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.domain.refusals import Refused, Unavailable
from chalicelib.services.buying.join import join
from chalicelib.services.world import World
from chalicelib.store.rows import slice_key

from .house import SKU, House, ask, buyer, open_pot, terms_of
from .virtual import Died, Limits, Model

OWN_MS = 3.0
"""What the handler takes by itself."""

FULL = ("sold_out", "group_full")


@dataclass
class Request:
    """One buyer's wish. `came` is when it was sent first."""

    number: int
    group_id: str
    came: float
    tries: int = 0


@dataclass
class Told:
    """What became of the requests; `waits` is (when answered, how long it took) in milliseconds."""

    joined: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    busy: int = 0
    gave_up: int = 0
    false_full: int = 0
    waits: list[tuple[float, float]] = field(default_factory=list)
    slices: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`rate` is joins/s once the slices were found (`settled_s` after the start), `p99_ms` too; `whole_*` over all."""

    name: str
    seconds: float
    settled_s: float
    rate: float
    p50_ms: float
    p99_ms: float
    whole_rate: float
    whole_p99_ms: float
    conflict_rate: float
    whole_conflict_rate: float
    slices: float
    joined: int
    refused: int
    busy: int
    gave_up: int
    false_full: int
    crashes: int
    throttled: int
    hottest: dict[str, int]
    exact: bool
    joins_by_second: tuple[tuple[float, float], ...]
    slices_by_second: tuple[tuple[float, float], ...]


class Crowd:
    """Workers, the requests that wait for one, and who was told what."""

    def __init__(
        self, house: House, groups: list[str], *, workers: int, rate: float, limits: Limits, seed: int
    ) -> None:
        self.house, self.groups, self.rate = house, groups, rate
        self.model = Model(house, limits, seed)
        self.dice = random.Random(seed + 1)
        self.told = Told()
        self.waiting: deque[Request] = deque()
        self.idle: list[int] = []
        self.runners = []
        self.sent = 0
        self.most: int | None = None
        for number in range(workers):
            self.runners.append(self.model.clock.runner(self._worker(number)))
            self.idle.append(number)

    def run(self, seconds: float, most: int | None = None) -> Told:
        clock = self.model.clock
        self.most = most
        clock.at(0, self._arrive)
        clock.at(0, self._look)
        clock.at(seconds * 1000, clock.end)
        clock.run()
        return self.told

    # ------------------------------------------------------------- what happens

    def _arrive(self) -> None:
        clock = self.model.clock
        if self.most is not None and self.sent >= self.most:
            return
        group_id = self.groups[self.dice.randrange(len(self.groups))]
        self._send(Request(self.sent, group_id, clock.now))
        self.sent += 1
        clock.at(clock.now + self.dice.expovariate(self.rate) * 1000, self._arrive)

    def _send(self, request: Request) -> None:
        self.waiting.append(request)
        if self.idle:
            chosen = self.dice.randrange(len(self.idle))
            self.idle[chosen], self.idle[-1] = self.idle[-1], self.idle[chosen]
            self.model.clock.at(self.model.clock.now, self.runners[self.idle.pop()])

    def _look(self) -> None:
        """How many slices there are, ten times a second."""
        counts = []
        for group_id in self.groups:
            row = self.house.table.row((f"GROUP#{group_id}", "GROUP"))
            counts.append(int(row["body"]["M"].get("slices", {"N": "1"})["N"]) if row else 0)
        self.told.slices.append((self.model.clock.now / 1000, statistics.mean(counts)))
        self.model.clock.at(self.model.clock.now + 100, self._look)

    # ------------------------------------------------------------- workers

    def _worker(self, number: int) -> Callable[[], None]:
        def work() -> None:
            world = self.model.worker_world()
            while True:
                while not self.waiting:
                    self.idle.append(number)
                    self.model.clock.hand_over()
                try:
                    self._serve(world, self.waiting.popleft())
                except Died:
                    self.model.clock.sleep(200)  # another one starts in its place, and knows nothing
                    world = self.model.worker_world()

        return self._first_idle(work)

    def _first_idle(self, work: Callable[[], None]) -> Callable[[], None]:
        return work

    def _serve(self, world: World, request: Request) -> None:
        clock = self.model.clock
        clock.sleep(OWN_MS)
        try:
            join(world, buyer(request.number), request.group_id, ask(request.number), now=self.model.now())
        except Refused as refused:
            self._refused(refused.code, request)
            return
        except Unavailable:
            self.told.busy += 1
            self._again(request)
            return
        except Died:
            self._again(request)
            raise
        self.told.joined[request.group_id] += 1
        self.told.waits.append((clock.now, clock.now - request.came))

    def _refused(self, code: str, request: Request) -> None:
        if code not in FULL:
            raise AssertionError(code)
        self.told.refused += 1
        self.told.false_full += self._left(request.group_id) > 0
        self.told.waits.append((self.model.clock.now, self.model.clock.now - request.came))

    def _left(self, group_id: str) -> int:
        """Units anybody could still take. Nobody gives any back here, so what is left now was left all along."""
        table, group = self.house.table, self.house.table.row((f"GROUP#{group_id}", "GROUP"))
        assert group is not None
        body = group["body"]["M"]
        keys = [slice_key(group_id, number) for number in range(int(body.get("slices", {"N": "1"})["N"]))]
        rows = [table.row(key) for key in [*keys, (f"CAMPAIGN#{body['campaign_id']['S']}", "STOCK")]]
        return sum(int(row["body"]["M"]["left"]["M"][SKU]["N"]) for row in rows if row)

    def _again(self, request: Request) -> None:
        request.tries += 1
        if request.tries > 12:
            self.told.gave_up += 1
            return
        clock = self.model.clock
        clock.at(clock.now + 100 * (0.5 + self.dice.random()), lambda: self._send(request))


def scene(house: House, groups: int, stock: int) -> list[str]:
    return [open_pot(house.store, terms_of(number, stock=stock, target=3)).id for number in range(1, groups + 1)]


def crowd(
    name: str,
    *,
    groups: int,
    stock: int,
    workers: int,
    rate: float,
    seconds: float,
    settled_s: float,
    limits: Limits | None = None,
    most: int | None = None,
    seed: int = 1,
) -> Result:
    with House.built(seed) as house:
        ids = scene(house, groups, stock)
        some = Crowd(house, ids, workers=workers, rate=rate, limits=limits or Limits(crash=0.0005), seed=seed)
        marks: list[tuple[int, int]] = []
        seen = some.model.seen
        some.model.clock.at(settled_s * 1000, lambda: marks.append((seen.transactions, seen.conflicts)))
        told = some.run(seconds, most)
        before = marks[0] if marks else (0, 0)
        late = sorted(wait for at, wait in told.waits if at >= settled_s * 1000) or [0.0]
        whole = sorted(wait for _, wait in told.waits) or [0.0]
        by_second = Counter(int(at // 250) / 4 for at, _ in told.waits)
        return Result(
            name=name,
            seconds=seconds,
            settled_s=settled_s,
            rate=len(late) / (seconds - settled_s),
            p50_ms=late[len(late) // 2],
            p99_ms=late[int(len(late) * 0.99)],
            whole_rate=len(whole) / seconds,
            whole_p99_ms=whole[int(len(whole) * 0.99)],
            conflict_rate=(seen.conflicts - before[1]) / max(1, seen.transactions - before[0]),
            whole_conflict_rate=seen.conflicts / max(1, seen.transactions),
            slices=told.slices[-1][1],
            joined=sum(told.joined.values()),
            refused=told.refused,
            busy=told.busy,
            gave_up=told.gave_up,
            false_full=told.false_full,
            crashes=seen.crashes,
            throttled=seen.throttled,
            hottest=dict(seen.hottest),
            exact=is_exact(house, ids, stock, told),
            joins_by_second=tuple((at, count * 4.0) for at, count in sorted(by_second.items())),
            slices_by_second=tuple(told.slices),
        )


def is_exact(house: House, ids: list[str], stock: int, told: Told) -> bool:
    """What slices and pool still have, and what orders hold, adds up to what there was; and nobody told "joined" is
    without an order."""
    held: Counter[str] = Counter()
    left: Counter[str] = Counter()
    group_of = {}
    for row in house.table.rows():
        body = row["body"]["M"]
        match row["kind"]["S"]:
            case "order" if row["state"]["S"] == "held":
                held[row["pk"]["S"].split("#")[1]] += int(body["lines"]["M"][SKU]["N"])
            case "slice":
                left[row["pk"]["S"].split("#")[1]] += int(body["left"]["M"][SKU]["N"])
            case "group":
                group_of[body["campaign_id"]["S"]] = body["id"]["S"]
            case _:
                pass
    for row in house.table.rows():
        if row["kind"]["S"] == "stock":
            left[group_of[row["pk"]["S"].split("#")[1]]] += int(row["body"]["M"]["left"]["M"][SKU]["N"])
    return all(held[one] + left[one] == stock and told.joined[one] <= held[one] for one in ids)


def hot(**changes: object) -> Result:
    """One group that everybody wants."""
    plan: dict[str, object] = {
        "groups": 1, "stock": 1_000_000, "workers": 260, "rate": 10_300, "seconds": 7, "settled_s": 4,
    }  # fmt: skip
    return crowd("one hot group", **(plan | changes))  # type: ignore[arg-type]


def ordinary(**changes: object) -> Result:
    """500 workers, a thousand groups, four joins a second in each: far more than an ordinary group sees."""
    plan: dict[str, object] = {
        "groups": 1_000, "stock": 100_000, "workers": 500, "rate": 4_000, "seconds": 24, "settled_s": 18,
    }  # fmt: skip
    return crowd("1,000 groups", **(plan | changes))  # type: ignore[arg-type]


def sold_out(**changes: object) -> Result:
    """More buyers than units, all at once: everybody gets a definite answer and every unit is sold."""
    plan: dict[str, object] = {
        "groups": 1, "stock": 4_000, "workers": 100, "rate": 3_000, "seconds": 8, "settled_s": 1, "most": 6_000,
    }  # fmt: skip
    return crowd("selling out", **(plan | changes))  # type: ignore[arg-type]


if __name__ == "__main__":
    chosen = {"hot": hot, "ordinary": ordinary, "sold_out": sold_out}
    for one in sys.argv[1:] or chosen:
        print(chosen[one]())
