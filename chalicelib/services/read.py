"""Read receipts (N7): who opens an order's page has read what was sent about it; the unread is said elsewhere."""

from collections.abc import Iterable
from dataclasses import replace

from ..domain import notice as notices
from ..domain.instants import Instant
from ..domain.notice import Notice, NoticeState
from ..domain.order import Order
from ..domain.person import Channel
from ..domain.refusals import Lost
from ..domain.task import SUPPORT, Errand
from ..domain.writes import Create, Replace
from . import tasks
from .tell import preferences_of
from .world import World

AT_ONCE = 20


def opened(world: World, order: Order, known: Iterable[Notice], now: Instant) -> None:
    """Of the order and of its group. Delivered is not read, and what has been read stays so."""
    unread = [one for one in known if notices.unread(one)]
    unread += [one for one in world.store.notices_about(order.buyer_id, order.group_id) if notices.unread(one)]
    for one in unread[:AT_ONCE]:
        try:
            world.store.commit(Replace(notices.read(one, now)))
        except Lost:  # its own timer was at it; it is marked when the page is opened again
            continue


def chase(world: World, notice: Notice, now: Instant) -> None:
    """Two days unread: on the channel that was not tried yet; where there is none, somebody of support calls."""
    rested = replace(notice, due_at=None)
    if not notices.unread(notice):
        world.store.commit(Replace(rested))
        return
    other = _untried(world, notice)
    again = call(notice, now) if other is None else Create(notices.elsewhere(notice, other, now))
    try:
        world.store.commit(Replace(rested), again)
    except Lost as lost:
        if 1 not in lost.rows:
            raise
        world.store.commit(Replace(rested))  # the same news on another channel has seen to it


def _untried(world: World, notice: Notice) -> Channel | None:
    """A channel that works and on which this news has not been said; none once it was said again."""
    if notice.event.endswith(notices.AGAIN):
        return None
    shut = preferences_of(world, notice.person_id).suppressed
    about = world.store.notices_about(notice.person_id, notice.about)
    tried = {one.channel for one in about if one.event == notice.event}
    return next((one for one in Channel if one not in tried and one not in shut), None)


def call(notice: Notice, now: Instant) -> Create:
    """One call a person and piece of news, however many of its messages went unread."""
    return tasks.planned(
        queue=SUPPORT,
        errand=Errand.CALL,
        about=notice.about,
        event=f"{notice.person_id} {notice.event.removesuffix(notices.AGAIN)}",
        facts={"template": notice.template, "title": notice.params.get("title", "")},
        now=now,
        person_id=notice.person_id,
    )


def unreachable(world: World, notice: Notice, now: Instant) -> list[Create]:
    """The second channel leads nowhere: then a person calls."""
    if notice.event.endswith(notices.AGAIN) and notice.state is NoticeState.SUPPRESSED:
        return [call(notice, now)]
    return []
