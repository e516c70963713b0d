"""A waybill (电子面单): what a carrier has taken on, under its own number, and where it says the goods are.

    requested ──> issued ──> picked_up ──> in_transit ──> arriving ──> delivered
        └──> refused              └──────────┴──────> returned

Carriers report late, twice and out of order, so a state only ever goes forward, whatever comes when. When nothing
comes, the waybill's timer asks.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from .instants import DAY, HOUR, MINUTE, Instant
from .writes import Row

SILENT = 6 * HOUR
"""A carrier that has said nothing for this long is asked."""

GIVEN_UP = 21 * DAY
MOST_TRIES = 8
MOST_EVENTS = 30


class WaybillState(StrEnum):
    REQUESTED = "requested"
    REFUSED = "refused"
    ISSUED = "issued"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ARRIVING = "arriving"
    DELIVERED = "delivered"
    RETURNED = "returned"


RANK = {state: rank for rank, state in enumerate(WaybillState)}
ENDED = (WaybillState.REFUSED, WaybillState.DELIVERED, WaybillState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One report: what the carrier says happened, when by its own clock, and when we heard of it."""

    state: WaybillState
    at: Instant
    heard_at: Instant
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waybill(Row):
    """`id` is the key given to the carrier: an order's id, or `‹group›.‹destination›` for a whole batch.

    `by_hand` numbers were typed in; nobody reports on them, and nobody is asked. `label` is the carrier's own address
    of its label. `heard_at` is the last word from the carrier.
    """

    id: str
    group_id: str
    destination: str
    merchant_id: str
    carrier: str
    order_id: str = ""
    state: WaybillState = WaybillState.REQUESTED
    number: str = ""
    label: str = ""
    reason: str = ""
    tries: int = 0
    by_hand: bool = False
    requested_at: Instant
    issued_at: Instant | None = None
    heard_at: Instant | None = None
    events: tuple[Track, ...] = ()


def batch_key(group_id: str, destination: str) -> str:
    return f"{group_id}.{destination}"


def of_batch(key: str) -> bool:
    """Whether the key names a whole batch; an order's has its hyphen before any dot."""
    group, dot, _ = key.partition(".")
    return bool(dot) and "-" not in group


def issued(waybill: Waybill, number: str, label: str, now: Instant) -> Waybill:
    return replace(
        waybill,
        state=WaybillState.ISSUED,
        number=number,
        label=label,
        issued_at=now,
        heard_at=now,
        due_at=now + SILENT,
    )


def refused(waybill: Waybill, reason: str) -> Waybill:
    return replace(waybill, state=WaybillState.REFUSED, reason=reason[:200], due_at=None)


def unanswered(waybill: Waybill, reason: str, now: Instant) -> Waybill:
    """The same request again under the same key, later each time; in the end a person has to look."""
    tries = waybill.tries + 1
    if tries >= MOST_TRIES:
        return refused(replace(waybill, tries=tries), f"no answer: {reason}")
    return replace(waybill, tries=tries, reason=reason[:200], due_at=now + min(MINUTE << tries, HOUR))


def heard(waybill: Waybill, state: WaybillState, at: Instant, now: Instant, place: str = "") -> Waybill:
    """With one more report. A report that is known changes nothing; an older one is kept and moves nothing back."""
    if any((one.state, one.at) == (state, at) for one in waybill.events):
        return waybill
    event = Track(state=state, at=at, heard_at=now, place=place[:100])
    events = tuple(sorted((*waybill.events, event), key=lambda one: (one.at, RANK[one.state])))[-MOST_EVENTS:]
    forward = RANK[state] > RANK[waybill.state] and waybill.state not in ENDED
    new = replace(waybill, events=events, heard_at=now, state=state if forward else waybill.state)
    return replace(new, due_at=None if new.state in ENDED else now + SILENT)


def still_silent(waybill: Waybill, now: Instant) -> Waybill:
    """Asked, and nothing new: asked again later, but not for ever."""
    given_up = now >= waybill.requested_at + GIVEN_UP
    return replace(waybill, due_at=None if given_up else now + SILENT, reason="silent" if given_up else waybill.reason)
