"""Delivered again, shuffled, lost: a day with a dozen buyers ends in the same state (B20, B21). And one bad row."""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from infra.local.sandbox.state import Fault
from tests.bed import Bed
from tests.bed.bed import REGION, START, Dice

from .shop import APPLE, Shop, everything, item, money_adds_up


class Tenfold(Dice):
    """Every record and message ten times, in any order."""

    def roll(self, things: list[Any]) -> list[Any]:
        many = [thing for thing in things for _ in range(10)]
        self.rng.shuffle(many)
        return many


# ----------------------------------------------------------------- the day


def the_day(bed: Bed, dice: Dice) -> dict[str, Any]:
    """One group forms with a price drop, one fails; twelve buyers pay, lapse, cancel, pay late; a refund fails twice.

    The shop is set up in quiet; then the dice are rolled until the evening, and all comes to rest.
    """
    shop = Shop(bed)
    offer = shop.communities(
        items=[item(stock=60)], target={"measure": "participants", "at_least": 3}, hours=2, payment_window_minutes=30
    )
    garden, river = offer.groups["garden"], offer.groups["river"]
    people = shop.people(12, contact=True)
    bed.dice = dice
    bought = [shop.buy(garden, who, lines={APPLE: 1 + number % 3}) for number, who in enumerate(people[:6])]
    failing = [shop.buy(river, who, lines={APPLE: 2}, pickup_point="pier") for who in people[6:8]]
    lapsed = [shop.join(garden, who) for who in people[8:10]]
    late = shop.join(river, people[10], pickup_point="pier")
    given_up = shop.buy(garden, people[11])
    bed.later(40 * MINUTE)
    shop.ok("POST", f"/orders/{given_up.id}/cancel", {}, who=given_up.who)
    shop.ok("POST", f"/groups/{garden}/deadline", {"closes_at": rfc3339(START + HOUR)}, who=shop.merchant)
    bed.provider.faults.append(Fault(kind="refund_fails", times=2, match=failing[0].id))
    bed.advance_to(START + 2 * HOUR + 20 * MINUTE)
    bed.pay(late.pay_url, late=True)
    bed.later(20 * MINUTE)
    bed.dice = Dice()
    bed.later(70 * MINUTE)  # what was lost all day is looked at again, ever more rarely: here at the latest

    taken = [*bought, *failing, *lapsed, late, given_up]
    stories = [shop.story(one) for one in taken]
    figures = shop.figures(offer.id)
    return {
        "groups": [_group(shop, garden), _group(shop, river)],
        "orders": [_order(story) for story in stories],
        "money": [{**money_adds_up(shop, group), "group_id": "", "as_of": ""} for group in (garden, river)],
        "told": [_told(shop, one.who) for one in taken],
        "sent": [len(shop.sent_to(one.who)) for one in taken],
        "figures": {name: value for name, value in figures.items() if name not in ("campaign_id", "as_of")},
        "refunded": [bed.provider.refunded(one.pay_url.rpartition("/")[2]) for one in taken],
        "parked": [],
    }


def _group(shop: Shop, group: str) -> Any:
    card = shop.group(group)
    verdict = {name: value for name, value in card["verdict"].items() if name != "given_at"}
    return card["state"], verdict


def _order(story: Any) -> Any:
    refunds = [(r["cause"], r["amount_minor"], r["stage"]) for r in story["refunds"]]
    return story["order"]["state"], story["order"]["resolution"], story["order"]["amount_minor"], refunds


def _told(shop: Shop, who: str) -> Counter[tuple[str, str, str]]:
    """What was told, courtesy apart: which milestones are worth telling depends on when they were noticed."""
    notices = [one for one in shop.notices(who) if not one["template"].startswith("milestone")]
    return Counter((one["template"], one["channel"], one["state"]) for one in notices)


DICE: list[Callable[[], Dice]] = [
    lambda: Tenfold(seed=1),
    lambda: Dice(doubled=70, shuffled=True, seed=2),
    lambda: Dice(lost=40, doubled=30, shuffled=True, seed=3),
]


@pytest.fixture(scope="module")
def calm() -> dict[str, Any]:
    with Bed.made() as bed:
        return the_day(bed, Dice())


@pytest.mark.req("B21")
@pytest.mark.req("B24")
@pytest.mark.parametrize("make", DICE, ids=["tenfold", "doubled", "mixed"])
def test_the_day_ends_the_same_whatever_the_messages_do(calm: dict[str, Any], make: Callable[[], Dice]) -> None:
    with Bed.made() as bed:
        rough = the_day(bed, make())
    for matter in calm:
        if matter == "sent":  # milestones apart, as above: never fewer than the notices that are owed, never double
            continue
        assert rough[matter] == calm[matter], matter


def test_the_calm_day_is_the_one_that_was_meant(calm: dict[str, Any]) -> None:
    (garden, verdict), (river, _) = calm["groups"]
    assert (garden, river, verdict["participants"], verdict["prices_minor"]) == ("formed", "failed", 6, {APPLE: 800})
    assert [order[0] for order in calm["orders"]] == ["paid"] * 8 + ["expired"] * 3 + ["cancelled"]
    assert all(stage == "succeeded" for order in calm["orders"] for _, _, stage in order[3])
    assert calm["refunded"][6:8] == [1800, 1800]
    assert calm["refunded"][10:] == [900, 900]
    assert all(count == 1 for told in calm["told"] for count in told.values())


# ----------------------------------------------------------------- one bad row


def spoil(bed: Bed, pk: str, sk: str) -> dict[str, Any]:
    """Puts a body nobody can read into a row, due now; returns the good one."""
    client = boto3.client("dynamodb", region_name=REGION)
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    good: dict[str, Any] = client.get_item(TableName="tuan-bed", Key=key)["Item"]["body"]
    _put_body(bed, pk, sk, {"M": {"nonsense": {"S": "+8613912345678"}}})
    return good


def _put_body(bed: Bed, pk: str, sk: str, body: dict[str, Any]) -> None:
    boto3.client("dynamodb", region_name=REGION).update_item(
        TableName="tuan-bed",
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET body = :body, due_at = :now",
        ExpressionAttributeValues={":body": body, ":now": {"N": str(bed.now)}},
    )


@pytest.mark.req("B21")
def test_one_bad_row_is_parked_with_its_reason_and_put_back_while_the_others_go_on(own: Shop) -> None:
    # given a group of a dozen, of whose orders one cannot be read any more
    offer = own.offer(hours=8, payment_window_minutes=240)
    taken = [own.join(offer.group) for _ in range(12)]
    bad = taken[5]
    pk, sk = f"GROUP#{offer.group}#ORDERS#00", f"ORDER#{bad.id}"
    good = spoil(own.bed, pk, sk)

    # when the others go on
    own.bed.later(MINUTE)
    for one in taken[:5]:
        own.bed.pay(one.pay_url)
    own.bed.later(30 * MINUTE)

    # then the bad row is parked after its tries, with a reason that quotes nobody's data, and an alarm was raised
    ops = own.person("ops", roles=("ops",))
    parked = list(own.pages("/ops/parked", who=ops))
    assert [(row["pk"], row["sk"]) for row in parked if row["kind"] == "order"] == [(pk, sk)]
    assert {row["kind"] for row in parked} <= {"order", "tally"}  # who counts the orders cannot count this one
    assert all("Broken" in row["reason"] and bad.id in row["reason"] for row in parked)
    assert [what for what, _ in own.bed.alarms].count("parked") == len(parked)
    assert "13912345678" not in str(own.bed.alarms) + str(parked) + "".join(own.bed.log)
    assert not any(row["sk"] == sk for row in own.ok("GET", "/ops/due?limit=100", who=ops)["items"])
    assert [own.state(one) for one in taken[:5]] == ["paid"] * 5

    # when it is mended and put back
    client = boto3.client("dynamodb", region_name=REGION)
    client.update_item(
        TableName="tuan-bed",
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": good},
    )
    for row in parked:
        own.ok("POST", "/ops/parked/put-back", {"pk": row["pk"], "sk": row["sk"]}, who=ops)
    assert list(own.pages("/ops/parked", who=ops)) == []
    again = own.bed.call("POST", "/ops/parked/put-back", {"pk": pk, "sk": sk}, who=ops)
    assert (again.status, again.json["code"]) == (404, "not_parked")

    # then its life goes on: unpaid, it expires with the others at its time
    own.bed.later(4 * HOUR)
    assert [own.state(one) for one in taken] == ["paid"] * 5 + ["expired"] * 7
    assert own.close(offer.group)["verdict"]["participants"] == 5


@pytest.mark.req("B21")
def test_a_message_nobody_can_read_raises_an_alarm_and_stops_nobody(own: Shop) -> None:
    offer = own.offer(hours=1)
    before = everything(own.bed)
    for body in ("nonsense", "{}", json.dumps({"pk": "", "sk": "x"}), json.dumps([1])):
        event = {"Records": [_record(1, body), _record(2, json.dumps({"pk": f"GROUP#{offer.group}", "sk": "GROUP"}))]}
        assert own.bed._wake(event, None) == {"batchItemFailures": []}
    assert everything(own.bed) == before
    assert {what for what, _ in own.bed.alarms} == {"message_unreadable"}


def _record(number: int, body: str) -> dict[str, Any]:
    return {
        "messageId": str(number), "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:bed", "awsRegion": "bed",
    }  # fmt: skip


@pytest.mark.req("B21")
@pytest.mark.parametrize("broken", range(0, 10, 3))
def test_a_failure_at_any_place_of_a_batch_fails_only_that_message(own: Shop, broken: int) -> None:
    """The store is silent for one row of ten: nine are done, and only the tenth message comes again."""
    offers = [own.offer(hours=1) for _ in range(4)]
    groups = [offer.group for offer in offers]
    own.bed.now += 2 * HOUR
    chosen = groups[broken % 4]
    records = [_record(n, json.dumps({"pk": f"GROUP#{group}", "sk": "GROUP"})) for n, group in enumerate(groups)]
    random.Random(broken).shuffle(records)

    from botocore.exceptions import ReadTimeoutError

    from .shop import trouble

    def silent(service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        if operation == "GetItem" and arguments["Key"]["pk"]["S"] == f"GROUP#{chosen}":
            raise ReadTimeoutError(endpoint_url="https://dynamodb.invalid")
        return call()

    with trouble(own.bed, silent):
        answer = own.bed._wake({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": str(groups.index(chosen))}]}
    own.bed._wake({"Records": records}, None)
    assert {own.group(group)["state"] for group in groups} == {"failed"}
