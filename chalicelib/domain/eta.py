"""When the goods are expected, as a range: from what was promised, else from the limits of what still lies ahead (S2).

Where nothing is promised, a stage takes at least half its limit and at most all of it. What is late already pushes
everything behind it.
"""

from .campaign import Campaign
from .instants import Instant, moment
from .journey import EtaMark, Journey, current, due_of, marked, owing
from .plan import DELIVERY

PROMISED = "promised"
"""Why a mark was made: a promise, rather than a stage that began, ended or ran late."""

Range = tuple[Instant, Instant]


def target(journey: Journey) -> int:
    """The stage at whose end the goods are with their buyers: delivery, or the last there is."""
    names = [stage.name for stage in journey.stages]
    return names.index(DELIVERY) if DELIVERY in names else len(names) - 1


def expected(journey: Journey, terms: Campaign, now: Instant) -> Range:
    """(earliest, latest). Once the goods are there, the moment at which they were."""
    last = target(journey)
    arrived = journey.stages[last].finished_at
    if arrived is not None:
        return arrived, arrived
    begin = current(journey)
    assert begin is not None
    soonest = latest = now
    for number in range(begin, last + 1):
        soonest, latest = _end_of(journey, terms, number, soonest, latest, now)
    return soonest, latest


def _end_of(journey: Journey, terms: Campaign, number: int, soonest: Instant, latest: Instant, now: Instant) -> Range:
    stage = journey.stages[number]
    if stage.promises:
        promise = stage.promises[-1]
        return max(soonest, promise.earliest), max(latest, promise.latest)
    if stage.since is not None and stage.due_at is not None:
        return max(now, stage.since + (stage.due_at - stage.since) // 2), max(now, stage.due_at)
    first = due_of(terms, terms.plan[number], soonest, journey.participants)
    return soonest + (first - soonest) // 2, due_of(terms, terms.plan[number], latest, journey.participants)


def noted(journey: Journey, terms: Campaign, now: Instant, why: str) -> Journey:
    """The journey with what is expected now in its history, where that has changed. Everybody hears of a promise that
    moves the goods to a later day, and of no smaller change."""
    earliest, latest = expected(journey, terms, now)
    new = marked(journey, EtaMark(earliest=earliest, latest=latest, at=now, why=why))
    before = journey.etas[-1].latest if journey.etas else latest
    if why != PROMISED or moment(latest, terms.zone).date() <= moment(before, terms.zone).date():
        return new
    return owing(new, f"eta@{now}", "eta_moved", "", journey.stages[target(journey)].name, now)
