"""Random histories of our own writes and reads, each call played on the engine and on moto: same answers, same rows."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.domain.campaign import Stock
from chalicelib.domain.group import Slice
from chalicelib.domain.ledger import Entry, Kind, RefundStage
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.ports import RowKey
from chalicelib.domain.refusals import Lost
from chalicelib.domain.tally import Numbers, Scope, Tally
from chalicelib.domain.upkeep import Allowance, Listing
from chalicelib.domain.writes import Create, Remove, Replace, Row, Take, TakeStock, Unchanged, Write
from chalicelib.store.timers import DynamoStore
from tests.bed.quick_moto import quick_moto

from .core import Engine
from .template import core_properties, core_table

TABLE, REGION = "engine-and-moto", "eu-central-1"
NOISE = ("ResponseMetadata", "ConsumedCapacity", "UnprocessedKeys")
SKUS = ("apples", "pears 中文 #1")


@dataclass
class Twins:
    """The hook: each call goes to both, and what they say is compared before the engine's answer is handed on."""

    engine: Engine
    original: Callable[..., Any]
    compared: int = 0
    refused: int = 0

    def call(self, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "Scan":
            return self.original(client, operation, arguments)
        ours = _outcome(lambda: self.engine.call(operation, arguments))
        theirs = _outcome(lambda: self.original(client, operation, arguments))
        said, wanted = _plain(ours), _plain(theirs)
        if operation == "Query" and said.get("Count") == arguments.get("Limit"):
            # AWS names the last row whenever the limit was reached; moto only when there is more.
            said.pop("LastEvaluatedKey", None), wanted.pop("LastEvaluatedKey", None)
        assert said == wanted, f"{operation} {arguments}"
        self.compared += 1
        if isinstance(ours, ClientError):
            self.refused += 1
            raise ours
        return ours


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        return error


def _plain(outcome: Any) -> Any:
    """What matters of an answer: not its wording, and not what each engine says about itself."""
    if not isinstance(outcome, ClientError):
        return {name: value for name, value in outcome.items() if name not in NOISE and value != {}}
    reasons: Any = outcome.response.get("CancellationReasons", [])
    told = [{name: one[name] for name in ("Code", "Item") if name in one} for one in reasons]
    return outcome.response["Error"]["Code"], told


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    properties = core_properties()
    with mock_aws(), quick_moto():
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        boto3.client("dynamodb", region_name=REGION).create_table(
            TableName=TABLE, **{name: properties[name] for name in wanted}
        )
        pair = Twins(Engine({TABLE: core_table(properties)}), botocore.client.BaseClient._make_api_call)

        def hooked(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            return pair.call(client, operation, arguments)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", hooked)
        yield pair


class Player:
    """Draws the next thing to do; remembers rows as read, so that versions are right now and then."""

    def __init__(self, store: DynamoStore, rng: random.Random) -> None:
        self.store, self.rng = store, rng
        self.seen: dict[RowKey, Row] = {}

    def row(self) -> Row:
        rng = self.rng
        number, due = str(rng.randrange(4)), rng.choice((None, 5_000 + rng.randrange(40)))
        made: list[Callable[[], Row]] = [
            lambda: Slice(group_id="g1", number=int(number), left=dict.fromkeys(SKUS, 3), seats=4, opens_at=0,
                          closes_at=100, due_at=due),
            lambda: Stock(campaign_id=f"c{number}", left=dict.fromkeys(SKUS, 5), due_at=due),
            lambda: _order(number, rng.choice(list(OrderState)), due),
            lambda: _entry(number, due),
            lambda: Tally(scope=Scope.GROUP, id=f"g{number}", campaign_id="c1", as_of=1, due_at=due),
            lambda: Allowance(campaign_id="c1", buyer_id=f"b{number}", units=rng.randrange(3)),
            lambda: Listing(community_id="-", category="fruit", closes_at=rng.randrange(5), group_id=f"g{number}"),
        ]  # fmt: skip
        fresh = rng.choice(made)()
        key = self.store.key_of(fresh)
        known = self.store.wakeable(key) if rng.random() < 0.6 else self.seen.get(key)
        if known is not None:
            self.seen[key] = known
        return replace(fresh, version=known.version) if known is not None and rng.random() < 0.9 else fresh

    def write(self) -> Write:
        rng = self.rng
        units = {sku: rng.randint(-2, 3) for sku in SKUS[: rng.randint(1, 2)]}
        kinds: list[Callable[[], Write]] = [
            lambda: Create(self.row()),
            lambda: Replace(self.row()),
            lambda: Replace(self.row()),
            lambda: Remove(self.row()),
            lambda: Unchanged(self.row()),
            lambda: Take("g1", rng.randrange(4), units, rng.randint(-1, 2), rng.choice((None, 50, 200))),
            lambda: TakeStock(f"c{rng.randrange(4)}", {sku: count or 1 for sku, count in units.items()}),
        ]
        return rng.choice(kinds)()

    def writes(self) -> list[Write]:
        """Of one transaction: rows are named once."""
        wanted = [self.write() for _ in range(self.rng.choice((1, 1, 2, 3, 5)))]
        named: dict[object, Write] = {}
        for one in wanted:
            name = (one.group_id, one.number) if isinstance(one, Take) else None
            name = (one.campaign_id,) if isinstance(one, TakeStock) else name  # type: ignore[assignment]
            key = RowKey(f"GROUP#{name[0]}#SLICE#{name[1]:03d}", "SLICE") if name and len(name) == 2 else None
            key = RowKey(f"CAMPAIGN#{name[0]}", "STOCK") if name and len(name) == 1 else key
            named.setdefault(key or self.store.key_of(one.row), one)  # type: ignore[union-attr]
        return list(named.values())

    def turn(self) -> None:
        rng, store = self.rng, self.store
        key = store.key_of(self.row())
        start = store.orders_of_buyer("b1", 1, None).next
        others: list[Callable[[], object]] = [
            lambda: store.seal("g1", rng.randrange(4)) if store.slice("g1", 0) else None,
            lambda: store.spread_deadline("g1", rng.randrange(4), 300 + rng.randrange(9), rng.randrange(4)),
            lambda: store.count_up(Scope.GROUP, f"g{rng.randrange(4)}", Numbers(held=1), {SKUS[0]: 1}, 9),
            lambda: store.stumble(key, "why", 9_000),
            lambda: store.put_back(key, 7_000),
            lambda: list(store.due(5_000 + rng.randrange(40))),
            lambda: store.due_soon(3),
            lambda: store.orders_of_buyer("b1", 2, start),
            lambda: store.slices("g1", 4),
            lambda: store.stock_and_slices("c1", "g1", 3),
            lambda: list(store.orders_of_part("g1", 0)),
            lambda: list(store.orders_of_part("g1", 0, after="g1-00b1")),
            lambda: store.entries_of_order("g1-00b1"),
            lambda: store.hall(None, "fruit", 2, 2, None),
            lambda: store.visitors("c1"),
            lambda: store.parked(5, None),
        ]
        try:
            store.commit(*self.writes()) if rng.random() < 0.6 else rng.choice(others)()
        except (Lost, AssertionError) as trouble:
            if isinstance(trouble, AssertionError) and trouble.args:
                raise
        except Exception as error:
            if type(error).__name__ not in ("TransactWriteError", "UpdateError", "Broken"):
                raise


def _order(number: str, state: OrderState, due: int | None) -> Order:
    return Order(
        id=f"g1-00b{number}", group_id="g1", part=0, campaign_id="c1", merchant_id="m", buyer_id=f"b{number}", slice=0,
        terms_version=1, state=state, lines={SKUS[0]: 1}, prices={SKUS[0]: 100}, amount_minor=100, currency="CNY",
        joined_at=int(number), pay_by=9, due_at=due,
    )  # fmt: skip


def _entry(number: str, due: int | None) -> Entry:
    return Entry(
        id=f"g1-00b{number}.p1", kind=Kind.PAYMENT, order_id=f"g1-00b{number}", group_id="g1", campaign_id="c1",
        buyer_id="b", merchant_id="m", amount_minor=-7, currency="CNY", method="sandbox", created_at=1,
        stage=RefundStage.REQUESTED, due_at=due,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_the_engine_answers_like_moto(twins: Twins, seed: int) -> None:
    player = Player(DynamoStore(TABLE, REGION), random.Random(seed))
    for _ in range(60):
        player.turn()
    assert twins.compared > 150 and twins.refused > 5
    items = boto3.client("dynamodb", region_name=REGION).scan(TableName=TABLE)
    theirs = sorted(items["Items"], key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    ours = list(twins.engine.tables[TABLE].rows())
    assert ours == theirs
