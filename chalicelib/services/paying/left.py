"""What of an order's money can still go back, and how: for whoever has a cause to pay some of it back."""

from collections.abc import Sequence

from ...domain import ledger
from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState
from ...domain.order import Order
from ...domain.refusals import Refused
from ...domain.writes import Create
from ...lean import dataclass
from ..buying.cancel import payments_of
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """`amount_minor` of what was paid is not on its way back yet; `payments` are what it was paid with, first first."""

    payments: Sequence[Entry]
    entries: Sequence[Entry]
    amount_minor: int

    def back(self, amount_minor: int, now: Instant, *, cause: str, number: int = 1) -> list[Create]:
        """The refunds, for the transaction that writes the order: so two causes never count on the same money."""
        made = ledger.paid_back(
            self.payments, self.entries, cause=cause, amount_minor=amount_minor, now=now, number=number
        )
        return [Create(one) for one in made]


def left_of(world: World, order: Order, *, taken: bool = False) -> Left:
    """`taken`: raises Refused('payment_under_way') while it is only held; what nobody has taken cannot go back."""
    payments = payments_of(world, order)
    if taken and payments[0].state is EntryState.AUTHORISED:
        raise Refused("payment_under_way")
    entries = world.store.entries_of_order(order.id)
    amount = sum(ledger.refundable(payment, entries) for payment in payments)
    return Left(payments=payments, entries=entries, amount_minor=amount)
