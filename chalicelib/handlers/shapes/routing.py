"""The routing table over the wire: warehouses, carriers, rules; loads by day; and sending a zone another way."""

from typing import Annotated, Self

import msgspec
from msgspec import Meta

from ...domain import routing as domain
from ...domain.batch import Temperature
from ...services.delivering.routes import Forecast
from .words import END, Id, Input, Line, Moment, Output, Title, shown, shown_or_none

Daily = Annotated[int, Meta(ge=0, le=1_000_000, description="orders a day; 0 is unlimited")]
Hours = Annotated[int, Meta(ge=0, le=720)]
Keep = Annotated[str, Meta(max_length=10, pattern=rf"^(\*|ambient|chilled|frozen){END}")]
Ids = Annotated[tuple[Id, ...], Meta(max_length=50)]


class WarehouseInput(Input):
    """`capacity` by temperature class; a class left out is unlimited. `sorters` are people with that role."""

    id: Id
    name: Title
    capacity: Annotated[dict[Temperature, Daily], Meta(max_length=3)] = msgspec.field(default_factory=dict)
    fallback: Id | None = None
    sorters: Ids = ()

    def to_domain(self) -> domain.Warehouse:
        return domain.Warehouse(
            id=self.id,
            name=self.name,
            capacity={keep.value: orders for keep, orders in self.capacity.items()},
            fallback=self.fallback or "",
            sorters=tuple(self.sorters),
        )


class CarrierInput(Input):
    """`id` is the carrier's gateway, where it has one."""

    id: Id
    name: Title
    capacity: Daily = 0
    fallback: Id | None = None
    people: Ids = ()

    def to_domain(self) -> domain.Haulier:
        return domain.Haulier(
            id=self.id,
            name=self.name,
            capacity=self.capacity,
            fallback=self.fallback or "",
            people=tuple(self.people),
        )


class RuleInput(Input):
    """`*` matches every zone, or every temperature class."""

    warehouse: Id
    carrier: Id
    zone: Annotated[str, Meta(min_length=1, max_length=200)] = "*"
    keep: Keep = "*"
    priority: Annotated[int, Meta(ge=0, le=1_000)] = 0
    sort_hours: Hours = 12
    least_hours: Hours = 4
    most_hours: Hours = 24

    def to_domain(self) -> domain.Rule:
        return domain.Rule(
            zone=self.zone,
            keep=self.keep,
            warehouse=self.warehouse,
            carrier=self.carrier,
            priority=self.priority,
            sort_hours=self.sort_hours,
            least_hours=self.least_hours,
            most_hours=self.most_hours,
        )


class RoutesInput(Input):
    """The whole table, on top of the version that was read (0: there was none)."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    warehouses: Annotated[tuple[WarehouseInput, ...], Meta(max_length=100)] = ()
    carriers: Annotated[tuple[CarrierInput, ...], Meta(max_length=50)] = ()
    rules: Annotated[tuple[RuleInput, ...], Meta(max_length=500)] = ()

    def to_domain(self) -> domain.Routes:
        return domain.Routes(
            merchant_id="",
            warehouses=tuple(one.to_domain() for one in self.warehouses),
            carriers=tuple(one.to_domain() for one in self.carriers),
            rules=tuple(one.to_domain() for one in self.rules),
        )


class WarehouseShown(Output):
    id: str
    name: str
    capacity: dict[str, int]
    fallback: str
    sorters: list[str]


class CarrierShown(Output):
    id: str
    name: str
    capacity: int
    fallback: str
    people: list[str]


class RuleShown(Output):
    zone: str
    keep: str
    warehouse: str
    carrier: str
    priority: int
    sort_hours: int
    least_hours: int
    most_hours: int


class DiversionShown(Output):
    zone: str
    warehouse: str
    to: str
    until: Moment


class RoutesShown(Output):
    version: int
    warehouses: list[WarehouseShown]
    carriers: list[CarrierShown]
    rules: list[RuleShown]
    diversions: list[DiversionShown]

    @classmethod
    def of(cls, table: domain.Routes) -> Self:
        return cls(
            version=table.version,
            warehouses=[
                WarehouseShown(
                    id=one.id,
                    name=one.name,
                    capacity=dict(one.capacity),
                    fallback=one.fallback,
                    sorters=list(one.sorters),
                )
                for one in table.warehouses
            ],
            carriers=[
                CarrierShown(
                    id=one.id, name=one.name, capacity=one.capacity, fallback=one.fallback, people=list(one.people)
                )
                for one in table.carriers
            ],
            rules=[
                RuleShown(
                    zone=one.zone,
                    keep=one.keep,
                    warehouse=one.warehouse,
                    carrier=one.carrier,
                    priority=one.priority,
                    sort_hours=one.sort_hours,
                    least_hours=one.least_hours,
                    most_hours=one.most_hours,
                )
                for one in table.rules
            ],
            diversions=[
                DiversionShown(zone=one.zone, warehouse=one.warehouse, to=one.to, until=shown(one.until))
                for one in table.diversions
            ],
        )


class RerouteBody(Input):
    """For `hours` what is planned anew for that warehouse goes the other way, too."""

    zone: Line
    warehouse: Id
    to: Id
    hours: Annotated[int, Meta(ge=0, le=720)] = 72


class RerouteShown(Output):
    """`moved` counts the batches so far; `done_at` says that all have been looked at."""

    key: str
    zone: str
    warehouse: str
    to: str
    at: Moment
    moved: int
    done_at: Moment | None

    @classmethod
    def of(cls, one: domain.Reroute) -> Self:
        return cls(
            key=one.key,
            zone=one.zone,
            warehouse=one.warehouse,
            to=one.to,
            at=shown(one.at),
            moved=one.moved,
            done_at=shown_or_none(one.done_at),
        )


class DaysQuery(Input):
    days: Annotated[int, Meta(ge=1, le=60)] = 7


class LoadShown(Output):
    """What one place has to take on one day; where it is over, its fallback is offered with what that has left."""

    day: str
    place: str
    orders: int
    capacity: int
    over: bool
    fallback: str
    fallback_free: int | None

    @classmethod
    def of(cls, one: Forecast) -> Self:
        return cls(
            day=one.load.day,
            place=one.load.place,
            orders=one.load.orders,
            capacity=one.load.capacity,
            over=one.over,
            fallback=one.fallback,
            fallback_free=one.fallback_free,
        )


class Loads(Output):
    items: list[LoadShown]
