"""An unpaid order is reminded at 12:00, 17:00 and 22:00 local time: once a slot, and never when there is no point."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import order as orders
from chalicelib.domain.campaign import Campaign
from chalicelib.domain.group import Group
from chalicelib.domain.instants import DAY, HOUR, MINUTE, instant, moment
from chalicelib.domain.order import REMINDER_SLOTS, Order, OrderState

from . import given as story
from .given import CLOSES, NOON

pytestmark = pytest.mark.req("N3")
ALL_DAY = story.terms(pay_until_close=True)


def held(joined_at: int = NOON, pay_by: int = CLOSES) -> Order:
    return story.order(joined_at=joined_at, pay_by=pay_by)


def woken(order: Order, group: Group, terms: Campaign, now: int) -> tuple[Order, int | None]:
    """One waking, as the order's timer does it: remind if there is a slot to remind of, then look ahead."""
    slot = orders.slot_to_remind(order, group, terms, now)
    if slot is not None:
        order = replace(order, reminded_at=slot)
    return replace(order, due_at=orders.due_after(order, group, terms, now)), slot


def test_a_seat_held_for_two_days_is_reminded_at_every_slot_once() -> None:
    order, said = held(), []
    now: int | None = NOON
    while now is not None and now < CLOSES:
        order, slot = woken(order, story.group(), ALL_DAY, now)
        said += [slot] if slot else []
        now = order.due_at

    assert now == CLOSES, "its last timer is the end of its time to pay"
    assert [(s - NOON) // HOUR for s in said] == [5, 10, 24, 29, 34]


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (NOON, None),
        (NOON + 5 * HOUR - 1, None),
        (NOON + 5 * HOUR, NOON + 5 * HOUR),
        (NOON + 11 * HOUR, NOON + 10 * HOUR),  # woken late, past two slots: the latest, once
        (NOON + 34 * HOUR, NOON + 34 * HOUR),
        (CLOSES, None),
    ],
)
def test_the_slot_to_remind_of_is_the_latest_that_passed_unsaid(now: int, slot: int | None) -> None:
    assert orders.slot_to_remind(held(), story.group(), ALL_DAY, now) == slot


def test_a_slot_is_reminded_of_once_however_often_the_order_is_woken() -> None:
    order, slot = woken(held(), story.group(), ALL_DAY, NOON + 6 * HOUR)
    assert slot == NOON + 5 * HOUR
    for minutes in range(0, 239, 7):
        assert woken(order, story.group(), ALL_DAY, NOON + 6 * HOUR + minutes * MINUTE)[1] is None


def test_nobody_is_reminded_of_what_they_can_no_longer_pay() -> None:
    short = held(pay_by=NOON + 5 * HOUR)
    assert orders.due_after(short, story.group(), ALL_DAY, NOON) == NOON + 5 * HOUR
    assert orders.slot_to_remind(short, story.group(), ALL_DAY, NOON + 5 * HOUR) is None
    sooner = story.group(closes_at=NOON + 4 * HOUR)
    assert orders.slot_to_remind(held(), sooner, ALL_DAY, NOON + 5 * HOUR) is None, "the deadline was moved"


def test_joining_on_the_stroke_is_not_followed_by_a_reminder_of_it() -> None:
    assert orders.slot_to_remind(held(NOON), story.group(), ALL_DAY, NOON) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"])
def test_three_reminders_a_day_all_year_round_in_zones_that_move_their_clocks(zone: str) -> None:
    terms = replace(ALL_DAY, zone=zone)
    start = instant(datetime(2026, 1, 1, 23, tzinfo=moment(NOON, zone).tzinfo))
    end = start + 365 * DAY
    group = story.group(terms, closes_at=end)
    order, said = held(start, end), []
    now: int | None = start
    while now is not None and now < end:
        order, slot = woken(order, group, terms, now)
        said += [slot] if slot else []
        now = order.due_at

    days: dict[str, list[int]] = {}
    for slot in said:
        days.setdefault(str(moment(slot, zone).date()), []).append(moment(slot, zone).hour)
    first = moment(start, zone).date()
    wanted = {str(first + timedelta(days=k)) for k in range(1, 365)}
    assert {day: days.get(day) for day in wanted} == {day: [12, 17, 22] for day in wanted}


@given(
    st.integers(0, 2 * DAY),
    st.integers(MINUTE, 3 * DAY),
    st.lists(st.integers(0, 4 * DAY), max_size=25).map(sorted),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Pacific/Chatham"]),
)
def test_however_its_timer_is_woken_no_slot_is_said_twice_or_in_vain(
    joined: int, pay_for: int, wakes: list[int], zone: str
) -> None:
    terms = replace(ALL_DAY, zone=zone)
    order = held(NOON + joined, min(NOON + joined + pay_for, CLOSES + DAY))
    group = story.group(terms, closes_at=NOON + 3 * DAY)
    until = min(order.pay_by, group.closes_at)
    said: list[int] = []
    for after in wakes:
        now = NOON + joined + after
        order, slot = woken(order, group, terms, now)
        if slot is not None:
            assert order.joined_at < slot <= now < until
            assert moment(slot, zone).time() in REMINDER_SLOTS
            said.append(slot)
        if now < until:
            assert order.due_at is not None and now < order.due_at <= until, "it is always looked at again in time"
    assert said == sorted(set(said))


@pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.CANCELLED])
def test_an_order_that_ended_waits_for_nothing(state: OrderState) -> None:
    assert orders.due_after(story.order(state), story.group(), ALL_DAY, NOON) is None
