"""What arrived at a pickup point or zone (收货单), and who goes without when something is missing (R8's kin, S9).

A leader records for each item what came, what is missing and what is damaged; together they are what was expected.
What is lost is shared out by the campaign's own rule, in rounds: each round takes what the latest entry lost beyond
what earlier rounds have shared, over the units that were not yet found short. The share of an order follows from the
order and the round's cut alone, so a round may stop anywhere and go on anywhere.

    first_come   whoever joined last goes without first
    proportion   everybody in proportion to their units, the odd units by largest remainder
    draw         by rank: sha256 of "seed|sku|ticket"; the highest goes without first. The seed follows from the
                 verdict, so nobody could choose it knowing of a shortage, and anybody can recompute it
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from ..lean import dataclass
from .campaign import ShortageRule
from .group import Group
from .ids import derived
from .instants import MINUTE, Instant
from .order import Order, still_to_come
from .refusals import Broken, Refused
from .supply import Units
from .writes import Row

GRACE = 10 * MINUTE
"""How long a fresh entry may still be corrected downwards: money that has gone back is not asked for again."""

MOST_ENTRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units of one item: good ones, missing ones, and ones that cannot be handed out."""

    received: int
    short: int = 0
    damaged: int = 0

    @property
    def lost(self) -> int:
        return self.short + self.damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was recorded with `number`: 1 is the receipt, each later one a correction of all of it."""

    number: int
    lines: Mapping[str, Line]
    at: Instant
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How `short` units of an item are shared over `claimed` units: down to the rank `last`, which loses `at_last`."""

    short: int
    claimed: int
    last: str = ""
    at_last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A sharing under way, or the latest one: what it shares, and the last order it has looked at."""

    number: int
    cuts: Mapping[str, Cut]
    begun_at: Instant
    cursor: str | None = None
    finished_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Row):
    """One destination of a formed group: expected, then received, then shared out where something was lost.

    `settled` is what all rounds together have shared or are sharing; `counted_at` when the orders behind `expected`
    were counted. `orders` is how many of them there are.
    """

    group_id: str
    destination: str
    campaign_id: str
    merchant_id: str
    leader_id: str | None = None
    title: str
    place: str
    zone: str
    expected: Units
    orders: int
    counted_at: Instant
    created_at: Instant
    capacity: int | None = None
    rule: ShortageRule
    seed: str
    entries: tuple[Entered, ...] = ()
    settled: Units = field(default_factory=dict)
    round: Round | None = None
    owed: tuple[str, ...] = ()

    @property
    def latest(self) -> Entered | None:
        return self.entries[-1] if self.entries else None

    @property
    def sharing(self) -> bool:
        return self.round is not None and self.round.finished_at is None

    @property
    def state(self) -> str:
        if self.latest is None:
            return "expected"
        if self.sharing or any(self.unsettled.values()):
            return "sharing"
        return "received"

    @property
    def unsettled(self) -> dict[str, int]:
        """What the latest entry lost beyond what has been shared."""
        lines = self.latest.lines if self.latest else {}
        left = {sku: line.lost - self.settled.get(sku, 0) for sku, line in lines.items()}
        return {sku: units for sku, units in left.items() if units > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One order's units of one item that were not yet found short, and its rank: the highest goes without first."""

    rank: str
    units: int


def seed_of(group: Group) -> str:
    """Fixed with the verdict, before anybody knows what will be missing."""
    verdict = group.verdict
    if verdict is None:
        raise Broken(f"group {group.id} has no verdict")
    return derived("draw", group.id, *map(str, (verdict.given_at, verdict.participants, verdict.amount_minor)))


def ticket_of(order_id: str) -> str:
    """An order's name in public: its owner finds it, and it leads back to nobody."""
    return derived("ticket", order_id, length=12)


def entered(receipt: Receipt, lines: Mapping[str, Line], *, number: int, note: str, now: Instant, by: str) -> Receipt:
    """The receipt, or a correction on top of the entry that was read. Repeating the latest entry is done already."""
    last = receipt.latest
    if last is not None and (last.number, dict(last.lines), last.note) == (number, dict(lines), note):
        return receipt
    if number != len(receipt.entries) + 1:
        raise Refused("receipt_has_changed", number=len(receipt.entries))
    if number > MOST_ENTRIES:
        raise Refused("too_many_corrections", most=MOST_ENTRIES)
    check_lines(receipt, lines)
    new = Entered(number=number, lines=dict(lines), at=now, by=by, note=note)
    due = receipt.due_at if receipt.sharing or receipt.owed else now + GRACE
    return replace(receipt, entries=(*receipt.entries, new), due_at=due)


def check_lines(receipt: Receipt, lines: Mapping[str, Line]) -> None:
    """Every expected unit is accounted for once, and nothing that was paid back turns up again."""
    for sku in lines:
        if sku not in receipt.expected:
            raise Refused("not_expected_here", sku=sku)
    for sku, units in receipt.expected.items():
        line = lines.get(sku)
        if line is None or line.received + line.lost != units:
            raise Refused("receipt_does_not_add_up", sku=sku, expected=units)
        if min(line.received, line.short, line.damaged) < 0:
            raise Refused("receipt_does_not_add_up", sku=sku, expected=units)
        if line.lost < receipt.settled.get(sku, 0):
            raise Refused("shortage_already_shared", sku=sku, shared=receipt.settled[sku])


def begun(receipt: Receipt, claims: Mapping[str, Sequence[Claim]], now: Instant) -> Receipt:
    """The next round, with the cuts that decide every order's share."""
    cuts = {sku: cut(receipt.rule, units, claims.get(sku, ())) for sku, units in receipt.unsettled.items()}
    settled = {**receipt.settled}
    for sku, units in receipt.unsettled.items():
        settled[sku] = settled.get(sku, 0) + units
    number = receipt.round.number + 1 if receipt.round else 1
    return replace(receipt, settled=settled, round=Round(number=number, cuts=cuts, begun_at=now), due_at=now)


def went_on(receipt: Receipt, cursor: str | None, now: Instant) -> Receipt:
    """So far the round has come; without a cursor it is finished, and a correction made meanwhile has its turn."""
    assert receipt.round is not None
    if cursor is not None:
        return replace(receipt, round=replace(receipt.round, cursor=cursor), due_at=now)
    done = replace(receipt, round=replace(receipt.round, cursor=None, finished_at=now), due_at=None)
    assert done.latest is not None
    return replace(done, due_at=max(now, done.latest.at + GRACE)) if done.unsettled else done


def claim(rule: ShortageRule, order: Order, sku: str, seed: str) -> Claim:
    left = still_to_come(order, sku)
    if rule is ShortageRule.FIRST_COME:
        return Claim(rank=f"{order.joined_at:015d}|{order.id}", units=left)
    return Claim(rank=drawn(seed, sku, ticket_of(order.id)), units=left)


def drawn(seed: str, sku: str, ticket: str) -> str:
    """A ticket's rank in the draw of one item."""
    return hashlib.sha256(f"{seed}|{sku}|{ticket}".encode()).hexdigest()


def cut(rule: ShortageRule, short: int, claims: Sequence[Claim]) -> Cut:
    """Where the shortage ends. More than is claimed cannot be lost by those who claim."""
    claimed = sum(one.units for one in claims)
    short = min(short, claimed)
    if not short:
        return Cut(short=0, claimed=claimed)
    if rule is ShortageRule.PROPORTION:
        odd = short - sum(short * one.units // claimed for one in claims)
        ranks = sorted((_remainder(short, claimed, one) for one in claims), reverse=True)
        return Cut(short=short, claimed=claimed, last=ranks[odd - 1] if odd else "", at_last=1 if odd else 0)
    left = short
    for one in sorted((one for one in claims if one.units), key=lambda one: one.rank, reverse=True):
        if one.units >= left:
            return Cut(short=short, claimed=claimed, last=one.rank, at_last=left)
        left -= one.units
    raise Broken("a shortage went beyond what was claimed")


def share(rule: ShortageRule, where: Cut, one: Claim) -> int:
    """How many units this order goes without: never more than it claims, and all orders together exactly the cut's."""
    if not where.short or not one.units:
        return 0
    if rule is ShortageRule.PROPORTION:
        extra = bool(where.last) and _remainder(where.short, where.claimed, one) >= where.last
        return where.short * one.units // where.claimed + (1 if extra else 0)
    if one.rank == where.last:
        return where.at_last
    return one.units if one.rank > where.last else 0


def _remainder(short: int, claimed: int, one: Claim) -> str:
    """Sortable: the larger remainder first, equal ones by the draw."""
    return f"{short * one.units % claimed:012d}|{one.rank}"


def shares(receipt: Receipt, order: Order) -> dict[str, int]:
    """What an order goes without in the round under way, by SKU. It may have been told so already."""
    assert receipt.round is not None
    if order.shared >= receipt.round.number:
        return {}
    found = {
        sku: share(receipt.rule, where, claim(receipt.rule, order, sku, receipt.seed))
        for sku, where in receipt.round.cuts.items()
    }
    return {sku: units for sku, units in found.items() if units}
