"""A campaign's draft in Chromium: every field it shows, and those it does not show left as they are."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import plan as plans
from chalicelib.domain.campaign import Campaign, Uncollected
from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from chalicelib.domain.writes import Replace

from .conftest import log_in
from .site import Site
from .test_access import HOSTILE, faults
from .test_merchant import DESK, clock
from .town import POINTS, Town, apple

Visit = Any
PLANNER = "+8613900770001"


@pytest.fixture
def planner(site: Site, town: Town, visit: Visit) -> Any:
    site.bed.person("planner", "merchant", phone=PLANNER)
    site.bed.later(61_000)
    page = visit("zh-CN", **DESK)
    log_in(page, site, PLANNER)
    return page


def drafted(site: Site, town: Town, **over: Any) -> str:
    body = {"title": "苹果", "list_price_minor": 4990, "currency": "CNY"}
    product = town.ok("POST", "/products", body, who="planner", key="draft-product")["id"]
    item = apple(sku="a", product_id=product, title="苹果")
    draft = {"title": "草稿", "category": "水果", "items": [item], **over}
    return str(town.ok("POST", "/campaigns", draft, who="planner", key=f"draft-{len(over)}")["id"])


def stored(campaign: str) -> Campaign:
    found = wiring.world().store.campaign(campaign)
    assert found is not None
    return found


@pytest.mark.req("L1")
def test_saving_a_draft_resets_nothing_that_the_form_does_not_show(site: Site, town: Town, planner: Any) -> None:
    """Whatever field a campaign is given tomorrow: the form must leave it alone, or show it."""
    campaign = drafted(
        site, town, opens_at=rfc3339(site.bed.now), closes_at=rfc3339(site.bed.now + DAY), kind="community",
        communities=[{"id": "garden", "name": "阳光花园", "zone": "东区"}], pickup_points=POINTS, fulfilment="pickup",
        target={"measure": "amount", "at_least": 12_345}, payment_window_minutes=45, methods=["transfer"],
        choose_pickup_by=rfc3339(site.bed.now + 2 * DAY), max_unpaid_per_person=2, max_unpaid_per_group=9,
    )  # fmt: skip
    before = stored(campaign)
    filled = replace(
        before,
        profile="fresh",
        days_off=("2026-12-25",),
        days_worked=("2026-12-26",),
        uncollected=Uncollected(remind_after_days=(1, 4), until_days=6, then="returned"),
        delivery=(),
        fee_refund="never",
        silence_days=9,
        acknowledge_ms=7 * MINUTE,
        compensation_bp=300,
        stock_override_reason="补货在途",
        items=tuple(replace(item, weight_g=750, keep="chilled", picture="pictures/p/x.png") for item in before.items),
        plan=plans.profile_of("fresh").plan,
    )
    wiring.world().store.commit(Replace(filled))
    planner.goto(f"{site.url}/desk/campaigns/{campaign}")
    planner.click("button.big")
    assert "已保存" in planner.inner_text("[role=status], [role=alert]")
    after = stored(campaign)
    assert after.version > before.version
    assert replace(after, version=0) == replace(filled, version=0)


@pytest.mark.req("L1", "L8", "L6", "P10")
def test_the_rarer_fields_and_the_one_day_preset(site: Site, town: Town, planner: Any) -> None:
    campaign = drafted(site, town, fulfilment="pickup", pickup_points=POINTS)
    page = planner
    page.goto(f"{site.url}/desk/campaigns/{campaign}")
    page.fill("#title", HOSTILE)
    page.fill('[name="item.0.stop"]', "7")
    page.fill('[name="item.0.reference"]', "59.90")
    page.fill("#max_unpaid_per_person", "3")
    page.fill("#max_unpaid_per_group", "40")
    page.fill("#opens", clock(site.bed.now + HOUR))
    page.fill("#closes", clock(site.bed.now + 2 * HOUR))
    page.check("[name=one_day]")
    page.fill("#choose_by", clock(site.bed.now + 3 * DAY))
    page.fill("#manager", "manager-1")
    page.fill("#communities", "garden: 阳光花园 | 东区")
    page.click("button.big")
    found = stored(campaign)
    assert found.title == page.input_value("#title") == HOSTILE
    assert (found.items[0].stop_threshold, found.items[0].reference_price_minor) == (7, 5990)
    assert (found.max_unpaid_per_person, found.max_unpaid_per_group) == (3, 40)
    assert found.pay_until_close and found.payment_window_ms is None
    assert found.closes_at is not None and found.closes_at % DAY == 16 * HOUR, "midnight in Shanghai"
    assert found.choose_pickup_by is not None and found.manager_id == "manager-1"
    assert found.communities[0].zone == "东区"
    assert faults(page) == [] and page.wrong == []
    page.fill('[name="item.0.tiers"]', "3 45.90")
    page.click("button.big")
    assert page.input_value('[name="item.0.tiers"]') == "3 45.90", "what was typed stays, with the reason on top"
    assert page.locator("[role=alert]").count() == 1
    assert stored(campaign).version == found.version
