"""Returns as pages show them: where each stands, and the form where one may be asked for."""

from typing import Any

from ..domain import returns as rules
from ..domain.ledger import Entry, EntryState
from ..domain.returns import UNDER_WAY, Return, ReturnState
from ..services.buying.orders import OrderView
from .page import Ask


def returns_of(ask: Ask, view: OrderView) -> dict[str, Any]:
    """What the order's page shows of returns: those there were, and the form where one may be asked for."""
    refunds = {entry.id: entry for entry in view.entries}
    whys = rules.whys(view.order, view.terms, ask.now)
    return {
        "returns": [story(one, refunds.get(one.refund_id or "")) for one in view.returns],
        "return_whys": whys,
        "return_units": rules.left_of(view.order),
        "return_until": rules.until(view.order, view.group.zone) if rules.Why.NO_REASON in whys else None,
        "return_key": ask.form.one("key") or ask.world.new_id(),
    }


def story(one: Return, refund: Entry | None) -> dict[str, Any]:
    """One return as a bar, from asking to the money: the last thing done is where it stands."""
    back = refund is not None and refund.state is EntryState.POSTED
    done = [("asked", one.asked_at)]
    if one.received_at is not None:
        done.append(("received", one.received_at))
    if one.ended_at is not None:
        done.append((one.state.value, one.ended_at))
    if refund is not None and back:
        done.append(("paid_back", refund.posted_at or 0))
    later = {
        ReturnState.ASKED: ("received", "passed", "paid_back"),
        ReturnState.RECEIVED: ("passed", "paid_back"),
        ReturnState.PASSED: () if back or refund is None else ("paid_back",),
    }.get(one.state, ())
    steps = [{"name": name, "at": at, "is": "done"} for name, at in done]
    steps[-1]["is"] = "now"
    return {
        "row": one,
        "steps": [*steps, *({"name": name, "at": None, "is": "next"} for name in later)],
        "waits": one.state in UNDER_WAY,
        "refund": refund,
        "payout_by": refund.promised_by if refund is not None and not back else None,
    }
