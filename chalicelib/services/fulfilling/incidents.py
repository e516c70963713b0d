"""Incidents of a formed group: opened, raised, acted on and closed by its merchant, a manager or support (S6)."""

from collections.abc import Callable
from dataclasses import replace

from ...domain import incident as rules
from ...domain import routing
from ...domain.batch import UNSHIPPED, Batch, places
from ...domain.feed import Post
from ...domain.group import Group
from ...domain.ids import derived
from ...domain.incident import Coupon, Grant, Incident, Means, What
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.task import Errand
from ...domain.writes import Create, Replace, Write
from ...lean import dataclass
from .. import audit
from ..attempts import attempts
from ..delivering import batches, routes
from ..paying.money import seen_group
from ..supplying.other_supplier import taken_over
from ..telling.feed import told_of
from ..world import World
from . import tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`destinations` empty: all of the group's."""

    what: What
    level: int
    text: str
    destinations: tuple[str, ...] = ()


def opened(world: World, caller: Caller, group_id: str, ask: Ask, *, key: str, now: Instant) -> Incident:
    """The same request again finds what it opened."""
    group = seen_group(world, caller, group_id)
    batches.check_formed(group)
    new = made(world, group, ask, by=caller.id, key=f"{caller.id} {key}", now=now)
    for attempt in attempts(world):
        with attempt:
            known = world.store.incident(group_id, new.id)
            if known is not None:
                if (known.what, known.text) != (ask.what, ask.text):
                    raise Refused("key_reused")
                return known
            world.store.commit(Create(new), audit.line(world, caller, "incident_opened", group_id, now))
            return replace(new, version=1)
    raise Unavailable("busy")


def made(world: World, group: Group, ask: Ask, *, by: str, key: str, now: Instant) -> Incident:
    terms = world.store.terms(group.campaign_id, group.terms_version)
    all_of_them = [one.destination for one in places(terms, group)]
    if strange := [one for one in ask.destinations if one not in all_of_them]:
        raise Refused("no_such_destination", destination=strange[0])
    new = Incident(
        group_id=group.id,
        id=derived(group.id, "incident", key, length=10),
        campaign_id=group.campaign_id,
        merchant_id=group.merchant_id,
        title=group.title,
        what=ask.what,
        level=ask.level,
        text=ask.text,
        destinations=tuple(dict.fromkeys(ask.destinations or all_of_them)),
        opened_at=now,
        opened_by=by,
    )
    return rules.announced(rules.noted(new, "opened", by=by, now=now), now)


def of_group(world: World, caller: Caller, group_id: str) -> list[Incident]:
    """Newest first."""
    seen_group(world, caller, group_id)
    return sorted(world.store.incidents(group_id), key=lambda one: one.opened_at, reverse=True)


def own(world: World, caller: Caller, group_id: str, incident_id: str) -> Incident:
    seen_group(world, caller, group_id)
    found = world.store.incident(group_id, incident_id)
    if found is None:
        raise Refused("incident_not_found", incident=incident_id)
    return found


def change(
    world: World,
    caller: Caller,
    group_id: str,
    incident_id: str,
    decide: Callable[[Incident], tuple[Incident, list[Write]]],
) -> Incident:
    """Look, decide, commit together; what changes nothing is not written."""
    for attempt in attempts(world):
        with attempt:
            found = own(world, caller, group_id, incident_id)
            new, writes = decide(found)
            if new == found:
                return found
            world.store.commit(Replace(new), *writes)
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def raise_to(world: World, caller: Caller, group_id: str, incident_id: str, level: int, *, now: Instant) -> Incident:
    return change(
        world, caller, group_id, incident_id, lambda found: (rules.raised(found, level, by=caller.id, now=now), [])
    )


def close(world: World, caller: Caller, group_id: str, incident_id: str, *, now: Instant) -> Incident:
    return change(world, caller, group_id, incident_id, lambda found: (rules.closed(found, by=caller.id, now=now), []))


def compensate(
    world: World, caller: Caller, group_id: str, incident_id: str, grant: Grant, *, now: Instant
) -> Incident:
    def decide(found: Incident) -> tuple[Incident, list[Write]]:
        new = rules.compensated(found, grant, by=caller.id, now=now)
        act = audit.line(world, caller, "compensation_granted", incident_id, now, amount=str(grant.amount_minor))
        return new, [act]

    return change(world, caller, group_id, incident_id, decide)


def other_carrier(
    world: World, caller: Caller, group_id: str, incident_id: str, carrier: str, *, now: Instant
) -> Incident:
    """Every batch concerned that has not left goes with `carrier`, or with what the routing table falls back to."""
    found = own(world, caller, group_id, incident_id)
    rules.check_level(found, Means.OTHER_CARRIER)
    moved = []
    for destination in found.destinations:
        if (to := _switched(world, found, destination, carrier, now)) is not None:
            moved.append(to)
    if not moved:
        raise Refused("no_batch_to_move")
    note = "、".join(dict.fromkeys(moved))

    def decide(one: Incident) -> tuple[Incident, list[Write]]:
        if one.done and (one.done[-1].what, one.done[-1].note) == (Means.OTHER_CARRIER.value, note):
            return one, []
        rules.check_level(one, Means.OTHER_CARRIER)
        return rules.noted(one, Means.OTHER_CARRIER.value, by=caller.id, now=now, note=note), []

    return change(world, caller, group_id, incident_id, decide)


def _switched(world: World, incident: Incident, destination: str, carrier: str, now: Instant) -> str | None:
    """The carrier that the batch goes with now; None where it has left."""
    for attempt in attempts(world):
        with attempt:
            batch = world.store.batch(incident.group_id, destination)
            if batch is None or batch.state not in UNSHIPPED:
                return None
            table = routes.table_of(world, incident.merchant_id)
            to = carrier or routing.fallback_of(table, f"carrier.{batch.carrier}")
            if not to or (to not in world.carriers and routing.haulier(table, to) is None):
                raise Refused("carrier_not_connected", carrier=to or batch.carrier)
            if batch.carrier == to:
                return to
            new, loads = routes.by_carrier(world, batch, to, now)
            world.store.commit(Replace(new), *loads)
            return to
    raise Unavailable("busy")


def other_supplier(
    world: World, caller: Caller, group_id: str, incident_id: str, note: str, *, to: str = "", now: Instant
) -> Incident:
    """`to`, or whoever item or plan name, takes over what was not sent; where nobody can, finding somebody is people's
    work: it becomes a task of the merchant's, once."""
    group = seen_group(world, caller, group_id)
    terms = world.store.terms(group.campaign_id, group.terms_version)

    def decide(found: Incident) -> tuple[Incident, list[Write]]:
        if any(one.what == Means.OTHER_SUPPLIER.value and one.note == note for one in found.done):
            return found, []
        rules.check_level(found, Means.OTHER_SUPPLIER)
        if switch := taken_over(world, group, terms, now, to=to):
            return rules.noted(found, Means.OTHER_SUPPLIER.value, by=caller.id, now=now, note=note), switch
        task = tasks.planned(
            queue=found.merchant_id,
            errand=Errand.SUPPLIER,
            about=group_id,
            event=f"{incident_id} {len(found.done)}",
            facts={"title": found.title, "note": note, "incident": incident_id},
            now=now,
        )
        return rules.noted(found, Means.OTHER_SUPPLIER.value, by=caller.id, now=now, note=note), [task]

    return change(world, caller, group_id, incident_id, decide)


def say(world: World, caller: Caller, group_id: str, incident_id: str, text: str, *, now: Instant) -> Incident:
    """The public word: a post on the group's feed and a line of the incident, together; the same word once."""
    group = seen_group(world, caller, group_id)
    role = "merchant" if caller.id == group.merchant_id else "support"

    def decide(found: Incident) -> tuple[Incident, list[Write]]:
        note = derived(text, length=8)
        if any(one.what == Means.STATEMENT.value and one.note == note for one in found.done):
            return found, []
        rules.check_level(found, Means.STATEMENT)
        post = Post(
            group_id=group_id,
            id=f"{now:015d}-{derived(incident_id, note, length=8)}",
            at=now,
            by=caller.id,
            role=role,
            text=text,
            statement=True,
        )
        said = rules.noted(found, Means.STATEMENT.value, by=caller.id, now=now, note=note)
        return said, [Create(post), *told_of(world, group, post, now)]

    return change(world, caller, group_id, incident_id, decide)


def sensed(world: World, batch: Batch, what: What, text: str, key: str, now: Instant) -> list[Write]:
    """An incident that opens by itself, to be written with what shows it; none where one about it is open already."""
    group = world.store.group(batch.group_id)
    known = world.store.incidents(batch.group_id)
    if group is None or any(one.open and one.what is what and batch.destination in one.destinations for one in known):
        return []
    ask = Ask(what=what, level=1, text=text, destinations=(batch.destination,))
    new = made(world, group, ask, by=rules.SENSOR, key=key, now=now)
    return [] if any(one.id == new.id for one in known) else [Create(new)]


def coupons_of(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Coupon]:
    return world.store.coupons_of(caller.id, limit, start)
