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


@pytest.mark.req("O16")
def test_calling_off_is_asked_later_each_time_then_hourly_and_given_up_only_with_a_word() -> None:
    off, waits = rules.kept_beside(bill(), NOON), []
    assert (off.id, off.key, off.off, off.due_at) == ("g1.point.gate~0", "g1.point.gate", rules.CallOff.ASKED, NOON)
    for _ in range(9):
        off = rules.off_unanswered(off, "status_500", NOON)
        waits.append((off.due_at or NOON) - NOON)
    assert waits == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE, HOUR, HOUR, HOUR, HOUR]
    ended = rules.off_unanswered(off, "status_500", NOON + rules.GIVEN_UP)
    assert (ended.off, ended.due_at) == (rules.CallOff.REFUSED, None)
    assert rules.heard(off, WaybillState.PICKED_UP, NOON, NOON).due_at == off.due_at, "a report takes no timer away"


@pytest.mark.req("O16")
def test_what_is_called_off_when_another_carrier_comes() -> None:
    assert rules.to_call_off(bill(), "other") and rules.to_call_off(bill(state=WaybillState.REQUESTED), "other")
    assert not rules.to_call_off(bill(), "sandbox")
    for kept in (bill(by_hand=True), bill(state=WaybillState.PICKED_UP), rules.called_off(bill(), NOON)):
        assert not rules.to_call_off(kept, "other")
    asked = rules.called_off(bill(state=WaybillState.REQUESTED), NOON)
    assert asked.due_at is not None and asked.due_at > NOON, "an answer to the request may still be under way"
    assert rules.called_off(bill(state=WaybillState.REFUSED), NOON).off is rules.CallOff.DONE
    after = rules.followed_by(bill(version=3), "other", NOON)
    assert (after.id, after.key, after.version) == ("g1.point.gate", "g1.point.gate~1", 3)
    assert rules.ids_under(after.key) == ["g1.point.gate", "g1.point.gate~1"]
    assert rules.ids_under("g1.point.gate") == ["g1.point.gate", "g1.point.gate~0"]
