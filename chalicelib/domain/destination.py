"""Where the goods of a formed group's orders go, as suppliers, leaders and the shares of a shortage name it."""

from .balance import STANDING
from .batch import destination_of, places
from .campaign import Campaign
from .group import Group
from .order import Order, OrderState

__all__ = ["destination_name", "destination_of", "wants_goods"]


def destination_name(terms: Campaign, group: Group, destination: str) -> str:
    """How people call it: the point's name or the zone's; the group's own title where everything goes together."""
    return next((place.name for place in places(terms, group) if place.destination == destination), destination)


def wants_goods(order: Order) -> bool:
    """Whether anything is to be delivered for it: paid, in a group that has formed or is about to. Whoever still owes
    a balance is asked for, too: suppliers do not wait for it, and who defaults is counted out again.
    """
    formed = order.state is OrderState.PAID and order.resolution in (None, *STANDING)
    return formed and order.withdrawn_at is None
