"""The refund queue (R5): a whole group's refunds go out at the provider's pace, first come first, VIPs at once."""

from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.domain import ledger
from chalicelib.domain.group import Count, Group, GroupState, Part, Verdict
from chalicelib.domain.instants import DAY, SECOND
from chalicelib.domain.ledger import Entry, EntryState, Kind, RefundStage
from chalicelib.domain.order import Order
from chalicelib.domain.person import Preferences
from chalicelib.domain.writes import Create, Replace
from chalicelib.services.buying.carry_out import carry_out_part
from chalicelib.services.buying.join import join
from chalicelib.services.paying.entry_wake import entry_wake
from chalicelib.services.paying.refund_queue import queued, turn_taken
from chalicelib.services.paying.webhook import webhook
from tests.bench.house import SKU, START, House, ask, buyer, open_pot, terms_of
from tests.unit.domain import given as story

VIP = 290


def failed(house: House, orders: int, per_s: int) -> tuple[list[Order], int]:
    """A group of so many that has just failed; the last but a few to join is a VIP."""
    world = house.world()
    house.provider.can = replace(house.provider.can, refunds_per_s=per_s)
    group = open_pot(house.store, terms_of(1, stock=orders, target=orders * 2))
    house.store.commit(Create(Preferences(person_id=buyer(VIP).id, vip=True)))
    for number in range(1, orders + 1):
        seat = join(world, buyer(number), group.id, ask(number, method="sandbox"), now=START + number)
        assert seat.payment is not None
        body = str(seat.payment.amount_minor).encode()
        webhook(world, "sandbox", {"key": seat.payment.id}, body, now=START + number)
    now = START + DAY
    verdict = Verdict(
        formed=False,
        reason="",
        participants=orders,
        amount_minor=0,
        units={},
        prices={SKU: 5_900},
        unsold={},
        given_at=now,
    )
    known = house.store.group(group.id)
    assert known is not None
    house.store.commit(Replace(replace(known, state=GroupState.FAILED, verdict=verdict, due_at=None)))
    closed = house.store.group(group.id)
    assert closed is not None
    for part in range(closed.parts):
        house.store.commit(Create(Part(group_id=group.id, number=part, count=Count(units={}))))
        while (row := house.store.part(group.id, part)) is not None and not row.resolved:
            carry_out_part(world, closed, part, now)
    return [order for part in range(closed.parts) for order in house.store.orders_of_part(group.id, part)], now


@pytest.mark.req("R5")
def test_ten_thousand_refunds_are_spread_over_their_provider_however_many_groups_there_are() -> None:
    """On the clock alone: two groups of ten thousand and one of three fail in the same second."""
    large = 10_000
    with House.built() as house:
        world = house.world()
        house.provider.can = replace(house.provider.can, refunds_per_s=100)
        groups = [has_failed(house, number, count) for number, count in ((1, large), (2, large), (3, 3))]
        first, second, small = [turn_taken(world, group) for group in groups]
        assert turn_taken(world, groups[0]).turn_at == first.turn_at, "taken once"
        due: Counter[int] = Counter()
        moments: dict[str, list[int]] = {}
        for group, count in ((first, large), (second, large), (small, 3)):
            refunds = [queued(world, group, refund_to(rank), rank, AT) for rank in range(count)]
            moments[group.id] = [one.due_at or 0 for one in refunds]
            due.update((at - AT) // SECOND for at in moments[group.id] if group is not small)
        assert set(moments[small.id]) == {AT}, "a small group waits for nobody"
        assert max(due.values()) == 80 and sum(due.values()) == 2 * large, "a fifth is left to it and to complaints"
        assert max(due) == 2 * large // 80, "spread over as long as it takes, and a second between the two"
        assert moments[first.id] == sorted(moments[first.id]) and moments[first.id][-1] < moments[second.id][0]


AT = START + DAY


def has_failed(house: House, number: int, participants: int) -> Group:
    opened = open_pot(house.store, terms_of(number, stock=participants, target=participants * 2))
    verdict = Verdict(
        formed=False, reason="", participants=participants, amount_minor=0, units={}, prices={}, unsold={}, given_at=AT
    )
    known = house.store.group(opened.id)
    assert known is not None
    house.store.commit(Replace(replace(known, state=GroupState.FAILED, verdict=verdict)))
    return replace(known, state=GroupState.FAILED, verdict=verdict, version=known.version + 1)


def refund_to(rank: int) -> Entry:
    paid = story.payment(state=EntryState.POSTED, buyer_id="one-for-all", method="sandbox")
    return ledger.refund_of(paid, cause="failed", amount_minor=1, now=AT, number=rank + 1)


def refund_of(house: House, order: Order) -> Entry:
    (refund,) = [one for one in house.store.entries_of_order(order.id) if one.kind is Kind.REFUND]
    return refund


@pytest.mark.req("R5")
def test_a_groups_refunds_are_spread_first_come_first_and_all_are_done() -> None:
    with House.built() as house:
        orders, now = failed(house, 300, per_s=25)
        refunds = {order.id: refund_of(house, order) for order in orders}
        due = {order_id: one.due_at or 0 for order_id, one in refunds.items()}
        seconds = Counter((at - now) // SECOND for at in due.values())
        assert max(seconds.values()) <= 20 + 1, "a fifth of the pace is left to whoever complains; and one VIP"
        assert max(seconds) == 300 // 20 - 1, "spread over as long as it takes and no longer"
        by_joining = sorted((order for order in orders if order.buyer_id != buyer(VIP).id), key=lambda o: o.joined_at)
        moments = [due[order.id] for order in by_joining]
        assert moments == sorted(moments), "first come, first"
        (vip,) = [order for order in orders if order.buyer_id == buyer(VIP).id]
        assert due[vip.id] == now

        world = house.world()
        for one in sorted(refunds.values(), key=lambda entry: entry.due_at or 0):
            entry_wake(world, one, one.due_at or 0)
        done = [refund_of(house, order) for order in orders]
        assert {one.state for one in done} == {EntryState.POSTED} and set(house.provider.refunded.values()) == {1}
        for one in done:  # what each buyer is shown
            assert one.stage is RefundStage.SUCCEEDED and one.created_at == now
            assert one.last_tried_at == one.posted_at == due[one.order_id]
            assert one.promised_by == now + ledger.REFUND_PROMISE


@pytest.mark.req("R5")
@pytest.mark.parametrize(
    ("rank", "per_s", "ms"), [(0, 100, 0), (79, 100, 0), (80, 100, SECOND), (9_999, 100, 124_000), (3, 1, 3_000)]
)
def test_a_place_in_the_queue(rank: int, per_s: int, ms: int) -> None:
    assert ledger.place_in_queue(rank, per_s) == ms
