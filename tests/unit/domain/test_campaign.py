"""What must be true before a campaign may be published: every refusal by its name."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import campaign as campaigns
from chalicelib.domain.campaign import (
    Campaign,
    CampaignState,
    Community,
    Fulfilment,
    Item,
    Kind,
    Measure,
    PickupPoint,
    Target,
    check_draft,
    check_item,
    check_publishable,
)
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.money import MAX_MINOR
from chalicelib.domain.pricing import Tier
from chalicelib.domain.refusals import Refused

from . import given as story
from .given import APPLES, CLOSES, NOON, OPENS, PEARS

EAST, WEST = Community(id="east", name="East"), Community(id="west", name="West")


def refusal(draft: Campaign, now: int = NOON) -> Refused:
    with pytest.raises(Refused) as caught:
        check_publishable(draft, now)
    return caught.value


@pytest.mark.req("L1")
@pytest.mark.parametrize(
    "complete",
    [
        story.terms(),
        story.team(),
        story.terms(kind=Kind.COMMUNITY, communities=(EAST, WEST)),
        story.terms(fulfilment=Fulfilment.DELIVERY, pickup_points=()),
        story.terms(payment_window_ms=None, pay_until_close=True),
        story.terms(target=Target(measure=Measure.AMOUNT, at_least=MAX_MINOR)),
    ],
)
def test_a_complete_campaign_may_be_published(complete: Campaign) -> None:
    check_publishable(complete, NOON)


@pytest.mark.req("L1")
@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("items", {"items": ()}),
        ("target", {"target": None}),
        ("opens_at", {"opens_at": None}),
        ("closes_at", {"closes_at": None}),
        ("payment_window", {"payment_window_ms": None}),
        ("refund_rule", {"refund_rule": ""}),
        ("fulfilment", {"fulfilment": None}),
        ("methods", {"methods": ()}),
        ("category", {"category": ""}),
        ("communities", {"kind": Kind.COMMUNITY}),
        ("team_sizes", {"kind": Kind.TEAM}),
        ("pickup_points", {"pickup_points": ()}),
    ],
)
def test_what_a_buyer_could_not_rely_on_is_named(named: str, changes: dict[str, Any]) -> None:
    refused = refusal(story.terms(**changes))
    assert (refused.code, refused.facts) == ("campaign_incomplete", {"missing": [named]})


def test_all_that_is_missing_is_named_at_once() -> None:
    empty = Campaign(id="c", merchant_id="m", title="t")
    assert len(refusal(empty).facts["missing"]) == 9


@pytest.mark.req("L1")
@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("already_published", {"state": CampaignState.PUBLISHED}),
        ("deadline_in_the_past", {"closes_at": NOON}),
        ("deadline_before_start", {"opens_at": CLOSES}),
        ("window_too_long", {"closes_at": NOON + 90 * DAY + 1}),
        ("payment_window_out_of_range", {"payment_window_ms": MINUTE - 1}),
        ("payment_window_out_of_range", {"payment_window_ms": 14 * DAY + 1}),
        ("team_window_out_of_range", {"kind": Kind.TEAM, "team_sizes": (2,), "team_open_ms": 10 * MINUTE - 1}),
        ("team_window_out_of_range", {"kind": Kind.TEAM, "team_sizes": (2,), "team_open_ms": 30 * DAY + 1}),
        ("no_sellable_stock", {"items": (replace(APPLES, stock=5, buffer=5),)}),
        ("no_sellable_stock", {"items": (replace(APPLES, stock=5, stop_threshold=5),)}),
        ("stock_below_target", {"items": (replace(APPLES, stock=2),)}),
        ("stock_below_target", {"target": Target(measure=Measure.UNITS, at_least=151)}),
        ("seats_below_target", {"max_participants": 2}),
        ("price_out_of_range", {"items": (APPLES, replace(PEARS, list_price_minor=0))}),
    ],
)
def test_a_campaign_that_cannot_work_is_refused(code: str, changes: dict[str, Any]) -> None:
    assert refusal(story.terms(**changes)).code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"closes_at": NOON + 90 * DAY},
        {"payment_window_ms": MINUTE},
        {"payment_window_ms": 14 * DAY},
        {"target": Target(measure=Measure.UNITS, at_least=150)},
        {"max_participants": 3},
        {"opens_at": NOON + 30 * DAY, "closes_at": NOON + 120 * DAY},
    ],
)
def test_the_last_value_inside_each_limit_is_allowed(changes: dict[str, Any]) -> None:
    check_publishable(story.terms(**changes), NOON)


@pytest.mark.req("O5")
def test_every_community_has_somewhere_to_pick_up() -> None:
    points = (PickupPoint(id="gate", name="Gate", community_id="east"),)
    draft = story.terms(kind=Kind.COMMUNITY, communities=(EAST, WEST), pickup_points=points)

    refused = refusal(draft)

    assert (refused.code, refused.facts) == ("community_without_pickup_point", {"community": "west"})
    check_publishable(replace(draft, pickup_points=(*points, PickupPoint(id="any", name="Any"))), NOON)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("unknown_zone", {"zone": "Asia/Nowhere"}),
        ("unknown_zone", {"zone": "../etc/passwd"}),
        ("unknown_currency", {"currency": "XAU"}),
        ("too_many_items", {"items": tuple(replace(APPLES, sku=f"s{k}") for k in range(21))}),
        ("repeated_sku", {"items": (APPLES, APPLES)}),
        ("repeated_community", {"communities": (EAST, EAST)}),
        ("too_many_communities", {"communities": tuple(Community(id=f"{k}", name="") for k in range(201))}),
        ("team_size_out_of_range", {"team_sizes": (2, 1)}),
        ("team_size_out_of_range", {"team_sizes": (101,)}),
        ("stock_out_of_range", {"items": (replace(APPLES, buffer=101),)}),
    ],
)
def test_nonsense_is_refused_even_in_a_draft(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        check_draft(story.terms(**changes))
    assert caught.value.code == code


def test_an_unfinished_draft_is_no_nonsense() -> None:
    check_draft(Campaign(id="c", merchant_id="m", title="t"))
    check_draft(story.terms(items=tuple(replace(APPLES, sku=f"s{k}") for k in range(20)), team_sizes=(2, 100)))


@pytest.mark.parametrize(
    ("code", "item"),
    [
        ("price_out_of_range", replace(APPLES, list_price_minor=MAX_MINOR + 1, tiers=())),
        ("price_out_of_range", replace(APPLES, list_price_minor=-1, tiers=())),
        ("stock_out_of_range", replace(APPLES, stock=-1)),
        ("stock_out_of_range", replace(APPLES, stock=1_000_001)),
        ("stock_out_of_range", replace(APPLES, buffer=-1)),
        ("tiers_out_of_order", replace(APPLES, tiers=APPLES.tiers[::-1])),
        ("tiers_out_of_order", replace(APPLES, tiers=(Tier(participants=0, unit_price_minor=1),))),
        ("tiers_out_of_order", replace(APPLES, tiers=(APPLES.tiers[0], APPLES.tiers[0]))),
        ("tier_price_not_falling", replace(APPLES, tiers=(Tier(participants=2, unit_price_minor=1_000),))),
        ("tier_price_not_falling", replace(APPLES, tiers=(Tier(participants=2, unit_price_minor=0),))),
    ],
)
def test_an_item_that_makes_no_sense_is_refused_by_its_sku(code: str, item: Item) -> None:
    with pytest.raises(Refused) as caught:
        check_item(item)
    assert (caught.value.code, caught.value.facts) == (code, {"sku": "apples"})


@pytest.mark.req("P12")
@pytest.mark.req("L6")
@pytest.mark.parametrize(
    ("buffer", "threshold", "sellable"), [(0, 0, 100), (7, 0, 93), (0, 7, 93), (7, 9, 91), (100, 0, 0), (0, 500, 0)]
)
def test_buffer_and_stop_threshold_are_never_sellable(buffer: int, threshold: int, sellable: int) -> None:
    assert replace(APPLES, buffer=buffer, stop_threshold=threshold).sellable == sellable


@pytest.mark.req("P15")
def test_a_limit_needs_a_row_of_its_own_only_where_one_buyer_can_be_in_several_groups() -> None:
    assert not story.terms(limit_per_buyer=2).spans_groups
    assert not story.team().spans_groups
    assert story.team(limit_per_buyer=2).spans_groups
    assert story.terms(kind=Kind.COMMUNITY, limit_per_buyer=2).spans_groups


def test_what_is_certain_is_the_fewest_people_with_whom_it_can_form() -> None:
    assert campaigns.certain_participants(story.terms(), None) == 3
    assert campaigns.certain_participants(story.terms(target=Target(measure=Measure.UNITS, at_least=90)), None) == 1
    assert campaigns.certain_participants(story.team(5), 5) == 5


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_item"):
        story.terms().item("plums")


def test_the_draft_of_these_stories_opened_before_noon() -> None:
    assert OPENS < NOON < CLOSES and NOON - OPENS == HOUR
