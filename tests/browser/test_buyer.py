"""A buyer's whole way through the pages, in Chromium on a phone-size screen."""

import re
import threading
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339

from .conftest import log_in
from .site import Site
from .town import Town, apple

Visit = Any
"""See the fixture: a page of a browser of one's own."""


def tick_and_join(page: Any) -> None:
    page.check("[name=accepts_terms]")
    page.click("#join button")
    page.wait_for_url("**/o/**")


def pay(page: Any) -> None:
    """At the sandbox provider, and back."""
    page.click("#pay a.button")
    page.wait_for_url("**/pay/**")
    page.click("button")
    page.click("text=Back to the order")


@pytest.mark.req("L14", "S2", "R9")
def test_from_the_hall_to_the_refund_on_a_phone(site: Site, town: Town, visit: Visit) -> None:
    bed = site.bed
    town.offer(
        "pears", title="香梨一箱", items=[apple(sku="pear", title="库尔勒香梨")], closes_at=rfc3339(bed.now + 3 * HOUR)
    )
    page = visit()
    page.goto(site.url)  # without the slash at its end
    page.select_option("#category", "水果")
    page.click(".filters button")
    page.click("text=香梨一箱")
    assert "还差 3 人成团" in page.inner_text("#live")
    page.click("text=登录并参团")
    log_in(page, site, "+8613911110001")
    assert page.url.partition("?")[0].endswith(f"/g/{town.groups['pears']}")
    page.fill('[name="units.pear"]', "2")
    assert page.inner_text("[data-sum] strong") == "¥91.80"
    tick_and_join(page)
    assert "名额已为你留好" in page.inner_text("[role=status]")
    assert page.inner_text(".stages .now").startswith("已参团")
    pay(page)
    assert page.inner_text(".stages .now").startswith("已付款")
    assert page.locator("#pay a.button").count() == 0
    bed.later(3 * HOUR + MINUTE)
    page.reload()
    assert page.inner_text(".stages .now").startswith("已退款")
    assert "未成团" in page.inner_text("#refunds")
    assert "已到账" in page.inner_text("#refunds .now")
    page.goto(f"{site.url}/my/notices")
    assert "未成团" in page.inner_text(".log")
    assert "短信 · 已发送" in page.inner_text(".log")
    assert page.wrong == []


@pytest.mark.req("S3", "L6")
def test_two_buyers_at_once_on_the_last_seat(site: Site, town: Town, visit: Visit) -> None:
    """Both have the form open; both press; one is in, the other is told in words and keeps the page."""
    pages = [visit(), visit()]
    for page, phone in zip(pages, ("+8613911120001", "+8613911120002"), strict=True):
        log_in(page, site, phone)
        page.goto(f"{site.url}/g/{town.groups['last']}")
        assert "还有 1 个名额" in page.inner_text("#live")
        page.check("[name=accepts_terms]")
    cookies = [{one["name"]: one["value"] for one in page.context.cookies()} for page in pages]
    forms = [page.eval_on_selector_all("#join form input", FIELDS) for page in pages]
    said = both_press(site, town.groups["last"], cookies, forms)
    assert sorted(status for status, _ in said) == [303, 409]
    (told,) = [body for status, body in said if status == 409]
    assert 'role="alert"' in told
    assert re.search("名额已满|库存不足", told)
    for page in pages:
        page.reload()
    assert sorted(page.locator("#join >> text=你已参团").count() for page in pages) == [0, 1]
    assert sorted(page.locator("#join >> text=名额已满").count() for page in pages) == [0, 1]


FIELDS = "all => all.filter(i => i.type != 'radio' || i.checked).map(i => [i.name, i.value])"


def both_press(site: Site, group: str, cookies: list[Any], forms: list[Any]) -> list[tuple[int, str]]:
    """The two forms as the browsers would send them, at the same moment."""
    import http.client
    from urllib.parse import urlencode, urlsplit

    said: list[tuple[int, str]] = []
    start = threading.Barrier(2)

    def press(which: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies[which].items())
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        start.wait()
        connection.request(
            "POST", f"{site.prefix}/g/{group}/join", urlencode([(name, value) for name, value in forms[which]]), headers
        )
        answer = connection.getresponse()
        said.append((answer.status, answer.read().decode()))

    threads = [threading.Thread(target=press, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_a_button_pressed_twice_joins_once(site: Site, town: Town, visit: Visit) -> None:
    page = visit()
    log_in(page, site, "+8613911130001")
    page.goto(f"{site.url}/g/{town.groups['fruit.river']}")
    page.check("[name=accepts_terms]")
    page.evaluate("const form = document.querySelector('#join form'); form.requestSubmit(); form.requestSubmit()")
    page.wait_for_url("**/o/**")
    page.goto(f"{site.url}/my/orders")
    assert page.locator(".card").count() == 1


@pytest.mark.req("promise-5")
def test_the_group_page_moves_by_itself_when_somebody_joins(site: Site, town: Town, visit: Visit) -> None:
    town.offer("figs", title="无花果", items=[apple(sku="fig", title="无花果 2 斤")])
    page = visit()
    with page.expect_response("**/progress*"):  # the first look keeps the tag to compare with
        page.goto(f"{site.url}/g/{town.groups['figs']}")
        assert "还差 3 人成团" in page.inner_text("#live")
    town.join(town.person("passing-by"), town.groups["figs"], "fig")
    page.wait_for_selector("#live >> text=还差 2 人成团")
    assert page.locator("#lately li").count() == 1
    assert page.wrong == []


@pytest.mark.req("E6")
def test_a_shared_link_brings_a_neighbour_and_says_who_sent_them(site: Site, town: Town, visit: Visit) -> None:
    town.offer("plums", title="三华李", items=[apple(sku="plum", title="三华李 3 斤")])
    sharer, friend = visit(), visit()
    log_in(sharer, site, "+8613911140001")
    sharer.goto(f"{site.url}/g/{town.groups['plums']}")
    sharer.click("text=分享给邻居")
    address = sharer.input_value("#address")
    assert address.startswith(f"{site.url}/s/")
    assert sharer.locator("svg.qr").bounding_box()["width"] > 100
    friend.goto(address)
    assert friend.locator("meta[property='og:title']").get_attribute("content") == "三华李"
    assert friend.locator("meta[property='og:url']").get_attribute("content").startswith(site.url)
    friend.click("text=登录并参团")
    log_in(friend, site, "+8613911140002")
    tick_and_join(friend)
    order = friend.url.rpartition("/o/")[2].partition("?")[0]
    from chalicelib import wiring

    known = wiring.world().store.order(order)
    assert known is not None
    assert known.shared_by == site.bed.people.named("+8613911140001")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_works_with_scripts_off_in_both_languages(
    site: Site, town: Town, visit: Visit, language: str
) -> None:
    words = WORDS[language]
    name = f"nuts-{language}"
    town.offer(name, title="核桃", items=[apple(sku="nut", title="纸皮核桃")])
    page = visit({"zh": "zh-CN", "en": "en-GB"}[language], scripts=False)
    page.goto(f"{site.url}/g/{town.groups[name]}")
    assert page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert words["missing"] in page.inner_text("#live")
    assert words["left"] in page.inner_text("#live")
    page.click("#join a.button")
    log_in(page, site, {"zh": "+8613911150001", "en": "+8613911150002"}[language])
    tick_and_join(page)
    pay(page)
    assert words["in"] in page.inner_text("#stages")
    page.click(f"summary:has-text('{words['cancel']}')")
    page.click(".danger")
    assert words["cancelled"] in page.inner_text("[role=status]")
    site.bed.later(MINUTE)
    page.reload()
    assert words["refunded"] in page.inner_text("#refunds")
    page.click(f"footer >> text={words['other']}")
    assert words["other_title"] in page.inner_text("#refunds")


WORDS = {
    "zh": {
        "missing": "还差 3 人成团", "left": "还剩 2天", "in": "你已正式参团", "cancel": "取消订单",
        "cancelled": "订单已取消", "refunded": "已到账", "other": "English", "other_title": "order cancelled",
    },
    "en": {
        "missing": "3 more people and the group forms", "left": "2 days left", "in": "You are in",
        "cancel": "Cancel the order", "cancelled": "Your order is cancelled", "refunded": "Paid back",
        "other": "中文", "other_title": "取消订单",
    },
}  # fmt: skip


@pytest.mark.req("L4")
def test_a_team_is_opened_filled_and_forms(site: Site, town: Town, visit: Visit) -> None:
    town.offer(
        "honey", title="土蜂蜜", kind="team", team_sizes=[2], team_open_minutes=60, target=None,
        items=[{"sku": "honey", "title": "土蜂蜜 1 斤", "list_price_minor": 9800, "stock": 20,
                "tiers": [{"participants": 2, "unit_price_minor": 6800}]}],
    )  # fmt: skip
    first, second = visit(), visit()
    log_in(first, site, "+8613911160001")
    first.goto(f"{site.url}/c/{town.campaigns['honey']}")
    first.check("[name=accepts_terms]")
    first.click("#open button")
    first.wait_for_url("**/o/**")
    pay(first)
    first.click("main >> text=返回该团")
    log_in(second, site, "+8613911160002")
    second.goto(first.url)
    assert "开团人" in second.inner_text("#lately")
    tick_and_join(second)
    pay(second)
    assert second.locator(".stages >> text=成团").count()
    site.bed.later(MINUTE)
    second.reload()
    assert second.inner_text(".stages .now").startswith("备货"), "formed, and so in the first stage of its fulfilment"
    assert "预计" in second.inner_text("#stages")
    assert "¥68.00" in second.inner_text(".lines")


def test_the_order_can_be_changed_before_paying(site: Site, town: Town, visit: Visit) -> None:
    order = town.join(town.person("changer", phone="+8613911170001"), town.groups["market"], "egg-30", pay=False)
    del order
    page = visit(scripts=False)
    log_in(page, site, "+8613911170002")
    page.goto(f"{site.url}/g/{town.groups['market']}")
    page.check("[name=method][value=transfer]")
    tick_and_join(page)
    assert "6225" in page.inner_text("#pay") or page.locator("#pay .note").count()
    page.click("summary:has-text('选择自提点')")
    page.select_option("#pickup_point", "club")
    page.click("details[open] button")
    assert "业主会所前台" in page.inner_text("main")


@pytest.mark.req("O14", "X1")
def test_sessions_are_listed_and_revoked_and_the_account_is_closed(site: Site, town: Town, visit: Visit) -> None:
    here, there = visit(), visit("en-GB")
    log_in(here, site, "+8613911180001")
    site.bed.later(61_000)  # one code a minute
    log_in(there, site, "+8613911180001")
    here.goto(f"{site.url}/my/sessions")
    assert here.locator(".card").count() == 2
    here.click("text=退出其他所有设备")
    assert here.locator(".card").count() == 1
    there.goto(f"{site.url}/my/orders")
    assert "/login" in there.url
    here.goto(f"{site.url}/my/contact")
    here.fill("#email", "mei@example.com")
    here.click("main form button >> nth=0")
    assert "+8613911180001" in here.inner_text("main")
    here.goto(f"{site.url}/my/account")
    here.check("[name=sure]")
    here.click("main .danger")
    assert "账号已注销" in here.inner_text("[role=status]")
    assert here.locator("nav >> text=登录").count() == 1


def test_an_account_stays_while_an_order_is_under_way(site: Site, town: Town, visit: Visit) -> None:
    page = visit(scripts=False)
    log_in(page, site, "+8613911190001")
    page.goto(f"{site.url}/g/{town.groups['fruit.river']}")
    tick_and_join(page)
    page.goto(f"{site.url}/my/account")
    page.check("[name=sure]")
    page.click("main .danger")
    assert "还有订单在进行中" in page.inner_text("[role=alert]")


def test_contact_preferences_and_consent_are_kept(site: Site, town: Town, visit: Visit) -> None:
    page = visit("en-GB", scripts=False)
    log_in(page, site, "+8613911210001")
    page.goto(f"{site.url}/my/preferences")
    page.select_option("#language", "en")
    page.uncheck("[name=channels][value=email]")
    page.fill("[name=start]", "09:00")
    page.fill("[name=end]", "21:30")
    page.click("main form button >> nth=0")
    assert page.input_value("[name=end]") == "21:30"
    assert not page.is_checked("[name=channels][value=email]")
    page.click("text=Agree SMS")
    assert "SMS: you agreed" in page.inner_text("main")
    page.goto(f"{site.url}/my/contact")
    page.click("summary")
    for name, value in ADDRESS.items():
        page.fill(f"#{name}", value)
    page.click("details button")
    assert "湖墅南路 8 号" in page.inner_text("ul.plain")
    page.fill("#email", "no-address")
    page.locator("form").first.evaluate("form => form.noValidate = true")
    page.click("main form button >> nth=0")
    assert "E-mail" in page.inner_text("[role=alert]")


ADDRESS = {
    "province": "浙江省", "city": "杭州市", "district": "拱墅区", "street": "湖墅南路 8 号", "community": "阳光花园",
    "building": "12 栋", "unit": "2", "room": "1801", "division_code": "330105", "recipient": "林小满",
    "phone": "13800001111",
}  # fmt: skip


def test_the_first_view_of_a_group_weighs_less_than_60_kb(site: Site, town: Town, visit: Visit) -> None:
    """Uncompressed, everything counted that the browser asked for."""
    page = visit()
    site.sent.clear()
    page.goto(f"{site.url}/g/{town.groups['market']}")
    page.wait_for_load_state("networkidle")
    weight = sum(size for _, size in site.sent)
    assert {path.rpartition(".")[2] for path, _ in site.sent if "static" in path} == {"css", "js", "svg"}
    assert weight < 60_000, site.sent
    site.sent.clear()
    page.reload()
    assert not [path for path, _ in site.sent if "static" in path], "files with a hash are kept for ever"


def test_wrong_codes_run_out_and_phones_are_not_flooded(site: Site, town: Town, visit: Visit) -> None:
    page = visit()
    page.goto(f"{site.url}/login")
    page.fill("#phone", "139 1122 0001")
    page.click("main button")
    right = site.code("+8613911220001")
    for _ in range(2):
        page.fill("#code", "000000" if right != "000000" else "111111")
        page.click("main button")
        assert "验证码不对" in page.inner_text("[role=alert]")
    page.fill("#code", "000000" if right != "000000" else "111111")
    page.click("main button")
    assert "验证码已失效" in page.inner_text("[role=alert]")
    assert page.input_value("#phone") == "+8613911220001"
    page.click("main button")
    assert re.search(r"请等 \d+ 秒", page.inner_text("[role=alert]"))
    site.bed.later(DAY)
    page.click("main button")
    page.fill("#code", site.code("+8613911220001"))
    page.click("main button")
    assert page.inner_text("[role=status]") == "登录成功，欢迎！"
