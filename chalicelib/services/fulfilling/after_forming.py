"""What else begins when a group has formed, when a stage's turn has come, or when a fallback takes over.

A journey's timer calls these before it lets go of the word, and again after a crash: each must be harmless to repeat.
A new one is a line here.
"""

from collections.abc import Callable

from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.plan import SORTING
from ..delivering import batches
from ..paying import settle
from ..supplying import purchase
from ..supplying.other_supplier import fall_back
from ..world import World
from . import paces
from .switch_over import switch_over

OnForming = Callable[[World, Group, Campaign, Instant], None]
OnStage = Callable[[World, Group, Campaign, str, Instant], None]


def _batches(world: World, group: Group, terms: Campaign, stage: str, now: Instant) -> None:
    if stage == SORTING:
        batches.plan(world, group, now)


def _pace(world: World, group: Group, terms: Campaign, now: Instant) -> None:
    paces.keep(world, group.id, now)


ON_FORMING: tuple[OnForming, ...] = (purchase.issue, settle.begin, _pace)
"""(world, group, terms, now), once the verdict is given: purchase orders, the letting out of its money, and the copy
for figures."""

ON_TURN: tuple[OnStage, ...] = (_batches,)
"""(world, group, terms, stage, now), when the turn of a stage has come: delivery batches."""

ON_FALLBACK: tuple[OnStage, ...] = (switch_over, fall_back)
"""(world, group, terms, stage, now), when a stage's fallback takes over."""
