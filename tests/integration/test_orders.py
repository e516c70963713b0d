"""Orders from the tap on "join" to their end: rows O1, O2, O3, O5, P11, P15, R3."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.domain.instants import HOUR, MINUTE, SECOND, rfc3339

from .shop import (
    APPLE,
    Offer,
    Shop,
    answers_lost,
    everything,
    instant_of,
    item,
    overtaken,
    rows,
    stock_adds_up,
)

PARTICIPANTS = {"measure": "participants", "at_least": 1}


def orders_of(shop: Shop, group: str) -> list[dict[str, Any]]:
    return list(shop.pages(f"/groups/{group}/orders", who=shop.merchant))


def attempts(shop: Shop, group: str, who: str, keys: list[str], **over: Any) -> list[tuple[int, str]]:
    """The same buyer taps many times at once, in as many threads."""
    token = shop.bed.token(who)
    body = shop.ask(method=..., **over)

    def tap(key: str) -> tuple[int, str]:
        headers = {"Idempotency-Key": key, "Authorization": f"Bearer {token}"}
        answer = shop.bed.call_only("POST", f"/groups/{group}/join", body, headers=headers)
        return answer.status, "" if answer.status == 201 else answer.json["code"]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(tap, keys))
    shop.bed.drain()
    return results


# ----------------------------------------------------------------- O1: one request, one order


@pytest.mark.req("O1")
def test_a_hundred_repeats_are_one_order_and_the_same_bytes(shop: Shop) -> None:
    offer, who = shop.offer(), shop.person()
    first = shop.try_join(offer.group, who, key="the-tap", lines={APPLE: 2})
    assert first.status == 201
    before = everything(shop.bed)

    for _ in range(100):
        again = shop.bed.call_only(
            "POST",
            f"/groups/{offer.group}/join",
            shop.ask(lines={APPLE: 2}),
            who=who,
            headers={"Idempotency-Key": "the-tap"},
        )
        assert (again.status, again.text) == (first.status, first.text)

    assert everything(shop.bed) == before
    assert len(orders_of(shop, offer.group)) == 1
    stock_adds_up(shop, offer)


@pytest.mark.req("O1")
@pytest.mark.parametrize("then", ["paid", "cancelled", "expired", "formed"])
def test_a_repeat_much_later_gets_its_first_answer_whatever_has_become_of_the_order(shop: Shop, then: str) -> None:
    offer, who = shop.offer(target=PARTICIPANTS, hours=3), shop.person()
    first = shop.try_join(offer.group, who, key="first")
    taken_id, pay_url = first.json["order_id"], first.json["payment"]["pay_url"]
    if then in ("paid", "formed"):
        shop.bed.pay(pay_url)
    if then == "cancelled":
        shop.ok("POST", f"/orders/{taken_id}/cancel", {}, who=who)
    if then == "expired":
        shop.bed.later(2 * HOUR + MINUTE)
    if then == "formed":
        shop.close(offer.group)
    before = rows(shop.bed)

    again = shop.try_join(offer.group, who, key="first")

    assert (again.status, again.text) == (201, first.text)
    assert rows(shop.bed) == before  # a spent key revives nothing


@pytest.mark.req("O1")
@pytest.mark.req("P15")
def test_a_repeat_is_answered_as_joined_although_the_buyers_limit_is_used_up(shop: Shop) -> None:
    """The limit over groups has no room for the same lines twice: the repeat must not be taken for a second order."""
    offer, who = shop.communities(limit_per_buyer=2), shop.person()
    first = shop.try_join(offer.groups["garden"], who, key="k", lines={APPLE: 2})
    again = shop.try_join(offer.groups["garden"], who, key="k", lines={APPLE: 2})
    assert (again.status, again.text) == (first.status, first.text) == (201, first.text)


@pytest.mark.req("O1")
def test_a_repeat_is_answered_as_joined_although_the_buyer_has_too_many_unpaid(shop: Shop) -> None:
    who = shop.person()
    first_offer, second = shop.offer(max_unpaid_per_person=1), shop.offer(max_unpaid_per_person=1)
    first = shop.try_join(first_offer.group, who, key="k")
    shop.bed.pay(first.json["payment"]["pay_url"])
    shop.join(second.group, who)
    again = shop.try_join(first_offer.group, who, key="k")
    assert (again.status, again.text) == (201, first.text)


@pytest.mark.req("O1")
def test_a_lost_answer_leaves_one_order(shop: Shop) -> None:
    offer, who = shop.offer(), shop.person()
    with answers_lost(shop.bed, times=1):
        lost = shop.try_join(offer.group, who, key="tap")
    assert lost.status in (201, 503)
    again = shop.try_join(offer.group, who, key="tap")
    assert again.status == 201
    assert len(orders_of(shop, offer.group)) == 1
    stock_adds_up(shop, offer)


@pytest.mark.req("O1")
def test_twenty_taps_at_once_under_one_key_are_one_order(shop: Shop) -> None:
    offer, who = shop.offer(), shop.person()
    results = attempts(shop, offer.group, who, ["tap"] * 20)
    assert {status for status, _ in results} <= {201, 503}
    assert (201, "") in results
    assert len(orders_of(shop, offer.group)) == 1
    stock_adds_up(shop, offer)


# ----------------------------------------------------------------- O2: ways to pay


@pytest.mark.req("O2")
def test_a_card_payment_is_reported_by_its_provider_however_often(shop: Shop) -> None:
    offer = shop.offer()
    taken = shop.join(offer.group)
    ref = taken.pay_url.rpartition("/")[2]
    shop.bed.provider.pay(ref)
    (hook,) = shop.bed.provider.take_due()

    for number in range(5):
        headers, body = shop.bed.provider.signed(hook)
        assert shop.bed.call("POST", "/webhooks/sandbox", body, headers=headers).status == 200
        if number == 0:
            before = rows(shop.bed)
    assert rows(shop.bed) == before
    assert shop.state(taken) == "paid"
    assert shop.money(offer.group)["captured_minor"] == 900


@pytest.mark.req("O2")
def test_a_bank_transfer_is_confirmed_by_the_merchant_and_paid_back_by_hand(shop: Shop) -> None:
    # given an order paid by transfer
    offer = shop.offer(hours=1)
    taken = shop.join(offer.group, method="transfer")
    assert "招商银行" in taken.seat["payment"]["instructions"]
    word = {
        "amount_minor": 900,
        "currency": "CNY",
        "received_at": rfc3339(shop.bed.now),
        "reference": "bank-1",
    }
    for _ in range(2):  # said twice is said once
        shop.ok("POST", f"/payments/{taken.payment}/confirm", word, who=shop.merchant)
    assert shop.state(taken) == "paid"
    assert shop.money(offer.group)["captured_minor"] == 900

    # when the group fails
    shop.close(offer.group)
    (refund,) = shop.story(taken)["refunds"]
    assert (refund["stage"], refund["method"]) == ("submitted", "transfer")

    # then the merchant pays it back and says so
    done = {"reference": "bank-2", "paid_back_at": rfc3339(shop.bed.now)}
    for _ in range(2):
        shop.ok("POST", f"/refunds/{refund['id']}/confirm", done, who=shop.merchant)
    assert shop.story(taken)["refunds"][0]["stage"] == "succeeded"
    assert shop.money(offer.group)["held_minor"] == 0


# ----------------------------------------------------------------- O3, R3: not paid in time


@pytest.mark.req("O3")
def test_an_order_not_paid_by_its_time_expires_and_its_seat_goes_back_in_the_same_transaction(shop: Shop) -> None:
    offer = shop.offer(items=[item(stock=2)], max_participants=2, target=PARTICIPANTS, payment_window_minutes=30)
    taken = shop.join(offer.group, lines={APPLE: 2})
    until = instant_of(taken.seat["pay_by"])
    assert until == shop.bed.now + 30 * MINUTE
    assert shop.try_join(offer.group, shop.person()).json["code"] == "sold_out"

    shop.bed.advance_to(until - SECOND)
    assert shop.state(taken) == "held"
    with shop.bed.hook.watched() as calls:
        shop.bed.advance_to(until + 30 * SECOND)  # a payment under way is given 20 s

    giving_back = [
        arguments["TransactItems"]
        for service, operation, arguments in calls
        if operation == "TransactWriteItems" and f"ORDER#{taken.id}" in str(arguments) and "SLICE" in str(arguments)
    ]
    assert len(giving_back) == 1
    assert shop.state(taken) == "expired"
    progress = shop.progress(offer.group)
    assert (progress["seats_left"], progress["items"][0]["units_left"]) == (2, 2)
    assert shop.buy(offer.group, lines={APPLE: 2}).seat["amount_minor"] == 2000


@pytest.mark.req("O3")
def test_somebody_who_often_lets_orders_lapse_gets_ten_minutes(shop: Shop) -> None:
    who = shop.person()
    for _ in range(2):
        offer = shop.offer(payment_window_minutes=30)
        shop.join(offer.group, who)
        shop.bed.later(31 * MINUTE)
    offer = shop.offer()
    assert instant_of(shop.join(offer.group, who).seat["pay_by"]) == shop.bed.now + 10 * MINUTE
    assert instant_of(shop.join(offer.group).seat["pay_by"]) == shop.bed.now + 120 * MINUTE


@pytest.mark.req("R3")
def test_at_the_end_every_unpaid_order_is_closed_with_one_notice_and_the_stock_is_free(shop: Shop) -> None:
    offer = shop.offer(pay_until_close=True, payment_window_minutes=..., hours=1)
    unpaid = [shop.join(offer.group, who) for who in shop.people(3, contact=True)]
    begun = [shop.join(offer.group, who, method=...) for who in shop.people(2, contact=True)]

    shop.close(offer.group)
    shop.bed.later(HOUR)

    for taken in unpaid + begun:
        assert shop.state(taken) == "expired"
        assert [one["channel"] for one in shop.told(taken.who, "order_expired")] == ["email", "sms"]
        assert len(shop.sent_to(taken.who, "订单已关闭")) == 2
    left = rows(shop.bed)[f"CAMPAIGN#{offer.id}", "STOCK"]["body"]["M"]["left"]["M"][APPLE]["N"]
    assert left == "100"


# ----------------------------------------------------------------- O5: where the goods go


@pytest.mark.req("O5")
@pytest.mark.req("N5")
def test_a_missing_pickup_choice_is_chased_and_made_at_the_cut_off(shop: Shop) -> None:
    # given a campaign whose pickup point may be chosen until two days after the close
    cut_off = shop.bed.now + 54 * HOUR
    offer = shop.offer(
        target=PARTICIPANTS,
        pickup_points=[{"id": "east", "name": "东门"}, {"id": "west", "name": "西门"}],
        choose_pickup_by=rfc3339(cut_off),
    )
    lazy, late, quick = shop.people(3, contact=True)
    taken = shop.buy(offer.group, lazy, pickup_point=...)
    choosing = shop.buy(offer.group, late, pickup_point=...)
    shop.buy(offer.group, quick, pickup_point="west")

    # when a day before the cut-off has come
    shop.bed.advance_to(cut_off - 24 * HOUR + MINUTE)

    # then those who have not chosen are asked, once on each channel; the group has formed meanwhile
    for who in (lazy, late):
        assert [one["channel"] for one in shop.told(who, "pickup_missing")] == ["email", "sms"]
    assert shop.told(quick, "pickup_missing") == []
    assert shop.group(offer.group)["state"] == "formed"

    # when one of them chooses now
    version = shop.story(choosing)["order"]["version"]
    shop.ok("PATCH", f"/orders/{choosing.id}", {"version": version, "pickup_point": "west"}, who=late)
    shop.bed.advance_to(cut_off + MINUTE)

    # then only the other's choice is made for them, and they are told
    order = shop.story(taken)["order"]
    assert (order["pickup_point"], order["pickup_defaulted"]) == ("east", True)
    assert len(shop.told(lazy, "pickup_defaulted")) == 2
    assert shop.story(choosing)["order"]["pickup_point"] == "west"
    assert shop.told(late, "pickup_defaulted") == []
    refused = shop.bed.call(
        "PATCH",
        f"/orders/{taken.id}",
        {"version": order["version"], "pickup_point": "west"},
        who=lazy,
    )
    assert (refused.status, refused.json["code"]) == (409, "too_late_to_choose")


@pytest.mark.req("O5")
def test_a_delivery_needs_an_address_of_the_buyers_own(shop: Shop) -> None:
    offer = shop.offer(fulfilment="delivery", pickup_points=...)
    who, other = shop.people(2)
    missing = shop.try_join(offer.group, who, pickup_point=...)
    assert (missing.status, missing.json["code"]) == (422, "address_missing")
    address = {
        "province": "上海市", "city": "上海市", "district": "徐汇区", "street": "湖南街道", "community": "花园里",
        "building": "3", "unit": "2", "room": "501", "division_code": "310104", "recipient": "林一",
        "phone": "+8613900000000",
    }  # fmt: skip
    mine = shop.ok("POST", "/me/addresses", address, who=who)["id"]
    theirs = shop.ok("POST", "/me/addresses", address, who=other)["id"]
    for foreign in (theirs, "a-made-up"):
        before = rows(shop.bed)
        refused = shop.try_join(offer.group, who, pickup_point=..., address_id=foreign)
        assert 400 <= refused.status < 500
        assert rows(shop.bed) == before
    assert shop.join(offer.group, who, pickup_point=..., address_id=mine).seat["payment"]


# ----------------------------------------------------------------- P11, P15: never too much


@pytest.mark.req("P11")
def test_thirty_buyers_at_once_share_ten_units_and_none_is_sold_twice(shop: Shop) -> None:
    offer = shop.offer(items=[item(stock=10)], target=PARTICIPANTS)
    people = shop.people(30)
    tokens = {who: shop.bed.token(who) for who in people}

    def tap(who: str) -> int:
        headers = {"Idempotency-Key": "tap", "Authorization": f"Bearer {tokens[who]}"}
        for _ in range(10):
            answer = shop.bed.call_only("POST", f"/groups/{offer.group}/join", shop.ask(method=...), headers=headers)
            if answer.status != 503:  # busy: the same request again
                return answer.status
        return 503

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(tap, people))
    shop.bed.drain()
    assert results.count(201) == 10
    assert results.count(409) == 20
    stock_adds_up(shop, offer, sellable=10)


@pytest.mark.req("P15")
def test_the_limit_per_item_and_buyer_holds_for_joining_and_changing(shop: Shop) -> None:
    offer, who = shop.offer(items=[item(limit_per_buyer=2)]), shop.person()
    over = shop.try_join(offer.group, who, lines={APPLE: 3})
    assert (over.status, over.json["code"], over.json["limit"]) == (409, "over_the_limit", 2)
    taken = shop.join(offer.group, who, lines={APPLE: 2}, method=...)
    version = shop.story(taken)["order"]["version"]
    more = shop.bed.call("PATCH", f"/orders/{taken.id}", {"version": version, "lines": {APPLE: 3}}, who=who)
    assert (more.status, more.json["code"]) == (409, "over_the_limit")


@pytest.mark.req("P15")
def test_the_limit_of_a_campaign_holds_across_its_groups_and_is_free_again_after_a_cancel(shop: Shop) -> None:
    offer, who = shop.communities(limit_per_buyer=3), shop.person()
    taken = shop.join(offer.groups["garden"], who, lines={APPLE: 2})
    over = shop.try_join(offer.groups["river"], who, lines={APPLE: 2}, pickup_point="pier")
    assert (over.status, over.json["code"]) == (409, "over_the_limit")
    shop.join(offer.groups["river"], who, key="river", lines={APPLE: 1}, pickup_point="pier")
    shop.ok("POST", f"/orders/{taken.id}/cancel", {}, who=who)
    shop.join(offer.groups["garden"], who, key="again", lines={APPLE: 2})


@pytest.mark.req("P15")
def test_one_buyer_in_two_groups_at_the_very_same_moment_stays_within_the_limit(shop: Shop) -> None:
    offer, who = shop.communities(limit_per_buyer=3), shop.person()

    def the_other() -> int:
        return shop.bed.call_only(
            "POST",
            f"/groups/{offer.groups['river']}/join",
            shop.ask(lines={APPLE: 2}, pickup_point="pier", method=...),
            who=who,
            headers={"Idempotency-Key": "b"},
        ).status

    with overtaken(shop.bed, the_other) as other:
        mine = shop.try_join(offer.groups["garden"], who, key="a", lines={APPLE: 2}, method=...)
    assert other == [201]
    assert (mine.status, mine.json["code"]) == (409, "over_the_limit")
    assert _units(shop, offer, who) == 2


def _units(shop: Shop, offer: Offer, who: str) -> int:
    mine = [o for o in shop.pages("/orders", who=who) if o["campaign_id"] == offer.id]
    return sum(sum(o["lines"].values()) for o in mine if o["state"] in ("held", "paid"))


@pytest.mark.req("P15")
def test_twenty_requests_of_one_buyer_at_once_stay_within_the_limit(shop: Shop) -> None:
    offer, who = shop.communities(limit_per_buyer=3), shop.person()
    keys = [f"k{number}" for number in range(10)]
    attempts(shop, offer.groups["garden"], who, keys, lines={APPLE: 2})
    attempts(shop, offer.groups["river"], who, keys, lines={APPLE: 2}, pickup_point="pier")
    assert _units(shop, offer, who) == 2
