"""What a formed group asks of its suppliers, and what they answer (S4, S9, S10, S16, P18)."""

from typing import Any

import boto3
import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from tests.bed.bed import REGION

from .shop import APPLE, Offer, Shop, answers_lost, instant_of, item, overtaken, rows

PEAR = "pear"
TWO_POINTS = [{"id": "gate", "name": "南门"}, {"id": "kiosk", "name": "小卖部"}]


def formed(shop: Shop, supplier: str, *, kiosk: int = 1, contact: bool = False, **over: Any) -> Offer:
    """A group of three that has formed: `kiosk` of them pick up at the kiosk, the others at the gate."""
    pears = item(sku=PEAR, title="皇冠梨", tiers=[], stock=50)
    offer = shop.offer(
        **{
            "items": [item(supplier_id=supplier), pears],
            "pickup_points": TWO_POINTS,
            "hours": 2,
            "category": "household",
        }
        | over
    )
    for number, who in enumerate(shop.people(3, contact=contact)):
        shop.buy(offer.group, who, lines={APPLE: 2, PEAR: 1}, pickup_point="kiosk" if number < kiosk else "gate")
    shop.close(offer.group, after=MINUTE)
    return offer


def purchases(shop: Shop, offer: Offer) -> list[dict[str, Any]]:
    return list(shop.ok("GET", f"/groups/{offer.group}/purchases", who=shop.merchant)["items"])


def mine(shop: Shop, supplier: str) -> dict[str, Any]:
    (only,) = shop.ok("GET", "/purchases", who=supplier)["items"]
    return dict(only)


def acknowledge(shop: Shop, supplier: str, number: int = 1) -> Any:
    return shop.ok("POST", f"/purchases/{mine(shop, supplier)['id']}/acknowledge", {"number": number}, who=supplier)


@pytest.mark.req("S4")
def test_a_formed_group_asks_each_supplier_once_by_destination(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",), contact=True)
    offer = formed(shop, supplier)

    asked = mine(shop, supplier)
    assert [(line["place"], line["units"]) for line in asked["asked"]] == [("南门", {APPLE: 4}), ("小卖部", {APPLE: 2})]
    assert asked["total"] == {APPLE: 6} and asked["number"] == 1 and not asked["acknowledged"]
    assert instant_of(asked["answer_by"]) - instant_of(asked["issued_at"]) == 48 * HOUR
    # the merchant supplies what names nobody else
    assert sorted(str(one["total"]) for one in purchases(shop, offer)) == [str({APPLE: 6}), str({PEAR: 3})]
    assert len(shop.told(supplier, "purchase_issued")) == 2, "on both channels, once"

    shop.bed.later(HOUR)
    assert len(purchases(shop, offer)) == 2
    assert len(shop.told(supplier, "purchase_issued")) == 2


@pytest.mark.req("S4")
def test_a_group_that_fails_asks_nobody(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",))
    offer = shop.offer(items=[item(supplier_id=supplier)], hours=2)
    shop.buy(offer.group)
    shop.close(offer.group)
    assert purchases(shop, offer) == []
    assert shop.bed.call("POST", f"/groups/{offer.group}/purchases/recount", who=shop.merchant).status == 409


@pytest.mark.req("S4")
def test_silence_is_escalated_once_to_the_merchant_and_once_more(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",), contact=True)
    formed(shop, supplier)
    shop.bed.later(48 * HOUR - 5 * MINUTE)
    assert mine(shop, supplier)["escalations"] == []
    shop.bed.later(10 * MINUTE)
    assert mine(shop, supplier)["escalations"] == ["purchase_unanswered"]
    assert len(shop.told(supplier, "purchase_unanswered")) == 2
    shop.bed.later(13 * HOUR)
    assert mine(shop, supplier)["escalations"] == ["purchase_unanswered", "purchase_escalated"]
    shop.bed.later(DAY)
    assert len(shop.told(supplier, "purchase_unanswered")) == 2
    alarms = [what for what, record in shop.bed.alarms if record.get("row") == mine(shop, supplier)["id"]]
    assert alarms == ["purchase_unanswered"], "no manager is named: an operator looks"


@pytest.mark.req("S4", "S9")
def test_an_acknowledged_order_is_not_chased_also_when_the_answer_meets_the_escalation(own: Shop) -> None:
    shop = own
    supplier = shop.person("supplier", roles=("supplier",), contact=True)
    formed(shop, supplier)
    purchase = mine(shop, supplier)["id"]
    shop.bed.later(48 * HOUR - 2 * MINUTE)

    def answered() -> Any:
        body = {"number": 1}
        return shop.bed.call_only("POST", f"/purchases/{purchase}/acknowledge", body, who=supplier)

    with overtaken(shop.bed, answered, before="TransactWriteItems") as happened:
        shop.bed.later(5 * MINUTE)
    assert [one.status for one in happened] == [200]
    shop.bed.later(2 * DAY)
    assert mine(shop, supplier)["acknowledged"]
    assert mine(shop, supplier)["escalations"] == []
    assert shop.told(supplier, "purchase_unanswered") == []


@pytest.mark.req("S4")
def test_a_later_change_is_a_numbered_amendment_to_be_acknowledged(shop: Shop) -> None:
    """Pickup points may be chosen after the close: the count at the cut-off becomes an amendment."""
    supplier = shop.person("supplier", roles=("supplier",), contact=True)
    closes = shop.bed.now + 2 * HOUR
    offer = shop.offer(
        items=[item(supplier_id=supplier)],
        pickup_points=TWO_POINTS,
        opens_at=rfc3339(shop.bed.now),
        closes_at=rfc3339(closes),
        choose_pickup_by=rfc3339(closes + 6 * HOUR),
        category="household",
    )
    taken = [shop.buy(offer.group, pickup_point="gate") for _ in range(3)]
    shop.close(offer.group, after=MINUTE)
    assert acknowledge(shop, supplier)["acknowledged"]

    story = shop.story(taken[0])["order"]
    shop.ok("PATCH", f"/orders/{taken[0].id}", {"version": story["version"], "pickup_point": "kiosk"}, who=taken[0].who)
    shop.bed.later(6 * HOUR)
    asked = mine(shop, supplier)
    assert asked["number"] == 2 and not asked["acknowledged"]
    (amendment,) = asked["amendments"]
    assert {line["destination"]: line["units"] for line in amendment["changes"]} == {
        "point.gate": {APPLE: -1},
        "point.kiosk": {APPLE: 1},
    }
    assert len(shop.told(supplier, "purchase_amended")) == 2
    refused = shop.bed.call("POST", f"/purchases/{asked['id']}/acknowledge", {"number": 1}, who=supplier)
    assert (refused.status, refused.json["code"]) == (409, "purchase_has_changed")
    assert acknowledge(shop, supplier, 2)["acknowledged"]

    shop.ok("POST", f"/groups/{offer.group}/purchases/recount", who=shop.merchant)
    assert mine(shop, supplier)["number"] == 2, "nothing has changed, so nothing is amended"


@pytest.mark.req("S9", "S16")
def test_a_supplier_promises_dates_and_ships_lots(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",))
    formed(shop, supplier)
    purchase = mine(shop, supplier)["id"]

    def lot(units: int, key: str, **over: Any) -> Any:
        body = {"units": {APPLE: units}, "batch": "B-7"} | over
        headers = {"Idempotency-Key": key}
        return shop.bed.call("POST", f"/purchases/{purchase}/lots", body, who=supplier, headers=headers)

    assert lot(1, "early").json["code"] == "purchase_not_acknowledged"
    acknowledge(shop, supplier)
    for days in (2, 3):
        body = {"ready_at": rfc3339(shop.bed.now + days * DAY), "note": "天气"}
        for _ in range(2):
            told = shop.ok("POST", f"/purchases/{purchase}/promises", body, who=supplier)
    assert len(told["promises"]) == 2, "the same date again is no new promise"
    assert told["promised_for"] == told["promises"][-1]["ready_at"]

    with answers_lost(shop.bed):
        assert lot(4, "one").status in (201, 503)
    assert lot(4, "one").json == lot(4, "one").json
    assert lot(3, "one").json["code"] == "key_reused"
    assert (lot(3, "two").json["code"], lot(3, "two").json["left"]) == ("more_than_asked_for", 2)
    assert lot(2, "three", destination="point.kiosk").status == 201
    story = shop.ok("GET", f"/purchases/{purchase}", who=supplier)
    assert story["shipped"] == {APPLE: 6}
    assert [(one["number"], one["units"][APPLE]) for one in story["shipments"]] == [(1, 4), (2, 2)]


@pytest.mark.req("S9")
@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("promises", {"ready_at": "2026-10-01T00:00:00Z"}, "promise_in_the_past"),
        ("promises", {"ready_at": "2030-10-01T00:00:00Z"}, "promise_too_far"),
        ("promises", {"ready_at": "2026-12-01T00:00:00"}, "bad_value"),
        ("acknowledge", {"number": 2}, "purchase_has_changed"),
        ("acknowledge", {"number": 0}, "out_of_bounds"),
        ("lots", {"units": {PEAR: 1}}, "not_on_this_purchase"),
        ("lots", {"units": {APPLE: 0}}, "out_of_bounds"),
        ("lots", {"units": {APPLE: 1}, "destination": "point.nowhere"}, "unknown_destination"),
    ],
)
def test_what_a_supplier_cannot_mean_is_refused_by_name(
    forming: tuple[Shop, str, str], path: str, body: dict[str, Any], code: str
) -> None:
    shop, supplier, purchase = forming
    headers = {"Idempotency-Key": shop.key()}
    said = shop.bed.call("POST", f"/purchases/{purchase}/{path}", body, who=supplier, headers=headers)
    assert said.json["code"] == code


@pytest.fixture
def forming(shop: Shop) -> tuple[Shop, str, str]:
    supplier = shop.person("supplier", roles=("supplier",))
    formed(shop, supplier)
    acknowledge(shop, supplier)
    return shop, supplier, mine(shop, supplier)["id"]


@pytest.mark.req("S9", "B26")
def test_nobody_answers_for_another_supplier(forming: tuple[Shop, str, str]) -> None:
    shop, _, purchase = forming
    other = shop.person("supplier", roles=("supplier",))
    assert shop.bed.call("GET", f"/purchases/{purchase}", who=other).status == 404
    assert shop.bed.call("POST", f"/purchases/{purchase}/acknowledge", {"number": 1}, who=other).status == 404
    # its merchant reads it, and cannot answer in the supplier's name
    assert shop.ok("GET", f"/purchases/{purchase}", who=shop.merchant)["total"] == {APPLE: 6}
    assert shop.bed.call("POST", f"/purchases/{purchase}/acknowledge", {"number": 1}, who=shop.merchant).status == 404


@pytest.mark.req("S10")
def test_a_report_is_uploaded_looked_at_and_read(forming: tuple[Shop, str, str]) -> None:
    shop, supplier, purchase = forming
    form = shop.ok("POST", f"/purchases/{purchase}/reports/uploads", who=supplier)
    assert form["most_bytes"] == 5 << 20
    path = f"/purchases/{purchase}/reports"
    missing = shop.bed.call("POST", path, {"key": form["key"]}, who=supplier)
    assert missing.json["code"] == "file_not_uploaded"

    def laid_down(content: bytes) -> str:
        key = str(shop.ok("POST", f"/purchases/{purchase}/reports/uploads", who=supplier)["key"])
        boto3.client("s3", region_name=REGION).put_object(Bucket="tuan-bed-files", Key=key, Body=content)
        return key

    key = laid_down(b"%PDF-1.7\n" + b"x" * 1000)
    for _ in range(2):
        kept = shop.ok("POST", path, {"key": key}, who=supplier)
    assert [one["content_type"] for one in kept["reports"]] == ["application/pdf"]
    link = shop.ok("GET", f"/purchases/{purchase}", who=shop.merchant)["reports"][0]["link"]
    assert link.startswith("http")
    assert shop.bed.call("POST", path, {"key": laid_down(b"MZ not a report")}, who=supplier).json["code"] == (
        "wrong_file_type"
    )
    stranger = shop.person("supplier", roles=("supplier",))
    assert shop.bed.call("POST", path, {"key": key}, who=stranger).status == 404


@pytest.mark.req("P17")
def test_restocked_units_name_the_suppliers_batch(shop: Shop) -> None:
    offer = shop.offer(items=[item(stock=10)])
    path, key = f"/campaigns/{offer.id}/stock", shop.key()
    body = {"units": {APPLE: 5}, "reason": "second delivery", "batch": "LOT-2026-11"}
    for _ in range(2):
        shop.ok("POST", path, body, who=shop.merchant, key=key)
    other = shop.bed.call("POST", path, {**body, "batch": "LOT-X"}, who=shop.merchant, headers={"Idempotency-Key": key})
    assert other.json["code"] == "key_reused"


@pytest.mark.req("S16", "S10")
def test_a_suppliers_date_and_papers_reach_the_stage_and_with_it_the_buyers(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",))
    offer = formed(shop, supplier)
    purchase = mine(shop, supplier)["id"]
    ready = rfc3339(shop.bed.now + 30 * HOUR)
    shop.ok("POST", f"/purchases/{purchase}/promises", {"ready_at": ready}, who=supplier)
    key = str(shop.ok("POST", f"/purchases/{purchase}/reports/uploads", who=supplier)["key"])
    boto3.client("s3", region_name=REGION).put_object(Bucket="tuan-bed-files", Key=key, Body=b"%PDF-1.7\n" + b"x" * 99)
    shop.ok("POST", f"/purchases/{purchase}/reports", {"key": key}, who=supplier)
    journey = rows(shop.bed)[f"GROUP#{offer.group}", "JOURNEY"]["body"]["M"]
    stocking = next(one["M"] for one in journey["stages"]["L"] if one["M"]["name"]["S"] == "stocking")
    assert [int(one["M"]["latest"]["N"]) for one in stocking["promises"]["L"]] == [instant_of(ready)]
    assert [one["S"] for one in stocking["papers"]["L"]] == ["qc_report"]


# ----------------------------------------------------------------- another supplier takes over

LATE = {"name": "stocking", "limit": {"minutes": 240}, "fallback": {"kind": "other_supplier", "to": "plan-b"}}


@pytest.mark.req("S5", "S4")
def test_a_stocking_stage_that_stays_late_asks_the_other_supplier_and_withdraws_from_the_first(own: Shop) -> None:
    first, second = (own.person(name, roles=("supplier",), contact=True) for name in ("first", "second"))
    fallback = {"kind": "other_supplier", "to": second}
    offer = own.offer(items=[item(supplier_id=first)], plan=[{**LATE, "fallback": fallback}])
    for _ in range(3):
        own.buy(offer.group)
    own.close(offer.group, after=MINUTE)
    assert mine(own, first)["total"] == {APPLE: 3}
    own.bed.later(2 * DAY)
    assert (mine(own, first)["total"], mine(own, first)["number"]) == ({}, 2)
    assert (mine(own, second)["total"], mine(own, second)["number"]) == ({APPLE: 3}, 1)
    assert len(own.told(first, "purchase_withdrawn")) == len(own.told(second, "purchase_issued")) == 2
    assert not list(own.pages("/tasks", who=own.merchant)), "nobody has to look for one"
    body = {"lines": {APPLE: 1}}
    headers = {"Idempotency-Key": own.key()}
    late = own.bed.call("POST", f"/purchases/{mine(own, first)['id']}/lots", body, who=first, headers=headers)
    assert late.status >= 400, "what was withdrawn is not sent"


@pytest.mark.req("S5", "S6")
def test_goods_on_their_way_stay_with_their_supplier_and_somebody_is_to_be_found(own: Shop) -> None:
    supplier = own.person("supplier", roles=("supplier",))
    offer = own.offer(items=[item(supplier_id=supplier)], plan=[LATE])
    for _ in range(3):
        own.buy(offer.group)
    own.close(offer.group, after=MINUTE)
    purchase = acknowledge(own, supplier)
    own.ok("POST", f"/purchases/{mine(own, supplier)['id']}/lots", {"units": {APPLE: 1}}, who=supplier, key=own.key())
    own.bed.later(2 * DAY)
    assert mine(own, supplier)["total"] == {APPLE: 3} and purchase is not ...
    (task,) = own.pages("/tasks", who=own.merchant)
    assert (task["errand"], task["about"]) == ("supplier", offer.group)


@pytest.mark.req("S6")
def test_an_incident_of_level_two_names_the_supplier_that_takes_over(shop: Shop) -> None:
    first, second = (shop.person(name, roles=("supplier",)) for name in ("first", "second"))
    offer = shop.offer(items=[item(supplier_id=first, fallback_supplier_id=second)], hours=2)
    for _ in range(3):
        shop.buy(offer.group)
    shop.close(offer.group, after=MINUTE)
    path = f"/groups/{offer.group}/incidents"
    opened = shop.ok(
        "POST", path, {"what": "supplier", "level": 2, "text": "厂停电"}, who=shop.merchant, key=shop.key()
    )
    for _ in range(2):
        shop.ok("POST", f"{path}/{opened['id']}/supplier", {"note": "换二号厂"}, who=shop.merchant)
    shop.bed.later(MINUTE)
    assert (mine(shop, first)["total"], mine(shop, second)["total"]) == ({}, {APPLE: 3})
    assert not list(shop.pages("/tasks", who=shop.merchant))
