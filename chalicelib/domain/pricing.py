"""Price tiers: the more people buy, the less everyone pays (P1, P2).

The tier reached at the close holds for all. What a buyer pays on joining is the price that is certain *if the
group forms at all*: so nobody ever owes more later, and every correction is a refund.
"""

from collections.abc import Mapping, Sequence

from ..lean import dataclass
from .money import percent_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From this many participants on, one unit costs this much (minor units)."""

    participants: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTier:
    """What the next tier takes and brings: "3 more people and everyone pays ¥1.50 less"."""

    more_participants: int
    unit_price_minor: int
    less_minor: int


def tier_from_percent(list_price_minor: int, participants: int, percent: int) -> Tier:
    return Tier(participants=participants, unit_price_minor=percent_off(list_price_minor, percent))


def unit_price(list_price_minor: int, tiers: Sequence[Tier], participants: int) -> int:
    """The price of one unit with this many participants. Tiers come in order of participants."""
    price = list_price_minor
    for tier in tiers:
        if participants >= tier.participants:
            price = tier.unit_price_minor
    return price


def next_tier(list_price_minor: int, tiers: Sequence[Tier], participants: int) -> NextTier | None:
    now = unit_price(list_price_minor, tiers, participants)
    for tier in tiers:
        if tier.participants > participants and tier.unit_price_minor < now:
            return NextTier(
                more_participants=tier.participants - participants,
                unit_price_minor=tier.unit_price_minor,
                less_minor=now - tier.unit_price_minor,
            )
    return None


def amount(lines: Mapping[str, int], prices: Mapping[str, int]) -> int:
    """Σ units x unit price, in minor units."""
    return sum(units * prices[sku] for sku, units in lines.items())
