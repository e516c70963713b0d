"""The same news another way: on the channel that is left, and where none is, by a person of support."""

from ...domain import notice as notices
from ...domain.instants import Instant
from ...domain.notice import Notice, NoticeState
from ...domain.person import Channel, Urgency
from ...domain.writes import Create
from ..world import World
from . import read, tell

ALIVE = (NoticeState.PLANNED, NoticeState.SENDING, NoticeState.SENT)


def others(world: World, notice: Notice) -> list[Notice]:
    """What was said of the same event to the same person on other channels."""
    event = notice.event.removesuffix(notices.AGAIN)
    about = world.store.notices_about(notice.person_id, notice.about)
    return [
        one for one in about if one.event.removesuffix(notices.AGAIN) == event and one.channel is not notice.channel
    ]


def said(world: World, notice: Notice) -> bool:
    return any(one.state in ALIVE for one in others(world, notice))


def reachable(world: World, notice: Notice, channel: Channel, now: Instant) -> bool:
    """Whether the person has a working address there that this news has not been sent to."""
    if channel in tell.preferences_of(world, notice.person_id).suppressed:
        return False
    if any(one.channel is channel for one in others(world, notice)):
        return False
    contact = world.vault.read(
        notice.person_id, reader="notices", why=f"{notice.template} {notice.about}", now=now, addresses_too=False
    )
    return contact is not None and bool(contact.email if channel is Channel.EMAIL else contact.phone)


def way_left(world: World, notice: Notice, now: Instant) -> list[Create]:
    """To be written together with the notice that did not arrive. Courtesy is let go. Whether there is an address on
    the other channel is found out when it is sent, by whoever may open the vault."""
    if notice.urgency not in (Urgency.MONEY, Urgency.REMINDER):
        return []
    elsewhere = others(world, notice)
    if any(one.state in ALIVE for one in elsewhere):
        return []
    shut = tell.preferences_of(world, notice.person_id).suppressed
    tried = {notice.channel, *shut, *(one.channel for one in elsewhere)}
    left = [channel for channel in Channel if channel not in tried]
    if left and not notice.event.endswith(notices.AGAIN):
        return [Create(notices.elsewhere(notice, left[0], now))]
    call = read.call(notice, now)
    return [call] if world.store.task(read.task_of(call)) is None else []
