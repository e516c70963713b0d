"""Buying: join a group or open a team in one call, then follow, change, cancel and pay the order."""

from chalice.app import Blueprint

from ..domain.hand_over import pickup_code
from ..services.buying import orders
from ..services.buying.cancel import cancel
from ..services.buying.change import change
from ..services.buying.join import join
from ..services.buying.open_team import TeamRequest, open_team
from ..services.delivering.fees import quote
from ..services.paying.start_payment import start_payment
from ..services.telling.read import opened
from .edge import BUYER, Call, route, secrets
from .shapes.money import Payment, PaymentStart
from .shapes.orders import (
    JOINING,
    CancelBody,
    JoinBody,
    MyOrder,
    OrderChange,
    OrderLine,
    OrderPage,
    OrderStory,
    QuoteBody,
    QuoteShown,
    Seat,
    TeamBody,
)
from .shapes.words import PageQuery

bp = Blueprint(__name__)


@route(
    bp,
    "POST",
    "/groups/{group_id}/join",
    body=JoinBody,
    answer=Seat,
    status=201,
    roles=BUYER,
    key=True,
    summary="Joins a group in one call (一键参团): holds the seat and, with a method, starts the payment",
    refusals=("group_not_found", "group_full", *JOINING),
)
def join_group(call: Call[JoinBody, None], group_id: str) -> Seat:
    ask = call.body.to_service(call.key, call.fingerprint())
    return Seat.of(join(call.world, call.caller, group_id, ask, now=call.now), call.language)


@route(
    bp,
    "POST",
    "/groups/{group_id}/quote",
    body=QuoteBody,
    answer=QuoteShown,
    roles=BUYER,
    summary="What joining would cost now: goods and delivery fee apart; nothing is held by it",
    refusals=(
        "group_not_found",
        "no_lines",
        "unknown_item",
        "quantity_out_of_range",
        "over_the_limit",
        "address_missing",
        "unknown_address",
        "zone_not_served",
    ),
)
def quote_join(call: Call[QuoteBody, None], group_id: str) -> QuoteShown:
    ask = call.body
    return QuoteShown.of(quote(call.world, call.caller, group_id, ask.lines, ask.address_id, now=call.now))


@route(
    bp,
    "POST",
    "/campaigns/{campaign_id}/teams",
    body=TeamBody,
    answer=Seat,
    status=201,
    roles=BUYER,
    key=True,
    summary="Opens a team (开团), with the initiator's own order",
    refusals=("campaign_not_found", "not_a_team_campaign", "team_size_not_offered", *JOINING),
)
def open_a_team(call: Call[TeamBody, None], campaign_id: str) -> Seat:
    ask = TeamRequest(size=call.body.size, join=call.body.to_service(call.key, call.fingerprint()))
    return Seat.of(open_team(call.world, call.caller, campaign_id, ask, now=call.now), call.language)


@route(bp, "GET", "/orders", query=PageQuery, answer=OrderPage, roles=BUYER, summary="My orders, newest first")
def my_orders(call: Call[None, PageQuery]) -> OrderPage:
    page = orders.mine(call.world, call.caller, limit=call.query.limit, start=call.opened(call.query.cursor))
    return OrderPage(items=[OrderLine.seen(view) for view in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/orders/{order_id}",
    answer=OrderStory,
    roles=BUYER,
    summary="One order of mine with its money and its timeline",
    refusals=("order_not_found",),
)
def order(call: Call[None, None], order_id: str) -> OrderStory:
    view = orders.one(call.world, call.caller, order_id)
    opened(call.world, view.order, view.notices, call.now)
    return OrderStory.of(view, call.now, pickup_code(order_id, secrets()["pickup_key"]))


@route(
    bp,
    "PATCH",
    "/orders/{order_id}",
    body=OrderChange,
    answer=MyOrder,
    roles=BUYER,
    summary="Changes the quantities (before paying) or the pickup point",
    refusals=(
        "order_not_found",
        "order_has_changed",
        "order_not_held",
        "change_one_thing",
        "payment_under_way",
        "group_closed",
        "group_full",
        "sold_out",
        "unknown_item",
        "no_lines",
        "quantity_out_of_range",
        "over_the_limit",
        "pickup_not_offered",
        "unknown_pickup_point",
        "too_late_to_choose",
    ),
)
def change_order(call: Call[OrderChange, None], order_id: str) -> MyOrder:
    wanted = call.body
    changed = change(
        call.world,
        call.caller,
        order_id,
        lines=wanted.lines,
        pickup_point_id=wanted.pickup_point,
        version=wanted.version,
        now=call.now,
    )
    return MyOrder.of(changed)


@route(
    bp,
    "POST",
    "/orders/{order_id}/cancel",
    body=CancelBody,
    answer=MyOrder,
    roles=BUYER,
    summary="Gives an order up while its group is open; what was paid is refunded",
    refusals=("order_not_found", "order_has_changed", "order_not_held", "group_closed"),
)
def cancel_order(call: Call[CancelBody, None], order_id: str) -> MyOrder:
    return MyOrder.of(cancel(call.world, call.caller, order_id, version=call.body.version, now=call.now))


@route(
    bp,
    "POST",
    "/orders/{order_id}/payments",
    body=PaymentStart,
    answer=Payment,
    status=201,
    roles=BUYER,
    summary="Starts the payment of an order, or of its balance; again, it finds the one under way",
    refusals=(
        "order_not_found",
        "balance_not_due",
        "order_not_held",
        "already_paid",
        "too_many_payments",
        "too_late_to_pay",
        "method_not_offered",
        "amount_over_provider_limit",
        "amount_under_provider_limit",
        "payment_refused_by_provider",
    ),
)
def pay_order(call: Call[PaymentStart, None], order_id: str) -> Payment:
    told = call.body
    entry = start_payment(call.world, call.caller, order_id, told.method, payer=told.payer, now=call.now)
    return Payment.of(entry)
