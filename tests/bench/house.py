"""The real services over the engine in memory, with the rest of the world answering at once: for counting and models.

Nothing here touches a network. What a call costs is counted by the engine's own meter.
"""

import itertools
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import botocore.client

from chalicelib.domain import group as groups
from chalicelib.domain.campaign import (
    Campaign,
    CampaignState,
    Fulfilment,
    Item,
    Kind,
    Measure,
    PickupPoint,
    Stock,
    Target,
    Terms,
    with_profile,
)
from chalicelib.domain.group import Group
from chalicelib.domain.instants import DAY, MINUTE, Instant
from chalicelib.domain.person import Channel, Contact
from chalicelib.domain.ports import (
    CANNOT_RELEASE,
    Answer,
    Caller,
    Capabilities,
    Charge,
    EventKind,
    MoveKind,
    Moves,
    Outcome,
    Part,
    ProviderEvent,
    RowKey,
    Store,
)
from chalicelib.domain.pricing import Tier
from chalicelib.domain.tally import Scope, Tally
from chalicelib.domain.writes import Create
from chalicelib.gateways.texts import Wording
from chalicelib.services.buying.join import JoinRequest
from chalicelib.services.selling.open_groups import creation
from chalicelib.services.world import World
from chalicelib.store.timers import DynamoStore
from tests.engine import Engine
from tests.engine.template import core_table
from tests.engine.units import Meter

TABLE, REGION = "tuan-bench", "eu-central-1"
START: Instant = 1_793_491_200_000
SKU = "orange"
Call = Callable[[str, dict[str, Any]], Any]


@dataclass
class Ledger:
    """A provider that takes and gives back at once, and remembers what it gave back."""

    name: str = "sandbox"
    can = Capabilities(refund_window_ms=365 * DAY, most_minor=10**9)
    refunded: Counter[str] = field(default_factory=Counter)

    def start(self, charge: Charge) -> Answer:
        return Answer(
            outcome=Outcome.PENDING, ref=f"pay_{charge.key}"[:40], pay_url=f"https://pay.invalid/{charge.key}"
        )

    authorise = start

    def capture(self, part: Part) -> Answer:
        return Answer(outcome=Outcome.SUCCEEDED, ref=part.payment_ref, amount_minor=part.amount_minor)

    def void(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.SUCCEEDED, ref=payment_ref)

    def reply(self, refusal: str) -> None:
        return None

    def release(self, part: Part, account: str) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)

    def take_back(self, part: Part, release: object) -> Answer:
        return Answer(outcome=Outcome.FAILED, reason=CANNOT_RELEASE)

    def look_up_release(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.NOT_FOUND)

    def look_up_take_back(self, key: str, release: object) -> Answer:
        return Answer(outcome=Outcome.NOT_FOUND)

    def moves(self, since: Instant, until: Instant, start: str | None = None) -> Moves:
        return Moves(outcome=Outcome.SUCCEEDED)

    def spelled(self, key: str, kind: MoveKind = MoveKind.PAYMENT) -> str:
        return key

    def refund(self, part: Part, paid_minor: int) -> Answer:
        self.refunded[part.key] += 1
        return Answer(outcome=Outcome.SUCCEEDED, ref=f"re_{part.key}"[:40])

    def look_up_payment(self, key: str, ref: str | None = None) -> Answer:
        return Answer(outcome=Outcome.PENDING)

    def look_up_refund(self, key: str, payment_ref: str) -> Answer:
        return Answer(outcome=Outcome.NOT_FOUND)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: Instant) -> ProviderEvent:
        return ProviderEvent(
            kind=EventKind.PAID, key=headers["key"], ref="ref", amount_minor=int(body), currency="CNY", at=now
        )


class Post:
    """A channel that takes every message."""

    def __init__(self) -> None:
        self.taken = 0

    def send(self, *, to: str, subject: str, text: str) -> Answer:
        self.taken += 1
        return Answer(outcome=Outcome.SUCCEEDED, ref=f"msg_{self.taken}")


class OpenVault:
    def read(self, person_id: str, *, reader: str, why: str, now: Instant, addresses_too: bool = True) -> Contact:
        return Contact(phone="+8613800000000", email="buyer@example.com")

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


class Queue:
    """What was asked of the wake queue: rows by their moment, and parts. `asked` counts how often each was named."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Instant, RowKey | tuple[str, int]]] = []
        self.asked: Counter[RowKey | tuple[str, int]] = Counter()

    def send(self, rows: Sequence[tuple[RowKey, Instant]], now: Instant) -> None:
        self._add([(max(at, now), key) for key, at in rows])

    def send_part(self, group_id: str, part: int) -> None:
        self._add([(0, (group_id, part))])

    def _add(self, wanted: list[tuple[Instant, Any]]) -> None:
        self.waiting += wanted
        self.asked.update(key for _, key in wanted)

    def taken(self) -> list[tuple[Instant, RowKey | tuple[str, int]]]:
        waiting, self.waiting = self.waiting, []
        return waiting


class Counts:
    """What the services count. Alarms are kept whole."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self.alarms: list[str] = []

    def count(self, metric: str, value: int = 1, unit: str = "Count", **about: str) -> None:
        self.of[metric] += value

    def alarm(self, what: str, **about: str) -> None:
        self.alarms.append(what)

    def note(self, what: str, **about: str) -> None:
        self.of[what] += 1


class House:
    """`with House.built() as house:`. `below` may be replaced by whoever models time or trouble."""

    def __init__(self, seed: int = 0) -> None:
        self.meter = Meter()
        self.table = core_table()
        self.engine = Engine({TABLE: self.table}, meter=self.meter)
        self.below: Call = lambda operation, arguments: self.engine.call(operation, arguments)
        self.dice = random.Random(seed)
        self.provider, self.post = Ledger(), Post()
        self.queue, self.counts = Queue(), Counts()
        self._ids = itertools.count(1)

    @classmethod
    @contextmanager
    def built(cls, seed: int = 0) -> Iterator["House"]:
        house = cls(seed)
        original = botocore.client.BaseClient._make_api_call
        keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}

        def hooked(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            return house.below(operation, arguments)

        with mock.patch.dict(os.environ, keys):
            botocore.client.BaseClient._make_api_call = hooked
            try:
                house.store = DynamoStore(TABLE, REGION)
                yield house
            finally:
                botocore.client.BaseClient._make_api_call = original

    store: DynamoStore

    def world(self, rest: Callable[[int], None] = lambda ms: None, store: DynamoStore | None = None) -> World:
        """One worker's world: the store is shared, as it is in AWS; what a worker remembers is its own."""
        return World(
            store=store or self.store,
            payments={"sandbox": self.provider},
            senders={Channel.SMS: self.post, Channel.EMAIL: self.post},
            vault=OpenVault(),
            identity=OpenVault(),
            queue=self.queue,
            files=OpenVault(),
            carriers={},
            texts=Wording(),
            watch=self.counts,
            chats=OpenVault(),
            draw=self.dice.random,
            new_id=lambda: f"{next(self._ids):020d}",
            rest=rest,
        )


def terms_of(number: int, *, stock: int, target: int, seats: int | None = None, now: Instant = START) -> Campaign:
    """A campaign like many: one item, three price steps, a day to pay, one pickup point."""
    draft = Campaign(
        id=f"{number:020x}",
        merchant_id="5f0c2a9e-3b7d-4e61-8a14-9c2d7e5b6f30",
        title="赣南脐橙 5kg 周六团",
        category="水果",
        state=CampaignState.PUBLISHED,
        kind=Kind.POT,
        items=(
            Item(
                sku=SKU,
                product_id="b7c31e0f9a5d4c2e8f10",
                title="赣南脐橙 5kg",
                list_price_minor=5900,
                stock=stock,
                tiers=(Tier(participants=5, unit_price_minor=5500), Tier(participants=10, unit_price_minor=5190)),
            ),
        ),
        target=Target(measure=Measure.PARTICIPANTS, at_least=target),
        max_participants=seats,
        opens_at=now,
        closes_at=now + DAY,
        payment_window_ms=DAY,
        methods=("sandbox",),
        refund_rule="不成团全额原路退回",
        fulfilment=Fulfilment.PICKUP,
        pickup_points=(PickupPoint(id="gate", name="湖畔北门驿站"),),
        terms_version=1,
        published_at=now,
    )
    return with_profile(draft)  # as publishing does it: what forms has its stages before it


def open_pot(store: Store, terms: Campaign, *, escrowed: int | None = None) -> Group:
    """The campaign's rows and its one open group, which is given `escrowed` units (all of them if not said)."""
    stock = terms.items[0].stock
    given = stock if escrowed is None else escrowed
    now = terms.published_at or START
    group = replace(groups.opened(terms, now=now, which=["pot"]), listed=True, due_at=terms.closes_at)
    for row in (
        terms,
        Terms(campaign_id=terms.id, number=1, campaign=terms),
        Stock(campaign_id=terms.id, left={SKU: stock - given}),
        Tally(scope=Scope.CAMPAIGN, id=terms.id, campaign_id=terms.id, as_of=now),
    ):
        store.commit(Create(row))
    store.commit(*creation(group, terms, {SKU: given}))
    return replace(group, version=1)


def buyer(number: int) -> Caller:
    """An id as long as an identity pool's."""
    return Caller(id=f"{number:08x}-7c1e-4b0a-9d52-5f3a8e6b1c40", roles=frozenset({"buyer"}), phone_verified=True)


def ask(number: int, units: int = 1, method: str | None = None) -> JoinRequest:
    return JoinRequest(
        lines={SKU: units},
        accepts_terms=1,
        key=f"{number:024d}",
        fingerprint=f"{number:032x}",
        pickup_point_id="gate",
        method=method,
    )


NOON = START + 4 * 60 * MINUTE
