"""Batches find their warehouse and carrier, and another one when something goes wrong."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE

from .shop import Shop
from .test_delivery import at, formed, move, refused
from .test_supply_pages import Reader

ZONED = {
    "kind": "community",
    "communities": [{"id": "garden", "name": "花园里", "zone": "浦东"}],
    "pickup_points": [{"id": "gate", "name": "南门", "community_id": "garden"}],
}


def table(
    shop: Shop, *rules: dict[str, Any], version: int = 0, chilled: int = 100, anna: str = "anna", fallback: str = "b"
) -> Any:
    body = {
        "version": version,
        "warehouses": [
            {
                "id": "a",
                "name": "A 仓",
                "capacity": {"ambient": chilled},
                "sorters": [anna],
                **({"fallback": fallback} if fallback else {}),
            },
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


@pytest.mark.req("S9", "S20")
def test_sorters_find_their_batches_in_a_list_until_these_go_elsewhere_or_are_done(own: Shop) -> None:
    anna, ben = (own.person(name, roles=("sorter",)) for name in ("anna", "ben"))
    table(own, A, anna=anna)
    offers = [formed(own, **ZONED)[0] for _ in range(3)]

    def listed(who: str, state: str = "") -> list[str]:
        query = f"/batches?state={state}" if state else "/batches"
        return [str(one["group_id"]) for one in own.pages(query, who=who, limit=2)]

    groups = [offer.group for offer in offers]
    assert listed(anna) == groups, "the oldest first, page by page"
    assert listed(ben) == [] and listed(anna, "sorted") == []
    move(own, offers[0], "sorted", who=anna)
    assert (listed(anna, "sorted"), listed(anna, "planned")) == (groups[:1], groups[1:])
    reader = Reader(own, anna, "sorter")
    for language, word in (("zh", "配送批次"), ("en", "Delivery batches")):
        assert word in reader.get("/work", language).text
        assert all(group in reader.get("/work/batches", language).text for group in groups)
    assert groups[1] not in reader.get("/work/batches?state=sorted").text
    page = f"/deliver/{groups[1]}/point.gate"
    assert reader.post(f"{page}/move", "/work/batches?state=planned").status == 303
    assert listed(anna, "planned") == groups[2:]
    shown = Reader(own, own.merchant, "merchant").get(f"/desk/c/{offers[0].id}/orders").text
    assert f"deliver/{groups[0]}" in shown and "配送与标签" in shown
    own.ok("POST", at(offers[0], "waybills"), {"carrier": "sandbox"}, who=own.merchant)
    number = own.ok("GET", at(offers[0]), who=own.merchant)["waybill"]
    assert number in Reader(own, own.merchant, "merchant").get(f"/desk/c/{offers[0].id}/orders").text

    # a list follows who serves: the warehouse is another's now, and what is finished is in nobody's
    move(own, offers[0], "in_transit", "ready")
    own.ok("POST", "/routes/reroutes", {"zone": "浦东", "warehouse": "a", "to": "b"}, who=own.merchant, key="r")
    own.bed.later(HOUR)
    assert listed(anna) == groups[:1], "what has left stays with those who sent it"
    waiting = own.ok("GET", f"{at(offers[0])}/hand-overs", who=own.merchant)["items"]
    for order in waiting:
        path = f"{at(offers[0])}/hand-overs/{order['order_id']}"
        own.ok("POST", path, {"reason": "老邻居"}, who=own.merchant)
    move(own, offers[0], "handed_over")
    assert listed(anna) == []
    assert listed(own.merchant, "handed_over") == groups[:1]


@pytest.mark.req("S25")
def test_too_much_for_a_day_is_said_before_the_day_with_the_fallback(own: Shop) -> None:
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=own.merchant)
    table(own, A, chilled=7)

    def house(offer: Any) -> str:
        return str(own.ok("GET", at(offer), who=own.merchant)["warehouse"])

    def told() -> int:
        own.bed.later(MINUTE)
        return len(own.told(own.merchant, "capacity_short"))

    assert (house(formed(own, **ZONED, hours=3)[0]), told()) == ("a", 0)
    assert (house(formed(own, **ZONED, hours=3)[0]), told()) == ("a", 1), (
        "four fifths are taken: said before it is too late"
    )
    assert (house(formed(own, **ZONED, hours=3)[0]), told()) == ("b", 2), "the fallback has room"
    loads = own.ok("GET", "/routes/loads?days=3", who=own.merchant)["items"]
    (seen,) = [one for one in loads if one["place"] == "warehouse.a.ambient"]
    assert (seen["orders"], seen["capacity"], seen["over"]) == (6, 7, False)
    assert (seen["fallback"], seen["fallback_free"]) == ("b", 47)
    assert "7" in own.sent_to(own.merchant, "备用")[0].text

    # no room anywhere: nothing is loaded beyond a limit, and the merchant decides
    version = own.ok("GET", "/routes", who=own.merchant)["version"]
    table(own, A, version=version, chilled=7, fallback="")
    waiting, _ = formed(own, **ZONED, hours=3)
    assert (house(waiting), told()) == ("", 3)
    (queued,) = own.ok("GET", "/routes/queue", who=own.merchant)["items"]
    assert queued["group_id"] == waiting.group
    version = own.ok("GET", "/routes", who=own.merchant)["version"]
    table(own, A, version=version, chilled=9, fallback="")
    own.bed.later(MINUTE)
    assert house(waiting) == "a" and own.ok("GET", "/routes/queue", who=own.merchant)["items"] == []
    loads = own.ok("GET", "/routes/loads?days=3", who=own.merchant)["items"]
    assert [one["orders"] for one in loads if one["place"] == "warehouse.a.ambient"] == [9]


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
