"""The same step for many rows at once: each stands alone, and what was refused is told row by row (O10)."""

from collections.abc import Callable, Iterable

from ..domain.instants import Instant
from ..domain.ports import Caller
from ..domain.refusals import Lost, Refused, Unavailable
from ..lean import dataclass
from .paying import confirm
from .world import World

MOST = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is empty where it was done."""

    id: str
    code: str = ""
    facts: tuple[tuple[str, object], ...] = ()


def each(ids: Iterable[str], step: Callable[[str], object]) -> list[Outcome]:
    outcomes = []
    for one in list(dict.fromkeys(ids))[:MOST]:
        try:
            step(one)
        except Refused as refused:
            outcomes.append(Outcome(one, refused.code, tuple(refused.facts.items())))
        except (Lost, Unavailable):
            outcomes.append(Outcome(one, "unavailable"))
        else:
            outcomes.append(Outcome(one))
    return outcomes


def transfers_received(
    world: World, caller: Caller, order_ids: Iterable[str], reference: str, *, now: Instant
) -> list[Outcome]:
    """The bank transfers these orders wait for have come in, in full."""

    def received(order_id: str) -> None:
        order = world.store.order(order_id)
        if order is None or order.merchant_id != caller.id:
            raise Refused("order_not_found", order=order_id)
        entry = world.store.entry(order.payment_id) if order.payment_id else None
        if entry is None:
            raise Refused("payment_not_found", entry="")
        confirm.payment(
            world,
            caller,
            entry.id,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            received_at=now,
            reference=reference,
            now=now,
        )

    return each(order_ids, received)


def transfers_repaid(
    world: World, caller: Caller, entry_ids: Iterable[str], reference: str, *, now: Instant
) -> list[Outcome]:
    """These refunds were paid back by bank transfer."""
    return each(
        entry_ids,
        lambda entry_id: confirm.refund(world, caller, entry_id, reference=reference, paid_back_at=now, now=now),
    )
