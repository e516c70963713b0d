"""Log-in by phone and one-time code (X1). The front asks the identity provider to challenge a phone; the provider
asks `send_code` and `check_code` in turn, so that its limits hold however the challenge was begun.
"""

import hmac

from ...domain import session as rules
from ...domain.instants import Instant
from ...domain.person import Channel, Contact
from ...domain.ports import Caller, Outcome, SignedIn
from ...domain.refusals import Lost, Refused, Unavailable
from ...domain.session import LoginCode
from ...domain.writes import Replace, put
from ..attempts import attempts
from ..world import World
from .preferences import proved
from .sessions import open_session

COUNTRY = "+86"
"""Numbers written without a country are taken to be here."""


def phone_number(written: str) -> str:
    """`138 0000 0001` -> `+8613800000001`."""
    digits = "".join(character for character in written if character not in " -()\u00a0")
    phone = digits if digits.startswith("+") else "+" + digits[2:] if digits.startswith("00") else COUNTRY + digits
    if not (phone[1:].isascii() and phone[1:].isdecimal() and 8 <= len(phone) <= 16 and phone[1] != "0"):
        raise Refused("bad_phone")
    return phone


def start(world: World, phone: str, address: str, *, key: str, now: Instant) -> str:
    """Sends a code to the phone; what it returns must come back with the answer."""
    who = keyed(key, "address", address)
    for attempt in attempts(world):
        with attempt:
            old = world.store.brake(who)
            new = rules.begun(old, who, now)
            world.store.commit(put(new))
    return world.identity.start_log_in(phone)


def finish(world: World, phone: str, challenge: str, code: str, device: str, *, now: Instant) -> tuple[str, str]:
    """(the new session's token, ""), or ("", the challenge to answer next) when the code was wrong."""
    answer = answered(world, phone, challenge, code, now=now)
    return ("", answer) if isinstance(answer, str) else (open_session(world, answer, device, now=now), "")


def answered(world: World, phone: str, challenge: str, code: str, *, now: Instant) -> SignedIn | str:
    """Who has answered rightly, or the challenge to answer next."""
    answer = world.identity.answer_code(phone, challenge, code.strip(), now)
    if isinstance(answer, str):
        world.watch.count("log_in_wrong_codes")
        return answer
    world.watch.count("log_ins")
    keep_phone(world, answer, phone, now)
    return answer


def keep_phone(world: World, person: Caller, phone: str, now: Instant) -> None:
    """Whoever has just proved a phone is told there what becomes of their orders."""
    known = world.vault.read(person.id, reader="log-in", why="is the phone known", now=now, addresses_too=False)
    if known is None or known.phone != phone:
        world.vault.write(person.id, Contact(phone=phone, email=known.email if known else None), now)
    proved(world, person.id, Channel.SMS, now)


def send_code(world: World, phone: str, *, key: str, now: Instant) -> None:
    """Sends a fresh code, unless codes were asked for too often. Only its keyed hash is kept."""
    who = keyed(key, "phone", phone)
    code = f"{int(world.draw() * 10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    old = world.store.login_code(who)
    new = rules.code_sent(old, who, _hash(key, who, code), now)
    try:
        world.store.commit(put(new))
    except Lost:
        raise Refused("code_sent_lately", retry_after_s=rules.PAUSE // 1000) from None
    text = world.texts.code(code, rules.CODE_LIFE // 60_000)
    answer = world.senders[Channel.SMS].send(to=phone, subject="", text=text)
    world.watch.count("codes_sent", outcome=answer.outcome.value)
    if answer.outcome is Outcome.FAILED:
        if answer.reason == "bad_address":
            raise Refused("bad_phone")
        raise Unavailable("sms", retry_after_s=60)


def check_code(world: World, phone: str, code: str, *, key: str, now: Instant) -> bool:
    """Counts the guess before it says whether it was right: guessing in parallel gains nothing."""
    who = keyed(key, "phone", phone)
    for attempt in attempts(world):
        with attempt:
            known: LoginCode | None = world.store.login_code(who)
            if known is None:
                return False
            left, right = rules.code_tried(known, _hash(key, who, code), now)
            world.store.commit(Replace(left))
            return right
    raise Unavailable("busy")


def is_waiting(world: World, phone: str, *, key: str, now: Instant) -> bool:
    """Whether the phone's latest code may still be answered."""
    known = world.store.login_code(keyed(key, "phone", phone))
    return known is not None and bool(known.code_hash) and now < known.expires_at


def keyed(key: str, *parts: str) -> str:
    """A hash that cannot be turned back by trying all phones or addresses there are."""
    return hmac.new(key.encode(), "\x1f".join(("log-in", *parts)).encode(), "sha256").hexdigest()[:32]


def _hash(key: str, who: str, code: str) -> str:
    return keyed(key, "code", who, code)
