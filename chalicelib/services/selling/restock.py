"""Adds stock to a published campaign: short groups fetch it, a sold-out campaign sells again (L6)."""

from collections.abc import Mapping

from ...domain.campaign import MAX_UNITS, CampaignState, Restocked, Stock
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Broken, Lost, Refused, Unavailable
from ...domain.tally import Numbers, Scope
from ...domain.writes import Create, TakeStock
from .. import audit
from ..attempts import attempts
from ..world import World
from .draft import own


def restock(
    world: World,
    caller: Caller,
    campaign_id: str,
    units: Mapping[str, int],
    *,
    reason: str,
    batch: str = "",
    key: str,
    now: Instant,
) -> Stock:
    """Counted on top of whatever is sold meanwhile; the same request adds once."""
    campaign = own(world, caller, campaign_id)
    if campaign.state is not CampaignState.PUBLISHED:
        raise Refused("not_published")
    for sku, count in units.items():
        campaign.item(sku)
        if not 0 < count <= MAX_UNITS:
            raise Refused("stock_out_of_range", sku=sku)
    added = Restocked(campaign_id=campaign_id, key=key, units=dict(units), reason=reason, at=now, batch=batch)
    for attempt in attempts(world):
        with attempt:
            act = audit.line(world, caller, "restocked", campaign_id, now, units=str(sum(units.values())))
            back = {sku: -count for sku, count in units.items()}
            try:
                world.store.commit(Create(added), TakeStock(campaign_id, back), act)
                audit.noted(world, act)
            except Lost:
                _check_same(world, added)
            world.store.count_up(Scope.CAMPAIGN, campaign_id, Numbers(), {}, now)
            return _stock(world, campaign_id)
    raise Unavailable("busy")


def _check_same(world: World, added: Restocked) -> None:
    """Done before by this very request, refused for another one under its key, or not done at all (Lost)."""
    known = world.store.restocked(added.campaign_id, added.key)
    if known is None:
        raise Lost()
    if (dict(known.units), known.batch) != (dict(added.units), added.batch):
        raise Refused("key_reused")


def _stock(world: World, campaign_id: str) -> Stock:
    stock = world.store.stock(campaign_id)
    if stock is None:
        raise Broken(f"campaign {campaign_id} has no stock row")
    return stock
