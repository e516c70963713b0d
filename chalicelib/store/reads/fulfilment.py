"""What follows when a group has formed: stages, suppliers, leaders, deliveries, incidents."""

from collections.abc import Sequence

from ...domain.batch import Batch, InHand
from ...domain.group import Group
from ...domain.incident import Coupon, Incident
from ...domain.invoice import Invoice
from ...domain.journey import Duty, Journey
from ...domain.leader import Leader, Neighbour, Place
from ...domain.pace import Pace
from ...domain.ports import Page, Ride
from ...domain.receipt import Receipt
from ...domain.returns import Return
from ...domain.routing import Load, Reroute, Routes
from ...domain.substitute import Substitute
from ...domain.supply import Demand, Lot, PurchaseOrder
from ...domain.task import Task
from ...domain.waybill import Waybill
from ..rows import (
    batch_key,
    duties_pk,
    incident_key,
    invoice_key,
    journey_key,
    lot_key,
    neighbour_key,
    pace_key,
    purchase_key,
    receipt_key,
    return_key,
    substitute_key,
    waybill_key,
)
from ..stored import Stored
from .base import Base


class Fulfilment(Base):
    """Mostly partitions of one group; lists of one person's are from the index."""

    def journey(self, group_id: str) -> Journey | None:
        return self._get(Journey, *journey_key(group_id))

    def groups_and_journeys(self, group_ids: Sequence[str]) -> dict[str, tuple[Group, Journey | None]]:
        wanted = list(dict.fromkeys(group_ids))
        keys = [(f"GROUP#{g}", "GROUP") for g in wanted] + [journey_key(g) for g in wanted]
        rows = self._batch(keys, consistent=True) if keys else []
        journeys = {row.group_id: row for row in rows if isinstance(row, Journey)}
        return {row.id: (row, journeys.get(row.id)) for row in rows if isinstance(row, Group)}

    def pace(self, merchant_id: str, began_at: int, group_id: str) -> Pace | None:
        return self._get(Pace, *pace_key(merchant_id, began_at, group_id))

    def paces_of(self, role: str, person_id: str, limit: int, start: str | None) -> Page[Pace]:
        if role == "manager":
            return self._page(Pace, f"PACES#{person_id}", limit, start)
        return self._query_page(Pace, f"PACES#{person_id}", None, limit, start, forward=False)

    def duties_of(self, person_id: str, *, late: bool, limit: int, start: str | None) -> Page[Duty]:
        return self._query_page(Duty, duties_pk(person_id, late=late), None, limit, start)

    def demand(self, group_id: str) -> Demand | None:
        return self._get(Demand, f"GROUP#{group_id}", "DEMAND")

    def purchase(self, purchase_id: str) -> PurchaseOrder | None:
        return self._get(PurchaseOrder, *purchase_key(purchase_id))

    def purchases_of(self, supplier_id: str, limit: int, start: str | None) -> Page[PurchaseOrder]:
        return self._page(PurchaseOrder, f"PURCHASES#{supplier_id}", limit, start)

    def purchases_of_group(self, group_id: str) -> list[PurchaseOrder]:
        return list(self._query(PurchaseOrder, f"GROUP#{group_id}", Stored.sk.startswith("PO#")))

    def lot(self, purchase_id: str, key: str) -> Lot | None:
        return self._get(Lot, *lot_key(purchase_id, key))

    def lots_of(self, purchase_id: str) -> list[Lot]:
        pk, sk = lot_key(purchase_id, "")
        return list(self._query(Lot, pk, Stored.sk.startswith(sk)))

    def leader(self, person_id: str) -> Leader | None:
        return self._get(Leader, f"PERSON#{person_id}", "LEADER")

    def leaders(self, state: str, limit: int, start: str | None) -> Page[Leader]:
        return self._page(Leader, f"LEADERS#{state}", limit, start)

    def place(self, place_id: str) -> Place | None:
        return self._get(Place, f"PLACE#{place_id}", "PLACE")

    def places_of(self, leader_id: str, limit: int, start: str | None) -> Page[Place]:
        return self._page(Place, f"PLACES#{leader_id}", limit, start)

    def neighbour(self, leader_id: str, code: str) -> Neighbour | None:
        return self._get(Neighbour, *neighbour_key(leader_id, code))

    def neighbours_of(self, leader_id: str, limit: int, start: str | None) -> Page[Neighbour]:
        pk, sk = neighbour_key(leader_id, "")
        return self._query_page(Neighbour, pk, Stored.sk.startswith(sk), limit, start)

    def leaders_for(self, person_id: str, limit: int, start: str | None) -> Page[Neighbour]:
        return self._page(Neighbour, f"LEADERS_FOR#{person_id}", limit, start)

    def receipt(self, group_id: str, destination: str) -> Receipt | None:
        return self._get(Receipt, *receipt_key(group_id, destination))

    def receipts_of(self, group_id: str) -> list[Receipt]:
        pk, sk = receipt_key(group_id, "")
        return list(self._query(Receipt, pk, Stored.sk.startswith(sk)))

    def receipts_of_leader(self, leader_id: str, limit: int, start: str | None) -> Page[Receipt]:
        return self._page(Receipt, f"RECEIPTS#{leader_id}", limit, start)

    def batch(self, group_id: str, destination: str) -> Batch | None:
        return self._get(Batch, *batch_key(group_id, destination))

    def ride_of(self, group_id: str, destination: str, order_id: str, skus: Sequence[str]) -> Ride:
        offers = [substitute_key(group_id, sku) for sku in skus]
        rows = self._batch([batch_key(group_id, destination), waybill_key(order_id), *offers], consistent=True)
        return Ride(
            next((row for row in rows if isinstance(row, Batch)), None),
            next((row for row in rows if isinstance(row, Waybill)), None),
            sorted((row for row in rows if isinstance(row, Substitute)), key=lambda one: one.sku),
        )

    def batches(self, group_id: str) -> list[Batch]:
        return list(self._query(Batch, f"GROUP#{group_id}", Stored.sk.startswith("BATCH#")))

    def batches_in_hand(self, person_id: str, limit: int, start: str | None) -> Page[Batch]:
        page = self._query_page(InHand, f"IN_HAND#{person_id}", None, limit, start)
        keys = [batch_key(line.group_id, line.destination) for line in page.rows]
        rows = self._batch(keys, consistent=True) if keys else []
        found = {(row.group_id, row.destination): row for row in rows if isinstance(row, Batch)}
        lines = [(line.group_id, line.destination) for line in page.rows]
        return Page([found[line] for line in lines if line in found], page.next)

    def waybills(self, waybill_ids: Sequence[str]) -> list[Waybill]:
        keys = [waybill_key(one) for one in dict.fromkeys(waybill_ids)]
        rows = self._batch(keys, consistent=True) if keys else []
        return [row for row in rows if isinstance(row, Waybill)]

    def batches_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Batch]:
        return self._page(Batch, f"BATCHES#{merchant_id}", limit, start)

    def waybill(self, waybill_id: str) -> Waybill | None:
        return self._get(Waybill, *waybill_key(waybill_id))

    def routes(self, merchant_id: str) -> Routes | None:
        return self._get(Routes, f"ROUTES#{merchant_id}", "ROUTES")

    def reroute(self, merchant_id: str, key: str) -> Reroute | None:
        return self._get(Reroute, f"ROUTES#{merchant_id}", f"REROUTE#{key}")

    def load(self, merchant_id: str, day: str, place: str) -> Load | None:
        return self._get(Load, f"LOADS#{merchant_id}", f"{day}#{place}")

    def loads(self, merchant_id: str, first_day: str, last_day: str) -> list[Load]:
        return list(self._query(Load, f"LOADS#{merchant_id}", Stored.sk.between(first_day, f"{last_day}$")))

    def incident(self, group_id: str, incident_id: str) -> Incident | None:
        return self._get(Incident, *incident_key(group_id, incident_id))

    def incidents(self, group_id: str) -> list[Incident]:
        pk, sk = incident_key(group_id, "")
        return list(self._query(Incident, pk, Stored.sk.startswith(sk)))

    def substitute(self, group_id: str, sku: str) -> Substitute | None:
        return self._get(Substitute, *substitute_key(group_id, sku))

    def substitutes(self, group_id: str) -> list[Substitute]:
        pk, sk = substitute_key(group_id, "")
        return list(self._query(Substitute, pk, Stored.sk.startswith(sk)))

    def invoice(self, order_id: str) -> Invoice | None:
        return self._get(Invoice, *invoice_key(order_id))

    def invoices_of(self, merchant_id: str, limit: int, start: str | None) -> Page[Invoice]:
        return self._page(Invoice, f"INVOICES#{merchant_id}", limit, start)

    def return_(self, order_id: str, number: int) -> Return | None:
        return self._get(Return, *return_key(order_id, number))

    def returns_of(self, order_id: str) -> list[Return]:
        pk, sk = return_key(order_id, 0)
        return list(self._query(Return, pk, Stored.sk.startswith(sk[:-2])))

    def returns_of_merchant(self, merchant_id: str, limit: int, start: str | None) -> Page[Return]:
        return self._page(Return, f"RETURNS#{merchant_id}", limit, start)

    def coupons(self, person_id: str, coupon_ids: Sequence[str]) -> list[Coupon]:
        keys = [(f"PERSON#{person_id}", f"COUPON#{one}") for one in coupon_ids]
        rows = self._batch(keys, consistent=True) if keys else []
        return sorted((row for row in rows if isinstance(row, Coupon)), key=lambda one: one.id)

    def coupons_under(self, person_id: str, prefix: str) -> list[Coupon]:
        return list(self._query(Coupon, f"PERSON#{person_id}", Stored.sk.startswith(f"COUPON#{prefix}")))

    def coupons_of(self, person_id: str, limit: int, start: str | None) -> Page[Coupon]:
        return self._query_page(Coupon, f"PERSON#{person_id}", Stored.sk.startswith("COUPON#"), limit, start)

    def task(self, task_id: str) -> Task | None:
        return self._get(Task, f"TASK#{task_id}", "TASK")

    def tasks(self, queue: str, limit: int, start: str | None) -> Page[Task]:
        return self._page(Task, f"TASKS#{queue}", limit, start)
