"""Stories that depend on the hour of the day, or take days: each on a bed of its own. Rows L8 and P10."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, rfc3339

from .shop import TARGET, Shop, item


@pytest.mark.req("L8")
def test_a_one_day_campaign_ends_at_midnight_there_and_unpaid_orders_end_with_it(own: Shop) -> None:
    # given it is 08:00 in Shanghai
    offer = own.offer(preset="one_day", closes_at=..., payment_window_minutes=...)
    midnight = own.bed.now + 16 * HOUR
    assert own.group(offer.group)["closes_at"] == rfc3339(midnight)

    # when a buyer takes a seat and never pays
    taken = own.join(offer.group)
    assert taken.seat["pay_by"] == rfc3339(midnight)
    own.bed.advance_to(midnight - SECOND)
    assert own.state(taken) == "held"
    own.bed.advance_to(midnight + MINUTE)

    # then the order ended with the day
    assert own.state(taken) == "expired"
    assert own.group(offer.group)["state"] == "failed"


@pytest.mark.req("P10")
def test_without_a_declared_base_the_lowest_deal_price_of_a_week_is_shown(own: Shop) -> None:
    product = own.product()
    for target, buyers in ((1, 3), (1, 5)):
        offer = own.offer(
            items=[item(product_id=product)], target={"measure": "participants", "at_least": target}, hours=1
        )
        for _ in range(buyers):
            own.buy(offer.group)
        own.close(offer.group)

    offer = own.offer(items=[item(product_id=product)])
    assert own.group(offer.group)["items"][0]["reference_price_minor"] == 800
    own.bed.later(8 * DAY)
    offer = own.offer(items=[item(product_id=product)], target=TARGET)
    assert own.group(offer.group)["items"][0]["reference_price_minor"] is None
