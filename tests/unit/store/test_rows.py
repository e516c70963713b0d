"""Every kind of row: what goes in comes out, in today's shape or an older one, in whole numbers, within its budget."""

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import chalicelib.domain
from chalicelib.domain import order as orders
from chalicelib.domain.campaign import Item
from chalicelib.domain.group import Slice
from chalicelib.domain.instants import DAY
from chalicelib.domain.order import Order
from chalicelib.domain.refusals import Broken
from chalicelib.domain.upkeep import Allowance, Listing, Visit
from chalicelib.domain.writes import Create, Replace, Row, Take
from chalicelib.store import rows, stored
from chalicelib.store.rows import BY_NAME, KINDS, Kind, due_shard, from_image, from_stored, key_of, to_stored
from chalicelib.store.timers import DynamoStore
from tests.bed.aws import Hook
from tests.unit.domain import given as story

from . import samples

Raw = Callable[[str, str], dict[str, Any] | None]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def numbers_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        if set(value) == {"N"}:
            return [value["N"]]
        return [n for inner in value.values() for n in numbers_in(inner)]
    return [n for inner in value for n in numbers_in(inner)] if isinstance(value, list) else []


def test_every_row_of_the_domain_has_a_kind() -> None:
    found = set()
    for module in pkgutil.iter_modules(chalicelib.domain.__path__):
        for thing in vars(importlib.import_module(f"chalicelib.domain.{module.name}")).values():
            if isinstance(thing, type) and issubclass(thing, Row) and thing is not Row:
                found.add(thing)
    assert found == set(rows.BY_TYPE)
    assert len(BY_NAME) == len(KINDS), "no two kinds share a name"


@every_kind
@pytest.mark.parametrize("filled", [samples.full, samples.bare], ids=["full", "bare"])
def test_what_goes_in_comes_out(store: DynamoStore, raw: Raw, kind: Kind[Any], filled: Callable[..., Row]) -> None:
    row = replace(filled(kind.of), due_at=story.NOON, stumbles=0)
    store.commit(Create(row))

    key = key_of(row)
    item = raw(key.pk, key.sk)
    assert item is not None
    assert store.wakeable(key) == replace(row, version=1)
    assert from_image(item) == replace(row, version=1), "a stream record's image says the same"
    assert all(number.lstrip("-").isdigit() for number in numbers_in(item)), "whole numbers only"
    assert item["kind"] == {"S": kind.name} and item["shape"] == {"N": str(kind.shape)}


@every_kind
def test_a_row_is_replaced_where_it_was_created(kind: Kind[Any]) -> None:
    one, two = samples.full(kind.of), samples.full(kind.of)
    assert key_of(one) == key_of(two)
    assert key_of(replace(one, version=9, due_at=5)) == key_of(one), "neither version nor timer moves a row"


def test_no_two_kinds_lie_on_one_key() -> None:
    keys = [key_of(samples.full(kind.of)) for kind in KINDS]
    assert len(set(keys)) == len(keys)


def test_an_order_its_entries_and_its_part_lie_together() -> None:
    order, entry = key_of(story.order()), key_of(story.payment())
    assert order.pk == entry.pk == "GROUP#g1#ORDERS#00"
    assert key_of(story.refund()).sk == "ENTRY#g1-00mei#g1-00mei.p1.failed"


# timers and lists


def test_a_row_with_a_timer_is_listed_and_marked_for_the_stream_and_one_without_is_not() -> None:
    ticking = to_stored(story.order(due_at=5), 1)
    assert (ticking.due_at, ticking.hot) == (5, "1")
    assert ticking.due_shard == due_shard(ticking.pk, ticking.sk)
    still = to_stored(story.order(), 1)
    assert still.due_at is None and still.due_shard is None and still.hot is None


def test_rows_spread_over_all_shards() -> None:
    shards = [int(due_shard(f"GROUP#{k}", "GROUP")) for k in range(3_200)]
    assert min(shards.count(k) for k in range(rows.DUE_SHARDS)) > 50
    assert rows.DUE_SHARDS >= 32


def test_what_only_lists_counts_visits_or_signs_in_is_forgotten_in_time() -> None:
    listing = Listing(community_id="-", category="-", closes_at=story.NOON, group_id="g1")
    visit = Visit(campaign_id="c1", group_id="g1", visitor="v", at=story.NOON)
    assert to_stored(listing, 1).gone_at == (story.NOON + 30 * DAY) // 1000
    assert to_stored(visit, 1).gone_at == (story.NOON + 180 * DAY) // 1000
    gone = {kind.name for kind in KINDS if kind.gone_at}
    assert gone == {
        "listing",
        "visit",
        "pace",
        "login_code",
        "brake",
        "session",
        "confirmed",
        "notice",
        "chat_message",
        "spent",
    }, "nothing else ever disappears"


# shapes


def test_an_older_shape_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once `buyer_id` was called `buyer`, and before that units were text."""
    lifts = (
        lambda body: {**body, "units": int(body["units"])},
        lambda body: {("buyer_id" if name == "buyer" else name): value for name, value in body.items()},
    )
    old = BY_NAME["allowance"]
    monkeypatch.setitem(BY_NAME, "allowance", replace(old, lifts=lifts))
    for shape, body in (
        (1, {"campaign_id": "c1", "buyer": "mei", "units": "3"}),
        (2, {"campaign_id": "c1", "buyer": "mei", "units": 3}),
        (3, {"campaign_id": "c1", "buyer_id": "mei", "units": 3}),
    ):
        row = stored.Stored("p", "s", kind="allowance", shape=shape, version=4, body=body)
        assert from_stored(row) == Allowance(campaign_id="c1", buyer_id="mei", units=3, version=4)
    assert replace(old, lifts=lifts).shape == 3


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("mystery", {}),
        ("allowance", {"campaign_id": "c1"}),
        ("allowance", {"campaign_id": "c1", "buyer_id": "mei", "units": "3"}),
        ("allowance", {"campaign_id": 7, "buyer_id": "mei"}),
    ],
)
def test_a_row_that_is_not_what_it_says_is_a_bug_and_named(kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        from_stored(stored.Stored("p", "s", kind=kind, shape=1, version=1, body=body))


def test_a_field_we_no_longer_know_is_passed_over() -> None:
    """So that yesterday's code can read what tomorrow's wrote, while both run."""
    body = {"campaign_id": "c1", "buyer_id": "mei", "units": 3, "new_field": "x"}
    assert isinstance(from_stored(stored.Stored("p", "s", kind="allowance", shape=1, version=1, body=body)), Allowance)


# no float


@pytest.mark.parametrize("value", [1.5, 1.0, float("nan"), {"a": [1.5]}, object(), {1, 2}, b"x"])
def test_a_float_is_never_stored(value: Any) -> None:
    with pytest.raises(TypeError):
        stored.to_wire(value)


def test_a_float_that_slipped_into_a_row_writes_nothing(store: DynamoStore) -> None:
    wrong = Allowance(campaign_id="c1", buyer_id="mei", units=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.commit(Create(wrong))
    assert store.allowance("c1", "mei") is None


@pytest.mark.parametrize("value", [None, True, False, 0, -3, 10**15, "", "团", [], {}, [1, [None]], {"a": {"b": []}}])
def test_plain_values_survive_the_wire(value: Any) -> None:
    assert stored.from_wire(stored.to_wire(value)) == value
    assert type(stored.from_wire(stored.to_wire(value))) is type(value)


# budgets


def wire_size(item: Any) -> int:
    """A value's size as DynamoDB reckons it: text in UTF-8, a number at a byte for two digits and one more."""
    if "S" in item:
        return len(item["S"].encode())
    if "N" in item:
        return (len(item["N"].lstrip("-")) + 1) // 2 + 1
    if "M" in item:
        return 3 + sum(len(name.encode()) + wire_size(value) + 1 for name, value in item["M"].items())
    return 3 + sum(wire_size(value) + 1 for value in item["L"]) if "L" in item else 1


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + wire_size(value) for name, value in item.items())


def twenty_items(sku: str) -> tuple[Item, ...]:
    return tuple(replace(story.APPLES, sku=sku.format(k)) for k in range(20))


def slice_of(items: tuple[Item, ...]) -> Slice:
    return Slice(
        group_id="g0123456789abcdef",
        number=99,
        left={item.sku: 1_000_000 for item in items},
        seats=10**9,
        opens_at=story.OPENS,
        closes_at=story.CLOSES,
        deadline_number=99,
    )


def test_a_slice_of_twenty_items_stays_under_a_kilobyte(store: DynamoStore, raw: Raw) -> None:
    store.commit(Create(slice_of(twenty_items("fruit-2026-{:02d}-1kg"))))
    item = raw("GROUP#g0123456789abcdef#SLICE#099", "SLICE")
    assert item is not None
    assert item_size(item) < 1_024, "one write unit a join, two in a transaction"


def test_an_ordinary_order_stays_under_a_kilobyte_all_its_life(store: DynamoStore, raw: Raw) -> None:
    """Ids as long as real ones, an address and its fee, at its fullest moment."""
    person, order_id = "5f0c2a9e-3b7d-4e61-8a14-9c2d7e5b6f30", "gzqkyd4njcysp9tnr-00q5w60jdwjx9xmcne"
    lines = {"orange-2kg": 2}
    ask = replace(story.receipt("f" * 32), lines=lines)
    joined = orders.joined(
        story.order(
            id=order_id, group_id="gzqkyd4njcysp9tnr", campaign_id="c" * 20, merchant_id=person, buyer_id=person,
            lines=lines, prices=dict.fromkeys(lines, 5_190), amount_minor=10_980, address_id="a" * 20,
            fee_minor=600, zone="Xujiahui",
        ),
        None, "k" * 24, ask,
    )  # fmt: skip
    paying = orders.payment_started(joined, f"{order_id}.p1", story.NOON)
    paid = orders.paid(paying, f"{order_id}.p1", story.NOON, story.NOON)
    store.commit(Create(paid))
    key = key_of(paid)
    item = raw(key.pk, key.sk)
    assert item is not None
    assert item_size(item) < 1_024, "a payment is two rows in a transaction: four units"


@pytest.mark.req("L14")
def test_a_join_is_one_transaction_of_two_rows(store: DynamoStore, hook: Hook) -> None:
    items = twenty_items("fruit-2026-{:02d}-1kg")
    store.commit(Create(slice_of(items)))
    order = story.order(lines={item.sku: 3 for item in items})

    with hook.watched() as seen:
        store.commit(Take("g0123456789abcdef", 99, order.lines, 1, story.NOON), Create(order))

    [(_, operation, arguments)] = [call for call in seen if call[0] == "dynamodb"]
    assert operation == "TransactWriteItems"
    actions = arguments["TransactItems"]
    assert [list(action) for action in actions] == [["Put"], ["Update"]]
    update = actions[1]["Update"]
    assert len(update["UpdateExpression"]) + len(update["ConditionExpression"]) < 4_096
    assert len(json.dumps(arguments).encode()) < 100_000


def test_an_order_at_its_limits_is_far_from_what_a_row_can_hold() -> None:
    receipts = {f"{k:064d}": replace(story.receipt("f" * 24), lines=_lines()) for k in range(20)}
    step = samples.full(Order).steps[0]
    order = story.order(lines=_lines(), prices=_lines(), receipts=receipts, steps=(replace(step, by="x" * 40),) * 40)
    image = to_stored(order, 1).serialize()
    assert item_size(image) < 100_000


def _lines() -> dict[str, int]:
    return {f"{k:02d}" + "团" * 38: 100_000 for k in range(20)}


@every_kind
def test_a_replacement_is_one_write_and_stores_the_next_version(
    store: DynamoStore, hook: Hook, kind: Kind[Any]
) -> None:
    row = samples.full(kind.of)
    store.commit(Create(row))
    hook.calls.clear()
    store.commit(Replace(replace(row, version=1)))
    assert dict(hook.calls) == {("dynamodb", "PutItem"): 1}
    found = store.wakeable(key_of(row))
    assert found is not None and found.version == 2
