"""What buyers say of a product (好评, O13): only who has it from a group that formed, and once for each order."""

from dataclasses import replace

from ..lean import dataclass
from .group import Group
from .ids import derived
from .instants import Instant
from .order import Order, OrderState
from .refusals import Refused
from .writes import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Row):
    """`ordered_at` and the order make its key, so that there is one for each order. It names its writer by a short
    hash and nothing else. `hidden` is why support took it from the page; "" while it stands there."""

    product_id: str
    order_id: str
    ordered_at: Instant
    writer: str
    stars: int
    text: str = ""
    at: Instant
    reply: str = ""
    replied_at: Instant | None = None
    hidden: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating(Row):
    """All reviews of a product that stand on its page, added up."""

    product_id: str
    count: int = 0
    stars: int = 0

    @property
    def tenths(self) -> int | None:
        """The average in tenths of a star, rounded half up; None while there is none."""
        return (20 * self.stars + self.count) // (2 * self.count) if self.count else None


def written(order: Order, group: Group, product_id: str, stars: int, text: str, now: Instant) -> Review:
    """Raises Refused('review_needs_goods') unless the order is one of a formed group."""
    formed = group.verdict is not None and group.verdict.formed
    if order.state is not OrderState.PAID or not formed:
        raise Refused("review_needs_goods")
    writer = derived("reviewer", product_id, order.id, length=3)
    return Review(
        product_id=product_id,
        order_id=order.id,
        ordered_at=order.joined_at,
        writer=writer,
        stars=stars,
        text=text,
        at=now,
    )


def counted(rating: Rating, review: Review, sign: int = 1) -> Rating:
    return replace(rating, count=rating.count + sign, stars=rating.stars + sign * review.stars)
