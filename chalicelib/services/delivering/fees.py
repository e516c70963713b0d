"""What delivering an order costs, and what it would cost: asked before joining, and again by the join itself."""

from collections.abc import Mapping

from ...domain import fees, pricing
from ...domain import order as orders
from ...domain.campaign import Campaign, Fulfilment
from ...domain.fees import Fee
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...lean import dataclass
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What joining with these lines would cost now, in minor units."""

    goods_minor: int
    fee: Fee
    total_minor: int
    currency: str


def fee_of(
    world: World, terms: Campaign, buyer_id: str, lines: Mapping[str, int], goods_minor: int, address_id: str | None,
    now: Instant,
) -> Fee:  # fmt: skip
    """Nothing at a pickup point, or where the campaign names no zones. Reading the address is on record, as every read.

    Raises Refused('zone_not_served') for an address outside every zone.
    """
    if terms.fulfilment is not Fulfilment.DELIVERY:
        return Fee(free="pickup")
    if not terms.delivery or address_id is None:
        return Fee()
    contact = world.vault.read(buyer_id, reader=buyer_id, why="delivery fee", now=now)
    address = contact.addresses.get(address_id) if contact else None
    if address is None:
        raise Refused("unknown_address", address=address_id)
    zone = fees.zone_for(terms.delivery, address.division_code)
    return fees.fee_for(zone, goods_minor, orders.weight_of(terms, lines))


def quote(
    world: World, caller: Caller, group_id: str, lines: Mapping[str, int], address_id: str | None, *, now: Instant
) -> Quote:
    """Nothing is held by it. The same rules as the join's own."""
    group = world.store.group_lately(group_id, now)
    if group is None:
        raise Refused("group_not_found", group=group_id)
    terms = world.store.terms(group.campaign_id, group.terms_version)
    orders.check_lines(terms, lines)
    if terms.fulfilment is Fulfilment.DELIVERY and terms.delivery and address_id is None:
        raise Refused("address_missing")
    goods = pricing.amount(lines, orders.prices_on_joining(terms, group, lines))
    fee = fee_of(world, terms, caller.id, lines, goods, address_id, now)
    return Quote(goods_minor=goods, fee=fee, total_minor=goods + fee.amount_minor, currency=terms.currency)
