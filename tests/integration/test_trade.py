"""A merchant's trade over all campaigns (M2, M3), and orders found over all groups of one (O10)."""

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import HOUR, MINUTE
from chalicelib.domain.order import OrderState
from chalicelib.domain.ports import Caller
from chalicelib.domain.refusals import Refused
from chalicelib.services.selling import board
from chalicelib.services.selling.trade import Trade, trade

from .shop import Shop


def caller(who: str) -> Caller:
    return Caller(id=who, roles=frozenset({"merchant"}), phone_verified=True)


def traded(shop: Shop, currency: str = "CNY") -> Trade:
    return trade(wiring.world(), caller(shop.merchant), currency, now=shop.bed.now)


@pytest.mark.req("M2", "M3")
def test_who_comes_back_and_what_is_still_owed(own: Shop) -> None:
    shop = own
    assert (traded(shop).buyers, traded(shop).days) == (0, {})
    anna, ben, cora = shop.people(3)
    first = shop.offer(hours=1)
    for who in (anna, ben, cora):
        shop.buy(first.group, who)
    shop.close(first.group)
    failing, open_still = shop.offer(hours=1), shop.offer(hours=30)
    shop.buy(failing.group, cora)
    shop.close(failing.group)
    shop.bed.later(20 * HOUR)  # the next day in Shanghai
    shop.buy(open_still.group, anna)
    shop.join(open_still.group, ben)
    found = traded(shop)
    assert (found.buyers, found.returning) == (3, 1), "who paid in a second group that has not failed"
    assert (found.formed, found.owed) == (3, 3)
    days = list(found.days.values())
    assert [(day.orders, day.turnover_minor, len(day.buyers), len(day.returning)) for day in days] == [
        (3, 2_700, 3, 0),
        (1, 900, 1, 1),
    ]
    assert found.whole
    assert traded(shop, "EUR").buyers == 0


@pytest.mark.req("O10")
def test_orders_are_found_page_by_page_over_all_groups(shop: Shop) -> None:
    offer = shop.communities()
    points = {"garden": "gate", "river": "pier"}
    paid = {shop.buy(offer.groups[place], pickup_point=points[place]).id for place in ("garden", "garden", "river")}
    held = {shop.join(offer.groups["river"], pickup_point="pier", method="transfer").id}

    def all_of(limit: int, **wanted: object) -> list[str]:
        ids, start = [], None
        for _ in range(10):
            page = board.search(
                wiring.world(),
                caller(shop.merchant),
                offer.id,
                board.Wanted(**wanted),
                limit,
                start,  # type: ignore[arg-type]
            )
            assert len(page.orders) <= limit
            ids += [order.id for order in page.orders]
            if (start := page.next) is None:
                return ids
        raise AssertionError("it never ends")

    for limit in (1, 2, 3, 50):
        found = all_of(limit)
        assert len(found) == 4 and set(found) == paid | held, "each once, whatever the page"
    assert set(all_of(2, state=OrderState.PAID)) == paid
    assert set(all_of(1, transfers=True)) == held
    assert len(all_of(1, point="pier")) == 2
    assert len(all_of(1, group=offer.groups["garden"])) == 2
    assert all_of(1, open_still=True) == [], "nothing has formed"
    shop.bed.later(MINUTE)
    rival = caller(shop.person("rival", roles=("merchant",)))
    with pytest.raises(Refused) as refused:
        board.search(wiring.world(), rival, offer.id, board.Wanted(), 5, None)
    assert refused.value.code == "campaign_not_found"
