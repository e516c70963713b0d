"""The sandbox carrier: what local stages and demos ship with. Its peer is infra/local/carrier.

Written as for a real one: no clear answer is UNKNOWN and may be asked again under its key; a refusal counts only in
the carrier's own words; and what it reports is believed only with its signature.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import quote

import msgspec

from ...domain.instants import Instant
from ...domain.ports import Outcome, Parcel, Report, Taken
from ...domain.refusals import Refused
from ...domain.waybill import WaybillState
from ..payments import signature

if TYPE_CHECKING:
    from ..wire import Transport

HEADER = "tuan-carrier-signature"
LIMIT_S = 2.5
MOST_CALLBACK_BYTES = 16 * 1024
OUR_FAULT = frozenset({400, 401, 403, 405, 408, 415, 425, 429})
STATES: Mapping[str, WaybillState] = {
    "picked_up": WaybillState.PICKED_UP,
    "in_transit": WaybillState.IN_TRANSIT,
    "arriving": WaybillState.ARRIVING,
    "delivered": WaybillState.DELIVERED,
    "returned": WaybillState.RETURNED,
}

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=10**14)]


class Said(msgspec.Struct):
    number: Short
    key: Short
    label_url: str = ""


class Complaint(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,40}$")]


class Happened(msgspec.Struct):
    key: Short
    number: Short
    status: Short
    at_ms: Millis
    place: Annotated[str, msgspec.Meta(max_length=200)] = ""


T = TypeVar("T", Said, Complaint, Happened, "Story")


class Story(msgspec.Struct):
    events: list[Happened]


class SandboxCarrier:
    """`secrets`: the current one first, then the one being rotated out. `transport` stands in for HTTP in tests."""

    name = "sandbox"

    def __init__(
        self,
        base_url: str,
        api_key: str,
        secrets: Sequence[str],
        *,
        transport: "Transport | None" = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._secrets = tuple(secrets)
        self._transport = transport
        self._limit_s = limit_s

    def issue(self, parcel: Parcel) -> Taken:
        asked = {
            "key": parcel.key,
            "title": parcel.title,
            "name": parcel.to_name,
            "phone": parcel.to_phone,
            "address": parcel.to_address,
            "weight_g": parcel.weight_g,
            "keep": parcel.keep,
        }
        status, content = self._call("POST", "/waybills", msgspec.json.encode(asked))
        if status in (200, 201):
            said = _decoded(content, Said)
            if said is None or said.key != parcel.key:
                return Taken(outcome=Outcome.UNKNOWN, reason="garbage")
            return Taken(outcome=Outcome.SUCCEEDED, number=said.number, label=said.label_url)
        complaint = _decoded(content, Complaint)
        if complaint is None or status in OUR_FAULT or not 400 <= status < 500:
            return Taken(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
        return Taken(outcome=Outcome.FAILED, reason=complaint.code)

    def cancel(self, key: str) -> Taken:
        status, content = self._call("POST", "/cancellations", msgspec.json.encode({"key": key}))
        complaint = _decoded(content, Complaint)
        if status == 200 or (status == 404 and complaint is not None and complaint.code == "not_found"):
            return Taken(outcome=Outcome.SUCCEEDED)
        if complaint is None or status in OUR_FAULT or not 400 <= status < 500:
            return Taken(outcome=Outcome.UNKNOWN, reason=f"status_{status}")
        return Taken(outcome=Outcome.FAILED, reason=complaint.code)

    def track(self, key: str) -> list[Report] | None:
        status, content = self._call("GET", f"/waybills?key={quote(key, safe='')}", b"")
        story = _decoded(content, Story) if status == 200 else None
        if story is None:
            return None
        return [_report(one) for one in story.events if one.status in STATES and one.key == key]

    def parse_callback(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Report:
        if len(body) > MOST_CALLBACK_BYTES:
            raise Refused("bad_webhook")
        signature.check(headers, body, self._secrets, now, header=HEADER)
        said = _decoded(body, Happened)
        if said is None or said.status not in STATES:
            raise Refused("bad_webhook")
        return _report(said)

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """One call, once; 0 is no answer."""
        headers = {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}
        try:
            return self._wire()(method, path, headers, body)
        except OSError:
            return 0, b""

    def _wire(self) -> "Transport":
        if self._transport is None:
            from ..wire import over_http

            self._transport = over_http(self._base_url, self._limit_s)
        return self._transport


def _report(one: Happened) -> Report:
    return Report(key=one.key, number=one.number, state=STATES[one.status], at=one.at_ms, place=one.place)


def _decoded(content: bytes, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError:
        return None
