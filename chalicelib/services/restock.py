"""Adds stock to a published campaign: short groups fetch it, a sold-out campaign sells again (L6)."""

from collections.abc import Mapping
from dataclasses import replace

from ..domain.campaign import MAX_UNITS, CampaignState, Stock
from ..domain.instants import Instant
from ..domain.ports import Caller
from ..domain.refusals import Broken, Refused, Unavailable
from ..domain.tally import Numbers, Scope
from ..domain.writes import Replace
from .attempts import attempts
from .draft import own
from .world import World


def restock(
    world: World,
    caller: Caller,
    campaign_id: str,
    units: Mapping[str, int],
    *,
    version: int | None,
    now: Instant,
) -> Stock:
    """`version` is the stock's as the caller saw it: a repeated request then adds nothing."""
    campaign = own(world, caller, campaign_id)
    if campaign.state is not CampaignState.PUBLISHED:
        raise Refused("not_published")
    for sku, count in units.items():
        campaign.item(sku)
        if not 0 < count <= MAX_UNITS:
            raise Refused("stock_out_of_range", sku=sku)
    for attempt in attempts(world):
        with attempt:
            stock = world.store.stock(campaign_id)
            if stock is None:
                raise Broken(f"campaign {campaign_id} has no stock row")
            if version is not None and stock.version != version:
                raise Refused("stock_has_changed", version=stock.version)
            left = {sku: stock.left.get(sku, 0) + units.get(sku, 0) for sku in {*stock.left, *units}}
            new = replace(stock, left=left)
            world.store.commit(Replace(new))
            world.store.count_up(Scope.CAMPAIGN, campaign_id, Numbers(), {}, now)
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")
