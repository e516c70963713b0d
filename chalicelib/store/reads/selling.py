"""What is sold, in which campaigns and groups, and what is shown of them."""

from collections.abc import Iterator, Sequence

from ...domain.campaign import Campaign, Restocked, Stock, Terms
from ...domain.group import Group, Slice
from ...domain.hours import Hour
from ...domain.instants import SECOND, Instant
from ...domain.ports import Page
from ...domain.product import PriceMark, Product
from ...domain.refusals import Broken, Lost
from ...domain.review import Rating, Review
from ...domain.share import Share
from ...domain.tally import Scope, Tally
from ...domain.upkeep import Allowance, Listing, Visit
from ..commit import translated
from ..rows import (
    hall_pk,
    review_key,
    slice_key,
    stamp,
    stock_key,
    tally_key,
)
from ..stored import Stored
from .base import Base

LATELY = 3 * SECOND
KEPT_TERMS = 500


class Selling(Base):
    """Terms never change, so a process reads each once."""

    def __init__(self) -> None:
        super().__init__()
        self._terms: dict[tuple[str, int], Campaign] = {}
        self._groups: dict[str, tuple[Instant, Group]] = {}

    def product(self, product_id: str) -> Product | None:
        return self._get(Product, f"PRODUCT#{product_id}", "PRODUCT")

    def products_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Product]:
        return self._page(Product, f"PRODUCTS#{merchant_id}", limit, start)

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

    def campaign(self, campaign_id: str) -> Campaign | None:
        return self._get(Campaign, f"CAMPAIGN#{campaign_id}", "CAMPAIGN")

    def campaigns_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Campaign]:
        return self._page(Campaign, f"CAMPAIGNS#{merchant_id}", limit, start)

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
        return self._get(Stock, *stock_key(campaign_id))

    def restocked(self, campaign_id: str, key: str) -> Restocked | None:
        return self._get(Restocked, f"CAMPAIGN#{campaign_id}", f"RESTOCK#{key}")

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

    def groups_of(self, campaign_id: str, limit: int, start: str | None) -> Page[Group]:
        return self._page(Group, f"GROUPS#{campaign_id}", limit, start)

    def tallies_of(self, group_ids: Sequence[str]) -> dict[str, Tally]:
        """One call per 100 groups; for show, so not consistent."""
        rows = self._batch([tally_key("group", one) for one in dict.fromkeys(group_ids)], consistent=False)
        return {row.id: row for row in rows if isinstance(row, Tally)}

    def listed(self, lines: Sequence[Listing]) -> dict[str, tuple[Group, Tally | None, Stock | None]]:
        groups = [line.group_id for line in lines]
        keys = [(f"GROUP#{group}", "GROUP") for group in groups] + [tally_key("group", group) for group in groups]
        keys += [stock_key(line.campaign_id) for line in lines if line.campaign_id]
        rows = self._batch(list(dict.fromkeys(keys)), consistent=False)
        found = [row for row in rows if isinstance(row, Group)]
        read = {line.campaign_id for line in lines}
        older = {group.campaign_id for group in found} - read
        rows += self._batch([stock_key(campaign) for campaign in sorted(older)], consistent=False) if older else []
        tallies = {row.id: row for row in rows if isinstance(row, Tally)}
        stocks = {row.campaign_id: row for row in rows if isinstance(row, Stock)}
        return {row.id: (row, tallies.get(row.id), stocks.get(row.campaign_id)) for row in found}

    def slice(self, group_id: str, number: int) -> Slice | None:
        return self._get(Slice, *slice_key(group_id, number))

    def slices(self, group_id: str, count: int) -> list[Slice]:
        rows = self._batch([slice_key(group_id, number) for number in range(count)], consistent=True)
        return sorted((row for row in rows if isinstance(row, Slice)), key=lambda row: row.number)

    def stock_and_slices(self, campaign_id: str, group_id: str, count: int) -> tuple[Stock, list[Slice]]:
        """Not at one instant: a read that asks for that is cancelled by every join under way on any of the rows."""
        keys = [stock_key(campaign_id), *(slice_key(group_id, k) for k in range(count))]
        rows = self._batch(keys, consistent=True)
        slices = sorted((row for row in rows if isinstance(row, Slice)), key=lambda row: row.number)
        stock = next((row for row in rows if isinstance(row, Stock)), None)
        if stock is None or len(slices) != count:
            raise Lost()
        return stock, slices

    def allowance(self, campaign_id: str, buyer_id: str) -> Allowance | None:
        return self._get(Allowance, f"ALLOWANCE#{campaign_id}#{buyer_id}", "ALLOWANCE")

    def tally(self, scope: Scope, owner_id: str) -> Tally | None:
        return self._get(Tally, *tally_key(scope.value, owner_id))

    def visitors(self, campaign_id: str) -> int:
        with translated():
            return Stored.count(f"VISITS#{campaign_id}")

    def visit(self, campaign_id: str, visitor: str) -> Visit | None:
        return self._get(Visit, f"VISITS#{campaign_id}", visitor)

    def visits(self, campaign_id: str) -> Iterator[Visit]:
        return self._query(Visit, f"VISITS#{campaign_id}", None)

    def hours(self, campaign_id: str) -> list[Hour]:
        return list(self._query(Hour, f"HOURS#{campaign_id}", None, consistent=False))

    def share(self, code: str) -> Share | None:
        return self._get(Share, f"SHARE#{code}", "SHARE", consistent=False)

    def hall(
        self, community_id: str | None, category: str | None, now: Instant, limit: int, start: str | None
    ) -> Page[Listing]:
        """Open groups under one facet by deadline: what has closed drops out by the clock, without a write."""
        after_now = Stored.sk.between(stamp(now), stamp(10**15 - 1))
        return self._query_page(Listing, hall_pk(community_id or "-", category or "-"), after_now, limit, start)
