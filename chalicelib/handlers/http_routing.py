"""Routing: a merchant's table of warehouses and carriers, what waits for a rule, loads by day, other ways."""

from chalice.app import Blueprint

from ..services.delivering import routes
from .edge import MERCHANT, Call, route
from .shapes.batches import BatchList, BatchShown
from .shapes.routing import DaysQuery, Loads, LoadShown, RerouteBody, RerouteShown, RoutesInput, RoutesShown

bp = Blueprint(__name__)


@route(bp, "GET", "/routes", answer=RoutesShown, roles=MERCHANT, summary="My routing table")
def my_routes(call: Call[None, None]) -> RoutesShown:
    return RoutesShown.of(routes.table_of(call.world, call.caller.id))


@route(
    bp,
    "PUT",
    "/routes",
    body=RoutesInput,
    answer=RoutesShown,
    roles=MERCHANT,
    summary="Sets the routing table; what waited for a rule is matched again",
    refusals=("routes_have_changed", "repeated_id", "unknown_warehouse", "unknown_carrier"),
)
def set_routes(call: Call[RoutesInput, None]) -> RoutesShown:
    wanted = call.body.to_domain()
    return RoutesShown.of(routes.set_table(call.world, call.caller, wanted, call.body.version, now=call.now))


@route(bp, "GET", "/routes/queue", answer=BatchList, roles=MERCHANT, summary="Batches that no rule has matched")
def unrouted(call: Call[None, None]) -> BatchList:
    return BatchList(items=[BatchShown.of(one, call.now) for one in routes.queue(call.world, call.caller)])


@route(
    bp,
    "GET",
    "/routes/loads",
    query=DaysQuery,
    answer=Loads,
    roles=MERCHANT,
    summary="What each warehouse and carrier has to take on the coming days, and the fallback where it is too much",
)
def loads(call: Call[None, DaysQuery]) -> Loads:
    found = routes.forecast(call.world, call.caller, days=call.query.days, now=call.now)
    return Loads(items=[LoadShown.of(one) for one in found])


@route(
    bp,
    "POST",
    "/routes/reroutes",
    body=RerouteBody,
    answer=RerouteShown,
    status=202,
    roles=MERCHANT,
    key=True,
    summary="Sends all unshipped batches of a zone through another warehouse, with their times worked out anew",
    refusals=("unknown_warehouse", "same_warehouse", "key_reused"),
)
def reroute_zone(call: Call[RerouteBody, None]) -> RerouteShown:
    ask = call.body
    found = routes.reroute(
        call.world,
        call.caller,
        zone=ask.zone,
        warehouse=ask.warehouse,
        to=ask.to,
        hours=ask.hours,
        key=call.key,
        now=call.now,
    )
    return RerouteShown.of(found)


@route(
    bp,
    "GET",
    "/routes/reroutes/{key}",
    answer=RerouteShown,
    roles=MERCHANT,
    summary="How far such a command has come",
    refusals=("reroute_not_found",),
)
def reroute_seen(call: Call[None, None], key: str) -> RerouteShown:
    return RerouteShown.of(routes.rerouted(call.world, call.caller, key))
