"""How many calls each main path makes, counted at the client: the figures the design promises (B19)."""

import json
from typing import Any

import pytest

from chalicelib.domain.instants import SECOND
from tests.engine.units import size

from .shop import APPLE, Shop, instant_of, item, rows

Call = tuple[str, str, dict[str, Any]]
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
READS = {"GetItem", "Query", "BatchGetItem", "TransactGetItems", "Scan"}


def touched(call: Call) -> list[str]:
    """The kinds of row one transaction writes, by the beginning of their sort key."""
    kinds = []
    for action in call[2]["TransactItems"]:
        (operation,) = action.values()
        key = operation.get("Item") or operation["Key"]
        kinds.append(key["sk"]["S"].partition("#")[0])
    return sorted(kinds)


def of(calls: list[Call], operations: set[str]) -> list[Call]:
    return [call for call in calls if call[0] == "dynamodb" and call[1] in operations]


@pytest.mark.req("B19")
@pytest.mark.req("L14")
def test_a_join_is_one_transaction_of_two_rows(shop: Shop) -> None:
    offer, who = shop.offer(), shop.person()
    shop.join(offer.group)  # a warm worker
    shop.bed.token(who)
    with shop.bed.hook.watched() as calls:
        headers = {"Idempotency-Key": "k"}
        answer = shop.bed.call_only(
            "POST", f"/groups/{offer.group}/join", shop.ask(method=...), who=who, headers=headers
        )
    assert answer.status == 201
    (write,) = of(calls, WRITES)
    assert write[1] == "TransactWriteItems"
    assert touched(write) == ["ORDER", "SLICE"]


@pytest.mark.req("B19")
@pytest.mark.req("P15")
def test_a_third_row_is_written_only_where_a_limit_spans_groups(shop: Shop) -> None:
    offer, who = shop.communities(limit_per_buyer=3), shop.person()
    shop.bed.token(who)
    with shop.bed.hook.watched() as calls:
        headers = {"Idempotency-Key": "k"}
        shop.bed.call_only(
            "POST", f"/groups/{offer.groups['garden']}/join", shop.ask(method=...), who=who, headers=headers
        )
    (write,) = of(calls, WRITES)
    assert touched(write) == ["ALLOWANCE", "ORDER", "SLICE"]


@pytest.mark.req("B19")
def test_money_in_time_is_one_transaction_of_order_and_entry(shop: Shop) -> None:
    offer = shop.offer()
    taken = shop.join(offer.group)
    shop.bed.provider.pay(taken.pay_url.rpartition("/")[2])
    (hook,) = shop.bed.provider.take_due()
    headers, body = shop.bed.provider.signed(hook)
    with shop.bed.hook.watched() as calls:
        assert shop.bed.call_only("POST", "/webhooks/sandbox", body, headers=headers).status == 200
    (write,) = of(calls, WRITES)
    assert write[1] == "TransactWriteItems"
    assert touched(write) == ["ENTRY", "ORDER"]


@pytest.mark.req("B19")
@pytest.mark.req("S2")
@pytest.mark.parametrize("strong", [False, True])
def test_progress_takes_at_most_two_reads_and_no_write(shop: Shop, strong: bool) -> None:
    offer = shop.offer()
    for _ in range(3):
        shop.buy(offer.group)
    shop.progress(offer.group)  # a warm worker knows the terms, which never change
    with shop.bed.hook.watched() as calls:
        answer = shop.bed.call_only("GET", f"/groups/{offer.group}/progress{'?strong=true' if strong else ''}")
    assert answer.json["joined"] == 3
    assert len(of(calls, READS)) <= 2
    assert of(calls, WRITES) == []


@pytest.mark.req("B19", "L13")
def test_the_hall_is_read_once_a_second_by_a_process_however_many_look(shop: Shop) -> None:
    offer, path = shop.offer(category="quince", hours=1), "/hall?category=quince"

    def look(path: str = path, tag: str = "") -> tuple[int, Any]:
        with shop.bed.hook.watched() as calls:
            answer = shop.bed.call_only("GET", path, headers={"If-None-Match": tag} if tag else None)
        assert of(calls, WRITES) == []
        return len(of(calls, READS)), answer

    shop.progress(offer.group)  # a warm worker knows the terms
    read_at = shop.bed.now
    reads, first = look()
    assert (reads, first.status, first.headers["cache-control"]) == (2, 200, "public, max-age=2")
    tag = first.headers["etag"]

    # within the second nothing is read; and the answer may be kept for less, so that it never is two seconds old
    shop.buy(offer.group)
    shop.bed.now = read_at + SECOND - 1
    reads, again = look()
    assert (reads, again.text, again.headers["cache-control"]) == (0, first.text, "public, max-age=1")
    reads, unchanged = look(tag=tag)
    assert (reads, unchanged.status) == (0, 304)

    # another question is another answer
    assert look(path + "&limit=1")[0] == look(path + "&closing_within_minutes=90")[0] == 2
    assert look("/hall?category=quinces")[0] == 1

    # a second after it was read it is read again
    shop.bed.advance_to(read_at + SECOND)
    reads, later = look(tag=tag)
    assert (reads, later.status) == (2, 200)
    assert later.json["items"][0]["numbers"]["joined"] == 1

    # and a deadline ends what is kept, however young it is
    closes = instant_of(shop.group(offer.group)["closes_at"])
    shop.bed.advance_to(closes - 1)
    assert [line["id"] for line in look()[1].json["items"]] == [offer.group]
    shop.bed.now = closes
    assert look()[1].json["items"] == []


@pytest.mark.req("B19")
@pytest.mark.req("B20")
def test_no_transaction_of_a_whole_story_is_larger_than_ten_actions(shop: Shop) -> None:
    with shop.bed.hook.watched() as calls:
        offer = shop.communities(hours=1, limit_per_buyer=3)
        for who in shop.people(3, contact=True):
            shop.buy(offer.groups["garden"], who, lines={APPLE: 2})
        shop.buy(offer.groups["river"], shop.person(contact=True), pickup_point="pier")
        opened = shop.open_team(shop.teams(), size=2)
        shop.bed.pay(opened.pay_url)
        shop.buy(opened.group)
        shop.close(offer.groups["river"])
    sizes = [len(call[2]["TransactItems"]) for call in of(calls, {"TransactWriteItems"})]
    assert sizes and max(sizes) <= 10
    assert of(calls, {"Scan", "BatchWriteItem"}) == []


@pytest.mark.req("B19", "P12")
def test_a_group_that_may_expect_a_crowd_begins_with_slices_and_still_sells_its_last_unit(shop: Shop) -> None:
    with shop.bed.hook.watched() as calls:
        offer = shop.offer(items=[item(stock=4_003)], limit_per_buyer=4_003)
    slices = [row for (_, sk), row in rows(shop.bed).items() if sk == "SLICE" and offer.group in row["pk"]["S"]]
    assert sorted(int(row["body"]["M"]["left"]["M"][APPLE]["N"]) for row in slices) == [1_000, 1_000, 1_000, 1_003]
    assert max(len(call[2]["TransactItems"]) for call in of(calls, {"TransactWriteItems"})) <= 10
    # more than any slice has, then the last one; "sold out" is said only after it
    shop.join(offer.group, lines={APPLE: 4_002}, method=...)
    shop.join(offer.group, lines={APPLE: 1}, method=...)
    assert shop.try_join(offer.group, shop.person()).json["code"] == "sold_out"
    assert len(slices) == 4


@pytest.mark.req("B19")
def test_twenty_items_fit_a_slice_of_a_kilobyte_and_transactions_stay_far_below_their_bound(shop: Shop) -> None:
    """With the longest names of items there are, in a group of many slices, gathered from all of them."""
    names = [f"{number:02d}-" + "x" * 21 for number in range(20)]
    offer = shop.offer(items=[item(sku=name, stock=40) for name in names], target={"measure": "units", "at_least": 1})
    with shop.bed.hook.watched() as calls:
        shop.join(offer.group, lines=dict.fromkeys(names, 2))
        shop.join(offer.group, lines={names[0]: 30}, method=...)
        shop.close(offer.group)
    sizes = [len(json.dumps(call[2], ensure_ascii=False).encode()) for call in of(calls, {"TransactWriteItems"})]
    assert sizes and max(sizes) < 100_000
    slices = [row for (_, sk), row in rows(shop.bed).items() if sk == "SLICE" and names[0] in str(row)]
    assert slices and max(size(row) for row in slices) <= 1_024


@pytest.mark.req("B20")
def test_a_failed_group_writes_an_orders_words_before_its_refund_and_nothing_else(shop: Shop) -> None:
    """Whoever finds the refund looks no further, so nothing may be missing behind it."""
    offer = shop.offer(hours=1)
    taken = shop.buy(offer.group, shop.person(contact=True))
    with shop.bed.hook.watched() as calls:
        shop.close(offer.group)
    puts = [call for call in of(calls, {"PutItem"}) if taken.id in str(call[2])]
    written = [call[2]["Item"]["sk"]["S"].partition("#")[0] for call in puts]
    first = written.index("NOTICE")
    assert written[first : first + 3] == ["NOTICE", "NOTICE", "ENTRY"]
    assert "ORDER" not in written and shop.story(taken)["order"]["resolution"] == "failed"


@pytest.mark.req("B20")
def test_what_comes_back_of_a_better_price_is_written_with_its_mark_and_its_notices(shop: Shop) -> None:
    """Others may pay a part of it back as well (a shortage, an incident): order and refund move together."""
    tiers, two = [{"participants": 3, "unit_price_minor": 900}], {"measure": "participants", "at_least": 2}
    offer = shop.offer(hours=1, items=[item(tiers=tiers)], target=two)
    taken = [shop.buy(offer.group, shop.person(contact=True)) for _ in range(3)]
    with shop.bed.hook.watched() as calls:
        assert shop.close(offer.group)["state"] == "formed"
    together = [touched(call) for call in of(calls, {"TransactWriteItems"}) if taken[0].id in str(call[2])]
    assert ["ENTRY", "NOTICE", "NOTICE", "ORDER"] in together


@pytest.mark.req("S2", "B19")
def test_the_page_of_truth_is_one_read_of_a_group_and_six_of_an_order_whatever_has_happened(shop: Shop) -> None:
    """A formed group on its way: the group with its numbers and stages; the order with its group, its batch, its money
    and its notices, what its buyer was told of the group, and, until the goods have left, its incidents. The size of
    the group is in none of them."""
    reads = {}
    for buyers in (3, 9):
        offer = shop.offer(hours=1)
        taken = [shop.buy(offer.group) for _ in range(buyers)]
        assert shop.close(offer.group)["state"] == "formed"
        shop.progress(offer.group)
        shop.bed.token(taken[0].who)
        for path, who in ((f"/groups/{offer.group}/progress", None), (f"/orders/{taken[0].id}", taken[0].who)):
            with shop.bed.hook.watched() as calls:
                answer = shop.bed.call_only("GET", path, who=who)
            assert answer.json["stage"] == "stocking" and answer.json["way"]["stages"]
            assert of(calls, WRITES) == []
            reads[path.split("/")[1], buyers] = len(of(calls, READS))
    assert reads == {("groups", 3): 1, ("groups", 9): 1, ("orders", 3): 6, ("orders", 9): 6}


@pytest.mark.req("S1", "B19")
def test_a_verdict_and_the_journey_it_begins_are_one_transaction_of_three_rows(shop: Shop) -> None:
    offer = shop.offer(hours=1)
    for _ in range(3):
        shop.buy(offer.group)
    with shop.bed.hook.watched() as calls:
        shop.close(offer.group)
    together = [touched(call) for call in of(calls, {"TransactWriteItems"})]
    assert sorted(["GROUP", "JOURNEY", f"{offer.group}"]) in together
