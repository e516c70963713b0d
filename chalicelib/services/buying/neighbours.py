"""Ordering for neighbours (代下单): somebody lets the leader of a place order for them, and may take that back."""

from dataclasses import replace

from ...domain import leader as rules
from ...domain.campaign import Fulfilment
from ...domain.instants import Instant
from ...domain.leader import Neighbour
from ...domain.ports import Caller, Page
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import Create, Replace
from ..attempts import attempts
from ..people import leaders
from ..world import World
from .join import JoinAnswer, JoinRequest, join


def allow(
    world: World, caller: Caller, place_id: str, *, allowed: bool, address_id: str | None = None, now: Instant
) -> Neighbour:
    """The leader is named by their place. Saying the same twice says it once."""
    place = world.store.place(place_id)
    if place is None:
        raise Refused("place_not_found", place=place_id)
    if place.leader_id == caller.id:
        raise Refused("not_about_yourself")
    if address_id is not None and not world.vault.knows_address(caller.id, address_id):
        raise Refused("unknown_address", address=address_id)
    for attempt in attempts(world):
        with attempt:
            code = rules.neighbour_code(place.leader_id, caller.id)
            known = world.store.neighbour(place.leader_id, code)
            if known is not None and (known.allowed, known.address_id) == (allowed, address_id):
                return known
            said = known or Neighbour(leader_id=place.leader_id, person_id=caller.id, code=code, said_at=now)
            new = replace(said, allowed=allowed, address_id=address_id, said_at=now)
            world.store.commit(Replace(new) if known else Create(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Neighbour]:
    """Those who let this leader order for them, and those who no longer do."""
    leaders.approved(world, caller.id)
    return world.store.neighbours_of(caller.id, limit, start)


def allowed_by_me(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Neighbour]:
    return world.store.leaders_for(caller.id, limit, start)


def join_for(world: World, caller: Caller, group_id: str, code: str, ask: JoinRequest, *, now: Instant) -> JoinAnswer:
    """The neighbour's own order, placed by their leader: they are told, they may cancel it, their limits hold.

    Where goods are brought to doors, the door is the one that the neighbour named to themselves: the leader knows none.
    """
    leaders.approved(world, caller.id)
    neighbour = world.store.neighbour(caller.id, code)
    if neighbour is None or not neighbour.allowed:
        raise Refused("neighbour_not_found", neighbour=code)
    if ask.address_id is not None:
        raise Refused("unknown_address", address=ask.address_id)
    ask = replace(ask, address_id=_door(world, group_id, neighbour, now))
    verified = world.identity.phone_of(neighbour.person_id) is not None
    buyer = Caller(id=neighbour.person_id, roles=frozenset({"buyer"}), phone_verified=verified)
    return join(world, buyer, group_id, ask, now=now, placed_by=caller.id)


def _door(world: World, group_id: str, neighbour: Neighbour, now: Instant) -> str | None:
    group = world.store.group_lately(group_id, now)
    if group is None:
        return None
    terms = world.store.terms(group.campaign_id, group.terms_version)
    return neighbour.address_id if terms.fulfilment is Fulfilment.DELIVERY else None
