"""What else begins when a group has formed, or when a stage's turn has come: each a use case of its own.

A journey's timer calls these before it lets go of the word, and again after a crash: each must be harmless to repeat.
A new one is a line here.
"""

from collections.abc import Callable

from ..domain.campaign import Campaign
from ..domain.group import Group
from ..domain.instants import Instant
from . import purchase
from .world import World

OnForming = Callable[[World, Group, Campaign, Instant], None]
OnTurn = Callable[[World, Group, Campaign, str, Instant], None]

ON_FORMING: tuple[OnForming, ...] = (purchase.issue,)
"""(world, group, terms, now), once the verdict is given: purchase orders."""

ON_TURN: tuple[OnTurn, ...] = ()
"""(world, group, terms, stage, now), when the turn of a stage has come: delivery batches."""
