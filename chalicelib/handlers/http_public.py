"""What anyone may see without signing in: the hall, a campaign, a group, and how far it is."""

from typing import Any

import msgspec
from chalice.app import Blueprint

from ..domain.group import Group
from ..domain.instants import MINUTE
from ..domain.ports import Page
from ..domain.tally import Tally
from ..services.paying import solvency
from ..services.selling import browse, share, visit
from . import openapi
from .edge import NO_STORE, PUBLIC, Call, route
from .shapes.campaigns import CampaignOffer
from .shapes.groups import (
    GroupCard,
    GroupLine,
    GroupPage,
    GroupProgress,
    HallQuery,
    ProgressQuery,
    ShareLink,
    ViewInput,
)
from .shapes.ops import Health
from .shapes.solvency import CampaignSolvency
from .shapes.words import PageQuery, shown

bp = Blueprint(__name__)


@route(bp, "GET", "/health", answer=Health, roles=PUBLIC, summary="Whether the API answers, and its clock")
def health(call: Call[None, None]) -> Health:
    return Health(status="ok", now=shown(call.now))


@route(bp, "GET", "/openapi.json", roles=PUBLIC, cache="public, max-age=300", summary="This document")
def openapi_document(call: Call[None, None]) -> msgspec.Raw:
    return msgspec.Raw(openapi.document())


@route(
    bp,
    "GET",
    "/hall",
    query=HallQuery,
    answer=GroupPage,
    roles=PUBLIC,
    cache="public, max-age=2",
    summary="Open groups by deadline (拼团大厅)",
)
def hall(call: Call[None, HallQuery]) -> GroupPage:
    query = call.query
    minutes = query.closing_within_minutes
    asked = browse.HallAsked(
        community=query.community,
        category=query.category,
        within=None if minutes is None else minutes * MINUTE,
        limit=query.limit,
        start=call.opened(query.cursor),
    )
    seen = browse.hall_lately(call.world, asked, now=call.now)
    if seen.at < call.now:
        call.headers["Cache-Control"] = "public, max-age=1"  # with the time it was kept here, two seconds at most
    return _lines(call, seen.page)


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}",
    answer=CampaignOffer,
    roles=PUBLIC,
    summary="One published campaign",
    refusals=("campaign_not_found",),
)
def campaign(call: Call[None, None], campaign_id: str) -> CampaignOffer:
    return CampaignOffer.of(browse.campaign(call.world, None, campaign_id))


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/groups",
    query=PageQuery,
    answer=GroupPage,
    roles=PUBLIC,
    summary="The groups of a published campaign",
    refusals=("campaign_not_found",),
)
def campaign_groups(call: Call[None, PageQuery], campaign_id: str) -> GroupPage:
    browse.campaign(call.world, None, campaign_id)
    store = call.world.store
    page = store.groups_of(campaign_id, call.query.limit, call.opened(call.query.cursor))
    known = store.tallies_of([row.id for row in page.rows])
    return _lines(call, Page([(row, known.get(row.id)) for row in page.rows], page.next))


@route(
    bp,
    "GET",
    "/campaigns/{campaign_id}/solvency",
    query=PageQuery,
    answer=CampaignSolvency,
    roles=PUBLIC,
    cache="public, max-age=60",
    summary="What is held of a campaign's money, with the rows from which anybody can add it up",
    refusals=("campaign_not_found",),
)
def campaign_solvency(call: Call[None, PageQuery], campaign_id: str) -> CampaignSolvency:
    sums = solvency.sums(call.world, campaign_id, now=call.now)
    page = solvency.lines(call.world, campaign_id, limit=call.query.limit, start=call.opened(call.query.cursor))
    return CampaignSolvency.of(sums, page, call.sealed(page.next))


@route(
    bp,
    "GET",
    "/groups/{group_id}",
    answer=GroupCard,
    roles=PUBLIC,
    summary="One group with its terms",
    refusals=("group_not_found",),
)
def group(call: Call[None, None], group_id: str) -> GroupCard:
    return GroupCard.seen(browse.group(call.world, group_id), call.language)


@route(
    bp,
    "GET",
    "/groups/{group_id}/progress",
    query=ProgressQuery,
    answer=GroupProgress,
    roles=PUBLIC,
    cache="public, max-age=2",
    summary="How far a group is, and what the next tier takes; strong=true counts the rows just now",
    refusals=("group_not_found",),
)
def progress(call: Call[None, ProgressQuery], group_id: str) -> GroupProgress:
    if call.query.strong:
        call.headers["Cache-Control"] = NO_STORE
    found = browse.progress(call.world, group_id, strong=call.query.strong, now=call.now)
    return GroupProgress.of(found, call.now)


@route(
    bp,
    "POST",
    "/groups/{group_id}/views",
    body=ViewInput,
    status=204,
    roles=PUBLIC,
    summary="Counts a distinct human visitor of a group's page, and in parts how long they looked and what they shared",
    refusals=("group_not_found",),
)
def view_group(call: Call[ViewInput, None], group_id: str) -> None:
    agent = call.received.get("user-agent", "")[:500]
    seen = call.body
    visit.visit(call.world, group_id, seen.visitor, agent, stayed_s=seen.stayed_s, shared=seen.shared, now=call.now)


@route(
    bp,
    "GET",
    "/shares/{code}",
    answer=ShareLink,
    roles=PUBLIC,
    summary="Which group a share link leads to; a join with its code is attributed to the sharer",
    refusals=("share_not_found",),
)
def follow_share(call: Call[None, None], code: str) -> ShareLink:
    return ShareLink.of(share.follow(call.world, code), call.world.public_url)


def _lines(call: Call[None, Any], page: Page[tuple[Group, Tally | None]]) -> GroupPage:
    terms = call.world.store.terms
    return GroupPage(
        items=[GroupLine.of(row, terms(row.campaign_id, row.terms_version), tally) for row, tally in page.rows],
        next=call.sealed(page.next),
    )
