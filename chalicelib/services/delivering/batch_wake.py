"""A batch's timer: count its orders, tell everyone in it what happened, remind who has not come, apply the rule."""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import balance
from ...domain import batch as rules
from ...domain import hand_over as fetching
from ...domain.batch import Batch, BatchState
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.incident import What
from ...domain.instants import Instant, local_text
from ...domain.money import percent
from ...domain.order import Order, goods
from ...domain.plan import DELIVERY
from ...domain.refusals import Broken
from ...domain.upkeep import Announcement
from ...domain.waybill import batch_key
from ...domain.writes import Create, Remove, Replace, Write
from ..fulfilling import incidents
from ..telling import tell
from ..telling.announce import LATE
from ..world import World
from . import routes
from .uncollected import give_up
from .waybills import rebilled, request_for_orders

AT_ONCE = 200
"""Orders one waking looks at."""

TOLD = {
    BatchState.SORTED: "batch_sorted",
    BatchState.IN_TRANSIT: "batch_in_transit",
    BatchState.READY: "batch_ready",
    BatchState.HANDED_OVER: "",
}


def batch_wake(world: World, batch: Batch, now: Instant) -> None:
    group = world.store.group(batch.group_id)
    if group is None:
        raise Broken(f"batch {batch.destination} has no group {batch.group_id}")
    terms = world.store.terms(group.campaign_id, group.terms_version)
    if batch.owed:
        writes = [write for event in batch.owed for write in _said(world, batch, event, now)]
        new = replace(batch, owed=())
        world.store.commit(Replace(replace(new, due_at=next_due(new, terms, now))), *writes)
    elif rules.served_by(batch) != batch.listed_for:
        new, come, go = rules.relisted(batch)
        lines: list[Write] = [*(Create(one) for one in come), *(Remove(replace(one, version=1)) for one in go)]
        world.store.commit(Replace(replace(new, due_at=next_due(new, terms, now))), *lines)
    elif batch.task == "count":
        _count(world, batch, group, terms, now)
    elif batch.task == "waybills":
        _ask_for_waybills(world, batch, group, terms, now)
    elif not batch.task and rules.wants_other_bills(batch):
        new = replace(batch, billed=batch.carrier, task="waybills", cursor=None, due_at=now)
        world.store.commit(Replace(new))
    elif batch.task == "sweep":
        _sweep(world, batch, group, terms, now)
    else:
        _waited(world, batch, terms, now)


def next_due(batch: Batch, terms: Campaign, now: Instant) -> Instant | None:
    """When it next wants to be looked at, once it owes nobody a word."""
    if batch.task or rules.wants_other_bills(batch) or rules.served_by(batch) != batch.listed_for:
        return now
    if batch.state is not BatchState.READY:
        return rules.breaks_at(batch)
    left = fetching.reminder_times(batch, terms)[batch.reminders :]
    rule = fetching.rule_applies_at(batch, terms)
    return min([*left, *([rule] if rule is not None else [])], default=None)


def _said(world: World, batch: Batch, event: str, now: Instant) -> list[Write]:
    """What one event means for those it concerns. A fan-out is a row of its own, so half-done is ordinary."""
    name, _, number = event.partition("@")
    if name == "temperature":
        facts = temperature_facts(batch, int(number))
        text = f"{batch.name} {facts['degrees']} °C"
        return [
            *incident(world, batch, "temperature", facts, now),
            *incidents.sensed(world, batch, What.TEMPERATURE, text, f"{batch.destination} {event}", now),
        ]
    template = {"batch_promise": "batch_promise"}.get(name) or TOLD[BatchState(name.removeprefix("batch_"))]
    return [announcement(batch, template, event, now)] if template else []


def announcement(
    batch: Batch,
    template: str,
    event: str,
    now: Instant,
    *,
    waiting_only: bool = False,
    more: Mapping[str, str] | None = None,
) -> Create:
    return Create(
        Announcement(
            group_id=batch.group_id,
            event=f"{event}:{batch.destination}",
            template=template,
            params={**_params(batch, now), **(more or {})},
            created_at=now,
            destination=batch.destination,
            waiting_only=waiting_only,
            due_at=now,
        )
    )


def _params(batch: Batch, now: Instant) -> Mapping[str, str]:
    ready = next((one for one in rules.estimates(batch, now) if one.state is BatchState.READY), None)
    return {
        "place": batch.name,
        "earliest": local_text(ready.earliest, batch.clock_zone) if ready else "",
        "latest": local_text(ready.latest, batch.clock_zone) if ready else "",
    }


def temperature_facts(batch: Batch, at: Instant) -> Mapping[str, str]:
    reading = next((one for one in batch.readings if one.at == at), None)
    tenths = reading.tenths if reading else 0
    return {"degrees": f"{tenths / 10:.1f}", "kept": batch.keep.value, "at": local_text(at, batch.clock_zone)}


def incident(world: World, batch: Batch, what: str, facts: Mapping[str, str], now: Instant) -> list[Write]:
    """Something is wrong with a batch: its merchant hears of it, and the operators' desk sees it in the log."""
    world.watch.note("batch_incident", event=what, group=batch.group_id, batch=batch.destination)
    params = {**facts, "title": batch.title, "place": batch.name, "link": f"/groups/{batch.group_id}"}
    event = f"{what}:{batch.destination}:{batch.version}"
    return [
        *tell.plan(
            world,
            batch.merchant_id,
            about=batch.group_id,
            event=event,
            template=f"batch_{what}",
            params=params,
            now=now,
        )
    ]


def _page(world: World, batch: Batch, group: Group, terms: Campaign) -> tuple[list[Order], str | None]:
    page = world.store.orders_of_group(group, AT_ONCE, batch.cursor)
    mine = [
        one for one in page.rows if rules.rides(one) and rules.destination_of(one, group, terms) == batch.destination
    ]
    return mine, page.next


def _count(world: World, batch: Batch, group: Group, terms: Campaign, now: Instant) -> None:
    """Waits for the verdict to be carried out: before that some orders do not show yet that they ride."""
    if group.resolved_at is None:
        world.store.commit(Replace(replace(batch, due_at=now + 60_000)))
        return
    page = world.store.orders_of_group(group, AT_ONCE, batch.cursor)
    there = [one for one in page.rows if rules.destination_of(one, group, terms) == batch.destination]
    if any(one.owes_balance for one in there):  # it rides, or it does not, once it is paid or its time is over
        all_in = balance.all_in_at(group, terms) or now
        world.store.commit(Replace(replace(batch, due_at=max(now + 60_000, all_in))))
        return
    mine, after = [one for one in there if rules.rides(one)], page.next
    units = dict(batch.units)
    for order in mine:
        for sku, count in goods(order).items():
            units[sku] = units.get(sku, 0) + count
    weight = sum(item.weight_g * units.get(item.sku, 0) for item in terms.items)
    new = replace(
        batch,
        orders=batch.orders + len(mine),
        units=units,
        weight_g=weight,
        cursor=after,
        task="count" if after else "",
    )
    loads: list[Write] = []
    if after is None:
        new = replace(new, counted=True)
        if new.warehouse_id:
            new, loads = routes.placed(world, routes.table_of(world, batch.merchant_id), new, now)
    world.store.commit(Replace(replace(new, due_at=next_due(new, terms, now))), *loads)


def _ask_for_waybills(world: World, batch: Batch, group: Group, terms: Campaign, now: Instant) -> None:
    if batch.destination.startswith("point."):
        new = replace(batch, task="", waybill="")
        writes = rebilled(world, batch_key(batch.group_id, batch.destination), batch.carrier, now)
        world.store.commit(Replace(replace(new, due_at=next_due(new, terms, now))), *writes)
        return
    mine, after = _page(world, batch, group, terms)
    request_for_orders(world, batch, mine, now)
    new = replace(batch, cursor=after, task="waybills" if after else "")
    world.store.commit(Replace(replace(new, due_at=next_due(new, terms, now))))


def _waited(world: World, batch: Batch, terms: Campaign, now: Instant) -> None:
    """Goods that nobody has fetched: a reminder at each of its times, then the campaign's rule (S24)."""
    if batch.state is not BatchState.READY:
        _late(world, batch, terms, now)
        return
    rule = fetching.rule_applies_at(batch, terms)
    if rule is not None and now >= rule:
        world.store.commit(Replace(replace(batch, task="sweep", cursor=None, due_at=now)))
        return
    passed = sum(1 for at in fetching.reminder_times(batch, terms) if at <= now)
    new = replace(batch, reminders=max(batch.reminders, passed))
    new = replace(new, due_at=next_due(new, terms, now))
    event = f"uncollected@{passed}"
    writes = [announcement(batch, "uncollected", event, now, waiting_only=True)] if passed > batch.reminders else []
    world.store.commit(Replace(new), *writes)


def _late(world: World, batch: Batch, terms: Campaign, now: Instant) -> None:
    """A promise of its arrival was broken: counted once, and everyone in it is given what the terms say (S17)."""
    breaks = rules.breaks_at(batch)
    if breaks is None or now < breaks:
        world.store.commit(Replace(replace(batch, due_at=breaks)))
        return
    writes: list[Write] = []
    if terms.compensation_bp:
        stage = next((one.title for one in terms.plan if one.name == DELIVERY), "") or DELIVERY
        more = {"stage": stage, "share": percent(terms.compensation_bp)}
        writes.append(announcement(batch, LATE, f"{DELIVERY}.compensated", now, more=more))
    world.store.commit(Replace(replace(batch, late_at=now, due_at=None)), *writes)
    world.watch.count("batches_late")


def _sweep(world: World, batch: Batch, group: Group, terms: Campaign, now: Instant) -> None:
    """Order by order, each its own transaction; when all are done the batch is finished."""
    mine, after = _page(world, batch, group, terms)
    for order in mine:
        if rules.awaited(order):
            give_up(world, order, group, terms, now)
    new = replace(batch, cursor=after, due_at=now)
    if after is None:
        done = rules.moved(replace(new, task=""), BatchState.HANDED_OVER, by="timer", at=now, now=now)
        new = replace(done, owed=(), due_at=next_due(done, terms, now))
    world.store.commit(Replace(new))
