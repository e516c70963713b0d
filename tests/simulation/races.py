"""Several acts at once, in an order that the seed chooses call by call. A new race is a line in RACES."""

from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.domain.instants import HOUR, MINUTE
from chalicelib.domain.waybill import WaybillState
from infra.local.sandbox_provider import Fault as Manner

from . import steps
from .cases import BY_EARNEST, CALLED, CARD, DROP, EARNEST, MANY, REVIEWED, SETTLED, SUPPLIED, TEAM
from .faults import Weather
from .history import settle, small
from .scene import SILENT, Scene, Step, alone
from .story import Plan, Story, buyer
from .town import Town


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Several acts at once, in an order that the seed chooses call by call."""

    name: str
    acts: tuple[Step, ...]
    set_up: Step = lambda scene: None
    plan: Plan = field(default_factory=lambda: Plan(target=alone(2)))
    parts: int = 1_000
    seeds: int = 6


def _silent_provider(hours: int, scene: Scene) -> None:
    """It pays back, never says so, forgets its keys after a day and loses its webhooks: B5."""
    scene.paid(0)
    faults = scene.town.provider.faults
    faults += [
        Manner(kind="silent_after", on="refunds", times=200),
        Manner(kind="webhook_lost", on="refund", times=200),
    ]
    scene.closing()
    scene.worked_off()
    scene.town.weather = Weather()
    scene.passes(hours * HOUR)
    faults.clear()


RACES = (
    Race(
        name="a full team closes while a member cancels",
        set_up=steps.full_team,
        acts=(steps.wakes("ORDER#"), steps.cancels(1)),
        plan=TEAM,
    ),
    Race(
        name="two for the last seat", set_up=steps.joined(0), acts=(steps.joins(1), steps.joins(2)), plan=Plan(seats=2)
    ),
    Race(name="one request twice", acts=(steps.joins(1), steps.joins(1), steps.joins(1, "other"))),
    Race(
        name="a payment is reported while its order is cancelled",
        set_up=steps.then(steps.joined(0), steps.unheard(0)),
        acts=(Scene.reported, steps.cancels(0)),
    ),
    Race(
        name="a payment is reported while its order lapses",
        set_up=steps.then(steps.lapsed, steps.unheard(0, late=True)),
        acts=(Scene.reported, steps.wakes("ORDER#")),
    ),
    Race(
        name="three close one group",
        set_up=steps.then(steps.paid(0), steps.unpaid(1), Scene.closing),
        acts=(steps.wakes("|GROUP"),) * 3,
        plan=MANY,
    ),
    Race(
        name="two deadlines and a split",
        set_up=steps.paid(0),
        acts=(steps.moves(25), steps.moves(35), lambda scene: scene.story.splits(scene.group_id, 0)),
        plan=MANY,
    ),
    Race(
        name="three carry one failure out",
        set_up=steps.then(steps.paid(0, 1), steps.judged),
        acts=(steps.wakes("|GROUP"),) * 3,
        plan=Plan(target=alone(3)),
    ),
    Race(
        name="a group is called off while a balance is defaulted on",
        set_up=steps.then(steps.two_late, steps.unheard(1, late=True)),
        acts=(
            lambda scene: scene.story.calls_off(scene.group_id),
            steps.wakes("ORDER#"),
            Scene.reported,
        ),
        plan=BY_EARNEST,
    ),
    Race(name="two refund one payment", set_up=steps.failed, acts=(steps.wakes(".failed"),) * 2),
    Race(
        name="an owner finishes while it escalates, and another hand too",
        set_up=steps.late,
        acts=(steps.wakes("JOURNEY"), steps.handles("finish"), steps.handles("update")),
        plan=DROP,
    ),
    Race(
        name="two hands move one batch, and its carrier reports",
        set_up=steps.shipped,
        acts=(steps.delivers("sorted"), steps.delivers("sorted"), steps.reports(WaybillState.DELIVERED)),
        plan=DROP,
    ),
    Race(
        name="reports out of order, again and at once",
        set_up=steps.shipped,
        acts=(
            steps.reports(WaybillState.DELIVERED),
            steps.reports(WaybillState.PICKED_UP),
            steps.reports(WaybillState.DELIVERED),
        ),
        plan=DROP,
    ),
    Race(
        name="the right code twice and a wrong one",
        set_up=steps.arrived,
        acts=(steps.hands_over(), steps.hands_over(), steps.hands_over("wrong")),
        plan=DROP,
    ),
    Race(
        name="a yes, a no and the end of the time",
        set_up=steps.then(steps.reviewed, steps.passes(11 * MINUTE)),
        acts=(steps.reviews(True), steps.reviews(False), steps.wakes("|GROUP")),
        plan=REVIEWED,
    ),
    Race(
        name="a supplier answers while silence is escalated",
        set_up=steps.then(steps.asked, steps.passes(25 * HOUR)),
        acts=(steps.wakes("PO#"), steps.supplies("acknowledge"), steps.supplies("promise")),
        plan=SUPPLIED,
    ),
    Race(
        name="two share one shortage, and more is missing",
        set_up=steps.short,
        acts=(steps.wakes("RECEIPT#"), steps.wakes("RECEIPT#"), steps.receives(2, 2)),
        plan=SUPPLIED,
    ),
    Race(
        name="money is taken while its grace ends",
        set_up=steps.then(steps.called, lambda scene: scene.town.provider.faults.clear()),
        acts=(steps.wakes("|GROUP"), steps.wakes(".capture")),
        plan=CALLED,
    ),
    Race(
        name="two take one hold, and its report comes",
        set_up=steps.asked_to_take,
        acts=(steps.wakes(".capture"), steps.wakes(".capture"), steps.at_the_bank("capture")),
        plan=CARD,
    ),
    Race(
        name="a hold is lost while its order is cancelled",
        set_up=steps.then(steps.paid(0, 1), steps.at_the_bank("void")),
        acts=(Scene.reported, steps.cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a hold is taken by hand while its order is cancelled",
        set_up=steps.then(steps.paid(0, 1), steps.at_the_bank("capture")),
        acts=(Scene.reported, steps.cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a hold is taken by hand while its group fails",
        set_up=steps.then(steps.paid(0), Scene.closing, steps.at_the_bank("capture")),
        acts=(Scene.reported, steps.wakes("|GROUP")),
        plan=replace(CARD, target=alone(2)),
    ),
    Race(
        name="a hold is lost while its group closes",
        set_up=steps.then(steps.paid(0, 1), Scene.closing, steps.at_the_bank("void")),
        acts=(Scene.reported, steps.wakes("|GROUP")),
        plan=CARD,
    ),
    Race(
        name="two holds of one order",
        set_up=steps.then(steps.joined(0), steps.unheard(0)),
        acts=(Scene.reported, steps.wakes("ORDER#"), steps.cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a bank takes back what is refunded",
        set_up=steps.then(steps.failed, steps.at_the_bank("dispute")),
        acts=(Scene.reported, steps.wakes(".failed")),
    ),
    Race(
        name="two let money out, and a bank takes it back",
        set_up=steps.then(steps.after_sales_over, steps.at_the_bank("dispute")),
        acts=(steps.wakes("SETTLING"), steps.wakes("SETTLING"), Scene.reported),
        plan=SETTLED,
    ),
    Race(
        name="a balance is reported while its time ends",
        set_up=steps.balance_at_the_last_moment,
        acts=(Scene.reported, steps.wakes("ORDER#"), steps.wakes("ORDER#")),
        plan=EARNEST,
    ),
    Race(
        name="the books are compared twice, and the report comes",
        set_up=steps.unreported,
        acts=(steps.wakes("sandbox|NEXT"), steps.wakes("sandbox|NEXT"), Scene.reported),
    ),
    Race(
        name="a buyer takes money back, twice, while the goods leave",
        set_up=steps.troubled,
        acts=(
            lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
            lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
            steps.delivers("sorted"),
        ),
        plan=DROP,
    ),
    Race(
        name="two cancel, one changes",
        set_up=steps.paid(0),
        acts=(steps.cancels(0), steps.cancels(0), steps.joins(0, "again")),
    ),
)
"""RACES[0] is also the control of the seal at a version."""

DEADLINES = Race(
    name="three deadlines, over three slices",
    set_up=steps.paid(0),
    acts=(steps.moves(25), steps.moves(35), steps.moves(30)),
    plan=MANY,
)


def silent_for(hours: int) -> Race:
    return Race(name=f"a refund, its provider silent for {hours} h", set_up=partial(_silent_provider, hours), acts=())


FORGOTTEN = silent_for(25)
"""A refund that the provider made and forgot."""


def run(race: Race, seed: int) -> list[str]:
    """The race under one seed, then rest."""
    with small(race.parts), Town.made(seed, SILENT, processes=4, draw=lambda call: None) as town:
        scene = Scene(town, Story(town, race.plan, town.rng).opened())
        race.set_up(scene)
        for act in race.acts:
            act(scene)
        town.run(lambda: not (town.tasks or town.waiting))
        town.weather = Weather()
        town.run(lambda: scene.story.over())
        return settle(town, scene.story)
