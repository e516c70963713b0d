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


def settlement(shop: Shop, group: str) -> tuple[int, int]:
    """What is on its way to payees, and what they owe back."""
    found = shop.ok("GET", f"/groups/{group}/settlement", who=shop.merchant)
    return found["releasing_minor"], found["receivable_minor"]


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
    assert (money["refunded_minor"], money["held_minor"]) == (0, 1600 + 640), "on its way to the merchant"
    assert settlement(own, offer.group) == (640, 0), "of two defaulters"
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
    assert (after["refunded_minor"], after["held_minor"]) == (1280, 1600 + 640), "late: goes back"


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
    assert settlement(own, offer.group) == (320, 0)
    told = {"amount_minor": 1280, "currency": "CNY", "received_at": received_at, "reference": "B1"}
    for _ in range(2):
        own.ok("POST", f"/payments/{transfer['id']}/confirm", told, who=own.merchant)
    own.bed.later(HOUR)
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["refunded_minor"]) == (2 * 1600 + 320 + 1280, 320)
    assert settlement(own, offer.group) == (320, 320)
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
    assert settlement(own, offer.group) == (320, 0), "the third, who did"


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


@pytest.mark.req("O4")
def test_a_merchant_who_calls_a_formed_group_off_returns_an_earnest_double(own: Shop) -> None:
    offer, (mei, li, wu) = started(own, EARNEST)
    own.close(offer.group)
    own.ok("POST", f"/groups/{offer.group}/batches", who=own.merchant)
    pay_balance(own, mei)
    under_way = own.ok("POST", f"/orders/{li.id}/payments", {"method": "sandbox"}, who=li.who)
    for _ in range(2):
        own.ok("POST", f"/groups/{offer.group}/call-off", {"why": "货源断了"}, who=own.merchant)
    own.bed.later(HOUR)
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["held_minor"]) == (money["refunded_minor"], 0)
    for taken, back in ((mei, [320, 1280]), (li, [320]), (wu, [320])):
        story = own.story(taken)
        assert sorted(one["amount_minor"] for one in story["refunds"]) == back
        assert (story["order"]["resolution"], story["doubled"]["amount_minor"]) == ("called_off", 320)
        assert own.told(taken.who, "group_called_off") and own.told(taken.who, "earnest_doubled")
    own.bed.pay(under_way["pay_url"], late=True)
    assert money_adds_up(own, offer.group)["held_minor"] == 0, "what comes afterwards goes back"

    owed = own.ok("GET", f"/groups/{offer.group}/payouts", who=own.merchant)["items"]
    assert [one["amount_minor"] for one in owed] == [320] * 3
    paid = {"reference": "T1", "paid_back_at": rfc3339(own.bed.now)}
    for _ in range(2):
        own.ok("POST", f"/refunds/{owed[0]['id']}/confirm", paid, who=own.merchant)
    settled = own.ok("GET", f"/groups/{offer.group}/settlement", who=own.merchant)
    assert (settled["doubled_minor"], settled["to_double_minor"], settled["held_minor"]) == (320, 640, 0)
    accounts = money_adds_up(own, offer.group)["accounts"]
    assert (accounts["merchant_minor"], accounts["buyer_minor"], accounts["held_minor"]) == (-320, 320, 0)
    (purchase,) = own.ok("GET", f"/groups/{offer.group}/purchases", who=own.merchant)["items"]
    assert not any(purchase["total"].values()), "suppliers are asked for nothing any more"
    for path in ("batches/point.gate/state", "batches"):
        answer = own.bed.call(
            "POST", f"/groups/{offer.group}/{path}", {"to": "sorted"} if "state" in path else None, who=own.merchant
        )
        assert (answer.status, answer.json["code"]) == (409, "group_called_off")
    own.bed.later(4 * DAY)
    assert [what for what, _ in own.bed.alarms].count("late_doubled") == 2, "of the three, two were never transferred"
    assert {order(own, taken)["resolution"] for taken in (li, wu)} == {"called_off"}, "nobody defaults any more"


@pytest.mark.req("O4")
def test_what_has_left_is_not_called_off_and_a_down_payment_goes_back_once(own: Shop) -> None:
    offer, (mei, li) = started(own, DOWN, 2)
    answer = own.bed.call("POST", f"/groups/{offer.group}/call-off", {"why": "x"}, who=own.merchant)
    assert (answer.status, answer.json["code"]) == (409, "group_not_formed")
    own.close(offer.group)
    own.ok("POST", f"/groups/{offer.group}/call-off", {"why": "x"}, who=own.merchant)
    own.bed.later(HOUR)
    assert [own.story(one)["doubled"] for one in (mei, li)] == [None, None]
    assert money_adds_up(own, offer.group)["refunded_minor"] == 960

    other = own.offer(target=TWO, hours=2)
    for _ in range(2):
        own.buy(other.group)
    own.close(other.group)
    own.ok("POST", f"/groups/{other.group}/batches", who=own.merchant)
    for state in ("sorted", "in_transit"):
        own.ok("POST", f"/groups/{other.group}/batches/point.gate/state", {"to": state}, who=own.merchant)
    answer = own.bed.call("POST", f"/groups/{other.group}/call-off", {"why": "x"}, who=own.merchant)
    assert (answer.status, answer.json["code"]) == (409, "already_shipped")
