"""Handing goods over (提货): by pickup code, one order or a list kept while there was no network; each once."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...domain import batch as rules
from ...domain import hand_over as fetching
from ...domain.batch import Batch, BatchState, at_of
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.order import Order
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from ...domain.resolution import in_group
from ...domain.writes import Replace
from ...lean import dataclass
from .. import audit
from ..attempts import attempts
from ..world import World
from .batches import mine, orders_of

DONE = "handed_over"
HANDERS = frozenset({"merchant", "leader", "carrier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """`at` is when the goods changed hands, where that is told later than it happened."""

    order_id: str
    code: str
    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """`said` is `handed_over`, or the code of a refusal. `tries_left` after a wrong code."""

    order_id: str
    said: str
    handed_at: Instant | None = None
    tries_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A line of the list that works without a network: `check` is the beginning of the order's code."""

    order: Order
    check: str


def hand_over(
    world: World,
    caller: Caller,
    group_id: str,
    destination: str,
    asked: Sequence[Handing],
    *,
    key: Callable[[], str],
    now: Instant,
) -> list[Handed]:
    """Each line stands for itself: a wrong one refuses itself, not the others."""
    batch = _handing(world, caller, group_id, destination)
    group, terms = _offer(world, batch)
    secret = key()
    return [_one(world, caller, batch, group, terms, one, secret, now) for one in asked]


def _handing(world: World, caller: Caller, group_id: str, destination: str) -> Batch:
    batch, roles = mine(world, caller, group_id, destination)
    if not roles & HANDERS:
        raise Refused("not_yours_to_hand_over")
    return batch


def _offer(world: World, batch: Batch) -> tuple[Group, Campaign]:
    group = world.store.group(batch.group_id)
    assert group is not None
    return group, world.store.terms(group.campaign_id, group.terms_version)


def _one(
    world: World, caller: Caller, batch: Batch, group: Group, terms: Campaign, ask: Handing, key: str, now: Instant
) -> Handed:
    right = fetching.pickup_code(ask.order_id, key)
    try:
        for attempt in attempts(world):
            with attempt:
                order = _order(world, batch, group, terms, ask.order_id)
                at = _when(batch, ask.at, now)
                came = fetching.attempt(order, ask.code, right, by=caller.id, at=at)
                if came.order is not None:
                    world.store.commit(Replace(came.order))
                if came.refusal is None:
                    world.watch.count("orders_handed_over")
                return _handed(came.order or order, came.refusal.code if came.refusal else DONE)
    except Refused as refused:
        return Handed(order_id=ask.order_id, said=refused.code)
    raise Unavailable("busy")


def _order(world: World, batch: Batch, group: Group, terms: Campaign, order_id: str) -> Order:
    """Another batch's order looks like a missing one: a code tried here says nothing of orders elsewhere."""
    order = world.store.order(order_id)
    if order is None or order.group_id != group.id or rules.destination_of(order, group, terms) != batch.destination:
        raise Refused("order_not_found", order=order_id)
    if order.handed_at is None:
        fetching.check_may_be_handed(in_group(order, group), batch)
    return order


def _when(batch: Batch, at: Instant | None, now: Instant) -> Instant:
    ready = at_of(batch, BatchState.READY)
    if at is None:
        return now
    if at > now + rules.CLOCK_AHEAD:
        raise Refused("time_in_the_future")
    if ready is not None and at < ready:
        raise Refused("back_dated")
    return min(at, now)


def _handed(order: Order, said: str) -> Handed:
    left = fetching.MOST_TRIES - order.code_tries if said in ("wrong_pickup_code", "code_locked") else None
    return Handed(order_id=order.id, said=said, handed_at=order.handed_at, tries_left=left)


def without_code(
    world: World, caller: Caller, group_id: str, destination: str, order_id: str, reason: str, *, now: Instant
) -> Handed:
    """Its merchant alone, for a locked or lost code; the reason stays in the audit log."""
    batch, roles = mine(world, caller, group_id, destination)
    if "merchant" not in roles:
        raise Refused("not_yours_to_hand_over")
    group, terms = _offer(world, batch)
    for attempt in attempts(world):
        with attempt:
            order = _order(world, batch, group, terms, order_id)
            if order.handed_at is not None:
                return _handed(order, Refused("already_handed_over").code)
            done = fetching.handed(order, by=caller.id, at=now)
            act = audit.line(world, caller, "handed_over_without_code", order_id, now, reason=reason)
            world.store.commit(Replace(done), act)
            audit.noted(world, act)
            return _handed(replace(done, version=done.version + 1), DONE)
    raise Unavailable("busy")


def waiting(world: World, caller: Caller, group_id: str, destination: str, *, key: Callable[[], str]) -> list[Waiting]:
    """Who is still to come, for a leader who may be without a network at the gate."""
    batch = _handing(world, caller, group_id, destination)
    secret = key()
    return [
        Waiting(order=order, check=fetching.check_of(fetching.pickup_code(order.id, secret)))
        for order in orders_of(world, batch)
        if rules.awaited(order)
    ]
