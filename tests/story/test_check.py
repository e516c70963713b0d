"""The checker can fail: each violation, planted into a recorded evening, is found; the evening itself has none."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from . import accounts, goods, ways, words
from .check import PROMISES, Check, violations
from .goods import stories_in
from .on_moto import OnMoto
from .player import Player
from .record import Heard, Record, Refusal, ms
from .script import MINUTE, StoryError, read
from .stack import Json, Message

FLOWS = Path(__file__).parents[1] / "flows"
EVENING, MORNING = FLOWS / "evening.toml", FLOWS / "morning.toml"
Plant = Callable[[Record], None]


def played(story: Path) -> Record:
    script = read(story)
    with OnMoto.made(script) as stack:
        return Player(stack, script).play()


@pytest.fixture(scope="module")
def evening() -> Record:
    return played(EVENING)


@pytest.fixture(scope="module")
def morning() -> Record:
    return played(MORNING)


@pytest.fixture
def brought(morning: Record) -> Record:
    return copy.deepcopy(morning)


@pytest.fixture
def record(evening: Record) -> Record:
    return copy.deepcopy(evening)


def story(record: Record, who: str, key: str) -> Json:
    return next(found for name, found in stories_in(record, key) if name == who)


def notice(record: Record, who: str, template: str) -> Json:
    return next(found for found in record.notices[who] if found["template"] == template)


# ---------------------------------------------------------------------- what is planted


def sold_too_much(record: Record) -> None:
    record.groups["berry/north"].orders[0]["lines"]["berry"] += 9


def one_seat_too_many(record: Record) -> None:
    record.groups["tissue/kang"].orders.append({"state": "held", "lines": {}})


def told_full_too_early(record: Record) -> None:
    record.refusals.append(
        Refusal(0, "an_ran", "berry/north", {"berry": 1}, "sold_out", {"berry": 3}, {"berry": 12}, 9)
    )


def two_orders(record: Record) -> None:
    record.orders["an_ran"] *= 2


def closed_early(record: Record) -> None:
    record.groups["berry/north"].card["closes_at"] = "2026-11-20T14:00:00.000Z"


def closed_late(record: Record) -> None:
    record.groups["berry/south"].card["closes_at"] = "2026-11-20T12:00:00.000Z"


def changed_its_mind(record: Record) -> None:
    card = copy.deepcopy(record.looks[-2].groups["berry/south"].card)
    record.looks[-2].groups["berry/south"].card = {**card, "verdict": {**card["verdict"], "participants": 3}}


def wrong_price(record: Record) -> None:
    record.groups["berry/north"].card["verdict"]["prices_minor"]["berry"] = 3395


def miscounted(record: Record) -> None:
    record.groups["berry/north"].card["verdict"]["participants"] = 6


def counted_without_paying(record: Record) -> None:
    story(record, "an_ran", "berry/north")["payments"][0] |= {"state": "pending", "paid_at": None}


def money_vanished(record: Record) -> None:
    record.groups["berry/north"].money["held_minor"] -= 1


def refund_short_by_one(record: Record) -> None:
    story(record, "gu_feng", "berry/south")["refunds"][0]["amount_minor"] -= 1


def refunded_twice(record: Record) -> None:
    refunds = story(record, "gu_feng", "berry/south")["refunds"]
    refunds.append(copy.deepcopy(refunds[0]))


def price_drop_forgotten(record: Record) -> None:
    story(record, "an_ran", "berry/north")["refunds"].clear()


def provider_paid_twice(record: Record) -> None:
    record.books["refunds"] += [row for row in record.books["refunds"] if row["status"] == "succeeded"][:1]


def provider_took_unknown_money(record: Record) -> None:
    record.books["payments"].append({"key": "x.p1", "status": "paid", "amount_minor": 1, "refunded_minor": 0})


def late_money_kept_in_silence(record: Record) -> None:
    record.notices["ji_xiang"] = [n for n in record.notices["ji_xiang"] if n["template"] != "late_money_refund"]


def refund_hangs(record: Record) -> None:
    story(record, "hao_yun", "berry/south")["refunds"][0]["stage"] = "submitted"


def row_parked(record: Record) -> None:
    record.parked.append({"pk": "GROUP#x", "sk": "GROUP", "reason": "Broken"})


def row_forgotten(record: Record) -> None:
    record.due.append({"pk": "GROUP#x", "sk": "GROUP", "due_at": "2026-11-20T13:00:00.000Z"})


def not_told(record: Record) -> None:
    record.notices["an_ran"].remove(notice(record, "an_ran", "order_paid"))


def told_twice(record: Record) -> None:
    record.messages.append(record.messages[0])


def never_sent(record: Record) -> None:
    record.messages.pop()


def wrong_language(record: Record) -> None:
    at = next(k for k, m in enumerate(record.messages) if m.to.startswith("dan.ni"))
    record.messages[at] = replace(record.messages[at], text="您好,「丹东草莓团」成团了!")


def unwanted_channel(record: Record) -> None:
    phone, _ = record.script.contact("dan_ni")
    record.messages.append(Message("sms", phone, "", "hello", record.ended_at))


def at_night(record: Record) -> None:
    record.script.people["an_ran"].hours[:] = ["03:00", "04:00"]


def reminded_too_often(record: Record) -> None:
    reminder = {**notice(record, "fu_hai", "order_held"), "template": "payment_reminder", "event": "reminder@1"}
    record.notices["fu_hai"].append(reminder)


def no_way_out(record: Record) -> None:
    notice(record, "gu_feng", "group_failed")["params"]["alternative"] = "/groups/nowhere"


def phone_in_an_answer(record: Record) -> None:
    phone, _ = record.script.contact("an_ran")
    record.calls.append(Heard(0, "merchant", "GET", "/groups/x/orders", 200, f'{{"phone":"{phone[3:]}"}}'))


def name_in_an_escaped_answer(record: Record) -> None:
    record.script.people["an_ran"].name = "安然然"
    record.calls.append(Heard(0, None, "GET", "/hall", 200, '{"by":"\\u5b89\\u7136\\u7136"}'))


def unrecorded_read(record: Record) -> None:
    record.wanted_reads.append(("an_ran", "support", "why not"))


def wrong_joining_price(record: Record) -> None:
    story(record, "fu_hai", "berry/north")["order"]["amount_minor"] += 5


def still_in_the_hall(record: Record) -> None:
    record.hall.append({"id": "g1", "state": "formed"})


def price_not_back(record: Record) -> None:
    record.products[0]["price_minor"] -= 100


def figures_off(record: Record) -> None:
    record.figures["berry"]["visitors"] += 3


def went_otherwise(record: Record) -> None:
    record.script.expect.formed.append("berry/south")


def stage(record: Record, name: str) -> Json:
    return next(one for one in record.ways["berry/north"]["stages"] if one["name"] == name)


def told_the_same_twice(record: Record) -> None:
    record.notices["an_ran"].append(record.notices["an_ran"][0])


def left_at_the_door(record: Record) -> None:
    story(record, "bai_xue", "berry/north")["delivery"]["state"] = "ready_for_pickup"


def handed_over_by_nobody(record: Record) -> None:
    mine = story(record, "bai_xue", "berry/north")
    mine["timeline"] = [step for step in mine["timeline"] if step["what"] != "order_handed_over"]


def one_more_is_missing(record: Record) -> None:
    record.missing["berry/north"]["berry"] += 1


def shortage_not_paid_back(record: Record) -> None:
    for who in ("an_ran", "bai_xue", "chu_xia"):
        refunds = story(record, who, "berry/north")["refunds"]
        refunds[:] = [refund for refund in refunds if refund["cause"] != "shortage"]


def somebody_is_short_of_more_than_they_ordered(record: Record) -> None:
    share = next(share for share in record.shares["berry/north"] if share["short"])
    share["units"] = {}


def nothing_was_missing(record: Record) -> None:
    record.missing.clear()


def a_stage_skipped(record: Record) -> None:
    stage(record, "delivery").update(finished_at=None, state="turn")


def finished_before_it_began(record: Record) -> None:
    stage(record, "sorting")["entered_at"] = "2026-11-20T01:00:00.000Z"


def a_step_twice(record: Record) -> None:
    stage(record, "sorting")["steps"] *= 2


def a_step_forgotten(record: Record) -> None:
    stage(record, "sorting")["steps"].clear()


def escalated_in_silence(record: Record) -> None:
    record.notices["manager"].clear()


def no_fallback(record: Record) -> None:
    stage(record, "sorting")["fallback_on_at"] = None


def never_answered(record: Record) -> None:
    stage(record, "sorting")["nudges"][0]["answered_in_s"] = None


def a_dear_look(record: Record) -> None:
    record.progress_reads.append(("berry/north", 3))


PLANTED: list[tuple[Plant, Check]] = [
    (sold_too_much, goods.not_oversold),
    (one_seat_too_many, goods.not_oversold),
    (told_full_too_early, goods.full_is_full),
    (two_orders, goods.one_order_each),
    (closed_early, goods.one_verdict_in_time),
    (closed_late, goods.one_verdict_in_time),
    (changed_its_mind, goods.one_verdict_in_time),
    (wrong_price, goods.one_verdict_in_time),
    (miscounted, goods.count_is_the_orders),
    (counted_without_paying, goods.counts_only_money_in_time),
    (wrong_joining_price, goods.joined_at_the_certain_price),
    (still_in_the_hall, goods.closed_is_gone),
    (price_not_back, goods.closed_is_gone),
    (figures_off, goods.figures_are_a_recount),
    (went_otherwise, goods.as_it_was_written),
    (money_vanished, accounts.groups_add_up),
    (refund_short_by_one, accounts.groups_are_their_orders),
    (refunded_twice, accounts.everyone_ends_right),
    (price_drop_forgotten, accounts.everyone_ends_right),
    (provider_paid_twice, accounts.provider_agrees),
    (provider_took_unknown_money, accounts.provider_agrees),
    (late_money_kept_in_silence, accounts.late_money_is_explained),
    (refund_hangs, accounts.nothing_unfinished),
    (row_parked, accounts.nothing_unfinished),
    (row_forgotten, accounts.nothing_forgotten),
    (not_told, words.told_what_happened),
    (told_twice, words.sent_is_what_was_planned),
    (never_sent, words.sent_is_what_was_planned),
    (wrong_language, words.sent_is_what_was_planned),
    (unwanted_channel, words.as_they_wish),
    (at_night, words.as_they_wish),
    (reminded_too_often, words.reminded_in_slots),
    (no_way_out, words.failure_has_a_way_out),
    (phone_in_an_answer, words.data_stays_home),
    (name_in_an_escaped_answer, words.data_stays_home),
    (unrecorded_read, words.reads_are_recorded),
]


PLANTED_LATER: list[tuple[Plant, Check]] = [
    (told_the_same_twice, ways.nobody_told_twice),
    (left_at_the_door, ways.everyone_has_their_goods),
    (handed_over_by_nobody, ways.everyone_has_their_goods),
    (one_more_is_missing, ways.shortages_add_up),
    (shortage_not_paid_back, ways.shortages_add_up),
    (somebody_is_short_of_more_than_they_ordered, ways.shortages_add_up),
    (nothing_was_missing, ways.shortages_add_up),
    (a_stage_skipped, ways.stages_in_order),
    (finished_before_it_began, ways.stages_in_order),
    (a_step_twice, ways.each_step_once),
    (a_step_forgotten, ways.each_step_once),
    (escalated_in_silence, ways.each_step_once),
    (no_fallback, ways.each_step_once),
    (never_answered, ways.nudges_answered),
    (a_dear_look, ways.progress_is_cheap),
]


def test_the_morning_as_it_was_has_no_violation(brought: Record) -> None:
    assert violations(brought) == []
    assert brought.progress_reads, "what a look costs was counted"


@pytest.mark.parametrize(("plant", "promise"), PLANTED_LATER, ids=[plant.__name__ for plant, _ in PLANTED_LATER])
def test_a_violation_planted_after_forming_is_found(brought: Record, plant: Plant, promise: Check) -> None:
    plant(brought)
    found = list(promise(brought))
    assert found and all(len(sentence) > 20 for sentence in found)


def test_the_evening_as_it_was_has_no_violation(record: Record) -> None:
    assert violations(record) == []


@pytest.mark.parametrize(("plant", "promise"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_violation_is_found_and_told_in_a_sentence(record: Record, plant: Plant, promise: Check) -> None:
    plant(record)
    found = list(promise(record))
    assert found and all(len(sentence) > 20 for sentence in found)


def test_every_check_is_shown_to_fail() -> None:
    assert {check for promise in PROMISES for check in promise.checks} == {
        promise for _, promise in (*PLANTED, *PLANTED_LATER)
    }


def test_a_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "mine.toml"
    broken.write_text(EVENING.read_text().replace('who = "lan_tian"', 'who = "lan_tain"'))
    with pytest.raises(StoryError, match=r"mine\.toml: nobody is called lan_tain"):
        read(broken)
    broken.write_text(EVENING.read_text().replace("pays = ", "payz = "))
    with pytest.raises(StoryError, match="payz"):
        read(broken)


def test_times_are_the_wall_clock_of_the_day() -> None:
    day = read(EVENING).day
    assert day.at("19:00") == ms("2026-11-20T19:00:00+08:00")
    assert day.at("+1 00:30") - day.at("19:00") == 330 * MINUTE
    assert (day.clock(day.at("21:05")), day.clock(day.at("+1 00:30"))) == ("21:05", "+1 00:30")
