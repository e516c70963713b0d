"""A journey by itself: commands in any order, the timer at any time, and what neither may ever do."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import escalation, eta
from chalicelib.domain import journey as journeys
from chalicelib.domain.campaign import Campaign
from chalicelib.domain.group import GroupState
from chalicelib.domain.instants import DAY, HOUR, MINUTE, Instant, at_local
from chalicelib.domain.journey import Journey, StageState, Step
from chalicelib.domain.plan import Fallback, FallbackKind, Limit, StagePlan
from chalicelib.domain.refusals import Refused
from chalicelib.store.rows import to_stored
from tests.unit.store.test_rows import item_size

from . import given as story
from .given import CLOSES

PLAN = (
    StagePlan(name="presale", limit=Limit(ms=0)),
    StagePlan(name="review", limit=Limit(ms=0)),
    StagePlan(
        name="stocking",
        limit=Limit(ms=8 * HOUR),
        owner_role="supplier",
        owner_id="sun",
        needs=("qc_report",),
        fallback=Fallback(kind=FallbackKind.OTHER_WAREHOUSE, to="north-2"),
    ),
    StagePlan(name="delivery", limit=Limit(ms=2 * HOUR), urgent=True, contacts=("deputy",)),
    StagePlan(name="aftersales", limit=Limit(ms=2 * DAY)),
)
TERMS = story.terms(plan=PLAN, manager_id="boss", compensation_bp=500)
BEGAN = CLOSES + MINUTE


def journey(terms: Campaign = TERMS, participants: int = 3) -> Journey:
    group = story.group(
        terms, state=GroupState.FORMED, sealed_at=CLOSES, verdict=story.verdict(terms, participants), version=3
    )
    return replace(journeys.begun(group, terms, BEGAN), owed=(), version=1)


def at_delivery() -> Journey:
    way = journeys.entered(journey(), "stocking", "sun", BEGAN)
    way = journeys.with_paper(way, "stocking", "qc_report", "sun", BEGAN)
    way = journeys.finished(way, TERMS, "stocking", "sun", BEGAN + HOUR)
    return replace(journeys.entered(way, "delivery", "merchant", BEGAN + HOUR), owed=())


@pytest.mark.req("S1")
def test_a_journey_begins_with_the_verdict_and_with_what_is_behind_it() -> None:
    way = journey()
    assert [(stage.state, stage.finished_at) for stage in way.stages[:2]] == [
        (StageState.DONE, CLOSES), (StageState.DONE, BEGAN),
    ]  # fmt: skip
    stocking = way.stages[2]
    assert (stocking.state, stocking.since, stocking.due_at) == (StageState.TURN, BEGAN, BEGAN + 8 * HOUR)
    assert journeys.current(way) == 2 and way.changes == 1


@pytest.mark.req("P18")
def test_the_limit_of_a_stage_follows_the_participants_of_its_group() -> None:
    plan = (*PLAN[:2], replace(PLAN[2], limit=Limit(ms=48 * HOUR, less_per_100_ms=12 * HOUR, floor_ms=6 * HOUR)))
    for participants, hours in ((99, 48), (250, 24), (900, 6)):
        assert journey(replace(TERMS, plan=plan), participants).stages[2].due_at == BEGAN + hours * HOUR


@pytest.mark.req("S1")
def test_a_stage_is_not_finished_without_the_papers_it_needs() -> None:
    way = journeys.entered(journey(), "stocking", "sun", BEGAN)
    with pytest.raises(Refused, match="papers_missing"):
        journeys.finished(way, TERMS, "stocking", "sun", BEGAN)
    with_it = journeys.with_paper(way, "stocking", "qc_report", "sun", BEGAN)
    assert journeys.with_paper(with_it, "stocking", "qc_report", "sun", BEGAN) is with_it
    assert journeys.finished(with_it, TERMS, "stocking", "sun", BEGAN).stages[3].state is StageState.TURN


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (BEGAN + 3 * HOUR, "time_in_the_future"),
        (BEGAN + 2 * HOUR, BEGAN + 2 * HOUR),
        (BEGAN + HOUR, BEGAN + HOUR),
        (BEGAN + HOUR - 1, "back_dated"),
        (BEGAN - 1, "back_dated"),
    ],
)
def test_what_happened_a_little_earlier_may_be_recorded_at_its_own_time(at: int, outcome: Any) -> None:
    now = BEGAN + 2 * HOUR
    try:
        told: Any = journeys.entered(journey(), "stocking", "sun", now, at).stages[2].entered_at
    except Refused as refused:
        told = refused.code
    assert told == outcome


@pytest.mark.req("S1")
def test_an_update_before_the_last_one_is_back_dated() -> None:
    way = journeys.entered(journey(), "stocking", "sun", BEGAN)
    way = journeys.updated(way, "stocking", "one", "sun", BEGAN + 30 * MINUTE)
    with pytest.raises(Refused, match="back_dated"):
        journeys.updated(way, "stocking", "two", "sun", BEGAN + 40 * MINUTE, BEGAN + 20 * MINUTE)


@pytest.mark.req("S16")
def test_every_promise_is_kept_and_too_many_are_refused_rather_than_forgotten() -> None:
    way = journey()
    for k in range(journeys.MOST_PROMISES):
        way = journeys.promised(
            way, "delivery", earliest=None, latest=BEGAN + (k + 1) * HOUR, why="", by="merchant", now=BEGAN
        )
    assert [promise.latest - BEGAN for promise in way.stages[3].promises] == [(k + 1) * HOUR for k in range(20)]
    with pytest.raises(Refused, match="promised_too_often"):
        journeys.promised(way, "delivery", earliest=None, latest=BEGAN + HOUR, why="", by="merchant", now=BEGAN)


@pytest.mark.req("S2")
def test_the_expected_time_is_promised_or_else_follows_from_the_limits_ahead() -> None:
    way = journey()
    assert eta.expected(way, TERMS, BEGAN) == (BEGAN + 5 * HOUR, BEGAN + 10 * HOUR), "half of each limit, or all of it"
    promised = journeys.promised(
        way, "stocking", earliest=BEGAN + 20 * HOUR, latest=BEGAN + 30 * HOUR, why="", by="sun", now=BEGAN
    )
    assert eta.expected(promised, TERMS, BEGAN) == (BEGAN + 21 * HOUR, BEGAN + 32 * HOUR)
    late = eta.expected(way, TERMS, BEGAN + 50 * HOUR)
    assert late == (BEGAN + 51 * HOUR, BEGAN + 52 * HOUR), "what is late pushes everything behind it"
    done = journeys.finished(at_delivery(), TERMS, "delivery", "merchant", BEGAN + 2 * HOUR)
    assert eta.expected(done, TERMS, BEGAN + 9 * HOUR) == (BEGAN + 2 * HOUR, BEGAN + 2 * HOUR), "it is there"


@pytest.mark.req("S2")
def test_everybody_hears_of_a_promise_that_moves_the_day_and_of_no_smaller_change() -> None:
    way = eta.noted(journey(), TERMS, BEGAN, "formed")
    for hours, told in ((5, False), (9, False), (12, True), (60, True)):
        new = journeys.promised(
            way, "stocking", earliest=None, latest=BEGAN + hours * HOUR, why="", by="sun", now=BEGAN + 1
        )
        noted = eta.noted(new, TERMS, BEGAN + 1, eta.PROMISED)
        assert any(word.template == "eta_moved" and word.to == "" for word in noted.owed) is told


@pytest.mark.req("S5")
def test_a_late_look_takes_all_steps_once_and_spares_the_warning_that_is_overtaken() -> None:
    late = escalation.looked_at(journey(), TERMS, BEGAN + 3 * DAY)
    assert [taken.step for taken in late.stages[2].steps] == list(Step)
    assert [word.template for word in late.owed if word.to == "sun"] == [
        "stage_overdue", "stage_fallback", "stage_unsaid_today", "stage_silent",
    ]  # fmt: skip
    assert late.stages[2].broken_at == BEGAN + 8 * HOUR
    again = escalation.looked_at(replace(late, owed=()), TERMS, BEGAN + 3 * DAY)
    assert again.stages == late.stages and again.owed == ()
    assert journeys.fallback_of(late, TERMS, FallbackKind.OTHER_WAREHOUSE) == "north-2"
    assert journeys.fallback_of(late, TERMS, FallbackKind.OTHER_CARRIER) is None
    assert journeys.fallback_of(journey(), TERMS, FallbackKind.OTHER_WAREHOUSE) is None


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("limit", "apart"), [(2 * HOUR, 30 * MINUTE), (MINUTE, 10 * MINUTE), (15 * DAY, 12 * HOUR), (8 * HOUR, 2 * HOUR)]
)
def test_steps_lie_a_quarter_of_the_limit_apart_within_reason(limit: Instant, apart: Instant) -> None:
    terms = replace(TERMS, plan=(*PLAN[:2], replace(PLAN[2], limit=Limit(ms=limit))))
    assert escalation.gap(journey(terms).stages[2]) == apart


@pytest.mark.req("S13")
def test_an_alert_asks_each_contact_once_and_anything_the_owner_does_answers_it() -> None:
    way = at_delivery()
    assert escalation.contacts(way, PLAN[3]) == ["merchant", "deputy", "boss"]
    due = way.stages[3].due_at
    assert due is not None
    asked = []
    now = due
    for _ in range(8):
        way = escalation.looked_at(replace(way, owed=()), TERMS, now)
        asked += [word.to for word in way.owed if word.template == "stage_urgent"]
        now += TERMS.acknowledge_ms
    assert asked == ["merchant", "deputy", "boss"]
    answered = journeys.updated(way, "delivery", "on it", "merchant", now).stages[3].alert
    assert answered is not None and answered.acknowledged_by == "merchant"
    with pytest.raises(Refused, match="nothing_to_acknowledge"):
        journeys.acknowledged(at_delivery(), "delivery", "boss", now)


@pytest.mark.req("S12")
def test_the_check_at_six_looks_at_the_day_that_has_passed() -> None:
    six = at_local(BEGAN, time(18, 0), TERMS.zone, days_later=1)
    spoken = replace(journey(), said_at=six - HOUR)
    assert escalation.looked_at(spoken, TERMS, six - 1).checked_at < six
    for said_at, told in ((six - HOUR, False), (six - 17 * HOUR, False), (six - 19 * HOUR, True)):
        looked = escalation.looked_at(replace(journey(), said_at=said_at), TERMS, six)
        assert any(word.template == "stage_unsaid_today" for word in looked.owed) is told
        assert looked.checked_at == six


@pytest.mark.req("S2", "S12")
def test_a_journey_that_everybody_left_is_chased_ever_more_rarely_and_never_forgotten() -> None:
    way, evenings, remarks = journey(), 0, []
    for _ in range(200):
        following = escalation.next_due(way, TERMS)
        assert following is not None
        if following > BEGAN + 365 * DAY:
            break
        way = escalation.looked_at(way, TERMS, following)
        evenings += sum(word.template == "stage_unsaid_today" for word in way.owed)
        remarks += [(word.at - BEGAN) // DAY for word in way.owed if word.template == "stage_silent"]
        way = replace(way, owed=())
    assert evenings == 13
    assert remarks == [3, 6, 12, 24, 48, 96, 192]


@pytest.mark.req("S17")
def test_a_compensation_is_a_share_of_the_order_rounded_half_up() -> None:
    late = escalation.looked_at(journey(), TERMS, BEGAN + DAY)
    assert [journeys.compensation_minor(late, amount) for amount in (900, 990, 9, 10)] == [45, 50, 0, 1]
    free = escalation.looked_at(
        journey(replace(TERMS, compensation_bp=0)), replace(TERMS, compensation_bp=0), BEGAN + DAY
    )
    assert free.compensations == () and journeys.limits_broken(free) == 1


ACTS = st.sampled_from(("enter", "update", "promise", "paper", "finish", "acknowledge", "nudge", "wake"))


@pytest.mark.req("S1", "S5")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ACTS, st.integers(2, 4), st.integers(0, 30 * HOUR)), max_size=25))
def test_whatever_is_done_nothing_is_skipped_undone_or_said_twice(acts: list[tuple[str, int, int]]) -> None:
    """Random commands on random stages with random pauses, the timer looking in between: after each look the next
    moment lies ahead, stages stand in order, what is done stays, and no event is owed twice to one person."""
    way, now, told = journey(), BEGAN, set()
    for act, number, pause in acts:
        now += pause
        before = way
        try:
            way = _done(way, act, PLAN[number].name, now)
        except Refused:
            assert way is before
        for word in way.owed:
            assert (word.event, word.to) not in told
            told.add((word.event, word.to))
        way = replace(way, owed=())
        standing = [list(StageState).index(stage.state) for stage in way.stages]
        assert standing == sorted(standing, reverse=True)
        for was, is_now in zip(before.stages, way.stages, strict=True):
            assert was.state is not StageState.DONE or was == is_now
            assert is_now.promises[: len(was.promises)] == was.promises
            assert len({taken.step for taken in is_now.steps}) == len(is_now.steps)
        if act == "wake":
            following = escalation.next_due(way, TERMS)
            assert (following is None) is (journeys.current(way) is None)
            assert following is None or following > now


def _done(way: Journey, act: str, name: str, now: Instant) -> Journey:
    match act:
        case "enter":
            return journeys.entered(way, name, "sun", now)
        case "update":
            return journeys.updated(way, name, "so far", "sun", now)
        case "promise":
            return journeys.promised(way, name, earliest=None, latest=now + DAY, why="", by="sun", now=now)
        case "paper":
            return journeys.with_paper(way, name, "qc_report", "sun", now)
        case "finish":
            return journeys.finished(way, TERMS, name, "sun", now)
        case "acknowledge":
            return journeys.acknowledged(way, name, "boss", now)
        case "nudge":
            return journeys.nudged(way, TERMS, "lea", now)
    return escalation.looked_at(way, TERMS, now)


def test_a_journey_at_its_limits_is_far_from_what_a_row_can_hold() -> None:
    way = journey()
    text, who = "团" * 200, "x" * 40
    stage = replace(
        way.stages[2],
        updates=tuple(journeys.Update(text=text, at=BEGAN, by=who) for _ in range(journeys.MOST_UPDATES)),
        promises=tuple(
            journeys.Promise(earliest=BEGAN, latest=BEGAN, at=BEGAN, by=who, why="团" * 100)
            for _ in range(journeys.MOST_PROMISES)
        ),
        nudges=tuple(journeys.Nudge(at=BEGAN, by=who, answered_at=BEGAN) for _ in range(journeys.MOST_NUDGES)),
        ticks=tuple(journeys.Tick(item="团" * 60, at=BEGAN, by=who) for _ in range(20)),
    )
    marks = tuple(journeys.EtaMark(earliest=k, latest=k, at=k, why="promised") for k in range(journeys.MOST_MARKS))
    full = replace(way, stages=(stage,) * 12, etas=marks)
    assert item_size(to_stored(full, 1).serialize()) < 300_000
