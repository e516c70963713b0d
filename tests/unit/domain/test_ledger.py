"""The ledger: entries add up, and a refund is paid once whatever the provider says and in whatever order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ledger
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND
from chalicelib.domain.ledger import Entry, EntryState, Kind, RefundStage

from . import given as story
from .given import NOON

entries = st.builds(
    lambda kind, state, amount: story.payment(amount_minor=amount, kind=kind, state=state),
    st.sampled_from(Kind),
    st.sampled_from(EntryState),
    st.integers(1, 10**12),
)


@pytest.mark.req("X3")
@given(st.lists(entries, max_size=30))
def test_captured_is_refunded_plus_released_plus_held_and_all_accounts_add_up_to_nothing(found: list[Entry]) -> None:
    money, sums = ledger.balance(found), ledger.accounts(found)

    assert money.captured == money.refunded + money.charged_back + money.released + money.held
    assert sum(sums.values()) == 0
    assert sums["held"] == money.held
    assert sums["buyer"] == money.refunded + money.charged_back + money.doubled - money.captured
    assert money.authorised == sum(e.amount_minor for e in found if e.state is EntryState.AUTHORISED)
    assert sums["merchant"] == money.released - money.doubled
    owed = [e for e in found if e.kind is Kind.REFUND and e.state is EntryState.PENDING]
    assert money.pending_refunds == sum(e.amount_minor for e in owed)


def test_only_posted_entries_are_money() -> None:
    pending = story.payment()
    assert ledger.balance([pending]) == ledger.Balance()
    assert ledger.balance([replace(pending, state=EntryState.VOIDED)]) == ledger.Balance()
    assert ledger.balance([story.captured()]).held == 1_800


def test_every_kind_moves_money_between_two_named_accounts() -> None:
    assert set(ledger.ACCOUNTS) == set(Kind)
    assert [kind for kind, (source, target) in ledger.ACCOUNTS.items() if source == target] == [Kind.VOID]


@pytest.mark.req("R2")
def test_owing_a_refund_twice_owes_it_once() -> None:
    one = ledger.refund_of(story.captured(), cause="failed", amount_minor=1_800, now=NOON)
    again = ledger.refund_of(story.captured(), cause="failed", amount_minor=1_800, now=NOON + DAY)
    other = ledger.refund_of(story.captured(), cause="price_drop", amount_minor=1_800, now=NOON)
    assert one.id == again.id != other.id
    assert (one.due_at, one.promised_by, one.payment_ref) == (NOON, NOON + DAY, "pi_1")


# money that is only held


@pytest.mark.req("R1")
def test_what_is_paid_back_stays_within_each_payment() -> None:
    """What was paid last goes back first, and never more than is left of it."""
    first = story.payment(id="p1", amount_minor=300, state=EntryState.POSTED)
    second = story.payment(id="p2", amount_minor=700, state=EntryState.POSTED)
    (before,) = ledger.paid_back([first, second], [], cause="shortage", amount_minor=500, now=NOON)
    back = ledger.paid_back([first, second], [before], cause="shortage", amount_minor=900, now=NOON, number=2)
    assert [(one.payment_id, one.amount_minor) for one in (before, *back)] == [("p2", 500), ("p2", 200), ("p1", 300)]


@pytest.mark.req("O2")
def test_a_hold_moves_nothing_until_its_capture_does() -> None:
    held = ledger.authorised(story.payment(), provider_ref="pi_1", at=NOON, now=NOON)
    assert ledger.balance([held]) == ledger.Balance(authorised=1_800)
    capture = ledger.capture_of(held, amount_minor=1_500, until=NOON + HOUR, now=NOON)
    assert ledger.balance([held, capture]) == ledger.Balance(authorised=1_800)
    taken, done = ledger.captured(held, 1_500), ledger.succeeded(capture, provider_ref="pi_1", now=NOON)
    assert ledger.balance([taken, done]) == ledger.Balance(captured=1_500)
    assert (held.taken_minor, taken.taken_minor, story.captured().taken_minor) == (0, 1_500, 1_800)
    assert done.due_at is None
    refund = ledger.refund_of(taken, cause="failed", amount_minor=1_500, now=NOON)
    assert (refund.payment_minor, refund.payment_ref) == (1_500, "pi_1")


@pytest.mark.req("O2")
def test_a_capture_that_fails_is_tried_until_its_grace_is_over_and_then_given_up() -> None:
    held = ledger.authorised(story.payment(), provider_ref="pi_1", at=NOON, now=NOON)
    capture, now, tries = ledger.capture_of(held, amount_minor=1_800, until=NOON + HOUR, now=NOON), NOON, 0
    while capture.stage is not RefundStage.GIVEN_UP:
        assert capture.due_at is not None
        now, tries = capture.due_at, tries + 1
        assert now <= NOON + HOUR
        capture = ledger.failed(ledger.submitted(capture, now), "card_declined", now)
    assert (tries, capture.state, capture.due_at) == (6, EntryState.VOIDED, None)
    assert len({f"{n}" for n in range(capture.attempt)}) == capture.attempt


@pytest.mark.req("O2")
def test_there_is_nothing_to_try_again_where_the_hold_is_gone() -> None:
    held = ledger.authorised(story.payment(), provider_ref="pi_1", at=NOON, now=NOON)
    capture = ledger.capture_of(held, amount_minor=1_800, until=NOON + HOUR, now=NOON)
    assert ledger.failed(ledger.submitted(capture, NOON), "voided", NOON).stage is RefundStage.GIVEN_UP


@pytest.mark.req("O2")
def test_a_hold_ends_once_whoever_ends_it() -> None:
    held = ledger.authorised(story.payment(), provider_ref="pi_1", at=NOON, now=NOON)
    assert (
        ledger.void_of(held, cause="failed", now=NOON).id == ledger.void_of(held, cause="cancelled", now=NOON + DAY).id
    )
    void = ledger.succeeded(ledger.void_of(held, cause="failed", now=NOON), provider_ref="pi_1", now=NOON)
    assert ledger.balance([replace(held, state=EntryState.VOIDED), void]) == ledger.Balance()


@pytest.mark.req("X3")
def test_what_a_bank_took_back_is_an_entry_of_its_own_and_may_return() -> None:
    paid = story.captured()
    back = ledger.charged_back(paid, ref="dp_1", amount_minor=1_800, won=False, at=NOON, now=NOON)
    assert ledger.balance([paid, back]) == ledger.Balance(captured=1_800, charged_back=1_800)
    won = ledger.charged_back(paid, ref="dp_1", amount_minor=1_800, won=True, at=NOON, now=NOON)
    assert ledger.balance([paid, back, won]).held == 1_800
    assert back.id != won.id


# the saga


def kept(refund: Entry) -> None:
    """What holds of a refund at every step."""
    done = refund.stage is RefundStage.SUCCEEDED
    assert (refund.state is EntryState.POSTED) is done
    assert (refund.posted_at is not None) is done
    assert done or "refund_done" not in refund.owed, "nobody is told of money that did not arrive"
    assert 1 <= refund.attempt <= ledger.MOST_ATTEMPTS
    assert (refund.due_at is None) is (refund.stage is RefundStage.PARKED), "unless a person looks, a timer does"


@pytest.mark.req("R4")
def test_a_refund_goes_its_way() -> None:
    asked = story.refund()
    claimed = ledger.submitted(asked, NOON + 1)
    done = ledger.succeeded(claimed, provider_ref="re_1", now=NOON + 2)

    assert (asked.stage, claimed.stage, done.stage) == (
        RefundStage.REQUESTED,
        RefundStage.SUBMITTED,
        RefundStage.SUCCEEDED,
    )
    assert claimed.due_at == NOON + 1 + ledger.LEASE, "if this worker falls silent, another takes over"
    assert (done.owed, done.due_at, done.provider_ref) == (("refund_done",), NOON + 2, "re_1")
    assert asked.key == claimed.key == done.key == "g1-00mei.p1.failed.1"


@pytest.mark.req("R4")
def test_a_refund_that_fails_after_it_succeeded_is_not_shown_or_told_as_done() -> None:
    done = ledger.succeeded(ledger.submitted(story.refund(), NOON), provider_ref="re_1", now=NOON)

    back = ledger.failed(done, "account_closed", NOON + 3 * DAY)

    kept(back)
    assert (back.state, back.stage, back.attempt, back.reason) == (
        EntryState.PENDING,
        RefundStage.FAILED,
        2,
        "account_closed",
    )
    assert back.provider_ref is None and back.first_tried_at is None and back.key != done.key
    assert ledger.balance([story.captured(), back]).held == 1_800, "the money is with us again"


@pytest.mark.req("R4")
def test_what_else_is_owed_survives_a_failure() -> None:
    refund = story.refund(owed=("late_money_refund", "refund_done"))
    assert ledger.failed(refund, "no", NOON).owed == ("late_money_refund",)


def test_six_refusals_and_a_person_must_look() -> None:
    refund = story.refund()
    waits = []
    for _ in range(ledger.MOST_ATTEMPTS):
        refund = ledger.failed(ledger.submitted(refund, NOON), "no", NOON)
        kept(refund)
        waits.append(refund.due_at and refund.due_at - NOON)
    assert waits == [30 * SECOND, 2 * MINUTE, 8 * MINUTE, 32 * MINUTE, HOUR, None]
    assert (refund.stage, refund.attempt) == (RefundStage.PARKED, ledger.MOST_ATTEMPTS)


@pytest.mark.parametrize(("after", "ask"), [(0, False), (23 * HOUR, False), (23 * HOUR + 1, True), (9 * DAY, True)])
def test_beyond_the_providers_memory_it_is_asked_before_it_is_told_again(after: int, ask: bool) -> None:
    assert ledger.must_ask_first(story.refund(first_tried_at=NOON), NOON + after) is ask
    assert not ledger.must_ask_first(story.refund(), NOON + after), "never tried, nothing to ask about"


def test_silence_repeats_the_same_key_ever_more_rarely() -> None:
    refund, now, waits = ledger.submitted(story.refund(), NOON), NOON, []
    for _ in range(10):
        refund = ledger.unknown(refund, now)
        assert refund.due_at is not None
        waits.append(refund.due_at - now)
        now = refund.due_at
        refund = ledger.submitted(refund, now)
    assert waits == sorted(waits)
    assert waits[0] == 30 * SECOND and waits[-1] == HOUR
    assert refund.key == story.refund().key and refund.first_tried_at == NOON


@pytest.mark.req("R4")
def test_the_alarm_is_due_at_24_hours_and_raised_once() -> None:
    refund = story.refund()
    assert not ledger.overdue(refund, NOON + DAY - 1)
    assert ledger.overdue(refund, NOON + DAY)
    assert not ledger.overdue(replace(refund, alarmed_at=NOON + DAY), NOON + 2 * DAY)
    assert not ledger.overdue(ledger.succeeded(refund, provider_ref="r", now=NOON), NOON + 2 * DAY)
    assert not ledger.overdue(story.payment(promised_by=NOON), NOON + 2 * DAY), "payments are promised to nobody"


@pytest.mark.req("R4")
@pytest.mark.parametrize("said", ["pending", "silence", "failed"])
def test_a_refund_is_looked_at_when_its_promise_ends_however_long_it_would_rest(said: str) -> None:
    late = NOON + DAY - MINUTE
    refund = story.refund(first_tried_at=NOON, attempt=5)
    after = {
        "pending": ledger.accepted(refund, provider_ref="re_1", now=late),
        "silence": ledger.unknown(refund, late),
        "failed": ledger.failed(refund, "no", late),
    }[said]
    assert after.due_at == NOON + DAY


WORDS = ("claim", "succeeded", "pending", "failed", "silence")


@pytest.mark.req("R4")
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 5 * HOUR)), max_size=40))
def test_whatever_the_provider_says_and_when_the_saga_holds(story_so_far: list[tuple[str, int]]) -> None:
    """Claims and words in any order, late failures and silence, with the alarm looked for at each step."""
    refund, now, alarms = story.refund(), NOON, 0
    keys = {refund.attempt: refund.key}
    for word, later in story_so_far:
        now += later
        if ledger.overdue(refund, now):
            refund, alarms = replace(refund, alarmed_at=now), alarms + 1
        refund = after_word(refund, word, now)
        kept(refund)
        assert keys.setdefault(refund.attempt, refund.key) == refund.key, "one key an attempt"
        money = ledger.balance([story.captured(), refund])
        assert money.held in (0, 1_800) and money.refunded + money.held == money.captured
    assert len(set(keys.values())) == len(keys), "and one attempt a key"
    assert alarms <= 1


def after_word(refund: Entry, word: str, now: int) -> Entry:
    """As the refund's timer and its webhooks apply it: a parked one is a person's; one that is done can only fail."""
    if refund.stage is RefundStage.PARKED or (refund.state is EntryState.POSTED and word != "failed"):
        return refund
    match word:
        case "claim":
            return ledger.submitted(refund, now)
        case "succeeded":
            return ledger.succeeded(refund, provider_ref="re", now=now)
        case "pending":
            return ledger.accepted(refund, provider_ref="re", now=now)
        case "failed":
            return ledger.failed(refund, "no", now)
    return ledger.unknown(refund, now)
