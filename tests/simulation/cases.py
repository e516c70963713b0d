"""The use cases whose every outside call is broken once (B1). A new use case is a line in CASES."""

from dataclasses import dataclass, field, replace

from chalicelib.domain.campaign import Kind, SettlementTerms, Shortfall
from chalicelib.domain.deposit import DepositKind, DepositTerms
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.waybill import WaybillState

from . import steps
from .faults import Call, Fault, Planned, Weather
from .history import LONG, SOON, settle, small
from .scene import NAME, ONE, SILENT, Scene, Step, alone
from .story import Plan, Story, buyer
from .town import START, Town


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`set_up` brings the scene to the brink; `act` starts the one task that meets the faults."""

    name: str
    act: Step
    set_up: Step = lambda scene: None
    plan: Plan = field(default_factory=lambda: Plan(target=alone(2)))
    task: str = NAME
    parts: int = 1_000
    shows: str = ""
    """A metric that says that the case did what it is named for."""


BY_EARNEST = Plan(deposit=DepositTerms(kind=DepositKind.EARNEST, share_bp=2_000, balance_ms=HOUR))


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
    Case(name="join", act=steps.joined(1), task="join buyer-001", set_up=steps.joined(0)),
    Case(
        name="join the last seat",
        act=steps.joined(1),
        task="join buyer-001",
        set_up=steps.joined(0),
        plan=Plan(seats=2),
    ),
    Case(
        name="join by gathering",
        act=lambda scene: scene.joined(1, lines={"apples": 5}),
        task="join buyer-001",
        plan=MANY,
    ),
    Case(name="join under a limit over groups", act=steps.joined(1), task="join buyer-001", plan=SHARED),
    Case(
        name="join again",
        act=lambda scene: scene.story.joins(buyer(0), scene.group_id, ONE, "another", method="sandbox"),
        task="join buyer-000 another",
        set_up=steps.rejoin,
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
        set_up=steps.then(steps.joined(0), steps.unheard(0)),
        plan=DROP,
    ),
    Case(
        name="late money seated again",
        shows="late_money_seated",
        act=Scene.reported,
        set_up=steps.then(steps.lapsed, Scene.worked_off, steps.unheard(0, late=True)),
        plan=DROP,
    ),
    Case(
        name="late money refunded",
        shows="late_money_refunded",
        act=Scene.reported,
        set_up=steps.then(steps.joined(0), Scene.closing, Scene.worked_off, steps.unheard(0, late=True)),
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
        set_up=steps.joined(0),
        plan=SHARED,
    ),
    Case(
        name="cancel what is paid",
        act=lambda scene: scene.story.cancels(buyer(0), scene.order_id(0)),
        task="cancel buyer-000",
        set_up=steps.paid(0, 1),
    ),
    Case(
        name="move the deadline",
        act=lambda scene: scene.story.moves(scene.group_id, START + 30 * MINUTE),
        task="move merchant",
        set_up=steps.paid(0),
        plan=replace(MANY, target=alone(1)),
    ),
    Case(
        name="split",
        shows="slices_split",
        act=lambda scene: scene.story.splits(scene.group_id, 0),
        task="split merchant",
        set_up=steps.paid(0),
    ),
    Case(name="tell", act=steps.wakes("ORDER#"), set_up=steps.joined(0)),
    Case(name="expire", shows="orders_expired", act=steps.wakes("ORDER#"), set_up=steps.lapsed),
    Case(
        name="close and fail",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0), steps.unpaid(2), Scene.closing),
        shows="groups_failed",
    ),
    Case(
        name="close and form, price down",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), steps.unpaid(2), Scene.closing),
        plan=DROP,
        shows="groups_formed",
    ),
    Case(
        name="carry a failure out",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), steps.judged),
        plan=Plan(target=alone(3)),
    ),
    Case(
        name="carry a better price out",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), steps.judged),
        plan=DROP,
    ),
    Case(
        name="close while a payment is under way",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0), steps.joined(2), Scene.closing, steps.unheard(2, late=True)),
        plan=DROP,
    ),
    Case(
        name="close and find a payment that nobody reported",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0), steps.joined(2), steps.unheard(2), Scene.closing, steps.passes(MINUTE)),
        plan=DROP,
        shows="orders_paid",
    ),
    Case(
        name="close slices",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), Scene.closing),
        plan=MANY,
    ),
    Case(
        name="close in parts",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), Scene.closing),
        plan=Plan(target=alone(2), stock=(2, 2)),
        parts=1,
    ),
    Case(name="a journey begins", act=steps.wakes("JOURNEY"), set_up=steps.formed, plan=DROP),
    Case(
        name="take up a stage",
        act=steps.handles("enter"),
        task="enter merchant",
        set_up=steps.then(steps.formed, Scene.worked_off),
        plan=DROP,
    ),
    Case(
        name="finish a stage", act=steps.handles("finish"), task="finish merchant", set_up=steps.on_its_way, plan=DROP
    ),
    Case(
        name="take the money back",
        act=lambda scene: scene.story.takes_back(buyer(0), scene.order_id(0)),
        task="take-back buyer-000",
        set_up=steps.troubled,
        plan=DROP,
        shows="orders_self_refunded",
    ),
    Case(
        name="grant what an incident is worth",
        act=steps.wakes("INCIDENT"),
        set_up=steps.granted,
        plan=DROP,
        shows="coupons_granted",
    ),
    Case(
        name="an offer lapses",
        act=steps.wakes("SUBSTITUTE"),
        set_up=steps.unanswered,
        plan=DROP,
        shows="substitutes_lapsed",
    ),
    Case(name="escalate", act=steps.wakes("JOURNEY"), set_up=steps.late, plan=DROP),
    Case(
        name="plan the batches",
        act=steps.delivers("plan"),
        task="plan merchant",
        set_up=steps.then(steps.on_its_way, Scene.worked_off),
        plan=DROP,
    ),
    Case(name="move a batch", act=steps.delivers("sorted"), task="sorted merchant", set_up=steps.planned, plan=DROP),
    Case(name="hand goods over", act=steps.hands_over(), task="hand over merchant", set_up=steps.arrived, plan=DROP),
    Case(
        name="a carrier reports",
        act=steps.reports(WaybillState.DELIVERED),
        task="report carrier",
        set_up=steps.shipped,
        plan=DROP,
    ),
    Case(
        name="ask for a review",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0), Scene.closing),
        plan=REVIEWED,
    ),
    Case(
        name="approve",
        act=steps.reviews(True),
        task="review merchant",
        set_up=steps.reviewed,
        plan=REVIEWED,
        shows="groups_formed",
    ),
    Case(
        name="reject",
        act=steps.reviews(False),
        task="review merchant",
        set_up=steps.reviewed,
        plan=REVIEWED,
        shows="groups_failed",
    ),
    Case(
        name="a hold is reported",
        act=Scene.reported,
        set_up=steps.then(steps.joined(0), steps.unheard(0)),
        plan=CARD,
        shows="orders_paid",
    ),
    Case(
        name="close on holds",
        act=steps.wakes("|GROUP"),
        set_up=steps.then(steps.paid(0, 1), Scene.closing),
        plan=CARD,
    ),
    Case(
        name="take what is held",
        act=steps.wakes(".capture"),
        set_up=steps.asked_to_take,
        plan=CARD,
        shows="captures_succeeded",
    ),
    Case(
        name="give up what cannot be taken",
        act=steps.wakes(".capture"),
        set_up=steps.grace_over,
        plan=CARD,
        shows="orders_lapsed",
    ),
    Case(
        name="the verdict on the money that came",
        act=steps.wakes("|GROUP"),
        set_up=steps.called,
        plan=CALLED,
        shows="groups_failed",
    ),
    Case(
        name="let holds go",
        act=steps.wakes(".void"),
        set_up=steps.then(steps.paid(0), Scene.closing, steps.worked_off(".void")),
        plan=replace(CARD, target=alone(2)),
        shows="voids_succeeded",
    ),
    Case(
        name="a hold is lost",
        act=Scene.reported,
        set_up=steps.then(steps.paid(0, 1), steps.at_the_bank("void")),
        plan=CARD,
    ),
    Case(
        name="a hold is taken by hand",
        act=Scene.reported,
        set_up=steps.then(steps.paid(0, 1), steps.at_the_bank("capture")),
        plan=CARD,
    ),
    Case(
        name="a bank takes money back",
        act=Scene.reported,
        set_up=steps.then(steps.paid(0), steps.at_the_bank("dispute")),
    ),
    Case(name="other money than was asked for", act=Scene.reported, set_up=steps.pays_other_money),
    Case(
        name="let money out at hand-over",
        act=steps.wakes("SETTLING"),
        set_up=steps.handed_over,
        plan=SETTLED,
        shows="orders_settled",
    ),
    Case(
        name="let the rest out",
        act=steps.wakes("SETTLING"),
        set_up=steps.after_sales_over,
        plan=SETTLED,
        shows="orders_settled",
    ),
    Case(
        name="a balance is reported",
        act=Scene.reported,
        set_up=steps.then(steps.owing, steps.unheard(0)),
        plan=EARNEST,
        shows="balances_paid",
    ),
    Case(
        name="default on a balance",
        act=steps.wakes("ORDER#"),
        set_up=steps.balance_over,
        plan=DOWN,
        shows="balances_defaulted",
    ),
    Case(
        name="forfeit an earnest",
        act=steps.wakes("ORDER#"),
        set_up=steps.balance_over,
        plan=EARNEST,
        shows="balances_defaulted",
    ),
    Case(
        name="the books find what nobody reported",
        act=steps.wakes("sandbox|NEXT"),
        set_up=steps.unreported,
        shows="books_differences",
    ),
    Case(name="close a full team", act=steps.wakes("ORDER#"), set_up=steps.full_team, plan=TEAM),
    Case(
        name="count what is needed, and ask for it",
        act=steps.wakes("DEMAND"),
        set_up=steps.then(steps.paid(0, 1), Scene.closing, steps.worked_off("DEMAND")),
        plan=SUPPLIED,
        shows="purchases_issued",
    ),
    Case(
        name="tell a supplier",
        act=steps.wakes("PO#"),
        plan=SUPPLIED,
        set_up=steps.then(steps.paid(0, 1), Scene.closing, steps.worked_off("PO#")),
    ),
    Case(
        name="a supplier answers",
        act=steps.supplies("acknowledge"),
        task="acknowledge orchard",
        set_up=steps.asked,
        plan=SUPPLIED,
    ),
    Case(
        name="a supplier promises",
        act=steps.supplies("promise"),
        task="promise orchard",
        set_up=steps.asked,
        plan=SUPPLIED,
    ),
    Case(
        name="a supplier ships",
        act=steps.supplies("ship"),
        task="ship orchard",
        set_up=steps.acknowledged,
        plan=SUPPLIED,
    ),
    Case(
        name="silence is escalated",
        act=steps.wakes("PO#"),
        set_up=steps.then(steps.asked, steps.passes(25 * HOUR)),
        plan=SUPPLIED,
    ),
    Case(
        name="receive",
        act=steps.receives(1),
        task="receive merchant 1",
        set_up=steps.asked,
        plan=SUPPLIED,
        shows="receipts_entered",
    ),
    Case(name="begin to share", act=steps.wakes("RECEIPT#"), set_up=steps.short, plan=SUPPLIED),
    Case(
        name="share a shortage out",
        act=steps.wakes("RECEIPT#"),
        set_up=steps.sharing,
        plan=SUPPLIED,
        shows="orders_short",
    ),
    Case(name="refund", act=steps.wakes(".failed"), set_up=steps.failed),
    Case(
        name="call a group off",
        act=lambda scene: scene.story.calls_off(scene.group_id),
        task="call off merchant ",
        set_up=steps.two_owe,
        plan=BY_EARNEST,
        shows="groups_called_off",
    ),
    Case(
        name="give back what a merchant called off",
        act=steps.wakes("|GROUP"),
        set_up=steps.called_off,
        plan=BY_EARNEST,
    ),
    Case(
        name="send notices",
        act=steps.wakes("NOTICE#"),
        set_up=steps.then(steps.joined(0), steps.worked_off("NOTICE#")),
    ),
    Case(name="announce", act=steps.wakes("TELL#"), set_up=steps.moved),
    Case(name="recount", act=steps.wakes("TALLY"), set_up=steps.then(steps.paid(0), Scene.counted)),
    Case(name="follow", act=Scene.follows, set_up=steps.paid(0)),
    Case(name="tick", act=Scene.ticks, set_up=steps.paid(0)),
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
