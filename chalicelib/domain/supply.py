"""What is asked of suppliers (采购单), and what they send (货批).

    demand           counted from a formed group's orders, part by part; again when pickup choices have ended
    purchase order   one per supplier and group; what the count changes later is an amendment with a number
    lot              what a supplier has sent on its way

Whoever does not acknowledge a purchase order, or a later amendment, in time is chased: its merchant is told, then the
manager, each once for each number. What a merchant supplies themselves is listed alike, and nobody is chased for it:
the stage is theirs, and has a limit of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from ..lean import dataclass
from .campaign import Campaign, Item
from .ids import derived
from .instants import DAY, HOUR, Instant
from .plan import STOCKING, Basis
from .refusals import Refused
from .substitute import Substitute
from .writes import Row

Units = Mapping[str, int]
"""Units by SKU."""

ByDestination = Mapping[str, Units]

ANSWER_WITHIN = 48 * HOUR
SOONER_BY = 12 * HOUR
PER_PARTICIPANTS = 100
ANSWER_FLOOR = 12 * HOUR
"""A supplier answers within 48 h, 12 h less for each hundred participants, but never less than this (S4, P18)."""

MANAGER_AFTER = 12 * HOUR
"""How long after its merchant the manager hears of an unanswered purchase order."""

MOST_KEPT = 40
MOST_LOTS = 200
LONGEST_PROMISE = 365 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(Row):
    """What a formed group's orders add up to, by destination. Count `number` is under way from `part` on.

    `units` and `orders` are those of the last complete count, begun at `counted_at`; `counting` is the one under way.
    `moved` says, by SKU, which supplier took over from the one in the terms.
    `alone` counts the orders of one item and nothing beside it, by item and number of units: they can be packed before
    anything else is known (S18).
    """

    group_id: str
    number: int = 1
    part: int = 0
    begun_at: Instant
    counting: ByDestination = field(default_factory=dict)
    counting_orders: Units = field(default_factory=dict)
    done: int = 0
    counted_at: Instant | None = None
    units: ByDestination = field(default_factory=dict)
    orders: Units = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    counting_alone: ByDestination = field(default_factory=dict)
    alone: ByDestination = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What became different with `number`: more (or, negative, fewer) units by destination."""

    number: int
    at: Instant
    changes: ByDestination


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    number: int
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """When the goods will be ready, as the supplier said at `at`."""

    ready_at: Instant
    at: Instant
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An uploaded inspection report: where it lies, and who put it there."""

    key: str
    content_type: str
    size: int
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(Row):
    """What one supplier is asked for by one group. `number` 1 is the order as issued, each later one an amendment.

    `steps` are the escalations taken for this number. `answer_by` is when silence is first escalated.
    """

    id: str
    group_id: str
    campaign_id: str
    merchant_id: str
    supplier_id: str
    title: str
    zone: str
    items: Mapping[str, str]
    places: Mapping[str, str]
    units: ByDestination
    number: int = 1
    issued_at: Instant
    amendments: tuple[Amendment, ...] = ()
    answer_within: Instant
    answer_by: Instant
    acknowledgements: tuple[Acknowledgement, ...] = ()
    steps: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    reports: tuple[Report, ...] = ()
    shipped: Units = field(default_factory=dict)
    lots: int = 0
    owed: tuple[str, ...] = ()

    @property
    def withdrawn(self) -> bool:
        """Nothing is asked for any more: another supplier has taken over, or nobody wants it."""
        return not self.units

    @property
    def acknowledged(self) -> bool:
        if self.supplier_id == self.merchant_id or self.withdrawn:
            return True
        return bool(self.acknowledgements) and self.acknowledgements[-1].number == self.number

    @property
    def promised(self) -> Promise | None:
        return self.promises[-1] if self.promises else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot(Row):
    """Goods a supplier has sent off. `key` makes a repeated report the same lot; `batch` is their own number for it."""

    purchase_id: str
    group_id: str
    key: str
    number: int
    units: Units
    destination: str | None = None
    batch: str = ""
    note: str = ""
    shipped_at: Instant
    by: str


def purchase_id(group_id: str, supplier_id: str) -> str:
    """Carries its group, and says nothing of its supplier."""
    return f"{group_id}-{derived('purchase', group_id, supplier_id)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked for goods of one SKU, and what they are called."""

    supplier_id: str
    title: str


def asked_of(terms: Campaign, offers: Sequence[Substitute] = ()) -> dict[str, Asked]:
    """Every SKU that may be asked for. A substitute comes from its item's own supplier, unless it is an item itself."""
    items = {item.sku: Asked(supplier_id=supplier_of(terms, item), title=item.title) for item in terms.items}
    others = {
        one.instead: Asked(supplier_id=items[one.sku].supplier_id, title=one.title)
        for one in offers
        if one.instead and one.sku in items
    }
    return {**others, **items}


def as_supplied(terms: Campaign, moved: Mapping[str, str]) -> Campaign:
    """The terms with those as suppliers who have taken over."""
    if not moved:
        return terms
    items = tuple(replace(item, supplier_id=moved.get(item.sku, item.supplier_id)) for item in terms.items)
    return replace(terms, items=items)


def supplier_of(terms: Campaign, item: Item) -> str:
    """Who is asked for it: a merchant whose item names nobody else supplies it themselves."""
    return item.supplier_id or terms.merchant_id


def answer_within(terms: Campaign, participants: int) -> Instant:
    """How long a supplier has to answer: the limit of the stage that waits for the goods (P18), where it counts hours.

    The more people wait, the less.
    """
    stocking = next((stage.limit for stage in terms.plan if stage.name == STOCKING), None)
    if stocking is not None and stocking.basis is Basis.CLOCK:
        return stocking.lasting(participants)
    return max(ANSWER_FLOOR, ANSWER_WITHIN - SOONER_BY * (participants // PER_PARTICIPANTS))


def plus(one: ByDestination, destination: str, units: Units) -> dict[str, dict[str, int]]:
    sums = {name: dict(inner) for name, inner in one.items()}
    there = sums.setdefault(destination, {})
    for sku, count in units.items():
        there[sku] = there.get(sku, 0) + count
    return sums


def for_supplier(units: ByDestination, asked: Mapping[str, Asked], supplier_id: str) -> dict[str, dict[str, int]]:
    """One supplier's share of the demand; destinations that need nothing of theirs are left out."""
    theirs = {sku for sku, one in asked.items() if one.supplier_id == supplier_id}
    shares = {
        destination: {sku: count for sku, count in there.items() if sku in theirs and count}
        for destination, there in sorted(units.items())
    }
    return {destination: there for destination, there in shares.items() if there}


def totals(units: ByDestination) -> dict[str, int]:
    sums: dict[str, int] = {}
    for there in units.values():
        for sku, count in there.items():
            sums[sku] = sums.get(sku, 0) + count
    return sums


def difference(old: ByDestination, new: ByDestination) -> dict[str, dict[str, int]]:
    """What is asked for more (negative: less) than before, where anything changed."""
    changes: dict[str, dict[str, int]] = {}
    for destination in sorted({*old, *new}):
        was, now = old.get(destination, {}), new.get(destination, {})
        moved = {sku: now.get(sku, 0) - was.get(sku, 0) for sku in sorted({*was, *now})}
        if any(moved.values()):
            changes[destination] = {sku: count for sku, count in moved.items() if count}
    return changes


def amended(
    purchase: PurchaseOrder, units: ByDestination, now: Instant, *, items: Mapping[str, str] | None = None
) -> PurchaseOrder | None:
    """The order with what the new count asks for, to be acknowledged anew; None where nothing changed.

    `items` are titles of what may be new on it.
    """
    changes = difference(purchase.units, units)
    if not changes:
        return None
    number = purchase.number + 1
    own = purchase.supplier_id == purchase.merchant_id
    said = "purchase_amended" if units else "purchase_withdrawn"
    owed = purchase.owed if own else tuple(dict.fromkeys((*purchase.owed, said)))
    return replace(
        purchase,
        units=units,
        items={**(items or {}), **purchase.items},
        number=number,
        amendments=(*purchase.amendments, Amendment(number=number, at=now, changes=changes))[-MOST_KEPT:],
        answer_by=now + purchase.answer_within,
        steps=(),
        owed=owed,
        due_at=now if owed else None,
    )


def acknowledged(purchase: PurchaseOrder, number: int, now: Instant, by: str) -> PurchaseOrder:
    """Names the number that was read: agreeing to what has been amended meanwhile would agree to the unread."""
    if number != purchase.number:
        raise Refused("purchase_has_changed", number=purchase.number)
    said = Acknowledgement(number=number, at=now, by=by)
    known = (*purchase.acknowledgements, said)[-MOST_KEPT:]
    return replace(purchase, acknowledgements=known, due_at=now if purchase.owed else None)


def promised(purchase: PurchaseOrder, ready_at: Instant, note: str, now: Instant, by: str) -> PurchaseOrder:
    """Every promise stays on record: a date that moves is seen to have moved."""
    if ready_at <= now:
        raise Refused("promise_in_the_past")
    if ready_at > now + LONGEST_PROMISE:
        raise Refused("promise_too_far", days=LONGEST_PROMISE // DAY)
    said = Promise(ready_at=ready_at, at=now, by=by, note=note)
    return replace(
        purchase,
        promises=(*purchase.promises, said)[-MOST_KEPT:],
        owed=(*purchase.owed, "purchase_promised"),
        due_at=now,
    )


def reported(purchase: PurchaseOrder, report: Report, now: Instant) -> PurchaseOrder:
    """One more inspection report; the stage that waits for it hears of it by the row's timer."""
    return replace(purchase, reports=(*purchase.reports, report), owed=(*purchase.owed, "report_added"), due_at=now)


def shipped(purchase: PurchaseOrder, units: Units, destination: str | None, now: Instant) -> PurchaseOrder:
    """One more lot on its way. More than was asked for is refused: nobody waits for it."""
    if not purchase.acknowledged:
        raise Refused("purchase_not_acknowledged", number=purchase.number)
    if purchase.lots >= MOST_LOTS:
        raise Refused("too_many_lots", most=MOST_LOTS)
    if destination is not None and destination not in purchase.units:
        raise Refused("unknown_destination", destination=destination)
    asked = totals(purchase.units) if destination is None else purchase.units[destination]
    sent = dict(purchase.shipped)
    for sku, count in units.items():
        if sku not in asked:
            raise Refused("not_on_this_purchase", sku=sku)
        sent[sku] = sent.get(sku, 0) + count
        left = totals(purchase.units)[sku] - purchase.shipped.get(sku, 0)
        if count > min(left, asked[sku]):
            raise Refused("more_than_asked_for", sku=sku, left=max(0, min(left, asked[sku])))
    return replace(purchase, shipped=sent, lots=purchase.lots + 1, owed=(*purchase.owed, "lot_shipped"), due_at=now)


def escalations(purchase: PurchaseOrder) -> Sequence[tuple[str, Instant]]:
    """What silence leads to, and when: its merchant first, then the manager."""
    return (
        ("purchase_unanswered", purchase.answer_by),
        ("purchase_escalated", purchase.answer_by + MANAGER_AFTER),
    )


def escalated(purchase: PurchaseOrder, now: Instant) -> PurchaseOrder:
    """With the steps that are due by now and were not taken; what is answered is not chased."""
    if purchase.acknowledged:
        return purchase
    due = tuple(name for name, at in escalations(purchase) if at <= now and name not in purchase.steps)
    return replace(purchase, steps=(*purchase.steps, *due), owed=(*purchase.owed, *due))


def next_look(purchase: PurchaseOrder, now: Instant) -> Instant | None:
    if purchase.owed:
        return now
    if purchase.acknowledged:
        return None
    return min((at for name, at in escalations(purchase) if name not in purchase.steps), default=None)
