"""Another supplier takes over (S5, S6): what nobody has sent yet is asked of the fallback, and no longer of the first.

The demand remembers who was put in whose place; its own timer then issues the new purchase order and withdraws the
old one, as it does with every change of what is wanted.
"""

from collections.abc import Mapping
from dataclasses import replace

from ...domain import supply
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.plan import Fallback, FallbackKind
from ...domain.task import Errand
from ...domain.writes import Replace, Write
from ..attempts import attempts
from ..fulfilling import tasks
from ..world import World
from .purchase import anew


def fall_back(world: World, group: Group, terms: Campaign, stage: str, now: Instant) -> None:
    """A stage stayed late whose fallback is another supplier. Where none can take over, a person has to find one."""
    fallback = next(one.fallback for one in terms.plan if one.name == stage)
    if fallback is None or fallback.kind is not FallbackKind.OTHER_SUPPLIER:
        return
    for attempt in attempts(world):
        with attempt:
            demand = world.store.demand(group.id)
            if demand is None or not demand.moved:  # after a crash it may be in force already
                world.store.commit(*(taken_over(world, group, terms, now) or [_task(group, stage, now)]))
            return
        if attempt.lost is not None and attempt.lost.rows and not taken_over(world, group, terms, now):
            return  # the task is there already


def _task(group: Group, stage: str, now: Instant) -> Write:
    facts = {"title": group.title, "note": stage}
    return tasks.planned(
        queue=group.merchant_id, errand=Errand.SUPPLIER, about=group.id, event=f"late {stage}", facts=facts, now=now
    )


def taken_over(world: World, group: Group, terms: Campaign, now: Instant, *, to: str = "") -> list[Write]:
    """`to`, or what item or plan name, for all of which nothing was sent; empty where there is nobody, or nothing."""
    demand = world.store.demand(group.id)
    if demand is None:
        return []
    sent = {one.supplier_id for one in world.store.purchases_of_group(group.id) if one.shipped}
    moved = _moved(supply.as_supplied(terms, demand.moved), sent, to)
    if not moved:
        return []
    return [Replace(replace(anew(demand, now), moved={**demand.moved, **moved}))]


def _moved(terms: Campaign, sent: set[str], to: str) -> Mapping[str, str]:
    planned = _planned(terms)
    found = {}
    for item in terms.items:
        now_with, other = supply.supplier_of(terms, item), to or item.fallback_supplier_id or planned
        if other and other != now_with and now_with not in sent:
            found[item.sku] = other
    return found


def _planned(terms: Campaign) -> str:
    """The supplier that the plan falls back to."""
    named = [one.fallback for one in terms.plan if isinstance(one.fallback, Fallback)]
    return next((one.to for one in named if one.kind is FallbackKind.OTHER_SUPPLIER), "")
