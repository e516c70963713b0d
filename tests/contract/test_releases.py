"""What every provider keeps that lets parts of a payment go to payees, and (where it can) gets them back."""

import pytest

from chalicelib.domain.instants import DAY
from chalicelib.domain.ports import CANNOT_RELEASE, Outcome
from tests.contract.benches import BENCHES, SPLITTERS, PeerBench

pytestmark = pytest.mark.req("R12", "X3")


@pytest.fixture(params=SPLITTERS)
def bench(request: pytest.FixtureRequest):
    with SPLITTERS[request.param]() as bench:
        assert bench.gateway.can.releases
        yield bench


@pytest.fixture(params=[name for name in SPLITTERS if name != "alipay"])
def taker(request: pytest.FixtureRequest):
    with SPLITTERS[request.param]() as bench:
        assert bench.gateway.can.takes_back
        yield bench


def test_a_release_is_made_once_however_often_it_is_asked_for(bench: PeerBench) -> None:
    ref = bench.paid(split=True)
    answers = {(one.outcome, one.ref, one.amount_minor) for one in (bench.release(ref) for _ in range(3))}
    assert len(answers) == 1
    assert bench.out(ref) == 700
    seen = bench.gateway.look_up_release("rel-1.1", ref)
    assert {(seen.outcome, seen.ref, seen.amount_minor)} == answers
    assert seen.outcome is Outcome.SUCCEEDED
    assert bench.release(ref, 300, "rel-2.1").outcome is Outcome.SUCCEEDED, "another key is another release"
    assert bench.out(ref) == 1_000


def test_no_more_is_let_out_than_came_in(bench: PeerBench) -> None:
    ref = bench.paid(split=True)
    bench.release(ref)
    assert bench.release(ref, 301, "rel-2.1").outcome is Outcome.FAILED
    assert bench.release(ref, 600).outcome is Outcome.UNKNOWN or bench.gateway.name in ("wechat", "alipay")
    assert bench.out(ref) == 700


@pytest.mark.parametrize("fault", ["error_before", "error_after"])
def test_without_an_answer_nothing_is_known_and_repeating_is_safe(bench: PeerBench, fault: str) -> None:
    ref = bench.paid(split=True)
    bench.breaks(fault, on="releases")
    assert bench.release(ref).outcome is Outcome.UNKNOWN
    done = fault == "error_after"
    assert bench.out(ref) == (700 if done else 0)
    seen = bench.gateway.look_up_release("rel-1.1", ref).outcome
    assert seen is (Outcome.SUCCEEDED if done else Outcome.NOT_FOUND)
    assert bench.release(ref).outcome is Outcome.SUCCEEDED
    assert bench.out(ref) == 700


def test_a_release_that_is_refused_says_why_and_passes_under_a_new_key(bench: PeerBench) -> None:
    ref = bench.paid(split=True)
    bench.breaks("release_fails", on="releases", reason="account_closed")
    answer = bench.release(ref)
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, "account_closed")
    assert bench.out(ref) == 0
    assert bench.release(ref, key="rel-1.2").outcome is Outcome.SUCCEEDED


def test_what_is_taken_back_leaves_the_payee_once_and_never_more_than_went_out(taker: PeerBench) -> None:
    ref = taker.paid(split=True)
    taker.release(ref)
    answers = {taker.take_back(ref, 400).ref for _ in range(3)}
    assert len(answers) == 1
    assert taker.out(ref) == 300
    assert taker.gateway.look_up_take_back("back-1.1", taker.let_out(ref)).outcome is Outcome.SUCCEEDED
    assert taker.take_back(ref, 301, "back-2.1").outcome is Outcome.FAILED
    taker.provider.state.spent.append(taker.account)
    assert taker.take_back(ref, 300, "back-3.1").outcome is Outcome.FAILED, "they have spent it"
    assert taker.out(ref) == 300


def test_a_taking_back_without_an_answer_is_repeated_in_safety(taker: PeerBench) -> None:
    ref = taker.paid(split=True)
    taker.release(ref)
    taker.breaks("error_after", on="backs")
    assert taker.take_back(ref, 400).outcome is Outcome.UNKNOWN
    taker.later(2 * DAY)
    found = taker.gateway.look_up_take_back("back-1.1", taker.let_out(ref))
    assert (found.outcome, taker.out(ref)) == (Outcome.SUCCEEDED, 300)


def test_who_cannot_release_or_take_back_says_so() -> None:
    with BENCHES["transfer"]() as bench:
        assert not bench.gateway.can.releases
        assert bench.gateway.release(bench.part("rel-1.1", "p", 1), "acct").reason == CANNOT_RELEASE
    for name, account in (("alipay", "2088123412341234"), ("wechat", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")):
        with SPLITTERS[name]() as bench:
            bench.account = account
            ref = bench.paid(split=True)
            assert bench.release(ref).outcome is Outcome.SUCCEEDED
            assert bench.take_back(ref, 100).reason == CANNOT_RELEASE, "a person keeps what they were given"


def test_a_payment_that_was_not_opened_for_it_is_not_split() -> None:
    for name in ("stripe", "wechat", "alipay"):
        with SPLITTERS[name]() as bench:
            assert bench.release(bench.paid()).outcome is Outcome.FAILED
