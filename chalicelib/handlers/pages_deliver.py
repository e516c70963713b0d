"""Pages of those who deliver: a merchant's batches, or a group's for whoever serves it, and what is done with them."""

import csv
import io
from collections.abc import Sequence

from chalice.app import Blueprint

from ..domain.batch import MOVERS, WAY, Batch, BatchState, acts_as, estimates
from ..domain.label import HEADING, as_rows
from ..domain.refusals import Refused
from ..services.delivering import batches, waybills
from ..services.delivering import hand_over as handing
from ..services.delivering.batches import MoveRequest
from ..services.delivering.hand_over import Handing
from ..services.delivering.labels import SHEET, labels
from ..services.delivering.waybills import Typed
from ..web.labels import PDF, as_pdf
from .edge import CARRIER, LEADER, MERCHANT, NO_STORE, SORTER, secrets
from .page import NAV, Ask, Gone, Link, Sent, Shown, page
from .shapes.batches import HandOverLine, NumberLine
from .tables import as_csv

bp = Blueprint(__name__)

CREW = MERCHANT | SORTER | CARRIER | LEADER
A_PAGE = 50
TAKEN = ("noted", "known")
NAV.append(Link("/deliver", "nav.deliver", CREW))


@page(bp, "GET", "/deliver", roles=CREW)
def deliver_page(ask: Ask) -> Shown | Gone:
    """A merchant's batches, newest first; others' own, oldest first, as long as they are not finished."""
    group = ask.query.one("group")
    return Gone(f"/deliver/{group.replace('/', '')}") if group else _mine(ask)


@page(bp, "GET", "/work/batches", roles=CREW)
def batches_at_work(ask: Ask) -> Shown:
    """The same list, beside the stages that are in somebody's hands."""
    return _mine(ask)


def _mine(ask: Ask) -> Shown:
    given = ask.query.one("state")
    state = BatchState(given) if given in set(BatchState) else None
    found = batches.of_mine(ask.world, ask.caller, state, limit=A_PAGE, start=ask.opened())
    shown = _shown(ask, "", found.rows, ask.sealed(found.next))
    return Shown("deliver.html", {**shown.values, "states": list(WAY), "state": state})


@page(bp, "GET", "/deliver/{group_id}", roles=CREW)
def group_deliveries(ask: Ask, group_id: str, destination: str = "") -> Shown:
    return _shown(ask, group_id, batches.of_group(ask.world, ask.caller, group_id), None)


def _shown(ask: Ask, group: str, rows: Sequence[Batch], after: str | None) -> Shown:
    values = {
        "group": group,
        "rows": [
            (
                row,
                _next(ask, row),
                estimates(row, ask.now),
                range(1 + max(0, row.orders - 1) // SHEET),
                acts_as(row, ask.caller.id, ask.caller.roles),
            )
            for row in rows
        ],
        "next": after,
        "merchant": bool(ask.caller.roles & MERCHANT),
        "states": [],
    }
    return Shown("deliver.html", values)


def _next(ask: Ask, row: Batch) -> BatchState | None:
    """The state that its reader may bring it into."""
    here = WAY.index(row.state)
    following = WAY[here + 1] if here + 1 < len(WAY) else None
    roles = acts_as(row, ask.caller.id, ask.caller.roles)
    return following if following is not None and roles & MOVERS[following] else None


@page(bp, "POST", "/deliver/{group_id}/plan", roles=MERCHANT, again=group_deliveries)
def batches_planned(ask: Ask, group_id: str) -> Gone:
    batches.plan_for(ask.world, ask.caller, group_id, now=ask.now)
    return Gone(f"/deliver/{group_id}")


@page(bp, "POST", "/deliver/{group_id}/{destination}/move", roles=CREW, again=group_deliveries)
def batch_moved(ask: Ask, group_id: str, destination: str) -> Gone:
    to = BatchState(ask.form.one("to")) if ask.form.one("to") in set(BatchState) else BatchState.PLANNED
    batches.move(ask.world, ask.caller, group_id, destination, MoveRequest(state=to), now=ask.now)
    return Gone(f"/deliver/{group_id}", said="batch_moved")


@page(bp, "POST", "/deliver/{group_id}/{destination}/ship", roles=MERCHANT | SORTER, again=group_deliveries)
def batch_shipped(ask: Ask, group_id: str, destination: str) -> Gone:
    waybills.request(ask.world, ask.caller, group_id, destination, ask.form.one("carrier") or None, now=ask.now)
    return Gone(f"/deliver/{group_id}", said="batch_shipped")


@page(bp, "POST", "/deliver/{group_id}/{destination}/hand", roles=CREW, again=group_deliveries)
def goods_handed(ask: Ask, group_id: str, destination: str) -> Gone:
    line = ask.read(HandOverLine, {"order_id": ask.form.one("order"), "code": ask.form.one("code")})
    one = Handing(order_id=line.order_id, code=line.code)
    (said,) = handing.hand_over(
        ask.world, ask.caller, group_id, destination, [one], key=lambda: secrets()["pickup_key"], now=ask.now
    )
    if said.said != handing.DONE:
        raise Refused(said.said, order=said.order_id)
    return Gone(f"/deliver/{group_id}", said="handed_over")


@page(bp, "POST", "/deliver/{group_id}/numbers", roles=MERCHANT, again=group_deliveries)
def numbers_noted(ask: Ask, group_id: str) -> Shown:
    """A line each: order, carrier, number. What is wrong is said line by line."""
    rows, untaken = [], []
    for number, cells in enumerate(csv.reader(io.StringIO(ask.form.one("numbers")[:60_000])), start=1):
        try:
            names = ("order_id", "carrier", "number")
            line = ask.read(NumberLine, dict(zip(names, [cell.strip() for cell in cells], strict=False)))
            rows.append(Typed(order_id=line.order_id, carrier=line.carrier, number=line.number))
        except Refused as refused:
            untaken.append((str(number), refused.code))
    said = waybills.note_numbers(ask.world, ask.caller, group_id, rows[: waybills.MOST_ROWS], now=ask.now)
    untaken += [(one.order_id, one.said) for one in said if one.said not in TAKEN]
    shown = group_deliveries(ask, group_id)
    return Shown("deliver.html", {**shown.values, "noted": sum(one.said in TAKEN for one in said), "untaken": untaken})


@page(bp, "GET", "/deliver/{group_id}/{destination}/labels.pdf", roles=MERCHANT | SORTER)
def labels_pdf(ask: Ask, group_id: str, destination: str) -> Sent:
    batch, found = labels(ask.world, ask.caller, group_id, destination, sheet=_sheet(ask), now=ask.now)
    return Sent(as_pdf(found, batch.name), PDF, NO_STORE, f"{destination}-labels.pdf")


@page(bp, "GET", "/deliver/{group_id}/{destination}/labels.csv", roles=MERCHANT | SORTER)
def labels_csv(ask: Ask, group_id: str, destination: str) -> Sent:
    _, found = labels(ask.world, ask.caller, group_id, destination, sheet=_sheet(ask), now=ask.now)
    return as_csv((HEADING, as_rows(found)), f"{destination}-labels")


def _sheet(ask: Ask) -> int:
    given = ask.query.one("sheet", "0")
    return int(given) if given.isdecimal() and len(given) < 5 else 0
