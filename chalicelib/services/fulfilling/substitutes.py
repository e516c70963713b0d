"""Offers of a substitute: made by the merchant, answered by buyers, settled by the offer's timer (S23)."""

from dataclasses import replace

from ...domain import balance, pricing
from ...domain import batch as rules_of_batch
from ...domain import substitute as rules
from ...domain.batch import UNSHIPPED
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import Instant, local_text
from ...domain.money import shown
from ...domain.order import Order
from ...domain.ports import Caller
from ...domain.refusals import Broken, Refused, Unavailable
from ...domain.statement import arrives_by
from ...domain.substitute import Phase, Said, Substitute
from ...domain.writes import Create, Replace, Write
from ..attempts import attempts
from ..buying.change import mine
from ..delivering import routes
from ..delivering.batches import check_formed
from ..paying.left import left_of
from ..paying.money import seen_group
from ..supplying.purchase import counting_again
from ..telling import tell
from ..world import World

ORDERS_AT_ONCE = 100


def offer(
    world: World,
    caller: Caller,
    group_id: str,
    sku: str,
    title: str,
    until: Instant,
    *,
    instead: str = "",
    now: Instant,
) -> Substitute:
    """One for each item of a group; the same one again is offered already."""
    group = seen_group(world, caller, group_id)
    check_formed(group)
    world.store.terms(group.campaign_id, group.terms_version).item(sku)
    instead = instead or rules.sku_instead(sku)
    for attempt in attempts(world):
        with attempt:
            known = world.store.substitute(group_id, sku)
            if known is not None:
                if (known.title, known.until, known.instead) != (title, until, instead):
                    raise Refused("substitute_offered", title=known.title)
                return known
            rules.check_until(until, now)
            balance.check_all_in(group, world.store.terms(group.campaign_id, group.terms_version), now)
            if any(batch.state not in UNSHIPPED for batch in world.store.batches(group_id)):
                raise Refused("already_shipped")
            new = Substitute(
                group_id=group_id,
                sku=sku,
                title=title,
                instead=instead,
                until=until,
                offered_at=now,
                offered_by=caller.id,
                due_at=now,
            )
            world.store.commit(Create(new))
            return replace(new, version=1)
    raise Unavailable("busy")


def answer(world: World, caller: Caller, order_id: str, sku: str, *, accept: bool, now: Instant) -> Order:
    """The same answer again changes nothing; another one is too late."""
    said = Said.ACCEPTED if accept else Said.REFUSED
    for attempt in attempts(world):
        with attempt:
            order, group, terms = mine(world, caller, order_id)
            if order.swaps.get(sku) == said.value:
                return order
            found = world.store.substitute(group.id, sku)
            if found is None:
                raise Refused("no_substitute_offered", sku=sku)
            rules.check_answer(found, order, said, now)
            world.store.commit(*_settled(world, found, group, terms, order, said, now))
            return world.store.order(order_id) or order
    raise Unavailable("busy")


def _settled(
    world: World, found: Substitute, group: Group, terms: Campaign, order: Order, said: Said, now: Instant
) -> list[Write]:
    """The order's mark, the line's refund and what its buyer is told, together or not at all."""
    new = rules.answered(order, found, said, now)
    if said is Said.ACCEPTED:
        return [Replace(new)]
    if group.verdict is None:
        raise Broken(f"paid order {order.id} has no verdict")
    left = left_of(world, order, taken=True)
    nothing_comes = dict(new.short) == dict(new.lines)  # then what it cost to bring goes back with it
    line = pricing.amount({found.sku: rules.left_of(order, found.sku)}, group.verdict.prices)
    amount = left.amount_minor if nothing_comes else min(left.amount_minor, line)
    if amount <= 0:
        return [Replace(new)]
    number = rules.number_of(order)
    params = {
        **tell.group_params(group),
        "item": terms.item(found.sku).title,
        "amount": shown(amount, order.currency),
        "arrives_by": local_text(arrives_by(left.payments[-1].method, now), group.zone),
        "link": f"/orders/{order.id}",
    }
    event = f"substitute_refunded@{number}"
    told = tell.plan(
        world, order.buyer_id, about=order.id, event=event, template="substitute_refunded", params=params, now=now
    )
    return [Replace(new), *left.back(amount, now, cause="substitute", number=number), *told]


def substitute_wake(world: World, found: Substitute, now: Instant) -> None:
    group = world.store.group(found.group_id)
    if group is None:
        raise Broken(f"an offer of {found.group_id} has no group")
    if found.phase is Phase.WAITING:
        world.store.commit(Replace(replace(found, phase=Phase.SETTLING, cursor=None, due_at=now)))
        return
    if found.phase is Phase.DONE:
        world.store.commit(Replace(replace(found, due_at=None)))
        return
    terms = world.store.terms(group.campaign_id, group.terms_version)
    page = world.store.orders_of_group(group, ORDERS_AT_ONCE, found.cursor)
    for order in page.rows:
        if found.phase is Phase.TELLING and rules.concerns(found, order):
            _tell(world, found, group, terms, order, now)
        elif found.phase is Phase.SETTLING:
            lapse(world, found, group, terms, order, now)
    new = rules.went_on(found, page.next, now)
    if new.phase is Phase.DONE:
        _counted_anew(world, group, new, now)
    else:
        world.store.commit(Replace(new))


def _counted_anew(world: World, group: Group, new: Substitute, now: Instant) -> None:
    """All have answered: suppliers are asked for what is wanted now, by one amendment, and batches carry that."""
    for batch in world.store.batches(group.id):
        again = rules_of_batch.counted_anew(batch, now)
        if again != batch:
            table = routes.table_of(world, batch.merchant_id)
            _, loads = routes.load_writes(world, table, batch, again, now) if batch.loaded_on else (again, [])
            world.store.commit(Replace(again), *loads)
    world.store.commit(Replace(new), *counting_again(world, group.id, now))


def lapse(world: World, found: Substitute, group: Group, terms: Campaign, order: Order, now: Instant) -> None:
    """Who said nothing in time is paid back, once; who has answered meanwhile is left alone."""
    for attempt in attempts(world):
        with attempt:
            if not rules.concerns(found, order):
                return
            world.store.commit(*_settled(world, found, group, terms, order, Said.LAPSED, now))
            world.watch.count("substitutes_lapsed")
            return
        order = world.store.order(order.id) or order


def _tell(world: World, found: Substitute, group: Group, terms: Campaign, order: Order, now: Instant) -> None:
    params = {
        **tell.group_params(group),
        "item": terms.item(found.sku).title,
        "substitute": found.title,
        "until": local_text(found.until, group.zone),
        "link": f"/orders/{order.id}",
    }
    event = f"substitute_offered:{found.sku}"
    tell.tell(world, order.buyer_id, about=order.id, event=event, template="substitute_offered", params=params, now=now)


def of_group(world: World, group_id: str, now: Instant) -> list[Substitute]:
    if world.store.group_lately(group_id, now) is None:
        raise Refused("group_not_found", group=group_id)
    return world.store.substitutes(group_id)
