"""What is sold, for buyers: a product where a campaign offers it, and what they say of it afterwards."""

from chalice.app import Blueprint

from ..services.selling import browse, reviews
from .page import BUYER, Ask, Gone, Shown, page
from .pages_buying import order_page
from .shapes.products import ReviewInput

bp = Blueprint(__name__)

REVIEWS_A_PAGE = 10


@page(bp, "GET", "/c/{campaign_id}/p/{product_id}")
def goods_page(ask: Ask, campaign_id: str, product_id: str) -> Shown:
    found = browse.offered(ask.world, campaign_id, product_id, limit=REVIEWS_A_PAGE, start=ask.opened())
    values = {"found": found, "product": found.product, "terms": found.terms, "next": ask.sealed(found.reviews.next)}
    return Shown("goods.html", values, files=bool(found.product.pictures))


@page(bp, "POST", "/o/{order_id}/review", roles=BUYER, again=order_page)
def review_written(ask: Ask, order_id: str) -> Gone:
    given = {name: ask.form.one(name) for name in ("sku", "stars", "text")}
    said = ask.read(ReviewInput, given)
    reviews.write(ask.world, ask.caller, order_id, said.sku, stars=said.stars, text=said.text.strip(), now=ask.now)
    return Gone(f"/o/{order_id}", said="reviewed")
