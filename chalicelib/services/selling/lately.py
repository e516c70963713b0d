"""Who joined a group lately, under names that mean nothing elsewhere: only paid orders, and organisers as such."""

from ...domain.group import Group
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.order import OrderState
from ...lean import dataclass
from ..world import World

LOOKED_AT = 50
"""Orders read for it. A larger group shows the latest of some fifty of its buyers: true, if not the whole truth."""

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Participant:
    """`name` is three characters of a hash; `role` tells the initiator and the merchant from other buyers."""

    name: str
    role: str
    at: Instant
    units: int


def lately(world: World, group: Group) -> list[Participant]:
    page = world.store.orders_of_group(group, LOOKED_AT, None)
    paid = [order for order in page.rows if order.state is OrderState.PAID and order.paid_at is not None]
    paid.sort(key=lambda order: -(order.paid_at or 0))
    return [
        Participant(
            name=derived("neighbour", group.id, order.buyer_id, length=3),
            role=_role(group, order.buyer_id),
            at=order.paid_at or order.joined_at,
            units=sum(order.lines.values()),
        )
        for order in paid[:SHOWN]
    ]


def _role(group: Group, buyer_id: str) -> str:
    if buyer_id == group.merchant_id:
        return "merchant"
    return "initiator" if buyer_id == group.initiator_id else ""
