"""Money or quota of a channel is spent: everybody stops trying, operators hear of it, notices go round it (B25)."""

from ...domain import breaker as rules
from ...domain import notice as notices
from ...domain.instants import Instant
from ...domain.notice import Notice
from ...domain.person import Channel, Urgency
from ...domain.refusals import Lost
from ...domain.writes import Create, Replace, Write, put
from ..world import World
from . import otherwise

SPENT = "spend_limit"
"""What senders and delivery reports call it."""

LET_GO = (Urgency.ANSWER, Urgency.COURTESY, Urgency.MARKETING)


def open_until(world: World, channel: Channel, now: Instant) -> Instant | None:
    """None while the channel may be tried."""
    known = world.store.breaker(channel)
    return known.until if known is not None and now < known.until else None


def opened(world: World, channel: Channel, now: Instant) -> Instant:
    """Until when. Of many who are refused at once one opens it, and one alarm is raised."""
    known = world.store.breaker(channel)
    new = rules.opened(known, channel, now)
    if new is known:
        return new.until
    try:
        world.store.commit(put(new))
    except Lost:
        return new.until
    world.watch.alarm("spend_limit", channel=channel.value)
    return new.until


def around(world: World, notice: Notice, until: Instant, now: Instant) -> list[Write]:
    """What concerns money, or asks for something, goes by e-mail where an SMS cannot; else it waits for the channel.
    A courtesy SMS is let go: whoever wants it by e-mail, too, has it there."""
    if notice.channel is Channel.EMAIL:  # its quota is a day's, and SMS would cost what nobody has planned
        return [Replace(notices.waiting(notice, SPENT, until))]
    if notice.urgency in LET_GO:
        return [Replace(notices.suppressed(notice, SPENT))]
    if otherwise.said(world, notice):
        return [Replace(notices.suppressed(notice, SPENT))]
    if otherwise.reachable(world, notice, Channel.EMAIL, now):
        return [Replace(notices.suppressed(notice, SPENT)), Create(notices.elsewhere(notice, Channel.EMAIL, now))]
    return [Replace(notices.waiting(notice, SPENT, until))]
