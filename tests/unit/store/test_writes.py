"""Every write's named clause: what it refuses, what it leaves as it was, and which row it blames."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.campaign import Stock
from chalicelib.domain.group import Slice
from chalicelib.domain.refusals import Broken, Lost, Unavailable
from chalicelib.domain.upkeep import Allowance
from chalicelib.domain.writes import Create, Remove, Replace, Take, TakeStock, Unchanged, Write
from chalicelib.store.timers import DynamoStore
from tests.bed.aws import Hook
from tests.unit.domain import given as story

from .samples import AWKWARD

OPENS, CLOSES = 1_000, 2_000
SLICE = Slice(
    group_id="g1", number=0, left={"apples": 5, "pears": 2}, seats=3, opens_at=OPENS, closes_at=CLOSES
)  # fmt: skip
STOCK = Stock(campaign_id="c1", left={"apples": 5})


def allowance(buyer: str = "mei", units: int = 1, version: int = 0) -> Allowance:
    return Allowance(campaign_id="c1", buyer_id=buyer, units=units, version=version)


@pytest.fixture(params=["alone", "with another"])
def commit(request: pytest.FixtureRequest, store: DynamoStore) -> Callable[[Write], None]:
    """The same write as one conditional call, and as part of a transaction."""
    if request.param == "alone":
        return store.commit
    return lambda write: store.commit(write, Create(allowance("somebody else")))


# rows


def test_an_echo_of_a_creation_changes_nothing(store: DynamoStore, commit: Callable[[Write], None]) -> None:
    store.commit(Create(allowance()))
    store.commit(Replace(allowance(units=2, version=1)))
    with pytest.raises(Lost):
        commit(Create(allowance()))
    assert store.allowance("c1", "mei") == allowance(units=2, version=2)
    assert store.allowance("c1", "somebody else") is None, "all or nothing"


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_a_decision_taken_on_another_version_is_lost(
    store: DynamoStore, commit: Callable[[Write], None], seen: int
) -> None:
    store.commit(Create(allowance()))
    store.commit(Replace(allowance(units=2, version=1)))
    with pytest.raises(Lost):
        commit(Replace(allowance(units=9, version=seen)))
    with pytest.raises(Lost):
        commit(Remove(allowance(version=seen)))
    assert store.allowance("c1", "mei") == allowance(units=2, version=2)


def test_a_row_that_is_not_there_cannot_be_replaced_or_removed(
    store: DynamoStore, commit: Callable[[Write], None]
) -> None:
    for write in (Replace(allowance(version=1)), Remove(allowance(version=1))):
        with pytest.raises(Lost):
            commit(write)
    assert store.allowance("c1", "mei") is None


def test_at_the_version_seen_a_row_is_replaced_and_removed(store: DynamoStore, commit: Callable[[Write], None]) -> None:
    store.commit(Create(allowance()))
    commit(Replace(allowance(units=2, version=1)))
    assert store.allowance("c1", "mei") == allowance(units=2, version=2)
    store.commit(Remove(allowance(version=2)))
    assert store.allowance("c1", "mei") is None


def test_what_must_stand_still_is_asked_and_not_written(store: DynamoStore) -> None:
    store.commit(Create(allowance()))
    store.commit(Unchanged(allowance(version=1)), Create(allowance("bo")))
    assert store.allowance("c1", "mei") == allowance(version=1)
    with pytest.raises(Lost):
        store.commit(Unchanged(allowance(version=2)), Create(allowance("chen")))
    assert store.allowance("c1", "chen") is None


def test_no_writes_are_no_call_and_too_many_are_a_bug(store: DynamoStore, hook: Hook) -> None:
    store.commit()
    with pytest.raises(Broken):
        store.commit(*(Create(allowance(f"b{k}")) for k in range(26)))
    assert not hook.calls


# a slice


def take(units: dict[str, int] | None = None, seats: int = 0, now: int | None = OPENS) -> Take:
    return Take("g1", 0, units or {}, seats, now)


@pytest.mark.req("P11")
@pytest.mark.req("L3")
@pytest.mark.parametrize(
    ("reason", "wanted", "allowed"),
    [
        ("the last units", take({"apples": 5, "pears": 2}, 3), True),
        ("one unit too many", take({"apples": 6}), False),
        ("one of two items short", take({"apples": 1, "pears": 3}), False),
        ("an item it never had", take({"plums": 1}), False),
        ("one seat too many", take({"apples": 1}, 4), False),
        ("the last seat", take({}, 3), True),
        ("before it opens", take({"apples": 1}, 1, OPENS - 1), False),
        ("as it opens", take({"apples": 1}, 1, OPENS), True),
        ("the last millisecond", take({"apples": 1}, 1, CLOSES - 1), True),
        ("as it closes", take({"apples": 1}, 1, CLOSES), False),
        ("giving back after the close, before the seal", take({"apples": -2}, -1, None), True),
        ("giving back as a buyer, after the close", take({"apples": -2}, -1, CLOSES), False),
        ("more of one, less of another", take({"apples": -1, "pears": 1}), True),
        ("nothing", take({"apples": 0}), True),
    ],
)
def test_a_slice_gives_what_it_has_while_it_is_open(
    store: DynamoStore, commit: Callable[[Write], None], reason: str, wanted: Take, allowed: bool
) -> None:
    store.commit(Create(SLICE))
    if allowed:
        commit(wanted)
        left = {sku: have - wanted.units.get(sku, 0) for sku, have in SLICE.left.items()}
        assert store.slice("g1", 0) == replace(SLICE, left=left, seats=3 - wanted.seats, version=2)
    else:
        with pytest.raises(Lost):
            commit(wanted)
        assert store.slice("g1", 0) == replace(SLICE, version=1), reason


@pytest.mark.parametrize(
    "wanted", [take({"apples": 1}, 1), take({"apples": -1}, -1, None), take({"apples": -1}, -1), take({}, 0, None)]
)
def test_a_sealed_slice_neither_gives_nor_takes(
    store: DynamoStore, commit: Callable[[Write], None], wanted: Take
) -> None:
    store.commit(Create(replace(SLICE, sealed=True)))
    with pytest.raises(Lost):
        commit(wanted)


def test_a_slice_that_is_not_there_is_not_made_by_taking_from_it(store: DynamoStore) -> None:
    for wanted in (take({"apples": 1}), take({}, -1, None)):
        with pytest.raises(Lost):
            store.commit(wanted)
    assert store.slice("g1", 0) is None


def test_counting_moves_the_version_so_that_a_seal_at_a_version_sees_it(store: DynamoStore) -> None:
    store.commit(Create(SLICE))
    store.commit(take({"apples": 1}, 1))
    with pytest.raises(Lost):
        store.commit(Replace(replace(SLICE, sealed=True, version=1)))


def test_items_may_be_named_as_merchants_name_them(store: DynamoStore) -> None:
    store.commit(Create(replace(SLICE, left=dict.fromkeys(AWKWARD, 4))))
    store.commit(take(dict.fromkeys(AWKWARD, 3), 1))
    found = store.slice("g1", 0)
    assert found is not None and found.left == dict.fromkeys(AWKWARD, 1)


# a campaign's stock


@pytest.mark.req("P11")
@pytest.mark.parametrize(("units", "left"), [(5, 0), (6, None), (-7, 12)])
def test_stock_is_given_to_groups_only_once(
    store: DynamoStore, commit: Callable[[Write], None], units: int, left: int | None
) -> None:
    store.commit(Create(STOCK))
    if left is None:
        with pytest.raises(Lost):
            commit(TakeStock("c1", {"apples": units}))
    else:
        commit(TakeStock("c1", {"apples": units}))
    assert store.stock("c1") == (
        replace(STOCK, version=1) if left is None else replace(STOCK, left={"apples": left}, version=2)
    )


def test_stock_returned_to_nowhere_makes_no_campaign(store: DynamoStore) -> None:
    with pytest.raises(Lost):
        store.commit(TakeStock("c1", {"apples": -1}))
    assert store.stock("c1") is None


# who refused


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {3}, {0, 2}, {1, 3}, {0, 1, 2, 3}])
def test_whatever_the_order_of_the_writes_the_right_row_is_blamed(
    store: DynamoStore, order: tuple[int, ...], failing: set[int]
) -> None:
    """The wire has its own order (checks, deletes, puts, updates), and so have the reasons that come back."""
    bo, chen = allowance("bo"), allowance("chen")
    for row in (bo, chen, SLICE):
        store.commit(Create(row))
    wrong = {k: 7 if k in failing else 1 for k in range(4)}
    writes: list[Write] = [
        Unchanged(replace(bo, version=wrong[0])),
        Remove(replace(chen, version=wrong[1])),
        Create(replace(bo, buyer_id="bo" if 2 in failing else "dai")),
        take({"apples": 99 if 3 in failing else 1}),
    ]
    if failing - {0, 1} == failing and 2 in failing:
        writes[0] = Unchanged(replace(chen, version=1))  # one action a row
        writes[1] = Remove(replace(allowance("en"), version=1))
        store.commit(Create(allowance("en")))
    elif 2 in failing:
        store.commit(Create(allowance("fu")))
        writes[2] = Create(allowance("fu"))

    with pytest.raises(Lost) as lost:
        store.commit(*(writes[k] for k in order))

    assert set(lost.value.rows) == {order.index(k) for k in failing}
    if 3 in failing:
        assert lost.value.rows[order.index(3)] == replace(SLICE, version=1), "as it is now"
    if 2 in failing:
        assert isinstance(lost.value.rows[order.index(2)], Allowance)


def test_a_row_that_is_missing_is_blamed_with_nothing_in_its_place(store: DynamoStore) -> None:
    with pytest.raises(Lost) as lost:
        store.commit(Create(allowance("bo")), Replace(allowance("mei", version=4)))
    assert lost.value.rows == {1: None}


# the store's troubles


def refuses_with(code: str, reasons: list[dict[str, Any]] | None = None) -> Any:
    def fault(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        answer: Any = {"Error": {"Code": code, "Message": ""}}
        if reasons is not None:
            answer["CancellationReasons"] = reasons
        raise ClientError(answer, operation)

    return fault


def breaks_with(error: Exception) -> Any:
    def fault(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        raise error

    return fault


TIMED_OUT = botocore.exceptions.ReadTimeoutError(endpoint_url="x")
UNREACHED = botocore.exceptions.EndpointConnectionError(endpoint_url="x")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (refuses_with("TransactionConflictException"), Lost),
        (refuses_with("ProvisionedThroughputExceededException"), Unavailable),
        (refuses_with("ThrottlingException"), Unavailable),
        (refuses_with("InternalServerError"), Unavailable),
        (breaks_with(TIMED_OUT), Unavailable),
        pytest.param(breaks_with(UNREACHED), Unavailable),
    ],
)
def test_the_stores_troubles_are_named_for_what_to_do(
    store: DynamoStore, hook: Hook, commit: Callable[[Write], None], fault: Any, raised: type[Exception]
) -> None:
    hook.fault = fault
    with pytest.raises(raised):
        commit(Create(allowance()))
    with pytest.raises(raised):
        store.allowance("c1", "mei")


@pytest.mark.parametrize(
    ("codes", "raised", "blamed"),
    [
        (["None", "TransactionConflict"], Lost, set()),
        (["ConditionalCheckFailed", "TransactionConflict"], Lost, {0}),
        (["ThrottlingError", "None"], Unavailable, None),
        (["None", "ProvisionedThroughputExceeded"], Unavailable, None),
    ],
)
def test_a_cancelled_transaction_says_whether_to_look_again_or_wait(
    store: DynamoStore, hook: Hook, codes: list[str], raised: type[Exception], blamed: set[int] | None
) -> None:
    hook.fault = refuses_with("TransactionCanceledException", [{"Code": code, "Message": ""} for code in codes])
    with pytest.raises(raised) as caught:
        store.commit(Create(allowance("bo")), Create(allowance("mei")))
    if isinstance(caught.value, Lost):
        assert set(caught.value.rows) == blamed


def test_a_mistake_of_ours_is_not_taken_for_trouble(store: DynamoStore, hook: Hook) -> None:
    """What was sent wrongly would be wrong again: it is not to be retried in silence."""
    hook.fault = refuses_with("ValidationException")
    with pytest.raises(Exception, match="ValidationException") as caught:
        store.commit(Create(allowance()))
    assert not isinstance(caught.value, (Lost, Unavailable))


@pytest.mark.req("P11")
def test_writes_that_name_what_they_saw_are_the_whole_guard(store: DynamoStore) -> None:
    """The last three units and seats, asked for by five: three get them, and two do not."""
    store.commit(Create(replace(SLICE, left={"apples": 3})))
    seated: list[str] = []
    for buyer in ("an", "bo", "chen", "dai", "en"):
        order = story.order(id=f"g1-00{buyer}", buyer_id=buyer, lines={"apples": 1}, version=0)
        if len(seated) < 3:
            store.commit(take({"apples": 1}, 1), Create(order))
            seated.append(buyer)
            continue
        with pytest.raises(Lost) as lost:
            store.commit(take({"apples": 1}, 1), Create(order))
        assert set(lost.value.rows) == {0}, "the slice is short, the order was not there yet"
    assert seated == ["an", "bo", "chen"]
    assert [order.buyer_id for order in store.orders_of_part("g1", 0)] == seated
