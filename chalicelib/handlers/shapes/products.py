"""Products over the wire: the catalogue entry, its price now, and what it was really sold for."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import product as domain
from ...domain.files import UploadForm
from ...domain.product import PriceMark, Product
from ...domain.refusals import Refused
from ...domain.review import Review
from ...services.selling.browse import Offered
from ...services.selling.products import ProductDraft as Wanted
from .words import (
    Category,
    Currency,
    Input,
    Line,
    Minor,
    Moment,
    MomentIn,
    Output,
    Reason,
    Remark,
    Sku,
    Text,
    Title,
    Units,
    Version,
    shown,
    shown_or_none,
)


class Attribute(Input):
    name: Title
    value: Line


class Answered(Input):
    """A question that is often asked, with its answer (O13)."""

    question: Title
    answer: Remark


class ProductDraft(Input):
    """`faq` left out leaves the questions as they are."""

    title: Title
    list_price_minor: Minor
    currency: Currency
    description: Text = ""
    category: Category | None = None
    attributes: Annotated[tuple[Attribute, ...], Meta(max_length=50)] = ()
    faq: Annotated[tuple[Answered, ...], Meta(max_length=20)] | None = None

    def to_domain(self) -> Wanted:
        return Wanted(
            title=self.title,
            list_price_minor=self.list_price_minor,
            currency=self.currency,
            description=self.description,
            category=self.category or "",
            attributes=tuple((attribute.name, attribute.value) for attribute in self.attributes),
            faq=None if self.faq is None else tuple((one.question, one.answer) for one in self.faq),
        )


class ProductEdit(ProductDraft, kw_only=True):
    """The whole product anew, and the version it replaces."""

    version: Version


class PictureForm(Output):
    """A form for one file: post `fields` and then the file, as `file`, to `url`, within `seconds`."""

    url: str
    fields: dict[str, str]
    key: str
    most_bytes: int
    seconds: int

    @classmethod
    def of(cls, form: UploadForm) -> Self:
        return cls(
            url=form.url, fields=dict(form.fields), key=form.key, most_bytes=form.most_bytes, seconds=form.seconds
        )


class PictureKey(Input):
    """The key the form was made for; or, to take a picture away or put it first, the picture's own."""

    key: Annotated[str, Meta(min_length=1, max_length=300)]


class ReviewInput(Input):
    """What a buyer says of an item they have."""

    sku: Sku
    stars: Annotated[int, Meta(ge=1, le=5)]
    text: Remark = ""


class ReviewReply(Input):
    text: Remark


class ReviewHidden(Input):
    why: Reason


class SaleInput(Input):
    """Units really sold elsewhere at a price, which may then be shown as the reference price (P10)."""

    price_minor: Minor
    units: Units
    sold_at: MomentIn


class ProductAttribute(Output):
    name: str
    value: str


class Question(Output):
    question: str
    answer: str


class Picture(Output):
    """`path` is where anybody may see it, below this API's address."""

    key: str
    path: str
    size: int

    @classmethod
    def of(cls, picture: domain.Picture) -> Self:
        return cls(key=picture.key, path="/" + picture.key, size=picture.size)


class ReviewShown(Output):
    """`writer` means nothing elsewhere. `id` is what an answer to it names."""

    id: str
    writer: str
    stars: int
    text: str
    at: Moment
    reply: str
    replied_at: Moment | None

    @classmethod
    def of(cls, review: Review) -> Self:
        return cls(
            id=review_id(review),
            writer=review.writer,
            stars=review.stars,
            text=review.text,
            at=shown(review.at),
            reply=review.reply,
            replied_at=shown_or_none(review.replied_at),
        )


def review_id(review: Review) -> str:
    return f"{review.ordered_at}.{review.order_id}"


def review_key(given: str) -> tuple[int, str]:
    """Raises Refused('not_found')."""
    at, _, order_id = given.partition(".")
    if not at.isascii() or not at.isdigit() or len(at) > 15 or not order_id:
        raise Refused("not_found")
    return int(at), order_id


class OfferedProduct(Output):
    """Everything about a product that a campaign offers: what it is, what it looks like, what buyers say of it.

    `stars_tenths` is the average of all `reviews_count` reviews in tenths of a star.
    """

    sku: str
    title: str
    description: str
    attributes: list[ProductAttribute]
    pictures: list[Picture]
    faq: list[Question]
    reviews_count: int
    stars_tenths: int | None
    reviews: list[ReviewShown]
    next: str | None

    @classmethod
    def of(cls, found: Offered, after: str | None) -> Self:
        product, rating = found.product, found.rating
        return cls(
            sku=found.item.sku,
            title=found.item.title,
            description=product.description,
            attributes=[ProductAttribute(name=name, value=value) for name, value in product.attributes],
            pictures=[Picture.of(one) for one in product.pictures],
            faq=[Question(question=question, answer=answer) for question, answer in product.faq],
            reviews_count=rating.count if rating else 0,
            stars_tenths=rating.tenths if rating else None,
            reviews=[ReviewShown.of(one) for one in found.reviews.rows],
            next=after,
        )


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
    pictures: list[Picture]
    faq: list[Question]
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
            pictures=[Picture.of(one) for one in product.pictures],
            faq=[Question(question=question, answer=answer) for question, answer in product.faq],
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
