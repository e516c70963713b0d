"""Pages for everybody: the hall, a group, a campaign, a share link, and the files pages are made of."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from ..domain import ids, pricing
from ..domain.campaign import Campaign, CampaignState, Fulfilment, Item, Kind, certain_participants, price_on_joining
from ..domain.files import public_picture
from ..domain.group import Group, GroupState
from ..domain.instants import HOUR, MINUTE
from ..domain.order import HOLDING, Order
from ..domain.pricing import unit_price
from ..domain.refusals import Refused
from ..domain.share import share_code
from ..domain.tally import Tally
from ..services.people import contact
from ..services.selling import browse, lately, share
from ..services.selling.browse import GroupView, Progress
from ..web import render
from ..web.codes import drawn
from .page import Ask, Elsewhere, Gone, Sent, Shown, page
from .ways import way

bp = Blueprint(__name__)

A_PAGE = 20
FACETS_OF = 100
MOST_UNITS = 999
SOON_MINUTES = 24 * 60
PICTURE_KEPT = "public, max-age=600"
"""Shorter than the link it leads to is good for."""

FOR_EVER, BRIEFLY = "public, max-age=31536000, immutable", "public, max-age=60"


@page(bp, "GET", "/")
def hall_page(ask: Ask) -> Shown:
    community, category, soon = (ask.query.one(name) for name in ("community", "category", "soon"))
    rows = browse.hall(
        ask.world,
        community=community or None,
        category=category or None,
        closing_before=ask.now + SOON_MINUTES * MINUTE if soon else None,
        limit=A_PAGE,
        start=ask.opened(),
        now=ask.now,
    )
    everything = browse.hall(
        ask.world, community=None, category=None, closing_before=None, limit=FACETS_OF, start=None, now=ask.now
    )
    values: dict[str, Any] = {
        "cards": [card(ask, group, tally) for group, tally in rows.rows],
        "next": ask.sealed(rows.next),
        "communities": sorted({(g.community_id, g.community_name) for g, _ in everything.rows if g.community_id}),
        "categories": sorted({g.category for g, _ in everything.rows if g.category}),
        "chosen": {"community": community, "category": category, "soon": soon},
    }
    return Shown("hall.html", values, files=any(one["picture"] for one in values["cards"]))


def card(ask: Ask, group: Group, tally: Tally | None) -> dict[str, Any]:
    """A group as a line of a list."""
    terms = ask.world.store.terms(group.campaign_id, group.terms_version)
    progress = browse.progress_of(ask.world, GroupView.of(group, terms, tally), strong=False, now=ask.now)
    dearest = min(terms.items, key=lambda item: price_on_joining(terms, item, group.team_size))
    best = [unit_price(item.list_price_minor, item.tiers, 10**9) for item in terms.items]
    return {
        "group": group,
        "progress": progress,
        "price": price_on_joining(terms, dearest, group.team_size),
        "best": min(best),
        "picture": next((item.picture for item in terms.items if item.picture), ""),
        "offers": len(terms.items),
    }


@page(bp, "GET", "/g/{group_id}")
def group_page(ask: Ask, group_id: str) -> Shown:
    view = browse.group(ask.world, group_id)
    progress = browse.progress_of(ask.world, view, strong=False, now=ask.now)
    mine = own_order(ask, view.group)
    values = {
        "view": view,
        "group": view.group,
        "terms": view.terms,
        "statement": view.statement,
        "progress": progress,
        "phase": phase(view.group, ask.now),
        "way": way(view.journey, view.terms, ask.now),
        "items": items(view.terms, view.group, progress),
        "lately": lately.lately(ask.world, view.group),
        "mine": mine,
        "in_it": mine is not None and mine.state in HOLDING,
        "via": ask.form.one("via") or ask.query.one("via"),
        **joining(ask, view.terms, view.group),
    }
    return Shown("group.html", values, files=any(item.picture for item in view.terms.items))


def phase(group: Group, now: int) -> str:
    """What a reader can do with the group: before, open, closing, review, formed, failed."""
    if group.state is GroupState.OPEN:
        return "before" if now < group.opens_at else "open" if now < group.closes_at else "closing"
    return "closing" if group.state is GroupState.SEALING else group.state.value


def items(terms: Campaign, group: Group, progress: Progress) -> list[dict[str, Any]]:
    """Each item with its ladder of prices. It starts at the step that is certain if the group forms at all, which is
    what a buyer pays on joining; the steps below would be prices that nobody ever pays.
    """
    shown = []
    certain = certain_participants(terms, group.team_size)
    sure = max(progress.joined, certain)
    for item in terms.items:
        steps = [(1, item.list_price_minor), *((tier.participants, tier.unit_price_minor) for tier in item.tiers)]
        reached = max(n for n, _ in steps if n <= sure)
        steps = [step for step in steps if step[0] >= max(n for n, _ in steps if n <= certain)]
        next_tier = pricing.next_tier(item.list_price_minor, item.tiers, sure)
        price = price_on_joining(terms, item, group.team_size)
        reference = item.reference_price_minor
        shown.append(
            {
                "sku": item.sku,
                "title": item.title,
                "product": item.product_id,
                "picture": item.picture,
                "price": price,
                "ladder": [{"from": n, "price": p, "now": n == reached, "passed": n < reached} for n, p in steps],
                "next": next_tier,
                "more": next_tier.more_participants + sure - progress.joined if next_tier else 0,
                "reference": reference if reference and reference > price else None,
                "percent_off": 100 * (reference - price) // reference if reference and reference > price else 0,
                "most": most(terms, item),
            }
        )
    return shown


def joining(ask: Ask, terms: Campaign, group: Group | None) -> Mapping[str, Any]:
    """What the form to join needs: where the goods may go, and how to pay."""
    community = group.community_id if group else None
    points = [point for point in terms.pickup_points if point.community_id in (None, community)]
    addresses = {}
    if ask.session and terms.fulfilment is Fulfilment.DELIVERY:
        addresses = dict(contact.read_mine(ask.world, ask.caller, now=ask.now).addresses)
    return {
        "points": points if terms.fulfilment is Fulfilment.PICKUP else [],
        "addresses": addresses,
        "delivers": terms.fulfilment is Fulfilment.DELIVERY,
        "key": ask.form.one("key") or ask.world.new_id(),
    }


def own_order(ask: Ask, group: Group) -> Order | None:
    if ask.session is None:
        return None
    return ask.world.store.order(ids.order_id(group.id, ask.session.person_id, group.parts))


@page(bp, "GET", "/g/{group_id}/share")
def share_page(ask: Ask, group_id: str) -> Shown:
    """The reader's own link where they are signed in, so that a join through it is theirs; and a code to scan."""
    view = browse.group(ask.world, group_id)
    path = f"/g/{group_id}"
    if ask.session:
        path = f"/s/{share.share(ask.world, ask.caller, group_id, now=ask.now).code}"
    address = ask.whole(path)
    return Shown(
        "share.html",
        {"group": view.group, "address": address, "drawn": drawn(address), "reward": view.terms.share_reward},
    )


@page(bp, "GET", "/s/{code}")
def follow_page(ask: Ask, code: str) -> Gone:
    link = share.follow(ask.world, code)
    return Gone(f"/g/{link.group_id}?via={share_code(link.group_id, link.person_id)}")


@page(bp, "GET", "/c/{campaign_id}")
def campaign_page(ask: Ask, campaign_id: str) -> Shown:
    terms = published(ask, campaign_id)
    rows = ask.world.store.groups_of(campaign_id, A_PAGE, ask.opened())
    known = ask.world.store.tallies_of([row.id for row in rows.rows])
    values = {
        "terms": terms,
        "cards": [card(ask, group, known.get(group.id)) for group in rows.rows],
        "next": ask.sealed(rows.next),
        "can_open": terms.kind is Kind.TEAM and (terms.opens_at or 0) <= ask.now < (terms.closes_at or 0),
        "team_hours": terms.team_open_ms // HOUR if terms.team_open_ms else None,
        "items": [team_item(terms, item) for item in terms.items],
        **joining(ask, terms, None),
    }
    return Shown("campaign.html", values, files=any(item.picture for item in terms.items))


def team_item(terms: Campaign, item: Item) -> dict[str, Any]:
    """An item at the price of each size of team."""
    return {
        "sku": item.sku,
        "title": item.title,
        "product": item.product_id,
        "picture": item.picture,
        "most": most(terms, item),
        "prices": {size: price_on_joining(terms, item, size) for size in terms.team_sizes},
    }


def most(terms: Campaign, item: Item) -> int:
    """The largest quantity a form offers of one item."""
    return min(item.limit_per_buyer or MOST_UNITS, terms.limit_per_buyer or MOST_UNITS)


def published(ask: Ask, campaign_id: str) -> Campaign:
    found = browse.campaign(ask.world, None, campaign_id)
    if found.state is not CampaignState.PUBLISHED:
        raise Refused("campaign_not_found", campaign=campaign_id)
    return ask.world.store.terms(found.id, found.terms_version)


@page(bp, "GET", "/pictures/{owner}/{name}")
def picture_file(ask: Ask, owner: str, name: str) -> Elsewhere:
    """The same address for ever, for pages and for previews elsewhere; where it leads lasts some minutes."""
    return Elsewhere(ask.world.files.link(public_picture(owner, name)), PICTURE_KEPT)


@page(bp, "GET", "/static/{name}")
def static_file(ask: Ask, name: str) -> Sent:
    found = render.served(name)
    if found is None:
        raise Refused("not_found")
    content, content_type, exact = found
    return Sent(content.decode(), content_type, FOR_EVER if exact else BRIEFLY)
