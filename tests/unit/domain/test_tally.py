"""Numbers for show: deltas come to the same as a recount, and milestones are told once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import tally as tallies
from chalicelib.domain.campaign import Measure, Target
from chalicelib.domain.group import Count
from chalicelib.domain.ledger import Entry, EntryState, Kind
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.tally import Numbers, Scope, Tally, plus

from . import given as story
from .given import NOON

changes = st.lists(
    st.tuples(st.integers(0, 4), st.one_of(st.none(), st.sampled_from(OrderState)), st.integers(1, 9)), max_size=40
)
people = Measure.PARTICIPANTS


@pytest.mark.req("M1")
@given(changes)
def test_moving_the_numbers_along_comes_to_the_same_as_counting_again(
    history: list[tuple[int, OrderState | None, int]],
) -> None:
    """Each change of an order adds what it is and takes off what it was; `None` is an order not yet, or no longer."""
    rows: dict[int, Order | None] = {}
    moved = Numbers()
    for buyer, state, units in history:
        new = story.order(state, lines={"apples": units}, amount_minor=900 * units) if state else None
        moved = plus(plus(moved, tallies.of_order(new)), tallies.of_order(rows.get(buyer)), -1)
        rows[buyer] = new

    recounted = Numbers()
    for order in rows.values():
        recounted = plus(recounted, tallies.of_order(order))
    assert moved == recounted
    assert moved.held_units == sum(o.lines["apples"] for o in rows.values() if o and o.state is OrderState.HELD)
    assert moved.paid_minor == sum(o.amount_minor for o in rows.values() if o and o.state is OrderState.PAID)


@pytest.mark.req("M1")
@pytest.mark.parametrize(
    ("entry", "numbers"),
    [
        (None, Numbers()),
        (story.payment(), Numbers()),
        (story.captured(), Numbers(captured_minor=1_800)),
        (story.refund(), Numbers()),
        (story.refund(state=EntryState.POSTED), Numbers(refunded_minor=1_800, refunds=1)),
        (story.payment(state=EntryState.VOIDED), Numbers()),
        (story.payment(kind=Kind.RELEASE, state=EntryState.POSTED), Numbers()),
    ],
)
def test_only_money_that_moved_is_counted(entry: Entry | None, numbers: Numbers) -> None:
    assert tallies.of_entry(entry) == numbers


@pytest.mark.req("M1")
def test_figures_are_whole_numbers_and_nothing_where_there_is_nothing_to_divide_by() -> None:
    assert tallies.figures(Numbers()) == tallies.Figures(
        conversion_bp=None, average_order_minor=None, formed_share_bp=None, refund_share_bp=None
    )
    some = Numbers(
        buyers=1, visitors=3, paid=3, paid_minor=1_000, formed=2, failed=1, refunded_minor=50, captured_minor=1_000
    )
    assert tallies.figures(some) == tallies.Figures(
        conversion_bp=3_333, average_order_minor=333, formed_share_bp=6_666, refund_share_bp=500
    )


def test_a_big_group_is_recounted_less_often() -> None:
    small = Tally(scope=Scope.GROUP, id="g", campaign_id="c", as_of=NOON)
    big = replace(small, numbers=Numbers(held=2_000, paid=8_000))
    assert tallies.recount_at(small, NOON) == NOON + 5_000
    assert tallies.recount_at(big, NOON) == NOON + 50_000


@pytest.mark.req("N2")
@pytest.mark.parametrize(
    ("have", "need", "passed"),
    [
        (4, 10, ()),
        (5, 10, ("milestone_half",)),
        (8, 10, ("milestone_half", "milestone_most")),
        (9, 10, ("milestone_half", "milestone_most", "milestone_one_more")),
        (10, 10, ("milestone_half", "milestone_most", "milestone_reached")),
        (2, 3, ("milestone_one_more",)),  # too small a group for half and most
        (1, 2, ()),
        (2, 2, ("milestone_reached",)),
    ],
)
def test_the_milestones_that_hold_are_named(have: int, need: int, passed: tuple[str, ...]) -> None:
    found = tallies.milestones_passed(Target(measure=people, at_least=need), Count(participants=have))
    assert found == passed


@given(st.sampled_from(Measure), st.integers(0, 60), st.integers(1, 60))
def test_the_furthest_milestone_comes_last_and_reached_is_what_the_judge_says(
    measure: Measure, have: int, need: int
) -> None:
    count = Count(participants=have, units={"a": have}, amount_minor=have)
    passed = tallies.milestones_passed(Target(measure=measure, at_least=need), count)
    assert list(passed) == sorted(passed, key=tallies.MILESTONES.index)
    assert (passed[-1:] == ("milestone_reached",)) is (have >= need)


def test_one_more_person_is_asked_for_only_where_people_are_counted() -> None:
    units = Target(measure=Measure.UNITS, at_least=3)
    assert tallies.milestones_passed(units, Count(units={"a": 2})) == ()
