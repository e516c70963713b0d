"""Confirms a sensitive act with a fresh one-time code to the caller's own phone (X2).

The code is a log-in code: sent, counted and limited like one (X9). What it opens is not a session but ten minutes of
sensitive acts, under the very token that asked, so that a stolen one is of no use for them.
"""

from ...domain import second_factor as rules
from ...domain.instants import Instant
from ...domain.person import Channel
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from ...domain.writes import put
from ..attempts import attempts
from ..world import World
from .log_in import keyed
from .preferences import proved


def ask(world: World, caller: Caller) -> str:
    """Sends a code; what it returns must come back with the answer."""
    return world.identity.start_log_in(_phone(world, caller))


def answer(world: World, caller: Caller, challenge: str, code: str, token: str, *, key: str, now: Instant) -> None:
    """Raises Refused('wrong_code', challenge) with the challenge to answer next, or 'code_expired' at its end."""
    found = world.identity.answer_code(_phone(world, caller), challenge, code, now)
    if not isinstance(found, Caller) or found.id != caller.id:
        world.watch.count("second_factor_wrong_codes")
        raise Refused("wrong_code", challenge="" if isinstance(found, Caller) else found)
    proved(world, caller.id, Channel.SMS, now)
    who = _who(caller, token, key)
    for attempt in attempts(world):
        with attempt:
            old = world.store.confirmed(who)
            new = rules.confirmed(old, who, now)
            world.store.commit(put(new))
            return
    raise Unavailable("busy")


def check(world: World, caller: Caller, token: str, *, key: str, now: Instant) -> None:
    rules.check(world.store.confirmed(_who(caller, token, key)), now)


def _who(caller: Caller, token: str, key: str) -> str:
    return keyed(key, "confirmed", caller.id, token)


def _phone(world: World, caller: Caller) -> str:
    phone = world.identity.phone_of(caller.id)
    if phone is None:
        raise Refused("phone_not_verified")
    return phone
