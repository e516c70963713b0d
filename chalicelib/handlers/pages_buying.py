"""Pages of a buyer's orders: join or open a team, pay, follow, change, cancel."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from chalice.app import Blueprint

from ..domain.campaign import Fulfilment
from ..domain.group import GroupState
from ..domain.hand_over import pickup_code
from ..domain.ids import fingerprint as hashed
from ..domain.instants import Instant
from ..domain.ledger import Entry, EntryState, Kind, RefundStage
from ..domain.links import page_path
from ..domain.notice import Notice
from ..domain.order import Order, OrderState, pickup_cutoff
from ..domain.person import Channel
from ..domain.plan import BEFORE_FORMING
from ..domain.refusals import Broken, Refused
from ..domain.substitute import concerns
from ..services.buying import orders
from ..services.buying.cancel import cancel
from ..services.buying.change import change
from ..services.buying.join import JoinAnswer, join
from ..services.buying.open_team import TeamRequest, open_team
from ..services.buying.orders import OrderView
from ..services.paying.start_payment import start_payment
from ..services.telling.read import opened
from ..services.telling.send_notice import LINKS
from . import reading
from .edge import secrets
from .page import BUYER, Ask, Gone, Shown, page
from .pages_hall import campaign_page, group_page, most, phase
from .returning import returns_of
from .shapes.delivery import OrderDelivery
from .shapes.orders import JoinBody, OrderChange, TeamBody, compensation_of, timeline
from .ways import bar_of, way

bp = Blueprint(__name__)

A_PAGE = 20


@page(bp, "POST", "/g/{group_id}/join", roles=BUYER, again=group_page)
def group_joined(ask: Ask, group_id: str) -> Gone:
    body = ask.read(JoinBody, asked_for(ask))
    request = body.to_service(key_of(ask, "join"), fingerprint(ask))
    return seated(join(ask.world, ask.caller, group_id, request, now=ask.now))


@page(bp, "POST", "/c/{campaign_id}/teams", roles=BUYER, again=campaign_page)
def team_opened(ask: Ask, campaign_id: str) -> Gone:
    body = ask.read(TeamBody, {**asked_for(ask), "size": ask.form.one("size")})
    request = TeamRequest(size=body.size, join=body.to_service(key_of(ask, "team"), fingerprint(ask)))
    return seated(open_team(ask.world, ask.caller, campaign_id, request, now=ask.now))


def asked_for(ask: Ask) -> dict[str, Any]:
    """A join form as the API's own body. The box that was ticked carries the version of the terms it stood under."""
    form = ask.form
    if not form.one("accepts_terms"):
        raise Refused("terms_not_accepted", version=form.one("version"))
    given: dict[str, Any] = {
        "lines": lines_of(ask),
        "accepts_terms": form.one("accepts_terms"),
        "pickup_point": form.one("pickup_point") or None,
        "address_id": form.one("address_id") or None,
        "method": form.one("method") or None,
        "share": form.one("via") or None,
    }
    return given


def lines_of(ask: Ask) -> dict[str, str]:
    lines = {sku: units for sku, units in ask.form.under("units.").items() if units.strip("0")}
    if not lines:
        raise Refused("no_lines")
    return lines


def key_of(ask: Ask, what: str) -> str:
    """The form was given a number when it was drawn: sending it twice joins once."""
    return reading.request_key(ask.form.one("key"), ask.caller.id, what)


def fingerprint(ask: Ask) -> str:
    sent = [
        f"{name}={ask.form.one(name)}" for name in ("accepts_terms", "pickup_point", "address_id", "method", "size")
    ]
    return hashed(*sent, *(f"{sku}={units}" for sku, units in sorted(ask.form.under("units.").items())))


def seated(taken: JoinAnswer) -> Gone:
    return Gone(f"/o/{taken.order_id}", said="held_not_started" if taken.payment_trouble else "held")


@page(bp, "GET", "/o/{order_id}", roles=BUYER)
def order_page(ask: Ask, order_id: str) -> Shown:
    """All that concerns one order, and what may still be done about it now."""
    view = orders.one(ask.world, ask.caller, order_id)
    opened(ask.world, view.order, view.notices, ask.now)
    order, group = view.order, view.group
    entries = sorted(view.entries, key=lambda entry: (entry.created_at, entry.id))
    refunds = [entry for entry in entries if entry.kind is Kind.REFUND]
    payment = under_way(order, entries)
    open_still = group.state is GroupState.OPEN and ask.now < group.closes_at
    values = {
        "order": order,
        "group": group,
        "terms": view.terms,
        "phase": phase(group, ask.now),
        "lines": lines(view),
        "stages": stages(view),
        "way": way(view.journey, view.terms, ask.now) if order.state is OrderState.PAID else None,
        "compensation_minor": sum(one.amount_minor for one in view.coupons) or compensation_of(view),
        "coupons": view.coupons,
        "payment": payment,
        "pay_url": pay_url(ask, payment),
        **returns_of(ask, view),
        "refunds": [refund_steps(refund) for refund in refunds],
        "missing": missing(view),
        "missing_minor": sum(one.amount_minor for one in refunds if one.cause in MISSING_CAUSES),
        "offers": offers(view, ask.now),
        "may_self_refund": view.may_self_refund,
        "timeline": timeline(order, group, entries),
        "notices": notices(ask, view.notices),
        "delivery": OrderDelivery.of_or_none(view, pickup_code(order.id, secrets()["pickup_key"]), ask.now),
        "can_review": order.state is OrderState.PAID and group.state is GroupState.FORMED,
        "can_pay": (order.state is OrderState.HELD and ask.now < order.pay_by)
        or (order.owes_balance and ask.now < (order.balance_by or 0)),
        "can_cancel": order.state in (OrderState.HELD, OrderState.PAID) and open_still,
        "can_change": order.state is OrderState.HELD and order.payment_id is None and open_still,
        "points": [p for p in view.terms.pickup_points if p.community_id in (None, group.community_id)],
        "can_choose": order.state in (OrderState.HELD, OrderState.PAID)
        and view.terms.fulfilment is Fulfilment.PICKUP
        and ask.now < pickup_cutoff(group, view.terms),
        "choose_by": pickup_cutoff(group, view.terms),
        "waiting": order.state is OrderState.HELD
        or order.owes_balance
        or any(r.state is EntryState.PENDING for r in refunds),
    }
    return Shown("order.html", values, files=bool(view.photos))


def lines(view: OrderView) -> list[dict[str, Any]]:
    """What was ordered, at the price paid and, once it is known, the final one."""
    final = view.group.verdict.prices if view.group.verdict and view.group.verdict.formed else {}
    return [
        {
            "sku": sku,
            "title": view.terms.item(sku).title,
            "units": units,
            "price": view.order.prices[sku],
            "final": final.get(sku),
            "most": most(view.terms, view.terms.item(sku)),
        }
        for sku, units in view.order.lines.items()
    ]


MISSING_CAUSES = ("shortage", "substitute")


def missing(view: OrderView) -> list[dict[str, Any]]:
    """Units that do not come, and why: what was not replaced, and what did not arrive."""
    order = view.order
    return [
        {
            "title": view.terms.item(sku).title,
            "units": units,
            "why": "replaced" if order.swaps.get(sku) in ("refused", "lapsed") else "arrived",
        }
        for sku, units in sorted(order.short.items())
        if units
    ]


def offers(view: OrderView, now: Instant) -> list[dict[str, Any]]:
    """What is offered for items that have run out; still `open` while the buyer may say yes or no."""
    return [
        {
            "offer": one,
            "item": view.terms.item(one.sku).title,
            "answer": view.order.swaps.get(one.sku),
            "open": concerns(one, view.order) and now < one.until,
        }
        for one in view.offers
    ]


def under_way(order: Order, entries: list[Entry]) -> Entry | None:
    """The payment the buyer is in the middle of."""
    if not (order.state is OrderState.HELD or order.owes_balance) or order.payment_id is None:
        return None
    found = [entry for entry in entries if entry.id == order.payment_id]
    if not found:
        raise Broken(f"order {order.id} names a payment {order.payment_id} that is not there")
    return found[0] if found[0].state is EntryState.PENDING else None


def pay_url(ask: Ask, payment: Entry | None) -> str:
    """The sandbox is told where the buyer comes back to; real providers know it from the start of the payment."""
    if payment is None or payment.pay_url is None or not payment.pay_url.startswith(("https://", "http://")):
        return ""
    if payment.method != "sandbox":
        return payment.pay_url
    return f"{payment.pay_url}?{urlencode({'back': ask.whole(f'/o/{payment.order_id}')})}"


AFTER_FORMING = {
    Fulfilment.PICKUP: ("preparing", "on_the_way", "ready", "handed_over"),
    Fulfilment.DELIVERY: ("preparing", "on_the_way", "delivered"),
}
"""What stands on the bar of a group whose terms are older than stages."""


def stages(view: OrderView) -> list[dict[str, Any]]:
    """The stage bar: what is done, where the order stands, what comes next. An ending closes it."""
    order, group = view.order, view.group
    at = {step.state: step.at for step in order.steps}
    done: list[tuple[str, int | None]] = [("joined", at.get("held", order.joined_at))]
    if order.paid_at is not None:
        done.append(("paid", order.paid_at))
    if order.state in (OrderState.EXPIRED, OrderState.CANCELLED):
        done.append((order.state.value, order.ended_at))
        return bar([*done, *money_back(view)], [])
    if group.verdict is None:
        return bar(done, [*(() if order.paid_at else ("paid",)), "formed", *later(view)])
    if group.verdict.formed and view.journey is not None:
        done.append(("formed", group.verdict.given_at))
        return [*({"name": name, "at": at, "is": "done"} for name, at in done), *bar_of(view.journey, view.terms)]
    if group.verdict.formed:
        return bar([*done, ("formed", group.verdict.given_at)], later(view))
    return bar([*done, ("failed", group.verdict.given_at), *money_back(view)], [])


def later(view: OrderView) -> list[str]:
    if view.terms.plan:
        return [stage.name for stage in view.terms.plan if stage.name not in BEFORE_FORMING]
    return list(AFTER_FORMING[view.terms.fulfilment or Fulfilment.PICKUP])


def money_back(view: OrderView) -> list[tuple[str, int | None]]:
    refunds = [entry for entry in view.entries if entry.kind is Kind.REFUND]
    if not refunds:
        return []
    if any(refund.state is EntryState.PENDING for refund in refunds):
        return [("refunding", None)]
    return [("refunded", max(refund.posted_at or 0 for refund in refunds))]


def bar(done: list[tuple[str, int | None]], later: list[str]) -> list[dict[str, Any]]:
    """The last thing done is where the order stands."""
    past = [{"name": name, "at": at, "is": "done"} for name, at in done]
    past[-1]["is"] = "now"
    return [*past, *({"name": name, "at": None, "is": "next"} for name in later)]


def refund_steps(refund: Entry) -> dict[str, Any]:
    """One refund with its own little timeline and the moment it is promised by."""
    back = refund.state is EntryState.POSTED
    steps = [{"name": "requested", "at": refund.created_at, "is": "done"}]
    if refund.last_tried_at is not None:
        steps.append({"name": "submitted", "at": refund.last_tried_at, "is": "done"})
    if back:
        steps.append({"name": "succeeded", "at": refund.posted_at or 0, "is": "now"})
    else:
        steps[-1]["is"] = "now"
    return {
        "entry": refund,
        "steps": steps,
        "back": back,
        "by_hand": refund.stage is RefundStage.PARKED,
        "promised_by": None if back else refund.promised_by,
    }


def notices(ask: Ask, rows: Iterable[Notice]) -> list[dict[str, Any]]:
    """What was sent, as it was worded, newest first; the same news on two channels is one line."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: -(row.sent_at or row.created_at)):
        line = told.setdefault(
            (row.about, row.event),
            {"at": row.sent_at or row.created_at, "text": wording(ask, row), "channels": []},
        )
        line["channels"].append((row.channel.value, row.state.value))
    return list(told.values())


def wording(ask: Ask, row: Notice) -> str:
    """The SMS as it was sent, in the language of the page; its addresses as links."""
    links = {name: ask.whole(page_path(row.params[name])) for name in LINKS if row.params.get(name)}
    _, text = ask.world.texts.text(row.template, {**row.params, **links}, ask.language, Channel.SMS)
    return ask.say.linked(text, links.values())


@page(bp, "POST", "/o/{order_id}/pay", roles=BUYER, again=order_page)
def order_pay(ask: Ask, order_id: str) -> Gone:
    start_payment(ask.world, ask.caller, order_id, ask.form.one("method"), now=ask.now)
    return Gone(f"/o/{order_id}", said="payment_started")


@page(bp, "POST", "/o/{order_id}/change", roles=BUYER, again=order_page)
def order_changed(ask: Ask, order_id: str) -> Gone:
    return changed(ask, order_id, {"lines": lines_of(ask)}, "changed")


@page(bp, "POST", "/o/{order_id}/pickup", roles=BUYER, again=order_page)
def order_pickup(ask: Ask, order_id: str) -> Gone:
    return changed(ask, order_id, {"pickup_point": ask.form.one("pickup_point")}, "pickup_chosen")


def changed(ask: Ask, order_id: str, what: Mapping[str, Any], said: str) -> Gone:
    wanted = ask.read(OrderChange, {"version": ask.form.one("version"), **what})
    change(
        ask.world,
        ask.caller,
        order_id,
        lines=wanted.lines,
        pickup_point_id=wanted.pickup_point,
        version=wanted.version,
        now=ask.now,
    )
    return Gone(f"/o/{order_id}", said=said)


@page(bp, "POST", "/o/{order_id}/cancel", roles=BUYER, again=order_page)
def order_cancelled(ask: Ask, order_id: str) -> Gone:
    cancel(ask.world, ask.caller, order_id, version=None, now=ask.now)
    return Gone(f"/o/{order_id}", said="cancelled")


@page(bp, "GET", "/my/orders", roles=BUYER)
def orders_page(ask: Ask) -> Shown:
    rows = orders.mine(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("orders.html", {"views": rows.rows, "next": ask.sealed(rows.next)})
