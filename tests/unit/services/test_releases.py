"""What a provider is asked of a release or a reversal, and when nobody is asked (R12)."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.domain import ledger
from chalicelib.domain.instants import DAY
from chalicelib.domain.ledger import Entry, EntryState, Kind, RefundStage
from chalicelib.domain.ports import Answer, Capabilities, Outcome
from chalicelib.services.paying import release
from tests.unit.domain import given as story

pytestmark = pytest.mark.req("R12")
NOW = 10 * DAY
OUT = story.payment(
    id="o.p1.release.1.supplier0",
    kind=Kind.RELEASE,
    payee="supplier",
    payee_id="s",
    payment_ref="pay",
    provider_ref="r",
)
BACK = replace(OUT, id="o.p1.reversal.2.supplier1", kind=Kind.REVERSAL, release_id=OUT.id, provider_ref=None)


class Provider:
    """Remembers what it was asked, and does it; what it is said to have done it knows."""

    def __init__(self, known: Outcome = Outcome.NOT_FOUND, **can: bool) -> None:
        self.can = Capabilities(refund_window_ms=DAY, most_minor=1, **{"releases": True, "takes_back": True} | can)
        self.asked: list[str] = []
        self.known = known

    def __getattr__(self, name: str) -> Any:
        def answer(*_: object, **__: object) -> Answer:
            self.asked.append(name)
            return Answer(outcome=self.known if name.startswith("look_up") else Outcome.SUCCEEDED, ref="x")

        return answer


def asked(entry: Entry, provider: Provider, *, before: Entry = OUT, account: bool = True) -> Answer:
    kept = {"account": "acct"} if account else None
    world = SimpleNamespace(
        store=SimpleNamespace(entry=lambda _: before), vault=SimpleNamespace(kept=lambda *_, **__: kept)
    )
    return release.ask(world, provider, entry, NOW)  # type: ignore[arg-type]


def test_each_is_asked_of_the_provider_and_nothing_else() -> None:
    done = replace(OUT, state=EntryState.POSTED, stage=RefundStage.SUCCEEDED)
    for entry, verb in ((OUT, "release"), (BACK, "take_back")):
        provider = Provider()
        fresh = replace(entry, provider_ref=None)
        assert asked(fresh, provider, before=done).outcome is Outcome.SUCCEEDED
        assert provider.asked == [verb]


def test_what_is_still_on_its_way_is_not_taken_back_yet() -> None:
    provider = Provider()
    under_way = replace(OUT, state=EntryState.PENDING, stage=RefundStage.SUBMITTED)
    assert asked(BACK, provider, before=under_way).outcome is Outcome.PENDING
    assert provider.asked == []


@pytest.mark.parametrize(
    ("provider", "before", "account", "reason"),
    [
        (Provider(takes_back=False), OUT, True, "cannot_release"),
        (Provider(), replace(OUT, stage=RefundStage.BY_HAND, state=EntryState.PENDING), True, "paid_by_hand"),
        (Provider(), replace(OUT, payout_id="po", state=EntryState.POSTED), True, "paid_by_hand"),
        (Provider(), replace(OUT, state=EntryState.POSTED), False, "no_account"),
    ],
)
def test_what_nobody_can_move_waits_by_hand(provider: Provider, before: Entry, account: bool, reason: str) -> None:
    answer = asked(BACK, provider, before=before, account=account)
    assert (answer.outcome, answer.reason, provider.asked) == (Outcome.FAILED, reason, [])
    waiting = ledger.failed(BACK, answer.reason, NOW)
    assert (waiting.stage, waiting.state, waiting.due_at) == (RefundStage.BY_HAND, EntryState.PENDING, None)


def test_who_tried_long_ago_asks_what_became_of_it_first() -> None:
    old = replace(OUT, provider_ref=None, first_tried_at=NOW - 2 * DAY, last_tried_at=NOW)
    for known, verbs in (
        (Outcome.SUCCEEDED, ["look_up_release"]),
        (Outcome.NOT_FOUND, ["look_up_release", "release"]),
    ):
        provider = Provider(known)
        asked(old, provider)
        assert provider.asked == verbs
