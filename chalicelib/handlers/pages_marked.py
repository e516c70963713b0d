"""Pages behind the marked links of messages: nobody has to sign in, and nothing is shown that is not everybody's.

A page that is fetched has not been read, nor agreed to: mail servers and previews fetch what they find. So the mark is
taken by a POST, which the page's script sends, or the reader's own tap.
"""

from chalice.app import Blueprint

from ..services.people import confirm_email
from ..services.selling import browse
from ..services.telling import read
from .page import Ask, Gone, Shown, page
from .ways import way

bp = Blueprint(__name__)


@page(bp, "GET", "/r/{order_id}/{mark}")
def news_page(ask: Ask, order_id: str, mark: str) -> Shown | Gone:
    """How the order's group is getting on, as its own page tells everybody. A mark that is none of ours leads to the
    order itself, which asks who is there."""
    order = read.marked(ask.world, order_id, mark, ask.now)
    if order is None:
        return Gone(f"/o/{order_id}")
    view = browse.group(ask.world, order.group_id)
    values = {"group": view.group, "way": way(view.journey, view.terms, ask.now), "order_id": order_id, "mark": mark}
    return Shown("news.html", values)


@page(bp, "POST", "/r/{order_id}/{mark}", again=news_page)
def news_read(ask: Ask, order_id: str, mark: str) -> Gone:
    read.by_link(ask.world, order_id, mark, ask.now)
    return Gone(f"/o/{order_id}")


@page(bp, "GET", "/confirm/{person_id}/{mark}")
def confirm_page(ask: Ask, person_id: str, mark: str) -> Shown:
    confirm_email.check(ask.world, person_id, mark, now=ask.now)
    return Shown("confirm.html", {"person_id": person_id, "mark": mark, "done": False})


@page(bp, "POST", "/confirm/{person_id}/{mark}", again=confirm_page)
def email_confirmed(ask: Ask, person_id: str, mark: str) -> Shown:
    confirm_email.confirm(ask.world, person_id, mark, now=ask.now)
    return Shown("confirm.html", {"person_id": person_id, "mark": mark, "done": True})
