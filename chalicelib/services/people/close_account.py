"""A person leaves: contact data are erased, sessions end, the log-in goes. What was bought stays on the books."""

from dataclasses import replace
from itertools import islice

from ...domain.campaign import Campaign, CampaignState
from ...domain.instants import DAY, Instant
from ...domain.leader import LeaderState
from ...domain.ledger import SAGAS, EntryState
from ...domain.order import FAILED, HOLDING, Order
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...domain.resolution import in_group
from ...domain.writes import Remove, Replace, put
from .. import audit
from ..lists import all_groups, every
from ..paying.invoices import vault_owner
from ..telling.tell import preferences_of
from ..world import World
from . import sessions

GOODS_TAKE = 30 * DAY
"""For so long after a group formed its goods may be on their way, or be sent back."""

PAGE = 50


def close_account(world: World, caller: Caller, *, now: Instant) -> None:
    """While anything is still owed to the person, or by them: raises Refused('orders_under_way') for what they bought,
    Refused('sales_under_way') for what they sell. Nobody else may confirm a bank transfer to or from a merchant.
    """
    if under_way := _under_way(world, caller, now):
        raise Refused("orders_under_way", orders=under_way)
    if sales := _sales_under_way(world, caller, now):
        raise Refused("sales_under_way", campaigns=sales)
    audit.record(world, caller, "erased", caller.id, now)
    _leave_places(world, caller)
    preferences = replace(preferences_of(world, caller.id), channels=(), consents=(), hours=None)
    world.store.commit(put(preferences))
    world.vault.erase(caller.id)
    world.vault.erase(vault_owner(caller.id))
    world.identity.forget(caller.id)
    sessions.revoke_all(world, caller)


def _leave_places(world: World, caller: Caller) -> None:
    """A leader's places close and lose their address; nobody orders for them or by them any more."""
    for place in every(lambda start: world.store.places_of(caller.id, PAGE, start)):
        world.store.commit(Replace(replace(place, open=False, name="", address="", hours="")))
    for said in every(lambda start: world.store.leaders_for(caller.id, PAGE, start)):
        world.store.commit(Remove(said))
    for known in every(lambda start: world.store.neighbours_of(caller.id, PAGE, start)):
        world.store.commit(Replace(replace(known, allowed=False)))
    leader = world.store.leader(caller.id)
    if leader is not None and leader.state is LeaderState.APPROVED:
        world.store.commit(Replace(replace(leader, state=LeaderState.SUSPENDED)))


def _under_way(world: World, caller: Caller, now: Instant) -> list[str]:
    marks = every(lambda start: world.store.orders_of_buyer(caller.id, PAGE, start))
    orders = (world.store.order(mark.order_id) for mark in marks)
    return list(islice((one.id for one in orders if one is not None and _is_under_way(world, one, now)), PAGE))


def _is_under_way(world: World, order: Order, now: Instant) -> bool:
    entries = world.store.entries_of_order(order.id)
    if any(one.kind in SAGAS and one.state is EntryState.PENDING for one in entries):
        return True
    if order.state not in HOLDING:
        return False
    group = world.store.group(order.group_id)
    known = in_group(order, group)
    if known.resolution == FAILED:
        return not any(one.cause == FAILED for one in entries)
    return known.resolved_at is None or now < known.resolved_at + GOODS_TAKE


def _sales_under_way(world: World, caller: Caller, now: Instant) -> list[str]:
    campaigns = every(lambda start: world.store.campaigns_of(caller.id, PAGE, start))
    return list(islice((one.id for one in campaigns if _sells(world, one, now)), PAGE))


def _sells(world: World, campaign: Campaign, now: Instant) -> bool:
    if campaign.state is not CampaignState.PUBLISHED:
        return False
    if campaign.closes_at is None or now < campaign.closes_at:
        return True
    return any(
        group.resolved_at is None
        or any(one.kind in SAGAS and one.state is EntryState.PENDING for one in world.store.entries_of_group(group))
        for group in all_groups(world, campaign.id)
    )
