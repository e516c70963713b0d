"""A formed group's delivery batches: planned, moved, followed on the road. Each command is one write of one row."""

from collections.abc import Callable
from dataclasses import replace

from ...domain import balance
from ...domain import batch as rules
from ...domain.batch import Batch, BatchState, Place, Stop
from ...domain.campaign import Campaign
from ...domain.files import UploadForm, Use
from ...domain.group import Group, GroupState
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.order import Order
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Create, Replace, Write
from ...lean import dataclass
from ..attempts import attempts
from ..paying.money import SEES_ALL
from ..world import World
from . import routes


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest:
    """`at` is when it happened (None: now). With `earliest` and `latest`, when it should be ready is promised anew."""

    state: BatchState
    at: Instant | None = None
    earliest: Instant | None = None
    latest: Instant | None = None
    stops: tuple[Stop, ...] = ()


def plan(world: World, group: Group, now: Instant) -> list[Batch]:
    """Makes the group's batches where they are missing, each routed to its warehouse and carrier. Again: nothing."""
    terms = world.store.terms(group.campaign_id, group.terms_version)
    there = {one.destination: one for one in world.store.batches(group.id)}
    found = []
    for place in rules.places(terms, group):
        known = there.get(place.destination)
        found.append(known or _made(world, group, terms, place, now))
    return found


def _made(world: World, group: Group, terms: Campaign, place: Place, now: Instant) -> Batch:
    for attempt in attempts(world):
        with attempt:
            known = world.store.batch(group.id, place.destination)
            if known is not None:
                return known
            new = routes.routed(world, rules.planned(terms, group, place, now), now)
            world.store.commit(Create(new))
            return replace(new, version=1)
    raise Unavailable("busy")


def plan_for(world: World, caller: Caller, group_id: str, *, now: Instant) -> list[Batch]:
    """By hand, for a merchant who does not want to wait for the sorting stage."""
    group = world.store.group(group_id)
    if group is None or group.merchant_id != caller.id:
        raise Refused("group_not_found", group=group_id)
    check_formed(group)
    return plan(world, group, now)


def check_formed(group: Group) -> None:
    if group.state is not GroupState.FORMED:
        raise Refused("group_not_formed", state=group.state.value)
    if group.called_off_at is not None:
        raise Refused("group_called_off")


def of_group(world: World, caller: Caller, group_id: str) -> list[Batch]:
    """The batches of a group that the caller serves; those who may look into everything see all."""
    found = world.store.batches(group_id)
    mine = [one for one in found if caller.roles & SEES_ALL or rules.acts_as(one, caller.id, caller.roles)]
    if not mine:
        group = world.store.group(group_id)
        if group is None or group.merchant_id != caller.id:
            raise Refused("group_not_found", group=group_id)
    return mine


def of_mine(world: World, caller: Caller, state: BatchState | None, *, limit: int, start: str | None) -> Page[Batch]:
    """A merchant's own, newest first; for others what they serve and may move, oldest first. A page of one `state` may
    be short, or empty, and yet not the last."""
    if "merchant" in caller.roles:
        page = world.store.batches_of(caller.id, limit, start)
    else:
        page = world.store.batches_in_hand(caller.id, limit, start)
    return Page([one for one in page.rows if _is_theirs(one, caller) and state in (None, one.state)], page.next)


def _is_theirs(batch: Batch, caller: Caller) -> bool:
    """Lists lag behind a change of who serves a batch by its timer; what they may do never does."""
    return bool(rules.acts_as(batch, caller.id, caller.roles))


def mine(world: World, caller: Caller, group_id: str, destination: str) -> tuple[Batch, frozenset[str]]:
    """A batch the caller serves, and in which roles; anybody else's looks like a missing one."""
    found = world.store.batch(group_id, destination)
    roles = rules.acts_as(found, caller.id, caller.roles) if found is not None else frozenset()
    if found is None or not roles:
        raise Refused("batch_not_found", batch=destination)
    return found, roles


def seen(world: World, caller: Caller, group_id: str, destination: str) -> Batch:
    found = world.store.batch(group_id, destination)
    if found is not None and caller.roles & SEES_ALL:
        return found
    return mine(world, caller, group_id, destination)[0]


def move(world: World, caller: Caller, group_id: str, destination: str, ask: MoveRequest, *, now: Instant) -> Batch:
    """The next state. Asked again for the state it is in, it changes nothing and answers the same."""

    def decide(found: Batch, roles: frozenset[str]) -> Batch:
        if not roles & rules.MOVERS.get(ask.state, frozenset()):
            raise Refused("not_yours_to_move", state=ask.state.value)
        if found.state is ask.state:
            return found
        rules.check_open(found)
        if ask.state is BatchState.SORTED:
            check_choices_made(world, found, now)
        if ask.state is BatchState.HANDED_OVER:
            check_all_fetched(world, found)
        new = rules.moved(found, ask.state, by=caller.id, at=ask.at or now, now=now)
        if ask.stops:
            new = replace(new, stops=ask.stops)
        return _promised(new, ask, caller.id, now)

    return change(world, caller, group_id, destination, decide, now)


def _promised(batch: Batch, ask: MoveRequest, by: str, now: Instant) -> Batch:
    if ask.earliest is None or ask.latest is None:
        return batch
    return rules.promised(batch, ask.earliest, ask.latest, by=by, now=now)


def check_choices_made(world: World, batch: Batch, now: Instant) -> None:
    """While buyers may still choose another point, an order could slip out of a batch that has been sorted."""
    group = world.store.group(batch.group_id)
    assert group is not None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if terms.choose_pickup_by is not None and now < terms.choose_pickup_by:
        raise Refused("pickup_choice_open")
    balance.check_all_in(group, terms, now)
    if terms.deposit is not None and not batch.counted:
        raise Refused("balances_open")


def check_all_fetched(world: World, batch: Batch) -> None:
    for order in orders_of(world, batch):
        if rules.awaited(order):
            raise Refused("orders_not_fetched", order=order.id)


def orders_of(world: World, batch: Batch) -> list[Order]:
    """The orders that ride in it, in the order of their ids. Reads the whole group: for a person who waits for it."""
    group = world.store.group(batch.group_id)
    assert group is not None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    return [
        order
        for part in range(group.parts)
        for order in world.store.orders_of_part(group.id, part)
        if rules.rides(order) and rules.destination_of(order, group, terms) == batch.destination
    ]


def change(
    world: World,
    caller: Caller,
    group_id: str,
    destination: str,
    decide: Callable[[Batch, frozenset[str]], Batch],
    now: Instant,
) -> Batch:
    """Look, decide, commit. What changes nothing is not written."""
    for attempt in attempts(world):
        with attempt:
            found, roles = mine(world, caller, group_id, destination)
            new = decide(found, roles)
            return store(world, found, new)
    raise Unavailable("busy")


def store(world: World, found: Batch, new: Batch, *more: Write) -> Batch:
    if new == found:
        return found
    world.store.commit(Replace(new), *more)
    return replace(new, version=new.version + 1)


def promise(
    world: World,
    caller: Caller,
    group_id: str,
    destination: str,
    earliest: Instant,
    latest: Instant,
    why: str,
    *,
    now: Instant,
) -> Batch:
    """A new range for when it should be ready; everyone in the batch is told."""

    def decide(found: Batch, roles: frozenset[str]) -> Batch:
        rules.check_open(found)
        if found.promises and (found.promises[-1].earliest, found.promises[-1].latest) == (earliest, latest):
            return found
        new = rules.promised(found, earliest, latest, by=caller.id, now=now, why=why)
        return replace(new, owed=(*new.owed, f"batch_promise@{now}"), due_at=now)

    return change(world, caller, group_id, destination, decide, now)


def ping(
    world: World,
    caller: Caller,
    group_id: str,
    destination: str,
    lat_e6: int,
    lon_e6: int,
    at: Instant,
    *,
    now: Instant,
) -> Batch:
    def decide(found: Batch, roles: frozenset[str]) -> Batch:
        return rules.pinged(found, lat_e6, lon_e6, by=caller.id, at=at, now=now)

    return change(world, caller, group_id, destination, decide, now)


def temperature(
    world: World, caller: Caller, group_id: str, destination: str, tenths: int, at: Instant, *, now: Instant
) -> Batch:
    def decide(found: Batch, roles: frozenset[str]) -> Batch:
        return rules.read_temperature(found, tenths, by=caller.id, at=at, now=now)

    return change(world, caller, group_id, destination, decide, now)


def photo_form(world: World, caller: Caller, group_id: str, destination: str) -> UploadForm:
    """Where a photo of this batch can be brought to (S14): type and size are judged there and again when it is kept."""
    batch, _ = mine(world, caller, group_id, destination)
    rules.check_open(batch)
    return world.files.form(Use.PHOTO, _owner(batch), world.new_id())


def keep_photo(world: World, caller: Caller, group_id: str, destination: str, key: str, *, now: Instant) -> Batch:
    """Puts a photo that was brought onto its batch; the same one again changes nothing."""
    batch, _ = mine(world, caller, group_id, destination)
    kept = world.files.keep(Use.PHOTO, _owner(batch), key)

    def decide(found: Batch, roles: frozenset[str]) -> Batch:
        return rules.photographed(found, kept.key, by=caller.id, now=now)

    return change(world, caller, group_id, destination, decide, now)


def photo_links(world: World, batch: Batch) -> list[str]:
    """Addresses under which its photos can be seen for some minutes, oldest first."""
    return [world.files.link(one.key) for one in batch.photos]


def _owner(batch: Batch) -> str:
    return derived("batch", batch.group_id, batch.destination)


def forwarded(
    world: World, group_id: str, destination: str, to: BatchState, *, by: str, at: Instant, now: Instant
) -> None:
    """A carrier's report: it only ever brings the batch further, and one that comes late or again changes nothing."""
    for attempt in attempts(world):
        with attempt:
            found = world.store.batch(group_id, destination)
            if found is None or found.called_off or rules.WAY.index(to) <= rules.WAY.index(found.state):
                return
            store(world, found, rules.moved(found, to, by=by, at=min(at, now), now=now, skipping=True))
            return
    raise Lost
