"""A notice (通知): one message to one person on one channel about one event, as (template, parameters).

Its id is derived from (event, person, channel), so planning it twice plans it once. Sending claims the row first:
a money notice whose sender fell silent is sent again (at least once), a courtesy notice is not (at most once).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .instants import MINUTE, Instant
from .ledger import backoff
from .person import Channel, Preferences, Urgency, channels_for, send_at
from .writes import Row

LEASE = MINUTE
MOST_TRIES = 5

URGENCY: Mapping[str, Urgency] = {
    "order_held": Urgency.MONEY,
    "order_paid": Urgency.MONEY,
    "order_expired": Urgency.MONEY,
    "order_cancelled": Urgency.MONEY,
    "payment_reminder": Urgency.REMINDER,
    "pickup_missing": Urgency.REMINDER,
    "pickup_defaulted": Urgency.REMINDER,
    "milestone_half": Urgency.COURTESY,
    "milestone_most": Urgency.COURTESY,
    "milestone_one_more": Urgency.COURTESY,
    "milestone_reached": Urgency.COURTESY,
    "deadline_moved": Urgency.MONEY,
    "group_formed": Urgency.MONEY,
    "group_failed": Urgency.MONEY,
    "price_drop_refund": Urgency.MONEY,
    "late_money_refund": Urgency.MONEY,
    "refund_done": Urgency.MONEY,
    "stock_low": Urgency.MONEY,
    "sold_out": Urgency.MONEY,
    "campaign_offer": Urgency.MARKETING,
}
"""Every template we have, and how it may be sent. A new notice is one line here and its two texts."""


class NoticeState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Row):
    """`about` is the order, refund or group it concerns; `event` tells several notices about it apart."""

    person_id: str
    about: str
    event: str
    template: str
    channel: Channel
    urgency: Urgency
    language: str
    params: Mapping[str, str] = field(default_factory=dict)
    state: NoticeState = NoticeState.PLANNED
    created_at: Instant
    sent_at: Instant | None = None
    tries: int = 0
    provider_ref: str | None = None
    reason: str = ""


def planned(
    preferences: Preferences, *, about: str, event: str, template: str, params: Mapping[str, str], now: Instant
) -> list[Notice]:
    """The notices of one event to one person: one per channel they want it on, due within their hours."""
    urgency = URGENCY[template]
    due = send_at(preferences, urgency, now)
    return [
        Notice(
            person_id=preferences.person_id,
            about=about,
            event=event,
            template=template,
            channel=channel,
            urgency=urgency,
            language=preferences.language,
            params=dict(params),
            created_at=now,
            due_at=due,
        )
        for channel in channels_for(preferences, urgency)
    ]


def claimed(notice: Notice, now: Instant) -> Notice:
    return replace(notice, state=NoticeState.SENDING, tries=notice.tries + 1, due_at=now + LEASE)


def sent(notice: Notice, provider_ref: str, now: Instant) -> Notice:
    return replace(notice, state=NoticeState.SENT, provider_ref=provider_ref, sent_at=now, due_at=None)


def suppressed(notice: Notice, reason: str) -> Notice:
    return replace(notice, state=NoticeState.SUPPRESSED, reason=reason, due_at=None)


def not_sent(notice: Notice, reason: str, now: Instant, *, lasting: bool) -> Notice:
    """The provider refused it: for good, or worth another try."""
    if lasting or notice.tries >= MOST_TRIES:
        return replace(notice, state=NoticeState.FAILED, reason=reason, due_at=None)
    return replace(notice, state=NoticeState.PLANNED, reason=reason, due_at=now + backoff(notice.tries))


def abandoned(notice: Notice, now: Instant) -> Notice:
    """Its sender fell silent after claiming it, so it may or may not be out: money is said again, courtesy is not."""
    if notice.urgency in (Urgency.MONEY, Urgency.REMINDER) and notice.tries < MOST_TRIES:
        return claimed(notice, now)
    return replace(notice, state=NoticeState.UNKNOWN, reason="sender fell silent", due_at=None)
