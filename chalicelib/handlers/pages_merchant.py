"""The merchant's desk: products, campaigns from draft to close, orders, refunds, and files for spreadsheets."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from ..domain.campaign import Campaign, Measure
from ..domain.group import GroupState
from ..domain.instants import instant, moment
from ..domain.order import Order, OrderState
from ..domain.refusals import Refused
from ..services import batch
from ..services.buying import preview
from ..services.buying.move_deadline import move_deadline
from ..services.paying import money
from ..services.selling import board, draft
from ..web import plots
from ..web.sheets import Cell
from . import problems
from .edge import MERCHANT
from .fields import on_the_clock, wall_clock
from .page import NAV, Ask, Gone, Link, Sent, Shown, page
from .shapes.orders import masked
from .tables import Table, as_csv, as_xlsx, major

bp = Blueprint(__name__)

A_PAGE = 30
ORDERS_A_PAGE = 50
SPARE_ITEMS = 2
ITEM_FIELDS = ("sku", "product", "price", "tiers", "stock", "buffer", "low", "limit")
METHODS = ("sandbox", "transfer", "stripe", "wechatpay", "alipay")
NAV.append(Link("/desk", "nav.desk", MERCHANT))

# ------------------------------------------------------------------ home


@page(bp, "GET", "/desk", roles=MERCHANT)
def desk_page(ask: Ask) -> Shown:
    rows = draft.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("desk.html", {"campaigns": rows.rows, "next": ask.sealed(rows.next)})


# ------------------------------------------------------------------ a running campaign


@page(bp, "GET", "/desk/c/{campaign_id}", roles=MERCHANT)
def board_page(ask: Ask, campaign_id: str) -> Shown:
    shown = board.board(ask.world, ask.caller, campaign_id, now=ask.now)
    return Shown("desk_board.html", {"board": shown, "campaign": shown.campaign, **board_plots(ask, shown)})


def board_plots(ask: Ask, shown: board.Board) -> dict[str, str]:
    """Orders by the hour; and participants so far against the target of all groups together."""
    if not shown.hours:
        return {"hourly": "", "progress": ""}
    labels = [f"{moment(hour.at, shown.campaign.zone):%H:00}" for hour in shown.hours]
    pulses = [hour.pulse for hour in shown.hours]
    hourly = plots.bars(
        labels,
        [
            (ask.say("desk.orders"), [p.orders for p in pulses]),
            (ask.say("desk.visitors"), [p.visitors for p in pulses]),
        ],
    )
    before = shown.total.paid - sum(pulse.paid for pulse in pulses)
    paid = [before := before + pulse.paid for pulse in pulses]
    series: list[tuple[str, list[int | None]]] = [(ask.say("desk.participants"), list(paid))]
    target = shown.campaign.target
    if target is not None and target.measure is Measure.PARTICIPANTS:
        series.append((ask.say("desk.target"), [target.at_least * max(1, len(shown.lines))] * len(labels)))
    return {"hourly": hourly, "progress": plots.lines(labels, series)}


DAY_COLUMNS = ("day", "visitors", "orders", "paid", "units", "turnover", "conversion", "shares", "stayed_s")


@page(bp, "GET", "/desk/c/{campaign_id}/days", roles=MERCHANT)
def days_page(ask: Ask, campaign_id: str) -> Shown:
    shown = board.board(ask.world, ask.caller, campaign_id, now=ask.now)
    days = board.days(ask.world, ask.caller, campaign_id)
    return Shown(
        "desk_days.html", {"campaign": shown.campaign, "days": days, "as_of": shown.as_of, "hours": shown.hours}
    )


@page(bp, "GET", "/desk/c/{campaign_id}/days.csv", roles=MERCHANT)
def days_csv(ask: Ask, campaign_id: str) -> Sent:
    return as_csv(day_table(ask, campaign_id), f"{campaign_id}-days")


@page(bp, "GET", "/desk/c/{campaign_id}/days.xlsx", roles=MERCHANT)
def days_xlsx(ask: Ask, campaign_id: str) -> Sent:
    return as_xlsx(day_table(ask, campaign_id), f"{campaign_id}-days")


def day_table(ask: Ask, campaign_id: str) -> Table:
    shown = board.board(ask.world, ask.caller, campaign_id, now=ask.now)
    as_of = f"{moment(shown.as_of, shown.campaign.zone):%Y-%m-%d %H:%M}"

    def rows() -> Iterator[list[Cell]]:
        for day, pulse in board.days(ask.world, ask.caller, campaign_id).items():
            conversion = round(pulse.paid / pulse.visitors, 4) if pulse.visitors else None
            stayed = round(pulse.stayed_s / pulse.stayers) if pulse.stayers else None
            turnover = major(pulse.paid_minor, shown.campaign.currency)
            yield [
                day,
                pulse.visitors,
                pulse.orders,
                pulse.paid,
                pulse.units,
                turnover,
                conversion,
                pulse.shares,
                stayed,
            ]

    return [*(ask.say(f"desk.col.{name}") for name in DAY_COLUMNS), ask.say("desk.as_of", when=as_of)], rows()


ORDER_COLUMNS = ("order", "group", "state", "buyer", "lines", "units", "amount", "currency", "joined", "paid_at",
                 "pickup", "resolution")  # fmt: skip


@page(bp, "GET", "/desk/c/{campaign_id}/orders.csv", roles=MERCHANT)
def orders_csv(ask: Ask, campaign_id: str) -> Sent:
    return as_csv(order_table(ask, campaign_id), f"{campaign_id}-orders")


@page(bp, "GET", "/desk/c/{campaign_id}/orders.xlsx", roles=MERCHANT)
def orders_xlsx(ask: Ask, campaign_id: str) -> Sent:
    return as_xlsx(order_table(ask, campaign_id), f"{campaign_id}-orders")


def order_table(ask: Ask, campaign_id: str) -> Table:
    """Buyers under a name that means nothing elsewhere; no contact data (promise 6)."""
    campaign = board.published(ask.world, ask.caller, campaign_id)
    rows = (order_cells(ask, order, campaign) for order in board.orders(ask.world, ask.caller, campaign_id))
    return [ask.say(f"desk.col.{name}") for name in ORDER_COLUMNS], rows


def order_cells(ask: Ask, order: Order, campaign: Campaign) -> list[Cell]:
    def clock(at: int | None) -> str:
        return f"{moment(at, campaign.zone):%Y-%m-%d %H:%M:%S}" if at is not None else ""

    return [
        order.id,
        order.group_id,
        ask.say(f"order.state.{order.state.value}"),
        masked(order.merchant_id, order.buyer_id),
        "; ".join(f"{sku} x {units}" for sku, units in order.lines.items()),
        sum(order.lines.values()),
        major(order.amount_minor, order.currency),
        order.currency,
        clock(order.joined_at),
        clock(order.paid_at),
        order.pickup_point_id or "",
        order.resolution or "",
    ]


# ------------------------------------------------------------------ one group


@page(bp, "GET", "/desk/g/{group_id}", roles=MERCHANT)
def desk_group_page(ask: Ask, group_id: str) -> Shown:
    return group_desk(ask, group_id, [])


def group_desk(ask: Ask, group_id: str, outcomes: list[batch.Outcome]) -> Shown:
    """Its orders, its money, what is being paid back, and what a close right now would do."""
    group = money.seen_group(ask.world, ask.caller, group_id)
    wanted = ask.query.one("state")
    state = OrderState(wanted) if wanted in tuple(OrderState) else None
    rows, after = board.filtered(ask.world, group, state, ORDERS_A_PAGE, ask.opened())
    undecided = group.verdict is None
    values = {
        "group": group,
        "orders": [order_row(order) for order in rows],
        "next": ask.sealed(after),
        "states": [one.value for one in OrderState],
        "chosen": wanted,
        "money": money.of_group(ask.world, ask.caller, group_id),
        "refunds": board.refunds_under_way(ask.world, group),
        "preview": preview.preview(ask.world, ask.caller, group_id, now=ask.now) if undecided else None,
        "outcomes": [told(ask, one) for one in outcomes],
        "deadline": wall_clock(group.closes_at, group.zone),
        "is_open": group.state is GroupState.OPEN,
    }
    return Shown("desk_group.html", values)


def order_row(order: Order) -> dict[str, Any]:
    held = order.state is OrderState.HELD and order.payment_id is not None
    return {"order": order, "buyer": masked(order.merchant_id, order.buyer_id), "confirmable": held}


def told(ask: Ask, outcome: batch.Outcome) -> dict[str, str]:
    said = problems.problem(outcome.code, dict(outcome.facts), ask.language)[1]["detail"] if outcome.code else ""
    return {"id": outcome.id, "said": said}


@page(bp, "POST", "/desk/g/{group_id}/received", roles=MERCHANT, again=desk_group_page)
def transfers_confirmed(ask: Ask, group_id: str) -> Shown:
    reference = ask.form.one("reference")
    outcomes = batch.transfers_received(ask.world, ask.caller, ask.form.all("order"), reference, now=ask.now)
    return group_desk(ask, group_id, outcomes)


@page(bp, "POST", "/desk/g/{group_id}/repaid", roles=MERCHANT, again=desk_group_page)
def refunds_confirmed(ask: Ask, group_id: str) -> Shown:
    reference = ask.form.one("reference")
    outcomes = batch.transfers_repaid(ask.world, ask.caller, ask.form.all("refund"), reference, now=ask.now)
    return group_desk(ask, group_id, outcomes)


@page(bp, "POST", "/desk/g/{group_id}/deadline", roles=MERCHANT, again=desk_group_page)
def deadline_moved(ask: Ask, group_id: str) -> Gone:
    group = money.seen_group(ask.world, ask.caller, group_id)
    wanted = on_the_clock(ask.form.one("closes"), group.zone)
    if wanted is None:
        raise Refused("time_out_of_range")
    move_deadline(ask.world, ask.caller, group_id, instant(datetime.fromisoformat(wanted)), now=ask.now)
    return Gone(f"/desk/g/{group_id}", said="moved")
