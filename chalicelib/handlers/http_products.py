"""A merchant's catalogue and its price history."""

from typing import Any

from chalice.app import Blueprint

from ..domain.product import Product
from ..services.selling import browse, pictures, products, reviews
from .edge import BUYER, MERCHANT, PUBLIC, SUPPORT, Call, route
from .shapes.products import (
    OfferedProduct,
    PictureForm,
    PictureKey,
    PriceHistory,
    PriceLine,
    ProductCard,
    ProductDraft,
    ProductEdit,
    ProductPage,
    ReviewHidden,
    ReviewInput,
    ReviewReply,
    ReviewShown,
    SaleInput,
    review_key,
)
from .shapes.words import PageQuery, to_instant

bp = Blueprint(__name__)

_UNACCEPTABLE = ("price_out_of_range", "unknown_currency")


@route(
    bp,
    "POST",
    "/products",
    body=ProductDraft,
    answer=ProductCard,
    status=201,
    roles=MERCHANT,
    key=True,
    summary="Adds a product to my catalogue",
    refusals=(*_UNACCEPTABLE, "key_reused"),
)
def create_product(call: Call[ProductDraft, None]) -> ProductCard:
    made = products.create(call.world, call.caller, call.body.to_domain(), key=call.key, now=call.now)
    return ProductCard.of(made, made.list_price_minor)


@route(bp, "GET", "/products", query=PageQuery, answer=ProductPage, roles=MERCHANT, summary="My products")
def my_products(call: Call[None, PageQuery]) -> ProductPage:
    page = products.mine(call.world, call.caller, limit=call.query.limit, start=call.opened(call.query.cursor))
    return ProductPage(items=[_card(call, row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/products/{product_id}",
    answer=ProductCard,
    roles=MERCHANT,
    summary="One product of mine",
    refusals=("product_not_found",),
)
def product(call: Call[None, None], product_id: str) -> ProductCard:
    return _card(call, products.own(call.world, call.caller, product_id))


@route(
    bp,
    "PUT",
    "/products/{product_id}",
    body=ProductEdit,
    answer=ProductCard,
    roles=MERCHANT,
    summary="Changes a product of mine, on top of the version that was read",
    refusals=("product_not_found", "product_has_changed", "currency_is_fixed", *_UNACCEPTABLE),
)
def edit_product(call: Call[ProductEdit, None], product_id: str) -> ProductCard:
    wanted = call.body.to_domain()
    edited = products.edit(call.world, call.caller, product_id, wanted, version=call.body.version, now=call.now)
    return _card(call, edited)


_PICTURES = ("product_not_found", "file_not_uploaded", "file_too_large", "wrong_file_type", "too_many_pictures")


@route(
    bp,
    "POST",
    "/products/{product_id}/pictures/form",
    answer=PictureForm,
    status=201,
    roles=MERCHANT,
    summary="A form that brings one picture of a product of mine",
    refusals=("product_not_found",),
)
def picture_form(call: Call[None, None], product_id: str) -> PictureForm:
    return PictureForm.of(pictures.form(call.world, call.caller, product_id))


@route(
    bp,
    "POST",
    "/products/{product_id}/pictures",
    body=PictureKey,
    answer=ProductCard,
    roles=MERCHANT,
    summary="Adds the picture that was brought by such a form",
    refusals=_PICTURES,
)
def add_picture(call: Call[PictureKey, None], product_id: str) -> ProductCard:
    return _card(call, pictures.add(call.world, call.caller, product_id, call.body.key, now=call.now))


@route(
    bp,
    "POST",
    "/products/{product_id}/pictures/first",
    body=PictureKey,
    answer=ProductCard,
    roles=MERCHANT,
    summary="Puts one picture of a product of mine before the others",
    refusals=("product_not_found",),
)
def put_picture_first(call: Call[PictureKey, None], product_id: str) -> ProductCard:
    return _card(call, pictures.put_first(call.world, call.caller, product_id, call.body.key, now=call.now))


@route(
    bp,
    "POST",
    "/products/{product_id}/pictures/remove",
    body=PictureKey,
    answer=ProductCard,
    roles=MERCHANT,
    summary="Takes a picture away; terms that were published with it still show it",
    refusals=("product_not_found",),
)
def remove_picture(call: Call[PictureKey, None], product_id: str) -> ProductCard:
    return _card(call, pictures.remove(call.world, call.caller, product_id, call.body.key, now=call.now))


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/products/{product_id}",
    query=PageQuery,
    answer=OfferedProduct,
    roles=PUBLIC,
    summary="What a product of a campaign is, with its pictures, questions and reviews",
    refusals=("campaign_not_found", "product_not_found"),
)
def offered_product(call: Call[None, PageQuery], campaign_id: str, product_id: str) -> OfferedProduct:
    start = call.opened(call.query.cursor)
    found = browse.offered(call.world, campaign_id, product_id, limit=call.query.limit, start=start)
    return OfferedProduct.of(found, call.sealed(found.reviews.next))


@route(
    bp,
    "POST",
    "/orders/{order_id}/reviews",
    body=ReviewInput,
    answer=ReviewShown,
    status=201,
    roles=BUYER,
    summary="Says what I think of an item of an order of mine, once its group has formed",
    refusals=("order_not_found", "unknown_item", "review_needs_goods", "already_reviewed"),
)
def write_review(call: Call[ReviewInput, None], order_id: str) -> ReviewShown:
    said = call.body
    written = reviews.write(
        call.world, call.caller, order_id, said.sku, stars=said.stars, text=said.text.strip(), now=call.now
    )
    return ReviewShown.of(written)


@route(
    bp,
    "POST",
    "/products/{product_id}/reviews/{review_id}/reply",
    body=ReviewReply,
    answer=ReviewShown,
    roles=MERCHANT,
    summary="Answers a review of a product of mine",
    refusals=("product_not_found",),
)
def reply_to_review(call: Call[ReviewReply, None], product_id: str, review_id: str) -> ReviewShown:
    at, order_id = review_key(review_id)
    text = call.body.text.strip()
    return ReviewShown.of(reviews.reply(call.world, call.caller, product_id, at, order_id, text, now=call.now))


@route(
    bp,
    "POST",
    "/products/{product_id}/reviews/{review_id}/hide",
    body=ReviewHidden,
    answer=ReviewShown,
    roles=SUPPORT,
    summary="Takes a review from its page, with a reason; kept in the audit log",
)
def hide_review(call: Call[ReviewHidden, None], product_id: str, review_id: str) -> ReviewShown:
    at, order_id = review_key(review_id)
    return ReviewShown.of(reviews.hide(call.world, call.caller, product_id, at, order_id, call.body.why, now=call.now))


@route(
    bp,
    "POST",
    "/products/{product_id}/sales",
    body=SaleInput,
    answer=PriceLine,
    status=201,
    roles=MERCHANT,
    summary="Declares a sale made elsewhere, so that its price may be a reference price",
    refusals=(
        "product_not_found",
        "sale_already_declared",
        "time_in_the_future",
        "time_out_of_range",
        "price_out_of_range",
    ),
)
def declare_sale(call: Call[SaleInput, None], product_id: str) -> PriceLine:
    sale = call.body
    mark = products.declare_sale(
        call.world,
        call.caller,
        product_id,
        price_minor=sale.price_minor,
        units=sale.units,
        sold_at=to_instant(sale.sold_at),
        now=call.now,
    )
    return PriceLine.of(mark)


@route(
    bp,
    "GET",
    "/products/{product_id}/prices",
    answer=PriceHistory,
    roles=MERCHANT,
    summary="What a product of mine was listed and really sold for",
    refusals=("product_not_found",),
)
def product_prices(call: Call[None, None], product_id: str) -> PriceHistory:
    marks = products.prices(call.world, call.caller, product_id)
    return PriceHistory(product_id=product_id, items=[PriceLine.of(mark) for mark in marks])


def _card(call: Call[Any, Any], row: Product) -> ProductCard:
    return ProductCard.of(row, products.price_now(call.world, row, call.now))
