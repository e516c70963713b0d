"""Where is my order (N12): the same facts as on its page, for the API and for whoever asks by SMS."""

from collections.abc import Mapping, Sequence

from ...domain import batch as batches
from ...domain.batch import BatchState, Delivery
from ...domain.instants import Instant, local_text
from ...domain.order import HOLDING, OrderState
from ...lean import dataclass
from ..buying.orders import OrderView
from ..selling import browse
from ..world import World
from . import waybills

LOOKED_AT = 20
TO_COME = (
    Delivery.PREPARING, Delivery.SORTED, Delivery.IN_TRANSIT, Delivery.READY_FOR_PICKUP, Delivery.AT_THE_DOOR,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """`status` is `to_pay`, `gathering`, the stage it is in, or how far its goods are; `expected` a range."""

    order_id: str
    group_id: str
    title: str
    status: str
    stage: str | None
    expected: tuple[Instant, Instant] | None
    zone: str

    @property
    def params(self) -> Mapping[str, str]:
        """For the template `where_order`."""
        earliest, latest = self.expected or (None, None)
        return {
            "title": self.title,
            "status": self.status,
            "earliest": local_text(earliest, self.zone) if earliest is not None else "",
            "latest": local_text(latest, self.zone) if latest is not None else "",
            "link": f"/orders/{self.order_id}",
        }


def where(world: World, person_id: str, most: int, now: Instant) -> Sequence[Whereabouts]:
    """A person's orders that are still to come, newest first: two reads each, of the latest twenty."""
    marks = world.store.orders_of_buyer(person_id, LOOKED_AT, None).rows
    found: list[Whereabouts] = []
    for mark in marks:
        if mark.state in HOLDING and len(found) < most:
            found += _one(world, mark.order_id, now)
    return found


def _one(world: World, order_id: str, now: Instant) -> list[Whereabouts]:
    order, group, journey = world.store.order_page(order_id)
    if order is None or group is None or order.state not in HOLDING:
        return []
    terms = world.store.terms(group.campaign_id, group.terms_version)
    view = OrderView(order=order, group=group, terms=terms, journey=journey)
    if group.verdict is None:
        status = "to_pay" if order.state is OrderState.HELD else "gathering"
        return [_seen(view, status, None)]
    batch = waybills.ride_of(world, order, group, terms).batch
    delivery = batches.delivery_of(order, batch, terms)
    if delivery not in TO_COME:
        return []
    stage = browse.stage_of(group, journey)
    if delivery is Delivery.PREPARING and stage is not None:
        titled = next((one.title for one in terms.plan if one.name == stage), "")
        return [_seen(view, titled or stage, browse.eta_of(journey))]
    estimates = batches.estimates(batch, now) if batch is not None else []
    ready = next((one for one in estimates if one.state is BatchState.READY), None)
    return [_seen(view, delivery.value, (ready.earliest, ready.latest) if ready else None)]


def _seen(view: OrderView, status: str, expected: tuple[Instant, Instant] | None) -> Whereabouts:
    return Whereabouts(
        order_id=view.order.id,
        group_id=view.group.id,
        title=view.group.title,
        status=status,
        stage=browse.stage_of(view.group, view.journey),
        expected=expected,
        zone=view.group.zone,
    )
