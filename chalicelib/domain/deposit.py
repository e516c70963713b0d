"""A deposit (定金 or 订金) on joining, and the rest (尾款) once the group has formed (O4).

Two kinds that sound alike and are not. EARNEST (定金) is security: who defaults on the balance loses it, a merchant who
defaults returns it double, and by law it is at most 20 % of the price. DOWN_PAYMENT (订金) is a part paid in advance:
who does not pay the rest gets it back. Of a group that fails, both go back in full.

A deposit is a share of the lowest price that an item can come to, so it is within its limit at whatever price the group
ends with, and there is always something left to pay.
"""

from enum import StrEnum

from ..lean import dataclass
from .instants import DAY, Instant
from .refusals import Refused

MOST_EARNEST_BP = 2_000
"""定金: the part over 20 % of the contract's price has no effect as earnest (Civil Code of China, article 586)."""

BALANCE = "balance"
"""The `cause` of an entry that pays a balance."""

FORFEITED = "forfeited"
"""The `cause` of the release that gives a defaulter's earnest to the merchant."""


class DepositKind(StrEnum):
    EARNEST = "earnest"
    DOWN_PAYMENT = "down_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositTerms:
    """`share_bp` in basis points of the lowest price; `balance_ms` is how long the balance may take, counted from the
    moment at which its buyer is told of it.
    """

    kind: DepositKind
    share_bp: int
    balance_ms: Instant = 3 * DAY

    def of_unit(self, lowest_minor: int) -> int:
        """Rounded down, so that it is never over its limit."""
        return lowest_minor * self.share_bp // 10_000

    def check(self, lowest_prices: dict[str, int]) -> None:
        if self.kind is DepositKind.EARNEST and self.share_bp > MOST_EARNEST_BP:
            raise Refused("earnest_over_limit", most=MOST_EARNEST_BP // 100)
        for sku, lowest in lowest_prices.items():
            if self.of_unit(lowest) < 1:
                raise Refused("deposit_too_small", sku=sku)
