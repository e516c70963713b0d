"""Sharing a shortage: exactly what is missing, and nobody goes without more than they ordered, by every rule."""

import random
from dataclasses import replace

import pytest

from chalicelib.domain import order as orders
from chalicelib.domain import receipt as receipts
from chalicelib.domain.campaign import ShortageRule
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.receipt import Claim, Line, Receipt
from chalicelib.domain.refusals import Broken, Refused

from . import given as story
from .given import NOON

RULES = list(ShortageRule)


def receipt(expected: int = 6, **changes: object) -> Receipt:
    made = Receipt(
        group_id="g1",
        destination="point.gate",
        campaign_id="c1",
        merchant_id="merchant",
        leader_id="leader",
        title="Fruit",
        place="Gate",
        zone="Asia/Shanghai",
        expected={"apples": expected},
        orders=3,
        counted_at=NOON,
        created_at=NOON,
        rule=ShortageRule.FIRST_COME,
        seed="seed",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def entered(before: Receipt, lost: int, number: int = 1, damaged: int = 0, at: int = NOON) -> Receipt:
    line = Line(received=before.expected["apples"] - lost - damaged, short=lost, damaged=damaged)
    return receipts.entered(before, {"apples": line}, number=number, note="", now=at, by="leader")


def buyers(units: list[int]) -> list[Order]:
    return [
        story.order(OrderState.PAID, id=f"g1-00{k:04d}", lines={"apples": count}, joined_at=NOON + k // 2)
        for k, count in enumerate(units)
    ]


def shared(rule: ShortageRule, units: list[int], short: int, seed: str = "seed") -> list[int]:
    claims = [receipts.claim(rule, one, "apples", seed) for one in buyers(units)]
    where = receipts.cut(rule, short, claims)
    return [receipts.share(rule, where, one) for one in claims]


@pytest.mark.req("S9", "E21")
@pytest.mark.parametrize("rule", RULES)
def test_the_shares_are_exactly_the_shortage_and_never_more_than_an_order_has(rule: ShortageRule) -> None:
    dice = random.Random(7)
    for _ in range(400):
        units = [dice.randint(1, 9) for _ in range(dice.randint(1, 30))]
        short = dice.randint(0, sum(units) + 3)
        found = shared(rule, units, short, seed=str(dice.random()))
        assert sum(found) == min(short, sum(units))
        assert all(0 <= lost <= had for lost, had in zip(found, units, strict=True))


@pytest.mark.req("S9")
def test_each_rule_is_what_it_says() -> None:
    assert shared(ShortageRule.FIRST_COME, [2, 2, 2, 2], 3) == [0, 0, 1, 2], "the last come goes without first"
    assert shared(ShortageRule.PROPORTION, [10, 20, 30], 6) == [1, 2, 3]
    uneven = shared(ShortageRule.PROPORTION, [1, 2, 4], 3)
    assert all(3 * had // 7 <= lost <= 3 * had // 7 + 1 for lost, had in zip(uneven, [1, 2, 4], strict=True))
    assert uneven[1] == 1, "the odd unit goes where the remainder is largest: 6 of 7, before 5 and 3"
    drawn = {tuple(shared(ShortageRule.DRAW, [1] * 5, 2, seed=str(k))) for k in range(40)}
    assert len(drawn) > 5, "another seed draws others"
    assert shared(ShortageRule.DRAW, [1] * 5, 2) == shared(ShortageRule.DRAW, [1] * 5, 2), "one seed draws the same"


@pytest.mark.parametrize("rule", RULES)
def test_rounds_add_up_whatever_is_missing_when(rule: ShortageRule) -> None:
    """A correction shares only what is missing beyond, over what is left of each order."""
    dice = random.Random(11)
    for _ in range(60):
        crowd = buyers([dice.randint(1, 6) for _ in range(8)])
        whole = sum(order.lines["apples"] for order in crowd)
        row, lost, number = receipt(expected=whole, rule=rule), 0, 0
        while lost < whole and number < 4:
            lost, number = dice.randint(lost + 1, whole), number + 1
            row = entered(row, lost, number)
            claims = {"apples": [receipts.claim(rule, one, "apples", row.seed) for one in crowd]}
            row = receipts.begun(row, claims, NOON)
            for _ in range(2):  # taken up again from the start: it changes nothing
                crowd = [
                    orders.found_short(one, units, number, NOON) if (units := receipts.shares(row, one)) else one
                    for one in crowd
                ]
            row = receipts.went_on(row, None, NOON)
            assert sum(one.short.get("apples", 0) for one in crowd) == lost
            assert row.unsettled == {} and row.due_at is None


def test_an_entry_must_account_for_every_unit_and_name_the_one_before() -> None:
    row = receipt()
    for lines, code in (
        ({}, "receipt_does_not_add_up"),
        ({"apples": Line(received=5)}, "receipt_does_not_add_up"),
        ({"apples": Line(received=7, short=-1)}, "receipt_does_not_add_up"),
        ({"apples": Line(received=6), "figs": Line(received=0)}, "not_expected_here"),
    ):
        with pytest.raises(Refused) as refused:
            receipts.entered(row, lines, number=1, note="", now=NOON, by="leader")
        assert refused.value.code == code
    once = entered(row, 1)
    assert entered(once, 1) is once, "the same again is done already"
    for number in (1, 3):
        with pytest.raises(Refused, match="receipt_has_changed"):
            entered(once, 2, number=number)
    assert once.due_at == NOON + receipts.GRACE and once.state == "sharing"


def test_what_was_shared_is_never_asked_back() -> None:
    row = receipts.begun(entered(receipt(), 3), {"apples": [Claim(rank="a", units=6)]}, NOON)
    with pytest.raises(Refused, match="shortage_already_shared"):
        entered(row, 2, number=2)
    assert entered(row, 1, number=2, damaged=2).unsettled == {}, "missing or damaged: the buyer goes without alike"
    more = entered(row, 5, number=2)
    assert more.unsettled == {"apples": 2}
    assert more.due_at == NOON, "a round under way goes on, and the correction has its turn behind it"
    assert receipts.went_on(more, None, NOON).due_at == NOON + receipts.GRACE


def test_corrections_have_an_end() -> None:
    row = receipt()
    for number in range(1, receipts.MOST_ENTRIES + 1):
        row = entered(row, number % 2, number=number)
    with pytest.raises(Refused, match="too_many_corrections"):
        entered(row, 3, number=receipts.MOST_ENTRIES + 1)


def test_a_draw_is_fixed_before_anybody_knows_what_will_be_missing() -> None:
    with pytest.raises(Broken):
        receipts.seed_of(story.group())
    assert receipts.ticket_of("g1-00mei") != receipts.ticket_of("g1-00lan")
    assert "mei" not in receipts.ticket_of("g1-00mei")


def test_an_order_is_in_each_round_once() -> None:
    paid = story.order(OrderState.PAID)
    short = orders.found_short(paid, {"apples": 1}, 1, NOON)
    with pytest.raises(Broken):
        orders.found_short(short, {"apples": 1}, 1, NOON)
    with pytest.raises(Broken):
        orders.found_short(short, {"apples": 2}, 2, NOON)  # of two apples, one is short already
    assert short.steps[-1].state == "short"
