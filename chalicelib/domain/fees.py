"""Delivery fees (O15): by zone and weight, free above an amount, free at a pickup point.

A fee is a part of the order's amount and is shown apart. It does not count towards a group's target, and a better
final price does not touch it.
"""

from collections.abc import Mapping, Sequence

from ..lean import dataclass
from .refusals import Refused

KILOGRAM = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryZone:
    """Where a campaign delivers to the door, and for how much, in minor units.

    `divisions` are beginnings of administrative division codes; none covers everything. `fee_minor` is for the first
    kilogram, `per_kg_minor` for each one begun after it; from `free_from_minor` of goods on it costs nothing.
    """

    zone: str
    divisions: tuple[str, ...] = ()
    fee_minor: int = 0
    per_kg_minor: int = 0
    free_from_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """`free` says why nothing is asked: `pickup`, `threshold`, or empty."""

    zone: str = ""
    amount_minor: int = 0
    weight_g: int = 0
    free: str = ""


def zone_for(zones: Sequence[DeliveryZone], division_code: str) -> DeliveryZone:
    """The zone with the longest matching beginning; of equals the first. Refuses where nothing is delivered to."""
    found: DeliveryZone | None = None
    longest = -1
    for one in zones:
        for beginning in one.divisions or ("",):
            if division_code.startswith(beginning) and len(beginning) > longest:
                found, longest = one, len(beginning)
    if found is None:
        raise Refused("zone_not_served")
    return found


def weight(lines: Mapping[str, int], weights: Mapping[str, int]) -> int:
    return sum(units * weights.get(sku, 0) for sku, units in lines.items())


def fee_for(zone: DeliveryZone, goods_minor: int, weight_g: int) -> Fee:
    if zone.free_from_minor is not None and goods_minor >= zone.free_from_minor:
        return Fee(zone=zone.zone, weight_g=weight_g, free="threshold")
    more = max(0, -(-(weight_g - KILOGRAM) // KILOGRAM))
    return Fee(zone=zone.zone, amount_minor=zone.fee_minor + more * zone.per_kg_minor, weight_g=weight_g)
