"""Moves the numbers for show along with the stream: one update a group and batch, however many orders changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...domain import hours
from ...domain import tally as tallies
from ...domain.hours import Pulse
from ...domain.instants import Instant
from ...domain.journey import Journey
from ...domain.ledger import Entry
from ...domain.order import HOLDING, Order
from ...domain.tally import Numbers, Scope, plus
from ...domain.upkeep import Visit
from ...domain.writes import Row
from ..attempts import attempts
from ..fulfilling import paces
from ..world import World


@dataclass
class Delta:
    numbers: Numbers = field(default_factory=Numbers)
    units: dict[str, int] = field(default_factory=dict)


def project(world: World, changes: Sequence[tuple[Row | None, Row | None]], now: Instant) -> None:
    deltas: dict[tuple[Scope, str], Delta] = {}
    pulses: dict[str, dict[Instant, Pulse]] = {}
    for old, new in changes:
        if isinstance(new, Journey):
            paces.moved(world, old if isinstance(old, Journey) else None, new, now)
        row = new or old
        if not isinstance(row, (Order, Entry, Visit)):
            continue
        hours.add(pulses.setdefault(row.campaign_id, {}), new)
        hours.add(pulses[row.campaign_id], old, -1)
        change = plus(_numbers(new), _numbers(old), -1)
        for owner in ((Scope.GROUP, row.group_id), (Scope.CAMPAIGN, row.campaign_id)):
            delta = deltas.setdefault(owner, Delta())
            delta.numbers = plus(delta.numbers, change)
            _add_units(delta.units, new, 1)
            _add_units(delta.units, old, -1)
    for (scope, owner_id), delta in deltas.items():
        if delta.numbers != Numbers() or any(delta.units.values()):
            units = {sku: change for sku, change in delta.units.items() if change}
            for attempt in attempts(world):
                with attempt:
                    world.store.count_up(scope, owner_id, delta.numbers, units, now)
    for campaign_id, pulse in pulses.items():
        add_up(world, campaign_id, pulse)


def add_up(world: World, campaign_id: str, changes: Mapping[Instant, Pulse]) -> None:
    for at, change in changes.items():
        if change != Pulse():
            for attempt in attempts(world):
                with attempt:
                    world.store.add_to_hour(campaign_id, at, change)


def _numbers(row: Row | None) -> Numbers:
    match row:
        case Order():
            numbers = tallies.of_order(row)
            return plus(numbers, Numbers(buyers=numbers.paid))
        case Entry():
            return tallies.of_entry(row)
        case Visit():
            return Numbers(visitors=1)
    return Numbers()


def _add_units(units: dict[str, int], row: Row | None, sign: int) -> None:
    if isinstance(row, Order) and row.state in HOLDING:
        for sku, count in row.lines.items():
            units[sku] = units.get(sku, 0) + sign * count
