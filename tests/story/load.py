"""What `make run` opens the shop with: a fruit sale that runs on, and a team that fills and closes while one watches.

The team lacks one buyer: when `wang` or `zhao` has joined and paid, it is full, and closes that very moment; doing
nothing lets it fail when its time is over, and the two who paid are refunded by themselves.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from infra.local.people import PEOPLE, token
from infra.local.stack import LocalStack

BY_NAME = {person.name: person for person in PEOPLE}
COMMUNITIES = (("hupan", "湖畔花园"), ("dongyuan", "东苑小区"), ("xicun", "西村里"))
TEAM_MINUTES = 10
"""The least a team may have. It does not wait for that: whoever makes it full closes it."""
LONG = timedelta(hours=12)
PATIENCE_S = 60


class Shop:
    """The API as the demo people use it. Every call that makes something carries a key, so loading twice loads once."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(30.0))
        self._tokens: dict[str, str] = {}

    def call(self, who: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self._token(who)}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = f"demo-{key}"
        content = b"" if body is None else json.dumps(body).encode()
        answer = self._http.request(method, self._stack.url + path, headers=headers, body=content)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        return json.loads(answer.data) if answer.data else None

    def pay(self, pay_url: str) -> None:
        ref = pay_url.rstrip("/").rpartition("/")[2]
        self._http.request("POST", f"{self._stack.sandbox_url}/payments/{ref}/pay", body=b"{}")

    def _token(self, who: str) -> str:
        if who not in self._tokens:
            self._tokens[who] = token(self._stack.client("cognito-idp"), self._stack.outputs, BY_NAME[who])
        return self._tokens[who]


def load(stack: LocalStack) -> None:
    shop = Shop(stack)
    for who in ("lin", "chen", "merchant"):
        shop.call(who, "PUT", "/me/contact", {"email": f"{who}@example.com"})
    oranges = product(shop, "oranges", "赣南脐橙 5斤", 3990, "fruit")
    apples = product(shop, "apples", "烟台苹果 5斤", 4580, "fruit")
    publish(shop, "fruit", fruit_sale(oranges, apples))
    tea = published(shop, "tea", tea_team(product(shop, "tea", "明前龙井 100克", 12800, "tea")))
    seat = {"lines": {"tea": 1}, "accepts_terms": 1, "method": "sandbox", "pickup_point": "gate"}
    opened = shop.call("lin", "POST", f"/campaigns/{tea}/teams", {**seat, "size": 3}, key="team-lin")
    joined = shop.call("chen", "POST", f"/groups/{opened['group_id']}/join", seat, key="join-chen")
    for taken in (opened, joined):
        shop.pay(taken["payment"]["pay_url"])


def product(shop: Shop, key: str, title: str, price_minor: int, category: str) -> str:
    draft = {"title": title, "list_price_minor": price_minor, "currency": "CNY", "category": category}
    return str(shop.call("merchant", "POST", "/products", draft, key=key)["id"])


def publish(shop: Shop, key: str, draft: Any) -> str:
    """The first group of the published campaign, once it is open."""
    campaign = published(shop, key, draft)
    for _ in range(PATIENCE_S * 2):
        if groups := shop.call("merchant", "GET", f"/campaigns/{campaign}/groups")["items"]:
            return str(groups[0]["id"])
        time.sleep(0.5)
    raise RuntimeError(f"the groups of {key} did not open")


def published(shop: Shop, key: str, draft: Any) -> str:
    campaign = str(shop.call("merchant", "POST", "/campaigns", draft, key=key)["id"])
    shop.call("merchant", "POST", f"/campaigns/{campaign}/publish")
    return campaign


def offer(title: str, category: str, runs: timedelta) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "title": title,
        "category": category,
        "opens_at": now.isoformat(),
        "closes_at": (now + runs).isoformat(),
        "zone": "Asia/Shanghai",
        "currency": "CNY",
        "payment_window_minutes": 30,
        "methods": ["sandbox", "transfer"],
        "refund_rule": "未成团全额原路退回；成团后降价的差价自动退还",
        "fulfilment": "pickup",
    }


def fruit_sale(oranges: str, apples: str) -> dict[str, Any]:
    tiers = [{"participants": 5, "percent_off": 5}, {"participants": 10, "percent_off": 10}]
    return {
        **offer("周末水果团：赣南脐橙、烟台苹果", "fruit", LONG),
        "kind": "community",
        "communities": [{"id": name, "name": shown} for name, shown in COMMUNITIES],
        "items": [
            {"sku": "oranges", "product_id": oranges, "title": "赣南脐橙 5斤", "list_price_minor": 3990,
             "tiers": tiers, "stock": 200, "buffer": 10, "low_stock": 20, "limit_per_buyer": 10},
            {"sku": "apples", "product_id": apples, "title": "烟台苹果 5斤", "list_price_minor": 4580,
             "tiers": tiers, "stock": 150, "buffer": 5, "low_stock": 20, "limit_per_buyer": 10},
        ],
        "target": {"measure": "participants", "at_least": 3},
        "pickup_points": [
            {"id": f"{name}-gate", "name": f"{shown}东门", "community_id": name} for name, shown in COMMUNITIES
        ],
    }  # fmt: skip


def tea_team(tea: str) -> dict[str, Any]:
    return {
        **offer("明前龙井茶团，三人成团", "tea", LONG),
        "kind": "team",
        "team_sizes": [3],
        "team_open_minutes": TEAM_MINUTES,
        "items": [
            {"sku": "tea", "product_id": tea, "title": "明前龙井 100克", "list_price_minor": 12800,
             "tiers": [{"participants": 3, "percent_off": 20}], "stock": 30}
        ],
        "pickup_points": [{"id": "gate", "name": "小区大门"}],
    }  # fmt: skip
