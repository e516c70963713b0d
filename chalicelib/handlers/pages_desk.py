"""Pages of those who serve: operators (what is due, what is parked), support (contact with a reason), and whoever may
look into any group's orders and money.
"""

from collections.abc import Sequence

from chalice.app import Blueprint

from ..domain.task import Task
from ..services.buying import orders
from ..services.fulfilling import tasks
from ..services.paying import money
from ..services.people import contact
from ..services.running import upkeep
from ..services.selling import board
from .edge import OPS, SUPPORT
from .page import NAV, Ask, Gone, Link, Shown, page
from .shapes.orders import masked
from .shapes.people import WhyQuery

bp = Blueprint(__name__)

A_PAGE = 50
LOOKERS = frozenset({"manager", "support", "ops"})
READERS = SUPPORT | OPS
NAV.append(Link("/look", "nav.look", LOOKERS))
NAV.append(Link("/support", "nav.support", READERS))
NAV.append(Link("/ops", "nav.ops", OPS))


@page(bp, "GET", "/ops", roles=OPS)
def ops_page(ask: Ask) -> Shown:
    rows = upkeep.parked(ask.world, limit=A_PAGE, start=ask.opened())
    due = upkeep.due(ask.world, limit=A_PAGE)
    return Shown("desk_ops.html", {"parked": rows.rows, "next": ask.sealed(rows.next), "due": due})


@page(bp, "POST", "/ops/back", roles=OPS, again=ops_page)
def row_put_back(ask: Ask) -> Gone:
    upkeep.put_back(ask.world, ask.caller, pk=ask.form.one("pk"), sk=ask.form.one("sk"), now=ask.now)
    return Gone("/ops", said="put_back")


@page(bp, "GET", "/support", roles=READERS)
def support_page(ask: Ask) -> Shown:
    """Who read a person's contact data and why; the data themselves only by the form, which keeps the reason."""
    person = ask.query.one("person")
    rows = contact.reads(ask.world, person, limit=A_PAGE, start=ask.opened()) if person else None
    values = {
        "person": person,
        "found": None,
        "reads": rows.rows if rows else [],
        "next": ask.sealed(rows.next) if rows else None,
        "may_read": bool(ask.caller.roles & SUPPORT),
        "tasks": waiting(ask),
    }
    return Shown("desk_support.html", values)


@page(bp, "POST", "/support", roles=SUPPORT, again=support_page)
def contact_read(ask: Ask) -> Shown:
    why = ask.read(WhyQuery, {"why": ask.form.one("why")}).why
    person = ask.form.one("person")[:120]
    found = contact.read_for_support(ask.world, ask.caller, person, why=why, now=ask.now)
    rows = contact.reads(ask.world, person, limit=A_PAGE, start=None)
    values = {"person": person, "found": found, "reads": rows.rows, "next": None, "may_read": True}
    return Shown("desk_support.html", {**values, "tasks": waiting(ask)})


def waiting(ask: Ask) -> Sequence[Task]:
    """What support has to do by hand; operators only look."""
    return tasks.waiting(ask.world, ask.caller, limit=A_PAGE, start=None).rows if ask.caller.roles & SUPPORT else []


@page(bp, "POST", "/support/tasks/{task_id}", roles=SUPPORT, again=support_page)
def support_task_done(ask: Ask, task_id: str) -> Gone:
    tasks.finish(ask.world, ask.caller, task_id, ask.form.one("note")[:200], now=ask.now)
    return Gone("/support", said="task_done")


@page(bp, "GET", "/look", roles=LOOKERS)
def look_page(ask: Ask) -> Shown:
    """A group by its id (or an order's, which begins with it): its money, and its orders with masked buyers."""
    wanted = ask.query.one("group").partition("-")[0]
    if not wanted:
        return Shown("desk_look.html", {"group": None, "wanted": ""})
    group = money.seen_group(ask.world, ask.caller, wanted)
    rows = orders.of_group(ask.world, ask.caller, wanted, limit=A_PAGE, start=ask.opened())
    named = bool(ask.caller.roles & READERS)
    values = {
        "wanted": wanted,
        "group": group,
        "money": money.of_group(ask.world, ask.caller, wanted),
        "orders": [(row, masked(row.merchant_id, row.buyer_id), row.buyer_id if named else "") for row in rows.rows],
        "next": ask.sealed(rows.next),
        "refunds": board.refunds_under_way(ask.world, group),
    }
    return Shown("desk_look.html", values)
