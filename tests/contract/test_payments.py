"""What every payment provider behind the port keeps, whoever it is."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.money import MAX_MINOR
from chalicelib.domain.ports import EventKind, MoveKind, Outcome
from chalicelib.domain.refusals import Refused
from tests.contract.benches import BENCHES, HOLDERS, MACHINES, OLD_SECRET, Bench

pytestmark = pytest.mark.req("O2")


@pytest.fixture(params=BENCHES)
def any_bench(request: pytest.FixtureRequest):
    with BENCHES[request.param]() as bench:
        yield bench


@pytest.fixture(params=MACHINES)
def bench(request: pytest.FixtureRequest):
    with MACHINES[request.param]() as bench:
        yield bench


@pytest.fixture(params=HOLDERS)
def holder(request: pytest.FixtureRequest):
    with HOLDERS[request.param]() as bench:
        yield bench


def test_a_started_payment_is_pending_and_tells_the_buyer_how_to_pay(any_bench: Bench) -> None:
    answer = any_bench.start()
    assert answer.outcome is Outcome.PENDING
    assert answer.pay_url or answer.instructions or answer.pay_params
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
    seen = bench.seen()
    assert (seen.outcome, seen.amount_minor, seen.currency) == (Outcome.SUCCEEDED, 1_000, bench.currency)
    assert seen.paid_at == bench.now - MINUTE


def test_a_payment_is_told_by_webhook(bench: Bench) -> None:
    ref = bench.paid()
    [(headers, body)] = bench.webhooks()
    event = bench.gateway.parse_webhook(headers, body, bench.now)
    assert (event.kind, event.key, event.ref) == (EventKind.PAID, "pay-1", ref)
    assert (event.amount_minor, event.currency, event.at) == (1_000, bench.currency, bench.now)


def test_what_was_never_asked_for_is_not_found(bench: Bench) -> None:
    assert bench.gateway.look_up_payment("никогда/?&").outcome is Outcome.NOT_FOUND
    assert bench.gateway.look_up_refund("never", "p").outcome is Outcome.NOT_FOUND


def test_a_payment_not_made_in_time_has_failed(bench: Bench) -> None:
    bench.start(expires_in=HOUR)
    bench.later(HOUR)
    seen = bench.seen()
    wanted = (Outcome.FAILED, "expired") if bench.expires else (Outcome.PENDING, "")
    assert (seen.outcome, seen.reason) == wanted


def test_another_amount_under_a_used_key_is_refused(bench: Bench) -> None:
    bench.start()
    assert bench.start(amount_minor=999).outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    assert bench.seen().amount_minor in (None, 1_000)


@pytest.mark.req("R4")
def test_a_refund_is_paid_once_however_often_it_is_asked_for(bench: Bench) -> None:
    ref = bench.paid()
    answers = {bench.refund(payment_ref=ref).ref for _ in range(5)}
    assert len(answers) == 1
    assert bench.moved(ref) == 1_000
    assert bench.gateway.look_up_refund("refund-1", ref).outcome is Outcome.SUCCEEDED


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
    assert bench.gateway.look_up_refund("refund-1", ref).outcome is Outcome.SUCCEEDED
    bench.refund(payment_ref=ref, amount_minor=400)
    assert bench.moved(ref) == (800 if bench.forgets else 400), "the peer must punish who relies on old keys"


@pytest.mark.req("R4")
@pytest.mark.parametrize("fault", ["error_before", "error_after", "silent_before", "silent_after"])
def test_without_a_clear_answer_nothing_is_known_and_repeating_is_safe(bench: Bench, fault: str) -> None:
    ref = bench.paid()
    bench.breaks(fault, on="refunds")
    assert bench.refund(payment_ref=ref).outcome is Outcome.UNKNOWN
    done = fault.endswith("after")
    assert bench.moved(ref) == (1_000 if done else 0)
    assert bench.gateway.look_up_refund("refund-1", ref).outcome is (Outcome.SUCCEEDED if done else Outcome.NOT_FOUND)
    assert bench.refund(payment_ref=ref).outcome is Outcome.SUCCEEDED
    assert bench.moved(ref) == 1_000


@pytest.mark.req("R4")
def test_a_refund_that_fails_says_why_and_passes_under_a_new_key(bench: Bench) -> None:
    ref = bench.paid()
    bench.breaks("refund_fails", times=2, reason="account_closed")
    for attempt in ("r.1", "r.2"):
        answer = bench.refund(attempt, payment_ref=ref)
        assert (answer.outcome, answer.reason) == (Outcome.FAILED, bench.says("account_closed"))
        assert bench.refund(attempt, payment_ref=ref) == answer
    assert bench.refund("r.3", payment_ref=ref).outcome is Outcome.SUCCEEDED
    kinds = [bench.gateway.parse_webhook(*hook, bench.now).kind for hook in bench.webhooks()]
    failed, done = (EventKind.REFUND_FAILED, EventKind.REFUNDED) if bench.tells_refunds else [EventKind.OTHER] * 2
    assert kinds == [EventKind.PAID, failed, failed, done]


@pytest.mark.req("R4")
def test_a_refund_may_take_a_while(bench: Bench) -> None:
    ref = bench.paid()
    bench.webhooks()
    bench.breaks("refund_pending", delay_ms=HOUR)
    assert bench.refund(payment_ref=ref).outcome is Outcome.PENDING
    unseen = Outcome.PENDING if bench.tells_refunds else Outcome.NOT_FOUND
    assert bench.gateway.look_up_refund("refund-1", ref).outcome is unseen
    assert bench.webhooks() == []
    bench.later(HOUR)
    assert bench.gateway.look_up_refund("refund-1", ref).outcome is Outcome.SUCCEEDED
    [hook] = bench.webhooks()
    told = bench.gateway.parse_webhook(*hook, bench.now).kind
    assert told is (EventKind.REFUNDED if bench.tells_refunds else EventKind.OTHER)


@pytest.mark.req("R4")
def test_a_refund_may_fail_days_after_it_succeeded(bench: Bench) -> None:
    ref = bench.paid()
    bench.breaks("refund_fails_later", delay_ms=3 * DAY, reason="account_closed")
    assert bench.refund(payment_ref=ref).outcome is Outcome.SUCCEEDED
    bench.webhooks()
    bench.later(3 * DAY)
    seen = bench.gateway.look_up_refund("refund-1", ref)
    [hook] = bench.webhooks()
    event = bench.gateway.parse_webhook(*hook, bench.now)
    if bench.tells_refunds:
        assert (seen.outcome, seen.reason) == (Outcome.FAILED, bench.says("account_closed"))
        assert (event.kind, event.reason) == (EventKind.REFUND_FAILED, bench.says("account_closed"))
    else:
        assert seen.outcome is Outcome.NOT_FOUND
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
        assert bench.seen().outcome is Outcome.PENDING
        first = bench.refund("refund-1", payment_ref=started.ref)
        second = bench.refund("refund-2", payment_ref=started.ref)
        assert first.outcome is Outcome.PENDING
        assert first.ref != second.ref
        assert bench.gateway.look_up_refund("refund-1", started.ref).outcome is Outcome.PENDING


# ----------------------------------------------------------------- money that is only held


def test_what_it_can_do_is_named(any_bench: Bench) -> None:
    can = any_bench.gateway.can
    assert 0 < can.least_minor < can.most_minor
    assert can.refund_window_ms >= 90 * DAY
    assert can.takes(any_bench.currency)
    held = any_bench.start("held", hold=True)
    assert (held.outcome is Outcome.PENDING) is bool(can.hold_ms)
    if not can.hold_ms:
        assert (held.outcome, held.reason) == (Outcome.FAILED, "cannot_hold")
        assert any_bench.capture("p", 1, "k").outcome is not Outcome.SUCCEEDED


def test_an_authorised_payment_is_no_money_yet(holder: Bench) -> None:
    holder.start(hold=True)
    holder.later(MINUTE)
    holder.buyer_pays("pay-1")
    seen = holder.seen()
    assert (seen.outcome, seen.amount_minor, seen.paid_at) == (Outcome.AUTHORISED, 1_000, holder.now)
    [hook] = holder.webhooks()
    event = holder.gateway.parse_webhook(*hook, holder.now)
    assert (event.kind, event.key, event.amount_minor) == (EventKind.AUTHORISED, "pay-1", 1_000)
    assert holder.gateway.moves(0, holder.now + HOUR).lines == []


@pytest.mark.req("P1")
@pytest.mark.parametrize("amount", [1_000, 800])
def test_what_is_held_is_taken_once_all_of_it_or_less(holder: Bench, amount: int) -> None:
    ref = holder.paid(hold=True)
    holder.webhooks()
    for _ in range(3):
        taken = holder.capture(ref, amount)
        assert (taken.outcome, taken.amount_minor) == (Outcome.SUCCEEDED, amount)
    seen = holder.seen()
    assert (seen.outcome, seen.amount_minor) == (Outcome.SUCCEEDED, amount)
    [hook] = holder.webhooks()
    event = holder.gateway.parse_webhook(*hook, holder.now)
    assert (event.kind, event.key, event.amount_minor) == (EventKind.CAPTURED, "pay-1", amount)
    assert [line.amount_minor for line in holder.gateway.moves(0, holder.now + HOUR).lines] == [amount]


def test_no_more_is_taken_than_is_held_and_nothing_twice(holder: Bench) -> None:
    ref = holder.paid(hold=True)
    assert holder.capture(ref, 1_001).outcome is Outcome.FAILED
    assert holder.capture(ref, 700, key="pay-1.capture.2").outcome is Outcome.SUCCEEDED
    again = holder.capture(ref, 300, key="pay-1.capture.3")
    assert again.outcome is not Outcome.FAILED
    assert holder.seen().amount_minor == 700


def test_a_hold_is_let_go_and_letting_go_again_is_done_already(holder: Bench) -> None:
    ref = holder.paid(hold=True)
    holder.webhooks()
    for number in (1, 1, 2):
        assert holder.gateway.void(f"pay-1.void.{number}", ref).outcome is Outcome.SUCCEEDED
    seen = holder.seen()
    assert (seen.outcome, seen.reason) == (Outcome.FAILED, "voided")
    [hook] = holder.webhooks()
    assert holder.gateway.parse_webhook(*hook, holder.now).kind is EventKind.VOIDED
    taken = holder.capture(ref)
    assert (taken.outcome, taken.reason) == (Outcome.FAILED, "voided")
    assert holder.gateway.moves(0, holder.now + HOUR).lines == []


def test_what_was_taken_is_not_let_go(holder: Bench) -> None:
    ref = holder.paid(hold=True)
    holder.capture(ref)
    assert holder.gateway.void("pay-1.void.1", ref).outcome is Outcome.UNKNOWN
    assert holder.seen().outcome is Outcome.SUCCEEDED


def test_a_hold_that_nobody_takes_lapses(holder: Bench) -> None:
    holder.paid(hold=True)
    holder.webhooks()
    holder.later(holder.gateway.can.hold_ms)
    [hook] = holder.webhooks()
    assert holder.gateway.parse_webhook(*hook, holder.now).kind is EventKind.VOIDED
    assert holder.seen().reason == "voided"


def test_a_capture_that_is_declined_says_why_and_may_pass_later(holder: Bench) -> None:
    ref = holder.paid(hold=True)
    holder.breaks("capture_fails", reason="card_declined")
    declined = holder.capture(ref)
    assert (declined.outcome, declined.reason) == (Outcome.FAILED, "card_declined")
    assert holder.capture(ref, key="pay-1.capture.2").outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("fault", ["error_before", "error_after", "silent_before", "silent_after"])
@pytest.mark.parametrize("verb", ["capture", "void"])
def test_a_capture_or_void_without_an_answer_is_repeated_in_safety(holder: Bench, verb: str, fault: str) -> None:
    ref = holder.paid(hold=True)
    holder.breaks(fault, on=f"{verb}s")

    def act() -> Outcome:
        if verb == "capture":
            return holder.capture(ref, 800).outcome
        return holder.gateway.void("pay-1.void.1", ref).outcome

    assert act() is Outcome.UNKNOWN
    assert act() is Outcome.SUCCEEDED
    moved = [line.amount_minor for line in holder.gateway.moves(0, holder.now + HOUR).lines]
    assert moved == ([800] if verb == "capture" else [])


def test_money_that_was_captured_goes_back_like_any_other(holder: Bench) -> None:
    ref = holder.paid(hold=True)
    holder.capture(ref, 800)
    assert holder.refund(payment_ref=ref, amount_minor=801).outcome is Outcome.FAILED
    assert holder.refund("refund-2", payment_ref=ref, amount_minor=800).outcome is Outcome.SUCCEEDED


# ----------------------------------------------------------------- chargebacks, and the provider's own list


@pytest.mark.req("X3")
def test_what_a_bank_takes_back_is_told_and_so_is_its_return(bench: Bench) -> None:
    ref = bench.paid()
    bench.webhooks()
    if not hasattr(bench, "provider") or not bench.disputes:
        pytest.skip("buyers' banks take no money back there")
    bench.provider.dispute(ref, 600)
    bench.provider.dispute(ref, won=True)
    events = [bench.gateway.parse_webhook(*hook, bench.now) for hook in bench.webhooks()]
    assert [e.kind for e in events] == [EventKind.CHARGED_BACK, EventKind.CHARGEBACK_WON]
    assert {(e.key, e.amount_minor, e.currency) for e in events} == {("pay-1", 600, bench.currency)}
    assert len({e.ref for e in events}) == 1


@pytest.mark.req("X3")
def test_the_providers_list_of_a_day_has_what_moved_that_day_and_no_more(bench: Bench) -> None:
    day = bench.now - bench.now % DAY - 8 * HOUR  # midnight in Shanghai
    bench.later(day + DAY - bench.now)
    day = bench.now
    bench.later(HOUR)
    first = bench.paid("pay-1")
    bench.start("never-paid")
    bench.refund("pay-1.late.1", payment_ref=first, amount_minor=300)
    bench.later(DAY)
    second = bench.paid("pay-2")
    bench.later(DAY)
    spelled = bench.gateway.spelled
    lines = bench.gateway.moves(day, day + DAY).lines
    assert [(line.kind, line.key, line.amount_minor, line.currency) for line in lines] == [
        (MoveKind.PAYMENT, spelled("pay-1"), 1_000, bench.currency),
        (MoveKind.REFUND, bench.spelled_refund("pay-1.late.1"), 300, bench.currency),
    ]
    assert lines[0].ref == first == lines[1].payment_ref
    assert [line.ref for line in bench.gateway.moves(day + DAY, day + 2 * DAY).lines] == [second]
    assert list(bench.gateway.moves(day + 4 * DAY, day + 5 * DAY).lines) == []


@pytest.mark.req("X3")
def test_a_long_list_comes_by_pages(bench: Bench) -> None:
    day = bench.now - bench.now % DAY + 16 * HOUR
    bench.later(day - bench.now)
    for number in range(230):
        bench.paid(f"pay-{number}")
    bench.later(DAY)
    refs: list[str] = []
    start: str | None = None
    while True:
        page = bench.gateway.moves(day, day + DAY, start)
        assert page.outcome is Outcome.SUCCEEDED
        refs += [line.ref for line in page.lines]
        start = page.next
        if start is None:
            break
    assert len(refs) == len(set(refs)) == 230


# ----------------------------------------------------------------- forgeries


def test_a_changed_cut_or_stale_report_is_refused(bench: Bench) -> None:
    bench.paid()
    [(headers, body)] = bench.webhooks()

    def refused(given: object, said: bytes, now: int) -> None:
        with pytest.raises(Refused) as why:
            bench.gateway.parse_webhook(given, said, now)
        assert why.value.code in ("bad_signature", "bad_webhook")

    assert bench.gateway.parse_webhook(headers, body, bench.now + 4 * MINUTE).key == "pay-1"
    for at in (len(body) // 3, len(body) // 2, len(body) - 3):
        refused(headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], bench.now)
    refused(headers, body[:-1], bench.now)
    if bench.gateway.name != "alipay":  # whose signature is a field of the form
        refused({}, body, bench.now)
    if bench.fresh:
        for late in (6 * MINUTE, -6 * MINUTE):
            refused(headers, body, bench.now + late)


def test_both_secrets_are_good_while_one_is_rotated_out(bench: Bench) -> None:
    if not bench.rotates:
        pytest.skip("signed with its own key, which is told apart by its number")
    bench.paid()
    bench.provider.secrets = (OLD_SECRET,)
    [hook] = bench.webhooks()
    assert bench.gateway.parse_webhook(*hook, bench.now).key == "pay-1"
    bench.paid("pay-2")
    bench.provider.secrets = ("neither",)
    [hook] = bench.webhooks()
    with pytest.raises(Refused):
        bench.gateway.parse_webhook(*hook, bench.now)
