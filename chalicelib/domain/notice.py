"""A notice (通知): one message to one person on one channel about one event, as (template, parameters).

Its id is derived from (event, person, channel), so planning it twice plans it once. Sending claims the row first:
a money notice whose sender fell silent is sent again (at least once), a courtesy notice is not (at most once).
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from ..lean import dataclass
from .instants import HOUR, MINUTE, Instant
from .ledger import backoff
from .person import CHINA, Channel, Home, Preferences, Urgency, channels_for, send_at
from .writes import Row

LEASE = MINUTE
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Template:
    """How a notice may be sent, and the parameters its texts need: strings ready to be read."""

    urgency: Urgency
    params: tuple[str, ...]


MILESTONE = Template(Urgency.COURTESY, ("title", "joined", "target", "remaining", "link"))

TEMPLATES: Mapping[str, Template] = {
    "order_held": Template(Urgency.MONEY, ("title", "amount", "pay_by", "link")),
    "order_paid": Template(Urgency.MONEY, ("title", "amount", "closes_at", "link")),
    "order_expired": Template(Urgency.MONEY, ("title", "link")),
    "order_cancelled": Template(Urgency.MONEY, ("title", "amount", "arrives_by", "link")),
    "payment_reminder": Template(Urgency.REMINDER, ("title", "amount", "pay_by", "link")),
    "pickup_missing": Template(Urgency.REMINDER, ("title", "choose_by", "link")),
    "pickup_defaulted": Template(Urgency.REMINDER, ("title", "pickup_point", "link")),
    "milestone_half": MILESTONE,
    "milestone_most": MILESTONE,
    "milestone_one_more": MILESTONE,
    "milestone_reached": MILESTONE,
    "deadline_moved": Template(Urgency.MONEY, ("title", "closes_at", "link")),
    "group_formed": Template(Urgency.MONEY, ("title", "joined", "final_price", "link")),
    "group_failed": Template(Urgency.MONEY, ("title", "amount", "method", "arrives_by", "alternative", "link")),
    "group_failed_hold": Template(Urgency.MONEY, ("title", "amount", "alternative", "link")),
    "hold_released": Template(Urgency.MONEY, ("title", "amount", "link")),
    "order_lapsed": Template(Urgency.MONEY, ("title", "amount", "link")),
    "chargeback": Template(Urgency.MONEY, ("title", "amount", "link")),
    "chargeback_won": Template(Urgency.MONEY, ("title", "amount", "link")),
    "group_formed_balance": Template(
        Urgency.MONEY, ("title", "joined", "final_price", "deposit", "balance", "balance_by", "link")
    ),
    "balance_reminder": Template(Urgency.REMINDER, ("title", "balance", "balance_by", "link")),
    "balance_paid": Template(Urgency.MONEY, ("title", "balance", "link")),
    "earnest_forfeited": Template(Urgency.MONEY, ("title", "deposit", "balance_by", "link")),
    "down_payment_back": Template(Urgency.MONEY, ("title", "deposit", "balance_by", "link")),
    "group_called_off": Template(Urgency.MONEY, ("title", "link")),
    "earnest_doubled": Template(Urgency.MONEY, ("title", "amount", "link")),
    "doubled_paid": Template(Urgency.MONEY, ("title", "amount", "link")),
    "invoice_requested": Template(Urgency.REMINDER, ("title", "amount", "link")),
    "invoice_to_correct": Template(Urgency.REMINDER, ("title", "amount", "link")),
    "invoice_issued": Template(Urgency.MONEY, ("title", "amount", "link")),
    "invoice_corrected": Template(Urgency.MONEY, ("title", "amount", "link")),
    "price_drop_refund": Template(Urgency.MONEY, ("title", "amount", "final_price", "arrives_by", "link")),
    "late_money_refund": Template(Urgency.MONEY, ("title", "amount", "arrives_by", "link")),
    "refund_done": Template(Urgency.MONEY, ("title", "amount", "method", "link")),
    "stock_low": Template(Urgency.MONEY, ("title", "item", "left", "link")),
    "sold_out": Template(Urgency.MONEY, ("title", "item", "link")),
    "batch_sorted": Template(Urgency.COURTESY, ("title", "place", "earliest", "latest", "link")),
    "batch_in_transit": Template(Urgency.COURTESY, ("title", "place", "earliest", "latest", "link")),
    "batch_ready": Template(Urgency.REMINDER, ("title", "place", "link")),
    "batch_promise": Template(Urgency.COURTESY, ("title", "place", "earliest", "latest", "link")),
    "batch_temperature": Template(Urgency.MONEY, ("title", "place", "degrees", "kept", "at", "link")),
    "waybill_trouble": Template(Urgency.MONEY, ("title", "place", "reason", "link")),
    "capacity_short": Template(Urgency.MONEY, ("place", "day", "orders", "capacity", "fallback", "link")),
    "uncollected": Template(Urgency.REMINDER, ("title", "place", "link")),
    "uncollected_returned": Template(Urgency.MONEY, ("title", "amount", "arrives_by", "link")),
    "uncollected_forfeited": Template(Urgency.MONEY, ("title", "link")),
    "review_wanted": Template(Urgency.REMINDER, ("title", "until", "link")),
    "stage_turn": Template(Urgency.REMINDER, ("title", "stage", "due", "link")),
    "stage_due_soon": Template(Urgency.REMINDER, ("title", "stage", "due", "link")),
    "stage_overdue": Template(Urgency.REMINDER, ("title", "stage", "due", "link")),
    "stage_late": Template(Urgency.REMINDER, ("title", "stage", "due", "link")),
    "stage_fallback": Template(Urgency.REMINDER, ("title", "stage", "fallback", "link")),
    "stage_urgent": Template(Urgency.MONEY, ("title", "stage", "due", "link")),
    "stage_nudged": Template(Urgency.REMINDER, ("title", "stage", "due", "link")),
    "stage_unsaid_today": Template(Urgency.REMINDER, ("title", "stage", "link")),
    "stages_unsaid_today": Template(Urgency.REMINDER, ("title", "link")),
    "stage_silent": Template(Urgency.REMINDER, ("title", "stage", "days", "link")),
    "late_compensation": Template(Urgency.MONEY, ("title", "stage", "share", "link")),
    "eta_moved": Template(Urgency.COURTESY, ("title", "expected", "link")),
    "purchase_issued": Template(Urgency.MONEY, ("title", "units", "answer_by", "link")),
    "purchase_amended": Template(Urgency.MONEY, ("title", "number", "answer_by", "link")),
    "purchase_withdrawn": Template(Urgency.MONEY, ("title", "number", "link")),
    "purchase_unanswered": Template(Urgency.MONEY, ("title", "number", "answer_by", "link")),
    "purchase_escalated": Template(Urgency.MONEY, ("title", "number", "answer_by", "link")),
    "purchase_promised": Template(Urgency.COURTESY, ("title", "ready_at", "link")),
    "lot_shipped": Template(Urgency.COURTESY, ("title", "sent", "units", "link")),
    "place_over_capacity": Template(Urgency.MONEY, ("title", "place", "orders", "capacity", "link")),
    "order_short": Template(Urgency.MONEY, ("title", "items", "amount", "arrives_by", "link")),
    "ordered_for_you": Template(Urgency.MONEY, ("title", "amount", "pay_by", "link")),
    "leader_approved": Template(Urgency.MONEY, ("community", "link")),
    "leader_refused": Template(Urgency.MONEY, ("community", "link")),
    "leader_suspended": Template(Urgency.MONEY, ("community", "link")),
    "feed_digest": Template(Urgency.COURTESY, ("title", "count", "latest", "link")),
    "question_answered": Template(Urgency.COURTESY, ("title", "answer", "link")),
    "team_hour": Template(Urgency.COURTESY, ("title", "units", "joined", "share", "ending", "link")),
    "incident_opened": Template(Urgency.MONEY, ("title", "level", "text", "link")),
    "incident_closed": Template(Urgency.MONEY, ("title", "level", "text", "link")),
    "self_refund_open": Template(Urgency.MONEY, ("title", "link")),
    "coupon_given": Template(Urgency.MONEY, ("title", "amount", "min_spend", "until", "link")),
    "substitute_offered": Template(Urgency.REMINDER, ("title", "item", "substitute", "until", "link")),
    "substitute_refunded": Template(Urgency.MONEY, ("title", "item", "amount", "arrives_by", "link")),
    "return_asked": Template(Urgency.MONEY, ("title", "items", "link")),
    "return_received": Template(Urgency.MONEY, ("title", "items", "by", "link")),
    "return_passed": Template(Urgency.MONEY, ("title", "amount", "arrives_by", "link")),
    "return_failed": Template(Urgency.MONEY, ("title", "reason", "link")),
    "return_lapsed": Template(Urgency.MONEY, ("title", "items", "link")),
    "share_rewarded": Template(Urgency.MONEY, ("title", "amount", "min_spend", "until", "link")),
    "share_reward_voided": Template(Urgency.MONEY, ("title", "amount", "link")),
    "message_budget_spent": Template(Urgency.MONEY, ("title", "budget", "link")),
    "email_confirm": Template(Urgency.ANSWER, ("link",)),
    "where_order": Template(Urgency.ANSWER, ("title", "status", "earliest", "latest", "link")),
    "where_none": Template(Urgency.ANSWER, ("link",)),
    "sms_unknown": Template(Urgency.ANSWER, ("link",)),
    "sms_stopped": Template(Urgency.ANSWER, ("link",)),
    "campaign_offer": Template(Urgency.MARKETING, ("title", "price", "closes_at", "link")),
}
"""Every notice there is. A new one is a line here and its two texts."""


OF_PROGRESS = ("batch_ready", "batch_promise", "eta_moved")
"""News of an order's way that its buyer should know (N7)."""

UNREAD_AFTER = 48 * HOUR
AGAIN = ":again"
"""Ends the event of what is said a second time, on another channel."""


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
    read_at: Instant | None = None

    @property
    def leased(self) -> bool:
        return self.state is NoticeState.SENDING


def planned(
    preferences: Preferences,
    *,
    about: str,
    event: str,
    template: str,
    params: Mapping[str, str],
    now: Instant,
    home: Home = CHINA,
) -> list[Notice]:
    """The notices of one event to one person: one per channel they want it on, due within their hours."""
    urgency = TEMPLATES[template].urgency
    due = send_at(preferences, urgency, now, home)
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


def answer(
    preferences: Preferences,
    channel: Channel,
    *,
    about: str,
    event: str,
    template: str,
    params: Mapping[str, str],
    now: Instant,
) -> Notice:
    """What somebody asked for on this channel, whatever else they want to be told there."""
    return Notice(
        person_id=preferences.person_id,
        about=about,
        event=event,
        template=template,
        channel=channel,
        urgency=TEMPLATES[template].urgency,
        language=preferences.language,
        params=dict(params),
        created_at=now,
        due_at=now,
    )


def claimed(notice: Notice, now: Instant, lease: Instant = LEASE) -> Notice:
    return replace(notice, state=NoticeState.SENDING, tries=notice.tries + 1, due_at=now + lease)


def sent(notice: Notice, provider_ref: str, now: Instant) -> Notice:
    """News of progress is looked at once more, to see whether it was read."""
    due = now + UNREAD_AFTER if notice.template in OF_PROGRESS else None
    return replace(notice, state=NoticeState.SENT, provider_ref=provider_ref, sent_at=now, due_at=due)


def unread(notice: Notice) -> bool:
    return notice.state is NoticeState.SENT and notice.read_at is None


def read(notice: Notice, now: Instant) -> Notice:
    return replace(notice, read_at=now, due_at=None)


def elsewhere(notice: Notice, channel: Channel, now: Instant) -> Notice:
    """The same news once more on another channel. It counts as a reminder: nobody has read it."""
    return Notice(
        person_id=notice.person_id,
        about=notice.about,
        event=notice.event + AGAIN,
        template=notice.template,
        channel=channel,
        urgency=Urgency.REMINDER,
        language=notice.language,
        params=notice.params,
        created_at=now,
        due_at=now,
    )


def suppressed(notice: Notice, reason: str) -> Notice:
    return replace(notice, state=NoticeState.SUPPRESSED, reason=reason, due_at=None)


def came_back(notice: Notice, reason: str) -> Notice:
    """It was taken, and did not arrive."""
    return replace(notice, state=NoticeState.FAILED, reason=reason, due_at=None)


def waiting(notice: Notice, reason: str, until: Instant) -> Notice:
    """The channel is shut for everybody for a while; that is no try of this notice's."""
    tries = notice.tries - 1 if notice.leased else notice.tries
    return replace(notice, state=NoticeState.PLANNED, reason=reason, tries=tries, due_at=until)


def not_sent(notice: Notice, reason: str, now: Instant, *, lasting: bool) -> Notice:
    """The provider refused it: for good, or worth another try."""
    if lasting or notice.tries >= MOST_TRIES:
        return replace(notice, state=NoticeState.FAILED, reason=reason, due_at=None)
    return replace(notice, state=NoticeState.PLANNED, reason=reason, due_at=now + backoff(notice.tries))


def abandoned(notice: Notice, now: Instant, lease: Instant = LEASE) -> Notice:
    """Its sender fell silent after claiming it, so it may or may not be out: money is said again, courtesy is not."""
    if notice.urgency in (Urgency.MONEY, Urgency.REMINDER) and notice.tries < MOST_TRIES:
        return claimed(notice, now, lease)
    return replace(notice, state=NoticeState.UNKNOWN, reason="sender fell silent", due_at=None)
