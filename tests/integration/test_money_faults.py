"""What goes wrong between us and a provider, each ending in a state that the ledger explains (O2, R4, X3)."""

import json
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from infra.local.outbox import Message
from infra.local.sandbox.state import Fault

from .shop import Shop, Taken, money_adds_up, rows
from .test_holds import CARD, at_provider, buys, by_card, payment


def entries(shop: Shop, taken: Taken) -> dict[str, Any]:
    """The order's ledger entries as they are stored, by what follows the order's id."""
    found = (row["body"]["M"] for row in rows(shop.bed).values() if row["kind"]["S"] == "entry")
    return {e["id"]["S"].removeprefix(taken.id): e for e in found if e["id"]["S"].startswith(taken.id)}


def alarms(shop: Shop) -> list[str]:
    return [what for what, _ in shop.bed.alarms]


def reported(shop: Shop, taken: Taken, method: str = "sandbox", **over: Any) -> int:
    """The provider's report of the payment with something else in it, truly signed."""
    (hook,) = shop.bed.provider.take_due()
    body = json.dumps({**json.loads(hook.body), **over})
    headers, signed = shop.bed.provider.signed(Message(body=body, due_at_ms=0))
    answer = shop.bed.call("POST", f"/webhooks/{method}", signed, headers=headers)
    return answer.status


# ----------------------------------------------------------------- reports


@pytest.mark.req("O2")
@pytest.mark.parametrize("method", ["sandbox", CARD])
def test_a_report_before_the_answer(own: Shop, method: str) -> None:
    """The provider opened the payment and never said so; the buyer paid all the same."""
    offer = by_card(own, target={"measure": "participants", "at_least": 1})
    own.bed.provider.faults.append(Fault(kind="silent_after", on="payments"))
    held = own.join(offer.group, method=method)
    assert held.seat["payment"] is None
    (ref,) = own.bed.provider.state.payments
    own.bed.pay(ref)
    assert own.state(held) == "paid"
    own.close(offer.group)
    assert money_adds_up(own, offer.group)["held_minor"] == 1000


@pytest.mark.req("O2")
@pytest.mark.parametrize("fault", ["webhook_doubled", "webhook_delayed", "webhook_lost"])
@pytest.mark.parametrize("method", ["sandbox", CARD])
def test_reports_twice_out_of_order_or_never(own: Shop, method: str, fault: str) -> None:
    offer = by_card(own, hours=2, pay_until_close=True, payment_window_minutes=...)
    own.bed.provider.faults.append(Fault(kind=fault, on="payment", times=99, delay_ms=5 * HOUR))
    taken = [own.buy(offer.group, method=method) for _ in range(3)]
    assert own.close(offer.group)["state"] == "formed"
    own.bed.later(8 * HOUR)
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["authorised_minor"]) == (
        (2700, 0, 0) if method == CARD else (3000, 300, 0)
    )
    assert {own.state(one) for one in taken} == {"paid"}


@pytest.mark.req("O2")
@pytest.mark.parametrize("cents", [-1, 1])
def test_an_amount_off_by_a_cent_pays_for_nothing_and_is_on_the_books(own: Shop, cents: int) -> None:
    offer = own.offer(hours=2)
    taken = own.join(offer.group)
    at_provider(own, taken).amount_minor += cents
    own.bed.pay(taken.pay_url)
    assert own.state(taken) == "held"
    assert "stray_money" in alarms(own)
    stray = entries(own, taken)[".p1.stray"]
    assert (stray["amount_minor"]["N"], stray["state"]["S"]) == (str(900 + cents), "posted")
    own.bed.later(DAY)
    money = money_adds_up(own, offer.group)
    assert money["captured_minor"] == 900 + cents
    assert (money["refunded_minor"], money["held_minor"]) == (900 + cents, 0)
    assert own.state(taken) == "expired"


@pytest.mark.req("O2")
def test_another_currency_pays_for_nothing_and_stands_apart(own: Shop) -> None:
    offer = own.offer(hours=2)
    taken = own.join(offer.group)
    own.bed.provider.pay(taken.pay_url.rpartition("/")[2])
    assert reported(own, taken, currency="USD") == 200
    money = own.money(offer.group)
    assert (money["captured_minor"], money["strays"]) == (0, {"USD": 900})
    assert own.state(taken) == "held"


@pytest.mark.req("O2")
def test_no_provider_has_a_say_about_anothers_payments(own: Shop) -> None:
    offer = by_card(own)
    taken = own.join(offer.group, method=CARD)
    own.bed.provider.pay(taken.pay_url.rpartition("/")[2])
    assert reported(own, taken, method="sandbox") == 404
    assert own.state(taken) == "held"


# ----------------------------------------------------------------- the line


@pytest.mark.req("R4")
@pytest.mark.parametrize("kind", ["error_after", "error_before", "silent_after", "silent_before"])
@pytest.mark.parametrize("ends", ["captures", "voids"])
def test_a_provider_that_answers_badly_ends_each_hold_once(own: Shop, kind: str, ends: str) -> None:
    offer = by_card(own, hours=2, target={"measure": "participants", "at_least": 1 if ends == "captures" else 9})
    taken = buys(own, offer.group)
    own.bed.provider.faults.append(Fault(kind=kind, on=ends, times=3))
    own.close(offer.group, after=3 * HOUR)
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["authorised_minor"]) == (1000 if ends == "captures" else 0, 0)
    assert at_provider(own, taken).status == ("captured" if ends == "captures" else "voided")


@pytest.mark.req("R4")
def test_a_provider_that_is_down_for_a_day_loses_nothing(own: Shop) -> None:
    offer = by_card(own, hours=2)
    held, cash = [buys(own, offer.group) for _ in range(2)], [own.buy(offer.group) for _ in range(2)]
    own.bed.provider.faults.append(Fault(kind="silent_before", times=10_000))
    assert own.close(offer.group)["state"] == "formed"
    own.bed.later(26 * HOUR)
    assert {"late_capture", "late_refund"} <= set(alarms(own)), "told once, at 24 h"
    assert own.money(offer.group)["authorised_minor"] == 2000
    own.bed.provider.faults.clear()
    own.bed.later(3 * HOUR)
    assert [at_provider(own, one).captured_minor for one in held] == [900, 900]
    assert {own.state(one) for one in [*held, *cash]} == {"paid"}
    assert money_adds_up(own, offer.group)["held_minor"] == 3600


@pytest.mark.req("R4")
def test_a_refund_that_fails_after_it_had_succeeded_is_paid_again(own: Shop) -> None:
    offer = own.offer(hours=2)
    taken = own.buy(offer.group)
    own.bed.provider.faults.append(Fault(kind="refund_fails_later", on="refunds", delay_ms=2 * DAY, reason="closed"))
    own.close(offer.group)
    assert own.story(taken)["refunds"][0]["stage"] == "succeeded"
    own.bed.later(3 * DAY)
    (refund,) = own.story(taken)["refunds"]
    assert refund["stage"] == "succeeded"
    assert entries(own, taken)[".p1.failed"]["attempt"]["N"] == "2"
    assert own.bed.provider.refunded(taken.pay_url.rpartition("/")[2]) == 900
    assert money_adds_up(own, offer.group)["held_minor"] == 0


# ----------------------------------------------------------------- what others do to our money


@pytest.mark.req("X3")
@pytest.mark.parametrize("method", ["sandbox", CARD])
def test_a_chargeback_is_an_entry_of_its_own_told_and_reversible(own: Shop, method: str) -> None:
    offer = by_card(own, hours=2, target={"measure": "participants", "at_least": 1})
    taken = own.buy(offer.group, method=method)
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    own.close(offer.group)
    ref = taken.pay_url.rpartition("/")[2]
    own.bed.provider.dispute(ref, 600)
    own.bed.later(MINUTE)
    money = own.money(offer.group)
    assert (money["captured_minor"], money["charged_back_minor"], money["held_minor"]) == (1000, 600, 400)
    assert sum(money["accounts"].values()) == 0
    assert "chargeback" in alarms(own)
    assert "charged_back" in [step["what"] for step in own.story(taken)["timeline"]]
    own.bed.later(DAY)
    assert own.told(own.merchant, "chargeback")
    own.bed.provider.dispute(ref, won=True)
    own.bed.later(MINUTE)
    assert own.money(offer.group)["held_minor"] == 1000


@pytest.mark.req("O2")
def test_a_hold_that_the_bank_lets_go_while_the_group_is_open_frees_its_seat(own: Shop) -> None:
    offer = by_card(own, hours=4)
    taken = buys(own, offer.group)
    own.bed.provider._void(at_provider(own, taken))
    own.bed.later(MINUTE)
    assert (own.state(taken), payment(own, taken)["state"]) == ("expired", "voided")
    assert "hold_lost" in alarms(own)
    assert own.progress(offer.group)["joined"] == 0
    assert own.money(offer.group)["authorised_minor"] == 0


@pytest.mark.req("O2")
def test_a_hold_that_somebody_captured_by_hand_is_dealt_with_like_any_money(own: Shop) -> None:
    offer = by_card(own, hours=4)
    taken = buys(own, offer.group)
    from infra.local.sandbox.asked import Capturing

    own.bed.provider._capture(at_provider(own, taken), Capturing(key="by-hand", amount_minor=1000, currency="CNY"))
    own.bed.later(MINUTE)
    assert "captured_unasked" in alarms(own)
    assert own.close(offer.group)["state"] == "failed"
    money = money_adds_up(own, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["held_minor"]) == (1000, 1000, 0)
