"""Settlement (R12): the parts add up to the whole to the cent, whatever was bought, refunded and agreed."""

from dataclasses import replace

import pytest
from hypothesis import given as supposing
from hypothesis import settings
from hypothesis import strategies as st

from chalicelib.domain import ledger, settlement
from chalicelib.domain.campaign import SettlementTerms
from chalicelib.domain.instants import DAY
from chalicelib.domain.ledger import Entry, EntryState, Kind
from chalicelib.domain.order import OrderState, Step
from chalicelib.domain.settlement import DONE, HANDED, Payee

from . import given as story

RATES = st.builds(
    SettlementTerms,
    commission_bp=st.integers(0, 3_000),
    platform_bp=st.integers(0, 3_000),
    first_bp=st.integers(0, 9_000),
)


def order_of(apples: int, pears: int, short: int, fee: int) -> settlement.Order:
    paid = story.order(OrderState.PAID)
    return replace(
        paid,
        lines={"apples": apples, "pears": pears},
        short={"apples": min(short, apples)},
        fee_minor=fee,
        placed_by="l",
    )


@pytest.mark.req("R12", "E21")
@settings(max_examples=400, deadline=None)
@supposing(
    RATES,
    st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(0, 50), st.integers(0, 999)),
    st.tuples(st.none() | st.integers(1, 3_000), st.none() | st.integers(1, 3_000)),
    st.tuples(st.integers(0, 100), st.integers(0, 100)),
)
def test_what_everybody_is_owed_adds_up_and_so_does_what_is_let_out(
    rule: SettlementTerms,
    bought: tuple[int, int, int, int],
    costs: tuple[int | None, int | None],
    back: tuple[int, int],
) -> None:
    """A part is refunded before the first share is let out, another between the two; all of it is possible."""
    items = tuple(
        replace(item, supplier_id=f"s{k}", supplier_price_minor=cost)
        for k, (item, cost) in enumerate(zip((story.APPLES, story.PEARS), costs, strict=True))
    )
    terms, order = replace(story.terms(), items=items, settlement=rule), order_of(*bought)
    prices = {"apples": 750, "pears": 2_000}
    paid = sum(order.lines[sku] * prices[sku] for sku in prices) + order.fee_minor
    payment = replace(
        story.payment(), amount_minor=paid, state=EntryState.POSTED, provider_ref="pay", posted_at=1, paid_at=1
    )
    entries: list[Entry] = [payment]
    for stage, percent in ((HANDED, back[0]), (DONE, back[1])):
        left = settlement.sums([payment], entries).left
        if amount := left * percent // 100:
            entries.append(ledger.refund_of(payment, cause="shortage", amount_minor=amount, now=1, number=stage))
        left = settlement.sums([payment], entries).left
        whole = settlement.owed(order, terms, prices, left)
        assert sum(whole.values()) == left and all(amount > 0 for amount in whole.values())
        entries += settlement.moves([payment], whole, entries, stage=stage, first_bp=rule.first_bp, now=2)
        out = sum(settlement.released([payment], entries).values())
        assert out == (left if stage == DONE else left * rule.first_bp // 10_000), "never what is owed to a buyer"
    assert len({entry.id for entry in entries}) == len(entries)
    again = settlement.moves([payment], whole, entries, stage=DONE, first_bp=0, now=3)
    assert again == [], "each exactly once"
    assert sum(ledger.accounts(entries).values()) == 0
    by_id = {one.id: one for one in entries}
    for release_id in {one.release_id for one in entries if one.kind is Kind.REVERSAL}:
        taken = sum(one.amount_minor for one in entries if one.release_id == release_id)
        assert taken <= by_id[release_id].amount_minor, "no more is taken back from a release than it let out"
    done = [replace(one, state=EntryState.POSTED) for one in entries]
    assert ledger.balance(done).held == 0


@pytest.mark.req("E21")
def test_commission_is_the_leaders_of_the_goods_alone_and_only_where_there_is_one() -> None:
    terms = replace(story.terms(), settlement=SettlementTerms(commission_bp=500, platform_bp=100))
    order = order_of(10, 10, 0, 1_000)
    found = settlement.owed(order, terms, {"apples": 750, "pears": 2_000}, 28_500)
    assert found == {(Payee.PLATFORM, ""): 285, (Payee.LEADER, "l"): 1_375, (Payee.MERCHANT, "merchant"): 26_840}
    alone = replace(order, placed_by=None)
    assert (Payee.LEADER, "l") not in settlement.owed(alone, terms, {"apples": 750, "pears": 2_000}, 28_500)


@pytest.mark.req("R12")
def test_a_supplier_is_paid_for_what_arrived_and_never_more_than_there_is() -> None:
    apples = replace(story.APPLES, supplier_id="s", supplier_price_minor=600)
    terms = replace(story.terms(), items=(apples, story.PEARS), settlement=SettlementTerms())
    order = replace(order_of(4, 1, 1, 0), lines={"apples": 4})
    prices = {"apples": 750}
    assert settlement.owed(order, terms, prices, 2_250)[Payee.SUPPLIER, "s"] == 1_800, "three of four"
    assert settlement.owed(order, terms, prices, 1_125)[Payee.SUPPLIER, "s"] == 900, "half of it went back"
    dear = replace(terms, items=(replace(apples, supplier_price_minor=9_000), story.PEARS))
    assert settlement.owed(order, dear, prices, 2_250) == {(Payee.SUPPLIER, "s"): 2_250}
    assert settlement.owed(order, dear, prices, 0) == {}


@pytest.mark.req("R12")
def test_the_moments_follow_from_the_hand_over_or_from_goods_nobody_fetched() -> None:
    terms = replace(story.terms(), settlement=SettlementTerms(after_sales_ms=DAY))
    order = replace(story.order(OrderState.PAID), resolution="formed")
    assert settlement.stage_of(order, terms, 10 * DAY) == 0
    handed = replace(order, handed_at=DAY)
    assert [settlement.stage_of(handed, terms, at) for at in (DAY - 1, DAY, 2 * DAY - 1, 2 * DAY)] == [0, 1, 1, 2]
    left = replace(order, uncollected="forfeited", steps=(Step(state="forfeited", at=DAY, by="timer"),))
    assert settlement.stage_of(left, terms, DAY) == HANDED
    assert settlement.stage_of(replace(order, withdrawn_at=DAY), terms, 2 * DAY) == DONE, (
        "what is left of it, if anything"
    )
    assert settlement.stage_of(replace(handed, resolution="failed"), terms, DAY) == 0
    assert settlement.stage_of(handed, replace(terms, settlement=None), DAY) == 0


@pytest.mark.req("X3")
def test_what_was_let_out_names_its_account() -> None:
    out = story.payment(kind=Kind.RELEASE, state=EntryState.POSTED, payee="leader", payee_id="l")
    assert ledger.between(out) == ("held", "leader")
    assert ledger.between(replace(out, kind=Kind.REVERSAL)) == ("leader", "held")
    assert ledger.between(replace(out, payee="")) == ("held", "merchant")
