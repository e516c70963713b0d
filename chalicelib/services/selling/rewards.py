"""The coupon for a share that led to a paid join: written with what it follows from, and voided with it (E6)."""

from ...domain import reward as rules
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.incident import Coupon
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.writes import Replace, Write, put
from ..telling import tell
from ..world import World


def granted(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    """For an order that was paid. Whoever takes the place meanwhile makes this one look again."""
    if terms.share_reward is None or order.shared_by is None:
        return []
    made = rules.coupon(terms.share_reward, order, _known(world, order), now)
    if made is None:
        return []
    return [put(made), *_told(world, order, group, made, "share_rewarded", now)]


def undone(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> list[Write]:
    """For an order that came to nothing."""
    if terms.share_reward is None or order.shared_by is None:
        return []
    made = rules.voided(order, _known(world, order), now)
    return [Replace(made), *_told(world, order, group, made, "share_reward_voided", now)] if made is not None else []


def _known(world: World, order: Order) -> list[Coupon]:
    assert order.shared_by is not None
    return world.store.coupons_under(order.shared_by, rules.prefix(order.campaign_id))


def _told(world: World, order: Order, group: Group, coupon: Coupon, template: str, now: Instant) -> list[Write]:
    """Who shared hears of the coupon, never of who came."""
    params = {
        **tell.group_params(group),
        "amount": shown(coupon.amount_minor, coupon.currency),
        "min_spend": shown(coupon.min_spend_minor, coupon.currency),
        "until": local_text(coupon.expires_at, group.zone),
    }
    event = f"{template}@{coupon.id}@{coupon.version}"
    return [*tell.plan(world, coupon.person_id, about=group.id, event=event, template=template, params=params, now=now)]
