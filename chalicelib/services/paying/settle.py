"""Lets a formed group's money out of escrow: at hand-over, and after the after-sales time (domain/settlement.py)."""

from dataclasses import replace

from ...domain import ledger
from ...domain import settlement as rules
from ...domain.campaign import Campaign
from ...domain.group import Group
from ...domain.instants import HOUR, Instant
from ...domain.ledger import Balance, Entry, EntryState
from ...domain.order import Order
from ...domain.ports import Caller
from ...domain.refusals import Broken
from ...domain.settlement import Payee, Settling
from ...domain.supply import as_supplied
from ...domain.writes import Create, Replace
from ...lean import dataclass
from ..attempts import attempts, once
from ..world import World
from .money import seen_group

AT_ONCE = 100
EVERY = 6 * HOUR


def begin(world: World, group: Group, terms: Campaign, now: Instant) -> None:
    """Once, when a group has formed whose terms say how it is settled."""
    if terms.settlement is not None:
        once(world, Create(Settling(group_id=group.id, due_at=now + EVERY)))


def settling_wake(world: World, row: Settling, now: Instant) -> None:
    """Some orders; the row remembers how far. A round ends by waiting for the next, until all orders are done."""
    group = world.store.group(row.group_id)
    if group is None or group.verdict is None:
        raise Broken(f"group {row.group_id} is settled and has not formed")
    terms = settled_terms(world, group)
    page = world.store.orders_of_group(group, AT_ONCE, row.cursor)
    done = [settle_order(world, group, terms, order, now) for order in page.rows]
    unfinished = row.unfinished or not all(done)
    if page.next is not None:
        row = replace(row, cursor=page.next, unfinished=unfinished, due_at=now)
    elif unfinished:
        row = replace(row, cursor=None, unfinished=False, due_at=now + EVERY)
    else:
        row = replace(row, cursor=None, finished_at=now, due_at=None)
    world.store.commit(Replace(row))


def settled_terms(world: World, group: Group) -> Campaign:
    """With those as suppliers who supplied: another may have taken over."""
    demand = world.store.demand(group.id)
    return as_supplied(world.store.terms(group.campaign_id, group.terms_version), demand.moved if demand else {})


def settle_order(world: World, group: Group, terms: Campaign, order: Order, now: Instant) -> bool:
    """Whether nothing is left to do. The order at its version goes with the entries, as it does with every refund: so
    a refund that is asked for meanwhile is either counted here, or asks anew."""
    for attempt in attempts(world):
        with attempt:
            stage = rules.stage_of(order, terms, now)
            if rules.never(order) or order.settled >= rules.DONE:
                return True
            if stage <= order.settled:
                return False
            entries = world.store.entries_of_order(order.id)
            payments = rules.payments_of(order, entries)
            if not payments:
                raise Broken(f"paid order {order.id} has no payment")
            if payments[0].state in (EntryState.PENDING, EntryState.AUTHORISED):
                return False  # its capture is under way
            made = moves_of(group, terms, order, payments, entries, stage, now)
            world.store.commit(Replace(replace(order, settled=stage)), *(Create(one) for one in made))
            world.watch.count("orders_settled")
            return stage == rules.DONE
        order = world.store.order(order.id) or order
    return False


def settle_again(world: World, back: Entry, now: Instant) -> None:
    """Money went back to a buyer, or came from them, after a share was let out: what its payees have is set right, in
    one transaction with the order at its version: once, whoever else looks.
    """
    group = world.store.group_lately(back.group_id, now)
    if group is None or group.verdict is None:
        return
    if world.store.terms(group.campaign_id, group.terms_version).settlement is None:
        return
    for attempt in attempts(world):
        with attempt:
            order = world.store.order(back.order_id)
            if order is None or not order.settled:
                return
            terms = settled_terms(world, group)
            entries = world.store.entries_of_order(order.id)
            payments = rules.payments_of(order, entries)
            made = moves_of(group, terms, order, payments, entries, order.settled, now) if payments else []
            if made:
                world.store.commit(Replace(order), *(Create(one) for one in made))
                world.watch.count("orders_settled_again")
            return


def moves_of(
    group: Group, terms: Campaign, order: Order, payments: list[Entry], entries: list[Entry], stage: int, now: Instant
) -> list[Entry]:
    assert group.verdict is not None and terms.settlement is not None
    whole = rules.owed(order, terms, group.verdict.prices, rules.sums(payments, entries).left)
    return rules.moves(payments, whole, entries, stage=stage, first_bp=terms.settlement.first_bp, now=now)


# ----------------------------------------------------------------- who looks at it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A group's lines. `due` is what everybody would have if all went on as it stands; `released` what they have."""

    group: Group
    balance: Balance
    due: dict[tuple[Payee, str], int]
    released: dict[tuple[Payee, str], int]
    orders: int
    unfinished: int


def of_group(world: World, caller: Caller, group_id: str) -> Settlement:
    """Added up from the rows whenever somebody asks."""
    group = seen_group(world, caller, group_id)
    terms = settled_terms(world, group)
    due: dict[tuple[Payee, str], int] = {}
    out: dict[tuple[Payee, str], int] = {}
    every: list[Entry] = []
    orders = unfinished = 0
    for part in range(group.parts):
        rows = list(world.store.accounts_of_part(group.id, part))
        mine: dict[str, list[Entry]] = {}
        for row in rows:
            if isinstance(row, Entry) and row.currency == group.currency:
                mine.setdefault(row.order_id, []).append(row)
        every += [entry for entries in mine.values() for entry in entries]
        for row in rows:
            if isinstance(row, Order) and row.resolution is not None:
                entries = mine.get(row.id, [])
                _add_up(group, terms, row, rules.payments_of(row, entries), entries, due, out)
                orders += not rules.never(row)
                unfinished += not rules.never(row) and row.settled < rules.DONE
    return Settlement(
        group=group, balance=ledger.balance(every), due=due, released=out, orders=orders, unfinished=unfinished
    )


def _add_up(
    group: Group,
    terms: Campaign,
    order: Order,
    payments: list[Entry],
    entries: list[Entry],
    due: dict[tuple[Payee, str], int],
    out: dict[tuple[Payee, str], int],
) -> None:
    """Of an order that is not delivered, what was let out is what there is: a forfeited earnest, or nothing."""
    let_out = rules.released(payments, entries)
    whole: rules.Owed = let_out
    if not rules.never(order):
        if not payments or terms.settlement is None or group.verdict is None:
            return
        whole = rules.owed(order, terms, group.verdict.prices, rules.sums(payments, entries).left)
    for sums, found in ((due, whole), (out, let_out)):
        for who, amount in found.items():
            sums[who] = sums.get(who, 0) + amount
