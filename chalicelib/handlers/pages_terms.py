"""How a draft's promise is kept: its stages, delivery fees, suppliers, places, what is missing, and who is paid what.

Each row of the form is read by the API's own shape; what is wrong stands beside its field. A row whose first field is
empty is left out. What the page does not show stays as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
from chalice.app import Blueprint

from ..domain import plan as plans
from ..domain.batch import Temperature
from ..domain.campaign import Campaign, CampaignState, Item, PickupPoint, ShortageRule
from ..domain.fees import DeliveryZone
from ..domain.instants import DAY, HOUR, MINUTE
from ..domain.plan import Basis, FallbackKind, StagePlan
from ..domain.refusals import Refused
from ..services.selling import draft
from .edge import MERCHANT
from .fields import amount, plain_amount, whole
from .page import Ask, Gone, Shown, page
from .shapes.campaigns import (
    DeliveryZoneInput,
    ItemInput,
    PickupPointInput,
    SettlementInput,
    ShareRewardInput,
    UncollectedInput,
)
from .shapes.stages import StagePlanShape

bp = Blueprint(__name__)

SPARE = 2
STAGES = (*plans.BEFORE_FORMING, plans.STOCKING, plans.SORTING, plans.DELIVERY, plans.AFTERSALES)
MOST_ROWS = 50
STAGE_SHOWN = ("name", "title", "owner_role", "owner_id", "deliverable", "fallback", "urgent")
S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


@page(bp, "GET", "/desk/campaigns/{campaign_id}/terms", roles=MERCHANT)
def terms_page(ask: Ask, campaign_id: str) -> Shown:
    known = draft.own(ask.world, ask.caller, campaign_id)
    if known.state is not CampaignState.DRAFT:
        raise Refused("already_published")
    plan = known.plan or (plans.profile_of(known.category, known.profile).plan if ask.query.one("plan") else ())
    values = {
        "campaign": known,
        "version": ask.form.one("version") or str(known.version),
        "stages": rows([stage_row(one) for one in plan], plans.MOST_STAGES),
        "zones": rows([zone_row(one, known.currency) for one in known.delivery], MOST_ROWS),
        "items": [item_row(one, known.currency) for one in known.items],
        "names": STAGES,
        "roles": plans.OWNER_ROLES,
        "fallbacks": [kind.value for kind in FallbackKind],
        "bases": [basis.value for basis in Basis],
        "keeps": [one.value for one in Temperature],
        "shortage_rules": [rule.value for rule in ShortageRule],
        "money": money_rows(known),
    }  # fmt: skip
    return Shown("desk_terms.html", values)


def rows(known: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """Those there are, and some to spare."""
    return known + [{} for _ in range(max(0, min(SPARE if not known else 1, most - len(known))))]


def stage_row(one: StagePlan) -> dict[str, str]:
    hours = one.limit.ms / HOUR
    return {
        "name": one.name,
        "title": one.title,
        "minutes": f"{hours:g}",
        "basis": one.limit.basis.value,
        "owner_role": one.owner_role,
        "owner_id": one.owner_id,
        "deliverable": one.deliverable,
        "fallback": one.fallback.kind.value if one.fallback else "",
        "to": one.fallback.to if one.fallback else "",
        "urgent": "1" if one.urgent else "",
    }


def zone_row(one: DeliveryZone, currency: str) -> dict[str, str]:
    free = one.free_from_minor
    return {
        "zone": one.zone,
        "divisions": ", ".join(one.divisions),
        "fee_minor": plain_amount(one.fee_minor, currency),
        "per_kg_minor": plain_amount(one.per_kg_minor, currency),
        "free_from_minor": plain_amount(free, currency) if free else "",
    }


def item_row(one: Item, currency: str) -> dict[str, str]:
    price = one.supplier_price_minor
    return {
        "sku": one.sku,
        "title": one.title,
        "supplier_id": one.supplier_id or "",
        "supplier_price_minor": plain_amount(price, currency) if price else "",
        "weight_g": str(one.weight_g or ""),
        "keep": one.keep,
    }


def money_rows(known: Campaign) -> dict[str, str]:
    """What there is of settlement and reward, as texts; empty where there is none."""
    settled, reward, currency = known.settlement, known.share_reward, known.currency
    return {
        "settlement.first_bp": percent(settled.first_bp) if settled else "",
        "settlement.commission_bp": percent(settled.commission_bp) if settled else "",
        "settlement.after_sales_days": str(settled.after_sales_ms // DAY) if settled else "",
        "share_reward.amount_minor": plain_amount(reward.amount_minor, currency) if reward else "",
        "share_reward.min_spend_minor": plain_amount(reward.min_spend_minor, currency) if reward else "",
        "share_reward.most_per_person": str(reward.most_per_person) if reward else "",
        "share_reward.valid_days": str(reward.valid_ms // DAY) if reward else "",
        "uncollected.until_days": str(known.uncollected.until_days),
    }


def percent(basis_points: int) -> str:
    return f"{basis_points / 100:g}"


@page(bp, "POST", "/desk/campaigns/{campaign_id}/terms", roles=MERCHANT, again=terms_page)
def terms_saved(ask: Ask, campaign_id: str) -> Gone:
    known = draft.own(ask.world, ask.caller, campaign_id)
    read = Reader(ask, known.currency)
    wanted = replace(
        known,
        plan=tuple(stages_given(read, known)),
        delivery=tuple(one.to_domain() for one in read.rows("delivery", "zone", DeliveryZoneInput, zone_given)),
        items=items_given(read, known),
        pickup_points=points_given(read, known),
        **rules_given(read),
    )
    if read.wrong:
        ask.wrong.update(read.wrong)
        raise Refused("form_fields", count=len(read.wrong))
    try:
        draft.edit(ask.world, ask.caller, campaign_id, wanted, version=whole(ask.form.one("version")) or 0, now=ask.now)
    except Refused as refused:
        if name := where(refused, wanted):
            ask.wrong[name] = ask.why(refused)
        raise
    return Gone(f"/desk/campaigns/{campaign_id}/terms", said="saved")


@dataclass
class Reader:
    """Reads rows of the form; what cannot be read is collected by field, so that all of it is told at once."""

    ask: Ask
    currency: str
    wrong: dict[str, str] = field(default_factory=dict)

    def one(self, name: str) -> str:
        return self.ask.form.one(name)

    def number(self, name: str, read: Callable[[str], T]) -> T | None:
        """A field through `read`; empty ones are None."""
        text = self.one(name)
        if not text:
            return None
        try:
            return read(text)
        except Refused as refused:
            self.wrong[name] = self.ask.why(refused)
        return None

    def money(self, name: str) -> int | None:
        return self.number(name, lambda text: amount(text, self.currency))

    def whole(self, name: str) -> int | None:
        return self.number(name, whole)

    def scaled(self, name: str, by: int) -> int | None:
        """A decimal number of hours or per cent, in whole minutes or basis points."""

        def read(text: str) -> int:
            plain = text.replace(".", "", 1)
            if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
                raise Refused("not_an_amount", text=text[:40])
            return round(float(text) * by)

        return self.number(name, read)

    def shape(self, at: str, shape: type[S], given: Mapping[str, Any]) -> S | None:
        """What is None is left to the shape's default."""
        try:
            return self.ask.read(shape, {name: value for name, value in given.items() if value is not None})
        except Refused as refused:
            path = str(refused.facts.get("path", "")).removeprefix("$").strip(".")
            last = ".".join(part for part in (path, str(refused.facts.get("field", ""))) if part)
            self.wrong.setdefault(f"{at}.{last.partition('[')[0]}", self.ask.why(refused))
        return None

    def rows(self, at: str, first: str, shape: type[S], given: "Callable[[Reader, str], dict[str, Any]]") -> list[S]:
        """The rows whose first field is filled in."""
        names = [f"{at}.{number}" for number in range(MOST_ROWS) if self.one(f"{at}.{number}.{first}")]
        found = [self.shape(name, shape, given(self, name)) for name in names]
        return [one for one in found if one is not None]


def stages_given(read: Reader, known: Campaign) -> list[StagePlan]:
    before = {stage.name: stage for stage in known.plan}
    made = [one.to_domain() for one in read.rows("plan", "name", StagePlanShape, stage_given)]
    return [stage_kept(before.get(one.name), one) for one in made]


def stage_kept(before: StagePlan | None, now: StagePlan) -> StagePlan:
    if before is None:
        return now
    limit = replace(before.limit, ms=now.limit.ms, basis=now.limit.basis)
    limit = replace(limit, floor_ms=min(limit.floor_ms, limit.ms))
    return replace(before, limit=limit, **{name: getattr(now, name) for name in STAGE_SHOWN})


def stage_given(read: Reader, at: str) -> dict[str, Any]:
    kind, to = read.one(f"{at}.fallback"), read.one(f"{at}.to")
    return {
        "name": read.one(f"{at}.name"),
        "title": read.one(f"{at}.title"),
        "limit": {"minutes": read.scaled(f"{at}.limit.minutes", HOUR // MINUTE) or 0,
                  "basis": read.one(f"{at}.limit.basis") or Basis.CLOCK.value},
        "owner_role": read.one(f"{at}.owner_role") or None,
        "owner_id": read.one(f"{at}.owner_id") or None,
        "deliverable": read.one(f"{at}.deliverable"),
        "fallback": {"kind": kind, "to": to} if kind or to else None,
        "urgent": bool(read.one(f"{at}.urgent")),
    }  # fmt: skip


def zone_given(read: Reader, at: str) -> dict[str, Any]:
    return {
        "zone": read.one(f"{at}.zone"),
        "divisions": read.one(f"{at}.divisions").replace("，", ",").replace(",", " ").split(),
        "fee_minor": read.money(f"{at}.fee_minor"),
        "per_kg_minor": read.money(f"{at}.per_kg_minor"),
        "free_from_minor": read.money(f"{at}.free_from_minor"),
    }


def items_given(read: Reader, known: Campaign) -> tuple[Item, ...]:
    return tuple(item_given(read, f"items.{number}", item) for number, item in enumerate(known.items))


def item_given(read: Reader, at: str, item: Item) -> Item:
    """Read by the API's shape of an item, with what the page does not show taken from the item there is."""
    given = {
        "sku": item.sku, "product_id": item.product_id, "title": item.title,
        "list_price_minor": item.list_price_minor,
        "supplier_id": read.one(f"{at}.supplier_id") or None,
        "supplier_price_minor": read.money(f"{at}.supplier_price_minor"),
        "weight_g": read.whole(f"{at}.weight_g"),
        "keep": read.one(f"{at}.keep") or None,
    }  # fmt: skip
    made = read.shape(at, ItemInput, given)
    if made is None:
        return item
    return replace(
        item,
        supplier_id=made.supplier_id,
        supplier_price_minor=made.supplier_price_minor,
        weight_g=made.weight_g,
        keep=made.keep.value,
    )


def points_given(read: Reader, known: Campaign) -> tuple[PickupPoint, ...]:
    """Whose place each point is."""
    found = []
    for number, point in enumerate(known.pickup_points):
        at = f"pickup_points.{number}"
        given = {"id": point.id, "name": point.name, "place_id": read.one(f"{at}.place_id") or None}
        made = read.shape(at, PickupPointInput, given)
        found.append(replace(point, place_id=made.place_id) if made else point)
    return tuple(found)


def rules_given(read: Reader) -> dict[str, Any]:
    """What holds when something is missing or nobody comes, and who is paid what."""
    first, commission = (read.scaled(f"settlement.{name}_bp", 100) for name in ("first", "commission"))
    settled = {"first_bp": first, "commission_bp": commission, "after_sales_days": read.whole(AFTER_SALES)}
    reward = {
        "amount_minor": read.money("share_reward.amount_minor"),
        "min_spend_minor": read.money("share_reward.min_spend_minor"),
        "most_per_person": read.whole("share_reward.most_per_person"),
        "valid_days": read.whole("share_reward.valid_days"),
    }
    uncollected = {"until_days": read.whole("uncollected.until_days"), "then": read.one("uncollected.then")}
    waits = read.shape("uncollected", UncollectedInput, uncollected)
    rule = read.one("shortage_rule")
    given: dict[str, Any] = {
        "settlement": optional(read, "settlement", SettlementInput, settled),
        "share_reward": optional(read, "share_reward", ShareRewardInput, reward),
        "shortage_rule": ShortageRule(rule) if rule in tuple(ShortageRule) else ShortageRule.FIRST_COME,
    }
    if waits is not None:
        given["uncollected"] = waits.to_domain()
    return given


AFTER_SALES = "settlement.after_sales_days"


def optional(read: Reader, at: str, shape: type[Any], given: Mapping[str, Any]) -> Any:
    """None where nothing of it was filled in."""
    if all(value is None for value in given.values()):
        return None
    made = read.shape(at, shape, given)
    return made.to_domain() if made is not None else None


def where(refused: Refused, wanted: Campaign) -> str:
    """The field that a rule of the domain speaks of; empty where it is about all of them."""
    stages: Sequence[str] = [one.name for one in wanted.plan]
    skus = [one.sku for one in wanted.items]
    stage, sku = str(refused.facts.get("stage", "")), str(refused.facts.get("sku", ""))
    if refused.code == "limit_out_of_range" and stage in stages:
        return f"plan.{stages.index(stage)}.limit.minutes"
    if refused.code == "bad_stage_owner" and stage in stages:
        return f"plan.{stages.index(stage)}.owner_id"
    if refused.code.startswith("supplier_price_without") and sku in skus:
        return f"items.{skus.index(sku)}.supplier_price_minor"
    return ""
