"""A merchant's catalogue: products live apart from campaigns and keep the history of their prices."""

from dataclasses import replace

from ...domain import product as products
from ...domain.group import GroupState
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.money import MAX_MINOR, decimals
from ...domain.ports import Caller, Page
from ...domain.product import PriceMark, Product
from ...domain.refusals import Lost, Refused
from ...domain.writes import Create, Replace
from ...lean import dataclass
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """`faq`: questions with their answers; None leaves them as they are."""

    title: str
    list_price_minor: int
    currency: str
    description: str = ""
    category: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    faq: tuple[tuple[str, str], ...] | None = None


def create(world: World, caller: Caller, draft: ProductDraft, *, key: str | None, now: Instant) -> Product:
    """With a key, the same request creates the product once."""
    product = Product(
        id="p" + (derived(caller.id, "product", key) if key else world.new_id()),
        merchant_id=caller.id,
        title=draft.title,
        description=draft.description,
        category=draft.category,
        list_price_minor=draft.list_price_minor,
        currency=draft.currency,
        attributes=draft.attributes,
        faq=draft.faq or (),
        created_at=now,
        updated_at=now,
    )
    products.check_product(product)
    decimals(product.currency)
    try:
        world.store.commit(Create(product), Create(_listed(product, now)))
    except Lost:
        return _same(world, product)
    return replace(product, version=1)


def _listed(product: Product, now: Instant) -> PriceMark:
    return PriceMark(
        product_id=product.id,
        at=now,
        nature="list",
        price_minor=product.list_price_minor,
        source=f"version:{product.version}",
    )


def _same(world: World, wanted: Product) -> Product:
    known = world.store.product(wanted.id)
    if known is None:
        raise Lost()
    grown = {name: getattr(known, name) for name in ("created_at", "updated_at", "version", "pictures", "deals")}
    if replace(wanted, **grown) != known:
        raise Refused("key_reused")
    return known


def own(world: World, caller: Caller, product_id: str) -> Product:
    product = world.store.product(product_id)
    if product is None or product.merchant_id != caller.id:
        raise Refused("product_not_found", product=product_id)
    return product


def edit(world: World, caller: Caller, product_id: str, draft: ProductDraft, *, version: int, now: Instant) -> Product:
    old = own(world, caller, product_id)
    if old.version != version:
        raise Refused("product_has_changed", version=old.version)
    if draft.currency != old.currency:
        raise Refused("currency_is_fixed")
    new = replace(
        old,
        title=draft.title,
        description=draft.description,
        category=draft.category,
        list_price_minor=draft.list_price_minor,
        attributes=draft.attributes,
        faq=old.faq if draft.faq is None else draft.faq,
        updated_at=now,
    )
    products.check_product(new)
    writes = [Replace(new)]
    if new.list_price_minor != old.list_price_minor:
        world.store.commit(*writes, Create(_listed(new, now)))
    else:
        world.store.commit(*writes)
    return replace(new, version=new.version + 1)


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Product]:
    return world.store.products_of(caller.id, limit, start)


def declare_sale(
    world: World,
    caller: Caller,
    product_id: str,
    *,
    price_minor: int,
    units: int,
    sold_at: Instant,
    now: Instant,
) -> PriceMark:
    """A sale made elsewhere, on the merchant's word: it may then serve as a reference price (P10)."""
    own(world, caller, product_id)
    if sold_at > now:
        raise Refused("time_in_the_future")
    if not 0 < price_minor <= MAX_MINOR or units <= 0:
        raise Refused("price_out_of_range", product=product_id)
    mark = PriceMark(
        product_id=product_id,
        at=sold_at,
        nature="sale",
        price_minor=price_minor,
        units=units,
        source="declared",
    )
    try:
        world.store.commit(Create(mark))
    except Lost:
        raise Refused("sale_already_declared") from None
    return mark


def prices(world: World, caller: Caller, product_id: str) -> list[PriceMark]:
    own(world, caller, product_id)
    return world.store.price_marks(product_id)


def price_now(world: World, product: Product, now: Instant) -> int:
    """What the catalogue shows: a deal lasts as long as its group is open, wherever its end was moved (L7)."""
    over = set()
    deals = []
    for deal in product.deals:
        group = world.store.group(deal.group_id) if deal.group_id is not None and deal.from_at <= now else None
        if group is not None and group.state is not GroupState.OPEN:
            over.add(deal.campaign_id)
        deals.append(replace(deal, until=group.closes_at) if group is not None else deal)
    return products.price_now(replace(product, deals=tuple(deals)), now, frozenset(over))
