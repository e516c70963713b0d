"""A carrier's reports: whatever their order, however often, the waybill is as far as the furthest of them."""

from dataclasses import replace
from itertools import permutations

import pytest

from chalicelib.domain import waybill as rules
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.waybill import Waybill, WaybillState

from .given import NOON

ROAD = (WaybillState.PICKED_UP, WaybillState.IN_TRANSIT, WaybillState.ARRIVING, WaybillState.DELIVERED)


def bill(**over: object) -> Waybill:
    made = Waybill(
        id="g1.point.gate", group_id="g1", destination="point.gate", merchant_id="m1", carrier="sandbox",
        state=WaybillState.ISSUED, number="SD1", requested_at=NOON,
    )  # fmt: skip
    return replace(made, **over)  # type: ignore[arg-type]


@pytest.mark.req("O16")
def test_reports_in_any_order_come_to_the_same() -> None:
    for order in permutations(range(4)):
        found = bill()
        for number in (*order, *order):  # each of them twice
            found = rules.heard(found, ROAD[number], NOON + number * HOUR, NOON + DAY)
        assert found.state is WaybillState.DELIVERED
        assert tuple(one.state for one in found.events) == ROAD, "in the carrier's own order, each once"
        assert found.due_at is None, "nothing more is expected"


@pytest.mark.req("O16")
def test_what_has_ended_stays_ended_and_what_is_silent_is_asked_but_not_for_ever() -> None:
    back = rules.heard(bill(), WaybillState.RETURNED, NOON, NOON)
    assert rules.heard(back, WaybillState.DELIVERED, NOON + HOUR, NOON + HOUR).state is WaybillState.RETURNED
    assert rules.still_silent(bill(), NOON + DAY).due_at == NOON + DAY + rules.SILENT
    given_up = rules.still_silent(bill(), NOON + rules.GIVEN_UP)
    assert (given_up.due_at, given_up.reason) == (None, "silent")


@pytest.mark.req("O16")
def test_a_carrier_without_an_answer_is_asked_later_each_time_and_in_the_end_a_person_looks() -> None:
    found, waits = bill(state=WaybillState.REQUESTED), []
    while found.state is WaybillState.REQUESTED:
        found = rules.unanswered(found, "status_500", NOON)
        waits.append((found.due_at or NOON) - NOON)
    assert waits == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE, HOUR, HOUR, 0]
    assert (found.state, found.reason) == (WaybillState.REFUSED, "no answer: status_500")


def test_keys_of_batches_and_of_orders_are_told_apart() -> None:
    assert rules.of_batch(rules.batch_key("g1", "zone.a-b")) and not rules.of_batch("g1-00mei")
