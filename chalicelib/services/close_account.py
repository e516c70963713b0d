"""A person leaves: contact data are erased, sessions end, the log-in goes. What was bought stays on the books."""

from dataclasses import replace

from ..domain.instants import DAY, Instant
from ..domain.ledger import EntryState, Kind
from ..domain.order import HOLDING, Order, OrderState
from ..domain.ports import Caller
from ..domain.refusals import Refused
from ..domain.writes import Create, Replace
from . import audit, sessions
from .tell import preferences_of
from .world import World

GOODS_TAKE = 30 * DAY
"""For so long after a group formed its goods may be on their way, or be sent back."""

PAGE = 50


def close_account(world: World, caller: Caller, *, now: Instant) -> None:
    """Raises Refused('orders_under_way') while anything is still owed to the person, or by them."""
    under_way = _under_way(world, caller, now)
    if under_way:
        raise Refused("orders_under_way", orders=under_way)
    audit.record(world, caller, "erased", caller.id, now)
    preferences = replace(preferences_of(world, caller.id), channels=(), consents=(), hours=None)
    world.store.commit(Replace(preferences) if preferences.version else Create(preferences))
    world.vault.erase(caller.id)
    world.identity.forget(caller.id)
    sessions.revoke_all(world, caller)


def _under_way(world: World, caller: Caller, now: Instant) -> list[str]:
    found: list[str] = []
    start: str | None = None
    while True:
        page = world.store.orders_of_buyer(caller.id, PAGE, start)
        for mark in page.rows:
            order = world.store.order(mark.order_id)
            if order is not None and _is_under_way(world, order, now):
                found.append(order.id)
        if page.next is None or len(found) >= PAGE:
            return found
        start = page.next


def _is_under_way(world: World, order: Order, now: Instant) -> bool:
    entries = world.store.entries_of_order(order.id)
    if any(one.kind is Kind.REFUND and one.state is EntryState.PENDING for one in entries):
        return True
    if order.state not in HOLDING:
        return False
    if order.state is OrderState.HELD or order.resolved_at is None:
        return True
    group = world.store.group(order.group_id)
    formed = group is not None and group.verdict is not None and group.verdict.formed
    return formed and now < order.resolved_at + GOODS_TAKE
