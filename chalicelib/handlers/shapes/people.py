"""People over the wire: how they are reached (the one audited secret), and how they want to be told."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import person as domain
from ...domain.notice import Notice, NoticeState
from ...domain.person import Channel, Contact, Preferences, RealName
from ...domain.ports import VaultRead
from .words import (
    Clock,
    Email,
    Input,
    Line,
    Moment,
    Output,
    Title,
    Word,
    Zone,
    shown,
    shown_or_none,
)

Phone = Annotated[str, Meta(max_length=20, pattern=r"^\+?[0-9][0-9 -]{5,18}$(?!\n)")]
Channels = Annotated[tuple[Channel, ...], Meta(max_length=len(Channel))]


class ContactInput(Input):
    """The phone is not among it: it is the one the identity provider has verified."""

    email: Email | None


class AddressInput(Input):
    province: Title
    city: Title
    district: Title
    street: Title
    community: Title
    building: Title
    unit: Line
    room: Title
    division_code: Annotated[str, Meta(max_length=12, pattern=r"^[0-9]{6,12}$(?!\n)")]
    recipient: Title
    phone: Phone

    def to_domain(self) -> domain.Address:
        return domain.Address(
            province=self.province,
            city=self.city,
            district=self.district,
            street=self.street,
            community=self.community,
            building=self.building,
            unit=self.unit,
            room=self.room,
            division_code=self.division_code,
            recipient=self.recipient,
            phone=self.phone,
        )


class SavedAddress(Output):
    id: str
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

    @classmethod
    def of(cls, address_id: str, address: domain.Address) -> Self:
        return cls(
            id=address_id,
            province=address.province,
            city=address.city,
            district=address.district,
            street=address.street,
            community=address.community,
            building=address.building,
            unit=address.unit,
            room=address.room,
            division_code=address.division_code,
            recipient=address.recipient,
            phone=address.phone,
        )


class ContactCard(Output):
    """Personal data: leaves only for the person, and for support with a reason that is recorded."""

    phone: str | None
    email: str | None
    addresses: list[SavedAddress]

    @classmethod
    def of(cls, contact: Contact) -> Self:
        return cls(
            phone=contact.phone,
            email=contact.email,
            addresses=[SavedAddress.of(*one) for one in sorted(contact.addresses.items())],
        )


class AddressAdded(Output):
    id: str


class CodeAsked(Output):
    """`challenge` comes back with the answer."""

    challenge: str


class CodeAnswer(Input):
    challenge: Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"^[!-~]+$(?!\n)")]
    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", max_length=6)]


class LogInInput(Input):
    """A phone as people write it; without a country's code it is a Chinese one."""

    phone: Annotated[str, Meta(min_length=5, max_length=30)]


class LogInAnswer(CodeAnswer):
    phone: Annotated[str, Meta(min_length=5, max_length=30)]


class LogInToken(Output):
    """`token` goes into `Authorization: Bearer …`."""

    token: str
    person_id: str
    roles: list[str]


class WhyQuery(Input):
    """Why a contact is read: kept with the read."""

    why: Title


class ContactRead(Output):
    reader: str
    why: str
    at: Moment

    @classmethod
    def of(cls, read: VaultRead) -> Self:
        return cls(reader=read.reader, why=read.why, at=shown(read.at))


class ContactReadPage(Output):
    items: list[ContactRead]
    next: str | None


class HoursInput(Input):
    """The hours in which messages may come, on the wall clock of the person's zone. May span midnight."""

    start: Clock
    end: Clock


class StandingInput(Input):
    """A VIP's refunds wait for nobody's."""

    vip: bool


class PreferencesInput(Input):
    language: Annotated[str, Meta(pattern=r"^(zh|en)$(?!\n)")] = "zh"
    zone: Zone = "Asia/Shanghai"
    channels: Channels = (Channel.SMS, Channel.EMAIL)
    opted_out: Channels = ()
    hours: HoursInput | None = None


class ConsentInput(Input):
    """A yes or no to marketing on one channel: to which text, is kept with it."""

    channel: Channel
    text_version: Word
    given: bool


class ConsentGiven(Output):
    channel: Channel
    text_version: str
    at: Moment
    given: bool


class MessageHours(Output):
    start: str
    end: str


class RealNameInput(Input):
    """Passed on to the verifier, and kept nowhere."""

    name: Title
    number: Annotated[str, Meta(min_length=6, max_length=30, pattern=r"^[0-9A-Za-z]+$(?!\n)")]


class RealNameShown(Output):
    """`asked`: the verifier has not answered, and may be asked again."""

    offered: bool
    status: RealName
    at: Moment | None

    @classmethod
    def of(cls, known: Preferences, *, offered: bool) -> Self:
        return cls(offered=offered, status=known.real_name, at=shown_or_none(known.real_name_at))


class MyPreferences(Output):
    """`suppressed` channels bounced or were complained about: nothing is sent there."""

    language: str
    zone: str
    channels: list[Channel]
    hours: MessageHours | None
    opted_out: list[Channel]
    suppressed: list[Channel]
    consents: list[ConsentGiven]

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        hours = preferences.hours
        return cls(
            language=preferences.language,
            zone=preferences.zone,
            channels=list(preferences.channels),
            hours=MessageHours(start=hours.start, end=hours.end) if hours else None,
            opted_out=list(preferences.opted_out),
            suppressed=list(preferences.suppressed),
            consents=[
                ConsentGiven(channel=c.channel, text_version=c.text_version, at=shown(c.at), given=c.given)
                for c in preferences.consents
            ],
        )


class MyNotice(Output):
    """One message to me: which, on which channel, and what became of it."""

    about: str
    event: str
    template: str
    params: dict[str, str]
    channel: Channel
    language: str
    state: NoticeState
    created_at: Moment
    sent_at: Moment | None

    @classmethod
    def of(cls, notice: Notice) -> Self:
        return cls(
            about=notice.about,
            event=notice.event,
            template=notice.template,
            params=dict(notice.params),
            channel=notice.channel,
            language=notice.language,
            state=notice.state,
            created_at=shown(notice.created_at),
            sent_at=shown_or_none(notice.sent_at),
        )


class NoticePage(Output):
    items: list[MyNotice]
    next: str | None
