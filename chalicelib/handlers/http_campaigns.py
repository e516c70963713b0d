"""A merchant's campaigns: drafted, published, restocked, and how they do."""

from chalice.app import Blueprint

from ..services.selling import draft, publish, restock
from ..services.selling.figures import figures
from .edge import MERCHANT, Call, route
from .shapes.campaigns import (
    CampaignDraft,
    CampaignEdit,
    CampaignPage,
    Figures,
    OwnCampaign,
    Restock,
    StockLeft,
)
from .shapes.words import PageQuery

bp = Blueprint(__name__)

_UNACCEPTABLE = (
    "unknown_zone",
    "unknown_currency",
    "too_many_items",
    "repeated_sku",
    "earnest_over_limit",
    "deposit_too_small",
    "repeated_community",
    "too_many_communities",
    "team_size_out_of_range",
    "price_out_of_range",
    "stock_out_of_range",
    "tiers_out_of_order",
    "tier_price_not_falling",
    "tier_needs_one_price",
    "one_day_has_no_close",
    "time_out_of_range",
    "unknown_profile",
    "unknown_calendar",
    "bad_day",
    "bad_plan",
    "limit_out_of_range",
    "bad_stage_owner",
    "product_not_found",
    "wrong_currency",
)


@route(
    bp,
    "POST",
    "/campaigns",
    body=CampaignDraft,
    answer=OwnCampaign,
    status=201,
    roles=MERCHANT,
    key=True,
    summary="Drafts a campaign",
    refusals=(*_UNACCEPTABLE, "key_reused"),
)
def create_campaign(call: Call[CampaignDraft, None]) -> OwnCampaign:
    wanted = call.body.to_domain(merchant_id=call.caller.id)
    return OwnCampaign.of(draft.create(call.world, call.caller, wanted, key=call.key, now=call.now))


@route(bp, "GET", "/campaigns", query=PageQuery, answer=CampaignPage, roles=MERCHANT, summary="My campaigns")
def my_campaigns(call: Call[None, PageQuery]) -> CampaignPage:
    page = draft.mine(call.world, call.caller, limit=call.query.limit, start=call.opened(call.query.cursor))
    return CampaignPage(items=[OwnCampaign.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/own",
    answer=OwnCampaign,
    roles=MERCHANT,
    summary="One campaign of mine, drafts included, with its stock settings and version",
    refusals=("campaign_not_found",),
)
def own_campaign(call: Call[None, None], campaign_id: str) -> OwnCampaign:
    return OwnCampaign.of(draft.own(call.world, call.caller, campaign_id))


@route(
    bp,
    "PUT",
    "/campaigns/{campaign_id}",
    body=CampaignEdit,
    answer=OwnCampaign,
    roles=MERCHANT,
    summary="Replaces a draft, on top of the version that was read",
    refusals=("campaign_not_found", "campaign_has_changed", "already_published", *_UNACCEPTABLE),
)
def edit_campaign(call: Call[CampaignEdit, None], campaign_id: str) -> OwnCampaign:
    wanted = call.body.to_domain(merchant_id=call.caller.id)
    edited = draft.edit(call.world, call.caller, campaign_id, wanted, version=call.body.version, now=call.now)
    return OwnCampaign.of(edited)


@route(
    bp,
    "POST",
    "/campaigns/{campaign_id}/publish",
    answer=OwnCampaign,
    roles=MERCHANT,
    summary="Publishes a draft: its terms are frozen, and its groups open by themselves",
    refusals=(
        "campaign_not_found",
        "already_published",
        "campaign_incomplete",
        "deadline_in_the_past",
        "deadline_before_start",
        "window_too_long",
        "payment_window_out_of_range",
        "team_window_out_of_range",
        "community_without_pickup_point",
        "no_pickup_point_for_all",
        "pickup_choice_before_close",
        "price_out_of_range",
        "stock_out_of_range",
        "tiers_out_of_order",
        "tier_price_not_falling",
        "no_sellable_stock",
        "stock_below_target",
        "seats_below_target",
        "method_not_offered",
        "reference_price_never_sold",
        "ship_date_before_close",
    ),
)
def publish_campaign(call: Call[None, None], campaign_id: str) -> OwnCampaign:
    return OwnCampaign.of(publish.publish(call.world, call.caller, campaign_id, now=call.now))


@route(
    bp,
    "POST",
    "/campaigns/{campaign_id}/stock",
    body=Restock,
    answer=StockLeft,
    roles=MERCHANT,
    key=True,
    summary="Adds stock to a published campaign; a sold-out one sells again",
    refusals=("campaign_not_found", "not_published", "unknown_item", "stock_out_of_range", "key_reused"),
)
def restock_campaign(call: Call[Restock, None], campaign_id: str) -> StockLeft:
    asked = call.body
    stock = restock.restock(
        call.world,
        call.caller,
        campaign_id,
        asked.units,
        reason=asked.reason,
        batch=asked.batch,
        key=call.key,
        now=call.now,
    )
    return StockLeft.of(stock)


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/figures",
    answer=Figures,
    roles=MERCHANT,
    summary="What a campaign of mine brings: conversion, average order, formed and refunded shares",
    refusals=("campaign_not_found", "not_published"),
)
def campaign_figures(call: Call[None, None], campaign_id: str) -> Figures:
    return Figures.of(campaign_id, figures(call.world, call.caller, campaign_id))
