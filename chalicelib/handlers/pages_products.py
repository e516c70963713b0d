"""The merchant's catalogue: products with their pictures, attributes, questions and price history, and whole files of
them."""

import re

from chalice.app import Blueprint

from ..domain.files import KIB, RULES, Use
from ..domain.instants import moment
from ..domain.money import decimals
from ..domain.product import LIGHT_BYTES, MOST_PICTURES, Product
from ..domain.refusals import Refused
from ..services.selling import pictures, products, reviews
from ..services.selling.import_products import import_products
from ..web import plots
from . import reading
from .edge import MERCHANT
from .fields import amount, pairs, plain_amount, whole
from .page import Ask, Gone, Shown, page
from .shapes.products import ProductDraft, ReviewReply, review_id, review_key

bp = Blueprint(__name__)

A_PAGE = 30
REVIEWS_SHOWN = 20
MOST_SENT = RULES[Use.PICTURE].most_bytes + 20 * KIB
"""A picture, and what a form carries besides."""


@page(bp, "GET", "/desk/products", roles=MERCHANT)
def products_page(ask: Ask) -> Shown:
    rows = products.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("desk_products.html", {"products": rows.rows, "next": ask.sealed(rows.next), "report": None})


@page(bp, "POST", "/desk/products/import", roles=MERCHANT, again=products_page, most_bytes=reading.MOST_BODY_BYTES)
def products_imported(ask: Ask) -> Shown:
    content = ask.files.get("file") or ask.form.one("pasted").encode()
    report = import_products(ask.world, ask.caller, content, "CNY", now=ask.now)
    shown = products_page(ask)
    return Shown(shown.template, {**shown.values, "report": report})


@page(bp, "GET", "/desk/products/new", roles=MERCHANT)
def new_product_page(ask: Ask) -> Shown:
    return Shown("desk_product.html", {"product": None, "attributes": "", "questions": "", "price": ""})


@page(bp, "POST", "/desk/products/new", roles=MERCHANT, again=new_product_page)
def product_created(ask: Ask) -> Gone:
    wanted = product_form(ask, ask.form.one("currency", "CNY")).to_domain()
    made = products.create(ask.world, ask.caller, wanted, key=ask.form.one("key") or None, now=ask.now)
    return Gone(f"/desk/products/{made.id}", said="saved")


@page(bp, "GET", "/desk/products/{product_id}", roles=MERCHANT)
def product_page(ask: Ask, product_id: str) -> Shown:
    product = products.own(ask.world, ask.caller, product_id)
    marks = products.prices(ask.world, ask.caller, product_id)
    values = {
        "product": product,
        "marks": marks,
        "plot": price_plot(ask, product),
        "questions": questions_text(product),
        "reviews": reviews.of_product(ask.world, product_id, limit=REVIEWS_SHOWN, start=ask.opened()).rows,
        "review_id": review_id,
        "rating": ask.world.store.rating(product_id),
        "most_pictures": MOST_PICTURES,
        "most_bytes": RULES[Use.PICTURE].most_bytes,
        "light_bytes": LIGHT_BYTES,
        "attributes": "\n".join(f"{name}: {value}" for name, value in product.attributes),
        "price": plain_amount(product.list_price_minor, product.currency),
        "price_now": products.price_now(ask.world, product, ask.now),
    }
    return Shown("desk_product.html", values, files=bool(product.pictures))


@page(bp, "POST", "/desk/products/{product_id}", roles=MERCHANT, again=product_page)
def product_saved(ask: Ask, product_id: str) -> Gone:
    known = products.own(ask.world, ask.caller, product_id)
    wanted = product_form(ask, known.currency).to_domain()
    version = whole(ask.form.one("version")) or 0
    products.edit(ask.world, ask.caller, product_id, wanted, version=version, now=ask.now)
    return Gone(f"/desk/products/{product_id}", said="saved")


def product_form(ask: Ask, currency: str) -> ProductDraft:
    form = ask.form
    given = {
        "title": form.one("title"),
        "list_price_minor": amount(form.one("price"), currency),
        "currency": currency,
        "description": form.one("description"),
        "category": form.one("category") or None,
        "attributes": [{"name": name, "value": value} for name, value in pairs(form.one("attributes"))],
        "faq": [{"question": asked, "answer": answer} for asked, answer in questions(form.one("questions"))],
    }
    return ask.read(ProductDraft, given)


def questions_text(product: Product) -> str:
    return "\n\n".join(f"{asked}\n{answer}" for asked, answer in product.faq)


def questions(text: str) -> list[tuple[str, str]]:
    """A block each, with an empty line between two: the question on its first line, the answer below it."""
    found = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        asked, _, answer = block.strip().partition("\n")
        if asked and not answer.strip():
            raise Refused("bad_line", text=asked[:80])
        if asked:
            found.append((asked.strip(), answer.strip()))
    return found


@page(bp, "POST", "/desk/products/{product_id}/pictures", roles=MERCHANT, again=product_page, most_bytes=MOST_SENT)
def picture_added(ask: Ask, product_id: str) -> Gone:
    content = ask.files.get("file", b"")
    if not content:
        raise Refused("file_not_uploaded")
    pictures.add_sent(ask.world, ask.caller, product_id, content, now=ask.now)
    return Gone(f"/desk/products/{product_id}", said="saved")


@page(bp, "POST", "/desk/products/{product_id}/picture", roles=MERCHANT, again=product_page)
def picture_changed(ask: Ask, product_id: str) -> Gone:
    """One button takes it away, the other puts it first."""
    step = pictures.remove if ask.form.one("do") == "remove" else pictures.put_first
    step(ask.world, ask.caller, product_id, ask.form.one("key"), now=ask.now)
    return Gone(f"/desk/products/{product_id}", said="saved")


@page(bp, "POST", "/desk/products/{product_id}/reply", roles=MERCHANT, again=product_page)
def review_answered(ask: Ask, product_id: str) -> Gone:
    at, order_id = review_key(ask.form.one("review"))
    text = ask.read(ReviewReply, {"text": ask.form.one("reply")}).text
    reviews.reply(ask.world, ask.caller, product_id, at, order_id, text, now=ask.now)
    return Gone(f"/desk/products/{product_id}", said="saved")


def price_plot(ask: Ask, product: Product) -> str:
    """List prices as they were set, oldest first."""
    marks = [mark for mark in products.prices(ask.world, ask.caller, product.id) if mark.nature == "list"][::-1]
    if len(marks) < 2:
        return ""
    scale = 10 ** decimals(product.currency)
    labels = [f"{moment(mark.at, 'Asia/Shanghai'):%m-%d}" for mark in marks]
    return plots.bars(labels, [(ask.say("desk.list_price"), [mark.price_minor // scale for mark in marks])])
