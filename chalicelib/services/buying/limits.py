"""Brakes on abuse: unpaid seats per person and per group, and one buyer's units over all groups of a campaign."""

from dataclasses import replace

from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.order import NON_PAYER_AFTER, NON_PAYER_WINDOW, Order, OrderState
from ...domain.refusals import Refused
from ...domain.tally import Scope
from ...domain.upkeep import Allowance
from ...domain.writes import Create, Replace, Write
from ...lean import dataclass
from ..world import World

LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """What the index knows of a buyer: lags a little, which is good enough for a brake and is no promise."""

    held: int
    lapsed: int
    knows_this: bool

    @property
    def non_payer(self) -> bool:
        return self.lapsed >= NON_PAYER_AFTER


def standing(world: World, buyer_id: str, order_id: str, now: Instant) -> Standing:
    marks = world.store.orders_of_buyer(buyer_id, LOOKED_AT, None).rows
    recent = [mark for mark in marks if mark.joined_at > now - NON_PAYER_WINDOW]
    return Standing(
        held=sum(mark.state is OrderState.HELD for mark in marks),
        lapsed=sum(mark.state is OrderState.EXPIRED for mark in recent),
        knows_this=any(mark.order_id == order_id and mark.state is OrderState.HELD for mark in marks),
    )


def check_holds(world: World, terms: Campaign, group: Group | None, who: Standing) -> None:
    """Unpaid seats are capped, so that nobody can empty a group without paying. A replay is never refused here."""
    if who.knows_this:
        return
    if who.held >= terms.max_unpaid_per_person:
        raise Refused("too_many_unpaid", most=terms.max_unpaid_per_person)
    if group is not None and terms.max_unpaid_per_group is not None:
        tally = world.store.tally(Scope.GROUP, group.id)
        if tally is not None and tally.numbers.held >= terms.max_unpaid_per_group:
            raise Refused("group_has_too_many_unpaid", most=terms.max_unpaid_per_group)


def allowance_writes(world: World, terms: Campaign, buyer_id: str, units: int) -> list[Write]:
    """The third row of a join, where a limit spans groups (P15). Negative units give back."""
    if not terms.spans_groups or not units:
        return []
    assert terms.limit_per_buyer is not None
    known = world.store.allowance(terms.id, buyer_id)
    used = (known.units if known else 0) + units
    if used > terms.limit_per_buyer:
        raise Refused("over_the_limit", limit=terms.limit_per_buyer)
    if known is None:
        return [Create(Allowance(campaign_id=terms.id, buyer_id=buyer_id, units=max(0, used)))]
    return [Replace(replace(known, units=max(0, used)))]


def give_back(world: World, terms: Campaign, order: Order) -> list[Write]:
    return allowance_writes(world, terms, order.buyer_id, -sum(order.lines.values()))
