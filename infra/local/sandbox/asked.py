"""What the provider is asked for."""

from typing import Annotated

import msgspec

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Millis = Annotated[int, msgspec.Meta(ge=0, le=10**14)]


class NewPayment(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    amount_minor: Amount
    currency: Currency
    title: Annotated[str, msgspec.Meta(max_length=500)]
    expires_at_ms: Millis
    hold: bool = False
    method: Annotated[str, msgspec.Meta(pattern="^sandbox[a-z_]*$")] = "sandbox"


class Capturing(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    amount_minor: Amount
    currency: Currency


class Voiding(msgspec.Struct, forbid_unknown_fields=True):
    key: Key


class Disputing(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: Amount | None = None
    won: bool = False


class NewRefund(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    payment_ref: Key
    amount_minor: Amount
    currency: Currency


class NewRelease(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    payment_ref: Key
    account: Key
    amount_minor: Amount
    currency: Currency


class NewBack(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    release_ref: Key
    amount_minor: Amount
    currency: Currency


class Paying(msgspec.Struct, forbid_unknown_fields=True):
    """`late`: the money arrives although the time to pay is over, as bank transfers do."""

    paid_at_ms: Millis | None = None
    late: bool = False


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    webhook_url: str


Made = NewPayment | NewRefund | NewRelease | NewBack
