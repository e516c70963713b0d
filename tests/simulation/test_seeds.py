"""A short run of the simulation, and every crash point of every use case. `python -m tests.simulation` runs long."""

import os
from collections.abc import Callable

import pytest

from chalicelib.domain.campaign import Kind, Measure, Target
from chalicelib.domain.instants import MINUTE

from .cases import CASES, Case, sweep
from .faults import SWEPT, Fault, Weather
from .history import play
from .races import RACES, Race, run, silent_for
from .story import Plan

SEEDS, BATCH = 24, 6
Tell = Callable[[str, int], None]
ROUGH = tuple(Fault)


@pytest.mark.bar("B2")
@pytest.mark.bar("B4")
@pytest.mark.bar("B16")
@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_random_histories_keep_every_promise(first: int, record_property: Tell) -> None:
    """Conservation after every call; three ticks after the faults stop all closed groups are carried out."""
    record_property("tried", BATCH)
    broken = {seed: outcome.broken for seed in range(first, first + BATCH) if (outcome := play(seed)).broken}
    assert not broken, f"replay with: python -m tests.simulation --seed {min(broken)} --trace"


@pytest.mark.bar("B32")
@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    one, other = play(seed, trace=True), play(seed, trace=True)
    assert one.trace == other.trace and len(one.trace) > 100
    assert one.trace != play(seed + 1, trace=True).trace


@pytest.mark.bar("B1")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_crash_point(case: Case, record_property: Tell) -> None:
    """Each outside call x {crash before, crash after, repeat at once, repeat much later}, then redelivery: all of them
    in `make prove`, every third otherwise, which is another fault at each next call."""
    tried, broken = sweep(case, SWEPT, every=1 if "TUAN_PROOF" in os.environ else 3)
    record_property("tried", tried)
    assert not broken and tried >= 2


@pytest.mark.bar("B16")
@pytest.mark.bar("B8")
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
def test_races_end_well_in_whatever_order(race: Race, record_property: Tell) -> None:
    record_property("tried", race.seeds)
    for seed in range(race.seeds):
        assert not run(race, seed), f"seed {seed}"


@pytest.mark.bar("B5")
@pytest.mark.parametrize("hours", [1, 25, 72])
def test_a_refund_is_made_once_although_the_provider_forgot_its_key(hours: int) -> None:
    assert not run(silent_for(hours), 0)


@pytest.mark.bar("B13")
@pytest.mark.bar("B14")
@pytest.mark.bar("B15")
@pytest.mark.parametrize("slices", [1, 3, 8])
def test_nothing_is_oversold_and_nobody_is_told_full_while_there_is_room(slices: int) -> None:
    for seed in range(4):
        plan = Plan(stock=(2 + seed * 5, 20), buyers=16, slices=slices, limit=(None, 3)[seed % 2], seats=12)
        weather = Weather(rate=30, kinds=ROUGH, conflicts=50, skew_ms=2_000, message_lost=10)
        outcome = play(seed, plan=plan, weather=weather, processes=(8, 32)[seed % 2])
        assert not outcome.broken and (slices == 1 or outcome.counts["slices_split"])


@pytest.mark.bar("B3")
@pytest.mark.bar("B21")
def test_refunds_are_made_once_under_tenfold_shuffled_delivery() -> None:
    """A group that fails, every record and message many times over, and a provider in bad shape."""
    for seed in range(4):
        plan = Plan(buyers=6, target=Target(measure=Measure.AMOUNT, at_least=10**9), open_ms=10 * MINUTE)
        weather = Weather(
            rate=20,
            kinds=(Fault.CRASH_AFTER, Fault.REPEAT, Fault.TIMEOUT_AFTER),
            record_doubled=90,
            message_doubled=90,
            provider=("refund_fails", "refund_pending", "webhook_doubled"),
        )
        assert not play(seed, plan=plan, weather=weather).broken


@pytest.mark.bar("B18")
def test_under_conflicts_on_a_third_of_the_transactions_every_request_ends_definitely() -> None:
    """A request ends with an answer, a refusal, or "send the same again"; anything else is a broken promise."""
    for seed in range(4):
        weather = Weather(rate=60, kinds=(Fault.THROTTLE,), conflicts=300, skew_ms=500)
        assert not play(seed, plan=Plan(buyers=10, slices=3), weather=weather).broken


@pytest.mark.bar("B20")
def test_without_a_single_stream_record_all_is_done() -> None:
    for seed in range(3):
        kind = (Kind.POT, Kind.COMMUNITY, Kind.TEAM)[seed % 3]
        assert not play(seed, plan=Plan(kind=kind), weather=Weather(record_lost=100)).broken


@pytest.mark.bar("B24")
def test_without_a_crash_each_notice_goes_out_exactly_once() -> None:
    for seed in range(4):
        weather = Weather(record_doubled=80, message_doubled=80, skew_ms=1_000)
        outcome = play(seed, plan=Plan(buyers=8), weather=weather)
        assert not outcome.broken and outcome.faults == 0
