"""Payouts by hand: drawn up for a merchant, paid by people, confirmed line by line (domain/payout.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...domain import payout as rules
from ...domain.ids import derived
from ...domain.instants import MINUTE, Instant
from ...domain.ledger import Entry, EntryState
from ...domain.payout import Party, Payout, PayoutState
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Create, Replace
from .. import audit
from ..attempts import attempts
from ..world import World

AT_ONCE = 20
"""Entries in one transaction with their payout's sums."""

ALL = frozenset({"ops"})


def draw(world: World, caller: Caller, key: str, *, merchant_id: str, collect: bool, now: Instant) -> Payout:
    """What has waited until now, as one payout. Its own timer goes on where this breaks off."""
    whose = merchant_id or caller.id
    if whose != caller.id and not caller.roles & ALL:
        raise Refused("merchant_not_yours")
    fresh = Payout(
        id=derived("payout", caller.id, key, length=16),
        merchant_id=whose,
        created_at=now,
        created_by=caller.id,
        collect=collect,
        due_at=now + MINUTE,
    )
    known = world.store.payout(fresh.id)
    if known is None:
        try:
            world.store.commit(Create(fresh), audit.line(world, caller, "payout_drawn", fresh.id, now))
        except Lost:
            raise Unavailable("busy") from None
    payout = seen(world, caller, fresh.id)
    if (payout.merchant_id, payout.collect) != (whose, collect):
        raise Refused("key_reused")
    if payout.state is PayoutState.DRAWING:
        payout_wake(world, payout, now)
    return seen(world, caller, fresh.id)


def seen(world: World, caller: Caller, payout_id: str) -> Payout:
    payout = world.store.payout(payout_id)
    if payout is None or (payout.merchant_id != caller.id and not caller.roles & ALL):
        raise Refused("payout_not_found", payout=payout_id)
    return payout


def of_merchant(world: World, caller: Caller, merchant_id: str, *, limit: int, start: str | None) -> Page[Payout]:
    """Newest first; one's own, or anybody's for who works for all."""
    whose = merchant_id if merchant_id and caller.roles & ALL else caller.id
    return world.store.payouts_of(whose, limit, start)


def confirm(
    world: World, caller: Caller, payout_id: str, who: Party, *, amount_minor: int, reference: str, now: Instant
) -> Payout:
    """Somebody has paid, or collected, a line. Its entries are posted by the payout's timer."""
    for attempt in attempts(world):
        with attempt:
            payout = seen(world, caller, payout_id)
            paid = rules.confirmed(payout, who, amount_minor, reference, caller.id, now)
            if paid is not None:
                about = f"{payout_id} {' '.join(who)}"
                world.store.commit(Replace(paid), audit.line(world, caller, "payout_confirmed", about, now))
            return paid or payout
    raise Unavailable("busy")


def payout_wake(world: World, payout: Payout, now: Instant) -> None:
    """Draws it up, or posts what has been confirmed: some entries and the payout's sums in each transaction."""
    if payout.state is PayoutState.DRAWING:
        _draw(world, payout, now)
    else:
        _post(world, payout, now)


def _draw(world: World, payout: Payout, now: Instant) -> None:
    for some in _by(AT_ONCE, rules.chosen(payout, list(world.store.payables(payout.merchant_id)))):
        payout, claimed = rules.drawn(payout, some)
        payout = _written(world, payout, claimed)
    world.store.commit(Replace(rules.finished_drawing(payout, now)))
    world.watch.count("payouts_drawn")


def _post(world: World, payout: Payout, now: Instant) -> None:
    """The index may not show yet what was taken in a moment ago: then it is looked at again."""
    waiting = rules.unposted(payout)
    entries = [
        one
        for one in (world.store.entries_of_payout(payout.id) if waiting else ())
        if one.state is EntryState.PENDING and rules.party(one) in waiting
    ]
    for some in _by(AT_ONCE, entries):
        payout, done = rules.posted(payout, some, now)
        payout = _written(world, payout, done)
    if rules.unposted(payout):
        world.store.commit(Replace(replace(payout, due_at=now + MINUTE)))
    else:
        world.store.commit(Replace(rules.rested(payout, now)))


def _written(world: World, payout: Payout, entries: Sequence[Entry]) -> Payout:
    world.store.commit(Replace(payout), *(Replace(one) for one in entries))
    return replace(payout, version=payout.version + 1)


def _by(size: int, entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    return (entries[at : at + size] for at in range(0, len(entries), size))


def book_account(world: World, caller: Caller, person_id: str, method: str, account: str, now: Instant) -> None:
    """Where a payee gets their money with a provider. Sealed in the vault: an account may be a phone number."""
    if method not in world.payments or not world.payments[method].can.releases:
        raise Refused("method_cannot_release", method=method)
    audit.record(world, caller, "payee_account", f"{person_id} {method}", now)
    if account:
        world.vault.keep(owner_of(person_id), method, {"account": account}, now)
    else:
        world.vault.forget(owner_of(person_id), method)


def owner_of(person_id: str) -> str:
    return f"payee:{person_id}"
