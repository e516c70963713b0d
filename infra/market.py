"""A made-up merchant and a crowd of made-up buyers, who use a cell as people do: through its public API and its
payment provider. For rehearsals and drills; what they saw is checked against what the cell says afterwards.
"""

import base64
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import urllib3

from chalicelib.gateways.phone_codes import PhoneCodes
from infra.deploy import Outputs, Region
from infra.local.people import Person, enrol, token
from infra.people import own_log_in

T = TypeVar("T")

SKU = "pear"
PRICE_MINOR = 4900
PAY_WINDOW_MINUTES = 600
TRIES = 6
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    json: Any
    took_s: float

    @property
    def code(self) -> str:
        return str(self.json.get("code", "")) if isinstance(self.json, dict) else ""


@dataclass(slots=True)
class Order:
    """One buyer's order as the buyer knows it."""

    who: str
    id: str
    units: int
    amount_minor: int
    pay_url: str = ""
    paid: bool = False


Arrive = Callable[[Sequence[Person], Executor], Iterable[str]]
"""Makes people known to a cell and signs them in: their tokens, in order."""


def through_the_pool(cognito: Any, outputs: Outputs) -> Arrive:
    def arrive(people: Sequence[Person], crowd: Executor) -> Iterable[str]:
        enrol(cognito, outputs, people)
        return crowd.map(lambda person: token(cognito, outputs, person), people)

    return arrive


def through_own_log_in(region: Region, outputs: Outputs, clock: Callable[[], int]) -> Arrive:
    """Where there is no pool. As one who may use the cell's keys: nobody waits for codes."""

    def signed_in(own: PhoneCodes, person: Person) -> str:
        known = own.give(person.phone, person.role) if person.role else own.enrol(person.phone)
        return own.token(known, clock())

    def arrive(people: Sequence[Person], crowd: Executor) -> Iterable[str]:
        own = own_log_in(region, outputs)
        return crowd.map(lambda person: signed_in(own, person), people)

    return arrive


@dataclass
class Market:
    """`people` lets people in; `clock` is the cell's own time in milliseconds; `provider` its sandbox provider's
    address and API key."""

    url: str
    people: Arrive
    provider: tuple[str, str]
    clock: Callable[[], int]
    workers: int = 8
    orders: list[Order] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    joins_s: list[float] = field(default_factory=list)
    campaign_id: str = ""
    group_id: str = ""

    def __post_init__(self) -> None:
        self._http = urllib3.PoolManager(maxsize=self.workers, retries=False, timeout=urllib3.Timeout(PATIENCE_S))
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._name = uuid.uuid4().hex[:8]
        self._terms = 0

    # ------------------------------------------------------------------ people

    def arrive(self, buyers: int) -> list[str]:
        """Creates a merchant and so many buyers of this market's own; returns the buyers' names."""
        start = random.SystemRandom().randrange(10**6)
        roles = ("merchant", "ops", "manager")
        people = [Person(role, f"+86185{start:06d}{99 - n}", role) for n, role in enumerate(roles)]
        people += [Person(f"buyer-{n}", f"+86186{(start * 1000 + n) % 10**8:08d}") for n in range(buyers)]
        with ThreadPoolExecutor(self.workers) as crowd:
            tokens = self.people(people, crowd)
            self._tokens |= {person.name: one for person, one in zip(people, tokens, strict=True)}
        return [person.name for person in people[len(roles) :]]

    def id_of(self, who: str) -> str:
        """As the API knows them: it is what their token is about."""
        said = self._tokens[who].split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))["sub"])

    # ------------------------------------------------------------------ the merchant

    def open(
        self, *, units: int, at_least: int, seconds: float, pay_minutes: int = PAY_WINDOW_MINUTES, **more: Any
    ) -> None:
        """Publishes a campaign of `units` that closes in so many of the cell's seconds, and waits for its group.
        `more` goes into its draft.
        """
        product = {"title": "Pears", "list_price_minor": PRICE_MINOR, "currency": "CNY", "category": "fruit"}
        made = self.must("POST", "/products", product, who="merchant", key="product")
        now = self.clock()
        body = {
            "title": f"Pears {self._name}",
            "kind": "pot",
            "category": "fruit",
            "opens_at": moment(now - 1_000),
            "closes_at": moment(now + int(seconds * 1000)),
            "zone": "Asia/Shanghai",
            "target": {"measure": "participants", "at_least": at_least},
            "payment_window_minutes": pay_minutes,
            "methods": ["sandbox"],
            "refund_rule": "In full, the way it came, if it does not form.",
            "fulfilment": "pickup",
            "pickup_points": [{"id": "gate", "name": "North gate"}],
            "items": [
                {
                    "product_id": made["id"],
                    "sku": SKU,
                    "title": "Pears 5 kg",
                    "list_price_minor": PRICE_MINOR,
                    "stock": units,
                    "tiers": [],
                }
            ],
            **more,
        }
        draft = self.must("POST", "/campaigns", body, who="merchant", key="campaign")
        self.campaign_id = draft["id"]
        shown = self.must("POST", f"/campaigns/{self.campaign_id}/publish", None, who="merchant", key="publish")
        self._terms = shown["terms_version"]
        self.group_id = wait_for(self._group, "the group to open")

    def close_in(self, seconds: float) -> None:
        """The merchant moves the deadline near, so that nobody has to wait for it."""
        closes_at = moment(self.clock() + int(seconds * 1000))
        self.must("POST", f"/groups/{self.group_id}/deadline", {"closes_at": closes_at}, who="merchant")

    def _group(self) -> str:
        found = self.ask("GET", f"/campaigns/{self.campaign_id}/groups", who="merchant").json
        return str(found["items"][0]["id"]) if found.get("items") else ""

    def stage(self, name: str) -> dict[str, Any]:
        """One stage of the formed group as its people see it, or nothing while there are no stages."""
        found = self.ask("GET", f"/groups/{self.group_id}/stages", who="merchant")
        return next((dict(one) for one in found.json.get("stages", ()) if one["name"] == name), {})

    def works(self, stage: str, what: str) -> None:
        """The merchant's people `enter` or `finish` a stage; another's write in between is met by trying again."""

        def done() -> bool:
            version = self.ask("GET", f"/groups/{self.group_id}/stages", who="merchant").json.get("version")
            body = {"version": version}
            return self.ask("POST", f"/groups/{self.group_id}/stages/{stage}/{what}", body, who="merchant").status < 400

        wait_for(done, f"the stage {stage} to {what}")

    # ------------------------------------------------------------------ buyers

    def join(self, who: str, units: int = 1) -> Order | None:
        """None when refused; as a patient client, who sends the same again when told that it is busy."""
        body = {"lines": {SKU: units}, "accepts_terms": self._terms, "pickup_point": "gate", "method": "sandbox"}
        reply = self.ask("POST", f"/groups/{self.group_id}/join", body, who=who, key="join", tries=TRIES)
        with self._lock:
            self.joins_s.append(reply.took_s)
            if reply.status >= 400 or reply.status == 0:
                self.refusals[reply.code or str(reply.status)] += 1
                return None
            payment = reply.json["payment"] or {}
            order = Order(who, reply.json["order_id"], units, reply.json["amount_minor"], payment.get("pay_url") or "")
            self.orders.append(order)
        return order

    def start_payment(self, order: Order) -> bool:
        reply = self.ask("POST", f"/orders/{order.id}/payments", {"method": "sandbox"}, who=order.who, tries=TRIES)
        order.pay_url = (reply.json or {}).get("pay_url") or "" if reply.status < 400 else ""
        return bool(order.pay_url)

    def pay(self, order: Order) -> bool:
        """At the provider's, as a buyer who follows the link does."""
        ref = order.pay_url.rpartition("/")[2]
        reply = self._send("POST", f"{self.provider[0]}/payments/{ref}/pay", {}, {})
        order.paid = reply.status == 200
        return order.paid

    def buy(self, names: Iterable[str], units: int = 1) -> None:
        """Everybody at once: join, and pay if there was a seat."""

        def one(who: str) -> None:
            order = self.join(who, units)
            if order is not None and (order.pay_url or self.start_payment(order)):
                self.pay(order)

        with ThreadPoolExecutor(self.workers) as crowd:
            list(crowd.map(one, names))

    # ------------------------------------------------------------------ afterwards

    def progress(self) -> dict[str, Any]:
        return dict(self.ask("GET", f"/groups/{self.group_id}/progress?strong=true", tries=TRIES).json or {})

    def money(self) -> dict[str, Any]:
        return self.must("GET", f"/groups/{self.group_id}/money", None, who="merchant")

    def verdict(self) -> dict[str, Any]:
        """Empty while there is none."""
        return dict((self.ask("GET", f"/groups/{self.group_id}").json or {}).get("verdict") or {})

    def settled(self, seconds: float) -> float:
        """Waits until the verdict has been carried out: nothing refundable is left. Returns how long that took."""
        began = time.monotonic()
        verdict = wait_for(self.verdict, "the verdict", seconds)
        wait_for(lambda: self._nothing_is_owed(verdict), "the refunds", seconds)
        return time.monotonic() - began

    def _nothing_is_owed(self, verdict: Mapping[str, Any]) -> bool:
        money = self.money()
        if money["pending_refunds_minor"]:
            return False
        return bool(verdict["formed"]) or money["refunded_minor"] == money["captured_minor"]

    def stored_orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.must("GET", f"/groups/{self.group_id}/orders?limit=100{cursor}", None, who="merchant")
            found += page["items"]
            if not page["next"]:
                return found
            cursor = f"&cursor={page['next']}"

    def broken(self, units: int) -> Iterator[str]:
        """Promises that do not hold on what the cell and the provider say now."""
        stored = {order["id"]: order for order in self.stored_orders()}
        known = {order.id for order in self.orders}
        for lost in known - stored.keys():
            yield f"order {lost} was promised to its buyer and is not there"
        holding = [order for order in stored.values() if order["state"] in ("held", "paid")]
        taken = sum(order["lines"].get(SKU, 0) for order in holding)
        if taken > units:
            yield f"{taken} units are taken and there are {units}: oversold by {taken - units}"
        paid = {order.id for order in self.orders if order.paid}
        for order_id in paid & stored.keys():
            if stored[order_id]["state"] not in ("paid",):
                yield f"order {order_id} was paid and is {stored[order_id]['state']}"
        yield from self._money_broken()

    def _money_broken(self) -> Iterator[str]:
        money = self.money()
        out = money["refunded_minor"] + money["released_minor"] + money["held_minor"]
        if money["captured_minor"] != out:
            yield f"captured {money['captured_minor']}, accounted for {out}"
        if sum(money["accounts"].values()):
            yield f"the accounts add up to {sum(money['accounts'].values())}, not to nothing"
        paid, refunded = self.books()
        told = (money["captured_minor"], money["refunded_minor"])
        if (paid, refunded) != told:
            yield f"the provider has taken and given back {(paid, refunded)}, the ledger says {told}"

    def books(self) -> tuple[int, int]:
        """(paid, refunded) for this market's orders, on the provider's own books."""
        ids = [order.id for order in self.orders]
        mine = {p["ref"]: p for p in self._listed("payments") if any(p["key"].startswith(i) for i in ids)}
        paid = sum(payment["amount_minor"] for payment in mine.values() if payment["status"] == "paid")
        refunds = [r for r in self._listed("refunds") if r["payment_ref"] in mine and r["status"] == "succeeded"]
        return paid, sum(refund["amount_minor"] for refund in refunds)

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.at_provider("GET", f"/{kind}?limit=100{after}").json
            rows += page["items"]
            if page["next"] is None:
                return rows
            after = f"&after={page['next']}"

    def at_provider(self, method: str, path: str, body: object = None) -> Reply:
        return self._send(method, f"{self.provider[0]}{path}", body, {"Authorization": f"Bearer {self.provider[1]}"})

    # ------------------------------------------------------------------ calls

    def ask(
        self, method: str, path: str, body: object = None, *, who: str = "", key: str = "", tries: int = 1
    ) -> Reply:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"} if who else {}
        if key:
            headers["Idempotency-Key"] = f"{self._name}-{who}-{key}"
        began = time.monotonic()
        for attempt in range(tries):
            time.sleep(0.2 * attempt)
            reply = self._send(method, self.url + path, body, headers)
            if reply.status not in (0, 502, 503, 504):
                break
        return Reply(reply.status, reply.json, time.monotonic() - began)

    def must(self, method: str, path: str, body: object, *, who: str, key: str = "") -> dict[str, Any]:
        reply = self.ask(method, path, body, who=who, key=key, tries=TRIES)
        if reply.status >= 400 or reply.status == 0:
            raise RuntimeError(f"{who}: {method} {path} was answered {reply.status} {reply.json}")
        return dict(reply.json)

    def _send(self, method: str, url: str, body: object, headers: Mapping[str, str]) -> Reply:
        began = time.monotonic()
        content = None if body is None else json.dumps(body).encode()
        try:
            got = self._http.request(method, url, body=content, headers={"Content-Type": "application/json", **headers})
        except urllib3.exceptions.HTTPError as error:
            return Reply(0, {"code": type(error).__name__}, time.monotonic() - began)
        try:
            said = json.loads(got.data) if got.data else None
        except ValueError:
            said = {"code": "no_json"}
        return Reply(got.status, said, time.monotonic() - began)


def moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_for(done: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """The first answer that is not empty. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (answer := done()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.3)
    return answer


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
