"""Products over the wire: the catalogue entry, its price now, and what it was really sold for."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain.product import PriceMark, Product
from ...services.products import ProductDraft as Wanted
from .words import (
    Category,
    Currency,
    Input,
    Line,
    Minor,
    Moment,
    MomentIn,
    Output,
    Text,
    Title,
    Units,
    Version,
    shown,
)


class Attribute(Input):
    name: Title
    value: Line


class ProductDraft(Input):
    title: Title
    list_price_minor: Minor
    currency: Currency
    description: Text = ""
    category: Category | None = None
    attributes: Annotated[tuple[Attribute, ...], Meta(max_length=50)] = ()

    def to_domain(self) -> Wanted:
        return Wanted(
            title=self.title,
            list_price_minor=self.list_price_minor,
            currency=self.currency,
            description=self.description,
            category=self.category or "",
            attributes=tuple((attribute.name, attribute.value) for attribute in self.attributes),
        )


class ProductEdit(ProductDraft, kw_only=True):
    """The whole product anew, and the version it replaces."""

    version: Version


class SaleInput(Input):
    """Units really sold elsewhere at a price, which may then be shown as the reference price (P10)."""

    price_minor: Minor
    units: Units
    sold_at: MomentIn


class ProductAttribute(Output):
    name: str
    value: str


class ProductCard(Output):
    """`price_minor` is what it costs now: the deal while one runs, the list price again after it (L7)."""

    id: str
    title: str
    description: str
    category: str
    list_price_minor: int
    price_minor: int
    currency: str
    attributes: list[ProductAttribute]
    version: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, product: Product, price_minor: int) -> Self:
        return cls(
            id=product.id,
            title=product.title,
            description=product.description,
            category=product.category,
            list_price_minor=product.list_price_minor,
            price_minor=price_minor,
            currency=product.currency,
            attributes=[ProductAttribute(name=name, value=value) for name, value in product.attributes],
            version=product.version,
            created_at=shown(product.created_at),
            updated_at=shown(product.updated_at),
        )


class ProductPage(Output):
    items: list[ProductCard]
    next: str | None


class PriceLine(Output):
    """`nature` is `list` (a list price was set) or `sale` (units were sold at it)."""

    at: Moment
    nature: str
    price_minor: int
    units: int
    source: str

    @classmethod
    def of(cls, mark: PriceMark) -> Self:
        return cls(
            at=shown(mark.at),
            nature=mark.nature,
            price_minor=mark.price_minor,
            units=mark.units,
            source=mark.source,
        )


class PriceHistory(Output):
    product_id: str
    items: list[PriceLine]
