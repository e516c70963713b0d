"""What a buyer is told before paying: terms are accepted, not assumed.

The forming condition, the deadline, how a refund travels and when it arrives for the chosen method, and any
exception to the 7-day return; what kind of deposit joining costs, when the rest is due, and what becomes of it;
which methods take no money before the group has formed, and what holds when money
that was held cannot be taken then. The version accepted is stored on the order.
"""

from collections.abc import Mapping

from ..lean import dataclass
from .campaign import Campaign, Measure, Shortfall
from .deposit import DepositTerms
from .group import Group, target_of
from .instants import DAY, HOUR, MINUTE, Instant

ARRIVAL: Mapping[str, tuple[Instant, Instant]] = {
    "sandbox": (0, DAY),
    "sandbox_card": (0, DAY),
    "transfer": (DAY, 3 * DAY),
    "stripe": (5 * DAY, 10 * DAY),
    "wechat": (0, 3 * DAY),
    "alipay": (0, DAY),
}
"""From the moment a refund is owed, how long until the money is back, by payment method (least, most)."""

DEFAULT_ARRIVAL = (HOUR, 5 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`refund_route` is always the way the money came. Days are whole, rounded up."""

    version: int
    measure: Measure
    at_least: int
    deadline: Instant
    zone: str
    pay_by_rule: str
    refund_route: str
    refund_arrives_within_days: Mapping[str, int]
    refund_rule: str
    return_exception: str | None
    charged_when_formed: tuple[str, ...] = ()
    shortfall: Shortfall = Shortfall.KEEP
    capture_grace_minutes: int = 0
    deposit: DepositTerms | None = None


def statement(terms: Campaign, group: Group, deadline: Instant | None = None) -> Statement:
    """As of now, or with the deadline that was told earlier."""
    target = target_of(terms, group.team_size)
    return Statement(
        version=terms.terms_version,
        measure=target.measure,
        at_least=target.at_least,
        deadline=group.closes_at if deadline is None else deadline,
        zone=group.zone,
        pay_by_rule="until_close" if terms.pay_until_close else "window",
        refund_route="original_method",
        refund_arrives_within_days={
            method: -(-ARRIVAL.get(method, DEFAULT_ARRIVAL)[1] // DAY) for method in terms.methods
        },
        refund_rule=terms.refund_rule,
        return_exception=terms.return_exception,
        charged_when_formed=tuple(method for method in terms.methods if method in terms.hold_ms),
        shortfall=terms.shortfall,
        capture_grace_minutes=terms.capture_grace_ms // MINUTE,
        deposit=terms.deposit,
    )


def arrives_by(method: str, owed_at: Instant) -> Instant:
    """Until when a refund owed since `owed_at` is back with the buyer."""
    return owed_at + ARRIVAL.get(method, DEFAULT_ARRIVAL)[1]
