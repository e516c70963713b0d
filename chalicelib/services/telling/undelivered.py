"""What became of a message after its provider had taken it: it bounced, it was called spam, it never arrived.

A report names the message by the provider's number, and that leads to its notice: no address is looked at or kept.
Repeats, and reports of messages that are none of ours (log-in codes), change nothing.
"""

from ...domain import notice as notices
from ...domain import person
from ...domain.instants import Instant
from ...domain.notice import Notice, NoticeState
from ...domain.person import Preferences
from ...domain.ports import Fate, Undelivered
from ...domain.refusals import Unavailable
from ...domain.writes import Replace, Write, put
from ..attempts import attempts
from ..world import World
from . import breaker, otherwise
from .tell import preferences_of

LASTING = (Fate.BOUNCED, Fate.COMPLAINED)
"""After these the address gets nothing more until it is given again and proved."""


def undelivered(world: World, report: Undelivered, now: Instant) -> None:
    world.watch.count("messages_came_back", reason=report.fate.value)
    for attempt in attempts(world):
        with attempt:
            notice = world.store.notice_sent(report.ref)
            if notice is None:
                return
            writes = [
                *_shut(preferences_of(world, notice.person_id), notice, report),
                *_told(world, notice, report, now),
            ]
            if writes:
                world.store.commit(*writes)
            if report.fate is Fate.SPENT:
                breaker.opened(world, notice.channel, now)
            return
    raise Unavailable("busy")


def _shut(known: Preferences, notice: Notice, report: Undelivered) -> list[Write]:
    if report.fate not in LASTING:
        return []
    new = person.shut(known, notice.channel, report.fate.value, notice.sent_at or notice.created_at)
    if new is known:
        return []
    return [put(new)]


def _told(world: World, notice: Notice, report: Undelivered, now: Instant) -> list[Write]:
    """Who complains has it; anybody else has not."""
    if report.fate is Fate.COMPLAINED or notice.state is not NoticeState.SENT:
        return []
    return [Replace(notices.came_back(notice, report.fate.value)), *otherwise.way_left(world, notice, now)]
