"""Delivery: batches on their way, positions and temperatures, pickup codes, what nobody fetches, and delivery fees."""

from typing import Any

import boto3
import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from tests.bed.bed import REGION

from .shop import APPLE, Offer, Shop, Taken, answers_lost, item, money_adds_up, overtaken

POINT = "point.gate"
TWO_POINTS = [{"id": "gate", "name": "南门"}, {"id": "shop", "name": "便利店"}]


def formed(shop: Shop, *, contact: bool = False, **over: Any) -> tuple[Offer, list[Taken]]:
    """A formed group of three, its batches planned."""
    offer = shop.offer(**over)
    took = [shop.buy(offer.group, shop.person(contact=contact)) for _ in range(3)]
    assert shop.close(offer.group)["state"] == "formed"
    shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
    return offer, took


def at(offer: Offer, what: str = "", point: str = POINT) -> str:
    return f"/groups/{offer.group}/batches/{point}{'/' + what if what else ''}"


def move(shop: Shop, offer: Offer, *states: str, who: str = "", point: str = POINT, **more: Any) -> Any:
    for state in states:
        said = shop.ok("POST", at(offer, "state", point), {"to": state, **more}, who=who or shop.merchant)
    return said


def refused(shop: Shop, method: str, path: str, body: Any = None, *, who: str = "") -> str:
    answer = shop.bed.call(method, path, body, who=who or shop.merchant)
    assert answer.status >= 400, answer.text
    return str(answer.json["code"])


def code_of(shop: Shop, taken: Taken) -> str:
    return str(shop.story(taken)["delivery"]["pickup_code"])


def hand(shop: Shop, offer: Offer, *lines: tuple[Taken, str], who: str = "", **more: Any) -> list[Any]:
    body = {"orders": [{"order_id": taken.id, "code": code, **more} for taken, code in lines]}
    items: list[Any] = shop.ok("POST", at(offer, "hand-overs"), body, who=who or shop.merchant)["items"]
    return items


@pytest.mark.req("S8", "S9")
def test_an_order_shows_each_state_of_its_batch_with_when_the_rest_is_expected(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    shown = shop.story(mei)["delivery"]
    assert shown["state"] == "preparing"
    assert [one["state"] for one in shown["expected"]] == ["sorted", "in_transit", "ready"]
    for state, seen in (("sorted", "sorted"), ("in_transit", "in_transit"), ("ready", "ready_for_pickup")):
        shop.bed.later(HOUR)
        move(shop, offer, state)
        shown = shop.story(mei)["delivery"]
        assert shown["state"] == seen
        assert shown["history"][-1] == {"state": state, "at": rfc3339(shop.bed.now)}
    assert shown["expected"] == []
    (line,) = hand(shop, offer, (mei, code_of(shop, mei)))
    assert line["result"] == "handed_over"
    shown = shop.story(mei)["delivery"]
    assert (shown["state"], shown["pickup_code"]) == ("picked_up", None)
    assert "order_handed_over" in [step["what"] for step in shop.story(mei)["timeline"]]


@pytest.mark.req("S8")
def test_everyone_in_a_batch_is_told_once_of_each_state_and_nobody_else(own: Shop) -> None:
    offer = own.offer(pickup_points=TWO_POINTS)
    here = [own.buy(offer.group, own.person(contact=True)) for _ in range(2)]
    there = own.buy(offer.group, own.person(contact=True), pickup_point="shop")
    own.close(offer.group)
    own.ok("POST", f"/groups/{offer.group}/batches", who=own.merchant)
    for state in ("sorted", "in_transit", "ready"):
        move(own, offer, state)
        move(own, offer, state)  # said again: nobody hears it twice
        own.bed.later(12 * HOUR)  # courtesy waits for the morning
    for taken in here:
        for template in ("batch_sorted", "batch_in_transit", "batch_ready"):
            assert len(own.told(taken.who, template)) == 2, "once by SMS, once by e-mail"
    assert not own.told(there.who, "batch_sorted")
    counted = own.ok("GET", at(offer), who=own.merchant)
    assert (counted["orders"], counted["units"], counted["counted"]) == (2, {APPLE: 2}, True)


@pytest.mark.req("S17")
def test_a_batch_that_breaks_its_promise_is_counted_and_its_buyers_are_given_a_coupon_each_once(own: Shop) -> None:
    offer, (mei, bo, lu) = formed(own, late_compensation_bp=500)
    promise = {"earliest": rfc3339(own.bed.now + HOUR), "latest": rfc3339(own.bed.now + 3 * HOUR), "why": "路上"}
    own.ok("POST", at(offer, "promise"), promise, who=own.merchant)
    move(own, offer, "sorted", "in_transit")
    own.bed.later(2 * HOUR)
    assert own.story(mei)["coupons"] == [], "it may still keep it"
    with answers_lost(own.bed):
        own.bed.later(2 * HOUR)
    (coupon,) = own.story(mei)["coupons"]
    assert (coupon["amount_minor"], coupon["order_id"]) == (45, mei.id)
    own.ok("POST", at(offer, "promise"), {**promise, "latest": rfc3339(own.bed.now + HOUR)}, who=own.merchant)
    own.bed.later(12 * HOUR)  # and it breaks that promise, too
    for taken in (mei, bo, lu):
        lines = [one for one in own.pages("/me/coupons", who=taken.who) if one["id"].startswith("late.delivery.")]
        assert [one["amount_minor"] for one in lines] == [45]


@pytest.mark.req("S9")
def test_a_batch_goes_one_step_forward_by_those_it_names(shop: Shop) -> None:
    offer, _ = formed(shop)
    stranger = shop.person("sorter", roles=("sorter",))
    assert refused(shop, "POST", at(offer, "state"), {"to": "sorted"}, who=stranger) == "batch_not_found"
    assert refused(shop, "POST", at(offer, "state"), {"to": "ready"}) == "batch_skips"
    move(shop, offer, "sorted", "in_transit")
    assert refused(shop, "POST", at(offer, "state"), {"to": "sorted"}) == "batch_goes_forward"
    early = {"to": "ready", "at": rfc3339(shop.bed.now - DAY)}
    assert refused(shop, "POST", at(offer, "state"), early) == "back_dated"
    ahead = {"to": "ready", "at": rfc3339(shop.bed.now + HOUR)}
    assert refused(shop, "POST", at(offer, "state"), ahead) == "time_in_the_future"
    assert refused(shop, "POST", at(offer, "state"), {"to": "planned"}) == "not_yours_to_move"


@pytest.mark.req("S9")
def test_two_who_move_a_batch_at_once_move_it_once(shop: Shop) -> None:
    offer, _ = formed(shop)
    with overtaken(shop.bed, lambda: move(shop, offer, "sorted"), before="PutItem") as happened:
        said = move(shop, offer, "sorted")
    assert happened and [one["state"] for one in said["history"]] == ["sorted"]


@pytest.mark.req("S9")
def test_no_batch_before_the_group_has_formed_and_no_sorting_while_buyers_choose(shop: Shop) -> None:
    offer = shop.offer()
    assert refused(shop, "POST", f"/groups/{offer.group}/batches") == "group_not_formed"
    until = rfc3339(shop.bed.now + 3 * DAY)
    offer, _ = formed(shop, choose_pickup_by=until)
    assert refused(shop, "POST", at(offer, "state"), {"to": "sorted"}) == "pickup_choice_open"


@pytest.mark.req("S15")
def test_positions_give_the_next_stop_and_the_impossible_is_refused(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    stops = [{"name": "东站", "lat": 31.2400, "lon": 121.4900}, {"name": "南门", "lat": 31.3000, "lon": 121.4900}]
    ping = {"lat": 31.2000, "lon": 121.4900, "at": rfc3339(shop.bed.now)}
    assert refused(shop, "POST", at(offer, "positions"), ping) == "batch_not_on_the_way"
    move(shop, offer, "sorted")
    move(shop, offer, "in_transit", stops=stops)
    shop.ok("POST", at(offer, "positions"), ping, who=shop.merchant)
    shown = shop.story(mei)["delivery"]
    assert shown["position"]["lat"] == 31.2
    assert shown["next_stop"]["name"] == "东站"
    assert rfc3339(shop.bed.now + 10 * MINUTE) < shown["next_stop"]["expected_at"] < rfc3339(shop.bed.now + 11 * MINUTE)

    for wrong in ({"lat": 91, "lon": 0}, {"lat": 0, "lon": 0}, {"lat": 31, "lon": 181}):
        assert refused(shop, "POST", at(offer, "positions"), {**ping, **wrong}) == "position_impossible"
    soon = rfc3339(shop.bed.now + MINUTE)
    assert refused(shop, "POST", at(offer, "positions"), {"lat": 39.9, "lon": 116.4, "at": soon}) == "position_jumps"
    late = rfc3339(shop.bed.now + HOUR)
    assert refused(shop, "POST", at(offer, "positions"), {**ping, "at": late}) == "time_in_the_future"

    shop.bed.later(12 * MINUTE)
    shop.ok(
        "POST", at(offer, "positions"), {"lat": 31.2401, "lon": 121.49, "at": rfc3339(shop.bed.now)}, who=shop.merchant
    )
    old = {"lat": 31.21, "lon": 121.49, "at": rfc3339(shop.bed.now - 5 * MINUTE)}
    shown = shop.ok("POST", at(offer, "positions"), old, who=shop.merchant)
    assert shown["position"]["lat"] == 31.2401, "an older one changes nothing"
    assert (shown["next_stop"]["name"], shown["next_stop"]["stops_left"]) == ("南门", 1)


@pytest.mark.req("S14")
def test_a_temperature_out_of_range_raises_one_incident_until_it_is_back(own: Shop) -> None:
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    offer, _ = formed(own, items=[item(keep="chilled")])

    def read(celsius: float) -> Any:
        own.bed.later(MINUTE)
        body = {"celsius": celsius, "at": rfc3339(own.bed.now)}
        return own.ok("POST", at(offer, "temperatures"), body, who=own.merchant)

    assert read(4.0)["temperature"] == {"celsius": 4.0, "at": rfc3339(own.bed.now), "out_of_range": False}
    assert read(9.5)["out_of_range"] == 1
    assert read(9.8)["out_of_range"] == 2
    assert len(own.told(own.merchant, "batch_temperature")) == 1
    assert "9.5" in own.sent_to(own.merchant, "9.5")[0].text
    read(5.0)
    read(8.1)
    assert len(own.told(own.merchant, "batch_temperature")) == 2
    body = {"celsius": 200, "at": rfc3339(own.bed.now)}
    assert refused(own, "POST", at(offer, "temperatures"), body) == "temperature_impossible"


@pytest.mark.req("S14")
def test_photos_of_a_batch_are_shown_to_its_buyers_and_only_pictures_are_taken(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)

    def brought(content: bytes) -> str:
        form = shop.ok("POST", at(offer, "photos/form"), who=shop.merchant)
        client = boto3.client("s3", region_name=REGION)
        client.put_object(Bucket="tuan-bed-files", Key=form["key"], Body=content)
        return str(form["key"])

    key = brought(b"\xff\xd8\xff\xe0" + b"j" * 200)
    for _ in range(2):
        assert shop.ok("POST", at(offer, "photos"), {"key": key}, who=shop.merchant)["photos"] == 1
    (link,) = shop.story(mei)["delivery"]["photos"]
    assert link.startswith("https://") and "photos/" in link
    assert refused(shop, "POST", at(offer, "photos"), {"key": brought(b"<html>")}) == "wrong_file_type"


@pytest.mark.req("S8")
def test_a_new_promise_is_told_and_the_old_one_kept(own: Shop) -> None:
    offer, (mei, *_) = formed(own, contact=True)
    for hours in (4, 8):
        body = {"earliest": rfc3339(own.bed.now + hours * HOUR), "latest": rfc3339(own.bed.now + (hours + 2) * HOUR)}
        own.ok("POST", at(offer, "promise"), {**body, "why": "雨"}, who=own.merchant)
        own.bed.later(MINUTE)
    own.bed.later(20 * HOUR)
    shown = own.story(mei)["delivery"]
    assert len(shown["promises"]) == 2
    ready = shown["expected"][-1]
    assert ready["earliest"] == shown["promises"][-1]["earliest"] and ready["late"] is True
    assert len(own.told(mei.who, "batch_promise")) == 4
    past = {"earliest": rfc3339(own.bed.now - HOUR), "latest": rfc3339(own.bed.now - MINUTE)}
    assert refused(own, "POST", at(offer, "promise"), past) == "promise_out_of_range"


@pytest.mark.req("S24")
def test_a_pickup_code_works_once_and_is_locked_after_five_wrong_ones(shop: Shop) -> None:
    offer, (mei, bo, lu) = formed(shop)
    codes = {taken.id: code_of(shop, taken) for taken in (mei, bo, lu)}
    assert hand(shop, offer, (mei, codes[mei.id]))[0]["result"] == "batch_not_ready"
    move(shop, offer, "sorted", "in_transit", "ready")
    said = hand(shop, offer, (mei, codes[mei.id]), (bo, codes[lu.id]))
    assert [one["result"] for one in said] == ["handed_over", "wrong_pickup_code"]
    assert hand(shop, offer, (mei, codes[mei.id]))[0]["result"] == "already_handed_over"
    wrong = "000000" if codes[bo.id] != "000000" else "000001"
    for left in (3, 2, 1, 0):
        (line,) = hand(shop, offer, (bo, wrong))
        assert (line["result"], line["tries_left"]) == ("wrong_pickup_code", left)
    assert hand(shop, offer, (bo, codes[bo.id]))[0]["result"] == "code_locked", "even with the right one"
    waiting = shop.ok("GET", at(offer, "hand-overs"), who=shop.merchant)["items"]
    assert {(one["order_id"], one["check"], one["locked"]) for one in waiting} == {
        (bo.id, codes[bo.id][:3], True),
        (lu.id, codes[lu.id][:3], False),
    }
    reason = {"reason": "看过身份证"}
    assert shop.ok("POST", at(offer, f"hand-overs/{bo.id}"), reason, who=shop.merchant)["result"] == "handed_over"
    assert refused(shop, "POST", at(offer, "state"), {"to": "handed_over"}) == "orders_not_fetched"
    earlier = rfc3339(shop.bed.now - MINUTE)
    assert hand(shop, offer, (lu, codes[lu.id]), at=earlier)[0]["result"] == "back_dated"
    shop.bed.later(HOUR)
    (line,) = hand(shop, offer, (lu, codes[lu.id]), at=rfc3339(shop.bed.now - MINUTE))
    assert line["handed_at"] == rfc3339(shop.bed.now - MINUTE), "told later, with its own time"
    assert move(shop, offer, "handed_over")["state"] == "handed_over"
    assert refused(shop, "POST", at(offer, "promise"), _range(shop)) == "batch_finished"


def _range(shop: Shop) -> dict[str, str]:
    return {"earliest": rfc3339(shop.bed.now + HOUR), "latest": rfc3339(shop.bed.now + 2 * HOUR)}


@pytest.mark.req("S24")
def test_two_wrong_codes_at_once_are_two_tries(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    move(shop, offer, "sorted", "in_transit", "ready")
    right = code_of(shop, mei)
    wrong = "111111" if right != "111111" else "222222"
    with overtaken(shop.bed, lambda: hand(shop, offer, (mei, wrong)), before="PutItem") as happened:
        (line,) = hand(shop, offer, (mei, wrong))
    assert happened and line["tries_left"] == 3


@pytest.mark.req("S24")
def test_another_leader_and_another_group_hand_nothing_over(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    _, (bo, *_) = formed(shop)
    move(shop, offer, "sorted", "in_transit", "ready")
    assert hand(shop, offer, (bo, code_of(shop, bo)))[0]["result"] == "order_not_found"
    leader = shop.person("leader", roles=("leader",))
    body = {"orders": [{"order_id": mei.id, "code": code_of(shop, mei)}]}
    assert refused(shop, "POST", at(offer, "hand-overs"), body, who=leader) == "batch_not_found"


@pytest.mark.req("S24")
@pytest.mark.parametrize(("then", "back"), [("returned", 900), ("forfeited", 0)])
def test_what_nobody_fetches_is_reminded_of_and_then_follows_the_rule(own: Shop, then: str, back: int) -> None:
    rule = {"remind_after_days": [1, 2], "until_days": 3, "then": then}
    offer, (mei, bo, lu) = formed(own, contact=True, uncollected=rule)
    move(own, offer, "sorted", "in_transit", "ready")
    hand(own, offer, (mei, code_of(own, mei)))
    own.bed.later(2 * DAY + HOUR)
    assert not own.told(mei.who, "uncollected")
    assert len(own.told(bo.who, "uncollected")) == 4, "twice, on both channels"
    hand(own, offer, (lu, code_of(own, lu)))
    own.bed.later(2 * DAY)
    shown = own.story(bo)
    assert shown["delivery"]["state"] == then
    assert sum(one["amount_minor"] for one in shown["refunds"]) == back
    assert len(own.told(bo.who, f"uncollected_{then}")) == 2
    assert own.story(mei)["delivery"]["state"] == own.story(lu)["delivery"]["state"] == "picked_up"
    assert own.ok("GET", at(offer), who=own.merchant)["state"] == "handed_over"
    assert own.story(mei)["refunds"] == own.story(lu)["refunds"] == []
    money_adds_up(own, offer.group)


@pytest.mark.req("S24", "R1")
def test_what_went_back_before_is_not_paid_back_again(own: Shop) -> None:
    """A better price has been paid back already; only the rest follows the goods."""
    offer = own.offer(uncollected={"remind_after_days": [], "until_days": 1, "then": "returned"})
    took = [own.buy(offer.group) for _ in range(5)]
    own.close(offer.group)
    own.ok("POST", f"/groups/{offer.group}/batches", who=own.merchant)
    move(own, offer, "sorted", "in_transit", "ready")
    own.bed.later(DAY + HOUR)
    for taken in took:
        back = {one["cause"]: one["amount_minor"] for one in own.story(taken)["refunds"]}
        assert back == {"price_drop": 100, "uncollected": 800}
    assert money_adds_up(own, offer.group)["held_minor"] == 0


# ----------------------------------------------------------------- fees

ZONES = [
    {"zone": "市区", "divisions": ["310101", "310104"], "fee_minor": 600, "per_kg_minor": 200, "free_from_minor": 5000},
    {"zone": "郊区", "divisions": ["31"], "fee_minor": 1200, "per_kg_minor": 300},
]
ADDRESS = {
    "province": "上海市",
    "city": "上海市", "district": "黄浦区", "street": "人民路 1 号", "community": "花园里", "building": "3",
    "unit": "2", "room": "501", "recipient": "王小明", "phone": "+8613900001234",
}  # fmt: skip


def lives(shop: Shop, division: str) -> tuple[str, str]:
    """Somebody with an address."""
    who = shop.person()
    body = {**ADDRESS, "division_code": division}
    return who, str(shop.ok("POST", "/me/addresses", body, who=who)["id"])


def delivering(shop: Shop, **over: Any) -> Offer:
    more = {"fulfilment": "delivery", "pickup_points": [], "delivery": ZONES, "items": [item(weight_g=700)]}
    return shop.offer(**(more | over))


@pytest.mark.req("O15")
def test_a_fee_goes_by_zone_and_weight_is_shown_before_joining_and_free_above_the_threshold(shop: Shop) -> None:
    offer = delivering(shop)
    cases = [
        ("310101", 1, 600, "市区", ""),
        ("310101", 2, 800, "市区", ""),
        ("310101", 6, 0, "市区", "threshold"),
        ("310230", 3, 1200 + 2 * 300, "郊区", ""),
    ]
    for division, units, fee, zone, free in cases:
        who, address = lives(shop, division)
        ask = {"lines": {APPLE: units}, "address_id": address}
        quote = shop.ok("POST", f"/groups/{offer.group}/quote", ask, who=who)
        assert (quote["fee_minor"], quote["zone"], quote["free"]) == (fee, zone, free)
        taken = shop.join(offer.group, who, lines={APPLE: units}, address_id=address, pickup_point=...)
        assert taken.seat["amount_minor"] == quote["total_minor"] == units * 900 + fee
        assert shop.story(taken)["order"]["fee_minor"] == fee
        assert shop.story(taken)["payments"][0]["amount_minor"] == units * 900 + fee
    who, address = lives(shop, "110101")
    answer = shop.try_join(offer.group, who, address_id=address, pickup_point=...)
    assert answer.json["code"] == "zone_not_served"
    pot = shop.offer()
    quote = shop.ok("POST", f"/groups/{pot.group}/quote", {"lines": {APPLE: 1}}, who=who)
    assert (quote["fee_minor"], quote["free"]) == (0, "pickup")


@pytest.mark.req("O15")
def test_other_quantities_have_another_fee(shop: Shop) -> None:
    offer = delivering(shop)
    who, address = lives(shop, "310101")
    taken = shop.join(offer.group, who, address_id=address, pickup_point=..., method=...)
    order = shop.story(taken)["order"]
    body = {"version": order["version"], "lines": {APPLE: 3}}
    order = shop.ok("PATCH", f"/orders/{taken.id}", body, who=who)
    assert (order["fee_minor"], order["amount_minor"]) == (1000, 2700 + 1000)


@pytest.mark.req("O15")
@pytest.mark.parametrize("buyers", [2, 5])
def test_a_better_price_leaves_the_fee_alone_and_a_failed_group_gives_it_back(shop: Shop, buyers: int) -> None:
    offer = delivering(shop)
    took = []
    for _ in range(buyers):
        who, address = lives(shop, "310101")
        took.append(shop.buy(offer.group, who, address_id=address, pickup_point=...))
    shop.close(offer.group)
    for taken in took:
        (refund,) = shop.story(taken)["refunds"]
        assert refund["amount_minor"] == (1500 if buyers == 2 else 100), "all of it, or the difference of the goods"
    assert money_adds_up(shop, offer.group)["held_minor"] == (0 if buyers == 2 else buyers * 1400)


@pytest.mark.req("O15", "S24")
@pytest.mark.parametrize(("rule", "back"), [("always", 1500), ("before_shipping", 900)])
def test_goods_that_come_back_bring_the_fee_with_them_only_where_the_campaign_says_so(
    shop: Shop, rule: str, back: int
) -> None:
    fetch = {"remind_after_days": [], "until_days": 1, "then": "returned"}
    offer = delivering(shop, fee_refund=rule, uncollected=fetch)
    took = []
    for _ in range(3):
        who, address = lives(shop, "310101")
        took.append(shop.buy(offer.group, who, address_id=address, pickup_point=...))
    shop.close(offer.group)
    (zone, _) = shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)["items"]
    assert shop.story(took[0])["delivery"]["place"] == "市区"
    move(shop, offer, "sorted", "in_transit", "ready", point=zone["destination"])
    assert shop.story(took[0])["delivery"]["state"] == "at_the_door"
    shop.bed.later(DAY + HOUR)
    for taken in took:
        (refund,) = shop.story(taken)["refunds"]
        assert refund["amount_minor"] == back
    money_adds_up(shop, offer.group)
