"""Plans: limits on the clock or in working hours, calendars with make-up days, what a category promises by default."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import plan as plans
from chalicelib.domain.campaign import check_draft, check_publishable, with_profile
from chalicelib.domain.instants import DAY, HOUR, MINUTE, instant
from chalicelib.domain.plan import PROFILES, Basis, Limit, StagePlan, check_plan, due, profile_of
from chalicelib.domain.refusals import Refused
from chalicelib.domain.workdays import CALENDARS, WORKDAY, after_working, calendar

from . import given as story
from .given import CLOSES, NOON

SHANGHAI = "Asia/Shanghai"


def at(text: str, zone: str = "+08:00") -> int:
    return instant(datetime.fromisoformat(f"{text}{zone}"))


# working time


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-02T09:00", 9, "2026-11-02T18:00"),  # a Monday
        ("2026-11-02T09:00", 10, "2026-11-03T10:00"),
        ("2026-11-02T20:00", 1, "2026-11-03T10:00"),
        ("2026-11-02T06:00", 1, "2026-11-02T10:00"),
        ("2026-11-06T17:00", 2, "2026-11-09T10:00"),  # over a weekend
        ("2026-09-30T17:00", 2, "2026-10-08T10:00"),  # over the National Day week
        ("2026-10-09T17:00", 2, "2026-10-10T10:00"),  # a Saturday that is worked instead of it
        ("2026-02-13T17:00", 2, "2026-02-14T10:00"),  # another, before the Spring Festival
        ("2026-02-14T17:00", 2, "2026-02-24T10:00"),
    ],
)
def test_working_hours_pass_on_working_days_alone(start: str, hours: int, end: str) -> None:
    assert after_working(at(start), hours * HOUR, CALENDARS["cn"], SHANGHAI) == at(end)


@pytest.mark.req("S1")
def test_a_campaigns_own_days_win_over_the_calendar() -> None:
    friday = at("2026-11-06T17:00")
    worked = calendar("cn", days_worked=("2026-11-07",))
    assert after_working(friday, 2 * HOUR, worked, SHANGHAI) == at("2026-11-07T10:00")
    off = calendar("cn", days_off=("2026-10-10", "2026-11-09"))
    assert after_working(friday, 2 * HOUR, off, SHANGHAI) == at("2026-11-10T10:00")
    assert after_working(at("2026-10-09T17:00"), 2 * HOUR, off, SHANGHAI) == at("2026-10-12T10:00")
    assert after_working(at("2026-10-03T17:00"), HOUR, calendar("cn", days_worked=("2026-10-04",)), SHANGHAI) == at(
        "2026-10-04T10:00"
    )


def test_working_hours_are_those_of_the_wall_clock_also_when_it_jumps() -> None:
    """The night from 24 to 25 October 2026 has 25 hours in Berlin; the working day has nine."""
    days = calendar("every_day")
    start = at("2026-10-24T17:00", "+02:00")
    assert after_working(start, 2 * HOUR, days, "Europe/Berlin") == at("2026-10-25T10:00", "+01:00")


@given(st.integers(0, 400 * DAY), st.integers(0, 60 * HOUR), st.integers(0, 60 * HOUR))
def test_more_working_time_never_ends_earlier_and_adds_up(later: int, one: int, more: int) -> None:
    start = at("2026-01-01T00:00") + later
    days = CALENDARS["cn"]
    first = after_working(start, one, days, SHANGHAI)
    assert start <= first <= after_working(start, one + more, days, SHANGHAI)
    assert after_working(first, more, days, SHANGHAI) == after_working(start, one + more, days, SHANGHAI) or not (
        one and more
    )


def test_a_calendar_on_which_nobody_works_ends_somewhere() -> None:
    never = calendar("weekdays", days_off=tuple(f"2026-11-{day:02d}" for day in range(1, 31)))
    assert after_working(at("2026-11-01T00:00"), HOUR, never, SHANGHAI) == at("2026-12-01T10:00")
    assert after_working(NOON, 10_000 * DAY, CALENDARS["cn"], SHANGHAI) == NOON + 400 * DAY


@pytest.mark.parametrize(
    ("name", "off", "worked", "code"),
    [
        ("moon", (), (), "unknown_calendar"),
        ("cn", ("2026-02-30",), (), "bad_day"),
        ("cn", (), ("20261001",), "bad_day"),
        ("cn", ("2026-10-01",), ("2026-10-01",), "bad_day"),
    ],
)
def test_a_calendar_or_day_that_is_none_is_refused(
    name: str, off: tuple[str, ...], worked: tuple[str, ...], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        check_draft(story.terms(calendar=name, days_off=off, days_worked=worked))


# limits


@pytest.mark.req("P18")
@pytest.mark.parametrize(
    ("participants", "hours"), [(0, 48), (99, 48), (100, 36), (199, 36), (200, 24), (300, 12), (400, 12), (9_999, 12)]
)
def test_a_supplier_answers_sooner_the_more_have_joined_down_to_a_floor(participants: int, hours: int) -> None:
    limit = Limit(ms=48 * HOUR, less_per_100_ms=12 * HOUR, floor_ms=12 * HOUR)
    assert limit.lasting(participants) == hours * HOUR
    assert due(limit, NOON, participants, CALENDARS["cn"], SHANGHAI) == NOON + hours * HOUR


@pytest.mark.req("S1")
def test_a_limit_says_which_hours_it_counts() -> None:
    friday = at("2026-11-06T17:00")
    clock, working = Limit(ms=WORKDAY), Limit(ms=WORKDAY, basis=Basis.WORKING)
    assert due(clock, friday, 3, CALENDARS["cn"], SHANGHAI) == friday + 9 * HOUR
    assert due(working, friday, 3, CALENDARS["cn"], SHANGHAI) == at("2026-11-09T17:00")


@pytest.mark.req("P22", "S17")
def test_each_category_promises_its_own_by_default() -> None:
    def limit(profile: str, stage: str) -> int:
        return next(one.limit.ms for one in PROFILES[profile].plan if one.name == stage)

    assert limit("fresh", plans.DELIVERY) == 2 * HOUR
    assert limit("clothing", plans.DELIVERY) == 3 * DAY
    assert limit("appliance", plans.DELIVERY) == 72 * HOUR
    assert limit("general", plans.STOCKING) == 48 * HOUR
    assert profile_of("水果") is PROFILES["fresh"] and profile_of(" Clothing ") is PROFILES["clothing"]
    assert profile_of("anything") is PROFILES["general"] and profile_of("水果", "appliance") is PROFILES["appliance"]
    for profile in PROFILES.values():
        check_plan(profile.plan)
        assert [stage.name for stage in profile.plan] == [
            "presale", "review", "stocking", "sorting", "delivery", "aftersales",
        ]  # fmt: skip


@pytest.mark.req("P22")
def test_publishing_fills_in_what_was_left_open_and_takes_no_right_away_by_a_guess() -> None:
    guessed = with_profile(story.terms(category="fruit"))
    assert guessed.plan == PROFILES["fresh"].plan
    assert (guessed.return_exception, guessed.compensation_bp) == (None, 0)
    named = with_profile(story.terms(category="fruit", profile="fresh"))
    assert (named.return_exception, named.compensation_bp) == ("鲜活易腐商品", 500)
    own = (StagePlan(name="baking", limit=Limit(ms=HOUR)),)
    said = with_profile(story.terms(profile="fresh", plan=own, compensation_bp=7, return_exception="baked to order"))
    assert (said.plan, said.return_exception, said.compensation_bp) == (own, "baked to order", 7)


STAGE = StagePlan(name="stocking", limit=Limit(ms=HOUR))


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ((STAGE, STAGE), "bad_plan"),
        ((replace(STAGE, name="presale"),), "bad_plan"),
        ((STAGE, replace(STAGE, name="presale")), "bad_plan"),
        ((replace(STAGE, name="review"), replace(STAGE, name="presale"), STAGE), "bad_plan"),
        (tuple(replace(STAGE, name=f"s{k}") for k in range(13)), "bad_plan"),
        ((replace(STAGE, checklist=("ice", "ice")),), "bad_plan"),
        ((replace(STAGE, limit=Limit(ms=MINUTE - 1)),), "limit_out_of_range"),
        ((replace(STAGE, limit=Limit(ms=400 * DAY)),), "limit_out_of_range"),
        ((replace(STAGE, limit=Limit(ms=HOUR, less_per_100_ms=-1)),), "limit_out_of_range"),
        ((replace(STAGE, limit=Limit(ms=HOUR, less_per_100_ms=HOUR)),), "limit_out_of_range"),
        ((replace(STAGE, limit=Limit(ms=HOUR, floor_ms=2 * HOUR)),), "limit_out_of_range"),
        ((replace(STAGE, owner_role="supplier"),), "bad_stage_owner"),
        ((replace(STAGE, owner_role="king", owner_id="x"),), "bad_stage_owner"),
    ],
)
def test_a_plan_nobody_could_follow_is_refused(plan: tuple[StagePlan, ...], code: str) -> None:
    with pytest.raises(Refused, match=code):
        check_draft(story.terms(plan=plan))


def test_a_profile_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_profile"):
        check_draft(story.terms(profile="sweets"))


@pytest.mark.req("P16")
def test_a_presale_ships_after_it_closes() -> None:
    with pytest.raises(Refused, match="ship_date_before_close"):
        check_publishable(story.terms(promised_ship_at=CLOSES), NOON)
    check_publishable(story.terms(promised_ship_at=CLOSES + 1), NOON)
