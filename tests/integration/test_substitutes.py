"""Something else for what has run out: taken, refused, or paid back when nobody said anything in time (S23)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339

from .shop import APPLE, Offer, Shop, Taken, answers_lost, item, money_adds_up, trouble
from .test_delivery import formed, move, refused
from .test_incidents import opened, refunds
from .test_supply_pages import Reader

PEAR = "pear"
GOODS = [item(tiers=[]), item(sku=PEAR, title="鸭梨", list_price_minor=700, tiers=[])]


def offered(shop: Shop, offer: Offer, *, hours: float = 24, **over: Any) -> Any:
    body = {"sku": PEAR, "title": "雪花梨", "until": rfc3339(shop.bed.now + int(hours * HOUR)), **over}
    return shop.bed.call("POST", f"/groups/{offer.group}/substitutes", body, who=shop.merchant)


def said(shop: Shop, taken: Taken, accept: bool, sku: str = PEAR) -> Any:
    return shop.bed.call("POST", f"/orders/{taken.id}/substitute", {"sku": sku, "accept": accept}, who=taken.who)


def bought(shop: Shop, *, contact: bool = False) -> tuple[Offer, list[Taken]]:
    """Three have apples and two pears each, one only apples."""
    offer = shop.offer(items=GOODS)
    both = {APPLE: 1, PEAR: 2}
    took = [shop.buy(offer.group, shop.person(contact=contact), lines=both) for _ in range(3)]
    took.append(shop.buy(offer.group, shop.person(contact=contact)))
    shop.close(offer.group)
    return offer, took


@pytest.mark.req("S23")
def test_who_says_nothing_in_time_is_paid_back_that_line_once(own: Shop) -> None:
    offer, (mei, lan, wei, jin) = bought(own, contact=True)
    assert offered(own, offer).status == 200
    assert offered(own, offer, until=rfc3339(own.bed.now + DAY)).status == 200, "offered already"
    own.bed.later(HOUR)
    assert len(own.told(mei.who, "substitute_offered")) == 2
    assert not own.told(jin.who, "substitute_offered"), "who bought none of it is not asked"
    assert said(own, mei, True).json["swaps"] == {PEAR: "accepted"}
    assert said(own, lan, False).json["swaps"] == {PEAR: "refused"}
    own.bed.later(MINUTE)
    assert refunds(own, lan) == [("substitute", 1400)]

    died: list[str] = []

    def dies_once(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        done = call()
        if operation == "TransactWriteItems" and ".substitute" in str(arguments) and not died:
            died.append(operation)
            raise RuntimeError("the worker dies once it has paid one back")
        return done

    with trouble(own.bed, dies_once):
        own.bed.later(2 * DAY)
    assert died
    assert refunds(own, wei) == [("substitute", 1400)]
    assert len(own.told(wei.who, "substitute_refunded")) == 2
    assert refunds(own, lan) == [("substitute", 1400)] and refunds(own, mei) == refunds(own, jin) == []
    assert own.ok("GET", f"/groups/{offer.group}/substitutes", who=mei.who)["items"][0]["phase"] == "done"
    assert money_adds_up(own, offer.group)["held_minor"] == 4 * 1000 + 1400


@pytest.mark.req("S23", "S4")
def test_what_was_accepted_is_asked_for_instead_by_one_amendment_and_shared_alike(shop: Shop) -> None:
    supplier, leader = shop.person("supplier", roles=("supplier",)), shop.merchant
    goods = [item(tiers=[]), item(sku=PEAR, title="鸭梨", list_price_minor=700, tiers=[], supplier_id=supplier)]
    offer = shop.offer(items=goods)
    mei, lan, wei = (shop.buy(offer.group, lines={APPLE: 1, PEAR: 2}) for _ in range(3))
    shop.close(offer.group)
    shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
    shop.bed.later(MINUTE)
    (asked,) = shop.ok("GET", "/purchases", who=supplier)["items"]
    assert (asked["number"], asked["total"]) == (1, {PEAR: 6})
    offered(shop, offer, hours=2, instead="snowpear")
    assert [said(shop, mei, True).status, said(shop, lan, True).status, said(shop, wei, False).status] == [200] * 3
    shop.bed.later(HOUR)
    assert shop.ok("GET", f"/purchases/{asked['id']}", who=supplier)["number"] == 1, "not answer by answer"
    shop.bed.later(2 * HOUR)
    found = shop.ok("GET", f"/purchases/{asked['id']}", who=supplier)
    assert (found["number"], found["total"]) == (2, {"snowpear": 4})
    assert found["items"]["snowpear"] == "雪花梨"
    batch = shop.ok("GET", f"/groups/{offer.group}/batches/point.gate", who=shop.merchant)
    assert (batch["units"], batch["orders"]) == ({APPLE: 3, "snowpear": 4}, 3)

    # one of those is missing in the end: its buyer is paid back what the pears had cost
    lines = {APPLE: {"received": 3}, "snowpear": {"received": 3, "short": 1}}
    shop.ok("POST", f"/groups/{offer.group}/receipts/point.gate", {"number": 1, "lines": lines}, who=leader)
    shop.bed.later(HOUR)
    assert sorted(refunds(shop, mei) + refunds(shop, lan)) == [("shortage", 700)]
    assert refunds(shop, wei) == [("substitute", 1400)]
    shares = shop.ok("GET", f"/groups/{offer.group}/receipts/point.gate/shares", who=shop.merchant)["items"]
    assert sorted(str(one["units"]) for one in shares)[-1] == str({APPLE: 1})
    assert sum(one["short"].get("snowpear", 0) for one in shares) == 1
    money_adds_up(shop, offer.group)


@pytest.mark.req("S23", "R11", "R3")
def test_a_buyer_decides_on_the_orders_page_and_sees_what_is_missing(shop: Shop) -> None:
    offer, (mei, lan, wei, jin) = bought(shop)
    offered(shop, offer)
    page = f"/o/{mei.id}"
    reader = Reader(shop, mei.who)
    for language, word in (("zh", "鸭梨 缺货，可换成 雪花梨"), ("en", "雪花梨 is offered instead")):
        assert word in reader.get(page, language).text
    assert "货物现在在：仓库" in reader.get(page).text or "货物现在在：供应商" in reader.get(page).text
    assert reader.post(f"{page}/substitute", page, accept="no").status == 303
    shown = reader.get(page).text
    assert "鸭梨 × 2" in shown and "缺货未换" in shown and "为此退款 ¥14.00" in shown
    assert "/substitute" not in shown, "answered is answered"
    taken = Reader(shop, lan.who)
    assert taken.post(f"/o/{lan.id}/substitute", f"/o/{lan.id}", accept="yes").status == 303
    assert "您同意换货" in taken.get(f"/o/{lan.id}").text
    assert shop.story(lan)["substitutes"][0]["answer"] == "accepted"
    other = Reader(shop, jin.who)
    assert "/substitute" not in other.get(f"/o/{jin.id}").text, "who bought none of it is not asked"

    assert "self-refund" not in other.get(f"/o/{jin.id}").text
    opened(shop, offer)
    for language, word in (("zh", "自助退款"), ("en", "Take your money back")):
        assert word in other.get(f"/o/{jin.id}", language).text
    assert shop.story(jin)["may_self_refund"] is True
    assert other.send(f"/o/{wei.id}/self-refund", other.get(f"/o/{jin.id}").text, "self-refund").status == 404
    forged = other.send(f"/o/{jin.id}/self-refund", other.get(f"/o/{jin.id}").text, "self-refund", csrf="x")
    assert forged.status == 403 and refunds(shop, jin) == []
    assert other.post(f"/o/{jin.id}/self-refund", f"/o/{jin.id}").status == 303
    shown = other.get(f"/o/{jin.id}").text
    assert "已自助退款" in shown and "/self-refund" not in shown
    assert refunds(shop, jin) == [("incident", 1000)]
    shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
    late = Reader(shop, wei.who)
    before = late.get(f"/o/{wei.id}").text
    move(shop, offer, "sorted", "in_transit")
    gone = late.send(f"/o/{wei.id}/self-refund", before, "self-refund")
    assert gone.status == 409 and "self-refund" not in late.get(f"/o/{wei.id}").text
    assert "货物现在在：承运人" in late.get(f"/o/{wei.id}").text


@pytest.mark.req("S23", "B8")
def test_an_answer_counts_once_and_in_time(shop: Shop) -> None:
    offer, (mei, lan, wei, jin) = bought(shop)
    assert said(shop, mei, True).json["code"] == "no_substitute_offered"
    offered(shop, offer, hours=2)
    with answers_lost(shop.bed):
        said(shop, mei, False)
    assert said(shop, mei, False).status == 200
    assert said(shop, mei, True).json["code"] == "already_answered"
    assert said(shop, jin, True).json["code"] == "nothing_to_replace"
    assert refused(shop, "POST", f"/orders/{lan.id}/substitute", {"sku": PEAR, "accept": True}, who=mei.who) == (
        "order_not_found"
    )
    shop.bed.later(HOUR)
    assert refunds(shop, mei) == [("substitute", 1400)]
    shop.bed.now += 2 * HOUR  # nobody has worked since
    assert said(shop, lan, True).json["code"] == "offer_over"
    shop.bed.later(HOUR)
    assert refunds(shop, lan) == [("substitute", 1400)]
    assert said(shop, wei, True).json["code"] == "already_answered"
    money_adds_up(shop, offer.group)


@pytest.mark.req("S23")
def test_an_order_of_which_nothing_is_left_gets_all_of_its_money_back(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    offered(shop, offer, sku=APPLE, title="嘎啦苹果")
    assert said(shop, mei, False, APPLE).status == 200
    shop.bed.later(HOUR)
    assert sum(amount for _, amount in refunds(shop, mei)) == 900
    money_adds_up(shop, offer.group)


@pytest.mark.req("S23", "S20")
def test_what_may_be_offered_by_whom_and_until_when(shop: Shop) -> None:
    offer, _ = bought(shop)
    assert offered(shop, offer, sku="melon").json["code"] == "unknown_item"
    assert offered(shop, offer, hours=0.5).json["code"] == "offer_time_out_of_range"
    assert offered(shop, offer, hours=24 * 15).json["code"] == "offer_time_out_of_range"
    stranger = shop.person("merchant", roles=("merchant",))
    body = {"sku": PEAR, "title": "雪花梨", "until": rfc3339(shop.bed.now + DAY)}
    assert refused(shop, "POST", f"/groups/{offer.group}/substitutes", body, who=stranger) == "group_not_found"
    assert offered(shop, offer).status == 200
    assert offered(shop, offer, title="香梨").json["code"] == "substitute_offered"
    other, _ = formed(shop)
    move(shop, other, "sorted", "in_transit")
    assert offered(shop, other, sku=APPLE).json["code"] == "already_shipped"
    assert offered(shop, shop.offer(items=GOODS)).json["code"] == "group_not_formed"
