"""What is open to everybody's eyes: a campaign's money, added up, with the rows it follows from; and what support takes
from the pages where people write, which the merchant cannot."""

import re

from chalice.app import Blueprint

from ..domain import solvency as rules
from ..domain.refusals import Refused
from ..services.paying import solvency
from ..services.selling import browse, reviews
from ..services.telling import questions
from .edge import SUPPORT
from .page import BUYER, Ask, Gone, Shown, page
from .pages_feed import feed_page
from .shapes.products import ReviewHidden

bp = Blueprint(__name__)

A_PAGE = 50
ENTRY = re.compile(r"[A-Za-z0-9._-]{1,120}")


@page(bp, "GET", "/c/{campaign_id}/solvency")
def solvency_page(ask: Ask, campaign_id: str) -> Shown:
    """The figures of the API's own answer; with a payment's number, the row that stands for it."""
    campaign = browse.campaign(ask.world, None, campaign_id)
    sums = solvency.sums(ask.world, campaign_id, now=ask.now)
    found = solvency.lines(ask.world, campaign_id, limit=A_PAGE, start=ask.opened())
    entry = ask.query.one("entry")
    values = {
        "campaign": campaign,
        "sums": sums,
        "lines": found.rows,
        "next": ask.sealed(found.next),
        "entry": entry,
        "hash": rules.hash_of(entry) if ENTRY.fullmatch(entry) else "",
        "api": ask.whole(f"/campaigns/{campaign_id}/solvency"),
    }
    return Shown("solvency.html", values)


@page(bp, "GET", "/support/reviews", roles=SUPPORT)
def reviews_page(ask: Ask) -> Shown:
    """All reviews of a product, hidden ones with the reason."""
    product = ask.query.one("product")[:120] or ask.form.one("product")[:120]
    known = ask.world.store.product(product) if product else None
    if product and known is None:
        raise Refused("product_not_found", product=product)
    found = ask.world.store.reviews(product, A_PAGE, ask.opened()) if known else None
    values = {
        "product": known,
        "lines": found.rows if found else (),
        "next": ask.sealed(found.next) if found else None,
        "zone": ask.world.home.zone,
    }
    return Shown("desk_reviews.html", values)


@page(bp, "POST", "/support/reviews", roles=SUPPORT, again=reviews_page)
def review_hidden(ask: Ask) -> Gone:
    product, ordered = ask.form.one("product")[:120], ask.form.one("ordered")
    if not ordered.isdecimal() or len(ordered) > 15:
        raise Refused("not_found")
    said = ask.read(ReviewHidden, {"why": ask.form.one("reason")})
    reviews.hide(ask.world, ask.caller, product, int(ordered), ask.form.one("order")[:120], said.why, now=ask.now)
    return Gone(f"/support/reviews?product={product}", said="hidden")


@page(bp, "POST", "/g/{group_id}/feed/hide", roles=BUYER, again=feed_page)
def question_taken_away(ask: Ask, group_id: str) -> Gone:
    """For those who serve the group, which the service asks."""
    questions.hide(ask.world, ask.caller, group_id, ask.form.one("question")[:120])
    return Gone(f"/g/{group_id}/feed", said="hidden")
