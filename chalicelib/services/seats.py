"""Where in a group a buyer sits: choosing a slice, filling a short one, splitting a busy one."""

from collections.abc import Mapping
from dataclasses import replace

from ..domain.campaign import Kind, Stock
from ..domain.group import MOST_SLICES, Group, GroupState, Slice
from ..domain.instants import Instant
from ..domain.refusals import Lost, Refused
from ..domain.writes import Create, Replace, Row, Take, TakeStock, Write
from .world import World

CHUNK_SHARE = 8
"""A refill takes what is lacking and up to 1/8 of what the campaign has left, so that refills stay rare."""

MOST_SOURCES = 7
"""Slices one gathering takes from, which keeps its transaction under ten actions."""

SPLIT_CHANCE = 0.25
"""How readily a conflict leads to a split: several workers meet it at once, and one split serves them all."""


def pick(world: World, group: Group) -> int:
    """This process's slice of the group: kept while it works, so that processes settle on slices of their own."""
    number = world.seats.get(group.id)
    if number is None or number >= group.slices:
        number = move_on(world, group)
    return number


def move_on(world: World, group: Group) -> int:
    if len(world.seats) > 1_000:
        world.seats.clear()
    number = world.seats[group.id] = int(world.draw() * group.slices)
    return number


def as_slice(row: Row | None) -> Slice | None:
    return row if isinstance(row, Slice) else None


def why_refused(row: Slice | None, now: Instant) -> str:
    """What a slice that refused says: closed, not started, or short."""
    if row is None or row.sealed or now >= row.closes_at:
        return "closed"
    return "not_started" if now < row.opens_at else "short"


def gather(world: World, group: Group, number: int, lines: Mapping[str, int], seats: int, now: Instant) -> None:
    """Brings what slice `number` lacks from the campaign's stock and the sibling slices.

    Looks at all of them at one instant, so that "full" is only said when it is true. Raises Refused("sold_out" or
    "group_full"), or Lost when something moved meanwhile.
    """
    fresh = world.store.group(group.id)
    if fresh is None or fresh.state is not GroupState.OPEN:
        raise Refused("group_closed")
    stock, slices = world.store.stock_and_slices(group.campaign_id, group.id, fresh.slices)
    target = slices[number]
    if any(row.sealed for row in slices):
        raise Refused("group_closed")
    if sum(row.seats for row in slices) < seats:
        raise Refused("group_full")
    for sku, units in lines.items():
        if stock.left.get(sku, 0) + sum(row.left.get(sku, 0) for row in slices) < units:
            raise Refused("sold_out", sku=sku)
    writes = _moves(stock, target, [row for row in slices if row.number != number], lines, seats)
    if writes:
        world.store.commit(*writes)


def _moves(stock: Stock, target: Slice, others: list[Slice], lines: Mapping[str, int], seats: int) -> list[Write]:
    """Counting writes that carry units and seats over; each source must still have them, nothing is made or lost."""
    from_stock: dict[str, int] = {}
    taken: dict[int, dict[str, int]] = {}
    for sku, units in lines.items():
        lack = max(0, units - target.left.get(sku, 0))
        if not lack:
            continue
        left = stock.left.get(sku, 0)
        from_stock[sku] = min(left, max(lack, left // CHUNK_SHARE))
        lack -= min(lack, left)
        for row in sorted(others, key=lambda row: -row.left.get(sku, 0)):
            part = min(lack, row.left.get(sku, 0))
            if part:
                taken.setdefault(row.number, {})[sku] = part
                lack -= part
    return _carry(stock.campaign_id, target, from_stock, taken, _seats_from(target, others, seats))


def _seats_from(target: Slice, others: list[Slice], seats: int) -> dict[int, int]:
    """How many seats to fetch from which sibling, the richest first."""
    found: dict[int, int] = {}
    lack = max(0, seats - target.seats)
    for row in sorted(others, key=lambda row: -row.seats):
        if lack > 0 and row.seats:
            found[row.number] = min(max(lack, row.seats // CHUNK_SHARE), row.seats)
            lack -= found[row.number]
    return found


def _carry(
    campaign_id: str,
    target: Slice,
    from_stock: Mapping[str, int],
    taken: Mapping[int, Mapping[str, int]],
    seats_taken: Mapping[int, int],
) -> list[Write]:
    """As many sources as fit one small transaction; what is still lacking comes with the next look."""
    brought = {sku: units for sku, units in from_stock.items() if units}
    writes: list[Write] = [TakeStock(campaign_id, dict(brought))] if brought else []
    sources = sorted({*taken, *seats_taken})[:MOST_SOURCES]
    for number in sources:
        units = taken.get(number, {})
        writes.append(Take(target.group_id, number, units, seats_taken.get(number, 0)))
        for sku, some in units.items():
            brought[sku] = brought.get(sku, 0) + some
    if not writes:
        return []
    gift = {sku: -units for sku, units in brought.items()}
    return [*writes, Take(target.group_id, target.number, gift, -sum(seats_taken.get(n, 0) for n in sources))]


def split(world: World, group_id: str, number: int) -> None:
    """Gives a busy slice a sibling with half of what it has. Losing the race to do so is fine."""
    group = world.store.group(group_id)
    if (
        group is None
        or group.state is not GroupState.OPEN
        or group.kind is Kind.TEAM
        or group.slices >= MOST_SLICES
        or group.spread_number != group.deadline_number  # the new slice must not miss a move of the deadline
    ):
        return
    donor = world.store.slice(group_id, number)
    if donor is None or donor.sealed:
        return
    half = {sku: units // 2 for sku, units in donor.left.items()}
    if not any(half.values()) or donor.seats < 2:
        return
    new = replace(donor, number=group.slices, left=half, seats=donor.seats // 2, version=0)
    try:
        world.store.commit(
            Replace(replace(group, slices=group.slices + 1)),
            Take(group_id, number, half, new.seats),
            Create(new),
        )
        world.watch.count("slices_split")
    except Lost:
        return
