"""Where stories start: a campaign, its group, an order, a payment, made with only what the story is about."""

from dataclasses import replace
from typing import Any

from chalicelib.domain import campaign as campaigns
from chalicelib.domain import group as groups
from chalicelib.domain import ledger
from chalicelib.domain.campaign import Campaign, Fulfilment, Item, Kind, Measure, PickupPoint, Target
from chalicelib.domain.group import Count, Group, GroupState, Verdict
from chalicelib.domain.instants import DAY, HOUR, Instant
from chalicelib.domain.ledger import Entry, EntryState
from chalicelib.domain.order import Order, OrderState, Receipt
from chalicelib.domain.pricing import Tier

NOON: Instant = 1_763_697_600_000
"""2025-11-21 12:00 in Shanghai (04:00 UTC)."""

OPENS, CLOSES = NOON - HOUR, NOON + 2 * DAY

APPLES = Item(
    sku="apples",
    product_id="p1",
    title="Apples",
    list_price_minor=1_000,
    tiers=(Tier(participants=3, unit_price_minor=900), Tier(participants=5, unit_price_minor=750)),
    stock=100,
)
PEARS = Item(sku="pears", product_id="p2", title="Pears", list_price_minor=2_000, stock=50)


def terms(**changes: Any) -> Campaign:
    """A complete draft of one pot: three people make it, apples get cheaper, pears do not."""
    draft = Campaign(
        id="c1",
        merchant_id="merchant",
        title="Fruit",
        category="fruit",
        kind=Kind.POT,
        items=(APPLES, PEARS),
        target=Target(measure=Measure.PARTICIPANTS, at_least=3),
        opens_at=OPENS,
        closes_at=CLOSES,
        payment_window_ms=2 * HOUR,
        methods=("sandbox",),
        refund_rule="full",
        fulfilment=Fulfilment.PICKUP,
        pickup_points=(PickupPoint(id="gate", name="Gate"), PickupPoint(id="shop", name="Shop")),
        terms_version=1,
    )
    return replace(draft, **changes)


def group(of: Campaign | None = None, **changes: Any) -> Group:
    return replace(groups.opened(of or terms(), now=NOON, which=["pot"]), **{"due_at": None, **changes})


def order(state: OrderState = OrderState.HELD, **changes: Any) -> Order:
    """Mei's order of two apples at 9.00, joined at noon, payable for two hours."""
    made = Order(
        id="g1-00mei",
        group_id="g1",
        part=0,
        campaign_id="c1",
        merchant_id="merchant",
        buyer_id="mei",
        slice=0,
        terms_version=1,
        state=state,
        lines={"apples": 2},
        prices={"apples": 900},
        amount_minor=1_800,
        currency="CNY",
        joined_at=NOON,
        pay_by=NOON + 2 * HOUR,
        version=1,
    )
    return replace(made, **changes)


def receipt(fingerprint: str = "f") -> Receipt:
    return Receipt(
        fingerprint=fingerprint,
        lines={"apples": 2},
        amount_minor=1_800,
        pay_by=NOON + 2 * HOUR,
        joined_at=NOON,
        deadline=CLOSES,
    )


def payment(entry_id: str = "g1-00mei.p1", amount_minor: int = 1_800, **changes: Any) -> Entry:
    made = Entry(
        id=entry_id,
        kind=ledger.Kind.PAYMENT,
        order_id=entry_id.partition(".")[0],
        group_id="g1",
        campaign_id="c1",
        buyer_id="mei",
        merchant_id="merchant",
        amount_minor=amount_minor,
        currency="CNY",
        method="sandbox",
        created_at=NOON,
    )
    return replace(made, **changes)


def captured(entry_id: str = "g1-00mei.p1", amount_minor: int = 1_800) -> Entry:
    return ledger.posted(payment(entry_id, amount_minor), provider_ref="pi_1", paid_at=NOON, now=NOON)


def refund(**changes: Any) -> Entry:
    made = ledger.refund_of(captured(), cause="failed", amount_minor=1_800, now=NOON)
    assert made.state is EntryState.PENDING
    return replace(made, **changes)


def verdict(of: Campaign, participants: int, **count: Any) -> Verdict:
    closing = group(of, state=GroupState.SEALING)
    return groups.judged(closing, of, Count(participants=participants, **count), {}, CLOSES)


def team(size: int = 3, **changes: Any) -> Campaign:
    return terms(kind=campaigns.Kind.TEAM, team_sizes=(size,), target=None, **changes)
