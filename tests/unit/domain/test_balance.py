"""Deposits and balances: what joining costs, what is left, and whose money is whose when one side breaks its word."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import balance, ledger
from chalicelib.domain import order as orders
from chalicelib.domain.campaign import deposit_of
from chalicelib.domain.deposit import DepositKind, DepositTerms
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.ledger import EntryState, Kind
from chalicelib.domain.order import Order
from chalicelib.domain.refusals import Refused

from . import given as story
from .given import NOON

EARNEST = DepositTerms(kind=DepositKind.EARNEST, share_bp=2_000, balance_ms=2 * DAY)
DOWN = DepositTerms(kind=DepositKind.DOWN_PAYMENT, share_bp=9_000)


@pytest.mark.req("O4")
@given(st.integers(5, 10**9), st.integers(1, 2_000))
def test_an_earnest_is_never_over_a_fifth_of_any_price_it_may_come_to(lowest: int, share_bp: int) -> None:
    assert replace(EARNEST, share_bp=share_bp).of_unit(lowest) * 5 <= lowest


def owing() -> tuple[Order, ledger.Entry]:
    terms = story.terms(deposit=EARNEST)
    order = story.order(orders.OrderState.PAID, lines={"apple": 2}, deposit_minor=320, captured_id="o1.p1")
    deposit = story.captured("o1.p1", 320)
    return balance.due(order, terms, {"apple": 800}, NOON), deposit


@pytest.mark.req("O4")
def test_the_deposit_counts_towards_the_final_price() -> None:
    terms = story.terms(deposit=EARNEST)
    lowest = terms.items[0].lowest_price_minor
    assert deposit_of(terms, {terms.items[0].sku: 2}) == 2 * (lowest // 5)
    order, _ = owing()
    assert (order.balance_minor, order.balance_by, order.owes_balance) == (1280, NOON + 2 * DAY, True)


@pytest.mark.req("O4")
def test_only_the_balance_itself_in_time_by_its_providers_time_pays() -> None:
    order, deposit = owing()
    money = replace(deposit, id="o1.p2", amount_minor=1280, cause="balance")
    assert balance.pays(order, money, NOON + 2 * DAY - 1)
    assert not balance.pays(order, money, NOON + 2 * DAY)
    assert not balance.pays(order, replace(money, amount_minor=1279), NOON)
    assert not balance.pays(replace(order, withdrawn_at=NOON), money, NOON)
    paid = balance.paid(order, money.id, NOON)
    assert (paid.resolution, paid.balance_id, paid.owes_balance) == ("formed", "o1.p2", False)
    for done, code in ((paid, "already_paid"), (balance.defaulted(order, EARNEST.kind, NOON), "balance_not_due")):
        with pytest.raises(Refused, match=code):
            balance.check_may_pay(done, NOON)
    with pytest.raises(Refused, match="too_late_to_pay"):
        balance.check_may_pay(order, NOON + 2 * DAY)


@pytest.mark.req("O4")
def test_a_balance_under_way_gets_the_grace_of_a_payment_and_reminders_come_while_it_is_open() -> None:
    order, _ = owing()
    group, terms = story.group(), story.terms(deposit=EARNEST)
    order = replace(order, payment_id="o1.p1")
    assert orders.balance_ends_at(order) == NOON + 2 * DAY
    assert orders.balance_ends_at(replace(order, payment_id="o1.p2")) > NOON + 2 * DAY
    assert orders.slot_to_remind(order, group, terms, NOON) is None, "it has just been told"
    slot = orders.slot_to_remind(order, group, terms, NOON + 12 * HOUR)
    assert slot is not None and orders.slot_to_remind(
        replace(order, reminded_at=slot), group, terms, NOON + 12 * HOUR
    ) is None, "once a slot"  # fmt: skip
    assert orders.slot_to_remind(order, group, terms, NOON + 2 * DAY) is None


@pytest.mark.req("O4", "X3")
def test_what_happens_to_a_deposit_is_between_two_accounts_and_adds_up_to_nothing() -> None:
    _, deposit = owing()
    kept = balance.forfeited(deposit, 320, NOON)
    back = balance.taken_back(deposit, kept, NOON)
    twice = balance.doubled(deposit, NOON, NOON + DAY)
    assert (ledger.balance([deposit, kept]).releasing, ledger.balance([deposit, kept, back]).receivable) == (320, 320)
    kept, back = (replace(one, state=EntryState.POSTED) for one in (kept, back))
    assert ledger.accounts([deposit, kept])["merchant"] == 320
    assert ledger.balance([deposit, kept, back]).held == 320
    assert (twice.state, ledger.balance([deposit, twice]).to_double) == (EntryState.PENDING, 320)
    done = replace(twice, state=EntryState.POSTED)
    assert ledger.accounts([deposit, done]) | {"held": 0, "buyer": 0} == {
        "buyer": 0, "held": 0, "merchant": -320, "supplier": 0, "leader": 0, "platform": 0
    }  # fmt: skip
    assert ledger.balance([deposit, done]).held == 320, "it never was in escrow"


@pytest.mark.req("O4")
@given(st.integers(0, 3_000))
def test_what_goes_back_is_taken_of_the_last_payment_first_and_never_more_than_was_paid(amount: int) -> None:
    _, deposit = owing()
    second = replace(deposit, id="o1.p2", amount_minor=1_280, cause="balance")
    back = ledger.paid_back([deposit, second], [deposit, second], cause="incident", amount_minor=amount, now=NOON)
    parts = {one.payment_id: one.amount_minor for one in back}
    assert sum(parts.values()) == min(amount, 1_600)
    assert parts.get("o1.p2", 0) == min(amount, 1_280)
    assert all(one.kind is Kind.REFUND for one in back)
    again = ledger.paid_back([deposit, second], [deposit, second, *back], cause="late", amount_minor=3_000, now=NOON)
    assert sum(one.amount_minor for one in again) == 1_600 - sum(parts.values())
