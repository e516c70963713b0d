"""A group: opens, has its deadline moved, closes, and is judged once from its rows."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import group as groups
from chalicelib.domain.campaign import Community, Kind, Measure, Target
from chalicelib.domain.group import Count, Group, GroupState, deadline_moved, judged, sealing, verdict_given
from chalicelib.domain.instants import DAY, HOUR, SECOND
from chalicelib.domain.refusals import Broken, Refused

from . import given as story
from .given import CLOSES, NOON, OPENS


def test_a_group_opens_under_its_terms_and_wants_to_be_looked_at_at_once() -> None:
    terms = story.terms(max_participants=2_001)
    opened = groups.opened(terms, now=NOON, which=["east"], community=Community(id="east", name="East"))

    assert (opened.opens_at, opened.closes_at, opened.due_at, opened.parts) == (OPENS, CLOSES, NOON, 3)
    assert (opened.community_id, opened.terms_version, opened.state) == ("east", 1, GroupState.OPEN)
    assert groups.opened(terms, now=NOON + 1, which=["east"]).id == opened.id, "opening it twice opens it once"
    assert groups.opened(terms, now=NOON, which=["west"]).id != opened.id


@pytest.mark.req("L4")
@pytest.mark.parametrize(("window", "closes"), [(None, CLOSES), (HOUR, NOON + HOUR), (9 * DAY, CLOSES)])
def test_a_team_has_a_window_of_its_own_that_never_outlasts_the_campaign(window: int | None, closes: int) -> None:
    opened = groups.opened(story.team(3, team_open_ms=window), now=NOON, which=["t"], team_size=3)
    assert (opened.opens_at, opened.closes_at) == (NOON, closes)


@pytest.mark.req("L4")
def test_a_slice_has_the_seats_of_its_group() -> None:
    team = story.group(team_size=3)
    assert groups.first_slices(team, story.terms(), {})[0].seats == 3
    assert groups.first_slices(story.group(), story.terms(max_participants=9), {})[0].seats == 9
    row = groups.first_slices(story.group(), story.terms(), {"apples": 4})[0]
    assert (row.seats, row.left, row.closes_at) == (groups.NO_SEAT_LIMIT, {"apples": 4, "pears": 0}, CLOSES)


@pytest.mark.parametrize(("most", "parts"), [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (10**9, 64)])
def test_orders_are_spread_by_the_most_there_can_be(most: int, parts: int) -> None:
    assert groups.parts_for(most) == parts


def test_a_close_starts_a_little_after_its_deadline_for_clocks_differ() -> None:
    assert groups.closing_time(story.group()) == CLOSES + 2 * SECOND


# the deadline


def test_a_deadline_moves_by_numbered_intents() -> None:
    once = deadline_moved(story.group(), CLOSES + HOUR, NOON)
    twice = deadline_moved(once, NOON + HOUR, NOON + 1)

    assert (once.closes_at, once.deadline_number, once.due_at) == (CLOSES + HOUR, 1, NOON)
    assert (twice.closes_at, twice.deadline_number, twice.due_at) == (NOON + HOUR, 2, NOON + 1)
    assert twice.spread_number == 0, "the slices have yet to take it"


@pytest.mark.parametrize(
    ("code", "group", "closes_at", "now"),
    [
        ("group_closed", story.group(), CLOSES + DAY, CLOSES),
        ("deadline_in_the_past", story.group(), NOON, NOON),
        ("deadline_before_start", story.group(opens_at=NOON + HOUR), NOON + HOUR, NOON),
    ],
)
def test_a_deadline_that_makes_no_sense_is_refused(code: str, group: Group, closes_at: int, now: int) -> None:
    with pytest.raises(Refused, match=code):
        deadline_moved(group, closes_at, now)


def test_a_deadline_may_be_moved_until_the_last_millisecond() -> None:
    assert deadline_moved(story.group(), CLOSES + 1, CLOSES - 1).closes_at == CLOSES + 1


# the verdict


@pytest.mark.req("L2")
@pytest.mark.parametrize(
    ("measure", "need", "formed"),
    [
        (Measure.PARTICIPANTS, 4, True), (Measure.PARTICIPANTS, 5, False),
        (Measure.UNITS, 9, True), (Measure.UNITS, 10, False),
        (Measure.AMOUNT, 8_100, True), (Measure.AMOUNT, 8_101, False),
    ],
)  # fmt: skip
def test_a_group_is_judged_by_people_units_or_money(measure: Measure, need: int, formed: bool) -> None:
    """Four people bought nine units for 81.00."""
    terms = story.terms(target=Target(measure=measure, at_least=need))
    count = Count(participants=4, units={"apples": 8, "pears": 1}, amount_minor=8_100, unsold={"apples": 3})

    verdict = judged(story.group(terms), terms, count, {"apples": 5, "pears": 0}, CLOSES)

    assert (verdict.formed, verdict.reason) == (formed, "target_reached" if formed else "target_missed")
    assert verdict.prices == {"apples": 900, "pears": 2_000}
    assert verdict.unsold == ({"apples": 8} if formed else {"apples": 16, "pears": 1}), "a failed group sold nothing"


@pytest.mark.req("P11")
@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)),
    st.integers(0, 6),
)
def test_every_unit_a_group_was_given_is_sold_or_returned(
    sold: dict[str, int], expired: dict[str, int], left: dict[str, int], people: int
) -> None:
    terms = story.terms()
    count = Count(participants=people, units=sold, unsold=expired)
    verdict = judged(story.group(terms), terms, count, left, CLOSES)
    for sku in "abc":
        kept = sold.get(sku, 0) if verdict.formed else 0
        given_out = sold.get(sku, 0) + expired.get(sku, 0) + left.get(sku, 0)
        assert kept + verdict.unsold.get(sku, 0) == given_out


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 900)), max_size=12), st.integers(1, 4))
def test_counting_by_parts_is_counting_it_all(orders: list[tuple[int, int, int]], parts: int) -> None:
    counts = [Count(participants=1, units={"a": u}, unsold={"a": x}, amount_minor=m) for u, x, m in orders]
    by_parts = [groups.total(counts[k::parts]) for k in range(parts)]
    assert groups.total(by_parts) == groups.total(counts)


def test_a_team_is_judged_by_its_size_whatever_the_campaign_says() -> None:
    terms = replace(story.team(3), target=Target(measure=Measure.AMOUNT, at_least=1))
    team = story.group(terms, team_size=3)
    assert not judged(team, terms, Count(participants=2, amount_minor=99), {}, CLOSES).formed
    assert judged(team, terms, Count(participants=3), {}, CLOSES).formed


# every state x command: allowed, or its named refusal

FORMED = story.verdict(story.terms(), 3)
REVIEW = groups.Review(count=Count(participants=3), left={"apples": 4}, until=CLOSES + DAY)
COMMANDS: dict[str, Callable[[Group], Group]] = {
    "move": lambda g: deadline_moved(g, CLOSES + DAY, NOON),
    "seal": lambda g: sealing(g, CLOSES),
    "judge": lambda g: verdict_given(g, FORMED),
    "review": lambda g: groups.reviewing(g, REVIEW, CLOSES),
    "ask": lambda g: groups.review_asked(replace(g, review=REVIEW)),
    "answer": lambda g: groups.reviewed(replace(g, review=REVIEW), approved=True, by="desk"),
    "answer without a review": lambda g: groups.reviewed(g, approved=True, by="desk"),
    "call": lambda g: groups.called(g, story.terms(), FORMED, CLOSES),
    "call again": lambda g: groups.called(replace(g, called=FORMED), story.terms(), FORMED, CLOSES),
}
COMMAND_NAMES = {
    "deadline_moved", "sealing", "verdict_given", "reviewing", "review_asked", "reviewed", "called",
}  # fmt: skip
MATRIX: dict[tuple[GroupState, str], str] = {
    (GroupState.OPEN, "move"): "open",
    (GroupState.OPEN, "seal"): "sealing",
    (GroupState.OPEN, "judge"): "broken",
    (GroupState.SEALING, "move"): "refused group_closed",
    (GroupState.SEALING, "seal"): "broken",
    (GroupState.SEALING, "judge"): "formed",
    (GroupState.REVIEW, "move"): "refused group_closed",
    (GroupState.REVIEW, "seal"): "broken",
    (GroupState.REVIEW, "judge"): "formed",
    (GroupState.REVIEW, "review"): "broken",
    (GroupState.OPEN, "review"): "broken",
    (GroupState.SEALING, "review"): "review",
    (GroupState.FORMED, "review"): "broken",
    (GroupState.FAILED, "review"): "broken",
    (GroupState.FORMED, "move"): "refused group_closed",
    (GroupState.FORMED, "seal"): "broken",
    (GroupState.FORMED, "judge"): "broken",
    (GroupState.FAILED, "move"): "refused group_closed",
    (GroupState.FAILED, "seal"): "broken",
    (GroupState.FAILED, "judge"): "broken",
    (GroupState.SEALING, "call"): "sealing",
    (GroupState.REVIEW, "call"): "sealing",
    (GroupState.REVIEW, "answer"): "review",
    **{(state, "ask"): state.value for state in GroupState},  # who asks has seen the review
    **{(state, "answer"): "broken" for state in GroupState if state is not GroupState.REVIEW},
    **{(state, "answer without a review"): "refused no_review" for state in GroupState},
    **{(state, "call"): "broken" for state in GroupState if state not in (GroupState.SEALING, GroupState.REVIEW)},
    **{(state, "call again"): "broken" for state in GroupState},
}


@pytest.mark.req("L2")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", GroupState)
def test_every_cell_of_the_matrix(state: GroupState, command: str) -> None:
    expected = MATRIX[state, command]
    try:
        outcome = COMMANDS[command](story.group(state=state)).state.value
    except Refused as refused:
        outcome = f"refused {refused.code}"
    except Broken:
        outcome = "broken"
    assert outcome == expected


def test_every_function_that_makes_a_group_of_a_group_is_a_command_of_the_matrix() -> None:
    """A new one without a row fails here."""
    made = {
        name
        for name, found in vars(groups).items()
        if callable(found)
        and not name.startswith("_")
        and [getattr(found, "__annotations__", {}).get(what) for what in ("group", "return")] == [Group, Group]
    }
    assert made == COMMAND_NAMES


def test_a_failed_verdict_fails_the_group_and_wakes_it() -> None:
    verdict = story.verdict(story.terms(), 2)
    closed = verdict_given(sealing(story.group(), CLOSES), verdict)
    assert (closed.state, closed.due_at, closed.verdict) == (GroupState.FAILED, CLOSES, verdict)


# the review


@pytest.mark.req("L5")
def test_a_review_is_answered_once_and_the_same_answer_again_changes_nothing() -> None:
    waiting = groups.reviewing(sealing(story.group(), CLOSES), REVIEW, CLOSES)
    assert (waiting.state, waiting.due_at, waiting.verdict) == (GroupState.REVIEW, CLOSES, None)
    yes = groups.reviewed(waiting, approved=True, by="merchant")
    assert yes.review is not None and (yes.review.approved, yes.review.by) == (True, "merchant")
    assert groups.reviewed(yes, approved=True, by="manager") is yes
    with pytest.raises(Refused, match="verdict_given"):
        groups.reviewed(yes, approved=False, by="manager")
    with pytest.raises(Refused, match="no_review"):
        groups.reviewed(story.group(), approved=True, by="merchant")


@pytest.mark.req("L5")
def test_a_rejected_group_failed_though_it_reached_its_target_and_gives_everything_back() -> None:
    terms = story.terms()
    count = Count(participants=3, units={"apples": 3})
    verdict = judged(story.group(terms), terms, count, {"apples": 4}, CLOSES, rejected=True)
    assert (verdict.formed, verdict.reason, verdict.unsold) == (False, "rejected", {"apples": 7})
    short = judged(story.group(terms), terms, Count(participants=2), {}, CLOSES, rejected=True)
    assert short.reason == "target_missed"


@pytest.mark.parametrize(
    ("kind", "seats", "units", "slices"),
    [
        (Kind.POT, groups.NO_SEAT_LIMIT, {"apples": 1_999}, 1),
        (Kind.POT, groups.NO_SEAT_LIMIT, {"apples": 2_000}, 2),
        (Kind.POT, groups.NO_SEAT_LIMIT, {"apples": 100_000}, 7),
        (Kind.POT, 500, {"apples": 100_000}, 1),
        (Kind.POT, groups.NO_SEAT_LIMIT, {"apples": 100_000, "pears": 9}, 1),
        (Kind.TEAM, 5_000, {"apples": 100_000}, 1),
        (Kind.POT, groups.NO_SEAT_LIMIT, {}, 1),
    ],
)
def test_only_a_group_that_may_expect_a_crowd_begins_with_several_slices(
    kind: Kind, seats: int, units: dict[str, int], slices: int
) -> None:
    assert groups.first_slices_for(kind, seats, units) == slices


def test_first_slices_share_all_there_is() -> None:
    group = replace(story.group(), slices=4)
    rows = groups.first_slices(group, story.terms(max_participants=4_003), {"apples": 4_002})
    assert [(row.number, row.left["apples"], row.seats) for row in rows] == [
        (0, 1_002, 1_003), (1, 1_000, 1_000), (2, 1_000, 1_000), (3, 1_000, 1_000),
    ]  # fmt: skip
