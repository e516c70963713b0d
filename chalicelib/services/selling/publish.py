"""Publishes a draft: its terms are frozen as version 1, its stock set aside, and its groups open by themselves (L1)."""

from dataclasses import replace

from ...domain import product as products
from ...domain.campaign import (
    Campaign,
    CampaignState,
    Item,
    Stock,
    Terms,
    check_publishable,
    longest_wait,
    with_profile,
)
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...domain.tally import Scope, Tally
from ...domain.writes import Create, Replace
from .. import audit
from ..paying import books
from ..people import leaders
from ..world import World
from .draft import own


def publish(world: World, caller: Caller, campaign_id: str, *, now: Instant) -> Campaign:
    """Publishing what is published is done already. Groups exist within seconds, and sell from `opens_at`."""
    draft = own(world, caller, campaign_id)
    if draft.state is CampaignState.PUBLISHED:
        return draft
    check_publishable(draft, now)
    draft = leaders.with_places(world, draft)
    _check_methods(world, draft)
    items = tuple(_with_picture(world, _with_reference(world, item, now)) for item in draft.items)
    published = replace(
        with_profile(draft),
        items=items,
        hold_ms=_holds(world, with_profile(draft)),
        settlement=replace(draft.settlement, platform_bp=world.platform_bp) if draft.settlement else None,
        state=CampaignState.PUBLISHED,
        terms_version=1,
        published_at=now,
        due_at=now,
    )
    terms = Terms(campaign_id=draft.id, number=1, campaign=replace(published, version=0, due_at=None))
    books.opened(world, published.methods, now)
    act = audit.line(world, caller, "published", draft.id, now)
    world.store.commit(
        Replace(published),
        Create(terms),
        Create(Stock(campaign_id=draft.id, left={item.sku: item.sellable for item in items})),
        Create(Tally(scope=Scope.CAMPAIGN, id=draft.id, campaign_id=draft.id, as_of=now)),
        act,
    )
    audit.noted(world, act)
    return replace(published, version=published.version + 1)


def _check_methods(world: World, draft: Campaign) -> None:
    for method in draft.methods:
        if method not in world.payments:
            raise Refused("method_not_offered", methods=sorted(world.payments))

    for method in draft.methods:
        if not world.payments[method].can.takes(draft.currency):
            raise Refused("currency_not_taken", method=method, currency=draft.currency)


def _holds(world: World, draft: Campaign) -> dict[str, Instant]:
    """The methods that take no money before the verdict: those that hold it for longer than this campaign can last.

    Less than was held must be capturable, because the final price may be lower than the one on joining. A deposit is
    always charged: earnest is earnest once it has been handed over (Civil Code of China, article 586).
    """
    if draft.deposit is not None:
        return {}
    wait = longest_wait(draft)
    able = {method: world.payments[method].can for method in draft.methods}
    return {method: can.hold_ms for method, can in able.items() if can.partial_capture and can.hold_ms >= wait}


def _with_picture(world: World, item: Item) -> Item:
    product = world.store.product(item.product_id)
    return replace(item, picture=products.small_picture(product)) if product is not None else item


def _with_reference(world: World, item: Item, now: Instant) -> Item:
    """The struck-through price is one at which it was really sold, or there is none (P10)."""
    marks = world.store.price_marks(item.product_id)
    try:
        return replace(item, reference_price_minor=products.reference_price(marks, item.reference_price_minor, now))
    except Refused as refused:
        raise Refused(refused.code, sku=item.sku, **refused.facts) from None
