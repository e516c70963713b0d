"""Exactness: 700 buyers for 500 units, from many processes at once, against an engine outside. Nobody too many, and
nobody sent away while there was room. `python -m tests.bench.race 10 --engine ministack` for the other engine.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from itertools import count

from chalicelib.domain.campaign import Campaign
from chalicelib.domain.group import Group, Slice
from chalicelib.domain.instants import Instant
from chalicelib.domain.refusals import Refused, Unavailable
from chalicelib.domain.writes import Create, Remove, Replace
from chalicelib.services.buying.join import join
from chalicelib.services.world import World

from .crew import Crew, Here, crew, outside_world
from .house import SKU, TABLE, ask, buyer, open_pot, terms_of
from .peer_engine import started

BUYERS, UNITS = 700, 500
CLIENTS = (8, 16)
SLICES = (1, 3, 8)
RUNS = 10
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`joined` were told so; `orders` and `left` are what the rows say afterwards."""

    clients: int
    slices: int
    joined: int
    refused: int
    busy: int
    orders: int
    left: int
    seconds: float
    buyers: int = BUYERS
    units: int = UNITS

    @property
    def exact(self) -> bool:
        sold = self.joined == self.orders == self.units and self.left == 0
        return sold and self.refused == self.buyers - self.units


def real_now() -> Instant:
    return time.time_ns() // 1_000_000


def opened(world: World, slices: int, units: int = UNITS, seats: int | None = None) -> tuple[Group, Campaign]:
    """A group with this many slices, however many it would have begun with."""
    now = real_now() - 60_000
    terms = terms_of(next(_numbers) + now * 1000, stock=units, target=2, seats=seats, now=now)
    whole = world.store.group(open_pot(world.store, terms).id)
    assert whole is not None
    begun = world.store.slices(whole.id, whole.slices)
    shares = [units // slices + (number < units % slices) for number in range(slices)]
    chairs = [sum(row.seats for row in begun) // slices for _ in range(slices)]
    for row in begun:
        world.store.commit(Remove(row))
    for number, (share, some) in enumerate(zip(shares, chairs, strict=True)):
        world.store.commit(Create(replace(begun[0], number=number, left={SKU: share}, seats=some, version=0)))
    world.store.commit(Replace(replace(whole, slices=slices)))
    return replace(whole, slices=slices), terms


def join_these(here: Here, group_id: str, buyers: list[int]) -> dict[str, int]:
    """What each was told in the end; "busy" is tried again, as a client would."""
    told = {"joined": 0, "refused": 0, "busy": 0}
    for number in buyers:
        for _ in range(50):
            try:
                join(here.world, buyer(number), group_id, ask(number), now=real_now())
                told["joined"] += 1
                break
            except Refused as refused:
                told["refused" if refused.code in ("sold_out", "group_full") else "busy"] += 1
                break
            except Unavailable:
                time.sleep(0.02)
        else:
            told["busy"] += 1
    return told


TASK = join_these
"""What the processes do; a control puts something wrong here."""


def race(hands: Crew, world: World, slices: int, buyers: int = BUYERS, units: int = UNITS) -> Outcome:
    group, _ = opened(world, slices, units)
    clients, people = len(hands.pipes), BUYERS * next(_numbers)
    began = time.perf_counter()
    each = [list(range(people + first, people + buyers, clients)) for first in range(clients)]
    told = hands.all(TASK, group.id, each=each)
    seconds = time.perf_counter() - began
    fresh = world.store.group(group.id)
    assert fresh is not None
    rows = world.store.slices(group.id, fresh.slices)
    orders = [order for part in range(group.parts) for order in world.store.orders_of_part(group.id, part)]
    return Outcome(
        clients=clients,
        slices=slices,
        joined=sum(one["joined"] for one in told),
        refused=sum(one["refused"] for one in told),
        busy=sum(one["busy"] for one in told),
        orders=sum(sum(order.lines.values()) for order in orders),
        left=sum(left(row) for row in rows),
        seconds=seconds,
        buyers=buyers,
        units=units,
    )


def left(row: Slice) -> int:
    return sum(row.left.values())


def races(
    runs: int = RUNS,
    clients: tuple[int, ...] = CLIENTS,
    slices: tuple[int, ...] = SLICES,
    *,
    engine: str = "dynoxide",
    buyers: int = BUYERS,
    units: int = UNITS,
) -> list[Outcome]:
    found: list[Outcome] = []
    with started((TABLE,), engine) as url, crew(url, max(clients)) as hands:
        world = outside_world(url)
        for size in clients:
            some = hands.first(size)
            found += [race(some, world, number, buyers, units) for _ in range(runs) for number in slices]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int, nargs="?", default=RUNS)
    parser.add_argument("--engine", choices=("dynoxide", "ministack"), default="dynoxide")
    asked = parser.parse_args()
    found = races(asked.runs, engine=asked.engine)
    for one in found:
        print(one if one.exact else f"WRONG {one}")
    return 0 if all(one.exact for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
