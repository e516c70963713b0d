"""What the gateways of WeChat Pay and Alipay share: Shanghai's days, yuan with two decimals, and RSA signatures."""

import base64
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...domain.instants import Instant

ZONE = ZoneInfo("Asia/Shanghai")


def bill_day(since: Instant, start: str | None) -> date:
    """The day in Shanghai whose bill is page `start` of a list from `since`."""
    return datetime.fromtimestamp(since / 1000, ZONE).date() + timedelta(days=int(start or 0))


def next_bill(day: date, until: Instant, start: str | None) -> str | None:
    """The page after that of `day`, if the list goes on into the next day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZONE)
    return str(int(start or 0) + 1) if midnight.timestamp() * 1000 < until else None


def clock_text(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def instant(text: str) -> Instant:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).timestamp() * 1000)


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def fen(amount: str) -> int:
    """`12.3` and `-12.30` in minor units."""
    sign, amount = (-1, amount[1:]) if amount.startswith("-") else (1, amount)
    whole, _, cents = amount.partition(".")
    return sign * (int(whole) * 100 + int(cents.ljust(2, "0")[:2]))


class Rsa:
    """SHA-256 with RSA. Keys are read from their PEM once; the library is loaded when first needed."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def sign(self, private_pem: str, text: str) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if private_pem not in self._loaded:
            self._loaded[private_pem] = load_pem_private_key(private_pem.encode(), None)
        return base64.b64encode(self._loaded[private_pem].sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def genuine(self, public_pem: str, signed: bytes, mark: str) -> bool:
        """Whether `mark` is that of the holder of this key, or of this certificate."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            if public_pem not in self._loaded:
                self._loaded[public_pem] = _public(public_pem.encode())
            self._loaded[public_pem].verify(base64.b64decode(mark, validate=True), signed, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def _public(pem: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem).public_key() if b"CERTIFICATE" in pem else load_pem_public_key(pem)
