"""Settlement and solvency (R12, X3, X4, E21): whose the money is, when it is let out, and how anybody adds it up."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR
from infra.local.sandbox.releases import with_payee

from .shop import Offer, Shop, Taken, item, money_adds_up
from .test_delivery import code_of, hand, move
from .test_receipts import leader

RULE = {"commission_bp": 500, "first_bp": 7000, "after_sales_days": 7}
TWO = {"measure": "participants", "at_least": 2}


def on_its_way(
    shop: Shop, *, banked: bool = True, supplier: str = "", **over: Any
) -> tuple[Offer, list[Taken], str, str]:
    """Two buyers of apples at 10.00, of which the supplier gets 6.00; the pickup place is a leader's. `banked`: all
    have an account with the provider."""
    who, place = leader(shop)
    supplier = supplier or shop.person("supplier", roles=("supplier",))
    if banked:
        shop.banked(who, supplier, shop.merchant)
    offer = shop.offer(
        **{
            "items": [item(tiers=[], supplier_id=supplier, supplier_price_minor=600)],
            "pickup_points": [{"id": "gate", "name": "南门", "place_id": place}],
            "settlement": RULE,
            "target": TWO,
            "hours": 2,
        }
        | over
    )
    taken = [shop.buy(offer.group) for _ in range(2)]
    assert shop.close(offer.group)["state"] == "formed"
    shop.ok("POST", f"/groups/{offer.group}/batches", who=shop.merchant)
    move(shop, offer, "sorted", "in_transit", "ready")
    return offer, taken, who, supplier


def settlement(shop: Shop, offer: Offer) -> tuple[Any, dict[str, tuple[int, int]]]:
    found = shop.ok("GET", f"/groups/{offer.group}/settlement", who=shop.merchant)
    return found, {line["payee"]: (line["due_minor"], line["released_minor"]) for line in found["lines"]}


def solvency(shop: Shop, offer: Offer) -> tuple[Any, list[dict[str, Any]]]:
    path = f"/campaigns/{offer.id}/solvency"
    return shop.ok("GET", path), list(shop.pages(path, limit=3))


def recomputed(lines: list[dict[str, Any]], currency: str = "CNY") -> dict[str, int]:
    """What anybody does with the published rows."""
    sums = {"paid": 0, "refunded": 0, "charged_back": 0, "released": 0}
    for line in lines:
        if line["currency"] == currency:
            sums[line["kind"]] += line["amount_minor"]
    held = sums["paid"] - sums["refunded"] - sums["charged_back"] - sums["released"]
    return {f"{name}_minor": amount for name, amount in {**sums, "held": held}.items()}


@pytest.mark.req("R12", "X3", "E21")
def test_money_is_let_out_by_stage_to_each_what_is_theirs_and_adds_up(own: Shop) -> None:
    offer, (mei, li), who, supplier = on_its_way(own)
    own.bed.later(DAY)
    assert money_adds_up(own, offer.group)["released_minor"] == 0, "nothing before the goods are there"

    hand(own, offer, (mei, code_of(own, mei)))
    own.bed.later(7 * HOUR)
    found, lines = settlement(own, offer)
    assert lines == {"merchant": (660, 231), "supplier": (1200, 420), "leader": (100, 35), "platform": (40, 14)}
    assert {line["payee_id"] for line in found["lines"]} == {own.merchant, supplier, who, ""}
    assert (found["released_minor"], found["held_minor"], found["unfinished"]) == (700, 1300, 2)

    hand(own, offer, (li, code_of(own, li)))
    own.bed.later(9 * DAY)
    found, lines = settlement(own, offer)
    assert lines == {"merchant": (660, 660), "supplier": (1200, 1200), "leader": (100, 100), "platform": (40, 40)}
    assert (found["released_minor"], found["held_minor"], found["unfinished"]) == (2000, 0, 0)
    money = money_adds_up(own, offer.group)
    assert money["accounts"] == {
        "buyer_minor": -2000, "held_minor": 0, "merchant_minor": 660, "supplier_minor": 1200, "leader_minor": 100,
        "platform_minor": 40,
    }  # fmt: skip
    own.bed.later(3 * DAY)
    assert settlement(own, offer)[1] == lines, "each exactly once"
    theirs = {payee: with_payee(own.bed.provider, f"acct_{payee}") for payee in (own.merchant, supplier, who)}
    assert theirs == {own.merchant: 660, supplier: 1200, who: 100}, "the platform's share never left"


@pytest.mark.req("R12", "E21")
def test_a_refund_after_the_first_share_takes_commission_and_the_rest_back_in_proportion(own: Shop) -> None:
    offer, (mei, li), _, _ = on_its_way(own)
    hand(own, offer, (mei, code_of(own, mei)), (li, code_of(own, li)))
    own.bed.later(7 * HOUR)
    assert settlement(own, offer)[0]["released_minor"] == 1400
    own.bed.provider.dispute(mei.pay_url.rpartition("/")[2])
    own.bed.later(9 * DAY)
    found, lines = settlement(own, offer)
    assert lines == {"merchant": (330, 330), "supplier": (600, 600), "leader": (50, 50), "platform": (20, 20)}
    money = [found[f"{name}_minor"] for name in ("captured", "charged_back", "released", "held")]
    assert money == [2000, 1000, 1000, 0]
    sums, rows = solvency(own, offer)
    assert {name: sums[name] for name in recomputed(rows)} == recomputed(rows)


@pytest.mark.req("R12", "S6")
def test_who_took_over_from_a_supplier_gives_back_their_own_share_and_the_first_gets_none(own: Shop) -> None:
    offer, (mei, li), _, first = on_its_way(own)
    second = own.person("second", roles=("supplier",))
    own.banked(second)
    incidents = f"/groups/{offer.group}/incidents"
    asked = {"what": "supplier", "level": 2, "text": "厂停电"}
    opened = own.ok("POST", incidents, asked, who=own.merchant, key=own.key())
    takes_over = {"note": "换二号厂", "supplier": second}
    own.ok("POST", f"{incidents}/{opened['id']}/supplier", takes_over, who=own.merchant)
    hand(own, offer, (mei, code_of(own, mei)), (li, code_of(own, li)))
    own.bed.later(7 * HOUR)
    own.bed.provider.dispute(mei.pay_url.rpartition("/")[2], 500)
    own.bed.later(HOUR)
    assert [with_payee(own.bed.provider, f"acct_{payee}") for payee in (first, second)] == [0, 630]
    own.bed.later(9 * DAY)
    assert [with_payee(own.bed.provider, f"acct_{payee}") for payee in (first, second)] == [0, 900]


@pytest.mark.req("X4")
def test_anybody_can_add_up_what_is_held(own: Shop) -> None:
    offer, (mei, *_), _, _ = on_its_way(own)
    hand(own, offer, (mei, code_of(own, mei)))
    own.bed.later(7 * HOUR)
    sums, lines = solvency(own, offer)
    assert {name: sums[name] for name in recomputed(lines)} == recomputed(lines)
    assert (sums["paid_minor"], sums["released_minor"], sums["held_minor"]) == (2000, 700, 1300)
    assert sums["entries"] == len(lines) == 6
    assert not {own.merchant, mei.who, mei.id} & set(str(sums).split("'")), "nobody is named"
    own.bed.later(9 * DAY)
    assert solvency(own, offer)[0]["released_minor"] == 1000
    answer = own.bed.call("GET", "/campaigns/cnowhere/solvency")
    assert (answer.status, answer.json["code"]) == (404, "campaign_not_found")


@pytest.mark.req("R12")
def test_without_settlement_terms_nothing_is_let_out_and_prices_of_suppliers_need_them(own: Shop) -> None:
    offer, (mei, *_), _, _ = on_its_way(own, settlement=..., items=[item(tiers=[])])
    hand(own, offer, (mei, code_of(own, mei)))
    own.bed.later(20 * DAY)
    assert money_adds_up(own, offer.group)["released_minor"] == 0
    for items, code in (
        ([item(supplier_price_minor=5)], "supplier_price_without_supplier"),
        ([item(supplier_id="s1", supplier_price_minor=5)], "supplier_price_without_settlement"),
    ):
        answer = own.bed.call(
            "POST", "/campaigns", own.draft(items=items), who=own.merchant, headers={"Idempotency-Key": own.key()}
        )
        assert (answer.status, answer.json["code"]) == (422, code)
