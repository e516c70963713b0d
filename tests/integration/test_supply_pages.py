"""The desks of suppliers and leaders, as pages: read, answered, printed, taken as a file; in both languages."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import DAY, HOUR, MINUTE, moment
from chalicelib.domain.ports import Caller
from chalicelib.services.people import sessions
from tests.bed import Answer

from .shop import APPLE, Shop, item

GATE = "point.gate"


class Reader:
    """A person in front of the pages: fills in the forms that are there, with what is hidden in them."""

    def __init__(self, shop: Shop, who: str, *roles: str) -> None:
        self.shop = shop
        caller = Caller(id=who, roles=frozenset(roles) | {"buyer"}, phone_verified=True)
        self.cookie = f"tuan_s={sessions.open_session(wiring.world(), caller, 'desk', now=shop.bed.now)}"

    def get(self, path: str, language: str = "zh") -> Answer:
        headers = {"Cookie": self.cookie, "Host": "tuan.example", "Accept-Language": language}
        response = self.shop.bed.client.http.get(path, headers=headers)
        return Answer(response.status_code, dict(response.headers), response.body.decode())

    def post(self, path: str, page: str, /, **fields: str) -> Answer:
        """Sends the form of `page` that leads to `path`."""
        return self.send(path, self.get(page).text, path.rpartition("/")[2], **fields)

    def send(self, path: str, text: str, ending: str, /, **fields: str) -> Answer:
        """Sends the first form of a page read before whose address ends so."""
        form = next(one for one in re.findall(r"<form.*?</form>", text, re.DOTALL) if f'{ending}"' in one[:400])
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        headers = {
            "Cookie": self.cookie,
            "Host": "tuan.example",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode({**hidden, **fields}).encode()
        response = self.shop.bed.client.http.post(path, headers=headers, body=body)
        self.shop.bed.drain()
        return Answer(response.status_code, dict(response.headers), response.body.decode())


@pytest.mark.req("S4", "S9", "S10")
def test_a_supplier_reads_prints_answers_promises_and_ships_on_pages(shop: Shop) -> None:
    supplier = shop.person("supplier", roles=("supplier",))
    offer = shop.offer(items=[item(supplier_id=supplier)], hours=2)
    for _ in range(3):
        shop.buy(offer.group, lines={APPLE: 2})
    shop.close(offer.group, after=MINUTE)
    reader = Reader(shop, supplier, "supplier")
    listed = reader.get("/supply")
    assert listed.status == 200 and "周末水果团" in listed.text
    purchase = str(shop.ok("GET", "/purchases", who=supplier)["items"][0]["id"])
    page = f"/supply/{purchase}"
    for language, word in (("zh", "确认采购单"), ("en", "Acknowledge")):
        assert word in reader.get(page, language).text

    assert reader.post(f"{page}/acknowledge", page).status == 303
    later = f"{moment(shop.bed.now + DAY, 'Asia/Shanghai'):%Y-%m-%dT%H:%M}"
    assert reader.post(f"{page}/promise", page, ready_at=later).status == 303
    assert reader.post(f"{page}/promise", page, ready_at="soon").status == 400
    assert reader.post(f"{page}/lots", page, **{f"units.{APPLE}": "4", "batch": "B-7"}).status == 303
    refused = reader.post(f"{page}/lots", page, **{f"units.{APPLE}": "4"})
    assert refused.status == 409 and "还可发 2 件" in refused.text
    story = shop.ok("GET", f"/purchases/{purchase}", who=supplier)
    assert (story["acknowledged"], len(story["promises"]), story["shipped"]) == (True, 1, {APPLE: 4})

    printed, file = reader.get(f"{page}/print"), reader.get(f"{page}/csv")
    assert "南门" in printed.text and "<nav" not in printed.text
    assert file.text.splitlines()[1] == f"南门,{APPLE},红富士苹果,6"
    assert file.headers["Content-Type"].startswith("text/csv")
    # its merchant sees what was said, and has the orders counted anew
    boss = Reader(shop, shop.merchant, "merchant")
    page_of_merchant = f"/desk/g/{offer.group}/supply"
    assert "4/6" in boss.get(page_of_merchant).text and "南门" in boss.get(page_of_merchant).text
    assert boss.post(f"{page_of_merchant}/recount", page_of_merchant).status == 303
    # uploaded reports come back by the page's own address
    assert "multipart/form-data" in reader.get(page).text
    # others find nothing
    stranger = Reader(shop, shop.person("supplier", roles=("supplier",)), "supplier")
    assert [stranger.get(page + end).status for end in ("", "/csv", "/print")] == [404] * 3
    assert Reader(shop, shop.person()).get("/supply").status == 403


@pytest.mark.req("E21", "S9")
def test_a_leader_applies_adds_a_place_and_receives_on_pages(shop: Shop) -> None:
    who, manager = shop.person("leader"), shop.person("manager", roles=("manager",))
    reader = Reader(shop, who)
    assert reader.post("/lead/apply", "/lead", community="花园里").status == 303
    assert "审核中" in reader.get("/lead").text
    shop.ok("POST", f"/leaders/{who}/decision", {"decision": "approve"}, who=manager)
    place = {"name": "南门小店", "address": "花园里南门", "capacity": "60"}
    assert reader.post("/lead/places", "/lead", **place).status == 303
    assert "每天" in reader.post("/lead/places", "/lead", **{**place, "capacity": "-1"}).text
    found = shop.ok("GET", "/places", who=who)["items"]
    assert [one["capacity"] for one in found] == [60]
    path = f"/lead/places/{found[0]['id']}"
    assert reader.post(path, "/lead", **place, hours="08:00-20:00", open="yes").status == 303

    points = [{"id": "gate", "name": "南门", "place_id": found[0]["id"]}]
    offer = shop.offer(items=[item(tiers=[])], pickup_points=points, hours=2)
    taken = [shop.buy(offer.group, lines={APPLE: 2}) for _ in range(3)]
    shop.close(offer.group, after=MINUTE)
    page = f"/lead/r/{offer.group}/{GATE}"
    assert page.removeprefix("/") in reader.get("/lead").text
    for language, word in (("zh", "登记收货"), ("en", "Record what came")):
        assert word in reader.get(page, language).text
    wrong: dict[str, Any] = {f"received.{APPLE}": "5", f"short.{APPLE}": "0", f"damaged.{APPLE}": "0"}
    said = reader.post(page, page, **wrong)
    assert said.status == 422 and "合计须为 6 件" in said.text
    assert reader.post(page, page, **{**wrong, f"damaged.{APPLE}": "1"}).status == 303
    shop.bed.later(HOUR)
    assert sorted(one["cause"] for buyer in taken for one in shop.story(buyer)["refunds"]) == ["shortage"]
    assert "已收货" in reader.get(page).text
    unlucky = next(one for one in taken if shop.story(one)["order"]["short"])
    seen = Reader(shop, unlucky.who).get(f"/o/{unlucky.id}")
    assert seen.status == 200 and "没有到货" in seen.text and "后参团的先少" in seen.text and "到货不足" in seen.text
    refused = reader.post(f"{page}/hand-over", page, order_id=taken[0].id, code="000000")
    assert refused.status >= 400
    assert Reader(shop, shop.person()).get(page).status == 404
