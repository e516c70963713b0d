"""Carriers of parcels."""

from collections.abc import Mapping
from typing import Protocol

from ...lean import dataclass
from ..instants import Instant
from ..waybill import WaybillState
from .payments import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a carrier is asked to take. `to_*` are people's data: they go to the carrier and nowhere else."""

    key: str
    title: str
    to_name: str
    to_phone: str
    to_address: str
    weight_g: int
    keep: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a carrier says happened to one of our parcels. `key` is the one we gave, `number` its own."""

    key: str
    number: str
    state: WaybillState
    at: Instant
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A carrier's answer: SUCCEEDED with its number, FAILED with its reason, UNKNOWN where nobody can tell."""

    outcome: Outcome
    number: str = ""
    label: str = ""
    reason: str = ""


class Carrier(Protocol):
    """One carrier. Every call has a time limit and answers instead of raising; a key makes a repeat harmless."""

    name: str

    def issue(self, parcel: Parcel) -> Taken: ...
    def cancel(self, key: str) -> Taken:
        """Calls a parcel off that it has not fetched; one it never had, or called off before, has succeeded."""
        ...

    def track(self, key: str) -> list[Report] | None:
        """All it has said of a parcel; None where it does not answer."""
        ...

    def parse_callback(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Report:
        """Raises Refused('bad_signature') for anything not provably the carrier's and fresh."""
        ...
