"""From the wire to the domain and back: nothing is lost, rounded wrongly, or told to the wrong person."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from chalicelib.domain import campaign as domain
from chalicelib.domain.campaign import Campaign, Fulfilment, Kind, Measure, check_draft, check_publishable
from chalicelib.domain.group import Group, GroupState, Verdict
from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.ledger import Entry, EntryState, RefundStage, refund_of
from chalicelib.domain.ledger import Kind as Movement
from chalicelib.domain.order import Order, OrderState, Step
from chalicelib.domain.pricing import Tier
from chalicelib.domain.refusals import Refused
from chalicelib.domain.statement import statement
from chalicelib.handlers.shapes.campaigns import CampaignDraft, CampaignOffer, OwnCampaign
from chalicelib.handlers.shapes.groups import Conditions
from chalicelib.handlers.shapes.money import Refund
from chalicelib.handlers.shapes.orders import GroupOrder, OrderStory, masked
from chalicelib.handlers.shapes.words import to_instant
from chalicelib.services.buying.orders import OrderView

from .conftest import NOW

OPENS, CLOSES = "2025-11-22T08:00:00+08:00", "2025-11-22T20:00:00+08:00"

DRAFT: dict[str, Any] = {
    "title": "高山杨梅 🍒",
    "category": "水果",
    "kind": "community",
    "items": [
        {
            "sku": "yangmei-2.5kg",
            "product_id": "p1",
            "title": "杨梅 5 斤",
            "list_price_minor": 2995,
            "tiers": [{"participants": 3, "percent_off": 5}, {"participants": 5, "unit_price_minor": 2500}],
            "stock": 100,
            "buffer": 10,
        }
    ],
    "communities": [{"id": "lakeside", "name": "湖畔"}],
    "target": {"measure": "participants", "at_least": 3},
    "opens_at": OPENS,
    "closes_at": CLOSES,
    "payment_window_minutes": 30,
    "methods": ["sandbox", "transfer"],
    "refund_rule": "未成团全额退款",
    "return_exception": "鲜活易腐",
    "fulfilment": "pickup",
    "pickup_points": [{"id": "gate", "name": "南门", "community_id": "lakeside"}],
}


def drafted(**other: Any) -> Campaign:
    return msgspec.convert({**DRAFT, **other}, CampaignDraft).to_domain(merchant_id="m1")


def group_of(terms: Campaign, **other: Any) -> Group:
    return Group(
        id="g1",
        campaign_id="c1",
        merchant_id="m1",
        terms_version=1,
        kind=terms.kind,
        title=terms.title,
        category=terms.category,
        opens_at=terms.opens_at or 0,
        closes_at=terms.closes_at or 0,
        zone=terms.zone,
        currency=terms.currency,
        opened_at=NOW,
        **other,
    )


def order_of(**other: Any) -> Order:
    values: dict[str, Any] = {
        "id": "g1-00abc",
        "group_id": "g1",
        "part": 0,
        "campaign_id": "c1",
        "merchant_id": "m1",
        "buyer_id": "mei",
        "slice": 0,
        "terms_version": 1,
        "state": OrderState.PAID,
        "lines": {"yangmei-2.5kg": 2},
        "prices": {"yangmei-2.5kg": 2845},
        "amount_minor": 5690,
        "currency": "CNY",
        "joined_at": NOW,
        "pay_by": NOW + HOUR,
        "paid_at": NOW + MINUTE,
        "steps": (Step(state="held", at=NOW, by="mei"), Step(state="paid", at=NOW + MINUTE, by="provider")),
    }
    return Order(**{**values, **other})


def payment_of(order: Order) -> Entry:
    return Entry(
        id=f"{order.id}.p1",
        kind=Movement.PAYMENT,
        order_id=order.id,
        group_id=order.group_id,
        campaign_id=order.campaign_id,
        buyer_id=order.buyer_id,
        merchant_id=order.merchant_id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        method="sandbox",
        state=EntryState.POSTED,
        created_at=NOW,
        posted_at=NOW + MINUTE,
        paid_at=NOW + MINUTE,
    )


# campaigns


@pytest.mark.req("L1")
def test_a_draft_comes_through_whole_and_could_be_published() -> None:
    draft = drafted()
    check_draft(draft)
    check_publishable(draft, NOW)
    assert (draft.kind, draft.fulfilment) == (Kind.COMMUNITY, Fulfilment.PICKUP)
    assert draft.closes_at is not None and draft.opens_at is not None
    assert draft.closes_at - draft.opens_at == 12 * HOUR
    assert draft.payment_window_ms == 30 * MINUTE
    assert draft.target == domain.Target(measure=Measure.PARTICIPANTS, at_least=3)


@pytest.mark.req("P1")
def test_a_percentage_tier_rounds_the_unit_price_half_up() -> None:
    assert drafted().items[0].tiers == (
        Tier(participants=3, unit_price_minor=2845),  # 28.4525 -> 28.45
        Tier(participants=5, unit_price_minor=2500),
    )


@pytest.mark.parametrize("tier", [{"participants": 2}, {"participants": 2, "percent_off": 5, "unit_price_minor": 1}])
def test_a_tier_has_one_price(tier: dict[str, int]) -> None:
    item = {**DRAFT["items"][0], "tiers": [tier]}
    with pytest.raises(Refused, match="tier_needs_one_price"):
        drafted(items=[item])


@pytest.mark.req("L8")
def test_a_one_day_campaign_ends_at_midnight_and_unpaid_orders_with_it() -> None:
    draft = drafted(preset="one_day", closes_at=None)
    assert draft.closes_at == to_instant(datetime(2025, 11, 23, tzinfo=timezone(timedelta(hours=8))))
    assert (draft.pay_until_close, draft.payment_window_ms) == (True, None)
    for other in ({"opens_at": None, "closes_at": None}, {}):
        with pytest.raises(Refused, match="one_day_has_no_close"):
            drafted(preset="one_day", **other)


@pytest.mark.parametrize(
    "time", ["1999-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"]
)
def test_times_that_nobody_means_are_refused(time: str) -> None:
    with pytest.raises(Refused, match="time_out_of_range"):
        drafted(closes_at=time)


def test_an_offer_keeps_the_merchants_numbers_to_itself() -> None:
    draft = replace(drafted(), id="c1", version=3)
    seen = msgspec.to_builtins(CampaignOffer.of(draft))
    assert not {"stock", "max_unpaid_per_person", "version", "created_at"} & seen.keys()
    assert "stock" not in seen["items"][0]
    own = msgspec.to_builtins(OwnCampaign.of(draft))
    assert seen.items() <= own.items()
    (stock,) = own["stock"]
    assert (stock["sku"], stock["stock"], stock["buffer"]) == ("yangmei-2.5kg", 100, 10)
    assert "supplier_id" in stock and "supplier_id" not in seen["items"][0]


@pytest.mark.req("P10")
def test_the_percentage_off_is_against_the_reference_price() -> None:
    draft = drafted()
    item = replace(draft.items[0], reference_price_minor=3299)
    shown = CampaignOffer.of(replace(draft, items=(item,))).items[0]
    assert (shown.joining_price_minor, shown.reference_price_minor, shown.percent_off) == (2845, 3299, 13)
    assert CampaignOffer.of(draft).items[0].percent_off is None


# terms


def test_the_conditions_are_told_in_the_callers_language() -> None:
    terms = drafted()
    told = statement(terms, group_of(terms))
    zh, en = Conditions.of(told, "CNY", "zh").sentences, Conditions.of(told, "CNY", "en").sentences
    assert zh[0] == "成团条件：至少 3 人付款参团。"
    assert zh[1] == "截止时间：2025-11-22 20:00（Asia/Shanghai）。"
    assert "在线支付（演示） 1 天内、银行转账 3 天内" in zh[2]
    assert "online payment (demo) within 1 day, bank transfer within 3 days" in en[2]
    assert zh[4] == "不适用七天无理由退货：鲜活易腐"
    assert en[0] == "The group forms with at least 3 paid participants."
    assert en[4].startswith("The 7-day return does not apply")
    amount = replace(told, measure=Measure.AMOUNT, at_least=100000, return_exception=None)
    assert Conditions.of(amount, "CNY", "zh").sentences[0] == "成团条件：至少 付款金额 ¥1000.00。"
    assert Conditions.of(amount, "CNY", "en").sentences[4] == "The 7-day return applies."


# orders


def story(order: Order, entries: list[Entry], verdict: Verdict | None = None, at: int = NOW) -> OrderStory:
    terms = drafted()
    group = group_of(terms, verdict=verdict, state=GroupState.FAILED if verdict else GroupState.OPEN)
    return OrderStory.of(OrderView(order=order, group=group, terms=terms, entries=entries), at)


FAILED = Verdict(
    formed=False,
    given_at=NOW + HOUR,
    participants=1,
    units={},
    amount_minor=5690,
    prices={"yangmei-2.5kg": 2995},
    reason="target_missed",
    unsold={},
)


@pytest.mark.req("R9")
def test_a_refund_can_be_followed_with_a_countdown_to_the_promise() -> None:
    order = order_of()
    payment = payment_of(order)
    refund = refund_of(payment, cause="failed", amount_minor=5690, now=NOW + HOUR)
    waiting = story(order, [refund, payment], FAILED, at=NOW + 2 * HOUR)
    assert [step.what for step in waiting.timeline] == [
        "order_held",
        "payment_started",
        "order_paid",
        "payment_received",
        "group_failed",
        "refund_requested",
        "refund_promised",
    ]
    assert waiting.timeline[-1].expected
    [shown] = waiting.refunds
    assert (shown.stage, shown.amount_minor, shown.cause) == (RefundStage.REQUESTED, 5690, "failed")
    assert shown.seconds_to_promise == (DAY - HOUR) // 1000

    done = replace(
        refund,
        stage=RefundStage.SUCCEEDED,
        state=EntryState.POSTED,
        posted_at=NOW + 3 * HOUR,
        last_tried_at=NOW + 2 * HOUR,
    )
    finished = story(order, [payment, done], FAILED, at=NOW + 4 * HOUR)
    assert [step.what for step in finished.timeline][-2:] == ["refund_submitted", "refund_succeeded"]
    assert finished.refunds[0].seconds_to_promise == 0


@pytest.mark.req("R4")
def test_a_refund_that_a_person_looks_at_says_so_and_is_not_called_done() -> None:
    refund = refund_of(payment_of(order_of()), cause="failed", amount_minor=5690, now=NOW)
    parked = replace(refund, stage=RefundStage.PARKED)
    assert story(order_of(), [parked]).timeline[-1].what == "refund_looked_at_by_a_person"
    shown = Refund.of(parked, NOW + 2 * DAY)
    assert (shown.succeeded_at, shown.seconds_to_promise) == (None, 0)


def test_buyers_are_masked_and_alike_to_one_merchant_only() -> None:
    order = order_of()
    shown = GroupOrder.of(order, named=False)
    assert shown.buyer_id is None
    assert "mei" not in shown.buyer
    assert shown.buyer == masked("m1", "mei") != masked("m2", "mei")
    assert GroupOrder.of(order, named=True).buyer_id == "mei"
