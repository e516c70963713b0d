"""A campaign while it is a draft: one form, what still stands against publishing, and the step of publishing it."""

from dataclasses import replace
from typing import Any, TypeVar

from chalice.app import Blueprint

from ..domain import campaign as rules
from ..domain.campaign import Campaign, CampaignState, Fulfilment, Item, Kind, Measure, PickupPoint
from ..domain.deposit import DepositKind
from ..domain.instants import HOUR, MINUTE
from ..domain.refusals import Refused
from ..services.selling import draft, products, publish
from . import problems
from .edge import MERCHANT
from .fields import amount, currency_given, moment_given, pairs, plain_amount, wall_clock, whole
from .page import Ask, Gone, Shown, page
from .shapes.campaigns import CampaignDraft

bp = Blueprint(__name__)

SPARE_ITEMS = 2
ITEM_FIELDS = ("sku", "product", "price", "tiers", "stock", "buffer", "stop", "low", "limit", "reference")
METHODS = ("sandbox", "transfer", "stripe", "wechatpay", "alipay")
SHOWN = (
    "title", "description", "category", "kind", "communities", "team_sizes", "team_open_ms", "target",
    "max_participants", "limit_per_buyer", "max_unpaid_per_person", "max_unpaid_per_group", "opens_at", "closes_at",
    "payment_window_ms", "pay_until_close", "methods", "refund_rule", "return_exception", "fulfilment",
    "choose_pickup_by", "promised_ship_at", "review_ms", "manager_id", "deposit",
)  # fmt: skip
"""Fields of a campaign that the form shows; every other one of a draft stays as it is when the form is saved."""

ITEM_SHOWN = ("product_id", "title", "list_price_minor", "tiers", "stock", "buffer", "stop_threshold", "low_stock",
              "limit_per_buyer", "reference_price_minor")  # fmt: skip
POINT_SHOWN = ("name", "community_id", "address", "hours")
T = TypeVar("T", Item, PickupPoint)


@page(bp, "GET", "/desk/campaigns/new", roles=MERCHANT)
def new_draft_page(ask: Ask) -> Shown:
    empty = Campaign(id="", merchant_id=ask.caller.id, title="", methods=("sandbox",))
    return draft_form(ask, replace(empty, currency=currency_asked(ask)))


def currency_asked(ask: Ask) -> str:
    """A draft has one currency for good; it is chosen before anything else."""
    return currency_given(ask.form.one("currency") or ask.query.one("currency") or "CNY")


@page(bp, "POST", "/desk/campaigns/new", roles=MERCHANT, again=new_draft_page)
def draft_created(ask: Ask) -> Gone:
    wanted = drafted(ask, Campaign(id="", merchant_id=ask.caller.id, title="", currency=currency_asked(ask)))
    made = draft.create(ask.world, ask.caller, wanted, key=ask.form.one("key") or None, now=ask.now)
    return Gone(f"/desk/campaigns/{made.id}", said="saved")


@page(bp, "GET", "/desk/campaigns/{campaign_id}", roles=MERCHANT)
def draft_page(ask: Ask, campaign_id: str) -> Shown:
    return draft_form(ask, draft.own(ask.world, ask.caller, campaign_id))


@page(bp, "POST", "/desk/campaigns/{campaign_id}", roles=MERCHANT, again=draft_page)
def draft_saved(ask: Ask, campaign_id: str) -> Gone:
    known = draft.own(ask.world, ask.caller, campaign_id)
    version = whole(ask.form.one("version")) or 0
    draft.edit(ask.world, ask.caller, campaign_id, drafted(ask, known), version=version, now=ask.now)
    return Gone(f"/desk/campaigns/{campaign_id}", said="saved")


@page(bp, "POST", "/desk/campaigns/{campaign_id}/publish", roles=MERCHANT, again=draft_page)
def draft_published(ask: Ask, campaign_id: str) -> Gone:
    publish.publish(ask.world, ask.caller, campaign_id, now=ask.now)
    return Gone(f"/desk/c/{campaign_id}", said="published")


def draft_form(ask: Ask, campaign: Campaign) -> Shown:
    """The form with a line for each item and a few to spare, and what still stands against publishing."""
    mine = products.mine(ask.world, ask.caller, limit=100, start=None).rows
    rows = [item_row(item, campaign.currency) for item in campaign.items]
    rows += [dict.fromkeys(ITEM_FIELDS, "") for _ in range(min(SPARE_ITEMS, rules.MAX_ITEMS - len(rows)))]
    values = {
        "campaign": campaign,
        "is_draft": campaign.state is CampaignState.DRAFT,
        "rows": rows,
        "products": [(product.id, product.title) for product in mine if product.currency == campaign.currency],
        "currencies": sorted({product.currency for product in mine} | {campaign.currency}),
        "kinds": [kind.value for kind in Kind],
        "measures": [measure.value for measure in Measure],
        "fulfilments": [one.value for one in Fulfilment],
        "methods": [name for name in METHODS if name in ask.world.payments],
        "against": against(ask, campaign),
        "opens": wall_clock(campaign.opens_at, campaign.zone),
        "closes": wall_clock(campaign.closes_at, campaign.zone),
        "communities": "\n".join(
            f"{one.id}: {one.name}" + (f" | {one.zone}" if one.zone else "") for one in campaign.communities
        ),
        "points": "\n".join(
            " | ".join((p.id, p.name, p.community_id or "", p.address, p.hours)) for p in campaign.pickup_points
        ),
        "target": target_text(campaign),
        "choose_by": wall_clock(campaign.choose_pickup_by, campaign.zone),
        "ships": wall_clock(campaign.promised_ship_at, campaign.zone),
        "deposit_kinds": [kind.value for kind in DepositKind],
        "deposit_percent": str(campaign.deposit.share_bp // 100) if campaign.deposit else "",
        "balance_hours": str(campaign.deposit.balance_ms // HOUR) if campaign.deposit else "",
        "review_minutes": str(campaign.review_ms // MINUTE) if campaign.review_ms else "",
        "key": ask.form.one("key") or ask.world.new_id(),
    }
    return Shown("desk_draft.html", values)


def item_row(item: rules.Item, currency: str) -> dict[str, Any]:
    tiers = ", ".join(f"{tier.participants}: {plain_amount(tier.unit_price_minor, currency)}" for tier in item.tiers)
    return {
        "sku": item.sku,
        "product": item.product_id,
        "price": plain_amount(item.list_price_minor, currency),
        "tiers": tiers,
        "stock": str(item.stock),
        "buffer": str(item.buffer),
        "stop": str(item.stop_threshold or ""),
        "low": str(item.low_stock),
        "limit": str(item.limit_per_buyer or ""),
        "reference": plain_amount(item.reference_price_minor, currency) if item.reference_price_minor else "",
    }


def target_text(campaign: Campaign) -> str:
    target = campaign.target
    if target is None:
        return ""
    return (
        plain_amount(target.at_least, campaign.currency) if target.measure is Measure.AMOUNT else str(target.at_least)
    )


def against(ask: Ask, campaign: Campaign) -> str:
    """Why it cannot be published yet, in words; empty when it can."""
    try:
        rules.check_publishable(campaign, ask.now)
    except Refused as refused:
        facts = dict(refused.facts)
        if "missing" in facts:
            facts["missing"] = [ask.say(f"desk.need.{name}") for name in facts["missing"]]
        return str(problems.problem(refused.code, facts, ask.language)[1]["detail"])
    return ""


def drafted(ask: Ask, known: Campaign) -> Campaign:
    """The form as a draft. What the form does not show stays as it is, also of the items and pickup points it names."""
    made = ask.read(CampaignDraft, {**offer_given(ask, known), **rules_given(ask, known)}).to_domain(
        merchant_id=ask.caller.id
    )
    items = {item.sku: item for item in known.items}
    points = {point.id: point for point in known.pickup_points}
    shown = {name: getattr(made, name) for name in SHOWN}
    shown["items"] = tuple(kept(items.get(item.sku), item, ITEM_SHOWN) for item in made.items)
    shown["pickup_points"] = tuple(kept(points.get(one.id), one, POINT_SHOWN) for one in made.pickup_points)
    return replace(known, **shown)


def kept(before: T | None, now: T, shown: tuple[str, ...]) -> T:
    return now if before is None else replace(before, **{name: getattr(now, name) for name in shown})


def offer_given(ask: Ask, known: Campaign) -> dict[str, Any]:
    """What is offered, to whom, and when."""
    form, zone = ask.form, known.zone
    one_day = bool(form.one("one_day"))
    return {
        "title": form.one("title"),
        "description": form.one("description"),
        "category": form.one("category") or None,
        "kind": form.one("kind", "pot"),
        "preset": "one_day" if one_day else None,
        "items": [item_given(ask, number, known.currency) for number in item_numbers(ask)],
        "communities": [community_given(one, name) for one, name in pairs(form.one("communities"))],
        "team_sizes": form.one("team_sizes").replace(",", " ").replace("，", " ").split(),
        "team_open_minutes": team_minutes(form.one("team_hours"), known),
        "zone": zone,
        "currency": known.currency,
        "opens_at": moment_given(form.one("opens"), known.opens_at, zone),
        "closes_at": None if one_day else moment_given(form.one("closes"), known.closes_at, zone),
        "payment_window_minutes": None if one_day else whole(form.one("payment_minutes")),
        "pay_until_close": bool(form.one("pay_until_close")),
    }


def rules_given(ask: Ask, known: Campaign) -> dict[str, Any]:
    """When a group forms, how it is paid and paid back, where the goods go, and who answers for it."""
    form, currency = ask.form, known.currency
    measure, at_least = form.one("measure", "participants"), form.one("at_least")
    least = amount(at_least, currency) if at_least and measure == "amount" else whole(at_least)
    return {
        "target": {"measure": measure, "at_least": least} if least else None,
        "max_participants": whole(form.one("max_participants")),
        "limit_per_buyer": whole(form.one("limit_per_buyer")),
        "max_unpaid_per_person": whole(form.one("max_unpaid_per_person")) or known.max_unpaid_per_person,
        "max_unpaid_per_group": whole(form.one("max_unpaid_per_group")),
        "methods": form.all("methods"),
        "refund_rule": form.one("refund_rule"),
        "return_exception": form.one("return_exception") or None,
        "fulfilment": form.one("fulfilment") or None,
        "pickup_points": [point_given(line) for line in form.one("points").splitlines() if line.strip()],
        "choose_pickup_by": moment_given(form.one("choose_by"), known.choose_pickup_by, known.zone),
        "promised_ship_date": moment_given(form.one("ships"), known.promised_ship_at, known.zone),
        "review_minutes": whole(form.one("review_minutes")),
        "manager_id": form.one("manager") or None,
        "deposit": deposit_given(ask),
    }


def deposit_given(ask: Ask) -> dict[str, Any] | None:
    form = ask.form
    if not form.one("deposit_kind"):
        return None
    given = {"kind": form.one("deposit_kind"), "percent": whole(form.one("deposit_percent")) or 0}
    return given | ({"balance_hours": hours} if (hours := whole(form.one("balance_hours"))) else {})


def team_minutes(hours: str, known: Campaign) -> int | None:
    asked = whole(hours)
    if known.team_open_ms is not None and asked == known.team_open_ms // HOUR:
        return known.team_open_ms // MINUTE
    return asked * 60 if asked else None


def community_given(one: str, name: str) -> dict[str, str]:
    """`name`, or `name | zone`."""
    plain, _, zone = name.replace("｜", "|").partition("|")
    return {"id": one, "name": plain.strip(), "zone": zone.strip()}


def item_numbers(ask: Ask) -> list[int]:
    return [number for number in range(rules.MAX_ITEMS) if ask.form.one(f"item.{number}.sku")]


def item_given(ask: Ask, number: int, currency: str) -> dict[str, Any]:
    def one(name: str) -> str:
        return ask.form.one(f"item.{number}.{name}")

    product = products.own(ask.world, ask.caller, one("product"))
    tiers = []
    for part in one("tiers").replace("，", ",").split(","):
        if part.strip():
            people, mark, price = part.replace("：", ":").partition(":")
            if not mark:
                raise Refused("bad_line", text=part.strip()[:80])
            tiers.append({"participants": whole(people), "unit_price_minor": amount(price, currency)})
    return {
        "sku": one("sku"),
        "product_id": product.id,
        "title": product.title,
        "list_price_minor": amount(one("price"), currency) if one("price") else product.list_price_minor,
        "tiers": tiers,
        "stock": whole(one("stock")) or 0,
        "buffer": whole(one("buffer")) or 0,
        "stop_threshold": whole(one("stop")) or 0,
        "low_stock": whole(one("low")) or 0,
        "limit_per_buyer": whole(one("limit")),
        "reference_price_minor": amount(one("reference"), currency) if one("reference") else None,
    }


def point_given(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.replace("｜", "|").split("|")] + [""] * 5
    return {
        "id": parts[0],
        "name": parts[1],
        "community_id": parts[2] or None,
        "address": parts[3],
        "hours": parts[4],
    }
