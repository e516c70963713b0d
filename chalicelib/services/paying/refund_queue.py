"""The queue of whole groups' money (R5): first come first served, at the pace that its provider takes, however many
groups there are at once.

A group whose refunds take longer than a second *takes a turn*: one transaction moves the end of each of its providers'
queues behind it and notes on the group where its own run begins. Inside the run every order knows its place by itself.
A small group waits for nobody, and neither does a refund that somebody asked for: a fifth of the pace is theirs.
"""

from dataclasses import replace

from ...domain import ledger
from ...domain.group import Group
from ...domain.instants import SECOND, Instant
from ...domain.ledger import Entry, Kind
from ...domain.person import Preferences
from ...domain.refusals import Broken, Unavailable
from ...domain.upkeep import Turns
from ...domain.writes import Replace, Write, put
from ..attempts import attempts
from ..telling import tell
from ..world import World


def turn_taken(world: World, group: Group) -> Group:
    """The group with its turn, taken once whoever asks first; as it is where it needs none.

    A group's methods are not counted apart: each provider's queue is moved as if all had paid with it.
    """
    for attempt in attempts(world):
        with attempt:
            paces = _paces(world, group)
            if group.turn_at is not None or not paces or group.verdict is None:
                return group
            turns = {method: world.store.turns(method) for method in paces}
            begin = max(group.verdict.given_at, *(one.free_at for one in turns.values() if one is not None), 0)
            writes: list[Write] = [Replace(replace(group, turn_at=begin))]
            for method, per_s in paces.items():
                known = turns[method] or Turns(method=method)
                run = ledger.place_in_queue(group.verdict.participants, per_s) + SECOND
                moved = replace(known, free_at=begin + run)
                writes.append(put(moved))
            world.store.commit(*writes)
            return replace(group, turn_at=begin, version=group.version + 1)
        group = world.store.group(group.id) or group
    raise Unavailable("busy")


def _paces(world: World, group: Group) -> dict[str, int]:
    """Refunds a second, of the providers for which this group is more than one second's work."""
    if group.verdict is None:
        return {}
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if group.verdict.formed and not any(item.tiers for item in terms.items):
        return {}  # nobody is owed a difference
    paces = {name: world.payments[name].can.refunds_per_s for name in terms.methods if name in world.payments}
    last = group.verdict.participants - 1
    return {name: per_s for name, per_s in paces.items() if last > 0 and ledger.place_in_queue(last, per_s)}


def queued(
    world: World, group: Group, entry: Entry, rank: int, now: Instant, *, known: Preferences | None = None
) -> Entry:
    """With its place in the queue. Whom support marked as VIP goes at once; a capture is no refund and waits for
    nothing. `known` are the buyer's preferences where they have been read already."""
    if group.verdict is None:
        raise Broken(f"group {group.id} has no verdict")
    provider = world.payments.get(entry.method)
    if provider is None or group.turn_at is None or entry.kind is Kind.CAPTURE:
        return entry
    if (known or tell.preferences_of(world, entry.buyer_id)).vip:
        return entry
    return replace(entry, due_at=max(now, group.turn_at + ledger.place_in_queue(rank, provider.can.refunds_per_s)))
