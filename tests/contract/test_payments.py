"""What every payment provider behind the port keeps, whoever it is."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.money import MAX_MINOR
from chalicelib.domain.ports import EventKind, Outcome
from chalicelib.domain.refusals import Refused
from tests.contract.benches import BENCHES, MACHINES, Bench

pytestmark = pytest.mark.req("O2")


@pytest.fixture(params=BENCHES)
def any_bench(request: pytest.FixtureRequest):
    with BENCHES[request.param]() as bench:
        yield bench


@pytest.fixture(params=MACHINES)
def bench(request: pytest.FixtureRequest):
    with MACHINES[request.param]() as bench:
        yield bench


def test_a_started_payment_is_pending_and_tells_the_buyer_how_to_pay(any_bench: Bench) -> None:
    answer = any_bench.start()
    assert answer.outcome is Outcome.PENDING
    assert answer.pay_url or answer.instructions
    assert answer.ref


def test_starting_again_under_the_same_key_is_the_same_payment(any_bench: Bench) -> None:
    assert any_bench.start() == any_bench.start()
    assert any_bench.start("pay-2").ref != any_bench.start().ref


def test_it_has_a_largest_amount_and_a_name(any_bench: Bench) -> None:
    assert 0 < any_bench.gateway.can.most_minor <= MAX_MINOR
    assert any_bench.gateway.name.isidentifier()


def test_a_webhook_out_of_the_blue_is_refused(any_bench: Bench) -> None:
    for headers in ({}, {"Tuan-Sandbox-Signature": "t=1,v1=00"}, {"Authorization": "Bearer x"}):
        with pytest.raises(Refused) as refused:
            any_bench.gateway.parse_webhook(headers, b"{}", any_bench.now)
        assert refused.value.code == "bad_signature"


def test_a_payment_is_seen_as_paid_with_the_providers_own_time(bench: Bench) -> None:
    bench.start()
    bench.later(MINUTE)
    bench.buyer_pays("pay-1")
    bench.later(MINUTE)
    seen = bench.gateway.look_up_payment("pay-1")
    assert (seen.outcome, seen.amount_minor, seen.currency) == (Outcome.SUCCEEDED, 1_000, "CNY")
    assert seen.paid_at == bench.now - MINUTE


def test_a_payment_is_told_by_webhook(bench: Bench) -> None:
    ref = bench.paid()
    [(headers, body)] = bench.webhooks()
    event = bench.gateway.parse_webhook(headers, body, bench.now)
    assert (event.kind, event.key, event.ref) == (EventKind.PAID, "pay-1", ref)
    assert (event.amount_minor, event.currency, event.at) == (1_000, "CNY", bench.now)


def test_what_was_never_asked_for_is_not_found(bench: Bench) -> None:
    assert bench.gateway.look_up_payment("никогда/?&").outcome is Outcome.NOT_FOUND
    assert bench.gateway.look_up_refund("never").outcome is Outcome.NOT_FOUND


def test_a_payment_not_made_in_time_has_failed(bench: Bench) -> None:
    bench.start(expires_in=HOUR)
    bench.later(HOUR)
    seen = bench.gateway.look_up_payment("pay-1")
    assert (seen.outcome, seen.reason) == (Outcome.FAILED, "expired")


def test_another_amount_under_a_used_key_is_refused(bench: Bench) -> None:
    bench.start()
    assert bench.start(amount_minor=999).outcome is Outcome.FAILED


@pytest.mark.req("R4")
def test_a_refund_is_paid_once_however_often_it_is_asked_for(bench: Bench) -> None:
    ref = bench.paid()
    answers = {bench.refund(payment_ref=ref).ref for _ in range(5)}
    assert len(answers) == 1
    assert bench.moved(ref) == 1_000
    assert bench.gateway.look_up_refund("refund-1").outcome is Outcome.SUCCEEDED


@pytest.mark.req("R4")
def test_two_equal_partial_refunds_both_pass(bench: Bench) -> None:
    ref = bench.paid()
    first = bench.refund("refund-1", payment_ref=ref, amount_minor=400)
    second = bench.refund("refund-2", payment_ref=ref, amount_minor=400)
    assert (first.outcome, second.outcome) == (Outcome.SUCCEEDED, Outcome.SUCCEEDED)
    assert first.ref != second.ref
    assert bench.moved(ref) == 800


@pytest.mark.req("R4")
def test_no_more_goes_back_than_was_paid(bench: Bench) -> None:
    ref = bench.paid()
    bench.refund("refund-1", payment_ref=ref, amount_minor=700)
    too_much = bench.refund("refund-2", payment_ref=ref, amount_minor=301)
    assert too_much.outcome is Outcome.FAILED
    assert bench.refund("refund-3", payment_ref=ref, amount_minor=300).outcome is Outcome.SUCCEEDED
    assert bench.moved(ref) == 1_000


@pytest.mark.req("R4")
def test_another_refund_under_a_used_key_is_not_taken_for_a_failed_one(bench: Bench) -> None:
    """Failed would mean: try under a new key. But money has moved under this one."""
    ref = bench.paid()
    bench.refund(payment_ref=ref, amount_minor=400)
    assert bench.refund(payment_ref=ref, amount_minor=300).outcome is Outcome.UNKNOWN
    assert bench.moved(ref) == 400


@pytest.mark.req("R4")
def test_after_the_key_window_the_look_up_still_knows_and_the_key_would_pay_again(bench: Bench) -> None:
    ref = bench.paid()
    bench.refund(payment_ref=ref, amount_minor=400)
    bench.later(DAY - MINUTE)
    bench.refund(payment_ref=ref, amount_minor=400)
    assert bench.moved(ref) == 400
    bench.later(MINUTE)
    assert bench.gateway.look_up_refund("refund-1").outcome is Outcome.SUCCEEDED
    bench.refund(payment_ref=ref, amount_minor=400)
    assert bench.moved(ref) == 800, "the peer must punish who relies on old keys"


@pytest.mark.req("R4")
@pytest.mark.parametrize("fault", ["error_before", "error_after", "silent_before", "silent_after"])
def test_without_a_clear_answer_nothing_is_known_and_repeating_is_safe(bench: Bench, fault: str) -> None:
    ref = bench.paid()
    bench.breaks(fault, on="refunds")
    assert bench.refund(payment_ref=ref).outcome is Outcome.UNKNOWN
    done = fault.endswith("after")
    assert bench.moved(ref) == (1_000 if done else 0)
    assert bench.gateway.look_up_refund("refund-1").outcome is (Outcome.SUCCEEDED if done else Outcome.NOT_FOUND)
    assert bench.refund(payment_ref=ref).outcome is Outcome.SUCCEEDED
    assert bench.moved(ref) == 1_000


@pytest.mark.req("R4")
def test_a_refund_that_fails_says_why_and_passes_under_a_new_key(bench: Bench) -> None:
    ref = bench.paid()
    bench.breaks("refund_fails", times=2, reason="account_closed")
    for attempt in ("r.1", "r.2"):
        answer = bench.refund(attempt, payment_ref=ref)
        assert (answer.outcome, answer.reason) == (Outcome.FAILED, "account_closed")
        assert bench.refund(attempt, payment_ref=ref) == answer
    assert bench.refund("r.3", payment_ref=ref).outcome is Outcome.SUCCEEDED
    kinds = [bench.gateway.parse_webhook(*hook, bench.now).kind for hook in bench.webhooks()]
    assert kinds == [EventKind.PAID, EventKind.REFUND_FAILED, EventKind.REFUND_FAILED, EventKind.REFUNDED]


@pytest.mark.req("R4")
def test_a_refund_may_take_a_while(bench: Bench) -> None:
    ref = bench.paid()
    bench.webhooks()
    bench.breaks("refund_pending", delay_ms=HOUR)
    assert bench.refund(payment_ref=ref).outcome is Outcome.PENDING
    assert bench.gateway.look_up_refund("refund-1").outcome is Outcome.PENDING
    assert bench.webhooks() == []
    bench.later(HOUR)
    assert bench.gateway.look_up_refund("refund-1").outcome is Outcome.SUCCEEDED
    [hook] = bench.webhooks()
    assert bench.gateway.parse_webhook(*hook, bench.now).kind is EventKind.REFUNDED


@pytest.mark.req("R4")
def test_a_refund_may_fail_days_after_it_succeeded(bench: Bench) -> None:
    ref = bench.paid()
    bench.breaks("refund_fails_later", delay_ms=3 * DAY, reason="account_closed")
    assert bench.refund(payment_ref=ref).outcome is Outcome.SUCCEEDED
    bench.webhooks()
    bench.later(3 * DAY)
    seen = bench.gateway.look_up_refund("refund-1")
    assert (seen.outcome, seen.reason) == (Outcome.FAILED, "account_closed")
    [hook] = bench.webhooks()
    event = bench.gateway.parse_webhook(*hook, bench.now)
    assert (event.kind, event.reason) == (EventKind.REFUND_FAILED, "account_closed")
    assert bench.moved(ref) == 0
    assert bench.refund("refund-2", payment_ref=ref).outcome is Outcome.SUCCEEDED


def test_webhooks_come_late_twice_or_never(bench: Bench) -> None:
    for key, fault in (("a", "webhook_lost"), ("b", "webhook_doubled"), ("c", "webhook_delayed")):
        bench.breaks(fault, match=key, delay_ms=HOUR)
        bench.paid(key)
    keys = [bench.gateway.parse_webhook(*hook, bench.now).key for hook in bench.webhooks()]
    assert keys == ["b", "b"]
    bench.later(HOUR)
    [hook] = bench.webhooks()
    assert bench.gateway.parse_webhook(*hook, bench.now).key == "c"


@pytest.mark.req("R4")
def test_bank_transfer_waits_for_a_person() -> None:
    with BENCHES["transfer"]() as bench:
        started = bench.start("pay-1", 12_345)
        assert started.instructions is not None
        assert started.ref is not None
        assert started.ref in started.instructions
        assert "¥123.45" in started.instructions
        assert "6222" in started.instructions
        assert bench.gateway.look_up_payment("pay-1").outcome is Outcome.PENDING
        first = bench.refund("refund-1", payment_ref=started.ref)
        second = bench.refund("refund-2", payment_ref=started.ref)
        assert first.outcome is Outcome.PENDING
        assert first.ref != second.ref
        assert bench.gateway.look_up_refund("refund-1").outcome is Outcome.PENDING
