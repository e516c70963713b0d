"""A group's money, added up from its entries whenever somebody asks: no running total that could be wrong."""

from collections.abc import Mapping

from ...domain import ledger
from ...domain.group import Group
from ...domain.ledger import Balance
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...lean import dataclass
from ..world import World

SEES_ALL = frozenset({"manager", "support", "ops"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMoney:
    balance: Balance
    accounts: Mapping[str, int]
    currency: str
    entries: int
    strays: Mapping[str, int]


def of_group(world: World, caller: Caller, group_id: str) -> GroupMoney:
    group = seen_group(world, caller, group_id)
    found = list(world.store.entries_of_group(group))
    entries = [entry for entry in found if entry.currency == group.currency]
    others = sorted({entry.currency for entry in found} - {group.currency})
    return GroupMoney(
        balance=ledger.balance(entries),
        accounts=ledger.accounts(entries),
        currency=group.currency,
        entries=len(found),
        strays={name: ledger.balance(e for e in found if e.currency == name).held for name in others},
    )


def seen_group(world: World, caller: Caller, group_id: str) -> Group:
    """A group as its merchant, or those who work for all, may look into it."""
    group = world.store.group(group_id)
    if group is None or (group.merchant_id != caller.id and not caller.roles & SEES_ALL):
        raise Refused("group_not_found", group=group_id)
    return group
