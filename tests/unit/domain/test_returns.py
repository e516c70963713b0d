"""Until when goods may go back, for what, and how much money follows (R6, R9)."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import ledger, returns
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.refusals import Refused
from chalicelib.domain.returns import ReturnState, Why
from chalicelib.handlers.shapes.returns import ReturnWithMoney

from . import given

FREE, FAULTS = (Why.NO_REASON,), (Why.QUALITY, Why.DAMAGED, Why.WRONG_GOODS)
HANDED = given.NOON
LAST = HANDED + 12 * HOUR + 7 * DAY
"""24:00 of the seventh day after the day of the hand-over, in Shanghai."""


def had(**over: Any) -> Order:
    return replace(given.order(state=OrderState.PAID), lines={"apple": 3}, handed_at=HANDED, **over)


@pytest.mark.req("R6")
@pytest.mark.parametrize(
    ("at", "whys"),
    [
        (HANDED, FREE + FAULTS),
        (LAST - 1, FREE + FAULTS),
        (LAST, FAULTS),
        (HANDED + returns.FAULT_WINDOW - 1, FAULTS),
        (HANDED + returns.FAULT_WINDOW, ()),
    ],
)
def test_seven_days_from_the_day_after_the_hand_over_and_longer_for_faults(at: int, whys: tuple[Why, ...]) -> None:
    order, terms = had(), given.terms()
    assert returns.whys(order, terms, at) == whys
    for why in Why:
        if why in whys:
            returns.check(order, terms, {"apple": 1}, why, at, intact=True)
        else:
            with pytest.raises(Refused, match="return_too_late"):
                returns.check(order, terms, {"apple": 1}, why, at, intact=True)


@pytest.mark.req("R6")
@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"withdrawn_at": HANDED}, "nothing_to_return"),
        ({"returning": True, "returns": 1}, "return_under_way"),
        ({"returns": returns.MOST_RETURNS}, "too_many_returns"),
        ({"returned": {"apple": 2}}, "more_than_received"),
        ({"short": {"apple": 2}}, "more_than_received"),
    ],
)
def test_what_stands_against_sending_two_back(over: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        returns.check(had(**over), given.terms(), {"apple": 2}, Why.QUALITY, HANDED, intact=True)


@pytest.mark.req("R9")
def test_what_goes_back_is_the_final_price_and_all_of_it_where_all_is_at_fault() -> None:
    prices, left = {"apple": 800}, 2_900
    for why, units, amount in ((Why.NO_REASON, 3, 2_400), (Why.DAMAGED, 2, 1_600), (Why.DAMAGED, 3, 2_900)):
        order, one = returns.asked(had(), {"apple": units}, why, "", "k", HANDED)
        assert returns.amount(one, order, prices, left) == amount
        assert returns.amount(one, order, prices, 100) == 100, "never more than is left of the payment"


@pytest.mark.req("R9")
def test_one_that_nobody_sends_lapses_and_one_that_is_paid_counts_down() -> None:
    order, one = returns.asked(had(), {"apple": 1}, Why.NO_REASON, "", "k", HANDED)
    after, ended = returns.lapsed(one, order, one.by)
    assert (ended.state, ended.owed[-1], after.returning) == (ReturnState.LAPSED, "return_lapsed", False)

    paid = given.captured(amount_minor=900)
    (refund,) = returns.refunds(one, [paid], [paid], 800, HANDED)
    assert refund.id.endswith(".return.1")
    after, ended = returns.passed(returns.received(one, HANDED), order, [refund], by="shop", now=HANDED)
    assert dict(after.returned) == {"apple": 1} and ended.amount_minor == 800
    shown = ReturnWithMoney.with_money(ended, refund, HANDED + HOUR)
    assert shown.seconds_to_payout == (ledger.REFUND_PROMISE - HOUR) // 1000
