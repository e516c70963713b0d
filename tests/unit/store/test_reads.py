"""The questions asked of the table: whole lists by pages, one instant where it matters, no row taken for another."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.campaign import Stock, Terms
from chalicelib.domain.group import Slice
from chalicelib.domain.instants import DAY, SECOND
from chalicelib.domain.order import Order
from chalicelib.domain.product import PriceMark, Product
from chalicelib.domain.refusals import Broken, Lost
from chalicelib.domain.tally import Scope, Tally
from chalicelib.domain.upkeep import Listing, Visit
from chalicelib.domain.writes import Create, Replace
from chalicelib.store.timers import DynamoStore
from tests.bed.aws import Hook
from tests.unit.domain import given as story
from tests.unit.domain.given import NOON

SLICE = Slice(group_id="g1", number=0, left={"apples": 5}, seats=3, opens_at=1_000, closes_at=2_000)


def buyers_order(buyer: str, part: int = 0) -> Order:
    return story.order(id=f"g1-{part:02x}{buyer}", part=part, buyer_id=buyer, version=0)


def test_orders_of_a_group_are_paged_part_by_part_and_none_is_missed_or_doubled(store: DynamoStore) -> None:
    group = story.group(id="g1", parts=3)
    for part, buyer in ((0, "an"), (0, "bo"), (2, "chen"), (2, "dai"), (2, "en")):
        store.commit(Create(buyers_order(buyer, part)))
    store.commit(Create(story.payment("g1-00an.p1")))

    seen, start = [], None
    while True:
        page = store.orders_of_group(group, 2, start)
        seen += [order.buyer_id for order in page.rows]
        start = page.next
        if start is None:
            break
    assert seen == ["an", "bo", "chen", "dai", "en"]


def test_a_buyers_orders_come_newest_first_with_their_state(store: DynamoStore) -> None:
    for k in range(5):
        store.commit(Create(story.order(id=f"g{k}-00mei", joined_at=NOON + k, version=0)))
    first = store.orders_of_buyer("mei", 3, None)
    rest = store.orders_of_buyer("mei", 3, first.next)
    assert [mark.order_id for mark in [*first.rows, *rest.rows]] == [f"g{k}-00mei" for k in (4, 3, 2, 1, 0)]
    assert {(mark.state.value, mark.joined_at - NOON) for mark in rest.rows} == {("held", 1), ("held", 0)}
    assert rest.next is None and store.orders_of_buyer("bo", 3, None).rows == []


def test_entries_belong_to_one_order_even_where_ids_begin_alike(store: DynamoStore) -> None:
    for entry in ("g1-00an.p1", "g1-00an.p2", "g1-00ana.p1"):
        store.commit(Create(story.payment(entry)))
    assert [entry.id for entry in store.entries_of_order("g1-00an")] == ["g1-00an.p1", "g1-00an.p2"]
    assert len(list(store.entries_of_group(story.group(id="g1")))) == 3


def test_made_up_ids_find_nothing(store: DynamoStore) -> None:
    for made_up in ("", "g1", "g1-", "g1-zz", "g1-zz#x", "GROUP#g1", "团"):
        assert store.order(made_up) is None
        assert store.entry(made_up) is None
        assert store.group(made_up) is None


def test_one_kind_is_never_taken_for_another(store: DynamoStore) -> None:
    store.commit(Create(Tally(scope=Scope.GROUP, id="x", campaign_id="c", as_of=NOON)))
    with pytest.raises(Broken, match="is a tally"):
        store._get(Stock, "GROUP#x", "TALLY")


def test_frozen_terms_are_read_once(store: DynamoStore, hook: Hook) -> None:
    terms = story.terms(version=0)
    store.commit(Create(Terms(campaign_id="c1", number=1, campaign=terms)))
    hook.calls.clear()
    assert store.terms("c1", 1) == store.terms("c1", 1) == terms
    assert sum(hook.calls.values()) == 1
    with pytest.raises(Broken):
        store.terms("c1", 2)


def test_a_group_seen_lately_is_for_routing_only_and_soon_looked_at_again(store: DynamoStore) -> None:
    store.commit(Create(story.group(id="g1")))
    seen = store.group_lately("g1", NOON)
    store.commit(Replace(story.group(id="g1", version=1, slices=2)))
    assert store.group_lately("g1", NOON + 2 * SECOND) == seen
    later = store.group_lately("g1", NOON + 3 * SECOND)
    assert later is not None and later.slices == 2
    store.commit(Replace(story.group(id="g1", version=2, slices=3)))
    before = store.group_lately("g1", NOON)
    assert before is not None and before.slices == 3, "a clock that went back is no reason to keep an old one"
    assert store.group_lately("nowhere", NOON) is None


def test_stock_and_slices_are_read_without_standing_in_anybodys_way(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(Stock(campaign_id="c1", left={"apples": 9})), Create(SLICE), Create(replace(SLICE, number=1)))
    hook.calls.clear()
    stock, slices = store.stock_and_slices("c1", "g1", 2)
    assert (stock.left, [row.number for row in slices]) == ({"apples": 9}, [0, 1])
    assert dict(hook.calls) == {("dynamodb", "BatchGetItem"): 1}
    with pytest.raises(Lost):
        store.stock_and_slices("c1", "g1", 3)


def test_more_slices_than_one_call_reads_are_read_by_parts(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(Stock(campaign_id="c1", left={"apples": 9})))
    for number in range(150):
        store.commit(Create(replace(SLICE, number=number)))
    hook.calls.clear()
    _, slices = store.stock_and_slices("c1", "g1", 150)
    assert [row.number for row in slices] == list(range(150))
    assert dict(hook.calls) == {("dynamodb", "BatchGetItem"): 2}


@pytest.mark.req("L13")
def test_the_hall_lists_what_is_open_by_deadline(store: DynamoStore) -> None:
    for k, group in enumerate(("gone", "b", "a", "c")):
        store.commit(Create(Listing(community_id="east", category="-", closes_at=NOON + k * DAY, group_id=group)))
    store.commit(Create(Listing(community_id="-", category="-", closes_at=NOON + DAY, group_id="b")))
    first = store.hall("east", None, NOON + 1, 2, None)
    rest = store.hall("east", None, NOON + 1, 2, first.next)
    assert [row.group_id for row in [*first.rows, *rest.rows]] == ["b", "a", "c"]
    assert [row.group_id for row in store.hall(None, None, NOON, 9, None).rows] == ["b"]


@pytest.mark.req("L13")
def test_lines_of_the_hall_stand_for_groups_with_their_stock_in_one_read(store: DynamoStore, hook: Hook) -> None:
    store.commit(Create(story.group(id="g1")), Create(story.group(id="g2")), Create(Stock(campaign_id="c1", left={})))
    store.commit(Create(Tally(scope=Scope.GROUP, id="g1", campaign_id="c1", as_of=NOON)))
    lines = [
        Listing(community_id="-", category="-", closes_at=NOON, group_id=group, campaign_id="c1")
        for group in ("g1", "g1", "g2", "gone")
    ]
    hook.calls.clear()
    found = store.listed(lines)
    assert dict(hook.calls) == {("dynamodb", "BatchGetItem"): 1}
    seen = {name: (tally is not None, stock is not None) for name, (_, tally, stock) in found.items()}
    assert seen == {"g1": (True, True), "g2": (False, True)}
    assert store.listed([replace(line, campaign_id="") for line in lines]) == found, "lines written before"


def test_groups_have_tallies_or_none(store: DynamoStore) -> None:
    store.commit(Create(Tally(scope=Scope.GROUP, id="g1", campaign_id="c1", as_of=NOON)))
    assert {*store.tallies_of(["g1", "g2", "g1"])} == {"g1"} and store.tallies_of([]) == {}


def test_a_merchants_lists_are_paged_newest_first(store: DynamoStore) -> None:
    for k in range(3):
        store.commit(Create(story.terms(id=f"c{k}", created_at=NOON + k)))
        store.commit(
            Create(
                Product(
                    id=f"p{k}", merchant_id="merchant", title="", list_price_minor=1, currency="CNY",
                    created_at=NOON + k, updated_at=NOON,
                )
            )
        )  # fmt: skip
    first = store.campaigns_of("merchant", 2, None)
    assert [c.id for c in first.rows] == ["c2", "c1"]
    assert [c.id for c in store.campaigns_of("merchant", 2, first.next).rows] == ["c0"]
    assert [p.id for p in store.products_of("merchant", 9, None).rows] == ["p2", "p1", "p0"]
    assert json.loads(first.next or "{}")["pk"] == {"S": "CAMPAIGN#c1"}


@pytest.mark.req("P10")
def test_a_price_history_comes_newest_first_and_is_bounded(store: DynamoStore) -> None:
    for k in range(4):
        store.commit(Create(PriceMark(product_id="p1", at=NOON + k, nature="list", price_minor=100 + k)))
    assert [mark.price_minor for mark in store.price_marks("p1", limit=3)] == [103, 102, 101]


@pytest.mark.req("M1")
def test_a_visitor_counts_once(store: DynamoStore) -> None:
    for visitor in ("a", "b", "a"):
        try:
            store.commit(Create(Visit(campaign_id="c1", group_id="g1", visitor=visitor, at=NOON)))
        except Lost:
            continue
    assert store.visitors("c1") == 2
