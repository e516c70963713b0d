"""Incidents of a group and what is done about them; the buyer's own way out; tasks that wait for a person."""

from chalice.app import Blueprint

from ..services.fulfilling import incidents, substitutes, tasks
from ..services.fulfilling.self_refund import self_refund
from .edge import BUYER, MANAGER, MERCHANT, OPS, SUPPORT, Call, route
from .shapes.incidents import (
    CompensationInput,
    CouponLine,
    CouponPage,
    IncidentInput,
    IncidentList,
    IncidentShown,
    LevelInput,
    OtherCarrierInput,
    OtherSupplierInput,
    StatementInput,
    SubstituteAnswer,
    SubstituteInput,
    SubstituteList,
    SubstituteShown,
    Swaps,
    TaskDone,
    TaskLine,
    TaskPage,
    TaskWords,
    Withdrawn,
)
from .shapes.words import PageQuery, to_instant

bp = Blueprint(__name__)

IN_CHARGE = MERCHANT | MANAGER | SUPPORT
_ONE = "/groups/{group_id}/incidents/{incident_id}"
_FOUND = ("group_not_found", "incident_not_found", "incident_closed")


@route(
    bp,
    "POST",
    "/groups/{group_id}/incidents",
    body=IncidentInput,
    answer=IncidentShown,
    status=201,
    roles=IN_CHARGE,
    key=True,
    summary="Opens an incident (应急) of level 1 to 3; from level 3 on buyers may take their money back themselves",
    refusals=("group_not_found", "group_not_formed", "no_such_destination", "key_reused"),
)
def incident_opened(call: Call[IncidentInput, None], group_id: str) -> IncidentShown:
    ask = call.body.to_service()
    return IncidentShown.of(incidents.opened(call.world, call.caller, group_id, ask, key=call.key, now=call.now))


@route(
    bp,
    "GET",
    "/groups/{group_id}/incidents",
    answer=IncidentList,
    roles=IN_CHARGE | OPS,
    summary="A group's incidents with all that was done about them",
    refusals=("group_not_found",),
)
def group_incidents(call: Call[None, None], group_id: str) -> IncidentList:
    found = incidents.of_group(call.world, call.caller, group_id)
    return IncidentList(items=[IncidentShown.of(one) for one in found])


@route(
    bp,
    "POST",
    f"{_ONE}/level",
    body=LevelInput,
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="Raises an incident to a higher level",
    refusals=(*_FOUND, "incident_not_lowered"),
)
def incident_raised(call: Call[LevelInput, None], group_id: str, incident_id: str) -> IncidentShown:
    level = call.body.level
    return IncidentShown.of(
        incidents.raise_to(call.world, call.caller, group_id, incident_id, level, now=call.now)
    )  # fmt: skip


@route(
    bp,
    "POST",
    f"{_ONE}/carrier",
    body=OtherCarrierInput,
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="Level 1: what has not left goes with the other carrier",
    refusals=(*_FOUND, "not_at_this_level", "no_batch_to_move", "carrier_not_connected"),
)
def incident_other_carrier(call: Call[OtherCarrierInput, None], group_id: str, incident_id: str) -> IncidentShown:
    to = call.body.carrier
    return IncidentShown.of(
        incidents.other_carrier(call.world, call.caller, group_id, incident_id, to, now=call.now)
    )  # fmt: skip


@route(
    bp,
    "POST",
    f"{_ONE}/supplier",
    body=OtherSupplierInput,
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="Level 2: another supplier takes over what was not sent, or is to be found, as a task of the merchant's",
    refusals=(*_FOUND, "not_at_this_level"),
)
def incident_other_supplier(call: Call[OtherSupplierInput, None], group_id: str, incident_id: str) -> IncidentShown:
    note, to = call.body.note, call.body.supplier or ""
    return IncidentShown.of(
        incidents.other_supplier(call.world, call.caller, group_id, incident_id, note, to=to, now=call.now)
    )  # fmt: skip


@route(
    bp,
    "POST",
    f"{_ONE}/compensation",
    body=CompensationInput,
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="Level 3: every order concerned is given a coupon, once; granted over the following seconds",
    refusals=(*_FOUND, "not_at_this_level", "compensation_granted", "coupon_time_out_of_range", "time_out_of_range"),
)
def incident_compensated(call: Call[CompensationInput, None], group_id: str, incident_id: str) -> IncidentShown:
    grant = call.body.to_domain()
    return IncidentShown.of(
        incidents.compensate(call.world, call.caller, group_id, incident_id, grant, now=call.now)
    )  # fmt: skip


@route(
    bp,
    "POST",
    f"{_ONE}/statement",
    body=StatementInput,
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="A public word on an incident, on the group's feed",
    refusals=(*_FOUND,),
)
def incident_statement(call: Call[StatementInput, None], group_id: str, incident_id: str) -> IncidentShown:
    text = call.body.text
    return IncidentShown.of(incidents.say(call.world, call.caller, group_id, incident_id, text, now=call.now))


@route(
    bp,
    "POST",
    f"{_ONE}/close",
    answer=IncidentShown,
    roles=IN_CHARGE,
    summary="Closes an incident; again, nothing",
    refusals=("group_not_found", "incident_not_found"),
)
def incident_over(call: Call[None, None], group_id: str, incident_id: str) -> IncidentShown:
    return IncidentShown.of(incidents.close(call.world, call.caller, group_id, incident_id, now=call.now))


@route(
    bp,
    "POST",
    "/orders/{order_id}/self-refund",
    answer=Withdrawn,
    roles=BUYER,
    summary="Takes the money for goods back that have not left, while an incident of level 3 covers them",
    refusals=(
        "order_not_found",
        "self_refund_not_open",
        "order_not_refundable",
        "already_shipped",
        "payment_under_way",
    ),
)
def order_self_refund(call: Call[None, None], order_id: str) -> Withdrawn:
    return Withdrawn.of(self_refund(call.world, call.caller, order_id, now=call.now))


@route(bp, "GET", "/me/coupons", query=PageQuery, answer=CouponPage, roles=BUYER, summary="My coupons")
def my_coupons(call: Call[None, PageQuery]) -> CouponPage:
    start = call.opened(call.query.cursor)
    page = incidents.coupons_of(call.world, call.caller, limit=call.query.limit, start=start)
    return CouponPage(items=[CouponLine.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/tasks",
    query=PageQuery,
    answer=TaskPage,
    roles=MERCHANT | MANAGER | SUPPORT,
    summary="What waits for me, or for support, to be done by a person",
)
def my_tasks(call: Call[None, PageQuery]) -> TaskPage:
    page = tasks.waiting(call.world, call.caller, limit=call.query.limit, start=call.opened(call.query.cursor))
    return TaskPage(items=[TaskLine.of(one) for one in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/tasks/{task_id}/words",
    answer=TaskWords,
    roles=SUPPORT,
    summary="What somebody wrote by SMS that a person is to answer; recorded with who read it",
    refusals=("task_not_found",),
    fresh=True,
)
def task_words(call: Call[None, None], task_id: str) -> TaskWords:
    said = tasks.words(call.world, call.caller, task_id, now=call.now)
    return TaskWords(phone=said["phone"], text=said["text"])


@route(
    bp,
    "POST",
    "/tasks/{task_id}/done",
    body=TaskDone,
    answer=TaskLine,
    roles=MERCHANT | MANAGER | SUPPORT,
    summary="Says that a task is done",
    refusals=("task_not_found",),
)
def task_done(call: Call[TaskDone, None], task_id: str) -> TaskLine:
    return TaskLine.of(tasks.finish(call.world, call.caller, task_id, call.body.note, now=call.now))


@route(
    bp,
    "POST",
    "/groups/{group_id}/substitutes",
    body=SubstituteInput,
    answer=SubstituteShown,
    roles=IN_CHARGE,
    summary="Offers something else for an item that has run out; who has not accepted in time is paid back",
    refusals=(
        "group_not_found",
        "group_not_formed",
        "unknown_item",
        "offer_time_out_of_range",
        "time_out_of_range",
        "substitute_offered",
        "balances_open",
        "already_shipped",
    ),
)
def substitute_offered(call: Call[SubstituteInput, None], group_id: str) -> SubstituteShown:
    ask = call.body
    until = to_instant(ask.until)
    made = substitutes.offer(
        call.world, call.caller, group_id, ask.sku, ask.title, until, instead=ask.instead or "", now=call.now
    )
    return SubstituteShown.of(made)


@route(
    bp,
    "GET",
    "/groups/{group_id}/substitutes",
    answer=SubstituteList,
    roles=BUYER,
    summary="What is offered in a group for what has run out",
    refusals=("group_not_found",),
)
def group_substitutes(call: Call[None, None], group_id: str) -> SubstituteList:
    found = substitutes.of_group(call.world, group_id, call.now)
    return SubstituteList(items=[SubstituteShown.of(one) for one in found])


@route(
    bp,
    "POST",
    "/orders/{order_id}/substitute",
    body=SubstituteAnswer,
    answer=Swaps,
    roles=BUYER,
    summary="Takes what is offered instead, or the money",
    refusals=(
        "order_not_found",
        "no_substitute_offered",
        "nothing_to_replace",
        "already_answered",
        "offer_over",
        "payment_under_way",
    ),
)
def substitute_answered(call: Call[SubstituteAnswer, None], order_id: str) -> Swaps:
    ask = call.body
    order = substitutes.answer(call.world, call.caller, order_id, ask.sku, accept=ask.accept, now=call.now)
    return Swaps.of(order)
