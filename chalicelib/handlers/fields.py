"""What people write into the fields of a form, as the services want it, and back again."""

from datetime import datetime

from ..domain.instants import Instant, moment, rfc3339, zone_of
from ..domain.money import decimals
from ..domain.refusals import Refused
from ..services.selling.import_products import to_minor


def amount(text: str, currency: str) -> int:
    minor = to_minor(text, currency)
    if minor is None:
        raise Refused("not_an_amount", text=text[:40])
    return minor


def currency_given(text: str) -> str:
    """Raises Refused('unknown_currency')."""
    decimals(text[:8])
    return text


def plain_amount(minor: int, currency: str) -> str:
    digits = decimals(currency)
    return f"{minor / 10**digits:.{digits}f}"


def whole(text: str) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or len(plain) > 12:
        raise Refused("not_an_amount", text=plain[:40])
    return int(plain)


def pairs(text: str) -> list[tuple[str, str]]:
    """`name: value`, one a line."""
    found = []
    for line in text.splitlines():
        if line.strip():
            name, mark, value = line.replace("：", ":", 1).partition(":")
            if not mark:
                raise Refused("bad_line", text=line.strip()[:80])
            found.append((name.strip(), value.strip()))
    return found


def wall_clock(at: int | None, zone: str) -> str:
    """As a field for date and time wants it."""
    return f"{moment(at, zone):%Y-%m-%dT%H:%M}" if at is not None else ""


def moment_given(text: str, known: Instant | None, zone: str) -> str | None:
    """What such a field sent; untouched, it is the very moment it showed, seconds and all."""
    return rfc3339(known) if known is not None and text == wall_clock(known, zone) else on_the_clock(text, zone)


def on_the_clock(text: str, zone: str) -> str | None:
    """What such a field sent, with the zone's offset."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=zone_of(zone)).isoformat()
    except ValueError:
        raise Refused("time_out_of_range") from None
