"""The desk of those who own stages, by its forms alone: a stage from its turn to its end, and the review."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, moment

from .shop import Shop, instant_of
from .test_stages import PLAN, Road
from .test_supply_pages import Reader


def field(shop: Shop, at: int) -> str:
    return f"{moment(at, 'Asia/Shanghai'):%Y-%m-%dT%H:%M}"


@pytest.mark.req("S1", "S9", "S16")
def test_an_owner_takes_a_stage_up_and_brings_it_to_its_end_by_forms(shop: Shop) -> None:
    road = Road(shop).formed()
    reader = Reader(shop, road.supplier, "supplier")
    page = f"/work/{road.group}"
    for language, word in (("zh", "待接手"), ("en", "to be taken up")):
        listed = reader.get("/work", language)
        assert listed.status == 200 and word in listed.text and page.removeprefix("/") in listed.text
        assert word in reader.get(page, language).text
    assert "stocking/finish" not in reader.get(page).text, "nothing to finish before it is taken up"
    assert reader.post(f"{page}/stocking/enter", page).status == 303

    early = reader.post(f"{page}/stocking/finish", page)
    assert early.status == 409 and "清单尚未完成" in early.text
    assert reader.post(f"{page}/stocking/update", page, text="x" * 201).status == 400
    assert reader.post(f"{page}/stocking/update", page, text="已装车 <b>").status == 303
    for item in ("ice", "boxes"):
        assert reader.post(f"{page}/stocking/tick", page, item=item).status == 303

    latest = field(shop, shop.bed.now + 2 * DAY)
    for wrong, status in (("", 400), ("soon", 422), (field(shop, shop.bed.now - DAY), 422)):
        refused = reader.post(f"{page}/stocking/promise", page, latest=wrong, why="船期")
        assert refused.status == status and 'role="alert"' in refused.text and "船期" in refused.text, wrong
    assert reader.post(f"{page}/stocking/promise", page, latest=latest, earliest="", why="船期").status == 303
    (promise,) = road.stage("stocking")["promises"]
    assert (field(shop, instant_of(promise["latest"])), promise["why"]) == (latest, "船期")

    shown = reader.get(page).text
    assert "已装车 &lt;b&gt;" in shown and "船期" in shown
    assert reader.post(f"{page}/stocking/finish", page).status == 303
    assert (road.stage("stocking")["finished_by"], road.stages()["stage"]) == (road.supplier, "delivery")
    assert "现在没有轮到" in reader.get("/work").text
    assert "/stocking/" not in reader.get(page).text, "what is finished takes no forms"
    boss = Reader(shop, shop.merchant, "merchant")
    assert boss.post(f"{page}/delivery/enter", page).status == 303
    assert page.removeprefix("/") in boss.get(f"/desk/g/{road.group}").text


@pytest.mark.req("S1")
def test_a_form_made_before_somebody_elses_change_is_refused_and_shown_anew(shop: Shop) -> None:
    road = Road(shop).formed()
    reader = Reader(shop, road.supplier, "supplier")
    page = f"/work/{road.group}"
    version = str(road.stages()["version"])
    road.does("enter", "stocking")
    late = reader.post(f"{page}/stocking/update", page, text="已装车", version=version)
    assert late.status == 409 and "进度已被更新" in late.text and 'value="已装车"' in late.text
    assert road.stage("stocking")["updates"] == []
    assert reader.post(f"{page}/stocking/update", page, text="已装车").status == 303


@pytest.mark.req("S1", "S20")
def test_only_those_who_work_on_a_group_see_its_stages_and_only_owners_get_forms(shop: Shop) -> None:
    road = Road(shop).formed()
    page = f"/work/{road.group}"
    stranger = Reader(shop, shop.person("supplier", roles=("supplier",)), "supplier")
    assert stranger.get(page).status == 404
    assert Reader(shop, road.buyers[0].who).get(page).status == 403
    manager = Reader(shop, road.manager, "manager")
    seen = manager.get(page)
    assert seen.status == 200 and "/enter" not in seen.text and "/work" in manager.get("/manage").text
    supplier = Reader(shop, road.supplier, "supplier").get(page).text
    assert "stocking/enter" in supplier and "delivery/promise" not in supplier


@pytest.mark.req("S1", "S9")
def test_sorters_and_carriers_own_stages_like_anybody_else(shop: Shop) -> None:
    sorter = shop.person("sorter", roles=("sorter",))
    carrier = shop.person("carrier", roles=("carrier",))
    plan = [
        *PLAN[:3],
        {"name": "sorting", "limit": {"minutes": 60}, "owner_role": "sorter", "owner_id": sorter},
        {**PLAN[3], "owner_role": "carrier", "owner_id": carrier},
    ]
    road = Road(shop, plan=plan).formed()
    page = f"/work/{road.group}"
    road.through("stocking", road.supplier)
    assert road.tries("enter", "sorting", who=carrier).json["code"] == "not_your_stage"
    for who, role, stage in ((sorter, "sorter", "sorting"), (carrier, "carrier", "delivery")):
        reader = Reader(shop, who, role)
        assert page.removeprefix("/") in reader.get("/work").text
        assert [one["stage"]["name"] for one in shop.ok("GET", "/stages", who=who)["items"]] == [stage]
        for what in ("enter", "finish"):
            assert reader.post(f"{page}/{stage}/{what}", page).status == 303
        assert road.stage(stage)["finished_by"] == who
    assert road.stages()["finished_at"] is not None


@pytest.mark.req("S13")
def test_an_urgent_alert_is_acknowledged_on_the_page_by_whoever_is_asked(own: Shop) -> None:
    deputy = own.person("deputy", roles=("leader",))
    road = Road(own, plan=[*PLAN[:3], {**PLAN[3], "contacts": [deputy]}]).formed()
    road.through("stocking")
    page = f"/work/{road.group}"
    reader = Reader(own, deputy, "leader")
    assert "acknowledge" not in reader.get(page).text
    road.does("enter", "delivery")
    road.at(road.due("delivery") + MINUTE)
    shown = reader.get(page).text
    assert "delivery/acknowledge" in shown and "紧急" in shown and "delivery/finish" not in shown
    assert reader.post(f"{page}/delivery/acknowledge", page).status == 303
    assert road.stage("delivery")["alert"]["acknowledged_by"] == deputy
    after = reader.get(page).text
    assert "delivery/acknowledge" not in after and "紧急提醒已确认" in after


@pytest.mark.req("L5")
def test_a_manager_rejects_a_group_with_a_reason_and_everybody_is_paid_back(own: Shop) -> None:
    road = Road(own, review_minutes=60)
    page = f"/work/{road.group}"
    manager = Reader(own, road.manager, "manager")
    assert "成团后才有" in manager.get(page).text
    road.at(instant_of(own.group(road.group)["closes_at"]) + MINUTE)
    stranger = Reader(own, own.person("manager", roles=("manager",)), "manager")
    assert stranger.get(page).status == 404
    assert Reader(own, road.supplier, "supplier").get(page).status == 409
    unsaid = manager.post(f"{page}/review", page, answer="reject", why="")
    assert unsaid.status == 400 and own.group(road.group)["state"] == "review"
    assert manager.post(f"{page}/review", page, answer="perhaps").status == 400
    assert manager.post(f"{page}/review", page, answer="reject", why="产地受灾").status == 303
    assert own.group(road.group)["state"] == "failed"
    assert "产地受灾" in manager.get(page).text
    own.bed.later(2 * HOUR)
    assert own.money(road.group)["refunded_minor"] == 2700


@pytest.mark.req("L5")
def test_a_merchant_approves_a_group_and_a_no_that_comes_late_is_told(own: Shop) -> None:
    road = Road(own, review_minutes=60)
    page = f"/work/{road.group}"
    road.at(instant_of(own.group(road.group)["closes_at"]) + MINUTE)
    boss, manager = Reader(own, own.merchant, "merchant"), Reader(own, road.manager, "manager")
    assert page.removeprefix("/") in boss.get(f"/desk/g/{road.group}").text
    before = manager.get(page, "en")
    assert "Reject and pay back" in before.text
    assert boss.post(f"{page}/review", page).status == 303
    assert own.group(road.group)["state"] == "formed"
    late = manager.send(f"{page}/review", before.text, "review", answer="reject", why="x")
    assert late.status == 409 and "审核已有结论" in late.text
    assert own.group(road.group)["state"] == "formed"
    assert "待接手" in boss.get(page).text
