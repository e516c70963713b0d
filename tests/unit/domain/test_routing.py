"""The routing table: deterministic, the most particular rule of the highest priority, and loads by local day."""

from dataclasses import replace

import pytest

from chalicelib.domain import routing
from chalicelib.domain.batch import Batch, BatchState, Temperature
from chalicelib.domain.instants import DAY, HOUR
from chalicelib.domain.refusals import Refused
from chalicelib.domain.routing import Diversion, Haulier, Load, Reroute, Routes, Rule, Warehouse

from .given import NOON

HOUSES = (
    Warehouse(id="a", name="A 仓", capacity={"chilled": 10}, fallback="b", sorters=("anna",)),
    Warehouse(id="b", name="B 仓", capacity={}, sorters=("bert",)),
)
CARRIERS = (Haulier(id="sf", name="顺丰", capacity=20, fallback="jd", people=("dora",)), Haulier(id="jd", name="京东"))


def rule(zone: str = "*", keep: str = "*", warehouse: str = "a", carrier: str = "sf", priority: int = 0) -> Rule:
    return Rule(zone=zone, keep=keep, warehouse=warehouse, carrier=carrier, priority=priority)


def table(*rules: Rule) -> Routes:
    return Routes(merchant_id="m1", warehouses=HOUSES, carriers=CARRIERS, rules=rules)


def batch(**over: object) -> Batch:
    made = Batch(
        group_id="g1", destination="point.gate", name="南门", campaign_id="c1", merchant_id="m1", zone="浦东",
        keep=Temperature.CHILLED, created_at=NOON, crew=("leader:lee",), orders=6, counted=True,
    )  # fmt: skip
    return replace(made, **over)  # type: ignore[arg-type]


@pytest.mark.req("O9")
@pytest.mark.parametrize(
    ("rules", "warehouse", "carrier"),
    [
        ([rule(), rule("浦东", "chilled", "b")], "b", "sf"),
        ([rule("浦东"), rule("*", "chilled", "b")], "a", "sf"),
        ([rule("浦东", "chilled"), rule(warehouse="b", priority=1)], "b", "sf"),
        ([rule(warehouse="b"), rule(warehouse="a")], "a", "sf"),
        ([rule(carrier="sf"), rule(carrier="jd")], "a", "jd"),
        ([rule("徐汇"), rule("浦东", "frozen")], "", ""),
    ],
)
def test_the_same_batch_always_goes_the_same_way(rules: list[Rule], warehouse: str, carrier: str) -> None:
    for order in (rules, rules[::-1]):
        found = routing.routed(batch(), table(*order), NOON)
        assert (found.warehouse_id, found.carrier) == (warehouse, carrier)


@pytest.mark.req("O9")
def test_the_people_of_the_way_may_serve_the_batch_and_those_of_another_no_longer() -> None:
    way = table(rule())
    first = routing.routed(batch(), way, NOON)
    assert first.crew == ("leader:lee", "sorter:anna", "carrier:dora")
    assert routing.sent_elsewhere(first, way, "b", NOON).crew == ("leader:lee", "sorter:bert", "carrier:dora")


@pytest.mark.req("S7")
def test_only_what_is_not_shipped_of_that_zone_and_warehouse_goes_elsewhere_with_a_new_time() -> None:
    command = Reroute(merchant_id="m1", key="k", zone="浦东", warehouse="a", to="b", at=NOON)
    mine = batch(warehouse_id="a")
    assert routing.to_be_moved(mine, command)
    for other in (
        replace(mine, zone="徐汇"),
        replace(mine, warehouse_id="b"),
        replace(mine, state=BatchState.IN_TRANSIT),
        replace(mine, state=BatchState.HANDED_OVER),
    ):
        assert not routing.to_be_moved(other, command)
    new = routing.sent_elsewhere(mine, table(rule()), "b", NOON)
    assert new.promises[-1].why == "rerouted" and new.promises[-1].earliest == NOON + 4 * HOUR
    assert new.owed == (f"batch_promise@{NOON}",) and new.due_at == NOON


@pytest.mark.req("S7")
def test_a_diversion_stands_for_its_time_and_the_latest_counts() -> None:
    way = replace(
        table(rule()),
        diversions=(
            Diversion(zone="浦东", warehouse="a", to="a", until=NOON + DAY),
            Diversion(zone="浦东", warehouse="a", to="b", until=NOON + HOUR),
        ),
    )
    assert routing.routed(batch(), way, NOON).warehouse_id == "b"
    assert routing.routed(batch(), way, NOON + HOUR).warehouse_id == "a"
    assert routing.routed(batch(zone="徐汇"), way, NOON).warehouse_id == "a"


@pytest.mark.req("S25")
def test_a_load_is_over_beyond_its_capacity_and_never_where_there_is_none() -> None:
    way = table(rule())
    chilled = Load(merchant_id="m1", day="2026-11-22", place="warehouse.a.chilled")
    assert not routing.overloaded(routing.loaded(chilled, way, 10))
    assert routing.overloaded(routing.loaded(chilled, way, 11))
    assert not routing.overloaded(routing.loaded(replace(chilled, place="warehouse.a.frozen"), way, 999))
    assert routing.fallback_of(way, "warehouse.a.chilled") == "b"
    assert (routing.capacity_of(way, "carrier.sf"), routing.fallback_of(way, "carrier.sf")) == (20, "jd")
    routed = routing.routed(batch(), way, NOON)
    assert routing.places_of(routed) == ("warehouse.a.chilled", "carrier.sf")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (rule(warehouse="x"), "unknown_warehouse"),
        (rule(carrier="x"), "unknown_carrier"),
    ],
)
def test_a_table_that_names_what_is_not_in_it_is_refused(wrong: Rule, code: str) -> None:
    with pytest.raises(Refused, match=code):
        routing.check(table(wrong))
    for houses, said in (
        ((HOUSES[0],), "unknown_warehouse"),
        ((HOUSES[0], HOUSES[0], HOUSES[1]), "repeated_id"),
        ((replace(HOUSES[1], fallback="b"), HOUSES[0]), "unknown_warehouse"),
    ):
        with pytest.raises(Refused, match=said):
            routing.check(replace(table(), warehouses=houses))
    routing.check(table(rule()))
