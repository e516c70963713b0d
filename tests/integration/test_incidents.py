"""Incidents of three levels, buyers who take their money back, and what they are given for their trouble (S6, R11)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, rfc3339

from .shop import APPLE, Offer, Shop, Taken, answers_lost, money_adds_up, overtaken, trouble
from .test_delivery import at, code_of, formed, hand, move, refused

TWO_POINTS = [{"id": "gate", "name": "南门"}, {"id": "shop", "name": "便利店"}]


def opened(shop: Shop, offer: Offer, level: int = 3, *, who: str = "", key: str = "", **over: Any) -> Any:
    body = {"what": "quality", "level": level, "text": "果子有坏的", **over}
    path = f"/groups/{offer.group}/incidents"
    return shop.ok("POST", path, body, who=who or shop.merchant, key=key or shop.key())


def one(offer: Offer, incident: Any, what: str) -> str:
    return f"/groups/{offer.group}/incidents/{incident['id']}/{what}"


def back(shop: Shop, taken: Taken) -> Any:
    return shop.bed.call("POST", f"/orders/{taken.id}/self-refund", who=taken.who)


def refunds(shop: Shop, taken: Taken) -> list[tuple[str, int]]:
    return [(one["cause"], one["amount_minor"]) for one in shop.story(taken)["refunds"]]


def coupon(shop: Shop, **over: Any) -> dict[str, Any]:
    return {"amount_minor": 500, "min_spend_minor": 2000, "expires_at": rfc3339(shop.bed.now + 30 * DAY), **over}


@pytest.mark.req("R11", "S6")
def test_in_an_incident_of_level_three_buyers_take_their_money_back_in_one_call(shop: Shop) -> None:
    offer, (mei, lan, wei) = formed(shop, contact=True)
    incident = opened(shop, offer, 2)
    assert back(shop, mei).json["code"] == "self_refund_not_open"
    shop.ok("POST", one(offer, incident, "level"), {"level": 3}, who=shop.merchant)
    shop.bed.later(HOUR)
    assert len(shop.told(mei.who, "self_refund_open")) == 2, "once by SMS, once by e-mail"

    assert back(shop, mei).status == 200
    assert back(shop, mei).status == 200, "asked again, it is done already"
    shop.bed.later(HOUR)
    assert refunds(shop, mei) == [("incident", 900)]
    story = shop.story(mei)
    assert (story["delivery"]["state"], story["delivery"]["pickup_code"]) == ("withdrawn", None)
    assert shop.ok("GET", at(offer), who=shop.merchant)["units"] == {APPLE: 2}

    move(shop, offer, "sorted", "in_transit")
    assert back(shop, lan).json["code"] == "already_shipped"
    move(shop, offer, "ready")
    (line,) = hand(shop, offer, (mei, "123456"))
    assert line["result"] == "order_not_to_hand_over"
    assert [one["result"] for one in hand(shop, offer, (lan, code_of(shop, lan)), (wei, code_of(shop, wei)))] == [
        "handed_over"
    ] * 2
    move(shop, offer, "handed_over")  # nobody waits for what was taken back
    assert money_adds_up(shop, offer.group)["captured_minor"] == 2700


@pytest.mark.req("R11")
def test_goods_that_leave_at_the_same_moment_are_not_paid_back(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    opened(shop, offer)
    move(shop, offer, "sorted")
    with overtaken(shop.bed, lambda: move(shop, offer, "in_transit")) as happened:
        assert back(shop, mei).json["code"] == "already_shipped"
    assert happened and "incident" not in dict(refunds(shop, mei))


@pytest.mark.req("R11", "B8")
def test_a_repeated_call_and_a_lost_answer_pay_back_once(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    opened(shop, offer)
    with answers_lost(shop.bed):
        back(shop, mei)
    assert back(shop, mei).status == 200
    with overtaken(shop.bed, lambda: None):
        assert back(shop, mei).status == 200
    shop.bed.later(HOUR)
    assert [cause for cause, _ in refunds(shop, mei)].count("incident") == 1
    assert sum(amount for _, amount in refunds(shop, mei)) == 900
    money_adds_up(shop, offer.group)


@pytest.mark.req("R11", "S20")
def test_only_whose_goods_an_open_incident_covers_takes_them_back(shop: Shop) -> None:
    offer = shop.offer(pickup_points=TWO_POINTS)
    mei, lan = shop.buy(offer.group), shop.buy(offer.group, pickup_point="shop")
    shop.buy(offer.group)
    shop.close(offer.group)
    incident = opened(shop, offer, destinations=["point.shop"])
    assert back(shop, mei).json["code"] == "self_refund_not_open"
    assert refused(shop, "POST", f"/orders/{lan.id}/self-refund", who=mei.who) == "order_not_found"
    shop.ok("POST", one(offer, incident, "close"), who=shop.merchant)
    shop.ok("POST", one(offer, incident, "close"), who=shop.merchant)
    assert back(shop, lan).json["code"] == "self_refund_not_open"


@pytest.mark.req("S6")
def test_compensation_is_one_coupon_for_each_order_and_incident_whatever_happens(own: Shop) -> None:
    offer, took = formed(own, contact=True)
    incident = opened(own, offer)
    back(own, took[0])
    grant = coupon(own)
    path = one(offer, incident, "compensation")
    crashed: list[str] = []

    def dies_once(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        if operation == "TransactWriteItems" and "COUPON#" in str(arguments) and len(crashed) < 2:
            crashed.append(operation)
            if len(crashed) == 2:
                raise RuntimeError("the worker dies half-way")
        return call()

    with trouble(own.bed, dies_once), answers_lost(own.bed):
        own.bed.call("POST", path, grant, who=own.merchant)
        own.ok("POST", path, grant, who=own.merchant)
        assert refused(own, "POST", path, coupon(own, amount_minor=600)) == "compensation_granted"
    assert len(crashed) == 2
    own.bed.later(HOUR)
    for taken in took:  # who took the money back went without, too
        (line,) = own.pages("/me/coupons", who=taken.who)
        shown = (line["amount_minor"], line["min_spend_minor"], line["issuer_id"], line["used_at"])
        assert shown == (500, 2000, own.merchant, None)
        assert line["expires_at"] == grant["expires_at"]
        assert len(own.told(taken.who, "coupon_given")) == 2
    seen = own.ok("GET", f"/groups/{offer.group}/incidents", who=own.merchant)["items"][0]
    assert seen["granting"] is False


@pytest.mark.req("S6")
def test_each_level_opens_its_means_and_none_above_it(shop: Shop) -> None:
    offer, _ = formed(shop)
    incident = opened(shop, offer, 1)
    assert refused(shop, "POST", one(offer, incident, "supplier"), {"note": "换二号厂"}) == "not_at_this_level"
    assert refused(shop, "POST", one(offer, incident, "compensation"), coupon(shop)) == "not_at_this_level"
    said = shop.ok("POST", one(offer, incident, "carrier"), {"carrier": "sandbox"}, who=shop.merchant)
    again = shop.ok("POST", one(offer, incident, "carrier"), {"carrier": "sandbox"}, who=shop.merchant)
    assert [line["what"] for line in said["done"]] == ["opened", "other_carrier"] and again == said
    assert shop.ok("GET", at(offer), who=shop.merchant)["carrier"] == "sandbox"
    assert refused(shop, "POST", one(offer, incident, "carrier"), {"carrier": "nobody"}) == "carrier_not_connected"

    shop.ok("POST", one(offer, incident, "level"), {"level": 2}, who=shop.merchant)
    assert refused(shop, "POST", one(offer, incident, "level"), {"level": 1}) == "incident_not_lowered"
    for _ in range(2):
        shop.ok("POST", one(offer, incident, "supplier"), {"note": "换二号厂"}, who=shop.merchant)
    (task,) = shop.pages("/tasks", who=shop.merchant)
    assert (task["errand"], task["about"], task["facts"]["note"]) == ("supplier", offer.group, "换二号厂")
    support = shop.person("support", roles=("support",))
    assert refused(shop, "POST", f"/tasks/{task['id']}/done", {}, who=support) == "task_not_found"
    shop.ok("POST", f"/tasks/{task['id']}/done", {"note": "已换"}, who=shop.merchant)
    assert list(shop.pages("/tasks", who=shop.merchant)) == []

    move(shop, offer, "sorted", "in_transit")
    assert refused(shop, "POST", one(offer, incident, "carrier"), {"carrier": "sandbox"}) == "no_batch_to_move"
    shop.ok("POST", one(offer, incident, "close"), who=shop.merchant)
    assert refused(shop, "POST", one(offer, incident, "statement"), {"text": "抱歉"}) == "incident_closed"
    assert refused(shop, "POST", one(offer, incident, "level"), {"level": 3}) == "incident_closed"


@pytest.mark.req("S6")
def test_the_public_word_stands_on_the_feed_once(shop: Shop) -> None:
    offer, _ = formed(shop)
    incident = opened(shop, offer, 1)
    for _ in range(2):
        shop.ok("POST", one(offer, incident, "statement"), {"text": "冷库断电，正在换货"}, who=shop.merchant)
    posts = shop.ok("GET", f"/groups/{offer.group}/posts")["items"]
    assert [(post["text"], post["statement"]) for post in posts] == [("冷库断电，正在换货", True)]


@pytest.mark.req("S6", "S14")
def test_a_temperature_out_of_range_opens_an_incident_by_itself_once(shop: Shop) -> None:
    goods = [{"sku": APPLE, "title": "鲜奶", "list_price_minor": 1000, "tiers": [], "stock": 100, "keep": "chilled"}]
    offer, _ = formed(shop, items=goods)
    for celsius in (12.0, 5.0, 13.0):
        shop.bed.later(60_000)
        body = {"celsius": celsius, "at": rfc3339(shop.bed.now)}
        shop.ok("POST", at(offer, "temperatures"), body, who=shop.merchant)
        shop.bed.later(60_000)
    (incident,) = shop.ok("GET", f"/groups/{offer.group}/incidents", who=shop.merchant)["items"]
    assert (incident["what"], incident["level"], incident["opened_by"]) == ("temperature", 1, "sensor")
    assert incident["destinations"] == ["point.gate"]


@pytest.mark.req("S6", "S20")
def test_who_may_open_one_and_on_what(shop: Shop) -> None:
    offer, _ = formed(shop)
    support = shop.person("support", roles=("support",))
    stranger = shop.person("merchant", roles=("merchant",))
    body = {"what": "delay", "level": 1, "text": "车坏了"}
    path = f"/groups/{offer.group}/incidents"

    def tried(who: str, key: str = "", **over: Any) -> str:
        headers = {"Idempotency-Key": key or shop.key()}
        return str(shop.bed.call("POST", path, {**body, **over}, who=who, headers=headers).json.get("code", ""))

    assert tried(stranger) == "group_not_found"
    assert tried(shop.merchant, destinations=["point.moon"]) == "no_such_destination"
    assert tried(shop.merchant, level=4) == "out_of_bounds"
    assert tried(shop.merchant, what="war") == "bad_value"
    first = opened(shop, offer, 1, who=support, key="k1")
    assert opened(shop, offer, 1, who=support, key="k1") == first
    assert tried(support, key="k1") == "key_reused"
    assert refused(shop, "POST", f"{path}/nothing/close") == "incident_not_found"
    waiting = shop.offer()
    assert refused_to_open(shop, waiting, body) == "group_not_formed"


def refused_to_open(shop: Shop, offer: Offer, body: dict[str, Any]) -> str:
    headers = {"Idempotency-Key": shop.key()}
    said = shop.bed.call("POST", f"/groups/{offer.group}/incidents", body, who=shop.merchant, headers=headers)
    return str(said.json["code"])


@pytest.mark.req("S6")
def test_a_coupon_ends_later_than_now_and_within_a_year(shop: Shop) -> None:
    offer, _ = formed(shop)
    incident = opened(shop, offer)
    for days in (-1, 400):
        grant = coupon(shop, expires_at=rfc3339(shop.bed.now + days * DAY))
        assert refused(shop, "POST", one(offer, incident, "compensation"), grant) == "coupon_time_out_of_range"
