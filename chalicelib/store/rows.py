"""How each kind of row is keyed and listed: the whole layout of the table on one screen.

Orders of a group are spread over `parts` partitions; an order, its entries and its part's bookkeeping share one.
Slices have partitions of their own, because they are where a crowd writes.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from ..domain import audit, books, ids
from ..domain.batch import Batch, InHand
from ..domain.books import BookedDay, Books, Difference
from ..domain.breaker import Breaker
from ..domain.campaign import Campaign, Restocked, Stock, Terms
from ..domain.chat import ChatMessage, Hook
from ..domain.feed import Digest, GroupChat, Post, Posted, Question
from ..domain.group import Group, Part, Slice
from ..domain.hours import Hour
from ..domain.incident import Coupon, Incident
from ..domain.instants import DAY
from ..domain.invoice import Invoice
from ..domain.journey import Duty, Journey
from ..domain.leader import Leader, Neighbour, Place
from ..domain.ledger import RELEASES, Entry, EntryState
from ..domain.notice import Notice
from ..domain.order import Order
from ..domain.pace import KEPT as PACE_KEPT
from ..domain.pace import Pace
from ..domain.payout import Payout, payable
from ..domain.person import Preferences
from ..domain.ports import RowKey
from ..domain.product import PriceMark, Product
from ..domain.receipt import Receipt
from ..domain.refusals import Broken
from ..domain.returns import Return
from ..domain.review import Rating, Review
from ..domain.routing import Load, Reroute, Routes
from ..domain.second_factor import Confirmed
from ..domain.session import Brake, LoginCode, Session
from ..domain.settlement import Settling
from ..domain.share import Share
from ..domain.solvency import Solvency
from ..domain.spent import Spent
from ..domain.substitute import Substitute
from ..domain.supply import Demand, Lot, PurchaseOrder
from ..domain.tally import Tally
from ..domain.task import Task
from ..domain.upkeep import Allowance, Announcement, Listing, Parked, Turns, Visit
from ..domain.waybill import Waybill, of_batch
from ..domain.writes import Row
from ..lean import dataclass
from .stored import Stored, plain

DUE_SHARDS = 32
NOTICES_KEPT = 2 * 365 * DAY
"""What somebody was told is kept as long as they may ask about it, and no longer (X10)."""

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """`lift` turns a document of an older shape into the next one; the list grows, old rows stay readable.

    `said_by_key`: fields that follow from the row's key, and are not stored a second time.
    """

    name: str
    of: type[R]
    key: Callable[[R], tuple[str, str]]
    listed: Callable[[R], tuple[str, str] | None] | None = None
    state: Callable[[R], str] | None = None
    gone_at: Callable[[R], int] | None = None
    said_by_key: Callable[[str], dict[str, Any]] | None = None
    lifts: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()

    @property
    def shape(self) -> int:
        return len(self.lifts) + 1


def stamp(at: int) -> str:
    """A moment as sortable text."""
    return f"{at:015d}"


def orders_pk(group_id: str, part: int) -> str:
    return f"GROUP#{group_id}#ORDERS#{part:02x}"


def order_key(order_id: str) -> tuple[str, str]:
    return orders_pk(ids.group_of(order_id), ids.part_of(order_id)), f"ORDER#{order_id}"


def of_order_id(order_id: str) -> dict[str, Any]:
    return {"id": order_id, "group_id": ids.group_of(order_id), "part": ids.part_of(order_id)}


def entry_key(entry_id: str) -> tuple[str, str]:
    """An entry's id starts with its order's (`<order>.p1`, `<order>.p1.failed`)."""
    order_id = entry_id.partition(".")[0]
    return order_key(order_id)[0], f"ENTRY#{order_id}#{entry_id}"


def notice_key(person_id: str, about: str, event: str, channel: str) -> tuple[str, str]:
    return f"PERSON#{person_id}", f"NOTICE#{about}#{event}#{channel}"


def tally_key(scope: str, owner_id: str) -> tuple[str, str]:
    return f"{scope.upper()}#{owner_id}", "TALLY"


def hour_key(campaign_id: str, at: int) -> tuple[str, str]:
    return f"HOURS#{campaign_id}", f"HOUR#{stamp(at)}"


def stock_key(campaign_id: str) -> tuple[str, str]:
    return f"CAMPAIGN#{campaign_id}", "STOCK"


def slice_key(group_id: str, number: int) -> tuple[str, str]:
    return f"GROUP#{group_id}#SLICE#{number:03d}", "SLICE"


def batch_key(group_id: str, destination: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", f"BATCH#{destination}"


def journey_key(group_id: str) -> tuple[str, str]:
    """Beside its group, so that the page of truth is one batch of one partition."""
    return f"GROUP#{group_id}", "JOURNEY"


def pace_key(merchant_id: str, began_at: int, group_id: str) -> tuple[str, str]:
    return f"PACES#{merchant_id}", f"{stamp(began_at)}#{group_id}"


def duties_pk(person_id: str, *, late: bool) -> str:
    return f"{'LATE' if late else 'DUTIES'}#{person_id}"


def review_key(product_id: str, ordered_at: int, order_id: str) -> tuple[str, str]:
    return f"PRODUCT#{product_id}", f"REVIEW#{stamp(ordered_at)}#{order_id}"


def waybill_key(waybill_id: str) -> tuple[str, str]:
    """A batch's lies with its group, an order's with its order."""
    if of_batch(waybill_id):
        group_id, _, destination = waybill_id.partition(".")
        return f"GROUP#{group_id}", f"WAYBILL#{destination}"
    return order_key(waybill_id)[0], f"WAYBILL#{waybill_id}"


def purchase_key(purchase_id: str) -> tuple[str, str]:
    """A purchase order's id starts with its group's."""
    group_id, _, code = purchase_id.partition("-")
    return f"GROUP#{group_id}", f"PO#{code}"


def lot_key(purchase_id: str, key: str) -> tuple[str, str]:
    group_id, _, code = purchase_id.partition("-")
    return f"GROUP#{group_id}", f"LOT#{code}#{key}"


def receipt_key(group_id: str, destination: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", f"RECEIPT#{destination}"


def neighbour_key(leader_id: str, code: str) -> tuple[str, str]:
    return f"LEADER#{leader_id}", f"NEIGHBOUR#{code}"


def return_key(order_id: str, number: int) -> tuple[str, str]:
    """Beside its order."""
    return order_key(order_id)[0], f"RETURN#{order_id}#{number:02d}"


def invoice_key(order_id: str) -> tuple[str, str]:
    """Beside its order."""
    return order_key(order_id)[0], f"INVOICE#{order_id}"


def incident_key(group_id: str, incident_id: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", f"INCIDENT#{incident_id}"


def substitute_key(group_id: str, sku: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", f"SUBSTITUTE#{sku}"


def spent_key(owner: str, window: str) -> tuple[str, str]:
    return f"SPENT#{owner}", window


def moved_pk(method: str, day: int, shard: int) -> str:
    return f"MOVED#{method}#{day}#{shard:x}"


def entry_line(entry: Entry) -> tuple[str, str] | None:
    """Money that moved is listed under its provider and UTC day: what the books are read from. What waits for a person
    is listed under its merchant, then under its payout.
    """
    if payable(entry):
        return f"PAYABLE#{entry.merchant_id}", f"{stamp(entry.created_at)}#{entry.id}"
    if entry.payout_id and entry.state is EntryState.PENDING:
        return f"PAYOUT#{entry.payout_id}", entry.id
    at, method = books.moved_at(entry), entry.method
    if entry.kind in RELEASES and entry.state is EntryState.POSTED:
        at, method = entry.paid_at or entry.posted_at, books.PAYEES
    if at is None:
        return None
    shard = int.from_bytes(hashlib.sha256(entry.id.encode()).digest()[:2], "big") % books.SHARDS
    return moved_pk(method, at // DAY, shard), f"{stamp(at)}#{entry.id}"


def difference_key(one: Difference) -> tuple[str, str]:
    """Named by what differs, so that finding it again is finding the same."""
    return f"BOOKS#{one.method}#{one.day}", f"{one.named.value}#{one.kind.value}#{one.key}#{one.ref}"


def hall_pk(community_id: str, category: str) -> str:
    return f"HALL#{community_id}#{category}"


KINDS: tuple[Kind[Any], ...] = (
    Kind("product", Product, lambda p: (f"PRODUCT#{p.id}", "PRODUCT"),
         listed=lambda p: (f"PRODUCTS#{p.merchant_id}", stamp(p.created_at))),
    Kind("price_mark", PriceMark, lambda m: (f"PRODUCT#{m.product_id}", f"PRICE#{stamp(m.at)}#{m.nature}#{m.source}")),
    Kind("review", Review, lambda r: review_key(r.product_id, r.ordered_at, r.order_id)),
    Kind("rating", Rating, lambda r: (f"PRODUCT#{r.product_id}", "RATING")),
    Kind("campaign", Campaign, lambda c: (f"CAMPAIGN#{c.id}", "CAMPAIGN"),
         listed=lambda c: (f"CAMPAIGNS#{c.merchant_id}", stamp(c.created_at)), state=lambda c: c.state.value),
    Kind("terms", Terms, lambda t: (f"CAMPAIGN#{t.campaign_id}", f"TERMS#{t.number:04d}")),
    Kind("stock", Stock, lambda s: stock_key(s.campaign_id)),
    Kind("restocked", Restocked, lambda r: (f"CAMPAIGN#{r.campaign_id}", f"RESTOCK#{r.key}")),
    Kind("group", Group, lambda g: (f"GROUP#{g.id}", "GROUP"),
         listed=lambda g: (f"GROUPS#{g.campaign_id}", f"{stamp(g.opened_at)}#{g.id}"), state=lambda g: g.state.value),
    Kind("slice", Slice, lambda s: slice_key(s.group_id, s.number)),
    Kind("part", Part, lambda p: (orders_pk(p.group_id, p.number), "PART")),
    Kind("order", Order, lambda o: order_key(o.id),
         listed=lambda o: (f"ORDERS#{o.buyer_id}", f"{stamp(o.joined_at)}#{o.id}"), state=lambda o: o.state.value,
         said_by_key=lambda sk: of_order_id(sk.removeprefix("ORDER#")),
         lifts=(lambda body: {name: value for name, value in body.items() if name != "payment_started_at"},)),
    Kind("entry", Entry, lambda e: entry_key(e.id), listed=entry_line, state=lambda e: e.state.value),
    Kind("books", Books, lambda b: (f"BOOKS#{b.method}", "NEXT")),
    Kind("booked_day", BookedDay, lambda d: (f"BOOKS#{d.method}", f"DAY#{d.day}")),
    Kind("difference", Difference, lambda d: difference_key(d),
         listed=lambda d: (f"DIFFERENCES#{d.merchant_id}", f"{d.day}#{d.method}#{d.named.value}#{d.key}#{d.ref}")
         if d.merchant_id else None),
    Kind("notice", Notice, lambda n: notice_key(n.person_id, n.about, n.event, n.channel.value),
         listed=lambda n: (f"SENT#{n.provider_ref}", stamp(n.created_at)) if n.provider_ref else None,
         state=lambda n: n.state.value, gone_at=lambda n: (n.created_at + NOTICES_KEPT) // 1000),
    Kind("breaker", Breaker, lambda b: (f"BREAKER#{b.channel.value}", "BREAKER")),
    Kind("preferences", Preferences, lambda p: (f"PERSON#{p.person_id}", "PREFERENCES")),
    Kind("tally", Tally, lambda t: tally_key(t.scope.value, t.id)),
    Kind("hour", Hour, lambda h: hour_key(h.campaign_id, h.at)),
    Kind("share", Share, lambda s: (f"SHARE#{s.code}", "SHARE")),
    Kind("announcement", Announcement, lambda a: (f"GROUP#{a.group_id}", f"TELL#{a.event}")),
    Kind("journey", Journey, lambda j: journey_key(j.group_id)),
    Kind("duty", Duty, lambda d: (duties_pk(d.person_id, late=d.late), f"{d.group_id}#{d.stage}")),
    Kind("settling", Settling, lambda s: (f"GROUP#{s.group_id}", "SETTLING")),
    Kind("turns", Turns, lambda t: (f"TURNS#{t.method}", "TURNS")),
    Kind("payout", Payout, lambda p: (f"PAYOUT#{p.id}", "PAYOUT"),
         listed=lambda p: (f"PAYOUTS#{p.merchant_id}", f"{stamp(p.created_at)}#{p.id}"), state=lambda p: p.state.value),
    Kind("solvency", Solvency, lambda s: (f"CAMPAIGN#{s.campaign_id}", "SOLVENCY")),
    Kind("pace", Pace, lambda p: pace_key(p.merchant_id, p.began_at, p.group_id),
         listed=lambda p: (f"PACES#{p.manager_id or p.merchant_id}", f"{stamp(p.began_at)}#{p.group_id}"),
         gone_at=lambda p: (p.as_of + PACE_KEPT) // 1000),
    Kind("parked", Parked, lambda p: ("PARKED", f"{p.pk}|{p.sk}")),
    Kind("listing", Listing, lambda x: (hall_pk(x.community_id, x.category), f"{stamp(x.closes_at)}#{x.group_id}"),
         gone_at=lambda x: (x.closes_at + 30 * DAY) // 1000),
    Kind("visit", Visit, lambda v: (f"VISITS#{v.campaign_id}", v.visitor),
         gone_at=lambda v: (v.at + 180 * DAY) // 1000),
    Kind("login_code", LoginCode, lambda c: (f"LOGIN#{c.who}", "CODE"), gone_at=lambda c: (c.expires_at + DAY) // 1000),
    Kind("brake", Brake, lambda b: (f"LOGIN#{b.who}", "BRAKE"), gone_at=lambda b: (b.at[-1] + DAY) // 1000),
    Kind("confirmed", Confirmed, lambda c: (f"LOGIN#{c.who}", "CONFIRMED"), gone_at=lambda c: c.until // 1000),
    Kind("session", Session, lambda s: (f"SESSION#{s.id}", "SESSION"),
         listed=lambda s: (f"SESSIONS#{s.person_id}", f"{stamp(s.created_at)}#{s.id}"),
         gone_at=lambda s: s.expires_at // 1000),
    Kind("act", audit.Act, lambda a: (f"AUDIT#{a.actor_id}", stamp(a.number)),
         listed=lambda a: (f"AUDIT#{audit.day_of(a.at)}", f"{stamp(a.at)}#{a.actor_id}#{stamp(a.number)}")),
    Kind("batch", Batch, lambda b: batch_key(b.group_id, b.destination),
         listed=lambda b: (f"BATCHES#{b.merchant_id}", f"{stamp(b.created_at)}#{b.group_id}#{b.destination}"),
         state=lambda b: f"{b.state.value}|{b.zone}|{b.warehouse_id}"),
    Kind("in_hand", InHand,
         lambda x: (f"IN_HAND#{x.person_id}", f"{stamp(x.created_at)}#{x.group_id}#{x.destination}")),
    Kind("routes", Routes, lambda r: (f"ROUTES#{r.merchant_id}", "ROUTES")),
    Kind("load", Load, lambda x: (f"LOADS#{x.merchant_id}", f"{x.day}#{x.place}")),
    Kind("reroute", Reroute, lambda r: (f"ROUTES#{r.merchant_id}", f"REROUTE#{r.key}")),
    Kind("waybill", Waybill, lambda w: waybill_key(w.id), state=lambda w: w.state.value),
    Kind("demand", Demand, lambda d: (f"GROUP#{d.group_id}", "DEMAND")),
    Kind("purchase_order", PurchaseOrder, lambda p: purchase_key(p.id),
         listed=lambda p: (f"PURCHASES#{p.supplier_id}", f"{stamp(p.issued_at)}#{p.id}")),
    Kind("lot", Lot, lambda x: lot_key(x.purchase_id, x.key)),
    Kind("receipt", Receipt, lambda r: receipt_key(r.group_id, r.destination),
         listed=lambda r: (f"RECEIPTS#{r.leader_id or r.merchant_id}", f"{stamp(r.created_at)}#{r.group_id}")),
    Kind("leader", Leader, lambda x: (f"PERSON#{x.person_id}", "LEADER"),
         listed=lambda x: (f"LEADERS#{x.state.value}", f"{stamp(x.applied_at)}#{x.person_id}")),
    Kind("place", Place, lambda p: (f"PLACE#{p.id}", "PLACE"),
         listed=lambda p: (f"PLACES#{p.leader_id}", stamp(p.created_at))),
    Kind("neighbour", Neighbour, lambda n: neighbour_key(n.leader_id, n.code),
         listed=lambda n: (f"LEADERS_FOR#{n.person_id}", stamp(n.said_at))),
    Kind("hook", Hook, lambda h: (f"CHATS#{h.campaign_id}", f"HOOK#{h.id}")),
    Kind("chat_message", ChatMessage, lambda m: (f"CHATS#{m.campaign_id}", f"SAID#{m.event}#{m.hook_id}"),
         state=lambda m: m.state.value, gone_at=lambda m: (m.created_at + 30 * DAY) // 1000),
    Kind("post", Post, lambda p: (f"FEED#{p.group_id}", f"POST#{p.id}")),
    Kind("posted", Posted, lambda p: (f"FEED#{p.group_id}", f"POSTED#{p.name}")),
    Kind("question", Question, lambda q: (f"FEED#{q.group_id}", f"QUESTION#{q.id}")),
    Kind("group_chat", GroupChat, lambda c: (f"FEED#{c.group_id}", "CHAT")),
    Kind("digest", Digest, lambda d: (f"FEED#{d.group_id}", "DIGEST")),
    Kind("incident", Incident, lambda i: incident_key(i.group_id, i.id)),
    Kind("substitute", Substitute, lambda s: substitute_key(s.group_id, s.sku)),
    Kind("spent", Spent, lambda s: spent_key(s.owner, s.window),
         gone_at=lambda s: (s.began_at + (400 if s.owner.startswith("campaign.") else 3) * DAY) // 1000),
    Kind("coupon", Coupon, lambda c: (f"PERSON#{c.person_id}", f"COUPON#{c.id}")),
    Kind("invoice", Invoice, lambda i: invoice_key(i.order_id),
         listed=lambda i: (f"INVOICES#{i.merchant_id}", f"{stamp(i.requested_at)}#{i.order_id}"),
         state=lambda i: i.state.value),
    Kind("return", Return, lambda r: return_key(r.order_id, r.number),
         listed=lambda r: (f"RETURNS#{r.merchant_id}", f"{stamp(r.asked_at)}#{r.id}"), state=lambda r: r.state.value),
    Kind("task", Task, lambda t: (f"TASK#{t.id}", "TASK"),
         listed=lambda t: (f"TASKS#{t.queue}" if t.done_at is None else f"TASKS#{t.queue}#DONE", stamp(t.created_at))),
    Kind("allowance", Allowance, lambda a: (f"ALLOWANCE#{a.campaign_id}#{a.buyer_id}", "ALLOWANCE")),
)  # fmt: skip

BY_TYPE: dict[type[Row], Kind[Any]] = {kind.of: kind for kind in KINDS}
BY_NAME: dict[str, Kind[Any]] = {kind.name: kind for kind in KINDS}


def kind_of(row: Row) -> Kind[Any]:
    return BY_TYPE[type(row)]


def key_of(row: Row) -> RowKey:
    return RowKey(*kind_of(row).key(row))


COUNTED_INSIDE = (Hour, Slice, Spent, Stock, Tally)
"""Conditions and counters look into these, so they say everything."""

APART = ("version", "due_at", "stumbles")
"""Attributes of the row itself, for its conditions and its index."""


def due_shard(pk: str, sk: str) -> str:
    return str(int.from_bytes(hashlib.sha256(f"{pk}|{sk}".encode()).digest()[:4], "big") % DUE_SHARDS)


def to_stored(row: Row, version: int) -> Stored:
    """The row as stored at `version`. A row with a timer is listed under `due` and marked for the stream."""
    kind = kind_of(row)
    pk, sk = kind.key(row)
    unsaid = kind.said_by_key(sk) if kind.said_by_key else {}
    whole = msgspec.to_builtins(row) if kind.of in COUNTED_INSIDE else plain(row)
    body = {name: value for name, value in whole.items() if name not in APART and unsaid.get(name) != value}
    stored = Stored(pk, sk, kind=kind.name, shape=kind.shape, version=version, body=body)
    if row.due_at is not None:
        stored.due_at, stored.due_shard = row.due_at, due_shard(pk, sk)
        stored.hot = None if row.leased else "1"
    if kind.listed is not None and (line := kind.listed(row)) is not None:
        stored.list_key, stored.list_at = line
    if kind.state is not None:
        stored.state = kind.state(row)
    if kind.gone_at is not None:
        stored.gone_at = kind.gone_at(row)
    return stored


def from_stored(stored: Stored) -> Row:
    """The domain object of a stored row, lifted to today's shape. Raises Broken when it is not what it claims."""
    kind = BY_NAME.get(stored.kind)
    if kind is None:
        raise Broken(f"unknown kind {stored.kind!r}")
    body = {**(kind.said_by_key(stored.sk) if kind.said_by_key else {}), **stored.body}
    for lift in kind.lifts[stored.shape - 1 :]:
        body = lift(body)
    body |= {"version": stored.version, "due_at": stored.due_at, "stumbles": stored.stumbles or 0}
    try:
        row: Row = msgspec.convert(body, kind.of)
    except msgspec.ValidationError as error:
        raise Broken(f"{stored.pk} {stored.sk} is not a {kind.name}: {error}") from error
    return row


def from_image(image: dict[str, Any]) -> Row:
    """The domain object in a stream record's image, or in a row returned by a refused transaction."""
    return from_stored(Stored.from_raw_data(image))
