"""Where in a group a buyer sits: choosing a slice, filling a short one, splitting a busy one."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain.campaign import Kind, Stock
from ...domain.group import MOST_SLICES, Group, GroupState, Slice
from ...domain.instants import Instant
from ...domain.refusals import Lost, Refused
from ...domain.writes import Create, Replace, Row, Take, TakeStock, Write
from ..world import World

CHUNK_SHARE = 8
"""A refill takes what is lacking and up to 1/8 of what the campaign has left, so that refills stay rare."""

MOST_SOURCES = 7
"""Slices one gathering takes from, which keeps its transaction under ten actions."""

MOST_NEW = 7
"""Slices one split adds, for the same reason. A group never more than doubles: it may have been chance."""

LEAST_SHARE = 16
"""Units of its best-stocked item that a slice keeps in a split or a gathering: with less it would soon be short."""

MOST_FULL = 100
"""Groups found full that a process remembers, each as large as its slices."""

SETTLED_MS = 40
"""Between the two looks that find a group full: what a transaction carries is out of sight for less than this."""


def pick(world: World, group: Group) -> int:
    """This process's slice of the group: kept while it works, so that processes settle on slices of their own."""
    number = world.seats.get(group.id)
    return sit(world, group.id, int(world.draw() * group.slices)) if number is None else number


def sit(world: World, group_id: str, number: int) -> int:
    if len(world.seats) > 1_000:
        world.seats.clear()
    world.seats[group_id] = number
    return number


def after_conflict(world: World, group: Group, number: int) -> None:
    """Somebody else was at the same slice at the same moment: more slices, perhaps, and another one for us."""
    fresh = world.store.group(group.id)
    if fresh is None:
        return
    split(world, group.id, number)
    sit(world, group.id, int(world.draw() * fresh.slices))


def as_slice(row: Row | None) -> Slice | None:
    return row if isinstance(row, Slice) else None


def why_refused(row: Slice | None, now: Instant) -> str:
    """What a slice that refused says: closed, not started, or short."""
    if row is None or row.sealed or now >= row.closes_at:
        return "closed"
    return "not_started" if now < row.opens_at else "short"


def gather(world: World, group: Group, number: int, lines: Mapping[str, int], seats: int, now: Instant) -> None:
    """Finds room when slice `number` is short: brings what is lacking from those who have plenty, or sits down there.

    "Full" is only said when it is true: when two looks in a row find too little and nothing moved in between, every
    row stood still at the moment between them, and there were no more slices then than were looked at. The first look
    may be an earlier buyer's: what is now as it was then has stood still all along. Raises Refused("sold_out" or
    "group_full"), or Lost when rows moved.
    """
    fresh = world.store.group(group.id)
    if fresh is None or fresh.state is not GroupState.OPEN:
        raise Refused("group_closed")
    stock, slices = world.store.stock_and_slices(group.campaign_id, group.id, fresh.slices)
    if any(row.sealed for row in slices):
        raise Refused("group_closed")
    if trouble := _lack(stock, slices, lines, seats):
        if world.full.get(group.id) != (stock, slices):
            _look_again(world, fresh, stock, slices)
        raise trouble
    others = [row for row in slices if row.number != number]
    roomy = [row for row in others if _has_room(row, lines, seats)]
    if roomy and not any(stock.left.get(sku, 0) for sku in lines):
        chosen = roomy[int(world.draw() * len(roomy))]
        share = _half(chosen)
        if share is None:
            sit(world, group.id, chosen.number)
        else:
            world.store.commit(
                *_carry(stock.campaign_id, slices[number], {}, {chosen.number: share[0]}, {chosen.number: share[1]})
            )
        return
    if writes := _moves(stock, slices[number], others, lines, seats):
        world.store.commit(*writes)


def _look_again(world: World, fresh: Group, stock: Stock, slices: list[Slice]) -> None:
    """Raises Lost unless a second look finds what the first one did; then it is remembered."""
    world.rest(SETTLED_MS)
    between = world.store.group(fresh.id)
    if between is None or between.slices != fresh.slices:  # else what went to a new slice is not seen
        raise Lost()
    if world.store.stock_and_slices(fresh.campaign_id, fresh.id, fresh.slices) != (stock, slices):
        raise Lost()
    if len(world.full) >= MOST_FULL:
        world.full.clear()
    world.full[fresh.id] = stock, slices


def _half(row: Slice) -> tuple[dict[str, int], int] | None:
    """Half of what a slice has; None where that would leave it too little to be worth sharing."""
    units = {sku: count // 2 for sku, count in row.left.items() if count > 1}
    if row.seats < 2 or max(units.values(), default=0) < LEAST_SHARE:
        return None
    return units, row.seats // 2


def _lack(stock: Stock, slices: list[Slice], lines: Mapping[str, int], seats: int) -> Refused | None:
    if sum(row.seats for row in slices) < seats:
        return Refused("group_full")
    for sku, units in lines.items():
        if stock.left.get(sku, 0) + sum(row.left.get(sku, 0) for row in slices) < units:
            return Refused("sold_out", sku=sku)
    return None


def _has_room(row: Slice, lines: Mapping[str, int], seats: int) -> bool:
    return row.seats >= seats and all(row.left.get(sku, 0) >= units for sku, units in lines.items())


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
    """Gives a busy slice siblings, with equal shares of what it has. Losing the race to do so is fine."""
    group = world.store.group(group_id)
    if (
        group is None
        or group.state is not GroupState.OPEN
        or group.kind is Kind.TEAM
        or group.spread_number != group.deadline_number  # the new slices must not miss a move of the deadline
    ):
        return
    donor = world.store.slice(group_id, number)
    if donor is None or donor.sealed:
        return
    shares = min(max(donor.left.values(), default=0) // LEAST_SHARE, donor.seats)
    more = min(MOST_NEW, group.slices, MOST_SLICES - group.slices, shares - 1)
    if more < 1:
        return
    share = {sku: units // (more + 1) for sku, units in donor.left.items()}
    seats = donor.seats // (more + 1)
    first = group.slices
    new = [replace(donor, number=first + k, left=share, seats=seats, version=0) for k in range(more)]
    try:
        world.store.commit(
            Replace(replace(group, slices=first + more)),
            Take(group_id, number, {sku: units * more for sku, units in share.items()}, seats * more),
            *(Create(row) for row in new),
        )
        world.watch.count("slices_split")
    except Lost:
        return
