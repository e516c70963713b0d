"""The words every shape is spelled with: bounded text and numbers, moments, and the two base shapes.

Text is counted in characters, not bytes, and may hold any script or emoji, but no control characters.
Patterns mean the same in Python and in ECMA 262 (JSON Schema); the look-ahead after `$` is there because Python's `$`
would let a newline pass.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from ...domain.campaign import MAX_UNITS
from ...domain.instants import Instant, instant, rfc3339
from ...domain.money import MAX_MINOR
from ...domain.refusals import Refused


class Input(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of what we are sent: a field we do not know is refused."""


class Output(Struct, kw_only=True):
    """Base of what we answer: what is not named in it cannot leave."""


END = r"$(?!\n)"

Id = Annotated[str, Meta(min_length=1, max_length=120, pattern=rf"^[A-Za-z0-9][A-Za-z0-9._~-]*{END}")]
Sku = Annotated[str, Meta(min_length=1, max_length=24, pattern=rf"^[\x21-\x7e]+{END}")]
"""Plain and short: twenty of them, with their stock, stay within one write unit of a slice."""
Title = Annotated[str, Meta(min_length=1, max_length=120, pattern=rf"^(?=.*\S)[^\x00-\x1f\x7f]+{END}")]
Line = Annotated[str, Meta(max_length=200, pattern=rf"^[^\x00-\x1f\x7f]*{END}")]
Text = Annotated[str, Meta(max_length=5_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Remark = Annotated[str, Meta(max_length=1_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=rf"^[^\x00-\x1f\x7f]+{END}")]
Category = Annotated[str, Meta(min_length=1, max_length=40, pattern=rf"^[^\s\x00-\x1f\x7f#-][^\x00-\x1f\x7f#]*{END}")]
Word = Annotated[str, Meta(min_length=1, max_length=30, pattern=rf"^[a-z][a-z0-9_]*{END}")]
Zone = Annotated[str, Meta(min_length=1, max_length=60, pattern=rf"^[A-Za-z0-9_+/-]+{END}")]
Currency = Annotated[str, Meta(min_length=3, max_length=3, pattern=rf"^[A-Z]{{3}}{END}")]
Clock = Annotated[str, Meta(min_length=5, max_length=5, pattern=rf"^[0-2][0-9]:[0-5][0-9]{END}")]
Day = Annotated[str, Meta(min_length=10, max_length=10, pattern=rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{END}")]
Email = Annotated[
    str,
    Meta(max_length=254, pattern=rf"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f.]+(\.[^\s@\x00-\x1f\x7f.]+)+{END}"),
]

Minor = Annotated[int, Meta(ge=1, le=MAX_MINOR, description="whole minor units of the currency")]
Units = Annotated[int, Meta(ge=1, le=100_000)]
Stocked = Annotated[int, Meta(ge=0, le=MAX_UNITS)]
People = Annotated[int, Meta(ge=1, le=MAX_UNITS)]
Version = Annotated[int, Meta(ge=1, le=2**53, description="the version that was read")]
Lines = Annotated[dict[Sku, Units], Meta(min_length=1, max_length=20, description="units by SKU")]

MomentIn = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

EARLIEST, LATEST = 946_684_800_000, 7_258_118_400_000
"""2000-01-01 and 2200-01-01, UTC: what lies outside is a mistake, and would not print."""


def to_instant(moment: datetime) -> Instant:
    """Raises Refused('time_out_of_range') for a year that no group buying happens in."""
    at = instant(moment)
    if not EARLIEST <= at < LATEST:
        raise Refused("time_out_of_range")
    return at


def to_instant_or_none(moment: datetime | None) -> Instant | None:
    return None if moment is None else to_instant(moment)


def shown(at: Instant) -> str:
    return rfc3339(at)


def shown_or_none(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


class PageQuery(Input):
    """What every list takes. `cursor` is the `next` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=2_000)] | None = None
