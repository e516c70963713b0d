"""Leaders (E21): apply, be decided about, own pickup places. What a leader may do is asked of their row each time."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import leader as rules
from ...domain.campaign import Campaign, PickupPoint
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.leader import Decision, Leader, LeaderState, Place
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.writes import Create, Replace, put
from ...lean import dataclass
from .. import audit
from ..attempts import attempts
from ..telling import tell
from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRequest:
    name: str
    address: str
    hours: str
    capacity: int
    community_id: str | None = None
    open: bool = True


TOLD: Mapping[LeaderState, str] = {
    LeaderState.APPROVED: "leader_approved",
    LeaderState.REFUSED: "leader_refused",
    LeaderState.SUSPENDED: "leader_suspended",
}


def apply(world: World, caller: Caller, community: str, *, now: Instant) -> Leader:
    """Applying twice is one application."""
    if not caller.phone_verified:
        raise Refused("phone_not_verified")
    for attempt in attempts(world):
        with attempt:
            old = world.store.leader(caller.id)
            new = rules.applied(old, caller.id, community, now)
            if new is old:
                return new
            world.store.commit(put(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def mine(world: World, caller: Caller) -> Leader:
    leader = world.store.leader(caller.id)
    if leader is None:
        raise Refused("not_a_leader")
    return leader


def approved(world: World, person_id: str) -> Leader:
    leader = world.store.leader(person_id)
    if leader is None or leader.state is not LeaderState.APPROVED:
        raise Refused("not_a_leader")
    return leader


def listed(world: World, state: LeaderState, *, limit: int, start: str | None) -> Page[Leader]:
    return world.store.leaders(state.value, limit, start)


def decide(world: World, caller: Caller, person_id: str, decision: Decision, reason: str, *, now: Instant) -> Leader:
    """The decision, its line in the audit log and what the leader is told: together or not at all."""
    for attempt in attempts(world):
        with attempt:
            leader = world.store.leader(person_id)
            if leader is None:
                raise Refused("leader_not_found", person=person_id)
            new = rules.decided(leader, decision, reason, now, caller.id)
            if new is leader:
                return leader
            act = audit.line(world, caller, f"leader_{new.state.value}", person_id, now)
            template = TOLD[new.state]
            told = tell.plan(
                world,
                person_id,
                about="leader",
                event=f"{template}@{new.version}",
                template=template,
                params={"community": new.community, "link": "/lead"},
                now=now,
            )
            world.store.commit(Replace(new), act, *told)
            audit.noted(world, act)
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


# ------------------------------------------------------------------ places


def add_place(world: World, caller: Caller, ask: PlaceRequest, *, key: str, now: Instant) -> Place:
    """The same request again finds the place it made."""
    approved(world, caller.id)
    place = _as_asked(ask, "p" + derived(caller.id, "place", key), caller.id, now)
    known = world.store.place(place.id)
    if known is None:
        if len(world.store.places_of(caller.id, rules.MOST_PLACES, None).rows) >= rules.MOST_PLACES:
            raise Refused("too_many_places", most=rules.MOST_PLACES)
        try:
            world.store.commit(Create(place))
            return replace(place, version=1)
        except Lost:
            known = world.store.place(place.id)
            if known is None:
                raise
    if replace(place, created_at=known.created_at, version=known.version) != known:
        raise Refused("key_reused")
    return known


def change_place(world: World, caller: Caller, place_id: str, ask: PlaceRequest, version: int, now: Instant) -> Place:
    """Campaigns that are published already keep what they said."""
    approved(world, caller.id)
    known = own_place(world, caller, place_id)
    if known.version != version:
        raise Refused("place_has_changed", version=known.version)
    new = replace(_as_asked(ask, place_id, caller.id, known.created_at), version=known.version)
    try:
        world.store.commit(Replace(new))
    except Lost:
        raise Refused("place_has_changed", version=own_place(world, caller, place_id).version) from None
    return replace(new, version=new.version + 1)


def own_place(world: World, caller: Caller, place_id: str) -> Place:
    place = world.store.place(place_id)
    if place is None or place.leader_id != caller.id:
        raise Refused("place_not_found", place=place_id)
    return place


def my_places(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Place]:
    return world.store.places_of(caller.id, limit, start)


def _as_asked(ask: PlaceRequest, place_id: str, leader_id: str, created_at: Instant) -> Place:
    return Place(
        id=place_id,
        leader_id=leader_id,
        name=ask.name,
        address=ask.address,
        hours=ask.hours,
        capacity=ask.capacity,
        community_id=ask.community_id,
        open=ask.open,
        created_at=created_at,
    )


def with_places(world: World, draft: Campaign) -> Campaign:
    """The pickup points as they will be frozen: those at a leader's place know whose it is and what it holds."""
    return replace(draft, pickup_points=tuple(_at_place(world, point) for point in draft.pickup_points))


def _at_place(world: World, point: PickupPoint) -> PickupPoint:
    if point.place_id is None:
        return point
    place = world.store.place(point.place_id)
    if place is None:
        raise Refused("place_not_found", place=point.place_id)
    leader = world.store.leader(place.leader_id)
    if not place.open or leader is None or leader.state is not LeaderState.APPROVED:
        raise Refused("place_closed", place=place.id)
    return replace(
        point,
        leader_id=place.leader_id,
        capacity=place.capacity,
        address=point.address or place.address,
        hours=point.hours or place.hours,
    )
