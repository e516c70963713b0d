"""Real-name status (实名认证): asked of a verifier, and nothing kept of it but the answer (X1)."""

from dataclasses import replace

from ...domain.instants import DAY, Instant
from ...domain.person import Preferences, RealName
from ...domain.ports import Caller, Outcome
from ...domain.refusals import Refused, Unavailable
from ..attempts import attempts
from ..telling.tell import preferences_of
from ..world import World
from .preferences import _commit as commit

TRIES_A_DAY = 5


def offered(world: World) -> bool:
    return world.real_names is not None


def verify(world: World, caller: Caller, *, name: str, number: str, now: Instant) -> Preferences:
    """Verified once, it stays so. Name and number go to the verifier and nowhere else: no row, no log, no error.

    Where the verifier gives no answer the status is `asked`, and may be tried again.
    """
    verifier = world.real_names
    if verifier is None:
        raise Refused("real_name_not_offered")
    known = preferences_of(world, caller.id)
    if known.real_name is RealName.VERIFIED:
        return known
    if not world.store.spend(f"person.{caller.id}", f"real_name.{now // DAY}", TRIES_A_DAY, now):
        raise Refused("too_many_tries", most=TRIES_A_DAY)
    said = verifier.check(name, number)
    status = {Outcome.SUCCEEDED: RealName.VERIFIED, Outcome.FAILED: RealName.REFUSED}.get(said, RealName.ASKED)
    for attempt in attempts(world):
        with attempt:
            known = preferences_of(world, caller.id)
            if known.real_name is RealName.VERIFIED:
                return known
            return commit(world, replace(known, real_name=status, real_name_at=now))
    raise Unavailable("busy")
