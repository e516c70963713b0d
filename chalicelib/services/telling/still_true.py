"""Whether a notice that has waited for its person's hours is still worth saying (N3, N5): else it is dropped."""

from ...domain.group import GroupState
from ...domain.instants import Instant
from ...domain.journey import StageState
from ...domain.notice import Notice
from ...domain.order import FAILED, OrderState
from ...domain.tally import MILESTONES
from ..world import World

OF_A_STAGE = ("stage_turn", "stage_due_soon", "stage_overdue", "stage_late", "stage_nudged")


def still_true(world: World, notice: Notice, now: Instant) -> bool:
    """Nobody is asked for money that is there or for a choice that is made, or cheered on to a target that is past."""
    if notice.template in MILESTONES:
        group = world.store.group(notice.about)
        return group is not None and group.state is GroupState.OPEN and now < group.closes_at
    if notice.template in OF_A_STAGE:
        return _still_to_do(world, notice)
    if notice.template not in ("payment_reminder", "balance_reminder", "pickup_missing"):
        return True
    order = world.store.order(notice.about)
    if order is None:
        return False
    if notice.template == "payment_reminder":
        return order.state is OrderState.HELD and now < order.pay_by
    if notice.template == "balance_reminder":
        return order.owes_balance and now < (order.balance_by or 0)
    return order.state is OrderState.PAID and order.pickup_point_id is None and order.resolution != FAILED


def _still_to_do(world: World, notice: Notice) -> bool:
    """Nobody is called to a stage that has been finished meanwhile. The event begins with the stage's name."""
    journey = world.store.journey(notice.about)
    name = notice.event.partition(".")[0]
    return journey is not None and any(
        stage.name == name and stage.state is not StageState.DONE for stage in journey.stages
    )
