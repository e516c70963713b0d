"""Plays a story against a stack, through the API alone, and writes down what it was answered."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from . import reader
from .afterwards import Afterwards, Impossible
from .record import Heard, Record, Refusal, money, ms
from .script import MINUTE, PAYS_AFTER, Campaign, Event, Order, Person, Script, spelled
from .stack import Answer, Instant, Json, Login, Stack

MOST_TRIES = 8
BROWSER = "Mozilla/5.0 (iPhone) Mobile Safari"
ROBOT = "Mozilla/5.0 (compatible; Baiduspider/2.0)"

Tell = Callable[[Instant, str, str], None]


@dataclass(slots=True)
class Seat:
    """An order as its buyer knows it."""

    order_id: str
    amount_minor: int
    pay_by: Instant
    payment_id: str | None = None
    pay_url: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    at: Instant
    number: int
    do: Callable[[], None]


class Player:
    """`tell` hears what happens as it happens. After `play`, `record` holds what was seen."""

    def __init__(self, stack: Stack, script: Script, tell: Tell = lambda at, who, what: None) -> None:
        self.stack, self.script, self.tell = stack, script, tell
        self.record = Record(script=script, ended_at=0, patience_ms=stack.patience_ms)
        self.merchant = script.with_role("merchant")
        self.ops = script.with_role("ops")
        self.seats: dict[tuple[str, str], Seat] = {}
        self.links: dict[tuple[str, str], str] = {}
        self.points: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.terms: dict[str, int] = {}
        self.paid_back: set[str] = set()
        self.places: dict[str, str] = {}
        self.after = Afterwards(self)

    def play(self) -> Record:
        self.arrive()
        self.stack.advance_to(self.script.day.at(self.script.day.starts))
        self.publish()
        for step in self.steps():
            self.stack.advance_to(step.at)
            try:
                step.do()
            except Impossible as impossible:
                self.surprise(str(impossible))
        self.stack.advance_to(self.script.day.at(self.script.day.ends))
        self.stack.settle()
        reader.read_all(self)
        return self.record

    # ------------------------------------------------------------------ calls

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
        refused: str = "",
    ) -> Answer:
        """As a patient client: 503 is tried again, the same. What is neither right nor `refused` is a surprise."""
        for attempt in range(MOST_TRIES):
            answer = self.stack.call(method, path, body, who=who, headers=headers)
            heard = Heard(self.stack.now(), who, method, path, answer.status, answer.text)
            self.record.calls.append(heard)
            if answer.status != 503:
                break
            time.sleep(0.05 * attempt)
        code = answer.json.get("code", "") if answer.status >= 400 and isinstance(answer.json, dict) else ""
        if answer.status >= 400 and code != refused:
            self.surprise(
                f"{who or 'someone'} asked {method} {path} and was answered {answer.status} {answer.text[:300]}"
            )
        elif refused and answer.status < 400:
            self.surprise(f"{who} was not refused “{refused}” at {method} {path}")
        return answer

    def surprise(self, what: str) -> None:
        self.record.surprises.append(f"{self.script.day.clock(self.stack.now())} {what}")
        self.tell(self.stack.now(), "", f"!! {what}")

    def say(self, who: str, what: str) -> None:
        name = self.script.people[who].name if who in self.script.people else who
        self.tell(self.stack.now(), name, what)

    # ------------------------------------------------------------------ before it begins

    def arrive(self) -> None:
        """Everyone logs in for the first time, and says how they can be reached and want to be told."""
        people = self.script.people
        self.stack.people(
            [Login(who, (one.role,) if one.role else (), *self.script.contact(who)) for who, one in people.items()]
        )
        for who, one in people.items():
            if one.role in ("support", "ops"):
                continue
            self.call("PUT", "/me/contact", {"email": self.script.contact(who)[1]}, who=who)
            if one.has_wishes:
                self.call("PUT", "/me/preferences", wishes(one, self.script.day.zone), who=who)

    def publish(self) -> None:
        self.after.open_places()
        for campaign in self.script.campaigns:
            body = self.draft(campaign)
            headers = {"Idempotency-Key": f"draft-{campaign.key}"}
            made = self.call("POST", "/campaigns", body, who=self.merchant, headers=headers)
            shown = self.call("POST", f"/campaigns/{made.json['id']}/publish", who=self.merchant)
            self.record.campaigns[campaign.key] = shown.json
            self.terms[campaign.key] = shown.json["terms_version"]
            self.say(self.merchant, f"publishes “{campaign.title}”")
        for campaign in self.script.campaigns:
            if campaign.kind != "team":
                self.find_groups(campaign)

    def draft(self, campaign: Campaign) -> Json:
        """The campaign as the API wants it: its products first, times as moments."""
        body = {k: v for k, v in msgspec.to_builtins(campaign).items() if v not in (None, [], "")}
        key, opens, closes = body.pop("key"), body.pop("opens"), body.pop("closes")
        body.pop("manager", None)
        for item in body["items"]:
            product = {
                "title": item["title"],
                "list_price_minor": item["list_price_minor"],
                "currency": "CNY",
                "category": campaign.category,
            }
            headers = {"Idempotency-Key": f"product-{key}-{item['sku']}"}
            made = self.call("POST", "/products", product, who=self.merchant, headers=headers)
            item["product_id"] = made.json["id"]
            item["tiers"] = [{k: v for k, v in tier.items() if v is not None} for tier in item["tiers"]]
            if item["limit_per_buyer"] is None:
                del item["limit_per_buyer"]
            if supplier := item.pop("supplier"):
                item["supplier_id"] = self.stack.id_of(supplier)
        body |= self.after.planned(campaign)
        times = {"opens_at": self.moment(opens), "closes_at": self.moment(closes), "zone": self.script.day.zone}
        return {**body, **times}

    def find_groups(self, campaign: Campaign) -> None:
        """They open by themselves; until all are there, a little time passes."""
        wanted = {f"{campaign.key}/{c['id']}" for c in campaign.communities} or {f"{campaign.key}/pot"}
        campaign_id = self.record.campaigns[campaign.key]["id"]
        for _ in range(60):
            answer = self.call("GET", f"/campaigns/{campaign_id}/groups?limit=100", who=self.merchant)
            for group in answer.json["items"]:
                name = group["community"]["id"] if group["community"] else "pot"
                self.record.group_ids[f"{campaign.key}/{name}"] = group["id"]
            if wanted <= self.record.group_ids.keys():
                return
            self.stack.advance_to(self.stack.now() + max(10_000, int(self.stack.speed * 200)))
        self.surprise(f"the groups of {campaign.key} did not open")

    # ------------------------------------------------------------------ the plan

    def steps(self) -> list[Step]:
        """Everything there is to do, in order of its time; what stands earlier in the file goes first."""
        at, plan = self.script.day.at, []
        for group, orders in self.script.orders.items():
            for order in orders:
                plan.append((at(order.at), self.doing(self.join, group, order)))
                plan += self.payment_steps(group, order)
        for event in self.script.events.all:
            does = f"does_{event.does}"
            plan.append((at(event.at), self.doing(getattr(self, does, None) or getattr(self.after, does), event)))
        plan += [(at(clock), lambda: reader.look(self)) for clock in self.script.day.looks]
        return sorted(
            (Step(moment, number, do) for number, (moment, do) in enumerate(plan)), key=lambda s: (s.at, s.number)
        )

    def payment_steps(self, group: str, order: Order) -> list[tuple[Instant, Callable[[], None]]]:
        at, plan = self.script.day.at, []
        if order.refused:
            return []
        if order.starts:
            plan.append((at(order.starts), self.doing(self.start_payment, group, order)))
        if order.by == "transfer":
            plan.append((at(order.confirmed), self.doing(self.confirm, group, order)))
        elif order.pays != "never":
            moment = at(order.pays) if order.pays else at(order.at) + PAYS_AFTER
            plan.append((moment, self.doing(self.pay, group, order)))
        return plan

    @staticmethod
    def doing(what: Callable[..., None], *about: Any) -> Callable[[], None]:
        return lambda: what(*about)

    def moment(self, clock: str) -> str:
        return rfc3339(self.script.day.at(clock))

    # ------------------------------------------------------------------ orders

    def join(self, group: str, order: Order) -> None:
        campaign = self.script.campaign(group)
        path = (
            f"/campaigns/{self.record.campaigns[campaign.key]['id']}/teams"
            if order.opens
            else f"/groups/{self.group_id(group)}/join"
        )
        body = self.join_body(campaign, group, order)
        headers = {"Idempotency-Key": f"{order.who}-{group}-{order.at}".replace(" ", "_")}
        answer = self.call("POST", path, body, who=order.who, headers=headers, refused=order.refused)
        if answer.status >= 400:
            self.refused(campaign, group, order, answer)
            return
        self.keep(group, order, answer.json)
        if order.twice:
            again = self.call("POST", path, body, who=order.who, headers=headers)
            if again.text != answer.text:
                self.surprise(f"{order.who} tapped twice and was answered differently")
        self.say(order.who, f"{'opens' if order.opens else 'joins'} {group}: {spelled(order.takes)}, "
                            f"{money(answer.json['amount_minor'])}{' twice' if order.twice else ''}")  # fmt: skip

    def join_body(self, campaign: Campaign, group: str, order: Order) -> dict[str, Json]:
        body: dict[str, Json] = {"lines": order.takes, "accepts_terms": self.terms[campaign.key]}
        if order.opens:
            body["size"] = order.opens
        if not order.starts:
            body["method"] = order.by
        if order.link:
            body["share"] = self.links.get((order.link, group), "nobody")
        if campaign.fulfilment == "delivery":
            body["address_id"] = self.address_of(order.who)
        elif order.pickup != "open":
            body["pickup_point"] = order.pickup or campaign.point_for(group.partition("/")[2])
        return body

    def group_id(self, group: str) -> str:
        if group not in self.record.group_ids:
            raise Impossible(f"there is no group {group}")
        return self.record.group_ids[group]

    def seat(self, who: str, group: str) -> Seat:
        if (who, group) not in self.seats:
            raise Impossible(f"{who} has no order in {group}")
        return self.seats[who, group]

    def keep(self, group: str, order: Order, seat: Json) -> None:
        payment = seat["payment"] or {}
        self.record.group_ids.setdefault(group, seat["group_id"])
        self.seats[order.who, group] = Seat(
            order_id=seat["order_id"],
            amount_minor=seat["amount_minor"],
            pay_by=ms(seat["pay_by"]),
            payment_id=payment.get("payment_id"),
            pay_url=payment.get("pay_url"),
        )
        if not order.starts and not payment:
            self.surprise(f"{order.who}’s payment in {group} was not started: {seat['payment_trouble']}")

    def refused(self, campaign: Campaign, group: str, order: Order, answer: Answer) -> None:
        """Written down with what everybody held just then, so that “full” can be judged."""
        code = answer.json.get("code", "") if isinstance(answer.json, dict) else ""
        taken, closes_at = reader.taken(self, campaign, group)
        sellable = {item.sku: item.sellable for item in campaign.items}
        for _, key, units in self.record.added:
            for sku, more in units.items() if key == campaign.key else ():
                sellable[sku] += more
        self.record.refusals.append(
            Refusal(self.stack.now(), order.who, group, order.takes, code, taken, sellable, closes_at)
        )
        self.say(order.who, f"wants {spelled(order.takes)} in {group} and is refused: {code}")

    def address_of(self, who: str) -> str:
        if who not in self.addresses:
            made = self.call("POST", "/me/addresses", address(self.script, who), who=who)
            self.addresses[who] = made.json["id"]
        return self.addresses[who]

    def start_payment(self, group: str, order: Order) -> None:
        seat = self.seat(order.who, group)
        answer = self.call("POST", f"/orders/{seat.order_id}/payments", {"method": order.by}, who=order.who)
        if answer.status < 400:
            seat.amount_minor = answer.json["amount_minor"]
            seat.payment_id, seat.pay_url = answer.json["id"], answer.json["pay_url"]

    def pay(self, group: str, order: Order) -> None:
        seat = self.seat(order.who, group)
        if seat.pay_url is None:
            raise Impossible(f"{order.who} has nothing to pay in {group}")
        late = self.stack.now() >= seat.pay_by
        self.say(order.who, f"pays {money(seat.amount_minor)} for {group}{', too late' if late else ''}")
        self.stack.pay(seat.pay_url, late=late)

    def confirm(self, group: str, order: Order) -> None:
        seat = self.seat(order.who, group)
        body = {
            "amount_minor": seat.amount_minor,
            "currency": "CNY",
            "received_at": rfc3339(self.stack.now() - MINUTE),
            "reference": f"BANK-{order.at}",
        }
        self.call("POST", f"/payments/{seat.payment_id}/confirm", body, who=self.merchant)
        self.say(
            self.merchant,
            f"finds {self.script.people[order.who].name}’s transfer of {money(seat.amount_minor)} for {group}",
        )

    # ------------------------------------------------------------------ events

    def does_shares(self, event: Event) -> None:
        answer = self.call("POST", f"/groups/{self.group_id(event.group)}/share", who=event.who)
        self.links[event.who, event.group] = code = answer.json["code"]
        self.call("GET", f"/shares/{code}")
        self.say(event.who, f"shares {event.group}")

    def does_views(self, event: Event) -> None:
        """Each visitor comes twice and counts once; bots do not count."""
        path = f"/groups/{self.group_id(event.group)}/views"
        stamp = f"{event.group}-{event.at}".translate(str.maketrans("/: +", "----"))
        for number in range(event.visitors + event.bots):
            agent = BROWSER if number < event.visitors else ROBOT
            for _ in range(2 if number % 5 == 0 else 1):
                body = {"visitor": f"visitor-{stamp}-{number}"}
                self.call("POST", path, body, headers={"User-Agent": agent})
        key = self.script.campaign(event.group).key
        self.record.visitors[key] = self.record.visitors.get(key, 0) + event.visitors
        self.tell(self.stack.now(), "", f"{event.visitors} people and {event.bots} bots look at {event.group}")

    def does_changes(self, event: Event) -> None:
        self.patch(event, {"lines": event.takes})
        self.say(event.who, f"changes the order in {event.group} to {spelled(event.takes)}")

    def does_picks(self, event: Event) -> None:
        self.patch(event, {"pickup_point": event.point})
        self.say(event.who, f"chooses {event.point} as pickup point")

    def patch(self, event: Event, change: Json) -> None:
        seat = self.seat(event.who, event.group)
        path = f"/orders/{seat.order_id}"
        for _ in range(3):
            version = self.call("GET", path, who=event.who).json["order"]["version"]
            body = {**change, "version": version}
            answer = self.stack.call("PATCH", path, body, who=event.who)
            code = answer.json.get("code", "") if answer.status >= 400 else ""
            if code != "order_has_changed":  # by its own timer, in between: look again
                break
        heard = Heard(self.stack.now(), event.who, "PATCH", path, answer.status, answer.text)
        self.record.calls.append(heard)
        if code != event.refused:
            self.surprise(f"{event.who} could not change the order in {event.group}: {answer.text[:300]}")
        elif "amount_minor" in answer.json:
            seat.amount_minor = answer.json["amount_minor"]

    def does_cancels(self, event: Event) -> None:
        path = f"/orders/{self.seat(event.who, event.group).order_id}/cancel"
        self.call("POST", path, {}, who=event.who, refused=event.refused)
        self.say(event.who, f"cancels in {event.group}")

    def does_moves_deadline(self, event: Event) -> None:
        path = f"/groups/{self.group_id(event.group)}/deadline"
        body = {"closes_at": self.moment(event.to)}
        answer = self.call("POST", path, body, who=self.merchant, refused=event.refused)
        done = "" if answer.status >= 400 or answer.json["done"] else " (on its way)"
        self.say(self.merchant, f"moves the deadline of {event.group} to {event.to}{done}")

    def does_restocks(self, event: Event) -> None:
        path = f"/campaigns/{self.record.campaigns[event.campaign]['id']}/stock"
        headers = {"Idempotency-Key": f"stock-{event.campaign}-{event.at}".replace(" ", "_")}
        self.call("POST", path, {"units": event.adds}, who=self.merchant, headers=headers)
        self.record.added.append((self.stack.now(), event.campaign, event.adds))
        self.say(self.merchant, f"adds {spelled(event.adds)} to {event.campaign}")

    def does_previews(self, event: Event) -> None:
        path = f"/groups/{self.group_id(event.group)}/close-preview"
        shown = self.call("GET", path, who=self.merchant).json
        how = "form" if shown["verdict"]["formed"] else "fail"
        self.say(self.merchant, f"asks what a close of {event.group} would do: it would {how}, "
                                f"{shown['refunds']} refunds of {money(shown['refund_minor'])}")  # fmt: skip

    def does_provider_refuses(self, event: Event) -> None:
        """The next refunds of this order fail at the provider."""
        order_id = self.seat(event.who, event.group).order_id
        self.stack.fault(kind="refund_fails", times=event.times, on="refunds", match=order_id)
        self.tell(self.stack.now(), "", f"the provider will refuse {event.who}’s next {event.times} refunds")

    def does_looks_up(self, event: Event) -> None:
        """Support reads how a person is reached, for a reason that stays on record."""
        person = self.stack.id_of(event.person)
        self.call("GET", f"/people/{person}/contact?why={quote(event.why)}", who=event.who)
        self.record.wanted_reads.append((event.person, event.who, event.why))
        self.say(event.who, f"looks up {event.person}: {event.why}")

    def does_pays_back(self, event: Event) -> None:
        """The merchant pays by hand what is owed on bank transfers, and says so."""
        for group, orders in self.script.orders.items():
            for order in orders:
                if order.by == "transfer" and (order.who, group) in self.seats:
                    self.pay_back(order.who, self.seat(order.who, group))

    def pay_back(self, who: str, seat: Seat) -> None:
        story = self.call("GET", f"/orders/{seat.order_id}", who=who).json
        for refund in story["refunds"]:
            if refund["stage"] not in ("succeeded", "parked") and refund["id"] not in self.paid_back:
                self.paid_back.add(refund["id"])
                body = {"reference": "BANK-BACK", "paid_back_at": rfc3339(self.stack.now() - MINUTE)}
                self.call("POST", f"/refunds/{refund['id']}/confirm", body, who=self.merchant)
                self.say(
                    self.merchant, f"transfers {money(refund['amount_minor'])} back to {self.script.people[who].name}"
                )


def wishes(person: Person, zone: str) -> Json:
    body: dict[str, Json] = {
        "language": person.language,
        "zone": zone,
        "channels": person.channels,
        "opted_out": person.opted_out,
    }
    if person.hours:
        body["hours"] = {"start": person.hours[0], "end": person.hours[1]}
    return body


def address(script: Script, who: str) -> Json:
    """Somewhere to live that nobody else does, so that it would be noticed anywhere it does not belong."""
    number = list(script.people).index(who) + 1
    return {
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "street": "文三路街道",
        "community": f"静水苑{number}区",
        "building": f"{number}栋",
        "unit": "2单元",
        "room": f"{number}0{number}室",
        "division_code": "330106",
        "recipient": script.people[who].name,
        "phone": script.contact(who)[0],
    }


def rfc3339(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


__all__ = ["Player", "address", "replace", "rfc3339"]
