"""Products (商品) live apart from campaigns and keep the history of what they really sold for (L7, P10)."""

from dataclasses import replace

from ..lean import dataclass
from .instants import DAY, Instant
from .money import MAX_MINOR
from .refusals import Refused
from .writes import Row

MOST_PICTURES = 6
LIGHT_BYTES = 32 << 10
"""A page with one such picture is still under 60 KB all told, and quick to see on a telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A campaign's price, shown in the catalogue until `until`, or as long as its one group is open: the list price
    comes back with the very write that closes it, or by the clock."""

    campaign_id: str
    group_id: str | None
    price_minor: int
    from_at: Instant
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file of `world.files`, by its key."""

    key: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Row):
    """`faq`: questions with their answers (O13). The first picture stands for the product."""

    id: str
    merchant_id: str
    title: str
    description: str = ""
    category: str = ""
    list_price_minor: int
    currency: str
    attributes: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    faq: tuple[tuple[str, str], ...] = ()
    deals: tuple[Deal, ...] = ()
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMark(Row):
    """One line of a product's price history: a list price set, or a sale made."""

    product_id: str
    at: Instant
    nature: str
    price_minor: int
    units: int = 0
    source: str = ""


def price_now(product: Product, now: Instant, over: frozenset[str] = frozenset()) -> int:
    """The best running deal, else the list price. `over` names campaigns known to have closed."""
    running = [
        deal.price_minor for deal in product.deals if deal.from_at <= now < deal.until and deal.campaign_id not in over
    ]
    return min(running, default=product.list_price_minor)


def with_deal(product: Product, deal: Deal) -> Product:
    others = tuple(d for d in product.deals if d.campaign_id != deal.campaign_id and d.until > deal.from_at - 7 * DAY)
    return replace(product, deals=(*others, deal))


def with_picture(product: Product, picture: Picture) -> Product:
    """Raises Refused('too_many_pictures'). One that is there already changes nothing."""
    if picture in product.pictures:
        return product
    if len(product.pictures) >= MOST_PICTURES:
        raise Refused("too_many_pictures", most=MOST_PICTURES)
    return replace(product, pictures=(*product.pictures, picture))


def without_picture(product: Product, key: str) -> Product:
    return replace(product, pictures=tuple(one for one in product.pictures if one.key != key))


def led_by(product: Product, key: str) -> Product:
    """The picture that stands for the product from now on."""
    return replace(product, pictures=tuple(sorted(product.pictures, key=lambda one: one.key != key)))


def small_picture(product: Product) -> str:
    """The key of the first picture that is light enough for a list; "" where there is none."""
    return next((one.key for one in product.pictures if one.size <= LIGHT_BYTES), "")


def reference_price(marks: list[PriceMark], declared: int | None, now: Instant) -> int | None:
    """The struck-through price. A declared one must be a price at which the product was really sold (P10);
    with none declared, the lowest deal price of the seven days before; else none is shown."""
    sold = [mark for mark in marks if mark.nature == "sale" and mark.units > 0]
    if declared is not None:
        if all(mark.price_minor != declared for mark in sold):
            raise Refused("reference_price_never_sold", price_minor=declared)
        return declared
    recent = [mark.price_minor for mark in sold if mark.source.startswith("group:") and mark.at >= now - 7 * DAY]
    return min(recent, default=None)


def check_product(product: Product) -> None:
    if not 0 < product.list_price_minor <= MAX_MINOR:
        raise Refused("price_out_of_range", product=product.id)
