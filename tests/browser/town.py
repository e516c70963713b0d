"""A small town for the pages: groups at every stage of their life, with people in them."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.instants import DAY, HOUR, MINUTE, rfc3339
from tests.bed import Bed

POINTS = [
    {"id": "gate", "name": "南门菜鸟驿站", "address": "阳光花园南门 3 号铺", "hours": "9:00-21:00"},
    {"id": "club", "name": "业主会所前台", "address": "阳光花园 12 栋一层", "hours": "8:00-20:00"},
]


@dataclass
class Town:
    bed: Bed
    groups: dict[str, str] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    people: int = 0

    def ok(self, method: str, path: str, body: Any = None, *, who: str, key: str | None = None) -> Any:
        answer = self.bed.call(method, path, body, who=who, headers={"Idempotency-Key": key} if key else None)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.text else None

    def person(self, name: str, *roles: str, phone: str | None = None) -> str:
        self.people += 1
        self.bed.person(name, *roles, phone=phone or f"+86139{self.people:08d}")
        return name

    def offer(self, name: str, **over: Any) -> str:
        """Publishes a campaign; its groups are found under `name` (and `name.community`)."""
        items = over.pop("items")
        for item in items:
            body = {"title": item["title"], "list_price_minor": item["list_price_minor"], "currency": "CNY"}
            item["product_id"] = self.ok("POST", "/products", body, who="merchant", key=f"{name}-{item['sku']}")["id"]
        draft = {
            "category": "水果",
            "items": items,
            "target": {"measure": "participants", "at_least": 3},
            "opens_at": rfc3339(self.bed.now),
            "closes_at": rfc3339(self.bed.now + 2 * DAY),
            "payment_window_minutes": 60,
            "methods": ["sandbox", "transfer"],
            "refund_rule": "截止前可随时取消，款项原路退回。",
            "return_exception": "生鲜商品，签收后不支持七天无理由退货，坏果包赔。",
            "fulfilment": "pickup",
            "pickup_points": POINTS,
            **over,
        }
        campaign = self.ok("POST", "/campaigns", draft, who="merchant", key=name)["id"]
        self.ok("POST", f"/campaigns/{campaign}/publish", who="merchant")
        self.bed.drain()
        self.campaigns[name] = campaign
        for group in self.ok("GET", f"/campaigns/{campaign}/groups", who="merchant")["items"]:
            place = group["community"]["id"] if group["community"] else ""
            self.groups[f"{name}.{place}" if place else name] = group["id"]
        return campaign

    def join(self, who: str, group: str, sku: str, units: int = 1, *, pay: bool = True, **more: Any) -> str:
        body = {
            "lines": {sku: units},
            "accepts_terms": 1,
            "method": "sandbox",
            "pickup_point": "gate",
            **more,
        }
        taken = self.ok("POST", f"/groups/{group}/join", body, who=who, key=f"{who}-{group}")
        if pay:
            self.bed.pay(taken["payment"]["pay_url"])
        return str(taken["order_id"])


def apple(**over: Any) -> dict[str, Any]:
    tiers = [
        {"participants": 3, "unit_price_minor": 4590},
        {"participants": 6, "unit_price_minor": 4290},
        {"participants": 10, "unit_price_minor": 3990},
    ]
    return {"sku": "apple-5kg", "title": "阿克苏冰糖心苹果 5 斤装", "list_price_minor": 4990, "tiers": tiers,
            "stock": 300, "limit_per_buyer": 5, **over}  # fmt: skip


def built(bed: Bed) -> Town:
    """The town on a Sunday morning."""
    town = Town(bed)
    town.person("merchant", "merchant")
    for name in ("mei", "jun", "lan", "wei", "hua", "tao"):
        town.person(name)
    town.person("lin", phone="+8613800000001")
    town.ok("PUT", "/me/contact", {"email": "lin@example.com"}, who="lin")
    town.offer(
        "fruit",
        title="阿克苏冰糖心苹果，产地直发",
        description="果园现摘，48 小时内发车。\n每箱 5 斤，单果 75 mm 以上，坏果包赔。",
        kind="community",
        communities=[{"id": "garden", "name": "阳光花园"}, {"id": "river", "name": "江畔人家"}],
        items=[apple()],
    )
    town.offer(
        "market",
        title="周末菜篮子：鸡蛋与有机时蔬",
        description="本地农场直送，周六上午到自提点。",
        category="生鲜",
        items=[
            {"sku": "egg-30", "title": "散养土鸡蛋 30 枚", "list_price_minor": 3980,
             "tiers": [{"participants": 5, "unit_price_minor": 3580}], "stock": 100},
            {"sku": "greens", "title": "有机时蔬篮（6 种）", "list_price_minor": 5900,
             "tiers": [{"participants": 5, "unit_price_minor": 4900}], "stock": 60},
        ],
        target={"measure": "units", "at_least": 20},
        share_reward={"amount_minor": 300, "min_spend_minor": 3000},
        closes_at=rfc3339(bed.now + 9 * HOUR),
    )  # fmt: skip
    town.offer(
        "tea",
        title="明前龙井 250 g，三人成团",
        category="茶饮",
        kind="team",
        team_sizes=[3, 5],
        team_open_minutes=24 * 60,
        target=None,
        items=[{"sku": "tea", "title": "明前龙井 250 g", "list_price_minor": 26800, "stock": 40,
                "tiers": [{"participants": 3, "unit_price_minor": 19800},
                          {"participants": 5, "unit_price_minor": 17800}]}],
        fulfilment="delivery",
        pickup_points=[],
        return_exception=None,
    )  # fmt: skip
    town.offer(
        "last",
        title="手工云吞，只剩最后一份",
        category="生鲜",
        items=[{"sku": "wonton", "title": "鲜肉云吞 1 kg", "list_price_minor": 3200, "tiers": [], "stock": 3}],
        max_participants=3,
        closes_at=rfc3339(bed.now + 5 * HOUR),
    )
    garden = town.groups["fruit.garden"]
    for name, units in (("mei", 2), ("jun", 1)):
        bed.later(7 * MINUTE)
        town.join(name, garden, "apple-5kg", units)
    town.join("wei", garden, "apple-5kg", pay=False)
    for name in ("hua", "tao"):
        town.join(name, town.groups["last"], "wonton")
    bed.later(6 * MINUTE)
    return town
