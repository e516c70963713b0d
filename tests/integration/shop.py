"""Builders of the stories: a merchant with a published campaign of each kind, and buyers who join and pay.

Everything goes through the HTTP surface of the bed, with defaults that a test overrides by keyword. One bed can hold
many shops: people, products and campaigns get names of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from chalicelib.domain.instants import HOUR, Instant, rfc3339
from tests.bed import Answer, Bed
from tests.bed.bed import Sent

APPLE = "apple"
TIERS = [{"participants": 3, "unit_price_minor": 900}, {"participants": 5, "unit_price_minor": 800}]
TARGET = {"measure": "participants", "at_least": 3}
POINTS = [{"id": "gate", "name": "南门"}]
COMMUNITIES = [{"id": "garden", "name": "花园里"}, {"id": "river", "name": "江畔"}]
COMMUNITY_POINTS = [
    {"id": "gate", "name": "南门", "community_id": "garden"},
    {"id": "pier", "name": "码头", "community_id": "river"},
]

Rows = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Offer:
    """A published campaign and the groups that opened with it, by community (`pot` where there is one for all)."""

    id: str
    merchant: str
    groups: Mapping[str, str]

    @property
    def group(self) -> str:
        (only,) = self.groups.values()
        return only


@dataclass(frozen=True)
class Taken:
    """A seat as its buyer knows it."""

    who: str
    id: str
    group: str
    seat: Mapping[str, Any]

    @property
    def pay_url(self) -> str:
        return str(self.seat["payment"]["pay_url"])

    @property
    def payment(self) -> str:
        return str(self.seat["payment"]["payment_id"])


def item(**over: Any) -> dict[str, Any]:
    """An item but for its product, which the shop makes."""
    return {"sku": APPLE, "title": "红富士苹果", "list_price_minor": 1000, "tiers": TIERS, "stock": 100, **over}


class Shop:
    """Tells stories on one bed."""

    _numbers = count(1)

    def __init__(self, bed: Bed, *, contact: bool = False) -> None:
        self.bed = bed
        self.merchant = self.person("merchant", roles=("merchant",), contact=contact)

    # ------------------------------------------------------------- people

    def person(self, name: str = "buyer", *, roles: tuple[str, ...] = (), contact: bool = False) -> str:
        """A new person with a verified phone of their own; with `contact`, reachable by SMS and e-mail.

        Without, they want no messages, which saves a story that is about something else most of its time.
        """
        number = next(self._numbers)
        who = self.bed.person(f"{name}-{number}", *roles, phone=f"+8613{number:09d}")
        if contact:
            self.ok("PUT", "/me/contact", {"email": f"{who}@example.com"}, who=who)
        else:
            self.ok("PUT", "/me/preferences", {"channels": []}, who=who)
        return who

    def people(self, how_many: int, *, contact: bool = False) -> list[str]:
        return [self.person(contact=contact) for _ in range(how_many)]

    def phone(self, who: str) -> str:
        phone = self.bed.people.phone_of(who)
        assert phone is not None
        return phone

    def sent_to(self, who: str, about: str = "") -> list[Sent]:
        """What reached a person, on either channel; `about` is found in the words."""
        mine = {self.phone(who), f"{who}@example.com"}
        return [one for one in self.bed.sent() if one.to in mine and about in one.subject + one.text]

    def notices(self, who: str) -> list[dict[str, Any]]:
        return list(self.pages("/me/notices", who=who))

    def told(self, who: str, template: str) -> list[dict[str, Any]]:
        """The notices of one template, sent ones only."""
        return [one for one in self.notices(who) if one["template"] == template and one["state"] == "sent"]

    # ------------------------------------------------------------- calls

    def ok(self, method: str, path: str, body: Any = None, *, who: str | None = None, key: str | None = None) -> Any:
        """The answer of a call that must work."""
        answer = self.bed.call(method, path, body, who=who, headers={"Idempotency-Key": key} if key else None)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.text else None

    def banked(self, *payees: str) -> None:
        """Each has an account with the provider, `acct_` and their id."""
        ops = self.person("ops", roles=("ops",))
        for payee in payees:
            self.ok("PUT", f"/payees/{payee}/accounts/sandbox", {"account": f"acct_{payee}"}, who=ops)

    def pages(self, path: str, *, who: str | None = None, limit: int = 50) -> Iterator[dict[str, Any]]:
        """Every line of a list, page by page."""
        joiner, cursor = "&" if "?" in path else "?", ""
        while True:
            page = self.ok("GET", f"{path}{joiner}limit={limit}{cursor}", who=who)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = f"&cursor={page['next']}"

    def key(self) -> str:
        return f"key-{next(self._numbers)}"

    # ------------------------------------------------------------- the merchant

    def product(self, who: str | None = None, **over: Any) -> str:
        body = {"title": "红富士苹果", "list_price_minor": 1000, "currency": "CNY", **over}
        return str(self.ok("POST", "/products", body, who=who or self.merchant, key=self.key())["id"])

    def draft(self, *, items: list[dict[str, Any]] | None = None, hours: float = 6, **over: Any) -> dict[str, Any]:
        """The body of a complete draft: a pot of three that is open now and closes in `hours`."""
        currency = over.get("currency", "CNY")
        lines = [line if "product_id" in line else self._listed(line, currency) for line in items or [item()]]
        body: dict[str, Any] = {
            "title": "周末水果团",
            "category": "fruit",
            "kind": "pot",
            "items": lines,
            "target": TARGET,
            "opens_at": rfc3339(self.bed.now),
            "closes_at": rfc3339(self.bed.now + int(hours * HOUR)),
            "payment_window_minutes": 120,
            "methods": ["sandbox", "transfer"],
            "refund_rule": "不成团全额退款",
            "fulfilment": "pickup",
            "pickup_points": POINTS,
        } | over
        return {name: value for name, value in body.items() if value is not ...}

    def _listed(self, line: dict[str, Any], currency: str) -> dict[str, Any]:
        product = self.product(title=line["title"], list_price_minor=line["list_price_minor"], currency=currency)
        return {**line, "product_id": product}

    def drafted(self, **over: Any) -> str:
        return str(self.ok("POST", "/campaigns", self.draft(**over), who=self.merchant, key=self.key())["id"])

    def offer(self, **over: Any) -> Offer:
        """A published campaign, its groups open."""
        campaign = self.drafted(**over)
        self.ok("POST", f"/campaigns/{campaign}/publish", who=self.merchant)
        lines = self.pages(f"/campaigns/{campaign}/groups")
        groups = {line["community"]["id"] if line["community"] else "pot": line["id"] for line in lines}
        return Offer(campaign, self.merchant, groups)

    def communities(self, **over: Any) -> Offer:
        return self.offer(**{"kind": "community", "communities": COMMUNITIES, "pickup_points": COMMUNITY_POINTS} | over)

    def teams(self, **over: Any) -> Offer:
        prices = [{"participants": 2, "unit_price_minor": 900}, {"participants": 3, "unit_price_minor": 700}]
        return self.offer(**{"kind": "team", "team_sizes": [2, 3], "target": ..., "items": [item(tiers=prices)]} | over)

    def figures(self, campaign: str) -> Any:
        return self.ok("GET", f"/campaigns/{campaign}/figures", who=self.merchant)

    def money(self, group: str) -> Any:
        return self.ok("GET", f"/groups/{group}/money", who=self.merchant)

    # ------------------------------------------------------------- the buyers

    def ask(self, **over: Any) -> dict[str, Any]:
        """The body of a join."""
        body = {"lines": {APPLE: 1}, "accepts_terms": 1, "pickup_point": "gate", "method": "sandbox"} | over
        return {name: value for name, value in body.items() if value is not ...}

    def try_join(self, group: str, who: str, *, key: str | None = None, **over: Any) -> Answer:
        headers = {"Idempotency-Key": key or f"join-{who}-{group}"}
        return self.bed.call("POST", f"/groups/{group}/join", self.ask(**over), who=who, headers=headers)

    def join(self, group: str, who: str | None = None, **over: Any) -> Taken:
        """A seat, held, with its payment begun."""
        who = who or self.person()
        answer = self.try_join(group, who, **over)
        assert answer.status == 201, answer.text
        return Taken(who, answer.json["order_id"], group, answer.json)

    def buy(self, group: str, who: str | None = None, **over: Any) -> Taken:
        """A seat, paid."""
        taken = self.join(group, who, **over)
        self.bed.pay(taken.pay_url)
        return taken

    def open_team(self, offer: Offer, who: str | None = None, *, size: int = 3, **over: Any) -> Taken:
        who = who or self.person()
        body = {"size": size, **self.ask(**over)}
        seat = self.ok("POST", f"/campaigns/{offer.id}/teams", body, who=who, key=self.key())
        return Taken(who, seat["order_id"], seat["group_id"], seat)

    def story(self, taken: Taken) -> Any:
        return self.ok("GET", f"/orders/{taken.id}", who=taken.who)

    def state(self, taken: Taken) -> str:
        return str(self.story(taken)["order"]["state"])

    def group(self, group: str) -> Any:
        return self.ok("GET", f"/groups/{group}")

    def progress(self, group: str, *, strong: bool = True) -> Any:
        return self.ok("GET", f"/groups/{group}/progress{'?strong=true' if strong else ''}")

    def close(self, group: str, after: int = HOUR) -> Any:
        """Time passes until the group is closed and all that follows from it is done."""
        self.bed.advance_to(_instant(self.group(group)["closes_at"]) + after)
        return self.group(group)


def _instant(shown: str) -> Instant:
    from datetime import datetime

    return round(datetime.fromisoformat(shown.replace("Z", "+00:00")).timestamp() * 1000)


instant_of = _instant


# ----------------------------------------------------------------- looking at the table, and making trouble


def rows(bed: Bed, table: str = "tuan-bed") -> Rows:
    """Every row of a table as plain JSON."""
    found: Rows = {}
    for wire in bed.rows.engine.tables[table].rows():
        found[wire["pk"]["S"], wire["sk"]["S"]] = {
            name: {"B": str(value["B"])} if "B" in value else value for name, value in wire.items()
        }
    return found


def everything(bed: Bed) -> tuple[Rows, Rows]:
    """All that is written, the vault's rows included."""
    return rows(bed), rows(bed, "tuan-bed-vault")


@contextmanager
def trouble(bed: Bed, fault: Callable[[str, str, dict[str, Any], Callable[[], Any]], Any]) -> Iterator[None]:
    """Puts `fault` round every call to AWS, in front of what the bed does with it anyway."""
    usual = bed.hook.fault
    assert usual is not None

    def both(service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        return fault(service, operation, arguments, lambda: usual(service, operation, arguments, call))

    bed.hook.fault = both
    try:
        yield
    finally:
        bed.hook.fault = usual


@contextmanager
def overtaken(bed: Bed, by: Callable[[], Any], *, before: str = "TransactWriteItems") -> Iterator[list[Any]]:
    """A race in three lines: just before the next such call is made, `by` happens from beginning to end."""
    happened: list[Any] = []
    busy = False

    def fault(service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal busy
        if operation == before and not busy and not happened:
            busy = True
            happened.append(by())
        return call()

    with trouble(bed, fault):
        yield happened


@contextmanager
def answers_lost(bed: Bed, operation: str = "TransactWriteItems", times: int = 1) -> Iterator[None]:
    """The call is done, and its answer never comes back."""
    from botocore.exceptions import ReadTimeoutError

    left = times

    def fault(service: str, asked: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal left
        said = call()
        if asked == operation and left > 0:
            left -= 1
            raise ReadTimeoutError(endpoint_url="https://dynamodb.invalid")
        return said

    with trouble(bed, fault):
        yield


# ----------------------------------------------------------------- the promises, checked on what is there


def money_adds_up(shop: Shop, group: str) -> Any:
    """Promise 3, on the ledger and on the provider's own books."""
    money = shop.money(group)
    assert money["captured_minor"] == money["refunded_minor"] + money["released_minor"] + money["held_minor"]
    assert sum(money["accounts"].values()) == 0
    theirs = [p for p in shop.bed.provider.state.payments.values() if p.key.startswith(group)]
    assert money["captured_minor"] >= 0
    assert sum(shop.bed.provider.refunded(p.ref) for p in theirs) <= sum(
        p.captured_minor or p.amount_minor for p in theirs if p.status in ("paid", "captured")
    )
    return money


def stock_adds_up(shop: Shop, offer: Offer, sku: str = APPLE, sellable: int = 100) -> None:
    """Promise 1: what orders hold, what slices hold and what the campaign has left are the sellable stock."""
    found = rows(shop.bed)
    left = int(found[f"CAMPAIGN#{offer.id}", "STOCK"]["body"]["M"]["left"]["M"][sku]["N"])
    taken = 0
    for (_, sk), row in found.items():
        body = row["body"]["M"]
        if sk == "SLICE" and body["group_id"]["S"] in offer.groups.values():
            left += int(body["left"]["M"][sku]["N"])
        if row["kind"]["S"] == "order" and body["campaign_id"]["S"] == offer.id and body["state"]["S"] in (
            "held", "paid"
        ):  # fmt: skip
            taken += int(body["lines"]["M"].get(sku, {"N": "0"})["N"])
    assert left >= 0
    assert left + taken == sellable
