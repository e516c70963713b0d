"""Read receipts (N7): who opens an order's page has read what was sent about it; the unread is said elsewhere."""

from collections.abc import Iterable
from dataclasses import replace

from ...domain import notice as notices
from ...domain import seal
from ...domain.instants import DAY, Instant
from ...domain.notice import Notice, NoticeState
from ...domain.order import Order
from ...domain.person import Channel
from ...domain.refusals import Lost
from ...domain.task import SUPPORT, Errand, Task
from ...domain.writes import Create, Replace
from ..fulfilling import tasks
from ..world import World
from .tell import preferences_of

AT_ONCE = 20
MARKED_FOR = 30 * DAY


def opened(world: World, order: Order, known: Iterable[Notice], now: Instant) -> None:
    """`known` are those of the order; those of its group are read by it, too."""
    _read(world, [*known, *world.store.notices_about(order.buyer_id, order.group_id)], now)


def _read(world: World, told: Iterable[Notice], now: Instant) -> None:
    """Delivered is not read, and what has been read stays so."""
    unread = [one for one in told if notices.unread(one)]
    for one in unread[:AT_ONCE]:
        try:
            world.store.commit(Replace(notices.read(one, now)))
        except Lost:  # its own timer was at it; it is marked when the page is opened again
            continue


def mark(world: World, notice: Notice, order_id: str, now: Instant) -> str:
    """For the link of a piece of news: good for that notice, at that order's page, for a month."""
    return seal.sealed(world.link_keys()[0], *_bound(notice, order_id), until=now + MARKED_FOR)


def marked(world: World, order_id: str, given: str, now: Instant) -> Order | None:
    """The order whose news this link came with; None for a mark that is forged, too old, or another's."""
    order = world.store.order(order_id)
    return order if order is not None and _genuine(world, _told(world, order), order_id, given, now) else None


def by_link(world: World, order_id: str, given: str, now: Instant) -> bool:
    """Somebody who need not be signed in has opened the page that the news led to (N7)."""
    order = world.store.order(order_id)
    told = _told(world, order) if order is not None else []
    if not _genuine(world, told, order_id, given, now):
        return False
    _read(world, told, now)
    return True


def _genuine(world: World, told: Iterable[Notice], order_id: str, given: str, now: Instant) -> bool:
    return any(
        seal.holds(given, world.link_keys(), *_bound(one, order_id), now=now)
        for one in told
        if one.template in notices.OF_PROGRESS
    )


def _told(world: World, order: Order) -> list[Notice]:
    return [
        *world.store.notices_about(order.buyer_id, order.id),
        *world.store.notices_about(order.buyer_id, order.group_id),
    ]


def _bound(notice: Notice, order_id: str) -> tuple[str, ...]:
    return "read", order_id, notice.about, notice.event, notice.channel.value


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


def task_of(call: Create) -> str:
    task = call.row
    assert isinstance(task, Task)
    return task.id


def unreachable(world: World, notice: Notice, now: Instant) -> list[Create]:
    """The second channel leads nowhere: then a person calls."""
    if notice.event.endswith(notices.AGAIN) and notice.state is NoticeState.SUPPRESSED:
        return [call(notice, now)]
    return []
