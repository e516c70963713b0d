"""What we keep about a person outside the vault: how they want to be told, and what they agreed to.

No phone number, e-mail or address is here (promise 6); those live encrypted in the vault, and rows carry ids.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import time
from enum import StrEnum

from ..lean import dataclass
from .instants import Instant, at_local, within_hours
from .refusals import Refused
from .writes import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What holds where a deployment serves for people who said nothing else. Between `quiet_from` and `quiet_until`
    courtesy waits for the morning; `courtesies` is how many such messages one person gets in a day (N9)."""

    language: str = "zh"
    zone: str = "Asia/Shanghai"
    quiet_from: time = time(22, 0)
    quiet_until: time = time(8, 0)
    courtesies: int = 20


CHINA = Home()


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class Urgency(StrEnum):
    """Money is told at least once and at any default hour; courtesy at most once and within hours;
    reminders are service notices whose slots beat the default quiet hours but not a person's own (N3). An answer is
    what somebody has asked for this minute: it comes at once, on the channel it was asked for, at most once."""

    ANSWER = "answer"
    MONEY = "money"
    REMINDER = "reminder"
    COURTESY = "courtesy"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A person's own hours for messages, as `HH:MM` on the wall clock of `Preferences.zone`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Marketing needs a recorded yes: which text, when, for which channel (N10)."""

    channel: Channel
    text_version: str
    at: Instant
    given: bool


class RealName(StrEnum):
    """What a verifier of real names said of a person (X1). ASKED: it has not answered; asking again is allowed."""

    NONE = "none"
    ASKED = "asked"
    VERIFIED = "verified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences(Row):
    """`opted_out` channels get no courtesy or marketing; `suppressed` ones get nothing. By channel, `shut_for` says why
    (`bounced` or `complained`), and `given_at` when the address was last given anew. `vip` is support's to say: their
    refunds wait for nobody's. `real_name` is what a verifier answered; what it was asked about is kept nowhere.
    """

    person_id: str
    language: str = "zh"
    zone: str = "Asia/Shanghai"
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.EMAIL)
    hours: Hours | None = None
    opted_out: tuple[Channel, ...] = ()
    suppressed: tuple[Channel, ...] = ()
    shut_for: Mapping[str, str] = field(default_factory=dict)
    given_at: Mapping[str, Instant] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    vip: bool = False
    real_name: RealName = RealName.NONE
    real_name_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address as its own fields (O5), with a division code and the recipient's phone. Lives in the vault."""

    province: str
    city: str
    district: str
    street: str
    community: str
    building: str
    unit: str
    room: str
    division_code: str
    recipient: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a person is reached. Lives in the vault."""

    phone: str | None = None
    email: str | None = None
    addresses: Mapping[str, Address] = field(default_factory=dict)


def parse_clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise Refused("bad_hours", given=text) from error


def consented(preferences: Preferences, channel: Channel) -> bool:
    """The latest word on marketing for this channel."""
    latest = [consent for consent in preferences.consents if consent.channel is channel]
    return bool(latest) and latest[-1].given


def with_consent(preferences: Preferences, consent: Consent) -> Preferences:
    return replace(preferences, consents=(*preferences.consents[-49:], consent))


def shut(preferences: Preferences, channel: Channel, why: str, sent_at: Instant) -> Preferences:
    """Nothing more goes there (N10). What comes back of a message that was sent before the address was given anew
    says nothing about the new one."""
    if sent_at < preferences.given_at.get(channel, 0) or channel in preferences.suppressed:
        return preferences
    return replace(
        preferences,
        suppressed=(*preferences.suppressed, channel),
        shut_for={**preferences.shut_for, channel: why},
    )


def given_anew(preferences: Preferences, channel: Channel, now: Instant) -> Preferences:
    """Another address, or the same one once more. It stays shut, if it was, until it has been proved."""
    return replace(preferences, given_at={**preferences.given_at, channel: now})


def proved(preferences: Preferences, channel: Channel, now: Instant) -> Preferences:
    """Somebody has read what was sent there."""
    if channel not in preferences.suppressed:
        return preferences
    return replace(
        given_anew(preferences, channel, now),
        suppressed=tuple(one for one in preferences.suppressed if one is not channel),
        shut_for={one: why for one, why in preferences.shut_for.items() if one != channel},
    )


def channels_for(preferences: Preferences, urgency: Urgency) -> tuple[Channel, ...]:
    """The channels on which this person wants (or must get) a notice of this urgency."""
    open_channels = [c for c in preferences.channels if c not in preferences.suppressed]
    if urgency is Urgency.MONEY or urgency is Urgency.REMINDER:
        return tuple(open_channels)
    allowed = [c for c in open_channels if c not in preferences.opted_out]
    if urgency is Urgency.MARKETING:
        allowed = [c for c in allowed if consented(preferences, c)]
    return tuple(allowed)


def send_at(preferences: Preferences, urgency: Urgency, now: Instant, home: Home = CHINA) -> Instant:
    """When to send: now, or when the person's hours (or, for courtesy, the default ones) begin."""
    if preferences.hours is not None:
        start, end = parse_clock(preferences.hours.start), parse_clock(preferences.hours.end)
    elif urgency in (Urgency.COURTESY, Urgency.MARKETING):
        start, end = home.quiet_until, home.quiet_from
    else:
        return now
    if start == end or within_hours(now, start, end, preferences.zone):
        return now
    today = at_local(now, start, preferences.zone)
    return today if today > now else at_local(now, start, preferences.zone, days_later=1)
