"""Two faults in one use case: the second meets the work of whoever took over from the first.

`python -m tests.prove.double --pairs 600` draws pairs of outside calls and faults over all cases of the simulation,
from a seed, so that the same number gives the same pairs.
"""

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.cases import CASES, Case
from tests.simulation.faults import SWEPT, Call, Fault, Planned, Weather
from tests.simulation.history import settle, small
from tests.simulation.scene import SILENT, Scene
from tests.simulation.story import Story
from tests.simulation.town import Town

FURTHEST = 12
"""How many outside calls the second fault may come after the first."""


@dataclass
class Twice:
    """One fault at the `at`-th call of a case's task, a second one `further` calls later, whoever makes them."""

    task: str
    at: int
    first: Fault
    further: int
    second: Fault
    seen: int = 0
    struck: int = 0

    def __call__(self, call: Call) -> Fault | None:
        if not self.struck:
            if not call.task.startswith(self.task):
                return None
            self.seen += 1
            if self.seen < self.at:
                return None
            self.struck, self.seen = 1, 0
            return self.first if self.first in call.possible else None
        if self.struck == 1:
            self.seen += 1
            if self.seen >= self.further and self.second in call.possible:
                self.struck = 2
                return self.second
        return None


def broken_by(name: str, number: int) -> list[str]:
    """What the `number`-th pair of a case breaks."""
    case = next(one for one in CASES if one.name == name)
    rng = random.Random(f"{name} {number}")
    at = rng.randint(1, max(1, calls_of(case)))
    twice = Twice(case.task, at, rng.choice(SWEPT), rng.randint(1, FURTHEST), rng.choice(SWEPT))
    with small(case.parts), Town.made(0, SILENT, processes=3, draw=lambda call: None) as town:
        scene = Scene(town, Story(town, case.plan, town.rng).opened())
        case.set_up(scene)
        town.draw = twice
        case.act(scene)
        town.run(lambda: bool(twice.struck == 2 or not (town.tasks or town.waiting)))
        town.weather = Weather()
        town.run(lambda: scene.story.over())
        told = settle(town, scene.story)
    where = f"{name}: {twice.first.value} at call {at}, then {twice.second.value} {twice.further} calls later"
    return [f"{where}: {what}" for what in told]


_calls: dict[str, int] = {}


def calls_of(case: Case) -> int:
    """How many outside calls the case makes when nothing goes wrong."""
    if case.name not in _calls:
        planned = Planned(case.task, 0, None)
        with small(case.parts), Town.made(0, SILENT, processes=3, draw=lambda call: None) as town:
            scene = Scene(town, Story(town, case.plan, town.rng).opened())
            case.set_up(scene)
            town.draw = planned
            case.act(scene)
            town.run(lambda: not (town.tasks or town.waiting))
        _calls[case.name] = len(planned.seen)
    return _calls[case.name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    names = [CASES[number % len(CASES)].name for number in range(asked.pairs)]
    numbers = [number // len(CASES) for number in range(asked.pairs)]
    broken = 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        for told in pool.map(broken_by, names, numbers, chunksize=4):
            broken += bool(told)
            if told:
                print(told[0], flush=True)
    print(f"{asked.pairs} pairs of faults, {broken} broke a promise, over {len(CASES)} use cases")
    return broken > 0


if __name__ == "__main__":
    sys.exit(main())
