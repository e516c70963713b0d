"""Campaigns as drafts: freely changed until they are published, never after."""

from dataclasses import replace

from ...domain.campaign import Campaign, CampaignState, check_draft
from ...domain.ids import derived
from ...domain.instants import Instant
from ...domain.ports import Caller, Page
from ...domain.refusals import Lost, Refused
from ...domain.writes import Create, Replace
from ..world import World


def create(world: World, caller: Caller, draft: Campaign, *, key: str | None, now: Instant) -> Campaign:
    """Ids, owner and state are ours to set, whatever the draft says."""
    campaign = _owned(
        replace(draft, id="c" + (derived(caller.id, "campaign", key) if key else world.new_id()), created_at=now),
        caller,
    )
    check_draft(campaign)
    _check_products(world, caller, campaign)
    try:
        world.store.commit(Create(campaign))
    except Lost:
        known = own(world, caller, campaign.id)
        if replace(campaign, created_at=known.created_at, version=known.version) != known:
            raise Refused("key_reused") from None
        return known
    return replace(campaign, version=1)


def _owned(draft: Campaign, caller: Caller) -> Campaign:
    return replace(
        draft,
        merchant_id=caller.id,
        state=CampaignState.DRAFT,
        terms_version=0,
        published_at=None,
        groups_opened=0,
        hold_ms={},
        version=0,
        due_at=None,
    )


def own(world: World, caller: Caller, campaign_id: str) -> Campaign:
    """The caller's own campaign; another's looks like a missing one."""
    campaign = world.store.campaign(campaign_id)
    if campaign is None or campaign.merchant_id != caller.id:
        raise Refused("campaign_not_found", campaign=campaign_id)
    return campaign


def edit(world: World, caller: Caller, campaign_id: str, draft: Campaign, *, version: int, now: Instant) -> Campaign:
    old = own(world, caller, campaign_id)
    if old.state is not CampaignState.DRAFT:
        raise Refused("already_published")
    if old.version != version:
        raise Refused("campaign_has_changed", version=old.version)
    new = replace(_owned(draft, caller), id=old.id, created_at=old.created_at, version=old.version)
    check_draft(new)
    _check_products(world, caller, new)
    world.store.commit(Replace(new))
    return replace(new, version=new.version + 1)


def _check_products(world: World, caller: Caller, campaign: Campaign) -> None:
    """Only one's own products, in the campaign's currency."""
    for item in campaign.items:
        product = world.store.product(item.product_id)
        if product is None or product.merchant_id != caller.id:
            raise Refused("product_not_found", product=item.product_id)
        if product.currency != campaign.currency:
            raise Refused("wrong_currency", expected=campaign.currency)


def mine(world: World, caller: Caller, *, limit: int, start: str | None) -> Page[Campaign]:
    return world.store.campaigns_of(caller.id, limit, start)
