"""A published campaign's timer: opens its groups one by one, and shows its prices in the catalogue (L7)."""

from dataclasses import replace

from ...domain import group as groups
from ...domain.campaign import Campaign, Community, Kind, Stock, price_on_joining
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.product import Deal, with_deal
from ...domain.refusals import Broken
from ...domain.tally import Scope, Tally
from ...domain.writes import Create, Replace, TakeStock, Write
from ..attempts import attempts
from ..world import World


def open_groups(world: World, campaign: Campaign, now: Instant) -> None:
    terms = world.store.terms(campaign.id, campaign.terms_version)
    communities: list[Community | None] = list(terms.communities) if terms.kind is Kind.COMMUNITY else [None]
    if terms.kind is not Kind.TEAM:
        for community in communities:
            open_group(world, terms, community, len(communities), now)
    for item in terms.items:
        _show_deal(world, terms, item.sku, now)
    world.store.commit(Replace(replace(campaign, groups_opened=len(communities), due_at=None)))


def group_for(terms: Campaign, community: Community | None, now: Instant) -> Group:
    which = [community.id] if community else ["pot"]
    return groups.opened(terms, now=now, which=which, community=community)


def open_group(world: World, terms: Campaign, community: Community | None, sharing: int, now: Instant) -> None:
    """The group, its first slices and its tally come into being together with the stock they are given."""
    for attempt in attempts(world):
        with attempt:
            group = group_for(terms, community, now)
            if world.store.group(group.id) is not None:
                return
            stock = world.store.stock(terms.id)
            if stock is None:
                raise Broken(f"campaign {terms.id} has no stock row")
            units = first_units(stock, sharing)
            writes: list[Write] = [*creation(group, terms, units)]
            if units:
                writes.append(TakeStock(terms.id, units))
            world.store.commit(*writes)
            return


def first_units(stock: Stock, sharing: int) -> dict[str, int]:
    """All of it for a single pot; a small first share for each of several groups, which fetch more as they sell."""
    share = 1 if sharing == 1 else 4 * sharing
    return {sku: units for sku, left in stock.left.items() if (units := -(-left // share) if left else 0)}


def creation(group: Group, terms: Campaign, units: dict[str, int]) -> list[Write]:
    tally = Tally(scope=Scope.GROUP, id=group.id, campaign_id=terms.id, as_of=group.opened_at)
    given = {item.sku: units.get(item.sku, 0) for item in terms.items}
    group = replace(group, slices=groups.first_slices_for(group.kind, groups.seats_of(group, terms), given))
    slices = [Create(row) for row in groups.first_slices(group, terms, units)]
    return [Create(group), *slices, Create(tally)]


def _show_deal(world: World, terms: Campaign, sku: str, now: Instant) -> None:
    item = terms.item(sku)
    assert terms.closes_at is not None
    sizes = terms.team_sizes or (None,)
    price = min(price_on_joining(terms, item, size) for size in sizes)
    deal = Deal(
        campaign_id=terms.id,
        group_id=group_for(terms, None, now).id if terms.kind is Kind.POT else None,
        price_minor=price,
        from_at=terms.opens_at or now,
        until=terms.closes_at,
    )
    for attempt in attempts(world):
        with attempt:
            product = world.store.product(item.product_id)
            if product is None or any(known.campaign_id == terms.id for known in product.deals):
                return
            world.store.commit(Replace(with_deal(product, deal)))
