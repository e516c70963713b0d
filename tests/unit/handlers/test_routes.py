"""Who may do what (B26): every route of the app against everyone, and nothing in the app that is not in the table."""

from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from chalicelib.domain.refusals import Unavailable
from chalicelib.handlers import edge, page
from chalicelib.handlers.authorize import authorize

from .conftest import Door

PUBLIC, BUYER, MERCHANT = "public", "buyer", "merchant"
CREW = "merchant sorter carrier leader"
SERVING = "merchant manager support ops"
IN_HAND = "merchant supplier leader manager sorter carrier"

MATRIX = {
    "GET /health": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /hall": PUBLIC,
    "GET /campaigns/{campaign_id}": PUBLIC,
    "GET /campaigns/{campaign_id}/groups": PUBLIC,
    "GET /groups/{group_id}": PUBLIC,
    "GET /groups/{group_id}/progress": PUBLIC,
    "POST /groups/{group_id}/views": PUBLIC,
    "GET /shares/{code}": PUBLIC,
    "POST /webhooks/{provider}": PUBLIC,
    "POST /log-in": PUBLIC,
    "POST /log-in/code": PUBLIC,
    "GET /purchases": "supplier merchant",
    "GET /purchases/{purchase_id}": "supplier merchant manager support ops",
    "GET /groups/{group_id}/purchases": SERVING,
    "GET /groups/{group_id}/pack-ahead": SERVING,
    "POST /groups/{group_id}/purchases/recount": MERCHANT,
    "POST /purchases/{purchase_id}/acknowledge": "supplier merchant",
    "POST /purchases/{purchase_id}/promises": "supplier merchant",
    "POST /purchases/{purchase_id}/lots": "supplier merchant",
    "POST /purchases/{purchase_id}/reports/uploads": "supplier merchant",
    "POST /purchases/{purchase_id}/reports": "supplier merchant",
    "POST /me/leader": BUYER,
    "GET /me/leader": BUYER,
    "GET /leaders": "manager support",
    "POST /leaders/{person_id}/decision": "manager support",
    "POST /places": BUYER,
    "GET /places": BUYER,
    "PUT /places/{place_id}": BUYER,
    "POST /me/helpers": BUYER,
    "GET /me/helpers": BUYER,
    "GET /leading/neighbours": BUYER,
    "POST /groups/{group_id}/join-for": BUYER,
    "GET /leading/receipts": BUYER,
    "GET /groups/{group_id}/receipts": SERVING,
    "GET /groups/{group_id}/receipts/{destination}": BUYER,
    "POST /groups/{group_id}/receipts/{destination}": BUYER,
    "GET /groups/{group_id}/receipts/{destination}/shares": BUYER,
    "POST /products": MERCHANT,
    "GET /products": MERCHANT,
    "GET /products/{product_id}": MERCHANT,
    "PUT /products/{product_id}": MERCHANT,
    "POST /products/{product_id}/pictures/form": MERCHANT,
    "POST /products/{product_id}/pictures": MERCHANT,
    "POST /products/{product_id}/pictures/first": MERCHANT,
    "POST /products/{product_id}/pictures/remove": MERCHANT,
    "POST /products/{product_id}/reviews/{review_id}/reply": MERCHANT,
    "POST /products/{product_id}/reviews/{review_id}/hide": "support",
    "POST /orders/{order_id}/reviews": BUYER,
    "POST /orders/{order_id}/returns": BUYER,
    "GET /returns": MERCHANT,
    "POST /returns/{return_id}/received": "merchant support",
    "POST /returns/{return_id}/check": "merchant support",
    "GET /campaigns/{campaign_id}/products/{product_id}": PUBLIC,
    "POST /products/{product_id}/sales": MERCHANT,
    "GET /products/{product_id}/prices": MERCHANT,
    "POST /campaigns": MERCHANT,
    "GET /campaigns": MERCHANT,
    "GET /campaigns/{campaign_id}/own": MERCHANT,
    "PUT /campaigns/{campaign_id}": MERCHANT,
    "POST /campaigns/{campaign_id}/publish": MERCHANT,
    "POST /campaigns/{campaign_id}/stock": MERCHANT,
    "GET /campaigns/{campaign_id}/figures": MERCHANT,
    "GET /groups/{group_id}/orders": SERVING,
    "GET /groups/{group_id}/money": SERVING,
    "POST /groups/{group_id}/deadline": MERCHANT,
    "GET /groups/{group_id}/close-preview": MERCHANT,
    "GET /differences": MERCHANT,
    "POST /payouts": "merchant ops",
    "GET /payouts": "merchant ops",
    "GET /payouts/{payout_id}": "merchant ops",
    "POST /payouts/{payout_id}/paid": "merchant ops",
    "PUT /payees/{person_id}/accounts/{method}": "ops",
    "GET /books/{provider}": "ops",
    "GET /books/{provider}/{day}": "ops",
    "GET /groups/{group_id}/settlement": SERVING,
    "PUT /orders/{order_id}/invoice": BUYER,
    "GET /orders/{order_id}/invoice": "buyer merchant",
    "GET /orders/{order_id}/invoice/made-out-to": "buyer merchant",
    "POST /orders/{order_id}/invoice/file": MERCHANT,
    "POST /orders/{order_id}/invoice/issue": MERCHANT,
    "GET /invoices": MERCHANT,
    "GET /groups/{group_id}/payouts": SERVING,
    "POST /groups/{group_id}/call-off": "merchant manager support",
    "GET /campaigns/{campaign_id}/solvency": PUBLIC,
    "POST /payments/{entry_id}/confirm": MERCHANT,
    "POST /refunds/{entry_id}/confirm": MERCHANT,
    "POST /groups/{group_id}/share": BUYER,
    "POST /groups/{group_id}/quote": BUYER,
    "POST /groups/{group_id}/join": BUYER,
    "POST /campaigns/{campaign_id}/teams": BUYER,
    "GET /groups/{group_id}/stages": f"{IN_HAND} support ops",
    "POST /groups/{group_id}/stages/{stage}/enter": IN_HAND,
    "POST /groups/{group_id}/stages/{stage}/updates": IN_HAND,
    "POST /groups/{group_id}/stages/{stage}/promises": IN_HAND,
    "POST /groups/{group_id}/stages/{stage}/ticks": IN_HAND,
    "POST /groups/{group_id}/stages/{stage}/finish": IN_HAND,
    "POST /groups/{group_id}/stages/{stage}/acknowledge": IN_HAND,
    "POST /groups/{group_id}/nudge": BUYER,
    "POST /groups/{group_id}/review": "merchant manager",
    "GET /stages": IN_HAND,
    "GET /stages/late": "merchant manager",
    "GET /stages/figures": "merchant manager",
    "POST /groups/{group_id}/posts": BUYER,
    "POST /groups/{group_id}/posts/form": BUYER,
    "GET /groups/{group_id}/posts": PUBLIC,
    "DELETE /groups/{group_id}/posts/{post_id}": BUYER,
    "PUT /groups/{group_id}/chat": BUYER,
    "POST /groups/{group_id}/questions": BUYER,
    "GET /groups/{group_id}/questions": PUBLIC,
    "GET /groups/{group_id}/questions/mine": BUYER,
    "POST /groups/{group_id}/questions/{question_id}/answer": BUYER,
    "POST /groups/{group_id}/questions/{question_id}/hide": BUYER,
    "POST /campaigns/{campaign_id}/chats": MERCHANT,
    "GET /campaigns/{campaign_id}/chats": MERCHANT,
    "DELETE /campaigns/{campaign_id}/chats/{hook_id}": MERCHANT,
    "GET /orders": BUYER,
    "GET /orders/{order_id}": BUYER,
    "PATCH /orders/{order_id}": BUYER,
    "POST /orders/{order_id}/cancel": BUYER,
    "POST /orders/{order_id}/payments": BUYER,
    "GET /me/contact": BUYER,
    "PUT /me/contact": BUYER,
    "POST /me/addresses": BUYER,
    "DELETE /me/addresses/{address_id}": BUYER,
    "GET /me/preferences": BUYER,
    "PUT /me/preferences": BUYER,
    "POST /me/consents": BUYER,
    "GET /me/real-name": BUYER,
    "POST /me/real-name": BUYER,
    "GET /me/notices": BUYER,
    "GET /me/where": BUYER,
    "POST /me/codes": BUYER,
    "POST /me/codes/answer": BUYER,
    "POST /me/erasure": BUYER,
    "GET /people/{person_id}/contact": "support",
    "PUT /people/{person_id}/standing": "support",
    "GET /people/{person_id}/contact/reads": "support ops",
    "POST /groups/{group_id}/batches": MERCHANT,
    "GET /groups/{group_id}/batches": f"{CREW} manager support ops",
    "POST /carriers/{carrier}/callbacks": PUBLIC,
    "GET /groups/{group_id}/batches/{destination}/labels": "merchant sorter",
    "POST /groups/{group_id}/tracking-numbers": MERCHANT,
    "POST /groups/{group_id}/batches/{destination}/waybills": "merchant sorter",
    "GET /batches": CREW,
    "GET /routes": MERCHANT,
    "PUT /routes": MERCHANT,
    "GET /routes/queue": MERCHANT,
    "GET /routes/loads": MERCHANT,
    "POST /routes/reroutes": MERCHANT,
    "GET /routes/reroutes/{key}": MERCHANT,
    "GET /groups/{group_id}/batches/{destination}": f"{CREW} manager support ops",
    "POST /groups/{group_id}/batches/{destination}/state": CREW,
    "POST /groups/{group_id}/batches/{destination}/promise": CREW,
    "POST /groups/{group_id}/batches/{destination}/positions": CREW,
    "POST /groups/{group_id}/batches/{destination}/temperatures": CREW,
    "POST /groups/{group_id}/batches/{destination}/photos/form": CREW,
    "POST /groups/{group_id}/batches/{destination}/photos": CREW,
    "POST /groups/{group_id}/batches/{destination}/hand-overs": CREW,
    "GET /groups/{group_id}/batches/{destination}/hand-overs": CREW,
    "POST /groups/{group_id}/batches/{destination}/hand-overs/{order_id}": MERCHANT,
    "POST /groups/{group_id}/incidents": "merchant manager support",
    "GET /groups/{group_id}/incidents": "merchant manager support ops",
    "POST /groups/{group_id}/incidents/{incident_id}/level": "merchant manager support",
    "POST /groups/{group_id}/incidents/{incident_id}/carrier": "merchant manager support",
    "POST /groups/{group_id}/incidents/{incident_id}/supplier": "merchant manager support",
    "POST /groups/{group_id}/incidents/{incident_id}/compensation": "merchant manager support",
    "POST /groups/{group_id}/incidents/{incident_id}/statement": "merchant manager support",
    "POST /groups/{group_id}/incidents/{incident_id}/close": "merchant manager support",
    "POST /orders/{order_id}/self-refund": BUYER,
    "POST /groups/{group_id}/substitutes": "merchant manager support",
    "GET /groups/{group_id}/substitutes": BUYER,
    "POST /orders/{order_id}/substitute": BUYER,
    "GET /me/coupons": BUYER,
    "GET /tasks": "merchant manager support",
    "POST /tasks/{task_id}/done": "merchant manager support",
    "GET /tasks/{task_id}/words": "support",
    "GET /ops/audit": "ops",
    "GET /ops/audit/{person_id}": "ops",
    "GET /ops/due": "ops",
    "GET /ops/parked": "ops",
    "POST /ops/parked/put-back": "ops",
}
"""Roles that pass the door. Whether the object is the caller's own is asked behind it, by the services."""

PEOPLE = ("buyer", "leader", "sorter", "carrier", "supplier", "merchant", "manager", "support", "ops")


class Silent(SimpleNamespace):
    """A world behind which nothing answers: whoever passes the door gets 503."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(name)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(edge, "world", Silent)
    return Door(app)


def named(one: edge.Route) -> str:
    return f"{one.method} {one.path}"


def filled(path: str) -> str:
    return path.replace("{", "").replace("}", "")


@pytest.mark.req("B26")
def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert sorted(map(named, edge.ROUTES)) == sorted(MATRIX)


@pytest.mark.req("B26")
def test_the_app_serves_nothing_that_was_not_declared_at_the_door() -> None:
    served = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert served - {f"{one.method} {one.path}" for one in page.PAGES} == set(MATRIX)
    for one in edge.ROUTES:
        entry = app.routes[one.path][one.method]
        assert (entry.authorizer is authorize) is bool(one.roles), named(one)
        assert entry.cors is None
        assert not entry.api_key_required


@pytest.mark.req("B26")
@pytest.mark.parametrize("row", sorted(MATRIX))
def test_without_a_good_token_only_public_routes_answer(door: Door, row: str) -> None:
    method, path = row.split(" ")
    expected = MATRIX[row] == PUBLIC
    for headers in ({}, {"Authorization": "Bearer stale"}, {"Authorization": "Basic bWVp"}):
        passed = door(method, filled(path), headers=headers).status != 401
        assert passed is expected


@pytest.mark.req("B26", "S20")
@pytest.mark.parametrize("row", sorted(row for row, who in MATRIX.items() if who != PUBLIC))
def test_only_the_roles_of_the_row_pass(door: Door, row: str) -> None:
    method, path = row.split(" ")
    wanted = MATRIX[row].split(" ")
    for person in PEOPLE:
        said = door(method, filled(path), as_=f"someone:{person}")
        passes = person in wanted or BUYER in wanted
        assert (said.status != 403) is passes, f"{person}: {said.status}"
        assert said.status not in (401, 500)


def test_names_are_unique_as_the_framework_asks() -> None:
    names = [one.name for one in edge.ROUTES]
    assert len(set(names)) == len(names)


@pytest.mark.req("B6")
def test_every_call_that_makes_something_takes_a_key_or_repeats_harmlessly() -> None:
    keyed = {named(one) for one in edge.ROUTES if one.key}
    assert keyed == {
        "POST /products",
        "POST /campaigns",
        "POST /groups/{group_id}/join",
        "POST /campaigns/{campaign_id}/teams",
        "POST /campaigns/{campaign_id}/stock",
        "POST /routes/reroutes",
        "POST /purchases/{purchase_id}/lots",
        "POST /places",
        "POST /groups/{group_id}/join-for",
        "POST /groups/{group_id}/posts",
        "POST /groups/{group_id}/questions",
        "POST /groups/{group_id}/incidents",
        "POST /orders/{order_id}/returns",
        "POST /payouts",
    }
