"""Orders and their money, and the books of it."""

from collections.abc import Iterator

from pynamodb.expressions.condition import Condition

from ...domain import books, ids
from ...domain.books import BookedDay, Books, Difference
from ...domain.group import Group, Part
from ...domain.instants import DAY, Instant
from ...domain.journey import Journey
from ...domain.ledger import Entry
from ...domain.order import Order, OrderState
from ...domain.payout import Payout
from ...domain.ports import OrderMark, Page
from ...domain.solvency import Solvency
from ...domain.tally import Tally
from ...domain.upkeep import Turns
from ...domain.writes import Row
from ..commit import translated
from ..rows import (
    entry_key,
    journey_key,
    moved_pk,
    order_key,
    orders_pk,
    stamp,
    tally_key,
)
from ..stored import Stored
from .base import Base, next_key, start_key


class Orders(Base):
    """An order's rows share its part's partition: most questions are one query of it."""

    def part(self, group_id: str, number: int) -> Part | None:
        return self._get(Part, orders_pk(group_id, number), "PART")

    def order(self, order_id: str) -> Order | None:
        return self._get(Order, *order_key(order_id))

    def orders_of_part(self, group_id: str, part: int, after: str | None = None) -> Iterator[Order]:
        first = f"ORDER#{after}\x00" if after else "ORDER#"
        return self._query(Order, orders_pk(group_id, part), Stored.sk.between(first, "ORDER$"))

    def orders_of_group(self, group: Group, limit: int, start: str | None) -> Page[Order]:
        """Part by part; `start` is the last order seen."""
        part = ids.part_of(start) if start else 0
        rows: list[Order] = []
        while part < group.parts:
            for order in self.orders_of_part(group.id, part, after=start):
                rows.append(order)
                if len(rows) == limit:
                    return Page(rows, order.id)
            part, start = part + 1, None
        return Page(rows, None)

    def orders_of_buyer(self, buyer_id: str, limit: int, start: str | None) -> Page[OrderMark]:
        with translated():
            found = Stored.listed_index.query(
                f"ORDERS#{buyer_id}",
                scan_index_forward=False,
                limit=limit,
                page_size=limit,
                last_evaluated_key=start_key(start),
            )
            marks = [_mark(stored) for stored in found]
            return Page(marks, next_key(found.last_evaluated_key) if len(marks) == limit else None)

    def order_page(self, order_id: str) -> tuple[Order | None, Group | None, Journey | None]:
        group_id = ids.group_of(order_id)
        keys = [order_key(order_id), (f"GROUP#{group_id}", "GROUP"), journey_key(group_id)]
        rows = self._batch(keys, consistent=True)
        order = next((row for row in rows if isinstance(row, Order)), None)
        group = next((row for row in rows if isinstance(row, Group)), None)
        return order, group, next((row for row in rows if isinstance(row, Journey)), None)

    def page_of_truth(self, group_id: str) -> tuple[Group, Tally | None, Journey | None] | None:
        keys = [(f"GROUP#{group_id}", "GROUP"), tally_key("group", group_id), journey_key(group_id)]
        rows = self._batch(keys, consistent=False)
        group = next((row for row in rows if isinstance(row, Group)), None)
        tally = next((row for row in rows if isinstance(row, Tally)), None)
        journey = next((row for row in rows if isinstance(row, Journey)), None)
        return (group, tally, journey) if group is not None else None

    def entry(self, entry_id: str) -> Entry | None:
        return self._get(Entry, *entry_key(entry_id))

    def entries_of_order(self, order_id: str) -> list[Entry]:
        pk, _ = order_key(order_id)
        return list(self._query(Entry, pk, Stored.sk.startswith(f"ENTRY#{order_id}#")))

    def entries_of_group(self, group: Group) -> Iterator[Entry]:
        for part in range(group.parts):
            yield from self._query(Entry, orders_pk(group.id, part), Stored.sk.startswith("ENTRY#"))

    def entries_of_part(self, group_id: str, part: int, after: str | None = None) -> Iterator[Entry]:
        first = f"{entry_key(after)[1]}\x00" if after else "ENTRY#"
        return self._query(Entry, orders_pk(group_id, part), Stored.sk.between(first, "ENTRY$"))

    def accounts_of_part(self, group_id: str, part: int) -> Iterator[Order | Entry]:
        """A part's orders and their money in one reading: what a recount adds up."""
        for row in self._query(Row, orders_pk(group_id, part), Stored.sk.between("ENTRY#", "ORDER$")):
            if isinstance(row, Order | Entry):
                yield row

    def turns(self, method: str) -> Turns | None:
        return self._get(Turns, f"TURNS#{method}", "TURNS")

    def payables(self, merchant_id: str) -> Iterator[Entry]:
        return self._listed_entries(f"PAYABLE#{merchant_id}")

    def payout(self, payout_id: str) -> Payout | None:
        return self._get(Payout, f"PAYOUT#{payout_id}", "PAYOUT")

    def payouts_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Payout]:
        return self._page(Payout, f"PAYOUTS#{merchant_id}", limit, start)

    def entries_of_payout(self, payout_id: str) -> Iterator[Entry]:
        return self._listed_entries(f"PAYOUT#{payout_id}")

    def solvency(self, campaign_id: str) -> Solvency | None:
        return self._get(Solvency, f"CAMPAIGN#{campaign_id}", "SOLVENCY")

    def moved(self, method: str, since: Instant, until: Instant) -> Iterator[Entry]:
        between = Stored.list_at.between(stamp(since), f"{stamp(until - 1)}$")
        for day in range(since // DAY, (until - 1) // DAY + 1):
            for shard in range(books.SHARDS):
                yield from self._listed_entries(moved_pk(method, day, shard), between)

    def _listed_entries(self, owner: str, between: Condition | None = None) -> Iterator[Entry]:
        """One list, oldest first: keys from the index, a hundred at a time, then the rows as they are now."""
        start = None
        while True:
            with translated():
                found = Stored.listed_index.query(owner, between, limit=100, page_size=100, last_evaluated_key=start)
                keys = [(mark.pk, mark.sk) for mark in found]
                start = found.last_evaluated_key
            rows = self._batch(keys, consistent=True) if keys else []
            yield from sorted((row for row in rows if isinstance(row, Entry)), key=lambda row: row.id)
            if start is None or len(keys) < 100:
                return

    def books(self, method: str) -> Books | None:
        return self._get(Books, f"BOOKS#{method}", "NEXT")

    def booked_days(self, method: str, limit: int, start: str | None) -> Page[BookedDay]:
        days = Stored.sk.startswith("DAY#")
        return self._query_page(BookedDay, f"BOOKS#{method}", days, limit, start, forward=False)

    def differences(self, method: str, day: str, limit: int, start: str | None) -> Page[Difference]:
        return self._query_page(Difference, f"BOOKS#{method}#{day}", None, limit, start)

    def differences_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Difference]:
        return self._page(Difference, f"DIFFERENCES#{merchant_id}", limit, start)


def _mark(stored: Stored) -> OrderMark:
    joined_at, _, order_id = (stored.list_at or "").partition("#")
    return OrderMark(order_id, OrderState(stored.state), int(joined_at))
