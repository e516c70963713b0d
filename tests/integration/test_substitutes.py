"""Something else for what has run out: taken, refused, or paid back when nobody said anything in time (S23)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339

from .shop import APPLE, Offer, Shop, Taken, answers_lost, item, money_adds_up, trouble
from .test_delivery import formed, move, refused
from .test_incidents import refunds

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
