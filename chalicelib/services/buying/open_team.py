"""Opens a team of N (开团): the group, its units and its initiator's own order in one transaction."""

from dataclasses import replace

from ...domain import group as groups
from ...domain import ids
from ...domain import order as orders
from ...domain.campaign import CampaignState, Kind
from ...domain.group import Group, Slice
from ...domain.instants import Instant
from ...domain.order import Order, Receipt
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Create, TakeStock, Write
from ...lean import dataclass
from ..attempts import attempts
from ..selling.open_groups import creation
from ..world import World
from . import limits
from .join import JoinAnswer, JoinRequest, answered, check_ask, draft, told, told_before


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRequest:
    size: int
    join: JoinRequest


def open_team(world: World, caller: Caller, campaign_id: str, ask: TeamRequest, *, now: Instant) -> JoinAnswer:
    """The group's id follows from caller and key: the same request finds the team it opened."""
    campaign = world.store.campaign(campaign_id)
    if campaign is None or campaign.state is not CampaignState.PUBLISHED:
        raise Refused("campaign_not_found", campaign=campaign_id)
    terms = world.store.terms(campaign.id, campaign.terms_version)
    if terms.kind is not Kind.TEAM:
        raise Refused("not_a_team_campaign")
    if ask.size not in terms.team_sizes:
        raise Refused("team_size_not_offered", sizes=list(terms.team_sizes))
    which = ("team", caller.id, ask.join.key)
    group = groups.opened(terms, now=now, which=which, initiator_id=caller.id, team_size=ask.size)
    known = world.store.group(group.id)
    check_ask(world, caller, terms, group, ask.join)
    if known is None:
        _check_open(terms.opens_at, terms.closes_at, now)
    group = known or group
    order_id = ids.order_id(group.id, caller.id, group.parts)
    try:
        new = draft(world, caller, terms, group, ask.join, now)
        receipt = _seat(world, group, new, ask, now)
    except Refused as refused:
        receipt = told_before(world, order_id, ask.join, refused)
    return answered(world, terms, group, order_id, receipt, ask.join, now)


def _check_open(opens_at: Instant | None, closes_at: Instant | None, now: Instant) -> None:
    assert opens_at is not None and closes_at is not None
    if now < opens_at:
        raise Refused("not_started")
    if now >= closes_at:
        raise Refused("group_closed")


def _seat(world: World, group: Group, new: Order, ask: TeamRequest, now: Instant) -> Receipt:
    receipt = Receipt(
        fingerprint=ask.join.fingerprint,
        lines=new.lines,
        amount_minor=new.amount_minor,
        pay_by=new.pay_by,
        joined_at=now,
        deadline=group.closes_at,
        deposit_minor=new.deposit_minor,
    )
    order = orders.joined(new, None, ask.join.key, receipt)
    for attempt in attempts(world):
        there = world.store.order(new.id)
        if there is not None:
            found = told(there, ask.join)
            if isinstance(found, Receipt):
                return found
            raise Refused("group_closed")
        with attempt:
            _check_stock(world, group, new, ask.size)
            world.store.commit(*_opening(world, group, order, ask.size))
            return order.receipts[ask.join.key]
    raise Unavailable("busy")


def _check_stock(world: World, group: Group, new: Order, size: int) -> None:
    stock = world.store.stock(group.campaign_id)
    for sku, units in new.lines.items():
        if stock is None or stock.left.get(sku, 0) < units * size:
            raise Refused("sold_out", sku=sku)


def _opening(world: World, group: Group, order: Order, size: int) -> list[Write]:
    """Every seat is given as much as the initiator takes; the initiator's own is taken at once."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    given = {sku: units * size for sku, units in order.lines.items()}
    create_group, create_slice, create_tally = creation(group, terms, given)
    assert isinstance(create_slice, Create) and isinstance(create_slice.row, Slice)
    row = create_slice.row
    rest = {sku: units - order.lines.get(sku, 0) for sku, units in row.left.items()}
    return [
        create_group,
        Create(replace(row, left=rest, seats=size - 1)),
        create_tally,
        Create(order),
        TakeStock(group.campaign_id, given),
        *limits.allowance_writes(world, terms, order.buyer_id, sum(order.lines.values())),
    ]
