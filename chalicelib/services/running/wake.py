"""One waking of one row: load it, decide, commit, set its next timer. Early, late, doubled or needless: harmless."""

from collections.abc import Callable, Mapping
from typing import Any

from ...domain.batch import Batch
from ...domain.books import Books
from ...domain.campaign import Campaign
from ...domain.chat import ChatMessage, Hook
from ...domain.feed import Digest, Question
from ...domain.group import Group, GroupState, Part
from ...domain.incident import Incident
from ...domain.instants import SECOND, Instant
from ...domain.invoice import Invoice
from ...domain.journey import Journey
from ...domain.ledger import Entry
from ...domain.notice import Notice
from ...domain.order import Order
from ...domain.pace import Pace
from ...domain.payout import Payout
from ...domain.ports import RowKey
from ...domain.receipt import Receipt
from ...domain.refusals import Broken, Lost, Trouble, Unavailable
from ...domain.returns import Return
from ...domain.routing import Reroute, Routes
from ...domain.settlement import Settling
from ...domain.substitute import Substitute
from ...domain.supply import Demand, PurchaseOrder
from ...domain.tally import Numbers, Scope, Tally
from ...domain.upkeep import Announcement
from ...domain.waybill import Waybill
from ...domain.writes import Row
from ..attempts import attempts
from ..buying.carry_out import carry_out_part, finish
from ..buying.close import count_part
from ..buying.collect import collect_part
from ..buying.group_wake import group_wake
from ..buying.order_wake import order_wake
from ..delivering.batch_wake import batch_wake
from ..delivering.returns import return_wake
from ..delivering.routes import match_queue, reroute_wake
from ..delivering.waybills import waybill_wake
from ..fulfilling.incident_wake import incident_wake
from ..fulfilling.journey_wake import journey_wake
from ..fulfilling.paces import pace_wake
from ..fulfilling.substitutes import substitute_wake
from ..paying.books import books_wake
from ..paying.entry_wake import entry_wake
from ..paying.invoices import invoice_wake
from ..paying.payouts import payout_wake
from ..paying.settle import settling_wake
from ..selling.open_groups import open_groups
from ..supplying.purchase import demand_wake, purchase_wake
from ..supplying.share_shortage import receipt_wake
from ..telling.announce import announce
from ..telling.chats import hook_wake, message_wake
from ..telling.feed import digest_wake
from ..telling.questions import question_wake
from ..telling.send_notice import send_notice
from ..world import World
from .recount import recount

EARLY = SECOND
"""A message that comes this much early, because clocks differ a little, is taken as on time."""

LATE = 3 * SECOND
"""A row that is looked at this late was found by the tick: nothing woke it when it was written."""


def wake(world: World, key: RowKey, now: Instant) -> None:
    """Raises Unavailable where the message should come again; any other trouble is the row's own."""
    for attempt in attempts(world, most=3):
        with attempt:
            row = world.store.wakeable(key)
            if row is None or row.due_at is None or row.due_at > now + EARLY:
                return
            now = max(now, row.due_at)
            world.watch.count("timer_lag_ms", now - row.due_at, unit="Milliseconds")
            late = now - row.due_at
            look_at(world, row, now)
            if late > LATE:
                count_again(world, row, now)
            return


def count_again(world: World, row: Row, now: Instant) -> None:
    """The stream lost this row's record, so the numbers for show lack it: they are counted from the rows."""
    if isinstance(row, Order | Entry):
        world.store.count_up(Scope.GROUP, row.group_id, Numbers(), {}, now)
        world.store.count_up(Scope.CAMPAIGN, row.campaign_id, Numbers(), {}, now)


WAKES: Mapping[type[Row], Callable[[World, Any, Instant], None]] = {
    Group: group_wake,
    Order: order_wake,
    Entry: entry_wake,
    Notice: send_notice,
    Tally: recount,
    Announcement: announce,
    Campaign: open_groups,
    Batch: batch_wake,
    Books: books_wake,
    Journey: journey_wake,
    Pace: pace_wake,
    Payout: payout_wake,
    Waybill: waybill_wake,
    Routes: match_queue,
    Reroute: reroute_wake,
    Demand: demand_wake,
    PurchaseOrder: purchase_wake,
    Receipt: receipt_wake,
    Settling: settling_wake,
    Digest: digest_wake,
    Question: question_wake,
    Hook: hook_wake,
    ChatMessage: message_wake,
    Incident: incident_wake,
    Substitute: substitute_wake,
    Return: return_wake,
    Invoice: invoice_wake,
}
"""What each kind of row does when its timer goes off."""


def look_at(world: World, row: Row, now: Instant) -> None:
    waker = WAKES.get(type(row))
    if waker is None:
        raise Broken(f"a {type(row).__name__} has no use for a timer")
    waker(world, row, now)


def wake_part(world: World, group_id: str, number: int, now: Instant) -> None:
    """One part of a large group's orders: counted before the verdict, carried out after it."""
    group = world.store.group(group_id)
    if group is None:
        return
    if group.state is GroupState.SEALING:
        work = count_part if group.called is None else collect_part
        work(world, group, number, now)
    elif group.verdict is not None and group.resolved_at is None:
        carry_out_part(world, group, number, now)
    else:
        return
    _go_on(world, group_id, now)


def _go_on(world: World, group_id: str, now: Instant) -> None:
    """The worker of the last part takes the group's next step at once instead of waiting for its timer."""
    group = world.store.group(group_id)
    if group is None or group.resolved_at is not None:
        return
    parts = [world.store.part(group_id, number) for number in range(group.parts)]
    try:
        if group.state is GroupState.SEALING and all(_worked(group, part) for part in parts):
            group_wake(world, group, now)
        elif group.verdict is not None and all(part is not None and part.resolved for part in parts):
            finish(world, group, now)
    except Lost:
        return


def _worked(group: Group, part: Part | None) -> bool:
    return part is not None and (group.called is None or part.collected is not None)


def stumbled(world: World, key: RowKey, error: Exception, now: Instant) -> bool:
    """A row that cannot be processed: tried again later a few times, then parked with its reason (promise 4)."""
    reason = f"{type(error).__name__}: {error}" if isinstance(error, Trouble) else type(error).__name__
    try:
        parked = world.store.stumble(key, reason, now)
    except (Lost, Unavailable):
        return False
    if parked:
        world.watch.alarm("parked", pk=key.pk, sk=key.sk, reason=reason)
    else:
        world.watch.note("row_stumbled", pk=key.pk, sk=key.sk, reason=reason)
        world.watch.count("rows_stumbled")
    return True
