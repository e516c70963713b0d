"""How WeChat Pay's signatures are checked and its words unsealed: by its public key, or by its platform certificates.

A merchant is given a public key with an id for good, or has certificates: these are fetched from WeChat Pay, sealed
with the API v3 key, and change every few years, two being valid for a while. A signature by one that is not known
here has them fetched anew, though once a minute at most: whoever forges a serial number costs one call.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ...domain.instants import HOUR, MINUTE, Instant
from .chinese import Rsa

FRESH = 12 * HOUR
"""WeChat Pay asks that its certificates be fetched at least so often."""

AT_MOST_EVERY = MINUTE
Fetch = Callable[[], tuple[Mapping[str, str], bytes] | None]
"""The list of certificates, with the answer's headers; None where there was no answer."""


class Sealed:
    """What is sealed with the merchant's API v3 key."""

    def __init__(self, api_v3_key: str) -> None:
        self._key = api_v3_key.encode()

    def opened(self, resource: Mapping[str, str]) -> bytes:
        """Raises ValueError for what was sealed otherwise, KeyError for what is no seal."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if resource["algorithm"] != "AEAD_AES_256_GCM":
            raise ValueError("another cipher")
        sealed = base64.b64decode(resource["ciphertext"])
        try:
            extra = resource.get("associated_data", "").encode()
            return AESGCM(self._key).decrypt(resource["nonce"].encode(), sealed, extra)
        except InvalidTag as error:
            raise ValueError("sealed with another key") from error


class PlatformKeys:
    """`public_keys` by their ids, or (none) certificates that `fetch` brings. `clock` gives real time in ms."""

    def __init__(
        self, public_keys: Mapping[str, str], sealed: Sealed, rsa: Rsa, fetch: Fetch, clock: Callable[[], Instant]
    ) -> None:
        self._given, self._sealed, self._rsa, self._fetch, self._clock = dict(public_keys), sealed, rsa, fetch, clock
        self._kept: dict[str, tuple[str, Instant]] = {}
        self._asked_at: Instant | None = None

    @property
    def preferred(self) -> str:
        """The id of the key we want answers to be signed with; with certificates WeChat Pay chooses."""
        return next(iter(self._given), "")

    def genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Signed by WeChat Pay. `headers` in lower case."""
        pem = self._pem(headers.get("wechatpay-serial", ""))
        return pem is not None and self._signed(pem, headers, body)

    def _signed(self, pem: str, headers: Mapping[str, str], body: bytes) -> bool:
        text = f"{headers.get('wechatpay-timestamp', '')}\n{headers.get('wechatpay-nonce', '')}\n".encode()
        return self._rsa.genuine(pem, text + body + b"\n", headers.get("wechatpay-signature", ""))

    def _pem(self, serial: str) -> str | None:
        if self._given:
            return self._given.get(serial)
        now, asked = self._clock(), self._asked_at
        stale = asked is None or now - asked >= FRESH or (serial not in self._kept and now - asked >= AT_MOST_EVERY)
        if stale:
            self._renew(now)
        pem, ends_at = self._kept.get(serial, ("", 0))
        return pem if now < ends_at else None

    def _renew(self, now: Instant) -> None:
        """A list counts only if one of its own certificates signed it; that they are sealed with our key is what makes
        them WeChat Pay's. Without a good list the old ones stay.
        """
        self._asked_at = now
        answer = self._fetch()
        if answer is None:
            return
        headers, body = answer
        try:
            found = dict(self._certificate(one) for one in json.loads(body)["data"])
        except (ValueError, KeyError, TypeError):
            return
        pem, _ = found.get(headers.get("wechatpay-serial", ""), ("", 0))
        if pem and self._signed(pem, headers, body):
            self._kept = found

    def _certificate(self, one: Mapping[str, Any]) -> tuple[str, tuple[str, Instant]]:
        pem = self._sealed.opened(one["encrypt_certificate"]).decode()
        ends_at = round(datetime.fromisoformat(one["expire_time"]).timestamp() * 1000)
        return str(one["serial_no"]), (pem, ends_at)
