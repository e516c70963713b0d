"""A notice's timer: claim it, read the address from the vault, send, record what the provider said."""

from dataclasses import replace

from ...domain import notice as notices
from ...domain.instants import Instant
from ...domain.links import page_path
from ...domain.notice import Notice, NoticeState
from ...domain.person import Channel, Contact, Preferences, Urgency, channels_for, send_at
from ...domain.ports import Answer, Outcome
from ...domain.writes import Replace
from ..people import confirm_email
from ..world import World
from . import breaker, budget, read
from .still_true import still_true
from .tell import preferences_of

LINKS = ("link", "alternative")
"""Parameters that name a thing, and are sent as the whole address of its page."""

LASTING = ("opted_out", "bad_address", "suppressed")


def send_notice(world: World, notice: Notice, now: Instant) -> None:
    if notice.state is NoticeState.SENDING:
        _after_silence(world, notice, now)
        return
    if notice.state is NoticeState.SENT:
        read.chase(world, notice, now)
        return
    if notice.state is not NoticeState.PLANNED:
        return
    wishes = preferences_of(world, notice.person_id)
    held_back = _held_back(world, notice, wishes, now)
    if held_back is None and (until := breaker.open_until(world, notice.channel, now)) is not None:
        world.store.commit(*breaker.around(world, notice, until, now))
        world.watch.count("notices_went_round", channel=notice.channel.value)
        return
    held_back = held_back or _over(world, notice, wishes, now)
    if held_back is not None:
        world.store.commit(Replace(held_back))
        world.watch.count("notices_held_back")
        return
    _send(world, notices.claimed(notice, now, world.lease), now)


def _after_silence(world: World, notice: Notice, now: Instant) -> None:
    next_try = notices.abandoned(notice, now, world.lease)
    if next_try.state is NoticeState.UNKNOWN:
        world.store.commit(Replace(next_try))
        return
    _send(world, next_try, now)


def _held_back(world: World, notice: Notice, preferences: Preferences, now: Instant) -> Notice | None:
    """People's wishes as they are now, not as they were when the notice was planned. An answer was asked for now."""
    if notice.urgency is Urgency.ANSWER:
        return None
    elsewhere = notice.event.endswith(notices.AGAIN) and notice.channel not in preferences.suppressed
    if not elsewhere and notice.channel not in channels_for(preferences, notice.urgency):
        return notices.suppressed(notice, "not wanted")
    if not still_true(world, notice, now):
        return notices.suppressed(notice, "no longer true")
    later = send_at(preferences, notice.urgency, now, world.home)
    return replace(notice, due_at=later) if later > now else None


def _over(world: World, notice: Notice, preferences: Preferences, now: Instant) -> Notice | None:
    """The last question before sending, because it counts."""
    reason = budget.refused(world, notice, preferences, now)
    return notices.suppressed(notice, reason) if reason else None


def _send(world: World, claimed: Notice, now: Instant) -> None:
    world.store.commit(Replace(claimed, claim=True))
    claimed = replace(claimed, version=claimed.version + 1)
    contact = world.vault.read(
        claimed.person_id,
        reader="notices",
        why=f"{claimed.template} {claimed.about}",
        now=now,
        addresses_too=False,
    )
    to = _address(contact, claimed.channel)
    if to is None and claimed.channel is Channel.SMS:
        to = world.identity.phone_of(claimed.person_id)  # who never saved a contact still has a verified phone
    if to is None:
        nowhere = notices.suppressed(claimed, "no address")
        world.store.commit(Replace(nowhere), *read.unreachable(world, nowhere, now))
        return
    params = {**claimed.params, **_links(world, claimed, now)}
    subject, text = world.texts.text(claimed.template, params, claimed.language, claimed.channel)
    answer = world.senders[claimed.channel].send(to=to, subject=subject, text=text)
    if answer.reason == breaker.SPENT:
        until = breaker.opened(world, claimed.channel, now)
        world.store.commit(*breaker.around(world, claimed, until, now))
    else:
        world.store.commit(Replace(_recorded(claimed, answer, now)))
    world.watch.count(f"notices_{answer.outcome.value}", channel=claimed.channel.value, template=claimed.template)


def _links(world: World, notice: Notice, now: Instant) -> dict[str, str]:
    """Whole addresses. Those that have something to prove bear a mark, which is made now and stored nowhere."""
    links = {name: world.public_url + page_path(notice.params[name]) for name in LINKS if notice.params.get(name)}
    if not world.link_keys():
        return links
    if notice.template == confirm_email.TEMPLATE:
        links["link"] += "/" + confirm_email.mark(world, notice, now)
    kind, _, order_id = notice.params.get("link", "").strip("/").partition("/")
    if notice.template in notices.OF_PROGRESS and kind == "orders":
        links["link"] = f"{world.public_url}/r/{order_id}/{read.mark(world, notice, order_id, now)}"
    return links


def _recorded(claimed: Notice, answer: Answer, now: Instant) -> Notice:
    if answer.outcome in (Outcome.SUCCEEDED, Outcome.PENDING):
        return notices.sent(claimed, answer.ref or "", now)
    if answer.outcome is Outcome.UNKNOWN and claimed.urgency not in (Urgency.MONEY, Urgency.REMINDER):
        return replace(claimed, state=NoticeState.UNKNOWN, reason=answer.reason, due_at=None)
    return notices.not_sent(claimed, answer.reason, now, lasting=answer.reason in LASTING)


def _address(contact: Contact | None, channel: Channel) -> str | None:
    if contact is None:
        return None
    return contact.phone if channel is Channel.SMS else contact.email
