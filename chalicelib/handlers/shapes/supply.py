"""Purchase orders, lots, leaders, places and receipts over the wire."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import receipt as receipts
from ...domain import supply
from ...domain.campaign import MAX_ITEMS, ShortageRule
from ...domain.files import UploadForm
from ...domain.leader import Decision, Leader, LeaderState, Neighbour, Place
from ...domain.receipt import Receipt
from ...domain.supply import Lot, PurchaseOrder
from ...services.people.leaders import PlaceRequest
from ...services.supplying.receive import ShareLine
from ...services.supplying.supply import LotRequest
from .orders import JoinBody
from .words import (
    Id,
    Input,
    Line,
    Lines,
    Moment,
    MomentIn,
    Output,
    PageQuery,
    Sku,
    Title,
    Version,
    shown,
    shown_or_none,
)

Number = Annotated[int, Meta(ge=1, le=10_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
FileKey = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[A-Za-z0-9._~/-]+$(?!\n)")]

# ------------------------------------------------------------------ purchase orders


class AcknowledgeBody(Input):
    """Names the number that was read: 1 is the order as issued, later ones are amendments."""

    number: Number


class PromiseBody(Input):
    ready_at: MomentIn
    note: Line = ""


class LotBody(Input):
    """Units that left, and where to (a destination of the purchase order; none: for all of it)."""

    units: Lines
    destination: Id | None = None
    batch: Line = ""
    note: Line = ""

    def to_service(self, key: str) -> LotRequest:
        return LotRequest(units=self.units, key=key, destination=self.destination, batch=self.batch, note=self.note)


class ReportBody(Input):
    """The key under which the file was laid down."""

    key: FileKey


class Upload(Output):
    """A form that lays one file down: post `fields` to `url`, the file last, as `file`; then name `key`."""

    url: str
    fields: dict[str, str]
    key: str
    most_bytes: int
    seconds: int

    @classmethod
    def of(cls, form: UploadForm) -> Self:
        return cls(
            url=form.url, fields=dict(form.fields), key=form.key, most_bytes=form.most_bytes, seconds=form.seconds
        )


class Asked(Output):
    """What is to go to one destination."""

    destination: str
    place: str
    units: dict[str, int]


class AmendmentLine(Output):
    number: int
    at: Moment
    changes: list[Asked]


class AcknowledgementLine(Output):
    number: int
    at: Moment


class PromiseLine(Output):
    ready_at: Moment
    at: Moment
    note: str


class ReportLine(Output):
    """`link` reads the file for a quarter of an hour."""

    content_type: str
    size: int
    at: Moment
    link: str | None = None


class LotLine(Output):
    number: int
    units: dict[str, int]
    destination: str | None
    batch: str
    note: str
    shipped_at: Moment

    @classmethod
    def of(cls, lot: Lot) -> Self:
        return cls(
            number=lot.number,
            units=dict(lot.units),
            destination=lot.destination,
            batch=lot.batch,
            note=lot.note,
            shipped_at=shown(lot.shipped_at),
        )


class Purchase(Output):
    """A purchase order as it stands. `number` is what an acknowledgement must name."""

    id: str
    group_id: str
    title: str
    number: int
    items: dict[str, str]
    asked: list[Asked]
    total: dict[str, int]
    shipped: dict[str, int]
    lots: int
    issued_at: Moment
    answer_by: Moment
    acknowledged: bool
    acknowledgements: list[AcknowledgementLine]
    amendments: list[AmendmentLine]
    escalations: list[str]
    promised_for: Moment | None
    promises: list[PromiseLine]
    reports: list[ReportLine]

    @classmethod
    def of(cls, purchase: PurchaseOrder) -> Self:
        promise = purchase.promised
        return cls(
            id=purchase.id,
            group_id=purchase.group_id,
            title=purchase.title,
            number=purchase.number,
            items=dict(purchase.items),
            asked=_asked(purchase, purchase.units),
            total=supply.totals(purchase.units),
            shipped=dict(purchase.shipped),
            lots=purchase.lots,
            issued_at=shown(purchase.issued_at),
            answer_by=shown(purchase.answer_by),
            acknowledged=purchase.acknowledged,
            acknowledgements=[
                AcknowledgementLine(number=said.number, at=shown(said.at)) for said in purchase.acknowledgements
            ],
            amendments=[
                AmendmentLine(number=one.number, at=shown(one.at), changes=_asked(purchase, one.changes))
                for one in purchase.amendments
            ],
            escalations=list(purchase.steps),
            promised_for=shown_or_none(promise.ready_at if promise else None),
            promises=[
                PromiseLine(ready_at=shown(said.ready_at), at=shown(said.at), note=said.note)
                for said in purchase.promises
            ],
            reports=[
                ReportLine(content_type=one.content_type, size=one.size, at=shown(one.at)) for one in purchase.reports
            ],
        )


def _asked(purchase: PurchaseOrder, units: supply.ByDestination) -> list[Asked]:
    return [
        Asked(destination=where, place=purchase.places.get(where, ""), units=dict(there))
        for where, there in sorted(units.items())
    ]


class PurchaseStory(Purchase, kw_only=True):
    """With its lots, oldest first."""

    shipments: list[LotLine]


class PurchasePage(Output):
    items: list[Purchase]
    next: str | None


class PackAhead(Output):
    """Orders of one item and nothing beside it, as last counted: by item, then by how many pieces of it."""

    items: dict[str, dict[str, int]]


class PurchaseList(Output):
    items: list[Purchase]


# ------------------------------------------------------------------ leaders


class ApplyBody(Input):
    """Where one means to lead."""

    community: Title


class DecisionBody(Input):
    decision: Decision
    reason: Line = ""


class LeaderQuery(PageQuery, kw_only=True):
    state: LeaderState = LeaderState.APPLIED


class DecidedLine(Output):
    state: LeaderState
    at: Moment
    reason: str


class LeaderLine(Output):
    person_id: str
    state: LeaderState
    community: str
    applied_at: Moment
    decisions: list[DecidedLine]

    @classmethod
    def of(cls, leader: Leader) -> Self:
        return cls(
            person_id=leader.person_id,
            state=leader.state,
            community=leader.community,
            applied_at=shown(leader.applied_at),
            decisions=[DecidedLine(state=one.state, at=shown(one.at), reason=one.reason) for one in leader.decisions],
        )


class LeaderPage(Output):
    items: list[LeaderLine]
    next: str | None


class PlaceBody(Input):
    """A pickup place, for everybody to see. `capacity` is how many orders it holds a day."""

    name: Title
    address: Title
    capacity: Annotated[int, Meta(ge=1, le=100_000)]
    hours: Line = ""
    community_id: Id | None = None
    open: bool = True

    def to_service(self) -> PlaceRequest:
        return PlaceRequest(
            name=self.name,
            address=self.address,
            hours=self.hours,
            capacity=self.capacity,
            community_id=self.community_id,
            open=self.open,
        )


class PlaceEdit(PlaceBody, kw_only=True):
    version: Version


class PlaceLine(Output):
    id: str
    name: str
    address: str
    hours: str
    capacity: int
    community_id: str | None
    open: bool
    version: int

    @classmethod
    def of(cls, place: Place) -> Self:
        return cls(
            id=place.id,
            name=place.name,
            address=place.address,
            hours=place.hours,
            capacity=place.capacity,
            community_id=place.community_id,
            open=place.open,
            version=place.version,
        )


class PlacePage(Output):
    items: list[PlaceLine]
    next: str | None


class HelperBody(Input):
    """Lets the leader of a place order for me, or takes it back.

    `address_id` is the address of mine that goods are brought to, where they are; the leader never sees it.
    """

    place_id: Id
    allowed: bool = True
    address_id: Id | None = None


class NeighbourLine(Output):
    """`code` is what the neighbour tells their leader; nothing else of them is known to the leader.

    `to_the_door`: they have named an address to themselves, so goods can be brought to it.
    """

    code: str
    allowed: bool
    to_the_door: bool
    said_at: Moment

    @classmethod
    def of(cls, neighbour: Neighbour) -> Self:
        return cls(
            code=neighbour.code,
            allowed=neighbour.allowed,
            to_the_door=neighbour.address_id is not None,
            said_at=shown(neighbour.said_at),
        )


class NeighbourPage(Output):
    items: list[NeighbourLine]
    next: str | None


class JoinForBody(JoinBody, kw_only=True):
    """A neighbour's order, placed by their leader; the rest is as in a join of one's own."""

    neighbour: Id


# ------------------------------------------------------------------ receipts


class ReceivedInput(Input):
    received: Count
    short: Count = 0
    damaged: Count = 0

    def to_domain(self) -> receipts.Line:
        return receipts.Line(received=self.received, short=self.short, damaged=self.damaged)


class ReceiptBody(Input):
    """Every expected item, with what came, is missing, is damaged. `number`: 1, or one more for each correction."""

    number: Number
    lines: Annotated[dict[Sku, ReceivedInput], Meta(min_length=1, max_length=MAX_ITEMS)]
    note: Line = ""


class ReceivedUnits(Output):
    received: int
    short: int
    damaged: int

    @classmethod
    def of(cls, line: receipts.Line) -> Self:
        return cls(received=line.received, short=line.short, damaged=line.damaged)


class EnteredLine(Output):
    number: int
    at: Moment
    lines: dict[str, ReceivedUnits]
    note: str


class ReceiptSeen(Output):
    """`shared` are the units found missing for somebody so far; `state`: expected, sharing or received."""

    group_id: str
    destination: str
    title: str
    place: str
    state: str
    expected: dict[str, int]
    orders: int
    capacity: int | None
    over_capacity: bool
    entries: list[EnteredLine]
    shared: dict[str, int]
    rule: ShortageRule
    seed: str

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        return cls(
            group_id=receipt.group_id,
            destination=receipt.destination,
            title=receipt.title,
            place=receipt.place,
            state=receipt.state,
            expected=dict(receipt.expected),
            orders=receipt.orders,
            capacity=receipt.capacity,
            over_capacity=receipt.capacity is not None and receipt.orders > receipt.capacity,
            entries=[
                EnteredLine(
                    number=one.number,
                    at=shown(one.at),
                    lines={sku: ReceivedUnits.of(line) for sku, line in one.lines.items()},
                    note=one.note,
                )
                for one in receipt.entries
            ],
            shared=dict(receipt.settled),
            rule=receipt.rule,
            seed=receipt.seed,
        )


class ReceiptPage(Output):
    items: list[ReceiptSeen]
    next: str | None


class ReceiptList(Output):
    items: list[ReceiptSeen]


class ShareSeen(Output):
    ticket: str
    joined_at: Moment
    units: dict[str, int]
    short: dict[str, int]

    @classmethod
    def of(cls, line: ShareLine) -> Self:
        return cls(ticket=line.ticket, joined_at=shown(line.joined_at), units=dict(line.units), short=dict(line.short))


class Shares(Output):
    """How a shortage was shared. For a draw, a ticket's rank is sha256 of `seed|sku|ticket`; the highest go without."""

    rule: ShortageRule
    seed: str
    shared: dict[str, int]
    items: list[ShareSeen]
    next: str | None
