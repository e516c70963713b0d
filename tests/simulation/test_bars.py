"""Bars that want one exact history each, on the same town: keys, leases, orders of events, late failures."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.domain.campaign import Measure, Target
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND
from chalicelib.domain.order import OrderState
from chalicelib.domain.refusals import Refused
from chalicelib.services.buying.join import join
from infra.local.sandbox_provider import Fault as Manner

from .faults import Call, Fault, Weather
from .history import settle, small
from .promises import Rest
from .scene import ONE, SILENT, Scene
from .story import Plan, Story, buyer
from .town import Town

NEVER = Plan(target=Target(measure=Measure.AMOUNT, at_least=10**9))


@contextmanager
def scene_of(plan: Plan, weather: Weather = SILENT) -> Iterator[Scene]:
    with small(1_000), Town.made(0, weather, processes=3, draw=lambda call: None) as town:
        yield Scene(town, Story(town, plan, town.rng).opened())


@pytest.mark.bar("B6")
def test_a_request_key_has_one_effect_and_one_answer(record_property: Callable[[str, int], None]) -> None:
    record_property("tried", 100)
    with scene_of(Plan()) as scene:
        world, story = scene.town.processes[0].world, scene.story
        ask = story.ask(ONE, "key")
        answers = {
            repr(join(world, buyer(0), scene.group_id, ask, now=scene.town.now + k * 7 * SECOND).receipt)
            for k in range(100)
        }
        assert len(answers) == 1
        with pytest.raises(Refused, match="key_reused"):
            join(world, buyer(0), scene.group_id, story.ask({"pears": 1}, "key"), now=scene.town.now)
        assert join(world, buyer(1), scene.group_id, ask, now=scene.town.now).order_id != scene.order_id(0)
        story.cancels(buyer(0), scene.order_id(0))
        scene.passes(SECOND)
        replayed = join(world, buyer(0), scene.group_id, ask, now=scene.town.now)
        assert repr(replayed.receipt) in answers
        assert scene.town.watch.orders[scene.group_id][scene.order_id(0)].state is OrderState.CANCELLED
        assert not scene.town.watch.broken


@pytest.mark.bar("B7")
def test_a_worker_that_dies_with_a_claim_is_replaced_after_its_lease_and_not_before() -> None:
    with scene_of(NEVER) as scene:
        scene.paid(0)
        scene.closing()
        scene.worked_off(".failed", "NOTICE")
        claims: list[Call] = []

        def dies_with_its_claim(call: Call) -> Fault | None:
            if claims or not call.task.startswith("the case") or call.operation != "PutItem":
                return None
            claims.append(call)
            return Fault.CRASH_AFTER

        scene.town.draw = dies_with_its_claim
        scene.wakes(".failed")
        scene.passes(SECOND)
        assert [".failed" in claim.about for claim in claims] == [True]
        refunds = scene.town.provider.state.refunds
        scene.passes(40 * SECOND)
        assert not scene.due(".failed") and not refunds
        scene.passes(30 * SECOND)
        scene.wakes(".failed")
        scene.passes(SECOND)
        assert [refund.status for refund in refunds.values()] == ["succeeded"]
        assert not settle(scene.town, scene.story)


@pytest.mark.bar("B10")
def test_the_events_of_one_payment_end_in_one_state_in_any_order_and_number() -> None:
    ends = set()
    for order in itertools.permutations((0, 1, 0, 1)):
        with scene_of(NEVER) as scene:
            scene.joined(0)
            scene.pays_unheard(0)
            paid = scene.held_back[0]
            scene.story.cancels(buyer(0), scene.order_id(0))
            scene.town.provider.put_back(paid)
            scene.passes(5 * SECOND)
            scene.worked_off("NOTICE")
            hooks = [paid, *scene.town.provider.take_due()][:2]
            for turn in order:
                scene.held_back = [hooks[turn % len(hooks)]]
                scene.reported()
                scene.passes(SECOND)
            entries = scene.town.watch.entries[scene.group_id].values()
            ends.add(tuple((entry.id, entry.state.value, entry.amount_minor) for entry in entries))
            assert not settle(scene.town, scene.story)
    assert len(ends) == 1


@pytest.mark.bar("B11")
def test_a_refund_that_fails_late_is_tried_again_under_a_cap_and_parked_with_an_alarm() -> None:
    with scene_of(NEVER, Weather()) as scene:
        scene.paid(0)
        manners = scene.town.provider.faults
        manners.append(Manner(kind="refund_fails_later", on="refunds", times=50, delay_ms=3 * HOUR))
        scene.closing()
        scene.passes(3 * DAY)
        manners.clear()
        rest = Rest(scene.town, scene.story.said)
        (refund,) = [entry for entry in rest.entries.values() if entry.cause == "failed"]
        assert (refund.stage, refund.state.value, refund.attempt) == ("parked", "pending", 6)
        assert [what for what, _ in scene.town.loud.said if what == "parked"]
        assert not scene.town.watch.broken and not list(rest.money())


@pytest.mark.bar("B4")
def test_a_closed_group_is_carried_out_by_ticks_alone() -> None:
    with scene_of(NEVER) as scene:
        scene.paid(0, 1)
        scene.closing()
        scene.town.weather = Weather(record_lost=100)
        scene.passes(3 * MINUTE)
        orders = scene.town.watch.orders[scene.group_id].values()
        refunds = [one for one in scene.town.watch.entries[scene.group_id].values() if one.cause == "failed"]
        assert {order.captured_id for order in orders} == {one.payment_id for one in refunds} and len(refunds) == 2
