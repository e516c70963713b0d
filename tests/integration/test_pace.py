"""How groups move through their stages: time against the plan, what lies where, what runs late, down to the orders."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.services.fulfilling import paces

from .shop import Shop, instant_of, rows
from .test_stages import Road
from .test_supply_pages import Reader


def figures(road: Road, who: str | None = None, **by: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in by.items())
    return road.shop.ok("GET", f"/stages/figures?{asked}", who=who or road.shop.merchant)


def line(road: Road, stage: str, who: str | None = None) -> Any:
    return next(one for one in figures(road, who)["stages"] if one["stage"] == stage)


@pytest.mark.req("M4", "M14")
def test_a_stage_is_measured_against_its_plan_and_too_slow_a_one_is_advised_on(own: Shop) -> None:
    road = Road(own).formed()
    waiting = line(road, "stocking")
    assert (waiting["waiting_groups"], waiting["waiting_orders"], waiting["average_s"]) == (1, 3, None)
    own.bed.later(HOUR)
    road.through("stocking", road.supplier)
    done = line(road, "stocking")
    assert (done["waiting_groups"], done["arrived"], done["finished"], done["growth"]) == (0, 1, 1, 0)
    assert done["benchmark_s"] == 8 * 3600 and abs(done["average_s"] - 3660) < 60
    assert done["advice"] is None
    own.bed.later(2 * HOUR + 24 * MINUTE + 5 * MINUTE)
    assert figures(road)["bottleneck"]["stage"] == "delivery"
    road.through("delivery")
    slow = line(road, "delivery")
    assert slow["against_benchmark_bp"] > 12_000 and slow["advice"] == "review_capacity"
    assert figures(road)["bottleneck"] is None, "what came has gone"


@pytest.mark.req("M4")
def test_just_within_a_fifth_over_the_plan_there_is_no_advice(own: Shop) -> None:
    road = Road(own).formed()
    road.through("stocking", road.supplier)
    own.bed.later(2 * HOUR + 20 * MINUTE)
    road.through("delivery")
    assert 10_000 < line(road, "delivery")["against_benchmark_bp"] <= 12_000
    assert line(road, "delivery")["advice"] is None


@pytest.mark.req("M3", "M7")
def test_what_runs_late_is_found_from_the_region_down_to_the_orders(own: Shop) -> None:
    north = [{"id": "north", "name": "北苑"}]
    road = Road(own, kind="community", communities=north, pickup_points=[{"id": "gate", "name": "南门"}])
    road.formed()
    assert figures(road)["delays"] == []
    assert (figures(road)["unfinished_orders"], figures(road)["unfinished_bp"]) == (3, 10_000)
    own.bed.advance_to(road.due("stocking") + 30 * MINUTE)
    (one,) = figures(road, region="北苑")["delays"]
    assert (one["group_id"], one["stage"], one["late_minutes"], one["orders"]) == (road.group, "stocking", 30, 3)
    assert figures(road, region="南苑")["delays"] == []
    category = one["category"]
    assert figures(road, region="北苑", category=category, stage="delivery")["delays"] == []
    assert len(figures(road, region="北苑", category=category, stage="stocking")["delays"]) == 1
    orders = own.ok("GET", f"/groups/{one['group_id']}/orders", who=own.merchant)["items"]
    assert len(orders) == one["orders"]
    assert line(road, "stocking")["late_orders"] == 3
    road.through("stocking", road.supplier)
    road.through("delivery")
    assert (figures(road)["delays"], figures(road)["unfinished_bp"]) == ([], 0)


@pytest.mark.req("M7")
def test_a_manager_sees_their_regions_groups_and_others_see_none(own: Shop) -> None:
    road = Road(own).formed()
    assert figures(road, road.manager)["groups"] == 1
    stranger = own.person("manager2", roles=("manager",))
    assert figures(road, stranger)["groups"] == 0
    assert own.bed.call("GET", "/stages/figures", who=road.buyers[0].who).status == 403


@pytest.mark.req("M4")
@pytest.mark.parametrize("when", ["at_forming", "on_the_way", "at_the_end"])
def test_a_lost_record_of_the_stream_is_healed(own: Shop, when: str) -> None:
    """The figures are wrong for a few hours at most, whichever record never came."""
    road = Road(own)
    if when == "at_forming":
        lost(road.formed)
    else:
        road.formed()
    if when == "on_the_way":
        lost(lambda: road.through("stocking", road.supplier))
        assert line(road, "stocking")["finished"] == 0, "the record is lost"
    else:
        road.through("stocking", road.supplier)
    if when == "at_the_end":
        lost(lambda: road.through("delivery"))
        assert figures(road)["unfinished_orders"] == 3
        own.bed.later(7 * HOUR)
        assert figures(road)["unfinished_orders"] == 0
        return
    own.bed.later(7 * HOUR)
    assert line(road, "stocking")["finished"] == 1
    assert own.bed.now - instant_of(figures(road)["as_of"]) <= 7 * HOUR


def lost(act: Callable[[], Any]) -> None:
    """What the stream tells of journeys meanwhile never comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paces, "moved", lambda *told: None)
        act()


@pytest.mark.req("M4")
def test_a_copy_goes_after_a_season(own: Shop) -> None:
    road = Road(own).formed()
    road.through("stocking", road.supplier)
    road.through("delivery")
    (copy,) = [row for (pk, sk), row in rows(own.bed).items() if pk == f"PACES#{own.merchant}" and road.group in sk]
    assert int(copy["gone_at"]["N"]) * 1000 >= own.bed.now + 89 * DAY


@pytest.mark.req("M4", "M7", "M14")
def test_the_page_shows_it_and_narrows_down(own: Shop) -> None:
    road = Road(own).formed()
    own.bed.advance_to(road.due("stocking") + 30 * MINUTE)
    page = Reader(own, own.merchant, "merchant").get("/manage/flow").text
    assert "备货" in page and "节点耗时" in page and f"desk/g/{road.group}" in page
    for language, word in (("zh", "备货"), ("en", "stocking")):
        narrowed = Reader(own, road.manager, "manager").get("/manage/flow?region=&stage=stocking", language).text
        assert f"g/{road.group}" in narrowed and word in narrowed.lower()
    elsewhere = Reader(own, road.manager, "manager").get("/manage/flow?region=x").text
    assert road.group not in elsewhere
