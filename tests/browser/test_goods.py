"""Pictures, questions and reviews in Chromium: a merchant brings them, a buyer looks and writes."""

import base64
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from tests.bed.bed import REGION

from .conftest import log_in
from .site import Site
from .test_access import HOSTILE, faults
from .town import Town, apple

Visit = Any
DESK = {"viewport": {"width": 1200, "height": 900}, "is_mobile": False, "has_touch": False}
FIRST_VIEW = 60 << 10
DRAWN = """() => { const c = document.createElement("canvas"); c.width = 1600; c.height = 1200; const g = c.getContext("2d");
  for (let n = 0; n < 4000; n++) { g.fillStyle = `hsl(${n % 360} 70% ${30 + n % 50}%)`; g.fillRect((n * 97) % 1600, (n * 61) % 1200, 60, 60); }
  return c.toDataURL("image/jpeg", 0.9).split(",")[1]; }"""  # noqa: E501


def until(page: Any, true: str) -> None:
    """Playwright's own waiting evaluates text, which the pages' policy forbids."""
    for _ in range(900):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {true}")


def bucket_shown(page: Any, site: Site) -> None:
    """moto's bucket has no address that a browser could reach: what the links lead to is shown in their place."""
    s3 = boto3.client("s3", region_name=REGION)

    def answer(route: Any) -> None:
        sent = route.fetch(max_redirects=0)
        key = route.request.url.split("/api/")[1]
        assert sent.status == 302 and f"/{key}?" in sent.headers["location"]
        content = s3.get_object(Bucket="tuan-bed-files", Key=key)["Body"].read()
        site.sent.append((key, len(content)))
        route.fulfill(body=content, content_type="image/webp")

    page.context.route("**/pictures/*/*", answer)


@pytest.mark.req("O12", "O13", "S2")
def test_goods_from_the_desk_to_a_review(site: Site, town: Town, visit: Visit, tmp_path: Path) -> None:
    desk = visit("zh-CN", **DESK)
    bucket_shown(desk, site)
    site.bed.person("grower", "merchant", phone="+8613900880001")
    site.bed.later(61_000)
    log_in(desk, site, "+8613900880001")
    desk.goto(f"{site.url}/desk/products/new")
    desk.fill("#title", HOSTILE)
    desk.fill("#price", "49.90")
    desk.fill("#attributes", "成分：苹果\n产地：阿克苏")
    desk.fill("#questions", "甜吗？\n甜，糖度 14。\n\n能放多久？\n冷藏两周。")
    desk.click("main form button")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(base64.b64decode(desk.evaluate(DRAWN)))
    assert photo.stat().st_size > 100_000
    desk.set_input_files("#file", str(photo))
    until(desk, "document.querySelector('#file').files[0].type === 'image/webp'")
    desk.click("#pictures form button")
    assert desk.locator("#pictures img").count() == 1
    product = desk.url.rpartition("/")[2].partition("?")[0]
    (picture,) = town.ok("GET", f"/products/{product}", who="grower")["pictures"]
    assert picture["size"] <= 32 << 10, "the page made it light"
    until(desk, "document.querySelector('#pictures img').naturalWidth > 0")
    assert faults(desk) == [] and desk.wrong == []

    item = {**apple(sku="a", title="苹果"), "product_id": product}
    body = {
        "title": "苹果团", "category": "水果", "items": [item], "target": {"measure": "participants", "at_least": 1},
        "opens_at": rfc3339(site.bed.now), "closes_at": rfc3339(site.bed.now + HOUR), "payment_window_minutes": 30,
        "methods": ["sandbox"], "refund_rule": "可取消", "fulfilment": "pickup",
        "pickup_points": [{"id": "gate", "name": "南门"}],
    }  # fmt: skip
    campaign = town.ok("POST", "/campaigns", body, who="grower", key="goods")["id"]
    town.ok("POST", f"/campaigns/{campaign}/publish", who="grower")
    (group,) = town.ok("GET", f"/campaigns/{campaign}/groups", who="grower")["items"]

    page = visit("en-GB")
    bucket_shown(page, site)
    before = len(site.sent)
    page.goto(f"{site.url}/g/{group['id']}")
    until(page, "document.querySelector('img.thumb').naturalWidth > 0")
    page.wait_for_load_state("networkidle")
    sent = site.sent[before:]
    assert sum(size for _, size in sent) < FIRST_VIEW, sent
    assert any(path.startswith("pictures/") for path, _ in sent), "with its picture"
    preview = page.get_attribute("meta[property='og:image']", "content")
    assert preview == f"{site.url}/{picture['key']}"
    page.click(".item h3 a")
    assert page.inner_text("h1") == HOSTILE, "a hostile name is only text"
    assert "阿克苏" in page.inner_text("main") and "No reviews yet" in page.inner_text("#reviews")
    assert faults(page) == []

    order = town.join("lan", group["id"], "a")
    site.bed.later(HOUR + MINUTE)
    phone = site.bed.people.phone_of("lan")
    log_in(page, site, phone)
    page.goto(f"{site.url}/o/{order}")
    page.click("#review summary")
    page.check("#review input[value='4']")
    page.fill("#review textarea", "脆甜 𠮷 <script>alert(3)</script>")
    assert faults(page) == []
    page.click("#review button")
    assert "your review is published" in page.inner_text("[role=status]")
    page.click("#review > p a")
    assert "<script>alert(3)</script>" in page.inner_text("#reviews")
    assert "4.0 of 5" in page.inner_text("#reviews")
    desk.goto(f"{site.url}/desk/products/{product}")
    desk.fill("#reply-1", "谢谢！")
    desk.click("#reviews form button")
    page.reload()
    assert "谢谢！" in page.inner_text("#reviews")
    assert page.wrong == [] and desk.wrong == []


@pytest.mark.req("O12")
def test_pictures_without_scripts(site: Site, town: Town, visit: Visit, tmp_path: Path) -> None:
    page = visit("en-GB", scripts=False, **DESK)
    site.bed.person("planter", "merchant", phone="+8613900880002")
    site.bed.later(61_000)
    log_in(page, site, "+8613900880002")
    page.goto(f"{site.url}/desk/products/new")
    page.fill("#title", "Pear")
    page.fill("#price", "5")
    page.click("main form button")
    for name, content, said in (
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"p" * 100_000, "Saved"),
        ("b.svg", b"<svg/>", "are not taken"),
        ("c.png", b"\x89PNG\r\n\x1a\n" + b"p" * 411_000, "at most 400 KB"),
    ):
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#file", str(tmp_path / name))
        page.click("#pictures form[enctype] button")
        assert said in page.inner_text("[role=status], [role=alert]")
    assert page.locator("#pictures img").count() == 1
    shown = page.url.partition("/pictures")[0]
    (tmp_path / "d.png").write_bytes(b"p" * 500_000)
    page.set_input_files("#file", str(tmp_path / "d.png"))
    page.click("#pictures form[enctype] button")
    assert "too large" in page.inner_text("main")
    page.goto(shown)
    page.click("#pictures button.danger")
    assert page.locator("#pictures img").count() == 0
