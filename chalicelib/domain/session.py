"""Signing in: one-time codes sent to a phone, and the sessions they open (X1, O14).

No phone number, network address, code or session id is stored: rows hold keyed hashes of them, so whoever reads the
table can neither sign in as somebody nor learn whose row it is.
"""

from dataclasses import replace

from ..lean import dataclass
from .ids import derived
from .instants import DAY, HOUR, MINUTE, SECOND, Instant
from .refusals import Refused
from .writes import Row

CODE_LIFE = 5 * MINUTE
CODE_DIGITS = 6
MOST_TRIES = 5
"""Guesses at one code. With MOST_CODES a day, a stranger's chance is 50 in a million."""

PAUSE = MINUTE
MOST_CODES_AN_HOUR, MOST_CODES_A_DAY = 5, 10
MOST_STARTS_AN_HOUR = 40
"""Log-ins begun from one network address: many people may share one."""

LASTS, LASTS_AT_WORK = 30 * DAY, 12 * HOUR
"""How long a session lasts, for a buyer and for everybody with a role: roles may be taken away."""

SEEN_EVERY = HOUR
MOST_DEVICE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCode(Row):
    """The latest code sent to one phone. `code_hash` is empty once it was used or guessed at too often."""

    who: str
    code_hash: str
    tries: int = 0
    expires_at: Instant
    sent_at: tuple[Instant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake(Row):
    """Log-ins lately begun from one network address."""

    who: str
    at: tuple[Instant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Row):
    """One device signed in. `id` is the hash of what its cookie holds."""

    id: str
    person_id: str
    roles: tuple[str, ...]
    phone_verified: bool
    device: str
    created_at: Instant
    seen_at: Instant
    expires_at: Instant


def code_sent(old: LoginCode | None, who: str, code_hash: str, now: Instant) -> LoginCode:
    """A new code replaces the last one. Raises Refused when codes are asked for too often."""
    lately = tuple(at for at in (old.sent_at if old else ()) if at > now - DAY)
    hour = [at for at in lately if at > now - HOUR]
    if lately and now - lately[-1] < PAUSE:
        raise Refused("code_sent_lately", retry_after_s=_seconds(lately[-1] + PAUSE - now))
    if len(hour) >= MOST_CODES_AN_HOUR:
        raise Refused("too_many_codes", retry_after_s=_seconds(hour[0] + HOUR - now))
    if len(lately) >= MOST_CODES_A_DAY:
        raise Refused("too_many_codes", retry_after_s=_seconds(lately[0] + DAY - now))
    return LoginCode(
        who=who,
        code_hash=code_hash,
        expires_at=now + CODE_LIFE,
        sent_at=(*lately, now),
        version=old.version if old else 0,
    )


def code_tried(code: LoginCode, code_hash: str, now: Instant) -> tuple[LoginCode, bool]:
    """What is left of the code after one guess, and whether the guess was right. A code is good once."""
    right = bool(code.code_hash) and now < code.expires_at and code.code_hash == code_hash
    spent = right or code.tries + 1 >= MOST_TRIES
    return replace(code, tries=code.tries + 1, code_hash="" if spent else code.code_hash), right


def begun(old: Brake | None, who: str, now: Instant) -> Brake:
    lately = tuple(at for at in (old.at if old else ()) if at > now - HOUR)
    if len(lately) >= MOST_STARTS_AN_HOUR:
        raise Refused("too_many_log_ins", retry_after_s=_seconds(lately[0] + HOUR - now))
    return Brake(who=who, at=(*lately, now), version=old.version if old else 0)


def session_id(token: str) -> str:
    return derived("session", token, length=32)


def opened(
    token: str, *, person_id: str, roles: frozenset[str], phone_verified: bool, device: str, now: Instant
) -> Session:
    return Session(
        id=session_id(token),
        person_id=person_id,
        roles=tuple(sorted(roles)),
        phone_verified=phone_verified,
        device=device[:MOST_DEVICE],
        created_at=now,
        seen_at=now,
        expires_at=now + (LASTS_AT_WORK if roles - {"buyer"} else LASTS),
    )


def _seconds(ms: Instant) -> int:
    return -(-ms // SECOND)
