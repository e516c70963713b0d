"""Every question the use cases ask of the table. Consistent unless it says otherwise."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition

from ..domain import ids
from ..domain.audit import Act
from ..domain.batch import Batch
from ..domain.books import SHARDS, BookedDay, Books, Difference
from ..domain.campaign import Campaign, Restocked, Stock, Terms
from ..domain.chat import Hook
from ..domain.feed import Digest, GroupChat, Post, Question, QuestionState
from ..domain.group import Group, Part, Slice
from ..domain.hours import Hour
from ..domain.incident import Coupon, Incident
from ..domain.instants import DAY, SECOND, Instant
from ..domain.journey import Duty, Journey
from ..domain.leader import Leader, Neighbour, Place
from ..domain.ledger import Entry
from ..domain.notice import Notice
from ..domain.order import Order, OrderState
from ..domain.pace import Pace
from ..domain.person import Preferences
from ..domain.ports import OrderMark, Page
from ..domain.product import PriceMark, Product
from ..domain.receipt import Receipt
from ..domain.refusals import Broken, Lost
from ..domain.review import Rating, Review
from ..domain.routing import Load, Reroute, Routes
from ..domain.second_factor import Confirmed
from ..domain.session import Brake, LoginCode, Session
from ..domain.share import Share
from ..domain.solvency import Solvency
from ..domain.substitute import Substitute
from ..domain.supply import Demand, Lot, PurchaseOrder
from ..domain.tally import Scope, Tally
from ..domain.task import Task
from ..domain.upkeep import Allowance, Announcement, Listing, Visit
from ..domain.waybill import Waybill
from ..domain.writes import Row
from .commit import translated
from .rows import (
    batch_key,
    duties_pk,
    entry_key,
    from_stored,
    hall_pk,
    incident_key,
    journey_key,
    key_of,
    lot_key,
    moved_pk,
    neighbour_key,
    order_key,
    orders_pk,
    pace_key,
    purchase_key,
    receipt_key,
    review_key,
    slice_key,
    stamp,
    substitute_key,
    tally_key,
    waybill_key,
)
from .stored import Stored

LATELY = 3 * SECOND
KEPT_TERMS = 500
R = TypeVar("R", bound=Row)


def start_key(start: str | None) -> dict[str, Any] | None:
    return json.loads(start) if start else None


def next_key(key: dict[str, Any] | None) -> str | None:
    return json.dumps(key, separators=(",", ":"), sort_keys=True) if key else None


class Reads:
    """The reading half of the store. Terms never change, so a process reads each once."""

    connection: Connection

    def __init__(self) -> None:
        self._terms: dict[tuple[str, int], Campaign] = {}
        self._groups: dict[str, tuple[Instant, Group]] = {}

    # one row

    def _get(self, of: type[R], pk: str, sk: str, *, consistent: bool = True) -> R | None:
        with translated():
            try:
                stored = Stored.get(pk, sk, consistent_read=consistent)
            except Stored.DoesNotExist:
                return None
        row = from_stored(stored)
        if not isinstance(row, of):
            raise Broken(f"{pk} {sk} is a {stored.kind}")
        return row

    def product(self, product_id: str) -> Product | None:
        return self._get(Product, f"PRODUCT#{product_id}", "PRODUCT")

    def campaign(self, campaign_id: str) -> Campaign | None:
        return self._get(Campaign, f"CAMPAIGN#{campaign_id}", "CAMPAIGN")

    def terms(self, campaign_id: str, number: int) -> Campaign:
        known = self._terms.get((campaign_id, number))
        if known is not None:
            return known
        terms = self._get(Terms, f"CAMPAIGN#{campaign_id}", f"TERMS#{number:04d}")
        if terms is None:
            raise Broken(f"no terms {number} of {campaign_id}")
        if len(self._terms) >= KEPT_TERMS:
            self._terms.clear()
        self._terms[campaign_id, number] = terms.campaign
        return terms.campaign

    def stock(self, campaign_id: str) -> Stock | None:
        return self._get(Stock, f"CAMPAIGN#{campaign_id}", "STOCK")

    def restocked(self, campaign_id: str, key: str) -> Restocked | None:
        return self._get(Restocked, f"CAMPAIGN#{campaign_id}", f"RESTOCK#{key}")

    def stocks_lately(self, campaign_ids: Iterable[str]) -> dict[str, Stock]:
        keys = [(f"CAMPAIGN#{campaign_id}", "STOCK") for campaign_id in dict.fromkeys(campaign_ids)]
        return {row.campaign_id: row for row in self._batch(keys, consistent=False) if isinstance(row, Stock)}

    def group(self, group_id: str) -> Group | None:
        return self._get(Group, f"GROUP#{group_id}", "GROUP")

    def group_lately(self, group_id: str, now: Instant) -> Group | None:
        seen = self._groups.get(group_id)
        if seen is not None and 0 <= now - seen[0] < LATELY:
            return seen[1]
        group = self._get(Group, f"GROUP#{group_id}", "GROUP", consistent=False) or self.group(group_id)
        if group is not None:
            if len(self._groups) >= KEPT_TERMS:
                self._groups.clear()
            self._groups[group_id] = (now, group)
        return group

    def forget_group(self, group_id: str) -> None:
        self._groups.pop(group_id, None)

    def journey(self, group_id: str) -> Journey | None:
        return self._get(Journey, *journey_key(group_id))

    def slice(self, group_id: str, number: int) -> Slice | None:
        return self._get(Slice, *slice_key(group_id, number))

    def part(self, group_id: str, number: int) -> Part | None:
        return self._get(Part, orders_pk(group_id, number), "PART")

    def order(self, order_id: str) -> Order | None:
        return self._get(Order, *order_key(order_id))

    def entry(self, entry_id: str) -> Entry | None:
        return self._get(Entry, *entry_key(entry_id))

    def preferences(self, person_id: str) -> Preferences | None:
        return self._get(Preferences, f"PERSON#{person_id}", "PREFERENCES", consistent=False)

    def tally(self, scope: Scope, owner_id: str) -> Tally | None:
        return self._get(Tally, *tally_key(scope.value, owner_id))

    def share(self, code: str) -> Share | None:
        return self._get(Share, f"SHARE#{code}", "SHARE", consistent=False)

    def allowance(self, campaign_id: str, buyer_id: str) -> Allowance | None:
        return self._get(Allowance, f"ALLOWANCE#{campaign_id}#{buyer_id}", "ALLOWANCE")

    def login_code(self, who: str) -> LoginCode | None:
        return self._get(LoginCode, f"LOGIN#{who}", "CODE")

    def brake(self, who: str) -> Brake | None:
        return self._get(Brake, f"LOGIN#{who}", "BRAKE")

    def confirmed(self, who: str) -> Confirmed | None:
        return self._get(Confirmed, f"LOGIN#{who}", "CONFIRMED")

    def session(self, session_id: str) -> Session | None:
        return self._get(Session, f"SESSION#{session_id}", "SESSION")

    def demand(self, group_id: str) -> Demand | None:
        return self._get(Demand, f"GROUP#{group_id}", "DEMAND")

    def purchase(self, purchase_id: str) -> PurchaseOrder | None:
        return self._get(PurchaseOrder, *purchase_key(purchase_id))

    def lot(self, purchase_id: str, key: str) -> Lot | None:
        return self._get(Lot, *lot_key(purchase_id, key))

    def leader(self, person_id: str) -> Leader | None:
        return self._get(Leader, f"PERSON#{person_id}", "LEADER")

    def place(self, place_id: str) -> Place | None:
        return self._get(Place, f"PLACE#{place_id}", "PLACE")

    def neighbour(self, leader_id: str, code: str) -> Neighbour | None:
        return self._get(Neighbour, *neighbour_key(leader_id, code))

    def receipt(self, group_id: str, destination: str) -> Receipt | None:
        return self._get(Receipt, *receipt_key(group_id, destination))

    def announcement(self, group_id: str, event: str) -> Announcement | None:
        return self._get(Announcement, f"GROUP#{group_id}", f"TELL#{event}")

    # several rows at once

    def slices(self, group_id: str, count: int) -> list[Slice]:
        rows = self._batch([slice_key(group_id, number) for number in range(count)], consistent=True)
        return sorted((row for row in rows if isinstance(row, Slice)), key=lambda row: row.number)

    def groups_and_tallies(self, group_ids: Sequence[str]) -> dict[str, tuple[Group, Tally | None]]:
        """Two rows a group in one call per 50 groups; for show, so not consistent."""
        keys = [(f"GROUP#{g}", "GROUP") for g in group_ids] + [tally_key("group", g) for g in group_ids]
        rows = self._batch(keys, consistent=False)
        tallies = {row.id: row for row in rows if isinstance(row, Tally)}
        return {row.id: (row, tallies.get(row.id)) for row in rows if isinstance(row, Group)}

    def page_of_truth(self, group_id: str) -> tuple[Group, Tally | None, Journey | None] | None:
        keys = [(f"GROUP#{group_id}", "GROUP"), tally_key("group", group_id), journey_key(group_id)]
        rows = self._batch(keys, consistent=False)
        group = next((row for row in rows if isinstance(row, Group)), None)
        tally = next((row for row in rows if isinstance(row, Tally)), None)
        journey = next((row for row in rows if isinstance(row, Journey)), None)
        return (group, tally, journey) if group is not None else None

    def order_page(self, order_id: str) -> tuple[Order | None, Group | None, Journey | None]:
        group_id = ids.group_of(order_id)
        keys = [order_key(order_id), (f"GROUP#{group_id}", "GROUP"), journey_key(group_id)]
        rows = self._batch(keys, consistent=True)
        order = next((row for row in rows if isinstance(row, Order)), None)
        group = next((row for row in rows if isinstance(row, Group)), None)
        return order, group, next((row for row in rows if isinstance(row, Journey)), None)

    def groups_and_journeys(self, group_ids: Sequence[str]) -> dict[str, tuple[Group, Journey | None]]:
        wanted = list(dict.fromkeys(group_ids))
        keys = [(f"GROUP#{g}", "GROUP") for g in wanted] + [journey_key(g) for g in wanted]
        rows = self._batch(keys, consistent=True) if keys else []
        journeys = {row.group_id: row for row in rows if isinstance(row, Journey)}
        return {row.id: (row, journeys.get(row.id)) for row in rows if isinstance(row, Group)}

    def duties_of(self, person_id: str, *, late: bool, limit: int, start: str | None) -> Page[Duty]:
        return self._query_page(Duty, duties_pk(person_id, late=late), None, limit, start)

    def pace(self, merchant_id: str, began_at: int, group_id: str) -> Pace | None:
        return self._get(Pace, *pace_key(merchant_id, began_at, group_id))

    def paces_of(self, role: str, person_id: str, limit: int, start: str | None) -> Page[Pace]:
        if role == "manager":
            return self._page(Pace, f"PACES#{person_id}", limit, start)
        return self._query_page(Pace, f"PACES#{person_id}", None, limit, start, forward=False)

    def _batch(self, keys: Sequence[tuple[str, str]], *, consistent: bool) -> list[Row]:
        with translated():
            return [from_stored(stored) for stored in Stored.batch_get(list(keys), consistent_read=consistent)]

    def stock_and_slices(self, campaign_id: str, group_id: str, count: int) -> tuple[Stock, list[Slice]]:
        """Not at one instant: a read that asks for that is cancelled by every join under way on any of the rows."""
        keys = [(f"CAMPAIGN#{campaign_id}", "STOCK"), *(slice_key(group_id, k) for k in range(count))]
        rows = self._batch(keys, consistent=True)
        slices = sorted((row for row in rows if isinstance(row, Slice)), key=lambda row: row.number)
        stock = next((row for row in rows if isinstance(row, Stock)), None)
        if stock is None or len(slices) != count:
            raise Lost()
        return stock, slices

    # lists

    def _page(self, of: type[R], owner: str, limit: int, start: str | None) -> Page[R]:
        """Rows of one owner, newest first: keys from the index, then the rows themselves."""
        with translated():
            found = Stored.listed_index.query(
                owner,
                scan_index_forward=False,
                limit=limit,
                page_size=limit,
                last_evaluated_key=start_key(start),
            )
            keys = [(mark.pk, mark.sk) for mark in found]
            after = next_key(found.last_evaluated_key) if len(keys) == limit else None
        rows = {(row_pk(row)): row for row in self._batch(keys, consistent=True)} if keys else {}
        return Page([cast(R, rows[key]) for key in keys if isinstance(rows.get(key), of)], after)

    def products_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Product]:
        return self._page(Product, f"PRODUCTS#{merchant_id}", limit, start)

    def campaigns_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Campaign]:
        return self._page(Campaign, f"CAMPAIGNS#{merchant_id}", limit, start)

    def groups_of(self, campaign_id: str, limit: int, start: str | None) -> Page[Group]:
        return self._page(Group, f"GROUPS#{campaign_id}", limit, start)

    def sessions_of(self, person_id: str, limit: int, start: str | None) -> Page[Session]:
        return self._page(Session, f"SESSIONS#{person_id}", limit, start)

    def purchases_of(self, supplier_id: str, limit: int, start: str | None) -> Page[PurchaseOrder]:
        return self._page(PurchaseOrder, f"PURCHASES#{supplier_id}", limit, start)

    def leaders(self, state: str, limit: int, start: str | None) -> Page[Leader]:
        return self._page(Leader, f"LEADERS#{state}", limit, start)

    def places_of(self, leader_id: str, limit: int, start: str | None) -> Page[Place]:
        return self._page(Place, f"PLACES#{leader_id}", limit, start)

    def leaders_for(self, person_id: str, limit: int, start: str | None) -> Page[Neighbour]:
        return self._page(Neighbour, f"LEADERS_FOR#{person_id}", limit, start)

    def receipts_of_leader(self, leader_id: str, limit: int, start: str | None) -> Page[Receipt]:
        return self._page(Receipt, f"RECEIPTS#{leader_id}", limit, start)

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

    def _query(
        self,
        of: type[R],
        pk: str,
        condition: Condition | None,
        *,
        forward: bool = True,
        consistent: bool = True,
    ) -> Iterator[R]:
        with translated():
            for stored in Stored.query(pk, condition, consistent_read=consistent, scan_index_forward=forward):
                row = from_stored(stored)
                if isinstance(row, of):
                    yield row

    def _query_page(
        self,
        of: type[R],
        pk: str,
        condition: Condition | None,
        limit: int,
        start: str | None,
        *,
        forward: bool = True,
    ) -> Page[R]:
        with translated():
            found = Stored.query(
                pk,
                condition,
                consistent_read=True,
                scan_index_forward=forward,
                limit=limit,
                page_size=limit,
                last_evaluated_key=start_key(start),
            )
            rows = [from_stored(stored) for stored in found]
            after = next_key(found.last_evaluated_key) if len(rows) == limit else None
        return Page([row for row in rows if isinstance(row, of)], after)

    def batch(self, group_id: str, destination: str) -> Batch | None:
        return self._get(Batch, *batch_key(group_id, destination))

    def ride_of(self, group_id: str, destination: str, order_id: str) -> tuple[Batch | None, Waybill | None]:
        rows = self._batch([batch_key(group_id, destination), waybill_key(order_id)], consistent=True)
        batch = next((row for row in rows if isinstance(row, Batch)), None)
        return batch, next((row for row in rows if isinstance(row, Waybill)), None)

    def batches(self, group_id: str) -> list[Batch]:
        return list(self._query(Batch, f"GROUP#{group_id}", Stored.sk.startswith("BATCH#")))

    def batches_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Batch]:
        return self._page(Batch, f"BATCHES#{merchant_id}", limit, start)

    def routes(self, merchant_id: str) -> Routes | None:
        return self._get(Routes, f"ROUTES#{merchant_id}", "ROUTES")

    def reroute(self, merchant_id: str, key: str) -> Reroute | None:
        return self._get(Reroute, f"ROUTES#{merchant_id}", f"REROUTE#{key}")

    def load(self, merchant_id: str, day: str, place: str) -> Load | None:
        return self._get(Load, f"LOADS#{merchant_id}", f"{day}#{place}")

    def loads(self, merchant_id: str, first_day: str, last_day: str) -> list[Load]:
        return list(self._query(Load, f"LOADS#{merchant_id}", Stored.sk.between(first_day, f"{last_day}$")))

    def waybill(self, waybill_id: str) -> Waybill | None:
        return self._get(Waybill, *waybill_key(waybill_id))

    def price_marks(self, product_id: str, limit: int = 200) -> list[PriceMark]:
        page = self._query_page(
            PriceMark, f"PRODUCT#{product_id}", Stored.sk.startswith("PRICE#"), limit, None, forward=False
        )
        return list(page.rows)

    def review(self, product_id: str, ordered_at: Instant, order_id: str) -> Review | None:
        return self._get(Review, *review_key(product_id, ordered_at, order_id))

    def reviews(self, product_id: str, limit: int, start: str | None) -> Page[Review]:
        pk, _ = review_key(product_id, 0, "")
        return self._query_page(Review, pk, Stored.sk.startswith("REVIEW#"), limit, start, forward=False)

    def rating(self, product_id: str) -> Rating | None:
        return self._get(Rating, f"PRODUCT#{product_id}", "RATING")

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

    def entries_of_order(self, order_id: str) -> list[Entry]:
        pk, _ = order_key(order_id)
        return list(self._query(Entry, pk, Stored.sk.startswith(f"ENTRY#{order_id}#")))

    def entries_of_group(self, group: Group) -> Iterator[Entry]:
        for part in range(group.parts):
            yield from self._query(Entry, orders_pk(group.id, part), Stored.sk.startswith("ENTRY#"))

    def moved(self, method: str, since: Instant, until: Instant) -> Iterator[Entry]:
        for day in range(since // DAY, (until - 1) // DAY + 1):
            for shard in range(SHARDS):
                yield from self._moved(moved_pk(method, day, shard), since, until)

    def _moved(self, owner: str, since: Instant, until: Instant) -> Iterator[Entry]:
        """One list, oldest first: keys from the index, a hundred at a time, then the rows as they are now."""
        between, start = Stored.list_at.between(stamp(since), f"{stamp(until - 1)}$"), None
        while True:
            with translated():
                found = Stored.listed_index.query(owner, between, limit=100, page_size=100, last_evaluated_key=start)
                keys = [(mark.pk, mark.sk) for mark in found]
                start = found.last_evaluated_key
            rows = self._batch(keys, consistent=True) if keys else []
            yield from sorted((row for row in rows if isinstance(row, Entry)), key=lambda row: row.id)
            if start is None or len(keys) < 100:
                return

    def entries_of_part(self, group_id: str, part: int, after: str | None = None) -> Iterator[Entry]:
        first = f"{entry_key(after)[1]}\x00" if after else "ENTRY#"
        return self._query(Entry, orders_pk(group_id, part), Stored.sk.between(first, "ENTRY$"))

    def solvency(self, campaign_id: str) -> Solvency | None:
        return self._get(Solvency, f"CAMPAIGN#{campaign_id}", "SOLVENCY")

    def books(self, method: str) -> Books | None:
        return self._get(Books, f"BOOKS#{method}", "NEXT")

    def booked_days(self, method: str, limit: int, start: str | None) -> Page[BookedDay]:
        days = Stored.sk.startswith("DAY#")
        return self._query_page(BookedDay, f"BOOKS#{method}", days, limit, start, forward=False)

    def differences(self, method: str, day: str, limit: int, start: str | None) -> Page[Difference]:
        return self._query_page(Difference, f"BOOKS#{method}#{day}", None, limit, start)

    def differences_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Difference]:
        return self._page(Difference, f"DIFFERENCES#{merchant_id}", limit, start)

    def accounts_of_part(self, group_id: str, part: int) -> Iterator[Order | Entry]:
        """A part's orders and their money in one reading: what a recount adds up."""
        for row in self._query(Row, orders_pk(group_id, part), Stored.sk.between("ENTRY#", "ORDER$")):
            if isinstance(row, Order | Entry):
                yield row

    def hooks(self, campaign_id: str) -> list[Hook]:
        return list(self._query(Hook, f"CHATS#{campaign_id}", Stored.sk.startswith("HOOK#")))

    def post(self, group_id: str, post_id: str) -> Post | None:
        return self._get(Post, f"FEED#{group_id}", f"POST#{post_id}")

    def posts(self, group_id: str, limit: int, start: str | None) -> Page[Post]:
        return self._query_page(Post, f"FEED#{group_id}", Stored.sk.startswith("POST#"), limit, start, forward=False)

    def question(self, group_id: str, question_id: str) -> Question | None:
        return self._get(Question, f"FEED#{group_id}", f"QUESTION#{question_id}")

    def questions(
        self, group_id: str, states: frozenset[QuestionState], asker: str | None, limit: int, start: str | None
    ) -> Page[Question]:
        page = self._query_page(
            Question, f"FEED#{group_id}", Stored.sk.startswith("QUESTION#"), limit, start, forward=False
        )
        return Page([row for row in page.rows if row.state in states or row.asked_by == asker], page.next)

    def group_chat(self, group_id: str) -> GroupChat | None:
        return self._get(GroupChat, f"FEED#{group_id}", "CHAT")

    def digest(self, group_id: str) -> Digest | None:
        return self._get(Digest, f"FEED#{group_id}", "DIGEST")

    def notices_about(self, person_id: str, about: str) -> list[Notice]:
        return list(self._query(Notice, f"PERSON#{person_id}", Stored.sk.startswith(f"NOTICE#{about}#")))

    def notices_of(self, person_id: str, limit: int, start: str | None) -> Page[Notice]:
        return self._query_page(Notice, f"PERSON#{person_id}", Stored.sk.startswith("NOTICE#"), limit, start)

    def hall(
        self, community_id: str | None, category: str | None, now: Instant, limit: int, start: str | None
    ) -> Page[Listing]:
        """Open groups under one facet by deadline: what has closed drops out by the clock, without a write."""
        after_now = Stored.sk.between(stamp(now), stamp(10**15 - 1))
        return self._query_page(Listing, hall_pk(community_id or "-", category or "-"), after_now, limit, start)

    def last_act(self, actor_id: str) -> Act | None:
        page = self._query_page(Act, f"AUDIT#{actor_id}", None, 1, None, forward=False)
        return page.rows[0] if page.rows else None

    def acts_of(self, actor_id: str, limit: int, start: str | None) -> Page[Act]:
        return self._query_page(Act, f"AUDIT#{actor_id}", None, limit, start)

    def acts_on(self, day: str, limit: int, start: str | None) -> Page[Act]:
        return self._page(Act, f"AUDIT#{day}", limit, start)

    def purchases_of_group(self, group_id: str) -> list[PurchaseOrder]:
        return list(self._query(PurchaseOrder, f"GROUP#{group_id}", Stored.sk.startswith("PO#")))

    def lots_of(self, purchase_id: str) -> list[Lot]:
        pk, sk = lot_key(purchase_id, "")
        return list(self._query(Lot, pk, Stored.sk.startswith(sk)))

    def neighbours_of(self, leader_id: str, limit: int, start: str | None) -> Page[Neighbour]:
        pk, sk = neighbour_key(leader_id, "")
        return self._query_page(Neighbour, pk, Stored.sk.startswith(sk), limit, start)

    def receipts_of(self, group_id: str) -> list[Receipt]:
        pk, sk = receipt_key(group_id, "")
        return list(self._query(Receipt, pk, Stored.sk.startswith(sk)))

    def incident(self, group_id: str, incident_id: str) -> Incident | None:
        return self._get(Incident, *incident_key(group_id, incident_id))

    def incidents(self, group_id: str) -> list[Incident]:
        pk, sk = incident_key(group_id, "")
        return list(self._query(Incident, pk, Stored.sk.startswith(sk)))

    def substitute(self, group_id: str, sku: str) -> Substitute | None:
        return self._get(Substitute, *substitute_key(group_id, sku))

    def substitutes(self, group_id: str) -> list[Substitute]:
        pk, sk = substitute_key(group_id, "")
        return list(self._query(Substitute, pk, Stored.sk.startswith(sk)))

    def coupons_of(self, person_id: str, limit: int, start: str | None) -> Page[Coupon]:
        return self._query_page(Coupon, f"PERSON#{person_id}", Stored.sk.startswith("COUPON#"), limit, start)

    def task(self, task_id: str) -> Task | None:
        return self._get(Task, f"TASK#{task_id}", "TASK")

    def tasks(self, queue: str, limit: int, start: str | None) -> Page[Task]:
        return self._page(Task, f"TASKS#{queue}", limit, start)

    def visitors(self, campaign_id: str) -> int:
        with translated():
            return Stored.count(f"VISITS#{campaign_id}")

    def visit(self, campaign_id: str, visitor: str) -> Visit | None:
        return self._get(Visit, f"VISITS#{campaign_id}", visitor)

    def visits(self, campaign_id: str) -> Iterator[Visit]:
        return self._query(Visit, f"VISITS#{campaign_id}", None)

    def hours(self, campaign_id: str) -> list[Hour]:
        return list(self._query(Hour, f"HOURS#{campaign_id}", None, consistent=False))


def row_pk(row: Row) -> tuple[str, str]:
    key = key_of(row)
    return key.pk, key.sk


def _mark(stored: Stored) -> OrderMark:
    joined_at, _, order_id = (stored.list_at or "").partition("#")
    return OrderMark(order_id, OrderState(stored.state), int(joined_at))
