"""Asks each supplier for what a formed group needs, once (S4), and for what changes later by numbered amendments.

The orders are counted part by part on the demand's own timer, so a group's size is never a limit; what comes of a
count is compared with what stands already, so that a count taken twice asks nobody twice.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ...domain import destination, eta, supply
from ...domain import journey as journeys
from ...domain import order as orders
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import MINUTE, Instant, local_text
from ...domain.journey import Journey
from ...domain.notice import TEMPLATES
from ...domain.plan import STOCKING
from ...domain.refusals import Broken, Refused
from ...domain.supply import Asked, Demand, PurchaseOrder
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts, once
from ..fulfilling import stages
from ..telling import tell
from ..world import World
from . import expected

GATHERING = 10 * MINUTE
"""How long a count waits for more of the same: a hundred who give their goods back make one amendment."""

ORDERS_AT_ONCE = 2_000
"""Orders one waking counts before it lets others have their turn."""


def issue(world: World, group: Group, terms: Campaign, now: Instant) -> None:
    """Sees to it that a formed group's demand is counted and asked for. Any number of times: it happens once."""
    once(world, Create(Demand(group_id=group.id, begun_at=now, due_at=now)))


def count_again(world: World, group_id: str, now: Instant) -> Demand | None:
    """What has changed since is counted anew and becomes amendments. None: nothing was ever counted."""
    for attempt in attempts(world):
        with attempt:
            demand = world.store.demand(group_id)
            if demand is None:
                return None
            again = anew(demand, now)
            world.store.commit(Replace(again))
            return replace(again, version=again.version + 1)
    return None


def counting_again(world: World, group_id: str, now: Instant) -> list[Write]:
    """The same, for the transaction that changes what is wanted: a crash after it would forget to ask."""
    demand = world.store.demand(group_id)
    if demand is None:
        return []
    waiting = demand.done < demand.number and not demand.part and demand.due_at is not None and demand.due_at > now
    return [Replace(anew(demand, now, due_at=demand.due_at if waiting else now + GATHERING))]


def anew(demand: Demand, now: Instant, *, due_at: Instant | None = None) -> Demand:
    """To be counted once more: at once, or at `due_at`."""
    return replace(
        demand,
        number=demand.number + 1,
        part=0,
        begun_at=now,
        counting={},
        counting_orders={},
        counting_alone={},
        due_at=due_at or now,
    )


def demand_wake(world: World, demand: Demand, now: Instant) -> None:
    group = world.store.group(demand.group_id)
    if group is None or group.verdict is None or not group.verdict.formed:
        raise Broken(f"group {demand.group_id} has not formed and asks for nothing")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if demand.done == demand.number:  # all is counted: the choices of pickup points have ended meanwhile
        demand = anew(demand, now)
    demand = _count(world, demand, group, terms)
    if demand.part < group.parts:
        world.store.commit(Replace(replace(demand, due_at=now)))
        return
    _ask(world, group, terms, demand, now)
    counted = replace(
        demand,
        done=demand.number,
        counted_at=demand.begun_at,
        units=demand.counting,
        orders=demand.counting_orders,
        alone=demand.counting_alone,
        counting={},
        counting_orders={},
        counting_alone={},
    )
    cutoff = orders.pickup_cutoff(group, terms)
    world.store.commit(Replace(replace(counted, due_at=cutoff if demand.begun_at < cutoff else None)))


def _count(world: World, demand: Demand, group: Group, terms: Campaign) -> Demand:
    """As many more parts as one waking may take on."""
    units, there, alone = demand.counting, dict(demand.counting_orders), demand.counting_alone
    part, seen = demand.part, 0
    while part < group.parts and seen < ORDERS_AT_ONCE:
        for order in world.store.orders_of_part(group.id, part):
            seen += 1
            if destination.wants_goods(order) and orders.goods(order):
                where = destination.destination_of(order, group, terms)
                units = supply.plus(units, where, orders.goods(order))
                there[where] = there.get(where, 0) + 1
                if len(wanted := orders.goods(order)) == 1:
                    ((sku, pieces),) = wanted.items()
                    alone = supply.plus(alone, sku, {str(pieces): 1})
        part += 1
    return replace(demand, part=part, counting=units, counting_orders=there, counting_alone=alone)


def _ask(world: World, group: Group, terms: Campaign, demand: Demand, now: Instant) -> None:
    asked = supply.asked_of(supply.as_supplied(terms, demand.moved), world.store.substitutes(group.id))
    known = {one.supplier_id for one in world.store.purchases_of_group(group.id)} if demand.moved else set()
    for supplier_id in sorted({one.supplier_id for one in asked.values()} | known):
        _ask_one(world, group, terms, demand, asked, supplier_id, now)
    expected.expect(world, group, terms, demand, now)


def _ask_one(
    world: World,
    group: Group,
    terms: Campaign,
    demand: Demand,
    asked: Mapping[str, Asked],
    supplier_id: str,
    now: Instant,
) -> None:
    """Creates the purchase order, or amends the one that is there where the count has moved."""
    units = supply.for_supplier(demand.counting, asked, supplier_id)
    items = {sku: one.title for sku, one in asked.items() if one.supplier_id == supplier_id}
    for attempt in attempts(world):
        with attempt:
            known = world.store.purchase(supply.purchase_id(group.id, supplier_id))
            if known is None:
                if units:
                    world.store.commit(Create(_issued(group, terms, supplier_id, units, items, now)))
                    world.watch.count("purchases_issued")
                return
            amended = supply.amended(known, units, now, items=items)
            if amended is not None:
                world.store.commit(Replace(amended))
                world.watch.count("purchases_amended")
            return


def _issued(
    group: Group,
    terms: Campaign,
    supplier_id: str,
    units: supply.ByDestination,
    items: Mapping[str, str],
    now: Instant,
) -> PurchaseOrder:
    assert group.verdict is not None
    own = supplier_id == group.merchant_id
    within = supply.answer_within(terms, group.verdict.participants)
    return PurchaseOrder(
        id=supply.purchase_id(group.id, supplier_id),
        group_id=group.id,
        campaign_id=group.campaign_id,
        merchant_id=group.merchant_id,
        supplier_id=supplier_id,
        title=group.title,
        zone=group.zone,
        items=items,
        places={where: destination.destination_name(terms, group, where) for where in units},
        units=units,
        issued_at=now,
        answer_within=within,
        answer_by=now + within,
        owed=() if own else ("purchase_issued",),
        due_at=None if own else now,
    )


def purchase_wake(world: World, purchase: PurchaseOrder, now: Instant) -> None:
    """Tells what is owed to whom it concerns, and chases an answer that does not come."""
    chased = supply.escalated(purchase, now)
    writes: list[Write] = []
    for event in dict.fromkeys(chased.owed):
        _on_the_journey(world, chased, event, now)
        if event not in TEMPLATES:
            continue
        for person_id, link in _concerned(world, chased, event, now):
            writes += tell.plan(
                world,
                person_id,
                about=chased.id,
                event=f"{event}@{chased.version}",
                template=event,
                params=_params(chased, link),
                now=now,
            )
    told = replace(chased, owed=())
    world.store.commit(Replace(replace(told, due_at=supply.next_look(told, now))), *writes)


def _on_the_journey(world: World, purchase: PurchaseOrder, event: str, now: Instant) -> None:
    """What a supplier says moves the stage that waits for it (S16): the latest of all suppliers' dates, and papers.

    A stage that is done, or a date that has passed meanwhile, is left as it is.
    """
    with suppress(Refused):
        if event == "purchase_promised":
            dates = [one.promised.ready_at for one in world.store.purchases_of_group(purchase.group_id) if one.promised]
            stages.changed(world, purchase.group_id, _promised(max(dates), purchase, now), eta.PROMISED, now=now)
        elif event == "report_added":
            stages.changed(world, purchase.group_id, _with_report(purchase, now), now=now)


def _promised(ready_at: Instant, purchase: PurchaseOrder, now: Instant) -> stages.Decide:
    def decide(journey: Journey, terms: Campaign) -> Journey:
        known = journey.stages[journeys.place_of(journey, STOCKING)].promises
        if known and known[-1].latest == ready_at:
            return journey
        why = purchase.promised.note if purchase.promised else ""
        return journeys.promised(
            journey, STOCKING, earliest=None, latest=ready_at, why=why, by=purchase.supplier_id, now=now
        )

    return decide


def _with_report(purchase: PurchaseOrder, now: Instant) -> stages.Decide:
    return lambda journey, terms: journeys.with_paper(journey, STOCKING, "qc_report", purchase.supplier_id, now)


def _concerned(world: World, purchase: PurchaseOrder, event: str, now: Instant) -> list[tuple[str, str]]:
    """Whom an event concerns, each with where it leads them."""
    supplier = (purchase.supplier_id, f"/supply/{purchase.id}")
    merchant = (purchase.merchant_id, f"/desk/g/{purchase.group_id}/supply")
    if event in ("purchase_issued", "purchase_amended", "purchase_withdrawn"):
        return [supplier]
    if event == "purchase_unanswered":
        return list(dict([merchant, supplier]).items())
    if event == "purchase_escalated":
        group = world.store.group(purchase.group_id)
        manager = world.store.terms(purchase.campaign_id, group.terms_version).manager_id if group else ""
        if not manager:  # nobody else answers for it: an operator has to look
            world.watch.alarm("purchase_unanswered", row=purchase.id)
            return [merchant]
        return [(manager, f"/look?group={purchase.group_id}")]
    return [merchant]


def _params(purchase: PurchaseOrder, link: str) -> dict[str, str]:
    promise = purchase.promised
    return {
        "title": purchase.title,
        "number": str(purchase.number),
        "units": str(sum(supply.totals(purchase.units).values())),
        "sent": str(sum(purchase.shipped.values())),
        "answer_by": local_text(purchase.answer_by, purchase.zone),
        "ready_at": local_text(promise.ready_at, purchase.zone) if promise else "",
        "link": link,
    }
