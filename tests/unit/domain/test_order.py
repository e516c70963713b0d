"""An order: every state x command, what it checks, and what it still has to say."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import order as orders
from chalicelib.domain.campaign import Campaign, Fulfilment, Kind, PickupPoint
from chalicelib.domain.group import Group, GroupState
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.refusals import Broken, Refused

from . import given as story
from .given import CLOSES, NOON

HELD, PAID, EXPIRED, CANCELLED = OrderState

COMMANDS: dict[str, Callable[[Order], Order]] = {
    "join": lambda o: orders.joined(story.order(), o, "k2", story.receipt()),
    "change": lambda o: orders.changed(o, {"apples": 1}, story.group(), story.terms(), NOON),
    "choose pickup": lambda o: orders.pickup_chosen(o, "gate", NOON),
    "cancel": lambda o: orders.cancelled(o, NOON, by="mei"),
    "expire": lambda o: orders.expired(o, NOON, released=True),
    "lapse": lambda o: orders.lapsed(o, NOON, released=False),
    "start payment": lambda o: orders.payment_started(o, "e1", NOON),
    "pay": lambda o: orders.paid(o, "e1", NOON, NOON),
    "find short": lambda o: orders.found_short(o, {"apples": 1}, 1, NOON),
    "seat late money": lambda o: orders.paid(o, "e1", NOON, NOON, slice_number=2),
}

# A cell is the state reached, a refusal (the caller changes something), or broken (no caller may get here).
MATRIX: dict[str, dict[OrderState, str]] = {
    "join": {HELD: "broken", PAID: "broken", EXPIRED: "held", CANCELLED: "held"},
    "change": {HELD: "held", PAID: "order_not_held", EXPIRED: "order_not_held", CANCELLED: "order_not_held"},
    "choose pickup": {HELD: "held", PAID: "paid", EXPIRED: "order_not_held", CANCELLED: "order_not_held"},
    "cancel": {HELD: "cancelled", PAID: "cancelled", EXPIRED: "order_not_held", CANCELLED: "order_not_held"},
    "expire": {HELD: "expired", PAID: "broken", EXPIRED: "broken", CANCELLED: "broken"},
    "lapse": {HELD: "broken", PAID: "expired", EXPIRED: "broken", CANCELLED: "broken"},
    "start payment": {HELD: "held", PAID: "order_not_held", EXPIRED: "order_not_held", CANCELLED: "order_not_held"},
    "pay": {HELD: "paid", PAID: "broken", EXPIRED: "broken", CANCELLED: "broken"},
    "find short": {HELD: "broken", PAID: "paid", EXPIRED: "broken", CANCELLED: "broken"},
    "seat late money": {HELD: "broken", PAID: "broken", EXPIRED: "paid", CANCELLED: "broken"},
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", OrderState)
def test_every_cell_of_the_matrix(state: OrderState, command: str) -> None:
    before, facts = story.order(state), None
    try:
        after = COMMANDS[command](before)
        outcome = after.state.value
        assert len(after.steps) >= len(before.steps)
    except Refused as refused:
        outcome = refused.code
        facts = refused.facts
    except Broken:
        outcome = "broken"
    assert outcome == MATRIX[command][state]
    assert facts in (None, {"state": state.value})


COMMAND_NAMES = {
    "joined", "changed", "pickup_chosen", "cancelled", "expired", "lapsed", "payment_started", "paid", "found_short",
}  # fmt: skip


def test_every_function_that_makes_an_order_of_an_order_is_a_command_of_the_matrix() -> None:
    """A new one without a row fails here."""
    made = {
        name
        for name, found in vars(orders).items()
        if callable(found) and not name.startswith("_") and getattr(found, "__annotations__", {}).get("return") is Order
    }
    assert made == COMMAND_NAMES


def test_whatever_changed_is_owed_a_word_and_wakes_the_order_with_the_same_write() -> None:
    held = orders.joined(story.order(), None, "k1", story.receipt())
    for after, event in (
        (held, "order_held"),
        (orders.paid(held, "e1", NOON, NOON), "order_paid"),
        (orders.cancelled(held, NOON, by="mei"), "order_cancelled"),
        (orders.expired(held, NOON, released=True), "order_expired"),
    ):
        assert after.owed[-1] == event
        assert after.due_at == NOON


def test_a_join_after_a_join_keeps_the_first_answers_and_numbers_payments_on() -> None:
    first = orders.joined(story.order(), None, "k1", story.receipt("one"))
    gone = orders.cancelled(replace(first, payments=2, version=7), NOON, by="mei")

    again = orders.joined(story.order(lines={"pears": 1}), gone, "k2", story.receipt("two"))

    assert set(again.receipts) == {"k1", "k2"}
    assert again.receipts["k2"].payment_number == 3 and again.receipts["k1"].payment_number == 1
    assert (again.version, again.payments, again.lines, again.owed) == (7, 2, {"pears": 1}, ("order_held",))


@pytest.mark.parametrize(
    "gone",
    [
        story.order(CANCELLED, receipts={"k2": story.receipt()}),
        story.order(CANCELLED, resolution="failed"),
    ],
)
def test_no_spent_key_and_no_resolved_order_is_revived(gone: Order) -> None:
    with pytest.raises(Broken):
        orders.joined(story.order(), gone, "k2", story.receipt())


def test_a_seat_can_be_taken_again_only_so_often() -> None:
    worn = story.order(CANCELLED, receipts={f"k{k}": story.receipt() for k in range(20)})
    with pytest.raises(Refused, match="rejoined_too_often"):
        orders.joined(story.order(), worn, "new", story.receipt())


def test_a_payment_under_way_freezes_the_lines() -> None:
    paying = orders.payment_started(story.order(), "e1", NOON)
    assert (paying.payment_id, paying.payments) == ("e1", 1)
    with pytest.raises(Refused, match="payment_under_way"):
        orders.changed(paying, {"apples": 1}, story.group(), story.terms(), NOON)


def test_a_change_is_priced_like_a_join() -> None:
    changed = orders.changed(story.order(), {"apples": 3, "pears": 1}, story.group(), story.terms(), NOON)
    assert (changed.amount_minor, changed.prices) == (4_700, {"apples": 900, "pears": 2_000})


def test_the_choice_of_a_pickup_point_is_over_once_the_verdict_was_carried_out() -> None:
    with pytest.raises(Refused, match="order_not_held"):
        orders.pickup_chosen(story.order(PAID, resolution="failed"), "gate", NOON)


def test_an_order_changed_ever_so_often_stays_small() -> None:
    """Else its row could no longer be written, and its group could never be closed."""
    order = story.order()
    for _ in range(500):
        order = orders.changed(order, {"apples": 1}, story.group(), story.terms(), NOON)
    assert len(order.steps) == orders.MOST_STEPS


def test_late_money_takes_the_seat_it_found() -> None:
    seated = orders.paid(story.order(EXPIRED, released=True, ended_at=NOON), "e1", NOON, NOON, slice_number=2)
    assert (seated.slice, seated.released, seated.ended_at, seated.captured_id) == (2, False, None, "e1")


def test_anothers_order_looks_like_none() -> None:
    orders.check_mine(story.order(), "mei")
    with pytest.raises(Refused) as caught:
        orders.check_mine(story.order(), "bo")
    assert caught.value.facts == {"order": "g1-00mei"}, "nothing of it shows"


# lines and limits


@pytest.mark.req("P15")
@pytest.mark.parametrize(
    ("code", "lines", "changes"),
    [
        ("no_lines", {}, {}),
        ("unknown_item", {"plums": 1}, {}),
        ("quantity_out_of_range", {"apples": 0}, {}),
        ("quantity_out_of_range", {"apples": -1}, {}),
        ("quantity_out_of_range", {"apples": 100_001}, {}),
        ("over_the_limit", {"apples": 3}, {"items": (replace(story.APPLES, limit_per_buyer=2),)}),
        ("over_the_limit", {"apples": 2, "pears": 2}, {"limit_per_buyer": 3}),
    ],
)
def test_lines_that_no_stock_could_satisfy_are_refused(code: str, lines: dict[str, int], changes: Any) -> None:
    with pytest.raises(Refused) as caught:
        orders.check_lines(story.terms(**changes), lines)
    assert caught.value.code == code


def test_lines_up_to_the_limit_pass() -> None:
    orders.check_lines(story.terms(limit_per_buyer=3), {"apples": 2, "pears": 1})
    orders.check_lines(story.terms(items=(replace(story.APPLES, limit_per_buyer=2),)), {"apples": 2})


# until when a seat is held


@pytest.mark.req("O3")
@pytest.mark.req("L8")
@pytest.mark.parametrize(
    ("terms", "now", "non_payer", "until"),
    [
        (story.terms(), NOON, False, NOON + 2 * HOUR),
        (story.terms(), CLOSES - MINUTE, False, CLOSES),
        (story.terms(), NOON, True, NOON + 10 * MINUTE),
        (story.terms(), CLOSES - MINUTE, True, CLOSES),
        (story.terms(pay_until_close=True), NOON, False, CLOSES),
        (story.terms(pay_until_close=True), NOON, True, NOON + 10 * MINUTE),
        (story.terms(payment_window_ms=None), NOON, False, CLOSES),
    ],
)
def test_a_seat_is_held_no_longer_than_the_window_and_never_past_the_close(
    terms: Campaign, now: int, non_payer: bool, until: int
) -> None:
    assert orders.pay_by(terms, story.group(), now, non_payer=non_payer) == until


@pytest.mark.parametrize(
    ("state", "paid_at", "counts"),
    [
        (GroupState.OPEN, CLOSES - 1, True),
        (GroupState.OPEN, CLOSES, False),
        (GroupState.SEALING, CLOSES - 1, True),
        (GroupState.SEALING, CLOSES, False),
        (GroupState.FORMED, CLOSES - 1, False),
        (GroupState.FAILED, CLOSES - 1, False),
    ],
)
def test_a_payment_counts_by_the_providers_own_time(state: GroupState, paid_at: int, counts: bool) -> None:
    assert orders.counts_in_time(paid_at, story.group(state=state)) is counts


# pickup

EAST_GATE = PickupPoint(id="east-gate", name="East", community_id="east")
WEST_GATE = PickupPoint(id="west-gate", name="West", community_id="west")
COMMUNITIES = story.terms(kind=Kind.COMMUNITY, pickup_points=(WEST_GATE, EAST_GATE))
IN_THE_EAST = story.group(COMMUNITIES, community_id="east")


@pytest.mark.req("O5")
def test_a_pickup_point_must_serve_the_groups_community() -> None:
    orders.check_pickup(COMMUNITIES, IN_THE_EAST, "east-gate")
    orders.check_pickup(COMMUNITIES, IN_THE_EAST, None)
    for point in ("west-gate", "nowhere"):
        with pytest.raises(Refused, match="unknown_pickup_point"):
            orders.check_pickup(COMMUNITIES, IN_THE_EAST, point)
    with pytest.raises(Refused, match="pickup_not_offered"):
        orders.check_pickup(story.terms(fulfilment=Fulfilment.DELIVERY), story.group(), "gate")


@pytest.mark.req("O5")
def test_the_default_is_the_first_point_that_serves_the_community() -> None:
    assert orders.default_pickup(COMMUNITIES, IN_THE_EAST) == "east-gate"
    assert orders.default_pickup(story.terms(), story.group()) == "gate"
    assert orders.default_pickup(story.terms(pickup_points=()), story.group()) is None


@pytest.mark.req("O5")
@pytest.mark.parametrize(
    ("now", "chased", "due"),
    [
        (NOON, False, CLOSES - DAY),  # asked a day before the cut-off
        (CLOSES - DAY, False, CLOSES - DAY),  # or at once, when that has passed
        (CLOSES - HOUR, False, CLOSES - HOUR),
        (CLOSES - HOUR, True, CLOSES),  # then left in peace until the choice is made for the buyer
        (CLOSES + HOUR, True, CLOSES + HOUR),
    ],
)
def test_a_missing_choice_is_asked_for_once_and_made_at_the_cut_off(now: int, chased: bool, due: int) -> None:
    order = story.order(PAID, chased_at=NOON if chased else None)
    assert orders.due_after(order, story.group(), story.terms(), now) == due


def test_a_cut_off_of_the_campaigns_own_holds() -> None:
    terms = story.terms(choose_pickup_by=NOON + 30 * HOUR)
    assert orders.due_after(story.order(PAID), story.group(), terms, NOON) == NOON + 6 * HOUR


@pytest.mark.parametrize(
    ("order", "terms"),
    [
        (story.order(PAID, pickup_point_id="gate"), story.terms()),
        (story.order(PAID), story.terms(fulfilment=Fulfilment.DELIVERY)),
        (story.order(EXPIRED), story.terms()),
        (story.order(CANCELLED), story.terms()),
    ],
)
def test_an_order_with_nothing_to_wait_for_has_no_timer(order: Order, terms: Campaign) -> None:
    assert orders.due_after(order, story.group(), terms, NOON) is None


def test_a_held_order_wakes_no_later_than_its_group_closes() -> None:
    """Its pay-by was promised before the deadline was moved to an earlier time."""
    sooner: Group = story.group(closes_at=NOON + HOUR)
    assert orders.due_after(story.order(), sooner, story.terms(), NOON) == NOON + HOUR


@pytest.mark.req("O4")
def test_who_took_the_money_back_owes_no_balance() -> None:
    owing = replace(story.order(PAID), resolution=orders.BALANCE_DUE)
    assert owing.owes_balance
    assert not replace(owing, withdrawn_at=NOON).owes_balance
