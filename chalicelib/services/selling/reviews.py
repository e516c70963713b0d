"""What buyers say of a product, what its merchant answers, and what support takes from the page with a reason (O13)."""

from collections.abc import Callable
from dataclasses import replace

from ...domain import review as rules
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.review import Rating, Review
from ...domain.writes import Create, Replace, Write
from .. import audit
from ..attempts import attempts
from ..buying.change import mine as own_order
from ..world import World
from .products import own


def write(world: World, caller: Caller, order_id: str, sku: str, *, stars: int, text: str, now: Instant) -> Review:
    """The review and the sum of all are one transaction; each order has one for each of its products.

    The same words again are answered like the first time. Raises Refused('order_not_found', 'unknown_item',
    'review_needs_goods' or 'already_reviewed').
    """
    order, group, terms = own_order(world, caller, order_id)
    if sku not in order.lines:
        raise Refused("unknown_item", sku=sku)
    review = rules.written(order, group, terms.item(sku).product_id, stars, text, now)
    for attempt in attempts(world):
        with attempt:
            known = world.store.review(review.product_id, order.joined_at, order.id)
            if known is not None:
                if (known.stars, known.text) != (stars, text):
                    raise Refused("already_reviewed")
                return known
            world.store.commit(Create(review), _counted(world, review, 1))
            return replace(review, version=1)
    raise Unavailable("busy")


def _counted(world: World, review: Review, sign: int) -> Write:
    rating = world.store.rating(review.product_id)
    if rating is None:
        return Create(rules.counted(Rating(product_id=review.product_id), review, sign))
    return Replace(rules.counted(rating, review, sign))


def reply(world: World, caller: Caller, product_id: str, ordered_at: Instant, order_id: str, text: str,
          *, now: Instant) -> Review:  # fmt: skip
    """The merchant's answer stands under the review; a later one takes its place."""
    own(world, caller, product_id)
    return _changed(
        world, (product_id, ordered_at, order_id), lambda known: (replace(known, reply=text, replied_at=now), ())
    )


def hide(world: World, caller: Caller, product_id: str, ordered_at: Instant, order_id: str, why: str,
         *, now: Instant) -> Review:  # fmt: skip
    """Support takes a review from the page: nobody else can, least of all the merchant. Who did it is on record."""

    def hidden(known: Review) -> tuple[Review, tuple[Write, ...]]:
        if known.hidden:
            return known, ()
        act = audit.line(world, caller, "review_hidden", f"{product_id}/{order_id}", now)
        return replace(known, hidden=why), (_counted(world, known, -1), act)

    return _changed(world, (product_id, ordered_at, order_id), hidden)


Decide = Callable[[Review], tuple[Review, tuple[Write, ...]]]


def _changed(world: World, key: tuple[str, Instant, str], decide: Decide) -> Review:
    for attempt in attempts(world):
        with attempt:
            known = world.store.review(*key)
            if known is None:
                raise Refused("not_found")
            wanted, more = decide(known)
            if wanted == known:
                return known
            world.store.commit(Replace(wanted), *more)
            return replace(wanted, version=wanted.version + 1)
    raise Unavailable("busy")


def of_product(world: World, product_id: str, *, limit: int, start: str | None) -> Page[Review]:
    """Those that stand on the page, newest order first."""
    page = world.store.reviews(product_id, limit, start)
    return Page([review for review in page.rows if not review.hidden], page.next)
