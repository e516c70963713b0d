"""Payouts of many entries (R12): in steps that may stop anywhere, each entry in one payout and posted once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.instants import MINUTE
from chalicelib.domain.ledger import Entry, EntryState, Kind, RefundStage
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.ports import Caller
from chalicelib.domain.refusals import Unavailable
from chalicelib.domain.writes import Create, Write
from chalicelib.services.paying import payouts
from chalicelib.services.world import World
from tests.bench.house import START, House
from tests.unit.domain import given as story

pytestmark = pytest.mark.req("R12", "X3")
COUNT = 45
MERCHANT = Caller(id="merchant", roles=frozenset({"merchant"}), phone_verified=True)
WHO = ("supplier", "s1", "CNY")


class Stumbling:
    """A store that goes silent before the write whose turn it is."""

    def __init__(self, house: House, turn: int) -> None:
        self._store, self._turn = house.store, turn

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def commit(self, *writes: Write) -> None:
        self._turn -= 1
        if self._turn == 0:
            raise Unavailable("store")
        self._store.commit(*writes)


@pytest.fixture
def house() -> Iterator[House]:
    with House.built() as built:
        for number in range(COUNT):
            owed = number % 9 == 0
            built.store.commit(Create(by_hand(number, Kind.REVERSAL if owed else Kind.RELEASE, 10 if owed else 100)))
        yield built


def by_hand(number: int, kind: Kind, amount: int) -> Entry:
    return replace(
        story.payment(kind=kind, payee="supplier", payee_id="s1", merchant_id="merchant"),
        id=f"g-00o{number:03d}.p1.{kind.value}",
        order_id=f"g-00o{number:03d}",
        amount_minor=amount,
        stage=RefundStage.BY_HAND,
        due_at=None,
        version=0,
    )


def known(world: World) -> Payout:
    (payout,) = world.store.payouts_of("merchant", 10, None).rows
    return payout


def states(house: House) -> set[tuple[EntryState, bool]]:
    found = [house.store.entry(f"g-00o{n:03d}.p1.{'reversal' if n % 9 == 0 else 'release'}") for n in range(COUNT)]
    return {(one.state, bool(one.payout_id)) for one in found if one is not None}


@pytest.mark.parametrize("turn", [1, 2, 3, 4, 99])
def test_a_payout_that_stops_anywhere_goes_on_and_counts_each_entry_once(house: House, turn: int) -> None:
    worth = 40 * 100 - 5 * 10
    world = house.world()
    try:
        stumbling = replace(world, store=Stumbling(house, turn))  # type: ignore[arg-type]
        payouts.draw(stumbling, MERCHANT, "k", merchant_id="", collect=False, now=START)
    except Unavailable:
        payouts.draw(world, MERCHANT, "k", merchant_id="", collect=False, now=START)
    payout = known(world)
    (line,) = payout.lines
    assert (payout.state, line.entries, line.amount_minor) == (PayoutState.DRAWN, COUNT, worth)
    assert states(house) == {(EntryState.PENDING, True)}
    payouts.confirm(world, MERCHANT, payout.id, WHO, amount_minor=worth, reference="bank", now=START + MINUTE)
    try:
        stumbling = replace(world, store=Stumbling(house, turn))  # type: ignore[arg-type]
        payouts.payout_wake(stumbling, known(world), START + MINUTE)
    except Unavailable:
        assert known(world).due_at == START + MINUTE, "its timer goes on"
        payouts.payout_wake(world, known(world), START + MINUTE)
    payout = known(world)
    assert (payout.state, payout.lines[0].posted, payout.due_at) == (PayoutState.PAID, COUNT, None)
    assert states(house) == {(EntryState.POSTED, True)}
