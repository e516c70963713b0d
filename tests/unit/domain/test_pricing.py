"""Price tiers: what a buyer pays on joining is never less than what turns out to be due."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import group as groups
from chalicelib.domain import pricing
from chalicelib.domain.campaign import Campaign, Measure, Target, certain_participants, check_item, price_on_joining
from chalicelib.domain.group import Count
from chalicelib.domain.pricing import NextTier, Tier

from . import given as story

TIERS = (Tier(participants=3, unit_price_minor=900), Tier(participants=5, unit_price_minor=750))


@st.composite
def tiers(draw: st.DrawFn) -> tuple[int, tuple[Tier, ...]]:
    """A list price and tiers as `check_item` lets them pass: more people, less money."""
    prices = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=6, unique=True).map(lambda p: sorted(p)[::-1]))
    people = sorted(draw(st.sets(st.integers(1, 60), min_size=len(prices) - 1, max_size=len(prices) - 1)))
    made = tuple(Tier(participants=n, unit_price_minor=p) for n, p in zip(people, prices[1:], strict=True))
    check_item(replace(story.APPLES, list_price_minor=prices[0], tiers=made))
    return prices[0], made


targets = st.builds(Target, measure=st.sampled_from(Measure), at_least=st.integers(1, 40))


@pytest.mark.req("P1")
@pytest.mark.parametrize(("people", "price"), [(0, 1_000), (2, 1_000), (3, 900), (4, 900), (5, 750), (99, 750)])
def test_the_tier_reached_holds_for_all(people: int, price: int) -> None:
    assert pricing.unit_price(1_000, TIERS, people) == price


@pytest.mark.req("P1")
@pytest.mark.parametrize(
    ("people", "next_one"),
    [
        (0, NextTier(more_participants=3, unit_price_minor=900, less_minor=100)),
        (2, NextTier(more_participants=1, unit_price_minor=900, less_minor=100)),
        (3, NextTier(more_participants=2, unit_price_minor=750, less_minor=150)),
        (5, None),
    ],
)
def test_the_next_tier_says_how_many_more_people_save_how_much(people: int, next_one: NextTier | None) -> None:
    assert pricing.next_tier(1_000, TIERS, people) == next_one


@given(tiers(), st.integers(0, 70))
def test_the_next_tier_is_the_price_that_its_people_would_bring(offer: tuple[int, tuple[Tier, ...]], now: int) -> None:
    listed, steps = offer
    coming = pricing.next_tier(listed, steps, now)
    if coming is None:
        assert pricing.unit_price(listed, steps, 10_000) == pricing.unit_price(listed, steps, now)
        return
    assert pricing.unit_price(listed, steps, now + coming.more_participants) == coming.unit_price_minor
    assert pricing.unit_price(listed, steps, now + coming.more_participants - 1) == coming.unit_price_minor + (
        coming.less_minor
    ), "one person fewer would not do"


@given(tiers())
def test_more_people_never_pay_more(offer: tuple[int, tuple[Tier, ...]]) -> None:
    prices = [pricing.unit_price(*offer, people) for people in range(70)]
    assert all(later <= earlier for earlier, later in pairwise(prices))


@pytest.mark.req("P1")
@given(tiers(), targets, st.integers(0, 60), st.integers(0, 300), st.integers(0, 400_000))
def test_on_joining_nobody_pays_less_than_is_due_nor_more_than_is_certain(
    offer: tuple[int, tuple[Tier, ...]], target: Target, people: int, units: int, amount: int
) -> None:
    """Whatever the group comes to: if it forms, every correction is a refund; and with just enough it is nothing."""
    item = replace(story.APPLES, list_price_minor=offer[0], tiers=offer[1])
    terms: Campaign = story.terms(items=(item,), target=target)
    joined = price_on_joining(terms, item, None)
    count = Count(participants=people, units={"apples": max(units, people)}, amount_minor=amount)
    verdict = groups.judged(story.group(terms), terms, count, {}, story.CLOSES)

    if verdict.formed and people:
        assert joined >= verdict.prices["apples"]
    assert joined == pricing.unit_price(*offer, certain_participants(terms, None))
    if target.measure is Measure.PARTICIPANTS:
        just_enough = Count(participants=target.at_least, units={"apples": target.at_least})
        assert groups.judged(story.group(terms), terms, just_enough, {}, story.CLOSES).prices["apples"] == joined


@pytest.mark.req("P2")
@given(tiers(), st.integers(2, 50))
def test_a_team_pays_the_price_of_its_size_and_nothing_changes_it(
    offer: tuple[int, tuple[Tier, ...]], size: int
) -> None:
    item = replace(story.APPLES, list_price_minor=offer[0], tiers=offer[1])
    terms = story.team(size, items=(item,))
    team = groups.opened(terms, now=story.NOON, which=["t"], initiator_id="mei", team_size=size)

    verdict = groups.judged(team, terms, Count(participants=size, units={"apples": size}), {}, story.CLOSES)

    assert verdict.formed
    assert price_on_joining(terms, item, size) == verdict.prices["apples"] == pricing.unit_price(*offer, size)


def test_an_amount_is_units_times_unit_price() -> None:
    assert pricing.amount({"apples": 2, "pears": 1}, {"apples": 900, "pears": 2_000, "plums": 1}) == 3_800


def test_a_tier_given_in_percent_is_rounded_when_it_is_made() -> None:
    assert pricing.tier_from_percent(999, 100, 5) == Tier(participants=100, unit_price_minor=949)
