"""A waybill (电子面单): what a carrier has taken on, under its own number, and where it says the goods are.

    requested ──> issued ──> picked_up ──> in_transit ──> arriving ──> delivered
        └──> refused              └──────────┴──────> returned

Carriers report late, twice and out of order, so a state only ever goes forward, whatever comes when. When nothing
comes, the waybill's timer asks.

When the goods go another way, the waybill is taken off them and called off at its carrier, by its timer, until that
answers; it stays beside its successor, and what is still reported under it moves nothing:

    asked ──(the carrier agrees)──> done        asked ──(it has the goods already, or never answers)──> refused
"""

from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .instants import DAY, HOUR, MINUTE, Instant
from .writes import Row

SILENT = 6 * HOUR
"""A carrier that has said nothing for this long is asked."""

GIVEN_UP = 21 * DAY
MOST_TRIES = 8
MOST_EVENTS = 30


class CallOff(StrEnum):
    """How far calling a waybill off at its carrier is."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


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
    """`id` is an order's, or `‹group›.‹destination›` for a whole batch; one taken off its goods has its turn after it.

    `turn` counts the waybills that these goods had before. `off` is set once it is taken off, `off_at` when that was.
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
    turn: int = 0
    off: CallOff | None = None
    off_at: Instant | None = None

    @property
    def key(self) -> str:
        """What it is called at its carrier: the same goods may come back to one that had them before."""
        goods = self.id.partition("~")[0]
        return f"{goods}~{self.turn}" if self.turn else goods


TURN = "~"


def ids_under(key: str) -> list[str]:
    """Where the waybill of a carrier's key may lie: with its goods, or taken off them."""
    goods, _, turn = key.partition(TURN)
    return [goods, key if turn else f"{key}{TURN}0"]


def to_call_off(waybill: Waybill, carrier: str) -> bool:
    """Whether another carrier's waybill takes its place: not what was typed in, and not what is on its way."""
    live = waybill.state in (WaybillState.REQUESTED, WaybillState.REFUSED, WaybillState.ISSUED)
    return waybill.carrier != carrier and live and not waybill.by_hand and waybill.off is None


def called_off(waybill: Waybill, now: Instant) -> Waybill:
    """Taken off its goods. A carrier that refused it has nothing to call off; one that is being asked answers first, so
    that nothing is issued after it was called off."""
    if waybill.state is WaybillState.REFUSED:
        return replace(waybill, off=CallOff.DONE, off_at=now, due_at=None)
    due = now if waybill.state is WaybillState.ISSUED else now + MINUTE
    return replace(waybill, off=CallOff.ASKED, off_at=now, tries=0, due_at=due)


def kept_beside(waybill: Waybill, now: Instant) -> Waybill:
    """The same, as a row beside the one that follows it."""
    return replace(called_off(waybill, now), id=f"{waybill.id}{TURN}{waybill.turn}", version=0)


def followed_by(waybill: Waybill, carrier: str, now: Instant) -> Waybill:
    """The next one of the same goods, to be asked of another carrier."""
    return Waybill(
        id=waybill.id,
        group_id=waybill.group_id,
        destination=waybill.destination,
        merchant_id=waybill.merchant_id,
        order_id=waybill.order_id,
        carrier=carrier,
        turn=waybill.turn + 1,
        requested_at=now,
        due_at=now,
        version=waybill.version,
    )


def off_unanswered(waybill: Waybill, reason: str, now: Instant) -> Waybill:
    """Asked again, later each time and then hourly: while nobody has answered, the goods may be fetched twice."""
    if waybill.off_at is not None and now >= waybill.off_at + GIVEN_UP:
        return off_ended(waybill, CallOff.REFUSED, f"no answer: {reason}")
    tries = waybill.tries + 1
    return replace(waybill, tries=tries, reason=reason[:200], due_at=now + min(MINUTE << min(tries, MOST_TRIES), HOUR))


def off_ended(waybill: Waybill, off: CallOff, reason: str = "") -> Waybill:
    return replace(waybill, off=off, reason=reason[:200] or waybill.reason, due_at=None)


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
    if waybill.off is not None:
        return replace(new, due_at=waybill.due_at)
    return replace(new, due_at=None if new.state in ENDED else now + SILENT)


def still_silent(waybill: Waybill, now: Instant) -> Waybill:
    """Asked, and nothing new: asked again later, but not for ever."""
    given_up = now >= waybill.requested_at + GIVEN_UP
    return replace(waybill, due_at=None if given_up else now + SILENT, reason="silent" if given_up else waybill.reason)
