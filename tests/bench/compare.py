"""Four ways to take a seat, on one model and as bare calls: what each costs, how fast it is, what a crash leaves.

    transaction   slice and order in one transaction: what we do
    intent        one write of the slice that carries who joins; the order and the tidying-up are writes of their own
    lease         a worker takes fifty seats at a time for itself, and each order is one write
    seat rows     a row per seat, taken by a conditional write; which one is free is found by trying

On the model more buyers come than there are seats, and workers die; a lease of a dead worker would come back after a
minute. `outside.py` sends the same calls to dynoxide.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from .hot import OWN_MS, Request
from .house import TABLE, House
from .virtual import Died, Limits, Model, Runner

SEATS, BUYERS, RATE, WORKERS, SLICES = 12_000, 14_000, 10_000, 220, 400
LEASED, MOST_TRIES, TIDY = 50, 40, 10


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    rate: float
    p99_ms: float
    calls: float
    write_units: float
    conflict_rate: float
    sold: int
    false_full: int
    unfinished: int


@dataclass
class Mind:
    """What one worker remembers."""

    slice: int
    leased: int = 0
    untidy: list[tuple[int, str]] = field(default_factory=list)


class Full(Exception):
    """The worker found no seat."""


@dataclass(frozen=True)
class Doors:
    """The store that a shop stands before: a call by its name; what all slices have left; a row; a rest, in ms."""

    call: Callable[[str, dict[str, Any]], Any]
    left: Callable[[], list[int]]
    row: Callable[[str, str], dict[str, Any] | None]
    rest: Callable[[float], None]
    draw: Callable[[], float]


class Shop:
    def __init__(self, doors: Doors, slices: int = SLICES) -> None:
        self.doors, self.slices = doors, slices

    def mind(self) -> Mind:
        return Mind(self.any_slice())

    def any_slice(self) -> int:
        return int(self.doors.draw() * self.slices)

    def call(self, operation: str, **arguments: Any) -> Any:
        return self.doors.call(operation, {"TableName": TABLE, **arguments})

    def order(self, buyer: str) -> dict[str, Any]:
        return {"pk": {"S": f"O#{buyer}"}, "sk": {"S": "ORDER"}, "body": {"S": "x" * 700}}

    def counted(self, number: int, units: int, more: str = "", **values: Any) -> dict[str, Any]:
        return {
            "Key": {"pk": {"S": f"S#{number}"}, "sk": {"S": "SLICE"}},
            "UpdateExpression": f"SET #l = #l - :n{more}",
            "ConditionExpression": "#l >= :n",
            "ExpressionAttributeNames": {"#l": "left", **values.pop("names", {})},
            "ExpressionAttributeValues": {":n": {"N": str(units)}, **values},
        }

    def next_with(self, mind: Mind, units: int = 1) -> None:
        """Another slice that has something, found by looking at all of them; Full when none has."""
        found = [k for k, left in enumerate(self.doors.left()) if left >= units]
        if not found:
            raise Full
        mind.slice = found[int(self.doors.draw() * len(found))]

    # ------------------------------------------------------------- the ways

    def transaction(self, mind: Mind, buyer: str) -> None:
        while True:
            take = {"TableName": TABLE, **self.counted(mind.slice, 1)}
            put = {"TableName": TABLE, "Item": self.order(buyer), "ConditionExpression": "attribute_not_exists(pk)"}
            try:
                self.doors.call("TransactWriteItems", {"TransactItems": [{"Update": take}, {"Put": put}]})
                return
            except ClientError as error:
                reasons = [one["Code"] for one in error.response["CancellationReasons"]]
            if reasons[1] == "ConditionalCheckFailed":
                return
            if reasons[0] == "ConditionalCheckFailed":
                self.next_with(mind)
            else:
                mind.slice = self.any_slice()
                self.doors.rest(8 * (0.5 + self.doors.draw()))

    def intent(self, mind: Mind, buyer: str) -> None:
        while not self._marked(mind, buyer):
            self.next_with(mind)
        try:
            self.call("PutItem", Item=self.order(buyer), ConditionExpression="attribute_not_exists(pk)")
        except ClientError:
            return
        mind.untidy.append((mind.slice, buyer))
        if len(mind.untidy) >= TIDY:
            number = mind.untidy[0][0]
            mine = [who for where, who in mind.untidy if where == number]
            mind.untidy = [one for one in mind.untidy if one[0] != number]
            names = {f"#b{k}": f"i{who}" for k, who in enumerate(mine)}
            key = {"pk": {"S": f"S#{number}"}, "sk": {"S": "SLICE"}}
            remove = "REMOVE " + ", ".join(names)
            self.call("UpdateItem", Key=key, UpdateExpression=remove, ExpressionAttributeNames=names)

    def _marked(self, mind: Mind, buyer: str) -> bool:
        asked = self.counted(mind.slice, 1, ", #b = :b", names={"#b": f"i{buyer}"}, **{":b": {"N": "1"}})
        asked["ConditionExpression"] += " AND attribute_not_exists(#b)"
        try:
            self.call("UpdateItem", **asked)
            return True
        except ClientError:
            row = self.doors.row(f"S#{mind.slice}", "SLICE") or {}
            return f"i{buyer}" in row

    def lease(self, mind: Mind, buyer: str) -> None:
        while mind.leased == 0:
            row = self.doors.row(f"S#{mind.slice}", "SLICE")
            units = min(LEASED, max(1, int(row["left"]["N"]) if row else 0))
            try:
                self.call("UpdateItem", **self.counted(mind.slice, units))
                mind.leased = units
            except ClientError:
                self.next_with(mind)
        try:
            self.call("PutItem", Item=self.order(buyer), ConditionExpression="attribute_not_exists(pk)")
            mind.leased -= 1
        except ClientError:
            return

    def seat_rows(self, mind: Mind, buyer: str) -> None:
        for _ in range(MOST_TRIES):
            seat = int(self.doors.draw() * SEATS)
            item = {"pk": {"S": f"SEAT#{seat}"}, "sk": {"S": "ORDER"}, "who": {"S": buyer}, "body": {"S": "x" * 700}}
            try:
                self.call("PutItem", Item=item, ConditionExpression="attribute_not_exists(pk)")
                return
            except ClientError:
                continue
        raise Full


def slices_of(count: int) -> list[dict[str, Any]]:
    """Their rows at the beginning, with all seats among them."""
    left = {"N": str(SEATS // count)}
    return [{"pk": {"S": f"S#{number}"}, "sk": {"S": "SLICE"}, "left": left} for number in range(count)]


def left_in(house: House) -> list[int]:
    rows = (house.table.row((f"S#{number}", "SLICE")) for number in range(SLICES))
    return [int(row["left"]["N"]) if row else 0 for row in rows]


def in_the_model(house: House, model: Model) -> Doors:
    def looked() -> list[int]:
        found = left_in(house)
        for _ in range(-(-SLICES // 100)):
            model.clock.sleep(4)
        return found

    return Doors(
        call=model.call,
        left=looked,
        row=lambda pk, sk: house.table.row((pk, sk)),
        rest=model.clock.sleep,
        draw=model.dice.random,
    )


def play(name: str, seed: int = 1) -> Way:  # noqa: C901
    with House.built(seed) as house:
        model = Model(house, Limits(crash=0.0005), seed)
        shop = Shop(in_the_model(house, model))
        act: Callable[[Mind, str], None] = getattr(shop, name)
        for row in slices_of(SLICES):
            house.table.write((row["pk"]["S"], row["sk"]["S"]), row)
        waiting: deque[Request] = deque()
        idle: list[Runner] = []
        told: Counter[str] = Counter()
        waits: list[tuple[float, float]] = []
        clock = model.clock

        def sold() -> int:
            return sum(1 for pk in house.table.partitions if pk.startswith(("O#", "SEAT#")))

        def send(request: Request) -> None:
            waiting.append(request)
            if idle:
                clock.at(clock.now, idle.pop(int(model.dice.random() * len(idle))))

        def arrive(number: int) -> None:
            send(Request(number, "", clock.now))
            if number + 1 < BUYERS:
                clock.at(clock.now + model.dice.expovariate(RATE) * 1000, lambda: arrive(number + 1))

        def work() -> None:
            mind, me = shop.mind(), clock.me()
            while True:
                while not waiting:
                    idle.append(me)
                    clock.hand_over()
                request = waiting.popleft()
                try:
                    clock.sleep(OWN_MS)
                    act(mind, f"{request.number:06d}")
                    told["joined"] += 1
                    waits.append((clock.now, clock.now - request.came))
                except Full:
                    told["full"] += 1
                    told["false"] += sold() < SEATS
                except Died:
                    mind = shop.mind()
                    clock.at(clock.now + 100, lambda again=request: send(again))  # type: ignore[misc]
                    clock.sleep(200)

        for _ in range(WORKERS):
            idle.append(clock.runner(work))
        clock.at(0, lambda: arrive(0))
        clock.at(6_000, clock.end)
        clock.run()
        joined = told["joined"]
        ordered = sorted(wait for _, wait in waits)
        left = sum(left_in(house)) if name != "seat_rows" else SEATS - sold()
        return Way(
            name=name.replace("_", " "),
            rate=joined / max(at for at, _ in waits) * 1000,
            p99_ms=ordered[int(len(ordered) * 0.99)],
            calls=sum(model.meter.calls.values()) / joined,
            write_units=model.meter.writes["table"] / joined,
            conflict_rate=model.seen.conflicts / max(1, model.seen.transactions),
            sold=sold(),
            false_full=told["false"],
            unfinished=SEATS - sold() - (left if name != "seat_rows" else 0),
        )


NAMES = ("transaction", "intent", "lease", "seat_rows")


def ways() -> list[Way]:
    return [play(name) for name in NAMES]


if __name__ == "__main__":
    for one in sys.argv[1:] or NAMES:
        print(play(one))
