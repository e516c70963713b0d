"""What would happen if the group closed now, without doing any of it."""

from ...domain import group as groups
from ...domain import pricing
from ...domain.group import Count, Verdict
from ...domain.instants import Instant
from ...domain.order import Order, OrderState
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...lean import dataclass
from ..world import World
from .move_deadline import own_group


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`refunds` and `notices` are counts of people; amounts in minor units."""

    verdict: Verdict
    held_to_expire: int
    refunds: int
    refund_minor: int
    notices: int


def preview(world: World, caller: Caller, group_id: str, *, now: Instant) -> Preview:
    """Held orders are taken as not paid: the same judge as the real close, on the same rows."""
    group = own_group(world, caller, group_id)
    if group.verdict is not None:
        raise Refused("group_closed")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    orders = [order for part in range(group.parts) for order in world.store.orders_of_part(group.id, part)]
    paid = [order for order in orders if order.state is OrderState.PAID]
    held = [order for order in orders if order.state is OrderState.HELD]
    left: dict[str, int] = {}
    for row in world.store.slices(group.id, group.slices):
        for sku, units in row.left.items():
            left[sku] = left.get(sku, 0) + units
    counts = [Count(participants=1, units=o.lines, amount_minor=o.goods_minor) for o in paid]
    counts += [Count(unsold=o.lines) for o in held]
    verdict = groups.judged(group, terms, groups.total(counts), left, now)
    back = [amount for order in paid if (amount := refund_of(order, verdict)) > 0]
    return Preview(
        verdict=verdict,
        held_to_expire=len(held),
        refunds=len(back),
        refund_minor=sum(back),
        notices=len(paid) + len(held),
    )


def refund_of(order: Order, verdict: Verdict) -> int:
    if not verdict.formed:
        return order.first_minor
    if order.deposit_minor:
        return 0
    return order.goods_minor - pricing.amount(order.lines, verdict.prices)
