"""How many messages go out: a campaign's budget and a person's cap a day, for courtesy alone (N9)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.person import Home
from chalicelib.services.telling import budget

from .shop import Offer, Shop, Taken, rows
from .test_delivery import formed, move, refused

COURTESY = (
    "batch_sorted",
    "batch_in_transit",
    "milestone_reached",
    "milestone_half",
    "milestone_one_more",
    "eta_moved",
)


def on_its_way(shop: Shop, offer: Offer) -> None:
    for state in ("sorted", "in_transit"):
        move(shop, offer, state)
        shop.bed.later(12 * HOUR)


def states(shop: Shop, taken: Taken) -> list[tuple[str, str]]:
    """State and reason of each courtesy, as its row has them."""
    notices = [row for (pk, sk), row in rows(shop.bed).items() if pk == f"PERSON#{taken.who}" and "NOTICE#" in sk]
    said = [(row["state"]["S"], row["body"]["M"]) for row in notices]
    return [(state, body.get("reason", {"S": ""})["S"]) for state, body in said if body["template"]["S"] in COURTESY]


@pytest.mark.req("N9")
def test_courtesy_stops_at_the_campaigns_budget_and_money_does_not(own: Shop) -> None:
    shop = Shop(own.bed, contact=True)
    offer, took = formed(shop, contact=True, message_budget=4)
    on_its_way(shop, offer)
    all_of_them = [state for taken in took for state in states(shop, taken)]
    assert [state for state, _ in all_of_them].count("sent") == 4
    assert {reason for state, reason in all_of_them if state == "suppressed"} == {"over the budget"}
    assert all(len(shop.told(taken.who, "order_paid")) == 2 for taken in took)
    move(shop, offer, "ready")
    shop.bed.later(HOUR)
    assert all(len(shop.told(taken.who, "batch_ready")) == 2 for taken in took), "a reminder is no courtesy"
    assert len(shop.told(shop.merchant, "message_budget_spent")) == 2, "once by SMS, once by e-mail"
    assert shop.ok("GET", f"/campaigns/{offer.id}/own", who=shop.merchant)["message_budget"] == 4


@pytest.mark.req("N9")
def test_nobody_gets_more_courtesy_in_a_day_than_their_region_says(own: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_cap", lambda world: 1)
    offer, took = formed(own, contact=True)
    for state in ("sorted", "in_transit"):
        move(own, offer, state)
        own.bed.later(HOUR)
    assert Home().courtesies == 20
    for taken in took:
        said = states(own, taken)
        assert [state for state, _ in said].count("sent") == 1
        assert {reason for state, reason in said if state != "sent"} == {"over the daily cap"}
        assert len(own.told(taken.who, "order_paid")) == 2
    own.bed.later(DAY)
    move(own, offer, "ready")
    own.bed.later(HOUR)
    assert all(own.told(taken.who, "batch_ready") for taken in took)


@pytest.mark.req("N9")
def test_a_budget_is_a_whole_number_or_none(shop: Shop) -> None:
    body: dict[str, Any] = shop.draft(message_budget=-1)
    headers = {"Idempotency-Key": shop.key()}
    assert shop.bed.call("POST", "/campaigns", body, who=shop.merchant, headers=headers).json["code"] == "out_of_bounds"
    assert refused(shop, "GET", "/campaigns/nothing/own") == "campaign_not_found"
