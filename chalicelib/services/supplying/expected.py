"""What a formed group's destinations are to receive: one receipt each, filled in when the goods arrive."""

from dataclasses import replace

from ...domain import destination
from ...domain import receipt as receipts
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.receipt import Receipt
from ...domain.supply import Demand
from ...domain.writes import Create, Replace
from ..attempts import once
from ..world import World


def expect(world: World, group: Group, terms: Campaign, demand: Demand, now: Instant) -> None:
    """Brings every destination's expectation up to the count just done; what was received already stays as it is."""
    known = {row.destination: row for row in world.store.receipts_of(group.id)}
    for where in sorted({*known, *demand.counting}):
        there = known.get(where)
        fresh = _expected(group, terms, demand, where, now)
        if there is None:
            once(world, Create(fresh))
        elif there.latest is None and _moved(there, fresh):
            world.store.commit(Replace(_brought_up(there, fresh, now)))


def _expected(group: Group, terms: Campaign, demand: Demand, where: str, now: Instant) -> Receipt:
    point = terms.point(where.removeprefix("point."))
    count = demand.counting_orders.get(where, 0)
    full = point is not None and point.capacity is not None and count > point.capacity
    return Receipt(
        group_id=group.id,
        destination=where,
        campaign_id=group.campaign_id,
        merchant_id=group.merchant_id,
        leader_id=point.leader_id if point else None,
        title=group.title,
        place=destination.destination_name(terms, group, where),
        zone=group.zone,
        expected=dict(demand.counting.get(where, {})),
        orders=count,
        counted_at=demand.begun_at,
        created_at=now,
        capacity=point.capacity if point else None,
        rule=terms.shortage_rule,
        seed=receipts.seed_of(group),
        owed=("place_over_capacity",) if full else (),
        due_at=now if full else None,
    )


def _moved(there: Receipt, fresh: Receipt) -> bool:
    return (dict(there.expected), there.orders, there.counted_at) != (
        dict(fresh.expected),
        fresh.orders,
        fresh.counted_at,
    )


def _brought_up(there: Receipt, fresh: Receipt, now: Instant) -> Receipt:
    """With the new numbers; too many for the place is told again only where it has become more."""
    news = fresh.owed if fresh.orders > there.orders else there.owed
    return replace(
        there,
        expected=fresh.expected,
        orders=fresh.orders,
        counted_at=fresh.counted_at,
        owed=news,
        due_at=now if news else None,
    )
