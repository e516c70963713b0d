"""Every page of the desk and of those who serve: no barriers, light and dark, wide and narrow, with scripts or without;
and what the merchant does there over a whole campaign.
"""

from typing import Any

import pytest

from chalicelib.domain.instants import HOUR, rfc3339

from .conftest import signed_in
from .screenshots import DeskPages, desk_pages
from .site import Site
from .test_access import HOSTILE, faults, tab_to
from .test_merchant import DESK
from .town import Town, apple

Visit = Any


@pytest.fixture(scope="module")
def everyone(site: Site, town: Town) -> DeskPages:
    return desk_pages(site, town)


@pytest.mark.parametrize(("language", "colour", "size"), [("zh-CN", "dark", 360), ("en-GB", "light", 1200)])
def test_no_page_of_the_desk_has_a_barrier(
    site: Site, everyone: DeskPages, visit: Visit, language: str, colour: str, size: int
) -> None:
    found = {}
    for phone, shown in everyone.values():
        page = visit(language, color_scheme=colour, viewport={"width": size, "height": 740}, is_mobile=size < 500)
        signed_in(page, site, phone)
        for name, path in shown.items():
            answer = page.goto(site.url + path)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            found[name] = faults(page)
            if answer.status != 200:
                found[name].append(f"answered {answer.status}")
            if (width := page.evaluate("document.documentElement.scrollWidth")) > size:
                found[name].append(f"{width} px wide on a screen of {size}")
        assert page.wrong == []
    assert {name: said for name, said in found.items() if said} == {}


@pytest.fixture
def merchant(site: Site, town: Town, everyone: DeskPages, visit: Visit) -> Any:
    page = visit("zh-CN", **DESK)
    signed_in(page, site, everyone["merchant"][0])
    return page


@pytest.mark.req("O10")
def test_orders_are_found_over_all_groups_and_handled_at_once(site: Site, town: Town, merchant: Any) -> None:
    campaign = town.offer(
        "transfers", title=HOSTILE, kind="community", methods=["transfer"],
        communities=[{"id": "east", "name": "东苑"}, {"id": "west", "name": "西苑"}],
        items=[apple(sku="pomelo", title="𠮷柚子")], closes_at=rfc3339(site.bed.now + HOUR),
    )  # fmt: skip
    for place, who in (("east", "mei"), ("east", "jun"), ("west", "lan")):
        body = {"lines": {"pomelo": 1}, "accepts_terms": 1, "method": "transfer", "pickup_point": "gate"}
        town.ok("POST", f"/groups/{town.groups[f'transfers.{place}']}/join", body, who=who, key=f"{who}-t")
    page = merchant
    page.goto(f"{site.url}/desk/c/{campaign}")
    assert page.inner_text("h1") == HOSTILE
    page.click("text=查找与处理订单")
    assert page.locator("tbody tr").count() == 3
    page.select_option("#group", label="东苑")
    page.click("text=筛选")
    assert page.locator("tbody tr").count() == 2
    page.select_option("#group", "")
    page.check("[name=transfers]")
    page.click("text=筛选")
    assert page.locator("tbody input[name=order]").count() == 3
    for box in page.locator("tbody input[name=order]").all():
        box.check()
    # One of them is taken care of elsewhere meanwhile: its line says so, the others are done.
    first = page.locator("tbody input[name=order]").first.get_attribute("value")
    town.ok("POST", f"/payments/{first}.p1/confirm", {
        "amount_minor": 4590, "currency": "CNY", "received_at": rfc3339(site.bed.now), "reference": "B-0",
    }, who="merchant")  # fmt: skip
    page.fill("#reference", "B-9")
    page.click("text=所选转账已到账")
    outcomes = page.locator("#outcomes li").all_inner_texts()
    assert len(outcomes) == 3
    assert sum("已完成" in one for one in outcomes) >= 2
    page.goto(f"{site.url}/desk/c/{campaign}/orders?state=paid&point=gate")
    assert page.locator("tbody tr").count() == 3
    page.goto(f"{site.url}/desk/c/{campaign}/orders?owed=1")
    assert page.locator("tbody tr").count() == 0
    assert page.wrong == []


@pytest.mark.req("L6")
def test_stock_is_added_once_by_hand_and_keyboard(site: Site, town: Town, merchant: Any) -> None:
    campaign = town.campaigns["fruit"]
    before = town.ok("GET", f"/campaigns/{campaign}/own", who="merchant")["stock"]
    page = merchant
    page.goto(f"{site.url}/desk/c/{campaign}/stock")
    left = page.inner_text(".units .quiet")
    tab_to(page, "[name='units.apple-5kg']")
    page.keyboard.type("5")
    tab_to(page, "[name=reason]")
    page.keyboard.type("批次 7")
    key = page.input_value("[name=key]")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    assert "库存已增加" in page.inner_text("[role=status]")
    assert page.inner_text(".units .quiet") != left
    assert page.input_value("[name=key]") != key
    assert before == town.ok("GET", f"/campaigns/{campaign}/own", who="merchant")["stock"], "terms stay as they were"
    page.click("main form button")
    assert page.locator("[role=alert]").count() == 1, "nothing to add is said, not done"


@pytest.mark.req("M2", "M3", "M16")
def test_the_trade_of_all_campaigns_day_by_day(site: Site, town: Town, merchant: Any) -> None:
    page = merchant
    page.goto(f"{site.url}/desk/trade")
    shown = page.inner_text("main")
    assert "复购率" in shown and "未完成订单" in shown and "数据截至" in shown
    assert "过了时限的荔枝团" in page.inner_text("#late")
    with page.expect_download() as got:
        page.click("text=CSV")
    lines = got.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("时间,访客,付款,营业额") and len(lines) >= 2
    with page.expect_download() as got:
        page.click("[data-file]")
    assert got.value.path().read_bytes()[:2] == b"PK"
    assert page.wrong == []


@pytest.mark.req("M3")
def test_the_board_is_live_and_the_desk_works_without_scripts(site: Site, town: Town, merchant: Any, everyone: DeskPages, visit: Visit) -> None:  # fmt: skip  # noqa: E501
    page = merchant
    page.goto(f"{site.url}/desk/c/{town.campaigns['fruit']}")
    was = page.inner_text(".figures dd >> nth=0")
    town.join("hua", town.groups["fruit.river"], "apple-5kg")
    site.bed.later(10_000)
    for _ in range(100):
        if page.inner_text(".figures dd >> nth=0") != was:
            break
        page.wait_for_timeout(250)
    assert int(page.inner_text(".figures dd >> nth=0")) == int(was) + 1, "without anybody's reloading it"
    plain = visit("en-GB", scripts=False, **DESK)
    signed_in(plain, site, everyone["merchant"][0])
    for name, path in everyone["merchant"][1].items():
        assert plain.goto(site.url + path).status == 200, name
    plain.goto(f"{site.url}/desk/c/{town.campaigns['fruit']}/stock")
    plain.fill("[name='units.apple-5kg']", "1")
    plain.click("main form button")
    assert "has been added" in plain.inner_text("[role=status]")


@pytest.mark.req("S14")
def test_a_manager_sees_what_is_late_and_says_so(site: Site, town: Town, everyone: DeskPages, visit: Visit) -> None:
    phone = everyone["region"][0]
    page = visit("en-GB", **DESK)
    signed_in(page, site, phone)
    page.goto(f"{site.url}/manage")
    assert "过了时限的荔枝团" in page.inner_text("#late") and "over" in page.inner_text("#late")
    assert "Running late" in page.inner_text("main")
    other = visit("en-GB", **DESK)
    site.bed.person("faraway", "manager", phone="+8613900660001")
    signed_in(other, site, "+8613900660001")
    other.goto(f"{site.url}/manage")
    assert "No stage is over its limit" in other.inner_text("main"), "another region's"
