"""Orders as their buyer, and a group's orders as its merchant, get to see them."""

from collections.abc import Sequence

from ...domain import order as rules
from ...domain.batch import Batch
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.incident import Coupon, late_coupon_id
from ...domain.journey import Journey
from ...domain.ledger import Entry
from ...domain.notice import Notice
from ...domain.order import Order
from ...domain.plan import DELIVERY
from ...domain.ports import Caller, Page
from ...domain.refusals import Broken, Refused
from ...domain.resolution import in_group
from ...domain.returns import Return
from ...domain.substitute import Substitute
from ...domain.waybill import Waybill
from ...lean import dataclass
from ..delivering import returns, waybills
from ..delivering.batches import photo_links
from ..fulfilling import self_refund
from ..paying.money import seen_group
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    order: Order
    group: Group
    terms: Campaign
    entries: Sequence[Entry] = ()
    notices: Sequence[Notice] = ()
    batch: Batch | None = None
    waybill: Waybill | None = None
    photos: Sequence[str] = ()
    journey: Journey | None = None
    returns: Sequence[Return] = ()
    offers: Sequence[Substitute] = ()
    may_self_refund: bool = False
    coupons: Sequence[Coupon] = ()


def one(world: World, caller: Caller, order_id: str) -> OrderView:
    """With its timeline: its own steps, every movement of its money, what its buyer was told, and the stages of its
    group. Six reads, and one more where it ran late, whatever the
    size of the group."""
    order, group, journey = world.store.order_page(order_id)
    if order is None:
        raise Refused("order_not_found", order=order_id)
    rules.check_mine(order, caller.id)
    if group is None:
        raise Broken(f"order {order_id} has no group")
    order = in_group(order, group)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    batch, waybill, offers = waybills.ride_of(world, order, group, terms)
    return OrderView(
        journey=journey,
        order=order,
        group=group,
        terms=terms,
        batch=batch,
        returns=returns.of_order(world, order),
        photos=photo_links(world, batch) if batch else (),
        waybill=waybill,
        offers=offers,
        coupons=_for_delays(world, order, batch, journey),
        may_self_refund=self_refund.is_open(world, order, group, terms, batch),
        entries=world.store.entries_of_order(order.id),
        notices=world.store.notices_about(order.buyer_id, order.id),
    )


def _for_delays(world: World, order: Order, batch: Batch | None, journey: Journey | None) -> Sequence[Coupon]:
    """What the order's buyer was given because it ran late: one more read where anything did."""
    late = [one.stage for one in journey.compensations] if journey is not None else []
    late += [DELIVERY] if batch is not None and batch.late_at is not None else []
    return world.store.coupons(order.buyer_id, [late_coupon_id(order.id, one) for one in dict.fromkeys(late)])


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[OrderView]:
    page = world.store.orders_of_buyer(caller.id, limit, start)
    views = []
    for mark in page.rows:
        order = world.store.order(mark.order_id)
        group = world.store.group(order.group_id) if order else None
        if order is not None and group is not None:
            terms = world.store.terms(group.campaign_id, group.terms_version)
            views.append(OrderView(order=in_group(order, group), group=group, terms=terms))
    return Page(views, page.next)


def of_group(world: World, caller: Caller, group_id: str, *, limit: int, start: str | None) -> Page[Order]:
    group = seen_group(world, caller, group_id)
    page = world.store.orders_of_group(group, limit, start)
    return Page([in_group(order, group) for order in page.rows], page.next)
