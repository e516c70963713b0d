"""A merchant's trade over all campaigns: the daily series, who comes back (M2), and what is still owed (M3).

Read from the orders themselves, whenever somebody asks: right by construction, and fit for tens of thousands of orders.
Ten thousand are about ten pages of a megabyte, 2,400 read units and some seconds of a small function; at 50,000 it
stops and says so. Who comes back cannot be added up from daily copies: it takes every buyer of every day.
What one campaign brings is projected as it happens (`board`).
"""

from collections.abc import Iterator
from dataclasses import field

from ...domain.campaign import Campaign, CampaignState
from ...domain.group import Group, GroupState
from ...domain.hours import by_day
from ...domain.instants import DAY, Instant, moment
from ...domain.order import Order, OrderState
from ...domain.ports import Caller
from ...lean import dataclass
from ..lists import all_groups, every
from ..world import World

LOOKED_BACK = 90 * DAY
MOST_ORDERS = 50_000
A_PAGE = 50


@dataclass(slots=True, kw_only=True)
class Day:
    """`returning` are those of its `buyers` who had bought in another group before."""

    visitors: int = 0
    orders: int = 0
    turnover_minor: int = 0
    buyers: set[str] = field(default_factory=set)
    returning: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Trade:
    """`owed` of the `formed` paid orders of formed groups are not with their buyers yet. `whole`: nothing was left out.

    `turnover_minor` counts what is paid and was not paid back in full, on the day it was paid.
    """

    currency: str
    days: dict[str, Day]
    buyers: int = 0
    returning: int = 0
    formed: int = 0
    owed: int = 0
    whole: bool = True
    as_of: Instant = 0


@dataclass(frozen=True, slots=True)
class Bought:
    at: Instant
    order: Order
    group: Group
    zone: str


def trade(world: World, caller: Caller, currency: str, *, now: Instant) -> Trade:
    """Days on each campaign's own wall clock, newest last."""
    found = Trade(currency=currency, days={}, as_of=now)
    bought: list[Bought] = []
    for campaign in _campaigns(world, caller, currency, now):
        for day, pulse in by_day(world.store.hours(campaign.id), campaign.zone).items():
            found.days.setdefault(day, Day()).visitors += pulse.visitors
        for one in _bought(world, campaign):
            if len(bought) >= MOST_ORDERS:
                found.whole = False
                break
            bought.append(one)
    _count(found, sorted(bought, key=lambda one: (one.at, one.order.id)))
    found.days = dict(sorted(found.days.items()))
    return found


def _campaigns(world: World, caller: Caller, currency: str, now: Instant) -> Iterator[Campaign]:
    for campaign in every(lambda start: world.store.campaigns_of(caller.id, A_PAGE, start)):
        fresh = (campaign.closes_at or now) > now - LOOKED_BACK
        if campaign.state is CampaignState.PUBLISHED and campaign.currency == currency and fresh:
            yield campaign


def _bought(world: World, campaign: Campaign) -> Iterator[Bought]:
    for group in all_groups(world, campaign.id):
        if group.state is GroupState.FAILED:
            continue
        for part in range(group.parts):
            for order in world.store.orders_of_part(group.id, part):
                if order.state is OrderState.PAID and order.paid_at is not None:
                    yield Bought(order.paid_at, order, group, campaign.zone)


def _count(found: Trade, bought: list[Bought]) -> None:
    seen: dict[str, str] = {}
    returned: set[str] = set()
    for one in bought:
        order, buyer = one.order, one.order.buyer_id
        day = found.days.setdefault(f"{moment(one.at, one.zone):%Y-%m-%d}", Day())
        day.orders += 1
        day.turnover_minor += order.amount_minor
        day.buyers.add(buyer)
        if seen.setdefault(buyer, one.group.id) != one.group.id:
            day.returning.add(buyer)
            returned.add(buyer)
        if one.group.state is GroupState.FORMED:
            found.formed += 1
            found.owed += order.handed_at is None
    found.buyers, found.returning = len(seen), len(returned)
