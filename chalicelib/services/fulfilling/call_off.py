"""A merchant calls a group off after it has formed: a default of theirs, and all that follows from it (O4).

The group and its batches are marked in one transaction, so nothing leaves any more; its journey ends. Then the group's
timer goes through its orders: each gets everything back that was paid, and whoever gave an earnest is owed it once more
by the merchant. The verdict stands: the group had formed.
"""

from dataclasses import replace

from ...domain import balance as rules
from ...domain import journey as journeys
from ...domain import ledger
from ...domain.batch import UNSHIPPED
from ...domain.campaign import Campaign
from ...domain.deposit import DepositKind
from ...domain.group import Group
from ...domain.instants import DAY, Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.order import Order, OrderState
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from ...domain.task import Errand
from ...domain.writes import Create, Replace, Write
from .. import audit
from ..attempts import attempts
from ..buying.cancel import voided_balance
from ..delivering.batches import check_formed
from ..paying.left import left_of
from ..paying.money import seen_group
from ..supplying.purchase import counting_again
from ..world import World
from . import tasks
from .journeys import writes_of

ORDERS_AT_ONCE = 100
MOST_BATCHES = 90
"""They are marked together with the group, in one transaction."""

DOUBLED_WITHIN = 3 * DAY
"""After this long without the merchant's word an alarm is raised."""


def call_off(world: World, caller: Caller, group_id: str, why: str, *, now: Instant) -> Group:
    """By its merchant, or for them by those who answer for it. Again: it is done already."""
    for attempt in attempts(world):
        with attempt:
            group = seen_group(world, caller, group_id)
            if group.called_off_at is not None:
                return group
            check_formed(group)
            if group.resolved_at is None:  # its verdict is still being carried out
                raise Unavailable("busy", retry_after_s=30)
            new = replace(
                group, called_off_at=now, called_off_why=why, called_off_by=caller.id, cursor=None, due_at=now
            )
            act = audit.line(world, caller, "called_off", group_id, now)
            world.store.commit(Replace(new), act, *_stopped(world, group, now))
            audit.noted(world, act)
            world.watch.count("groups_called_off")
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def _stopped(world: World, group: Group, now: Instant) -> list[Write]:
    """Batches that have not left stay, the journey ends, and the merchant finds what to transfer."""
    batches = world.store.batches(group.id)
    if any(batch.state not in UNSHIPPED for batch in batches):
        raise Refused("already_shipped")
    if len(batches) > MOST_BATCHES:
        raise Refused("too_many_batches", most=MOST_BATCHES)
    writes: list[Write] = [Replace(replace(batch, called_off=True, task="", due_at=None)) for batch in batches]
    terms = world.store.terms(group.campaign_id, group.terms_version)
    journey = world.store.journey(group.id)
    if journey is not None:
        writes += writes_of(journey, journeys.called_off(journey, now), terms)
    if _doubles(terms):
        facts = {"title": group.title}
        writes.append(
            tasks.planned(
                queue=group.merchant_id, errand=Errand.PAYOUT, about=group.id, event="doubled", facts=facts, now=now
            )
        )
    return writes


def _doubles(terms: Campaign) -> bool:
    return terms.deposit is not None and terms.deposit.kind is DepositKind.EARNEST


def carry_on(world: World, group: Group, now: Instant) -> None:
    """Some orders; the group remembers how far. An order says itself whether it was done."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    page = world.store.orders_of_group(group, ORDERS_AT_ONCE, group.cursor)
    for order in page.rows:
        _give_back(world, terms, order, now)
    if page.next is not None:
        world.store.commit(Replace(replace(group, cursor=page.next, due_at=now)))
        return
    done = replace(group, cursor=None, due_at=None)
    world.store.commit(Replace(done), *counting_again(world, group.id, now))


def _give_back(world: World, terms: Campaign, order: Order, now: Instant) -> None:
    for attempt in attempts(world):
        with attempt:
            paid = order.state is OrderState.PAID and order.resolution in rules.STANDING
            if not paid or order.withdrawn_at is not None or order.handed_at is not None:
                return
            world.store.commit(*_writes(world, terms, order, now))
            return
        order = world.store.order(order.id) or order


def _writes(world: World, terms: Campaign, order: Order, now: Instant) -> list[Write]:
    left = left_of(world, order)
    first = left.payments[0]
    writes: list[Write] = [Replace(rules.called_off(order, now)), *voided_balance(world, order)]
    writes += left.back(left.amount_minor, now, cause="called_off")
    held = first.state is EntryState.AUTHORISED
    if held and not any(one.kind in (Kind.CAPTURE, Kind.VOID) for one in left.entries):
        writes.append(Create(ledger.void_of(first, cause="called_off", now=now)))
    if _doubles(terms):
        writes.append(Create(rules.doubled(first, now, now + DOUBLED_WITHIN)))
    return writes


def payouts(world: World, caller: Caller, group_id: str) -> list[Entry]:
    """What the merchant owes buyers past the provider. Reads the whole group: for a person who waits for it."""
    group = seen_group(world, caller, group_id)
    return [entry for entry in world.store.entries_of_group(group) if entry.kind is Kind.DOUBLED]
