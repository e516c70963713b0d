"""The balance of a deposit order: paid in time, or defaulted on, or coming when nobody waits for it any more (O4).

Until its time is over a balance is waited for; then the order defaults, by its own timer, in one transaction with all
that follows: the deposit's way, the units, and what suppliers are asked for.
"""

from dataclasses import replace

from ...domain import balance as rules
from ...domain import ledger, settlement
from ...domain.campaign import Campaign
from ...domain.deposit import DepositKind
from ...domain.group import Group
from ...domain.instants import Instant
from ...domain.ledger import Entry
from ...domain.order import DEFAULTED, Order, and_then
from ...domain.refusals import Broken
from ...domain.writes import Create, Replace, TakeStock, Unchanged, Write
from ..buying.cancel import given_back, payments_of, voided_balance
from ..supplying.purchase import counting_again
from ..world import World


def came(world: World, money: Entry, order: Order, paid_at: Instant, now: Instant) -> None:
    """It pays for the order, or goes back whole. In time by its provider's time, and told of only after the default:
    then nobody has broken a word, and an earnest that was taken goes back with it.
    """
    if rules.pays(order, money, paid_at):
        world.store.commit(Replace(rules.paid(order, money.id, now)), Replace(money))
        world.watch.count("balances_paid")
        return
    cause = "duplicate" if order.balance_id is not None else "late"
    writes: list[Write] = [Replace(money), *given_back(money, cause, now, owed=("late_money_refund",))]
    if order.resolution == DEFAULTED and paid_at < (order.balance_by or 0):
        writes += _earnest_back(world, order, now)
    world.store.commit(*writes)
    world.watch.count("late_money_refunded")


def _earnest_back(world: World, order: Order, now: Instant) -> list[Write]:
    deposit = payments_of(world, order)[0]
    taken = world.store.entry(rules.forfeiture_id(deposit.id))
    back = rules.taken_back(deposit, taken, now) if taken is not None else None
    if taken is None or back is None or world.store.entry(back.id) is not None:
        return []
    refund = ledger.refund_of(deposit, cause="paid_in_time", amount_minor=taken.amount_minor, now=now)
    seen = replace(order, steps=and_then(order.steps, "earnest_back", now, "provider"))
    return [Replace(seen), Create(back), Create(refund)]


def default(world: World, order: Order, group: Group, terms: Campaign, now: Instant) -> None:
    """The seat is given up after its group has formed: the verdict stands, and the units return to the campaign. Nobody
    defaults in a group that its merchant has called off.
    """
    if group.called_off_at is not None:
        world.store.commit(Replace(replace(order, due_at=None)))
        return
    if terms.deposit is None:
        raise Broken(f"order {order.id} owes a balance and its campaign takes no deposits")
    kind = terms.deposit.kind
    back = {sku: -units for sku, units in order.lines.items()}
    writes: list[Write] = [Replace(rules.defaulted(order, kind, now)), *_deposits_way(world, order, kind, now)]
    writes += voided_balance(world, order)
    writes += [Unchanged(group), TakeStock(order.campaign_id, back), *counting_again(world, order.group_id, now)]
    world.store.commit(*writes)
    world.watch.count("balances_defaulted")


def _deposits_way(world: World, order: Order, kind: DepositKind, now: Instant) -> list[Write]:
    """定金: to the merchant. 订金: back, with nothing taken off."""
    deposit = payments_of(world, order)[0]
    entries = world.store.entries_of_order(order.id)
    if kind is DepositKind.EARNEST:
        left = settlement.sums([deposit], entries).left  # a bank may have taken it back meanwhile
        return [Create(rules.forfeited(deposit, left, now))] if left > 0 else []
    left = ledger.refundable(deposit, entries)
    return [Create(ledger.refund_of(deposit, cause="balance_unpaid", amount_minor=left, now=now))] if left > 0 else []
