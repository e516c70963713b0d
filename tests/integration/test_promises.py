"""The seven promises, each as a story that fails when its guard is taken out.

`test_promise` plays the story on the system as it is; `test_control` takes the guard out and sees the promise broken,
so that a story which could not fail would be found out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from chalicelib.domain import ledger
from chalicelib.domain import order as orders
from chalicelib.domain.group import Count
from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.domain.ledger import Entry
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.refusals import Refused
from chalicelib.gateways import watch
from chalicelib.services.buying import close, join, seats
from chalicelib.store import commit
from chalicelib.store.stored import Stored
from infra.local.sandbox.state import Fault

from .shop import APPLE, Shop, instant_of, item, rows, trouble
from .test_closing import messages

ONE = {"measure": "participants", "at_least": 1}


@dataclass(frozen=True)
class Promise:
    """A story that says whether the promise held, and what takes its guard out."""

    number: int
    story: Callable[[Shop], bool]
    unguarded: Callable[[pytest.MonkeyPatch, Shop], None]

    @property
    def id(self) -> str:
        return f"{self.number}-{self.story.__name__}"


def _join(shop: Shop, group: str, who: str, headers: dict[str, str]) -> int:
    """A join after which nothing else happens by itself."""
    return shop.bed.call_only("POST", f"/groups/{group}/join", shop.ask(method=...), who=who, headers=headers).status


# ----------------------------------------------------------------- 1: nothing is oversold, and "full" is true


def no_unit_is_sold_twice(shop: Shop) -> bool:
    """Guard: `left >= units` on the slice's own write (`take_from_slice`)."""
    offer = shop.offer(items=[item(stock=2)], target=ONE)
    sold = sum(shop.try_join(offer.group, shop.person(), method=...).status == 201 for _ in range(4))
    return sold == 2


def without_enough_left(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    def take(take_: Any) -> Any:
        _, actions = guarded(take_)
        return Stored.pk.exists(), actions

    guarded = commit.take_from_slice
    patch.setattr(commit, "take_from_slice", take)


def nobody_hears_sold_out_while_there_is_room(shop: Shop) -> bool:
    """Guard: a short slice is filled from the campaign's stock before anybody is refused (`seats.gather`)."""
    offer = shop.communities()  # each community begins with an eighth of the stock
    return shop.try_join(offer.groups["garden"], shop.person(), lines={APPLE: 60}, method=...).status == 201


def without_gathering(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    def refuse(*_: Any) -> None:
        raise Refused("sold_out", sku=APPLE)

    patch.setattr(seats, "gather", refuse)


# ----------------------------------------------------------------- 2: a deadline is a deadline


def nobody_joins_after_the_deadline_however_late_the_closer_is(shop: Shop) -> bool:
    """Guard: `closes_at > now` on the slice's own write (`take_from_slice` with the time of the request)."""
    offer = shop.offer(target=ONE)
    who, headers = shop.person(), {"Idempotency-Key": "late"}
    shop.bed.now = instant_of(shop.group(offer.group)["closes_at"])  # and nothing has run yet
    return _join(shop, offer.group, who, headers) == 409


def a_payment_after_the_deadline_does_not_count(shop: Shop) -> bool:
    """Guard: the provider's own time against the deadline (`order.counts_in_time`)."""
    offer = shop.offer(target={"measure": "participants", "at_least": 2}, pay_until_close=True)
    shop.buy(offer.group)
    late = shop.join(offer.group)
    shop.bed.advance_to(instant_of(shop.group(offer.group)["closes_at"]) + 5 * SECOND)  # counting waits a little
    shop.bed.pay(late.pay_url, late=True)
    shop.bed.later(HOUR)
    return bool(shop.group(offer.group)["state"] == "failed" and shop.state(late) == "expired")


def without_the_providers_time(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    patch.setattr(orders, "counts_in_time", lambda paid_at, group: True)


# ----------------------------------------------------------------- 3: money adds up


def a_refund_whose_answer_is_lost_is_paid_once(shop: Shop) -> bool:
    """Guard: the key given to the provider is the entry's own id and attempt (`Entry.key`)."""
    offer = shop.offer(target={"measure": "participants", "at_least": 2})
    taken = [shop.buy(offer.group) for _ in range(3)]  # a third buyer lowers the price by 100
    fault = Fault(kind="silent_after", on="refunds", times=1, match=taken[0].id)
    shop.bed.provider.faults.append(fault)
    shop.bed.provider.faults.append(Fault(kind="webhook_lost", on="refund", times=9, match=taken[0].id))
    shop.close(offer.group)
    paid_back = shop.bed.provider.refunded(taken[0].pay_url.rpartition("/")[2])
    (refund,) = shop.story(taken[0])["refunds"]
    return bool(fault.times == 0 and paid_back == refund["amount_minor"] == 100)


def without_the_entrys_key(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    numbers = count()
    patch.setattr(Entry, "key", property(lambda self: f"{self.id}.{next(numbers)}"))


# ----------------------------------------------------------------- 4: nothing is forgotten


def all_is_done_although_the_stream_says_nothing(shop: Shop) -> bool:
    """Guard: every row that owes something has a timer, and the tick finds it (`due_at`, `Timers.due`)."""
    offer = shop.offer(hours=1)
    with pytest.MonkeyPatch.context() as deaf:
        deaf.setattr(shop.bed, "run_stream", lambda: 0)
        taken = shop.join(offer.group, shop.person(contact=True))
        shop.bed.pay(taken.pay_url)
        shop.bed.later(3 * MINUTE)
        told = {one["template"] for one in shop.notices(taken.who) if one["state"] == "sent"}
        shop.bed.later(2 * HOUR)
        refunds = shop.story(taken)["refunds"]
    return "order_paid" in told and [refund["stage"] for refund in refunds] == ["succeeded"]


def without_the_tick(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    patch.setattr(shop.bed, "tick", lambda: None)


# ----------------------------------------------------------------- 5: nobody is left in the dark, or told twice


def two_workers_tell_one_thing_once(shop: Shop) -> bool:
    """Guard: sending claims the notice at the version it was read at (`commit.at_version`)."""
    offer, who = shop.offer(), shop.person(contact=True)
    met: list[str] = []

    def meeting(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        """Just before a worker claims an SMS, another one has read, claimed and sent it."""
        put = arguments.get("Item", {})
        if operation == "PutItem" and put.get("kind", {}).get("S") == "notice" and "#sms" in put["sk"]["S"] and not met:
            met.append(put["sk"]["S"])
            messages(shop, f"PERSON#{who}|{put['sk']['S']}", 1)
        return call()

    with trouble(shop.bed, meeting):
        shop.join(offer.group, who)
    shop.bed.later(10 * MINUTE)
    return bool(met) and len([one for one in shop.sent_to(who) if one.channel == "sms"]) == 1


def without_versions(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    patch.setattr(commit, "at_version", lambda version: Stored.pk.exists())


def a_change_is_told_although_its_worker_died(shop: Shop) -> bool:
    """Guard: what is to be told is written together with the change itself (`Order.owed`)."""
    offer, who = shop.offer(), shop.person(contact=True)
    with pytest.MonkeyPatch.context() as dead:
        dead.setattr(shop.bed, "run_stream", lambda: 0)
        assert _join(shop, offer.group, who, {"Idempotency-Key": "k"}) == 201
    shop.bed.later(3 * MINUTE)
    return len(shop.told(who, "order_held")) == 2


def without_owing(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    from dataclasses import replace

    guarded = orders.joined
    patch.setattr(orders, "joined", lambda *given: replace(guarded(*given), owed=()))


# ----------------------------------------------------------------- 6: people's data stays theirs


def a_providers_words_about_a_person_do_not_reach_the_log(shop: Shop) -> bool:
    """Guards: a provider's words become a code (`ledger.reason_code`), and what looks like a phone or an address in
    a line is masked (`watch.masked`). Either is enough, so the control takes out both.
    """
    offer = shop.offer(hours=1)
    taken = shop.buy(offer.group)
    words = "account of +8613912345678 marked@secret.example is closed"
    shop.bed.provider.faults.append(Fault(kind="refund_fails", times=9, reason=words, match=taken.id))
    shop.close(offer.group, after=6 * HOUR)
    lines = "".join(shop.bed.log)
    assert "parked" in lines
    return "13912345678" not in lines and "marked@secret" not in lines


def without_masking(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    patch.setattr(ledger, "reason_code", lambda said: said)
    patch.setattr(watch, "masked", lambda text: text)


def the_vault_holds_no_plain_word(shop: Shop) -> bool:
    """Guard: values are sealed by the key before they are written (`SealedVault._put`)."""
    who = shop.person(contact=True)
    return shop.phone(who) not in str(rows(shop.bed, "tuan-bed-vault"))


def without_sealing(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    """The key answers with what it was given."""
    usual = shop.bed.hook.fault
    assert usual is not None

    def open_key(service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        if service == "kms" and operation == "Encrypt":
            return {"CiphertextBlob": arguments["Plaintext"]}
        if service == "kms" and operation == "Decrypt":
            return {"Plaintext": arguments["CiphertextBlob"]}
        said = usual(service, operation, arguments, call)
        return said

    patch.setattr(shop.bed.hook, "fault", open_key)


# ----------------------------------------------------------------- 7: nothing is faked


def held_seats_do_not_form_a_group(shop: Shop) -> bool:
    """Guard: only paid orders are counted (`close.count_of`)."""
    offer = shop.offer(target={"measure": "participants", "at_least": 3})
    for _ in range(2):
        shop.buy(offer.group)
    for _ in range(3):
        shop.join(offer.group)
    return bool(shop.close(offer.group)["state"] == "failed")


def counting_everybody(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    def count_of(order: Order) -> Count:
        if order.state is OrderState.CANCELLED:
            return Count()
        return Count(participants=1, units=order.lines, amount_minor=order.amount_minor)

    patch.setattr(close, "count_of", count_of)


def nobody_joins_without_a_verified_phone(shop: Shop) -> bool:
    """Guard: `check_ask` wants the identity provider's word for the phone."""
    offer = shop.offer()
    ghost = shop.bed.person(f"ghost-{shop.key()}", phone=None)
    return shop.try_join(offer.group, ghost, method=...).status == 403


def without_asking(patch: pytest.MonkeyPatch, shop: Shop) -> None:
    patch.setattr(join, "check_ask", lambda *_: None)


PROMISES = [
    Promise(1, no_unit_is_sold_twice, without_enough_left),
    Promise(1, nobody_hears_sold_out_while_there_is_room, without_gathering),
    Promise(2, nobody_joins_after_the_deadline_however_late_the_closer_is, without_enough_left),
    Promise(2, a_payment_after_the_deadline_does_not_count, without_the_providers_time),
    Promise(3, a_refund_whose_answer_is_lost_is_paid_once, without_the_entrys_key),
    Promise(4, all_is_done_although_the_stream_says_nothing, without_the_tick),
    Promise(5, two_workers_tell_one_thing_once, without_versions),
    Promise(5, a_change_is_told_although_its_worker_died, without_owing),
    Promise(6, a_providers_words_about_a_person_do_not_reach_the_log, without_masking),
    Promise(6, the_vault_holds_no_plain_word, without_sealing),
    Promise(7, held_seats_do_not_form_a_group, counting_everybody),
    Promise(7, nobody_joins_without_a_verified_phone, without_asking),
]


@pytest.mark.req("promise")
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_promise(own: Shop, promise: Promise) -> None:
    assert promise.story(own)


@pytest.mark.req("B31")
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_control(own: Shop, promise: Promise, monkeypatch: pytest.MonkeyPatch) -> None:
    promise.unguarded(monkeypatch, own)
    assert not promise.story(own)


def test_every_promise_has_a_story() -> None:
    assert {promise.number for promise in PROMISES} == {1, 2, 3, 4, 5, 6, 7}
