"""The use cases whose every outside call is broken once (B1). A new use case is a line in CASES."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.domain import ids
from chalicelib.domain.campaign import Kind, Measure, SettlementTerms, Shortfall, Target
from chalicelib.domain.deposit import DepositKind, DepositTerms
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, Instant
from chalicelib.domain.receipt import GRACE, Receipt
from chalicelib.domain.waybill import WaybillState
from chalicelib.domain.writes import Row
from chalicelib.handlers.wake import looked_at
from chalicelib.services.paying.webhook import webhook
from chalicelib.services.running.follow import follow
from chalicelib.services.running.project import project
from chalicelib.services.running.tick import tick
from chalicelib.services.world import World
from chalicelib.store.rows import from_image
from infra.local.outbox import Message
from infra.local.sandbox_provider import Fault as Manner

from .baton import Task
from .faults import Call, Fault, Planned, Weather
from .history import LONG, SOON, settle, small
from .story import Plan, Story, buyer
from .town import START, VISIBILITY, Town

ONE = {"apples": 1}
NAME = "the case"
SILENT = Weather(record_lost=100, ticks_lost=100)
"""While a scene is set nothing runs by itself: it is worked off by hand up to the row that matters."""


def alone(at_least: int = 1) -> Target:
    return Target(measure=Measure.PARTICIPANTS, at_least=at_least)


class Scene:
    """A town in which a case is about to happen."""

    def __init__(self, town: Town, story: Story) -> None:
        self.town, self.story = town, story
        self.held_back: list[Message] = []

    @property
    def group_id(self) -> str:
        return self.story.groups[0].id

    def order_id(self, number: int) -> str:
        group = self.story.groups[0]
        return ids.order_id(group.id, buyer(number).id, group.parts)

    def version(self, number: int) -> int:
        return self.town.watch.orders[self.group_id][self.order_id(number)].version

    def passes(self, ms: int) -> None:
        until = self.town.now + ms
        self.town.run(lambda: self.town.now >= until and self.town.quiet(), until)

    def joined(self, *numbers: int, lines: dict[str, int] | None = None, method: str | None = "") -> None:
        method = self.story.plan.method if method == "" else method
        for number in numbers:
            self.story.joins(buyer(number), self.group_id, lines or ONE, f"k{number}", method=method)
            self.passes(SECOND)

    def paid(self, *numbers: int, lines: dict[str, int] | None = None) -> None:
        self.joined(*numbers, lines=lines)
        for number in numbers:
            self.story.pays(self.order_id(number))
            self.passes(SECOND)

    def team(self, size: int) -> None:
        self.story.opens_team(buyer(0), size, ONE, "team", method=self.story.plan.method)
        self.passes(SECOND)

    def until(self, moment: Instant) -> None:
        self.passes(max(0, moment - self.town.now))

    def closing(self) -> None:
        self.worked_off()
        self.until(self.story.groups[0].closes_at + 3 * SECOND)

    def due(self, *marks: str) -> list[str]:
        """Bodies of messages for the rows that are due and whose key has one of these marks."""
        keys = [key for key, at in self.town.timers().items() if at <= self.town.now + SECOND]
        wanted = [key for key in keys if not marks or any(mark in "|".join(key) for mark in marks)]
        return [f'{{"pk":"{pk}","sk":"{sk}"}}' for pk, sk in sorted(wanted)]

    def worked_off(self, *but: str) -> None:
        """Everything that is due is looked at, without faults, except rows with these marks."""
        for _ in range(20):
            bodies = [body for body in self.due() if body not in self.due(*but)] if but else self.due()
            if not bodies:
                return
            self.town.start("by hand", "wake", partial(_looked_at_all, bodies))
            self.passes(0)

    def wakes(self, *marks: str) -> None:
        bodies = self.due(*marks)
        assert bodies, f"nothing is due for {marks}"
        self._woken(bodies)

    def _woken(self, bodies: list[str]) -> None:
        def work(world: World, now: Instant) -> list[str]:
            return [body for body in bodies if not looked_at(body)]

        def after(task: Task) -> None:
            again = bodies if task.error is not None else task.answer
            if again:
                self.town.later(VISIBILITY, lambda: self._woken(again))

        self.town.start(NAME, "wake", work, after)

    def reported(self) -> None:
        """The provider's first webhook, as the case; it is sent again until it is taken."""
        hook = self.held_back.pop(0)
        headers, body = self.town.provider.signed(hook)

        def work(world: World, now: Instant) -> None:
            webhook(world, hook.method, headers, body, now=now)

        def after(task: Task) -> None:
            if task.error is not None:
                self.town.provider.put_back(hook)

        self.town.start(NAME, "webhook", work, after)

    def pays_unheard(self, number: int, *, late: bool = False) -> None:
        """The buyer pays; the webhook waits for the case."""
        self.story.pays(self.order_id(number), late=late)
        self.held_back = self.town.provider.take_due()

    def written(self, most: int = 10) -> list[tuple[Row | None, Row | None]]:
        """The rows last written, before and after."""
        changes = self.town.table.stream[-most:]
        return [(from_image(c.old) if c.old else None, from_image(c.new) if c.new else None) for c in changes]

    def follows(self) -> None:
        pairs = self.written()
        self.town.start(NAME, "changes", lambda world, now: follow(world, pairs, now=now, interval_ms=MINUTE))

    def counted(self) -> None:
        """The numbers for show have moved, and want to be counted again."""
        self.worked_off()
        project(self.town.processes[0].world, self.written(1_000), self.town.now)
        self.passes(6 * SECOND)

    def ticks(self) -> None:
        self.town.start(NAME, "tick", lambda world, now: tick(world, now=now))


def _looked_at_all(bodies: list[str], world: World, now: Instant) -> None:
    for body in bodies:
        looked_at(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`set_up` brings the scene to the brink; `act` starts the one task that meets the faults."""

    name: str
    act: Callable[[Scene], None]
    set_up: Callable[[Scene], None] = lambda scene: None
    plan: Plan = field(default_factory=lambda: Plan(target=alone(2)))
    task: str = NAME
    parts: int = 1_000
    shows: str = ""
    """A metric that says that the case did what it is named for."""


BY_EARNEST = Plan(deposit=DepositTerms(kind=DepositKind.EARNEST, share_bp=2_000, balance_ms=HOUR))


def _then(*steps: Callable[[Scene], None]) -> Callable[[Scene], None]:
    def all_of_them(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return all_of_them


def _paid(*numbers: int) -> Callable[[Scene], None]:
    return lambda scene: scene.paid(*numbers)


def _joined(*numbers: int) -> Callable[[Scene], None]:
    return lambda scene: scene.joined(*numbers)


def _unpaid(number: int) -> Callable[[Scene], None]:
    return lambda scene: scene.joined(number, method=None)


def _paid_unheard_in_time(scene: Scene) -> None:
    scene.pays_unheard(2)


def _lapsed(scene: Scene) -> None:
    scene.joined(0)
    scene.worked_off()
    scene.passes(11 * MINUTE)


def _moved(scene: Scene) -> None:
    scene.paid(0)
    scene.worked_off()
    scene.story.moves(scene.group_id, START + 30 * MINUTE)
    scene.passes(SECOND)


def _failed(scene: Scene) -> None:
    scene.paid(0)
    scene.closing()
    scene.worked_off(".failed", "NOTICE")


def _judged(scene: Scene) -> None:
    """The verdict is given, and not carried out."""
    scene.closing()
    scene.wakes("|GROUP")
    scene.passes(0)


def _two_owe(scene: Scene) -> None:
    """Two have joined by a deposit, the group has formed and told them, and both have begun to pay the rest."""
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    for number in (0, 1):
        scene.story.starts(buyer(number), scene.order_id(number))
        scene.passes(SECOND)


def _two_late(scene: Scene) -> None:
    _two_owe(scene)
    scene.worked_off()
    scene.passes(HOUR + MINUTE)


def _called_off(scene: Scene) -> None:
    _two_owe(scene)
    scene.story.calls_off(scene.group_id)
    scene.passes(SECOND)


def _full_team(scene: Scene) -> None:
    scene.team(2)
    scene.story.pays(scene.order_id(0))
    scene.joined(1)
    scene.story.pays(scene.order_id(1))
    scene.passes(SECOND)


def _rejoin(scene: Scene) -> None:
    scene.joined(0)
    scene.story.cancels(buyer(0), scene.order_id(0))
    scene.passes(SECOND)


def _formed(scene: Scene) -> None:
    """One has paid, the group has formed, and only its journey has not been looked at."""
    scene.paid(0)
    scene.closing()
    scene.worked_off("JOURNEY")


def _on_its_way(scene: Scene) -> None:
    _formed(scene)
    scene.worked_off()
    scene.story.handles(scene.group_id, "enter")
    scene.passes(SECOND)


def _late(scene: Scene) -> None:
    _on_its_way(scene)
    scene.worked_off()
    scene.passes(25 * HOUR)


def _troubled(scene: Scene) -> None:
    """One has paid, the group has formed, and an incident of level 3 is open and told."""
    _formed(scene)
    scene.worked_off()
    scene.story.troubled(scene.group_id)
    scene.passes(SECOND)
    scene.worked_off()


def _granted(scene: Scene) -> None:
    _troubled(scene)
    scene.story.compensates(scene.group_id)
    scene.passes(SECOND)


def _unanswered(scene: Scene) -> None:
    """An offer's time is over, and nobody has said anything."""
    _formed(scene)
    scene.worked_off()
    scene.story.offers(scene.group_id, scene.town.now + 2 * HOUR)
    scene.passes(SECOND)
    scene.worked_off()
    scene.passes(2 * HOUR + 3 * SECOND)
    scene.wakes("SUBSTITUTE")
    scene.passes(SECOND)


def _handles(what: str) -> Callable[[Scene], None]:
    return lambda scene: scene.story.handles(scene.group_id, what)


def _planned(scene: Scene) -> None:
    """The group has formed, and its batch is planned and counted."""
    _on_its_way(scene)
    scene.worked_off()
    scene.story.delivers(scene.group_id, "plan")
    scene.passes(SECOND)
    scene.worked_off()


def _arrived(scene: Scene) -> None:
    _planned(scene)
    for state in ("sorted", "in_transit", "ready"):
        scene.story.delivers(scene.group_id, state)
        scene.passes(SECOND)
        scene.worked_off()


def _shipped(scene: Scene) -> None:
    _planned(scene)
    scene.story.delivers(scene.group_id, "ship")
    scene.passes(SECOND)
    scene.worked_off()


def _delivers(what: str) -> Callable[[Scene], None]:
    return lambda scene: scene.story.delivers(scene.group_id, what)


def _hands_over(code: str = "") -> Callable[[Scene], None]:
    return lambda scene: scene.story.hands_over(scene.order_id(0), code=code)


def _reports(state: WaybillState) -> Callable[[Scene], None]:
    return lambda scene: scene.story.reports(scene.group_id, state)


def _reviewed(scene: Scene) -> None:
    scene.paid(0)
    scene.closing()
    scene.worked_off()


def _reviews(approved: bool) -> Callable[[Scene], None]:
    return lambda scene: scene.story.reviews(scene.group_id, approved=approved)


def _asked(scene: Scene) -> None:
    """Two have paid for two apples each, the group has formed, and its supplier has been asked."""
    scene.paid(0, 1, lines={"apples": 2})
    scene.closing()
    scene.worked_off()


def _supplies(what: str) -> Callable[[Scene], None]:
    return lambda scene: scene.story.supplies(scene.group_id, what)


def _acknowledged(scene: Scene) -> None:
    _asked(scene)
    scene.story.supplies(scene.group_id, "acknowledge")
    scene.passes(SECOND)


def _receives(lost: int, number: int = 1) -> Callable[[Scene], None]:
    def receive(scene: Scene) -> None:
        (receipt,) = (row for row in map(from_image, scene.town.table.rows()) if isinstance(row, Receipt))
        scene.story.receives(scene.group_id, receipt.destination, receipt.expected["apples"], lost, number)

    return receive


def _short(scene: Scene) -> None:
    """One of the four apples did not come, and the time for corrections is over."""
    _asked(scene)
    _receives(1)(scene)
    scene.passes(GRACE + SECOND)


def _sharing(scene: Scene) -> None:
    _short(scene)
    scene.wakes("RECEIPT#")
    scene.passes(0)


def _at_the_bank(what: str, number: int = 0) -> Callable[[Scene], None]:
    """Its report waits for the case."""

    def act(scene: Scene) -> None:
        scene.story.bank(scene.order_id(number), what)
        scene.held_back = scene.town.provider.take_due()

    return act


def _refuses_to_take(number: int) -> Callable[[Scene], None]:
    def refuse(scene: Scene) -> None:
        manner = Manner(kind="capture_fails", times=99, match=scene.order_id(number))
        scene.town.provider.faults.append(manner)

    return refuse


def _asked_to_take(scene: Scene) -> None:
    """Two have paid by card, the group has formed, and the money of both is to be taken."""
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off(".capture")


def _grace_over(scene: Scene) -> None:
    """The money of one could not be taken for as long as it was tried."""
    _refuses_to_take(1)(scene)
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    for _ in range(3):
        scene.passes(5 * MINUTE)
        scene.worked_off(*() if scene.town.now < scene.story.groups[0].closes_at + 10 * MINUTE else (".capture",))


def _called(scene: Scene) -> None:
    """There are enough, and the verdict waits for what they hold; of one it has come, the other's grace is over."""
    _refuses_to_take(1)(scene)
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    scene.passes(10 * MINUTE + 5 * SECOND)


def _pays_other_money(scene: Scene) -> None:
    scene.joined(0)
    (payment,) = scene.town.provider.state.payments.values()
    payment.amount_minor += 1
    scene.pays_unheard(0)


def _handed_over(scene: Scene) -> None:
    _arrived(scene)
    _hands_over()(scene)
    scene.passes(6 * HOUR)
    scene.worked_off("SETTLING")


def _after_sales_over(scene: Scene) -> None:
    _handed_over(scene)
    scene.wakes("SETTLING")
    scene.passes(DAY + 6 * HOUR)
    scene.worked_off("SETTLING")


def _owing(scene: Scene) -> None:
    """The group has formed on a deposit, and the payment of its balance has begun."""
    scene.paid(0)
    scene.closing()
    scene.worked_off()
    scene.story.starts(buyer(0), scene.order_id(0))
    scene.passes(SECOND)


def _balance_over(scene: Scene) -> None:
    _owing(scene)
    scene.passes(HOUR)
    scene.worked_off()
    scene.passes(HOUR + MINUTE)


def _balance_at_the_last_moment(scene: Scene) -> None:
    _owing(scene)
    scene.until(scene.town.watch.orders[scene.group_id][scene.order_id(0)].balance_by - 10 * SECOND)
    scene.worked_off()
    scene.pays_unheard(0)
    scene.passes(MINUTE)


def _unreported(scene: Scene) -> None:
    """Late money of which no report ever came, and the morning on which the books are compared."""
    scene.joined(0)
    scene.closing()
    scene.worked_off()
    scene.passes(MINUTE)
    scene.worked_off()
    scene.pays_unheard(0, late=True)
    scene.until(START + DAY + 3 * HOUR)
    scene.worked_off("BOOKS#")


DROP = Plan(target=alone(1))
CARD = Plan(target=alone(1), method="sandbox_card", grace_ms=10 * MINUTE)
CALLED = replace(CARD, target=alone(2), shortfall=Shortfall.FAIL_BELOW_TARGET)
EARNEST = Plan(target=alone(1), deposit=DepositTerms(kind=DepositKind.EARNEST, share_bp=2_000, balance_ms=2 * HOUR))
DOWN = replace(EARNEST, deposit=DepositTerms(kind=DepositKind.DOWN_PAYMENT, share_bp=3_000, balance_ms=2 * HOUR))
SETTLED = Plan(target=alone(1), settlement=SettlementTerms(commission_bp=500, first_bp=7_000, after_sales_ms=DAY))
SHARED = Plan(kind=Kind.COMMUNITY, target=alone(1), limit=3)
TEAM = Plan(kind=Kind.TEAM, team_sizes=(2,))
SUPPLIED = Plan(target=alone(1), supplier="orchard")
REVIEWED = Plan(target=alone(1), review_ms=10 * MINUTE)
MANY = Plan(target=alone(2), stock=(9,), slices=3)

CASES = (
    Case(name="join", act=_joined(1), task="join buyer-001", set_up=_joined(0)),
    Case(name="join the last seat", act=_joined(1), task="join buyer-001", set_up=_joined(0), plan=Plan(seats=2)),
    Case(
        name="join by gathering",
        act=lambda scene: scene.joined(1, lines={"apples": 5}),
        task="join buyer-001",
        plan=MANY,
    ),
    Case(name="join under a limit over groups", act=_joined(1), task="join buyer-001", plan=SHARED),
    Case(
        name="join again",
        act=lambda scene: scene.story.joins(buyer(0), scene.group_id, ONE, "another", method="sandbox"),
        task="join buyer-000 another",
        set_up=_rejoin,
    ),
    Case(name="open a team", act=lambda scene: scene.team(2), task="team buyer-000", plan=TEAM),
    Case(
        name="start a payment",
        act=lambda scene: scene.story.starts(buyer(0), scene.order_id(0)),
        task="start buyer-000",
        set_up=lambda scene: scene.joined(0, method=None),
    ),
    Case(
        name="payment reported",
        shows="orders_paid",
        act=Scene.reported,
        set_up=_then(_joined(0), lambda scene: scene.pays_unheard(0)),
        plan=DROP,
    ),
    Case(
        name="late money seated again",
        shows="late_money_seated",
        act=Scene.reported,
        set_up=_then(_lapsed, Scene.worked_off, lambda scene: scene.pays_unheard(0, late=True)),
        plan=DROP,
    ),
    Case(
        name="late money refunded",
        shows="late_money_refunded",
        act=Scene.reported,
        set_up=_then(_joined(0), Scene.closing, Scene.worked_off, lambda scene: scene.pays_unheard(0, late=True)),
        plan=DROP,
    ),
    Case(
        name="change",
        act=lambda scene: scene.story.changes(buyer(0), scene.order_id(0), {"apples": 3}, scene.version(0)),
        task="change buyer-000",
        set_up=lambda scene: scene.joined(0, method=None),
    ),
    Case(
        name="change by gathering",
        act=lambda scene: scene.story.changes(buyer(0), scene.order_id(0), {"apples": 5}, scene.version(0)),
        task="change buyer-000",
        set_up=lambda scene: scene.joined(0, method=None),
        plan=MANY,
    ),
    Case(
        name="cancel what is held",
        act=lambda scene: scene.story.cancels(buyer(0), scene.order_id(0), scene.version(0)),
        task="cancel buyer-000",
        set_up=_joined(0),
        plan=SHARED,
    ),
    Case(
        name="cancel what is paid",
        act=lambda scene: scene.story.cancels(buyer(0), scene.order_id(0)),
        task="cancel buyer-000",
        set_up=_paid(0, 1),
    ),
    Case(
        name="move the deadline",
        act=lambda scene: scene.story.moves(scene.group_id, START + 30 * MINUTE),
        task="move merchant",
        set_up=_paid(0),
        plan=replace(MANY, target=alone(1)),
    ),
    Case(
        name="split",
        shows="slices_split",
        act=lambda scene: scene.story.splits(scene.group_id, 0),
        task="split merchant",
        set_up=_paid(0),
    ),
    Case(name="tell", act=lambda scene: scene.wakes("ORDER#"), set_up=_joined(0)),
    Case(name="expire", shows="orders_expired", act=lambda scene: scene.wakes("ORDER#"), set_up=_lapsed),
    Case(
        name="close and fail",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0), _unpaid(2), Scene.closing),
        shows="groups_failed",
    ),
    Case(
        name="close and form, price down",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), _unpaid(2), Scene.closing),
        plan=DROP,
        shows="groups_formed",
    ),
    Case(
        name="carry a failure out",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), _judged),
        plan=Plan(target=alone(3)),
    ),
    Case(
        name="carry a better price out",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), _judged),
        plan=DROP,
    ),
    Case(
        name="close while a payment is under way",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0), _joined(2), Scene.closing, lambda scene: scene.pays_unheard(2, late=True)),
        plan=DROP,
    ),
    Case(
        name="close and find a payment that nobody reported",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0), _joined(2), _paid_unheard_in_time, Scene.closing, lambda scene: scene.passes(MINUTE)),
        plan=DROP,
        shows="orders_paid",
    ),
    Case(
        name="close slices",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), Scene.closing),
        plan=MANY,
    ),
    Case(
        name="close in parts",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), Scene.closing),
        plan=Plan(target=alone(2), stock=(2, 2)),
        parts=1,
    ),
    Case(name="a journey begins", act=lambda scene: scene.wakes("JOURNEY"), set_up=_formed, plan=DROP),
    Case(
        name="take up a stage",
        act=_handles("enter"),
        task="enter merchant",
        set_up=_then(_formed, Scene.worked_off),
        plan=DROP,
    ),
    Case(name="finish a stage", act=_handles("finish"), task="finish merchant", set_up=_on_its_way, plan=DROP),
    Case(
        name="take the money back",
        act=lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
        task="take-back buyer-000",
        set_up=_troubled,
        plan=DROP,
        shows="orders_self_refunded",
    ),
    Case(
        name="grant what an incident is worth",
        act=lambda scene: scene.wakes("INCIDENT"),
        set_up=_granted,
        plan=DROP,
        shows="coupons_granted",
    ),
    Case(
        name="an offer lapses",
        act=lambda scene: scene.wakes("SUBSTITUTE"),
        set_up=_unanswered,
        plan=DROP,
        shows="substitutes_lapsed",
    ),
    Case(name="escalate", act=lambda scene: scene.wakes("JOURNEY"), set_up=_late, plan=DROP),
    Case(
        name="plan the batches",
        act=_delivers("plan"),
        task="plan merchant",
        set_up=_then(_on_its_way, Scene.worked_off),
        plan=DROP,
    ),
    Case(name="move a batch", act=_delivers("sorted"), task="sorted merchant", set_up=_planned, plan=DROP),
    Case(name="hand goods over", act=_hands_over(), task="hand over merchant", set_up=_arrived, plan=DROP),
    Case(
        name="a carrier reports",
        act=_reports(WaybillState.DELIVERED),
        task="report carrier",
        set_up=_shipped,
        plan=DROP,
    ),
    Case(
        name="ask for a review",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0), Scene.closing),
        plan=REVIEWED,
    ),
    Case(
        name="approve",
        act=_reviews(True),
        task="review merchant",
        set_up=_reviewed,
        plan=REVIEWED,
        shows="groups_formed",
    ),
    Case(
        name="reject",
        act=_reviews(False),
        task="review merchant",
        set_up=_reviewed,
        plan=REVIEWED,
        shows="groups_failed",
    ),
    Case(
        name="a hold is reported",
        act=Scene.reported,
        set_up=_then(_joined(0), lambda scene: scene.pays_unheard(0)),
        plan=CARD,
        shows="orders_paid",
    ),
    Case(
        name="close on holds",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_then(_paid(0, 1), Scene.closing),
        plan=CARD,
    ),
    Case(
        name="take what is held",
        act=lambda scene: scene.wakes(".capture"),
        set_up=_asked_to_take,
        plan=CARD,
        shows="captures_succeeded",
    ),
    Case(
        name="give up what cannot be taken",
        act=lambda scene: scene.wakes(".capture"),
        set_up=_grace_over,
        plan=CARD,
        shows="orders_lapsed",
    ),
    Case(
        name="the verdict on the money that came",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_called,
        plan=CALLED,
        shows="groups_failed",
    ),
    Case(
        name="let holds go",
        act=lambda scene: scene.wakes(".void"),
        set_up=_then(_paid(0), Scene.closing, lambda scene: scene.worked_off(".void")),
        plan=replace(CARD, target=alone(2)),
        shows="voids_succeeded",
    ),
    Case(
        name="a hold is lost",
        act=Scene.reported,
        set_up=_then(_paid(0, 1), _at_the_bank("void")),
        plan=CARD,
    ),
    Case(
        name="a hold is taken by hand",
        act=Scene.reported,
        set_up=_then(_paid(0, 1), _at_the_bank("capture")),
        plan=CARD,
    ),
    Case(name="a bank takes money back", act=Scene.reported, set_up=_then(_paid(0), _at_the_bank("dispute"))),
    Case(name="other money than was asked for", act=Scene.reported, set_up=_pays_other_money),
    Case(
        name="let money out at hand-over",
        act=lambda scene: scene.wakes("SETTLING"),
        set_up=_handed_over,
        plan=SETTLED,
        shows="orders_settled",
    ),
    Case(
        name="let the rest out",
        act=lambda scene: scene.wakes("SETTLING"),
        set_up=_after_sales_over,
        plan=SETTLED,
        shows="orders_settled",
    ),
    Case(
        name="a balance is reported",
        act=Scene.reported,
        set_up=_then(_owing, lambda scene: scene.pays_unheard(0)),
        plan=EARNEST,
        shows="balances_paid",
    ),
    Case(
        name="default on a balance",
        act=lambda scene: scene.wakes("ORDER#"),
        set_up=_balance_over,
        plan=DOWN,
        shows="balances_defaulted",
    ),
    Case(
        name="forfeit an earnest",
        act=lambda scene: scene.wakes("ORDER#"),
        set_up=_balance_over,
        plan=EARNEST,
        shows="balances_defaulted",
    ),
    Case(
        name="the books find what nobody reported",
        act=lambda scene: scene.wakes("sandbox|NEXT"),
        set_up=_unreported,
        shows="books_differences",
    ),
    Case(name="close a full team", act=lambda scene: scene.wakes("ORDER#"), set_up=_full_team, plan=TEAM),
    Case(
        name="count what is needed, and ask for it",
        act=lambda scene: scene.wakes("DEMAND"),
        set_up=_then(_paid(0, 1), Scene.closing, lambda scene: scene.worked_off("DEMAND")),
        plan=SUPPLIED,
        shows="purchases_issued",
    ),
    Case(
        name="tell a supplier",
        act=lambda scene: scene.wakes("PO#"),
        plan=SUPPLIED,
        set_up=_then(_paid(0, 1), Scene.closing, lambda scene: scene.worked_off("PO#")),
    ),
    Case(
        name="a supplier answers",
        act=_supplies("acknowledge"),
        task="acknowledge orchard",
        set_up=_asked,
        plan=SUPPLIED,
    ),
    Case(name="a supplier promises", act=_supplies("promise"), task="promise orchard", set_up=_asked, plan=SUPPLIED),
    Case(name="a supplier ships", act=_supplies("ship"), task="ship orchard", set_up=_acknowledged, plan=SUPPLIED),
    Case(
        name="silence is escalated",
        act=lambda scene: scene.wakes("PO#"),
        set_up=_then(_asked, lambda scene: scene.passes(25 * HOUR)),
        plan=SUPPLIED,
    ),
    Case(
        name="receive",
        act=_receives(1),
        task="receive merchant 1",
        set_up=_asked,
        plan=SUPPLIED,
        shows="receipts_entered",
    ),
    Case(name="begin to share", act=lambda scene: scene.wakes("RECEIPT#"), set_up=_short, plan=SUPPLIED),
    Case(
        name="share a shortage out",
        act=lambda scene: scene.wakes("RECEIPT#"),
        set_up=_sharing,
        plan=SUPPLIED,
        shows="orders_short",
    ),
    Case(name="refund", act=lambda scene: scene.wakes(".failed"), set_up=_failed),
    Case(
        name="call a group off",
        act=lambda scene: scene.story.calls_off(scene.group_id),
        task="call off merchant ",
        set_up=_two_owe,
        plan=BY_EARNEST,
        shows="groups_called_off",
    ),
    Case(
        name="give back what a merchant called off",
        act=lambda scene: scene.wakes("|GROUP"),
        set_up=_called_off,
        plan=BY_EARNEST,
    ),
    Case(
        name="send notices",
        act=lambda scene: scene.wakes("NOTICE#"),
        set_up=_then(_joined(0), lambda scene: scene.worked_off("NOTICE#")),
    ),
    Case(name="announce", act=lambda scene: scene.wakes("TELL#"), set_up=_moved),
    Case(name="recount", act=lambda scene: scene.wakes("TALLY"), set_up=_then(_paid(0), Scene.counted)),
    Case(name="follow", act=Scene.follows, set_up=_paid(0)),
    Case(name="tick", act=Scene.ticks, set_up=_paid(0)),
)
"""Every one of them ends with a close, the verdict carried out, and all promises checked."""


def broken_at(case: Case, at: int, fault: Fault | None, rest: int = LONG) -> tuple[list[Call], list[str]]:
    """One fault at the `at`-th outside call of the case, then redelivery and rest: the calls seen, what was broken."""
    planned = Planned(case.task, at, fault)
    with small(case.parts), Town.made(0, SILENT, processes=3, draw=lambda call: None) as town:
        scene = Scene(town, Story(town, case.plan, town.rng).opened())
        case.set_up(scene)
        town.draw, before = planned, town.counts.get(case.shows, 0)
        case.act(scene)
        town.run(lambda: bool(planned.done or not (town.tasks or town.waiting)))
        missed = at == 0 and case.shows and town.counts.get(case.shows, 0) == before
        town.weather = Weather()
        town.run(lambda: scene.story.over())
        return planned.seen, [f"{case.shows} does not show"] if missed else settle(town, scene.story, rest)


def points(case: Case, faults: tuple[Fault, ...]) -> list[tuple[int, Fault]]:
    """To crash after a read is to crash before the next call, so that is not tried twice."""
    seen, broken = broken_at(case, 0, None)
    assert seen and not broken, (case.name, len(seen), broken)
    return [
        (at, fault)
        for at, call in enumerate(seen, 1)
        for fault in faults
        if fault in call.possible and not (call.reads and fault is Fault.CRASH_AFTER and at < len(seen))
    ]


def sweep(case: Case, faults: tuple[Fault, ...], every: int = 1) -> tuple[int, list[str]]:
    """How many points were tried (one of `every` so many), and which broke a promise.

    Without a fault a case is watched for days; with one, past the next morning's comparison of the books: in what comes
    after it, news of late stages, no crash has a part.
    """
    tried, told = points(case, faults)[::every], []
    for at, fault in tried:
        _, broken = broken_at(case, at, fault, SOON)
        told += [f"{case.name}, call {at}, {fault.value}: {what}" for what in broken]
    return len(tried), told


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Several acts at once, in an order that the seed chooses call by call."""

    name: str
    acts: tuple[Callable[[Scene], None], ...]
    set_up: Callable[[Scene], None] = lambda scene: None
    plan: Plan = field(default_factory=lambda: Plan(target=alone(2)))
    parts: int = 1_000
    seeds: int = 6


def _cancels(number: int) -> Callable[[Scene], None]:
    return lambda scene: scene.story.cancels(buyer(number), scene.order_id(number))


def _joins(number: int, key: str = "k") -> Callable[[Scene], None]:
    return lambda scene: scene.story.joins(
        buyer(number), scene.group_id, ONE, f"{key}{number}", method=scene.story.plan.method
    )


def _moves(minutes: int) -> Callable[[Scene], None]:
    return lambda scene: scene.story.moves(scene.group_id, START + minutes * MINUTE)


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
        set_up=_full_team,
        acts=(lambda scene: scene.wakes("ORDER#"), _cancels(1)),
        plan=TEAM,
    ),
    Race(name="two for the last seat", set_up=_joined(0), acts=(_joins(1), _joins(2)), plan=Plan(seats=2)),
    Race(name="one request twice", acts=(_joins(1), _joins(1), _joins(1, "other"))),
    Race(
        name="a payment is reported while its order is cancelled",
        set_up=_then(_joined(0), lambda scene: scene.pays_unheard(0)),
        acts=(Scene.reported, _cancels(0)),
    ),
    Race(
        name="a payment is reported while its order lapses",
        set_up=_then(_lapsed, lambda scene: scene.pays_unheard(0, late=True)),
        acts=(Scene.reported, lambda scene: scene.wakes("ORDER#")),
    ),
    Race(
        name="three close one group",
        set_up=_then(_paid(0), _unpaid(1), Scene.closing),
        acts=(lambda scene: scene.wakes("|GROUP"),) * 3,
        plan=MANY,
    ),
    Race(
        name="two deadlines and a split",
        set_up=_paid(0),
        acts=(_moves(25), _moves(35), lambda scene: scene.story.splits(scene.group_id, 0)),
        plan=MANY,
    ),
    Race(
        name="three carry one failure out",
        set_up=_then(_paid(0, 1), _judged),
        acts=(lambda scene: scene.wakes("|GROUP"),) * 3,
        plan=Plan(target=alone(3)),
    ),
    Race(
        name="a group is called off while a balance is defaulted on",
        set_up=_then(_two_late, lambda scene: scene.pays_unheard(1, late=True)),
        acts=(
            lambda scene: scene.story.calls_off(scene.group_id),
            lambda scene: scene.wakes("ORDER#"),
            Scene.reported,
        ),
        plan=BY_EARNEST,
    ),
    Race(name="two refund one payment", set_up=_failed, acts=(lambda scene: scene.wakes(".failed"),) * 2),
    Race(
        name="an owner finishes while it escalates, and another hand too",
        set_up=_late,
        acts=(lambda scene: scene.wakes("JOURNEY"), _handles("finish"), _handles("update")),
        plan=DROP,
    ),
    Race(
        name="two hands move one batch, and its carrier reports",
        set_up=_shipped,
        acts=(_delivers("sorted"), _delivers("sorted"), _reports(WaybillState.DELIVERED)),
        plan=DROP,
    ),
    Race(
        name="reports out of order, again and at once",
        set_up=_shipped,
        acts=(_reports(WaybillState.DELIVERED), _reports(WaybillState.PICKED_UP), _reports(WaybillState.DELIVERED)),
        plan=DROP,
    ),
    Race(
        name="the right code twice and a wrong one",
        set_up=_arrived,
        acts=(_hands_over(), _hands_over(), _hands_over("wrong")),
        plan=DROP,
    ),
    Race(
        name="a yes, a no and the end of the time",
        set_up=_then(_reviewed, lambda scene: scene.passes(11 * MINUTE)),
        acts=(_reviews(True), _reviews(False), lambda scene: scene.wakes("|GROUP")),
        plan=REVIEWED,
    ),
    Race(
        name="a supplier answers while silence is escalated",
        set_up=_then(_asked, lambda scene: scene.passes(25 * HOUR)),
        acts=(lambda scene: scene.wakes("PO#"), _supplies("acknowledge"), _supplies("promise")),
        plan=SUPPLIED,
    ),
    Race(
        name="two share one shortage, and more is missing",
        set_up=_short,
        acts=(lambda scene: scene.wakes("RECEIPT#"), lambda scene: scene.wakes("RECEIPT#"), _receives(2, 2)),
        plan=SUPPLIED,
    ),
    Race(
        name="money is taken while its grace ends",
        set_up=_then(_called, lambda scene: scene.town.provider.faults.clear()),
        acts=(lambda scene: scene.wakes("|GROUP"), lambda scene: scene.wakes(".capture")),
        plan=CALLED,
    ),
    Race(
        name="two take one hold, and its report comes",
        set_up=_asked_to_take,
        acts=(lambda scene: scene.wakes(".capture"), lambda scene: scene.wakes(".capture"), _at_the_bank("capture")),
        plan=CARD,
    ),
    Race(
        name="a hold is lost while its order is cancelled",
        set_up=_then(_paid(0, 1), _at_the_bank("void")),
        acts=(Scene.reported, _cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a hold is taken by hand while its order is cancelled",
        set_up=_then(_paid(0, 1), _at_the_bank("capture")),
        acts=(Scene.reported, _cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a hold is taken by hand while its group fails",
        set_up=_then(_paid(0), Scene.closing, _at_the_bank("capture")),
        acts=(Scene.reported, lambda scene: scene.wakes("|GROUP")),
        plan=replace(CARD, target=alone(2)),
    ),
    Race(
        name="a hold is lost while its group closes",
        set_up=_then(_paid(0, 1), Scene.closing, _at_the_bank("void")),
        acts=(Scene.reported, lambda scene: scene.wakes("|GROUP")),
        plan=CARD,
    ),
    Race(
        name="two holds of one order",
        set_up=_then(_joined(0), lambda scene: scene.pays_unheard(0)),
        acts=(Scene.reported, lambda scene: scene.wakes("ORDER#"), _cancels(0)),
        plan=CARD,
    ),
    Race(
        name="a bank takes back what is refunded",
        set_up=_then(_failed, _at_the_bank("dispute")),
        acts=(Scene.reported, lambda scene: scene.wakes(".failed")),
    ),
    Race(
        name="two let money out, and a bank takes it back",
        set_up=_then(_after_sales_over, _at_the_bank("dispute")),
        acts=(lambda scene: scene.wakes("SETTLING"), lambda scene: scene.wakes("SETTLING"), Scene.reported),
        plan=SETTLED,
    ),
    Race(
        name="a balance is reported while its time ends",
        set_up=_balance_at_the_last_moment,
        acts=(Scene.reported, lambda scene: scene.wakes("ORDER#"), lambda scene: scene.wakes("ORDER#")),
        plan=EARNEST,
    ),
    Race(
        name="the books are compared twice, and the report comes",
        set_up=_unreported,
        acts=(lambda scene: scene.wakes("sandbox|NEXT"), lambda scene: scene.wakes("sandbox|NEXT"), Scene.reported),
    ),
    Race(
        name="a buyer takes money back, twice, while the goods leave",
        set_up=_troubled,
        acts=(
            lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
            lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
            _delivers("sorted"),
        ),
        plan=DROP,
    ),
    Race(name="two cancel, one changes", set_up=_paid(0), acts=(_cancels(0), _cancels(0), _joins(0, "again"))),
)
"""RACES[0] is also the control of the seal at a version."""

DEADLINES = Race(
    name="three deadlines, over three slices", set_up=_paid(0), acts=(_moves(25), _moves(35), _moves(30)), plan=MANY
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
