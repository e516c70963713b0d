"""How groups move through their stages, over the wire."""

from typing import Annotated, Self

from msgspec import Meta

from ...domain import pace as domain
from .words import Input, Moment, Output, shown, shown_or_none

Narrow = Annotated[str, Meta(max_length=100)]


class FlowQuery(Input):
    """The drill-down (下钻): region, then category, then stage; each left out takes all."""

    region: Narrow | None = None
    category: Narrow | None = None
    stage: Narrow | None = None

    def to_domain(self) -> domain.Narrowed:
        return domain.Narrowed(region=self.region, category=self.category, stage=self.stage)


class StageFiguresShown(Output):
    """One stage in one region and category. `arrived`, `finished` and `growth` (of the queue) are of the last seven
    days, in groups; times are averages in seconds, the benchmark what the plans allowed. Over 12,000 basis points
    `advice` is `review_capacity`: look at the stage's capacity, or add a supplier."""

    region: str
    category: str
    stage: str
    title: str
    waiting_groups: int
    waiting_orders: int
    late_groups: int
    late_orders: int
    arrived: int
    finished: int
    growth: int
    average_s: int | None
    benchmark_s: int | None
    against_benchmark_bp: int | None
    advice: str | None

    @classmethod
    def of(cls, line: domain.StageFigures) -> Self:
        return cls(
            region=line.region,
            category=line.category,
            stage=line.stage,
            title=line.title,
            waiting_groups=line.waiting_groups,
            waiting_orders=line.waiting_orders,
            late_groups=line.late_groups,
            late_orders=line.late_orders,
            arrived=line.arrived,
            finished=line.finished,
            growth=line.growth,
            average_s=_seconds(line.average_ms),
            benchmark_s=_seconds(line.benchmark_ms),
            against_benchmark_bp=line.against_benchmark_bp,
            advice="review_capacity" if line.review_capacity else None,
        )


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000


class DelayShown(Output):
    """A group over the limit of its stage; its orders are at `/groups/{group_id}/orders`."""

    group_id: str
    campaign_id: str
    title: str
    region: str
    category: str
    stage: str
    orders: int
    due_at: Moment | None
    late_minutes: int

    @classmethod
    def of(cls, delay: domain.Delay) -> Self:
        pace = delay.pace
        return cls(
            group_id=pace.group_id,
            campaign_id=pace.campaign_id,
            title=pace.title,
            region=pace.region,
            category=pace.category,
            stage=delay.leg.name,
            orders=pace.orders,
            due_at=shown_or_none(delay.leg.due_at),
            late_minutes=delay.late_ms // 60_000,
        )


class FlowShown(Output):
    """`unfinished_bp` is the share of orders still on their way; `bottleneck` the stage whose queue grew most. Nothing
    shown about what is under way is older than `as_of`; the longest delays come first, a hundred at most."""

    groups: int
    orders: int
    unfinished_orders: int
    unfinished_bp: int | None
    bottleneck: StageFiguresShown | None
    stages: list[StageFiguresShown]
    delays: list[DelayShown]
    as_of: Moment

    @classmethod
    def of(cls, found: domain.Flow, now: int) -> Self:
        worst = found.bottleneck
        return cls(
            groups=found.groups,
            orders=found.orders,
            unfinished_orders=found.unfinished,
            unfinished_bp=found.unfinished_bp,
            bottleneck=None if worst is None else StageFiguresShown.of(worst),
            stages=[StageFiguresShown.of(line) for line in found.lines],
            delays=[DelayShown.of(delay) for delay in found.delays[:100]],
            as_of=shown(found.as_of if found.as_of is not None else now),
        )
