"""Goods that come back: asked for in time, received, checked, paid back once, and seen by both sides (R6, R9)."""

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE

from .shop import APPLE, Offer, Shop, Taken, money_adds_up, overtaken
from .test_delivery import code_of, hand, move


@dataclass
class Handed:
    """A formed group whose buyers all have their goods; each test takes buyers of its own."""

    shop: Shop
    offer: Offer
    waiting: list[Taken]

    def one(self) -> Taken:
        return self.waiting.pop()


@pytest.fixture(scope="module")
def handed(shared: Any) -> Handed:
    shop = Shop(shared.bed())
    offer = shop.offer()
    took = [shop.buy(offer.group, shop.person(contact=number == 7)) for number in range(8)]
    shop.close(offer.group)
    return Handed(shop, offer, handed_over(shop, offer, took))


def handed_over(shop: Shop, offer: Offer, took: list[Taken]) -> list[Taken]:
    shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
    move(shop, offer, "sorted", "in_transit", "ready")
    hand(shop, offer, *((one, code_of(shop, one)) for one in took))
    return took


def asks(shop: Shop, taken: Taken, *, key: str = "r", who: str = "", **over: Any) -> Any:
    body = {"lines": {APPLE: 1}, "why": "no_reason", "intact": True, **over}
    path = f"/orders/{taken.id}/returns"
    return shop.bed.call("POST", path, body, who=who or taken.who, headers={"Idempotency-Key": key})


def says(shop: Shop, one: str, what: str, who: str = "", **body: Any) -> Any:
    return shop.bed.call("POST", f"/returns/{one}/{what}", body or None, who=who or shop.merchant)


def refunds(shop: Shop, taken: Taken) -> list[tuple[str, int]]:
    return [(one["cause"], one["amount_minor"]) for one in shop.story(taken)["refunds"]]


@pytest.mark.req("R9", "R6")
def test_a_return_is_asked_for_received_checked_and_paid_back_with_a_countdown(handed: Handed) -> None:
    shop, mei = handed.shop, handed.one()
    made = asks(shop, mei)
    assert made.status == 201 and asks(shop, mei).json["id"] == made.json["id"], "asked again, it is the same"
    assert asks(shop, mei, lines={APPLE: 2}).json["code"] == "key_reused"
    assert asks(shop, mei, key="other").json["code"] == "return_under_way"
    one = made.json["id"]
    assert says(shop, one, "check", passed=True).json["code"] == "return_not_waiting"
    assert says(shop, one, "received", who=mei.who).status == 403
    assert says(shop, one, "received", who=shop.person("m", roles=("merchant",))).json["code"] == "return_not_found"
    assert says(shop, one, "received").json["state"] == "received"
    assert says(shop, one, "received").status == 200
    assert says(shop, one, "check", passed=False).json["code"] == "reason_needed"
    assert says(shop, one, "check", passed=True).json["state"] == "passed"
    assert says(shop, one, "check", passed=True).status == 200
    (shown,) = shop.story(mei)["returns"]
    assert (shown["state"], shown["amount_minor"]) == ("passed", 800)
    assert shown["paid_back_at"] is not None and shown["seconds_to_payout"] == 0
    assert refunds(shop, mei) == [("price_drop", 100), ("return", 800)]
    steps = [step["what"] for step in shop.story(mei)["timeline"]]
    assert [what for what in steps if "return" in what] == ["order_return_asked", "order_return_passed"]
    assert [len(shop.told(mei.who, f"return_{what}")) for what in ("received", "passed")] == [2, 2]
    assert one in {line["id"] for line in shop.pages("/returns", who=shop.merchant)}
    assert asks(shop, mei, key="again").json["code"] == "more_than_received"
    money_adds_up(shop, handed.offer.group)


@pytest.mark.req("R6", "R9")
def test_a_failed_check_says_why_and_nothing_is_paid(handed: Handed) -> None:
    shop, mei = handed.shop, handed.one()
    one = asks(shop, mei, why="quality", intact=False).json["id"]
    says(shop, one, "received")
    assert says(shop, one, "check", passed=False, reason="包装上的标签不是我们的").json["state"] == "failed"
    assert says(shop, one, "check", passed=True).json["code"] == "return_not_waiting"
    assert refunds(shop, mei) == [("price_drop", 100)]
    assert asks(shop, mei, key="again").status == 201, "it may be asked for again while there is time"


@pytest.mark.req("R6")
def test_who_has_nothing_to_send_back_is_told_so(handed: Handed) -> None:
    shop, mei, lan = handed.shop, handed.one(), handed.one()
    assert asks(shop, mei, who=lan.who).json["code"] == "order_not_found"
    assert asks(shop, mei, lines={APPLE: 2}).json["code"] == "more_than_received"
    assert asks(shop, mei, intact=False).json["code"] == "goods_not_intact"
    late = shop.join(shop.offer().group)
    assert asks(shop, late).json["code"] == "nothing_to_return"


@pytest.mark.req("R9")
def test_a_merchant_who_says_nothing_has_passed_it(handed: Handed) -> None:
    shop, mei = handed.shop, handed.one()
    one = asks(shop, mei).json["id"]
    says(shop, one, "received")
    shop.bed.later(2 * DAY + MINUTE)
    (shown,) = shop.story(mei)["returns"]
    assert (shown["state"], shown["checked_by_timer"]) == ("passed", True)
    assert refunds(shop, mei) == [("price_drop", 100), ("return", 800)]


@pytest.mark.req("R9", "B8")
def test_two_who_check_at_once_pay_back_once(handed: Handed) -> None:
    shop, mei = handed.shop, handed.one()
    one = asks(shop, mei).json["id"]
    says(shop, one, "received")
    with overtaken(shop.bed, lambda: says(shop, one, "check", passed=False, reason="少了一个")) as happened:
        assert says(shop, one, "check", passed=True).json["code"] == "return_not_waiting"
    assert happened and refunds(shop, mei) == [("price_drop", 100)]
    money_adds_up(shop, handed.offer.group)


@pytest.mark.req("R9", "R12", "R6")
def test_money_that_was_let_out_comes_back_with_the_goods(shop: Shop) -> None:
    """Also where the terms except them from going back without a reason."""
    terms = {"return_exception": "鲜活易腐", "settlement": {"first_bp": 9000, "after_sales_days": 1}}
    offer = shop.offer(**terms, target={"measure": "participants", "at_least": 1})
    shop.banked(shop.merchant)
    mei = shop.buy(offer.group)
    shop.close(offer.group)
    handed_over(shop, offer, [mei])
    assert asks(shop, mei).json["code"] == "return_excepted"
    shop.bed.later(DAY + 7 * HOUR)
    assert shop.money(offer.group)["released_minor"] == 1000
    one = asks(shop, mei, why="quality").json["id"]
    says(shop, one, "received")
    says(shop, one, "check", passed=True)
    money = money_adds_up(shop, offer.group)
    assert (money["released_minor"], money["refunded_minor"]) == (0, 1000)
