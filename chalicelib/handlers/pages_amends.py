"""What a buyer does on the page of an order when its goods fail: take the money back, or another item instead."""

from chalice.app import Blueprint

from ..services.fulfilling import substitutes
from ..services.fulfilling.self_refund import self_refund
from .page import BUYER, Ask, Gone, page
from .pages_buying import order_page
from .shapes.incidents import SubstituteAnswer

bp = Blueprint(__name__)


@page(bp, "POST", "/o/{order_id}/self-refund", roles=BUYER, again=order_page)
def order_taken_back(ask: Ask, order_id: str) -> Gone:
    self_refund(ask.world, ask.caller, order_id, now=ask.now)
    return Gone(f"/o/{order_id}", said="taken_back")


@page(bp, "POST", "/o/{order_id}/substitute", roles=BUYER, again=order_page)
def substitute_said(ask: Ask, order_id: str) -> Gone:
    """Two buttons, one form: which was pressed is the answer."""
    given = {"sku": ask.form.one("sku"), "accept": ask.form.one("accept") == "yes"}
    said = ask.read(SubstituteAnswer, given)
    substitutes.answer(ask.world, ask.caller, order_id, said.sku, accept=said.accept, now=ask.now)
    return Gone(f"/o/{order_id}", said="substitute_taken" if said.accept else "substitute_refused")
