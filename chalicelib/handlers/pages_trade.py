"""All campaigns of a merchant together, day by day; and what runs late, for the merchant and for a region's manager."""

from collections.abc import Iterator

from chalice.app import Blueprint

from ..domain.instants import moment
from ..domain.money import decimals
from ..domain.pace import Narrowed
from ..services.fulfilling import paces, stages
from ..services.fulfilling.stages import Line
from ..services.selling import draft
from ..services.selling.trade import LOOKED_BACK, Trade, trade
from ..web import plots
from ..web.sheets import Cell
from .edge import MERCHANT
from .fields import currency_given
from .page import NAV, Ask, Gone, Link, Sent, Shown, page
from .tables import Table, as_csv, as_xlsx, major

bp = Blueprint(__name__)

A_PAGE = 50
MANAGERS = frozenset({"manager"})
COLUMNS = ("day", "visitors", "paid", "turnover", "conversion", "buyers", "returning", "repurchase")
NAV.append(Link("/manage", "nav.manage", MANAGERS))


@page(bp, "GET", "/desk/trade", roles=MERCHANT)
def trade_page(ask: Ask) -> Shown:
    shown = found(ask)
    currencies = {one.currency for one in draft.mine(ask.world, ask.caller, limit=A_PAGE, start=None).rows}
    values = {
        "trade": shown,
        "late": late_lines(ask),
        "zone": ask.world.home.zone,
        "currencies": sorted({*currencies, shown.currency}),
        "plot": turnover_plot(ask, shown),
        "days_back": LOOKED_BACK // (24 * 60 * 60_000),
    }
    return Shown("desk_trade.html", values)


def late_lines(ask: Ask) -> list[Line]:
    """Stages over their limit, in the merchant's own hands or escalated to them."""
    listed = [
        line
        for late in (True, False)
        for line in stages.mine(ask.world, ask.caller, late=late, limit=A_PAGE, start=None).rows
        if late or line.stage.broken_at is not None
    ]
    return list({(line.group.id, line.stage.name): line for line in listed}.values())


@page(bp, "GET", "/desk/trade.csv", roles=MERCHANT)
def trade_csv(ask: Ask) -> Sent:
    return as_csv(table(ask), "trade")


@page(bp, "GET", "/desk/trade.xlsx", roles=MERCHANT)
def trade_xlsx(ask: Ask) -> Sent:
    return as_xlsx(table(ask), "trade")


def found(ask: Ask) -> Trade:
    return trade(ask.world, ask.caller, currency_given(ask.query.one("currency") or "CNY"), now=ask.now)


def table(ask: Ask) -> Table:
    shown = found(ask)
    as_of = f"{moment(shown.as_of, ask.world.home.zone):%Y-%m-%d %H:%M}"

    def rows() -> Iterator[list[Cell]]:
        for name, day in shown.days.items():
            buyers, back = len(day.buyers), len(day.returning)
            yield [
                name,
                day.visitors,
                day.orders,
                major(day.turnover_minor, shown.currency),
                round(day.orders / day.visitors, 4) if day.visitors else None,
                buyers,
                back,
                round(back / buyers, 4) if buyers else None,
            ]

    return [*(ask.say(f"desk.col.{name}") for name in COLUMNS), ask.say("desk.as_of", when=as_of)], rows()


def turnover_plot(ask: Ask, shown: Trade) -> str:
    scale = 10 ** decimals(shown.currency)
    days = list(shown.days.items())[-30:]
    if not days:
        return ""
    turnover = [day.turnover_minor // scale for _, day in days]
    return plots.bars([name[5:] for name, _ in days], [(ask.say("desk.turnover"), turnover)])


@page(bp, "GET", "/manage/flow", roles=MANAGERS | MERCHANT)
def flow_page(ask: Ask) -> Shown:
    """Time per stage, what lies where, and what runs late, narrowed down step by step (M4, M7, M14)."""
    by = Narrowed(region=narrowed(ask, "region"), category=narrowed(ask, "category"), stage=narrowed(ask, "stage"))
    values = {
        "flow": paces.figures(ask.world, ask.caller, by, now=ask.now),
        "by": by,
        "zone": ask.world.home.zone,
        "merchant": "merchant" in ask.caller.roles,
    }
    return Shown("desk_flow.html", values)


def narrowed(ask: Ask, name: str) -> str | None:
    """An empty region is one of its own: groups that are for everyone."""
    return ask.query.one(name) if ask.query.all(name) else None


@page(bp, "GET", "/manage", roles=MANAGERS)
def manage_page(ask: Ask) -> Shown:
    """What a manager must see to: stages over their limit, longest first known of, and whose hands they are in."""
    late = stages.mine(ask.world, ask.caller, late=True, limit=A_PAGE, start=ask.opened())
    return Shown("manage.html", {"late": late.rows, "next": ask.sealed(late.next)})


@page(bp, "POST", "/manage/seen", roles=MANAGERS, again=manage_page)
def alert_acknowledged(ask: Ask) -> Gone:
    stages.acknowledge(ask.world, ask.caller, ask.form.one("group"), ask.form.one("stage"), now=ask.now)
    return Gone("/manage", said="saved")
