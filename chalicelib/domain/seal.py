"""A mark on a link that only we can have made: it names nobody, is good for what it was made for, and expires.

    s5k2.Xh3…   the hour until which it holds, in base 36, and the first half of a keyed hash over it and what it is for

Short, because an SMS is paid for by its length. Any of several keys may have made it, so that keys can be rotated.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from .instants import HOUR, Instant

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BYTES = 12


def sealed(key: str, *bound: str, until: Instant) -> str:
    """`bound` is everything the mark is for: with any other it is worth nothing."""
    hours = _written(until // HOUR)
    return f"{hours}.{_hash(key, hours, bound)}"


def holds(mark: str, keys: Iterable[str], *bound: str, now: Instant) -> bool:
    hours, _, signature = mark.partition(".")
    if not hours or not set(hours) <= set(_DIGITS) or len(hours) > _BYTES or now // HOUR > int(hours, 36):
        return False
    return any(hmac.compare_digest(signature.encode(), _hash(key, hours, bound).encode()) for key in keys)


def _written(number: int) -> str:
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = _DIGITS[last] + digits
    return digits or "0"


def _hash(key: str, hours: str, bound: tuple[str, ...]) -> str:
    said = "\x1f".join(("link", hours, *bound)).encode()
    return base64.urlsafe_b64encode(hmac.new(key.encode(), said, hashlib.sha256).digest()[:_BYTES]).decode()
