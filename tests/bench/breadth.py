"""What a group of N orders costs: the page of truth the same whatever N is, the writes N times as much.

python -m tests.bench.breadth     # 100, 1,000 and 10,000 orders over the engine in memory, into docs/figures.md
"""

from dataclasses import dataclass

from chalicelib.domain.group import GroupState
from chalicelib.domain.ports import Caller, RowKey
from chalicelib.services.buying.join import join
from chalicelib.services.fulfilling import paces
from chalicelib.services.paying.money_in import money_in
from chalicelib.services.running.wake import wake, wake_part
from chalicelib.services.selling import browse

from .house import NOON, House, ask, buyer, open_pot, terms_of
from .paths import Cost, counted
from .report import DOCS, table

SIZES = (100, 1_000, 10_000)
STEPS = 60


@dataclass(frozen=True, slots=True)
class Breadth:
    """`bought`: joins and payments; `decided`: count, verdict, and each order's outcome with its notices. The looks
    are the progress while the group is open and when it is on its way, and the figures of its stages."""

    orders: int
    bought: Cost
    decided: Cost
    open_look: Cost
    way_look: Cost
    figures_look: Cost


def breadth(orders: int) -> Breadth:
    with House.built() as house:
        world = house.world()
        group_id = open_pot(house.store, terms_of(orders, stock=orders + 100, target=3)).id
        with counted(house.meter, "bought") as bought:
            for number in range(orders):
                taken = join(world, buyer(number), group_id, ask(number, method="sandbox"), now=NOON)
                paid = taken.payment
                assert paid is not None
                money_in(
                    world, paid.id, amount_minor=paid.amount_minor, currency="CNY", ref="pay", paid_at=NOON, now=NOON
                )
        with counted(house.meter, "progress, open") as open_look:
            browse.progress(world, group_id, strong=False, now=NOON)
        with counted(house.meter, "decided") as decided:
            later = close_up(house, group_id)
        with counted(house.meter, "progress, on its way") as way_look:
            browse.progress(world, group_id, strong=False, now=later)
        group = house.store.group(group_id)
        assert group is not None and group.verdict is not None and group.verdict.participants == orders
        paces.keep(world, group_id, later)
        merchant = Caller(id=group.merchant_id, roles=frozenset({"merchant"}), phone_verified=True)
        with counted(house.meter, "figures") as figures_look:
            assert paces.figures(world, merchant, paces.Narrowed(), now=later).unfinished == orders
        return Breadth(orders, bought, decided, open_look, way_look, figures_look)


def close_up(house: House, group_id: str) -> int:
    """The group's own timer and its parts' workers, until every order knows how it ended."""
    world, key = house.world(), RowKey(f"GROUP#{group_id}", "GROUP")
    group = house.store.group(group_id)
    assert group is not None
    now = group.closes_at + 30_000
    for _ in range(STEPS):
        wake(world, key, now)
        for _, what in house.queue.taken():
            if not isinstance(what, RowKey):
                wake_part(world, *what, now)
        group = house.store.group(group_id)
        assert group is not None
        if group.state is GroupState.FORMED and group.resolved_at is not None:
            return now
        now = max(now, group.due_at or now)
    raise AssertionError(f"the group does not come to its end: {group}")


def rows(found: list[Breadth]) -> list[tuple[str, ...]]:
    return [
        (
            f"{one.orders:,}",
            f"{one.bought.writes:,.0f}",
            f"{one.bought.writes / one.orders:.2f}",
            f"{one.decided.writes:,.0f}",
            f"{one.decided.writes / one.orders:.2f}",
            *(f"{look.total:.0f} ({look.reads:g})" for look in (one.open_look, one.way_look, one.figures_look)),
        )
        for one in found
    ]


HEAD = (
    "orders", "write units to buy", "an order", "write units to decide", "an order",
    "progress while open: calls (read units)", "progress on its way", "figures of its stages",
)  # fmt: skip

INTRO = """
## A group of ten thousand

The same group with ever more orders, over the engine in memory: every order is joined and paid, then the group closes,
forms with a price drop, and every order gets its outcome and its notices. The page of truth (the group's progress,
while it is open and when it is on its way) and the figures of its stages take the same calls whatever the size; the
writes of an order stay what they are, so those of the group grow in step with it.
"""


def section(found: list[Breadth]) -> str:
    return f"{INTRO}\n{table(HEAD, rows(found))}\n\n"


def main() -> None:
    """Measures, and puts the table into docs/figures.md where the last one stood; the rest of it stays."""
    file = DOCS / "figures.md"
    text = file.read_text(encoding="utf-8")
    title = INTRO.strip().splitlines()[0]
    before, _, after = text.partition(title) if title in text else text.partition("## How big the zips are")
    rest = after[after.index("\n## ") + 1 :] if title in text else "## How big the zips are" + after
    file.write_text(before + section([breadth(size) for size in SIZES]).lstrip() + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
