"""Money that is only held (O2, P1): no money moves when a group fails; a group that forms takes the final price."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from infra.local.sandbox.state import Fault
from infra.local.sandbox_provider import HungUp

from .shop import Shop, Taken, money_adds_up

CARD = "sandbox_card"
TWO = {"measure": "participants", "at_least": 2}


def by_card(shop: Shop, **over: Any) -> Any:
    return shop.offer(**{"methods": [CARD, "sandbox"], "target": TWO} | over)


def buys(shop: Shop, group: str, **over: Any) -> Taken:
    return shop.buy(group, method=CARD, **over)


def at_provider(shop: Shop, taken: Taken) -> Any:
    return shop.bed.provider.state.payments[taken.pay_url.rpartition("/")[2]]


def payment(shop: Shop, taken: Taken) -> Any:
    return shop.story(taken)["payments"][-1]


@pytest.mark.req("O2")
def test_a_failed_group_moves_no_money(shop: Shop) -> None:
    offer = by_card(shop, hours=2)
    taken = buys(shop, offer.group, who=shop.person(contact=True))
    assert (shop.state(taken), payment(shop, taken)["state"]) == ("paid", "authorised")
    money = money_adds_up(shop, offer.group)
    assert (money["captured_minor"], money["authorised_minor"], money["held_minor"]) == (0, 1000, 0)
    assert shop.close(offer.group)["state"] == "failed"
    assert (at_provider(shop, taken).status, payment(shop, taken)["state"]) == ("voided", "voided")
    money = money_adds_up(shop, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["authorised_minor"]) == (0, 0, 0)
    assert shop.story(taken)["refunds"] == []
    assert len(shop.told(taken.who, "group_failed_hold")) == 2
    assert shop.story(taken)["order"]["resolution"] == "failed"


@pytest.mark.req("P1")
def test_a_group_that_formed_takes_the_final_price_and_no_more(shop: Shop) -> None:
    offer = by_card(shop, hours=2)
    taken = [buys(shop, offer.group) for _ in range(4)]
    cash = shop.buy(offer.group)
    assert shop.close(offer.group)["verdict"]["prices_minor"] == {"apple": 800}
    assert [at_provider(shop, one).captured_minor for one in taken] == [800] * 4
    assert [payment(shop, one)["captured_minor"] for one in taken] == [800] * 4
    assert all(shop.story(one)["refunds"] == [] for one in taken)
    assert [r["cause"] for r in shop.story(cash)["refunds"]] == ["price_drop"]
    money = money_adds_up(shop, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["held_minor"]) == (4 * 800 + 1000, 200, 4000)
    assert money["authorised_minor"] == 0


@pytest.mark.req("O2")
def test_cancelling_lets_the_hold_go(shop: Shop) -> None:
    offer = by_card(shop)
    taken = buys(shop, offer.group)
    shop.ok("POST", f"/orders/{taken.id}/cancel", {}, who=taken.who)
    shop.bed.later(MINUTE)
    assert (at_provider(shop, taken).status, shop.state(taken)) == ("voided", "cancelled")
    assert [s["what"] for s in shop.story(taken)["timeline"]][-1] == "payment_let_go"


@pytest.mark.req("O2")
@pytest.mark.parametrize(("days", "state"), [(5, "authorised"), (7, "posted")])
def test_the_length_of_a_campaign_decides_whether_money_is_held_or_charged(shop: Shop, days: int, state: str) -> None:
    offer = by_card(shop, hours=24 * days)
    taken = buys(shop, offer.group)
    assert payment(shop, taken)["state"] == state
    said = shop.ok("GET", f"/groups/{offer.group}")["terms"]
    assert said["charged_when_formed"] == ([CARD] if state == "authorised" else [])
    shop.ok("POST", f"/orders/{taken.id}/cancel", {}, who=taken.who)


@pytest.mark.req("O2")
def test_a_deadline_moves_no_further_than_the_holds_last(shop: Shop) -> None:
    offer = by_card(shop, hours=5)
    later = {"closes_at": rfc3339(shop.bed.now + 8 * DAY)}
    answer = shop.bed.call("POST", f"/groups/{offer.group}/deadline", later, who=shop.merchant)
    assert (answer.status, answer.json["code"]) == (422, "deadline_beyond_holds")
    fine = {"closes_at": rfc3339(shop.bed.now + 5 * DAY)}
    assert shop.ok("POST", f"/groups/{offer.group}/deadline", fine, who=shop.merchant)["done"]


# ----------------------------------------------------------------- shortfall


@pytest.mark.req("O2")
def test_by_default_a_group_stays_formed_and_the_order_that_cannot_be_taken_lapses(own: Shop) -> None:
    offer = by_card(own, hours=2)
    good, bad = buys(own, offer.group), buys(own, offer.group, who=own.person(contact=True))
    own.bed.provider.faults.append(Fault(kind="capture_fails", times=99, match=bad.id, reason="card_declined"))
    assert own.close(offer.group, after=30 * MINUTE)["state"] == "formed"
    assert (own.state(bad), payment(own, bad)["state"]) == ("paid", "authorised"), "tried again until the grace is over"
    own.bed.later(HOUR)
    assert (own.state(bad), own.state(good)) == ("expired", "paid")
    assert (at_provider(own, bad).status, payment(own, bad)["state"]) == ("voided", "voided")
    assert own.story(bad)["order"]["resolution"] == "lapsed"
    assert len(own.told(bad.who, "order_lapsed")) == 2
    assert own.group(offer.group)["verdict"]["participants"] == 2, "the verdict is given once"
    assert money_adds_up(own, offer.group)["held_minor"] == 1000


@pytest.mark.req("O2")
def test_a_capture_that_fails_and_then_passes_is_taken_once(own: Shop) -> None:
    offer = by_card(own, hours=2)
    buys(own, offer.group)
    slow = buys(own, offer.group)
    own.bed.provider.faults.append(Fault(kind="capture_fails", times=2, match=slow.id, reason="processing_error"))
    own.close(offer.group)
    assert (own.state(slow), at_provider(own, slow).captured_minor) == ("paid", 1000)
    assert money_adds_up(own, offer.group)["held_minor"] == 2000


@pytest.mark.req("O2")
@pytest.mark.parametrize(("buyers", "state"), [(3, "formed"), (2, "failed")])
def test_where_the_campaign_says_so_the_verdict_waits_for_the_money(own: Shop, buyers: int, state: str) -> None:
    offer = by_card(own, hours=2, shortfall="fail_below_target", capture_grace_minutes=30)
    good = [buys(own, offer.group) for _ in range(buyers - 1)]
    bad = buys(own, offer.group)
    cash = own.buy(offer.group) if state == "formed" else None
    own.bed.provider.faults.append(Fault(kind="capture_fails", times=99, match=bad.id, reason="card_declined"))
    assert own.close(offer.group, after=20 * MINUTE)["state"] == "sealing"
    assert [at_provider(own, one).status for one in good] == ["captured"] * len(good)
    own.bed.later(15 * MINUTE)
    group = own.group(offer.group)
    assert group["state"] == state
    assert group["verdict"]["participants"] == len(good) + (cash is not None)
    own.bed.later(HOUR)
    assert own.state(bad) == "expired"
    money = money_adds_up(own, offer.group)
    assert money["authorised_minor"] == 0
    if state == "failed":
        assert group["verdict"]["reason"] == "shortfall"
        assert (money["captured_minor"], money["refunded_minor"]) == (1000, 1000)
        assert [r["cause"] for r in own.story(good[0])["refunds"]] == ["failed"]
    else:
        assert money["refunded_minor"] == 100, "the price was settled by the first count; cash gets the difference"
        assert money["held_minor"] == 900 * 3


@pytest.mark.req("O2")
def test_where_all_money_comes_the_verdict_comes_within_seconds(own: Shop) -> None:
    offer = by_card(own, hours=2, shortfall="fail_below_target")
    for _ in range(2):
        buys(own, offer.group)
    assert own.close(offer.group, after=MINUTE)["state"] == "formed"
    assert money_adds_up(own, offer.group)["held_minor"] == 2000


@pytest.mark.req("O2")
def test_what_a_silent_provider_took_after_all_goes_back(own: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It captured, never said so, and answers no question until the grace is over and the group has failed."""
    offer = by_card(own, hours=2, shortfall="fail_below_target", capture_grace_minutes=30)
    good, silent = [buys(own, offer.group) for _ in range(2)]
    own.bed.provider.faults.extend([
        Fault(kind="silent_after", on="captures", times=99, match=silent.id),
        Fault(kind="webhook_lost", on="payment.captured", times=1, match=silent.id),
    ])  # fmt: skip

    def hangs_up(*asked: Any) -> Any:
        raise HungUp

    with monkeypatch.context() as down:
        down.setattr(own.bed.provider, "_list", hangs_up)
        assert own.close(offer.group, after=40 * MINUTE)["state"] == "failed"
    own.bed.provider.faults.clear()
    own.bed.later(3 * HOUR)
    assert at_provider(own, silent).status == "captured"
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["authorised_minor"]) == (2000, 2000, 0)
    assert [r["cause"] for one in (good, silent) for r in own.story(one)["refunds"]] == ["failed", "late"]
