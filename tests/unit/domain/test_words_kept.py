"""Small rules that others stand on: ids, reference prices, what is said before paying, share links, refusals."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ids
from chalicelib.domain.campaign import Measure
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.product import Deal, PriceMark, Product, check_product, price_now, reference_price, with_deal
from chalicelib.domain.refusals import Lost, Refused
from chalicelib.domain.share import share_code
from chalicelib.domain.statement import arrives_by, statement

from . import given as story
from .given import CLOSES, NOON

# ids


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), st.integers(1, 64))
def test_an_order_id_says_where_its_row_lives(campaign: str, buyer: str, parts: int) -> None:
    group = ids.group_id(campaign, "pot")
    order = ids.order_id(group, buyer, parts)
    assert ids.group_of(order) == group
    assert 0 <= ids.part_of(order) < parts
    assert order == ids.order_id(group, buyer, parts), "one order per buyer and group"


def test_orders_spread_over_all_parts() -> None:
    parts = [ids.part_of(ids.order_id("g1", f"buyer{k}", 8)) for k in range(800)]
    assert {parts.count(part) // 50 for part in range(8)} <= {1, 2}, "100 each, give or take half"


@given(st.one_of(st.text(max_size=30), st.from_regex(r"g1-.{0,6}")))
def test_an_id_made_up_by_hand_raises_nothing(made_up: str) -> None:
    assert isinstance(ids.part_of(made_up), int)
    assert isinstance(ids.group_of(made_up), str)


@pytest.mark.parametrize("made_up", ["", "g1", "g1-", "g1-zz", "g1-z", "-", "g1-x0mei"])
def test_ids_without_a_part_lead_to_an_unused_one(made_up: str) -> None:
    assert ids.part_of(made_up) == -1


def test_parts_of_a_name_are_kept_apart() -> None:
    assert ids.derived("ab", "c") != ids.derived("a", "bc") != ids.derived("abc")
    assert len(ids.derived("a")) == 16 and len(ids.fingerprint("a")) == 24
    assert set(ids.derived("a", length=32)) <= set(ids.ALPHABET)


@pytest.mark.req("E6")
def test_everyone_has_one_link_to_a_group() -> None:
    assert share_code("g1", "mei") == share_code("g1", "mei") != share_code("g1", "bo")
    assert share_code("g2", "mei") != share_code("g1", "mei")


# reference prices

APPLE = Product(
    id="p1", merchant_id="m", title="Apples", list_price_minor=1_000, currency="CNY", created_at=NOON, updated_at=NOON
)


def sale(price: int, days_ago: float, source: str = "group:g1", units: int = 3, nature: str = "sale") -> PriceMark:
    at = NOON - int(days_ago * DAY)
    return PriceMark(product_id="p1", at=at, nature=nature, price_minor=price, units=units, source=source)


@pytest.mark.req("P10")
def test_a_declared_price_must_be_one_at_which_it_was_really_sold() -> None:
    marks = [sale(880, 30), sale(990, 40, source="declared"), sale(1_000, 1, nature="list", units=0, source="")]
    assert reference_price(marks, 880, NOON) == 880
    assert reference_price(marks, 990, NOON) == 990
    for never_sold in (1_000, 881):
        with pytest.raises(Refused, match="reference_price_never_sold"):
            reference_price(marks, never_sold, NOON)
    with pytest.raises(Refused):
        reference_price([sale(880, 1, units=0)], 880, NOON)


@pytest.mark.req("P10")
@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ([], None),
        ([sale(880, 6), sale(850, 5), sale(900, 1)], 850),
        ([sale(850, 7), sale(900, 1)], 850),
        ([sale(850, 7.01), sale(900, 1)], 900),
        ([sale(700, 1, source="declared")], None),
        ([sale(1_000, 1, nature="list", source="")], None),
        ([sale(700, 1, units=0)], None),
    ],
)
def test_with_none_declared_it_is_the_lowest_deal_of_seven_days(marks: list[PriceMark], shown: int | None) -> None:
    """Marks as a formed group writes them: their source names it."""
    assert reference_price(marks, None, NOON) == shown


# the catalogue


def deal(price: int, campaign: str = "c1", from_at: int = NOON, until: int = NOON + DAY) -> Deal:
    return Deal(campaign_id=campaign, group_id=None, price_minor=price, from_at=from_at, until=until)


@pytest.mark.req("L7")
def test_the_best_running_deal_is_the_price_and_the_list_price_comes_back_by_the_clock() -> None:
    product = with_deal(with_deal(APPLE, deal(800)), deal(700, "c2", until=NOON + HOUR))
    assert price_now(product, NOON - 1) == 1_000
    assert price_now(product, NOON) == 700
    assert price_now(product, NOON + HOUR) == 800
    assert price_now(product, NOON, over=frozenset({"c2"})) == 800
    assert price_now(product, NOON + DAY) == 1_000


@pytest.mark.req("L7")
def test_a_campaign_has_one_deal_and_old_ones_are_forgotten() -> None:
    product = with_deal(with_deal(APPLE, deal(800)), deal(790))
    assert [d.price_minor for d in product.deals] == [790]
    later = with_deal(product, deal(600, "c9", from_at=NOON + 30 * DAY, until=NOON + 31 * DAY))
    assert [d.campaign_id for d in later.deals] == ["c9"]


@pytest.mark.parametrize("price", [0, -1, 10**12 + 1])
def test_a_price_out_of_range_is_refused(price: int) -> None:
    with pytest.raises(Refused, match="price_out_of_range"):
        check_product(replace(APPLE, list_price_minor=price))


# what is said before paying


@pytest.mark.req("L1")
@pytest.mark.req("R2")
def test_the_statement_names_condition_deadline_refund_route_and_exception() -> None:
    terms = story.terms(methods=("sandbox", "transfer", "new"), return_exception="fresh")
    told = statement(terms, story.group(terms))

    assert (told.version, told.measure, told.at_least) == (1, Measure.PARTICIPANTS, 3)
    assert (told.deadline, told.zone, told.pay_by_rule) == (CLOSES, "Asia/Shanghai", "window")
    assert told.refund_route == "original_method" and told.return_exception == "fresh"
    assert told.refund_arrives_within_days == {"sandbox": 1, "transfer": 3, "new": 5}
    assert statement(terms, story.group(terms), deadline=NOON).deadline == NOON, "as it was told then"


def test_a_team_is_told_its_own_size_and_a_one_day_campaign_its_own_rule() -> None:
    terms = story.team(5, pay_until_close=True)
    told = statement(terms, story.group(terms, team_size=5))
    assert (told.at_least, told.pay_by_rule) == (5, "until_close")


@pytest.mark.req("R2")
def test_a_refund_arrives_by_the_methods_own_time() -> None:
    assert arrives_by("sandbox", NOON) == NOON + DAY
    assert arrives_by("transfer", NOON) == NOON + 3 * DAY
    assert arrives_by("anything", NOON) == NOON + 5 * DAY


def test_a_refusal_carries_its_code_and_facts_and_a_lost_write_its_rows() -> None:
    assert (Refused("sold_out", sku="a").code, Refused("sold_out", sku="a").facts) == ("sold_out", {"sku": "a"})
    assert Lost().rows == {} and Lost({1: None}).rows == {1: None}
