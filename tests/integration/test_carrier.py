"""Waybills of a carrier with the manners of real ones: late, repeated, out of order, silent, refusing."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from infra.local.carrier.core import Fault

from .shop import Shop, Taken
from .test_delivery import at, delivering, formed, lives, move, refused
from .test_incidents import back, one, opened


def shipped(shop: Shop, **over: Any) -> tuple[Any, list[Taken], str]:
    """A batch with its waybill issued, and the waybill's number."""
    offer, took = formed(shop, **over)
    shop.ok("POST", at(offer, "waybills"), {"carrier": "sandbox"}, who=shop.merchant)
    return offer, took, str(shop.ok("GET", at(offer), who=shop.merchant)["waybill"])


def scan(shop: Shop, number: str, status: str, ago: int = 0) -> None:
    shop.bed.carrier.scanned(number, status, at=shop.bed.now - ago, place="中转站")
    shop.bed.drain()


def state(shop: Shop, offer: Any) -> str:
    return str(shop.ok("GET", at(offer), who=shop.merchant)["state"])


@pytest.mark.req("O16")
def test_a_waybill_is_issued_once_and_its_reports_move_the_batch(shop: Shop) -> None:
    offer, (mei, *_), number = shipped(shop)
    shop.ok("POST", at(offer, "waybills"), {"carrier": "sandbox"}, who=shop.merchant)
    assert [one.number for one in shop.bed.carrier.state.parcels.values() if offer.group in one.key] == [number]
    move(shop, offer, "sorted")
    shop.bed.later(MINUTE)
    scan(shop, number, "picked_up")
    assert state(shop, offer) == "in_transit"
    shop.bed.later(HOUR)
    scan(shop, number, "delivered")
    assert state(shop, offer) == "ready"
    shown = shop.story(mei)["delivery"]
    assert (shown["waybill"], shown["carrier"], shown["state"]) == (number, "sandbox", "ready_for_pickup")
    assert [one["state"] for one in shown["tracking"]] == ["picked_up", "delivered"]


@pytest.mark.req("O16")
def test_reports_that_are_late_repeated_or_out_of_order_only_go_forward(own: Shop) -> None:
    offer, took, number = shipped(own, contact=True)
    own.bed.carrier.state.faults[:] = [
        Fault(kind="callback_delayed", delay_ms=3 * HOUR),
        Fault(kind="callback_doubled", times=9),
    ]
    own.bed.later(MINUTE)
    scan(own, number, "picked_up")  # told three hours late
    own.bed.later(MINUTE)
    scan(own, number, "delivered")
    assert state(own, offer) == "ready"
    own.bed.later(4 * HOUR)
    assert state(own, offer) == "ready"
    found = own.ok("GET", at(offer), who=own.merchant)
    assert [one["state"] for one in found["history"]] == ["sorted", "in_transit", "ready"]
    tracking = own.story(took[0])["delivery"]["tracking"]
    assert [one["state"] for one in tracking] == ["picked_up", "delivered"], "in the carrier's own order, each once"
    own.bed.later(20 * HOUR)
    assert len(own.told(took[0].who, "batch_ready")) == 2, "once on each channel"


@pytest.mark.req("O16")
def test_a_carrier_that_reports_nothing_is_asked(own: Shop) -> None:
    offer, _, number = shipped(own)
    own.bed.carrier.state.faults[:] = [Fault(kind="callback_lost", times=9)]
    scan(own, number, "picked_up")
    scan(own, number, "delivered")
    assert state(own, offer) == "planned"
    own.bed.later(7 * HOUR)
    assert state(own, offer) == "ready"


@pytest.mark.req("O16")
@pytest.mark.parametrize("kind", ["error_before", "error_after", "silent_before", "silent_after"])
def test_a_carrier_without_an_answer_is_asked_again_under_the_same_key(shop: Shop, kind: Any) -> None:
    offer, _ = formed(shop)
    shop.bed.carrier.state.faults[:] = [Fault(kind=kind, times=2, match=offer.group)]
    shop.ok("POST", at(offer, "waybills"), {"carrier": "sandbox"}, who=shop.merchant)
    assert shop.ok("GET", at(offer), who=shop.merchant)["waybill"] == ""
    shop.bed.later(HOUR)
    found = shop.ok("GET", at(offer), who=shop.merchant)["waybill"]
    assert [found] == [one.number for one in shop.bed.carrier.state.parcels.values() if offer.group in one.key]


@pytest.mark.req("O16")
def test_a_refusal_is_told_to_the_merchant_who_may_ask_again(own: Shop) -> None:
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    own.bed.carrier.state.faults[:] = [Fault(kind="refuses")]
    offer, _, number = shipped(own)
    assert number == ""
    assert "address_not_served" in own.sent_to(own.merchant, "承运人")[0].text
    own.ok("POST", at(offer, "waybills"), {"carrier": "sandbox"}, who=own.merchant)
    number = own.ok("GET", at(offer), who=own.merchant)["waybill"]
    assert number.startswith("SD")
    scan(own, number, "returned")
    assert len(own.told(own.merchant, "waybill_trouble")) == 2


@pytest.fixture
def two(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A stage with two carriers, behind one peer."""
    monkeypatch.setattr(wiring, "carriers", lambda: ("sandbox", "other"))
    wiring.world.cache_clear()
    yield shop
    wiring.world.cache_clear()


def parcels(shop: Shop, key: str) -> dict[str, bool]:
    """Keys at the carrier that contain this, and whether they were called off."""
    return {one.key: one.cancelled for one in shop.bed.carrier.state.parcels.values() if key in one.key}


@pytest.mark.req("O16", "S5", "S6")
def test_another_carrier_takes_over_and_the_first_is_called_off_until_it_answers(two: Shop) -> None:
    offer, (mei, *_), number = shipped(two)
    key = f"{offer.group}.point.gate"
    two.bed.carrier.state.faults[:] = [Fault(kind="silent_before", times=2, match=key)]
    incident = opened(two, offer, 1)
    for _ in range(2):
        two.ok("POST", one(offer, incident, "carrier"), {"carrier": "other"}, who=two.merchant)
    assert parcels(two, key) == {key: False}, "neither carrier answers"
    scan(two, number, "picked_up")  # the first has sent its van all the same, and reports late
    assert state(two, offer) == "planned", "what was taken off moves nothing"
    two.bed.later(HOUR)
    assert parcels(two, key) == {key: False, f"{key}~1": False}, "it has the goods: that is said, not retried for ever"
    assert two.story(mei)["delivery"]["waybill"] not in ("", number)
    assert [one["template"] for one in two.notices(two.merchant)].count("waybill_trouble") == 0, "wants no messages"

    # back to the first, which has forgotten nothing: a new key, and the other is called off
    two.ok("POST", at(offer, "waybills"), {"carrier": "sandbox"}, who=two.merchant)
    two.bed.later(MINUTE)
    assert parcels(two, key) == {key: False, f"{key}~1": True, f"{key}~2": False}
    found = two.ok("GET", at(offer), who=two.merchant)
    assert found["carrier"] == "sandbox" and found["waybill"] not in ("", number)
    scan(two, found["waybill"], "picked_up")
    assert state(two, offer) == "in_transit"
    assert refused(two, "POST", at(offer, "waybills"), {"carrier": "other"}) == "already_shipped"


@pytest.mark.req("O16")
def test_a_carrier_that_has_the_goods_already_is_told_to_the_merchant(own: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr(wiring, "carriers", lambda: ("sandbox", "other"))
    wiring.world.cache_clear()
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    offer, _, number = shipped(own)
    own.bed.carrier.state.faults[:] = [Fault(kind="callback_lost")]
    own.bed.carrier.scanned(number, "picked_up")
    own.ok("POST", at(offer, "waybills"), {"carrier": "other"}, who=own.merchant)
    own.bed.later(HOUR)
    assert "picked_up_already" in own.sent_to(own.merchant, "承运人")[0].text
    own.bed.later(DAY)
    assert len(own.told(own.merchant, "waybill_trouble")) == 1


@pytest.mark.req("O16", "R11")
def test_waybills_for_doors_follow_their_carrier_and_their_buyers(two: Shop) -> None:
    offer = delivering(two)
    took = []
    for _ in range(3):
        who, address = lives(two, "310101")
        took.append(two.buy(offer.group, who, address_id=address, pickup_point=...))
    two.close(offer.group)
    (zone, _) = two.ok("POST", f"/groups/{offer.group}/batches", who=two.merchant)["items"]
    point = zone["destination"]
    for carrier in ("sandbox", "other"):
        two.ok("POST", at(offer, "waybills", point), {"carrier": carrier}, who=two.merchant)
        two.bed.later(MINUTE)
    expected = {taken.id: True for taken in took} | {f"{taken.id}~1": False for taken in took}
    assert parcels(two, offer.group) == expected
    opened(two, offer)
    assert back(two, took[0]).status == 200
    two.bed.later(MINUTE)
    assert parcels(two, took[0].id) == {took[0].id: True, f"{took[0].id}~1": True}
    assert parcels(two, took[1].id)[f"{took[1].id}~1"] is False


@pytest.mark.req("O16", "B22")
def test_only_the_carriers_own_signed_reports_of_its_own_parcels_count(shop: Shop) -> None:
    offer, _, number = shipped(shop)
    carrier = shop.bed.carrier
    carrier.scanned(number, "delivered")
    (told,) = carrier.take_due()
    headers, body = carrier.signed(told)

    def post(body: bytes, headers: dict[str, str], name: str = "sandbox") -> str:
        answer = shop.bed.call("POST", f"/carriers/{name}/callbacks", body, headers=headers)
        return str(answer.json.get("code", answer.status))

    assert post(body + b" ", headers) == "bad_signature"
    assert post(body, {}) == "bad_signature"
    assert post(body, headers, "nobody") == "carrier_not_connected"
    told.body = told.body.replace(number, "SD999999999999")
    other, forged = carrier.signed(told)
    assert post(forged, other) == "waybill_not_found"
    told.body = "{}"
    other, empty = carrier.signed(told)
    assert post(empty, other) == "bad_webhook"
    assert state(shop, offer) == "planned"
    assert post(body, headers) == "200"
    assert state(shop, offer) == "ready"
    shop.bed.later(10 * MINUTE)
    assert post(body, headers) == "bad_signature", "an old message is not taken again"


@pytest.mark.req("O16")
def test_goods_for_doors_have_a_waybill_each_and_are_delivered_each(shop: Shop) -> None:
    offer = delivering(shop)
    took = []
    for _ in range(3):
        who, address = lives(shop, "310101")
        took.append(shop.buy(offer.group, who, address_id=address, pickup_point=...))
    shop.close(offer.group)
    (zone, _) = shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)["items"]
    point = zone["destination"]
    for _ in range(2):
        shop.ok("POST", at(offer, "waybills", point), {"carrier": "sandbox"}, who=shop.merchant)
    numbers = {one.key: one.number for one in shop.bed.carrier.state.parcels.values() if offer.group in one.key}
    assert set(numbers) == {taken.id for taken in took}
    assert shop.story(took[0])["delivery"]["waybill"] == numbers[took[0].id]
    for status in ("picked_up", "arriving", "delivered", "delivered"):
        shop.bed.later(MINUTE)
        scan(shop, numbers[took[0].id], status)
    shown = shop.story(took[0])["delivery"]
    assert (shown["state"], shown["handed_at"]) == ("delivered", rfc3339(shop.bed.now - MINUTE))
    assert shop.story(took[1])["delivery"]["state"] == "at_the_door"


@pytest.mark.req("O10")
def test_tracking_numbers_by_the_batch_with_an_answer_for_each_line(shop: Shop) -> None:
    offer, (mei, bo, lu) = formed(shop)
    _, (other, *_) = formed(shop)
    path = f"/groups/{offer.group}/tracking-numbers"

    def line(taken: Taken, number: str) -> dict[str, str]:
        return {"order_id": taken.id, "carrier": "shunfeng", "number": number}

    rows = [line(mei, "SF1001"), line(bo, "SF1001"), line(other, "SF1002"), line(lu, "SF1003")]
    said = shop.ok("POST", path, {"rows": rows}, who=shop.merchant)
    results = ["noted", "repeated_number", "order_not_found", "noted"]
    assert ([one["result"] for one in said["items"]], said["noted"]) == (results, 2)
    again = shop.ok("POST", path, {"rows": rows[:1]}, who=shop.merchant)
    assert [one["result"] for one in again["items"]] == ["known"]
    assert shop.story(mei)["delivery"]["waybill"] == "SF1001"
    stranger = shop.person("merchant", roles=("merchant",))
    assert refused(shop, "POST", path, {"rows": rows[:1]}, who=stranger) == "group_not_found"
    bad = {"rows": [{"order_id": mei.id, "carrier": "shunfeng", "number": "<b>"}]}
    assert refused(shop, "POST", path, bad) == "out_of_bounds"


@pytest.mark.req("O16")
def test_a_carrier_that_is_not_connected_is_refused_by_name(shop: Shop) -> None:
    offer, _ = formed(shop)
    assert refused(shop, "POST", at(offer, "waybills"), {"carrier": "shunfeng"}) == "carrier_not_connected"
    assert refused(shop, "POST", at(offer, "waybills"), {}) == "carrier_not_connected"
