"""A group as those who answer for it handle it: its orders, its deadline, its money, and what a close would do."""

from chalice.app import Blueprint

from ..services.buying import orders
from ..services.buying.move_deadline import move_deadline
from ..services.buying.preview import preview
from ..services.fulfilling import call_off
from ..services.paying import money, settle
from ..services.selling.share import share
from .edge import BUYER, MERCHANT, Call, route
from .shapes.groups import CalledOff, CallOffBody, ClosePreview, DeadlineInput, DeadlineMoved, ShareLink
from .shapes.money import GroupMoney, Payouts, Refund
from .shapes.orders import GroupOrder, GroupOrderPage
from .shapes.settlement import GroupSettlement
from .shapes.words import PageQuery, shown, to_instant

bp = Blueprint(__name__)

THOSE_WHO_SERVE = MERCHANT | {"manager", "support", "ops"}
THOSE_WHO_ANSWER = MERCHANT | {"manager", "support"}
KNOW_BUYERS = frozenset({"support", "ops"})


@route(
    bp,
    "GET",
    "/groups/{group_id}/orders",
    query=PageQuery,
    answer=GroupOrderPage,
    roles=THOSE_WHO_SERVE,
    summary="The orders of a group, buyers masked",
    refusals=("group_not_found",),
)
def group_orders(call: Call[None, PageQuery], group_id: str) -> GroupOrderPage:
    start = call.opened(call.query.cursor)
    page = orders.of_group(call.world, call.caller, group_id, limit=call.query.limit, start=start)
    named = bool(call.caller.roles & KNOW_BUYERS)
    return GroupOrderPage(items=[GroupOrder.of(row, named=named) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/groups/{group_id}/money",
    answer=GroupMoney,
    roles=THOSE_WHO_SERVE,
    summary="What a group's ledger adds up to",
    refusals=("group_not_found",),
)
def group_money(call: Call[None, None], group_id: str) -> GroupMoney:
    return GroupMoney.of(group_id, money.of_group(call.world, call.caller, group_id), call.now)


@route(
    bp,
    "GET",
    "/groups/{group_id}/settlement",
    answer=GroupSettlement,
    roles=THOSE_WHO_SERVE,
    summary="Whose a formed group's money is, and what of it was let out",
    refusals=("group_not_found",),
)
def group_settlement(call: Call[None, None], group_id: str) -> GroupSettlement:
    return GroupSettlement.of(settle.of_group(call.world, call.caller, group_id))


@route(
    bp,
    "POST",
    "/groups/{group_id}/call-off",
    body=CallOffBody,
    answer=CalledOff,
    roles=THOSE_WHO_ANSWER,
    summary="Calls a formed group off: all money goes back, and an earnest is owed once more",
    refusals=("group_not_found", "group_not_formed", "already_shipped", "too_many_batches"),
    fresh=True,
)
def group_call_off(call: Call[CallOffBody, None], group_id: str) -> CalledOff:
    return CalledOff.of(call_off.call_off(call.world, call.caller, group_id, call.body.why, now=call.now))


@route(
    bp,
    "GET",
    "/groups/{group_id}/payouts",
    answer=Payouts,
    roles=THOSE_WHO_SERVE,
    summary="The second parts of earnests that a merchant who called the group off transfers to its buyers",
    refusals=("group_not_found",),
)
def group_payouts(call: Call[None, None], group_id: str) -> Payouts:
    found = call_off.payouts(call.world, call.caller, group_id)
    return Payouts(items=[Refund.of(entry, call.now) for entry in found])


@route(
    bp,
    "POST",
    "/groups/{group_id}/deadline",
    body=DeadlineInput,
    answer=DeadlineMoved,
    roles=MERCHANT,
    summary="Moves a group's deadline; sending the same one again says whether it is done",
    refusals=("group_not_found", "group_closed", "deadline_in_the_past", "deadline_before_start", "time_out_of_range"),
)
def group_deadline(call: Call[DeadlineInput, None], group_id: str) -> DeadlineMoved:
    closes_at = to_instant(call.body.closes_at)
    group, done = move_deadline(call.world, call.caller, group_id, closes_at, now=call.now)
    return DeadlineMoved(
        group_id=group.id,
        closes_at=shown(group.closes_at),
        deadline_number=group.deadline_number,
        done=done,
    )


@route(
    bp,
    "GET",
    "/groups/{group_id}/close-preview",
    answer=ClosePreview,
    roles=MERCHANT,
    summary="What a close right now would do, without doing it",
    refusals=("group_not_found", "group_closed"),
)
def group_close_preview(call: Call[None, None], group_id: str) -> ClosePreview:
    return ClosePreview.of(group_id, preview(call.world, call.caller, group_id, now=call.now), call.now)


@route(
    bp,
    "POST",
    "/groups/{group_id}/share",
    answer=ShareLink,
    roles=BUYER,
    summary="My own link to a group; the same each time",
    refusals=("group_not_found",),
)
def share_group(call: Call[None, None], group_id: str) -> ShareLink:
    return ShareLink.of(share(call.world, call.caller, group_id, now=call.now), call.world.public_url)
