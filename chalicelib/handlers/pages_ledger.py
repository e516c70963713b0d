"""The books of a merchant: the journal and the settlement as files for accountants, and payouts by hand."""

from collections.abc import Callable, Iterable, Iterator

from chalice.app import Blueprint

from ..domain import journal as rules
from ..domain.instants import moment
from ..domain.journal import COLUMNS, Sums
from ..domain.ledger import Entry, between
from ..services.paying import journal, payouts
from ..services.selling import draft
from ..web.sheets import Cell
from .edge import MERCHANT, OPS
from .page import Ask, Gone, Sent, Shown, page
from .tables import Table, as_csv, as_xlsx, major

bp = Blueprint(__name__)

A_PAGE = 50


@page(bp, "GET", "/desk/ledger", roles=MERCHANT)
def ledger_page(ask: Ask) -> Shown:
    mine = draft.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    values = {
        "month": month_of(ask),
        "campaigns": [one for one in mine.rows if one.published_at is not None],
        "payouts": payouts.of_merchant(ask.world, ask.caller, "", limit=20, start=None).rows,
        "next": ask.sealed(mine.next),
        "key": ask.world.new_id(),
        "zone": ask.world.home.zone,
    }
    return Shown("desk_ledger.html", values)


def month_of(ask: Ask) -> str:
    return ask.query.one("month") or journal.this_month(ask.world.home.zone, ask.now)


@page(bp, "GET", "/desk/ledger.csv", roles=MERCHANT)
def ledger_csv(ask: Ask) -> Sent:
    return as_csv(month_table(ask), f"ledger-{month_of(ask)}")


@page(bp, "GET", "/desk/ledger.xlsx", roles=MERCHANT)
def ledger_xlsx(ask: Ask) -> Sent:
    return as_xlsx(month_table(ask), f"ledger-{month_of(ask)}")


@page(bp, "GET", "/ops/ledger.csv", roles=OPS)
def everybodys_csv(ask: Ask) -> Sent:
    return as_csv(everybodys_table(ask), f"ledger-{month_of(ask)}")


@page(bp, "GET", "/ops/ledger.xlsx", roles=OPS)
def everybodys_xlsx(ask: Ask) -> Sent:
    return as_xlsx(everybodys_table(ask), f"ledger-{month_of(ask)}")


@page(bp, "GET", "/desk/c/{campaign_id}/ledger.csv", roles=MERCHANT)
def campaign_ledger_csv(ask: Ask, campaign_id: str) -> Sent:
    return as_csv(campaign_table(ask, campaign_id), f"{campaign_id}-ledger")


@page(bp, "GET", "/desk/c/{campaign_id}/ledger.xlsx", roles=MERCHANT)
def campaign_ledger_xlsx(ask: Ask, campaign_id: str) -> Sent:
    return as_xlsx(campaign_table(ask, campaign_id), f"{campaign_id}-ledger")


@page(bp, "GET", "/desk/c/{campaign_id}/settlement.csv", roles=MERCHANT)
def settlement_csv(ask: Ask, campaign_id: str) -> Sent:
    return as_csv(settlement_table(ask, campaign_id), f"{campaign_id}-settlement")


@page(bp, "GET", "/desk/payouts/{payout_id}/csv", roles=MERCHANT)
def payout_csv(ask: Ask, payout_id: str) -> Sent:
    return as_csv(payout_table(ask, payout_id), f"payout-{payout_id}")


@page(bp, "POST", "/desk/payouts", roles=MERCHANT, again=ledger_page)
def payout_drawn(ask: Ask) -> Gone:
    collect = bool(ask.form.one("collect"))
    payouts.draw(ask.world, ask.caller, ask.form.one("key"), merchant_id="", collect=collect, now=ask.now)
    return Gone("/desk/ledger", said="saved")


@page(bp, "POST", "/desk/payouts/{payout_id}/paid", roles=MERCHANT, again=ledger_page)
def payout_paid(ask: Ask, payout_id: str) -> Gone:
    """The line as it was shown: of another amount by now, it is refused."""
    who = (ask.form.one("payee"), ask.form.one("payee_id"), ask.form.one("currency"))
    shown, reference = ask.form.one("amount_minor"), ask.form.one("reference")[:120]
    amount = int(shown) if shown.lstrip("-").isdecimal() else 0
    payouts.confirm(ask.world, ask.caller, payout_id, who, amount_minor=amount, reference=reference or "-", now=ask.now)
    return Gone("/desk/ledger", said="saved")


# ------------------------------------------------------------------ the tables


def month_table(ask: Ask) -> Table:
    return journal_table(journal.of_merchant(ask.world, ask.caller, month_of(ask)), ask.world.home.zone, ask.say)


def everybodys_table(ask: Ask) -> Table:
    return journal_table(journal.of_everybody(ask.world, month_of(ask)), ask.world.home.zone, ask.say)


def campaign_table(ask: Ask, campaign_id: str) -> Table:
    campaign, entries = journal.of_campaign(ask.world, ask.caller, campaign_id)
    return journal_table(entries, campaign.zone, ask.say)


def journal_table(entries: Iterable[Entry], zone: str, say: Callable[..., str]) -> Table:
    """A line an entry, and under them what each account comes to."""

    def rows() -> Iterator[list[Cell]]:
        sums = Sums()
        for entry in sums.counted(entries):
            yield cells(entry, zone)
        for (currency, account), amount in sums.totals.items():
            row: list[Cell] = [None] * len(COLUMNS)
            row[COLUMNS.index("kind")], row[COLUMNS.index("to")] = "sum", account
            row[COLUMNS.index("amount")], row[COLUMNS.index("currency")] = major(amount, currency), currency
            yield row

    return [say(f"ledger.col.{name}") for name in COLUMNS], rows()


def cells(entry: Entry, zone: str) -> list[Cell]:
    when = rules.at(entry)
    source, target = between(entry)
    return [
        f"{moment(when):%Y-%m-%d %H:%M:%S}",
        f"{moment(when, zone):%Y-%m-%d %H:%M:%S}",
        entry.merchant_id,
        entry.campaign_id,
        entry.group_id,
        entry.order_id,
        entry.id,
        entry.kind.value,
        entry.cause,
        entry.stage.value if entry.stage is not None and entry.posted_at is None else entry.state.value,
        source,
        target,
        entry.payee_id,
        major(entry.amount_minor, entry.currency),
        entry.currency,
        entry.method,
        entry.provider_ref,
        entry.payout_id,
    ]


def settlement_table(ask: Ask, campaign_id: str) -> Table:
    columns = ("group", "payee_kind", "payee", "due", "released", "currency")

    def rows() -> Iterator[list[Cell]]:
        for found in journal.settlements(ask.world, ask.caller, campaign_id):
            currency = found.group.currency
            for who in sorted({*found.due, *found.released}):
                due, out = found.due.get(who, 0), found.released.get(who, 0)
                yield [found.group.id, who[0].value, who[1], major(due, currency), major(out, currency), currency]

    return [ask.say(f"ledger.col.{name}") for name in columns], rows()


def payout_table(ask: Ask, payout_id: str) -> Table:
    payout = payouts.seen(ask.world, ask.caller, payout_id)
    columns = ("payout", "payee_kind", "payee", "amount", "currency", "entries", "paid_at", "reference")

    def rows() -> Iterator[list[Cell]]:
        for line in payout.lines:
            paid = f"{moment(line.paid_at, ask.world.home.zone):%Y-%m-%d %H:%M:%S}" if line.paid_at is not None else ""
            yield [
                payout.id, line.payee, line.payee_id, major(line.amount_minor, line.currency), line.currency,
                line.entries, paid, line.reference,
            ]  # fmt: skip

    return [ask.say(f"ledger.col.{name}") for name in columns], rows()
