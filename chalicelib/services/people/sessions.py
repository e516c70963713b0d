"""Sessions of people who signed in on a page: opened, found, listed, revoked (O14)."""

from dataclasses import replace

from ...domain import session as rules
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Lost, Refused
from ...domain.session import Session
from ...domain.writes import Create, Remove, Replace
from ..world import World

SHOWN = 50


def open_session(world: World, who: Caller, device: str, *, now: Instant) -> str:
    """Returns the token for the cookie; it is stored nowhere."""
    token = world.new_id() + world.new_id()
    session = rules.opened(
        token, person_id=who.id, roles=who.roles, phone_verified=who.phone_verified, device=device, now=now
    )
    world.store.commit(Create(session))
    return token


def find(world: World, token: str, *, now: Instant) -> Session | None:
    """The running session of a cookie. Now and then it is noted that it is still used."""
    session = world.store.session(rules.session_id(token))
    if session is None or now >= session.expires_at:
        return None
    if now - session.seen_at >= rules.SEEN_EVERY:
        seen = replace(session, seen_at=now)
        try:
            world.store.commit(Replace(seen))
        except Lost:
            return find_again(world, session)
        return replace(seen, version=seen.version + 1)
    return session


def find_again(world: World, session: Session) -> Session | None:
    """Another request noted it first, or somebody revoked it just now."""
    return world.store.session(session.id)


def caller_of(session: Session) -> Caller:
    return Caller(
        id=session.person_id, roles=frozenset(session.roles) | {"buyer"}, phone_verified=session.phone_verified
    )


def mine(world: World, caller: Caller, *, now: Instant) -> list[Session]:
    page = world.store.sessions_of(caller.id, SHOWN, None)
    return [session for session in page.rows if now < session.expires_at]


def revoke(world: World, caller: Caller, session_id: str) -> None:
    """Another's session looks exactly like one that does not exist. Revoking twice is done already."""
    session = world.store.session(session_id)
    if session is None:
        return
    if session.person_id != caller.id:
        raise Refused("session_not_found")
    try:
        world.store.commit(Remove(session))
    except Lost:
        revoke(world, caller, session_id)


def revoke_all(world: World, caller: Caller, *, but: str | None = None) -> None:
    while page := world.store.sessions_of(caller.id, SHOWN, None):
        others = [session for session in page.rows if session.id != but]
        for session in others:
            revoke(world, caller, session.id)
        if not others or page.next is None:
            return
