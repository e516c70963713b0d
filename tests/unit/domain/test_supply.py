"""Purchase orders: what each supplier is asked, what a change becomes, and when silence is escalated; and leaders."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import leader as leaders
from chalicelib.domain import supply
from chalicelib.domain.instants import HOUR
from chalicelib.domain.leader import Decision, LeaderState
from chalicelib.domain.plan import STOCKING, Basis, Limit, StagePlan
from chalicelib.domain.refusals import Refused
from chalicelib.domain.supply import PurchaseOrder

from . import given as story
from .given import APPLES, NOON, PEARS

GATE, SHOP = "point.gate", "point.shop"


def purchase(**changes: Any) -> PurchaseOrder:
    made = PurchaseOrder(
        id="g1-po",
        group_id="g1",
        campaign_id="c1",
        merchant_id="merchant",
        supplier_id="orchard",
        title="Fruit",
        zone="Asia/Shanghai",
        items={"apples": "Apples"},
        places={GATE: "Gate"},
        units={GATE: {"apples": 6}},
        issued_at=NOON,
        answer_within=48 * HOUR,
        answer_by=NOON + 48 * HOUR,
    )
    return replace(made, **changes)


@pytest.mark.req("S4")
def test_each_supplier_is_asked_for_their_own_items_only() -> None:
    terms = story.terms(items=(replace(APPLES, supplier_id="orchard"), PEARS))
    units = {GATE: {"apples": 4, "pears": 1}, SHOP: {"pears": 2}}
    assert supply.for_supplier(units, supply.asked_of(terms), "orchard") == {GATE: {"apples": 4}}
    assert supply.for_supplier(units, supply.asked_of(terms), "merchant") == {GATE: {"pears": 1}, SHOP: {"pears": 2}}


@pytest.mark.req("P18")
@pytest.mark.parametrize(("people", "hours"), [(0, 48), (99, 48), (100, 36), (250, 24), (300, 12), (9_999, 12)])
def test_the_more_people_wait_the_sooner_an_answer_is_due(people: int, hours: int) -> None:
    assert supply.answer_within(story.terms(), people) == hours * HOUR


@pytest.mark.req("P18")
def test_the_stage_that_waits_for_the_goods_says_how_long_where_it_counts_hours() -> None:
    def stocking(limit: Limit) -> Any:
        return story.terms(plan=(StagePlan(name=STOCKING, limit=limit),))

    fresh = Limit(ms=24 * HOUR, less_per_100_ms=12 * HOUR, floor_ms=6 * HOUR)
    assert supply.answer_within(stocking(fresh), 120) == 12 * HOUR
    assert supply.answer_within(stocking(Limit(ms=9 * HOUR, basis=Basis.WORKING)), 0) == 48 * HOUR


@pytest.mark.req("S4")
def test_a_count_that_differs_is_an_amendment_and_one_that_does_not_is_none() -> None:
    said = supply.acknowledged(purchase(), 1, NOON, "orchard")
    assert supply.amended(said, {GATE: {"apples": 6}}, NOON) is None
    new = supply.amended(said, {GATE: {"apples": 5}, SHOP: {"apples": 1}}, NOON + HOUR)
    assert new is not None
    assert new.amendments[-1].changes == {GATE: {"apples": -1}, SHOP: {"apples": 1}}
    assert (new.number, new.acknowledged, new.answer_by) == (2, False, NOON + 49 * HOUR)
    with pytest.raises(Refused, match="purchase_has_changed"):
        supply.acknowledged(new, 1, NOON, "orchard")


@pytest.mark.req("S4")
def test_silence_is_escalated_step_by_step_and_an_answer_ends_it() -> None:
    asked, late = purchase(), NOON + 48 * HOUR
    assert supply.next_look(asked, NOON) == late
    assert supply.escalated(asked, late - 1).steps == ()
    once = supply.escalated(asked, late)
    assert once.steps == once.owed == ("purchase_unanswered",)
    told = replace(once, owed=())
    assert supply.escalated(told, late + HOUR) == told, "each step once"
    assert supply.next_look(told, late) == late + supply.MANAGER_AFTER
    assert supply.escalated(told, late + supply.MANAGER_AFTER).owed == ("purchase_escalated",)
    answered = supply.acknowledged(told, 1, late, "orchard")
    assert supply.escalated(answered, late + 100 * HOUR) == answered
    assert supply.next_look(answered, late) is None


def test_nobody_is_chased_for_what_they_supply_themselves() -> None:
    own = purchase(supplier_id="merchant")
    assert own.acknowledged and supply.escalated(own, NOON + 1000 * HOUR) == own
    new = supply.amended(own, {GATE: {"apples": 5}}, NOON)
    assert new is not None and (new.owed, new.due_at, new.number) == ((), None, 2)


@pytest.mark.req("S9")
def test_no_more_is_shipped_than_was_asked_for() -> None:
    said = supply.acknowledged(purchase(units={GATE: {"apples": 4}, SHOP: {"apples": 2}}), 1, NOON, "orchard")
    once = supply.shipped(said, {"apples": 5}, None, NOON)
    for units, where, code in (
        ({"apples": 2}, None, "more_than_asked_for"),
        ({"apples": 3}, SHOP, "more_than_asked_for"),
        ({"pears": 1}, None, "not_on_this_purchase"),
        ({"apples": 1}, "point.moon", "unknown_destination"),
    ):
        with pytest.raises(Refused, match=code):
            supply.shipped(once, units, where, NOON)
    assert supply.shipped(once, {"apples": 1}, SHOP, NOON).shipped == {"apples": 6}
    with pytest.raises(Refused, match="purchase_not_acknowledged"):
        supply.shipped(purchase(), {"apples": 1}, None, NOON)
    with pytest.raises(Refused, match="too_many_lots"):
        supply.shipped(replace(said, lots=supply.MOST_LOTS), {"apples": 1}, None, NOON)


# ----------------------------------------------------------------- leaders

ALLOWED = {
    ("applied", "approve"): "approved",
    ("applied", "refuse"): "refused",
    ("refused", "approve"): "approved",
    ("approved", "suspend"): "suspended",
    ("suspended", "approve"): "approved",
}


@pytest.mark.req("E21")
@pytest.mark.parametrize("state", LeaderState)
@pytest.mark.parametrize("decision", Decision)
def test_every_cell_of_the_matrix_of_leaders(state: LeaderState, decision: Decision) -> None:
    row = leaders.Leader(person_id="lan", state=state, community="garden", applied_at=NOON)
    wanted = ALLOWED.get((state.value, decision.value))
    if wanted is None:
        with pytest.raises(Refused, match="leader_is"):
            leaders.decided(row, decision, "", NOON, "manager")
        return
    after = leaders.decided(row, decision, "why", NOON, "manager")
    assert after.state.value == wanted and after.decisions[-1].by == "manager"
    assert leaders.decided(after, decision, "", NOON, "manager") is after, "decided already"
    with pytest.raises(Refused, match="not_about_yourself"):
        leaders.decided(row, decision, "", NOON, "lan")


@pytest.mark.req("E21")
def test_who_was_suspended_does_not_start_afresh() -> None:
    row = leaders.Leader(person_id="lan", state=LeaderState.SUSPENDED, community="garden", applied_at=NOON)
    with pytest.raises(Refused, match="leader_suspended"):
        leaders.applied(row, "lan", "river", NOON)
    again = leaders.applied(replace(row, state=LeaderState.REFUSED), "lan", "river", NOON)
    assert (again.state, again.community) == (LeaderState.APPLIED, "river")
