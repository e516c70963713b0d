"""The signature on a sandbox webhook: `t=<unix s>,v1=<hex>[,v1=<hex>...]`, an HMAC-SHA256 over `t.body`.

Several secrets are accepted at once, so that a secret can be rotated without losing a webhook on the way; the
time is inside what is signed, so that an old message cannot be sent again later.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from ...domain.instants import MINUTE, SECOND, Instant
from ...domain.refusals import Refused

HEADER = "tuan-sandbox-signature"
TOLERANCE = 5 * MINUTE

_SHAPE = re.compile(r"t=([0-9]{1,12})((?:,v[0-9]=[0-9a-f]{64}){1,5})")


def check(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: Instant, *, header: str = HEADER
) -> None:
    """Raises Refused('bad_signature') unless one of `secrets` signed exactly this body within the
    tolerance.
    """
    values = [value for name, value in headers.items() if name.lower() == header]
    shape = _SHAPE.fullmatch(values[0]) if len(values) == 1 else None
    if shape is None:
        raise Refused("bad_signature")
    signed_at, marks = shape.groups()
    given = [mark[3:] for mark in marks[1:].split(",") if mark.startswith("v1=")]
    signed = signed_at.encode() + b"." + body
    genuine = False
    for secret in filter(None, secrets):
        right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for mark in given:
            genuine |= hmac.compare_digest(right, mark)
    if not genuine or abs(now - int(signed_at) * SECOND) > TOLERANCE:
        raise Refused("bad_signature")
