"""What people are told: rows N1, N3 and N5. Each story begins at 08:00 in Shanghai on a bed of its own."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, at_local, local_text, moment, rfc3339

from .shop import APPLE, Shop
from .test_closing import messages

ZONE = "Asia/Shanghai"
ONE = {"measure": "participants", "at_least": 1}


def reminders(shop: Shop, who: str) -> list[str]:
    """When reminders went out, as `HH:MM` in Shanghai, one line for both channels."""
    sent = {one["sent_at"][:16] + "Z" for one in shop.told(who, "payment_reminder")}
    return sorted(_clock(at) for at in sent)


def _clock(at: str) -> str:
    from .shop import instant_of

    return moment(instant_of(at.replace("Z", ":00Z")), ZONE).strftime("%d %H:%M")


def one_day(shop: Shop, **over: object) -> str:
    return shop.offer(**{"preset": "one_day", "closes_at": ..., "payment_window_minutes": ...} | over).group


@pytest.mark.req("N3")
def test_unpaid_orders_are_reminded_at_noon_at_five_and_at_ten_once_each(own: Shop) -> None:
    group = one_day(own)
    who = own.person(contact=True)
    taken = own.join(group, who)
    own.bed.advance_to(own.bed.now + 9 * HOUR + MINUTE)  # 17:01
    messages(own, f"GROUP#{group}#ORDERS#00|ORDER#{taken.id}", 20)
    own.bed.later(15 * HOUR)
    assert reminders(own, who) == ["01 12:00", "01 17:00", "01 22:00"]
    assert len(own.told(who, "payment_reminder")) == 6  # a slot, a channel
    assert own.state(taken) == "expired"


@pytest.mark.req("N3")
@pytest.mark.parametrize("ending", ["paid", "cancelled", "expired", "closed"])
def test_no_reminder_after_payment_cancel_expiry_or_close(own: Shop, ending: str) -> None:
    who = own.person(contact=True)
    offer = own.offer(hours=11 if ending != "closed" else 6, pay_until_close=True, payment_window_minutes=...)
    if ending == "expired":
        offer = own.offer(hours=11, payment_window_minutes=300)
    taken = own.join(offer.group, who)
    own.bed.later(4 * HOUR + 30 * MINUTE)  # 12:30
    if ending == "paid":
        own.bed.pay(taken.pay_url)
    if ending == "cancelled":
        own.ok("POST", f"/orders/{taken.id}/cancel", {}, who=who)
    own.bed.later(8 * HOUR)
    assert reminders(own, who) == ["01 12:00"]


@pytest.mark.req("N3")
def test_a_slot_beats_the_default_quiet_hours_and_a_persons_own_hours_beat_the_slot(own: Shop) -> None:
    group = one_day(own)
    usual, evening = own.people(2, contact=True)
    own.ok("PUT", "/me/preferences", {"hours": {"start": "18:00", "end": "21:00"}}, who=evening)
    own.join(group, usual)
    own.join(group, evening)
    own.bed.later(15 * HOUR)
    assert reminders(own, usual)[-1] == "01 22:00"  # quiet hours begin at 22:00
    assert reminders(own, evening) == ["01 18:00"]


@pytest.mark.req("N3")
def test_a_reminder_kept_for_a_persons_hours_is_dropped_when_they_have_paid_by_then(own: Shop) -> None:
    """Due at noon, kept until 18:00, paid at 13:00: a reminder at 18:00 would ask for money that is there."""
    group = one_day(own)
    who = own.person(contact=True)
    own.ok("PUT", "/me/preferences", {"hours": {"start": "18:00", "end": "21:00"}}, who=who)
    taken = own.join(group, who)
    own.bed.later(5 * HOUR)
    own.bed.pay(taken.pay_url)
    own.bed.later(10 * HOUR)
    assert reminders(own, who) == []
    assert all(one["state"] == "suppressed" for one in own.notices(who) if one["template"] == "payment_reminder")


@pytest.mark.req("N1")
def test_a_milestone_kept_over_night_is_dropped_when_the_group_has_closed(own: Shop) -> None:
    """Reached in the quiet hours, closed at midnight: in the morning "one more to go" is no news."""
    who = own.person(contact=True)
    group = one_day(own, target={"measure": "participants", "at_least": 4})
    own.buy(group, who)
    own.bed.advance_to(at_local(own.bed.now, moment(0).time().replace(hour=22, minute=30), ZONE))
    for _ in range(2):
        own.buy(group)
    own.bed.later(12 * HOUR)
    assert [one["template"] for one in own.notices(who) if one["template"].startswith("milestone")]
    sent = [one for one in own.notices(who) if one["template"].startswith("milestone") and one["state"] == "sent"]
    assert sent == []


@pytest.mark.req("N5")
def test_the_chase_for_a_pickup_point_stops_when_it_is_chosen(own: Shop) -> None:
    """Kept for the buyer's hours in the evening, dropped because they chose in the afternoon."""
    cut_off = own.bed.now + 28 * HOUR  # asked from 12:00 today on
    offer = own.offer(target=ONE, hours=2, choose_pickup_by=rfc3339(cut_off))
    who = own.person(contact=True)
    own.ok("PUT", "/me/preferences", {"hours": {"start": "18:00", "end": "21:00"}}, who=who)
    taken = own.buy(offer.group, who, pickup_point=...)
    own.bed.later(5 * HOUR)
    version = own.story(taken)["order"]["version"]
    own.ok("PATCH", f"/orders/{taken.id}", {"version": version, "pickup_point": "gate"}, who=who)
    own.bed.later(2 * DAY)
    chased = [one for one in own.notices(who) if one["template"] == "pickup_missing"]
    assert {one["state"] for one in chased} == {"suppressed"}
    assert own.told(who, "pickup_defaulted") == []


@pytest.mark.req("N1")
def test_each_change_is_told_once_on_each_wanted_channel_in_the_persons_language(own: Shop) -> None:
    # given one who wants e-mail only, in English, and one who wants both, in Chinese
    offer = own.offer(hours=4)
    english, chinese = own.people(2, contact=True)
    own.ok("PUT", "/me/preferences", {"language": "en", "channels": ["email"]}, who=english)
    taken = own.buy(offer.group, english)
    cancelled = own.buy(offer.group, chinese)
    own.ok("POST", f"/orders/{cancelled.id}/cancel", {}, who=chinese)

    # when everything is delivered again and again, and time passes
    for one in (taken, cancelled):
        messages(own, f"GROUP#{offer.group}#ORDERS#00|ORDER#{one.id}", 10)
    for row in own.notices(english) + own.notices(chinese):
        person = english if row in own.notices(english) else chinese
        messages(own, f"PERSON#{person}|NOTICE#{row['about']}#{row['event']}#{row['channel']}", 3)
    own.close(offer.group)

    # then each heard of each change once
    for who, channels, words in ((english, ["email"], "Tuan"), (chinese, ["email", "sms"], "团")):
        told = [(one["template"], one["channel"]) for one in own.notices(who) if one["state"] == "sent"]
        assert len(told) == len(set(told)) and words
        assert {channel for _, channel in told} == set(channels)
        assert len(own.sent_to(who)) == len(told)
    assert {t for t, _ in _told(own, english)} == {"order_held", "order_paid", "group_failed", "refund_done"}
    assert {t for t, _ in _told(own, chinese)} == {"order_held", "order_paid", "order_cancelled", "refund_done"}
    assert all(sent.text.isascii() or "周末" in sent.text for sent in own.sent_to(english))


def _told(shop: Shop, who: str) -> set[tuple[str, str]]:
    return {(one["template"], one["channel"]) for one in shop.notices(who) if one["state"] == "sent"}


@pytest.mark.req("N1")
def test_a_moved_deadline_is_told_to_all_who_are_in(own: Shop) -> None:
    offer = own.offer(hours=4)
    who = own.person(contact=True)
    own.buy(offer.group, who, lines={APPLE: 2})
    later = own.bed.now + 8 * HOUR
    own.ok("POST", f"/groups/{offer.group}/deadline", {"closes_at": rfc3339(later)}, who=own.merchant)
    own.bed.later(MINUTE)
    told = own.told(who, "deadline_moved")
    assert [one["channel"] for one in told] == ["email", "sms"]
    assert {one["params"]["closes_at"] for one in told} == {local_text(later, ZONE)}


@pytest.mark.req("N1")
def test_an_opted_out_person_gets_no_courtesy_and_still_hears_about_money(own: Shop) -> None:
    """B25: milestones are courtesy; what concerns one's money is not."""
    offer = own.offer(target={"measure": "participants", "at_least": 3})
    who = own.person(contact=True)
    own.ok("PUT", "/me/preferences", {"opted_out": ["sms", "email"]}, who=who)
    own.buy(offer.group, who)
    for _ in range(2):
        own.buy(offer.group)
    own.bed.later(10 * MINUTE)
    templates = {one["template"] for one in own.notices(who) if one["state"] == "sent"}
    assert templates == {"order_held", "order_paid"}


@pytest.mark.req("N1")
def test_milestones_are_told_once_and_of_several_passed_at_once_only_the_last(own: Shop) -> None:
    offer = own.offer(target={"measure": "participants", "at_least": 4})
    who = own.person(contact=True)
    own.buy(offer.group, who)
    own.bed.later(MINUTE)
    for _ in range(4):
        own.buy(offer.group)
        own.bed.later(MINUTE)
    told = [one["template"] for one in own.notices(who) if one["channel"] == "sms" and one["state"] == "sent"]
    milestones = sorted(t for t in told if t.startswith("milestone"))
    assert milestones == ["milestone_half", "milestone_one_more", "milestone_reached"]
