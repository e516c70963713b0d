"""What a share is worth (分享得优惠券, E6): a coupon for each join through somebody's link that was paid.

A person has so many places for them in a campaign, numbered from 1: a coupon's id names its place, so that no crowd
of friends ever brings more than the campaign says. An order that fails gives its place back.
"""

from collections.abc import Sequence
from dataclasses import replace

from .campaign import ShareReward
from .incident import Coupon
from .instants import Instant
from .order import Order

CAUSE = "share"


def prefix(campaign_id: str) -> str:
    return f"share.{campaign_id}."


def coupon(reward: ShareReward, order: Order, known: Sequence[Coupon], now: Instant) -> Coupon | None:
    """The coupon for a join that was paid: on a free place, or on one that a failed order gave back. None where this
    order has brought one already, or every place is taken."""
    assert order.shared_by is not None
    mine = next((one for one in known if one.order_id == order.id), None)
    if mine is not None and mine.voided_at is None:
        return None
    free = mine or next((one for one in known if one.voided_at is not None), None)
    if free is None and len(known) >= reward.most_per_person:
        return None
    return Coupon(
        id=free.id if free else f"{prefix(order.campaign_id)}{len(known) + 1:03d}",
        version=free.version if free else 0,
        person_id=order.shared_by,
        issuer_id=order.merchant_id,
        incident_id="",
        cause=CAUSE,
        order_id=order.id,
        amount_minor=reward.amount_minor,
        min_spend_minor=reward.min_spend_minor,
        currency=order.currency,
        granted_at=now,
        expires_at=now + reward.valid_ms,
    )


def voided(order: Order, known: Sequence[Coupon], now: Instant) -> Coupon | None:
    """The order came to nothing, and so does what was given for it, unless it was spent."""
    for one in known:
        if one.order_id == order.id and one.voided_at is None and one.used_at is None:
            return replace(one, voided_at=now)
    return None
