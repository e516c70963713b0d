"""Batches find their warehouse and carrier, and another one when something goes wrong."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR

from .shop import Shop
from .test_delivery import at, formed, move, refused

ZONED = {
    "kind": "community",
    "communities": [{"id": "garden", "name": "花园里", "zone": "浦东"}],
    "pickup_points": [{"id": "gate", "name": "南门", "community_id": "garden"}],
}


def table(shop: Shop, *rules: dict[str, Any], version: int = 0, chilled: int = 100, anna: str = "anna") -> Any:
    body = {
        "version": version,
        "warehouses": [
            {"id": "a", "name": "A 仓", "capacity": {"ambient": chilled}, "fallback": "b", "sorters": [anna]},
            {"id": "b", "name": "B 仓", "capacity": {"ambient": 50}},
        ],
        "carriers": [{"id": "sandbox", "name": "顺路达"}],
        "rules": list(rules),
    }
    return shop.ok("PUT", "/routes", body, who=shop.merchant)


A = {"zone": "浦东", "warehouse": "a", "carrier": "sandbox"}


@pytest.mark.req("O9")
def test_a_batch_that_matches_nothing_waits_in_the_queue_until_a_rule_does(own: Shop) -> None:
    shown = table(own, {**A, "zone": "徐汇"})
    offer, _ = formed(own, **ZONED)
    (waiting,) = own.ok("GET", "/routes/queue", who=own.merchant)["items"]
    assert (waiting["destination"], waiting["warehouse"]) == ("point.gate", "")
    anna = own.person("sorter", roles=("sorter",))
    assert refused(own, "POST", at(offer, "state"), {"to": "sorted"}, who=anna) == "batch_not_found"
    table(own, A, version=own.ok("GET", "/routes", who=own.merchant)["version"], anna=anna)
    assert own.ok("GET", "/routes/queue", who=own.merchant)["items"] == []
    found = own.ok("GET", at(offer), who=own.merchant)
    assert (found["warehouse"], found["carrier"]) == ("a", "sandbox")
    assert move(own, offer, "sorted", who=anna)["state"] == "sorted"
    assert refused(own, "POST", at(offer, "state"), {"to": "ready"}, who=anna) == "not_yours_to_move"
    body = {"version": shown["version"], "rules": []}
    assert refused(own, "PUT", "/routes", body) == "routes_have_changed"


@pytest.mark.req("S25")
def test_too_much_for_a_day_is_said_before_the_day_with_the_fallback(own: Shop) -> None:
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    table(own, A, chilled=5)
    formed(own, **ZONED)
    assert not own.told(own.merchant, "capacity_short")
    formed(own, **ZONED)
    formed(own, **ZONED)
    loads = own.ok("GET", "/routes/loads?days=3", who=own.merchant)["items"]
    (house,) = [one for one in loads if one["place"] == "warehouse.a.ambient"]
    assert (house["orders"], house["capacity"], house["over"]) == (9, 5, True)
    assert (house["fallback"], house["fallback_free"]) == ("b", 50)
    assert len(own.told(own.merchant, "capacity_short")) == 1, "once for that day"
    assert "5" in own.sent_to(own.merchant, "备用")[0].text


@pytest.mark.req("S7", "S5")
def test_a_sorting_stage_that_stays_late_sends_its_batches_to_the_other_warehouse(own: Shop) -> None:
    table(own, A)
    fallback = {"kind": "other_warehouse", "to": "b"}
    late = {"name": "sorting", "limit": {"minutes": 240}, "fallback": fallback}
    offer = own.offer(**ZONED, plan=[late])
    took = [own.buy(offer.group) for _ in range(3)]
    assert own.close(offer.group)["state"] == "formed"
    (batch,) = own.ok("GET", f"/groups/{offer.group}/batches", who=own.merchant)["items"]
    assert (batch["warehouse"], batch["orders"]) == ("a", 3), "planned as the turn of sorting came"
    own.bed.later(2 * DAY)
    (batch,) = own.ok("GET", f"/groups/{offer.group}/batches", who=own.merchant)["items"]
    assert (batch["warehouse"], batch["promises"][-1]["why"]) == ("b", "rerouted")
    assert own.story(took[0])["delivery"]["promises"] == batch["promises"]


@pytest.mark.req("S7")
def test_one_command_sends_all_unshipped_batches_of_a_zone_another_way_once(own: Shop) -> None:
    table(own, A)
    first, took = formed(own, contact=True, **ZONED)
    gone, _ = formed(own, **ZONED)
    move(own, gone, "sorted", "in_transit")
    body = {"zone": "浦东", "warehouse": "a", "to": "b", "hours": 72}
    for _ in range(2):  # the same command again
        said = own.ok("POST", "/routes/reroutes", body, who=own.merchant, key="away")
    own.bed.later(HOUR)
    done = own.ok("GET", f"/routes/reroutes/{said['key']}", who=own.merchant)
    assert (done["moved"], done["done_at"] is not None) == (1, True)
    found = own.ok("GET", at(first), who=own.merchant)
    assert (found["warehouse"], found["promises"][-1]["why"]) == ("b", "rerouted")
    assert own.story(took[0])["delivery"]["expected"][-1]["earliest"] == found["promises"][-1]["earliest"]
    own.bed.later(20 * HOUR)
    assert len(own.told(took[0].who, "batch_promise")) == 2, "told once, on both channels"
    assert own.ok("GET", at(gone), who=own.merchant)["warehouse"] == "a", "it is on its way already"
    loads = own.ok("GET", "/routes/loads", who=own.merchant)["items"]
    at_b = [one["orders"] for one in loads if one["place"] == "warehouse.b.ambient"]
    assert sum(at_b) == 3 and sum(o["orders"] for o in loads if o["place"] == "warehouse.a.ambient") == 3
    later, _ = formed(own, **ZONED)
    assert own.ok("GET", at(later), who=own.merchant)["warehouse"] == "b", "for 72 hours"
    own.bed.later(3 * DAY)
    later, _ = formed(own, **ZONED)
    assert own.ok("GET", at(later), who=own.merchant)["warehouse"] == "a"
    other = {**body, "to": "a", "warehouse": "b"}
    answer = own.bed.call("POST", "/routes/reroutes", other, who=own.merchant, headers={"Idempotency-Key": "away"})
    assert answer.json["code"] == "key_reused"
    same = {**body, "to": "a"}
    answer = own.bed.call("POST", "/routes/reroutes", same, who=own.merchant, headers={"Idempotency-Key": "k2"})
    assert answer.json["code"] == "same_warehouse"
