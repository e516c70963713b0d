"""Who is told what, where and when: their channels, their hours, their consent."""

from dataclasses import replace
from datetime import datetime, time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain import notice as notices
from chalicelib.domain.instants import HOUR, MINUTE, SECOND, instant, within_hours
from chalicelib.domain.notice import TEMPLATES, Notice, NoticeState
from chalicelib.domain.person import (
    Channel,
    Consent,
    Hours,
    Preferences,
    Urgency,
    channels_for,
    consented,
    given_anew,
    parse_clock,
    proved,
    send_at,
    shut,
    with_consent,
)
from chalicelib.domain.refusals import Refused

from .given import NOON

MEI = Preferences(person_id="mei")
SMS, EMAIL = Channel.SMS, Channel.EMAIL


def shanghai(clock: str, day: int = 1) -> int:
    return instant(datetime.fromisoformat(f"2026-06-{day:02d}T{clock}:00+08:00"))


def said(channel: Channel, given_: bool, at: int = NOON) -> Consent:
    return Consent(channel=channel, text_version="1", at=at, given=given_)


def one(urgency: Urgency, **changes: object) -> Notice:
    made = Notice(
        person_id="mei", about="o1", event="e", template="order_held", channel=SMS, urgency=urgency, language="zh",
        created_at=NOON, due_at=NOON,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


# channels


@pytest.mark.req("N1")
@pytest.mark.parametrize(
    ("preferences", "money", "reminder", "courtesy", "marketing"),
    [
        (MEI, (SMS, EMAIL), (SMS, EMAIL), (SMS, EMAIL), ()),
        (replace(MEI, channels=(EMAIL,)), (EMAIL,), (EMAIL,), (EMAIL,), ()),
        (replace(MEI, opted_out=(SMS,)), (SMS, EMAIL), (SMS, EMAIL), (EMAIL,), ()),
        (replace(MEI, suppressed=(SMS,)), (EMAIL,), (EMAIL,), (EMAIL,), ()),
        (replace(MEI, suppressed=(SMS, EMAIL)), (), (), (), ()),
        (replace(MEI, consents=(said(SMS, True),)), (SMS, EMAIL), (SMS, EMAIL), (SMS, EMAIL), (SMS,)),
        (replace(MEI, consents=(said(SMS, True),), opted_out=(SMS,)), (SMS, EMAIL), (SMS, EMAIL), (EMAIL,), ()),
        (replace(MEI, consents=(said(SMS, True),), suppressed=(SMS,)), (EMAIL,), (EMAIL,), (EMAIL,), ()),
    ],
)
def test_each_urgency_goes_where_it_may(
    preferences: Preferences,
    money: tuple[Channel, ...],
    reminder: tuple[Channel, ...],
    courtesy: tuple[Channel, ...],
    marketing: tuple[Channel, ...],
) -> None:
    found = {urgency.value: channels_for(preferences, urgency) for urgency in Urgency if urgency is not Urgency.ANSWER}
    assert found == {"money": money, "reminder": reminder, "courtesy": courtesy, "marketing": marketing}


@pytest.mark.bar("B25")
def test_an_address_is_shut_by_what_was_sent_to_it_and_opened_by_who_reads_there() -> None:
    bounced = shut(MEI, EMAIL, "bounced", NOON)
    assert (bounced.suppressed, bounced.shut_for) == ((EMAIL,), {"email": "bounced"})
    assert shut(bounced, EMAIL, "complained", NOON) is bounced
    again = given_anew(bounced, EMAIL, NOON + 1)
    assert again.suppressed == (EMAIL,), "given is not proved"
    assert proved(again, SMS, NOON + 2) is again
    opened = proved(again, EMAIL, NOON + 2)
    assert (opened.suppressed, opened.shut_for) == ((), {})
    assert shut(opened, EMAIL, "bounced", NOON + 1) is opened, "of a message sent before"
    assert shut(opened, EMAIL, "bounced", NOON + 2).suppressed == (EMAIL,)


def test_the_latest_word_on_marketing_counts() -> None:
    assert not consented(MEI, SMS)
    yes = with_consent(MEI, said(SMS, True))
    assert consented(yes, SMS) and not consented(yes, EMAIL)
    assert not consented(with_consent(yes, said(SMS, False)), SMS)


def test_the_record_of_consents_is_bounded_and_keeps_the_latest() -> None:
    worn = MEI
    for turn in range(120):
        worn = with_consent(worn, said(SMS, turn % 2 == 0, NOON + turn))
    assert len(worn.consents) == 50 and not consented(worn, SMS)


# hours


@pytest.mark.req("N3")
@pytest.mark.parametrize("urgency", [Urgency.COURTESY, Urgency.MARKETING])
@pytest.mark.parametrize(
    ("now", "sent"),
    [
        (shanghai("12:00"), shanghai("12:00")),
        (shanghai("08:00"), shanghai("08:00")),
        (shanghai("07:59"), shanghai("08:00")),
        (shanghai("22:00"), shanghai("08:00", 2)),
        (shanghai("21:59"), shanghai("21:59")),
        (shanghai("00:00"), shanghai("08:00")),
    ],
)
def test_courtesy_waits_for_the_morning(urgency: Urgency, now: int, sent: int) -> None:
    assert send_at(MEI, urgency, now) == sent


@pytest.mark.req("N3")
@pytest.mark.parametrize("urgency", [Urgency.MONEY, Urgency.REMINDER])
def test_money_and_reminders_beat_the_default_quiet_hours(urgency: Urgency) -> None:
    assert send_at(MEI, urgency, shanghai("22:00")) == shanghai("22:00")


@pytest.mark.req("N3")
@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize(
    ("start", "end", "now", "sent"),
    [
        ("09:00", "18:00", shanghai("22:00"), shanghai("09:00", 2)),
        ("09:00", "18:00", shanghai("03:00"), shanghai("09:00")),
        ("20:00", "02:00", shanghai("23:30"), shanghai("23:30")),  # over midnight
        ("20:00", "02:00", shanghai("01:59"), shanghai("01:59")),
        ("20:00", "02:00", shanghai("02:00"), shanghai("20:00")),
        ("09:00", "09:00", shanghai("03:00"), shanghai("03:00")),  # always
    ],
)
def test_nothing_beats_a_persons_own_hours(urgency: Urgency, start: str, end: str, now: int, sent: int) -> None:
    assert send_at(replace(MEI, hours=Hours(start=start, end=end)), urgency, now) == sent


def test_hours_are_those_of_the_persons_own_zone() -> None:
    in_berlin = replace(MEI, zone="Europe/Berlin", hours=Hours(start="09:00", end="18:00"))
    assert send_at(in_berlin, Urgency.MONEY, shanghai("12:00")) == shanghai("15:00"), "06:00 there, in summer"


clocks = st.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02d}:{m % 60:02d}")


@given(clocks, clocks, st.integers(0, 400 * 24 * 60), st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu", "UTC"]))
def test_a_notice_goes_out_within_the_hours_and_no_later_than_their_next_start(
    start: str, end: str, minutes: int, zone: str
) -> None:
    assume(start != end)
    preferences = replace(MEI, zone=zone, hours=Hours(start=start, end=end))
    now = NOON + minutes * MINUTE
    sent = send_at(preferences, Urgency.MONEY, now)
    begin, finish = time.fromisoformat(start), time.fromisoformat(end)

    assert now <= sent < now + 24 * HOUR
    assert within_hours(sent, begin, finish, zone)
    assert sent == now or not within_hours(sent - 1, begin, finish, zone), "not a minute later than needed"


@pytest.mark.parametrize("text", ["25:00", "8 pm", "", "12:60"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_hours"):
        parse_clock(text)


# planning


@pytest.mark.req("N1")
def test_one_notice_a_channel_in_the_persons_language_due_within_their_hours() -> None:
    planned = notices.planned(
        replace(MEI, language="en"), about="g1", event="milestone_half", template="milestone_half",
        params={"title": "Fruit"}, now=shanghai("23:00"),
    )  # fmt: skip
    assert [(n.channel, n.language, n.due_at, n.state) for n in planned] == [
        (SMS, "en", shanghai("08:00", 2), NoticeState.PLANNED),
        (EMAIL, "en", shanghai("08:00", 2), NoticeState.PLANNED),
    ]


def test_whoever_wants_nothing_is_planned_nothing() -> None:
    quiet = replace(MEI, opted_out=(SMS, EMAIL))
    plan = notices.planned(quiet, about="g", event="e", template="milestone_half", params={}, now=NOON)
    assert plan == []


@pytest.mark.req("N1")
def test_what_moves_money_is_urgent_and_what_only_pleases_is_not() -> None:
    by_urgency: dict[Urgency, set[str]] = {}
    for name, template in TEMPLATES.items():
        by_urgency.setdefault(template.urgency, set()).add(name)
        assert len(set(template.params)) == len(template.params) and "link" in template.params
    on_the_way = {"batch_sorted", "batch_in_transit", "batch_promise"}
    milestones = {f"milestone_{m}" for m in ("half", "most", "one_more", "reached")}
    of_supply = {"purchase_promised", "lot_shipped"}
    of_the_feed = {"feed_digest", "question_answered", "team_hour"}
    assert by_urgency[Urgency.COURTESY] == milestones | on_the_way | of_supply | of_the_feed | {"eta_moved"}
    assert by_urgency[Urgency.MARKETING] == {"campaign_offer"}
    of_buying = {"payment_reminder", "pickup_missing", "pickup_defaulted", "batch_ready", "uncollected"}
    of_buying |= {"substitute_offered", "balance_reminder"}
    of_buying |= {"invoice_requested", "invoice_to_correct"}  # the merchant's to see to
    of_work = {name for name in TEMPLATES if name.startswith(("stage", "review_"))} - {"stage_urgent"}
    assert by_urgency[Urgency.REMINDER] == of_buying | of_work
    assert {"group_formed", "group_failed", "refund_done", "order_held"} <= by_urgency[Urgency.MONEY]
    assert {"stage_urgent", "late_compensation"} <= by_urgency[Urgency.MONEY]


# sending: every state of a claimed notice


def test_a_claim_is_leased() -> None:
    claimed = notices.claimed(one(Urgency.MONEY), NOON)
    assert (claimed.state, claimed.tries, claimed.due_at) == (NoticeState.SENDING, 1, NOON + notices.LEASE)


def test_what_was_sent_waits_for_nothing() -> None:
    done = notices.sent(notices.claimed(one(Urgency.MONEY), NOON), "m-1", NOON + 5)
    assert (done.state, done.provider_ref, done.sent_at, done.due_at) == (NoticeState.SENT, "m-1", NOON + 5, None)


@pytest.mark.parametrize(
    ("urgency", "tries", "state"),
    [
        (Urgency.MONEY, 1, NoticeState.SENDING),
        (Urgency.MONEY, 4, NoticeState.SENDING),
        (Urgency.MONEY, 5, NoticeState.UNKNOWN),
        (Urgency.REMINDER, 1, NoticeState.SENDING),
        (Urgency.COURTESY, 1, NoticeState.UNKNOWN),
        (Urgency.MARKETING, 1, NoticeState.UNKNOWN),
    ],
)
def test_after_a_senders_silence_money_is_said_again_and_courtesy_is_not(
    urgency: Urgency, tries: int, state: NoticeState
) -> None:
    after = notices.abandoned(one(urgency, state=NoticeState.SENDING, tries=tries), NOON)
    assert after.state is state
    assert (after.due_at is None) is (state is NoticeState.UNKNOWN)


@pytest.mark.parametrize(
    ("tries", "lasting", "state", "rest"),
    [
        (1, False, NoticeState.PLANNED, 30 * SECOND),
        (4, False, NoticeState.PLANNED, 32 * MINUTE),
        (5, False, NoticeState.FAILED, None),
        (1, True, NoticeState.FAILED, None),
    ],
)
def test_a_refusal_is_tried_again_a_few_times_unless_it_is_for_good(
    tries: int, lasting: bool, state: NoticeState, rest: int | None
) -> None:
    after = notices.not_sent(one(Urgency.MONEY, tries=tries), "no", NOON, lasting=lasting)
    assert (after.state, after.reason) == (state, "no")
    assert after.due_at == (None if rest is None else NOON + rest)


def test_what_is_held_back_says_why() -> None:
    held = notices.suppressed(one(Urgency.MONEY), "not wanted")
    assert (held.state, held.reason, held.due_at) == (NoticeState.SUPPRESSED, "not wanted", None)
