"""Labels: in the order of the walk, masked, as JSON, and as a PDF whose Chinese is right."""

import re
import zlib
from typing import Any

import pytest

from .shop import APPLE, Shop
from .test_delivery import ADDRESS, at, delivering, formed, refused

DOORS = [("花园里", "10", "1"), ("花园里", "2", "1"), ("安居苑", "7", "3"), ("花园里", "2", "2")]


def packed(shop: Shop) -> tuple[Any, str]:
    """A batch for doors, whose buyers joined in no order at all."""
    offer = delivering(shop)
    for community, building, unit in DOORS:
        who = shop.person()
        where = {**ADDRESS, "community": community, "building": building, "unit": unit, "division_code": "310101"}
        address = str(shop.ok("POST", "/me/addresses", where, who=who)["id"])
        shop.buy(offer.group, who, address_id=address, pickup_point=...)
    shop.close(offer.group)
    (zone, _) = shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)["items"]
    return offer, zone["destination"]


@pytest.mark.req("O11", "O10")
def test_labels_go_by_community_building_and_unit_with_phones_masked(shop: Shop) -> None:
    offer, point = packed(shop)
    found = shop.ok("GET", at(offer, "labels", point), who=shop.merchant)["items"]
    doors = ["安居苑 7栋 3单元 501", "花园里 2栋 1单元 501", "花园里 2栋 2单元 501", "花园里 10栋 1单元 501"]
    assert [one["door"] for one in found] == doors
    assert [one["number"] for one in found] == [1, 2, 3, 4]
    assert {(one["recipient"], one["phone"]) for one in found} == {("王**", "139****1234")}
    assert found[0]["goods"] == ["红富士苹果 x 1"]
    assert "13900001234" not in str(found)
    assert shop.ok("GET", f"{at(offer, 'labels', point)}?sheet=1", who=shop.merchant)["items"] == []
    sorter = shop.person("sorter", roles=("sorter",))
    assert refused(shop, "GET", at(offer, "labels", point), who=sorter) == "batch_not_found"


@pytest.mark.req("O11")
def test_reading_an_address_for_a_label_is_on_record(shop: Shop) -> None:
    offer, took = formed(shop)
    assert {one["door"] for one in shop.ok("GET", at(offer, "labels"), who=shop.merchant)["items"]} == {"南门"}
    offer, point = packed(shop)
    (first, *_) = shop.ok("GET", at(offer, "labels", point), who=shop.merchant)["items"]
    support = shop.person("support", roles=("support",))
    buyer = next(
        one["buyer_id"]
        for one in shop.ok("GET", f"/groups/{offer.group}/orders", who=support)["items"]
        if one["id"] == first["order_id"]
    )
    reads = shop.ok("GET", f"/people/{buyer}/contact/reads", who=support)["items"]
    assert (shop.merchant, f"label {first['order_id']}") in [(one["reader"], one["why"]) for one in reads]
    assert took


@pytest.mark.req("O11")
def test_the_pdf_says_it_in_chinese_one_label_a_page(shop: Shop) -> None:
    from chalicelib.services.delivering.labels import labels
    from chalicelib.web.labels import as_pdf

    offer, point = packed(shop)
    from chalicelib import wiring
    from chalicelib.domain.ports import Caller

    caller = Caller(id=shop.merchant, roles=frozenset({"merchant"}), phone_verified=True)
    _, found = labels(wiring.world(), caller, offer.group, point, sheet=0, now=shop.bed.now)
    pdf = as_pdf(found, "市区")
    pages = [zlib.decompress(one) for one in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)]
    said = [
        "".join(bytes.fromhex(t.decode()).decode("utf-16-be") + "\n" for t in re.findall(rb"<([0-9a-f]*)> Tj", page))
        for page in pages
    ]
    assert len(said) == 4 and b"/UniGB-UTF16-H" in pdf and b"/STSong-Light" in pdf
    assert "安居苑 7栋 3单元 501" in said[0] and "红富士苹果 x 1" in said[0] and "139****1234" in said[0]
    assert found[0].order_id in said[0]
    assert pages[0].count(b" re") > 200, "a QR code"
    assert len(pdf) < 4 * 4_096
    assert APPLE
