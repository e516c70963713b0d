"""Money is whole minor units: rounded once, shared out to the last one."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import money
from chalicelib.domain.refusals import Refused

amounts = st.integers(min_value=0, max_value=money.MAX_MINOR)


@pytest.mark.req("P1")
@pytest.mark.parametrize(
    ("price", "percent", "left"),
    [
        (1_000, 5, 950),
        (999, 5, 949),
        (990, 5, 941),
        (10, 5, 10),
        (1, 50, 1),
        (3, 50, 2),
        (1_000, 0, 1_000),
        (7, 100, 0),
    ],
)
def test_a_percentage_rounds_the_unit_price_half_up(price: int, percent: int, left: int) -> None:
    assert money.percent_off(price, percent) == left


@pytest.mark.req("P1")
@given(amounts, st.integers(0, 100))
def test_the_rounding_is_that_of_a_pocket_calculator(price: int, percent: int) -> None:
    exact = Decimal(price) * (100 - percent) / 100
    assert money.percent_off(price, percent) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(sum))
def test_parts_add_up_to_the_whole_and_none_is_off_by_a_whole_unit(total: int, weights: list[int]) -> None:
    parts = money.spread(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or part == 0, "nothing is given to what weighs nothing"


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [(10, [1, 1, 1], [4, 3, 3]), (100, [2, 1], [67, 33]), (1, [5, 5], [1, 0]), (0, [1, 2], [0, 0])],
)
def test_the_largest_remainder_gets_the_odd_unit_and_the_first_wins_ties(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert money.spread(total, weights) == parts


def test_nothing_cannot_be_shared_by_nothing() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        money.spread(5, [0, 0])


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1_250, "CNY", "¥12.50"), (5, "CNY", "¥0.05"), (-5, "CNY", "-¥0.05"), (0, "USD", "$0.00"),
        (500, "JPY", "JP¥500"), (1_234, "KWD", "KWD 1.234"), (-1_900, "EUR", "-€19.00"),
    ],
)  # fmt: skip
def test_amounts_are_spelled_with_the_decimals_of_their_currency(minor: int, currency: str, text: str) -> None:
    assert money.shown(minor, currency) == text


def test_a_currency_we_do_not_take_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_currency"):
        money.decimals("XAU")
