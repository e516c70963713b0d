"""A destination's receipt: what came, what is missing, what is damaged; by its leader, or its merchant without one."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import balance
from ...domain import order as orders
from ...domain import receipt as receipts
from ...domain.batch import WAY, Batch, BatchState, moved
from ...domain.destination import destination_of, wants_goods
from ...domain.instants import Instant
from ...domain.leader import LeaderState
from ...domain.order import Order, goods, still_to_come
from ...domain.ports import Caller, Page
from ...domain.receipt import Line, Receipt
from ...domain.refusals import Broken, Refused, Unavailable
from ...domain.writes import Replace, Write
from ...lean import dataclass
from ..attempts import attempts
from ..delivering import batches
from ..paying.money import SEES_ALL, seen_group
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """One order under its public ticket, with what it ordered and what it went without."""

    ticket: str
    joined_at: Instant
    units: Mapping[str, int]
    short: Mapping[str, int]


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Receipt]:
    """Those of my pickup places, newest first."""
    return world.store.receipts_of_leader(caller.id, limit, start)


def of_group(world: World, caller: Caller, group_id: str) -> list[Receipt]:
    return world.store.receipts_of(seen_group(world, caller, group_id).id)


def one(world: World, caller: Caller, group_id: str, destination: str) -> Receipt:
    receipt = world.store.receipt(group_id, destination)
    if receipt is None or not (caller.id in (receipt.leader_id, receipt.merchant_id) or caller.roles & SEES_ALL):
        raise Refused("receipt_not_found", destination=destination)
    return receipt


def receive(
    world: World,
    caller: Caller,
    group_id: str,
    destination: str,
    lines: Mapping[str, Line],
    *,
    number: int,
    note: str = "",
    now: Instant,
) -> Receipt:
    """`number` is 1 for the receipt, one more for each correction: nobody corrects what they have not read."""
    for attempt in attempts(world):
        with attempt:
            receipt = one(world, caller, group_id, destination)
            _check_may_receive(world, caller, receipt)
            _check_is_counted(world, receipt, now)
            new = receipts.entered(receipt, lines, number=number, note=note, now=now, by=caller.id)
            if new is receipt:
                return receipt
            world.store.commit(Replace(new), *_arrived(world, new, caller.id, now))
            world.watch.count("receipts_entered")
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def _arrived(world: World, receipt: Receipt, by: str, now: Instant) -> list[Write]:
    """What has come to a pickup point can be fetched there: its batch is ready, and nobody has to say so twice."""
    came = receipt.latest is not None and any(line.received for line in receipt.latest.lines.values())
    if not came or not receipt.destination.startswith("point."):
        return []
    batch = world.store.batch(receipt.group_id, receipt.destination) or _planned(world, receipt, now)
    if batch is None or WAY.index(batch.state) >= WAY.index(BatchState.READY):
        return []
    return [Replace(moved(batch, BatchState.READY, by=by, at=now, now=now, skipping=True))]


def _planned(world: World, receipt: Receipt, now: Instant) -> Batch | None:
    """Goods that came before their sorting had its turn."""
    group = world.store.group(receipt.group_id)
    made = batches.plan(world, group, now) if group is not None else []
    return next((one for one in made if one.destination == receipt.destination), None)


def _check_may_receive(world: World, caller: Caller, receipt: Receipt) -> None:
    """The place's leader while they are approved; where there is none, the merchant."""
    leader = world.store.leader(receipt.leader_id) if receipt.leader_id else None
    serving = leader is not None and leader.state is LeaderState.APPROVED
    if caller.id == receipt.leader_id and not serving:
        raise Refused("not_a_leader")
    if caller.id != (receipt.leader_id if serving else receipt.merchant_id):
        raise Refused("not_yours_to_receive")


def _check_is_counted(world: World, receipt: Receipt, now: Instant) -> None:
    """While buyers may still choose another point, nobody can say what was to arrive here."""
    group = world.store.group(receipt.group_id)
    if group is None:
        raise Broken(f"receipt of {receipt.group_id} has no group")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    balance.check_all_in(group, terms, now)
    cutoff = orders.pickup_cutoff(group, terms)
    if now < cutoff:
        raise Refused("choices_still_open")
    if receipt.counted_at < cutoff:
        raise Unavailable("count", retry_after_s=60)


def shares(
    world: World, group_id: str, destination: str, *, limit: int, start: str | None
) -> tuple[Receipt, Page[ShareLine]]:
    """How a shortage was shared, order by order, for anybody to recompute: tickets instead of people."""
    receipt, group = world.store.receipt(group_id, destination), world.store.group(group_id)
    if receipt is None or group is None or receipt.round is None:
        raise Refused("receipt_not_found", destination=destination)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    page = world.store.orders_of_group(group, limit, start)
    there = [order for order in page.rows if wants_goods(order) and destination_of(order, group, terms) == destination]
    return receipt, Page([_line(order) for order in there], page.next)


def _line(order: Order) -> ShareLine:
    return ShareLine(
        ticket=receipts.ticket_of(order.id),
        joined_at=order.joined_at,
        units=goods(order),
        short={sku: units - left for sku, units in goods(order).items() if (left := still_to_come(order, sku)) < units},
    )
