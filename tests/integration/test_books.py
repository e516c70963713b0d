"""The books (X3, B12): every difference between a provider's list and the ledger has a name; a clean day has none."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR
from infra.local.sandbox.state import Dispute, Fault, Payment, Refund

from .shop import Offer, Shop, Taken, instant_of, item, money_adds_up

TODAY = "2026-11-01"


def refs(taken: Taken) -> str:
    return taken.pay_url.rpartition("/")[2]


def ops(shop: Shop) -> str:
    return shop.person("ops", roles=("ops",))


def differences(shop: Shop, day: str = TODAY) -> list[dict[str, Any]]:
    return list(shop.pages(f"/books/sandbox/{day}", who=ops(shop)))


def days(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.pages("/books/sandbox", who=ops(shop)))


def failed_with(shop: Shop, buyers: int) -> tuple[Offer, list[Taken]]:
    """A group of three that did not come together, its money on the way back."""
    offer = shop.offer(hours=2, target={"measure": "participants", "at_least": 99}, items=[item(tiers=[])])
    taken = [shop.buy(offer.group) for _ in range(buyers)]
    shop.close(offer.group)
    return offer, taken


@pytest.mark.req("X3")
@pytest.mark.bar("B12")
def test_planted_differences_are_all_found_and_named_and_no_other(own: Shop) -> None:
    offer = own.offer(hours=3)
    amount, currency, twice, lost_there, fine = (own.join(offer.group) for _ in range(5))
    for one in (amount, currency, twice, lost_there, fine):
        own.bed.pay(one.pay_url)
    state = own.bed.provider.state
    state.payments[refs(amount)].amount_minor = 999
    state.payments[refs(currency)].currency = "USD"
    again = state.payments[refs(twice)]
    state.payments["pay_again"] = _copy(again, ref="pay_again")
    state.payments["pay_foreign"] = _copy(again, ref="pay_foreign", key="nobody-00knows.p1")
    state.refunds["re_foreign"] = Refund(
        ref="re_foreign", key="nobody-00knows.p1.failed.1", payment_ref=again.ref, amount_minor=5, currency="CNY",
        created_at_ms=own.bed.now, status="succeeded", done_at_ms=own.bed.now,
    )  # fmt: skip
    state.disputes["dp_1"] = Dispute(ref="dp_1", payment_ref=refs(fine), amount_minor=900, at_ms=own.bed.now)
    del state.payments[refs(lost_there)]
    own.bed.advance_to(instant_of("2026-11-02T04:00:00Z"))

    found = {(one["named"], one["key"]): one for one in differences(own)}
    assert set(found) == {
        ("amount", amount.payment),
        ("currency", currency.payment),
        ("twice", twice.payment),
        ("missing_there", lost_there.payment),
        ("missing_here", "nobody-00knows.p1"),
        ("refund_unknown", "nobody-00knows.p1.failed.1"),
        ("chargeback_unknown", fine.payment),
    }
    other = found["amount", amount.payment]
    assert (other["ours_minor"], other["theirs_minor"], other["taken_up"]) == (900, 999, False)
    assert found["chargeback_unknown", fine.payment]["taken_up"], "booked, as if the report had come"
    assert own.money(offer.group)["charged_back_minor"] == 900
    (day,) = [one for one in days(own) if one["day"] == TODAY]
    assert day["differences"] == len(found)
    assert [what for what, _ in own.bed.alarms].count("books_differ") == 1
    mine = list(own.pages("/differences", who=own.merchant))
    assert {one["named"] for one in mine} >= {"amount", "currency", "twice", "missing_there", "chargeback_unknown"}
    assert all(one["entry_id"] for one in mine), "what is nobody's is for operators"
    stranger = own.person("merchant", roles=("merchant",))
    assert list(own.pages("/differences", who=stranger)) == []


def _copy(one: Payment, **over: Any) -> Payment:
    import msgspec

    return msgspec.structs.replace(one, **over)


@pytest.mark.req("X3")
def test_a_refund_that_failed_late_and_unheard_is_taken_up_again(own: Shop) -> None:
    """The provider's word that it had failed after all never came; the books find it, and the buyer is paid."""
    offer, (taken,) = failed_with(own, 1)
    (refund,) = own.bed.provider.state.refunds.values()
    assert own.story(taken)["refunds"][0]["stage"] == "succeeded"
    refund.status, refund.reason = "failed", "account_closed"
    own.bed.advance_to(instant_of("2026-11-02T04:00:00Z"))

    (found,) = differences(own)
    assert (found["named"], found["kind"], found["taken_up"]) == ("state", "refund", True)
    own.bed.later(HOUR)
    assert own.story(taken)["refunds"][0]["stage"] == "succeeded"
    done = [one for one in own.bed.provider.state.refunds.values() if one.status == "succeeded"]
    assert [one.amount_minor for one in done] == [1000], "paid back once"
    assert money_adds_up(own, offer.group)["held_minor"] == 0


@pytest.mark.req("X3")
@pytest.mark.bar("B12")
def test_a_clean_day_has_no_differences_and_a_silent_provider_is_waited_for(own: Shop) -> None:
    """Payments, late money, cancellations, price drops, holds and a failed group: all of it pairs."""
    formed = own.offer(hours=2, methods=["sandbox", "sandbox_card"])
    for _ in range(5):
        own.buy(formed.group)
    own.buy(formed.group, method="sandbox_card")
    gone = own.buy(formed.group)
    own.ok("POST", f"/orders/{gone.id}/cancel", {}, who=gone.who)
    failed_with(own, 3)
    own.close(formed.group)
    own.bed.provider.state.faults.append(Fault(kind="silent_before", times=3, on="moves"))
    own.bed.advance_to(instant_of("2026-11-02T08:00:00Z"))
    assert differences(own) == []
    (day,) = [one for one in days(own) if one["day"] == TODAY]
    assert (day["theirs"], day["ours"], day["differences"]) == (9 + 5 + 1 + 3, 18, 0)
    own.bed.later(2 * DAY)
    assert [one["day"] for one in days(own)] == ["2026-11-03", "2026-11-02", TODAY]
    assert "books_differ" not in {what for what, _ in own.bed.alarms}


@pytest.mark.req("X3")
def test_books_of_an_unknown_provider_are_refused(shop: Shop) -> None:
    for path in ("/books/nobody", f"/books/nobody/{TODAY}"):
        answer = shop.bed.call("GET", path, who=ops(shop))
        assert (answer.status, answer.json["code"]) == (404, "unknown_provider")
    answer = shop.bed.call("GET", "/books/sandbox", who=shop.person())
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
