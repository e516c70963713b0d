"""A merchant's catalogue and its price history."""

from typing import Any

from chalice.app import Blueprint

from ..domain.product import Product
from ..services import products
from .edge import MERCHANT, Call, route
from .shapes.products import (
    PriceHistory,
    PriceLine,
    ProductCard,
    ProductDraft,
    ProductEdit,
    ProductPage,
    SaleInput,
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
