"""For leaders: applying, their places, orders for neighbours, receipts. What they may do is asked of their row."""

from chalice.app import Blueprint

from ..services.buying import neighbours
from ..services.people import leaders
from ..services.supplying import receive
from .edge import BUYER, MANAGER, MERCHANT, SUPPORT, Call, route
from .shapes.orders import JOINING, Seat
from .shapes.supply import (
    ApplyBody,
    DecisionBody,
    HelperBody,
    JoinForBody,
    LeaderLine,
    LeaderPage,
    LeaderQuery,
    NeighbourLine,
    NeighbourPage,
    PlaceBody,
    PlaceEdit,
    PlaceLine,
    PlacePage,
    ReceiptBody,
    ReceiptList,
    ReceiptPage,
    ReceiptSeen,
    Shares,
    ShareSeen,
)
from .shapes.words import PageQuery

bp = Blueprint(__name__)

DECIDERS = MANAGER | SUPPORT
SEE_RECEIPTS = MERCHANT | {"manager", "support", "ops"}

# ------------------------------------------------------------------ becoming one


@route(
    bp,
    "POST",
    "/me/leader",
    body=ApplyBody,
    answer=LeaderLine,
    roles=BUYER,
    summary="Applies as a leader of a community",
    refusals=("phone_not_verified", "leader_suspended"),
)
def apply_as_leader(call: Call[ApplyBody, None]) -> LeaderLine:
    return LeaderLine.of(leaders.apply(call.world, call.caller, call.body.community, now=call.now))


@route(
    bp,
    "GET",
    "/me/leader",
    answer=LeaderLine,
    roles=BUYER,
    summary="How my application as a leader stands",
    refusals=("not_a_leader",),
)
def my_leader_row(call: Call[None, None]) -> LeaderLine:
    return LeaderLine.of(leaders.mine(call.world, call.caller))


@route(bp, "GET", "/leaders", query=LeaderQuery, answer=LeaderPage, roles=DECIDERS, summary="Leaders in one state")
def leaders_in_state(call: Call[None, LeaderQuery]) -> LeaderPage:
    start = call.opened(call.query.cursor)
    page = leaders.listed(call.world, call.query.state, limit=call.query.limit, start=start)
    return LeaderPage(items=[LeaderLine.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    "/leaders/{person_id}/decision",
    body=DecisionBody,
    answer=LeaderLine,
    roles=DECIDERS,
    summary="Approves, refuses or suspends a leader",
    refusals=("leader_not_found", "leader_is", "not_about_yourself"),
)
def decide_about_leader(call: Call[DecisionBody, None], person_id: str) -> LeaderLine:
    asked = call.body
    return LeaderLine.of(leaders.decide(call.world, call.caller, person_id, asked.decision, asked.reason, now=call.now))


# ------------------------------------------------------------------ places


@route(
    bp,
    "POST",
    "/places",
    body=PlaceBody,
    answer=PlaceLine,
    status=201,
    roles=BUYER,
    key=True,
    summary="Adds a pickup place of mine",
    refusals=("not_a_leader", "too_many_places", "key_reused"),
)
def add_place(call: Call[PlaceBody, None]) -> PlaceLine:
    made = leaders.add_place(call.world, call.caller, call.body.to_service(), key=call.key, now=call.now)
    return PlaceLine.of(made)


@route(bp, "GET", "/places", query=PageQuery, answer=PlacePage, roles=BUYER, summary="My pickup places")
def my_places(call: Call[None, PageQuery]) -> PlacePage:
    start = call.opened(call.query.cursor)
    page = leaders.my_places(call.world, call.caller, limit=call.query.limit, start=start)
    return PlacePage(items=[PlaceLine.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "PUT",
    "/places/{place_id}",
    body=PlaceEdit,
    answer=PlaceLine,
    roles=BUYER,
    summary="Changes a place of mine; what is published stays as it was",
    refusals=("not_a_leader", "place_not_found", "place_has_changed"),
)
def change_place(call: Call[PlaceEdit, None], place_id: str) -> PlaceLine:
    asked = call.body
    new = leaders.change_place(call.world, call.caller, place_id, asked.to_service(), asked.version, call.now)
    return PlaceLine.of(new)


# ------------------------------------------------------------------ neighbours


@route(
    bp,
    "POST",
    "/me/helpers",
    body=HelperBody,
    answer=NeighbourLine,
    roles=BUYER,
    summary="Lets the leader of a place order for me, or takes that back; the code is for the leader",
    refusals=("place_not_found", "not_about_yourself", "unknown_address"),
)
def allow_helper(call: Call[HelperBody, None]) -> NeighbourLine:
    asked = call.body
    said = neighbours.allow(
        call.world, call.caller, asked.place_id, allowed=asked.allowed, address_id=asked.address_id, now=call.now
    )
    return NeighbourLine.of(said)


@route(
    bp,
    "GET",
    "/me/helpers",
    query=PageQuery,
    answer=NeighbourPage,
    roles=BUYER,
    summary="Leaders who may order for me",
)
def my_helpers(call: Call[None, PageQuery]) -> NeighbourPage:
    start = call.opened(call.query.cursor)
    page = neighbours.allowed_by_me(call.world, call.caller, limit=call.query.limit, start=start)
    return NeighbourPage(items=[NeighbourLine.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/leading/neighbours",
    query=PageQuery,
    answer=NeighbourPage,
    roles=BUYER,
    summary="Neighbours I may order for, by their codes",
    refusals=("not_a_leader",),
)
def my_neighbours(call: Call[None, PageQuery]) -> NeighbourPage:
    start = call.opened(call.query.cursor)
    page = neighbours.mine(call.world, call.caller, limit=call.query.limit, start=start)
    return NeighbourPage(items=[NeighbourLine.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    "/groups/{group_id}/join-for",
    body=JoinForBody,
    answer=Seat,
    status=201,
    roles=BUYER,
    key=True,
    summary="Orders for a neighbour who allowed it: the order is theirs, and they are told",
    refusals=(
        "not_a_leader",
        "neighbour_not_found",
        "group_not_found",
        "group_full",
        *JOINING,
    ),
)
def join_for_neighbour(call: Call[JoinForBody, None], group_id: str) -> Seat:
    asked = call.body.to_service(call.key, call.fingerprint())
    taken = neighbours.join_for(call.world, call.caller, group_id, call.body.neighbour, asked, now=call.now)
    return Seat.of(taken, call.language)


# ------------------------------------------------------------------ receipts


@route(
    bp,
    "GET",
    "/leading/receipts",
    query=PageQuery,
    answer=ReceiptPage,
    roles=BUYER,
    summary="What my places are to receive, or have received",
)
def my_receipts(call: Call[None, PageQuery]) -> ReceiptPage:
    start = call.opened(call.query.cursor)
    page = receive.mine(call.world, call.caller, limit=call.query.limit, start=start)
    return ReceiptPage(items=[ReceiptSeen.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/groups/{group_id}/receipts",
    answer=ReceiptList,
    roles=SEE_RECEIPTS,
    summary="What each destination of a group is to receive, or has received",
    refusals=("group_not_found",),
)
def group_receipts(call: Call[None, None], group_id: str) -> ReceiptList:
    rows = receive.of_group(call.world, call.caller, group_id)
    return ReceiptList(items=[ReceiptSeen.of(row) for row in rows])


@route(
    bp,
    "GET",
    "/groups/{group_id}/receipts/{destination}",
    answer=ReceiptSeen,
    roles=BUYER,
    summary="One destination's receipt, for its leader and its merchant",
    refusals=("receipt_not_found",),
)
def one_receipt(call: Call[None, None], group_id: str, destination: str) -> ReceiptSeen:
    return ReceiptSeen.of(receive.one(call.world, call.caller, group_id, destination))


@route(
    bp,
    "POST",
    "/groups/{group_id}/receipts/{destination}",
    body=ReceiptBody,
    answer=ReceiptSeen,
    roles=BUYER,
    summary="Records what arrived; what is missing is shared out and paid back by itself",
    refusals=(
        "receipt_not_found",
        "not_a_leader",
        "not_yours_to_receive",
        "choices_still_open",
        "balances_open",
        "receipt_has_changed",
        "receipt_does_not_add_up",
        "not_expected_here",
        "shortage_already_shared",
        "too_many_corrections",
    ),
)
def record_receipt(call: Call[ReceiptBody, None], group_id: str, destination: str) -> ReceiptSeen:
    asked = call.body
    lines = {sku: line.to_domain() for sku, line in asked.lines.items()}
    entered = receive.receive(
        call.world,
        call.caller,
        group_id,
        destination,
        lines,
        number=asked.number,
        note=asked.note,
        now=call.now,
    )
    return ReceiptSeen.of(entered)


@route(
    bp,
    "GET",
    "/groups/{group_id}/receipts/{destination}/shares",
    query=PageQuery,
    answer=Shares,
    roles=BUYER,
    summary="How a shortage was shared, under tickets, with the seed of a draw: for anybody to recompute",
    refusals=("receipt_not_found",),
)
def receipt_shares(call: Call[None, PageQuery], group_id: str, destination: str) -> Shares:
    start = call.opened(call.query.cursor)
    receipt, page = receive.shares(call.world, group_id, destination, limit=call.query.limit, start=start)
    return Shares(
        rule=receipt.rule,
        seed=receipt.seed,
        shared=dict(receipt.settled),
        items=[ShareSeen.of(line) for line in page.rows],
        next=call.sealed(page.next),
    )
