"""Short scenes for guards that no other fast test would miss: each plays the moment in which its guard matters."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import HOUR, MINUTE, SECOND, rfc3339
from chalicelib.domain.ports import RowKey
from chalicelib.domain.refusals import Unavailable
from chalicelib.domain.tally import Numbers, Scope
from chalicelib.services.buying import carry_out, seats
from chalicelib.services.running import wake
from chalicelib.store.timers import DynamoStore
from tests.bed.bed import _queue_record
from tests.integration.shop import APPLE, Offer, Shop, item, rows, trouble

TWO = {"measure": "participants", "at_least": 2}


class Died(BaseException):
    """The process is gone: nothing of ours can catch it."""


def stock_left(shop: Shop, offer: Offer) -> int:
    return int(rows(shop.bed)[f"CAMPAIGN#{offer.id}", "STOCK"]["body"]["M"]["left"]["M"][APPLE]["N"])


def message(pk: str, sk: str) -> dict[str, Any]:
    return _queue_record({"MessageId": f"{pk}|{sk}", "Body": f'{{"pk":"{pk}","sk":"{sk}"}}'})


# ----------------------------------------------------------------- seats


@pytest.mark.req("B15")
@pytest.mark.parametrize("full_before", [False, True])
def test_a_seat_given_back_between_the_looks_is_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, full_before: bool
) -> None:
    """Also where the group was found full once, and a seat was given up and taken since."""
    offer = shop.offer(items=[item(stock=2)], target=TWO)
    first = shop.join(offer.group, method=...)
    other = shop.join(offer.group, method=...)
    if full_before:
        assert shop.try_join(offer.group, shop.person(), method=...).status == 409
        assert offer.group in wiring.world().full
        shop.bed.call_only("POST", f"/orders/{other.id}/cancel", {}, who=other.who)
        shop.join(offer.group, method=...)
    usual, looks = DynamoStore.stock_and_slices, 0

    def look(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 2:
            shop.bed.call_only("POST", f"/orders/{first.id}/cancel", {}, who=first.who)
        return usual(*given)

    monkeypatch.setattr(DynamoStore, "stock_and_slices", look)
    answer = shop.try_join(offer.group, shop.person(), method=...)
    assert looks >= 2
    assert answer.status == 201


@pytest.mark.req("B15")
def test_units_that_went_to_a_new_slice_before_the_first_look_are_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 units in two slices, one of which is split while somebody wants 50 and has counted two."""
    offer = shop.offer(items=[item(stock=64)], target=TWO)
    seats.split(wiring.world(), offer.group, 0)
    usual, looks = DynamoStore.stock_and_slices, 0

    def look(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:
            seats.split(wiring.world(), offer.group, 1)
        return usual(*given)

    monkeypatch.setattr(DynamoStore, "stock_and_slices", look)
    answer = shop.try_join(offer.group, shop.person(), lines={APPLE: 50}, method=...)
    assert answer.status == 201, answer.text
    assert looks > 1


@pytest.mark.req("B15")
def test_a_seat_that_lapsed_is_free_again(shop: Shop) -> None:
    offer = shop.offer(items=[item(stock=1)], target={"measure": "participants", "at_least": 1})
    shop.join(offer.group, method=...)
    assert shop.try_join(offer.group, shop.person(), method=...).status == 409
    shop.bed.later(121 * MINUTE)
    assert shop.try_join(offer.group, shop.person(), method=...).status == 201


@pytest.mark.req("B6")
def test_another_body_under_a_used_key_is_refused(shop: Shop) -> None:
    offer, who = shop.offer(), shop.person()
    assert shop.try_join(offer.group, who, key="k", lines={APPLE: 1}, method=...).status == 201
    again = shop.try_join(offer.group, who, key="k", lines={APPLE: 2}, method=...)
    assert (again.status, again.json["code"]) == (422, "key_reused")


@pytest.mark.req("B26")
def test_another_merchants_group_looks_like_none(shop: Shop) -> None:
    offer, other = shop.offer(), shop.person("other", roles=("merchant",))
    later = {"closes_at": rfc3339(shop.bed.now + 9 * HOUR)}
    assert shop.bed.call("POST", f"/groups/{offer.group}/deadline", later, who=other).status == 404


# ----------------------------------------------------------------- closing


@pytest.mark.req("B23")
def test_a_group_that_is_woken_before_its_deadline_stays_open(shop: Shop) -> None:
    offer = shop.offer()
    shop.bed.later(2 * MINUTE)
    shop.ok("POST", f"/groups/{offer.group}/deadline", {"closes_at": rfc3339(shop.bed.now + HOUR)}, who=shop.merchant)
    shop.bed.later(MINUTE)
    assert shop.group(offer.group)["state"] == "open"


@pytest.mark.req("B16")
def test_a_team_is_not_closed_by_a_count_that_a_cancel_overtook(shop: Shop) -> None:
    initiator = shop.open_team(shop.teams(), size=2)
    member = shop.buy(initiator.group)
    left: list[int] = []

    def leaves(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        if service == "dynamodb" and "'sealing'" in repr(arguments) and not left:
            left.append(shop.bed.call_only("POST", f"/orders/{member.id}/cancel", {}, who=member.who).status)
        return call()

    with trouble(shop.bed, leaves):
        shop.bed.pay(initiator.pay_url)
    assert left == [200], "the member left between the count and the seal"
    assert shop.group(initiator.group)["state"] == "open"


@pytest.mark.req("B16")
def test_units_of_orders_that_lapse_at_the_close_return_to_the_campaign(shop: Shop) -> None:
    """The closer comes before the order's own timer, which would have given them back to the slice."""
    offer = shop.offer(hours=1, pay_until_close=True, target=TWO)
    shop.join(offer.group, lines={APPLE: 3}, method=...)
    shop.bed.now += HOUR + 5 * SECOND
    shop.bed._wake({"Records": [message(f"GROUP#{offer.group}", "GROUP")]}, None)
    assert shop.group(offer.group)["state"] == "failed"
    shop.bed.later(MINUTE)
    assert stock_left(shop, offer) == 100


@pytest.mark.req("B20")
def test_everybody_in_a_failed_group_gets_all_of_it_back(shop: Shop) -> None:
    offer = shop.offer(hours=1)
    taken = [shop.buy(offer.group) for _ in range(2)]
    shop.close(offer.group)
    for one in taken:
        assert [refund["stage"] for refund in shop.story(one)["refunds"]] == ["succeeded"]
    money = shop.money(offer.group)
    assert money["captured_minor"] == money["refunded_minor"] > 0


@pytest.mark.req("B13")
def test_what_a_group_did_not_sell_goes_back_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker that carries the verdict out falls silent right after the units went back, and another goes on."""
    offer = shop.offer(hours=1)
    usual, turns = carry_out.carry_out_part, 0

    def silent_once(*given: Any) -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise Unavailable("store")
        usual(*given)

    monkeypatch.setattr(carry_out, "carry_out_part", silent_once)
    assert shop.close(offer.group)["state"] == "failed"
    assert turns > 1
    assert stock_left(shop, offer) == 100


@pytest.mark.req("B2")
def test_money_that_comes_after_the_verdict_goes_back(shop: Shop) -> None:
    offer = shop.offer(hours=1)
    late = shop.join(offer.group)
    shop.close(offer.group)
    shop.bed.pay(late.pay_url, late=True)
    shop.bed.later(10 * MINUTE)
    assert shop.bed.provider.refunded(late.pay_url.rpartition("/")[2]) == shop.story(late)["order"]["amount_minor"]
    assert shop.money(offer.group)["held_minor"] == 0


# ----------------------------------------------------------------- workers


@pytest.mark.req("B24")
def test_a_money_notice_whose_sender_died_is_sent_by_another(own: Shop) -> None:
    offer, who = own.offer(), own.person(contact=True)
    deaths: list[str] = []

    def dies(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        if operation == "Publish" and not deaths:
            deaths.append(operation)
            raise Died
        return call()

    with trouble(own.bed, dies), pytest.raises(Died):
        own.join(offer.group, who)
    own.bed.later(20 * MINUTE)
    assert len([one for one in own.sent_to(who) if one.channel == "sms"]) == 1


@pytest.mark.req("B18")
def test_a_message_that_met_a_busy_store_comes_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> None:
        raise Unavailable("store")

    monkeypatch.setattr(wake, "wake", busy)
    asked = message("GROUP#g", "GROUP")
    assert shop.bed._wake({"Records": [asked]}, None) == {"batchItemFailures": [{"itemIdentifier": asked["messageId"]}]}


@pytest.mark.req("B21")
def test_a_row_nobody_can_read_is_parked_and_stops_nobody(own: Shop) -> None:
    """The bad row comes first in the batch; the good one after it is worked on all the same."""
    offer = own.offer(hours=1)
    own.buy(offer.group)
    odd = {"pk": {"S": "ODD"}, "sk": {"S": "ODD"}, "kind": {"S": "nonsense"}, "shape": {"N": "1"},
           "version": {"N": "1"}, "body": {"M": {}}, "due_at": {"N": str(own.bed.now)}, "due_shard": {"S": "1"},
           "hot": {"S": "1"}}  # fmt: skip
    own.bed.table.put_item(odd)
    own.bed.rows.relearn()
    own.bed.now += HOUR + 5 * SECOND  # the deadline passes unheard: these two messages are the first word of it
    good = message(f"GROUP#{offer.group}", "GROUP")
    assert own.bed._wake({"Records": [message("ODD", "ODD"), good]}, None) == {"batchItemFailures": []}
    assert own.group(offer.group)["state"] == "failed"
    own.bed.later(4 * HOUR)
    parked = own.ok("GET", "/ops/parked", who=own.person("ops", roles=("ops",)))["items"]
    assert [(one["pk"], one["kind"]) for one in parked] == [("ODD", "nonsense")]


@pytest.mark.req("B20")
def test_a_tally_that_counted_meanwhile_keeps_its_timer(shop: Shop) -> None:
    offer, store = shop.offer(), wiring.world().store
    seen = store.tally(Scope.GROUP, offer.group)
    assert seen is not None
    store.count_up(Scope.GROUP, offer.group, Numbers(held=1), {}, shop.bed.now)
    store.rest_tally(seen)
    assert store.wakeable(RowKey(f"GROUP#{offer.group}", "TALLY")).due_at is not None  # type: ignore[union-attr]
