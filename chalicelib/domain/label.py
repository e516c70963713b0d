"""A label on a box: where it goes, in the order in which people walk, with names and phones masked."""

import re
from collections.abc import Sequence

from ..lean import dataclass
from .person import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`number` is its place in the walk. `door` is community, building, unit and room, or who fetches it where."""

    number: int
    order_id: str
    place: str
    door: str
    recipient: str
    phone: str
    goods: tuple[str, ...]
    carrier: str
    waybill: str


def walk(address: Address | None) -> tuple[tuple[str, str], ...]:
    """Sorts doors as people walk: by community, building and unit, where 2 comes before 10."""
    if address is None:
        return ()
    return tuple(_natural(part) for part in (address.community, address.building, address.unit, address.room))


def _natural(text: str) -> tuple[str, str]:
    """Numbers padded, so that they compare as numbers."""
    return re.sub(r"\d+", lambda found: f"{int(found[0]):08d}", text), text


def door(address: Address) -> str:
    parts = [
        address.community,
        f"{address.building}栋" if address.building.isdigit() else address.building,
        f"{address.unit}单元" if address.unit.isdigit() else address.unit,
        address.room,
    ]
    return " ".join(part for part in parts if part)


def masked_name(name: str) -> str:
    return f"{name[:1]}{'*' * min(2, len(name) - 1)}" if name else ""


def masked_phone(phone: str) -> str:
    """138****1234: enough to tell by, too little to call."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 9 else "****" if digits else ""


HEADING = ("number", "order_id", "place", "door", "recipient", "phone", "goods", "carrier", "waybill")


def as_rows(found: Sequence[Label]) -> list[list[str | int]]:
    return [
        [
            one.number, one.order_id, one.place, one.door, one.recipient, one.phone, "; ".join(one.goods), one.carrier,
            one.waybill,
        ]
        for one in found
    ]  # fmt: skip
