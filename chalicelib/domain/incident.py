"""An incident (应急): something has gone wrong with a formed group's goods, and what is done about it (S6).

Levels open means, each with those below it: 1 use the other carrier, 2 change the supplier, 3 buyers take their money
back themselves and are compensated. It is only ever raised, and once closed it takes nothing more.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from ..lean import dataclass
from .batch import UNSHIPPED, Batch, rides
from .instants import DAY, Instant
from .order import Order, and_then, goods
from .refusals import Broken, Refused
from .writes import Row

MOST_ACTS = 40
LONGEST_COUPON = 365 * DAY


class What(StrEnum):
    """What went wrong."""

    TEMPERATURE = "temperature"
    CARRIER = "carrier"
    SUPPLIER = "supplier"
    QUALITY = "quality"
    DELAY = "delay"
    OTHER = "other"


class Means(StrEnum):
    OTHER_CARRIER = "other_carrier"
    OTHER_SUPPLIER = "other_supplier"
    COMPENSATION = "compensation"
    STATEMENT = "statement"


FROM_LEVEL: Mapping[Means, int] = {
    Means.STATEMENT: 1,
    Means.OTHER_CARRIER: 1,
    Means.OTHER_SUPPLIER: 2,
    Means.COMPENSATION: 3,
}
SELF_REFUND_FROM = 3
SENSOR = "sensor"
"""Who opens what no person opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One thing that was done about it: raising it is `level_2`, closing it `closed`."""

    what: str
    at: Instant
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The coupon that every order concerned gets, in minor units of the group's currency."""

    amount_minor: int
    min_spend_minor: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Row):
    """`destinations` are the batches it concerns. `cursor` is how far the compensation has come; `granted` counts it.

    `owed` is what nobody has been told of yet.
    """

    group_id: str
    id: str
    campaign_id: str
    merchant_id: str
    title: str
    what: What
    level: int
    text: str
    destinations: tuple[str, ...]
    opened_at: Instant
    opened_by: str
    done: tuple[Done, ...] = ()
    grant: Grant | None = None
    granting: bool = False
    granted: int = 0
    cursor: str | None = None
    closed_at: Instant | None = None
    owed: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon(Row):
    """What somebody was given: for an incident, once for each order; or (`cause` share) for a join that came by their
    link. To be used once; `voided_at` is when the order it was given for came to nothing.

    `issuer_id` is the merchant who bears it, and with whom it can be spent.
    """

    id: str
    person_id: str
    issuer_id: str
    incident_id: str
    order_id: str
    amount_minor: int
    min_spend_minor: int
    currency: str
    granted_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    cause: str = "incident"
    voided_at: Instant | None = None


def check_open(incident: Incident) -> None:
    if not incident.open:
        raise Refused("incident_closed")


def check_level(incident: Incident, means: Means) -> None:
    check_open(incident)
    if incident.level < FROM_LEVEL[means]:
        raise Refused("not_at_this_level", level=incident.level, needed=FROM_LEVEL[means])


def noted(incident: Incident, what: str, *, by: str, now: Instant, note: str = "") -> Incident:
    one = Done(what=what, at=now, by=by, note=note)
    return replace(incident, done=(*incident.done, one)[-MOST_ACTS:])


def owing(incident: Incident, event: str, now: Instant) -> Incident:
    return replace(incident, owed=(*incident.owed, event), due_at=now)


def announced(incident: Incident, now: Instant) -> Incident:
    """Its level is told to the team, and from level 3 on to everyone concerned, batch by batch."""
    told = owing(incident, f"level_{incident.level}", now)
    for destination in incident.destinations if incident.level >= SELF_REFUND_FROM else ():
        told = owing(told, f"refund@{destination}", now)
    return told


def raised(incident: Incident, level: int, *, by: str, now: Instant) -> Incident:
    """Never lowered: what people were told they may do stays so until it is closed."""
    check_open(incident)
    if level < incident.level:
        raise Refused("incident_not_lowered", level=incident.level)
    if level == incident.level:
        return incident
    return announced(noted(replace(incident, level=level), f"level_{level}", by=by, now=now), now)


def closed(incident: Incident, *, by: str, now: Instant) -> Incident:
    if not incident.open:
        return incident
    return owing(noted(replace(incident, closed_at=now), "closed", by=by, now=now), "closed", now)


def compensated(incident: Incident, grant: Grant, *, by: str, now: Instant) -> Incident:
    """One grant an incident: its orders get it by the incident's timer, each once."""
    if incident.grant == grant:
        return incident
    check_level(incident, Means.COMPENSATION)
    if incident.grant is not None:
        raise Refused("compensation_granted")
    if not now < grant.expires_at <= now + LONGEST_COUPON:
        raise Refused("coupon_time_out_of_range")
    given = replace(incident, grant=grant, granting=True, cursor=None, due_at=now)
    return noted(given, Means.COMPENSATION.value, by=by, now=now)


def coupon_for(incident: Incident, order: Order, now: Instant) -> Coupon:
    """Its id says incident and order, so granting it twice grants it once."""
    if incident.grant is None:
        raise Broken(f"incident {incident.id} grants nothing")
    return Coupon(
        id=f"{incident.id}.{order.id}",
        person_id=order.buyer_id,
        issuer_id=incident.merchant_id,
        incident_id=incident.id,
        order_id=order.id,
        amount_minor=incident.grant.amount_minor,
        min_spend_minor=incident.grant.min_spend_minor,
        currency=order.currency,
        granted_at=now,
        expires_at=incident.grant.expires_at,
    )


LATE_COUPON = 365 * DAY


def late_coupon_id(order_id: str, stage: str) -> str:
    """One for each order and stage, whoever finds first that it broke its time: the stage or the order's batch."""
    return f"late.{stage}.{order_id}"


def late_coupon(order: Order, stage: str, share_bp: int, now: Instant) -> Coupon | None:
    """What an order is given for a promise that was broken (S17): its share of the amount, rounded half up."""
    amount = (order.amount_minor * share_bp * 2 + 10_000) // 20_000
    if amount <= 0 or not rides(order):
        return None
    return Coupon(
        id=late_coupon_id(order.id, stage),
        person_id=order.buyer_id,
        issuer_id=order.merchant_id,
        incident_id=f"late.{stage}",
        order_id=order.id,
        amount_minor=amount,
        min_spend_minor=0,
        currency=order.currency,
        granted_at=now,
        expires_at=now + LATE_COUPON,
    )


def opens_refund(incident: Incident, destination: str) -> bool:
    return incident.open and incident.level >= SELF_REFUND_FROM and destination in incident.destinations


def check_may_withdraw(order: Order, batch: Batch) -> None:
    """Goods that have left are no longer the buyer's to give back by a call."""
    if not rides(order) and not order.owes_balance:
        raise Refused("order_not_refundable", state=order.resolution or order.state.value)
    if batch.state not in UNSHIPPED or order.handed_at is not None or order.uncollected is not None:
        raise Refused("already_shipped")


def withdrawn(order: Order, now: Instant) -> Order:
    """Its buyer has taken the money back: nothing is delivered for it any more."""
    if order.withdrawn_at is not None:
        raise Broken(f"order {order.id} was withdrawn before")
    return replace(order, withdrawn_at=now, steps=and_then(order.steps, "self_refunded", now, order.buyer_id))


def without(batch: Batch, order: Order, weight_g: int) -> Batch:
    """The batch with one order less, where it was counted with it."""
    counted = batch.counted or (batch.cursor is not None and order.id <= batch.cursor)
    if not counted:
        return batch
    gone = goods(order)
    units = {sku: left for sku, count in batch.units.items() if (left := count - gone.get(sku, 0)) > 0}
    return replace(
        batch, orders=max(0, batch.orders - 1), units=units, weight_g=max(0, batch.weight_g - weight_g)
    )  # fmt: skip
