"""A campaign's figures for its merchant (M1): from the tally, with the moment they are of."""

from ...domain import tally as tallies
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...domain.tally import Figures, Numbers, Scope
from ...lean import dataclass
from ..world import World
from .draft import own


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFigures:
    numbers: Numbers
    figures: Figures
    currency: str
    low: tuple[str, ...]
    sold_out: tuple[str, ...]
    as_of: Instant


def figures(world: World, caller: Caller, campaign_id: str) -> CampaignFigures:
    campaign = own(world, caller, campaign_id)
    tally = world.store.tally(Scope.CAMPAIGN, campaign_id)
    stock = world.store.stock(campaign_id)
    if tally is None or stock is None:
        raise Refused("not_published")
    return CampaignFigures(
        numbers=tally.numbers,
        figures=tallies.figures(tally.numbers),
        currency=campaign.currency,
        low=stock.low,
        sold_out=stock.sold_out,
        as_of=tally.as_of,
    )
