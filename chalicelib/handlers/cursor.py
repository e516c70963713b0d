"""Cursors (where the next page starts): opaque, signed, and good for one list of one caller only.

The signature covers the route, its filters and who asks, so a cursor made up by hand, or carried to another
list or another person, is refused instead of read.
"""

import base64
import binascii
import hashlib
import hmac

from ..domain.refusals import Refused

_SIGNATURE = 16


def sealed(start: str | None, secret: str, *scope: str) -> str | None:
    """The cursor for a page that starts at `start`; None where there is no further page."""
    if start is None:
        return None
    payload = start.encode()
    return _written(_signature(payload, secret, scope) + payload)


def opened(cursor: str | None, secret: str, *scope: str) -> str | None:
    """Where the page starts. Raises Refused('bad_cursor') for anything not given for this very list."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
        genuine = hmac.compare_digest(signature, _signature(payload, secret, scope))
        if genuine and cursor == _written(raw):
            return payload.decode()
    except (binascii.Error, ValueError):
        pass
    raise Refused("bad_cursor")


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(payload: bytes, secret: str, scope: tuple[str, ...]) -> bytes:
    parts = [part.encode() for part in ("cursor", *scope)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (*parts, payload))
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()[:_SIGNATURE]
