"""A deposit on joining and the balance once the group has formed (O4), in both kinds: 定金 (earnest), 订金 (down
payment)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, rfc3339

from .shop import Offer, Shop, Taken, instant_of, item, money_adds_up, rows

TWO = {"measure": "participants", "at_least": 2}
EARNEST = {"kind": "earnest", "percent": 20, "balance_hours": 48}
DOWN = {"kind": "down_payment", "percent": 30, "balance_hours": 48}
TIERS = [{"participants": 2, "unit_price_minor": 900}, {"participants": 3, "unit_price_minor": 800}]


def started(shop: Shop, deposit: dict[str, Any], buyers: int = 3, **over: Any) -> tuple[Offer, list[Taken]]:
    """Three buyers of two apples each: 10.00 on the list, 9.00 on joining, 8.00 once there are three."""
    offer = shop.offer(**{"deposit": deposit, "target": TWO, "items": [item(tiers=TIERS)], "hours": 2} | over)
    return offer, [shop.buy(offer.group, shop.person(contact=True), lines={"apple": 2}) for _ in range(buyers)]


def pay_balance(shop: Shop, taken: Taken, method: str = "sandbox") -> Any:
    payment = shop.ok("POST", f"/orders/{taken.id}/payments", {"method": method}, who=taken.who)
    shop.bed.pay(payment["pay_url"])
    return payment


def order(shop: Shop, taken: Taken) -> Any:
    return shop.story(taken)["order"]


@pytest.mark.req("O4")
def test_the_final_price_holds_for_all_of_it_and_the_deposit_counts_towards_it(own: Shop) -> None:
    offer, (mei, li, wu) = started(own, EARNEST)
    assert (mei.seat["amount_minor"], mei.seat["deposit_minor"], mei.seat["payment"]["amount_minor"]) == (
        1800,
        320,
        320,
    )
    assert mei.seat["terms"]["deposit"] == EARNEST and "定金" in "".join(mei.seat["terms"]["sentences"])
    assert money_adds_up(own, offer.group)["captured_minor"] == 960, "20 % of the lowest price, 8.00, each"
    own.close(offer.group)
    told = own.told(mei.who, "group_formed_balance")
    assert told and not own.told(mei.who, "group_formed")
    now = order(own, mei)
    assert (now["state"], now["resolution"], now["balance_minor"], now["balance_paid"]) == (
        "paid",
        "balance_due",
        1280,
        False,
    )
    assert instant_of(now["balance_by"]) <= own.bed.now + 2 * DAY
    for taken in (mei, li, wu):
        assert pay_balance(own, taken)["amount_minor"] == 1280
        assert order(own, taken)["resolution"] == "formed"
    assert own.told(mei.who, "balance_paid") and own.told(mei.who, "balance_reminder") == []
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["held_minor"]) == (3 * 1600, 0, 3 * 1600)
    answer = own.bed.call("POST", f"/orders/{mei.id}/payments", {"method": "sandbox"}, who=mei.who)
    assert (answer.status, answer.json["code"]) == (409, "already_paid")


@pytest.mark.req("O4")
@pytest.mark.parametrize("deposit", [EARNEST, DOWN], ids=["earnest", "down_payment"])
def test_a_group_that_fails_gives_both_kinds_back_in_full(own: Shop, deposit: dict[str, Any]) -> None:
    offer, (mei,) = started(own, deposit, 1)
    assert own.close(offer.group)["state"] == "failed"
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["held_minor"]) == (money["refunded_minor"], 0)
    assert order(own, mei)["resolution"] == "failed" and own.told(mei.who, "group_failed")


@pytest.mark.req("O4")
def test_an_unpaid_balance_forfeits_the_earnest_to_the_merchant_after_reminders(own: Shop) -> None:
    offer, (mei, li, _) = started(own, EARNEST)
    own.close(offer.group)
    pay_balance(own, mei)
    late = own.ok("POST", f"/orders/{li.id}/payments", {"method": "sandbox"}, who=li.who)
    own.bed.later(DAY)
    assert own.told(li.who, "balance_reminder") and not own.told(mei.who, "balance_reminder")
    own.bed.later(2 * DAY)
    now = order(own, li)
    assert (now["resolution"], now["balance_paid"]) == ("defaulted", False)
    assert own.told(li.who, "earnest_forfeited")
    money = money_adds_up(own, offer.group)
    assert (money["released_minor"], money["refunded_minor"], money["held_minor"]) == (640, 0, 1600), (
        "of two defaulters"
    )
    assert money["accounts"]["merchant_minor"] == 640
    settled = own.ok("GET", f"/groups/{offer.group}/settlement", who=own.merchant)
    assert [(one["payee"], one["released_minor"]) for one in settled["lines"]] == [("merchant", 640)]
    stock = rows(own.bed)[f"CAMPAIGN#{offer.id}", "STOCK"]["body"]["M"]["left"]["M"]["apple"]["N"]
    assert int(stock) == 100 - 2, "the seats that were given up can be sold again"
    (purchase,) = own.ok("GET", f"/groups/{offer.group}/purchases", who=own.merchant)["items"]
    assert purchase["total"] == {"apple": 2}, "the defaulters' units are counted out again"
    answer = own.bed.call("POST", f"/orders/{li.id}/payments", {"method": "sandbox"}, who=li.who)
    assert (answer.status, answer.json["code"]) == (409, "balance_not_due")
    own.bed.pay(late["pay_url"], late=True)
    after = money_adds_up(own, offer.group)
    assert (after["refunded_minor"], after["held_minor"], after["released_minor"]) == (1280, 1600, 640), (
        "late: goes back"
    )


@pytest.mark.req("O4")
def test_an_unpaid_balance_returns_a_down_payment_in_full(own: Shop) -> None:
    offer, (mei, li) = started(own, DOWN, 2)
    assert mei.seat["payment"]["amount_minor"] == 480
    own.close(offer.group)
    pay_balance(own, li)
    own.bed.later(3 * DAY)
    assert order(own, mei)["resolution"] == "defaulted"
    assert own.told(mei.who, "down_payment_back") and own.told(mei.who, "refund_done")
    money = money_adds_up(own, offer.group)
    assert (money["refunded_minor"], money["released_minor"], money["held_minor"]) == (480, 0, 1800)


@pytest.mark.req("O4")
def test_a_balance_paid_in_time_and_reported_late_takes_the_earnest_back_with_it(own: Shop) -> None:
    offer, (mei, li, wu) = started(own, EARNEST)
    own.close(offer.group)
    for taken in (li, wu):
        pay_balance(own, taken)
    transfer = own.ok("POST", f"/orders/{mei.id}/payments", {"method": "transfer"}, who=mei.who)
    own.bed.later(DAY)
    received_at = rfc3339(own.bed.now)
    own.bed.later(2 * DAY)
    assert order(own, mei)["resolution"] == "defaulted"
    assert money_adds_up(own, offer.group)["released_minor"] == 320
    told = {"amount_minor": 1280, "currency": "CNY", "received_at": received_at, "reference": "B1"}
    for _ in range(2):
        own.ok("POST", f"/payments/{transfer['id']}/confirm", told, who=own.merchant)
    own.bed.later(HOUR)
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["released_minor"], money["refunded_minor"]) == (
        2 * 1600 + 320 + 1280,
        0,
        320,
    )
    refunds = {one["cause"]: one["amount_minor"] for one in own.story(mei)["refunds"]}
    assert refunds == {"late": 1280, "paid_in_time": 320}


@pytest.mark.req("O4")
def test_goods_are_not_parted_before_it_is_known_who_has_paid_for_them(own: Shop) -> None:
    offer, (mei, *_) = started(own, EARNEST)
    own.close(offer.group)
    own.ok("POST", f"/groups/{offer.group}/batches", who=own.merchant)
    pay_balance(own, mei)
    for path, body in (
        ("batches/point.gate/state", {"to": "sorted"}),
        ("receipts/point.gate", {"number": 1, "lines": {"apple": {"received": 2, "short": 4}}}),
        ("substitutes", {"sku": "apple", "title": "梨", "until": rfc3339(own.bed.now + HOUR)}),
    ):
        answer = own.bed.call("POST", f"/groups/{offer.group}/{path}", body, who=own.merchant)
        assert (answer.status, answer.json["code"]) == (409, "balances_open"), path
    own.bed.later(3 * DAY)
    (batch,) = own.ok("GET", f"/groups/{offer.group}/batches", who=own.merchant)["items"]
    assert (batch["orders"], batch["units"]) == (1, {"apple": 2}), "who defaulted does not ride"
    own.ok("POST", f"/groups/{offer.group}/batches/point.gate/state", {"to": "sorted"}, who=own.merchant)


@pytest.mark.req("O4")
def test_money_that_goes_back_after_both_were_paid_is_parted_over_both(own: Shop) -> None:
    offer, (mei, li, _) = started(own, EARNEST)
    own.close(offer.group)
    pay_balance(own, mei)
    incident = {"what": "quality", "level": 3, "text": "霉变"}
    own.ok("POST", f"/groups/{offer.group}/incidents", incident, who=own.merchant, key=own.key())
    for taken in (mei, li):  # one has paid it all, the other still owes the balance
        own.ok("POST", f"/orders/{taken.id}/self-refund", who=taken.who)
    own.bed.later(3 * DAY)
    refunds = [sorted(one["amount_minor"] for one in own.story(taken)["refunds"]) for taken in (mei, li)]
    assert refunds == [[320, 1280], [320]], "nobody defaults who has taken the money back"
    assert money_adds_up(own, offer.group)["released_minor"] == 320, "the third, who did"


@pytest.mark.req("O4")
@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"deposit": {**EARNEST, "percent": 21}}, "earnest_over_limit"),
        ({"deposit": DOWN, "items": [item(list_price_minor=3, tiers=[])]}, "deposit_too_small"),
    ],
)
def test_an_earnest_is_at_most_a_fifth_and_no_deposit_is_nothing(own: Shop, over: dict[str, Any], code: str) -> None:
    body, headers = own.draft(**over), {"Idempotency-Key": own.key()}
    answer = own.bed.call("POST", "/campaigns", body, who=own.merchant, headers=headers)
    assert (answer.status, answer.json["code"]) == (422, code)


@pytest.mark.req("O4")
def test_a_deposit_is_charged_where_another_campaign_would_only_hold(own: Shop) -> None:
    offer, _ = started(own, EARNEST, 0, methods=["sandbox_card"])
    assert own.group(offer.group)["terms"]["charged_when_formed"] == []
    assert own.join(offer.group, method="sandbox_card").seat["payment"]["charged_when_formed"] is False
