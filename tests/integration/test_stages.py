"""A formed group on its way: its stages, their limits, what lateness sets off, and what everybody can see of it."""

from datetime import time
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, Instant, at_local, rfc3339

from .shop import Offer, Shop, instant_of, overtaken
from .test_supply_pages import Reader

PLAN = [
    {"name": "presale", "limit": {"minutes": 0}},
    {"name": "review", "limit": {"minutes": 0}},
    {"name": "stocking", "limit": {"minutes": 480}, "checklist": ["ice", "boxes"]},
    {"name": "delivery", "title": "最后一公里", "limit": {"minutes": 120}, "urgent": True},
]


class Road:
    """A shop whose group of three has formed under PLAN (or another), and its people."""

    def __init__(self, shop: Shop, *, plan: list[dict[str, Any]] | None = None, contact: bool = False, **over: Any):
        self.shop = shop
        self.manager = shop.person("manager", roles=("manager",), contact=contact)
        self.supplier = shop.person("supplier", roles=("supplier",), contact=contact)
        stages = [dict(stage) for stage in (plan or PLAN)]
        stages[2] |= {"owner_role": "supplier", "owner_id": self.supplier}
        self.offer: Offer = shop.offer(**{"hours": 1, "plan": stages, "manager_id": self.manager} | over)
        self.group = self.offer.group
        self.buyers = [shop.buy(self.group) for _ in range(3)]

    def formed(self) -> "Road":
        at = instant_of(self.shop.group(self.group)["closes_at"])
        self.shop.bed.advance_to(at + MINUTE)
        assert self.shop.group(self.group)["state"] == "formed"
        return self

    def stages(self, who: str | None = None) -> Any:
        return self.shop.ok("GET", f"/groups/{self.group}/stages", who=who or self.shop.merchant)

    def stage(self, name: str) -> Any:
        return next(stage for stage in self.stages()["stages"] if stage["name"] == name)

    def does(self, what: str, stage: str, *, who: str | None = None, **body: Any) -> Any:
        said = self.tries(what, stage, who=who, **body)
        assert said.status == 200, said.text
        return said.json

    def tries(self, what: str, stage: str, *, who: str | None = None, **body: Any) -> Any:
        if what not in ("ticks", "acknowledge"):
            body = {"version": self.stages()["version"], **body}
        path = f"/groups/{self.group}/stages/{stage}/{what}"
        return self.shop.bed.call("POST", path, body or None, who=who or self.shop.merchant)

    def through(self, stage: str, who: str | None = None) -> None:
        self.does("enter", stage, who=who)
        for check in self.stage(stage)["checklist"]:
            self.does("ticks", stage, who=who, item=check["item"])
        self.does("finish", stage, who=who)

    def progress(self) -> Any:
        return self.shop.progress(self.group, strong=False)

    def due(self, stage: str) -> Instant:
        return instant_of(self.stage(stage)["due_at"])

    def at(self, moment: Instant) -> None:
        self.shop.bed.advance_to(moment)

    def steps(self, stage: str) -> list[str]:
        return [step["step"] for step in self.stage(stage)["steps"]]


@pytest.mark.req("S1")
def test_a_formed_group_goes_through_its_stages_one_after_the_other(shop: Shop) -> None:
    road = Road(shop)
    assert shop.progress(road.group)["stage"] == "presale"
    road.formed()
    now = road.progress()
    assert [(stage["name"], stage["state"]) for stage in now["way"]["stages"]] == [
        ("presale", "done"), ("review", "done"), ("stocking", "turn"), ("delivery", "waiting"),
    ]  # fmt: skip
    assert now["stage"] == "stocking"

    road.does("enter", "stocking", who=road.supplier)
    road.does("updates", "stocking", who=road.supplier, text="已装车")
    for item in ("ice", "boxes"):
        road.does("ticks", "stocking", who=road.supplier, item=item)
    done = road.does("finish", "stocking", who=road.supplier)
    stocking = done["stages"][2]
    assert (stocking["entered_by"], stocking["finished_by"]) == (road.supplier, road.supplier)
    assert stocking["since"] <= stocking["entered_at"] <= stocking["finished_at"]
    assert done["stage"] == "delivery"

    road.through("delivery")
    over = road.progress()
    assert (over["stage"], {stage["state"] for stage in over["way"]["stages"]}) == (None, {"done"})
    assert over["eta"]["earliest"] == over["eta"]["latest"] == over["way"]["stages"][3]["finished_at"]
    assert over["way"]["last_update"]["text"] == "已装车"
    assert shop.ok("GET", "/stages", who=shop.merchant)["items"] == [], "nothing is in anybody's hands any more"


@pytest.mark.req("S1", "S19")
def test_the_stage_in_turn_is_in_its_owners_list_and_leaves_it_when_done(shop: Shop) -> None:
    road = Road(shop).formed()
    (line,) = shop.ok("GET", "/stages", who=road.supplier)["items"]
    assert (line["group_id"], line["stage"]["name"], line["owner_id"]) == (road.group, "stocking", road.supplier)
    road.through("stocking", road.supplier)
    assert shop.ok("GET", "/stages", who=road.supplier)["items"] == []
    assert [line["stage"]["name"] for line in shop.pages("/stages", who=shop.merchant)] == ["delivery"]


REFUSALS = [
    ("enter", "delivery", {}, 409, "stage_out_of_order"),
    ("updates", "delivery", {"text": "on the road"}, 409, "stage_out_of_order"),
    ("finish", "delivery", {}, 409, "stage_out_of_order"),
    ("updates", "stocking", {"text": "packed"}, 409, "stage_not_entered"),
    ("finish", "stocking", {}, 409, "stage_not_entered"),
    ("ticks", "stocking", {"item": "ice"}, 409, "stage_not_entered"),
    ("enter", "presale", {}, 409, "stage_finished"),
    ("updates", "review", {"text": "again"}, 409, "stage_finished"),
    ("enter", "nothing", {}, 404, "stage_not_found"),
    ("acknowledge", "stocking", {}, 409, "nothing_to_acknowledge"),
    ("enter", "stocking", {"at": "in an hour"}, 422, "time_in_the_future"),
    ("enter", "stocking", {"at": "an hour ago"}, 422, "back_dated"),
    ("promises", "stocking", {"latest": "an hour ago"}, 422, "promise_out_of_range"),
    ("promises", "stocking", {"latest": "in an hour", "earliest": "in two hours"}, 422, "promise_out_of_range"),
    ("promises", "stocking", {"latest": "in two years"}, 422, "promise_out_of_range"),
    ("updates", "stocking", {"text": " "}, 400, "bad_value"),
    ("updates", "stocking", {"text": "x" * 201}, 400, "out_of_bounds"),
]


@pytest.mark.req("S1")
def test_what_cannot_be_done_to_a_stage_is_refused_by_name(shop: Shop) -> None:
    road = Road(shop).formed()
    before = road.stages()
    now = shop.bed.now
    times = {"in an hour": HOUR, "an hour ago": -2 * HOUR, "in two hours": 2 * HOUR, "in two years": 730 * DAY}
    for what, stage, body, status, code in REFUSALS:
        given = {name: rfc3339(now + times[value]) if value in times else value for name, value in body.items()}
        said = road.tries(what, stage, **given)
        assert (said.status, said.json["code"]) == (status, code), (what, stage, body)
    assert road.stages() == before, "a refusal changes nothing"


@pytest.mark.req("S1", "S18")
def test_a_checklist_must_be_ticked_before_the_stage_is_finished(shop: Shop) -> None:
    road = Road(shop).formed()
    road.does("enter", "stocking")
    road.does("ticks", "stocking", item="ice")
    version = road.stages()["version"]
    assert road.does("ticks", "stocking", item="ice")["version"] == version, "ticked already"
    lines = {line["item"]: line for line in road.stages()["stages"][2]["checklist"]}
    assert lines["ice"]["ticked_by"] == shop.merchant and lines["boxes"]["ticked_at"] is None
    assert {line["due_at"] for line in lines.values()} == {rfc3339(road.due("stocking"))}, "due with the stage"
    assert shop.ok("GET", f"/groups/{road.group}/pack-ahead", who=shop.merchant)["items"] == {"apple": {"1": 3}}
    assert road.tries("ticks", "stocking", item="ribbon").json["code"] == "not_on_the_checklist"
    said = road.tries("finish", "stocking")
    assert (said.json["code"], said.json["items"]) == ("checklist_open", ["boxes"])
    road.does("ticks", "stocking", item="boxes")
    road.does("finish", "stocking")


@pytest.mark.req("S1", "S20")
def test_only_a_stages_own_people_touch_it(shop: Shop) -> None:
    road = Road(shop).formed()
    stranger = shop.person("supplier", roles=("supplier",))
    other = shop.person("merchant", roles=("merchant",))
    for who in (stranger, other, road.manager):
        assert road.tries("enter", "stocking", who=who).json["code"] == "not_your_stage"
    road.does("enter", "stocking", who=road.supplier)
    assert road.tries("enter", "delivery", who=road.supplier).json["code"] == "not_your_stage"
    assert shop.bed.call("GET", f"/groups/{road.group}/stages", who=stranger).status == 404
    assert road.stages(road.manager)["group_id"] == road.group


@pytest.mark.req("S1")
def test_of_two_updates_at_once_one_wins_and_the_other_is_told(shop: Shop) -> None:
    road = Road(shop).formed()
    version = road.does("enter", "stocking")["version"]
    path = f"/groups/{road.group}/stages/stocking/updates"

    def other() -> Any:
        return shop.bed.call_only("POST", path, {"version": version, "text": "first"}, who=road.supplier)

    with overtaken(shop.bed, other, before="PutItem") as happened:
        said = shop.bed.call("POST", path, {"version": version, "text": "second"}, who=shop.merchant)
    assert happened[0].status == 200
    assert (said.status, said.json["code"], said.json["version"]) == (409, "journey_has_changed", version + 1)
    assert [update["text"] for update in road.stage("stocking")["updates"]] == ["first"]


@pytest.mark.req("S16")
@pytest.mark.req("S2")
def test_a_suppliers_promise_is_what_buyers_see_and_earlier_ones_stay(shop: Shop) -> None:
    road = Road(shop).formed()
    guessed = road.progress()["eta"]
    first, second = shop.bed.now + 30 * HOUR, shop.bed.now + 50 * HOUR
    road.does("promises", "stocking", who=road.supplier, latest=rfc3339(first), why="船期")
    road.does("promises", "stocking", who=road.supplier, latest=rfc3339(second), earliest=rfc3339(first))
    seen = road.progress()
    assert seen["eta"] == {"earliest": rfc3339(first + HOUR), "latest": rfc3339(second + 2 * HOUR)} != guessed
    stocking = seen["way"]["stages"][2]
    assert [(p["latest"], p["why"]) for p in stocking["promises"]] == [(rfc3339(first), "船期"), (rfc3339(second), "")]
    assert [mark["why"] for mark in seen["way"]["eta_history"]] == ["formed", "promised", "promised"]
    assert seen["way"]["eta_history"][0]["latest"] == guessed["latest"]
    story = shop.story(road.buyers[0])
    assert (story["eta"], story["way"]["eta_history"]) == (seen["eta"], seen["way"]["eta_history"])


@pytest.mark.req("S22")
def test_a_vips_delay_is_a_task_for_who_answers_for_the_group(own: Shop) -> None:
    road = Road(own).formed()
    support, vip = own.person("support", roles=("support",)), road.buyers[0]
    own.ok("PUT", f"/people/{vip.who}/standing", {"vip": True}, who=support)
    road.does("promises", "stocking", who=road.supplier, latest=rfc3339(own.bed.now + 9 * DAY), why="船期")
    own.bed.later(MINUTE)
    named = road.manager
    (task,) = own.pages("/tasks", who=named)
    assert (task["errand"], task["about"]) == ("upgrade_carrier", vip.id), "one VIP is late, and nobody else's order"
    own.ok("POST", f"/tasks/{task['id']}/done", {"note": "改闪送"}, who=named)
    assert not list(own.pages("/tasks", who=named))


@pytest.mark.req("P16")
def test_a_presales_shipping_date_is_its_limit_and_its_promise(own: Shop) -> None:
    ships = own.bed.now + 10 * DAY
    road = Road(own, promised_ship_date=rfc3339(ships))
    assert own.ok("GET", f"/campaigns/{road.offer.id}")["promised_ship_date"] == rfc3339(ships)
    road.formed()
    assert road.due("stocking") == ships
    assert road.progress()["eta"]["latest"] == rfc3339(ships + 2 * HOUR)
    road.at(ships + MINUTE)
    assert road.stage("stocking")["late"] and "overdue" in road.steps("stocking")


@pytest.mark.req("S2", "S17")
def test_the_groups_page_shows_stages_expected_times_and_the_last_word_in_both_languages(own: Shop) -> None:
    road = Road(own).formed()
    road.does("enter", "stocking", who=road.supplier)
    road.does("updates", "stocking", who=road.supplier, text="<b>已装车</b>")
    road.does("promises", "stocking", who=road.supplier, latest=rfc3339(own.bed.now + 30 * HOUR))

    def page(language: str) -> str:
        return str(own.bed.call("GET", f"/g/{road.group}", headers={"Accept-Language": language}).text)

    zh, en = page("zh"), page("en")
    for words in ('id="way"', "备货", "最后一公里", "&lt;b&gt;已装车&lt;/b&gt;", "预计时间的变化", "前完成"):
        assert words in zh, words
    for words in ("Stocking", "最后一公里", "Expected between", "How the expected time has changed", "is due by"):
        assert words in en, words
    road.at(road.due("stocking") + MINUTE)
    assert "已超时" in page("zh") and "It is late" in page("en")
    road.at(own.bed.now + 4 * DAY)
    assert "已经 4 天没有消息" in page("zh")


# lateness


@pytest.mark.req("S5")
def test_lateness_goes_to_the_owner_then_the_manager_then_the_fallback_each_once(own: Shop) -> None:
    fallback = {"kind": "other_warehouse", "to": "north-2"}
    plan = [*PLAN[:2], {"name": "stocking", "limit": {"minutes": 480}, "fallback": fallback}, PLAN[3]]
    road = Road(own, plan=plan, contact=True).formed()
    due = road.due("stocking")
    assert [one["state"] for one in own.told(road.supplier, "stage_turn")] == ["sent"] * 2
    for after, steps in (
        (-2 * HOUR - MINUTE, []),
        (-2 * HOUR + MINUTE, ["due_soon"]),
        (MINUTE, ["due_soon", "overdue"]),
        (2 * HOUR + MINUTE, ["due_soon", "overdue", "manager"]),
        (4 * HOUR + MINUTE, ["due_soon", "overdue", "manager", "fallback"]),
        (30 * HOUR, ["due_soon", "overdue", "manager", "fallback"]),
    ):
        road.at(due + after)
        assert road.steps("stocking") == steps
        late = own.ok("GET", "/stages/late", who=road.manager)["items"]
        assert [line["stage"]["name"] for line in late] == (["stocking"] if "manager" in steps else [])
    per_channel = {"stage_due_soon": road.supplier, "stage_overdue": road.supplier, "stage_late": road.manager}
    for template, who in per_channel.items():
        assert len(own.told(who, template)) == 2, f"{template}: once a channel"
    assert len(own.told(road.supplier, "stage_fallback")) == len(own.told(road.manager, "stage_fallback")) == 2
    assert own.sent_to(road.manager, "备用仓库")
    assert road.stage("stocking")["fallback_on_at"] is not None
    shown = road.progress()["way"]
    assert (shown["limits_broken"], shown["stages"][2]["late"]) == (1, True)
    road.through("stocking", road.supplier)
    assert own.ok("GET", "/stages/late", who=road.manager)["items"] == []


@pytest.mark.req("S5")
def test_a_stage_finished_in_time_sets_nothing_off(own: Shop) -> None:
    road = Road(own).formed()
    road.through("stocking", road.supplier)
    road.through("delivery")
    road.at(own.bed.now + 10 * DAY)
    assert [road.steps(name) for name in ("stocking", "delivery")] == [[], []]
    assert road.progress()["way"]["limits_broken"] == 0


@pytest.mark.req("S5", "N3")
def test_who_has_hours_of_their_own_is_not_called_to_a_stage_that_is_done_by_then(own: Shop) -> None:
    road = Road(own, contact=True)
    own.ok(
        "PUT", "/me/preferences", {"channels": ["sms"], "hours": {"start": "21:00", "end": "22:00"}}, who=road.supplier
    )
    road.formed()
    assert [one["state"] for one in own.notices(road.supplier)] == ["planned"]
    road.through("stocking", road.supplier)
    road.at(own.bed.now + DAY)
    (notice,) = own.notices(road.supplier)
    assert (notice["template"], notice["state"]) == ("stage_turn", "suppressed")


@pytest.mark.req("S5")
def test_a_fallback_moves_what_has_not_left_to_the_other_carrier(own: Shop) -> None:
    fallback = {"kind": "other_carrier", "to": "swift"}
    sorting = {"name": "sorting", "limit": {"minutes": 120}, "fallback": fallback}
    road = Road(own, plan=[*PLAN[:3], sorting, PLAN[3]]).formed()
    road.through("stocking", road.supplier)
    (batch,) = own.ok("GET", f"/groups/{road.group}/batches", who=own.merchant)["items"]
    assert batch["state"] == "planned", "the turn of sorting has made it"
    road.at(road.due("sorting") + 2 * HOUR)
    assert "fallback" in road.steps("sorting")
    (batch,) = own.ok("GET", f"/groups/{road.group}/batches", who=own.merchant)["items"]
    assert batch["carrier"] == "swift"


@pytest.mark.req("S5")
def test_an_owner_who_finishes_while_it_escalates_is_the_one_effect(shop: Shop) -> None:
    road = Road(shop).formed()
    road.does("enter", "stocking")
    for item in ("ice", "boxes"):
        road.does("ticks", "stocking", item=item)
    due, version = road.due("stocking"), road.stages()["version"]
    path = f"/groups/{road.group}/stages/stocking/finish"

    def answers() -> Any:
        return shop.bed.call_only("POST", path, {"version": version}, who=road.supplier)

    with overtaken(shop.bed, answers, before="PutItem") as happened:
        road.at(due + MINUTE)
    assert happened[0].status == 200
    assert road.stages()["stage"] == "delivery"
    assert "overdue" not in road.steps("stocking")


@pytest.mark.req("S13")
def test_an_urgent_alert_goes_to_the_next_contact_until_somebody_acknowledges(own: Shop) -> None:
    deputy = own.person("deputy", roles=("manager",), contact=True)
    urgent = {**PLAN[3], "contacts": [deputy], "owner_role": "merchant"}
    road = Road(own, plan=[*PLAN[:3], urgent], contact=True).formed()
    road.through("stocking", road.supplier)
    due = road.due("delivery")
    road.at(due + MINUTE)
    assert road.stage("delivery")["alert"]["asked"] == own.merchant
    road.at(due + 16 * MINUTE)
    assert road.stage("delivery")["alert"]["asked"] == deputy
    assert len(own.told(deputy, "stage_urgent")) == 2 and own.told(road.manager, "stage_urgent") == []
    assert road.tries("acknowledge", "delivery", who=road.supplier).json["code"] == "not_your_stage"
    answered = road.does("acknowledge", "delivery", who=deputy)["stages"][3]["alert"]
    assert (answered["acknowledged_by"], answered["ask_next_at"]) == (deputy, None)
    road.at(due + 3 * HOUR)
    assert own.told(road.manager, "stage_urgent") == []
    assert road.does("acknowledge", "delivery")["stages"][3]["alert"]["acknowledged_by"] == deputy


@pytest.mark.req("S13")
def test_an_alert_nobody_answers_reaches_everybody_once_and_then_the_operators(own: Shop) -> None:
    road = Road(own, contact=True).formed()
    road.through("stocking", road.supplier)
    road.at(road.due("delivery") + DAY)
    assert len(own.told(road.manager, "stage_urgent")) == 2
    assert [what for what, _ in own.bed.alarms] == ["nobody_acknowledged"]


# said today, and said at all


@pytest.mark.req("S12")
def test_at_six_whoever_said_nothing_today_is_reminded_and_the_manager_gets_one_list(own: Shop) -> None:
    road = Road(own, contact=True).formed()
    other = Road(own, contact=True)
    six = at_local(own.bed.now, time(18, 0), "Asia/Shanghai")
    road.does("enter", "stocking", who=road.supplier)
    road.at(six + MINUTE)
    assert own.told(road.supplier, "stage_unsaid_today") == [], "formed and entered today"
    assert other.group != road.group
    road.at(six + DAY - HOUR)
    road.does("updates", "stocking", who=road.supplier, text="在路上")
    road.at(six + DAY + MINUTE)
    assert own.told(road.supplier, "stage_unsaid_today") == []
    road.at(six + 2 * DAY + MINUTE)
    assert len(own.told(road.supplier, "stage_unsaid_today")) == 2
    assert len(own.told(road.manager, "stages_unsaid_today")) == 2


@pytest.mark.req("S12")
def test_a_stage_unsaid_at_six_is_in_the_managers_list_until_somebody_says_something(own: Shop) -> None:
    road = Road(own, plan=[*PLAN[:2], {"name": "stocking", "limit": {"minutes": 14_400}}]).formed()
    road.does("enter", "stocking", who=road.supplier)
    six = at_local(own.bed.now, time(18, 0), "Asia/Shanghai")
    road.at(six + DAY - MINUTE)
    assert own.ok("GET", "/stages/late", who=road.manager)["items"] == []
    road.at(six + DAY + MINUTE)
    (line,) = own.ok("GET", "/stages/late", who=road.manager)["items"]
    assert (line["group_id"], line["overdue_minutes"], line["said_hours_ago"]) == (road.group, 0, 33)
    road.does("updates", "stocking", who=road.supplier, text="在路上")
    assert own.ok("GET", "/stages/late", who=road.manager)["items"] == []


@pytest.mark.req("S2")
def test_silence_of_days_says_itself_and_chases_the_owner(own: Shop) -> None:
    road = Road(own, contact=True, silence_days=2).formed()
    road.does("enter", "stocking", who=road.supplier)
    said = own.bed.now
    road.at(said + 2 * DAY - HOUR)
    assert road.progress()["way"]["silent_days"] == 0
    road.at(said + 2 * DAY + MINUTE)
    way = road.progress()["way"]
    assert (way["silent_days"], way["said_hours_ago"], way["last_said_at"]) == (2, 48, rfc3339(said))
    assert len(own.told(road.supplier, "stage_silent")) == 2
    road.does("updates", "stocking", who=road.supplier, text="抱歉，船晚了")
    assert road.progress()["way"]["silent_days"] == 0


@pytest.mark.req("S11")
def test_a_leaders_nudge_is_one_tap_limited_and_its_answer_is_timed(own: Shop) -> None:
    road = Road(own, contact=True)
    leader = own.person("leader", roles=("leader",))
    own.buy(road.group, leader)
    road.formed()
    stranger = own.person("leader", roles=("leader",))
    path = f"/groups/{road.group}/nudge"
    assert own.bed.call("POST", path, who=stranger).status == 404
    assert own.bed.call("POST", path, who=road.buyers[0].who).status == 404, "a buyer is no leader"
    asked = own.ok("POST", path, who=leader)
    assert (asked["stage"], asked["nudges"][0]["answered_at"]) == ("stocking", None)
    assert len(own.told(road.supplier, "stage_nudged")) == 2
    again = own.bed.call("POST", path, who=leader)
    assert (again.status, again.json["code"], again.json["retry_after_s"]) == (429, "nudged_lately", 4 * 3600)
    road.at(own.bed.now + 10 * MINUTE)
    road.does("enter", "stocking", who=road.supplier)
    (nudge,) = road.stage("stocking")["nudges"]
    assert nudge["answered_in_s"] == 600
    road.at(own.bed.now + 4 * HOUR)
    assert len(own.ok("POST", path, who=leader)["nudges"]) == 2


@pytest.mark.req("S17")
def test_a_broken_limit_is_counted_and_compensated_once_in_one_row(own: Shop) -> None:
    buyer = own.person(contact=True)
    road = Road(own, late_compensation_bp=500)
    own.buy(road.group, buyer)
    road.formed()
    road.at(road.due("stocking") + 2 * DAY)
    way = road.progress()["way"]
    assert [(one["stage"], one["share_bp"]) for one in way["compensations"]] == [("stocking", 500)]
    assert way["limits_broken"] == 1
    assert len(own.told(buyer, "late_compensation")) == 2
    assert own.sent_to(buyer, "5%")
    story = own.story(road.buyers[0])
    assert story["compensation_minor"] == 45, "5 % of 9.00"
    (coupon,) = story["coupons"]
    assert (coupon["amount_minor"], coupon["order_id"], coupon["issuer_id"]) == (45, road.buyers[0].id, own.merchant)
    assert list(own.pages("/me/coupons", who=road.buyers[0].who)) == [coupon]
    assert "优惠券" in Reader(own, road.buyers[0].who).get(f"/o/{road.buyers[0].id}").text


# the review


@pytest.mark.req("L5")
def test_a_group_under_review_waits_with_its_count_and_forms_by_itself(own: Shop) -> None:
    road = Road(own, review_minutes=60)
    at = instant_of(own.group(road.group)["closes_at"])
    road.at(at + MINUTE)
    assert (own.group(road.group)["state"], road.progress()["stage"]) == ("review", "review")
    assert own.try_join(road.group, own.person()).json["code"] == "group_closed"
    road.at(at + 2 * HOUR)
    assert own.group(road.group)["state"] == "formed"
    assert road.stages()["stage"] == "stocking"


@pytest.mark.req("L5")
def test_a_rejected_group_fails_and_everybody_is_paid_back(own: Shop) -> None:
    road = Road(own, review_minutes=60)
    road.at(instant_of(own.group(road.group)["closes_at"]) + MINUTE)
    path = f"/groups/{road.group}/review"
    stranger = own.person("manager", roles=("manager",))
    assert own.bed.call("POST", path, {"approve": False}, who=stranger).status == 404
    said = own.ok("POST", path, {"approve": False, "why": "产地受灾"}, who=road.manager)
    assert (said["state"], said["verdict"]["reason"]) == ("failed", "rejected")
    assert own.ok("POST", path, {"approve": False}, who=own.merchant)["state"] == "failed", "said already"
    other = own.bed.call("POST", path, {"approve": True}, who=own.merchant)
    assert (other.status, other.json["code"]) == (409, "verdict_given")
    road.at(own.bed.now + 2 * HOUR)
    money = own.money(road.group)
    assert money["captured_minor"] == money["refunded_minor"] == 2700
    assert own.bed.call("GET", f"/groups/{road.group}/stages", who=own.merchant).json["code"] == "no_stages_yet"
    stranger = own.person("stranger", roles=("merchant",))
    assert own.bed.call("GET", f"/groups/{road.group}/stages", who=stranger).json["code"] == "group_not_found"


@pytest.mark.req("L5")
def test_of_a_yes_and_a_no_at_once_one_is_the_verdict(own: Shop) -> None:
    road = Road(own, review_minutes=60)
    road.at(instant_of(own.group(road.group)["closes_at"]) + MINUTE)
    path = f"/groups/{road.group}/review"

    def no() -> Any:
        return own.bed.call_only("POST", path, {"approve": False}, who=road.manager)

    with overtaken(own.bed, no) as happened:
        yes = own.bed.call("POST", path, {"approve": True}, who=own.merchant)
    assert (happened[0].json["state"], yes.status, yes.json["code"]) == ("failed", 409, "verdict_given")


@pytest.mark.req("L5")
def test_a_group_that_reviews_nothing_says_so(shop: Shop) -> None:
    road = Road(shop).formed()
    said = shop.bed.call("POST", f"/groups/{road.group}/review", {"approve": True}, who=shop.merchant)
    assert (said.status, said.json["code"]) == (409, "no_review")
