"""A merchant's word about bank transfers: the money came, or was paid back. Only for its own campaigns."""

from ...domain.instants import Instant
from ...domain.ledger import Entry, EntryState, Kind
from ...domain.ports import Answer, Caller, Outcome
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Replace
from .. import audit
from ..attempts import attempts
from ..world import World
from .entry_wake import settle
from .money_in import money_in

BY_HAND = "transfer"


def payment(
    world: World,
    caller: Caller,
    entry_id: str,
    *,
    amount_minor: int,
    currency: str,
    received_at: Instant,
    reference: str,
    now: Instant,
) -> Entry:
    """The money came as expected. A slip of the pen is refused: nobody books on a typing error."""
    entry = _own(world, caller, entry_id, Kind.PAYMENT)
    if received_at > now:
        raise Refused("time_in_the_future")
    if entry.state is not EntryState.POSTED and (amount_minor, currency) == (entry.amount_minor, entry.currency):
        audit.record(world, caller, "payment_confirmed", entry.id, now, amount_minor=str(amount_minor))
    if currency != entry.currency:
        raise Refused("wrong_currency", expected=entry.currency)
    if amount_minor != entry.amount_minor:
        raise Refused("wrong_amount", expected_minor=entry.amount_minor)
    money_in(
        world,
        entry.id,
        amount_minor=amount_minor,
        currency=currency,
        paid_at=received_at,
        ref=reference,
        now=now,
    )
    return _own(world, caller, entry_id, Kind.PAYMENT)


def refund(
    world: World, caller: Caller, entry_id: str, *, reference: str, paid_back_at: Instant, now: Instant
) -> Entry:
    if paid_back_at > now:
        raise Refused("time_in_the_future")
    for attempt in attempts(world):
        with attempt:
            entry = _own(world, caller, entry_id, Kind.REFUND, Kind.DOUBLED)
            if entry.state is EntryState.POSTED:
                return entry
            answer = Answer(outcome=Outcome.SUCCEEDED, ref=reference)
            act = audit.line(world, caller, "refund_confirmed", entry.id, now, amount_minor=str(entry.amount_minor))
            world.store.commit(Replace(settle(entry, answer, now)), act)
            audit.noted(world, act)
            return _own(world, caller, entry_id, entry.kind)
    raise Unavailable("busy")


def _own(world: World, caller: Caller, entry_id: str, *kinds: Kind) -> Entry:
    entry = world.store.entry(entry_id)
    if entry is None or entry.kind not in kinds or entry.merchant_id != caller.id:
        raise Refused("payment_not_found" if Kind.PAYMENT in kinds else "refund_not_found", entry=entry_id)
    if entry.method != BY_HAND:
        raise Refused("not_confirmed_by_hand", method=entry.method)
    return entry
