"""The ledger for accountants: a campaign's entries, or those of a month, read as they are written into a file."""

from collections.abc import Iterator
from datetime import datetime

from ...domain import journal as rules
from ...domain.books import PAYEES
from ...domain.campaign import Campaign
from ...domain.instants import Instant, instant, moment, zone_of
from ...domain.ledger import Entry
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ..lists import all_groups, every
from ..selling.board import published
from ..world import World
from . import settle
from .settle import Settlement

CAMPAIGNS_AT_ONCE = 50


def of_campaign(world: World, caller: Caller, campaign_id: str) -> tuple[Campaign, Iterator[Entry]]:
    """One's own, group by group; pending and voided entries too."""
    campaign = published(world, caller, campaign_id)
    return campaign, (
        entry for group in all_groups(world, campaign_id) for entry in world.store.entries_of_group(group)
    )


def of_merchant(world: World, caller: Caller, month: str) -> Iterator[Entry]:
    """What moved in one's own campaigns in that month, by the region's clock."""
    since, until = bounds(month, world.home.zone)
    for campaign in every(lambda start: world.store.campaigns_of(caller.id, CAMPAIGNS_AT_ONCE, start)):
        if campaign.created_at < until:
            yield from _moved_of(world, campaign, since, until)


def _moved_of(world: World, campaign: Campaign, since: Instant, until: Instant) -> Iterator[Entry]:
    for group in all_groups(world, campaign.id):
        for entry in world.store.entries_of_group(group):
            if entry.posted_at is not None and since <= rules.at(entry) < until:
                yield entry


def of_everybody(world: World, month: str) -> Iterator[Entry]:
    """What moved at all in that month, provider by provider; from the index."""
    since, until = bounds(month, world.home.zone)
    for method in (*sorted(world.payments), PAYEES):
        yield from world.store.moved(method, since, until)


def settlements(world: World, caller: Caller, campaign_id: str) -> Iterator[Settlement]:
    """Of each group that has formed."""
    published(world, caller, campaign_id)
    for group in all_groups(world, campaign_id):
        if group.verdict is not None and group.verdict.formed:
            yield settle.of_group(world, caller, group.id)


def bounds(month: str, zone: str) -> tuple[Instant, Instant]:
    """`2026-11` as the moments at which it begins and is over. Raises Refused('bad_month')."""
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone_of(zone))
    except ValueError:
        raise Refused("bad_month") from None
    after = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return instant(begin), instant(after)


def this_month(zone: str, now: Instant) -> str:
    return f"{moment(now, zone):%Y-%m}"
