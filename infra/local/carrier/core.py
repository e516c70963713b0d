"""The sandbox carrier itself: what it remembers and what it does. No I/O; time comes from a clock it is given.

    POST /waybills            {key, title, name, phone, address, weight_g, keep}
    GET  /waybills?key=       the waybill and all that has happened to it
    POST /cancellations       {key}: refused once it is picked up; calling off again is done already
    POST /waybills/{n}/events {status, at_ms?, place?}: the driver's scanner
    GET, PUT /faults          what goes wrong next, see Fault
    PUT  /settings            {callback_url, pace_ms}

With a `pace_ms` every parcel goes by itself, a step each so often. It shares no code with the gateway that talks to
it, because a mistake made on both sides would cancel out.
"""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from infra.local import outbox
from infra.local.outbox import Message
from infra.local.peer import HungUp, Problem, Reply, Whole, digest, read, reply, routed

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
PATIENCE = (2 * SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR)
WAY = ("picked_up", "in_transit", "arriving", "delivered")

Text = Annotated[str, msgspec.Meta(max_length=500)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
FaultKind = Literal[
    "refuses",  # the parcel is refused, with `reason`
    "error_before",  # 500, nothing done
    "error_after",  # 500, and yet done
    "silent_before",  # hangs up, nothing done
    "silent_after",  # hangs up, and yet done
    "callback_lost",
    "callback_delayed",  # by `delay_ms`: what happens later is told first
    "callback_doubled",
]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """The next `times` calls or callbacks that fit go wrong; `match` narrows it to keys that contain it."""

    kind: FaultKind
    times: int = 1
    match: str = ""
    reason: str = "address_not_served"
    delay_ms: int = 0


class NewParcel(msgspec.Struct, forbid_unknown_fields=True):
    key: Key
    title: Text
    name: Text
    phone: Text
    address: Text
    weight_g: int
    keep: Text


class CallOff(msgspec.Struct, forbid_unknown_fields=True):
    key: Key


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["picked_up", "in_transit", "arriving", "delivered", "returned"]
    at_ms: int | None = None
    place: Text = ""


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    callback_url: str | None = None
    pace_ms: int | None = None


class Parcel(msgspec.Struct, kw_only=True):
    number: str
    key: str
    asked: str
    label_url: str
    made_at_ms: int
    cancelled: bool = False
    events: list[dict[str, str | int]] = msgspec.field(default_factory=list)


class State(msgspec.Struct):
    parcels: dict[str, Parcel] = msgspec.field(default_factory=dict)
    outbox: list[Message] = msgspec.field(default_factory=list)
    faults: list[Fault] = msgspec.field(default_factory=list)
    callback_url: str = ""
    pace_ms: int = 0


class CarrierServer:
    """In a test, `transport` is handed to the gateway, and `outbox` is what a test delivers, loses or shuffles."""

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        secrets: Sequence[str] = ("carrier-secret",),
        api_key: str = "carrier-api-key",
        base_url: str = "http://carrier.invalid",
        state: State | None = None,
    ) -> None:
        self.clock = clock
        self.secrets = tuple(secrets)
        self.base_url = base_url
        self.state = state or State()
        self._api_key = api_key

    @property
    def listener(self) -> str:
        return self.state.callback_url

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Whole:
        status, said = self.transport(method, path, headers, body)
        return status, {}, said

    def transport(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One HTTP call. Raises HungUp where a fault wants silence."""
        self.go_on()
        try:
            return routed(self._route, method, path, headers, body)
        except Problem as problem:
            return reply(problem.status, {"code": problem.code})

    def _route(
        self, method: str, path: list[str], query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        match method, path:
            case "GET", ["faults"]:
                return 200, msgspec.json.encode(self.state.faults)
            case "PUT", ["faults"]:
                self.state.faults[:] = read(body, list[Fault])
                return reply(200, {})
            case "PUT", ["settings"]:
                wanted = read(body, Settings)
                self.state.callback_url = wanted.callback_url or self.state.callback_url
                self.state.pace_ms = self.state.pace_ms if wanted.pace_ms is None else wanted.pace_ms
                return reply(200, {})
            case "POST", ["waybills", number, "events"]:
                scan = read(body, Scan)
                return reply(200, self.scanned(number, scan.status, at=scan.at_ms, place=scan.place))
            case "POST", ["cancellations"]:
                self._check_key(headers)
                return self._cancel(body)
            case "GET" | "POST", ["waybills"]:
                self._check_key(headers)
                return self._take(body) if method == "POST" else self._shown(query.get("key", ""))
        raise Problem(404, "no_such_route")

    def _check_key(self, headers: Mapping[str, str]) -> None:
        given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            raise Problem(401, "bad_api_key")

    def _take(self, body: bytes) -> Reply:
        """One waybill a key, whatever goes wrong on the line."""
        what = read(body, NewParcel)
        self._break_line("before", what.key)
        if fault := self._fault("refuses", what.key):
            raise Problem(422, fault.reason)
        known = next((one for one in self.state.parcels.values() if one.key == what.key), None)
        if known is None:
            known = self._new(what, body)
        elif known.cancelled or known.asked != digest(body):
            raise Problem(409, "key_reused")
        self._break_line("after", what.key)
        return reply(201, {"number": known.number, "key": known.key, "label_url": known.label_url})

    def _cancel(self, body: bytes) -> Reply:
        key = read(body, CallOff).key
        self._break_line("before", key)
        parcel = next((one for one in self.state.parcels.values() if one.key == key), None)
        if parcel is None:
            raise Problem(404, "not_found")
        if parcel.events and not parcel.cancelled:
            raise Problem(409, "picked_up_already")
        parcel.cancelled = True
        self._break_line("after", key)
        return reply(200, {"number": parcel.number, "key": key})

    def _new(self, what: NewParcel, body: bytes) -> Parcel:
        number = f"SD{int(digest(f'{what.key} {self.clock()}'.encode())[:12], 16) % 10**12:012d}"
        parcel = Parcel(
            number=number,
            key=what.key,
            asked=digest(body),
            label_url=f"{self.base_url}/labels/{number}",
            made_at_ms=self.clock(),
        )
        self.state.parcels[number] = parcel
        return parcel

    def _shown(self, key: str) -> Reply:
        parcel = next((one for one in self.state.parcels.values() if one.key == key), None)
        if parcel is None:
            raise Problem(404, "not_found")
        return reply(200, {"number": parcel.number, "key": key, "events": parcel.events})

    # ---------------------------------------------------------------- on the road

    def scanned(self, number: str, status: str, *, at: int | None = None, place: str = "") -> dict[str, str | int]:
        """The driver's scanner: it happened, and our peer is told of it."""
        parcel = self.state.parcels.get(number)
        if parcel is None:
            raise Problem(404, "not_found")
        event: dict[str, str | int] = {
            "key": parcel.key,
            "number": number,
            "status": status,
            "at_ms": self.clock() if at is None else at,
            "place": place,
        }
        parcel.events.append(event)
        self._tell(parcel.key, event)
        return event

    def go_on(self) -> None:
        """Parcels that go by themselves take the steps that are due."""
        if not self.state.pace_ms:
            return
        for parcel in self.state.parcels.values():
            while not parcel.cancelled and len(parcel.events) < len(WAY):
                at = parcel.made_at_ms + (len(parcel.events) + 1) * self.state.pace_ms
                if at > self.clock():
                    break
                self.scanned(parcel.number, WAY[len(parcel.events)], at=at)

    def _tell(self, key: str, event: Mapping[str, str | int]) -> None:
        if self._fault("callback_lost", key):
            return
        delay = self._fault("callback_delayed", key)
        due = self.clock() + (delay.delay_ms if delay else 0)
        copies = 2 if self._fault("callback_doubled", key) else 1
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        self.state.outbox.extend(Message(body=body, due_at_ms=due) for _ in range(copies))

    def take_due(self) -> list[Message]:
        self.go_on()
        return outbox.take_due(self.state.outbox, self.clock())

    def put_back(self, callback: Message) -> None:
        outbox.put_back(self.state.outbox, callback, self.clock(), PATIENCE)

    def signed(self, callback: Message) -> tuple[dict[str, str], bytes]:
        """(headers, body), signed at the time of this very delivery."""
        body = callback.body.encode()
        value = outbox.mark(body, self.secrets, self.clock() // SECOND)
        return {"Content-Type": "application/json", "Tuan-Carrier-Signature": value}, body

    # ---------------------------------------------------------------- faults

    def _break_line(self, when: str, key: str) -> None:
        if self._fault(f"silent_{when}", key):
            raise HungUp
        if self._fault(f"error_{when}", key):
            raise Problem(500, "internal_error")

    def _fault(self, kind: str, key: str) -> Fault | None:
        """Uses up one turn of the first fault that applies."""
        for fault in self.state.faults:
            if fault.kind == kind and fault.times > 0 and fault.match in key:
                fault.times -= 1
                return fault
        return None
