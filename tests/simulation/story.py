"""People in a town: a merchant with a campaign, buyers who join, pay, change their minds, and ask again.

Everything is drawn from the seed before it happens or decided by what was answered; every answer is kept, so that the
promises can be compared with what people were told.
"""

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import ids
from chalicelib.domain.batch import BatchState
from chalicelib.domain.campaign import (
    Campaign,
    Community,
    Fulfilment,
    Item,
    Kind,
    Measure,
    PickupPoint,
    SettlementTerms,
    Shortfall,
    Target,
)
from chalicelib.domain.deposit import DepositTerms
from chalicelib.domain.group import Group
from chalicelib.domain.hand_over import pickup_code
from chalicelib.domain.incident import Grant, What
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, Instant
from chalicelib.domain.ports import Caller, Report, RowKey
from chalicelib.domain.pricing import Tier
from chalicelib.domain.receipt import Line
from chalicelib.domain.refusals import Refused
from chalicelib.domain.supply import purchase_id
from chalicelib.domain.waybill import WaybillState
from chalicelib.domain.waybill import batch_key as waybill_key
from chalicelib.services.buying import seats
from chalicelib.services.buying.cancel import cancel
from chalicelib.services.buying.change import change
from chalicelib.services.buying.join import JoinAnswer, JoinRequest, join
from chalicelib.services.buying.move_deadline import move_deadline
from chalicelib.services.buying.open_team import TeamRequest, open_team
from chalicelib.services.buying.preview import preview
from chalicelib.services.delivering import batches, waybills
from chalicelib.services.delivering.hand_over import Handing, hand_over
from chalicelib.services.fulfilling import incidents, stages, substitutes
from chalicelib.services.fulfilling.call_off import call_off
from chalicelib.services.fulfilling.review import review
from chalicelib.services.fulfilling.self_refund import self_refund
from chalicelib.services.paying.start_payment import start_payment
from chalicelib.services.running.wake import wake
from chalicelib.services.selling import draft, products, publish
from chalicelib.services.selling.restock import restock
from chalicelib.services.supplying import receive, supply
from chalicelib.services.world import World
from infra.local.sandbox_provider import Problem

from .baton import Task
from .town import API_KEY, START, Town
from .watch import Wish

SKUS = ("apples", "pears", "plums")
MERCHANT = Caller(id="merchant", roles=frozenset({"merchant"}), phone_verified=True)
DESTINATION = "point.gate"
PICKUP_KEY = "the town's own"
FULL = ("sold_out", "group_full")
TRIES = 4


def buyer(number: int) -> Caller:
    return Caller(id=f"buyer-{number:03d}", roles=frozenset({"buyer"}), phone_verified=True)


@dataclass
class Said:
    """What one request of a buyer was answered. `known` tells that its key had joined before it was sent."""

    what: str
    who: str
    group_id: str | None
    key: str
    lines: Mapping[str, int]
    at: Instant
    known: bool
    wish: Wish | None = None
    answer: Any = None
    refusal: str | None = None
    died: bool = False


@dataclass
class Plan:
    """What may vary from history to history. Sweeps and bars fix what they are about."""

    kind: Kind = Kind.POT
    stock: tuple[int, ...] = (6, 6)
    buyers: int = 5
    team_sizes: tuple[int, ...] = (2, 3)
    target: Target = field(default_factory=lambda: Target(measure=Measure.PARTICIPANTS, at_least=2))
    seats: int | None = None
    limit: int | None = None
    window_ms: int = 10 * MINUTE
    open_ms: int = 20 * MINUTE
    pay_until_close: bool = False
    slices: int = 1
    pickup: bool = True
    communities: int = 2
    review_ms: int | None = None
    supplier: str | None = None
    method: str = "sandbox"
    shortfall: Shortfall = Shortfall.KEEP
    grace_ms: Instant = HOUR
    settlement: SettlementTerms | None = None
    deposit: DepositTerms | None = None

    @classmethod
    def of(cls, rng: random.Random) -> "Plan":
        kind = rng.choice((Kind.POT, Kind.POT, Kind.COMMUNITY, Kind.TEAM))
        stock = tuple(rng.randint(1, 12) for _ in range(rng.randint(1, 3)))
        wanted: Mapping[Measure, int] = {
            Measure.PARTICIPANTS: rng.randint(1, 4),
            Measure.UNITS: min(sum(stock), rng.randint(1, 8)),
            Measure.AMOUNT: rng.randint(1, 8_000),
        }
        measure = rng.choice((Measure.PARTICIPANTS, *Measure))
        at_least = min(wanted[measure], sum(stock)) if measure is Measure.PARTICIPANTS else wanted[measure]
        least = at_least if measure is Measure.PARTICIPANTS else 1
        return cls(
            kind=kind,
            stock=stock,
            buyers=rng.randint(2, 14),
            target=Target(measure=measure, at_least=at_least),
            seats=rng.choice((None, None, rng.randint(least, least + 6))),
            limit=rng.choice((None, None, 2, 3, 5)),
            window_ms=rng.choice((MINUTE, 5 * MINUTE, 30 * MINUTE)),
            open_ms=rng.randint(2, 40) * MINUTE + rng.randrange(MINUTE),
            pay_until_close=rng.random() < 0.3,
            slices=rng.choice((1, 1, 3, 8)),
            pickup=rng.random() < 0.7,
            communities=rng.randint(1, 3),
            method=rng.choice(("sandbox", "sandbox", "sandbox_card")),
            shortfall=rng.choice(tuple(Shortfall)),
            grace_ms=rng.choice((10 * MINUTE, HOUR)),
        )


def campaign_of(plan: Plan, product_ids: list[str]) -> Campaign:
    items = tuple(
        Item(
            sku=SKUS[k],
            product_id=product_ids[k],
            title=SKUS[k],
            list_price_minor=1_000 + 100 * k,
            tiers=(Tier(participants=2, unit_price_minor=901), Tier(participants=4, unit_price_minor=777 - k)),
            stock=units,
            low_stock=2,
            supplier_id=plan.supplier,
        )
        for k, units in enumerate(plan.stock)
    )
    named = tuple(Community(id=f"k{n}", name=f"Court {n}") for n in range(plan.communities))
    return Campaign(
        id="",
        merchant_id=MERCHANT.id,
        title="Harvest",
        category="fruit",
        kind=plan.kind,
        items=items,
        communities=named if plan.kind is Kind.COMMUNITY else (),
        team_sizes=plan.team_sizes if plan.kind is Kind.TEAM else (),
        target=None if plan.kind is Kind.TEAM else plan.target,
        max_participants=None if plan.kind is Kind.TEAM else plan.seats,
        limit_per_buyer=plan.limit,
        opens_at=START,
        closes_at=START + plan.open_ms,
        payment_window_ms=plan.window_ms,
        pay_until_close=plan.pay_until_close,
        methods=(plan.method,),
        refund_rule="in full",
        fulfilment=Fulfilment.PICKUP if plan.pickup else Fulfilment.DELIVERY,
        pickup_points=(PickupPoint(id="gate", name="North gate"),) if plan.pickup else (),
        review_ms=plan.review_ms,
        shortfall=plan.shortfall,
        capture_grace_ms=plan.grace_ms,
        settlement=plan.settlement,
        deposit=plan.deposit,
    )


class Story:
    """One history: `opened()` makes the campaign, `drawn()` fills it with people."""

    def __init__(self, town: Town, plan: Plan, rng: random.Random) -> None:
        self.town, self.plan, self.rng = town, plan, rng
        self.said: list[Said] = []
        self.campaign_id = ""
        self.busy = 0

    # ------------------------------------------------------------- the campaign

    def opened(self) -> "Story":
        """By the real services; nothing goes wrong yet."""
        world, now = self.town.processes[0].world, self.town.now
        made = [
            products.create(
                world,
                MERCHANT,
                products.ProductDraft(title=sku, list_price_minor=2_000, currency="CNY", category="fruit"),
                key=sku,
                now=now,
            )
            for sku in SKUS
        ]
        terms = campaign_of(self.plan, [product.id for product in made])
        drafted = draft.create(world, MERCHANT, terms, key="harvest", now=now)
        self.campaign_id = drafted.id
        if self.plan.limit is not None:
            self.town.watch.limits[drafted.id] = self.plan.limit
        published = publish.publish(world, MERCHANT, drafted.id, now=now)
        wake(world, RowKey(f"CAMPAIGN#{published.id}", "CAMPAIGN"), now)
        for group_id in list(self.town.watch.groups):
            while self.town.watch.groups[group_id].slices < self.plan.slices and self._split_once(world, group_id):
                pass
        return self

    def _split_once(self, world: World, group_id: str) -> bool:
        """The slice with most; False when it has too little to share."""
        group, rows = self.town.watch.groups[group_id], self.town.watch.slices[group_id]
        seats.split(world, group_id, max(rows, key=lambda k: (sum(rows[k].left.values()), -k)))
        return self.town.watch.groups[group_id].slices > group.slices

    @property
    def groups(self) -> list[Group]:
        return list(self.town.watch.groups.values())

    # ------------------------------------------------------------- one request

    def request(
        self,
        said: Said,
        work: Callable[[World, Instant], Any],
        then: Callable[[Said], None] | None = None,
        tries: int = TRIES,
    ) -> None:
        """Sent like a person's app sends it: without a definite answer, the same again a little later."""
        self.busy += 1
        watch = self.town.watch

        def asked(world: World, now: Instant) -> Any:
            if said.what in ("join", "team", "change") and said.wish is not None:
                said.wish.room = watch.has_room(said.wish)
                watch.wishes.append(said.wish)
            said.known = self.known(said)
            said.at = self.town.now
            return work(world, now)

        def after(task: Task) -> None:
            self.busy -= 1
            if said.wish is not None:
                watch.wishes[:] = [wish for wish in watch.wishes if wish is not said.wish]
            answered = replace(said, answer=task.answer, died=task.error is not None)
            if isinstance(task.error, Refused):
                answered = replace(answered, refusal=task.error.code, died=False)
            self.said.append(answered)
            self.heard(answered)
            if answered.died and tries > 1:
                wait = self.rng.choice((200, 2 * SECOND, 30 * SECOND, 11 * MINUTE))
                fresh = replace(said, wish=replace(said.wish, room=True) if said.wish else None)
                self.busy += 1

                def again() -> None:
                    self.busy -= 1
                    self.request(fresh, work, then, tries - 1)

                self.town.later(wait, again)
            elif then is not None and answered.answer is not None:
                then(answered)

        self.town.start(f"{said.what} {said.who} {said.key}", "api", asked, after)

    def known(self, said: Said) -> bool:
        """Whether this key has joined by now."""
        for group_id in [said.group_id] if said.group_id else list(self.town.watch.groups):
            for order in self.town.watch.orders[group_id].values():
                if order.buyer_id == said.who and said.key in order.receipts:
                    return True
        return False

    def heard(self, said: Said) -> None:
        """What can be judged the moment an answer is given."""
        if said.what in ("join", "team") and said.known and said.refusal in (*FULL, "group_closed", "over_the_limit"):
            self.town.broken.append(f"{said.who} had joined under {said.key} and was told {said.refusal}")
        if said.refusal in FULL and said.wish is not None and said.wish.room:
            self.town.broken.append(f"{said.who} was told {said.refusal} while there was room for {said.lines}")

    # ------------------------------------------------------------- what people do

    def ask(self, lines: Mapping[str, int], key: str, method: str | None = None) -> JoinRequest:
        return JoinRequest(
            lines=dict(lines),
            accepts_terms=1,
            key=key,
            fingerprint=ids.fingerprint(repr(sorted(lines.items()))),
            pickup_point_id="gate" if self.plan.pickup and self.rng.random() < 0.8 else None,
            address_id=None if self.plan.pickup else "home",
            method=method,
        )

    def joins(
        self, who: Caller, group_id: str, lines: Mapping[str, int], key: str, *, method: str | None = None,
        then: Callable[[Said], None] | None = None,
    ) -> None:  # fmt: skip
        ask = self.ask(lines, key, method)
        wish = Wish(self.campaign_id, group_id, lines, 1)
        said = Said("join", who.id, group_id, key, lines, 0, False, wish)
        self.request(said, lambda world, now: join(world, who, group_id, ask, now=now), then)

    def opens_team(
        self, who: Caller, size: int, lines: Mapping[str, int], key: str, *, method: str | None = None,
        then: Callable[[Said], None] | None = None,
    ) -> None:  # fmt: skip
        ask = TeamRequest(size=size, join=self.ask(lines, key, method))
        wish = Wish(self.campaign_id, None, {sku: units * size for sku, units in lines.items()}, 0)
        said = Said("team", who.id, None, key, lines, 0, False, wish)
        self.request(said, lambda world, now: open_team(world, who, self.campaign_id, ask, now=now), then)

    def starts(self, who: Caller, order_id: str) -> None:
        said = Said("start", who.id, ids.group_of(order_id), order_id, {}, 0, False)
        self.request(said, lambda world, now: start_payment(world, who, order_id, self.plan.method, now=now))

    def pays(self, order_id: str, *, late: bool = False) -> None:
        """At the provider's page: any payment of this order that is open there."""
        for payment in list(self.town.provider.state.payments.values()):
            if payment.key.partition(".")[0] == order_id and payment.status == "open":
                with suppress(Problem):
                    self.town.provider.pay(payment.ref, late=late)
                    self.town.note(None, "buyer", "pays", payment.key, "late" if late else "")
                return

    def bank(self, order_id: str, what: str) -> None:
        """Behind our back: a hold is let go (`void`) or taken (`capture`), or a payment is disputed (`dispute`)."""
        wanted = ("paid", "captured") if what == "dispute" else ("authorised",)
        for payment in list(self.town.provider.state.payments.values()):
            if payment.key.partition(".")[0] == order_id and payment.status in wanted:
                ask: dict[str, Any] = {} if what == "dispute" else {"key": f"by hand {payment.key}"}
                if what == "capture":
                    ask |= {"amount_minor": payment.amount_minor, "currency": payment.currency}
                headers = {"Authorization": f"Bearer {API_KEY}"}
                path = f"/payments/{payment.ref}/{what}"
                self.town.provider.transport("POST", path, headers, json.dumps(ask).encode())
                self.town.note(None, "bank", what, payment.key, "")
                return

    def cancels(self, who: Caller, order_id: str, version: int | None = None) -> None:
        said = Said("cancel", who.id, ids.group_of(order_id), order_id, {}, 0, False)
        self.request(said, lambda world, now: cancel(world, who, order_id, version=version, now=now))

    def changes(self, who: Caller, order_id: str, lines: Mapping[str, int], version: int) -> None:
        order = self.town.watch.orders[ids.group_of(order_id)].get(order_id)
        more = {sku: units - (order.lines.get(sku, 0) if order else 0) for sku, units in lines.items()}
        wish = Wish(self.campaign_id, ids.group_of(order_id), {s: u for s, u in more.items() if u > 0}, 0)
        said = Said("change", who.id, ids.group_of(order_id), f"{order_id} v{version}", lines, 0, False, wish)

        def work(world: World, now: Instant) -> Any:
            return change(world, who, order_id, lines=lines, pickup_point_id=None, version=version, now=now)

        self.request(said, work)

    def chooses(self, who: Caller, order_id: str, version: int) -> None:
        said = Said("choose", who.id, ids.group_of(order_id), f"{order_id} v{version}", {}, 0, False)

        def work(world: World, now: Instant) -> Any:
            return change(world, who, order_id, lines=None, pickup_point_id="gate", version=version, now=now)

        self.request(said, work)

    def moves(self, group_id: str, closes_at: Instant) -> None:
        said = Said("move", MERCHANT.id, group_id, str(closes_at), {}, 0, False)
        self.request(said, lambda world, now: move_deadline(world, MERCHANT, group_id, closes_at, now=now))

    def splits(self, group_id: str, number: int) -> None:
        said = Said("split", MERCHANT.id, group_id, str(number), {}, 0, False)
        self.request(said, lambda world, now: seats.split(world, group_id, number))

    def handles(self, group_id: str, what: str, stage: str = "stocking") -> None:
        """The merchant takes a stage up, says something, or finishes it, as of the version that is there now."""
        journey = self.town.watch.journeys[group_id]
        where = stages.Where(group_id=group_id, stage=stage, version=journey.changes)
        said = Said(what, MERCHANT.id, group_id, f"{stage} v{journey.changes}", {}, 0, False)
        commands: Mapping[str, Callable[[World, Instant], Any]] = {
            "enter": lambda world, now: stages.enter(world, MERCHANT, where, now=now),
            "update": lambda world, now: stages.update(world, MERCHANT, where, "packed", now=now),
            "finish": lambda world, now: stages.finish(world, MERCHANT, where, now=now),
        }
        self.request(said, commands[what])

    def supplies(self, group_id: str, what: str) -> None:
        """The supplier acknowledges, promises, or sends one apple."""
        who = Caller(id=self.plan.supplier or MERCHANT.id, roles=frozenset({"supplier"}), phone_verified=True)
        purchase = purchase_id(group_id, who.id)
        lot = supply.LotRequest(units={"apples": 1}, key="lot")
        ready_at = self.town.now + 20 * MINUTE
        commands: Mapping[str, Callable[[World, Instant], Any]] = {
            "acknowledge": lambda world, now: supply.acknowledge(world, who, purchase, 1, now=now),
            "promise": lambda world, now: supply.promise(world, who, purchase, ready_at, "", now=now),
            "ship": lambda world, now: supply.ship(world, who, purchase, lot, now=now),
        }
        self.request(Said(what, who.id, group_id, "", {}, 0, False), commands[what])

    def receives(self, group_id: str, destination: str, expected: int, lost: int, number: int = 1) -> None:
        """The merchant, who has no leader there, says how many apples came."""
        lines = {"apples": Line(received=expected - lost, short=lost)}
        self.request(
            Said("receive", MERCHANT.id, group_id, str(number), {}, 0, False),
            lambda world, now: receive.receive(world, MERCHANT, group_id, destination, lines, number=number, now=now),
        )

    def delivers(self, group_id: str, what: str) -> None:
        """The merchant plans the group's batches, asks for a waybill, or brings the only batch into its next state."""
        said = Said(what, MERCHANT.id, group_id, DESTINATION, {}, 0, False)

        def work(world: World, now: Instant) -> Any:
            if what == "plan":
                return batches.plan_for(world, MERCHANT, group_id, now=now)
            if what == "ship":
                return waybills.request(world, MERCHANT, group_id, DESTINATION, "sandbox", now=now)
            ask = batches.MoveRequest(state=BatchState(what))
            return batches.move(world, MERCHANT, group_id, DESTINATION, ask, now=now)

        self.request(said, work)

    def hands_over(self, order_id: str, *, code: str = "") -> None:
        """With the right code, or the one that is given."""
        group_id = ids.group_of(order_id)
        ask = Handing(order_id=order_id, code=code or pickup_code(order_id, PICKUP_KEY))
        said = Said("hand over", MERCHANT.id, group_id, f"{order_id} {ask.code}", {}, 0, False)

        def work(world: World, now: Instant) -> Any:
            return hand_over(world, MERCHANT, group_id, DESTINATION, [ask], key=lambda: PICKUP_KEY, now=now)

        self.request(said, work)

    def reports(self, group_id: str, state: WaybillState) -> None:
        """The carrier says where the batch is: late, again, out of order, as it likes."""
        key = waybill_key(group_id, DESTINATION)
        (parcel,) = [one for one in self.town.carrier.state.parcels.values() if one.key == key]
        report = Report(key=key, number=parcel.number, state=state, at=self.town.now)
        said = Said("report", "carrier", group_id, state.value, {}, 0, False)
        self.request(said, lambda world, now: waybills.take(world, "sandbox", report, now=now))

    def troubled(self, group_id: str) -> None:
        """The merchant opens an incident of level 3 for all of a group's goods."""
        said = Said("incident", MERCHANT.id, group_id, "level 3", {}, 0, False)
        ask = incidents.Ask(what=What.QUALITY, level=3, text="spoilt")
        self.request(
            said, lambda world, now: incidents.opened(world, MERCHANT, group_id, ask, key="i1", now=now).id
        )  # fmt: skip

    def compensates(self, group_id: str) -> None:
        said = Said("compensate", MERCHANT.id, group_id, "", {}, 0, False)
        grant = Grant(amount_minor=500, min_spend_minor=0, expires_at=START + 30 * DAY)

        def work(world: World, now: Instant) -> Any:
            (known,) = world.store.incidents(group_id)
            return incidents.compensate(world, MERCHANT, group_id, known.id, grant, now=now).id

        self.request(said, work)

    def takes_back(self, who: Caller, order_id: str) -> None:
        said = Said("take-back", who.id, ids.group_of(order_id), "", {}, 0, False)
        self.request(said, lambda world, now: self_refund(world, who, order_id, now=now).id)

    def offers(self, group_id: str, until: Instant) -> None:
        """Something else for the apples."""
        said = Said("offer", MERCHANT.id, group_id, "", {}, 0, False)

        def work(world: World, now: Instant) -> Any:
            return substitutes.offer(world, MERCHANT, group_id, SKUS[0], "quinces", until, now=now).sku

        self.request(said, work)

    def calls_off(self, group_id: str) -> None:
        said = Said("call off", MERCHANT.id, group_id, "", {}, 0, False)
        self.request(said, lambda world, now: call_off(world, MERCHANT, group_id, "no harvest", now=now).id)

    def reviews(self, group_id: str, *, approved: bool) -> None:
        said = Said("review", MERCHANT.id, group_id, str(approved), {}, 0, False)

        def work(world: World, now: Instant) -> Any:
            return review(world, MERCHANT, group_id, approved=approved, why="", now=now)

        self.request(said, work)

    def previews(self, group_id: str) -> None:
        said = Said("preview", MERCHANT.id, group_id, "", {}, 0, False)
        self.request(said, lambda world, now: preview(world, MERCHANT, group_id, now=now))

    def restocks(self, units: Mapping[str, int], key: str) -> None:
        said = Said("restock", MERCHANT.id, None, key, units, 0, False)

        def work(world: World, now: Instant) -> Any:
            return restock(world, MERCHANT, self.campaign_id, units, reason="more came", key=key, now=now)

        self.request(said, work)

    # ------------------------------------------------------------- a whole history

    def drawn(self) -> "Story":
        rng, plan = self.rng, self.plan
        for number in range(plan.buyers):
            who = buyer(number)
            at = START + self._moment()
            if plan.kind is Kind.TEAM and (number < 2 or rng.random() < 0.2):
                self.town.at(at, self._team(who, rng.choice(plan.team_sizes)))
            else:
                self.town.at(at, self._buyer(who))
        for group in self.groups:
            self._merchant(group.id)
        if rng.random() < 0.2:
            units = {SKUS[k]: rng.randint(1, 3) for k in range(len(plan.stock))}
            self.town.at(START + self._moment(), lambda: self.restocks(units, "more"))
        return self

    def _moment(self) -> Instant:
        """Crowds come at the start and just before the end."""
        rng, last = self.rng, self.plan.open_ms
        when = (rng.randrange(4 * SECOND), rng.randrange(last + MINUTE), max(0, last - rng.randrange(20 * SECOND)))
        return rng.choice(when)

    def _lines(self) -> dict[str, int]:
        skus = self.rng.sample(SKUS[: len(self.plan.stock)], self.rng.randint(1, min(2, len(self.plan.stock))))
        return {sku: self.rng.randint(1, 2) for sku in skus}

    def _team(self, who: Caller, size: int) -> Callable[[], None]:
        lines, key, method = {SKUS[0]: 1}, f"team-{who.id}", self._method()

        def act() -> None:
            for _ in range(self.rng.choice((1, 1, 2))):
                self.opens_team(who, size, lines, key, method=method, then=lambda said: self._after_join(who, said))

        return act

    def _method(self) -> str | None:
        return self.rng.choice((None, self.plan.method, self.plan.method))

    def _buyer(self, who: Caller) -> Callable[[], None]:
        rng = self.rng
        lines, method, rounds = self._lines(), self._method(), rng.choice((1, 1, 1, 2, 3))
        keys = [who.id if rng.random() < 0.7 else f"{who.id}-{turn}" for turn in range(rounds)]

        def act() -> None:
            groups = self.groups
            if not groups:
                return
            group_id = rng.choice(groups).id
            for key in keys:
                wait = rng.choice((0, 0, rng.randrange(20 * SECOND), rng.randrange(8 * MINUTE)))
                self.town.later(wait, lambda key=key: self._joins(who, group_id, lines, key, method))  # type: ignore[misc]

        return act

    def _joins(self, who: Caller, group_id: str, lines: dict[str, int], key: str, method: str | None) -> None:
        self.joins(who, group_id, lines, key, method=method, then=lambda said: self._after_join(who, said))

    def _after_join(self, who: Caller, said: Said) -> None:
        """Seated: most pay, some in time; some change their minds."""
        rng, later = self.rng, self.town.later
        assert isinstance(said.answer, JoinAnswer)
        order_id, group_id = said.answer.order_id, said.answer.group_id
        soon = rng.choice((0, rng.randrange(5 * SECOND), rng.randrange(3 * MINUTE), rng.randrange(self.plan.open_ms)))
        if said.answer.payment is None and rng.random() < 0.8:
            later(soon, lambda: self.starts(who, order_id))
            soon += rng.randrange(30 * SECOND)
        if rng.random() < 0.85:
            late = rng.random() < 0.2
            later(soon + rng.randrange(10 * SECOND), lambda: self.pays(order_id, late=late))
            later(soon + rng.randrange(2 * MINUTE), lambda: self.pays(order_id, late=late))
        if rng.random() < 0.1:
            what = rng.choice(("void", "capture", "dispute"))
            later(soon + rng.randrange(self.plan.open_ms), lambda: self.bank(order_id, what))
        if rng.random() < 0.25:
            later(rng.randrange(4 * MINUTE), lambda: self.cancels(who, order_id, self._seen(order_id)))
        if rng.random() < 0.25:
            lines = self._lines()
            later(rng.randrange(MINUTE), lambda: self._changes(who, order_id, group_id, lines))
        if rng.random() < 0.2 and self.plan.pickup:
            later(rng.randrange(5 * MINUTE), lambda: self.chooses(who, order_id, self._seen(order_id) or 1))
        if rng.random() < 0.2:
            again = f"{said.key}-again" if rng.random() < 0.5 else said.key
            lines = dict(said.lines)
            if said.what == "join":
                later(rng.randrange(12 * MINUTE), lambda: self._joins(who, group_id, lines, again, self.plan.method))

    def _changes(self, who: Caller, order_id: str, group_id: str, lines: dict[str, int]) -> None:
        self.changes(who, order_id, lines, self._seen(order_id) or 1)

    def _seen(self, order_id: str) -> int | None:
        """The version a buyer may have seen: mostly the newest."""
        order = self.town.watch.orders[ids.group_of(order_id)].get(order_id)
        return max(1, order.version - self.rng.choice((0, 0, 0, 1))) if order else None

    def _merchant(self, group_id: str) -> None:
        rng, town, last = self.rng, self.town, self.plan.open_ms
        for _ in range(rng.choice((0, 0, 1, 2))):
            closes_at = START + rng.randint(MINUTE, last + 20 * MINUTE)
            town.at(START + rng.randrange(last), lambda closes_at=closes_at: self.moves(group_id, closes_at))  # type: ignore[misc]
        for _ in range(rng.choice((0, 0, 1, 3))):
            town.at(START + rng.randrange(last), lambda: self.splits(group_id, rng.randrange(3)))
        if rng.random() < 0.2:
            town.at(START + rng.randrange(last), lambda: self.previews(group_id))

    def over(self) -> bool:
        """Nobody means to do anything any more, and every deadline has passed."""
        last = max((group.closes_at for group in self.groups), default=START)
        return not self.busy and self.town.now > max(last, START + self.plan.open_ms) + MINUTE
