"""A campaign's draft in Chromium: every field it shows, and those it does not show left as they are."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import plan as plans
from chalicelib.domain.campaign import Campaign, Uncollected
from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from chalicelib.domain.writes import Replace

from .conftest import signed_in
from .site import Site
from .test_access import HOSTILE, faults
from .test_merchant import DESK, clock
from .town import POINTS, Town, apple

Visit = Any
PLANNER = "+8613900770001"


@pytest.fixture
def planner(site: Site, town: Town, visit: Visit) -> Any:
    site.bed.person("planner", "merchant", phone=PLANNER)
    page = visit("zh-CN", **DESK)
    signed_in(page, site, PLANNER)
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


@pytest.mark.req("S1", "O15", "E6")
def test_how_it_is_kept_is_written_into_a_form_that_says_what_is_wrong_beside_each_field(
    site: Site, town: Town, planner: Any, visit: Visit
) -> None:
    """With scripts off, as with them; what the page does not show stays as it was."""
    campaign = drafted(site, town, pickup_points=POINTS, fulfilment="pickup", profile="general")
    contacts = replace(plans.PROFILES["general"].plan[2], contacts=("boss",), checklist=("冰袋",))
    wiring.world().store.commit(Replace(replace(stored(campaign), plan=(contacts,))))
    before = stored(campaign)
    page = visit("en-GB", scripts=False, **DESK)
    signed_in(page, site, PLANNER)
    page.goto(f"{site.url}/desk/campaigns/{campaign}")
    page.click("text=How it is kept")
    for summary in page.locator("#plan summary, #fees summary").all():
        summary.click()
    page.fill("[name='plan.0.limit.minutes']", "36.5")
    page.fill("[name='plan.1.name']", "delivery")
    page.fill("[name='plan.1.limit.minutes']", "soon")
    page.select_option("[name='plan.1.owner_role']", "carrier")
    page.fill("[name='delivery.0.zone']", "east")
    page.fill("[name='delivery.0.fee_minor']", "six")
    page.fill("[name='items.0.supplier_price_minor']", "30")
    page.fill("[name='settlement.first_bp']", "95")
    page.fill("[name='share_reward.amount_minor']", "5")
    page.click("main form button")
    wrong = {one.get_attribute("name") for one in page.locator("[aria-invalid]").all()}
    assert wrong == {"plan.1.limit.minutes", "delivery.0.fee_minor", "settlement.first_bp"}
    assert page.input_value("[name='plan.0.limit.minutes']") == "36.5"
    assert stored(campaign) == before

    page.fill("[name='plan.1.limit.minutes']", "4")
    page.fill("[name='delivery.0.fee_minor']", "6.50")
    page.fill("[name='settlement.first_bp']", "70")
    page.click("main form button")
    assert page.locator("[name='plan.1.owner_id'][aria-invalid]").count() == 1, "a carrier's stage names the carrier"
    page.fill("[name='plan.1.owner_id']", "sf")
    page.click("main form button")
    assert page.locator("[name='items.0.supplier_price_minor'][aria-invalid]").count() == 1
    page.fill("[name='items.0.supplier_id']", "farm")
    page.fill("[name='items.0.weight_g']", "2600")
    page.select_option("[name='shortage_rule']", "proportion")
    page.click("main form button")
    assert page.locator("[role=status]").count() == 1 and page.locator("[aria-invalid]").count() == 0

    after = stored(campaign)
    assert [(one.name, one.limit.ms, one.owner_role) for one in after.plan] == [
        ("stocking", 36 * HOUR + 30 * MINUTE, "merchant"), ("delivery", 4 * HOUR, "carrier"),
    ]  # fmt: skip
    assert after.plan[0].contacts == ("boss",) and after.plan[0].checklist == ("冰袋",)
    assert (after.delivery[0].fee_minor, after.items[0].supplier_price_minor, after.items[0].weight_g) == (
        650, 3000, 2600,
    )  # fmt: skip
    assert after.settlement is not None and after.settlement.first_bp == 7_000
    assert after.share_reward is not None and after.share_reward.amount_minor == 500
    assert after.shortage_rule.value == "proportion"
    fields = ("plan", "delivery", "items", "settlement", "share_reward", "shortage_rule", "version")
    assert replace(after, **{name: getattr(before, name) for name in fields}) == before
