"""Steps that bring a scene to the brink of a case, or are the case: each takes the scene, or makes what takes it."""

from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND
from chalicelib.domain.receipt import GRACE, Receipt
from chalicelib.domain.waybill import WaybillState
from chalicelib.store.rows import from_image
from infra.local.sandbox_provider import Fault as Manner

from .scene import ONE, Scene, Step
from .story import buyer
from .town import START


def then(*steps: Step) -> Step:
    def all_of_them(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return all_of_them


def paid(*numbers: int) -> Step:
    return lambda scene: scene.paid(*numbers)


def joined(*numbers: int) -> Step:
    return lambda scene: scene.joined(*numbers)


def unpaid(number: int) -> Step:
    return lambda scene: scene.joined(number, method=None)


def lapsed(scene: Scene) -> None:
    scene.joined(0)
    scene.worked_off()
    scene.passes(11 * MINUTE)


def moved(scene: Scene) -> None:
    scene.paid(0)
    scene.worked_off()
    scene.story.moves(scene.group_id, START + 30 * MINUTE)
    scene.passes(SECOND)


def failed(scene: Scene) -> None:
    scene.paid(0)
    scene.closing()
    scene.worked_off(".failed", "NOTICE")


def judged(scene: Scene) -> None:
    """The verdict is given, and not carried out."""
    scene.closing()
    scene.wakes("|GROUP")
    scene.passes(0)


def two_owe(scene: Scene) -> None:
    """Two have joined by a deposit, the group has formed and told them, and both have begun to pay the rest."""
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    for number in (0, 1):
        scene.story.starts(buyer(number), scene.order_id(number))
        scene.passes(SECOND)


def two_late(scene: Scene) -> None:
    two_owe(scene)
    scene.worked_off()
    scene.passes(HOUR + MINUTE)


def called_off(scene: Scene) -> None:
    two_owe(scene)
    scene.story.calls_off(scene.group_id)
    scene.passes(SECOND)


def full_team(scene: Scene) -> None:
    scene.team(2)
    scene.story.pays(scene.order_id(0))
    scene.joined(1)
    scene.story.pays(scene.order_id(1))
    scene.passes(SECOND)


def rejoin(scene: Scene) -> None:
    scene.joined(0)
    scene.story.cancels(buyer(0), scene.order_id(0))
    scene.passes(SECOND)


def formed(scene: Scene) -> None:
    """One has paid, the group has formed, and only its journey has not been looked at."""
    scene.paid(0)
    scene.closing()
    scene.worked_off("JOURNEY")


def on_its_way(scene: Scene) -> None:
    formed(scene)
    scene.worked_off()
    scene.story.handles(scene.group_id, "enter")
    scene.passes(SECOND)


def late(scene: Scene) -> None:
    on_its_way(scene)
    scene.worked_off()
    scene.passes(25 * HOUR)


def troubled(scene: Scene) -> None:
    """One has paid, the group has formed, and an incident of level 3 is open and told."""
    formed(scene)
    scene.worked_off()
    scene.story.troubled(scene.group_id)
    scene.passes(SECOND)
    scene.worked_off()


def granted(scene: Scene) -> None:
    troubled(scene)
    scene.story.compensates(scene.group_id)
    scene.passes(SECOND)


def unanswered(scene: Scene) -> None:
    """An offer's time is over, and nobody has said anything."""
    formed(scene)
    scene.worked_off()
    scene.story.offers(scene.group_id, scene.town.now + 2 * HOUR)
    scene.passes(SECOND)
    scene.worked_off()
    scene.passes(2 * HOUR + 3 * SECOND)
    scene.wakes("SUBSTITUTE")
    scene.passes(SECOND)


def handles(what: str) -> Step:
    return lambda scene: scene.story.handles(scene.group_id, what)


def planned(scene: Scene) -> None:
    """The group has formed, and its batch is planned and counted."""
    on_its_way(scene)
    scene.worked_off()
    scene.story.delivers(scene.group_id, "plan")
    scene.passes(SECOND)
    scene.worked_off()


def arrived(scene: Scene) -> None:
    planned(scene)
    for state in ("sorted", "in_transit", "ready"):
        scene.story.delivers(scene.group_id, state)
        scene.passes(SECOND)
        scene.worked_off()


def shipped(scene: Scene) -> None:
    planned(scene)
    scene.story.delivers(scene.group_id, "ship")
    scene.passes(SECOND)
    scene.worked_off()


def delivers(what: str) -> Step:
    return lambda scene: scene.story.delivers(scene.group_id, what)


def hands_over(code: str = "") -> Step:
    return lambda scene: scene.story.hands_over(scene.order_id(0), code=code)


def reports(state: WaybillState) -> Step:
    return lambda scene: scene.story.reports(scene.group_id, state)


def reviewed(scene: Scene) -> None:
    scene.paid(0)
    scene.closing()
    scene.worked_off()


def reviews(approved: bool) -> Step:
    return lambda scene: scene.story.reviews(scene.group_id, approved=approved)


def asked(scene: Scene) -> None:
    """Two have paid for two apples each, the group has formed, and its supplier has been asked."""
    scene.paid(0, 1, lines={"apples": 2})
    scene.closing()
    scene.worked_off()


def supplies(what: str) -> Step:
    return lambda scene: scene.story.supplies(scene.group_id, what)


def acknowledged(scene: Scene) -> None:
    asked(scene)
    scene.story.supplies(scene.group_id, "acknowledge")
    scene.passes(SECOND)


def receives(lost: int, number: int = 1) -> Step:
    def receive(scene: Scene) -> None:
        (receipt,) = (row for row in map(from_image, scene.town.table.rows()) if isinstance(row, Receipt))
        scene.story.receives(scene.group_id, receipt.destination, receipt.expected["apples"], lost, number)

    return receive


def short(scene: Scene) -> None:
    """One of the four apples did not come, and the time for corrections is over."""
    asked(scene)
    receives(1)(scene)
    scene.passes(GRACE + SECOND)


def sharing(scene: Scene) -> None:
    short(scene)
    scene.wakes("RECEIPT#")
    scene.passes(0)


def at_the_bank(what: str, number: int = 0) -> Step:
    """Its report waits for the case."""

    def act(scene: Scene) -> None:
        scene.story.bank(scene.order_id(number), what)
        scene.held_back = scene.town.provider.take_due()

    return act


def refuses_to_take(number: int) -> Step:
    def refuse(scene: Scene) -> None:
        manner = Manner(kind="capture_fails", times=99, match=scene.order_id(number))
        scene.town.provider.faults.append(manner)

    return refuse


def asked_to_take(scene: Scene) -> None:
    """Two have paid by card, the group has formed, and the money of both is to be taken."""
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off(".capture")


def grace_over(scene: Scene) -> None:
    """The money of one could not be taken for as long as it was tried."""
    refuses_to_take(1)(scene)
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    for _ in range(3):
        scene.passes(5 * MINUTE)
        scene.worked_off(*() if scene.town.now < scene.story.groups[0].closes_at + 10 * MINUTE else (".capture",))


def called(scene: Scene) -> None:
    """There are enough, and the verdict waits for what they hold; of one it has come, the other's grace is over."""
    refuses_to_take(1)(scene)
    scene.paid(0, 1)
    scene.closing()
    scene.worked_off()
    scene.passes(10 * MINUTE + 5 * SECOND)


def pays_other_money(scene: Scene) -> None:
    scene.joined(0)
    (payment,) = scene.town.provider.state.payments.values()
    payment.amount_minor += 1
    scene.pays_unheard(0)


def handed_over(scene: Scene) -> None:
    arrived(scene)
    hands_over()(scene)
    scene.passes(6 * HOUR)
    scene.worked_off("SETTLING")


def after_sales_over(scene: Scene) -> None:
    handed_over(scene)
    scene.wakes("SETTLING")
    scene.passes(DAY + 6 * HOUR)
    scene.worked_off("SETTLING")


def owing(scene: Scene) -> None:
    """The group has formed on a deposit, and the payment of its balance has begun."""
    scene.paid(0)
    scene.closing()
    scene.worked_off()
    scene.story.starts(buyer(0), scene.order_id(0))
    scene.passes(SECOND)


def balance_over(scene: Scene) -> None:
    owing(scene)
    scene.passes(HOUR)
    scene.worked_off()
    scene.passes(HOUR + MINUTE)


def balance_at_the_last_moment(scene: Scene) -> None:
    owing(scene)
    scene.until(scene.town.watch.orders[scene.group_id][scene.order_id(0)].balance_by - 10 * SECOND)
    scene.worked_off()
    scene.pays_unheard(0)
    scene.passes(MINUTE)


def unreported(scene: Scene) -> None:
    """Late money of which no report ever came, and the morning on which the books are compared."""
    scene.joined(0)
    scene.closing()
    scene.worked_off()
    scene.passes(MINUTE)
    scene.worked_off()
    scene.pays_unheard(0, late=True)
    scene.until(START + DAY + 3 * HOUR)
    scene.worked_off("BOOKS#")


def cancels(number: int) -> Step:
    return lambda scene: scene.story.cancels(buyer(number), scene.order_id(number))


def joins(number: int, key: str = "k") -> Step:
    return lambda scene: scene.story.joins(
        buyer(number), scene.group_id, ONE, f"{key}{number}", method=scene.story.plan.method
    )


def moves(minutes: int) -> Step:
    return lambda scene: scene.story.moves(scene.group_id, START + minutes * MINUTE)


def wakes(*marks: str) -> Step:
    return lambda scene: scene.wakes(*marks)


def worked_off(*but: str) -> Step:
    return lambda scene: scene.worked_off(*but)


def passes(ms: int) -> Step:
    return lambda scene: scene.passes(ms)


def unheard(number: int, *, late: bool = False) -> Step:
    return lambda scene: scene.pays_unheard(number, late=late)
