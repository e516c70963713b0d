"""What happened hour by hour: moved by the stream, right again after a recount when the stream lost everything."""

import pytest

from chalicelib import wiring
from chalicelib.domain.hours import Pulse, by_day, plus, projected
from chalicelib.domain.ids import derived
from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.services.selling.visit import sampled
from tests.bed import Bed

from .shop import Shop

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone)"}


def totals(campaign: str) -> Pulse:
    total = Pulse()
    for hour in wiring.world().store.hours(campaign):
        total = plus(total, hour.pulse)
    return total


def look(bed: Bed, group: str, visitor: str, **more: object) -> int:
    return bed.call("POST", f"/groups/{group}/views", {"visitor": visitor, **more}, headers=PHONE).status


def visitor(campaign: str, *, is_sampled: bool) -> str:
    names = (f"visitor-{number}" for number in range(1_000))
    return next(one for one in names if sampled(derived("visitor", campaign, one)) is is_sampled)


@pytest.mark.req("M2", "M11")
@pytest.mark.parametrize("heard", [True, False], ids=["by the stream", "by the recount"])
def test_orders_payments_and_visitors_by_the_hour(heard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bed.made() as bed:
        shop = Shop(bed)
        offer = shop.offer()
        if not heard:
            monkeypatch.setattr(bed, "run_stream", lambda: 0)
        for name in ("a-visitor-1", "a-visitor-2", "a-visitor-1"):
            assert look(bed, offer.group, name) == 204
        shop.buy(offer.group)
        bed.later(2 * HOUR)
        # A row that the tick finds within ten seconds is not taken for one that the stream has lost.
        monkeypatch.setattr(bed, "_next_tick", bed.now + 30 * SECOND)
        shop.join(offer.group)
        bed.later(5 * MINUTE)
        first, *_, last = wiring.world().store.hours(offer.id)
        assert (first.pulse.visitors, first.pulse.orders, first.pulse.paid) == (2, 1, 1)
        assert first.pulse.paid_minor > 0
        assert last.at - first.at == 2 * HOUR
        assert (last.pulse.visitors, last.pulse.orders, last.pulse.paid) == (0, 1, 0)
        assert list(by_day([first, last], "Asia/Shanghai")) == ["2026-11-01"]


@pytest.mark.req("M10")
def test_stays_and_shares_are_counted_in_parts_and_within_limits() -> None:
    with Bed.made() as bed:
        offer = Shop(bed).offer()
        yes, no = visitor(offer.id, is_sampled=True), visitor(offer.id, is_sampled=False)
        for name in (yes, no):
            for _ in range(3):
                assert look(bed, offer.group, name, stayed_s=1_000) == 204
        assert totals(offer.id) == Pulse(visitors=2, stayers=1, stayed_s=1_800), "the other is not in the sample"
        for _ in range(12):
            look(bed, offer.group, no, shared=True)
        assert totals(offer.id).shares == 10
        assert totals(offer.id).visitors == 2
        assert look(bed, offer.group, yes, stayed_s=-1) == 400
        bot = {"User-Agent": "Googlebot/2.1"}
        bed.call("POST", f"/groups/{offer.group}/views", {"visitor": "a-robot-1", "shared": True}, headers=bot)
        assert totals(offer.id).visitors == 2


def test_where_it_ends_if_the_pace_holds() -> None:
    assert projected(10, 0, 48 * HOUR, 24 * HOUR, 10) == 20
    assert projected(3, 0, 4 * HOUR, HOUR, 3) == 12
    assert projected(7, 0, HOUR, HOUR, 3) == 7
