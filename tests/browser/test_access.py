"""For everybody: WCAG 2.2 AA by axe, the keyboard alone, a narrow screen, dark colours, hostile names."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import log_in
from .screenshots import pages
from .site import Site
from .town import Town, apple

Visit = Any
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIN = "+8613800000001"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} 𠮷野家🍎‮"


def faults(page: Any) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def paths(site: Site, town: Town) -> dict[str, str]:
    return {name: path for name, path in pages(site, town).items() if isinstance(path, str)}


@pytest.mark.parametrize(("language", "colour", "size"), [("zh-CN", "light", 360), ("en-GB", "dark", 1200)])
def test_no_page_has_a_barrier_or_scrolls_sideways(
    site: Site, town: Town, paths: dict[str, str], visit: Visit, language: str, colour: str, size: int
) -> None:
    page = visit(language, color_scheme=colour, viewport={"width": size, "height": 740}, is_mobile=size < 500)
    found = {}
    for name, path in {"guest-hall": "/", "login": "/login", "guest-group": paths["group"]}.items():
        page.goto(site.url + path)
        found[name] = faults(page)
    site.bed.later(61_000)
    page.goto(f"{site.url}/login")
    page.fill("#phone", LIN)
    page.click("main button")
    found["code"] = faults(page)
    page.fill("#code", site.code(LIN))
    page.click("main button")
    for name, path in paths.items():
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found[name] = faults(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size:
            found[name].append(f"{width} px wide on a screen of {size}")
    assert {name: said for name, said in found.items() if said} == {}


def test_joining_takes_nothing_but_a_keyboard(site: Site, town: Town, visit: Visit) -> None:
    town.offer("keys", title="键盘也能买的桃", items=[apple(sku="peach", title="水蜜桃")])
    page = visit(viewport={"width": 1200, "height": 820}, is_mobile=False)
    log_in(page, site, "+8613922200001")
    page.goto(f"{site.url}/g/{town.groups['keys']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "[name='units.peach']")
    page.keyboard.type("2")
    tab_to(page, "[name=accepts_terms]")
    page.keyboard.press("Space")
    tab_to(page, "#join button")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/**")


def tab_to(page: Any, selector: str) -> None:
    for _ in range(60):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by keyboard")


def test_hostile_names_are_only_text(site: Site, town: Town, visit: Visit) -> None:
    name = HOSTILE[:110]
    town.offer("evil", title=name, description=HOSTILE, items=[apple(sku="x'\"><b>", title=name)])
    page = visit()
    page.on("dialog", lambda dialog: pytest.fail("a script of the campaign's ran"))
    log_in(page, site, "+8613922200002")
    for path in ("/", f"/g/{town.groups['evil']}", f"/g/{town.groups['evil']}/share", f"/c/{town.campaigns['evil']}"):
        page.goto(site.url + path)
        assert "𠮷野家🍎" in page.inner_text("main")
        assert "{{7*7}}" in page.inner_text("main")
        assert page.locator("main script, main img").count() == 0
    assert page.wrong == []


def test_the_reader_is_brought_to_what_is_wrong(site: Site, town: Town, visit: Visit) -> None:
    page = visit()
    log_in(page, site, "+8613922200003")
    page.goto(f"{site.url}/g/{town.groups['fruit.river']}")
    page.fill('[name="units.apple-5kg"]', "0")
    page.check("[name=accepts_terms]")
    page.click("#join button")
    assert "请至少选择一件商品" in page.inner_text("[role=alert]")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert page.input_value('[name="units.apple-5kg"]') == "0", "the form keeps what was filled in"
