"""The day of a fruit sale in one process: every promise on what is read back, with and without faults."""

import pytest

from tests.story import accounts, goods, ways, words
from tests.story.check import Check, violations
from tests.story.goods import stories_in
from tests.story.record import Record, ms

from .conftest import EVENING, Played

pytestmark = pytest.mark.xdist_group("day")


def req(*ids: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.req(one) for one in ids]


@pytest.mark.parametrize(
    "promise",
    [
        pytest.param(goods.not_oversold, marks=req("P11", "P12")),
        pytest.param(goods.full_is_full, marks=req("P11", "L3")),
        pytest.param(goods.one_order_each, marks=req("O1")),
        pytest.param(goods.one_verdict_in_time, marks=req("R1", "L2", "L4", "P1")),
        pytest.param(goods.count_is_the_orders, marks=req("L2", "S2")),
        pytest.param(goods.counts_only_money_in_time, marks=req("L2", "R1")),
        pytest.param(goods.joined_at_the_certain_price, marks=req("P1", "P2")),
        pytest.param(goods.closed_is_gone, marks=req("L7", "L13", "P10")),
        pytest.param(goods.figures_are_a_recount, marks=req("M1")),
        pytest.param(accounts.groups_add_up, marks=req("X3")),
        pytest.param(accounts.groups_are_their_orders, marks=req("X3")),
        pytest.param(accounts.everyone_ends_right, marks=req("R2", "P1")),
        pytest.param(accounts.provider_agrees, marks=req("O2", "R4")),
        pytest.param(accounts.late_money_is_explained, marks=req("O3")),
        pytest.param(accounts.nothing_unfinished, marks=req("R3", "R4")),
        pytest.param(accounts.nothing_forgotten, marks=req("R1")),
        pytest.param(words.told_what_happened, marks=req("N1", "N2", "R3")),
        pytest.param(words.sent_is_what_was_planned, marks=req("N1", "N5")),
        pytest.param(words.as_they_wish, marks=req("N1", "N3")),
        pytest.param(words.reminded_in_slots, marks=req("N3")),
        pytest.param(words.failure_has_a_way_out, marks=req("R2", "R10")),
        pytest.param(words.data_stays_home, marks=req("X5")),
        pytest.param(words.reads_are_recorded, marks=req("X6")),
        pytest.param(ways.nobody_told_twice, marks=req("N1")),
        pytest.param(ways.everyone_has_their_goods, marks=req("S9", "S24")),
        pytest.param(ways.shortages_add_up, marks=req("E21", "R8")),
        pytest.param(ways.stages_in_order, marks=req("S1")),
        pytest.param(ways.each_step_once, marks=req("S5")),
        pytest.param(ways.nudges_answered, marks=req("S11")),
        pytest.param(ways.progress_is_cheap, marks=req("S2")),
        pytest.param(goods.as_it_was_written, marks=req("L3")),
    ],
    ids=lambda check: check.__name__,
)
def test_the_day_keeps_its_promises(day: Record, promise: Check) -> None:
    assert list(promise(day)) == []


@pytest.mark.req("R1")
@pytest.mark.req("N1")
def test_an_evening_keeps_them_though_messages_go_astray(on_moto: Played) -> None:
    """Lost, doubled and shuffled at once; tests/integration/test_redelivery.py has each of them by itself."""
    assert violations(on_moto(EVENING, "all")) == []


@pytest.mark.req("L4")
def test_a_team_closes_itself_when_it_is_full(day: Record) -> None:
    verdict = day.groups["tissue/wan"].card["verdict"]
    last = max(ms(story["order"]["paid_at"]) for _, story in stories_in(day, "tissue/wan"))
    assert verdict["participants"] == 3
    assert 0 <= ms(verdict["given_at"]) - last <= 10_000


@pytest.mark.req("R4")
def test_a_refund_refused_twice_succeeds_the_third_time(day: Record) -> None:
    (story,) = (story for who, story in stories_in(day, "coat/pot") if who == "shen_lan")
    tries = [row["status"] for row in day.books["refunds"] if row["key"].startswith(story["refunds"][0]["id"])]
    assert tries == ["failed", "failed", "succeeded"]
    assert story["refunds"][0]["stage"] == "succeeded"


@pytest.mark.req("P14")
def test_the_merchant_hears_of_low_stock_once_a_crossing(day: Record) -> None:
    low = [notice for notice in day.notices["merchant"] if notice["template"] == "stock_low"]
    assert sorted(notice["channel"] for notice in low) == ["email", "sms"]


@pytest.mark.req("O5")
@pytest.mark.req("N5")
def test_a_missing_pickup_point_is_asked_for_and_then_chosen(day: Record) -> None:
    points = {who: story["order"] for who, story in stories_in(day, "fruit/hupan") if who in ("wu_min", "xu_jing")}
    assert (points["wu_min"]["pickup_point"], points["wu_min"]["pickup_defaulted"]) == ("hupan-gate", True)
    assert (points["xu_jing"]["pickup_point"], points["xu_jing"]["pickup_defaulted"]) == ("hupan-shop", False)
    asked = {who: {notice["template"] for notice in day.notices[who]} for who in points}
    assert all("pickup_missing" in told for told in asked.values())
    assert "pickup_defaulted" in asked["wu_min"] - asked["xu_jing"]


@pytest.mark.req("R9")
def test_the_buyer_follows_a_refund_step_by_step(day: Record) -> None:
    (story,) = (story for who, story in stories_in(day, "coat/pot") if who == "ren_jing")
    refund = [step["what"] for step in story["timeline"] if step["what"].startswith("refund")]
    assert refund == ["refund_requested", "refund_submitted", "refund_succeeded"]


@pytest.mark.req("L1")
def test_terms_stay_as_they_were_accepted(day: Record) -> None:
    """The deadline of a group moved; what each order was placed under did not."""
    assert {story["order"]["terms_version"] for _, story in stories_in(day, "fruit/hupan")} == {1}
