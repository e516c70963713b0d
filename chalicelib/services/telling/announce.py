"""Tells everyone in a group one thing. It remembers how far it got, so half-done is ordinary."""

from dataclasses import replace

from ...domain import ids
from ...domain.batch import awaited, destination_of, rides
from ...domain.group import Group
from ...domain.incident import late_coupon
from ...domain.instants import Instant
from ...domain.notice import OF_PROGRESS
from ...domain.order import HOLDING, Order
from ...domain.task import Errand
from ...domain.upkeep import Announcement
from ...domain.writes import Create, Replace, Write
from ..attempts import once
from ..fulfilling import tasks
from ..world import World
from . import tell

LATE, DELAYED = "late_compensation", "eta_moved"
AT_ONCE = 200
"""Orders one waking tells, which keeps it well inside a worker's time limit."""


def announce(world: World, announcement: Announcement, now: Instant) -> None:
    group = world.store.group(announcement.group_id)
    if group is None:
        return
    page = world.store.orders_of_group(group, AT_ONCE, announcement.cursor)
    for order in page.rows:
        if concerns(world, announcement, group, order):
            _tell(world, announcement, group, order, now)
    done = page.next is None
    part = ids.part_of(page.next) if page.next else announcement.part
    world.store.commit(Replace(replace(announcement, cursor=page.next, part=part, due_at=None if done else now)))


def concerns(world: World, announcement: Announcement, group: Group, order: Order) -> bool:
    if announcement.destination is None:
        return order.state in HOLDING
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if not rides(order) or destination_of(order, group, terms) != announcement.destination:
        return False
    return not announcement.waiting_only or awaited(order)


def _tell(world: World, announcement: Announcement, group: Group, order: Order, now: Instant) -> None:
    params = {**tell.group_params(group), **announcement.params}
    about = group.id
    if announcement.destination is not None:
        about = order.id
    if announcement.destination is not None or announcement.template in OF_PROGRESS:
        params["link"] = f"/orders/{order.id}"
    known = tell.preferences_of(world, order.buyer_id)
    planned = tell.plan(
        world,
        order.buyer_id,
        about=about,
        event=announcement.event,
        template=announcement.template,
        params=params,
        now=now,
        known=known,
    )
    writes = [*planned, *_given(world, announcement, group, order, now)]
    if known.vip:
        writes += _upgrade(world, announcement, group, order, now)
    if writes:
        once(world, *writes)  # a mere conflict: the whole page is looked at again, and who was told stays told once


def _upgrade(world: World, announcement: Announcement, group: Group, order: Order, now: Instant) -> list[Write]:
    """A VIP whose goods come on a later day is a person's business (S22): the manager's who answers for the group, or
    the merchant's."""
    if announcement.template != DELAYED:
        return []
    terms = world.store.terms(group.campaign_id, group.terms_version)
    return [
        tasks.planned(
            queue=terms.manager_id or group.merchant_id,
            errand=Errand.UPGRADE_CARRIER,
            about=order.id,
            event=announcement.event,
            facts={"title": group.title, **announcement.params},
            now=now,
        )
    ]


def _given(world: World, announcement: Announcement, group: Group, order: Order, now: Instant) -> list[Write]:
    """With the word that something ran late comes a coupon, together or not at all (S17)."""
    if announcement.template != LATE:
        return []
    share = world.store.terms(group.campaign_id, group.terms_version).compensation_bp or 0
    coupon = late_coupon(order, announcement.event.partition(".")[0], share, now)
    return [Create(coupon)] if coupon is not None else []
