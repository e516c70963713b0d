"""Closing and paying back: rows R1, R2, R4, R9, R10, N2 and X3."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, rfc3339
from infra.local.sandbox.state import Fault

from .shop import APPLE, Offer, Shop, instant_of, money_adds_up, rows, trouble

ONE = {"measure": "participants", "at_least": 1}


def messages(shop: Shop, key: str, count: int = 5) -> None:
    """The wake queue says the same thing again and again."""
    pk, sk = key.split("|")
    body = f'{{"pk":"{pk}","sk":"{sk}"}}'
    records = [
        {
            "messageId": str(number),
            "receiptHandle": "again",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:bed",
            "awsRegion": "bed",
        }
        for number in range(count)
    ]
    assert shop.bed._wake({"Records": records}, None) == {"batchItemFailures": []}


# ----------------------------------------------------------------- R1: on time, once


@pytest.mark.req("R1")
@pytest.mark.parametrize("second", [0, 29, 57])
def test_a_group_is_closed_within_a_minute_although_its_precise_message_was_lost(shop: Shop, second: int) -> None:
    """R1, B23: the tick looks 90 s ahead and queues the close for the second; that message never arrives."""
    shop.bed.advance_to(shop.bed.now - shop.bed.now % MINUTE + MINUTE)
    closes = shop.bed.now + 20 * MINUTE + second * SECOND
    offer = shop.offer(closes_at=rfc3339(closes))
    taken = shop.buy(offer.group)
    shop.bed.advance_to(closes - 3 * MINUTE)

    # when all that is queued for the close before the deadline is lost
    lost: list[str] = []

    def losing(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        if operation == "SendMessageBatch" and shop.bed.now < closes:
            lost.extend(entry["MessageBody"] for entry in arguments["Entries"])
            return {"Successful": [{"Id": entry["Id"]} for entry in arguments["Entries"]], "Failed": []}
        return call()

    with trouble(shop.bed, losing):
        shop.bed.advance_to(closes + MINUTE)

    # then the next tick has closed it
    assert any(f"GROUP#{offer.group}" in body for body in lost)
    group = shop.group(offer.group)
    assert group["state"] == "failed"
    assert closes <= instant_of(group["verdict"]["given_at"]) <= closes + MINUTE
    assert shop.story(taken)["refunds"][0]["stage"] == "succeeded"


@pytest.mark.req("R1")
def test_when_every_part_works_a_group_closes_within_seconds_and_never_early(shop: Shop) -> None:
    offer = shop.offer()
    closes = instant_of(shop.group(offer.group)["closes_at"])
    shop.bed.advance_to(closes - 1)
    messages(shop, f"GROUP#{offer.group}|GROUP")  # an early trigger
    assert shop.group(offer.group)["state"] == "open"
    shop.bed.advance_to(closes + 5 * SECOND)
    assert shop.group(offer.group)["state"] == "failed"


@pytest.mark.req("R1")
@pytest.mark.req("L2")
def test_late_and_doubled_triggers_change_nothing(shop: Shop) -> None:
    offer = shop.offer(target=ONE)
    taken = shop.buy(offer.group)
    shop.close(offer.group)
    before = rows(shop.bed)
    for key in (f"GROUP#{offer.group}|GROUP", f"GROUP#{offer.group}#ORDERS#00|ORDER#{taken.id}"):
        messages(shop, key)
    shop.bed.tick()
    shop.bed.drain()
    assert rows(shop.bed) == before


@pytest.mark.req("R1")
def test_a_moved_deadline_is_the_one_that_counts(shop: Shop) -> None:
    offer = shop.offer(hours=2)
    first = instant_of(shop.group(offer.group)["closes_at"])
    later = first + HOUR
    said = shop.ok("POST", f"/groups/{offer.group}/deadline", {"closes_at": rfc3339(later)}, who=shop.merchant)
    assert said["done"]
    shop.bed.advance_to(first + 5 * MINUTE)
    assert shop.group(offer.group)["state"] == "open"
    assert shop.try_join(offer.group, shop.person()).status == 201
    sooner = shop.bed.now + 10 * MINUTE
    shop.ok("POST", f"/groups/{offer.group}/deadline", {"closes_at": rfc3339(sooner)}, who=shop.merchant)
    shop.bed.advance_to(sooner + 30 * SECOND)
    assert shop.group(offer.group)["state"] == "failed"


# ----------------------------------------------------------------- R2, R10: failed


@pytest.mark.req("R2")
@pytest.mark.req("R10")
@pytest.mark.req("N1")
def test_a_failed_group_pays_all_back_and_tells_each_what_how_when_and_what_else(shop: Shop) -> None:
    # given two buyers of three, who paid different amounts; and another open group with the same kind of goods
    offer = shop.offer(category="pomelo", hours=1)
    other = shop.offer(category="pomelo", hours=8)
    taken = [
        shop.buy(offer.group, who, lines={APPLE: units})
        for who, units in zip(shop.people(2, contact=True), (1, 3), strict=True)
    ]

    shop.close(offer.group)

    assert shop.group(offer.group)["state"] == "failed"
    for one, amount in zip(taken, (900, 2700), strict=True):
        (refund,) = shop.story(one)["refunds"]
        assert (refund["cause"], refund["amount_minor"], refund["stage"]) == ("failed", amount, "succeeded")
        notices = shop.told(one.who, "group_failed")
        assert [notice["channel"] for notice in notices] == ["email", "sms"]
        for notice in notices:
            told = notice["params"]
            assert told["amount"] == f"¥{amount / 100:.2f}"
            assert told["method"] and told["arrives_by"]
            assert told["alternative"] == f"/groups/{other.group}"
        texts = [sent.text for sent in shop.sent_to(one.who, other.group)]
        assert len(texts) == 2
        assert all("成团" in text for text in texts)
    assert money_adds_up(shop, offer.group)["held_minor"] == 0


@pytest.mark.req("R10")
def test_there_is_always_a_way_out_and_it_is_one_that_can_be_taken(own: Shop) -> None:
    """The nearest open group is sold out, so it is no alternative; with none left, the hall is."""
    from .shop import item

    offer = own.offer(hours=1)
    sold_out = own.offer(items=[item(stock=1)], target=ONE)
    own.buy(sold_out.group)
    buyer = own.person(contact=True)
    own.buy(offer.group, buyer)
    own.close(offer.group)
    assert {one["params"]["alternative"] for one in own.told(buyer, "group_failed")} == {"/hall"}


# ----------------------------------------------------------------- R4, R9: the way of a refund


def failing_group(shop: Shop, *faults: Fault) -> tuple[Offer, Any]:
    offer = shop.offer(hours=1)
    taken = shop.buy(offer.group, shop.person(contact=True))
    for fault in faults:
        fault.match = taken.id
        shop.bed.provider.faults.append(fault)
    shop.close(offer.group, after=10 * SECOND)
    return offer, taken


@pytest.mark.req("R4")
def test_a_refund_that_fails_twice_is_tried_again_under_a_new_key_and_arrives_once(shop: Shop) -> None:
    offer, taken = failing_group(shop, Fault(kind="refund_fails", times=2))
    assert shop.story(taken)["refunds"][0]["stage"] == "failed"
    assert money_adds_up(shop, offer.group)["pending_refunds_minor"] == 900

    shop.bed.later(HOUR)

    (refund,) = shop.story(taken)["refunds"]
    assert refund["stage"] == "succeeded"
    attempts = [r for r in shop.bed.provider.state.refunds.values() if taken.id in r.key]
    assert [r.status for r in attempts] == ["failed", "failed", "succeeded"]
    assert len({r.key for r in attempts}) == 3
    assert {r.payment_ref for r in attempts} == {taken.pay_url.rpartition("/")[2]}  # the way it came
    assert money_adds_up(shop, offer.group)["refunded_minor"] == 900
    assert len(shop.sent_to(taken.who, "退款")) >= 2


@pytest.mark.req("R4")
@pytest.mark.parametrize("kind", ["silent_after", "error_after", "silent_before", "error_before"])
def test_a_refund_whose_answer_was_lost_is_repeated_under_the_same_key(shop: Shop, kind: Any) -> None:
    offer, taken = failing_group(shop, Fault(kind=kind, on="refunds", times=2), Fault(kind="webhook_lost", times=2))
    shop.bed.later(HOUR)
    assert shop.story(taken)["refunds"][0]["stage"] == "succeeded"
    made = [r for r in shop.bed.provider.state.refunds.values() if taken.id in r.key]
    assert [r.status for r in made] == ["succeeded"]
    assert money_adds_up(shop, offer.group)["held_minor"] == 0


@pytest.mark.req("R4")
def test_a_refund_unfinished_after_a_day_raises_one_alarm_and_goes_on(own: Shop) -> None:
    _, taken = failing_group(own, Fault(kind="refund_pending", delay_ms=30 * HOUR))
    own.bed.now += 23 * HOUR  # a day in which nothing ran, so that the test does not poll through it
    own.bed.later(MINUTE)
    assert own.bed.alarms == []
    own.bed.later(HOUR)
    assert [(what, about["order"]) for what, about in own.bed.alarms] == [("late_refund", taken.id)]
    own.bed.now += 5 * HOUR
    own.bed.later(HOUR)
    assert own.story(taken)["refunds"][0]["stage"] == "succeeded"
    assert len(own.bed.alarms) == 1


@pytest.mark.req("R4")
def test_a_refund_that_is_refused_for_good_waits_for_a_person_with_an_alarm(own: Shop) -> None:
    offer, taken = failing_group(own, Fault(kind="refund_fails", times=99))
    own.bed.later(6 * HOUR)
    story = own.story(taken)
    assert story["refunds"][0]["stage"] == "parked"
    assert "refund_looked_at_by_a_person" in [step["what"] for step in story["timeline"]]
    assert [what for what, _ in own.bed.alarms] == ["parked"]
    assert money_adds_up(own, offer.group)["held_minor"] == 900


@pytest.mark.req("R4")
def test_a_refund_that_succeeded_and_fails_later_is_paid_after_all(shop: Shop) -> None:
    """B11: the bank gives the money back to the provider; it is tried again, and the books say so all along."""
    offer, taken = failing_group(shop, Fault(kind="refund_fails_later", delay_ms=5 * MINUTE))
    assert shop.story(taken)["refunds"][0]["stage"] == "succeeded"
    shop.bed.later(5 * MINUTE + SECOND)
    story = shop.story(taken)
    assert story["refunds"][0]["stage"] != "succeeded"
    assert "refund_succeeded" not in [step["what"] for step in story["timeline"]]
    assert money_adds_up(shop, offer.group)["held_minor"] == 900
    shop.bed.later(HOUR)
    assert shop.story(taken)["refunds"][0]["stage"] == "succeeded"
    assert money_adds_up(shop, offer.group)["held_minor"] == 0


@pytest.mark.req("R9")
def test_a_buyer_reads_how_far_the_refund_is_and_by_when_it_is_promised(shop: Shop) -> None:
    # given a refund that the provider takes its time over
    _, taken = failing_group(shop, Fault(kind="refund_pending", delay_ms=3 * HOUR))
    story = shop.story(taken)
    (refund,) = story["refunds"]
    assert refund["stage"] == "submitted"
    owed_at = instant_of(refund["requested_at"])
    assert instant_of(refund["promised_by"]) == owed_at + DAY
    assert refund["seconds_to_promise"] == (owed_at + DAY - shop.bed.now) // SECOND
    steps = [(step["what"], step["expected"]) for step in story["timeline"]]
    assert steps[-3:] == [("refund_requested", False), ("refund_submitted", False), ("refund_promised", True)]
    whats = [what for what, _ in steps]
    assert whats[:2] == ["order_held", "payment_started"] or "order_held" in whats
    assert whats.index("order_paid") < whats.index("group_failed") < whats.index("refund_requested")

    # when it is done
    shop.bed.later(4 * HOUR)
    story = shop.story(taken)
    assert [step["what"] for step in story["timeline"]][-1] == "refund_succeeded"
    assert story["refunds"][0]["seconds_to_promise"] == 0
    assert [one["channel"] for one in shop.told(taken.who, "refund_done")] == ["email", "sms"]


# ----------------------------------------------------------------- N2: formed


@pytest.mark.req("N2")
@pytest.mark.req("N1")
@pytest.mark.parametrize(("buyers", "template"), [(3, "group_formed"), (2, "price_drop_refund")])
def test_when_it_forms_every_paid_member_is_told_once_and_nobody_else(shop: Shop, buyers: int, template: str) -> None:
    """Where the price fell as well, one message says both."""
    offer = shop.offer(target={"measure": "participants", "at_least": buyers})
    paid = [shop.buy(offer.group, who) for who in shop.people(3, contact=True)]
    unpaid = shop.join(offer.group, shop.person(contact=True))
    outsider = shop.person(contact=True)

    shop.close(offer.group)
    for one in paid:
        messages(shop, f"GROUP#{offer.group}#ORDERS#00|ORDER#{one.id}")
    shop.bed.later(HOUR)

    for one in paid:
        told = shop.told(one.who, "group_formed") + shop.told(one.who, "price_drop_refund")
        assert [(notice["template"], notice["channel"]) for notice in told] == [(template, "email"), (template, "sms")]
        assert len(shop.sent_to(one.who, "成团了")) == 2
    assert shop.told(unpaid.who, template) == []
    assert shop.sent_to(outsider) == []


# ----------------------------------------------------------------- X3: the ledger


@pytest.mark.req("X3")
def test_the_accounts_of_a_group_add_up_to_nothing_at_every_step(shop: Shop) -> None:
    offer = shop.offer(target={"measure": "participants", "at_least": 2}, hours=2)
    seen = []

    def check() -> None:
        money = money_adds_up(shop, offer.group)
        seen.append((money["captured_minor"], money["refunded_minor"], money["held_minor"]))

    check()
    _, two, _ = (shop.buy(offer.group, lines={APPLE: units}) for units in (1, 2, 3))
    check()
    shop.ok("POST", f"/orders/{two.id}/cancel", {}, who=two.who)
    check()
    late = shop.join(offer.group)
    shop.close(offer.group)
    check()
    shop.bed.pay(late.pay_url, late=True)  # money that comes after the close goes back
    check()
    assert seen == [(0, 0, 0), (6000, 0, 6000), (6000, 2000, 4000), (6000, 2000, 4000), (7000, 3000, 4000)]
    assert {r["cause"] for r in shop.story(late)["refunds"]} == {"late"}
    # the provider's own books say the same
    payments = [p for p in shop.bed.provider.state.payments.values() if p.key.startswith(offer.group)]
    captured = sum(p.amount_minor for p in payments if p.status == "paid")
    refunded = sum(shop.bed.provider.refunded(p.ref) for p in payments)
    assert (captured, refunded) == (7000, 3000)
