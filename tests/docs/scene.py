"""A short scene on the test bed: one of each main call, with the answer it really got.

Four neighbours buy oranges together; the fourth brings everybody's price down. A fifth gives up, a team of three is
opened, a bank transfer is confirmed by hand. Time is virtual, so the scene takes a second and plays the same each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.instants import HOUR, MINUTE, SECOND, rfc3339
from tests.bed import Answer, Bed
from tests.bed.bed import START

SHOP = "fruit-shop"
Json = Any


@dataclass(frozen=True, slots=True)
class Example:
    """One call as it was made, and its answer as it came. `who` signed in, or nobody."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Json
    who: str | None
    status: int
    answer: Json


@dataclass(slots=True)
class Scene:
    """`told` holds the examples by name, in the order of the story."""

    bed: Bed
    told: dict[str, Example] = field(default_factory=dict)

    def say(
        self,
        name: str,
        method: str,
        path: str,
        body: Json = None,
        *,
        who: str | None = None,
        expect: int = 200,
        **headers: str,
    ) -> Json:
        """Makes a call and keeps it. Header names are written with underscores."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.bed.call(method, path, body, who=who, headers=sent)
        assert answer.status == expect, f"{name}: {answer.status} {answer.text}"
        self.told[name] = Example(method, path, sent, body, who, answer.status, _json(answer))
        return self.told[name].answer


def _json(answer: Answer) -> Json:
    return answer.json if answer.text else None


def play() -> dict[str, Example]:
    """The whole scene, once."""
    with Bed.made() as bed:
        scene = Scene(bed)
        for person in ("mei", "chen", "ada", "bo", "lin"):
            bed.person(person)
        bed.person(SHOP, "merchant")
        bed.person("operator", "ops")
        group_id, campaign_id = _offer(scene)
        orders = _buy(scene, group_id)
        _look(scene, group_id, campaign_id)
        _steer(scene, group_id)
        bed.advance_to(START + 9 * HOUR + 2 * MINUTE)
        _end(scene, group_id, campaign_id, orders)
        _team(scene)
        return scene.told


def _offer(scene: Scene) -> tuple[str, str]:
    """A product, a draft, and the campaign it becomes."""
    product = scene.say(
        "product",
        "POST",
        "/products",
        {"title": "赣南脐橙 Gannan oranges, 5 kg", "list_price_minor": 5900, "currency": "CNY", "category": "fruit"},
        who=SHOP,
        expect=201,
        Idempotency_Key="product-oranges",
    )
    draft = scene.say("draft", "POST", "/campaigns", _campaign(product["id"]), who=SHOP, expect=201,
                      Idempotency_Key="saturday-oranges")  # fmt: skip
    campaign = scene.say("publish", "POST", f"/campaigns/{draft['id']}/publish", who=SHOP)
    hall = scene.say("hall", "GET", "/hall?category=fruit&limit=1", Accept_Language="en")
    group_id: str = hall["items"][0]["id"]
    scene.say("group", "GET", f"/groups/{group_id}", Accept_Language="en")
    return group_id, campaign["id"]


def _campaign(product_id: str) -> Json:
    return {
        "title": "周六脐橙团 Saturday oranges",
        "category": "fruit",
        "kind": "pot",
        "items": [
            {
                "sku": "orange",
                "product_id": product_id,
                "title": "赣南脐橙 Gannan oranges, 5 kg",
                "list_price_minor": 5900,
                "stock": 60,
                "buffer": 10,
                "tiers": [{"participants": 3, "unit_price_minor": 4900}, {"participants": 4, "percent_off": 25}],
            }
        ],
        "target": {"measure": "participants", "at_least": 3},
        "opens_at": "2026-11-01T08:00:00+08:00",
        "closes_at": "2026-11-01T17:00:00+08:00",
        "payment_window_minutes": 30,
        "methods": ["sandbox", "transfer"],
        "refund_rule": "不成团全额原路退回。 All is refunded if the group does not form.",
        "fulfilment": "pickup",
        "pickup_points": [{"id": "north-gate", "name": "北门 North gate"}],
    }


def _buy(scene: Scene, group_id: str) -> dict[str, str]:
    """Four join, each in a way of their own."""
    bed, join = scene.bed, f"/groups/{group_id}/join"
    terms: Json = {"accepts_terms": 1, "pickup_point": "north-gate"}
    two = {"lines": {"orange": 2}, **terms, "method": "sandbox"}
    mei = scene.say("join", "POST", join, two, who="mei", expect=201, Accept_Language="en", Idempotency_Key="mei-1")
    old = {"lines": {"orange": 1}, "accepts_terms": 9}
    for name, language in (("refusal", "en"), ("refusal_zh", "zh-CN")):
        scene.say(name, "POST", join, old, who="bo", expect=409, Accept_Language=language, Idempotency_Key="bo-0")
    bed.later(40 * SECOND)
    bed.pay(mei["payment"]["pay_url"])
    chen = scene.say("join_unpaid", "POST", join, {"lines": {"orange": 1}, **terms}, who="chen", expect=201,
                     Accept_Language="en", Idempotency_Key="chen-1")  # fmt: skip
    changed = scene.say(
        "change", "PATCH", f"/orders/{chen['order_id']}", {"version": 2, "lines": {"orange": 3}}, who="chen"
    )
    paying = scene.say(
        "pay", "POST", f"/orders/{changed['id']}/payments", {"method": "sandbox"}, who="chen", expect=201
    )
    bed.later(20 * SECOND)
    bed.pay(paying["pay_url"])
    ada = bed.call("POST", join, {**two, "lines": {"orange": 1}, "method": "transfer"}, who="ada",
                   headers={"Idempotency-Key": "ada-1"}).json  # fmt: skip
    bed.later(25 * MINUTE)
    received: Json = {"amount_minor": 4900, "currency": "CNY", "received_at": rfc3339(bed.now - 5 * MINUTE)}
    scene.say(
        "confirm",
        "POST",
        f"/payments/{ada['payment']['payment_id']}/confirm",
        {**received, "reference": "statement 12, line 3"},
        who=SHOP,
    )
    lin = bed.call("POST", join, {**two, "lines": {"orange": 4}}, who="lin", headers={"Idempotency-Key": "lin-1"}).json
    scene.say("cancel", "POST", f"/orders/{lin['order_id']}/cancel", {}, who="lin")
    return {"mei": mei["order_id"], "chen": chen["order_id"]}


def _look(scene: Scene, group_id: str, campaign_id: str) -> None:
    """What anyone, the merchant and an operator see while the group is open."""
    scene.bed.later(10 * SECOND)
    scene.say("progress", "GET", f"/groups/{group_id}/progress")
    scene.say("preview", "GET", f"/groups/{group_id}/close-preview", who=SHOP)
    scene.say("orders", "GET", f"/groups/{group_id}/orders?limit=1", who=SHOP)
    scene.say("share", "POST", f"/groups/{group_id}/share", who="mei")
    scene.say("due", "GET", "/ops/due?limit=1", who="operator")


def _steer(scene: Scene, group_id: str) -> None:
    """The deadline moves by an hour and back; a fourth neighbour pays in time."""
    scene.say("deadline", "POST", f"/groups/{group_id}/deadline", {"closes_at": "2026-11-01T18:00:00+08:00"}, who=SHOP)
    back = {"closes_at": "2026-11-01T17:00:00+08:00"}
    assert scene.bed.call("POST", f"/groups/{group_id}/deadline", back, who=SHOP).json["done"]
    one = {"lines": {"orange": 1}, "accepts_terms": 1, "pickup_point": "north-gate", "method": "sandbox"}
    bo = scene.bed.call("POST", f"/groups/{group_id}/join", one, who="bo", headers={"Idempotency-Key": "bo-1"}).json
    scene.bed.pay(bo["payment"]["pay_url"])


def _end(scene: Scene, group_id: str, campaign_id: str, orders: Mapping[str, str]) -> None:
    """After the deadline: the verdict, the price that fell for all, and the money."""
    scene.say("verdict", "GET", f"/groups/{group_id}")
    scene.say("order", "GET", f"/orders/{orders['mei']}", who="mei")
    scene.say("money", "GET", f"/groups/{group_id}/money", who=SHOP)
    scene.say("figures", "GET", f"/campaigns/{campaign_id}/figures", who=SHOP)
    scene.say("mine", "GET", "/orders?limit=1", who="mei")


def _team(scene: Scene) -> None:
    """A team of three, opened with its initiator's own order."""
    bed = scene.bed
    product = bed.call("GET", "/products", who=SHOP).json["items"][0]
    day: Json = {
        **_campaign(product["id"]),
        "title": "脐橙三人团 Oranges for three",
        "kind": "team",
        "team_sizes": [3],
        "team_open_minutes": 120,
        "target": None,
        "opens_at": "2026-11-01T08:00:00+08:00",
        "closes_at": "2026-11-02T22:00:00+08:00",
        "methods": ["sandbox"],
    }
    draft = bed.call("POST", "/campaigns", day, who=SHOP, headers={"Idempotency-Key": "teams"}).json
    bed.call("POST", f"/campaigns/{draft['id']}/publish", who=SHOP)
    scene.say(
        "team",
        "POST",
        f"/campaigns/{draft['id']}/teams",
        {"size": 3, "lines": {"orange": 1}, "accepts_terms": 1, "pickup_point": "north-gate", "method": "sandbox"},
        who="lin",
        expect=201,
        Accept_Language="en",
        Idempotency_Key="lin-team",
    )
