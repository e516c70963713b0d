"""The page of those who deliver, in both languages; and that a batch costs the same whatever its size."""

import pytest

from .shop import Shop
from .test_delivery import at, code_of, formed, move
from .test_supply_pages import Reader


@pytest.mark.req("S9", "O10", "O11", "S24")
def test_a_merchant_moves_ships_prints_and_hands_over_on_one_page(shop: Shop) -> None:
    offer, (mei, bo, _) = formed(shop)
    reader = Reader(shop, shop.merchant, "merchant")
    page = f"/deliver/{offer.group}"
    for language, word in (("zh", "待分拣"), ("en", "planned")):
        shown = reader.get(page, language)
        assert shown.status == 200 and word in shown.text
    assert "南门" in reader.get("/deliver").text
    for _ in range(3):
        assert reader.post(f"{page}/point.gate/move", page).status == 303
    assert shop.ok("GET", at(offer), who=shop.merchant)["state"] == "ready"
    assert reader.post(f"{page}/point.gate/ship", page).status == 303
    wrong = reader.post(f"{page}/point.gate/hand", page, order=mei.id, code="1")
    assert wrong.status == 422 and "提货码不对" in wrong.text
    assert reader.post(f"{page}/point.gate/hand", page, order=mei.id, code=code_of(shop, mei)).status == 303
    assert shop.story(mei)["delivery"]["state"] == "picked_up"
    said = reader.post(f"{page}/numbers", page, numbers=f"{bo.id},shunfeng,SF123456\nnobody,x")
    assert said.status == 200 and "已登记 1 条" in said.text
    csv = reader.get(f"{page}/point.gate/labels.csv")
    assert csv.status == 200 and bo.id in csv.text and "SF123456" in csv.text


@pytest.mark.req("S8")
def test_a_buyers_page_shows_how_far_it_is_and_the_code(shop: Shop) -> None:
    offer, (mei, *_) = formed(shop)
    move(shop, offer, "sorted", "in_transit", "ready")
    shown = Reader(shop, mei.who).get(f"/o/{mei.id}")
    assert shown.status == 200 and "待提货" in shown.text and code_of(shop, mei) in shown.text


@pytest.mark.req("S8")
def test_moving_a_batch_costs_one_write_whatever_its_size(shop: Shop) -> None:
    costs = []
    for buyers in (3, 12):
        offer = shop.offer()
        for _ in range(buyers):
            shop.buy(offer.group)
        shop.close(offer.group)
        shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
        with shop.bed.hook.watched() as calls:
            answer = shop.bed.call_only("POST", at(offer, "state"), {"to": "sorted"}, who=shop.merchant)
        assert answer.status == 200
        costs.append([operation for service, operation, _ in calls if service == "dynamodb"])
    assert costs[0] == costs[1]
    assert sum(operation in ("PutItem", "UpdateItem", "TransactWriteItems") for operation in costs[0]) == 1
