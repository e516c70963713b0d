"""Incidents, what was granted for them, and tasks for people, over the wire."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import incident as domain
from ...domain.incident import Coupon, Grant, Incident, What
from ...domain.order import Order
from ...domain.substitute import Phase, Substitute
from ...domain.task import Errand, Task
from ...services.fulfilling.incidents import Ask
from .words import (
    Id,
    Input,
    Line,
    Minor,
    Moment,
    MomentIn,
    Output,
    Reason,
    Sku,
    Title,
    shown,
    shown_or_none,
    to_instant,
)

Level = Annotated[int, Meta(ge=1, le=3)]
Words = Annotated[
    str, Meta(min_length=1, max_length=1_000, pattern=r"^(?=[\s\S]*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
]


class IncidentInput(Input):
    """`destinations` as the group's batches name them; none means all."""

    what: What
    level: Level
    text: Reason
    destinations: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()

    def to_service(self) -> Ask:
        return Ask(what=self.what, level=self.level, text=self.text, destinations=self.destinations)


class LevelInput(Input):
    level: Level


class OtherCarrierInput(Input):
    """No `carrier`: the one that the routing table falls back to."""

    carrier: Annotated[str, Meta(max_length=40, pattern=r"^[A-Za-z0-9._-]*$(?!\n)")] = ""


class NoteInput(Input):
    note: Reason


class OtherSupplierInput(NoteInput, kw_only=True):
    """Without a `supplier`: the one that an item or the plan names; without any, a person is to find one."""

    supplier: Id | None = None


class StatementInput(Input):
    text: Words


class CompensationInput(Input):
    amount_minor: Minor
    expires_at: MomentIn
    min_spend_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0

    def to_domain(self) -> Grant:
        return Grant(
            amount_minor=self.amount_minor,
            min_spend_minor=self.min_spend_minor,
            expires_at=to_instant(self.expires_at),
        )


class DoneLine(Output):
    what: str
    at: Moment
    by: str
    note: str


class IncidentShown(Output):
    """`granted` counts the coupons given so far; `granting` says that more are to come."""

    id: str
    group_id: str
    what: What
    level: int
    text: str
    destinations: list[str]
    opened_at: Moment
    opened_by: str
    closed_at: Moment | None
    done: list[DoneLine]
    granted: int
    granting: bool

    @classmethod
    def of(cls, incident: Incident) -> Self:
        return cls(
            id=incident.id,
            group_id=incident.group_id,
            what=incident.what,
            level=incident.level,
            text=incident.text,
            destinations=list(incident.destinations),
            opened_at=shown(incident.opened_at),
            opened_by=incident.opened_by,
            closed_at=shown_or_none(incident.closed_at),
            done=[done_line(one) for one in incident.done],
            granted=incident.granted,
            granting=incident.granting,
        )


def done_line(one: domain.Done) -> DoneLine:
    return DoneLine(what=one.what, at=shown(one.at), by=one.by, note=one.note)


class IncidentList(Output):
    """Newest first."""

    items: list[IncidentShown]


class Withdrawn(Output):
    order_id: str
    withdrawn_at: Moment | None

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(order_id=order.id, withdrawn_at=shown_or_none(order.withdrawn_at))


class CouponLine(Output):
    """Amounts in minor units of `currency`. `issuer_id` is the merchant with whom it can be used, once.

    `cause`: incident, or share (E6), which is void when the order it was given for came to nothing."""

    id: str
    issuer_id: str
    order_id: str
    amount_minor: int
    min_spend_minor: int
    currency: str
    granted_at: Moment
    expires_at: Moment
    used_at: Moment | None
    cause: str
    voided_at: Moment | None

    @classmethod
    def of(cls, coupon: Coupon) -> Self:
        return cls(
            id=coupon.id,
            issuer_id=coupon.issuer_id,
            order_id=coupon.order_id,
            amount_minor=coupon.amount_minor,
            min_spend_minor=coupon.min_spend_minor,
            currency=coupon.currency,
            granted_at=shown(coupon.granted_at),
            expires_at=shown(coupon.expires_at),
            used_at=shown_or_none(coupon.used_at),
            cause=coupon.cause,
            voided_at=shown_or_none(coupon.voided_at),
        )


class CouponPage(Output):
    items: list[CouponLine]
    next: str | None


class TaskLine(Output):
    """`errand` says what is to be done; `about` what it concerns, `person_id` whom."""

    id: str
    errand: Errand
    about: str
    person_id: str
    facts: dict[str, str]
    created_at: Moment
    done_at: Moment | None
    note: str

    @classmethod
    def of(cls, task: Task) -> Self:
        return cls(
            id=task.id,
            errand=task.errand,
            about=task.about,
            person_id=task.person_id,
            facts=dict(task.facts),
            created_at=shown(task.created_at),
            done_at=shown_or_none(task.done_at),
            note=task.note,
        )


class TaskWords(Output):
    """Personal data: what somebody wrote to us by SMS, and from where. Each reading is recorded."""

    phone: str
    text: str


class TaskPage(Output):
    """Newest first."""

    items: list[TaskLine]
    next: str | None


class TaskDone(Input):
    note: Line = ""


class SubstituteInput(Input):
    """`title` is what may come instead of `sku`; who has not said yes `until` then is paid back.

    `instead` names an item of the campaign, or is a SKU of its own; without one, a SKU is made for it.
    """

    sku: Sku
    title: Title
    until: MomentIn
    instead: Sku | None = None


class SubstituteShown(Output):
    """`instead` is the SKU under which it is asked of suppliers and counted."""

    sku: str
    title: str
    instead: str
    until: Moment
    offered_at: Moment
    phase: Phase

    @classmethod
    def of(cls, offer: Substitute) -> Self:
        return cls(
            sku=offer.sku,
            title=offer.title,
            instead=offer.instead,
            until=shown(offer.until),
            offered_at=shown(offer.offered_at),
            phase=offer.phase,
        )


class SubstituteList(Output):
    items: list[SubstituteShown]


class SubstituteAnswer(Input):
    sku: Sku
    accept: bool


class Swaps(Output):
    """What became of what was offered, by item: accepted, refused, or lapsed."""

    order_id: str
    swaps: dict[str, str]

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(order_id=order.id, swaps=dict(order.swaps))
