"""A merchant's day through the pages, and those who serve, in Chromium."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import DAY, moment
from chalicelib.domain.ports import RowKey
from chalicelib.domain.upkeep import MOST_STUMBLES

from .conftest import log_in
from .site import Site
from .test_access import faults
from .town import Town

Visit = Any
DESK = {"viewport": {"width": 1200, "height": 900}, "is_mobile": False, "has_touch": False}
BOSS = "+8613900990001"

GOOD = "商品名称,价格,分类,成分\n红心火龙果,29.80,水果,火龙果\n坏价格,abc,水果,\n,12.00,水果,\n海南芒果,¥35,水果,芒果\n"


@pytest.fixture
def boss(site: Site, town: Town, visit: Visit) -> Any:
    site.bed.person("boss", "merchant", phone=BOSS)
    site.bed.later(61_000)
    page = visit("zh-CN", **DESK)
    log_in(page, site, BOSS)
    return page


@pytest.mark.req("O12", "O13", "M16", "P10")
def test_a_merchants_day(site: Site, town: Town, boss: Any, visit: Visit, tmp_path: Path) -> None:
    page = boss
    page.goto(f"{site.url}/desk/products")
    page.click("summary")
    file = tmp_path / "fruit.csv"
    file.write_bytes(GOOD.encode("gb18030"))
    page.set_input_files("#file", str(file))
    page.click("details button")
    said = page.inner_text("#report")
    assert "2 件商品" in said and "2 行未导入" in said
    page.click("text=红心火龙果")
    assert "成分: 火龙果" in page.input_value("#attributes")
    page.fill("#price", "31.50")
    page.click("main form button")
    assert "已保存" in page.inner_text("[role=status]")
    assert page.locator("img.plot").count() == 1, "the price has a history"

    page.goto(f"{site.url}/desk/campaigns/new")
    page.fill("#title", "火龙果一箱")
    page.click("button.big")
    assert "还不完整" in page.inner_text("#checks")
    page.fill("#category", "水果")
    page.fill('[name="item.0.sku"]', "pitaya")
    page.select_option('[name="item.0.product"]', label="红心火龙果")
    page.fill('[name="item.0.stock"]', "50")
    page.fill('[name="item.0.tiers"]', "2: 29.90, 5: 27.90")
    page.fill("#opens", clock(site.bed.now))
    page.fill("#closes", clock(site.bed.now + DAY))
    page.fill("#payment_minutes", "60")
    page.fill("#at_least", "2")
    page.check('[name=methods][value="transfer"]')
    page.fill("#refund_rule", "截止前可取消")
    page.fill("#points", "gate | 南门")
    page.click("button.big")
    assert page.locator("#checks button").count() == 1, page.inner_text("main")[:300]
    page.click("#checks button")
    site.bed.later(61_000)
    assert "/desk/c/" in page.url
    campaign = page.url.rpartition("/")[2].partition("?")[0]
    (group,) = town.ok("GET", f"/campaigns/{campaign}/groups", who="boss")["items"]
    for name in ("mei", "jun"):
        body = {"lines": {"pitaya": 1}, "accepts_terms": 1, "method": "transfer", "pickup_point": "gate"}
        town.ok("POST", f"/groups/{group['id']}/join", body, who=name, key=f"{name}-{campaign}")
    page.goto(f"{site.url}/desk/g/{group['id']}")
    assert "未成团" in page.inner_text("#preview")
    page.check("[name=order] >> nth=0")
    page.check("[name=order] >> nth=1")
    page.fill("#reference", "B-1")
    page.click("text=所选转账已到账")
    assert page.inner_text("#outcomes").count("已完成") == 2
    assert "已成团" in page.inner_text("#preview")
    page.goto(f"{site.url}/desk/c/{campaign}")
    assert page.locator("img.plot").count() == 2
    assert "2 / 2" in page.inner_text("table")
    with page.expect_download() as got:
        page.click("[data-file]")
    assert Path(got.value.path()).read_bytes()[:2] == b"PK"
    with page.expect_download() as got:
        page.click("text=CSV")
    text = Path(got.value.path()).read_bytes().decode("utf-8-sig")
    assert text.count("已付款") == 2 and "mei" not in text
    page.goto(f"{site.url}/desk/c/{campaign}/days")
    assert "数据截至" in page.inner_text("main")
    found = {}
    for path in ("", "/products", "/products/new", "/campaigns/new", f"/c/{campaign}", f"/c/{campaign}/days",
                 f"/g/{group['id']}"):  # fmt: skip
        for width in (1200, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{site.url}/desk{path}")
            found[path, width] = faults(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[path, width].append("scrolls sideways")
    assert {where: said for where, said in found.items() if said} == {}
    assert page.wrong == []
    other = visit("en-GB", **DESK)
    site.bed.person("rival", "merchant", phone="+8613900990002")
    log_in(other, site, "+8613900990002")
    for path in (f"/desk/c/{campaign}", f"/desk/g/{group['id']}", f"/desk/campaigns/{campaign}"):
        answer = other.goto(site.url + path)
        assert answer.status == 404


@pytest.mark.req("X6")
def test_those_who_serve(site: Site, town: Town, visit: Visit) -> None:
    site.bed.person("helper", "support", phone="+8613900990003")
    site.bed.person("watcher", "ops", phone="+8613900990004")
    town.ok("PUT", "/me/contact", {"email": "mei@example.com"}, who="mei")
    page = visit("en-GB", **DESK)
    log_in(page, site, "+8613900990003")
    page.goto(f"{site.url}/support")
    page.fill("#person", "mei")
    page.fill("#why", "parcel lost")
    page.click("main button")
    assert "mei@example.com" in page.inner_text("#contact")
    assert "parcel lost" in page.inner_text("main")
    page.goto(f"{site.url}/look?group={town.groups['fruit.garden']}")
    assert "Captured" in page.inner_text("main")
    assert page.goto(f"{site.url}/ops").status == 403
    watcher = visit("en-GB", **DESK)
    log_in(watcher, site, "+8613900990004")
    watcher.goto(f"{site.url}/ops")
    assert "Nothing is parked" in watcher.inner_text("#parked")
    key = RowKey(f"GROUP#{town.groups['market']}", "GROUP")
    for _ in range(MOST_STUMBLES):
        wiring.world().store.stumble(key, "Broken: a test", site.bed.now)
    watcher.reload()
    assert "Broken: a test" in watcher.inner_text("#parked")
    watcher.click("#parked button")
    assert "Put back" in watcher.inner_text("[role=status]")
    assert "Nothing is parked" in watcher.inner_text("#parked")
    assert page.wrong == [] or all("403" in one for one in page.wrong)


def clock(at: int) -> str:
    return f"{moment(at, 'Asia/Shanghai'):%Y-%m-%dT%H:%M}"
