"""What a leader receives, and how a shortage is shared and paid back (S9, E21, R8): exactly once, whatever happens."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import ledger
from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from chalicelib.domain.receipt import ticket_of
from chalicelib.domain.writes import Create, Replace

from .shop import APPLE, Offer, Shop, Taken, answers_lost, item, money_adds_up, rows, trouble
from .test_delivery import ADDRESS, delivering

PEAR = "pear"
GATE = "point.gate"


def leader(shop: Shop, *, contact: bool = False) -> tuple[str, str]:
    """An approved leader and their place."""
    who, manager = shop.person("leader", contact=contact), shop.person("manager", roles=("manager",))
    shop.ok("POST", "/me/leader", {"community": "花园里"}, who=who)
    shop.ok("POST", f"/leaders/{who}/decision", {"decision": "approve"}, who=manager)
    place = {"name": "南门小店", "address": "花园里南门 1 号", "hours": "08:00-21:00", "capacity": 2}
    return who, str(shop.ok("POST", "/places", place, who=who, key=shop.key())["id"])


def formed(shop: Shop, units: list[int], *, contact: bool = False, **over: Any) -> tuple[str, Offer, list[Taken]]:
    """A formed group whose goods go to a leader's place; the buyers took so many apples each, in this order."""
    who, place = leader(shop)
    points = [{"id": "gate", "name": "南门", "place_id": place}]
    items = [item(supplier_id=shop.person("supplier", roles=("supplier",)), tiers=[])]
    offer = shop.offer(**{"items": items, "pickup_points": points, "hours": 2} | over)
    taken = []
    for count in units:
        taken.append(shop.buy(offer.group, shop.person(contact=contact), lines={APPLE: count}))
        shop.bed.later(MINUTE)
    shop.close(offer.group, after=MINUTE)
    return who, offer, taken


def enter(shop: Shop, who: str, offer: Offer, received: int, short: int, damaged: int = 0, number: int = 1) -> Any:
    body = {"number": number, "lines": {APPLE: {"received": received, "short": short, "damaged": damaged}}}
    return shop.bed.call("POST", f"/groups/{offer.group}/receipts/{GATE}", body, who=who)


def short_of(shop: Shop, taken: list[Taken]) -> list[int]:
    found = rows(shop.bed)
    orders = {sk.removeprefix("ORDER#"): row["body"]["M"] for (_, sk), row in found.items() if sk.startswith("ORDER#")}
    return [int(orders[one.id].get("short", {"M": {}})["M"].get(APPLE, {"N": "0"})["N"]) for one in taken]


def refunds(shop: Shop, taken: Taken) -> list[tuple[str, int]]:
    return [(one["cause"], one["amount_minor"]) for one in shop.story(taken)["refunds"]]


@pytest.mark.req("S9", "E21")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [("first_come", [0, 0, 1, 2]), ("proportion", [1, 0, 1, 1])],
)
def test_a_shortage_is_shared_by_the_stated_rule_and_paid_back(shop: Shop, rule: str, expected: list[int]) -> None:
    who, offer, taken = formed(shop, [4, 1, 3, 2], contact=True, shortage_rule=rule)
    assert shop.ok("GET", f"/campaigns/{offer.id}")["shortage_rule"] == rule
    said = enter(shop, who, offer, received=7, short=2, damaged=1)
    assert said.status == 200 and said.json["state"] == "sharing"
    assert short_of(shop, taken) == [0, 0, 0, 0], "a fresh entry may still be corrected"
    assert shop.story(taken[0])["delivery"]["state"] == "ready_for_pickup", "nobody has to say it twice"

    shop.bed.later(HOUR)
    assert sum(short_of(shop, taken)) == 3
    if rule == "first_come":
        assert short_of(shop, taken) == expected
    else:
        assert all(
            lost in (3 * units // 10, 3 * units // 10 + 1)
            for lost, units in zip(short_of(shop, taken), [4, 1, 3, 2], strict=True)
        )
    for one, lost in zip(taken, short_of(shop, taken), strict=True):
        assert refunds(shop, one) == ([("shortage", lost * 1000)] if lost else [])
        assert len(shop.told(one.who, "order_short")) == (2 if lost else 0)
        assert len(shop.told(one.who, "refund_done")) == (2 if lost else 0)
    assert money_adds_up(shop, offer.group)["held_minor"] == 7000
    seen = shop.ok("GET", f"/groups/{offer.group}/receipts/{GATE}", who=who)
    assert (seen["state"], seen["shared"]) == ("received", {APPLE: 3})


@pytest.mark.req("S9", "E21")
def test_anybody_can_recompute_a_draw(shop: Shop) -> None:
    who, offer, taken = formed(shop, [1, 1, 1, 1, 1], shortage_rule="draw")
    enter(shop, who, offer, received=3, short=2)
    shop.bed.later(HOUR)

    stranger = shop.person()
    told = shop.ok("GET", f"/groups/{offer.group}/receipts/{GATE}/shares", who=stranger)
    assert len(told["items"]) == 5

    def rank(ticket: str) -> str:
        return hashlib.sha256(f"{told['seed']}|{APPLE}|{ticket}".encode()).hexdigest()

    unlucky = sorted((one["ticket"] for one in told["items"]), key=rank)[-2:]
    assert {one["ticket"] for one in told["items"] if one["short"]} == set(unlucky)
    # a buyer finds their own line; no line names an order or a buyer
    assert {ticket_of(one.id) for one in taken} == {one["ticket"] for one in told["items"]}
    assert not any(one.id in str(told) or one.who in str(told) for one in taken)


@pytest.mark.req("S9", "B8")
def test_a_repeated_entry_and_repeated_wakings_pay_back_once(shop: Shop) -> None:
    who, offer, taken = formed(shop, [2, 2, 2])
    with answers_lost(shop.bed, "PutItem"):
        enter(shop, who, offer, received=4, short=2)
    assert enter(shop, who, offer, received=4, short=2).status == 200
    assert enter(shop, who, offer, received=3, short=3).json["code"] == "receipt_has_changed"
    shop.bed.later(HOUR)
    before = money_adds_up(shop, offer.group)
    for _ in range(2):  # the row is woken again, as a lost message that turns up late would do
        key = {"pk": f"GROUP#{offer.group}", "sk": f"RECEIPT#{GATE}"}
        shop.bed.message(json.dumps(key))
        shop.bed.drain()
    assert money_adds_up(shop, offer.group) == before | {"as_of": money_adds_up(shop, offer.group)["as_of"]}
    assert refunds(shop, taken[2]) == [("shortage", 2000)]


@pytest.mark.req("S9", "B20")
@pytest.mark.parametrize("calls", range(1, 9))
def test_a_crash_anywhere_in_a_sharing_refunds_nobody_twice_and_nobody_less(own: Shop, calls: int) -> None:
    """The worker dies just after its nth write of the sharing: the next waking takes it up."""
    shop = own
    who, offer, taken = formed(shop, [2, 2, 2])
    enter(shop, who, offer, received=1, short=5)
    seen = 0

    def dies(service: str, operation: str, arguments: dict[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal seen
        said = call()
        if service == "dynamodb" and operation in ("PutItem", "TransactWriteItems"):
            seen += 1
            if seen == calls:
                raise RuntimeError("the worker dies")
        return said

    with trouble(shop.bed, dies):
        shop.bed.later(20 * MINUTE)
    shop.bed.later(2 * HOUR)
    assert short_of(shop, taken) == [1, 2, 2]
    assert [refunds(shop, one) for one in taken] == [[("shortage", n * 1000)] for n in (1, 2, 2)]
    assert money_adds_up(shop, offer.group)["refunded_minor"] == 5000


@pytest.mark.req("S9", "E21")
def test_corrections_have_numbers_and_never_take_money_back(shop: Shop) -> None:
    who, offer, taken = formed(shop, [2, 2, 2])
    assert enter(shop, who, offer, received=1, short=5).status == 200
    # a slip is mended while nothing has been shared
    assert enter(shop, who, offer, received=5, short=1, number=2).status == 200
    shop.bed.later(HOUR)
    assert short_of(shop, taken) == [0, 0, 1]
    # more is missing after all: what is missing beyond is shared on top
    assert enter(shop, who, offer, received=3, short=2, damaged=1, number=3).status == 200
    shop.bed.later(HOUR)
    moves = shop.ok("GET", f"/groups/{offer.group}/batches/{GATE}", who=shop.merchant)["history"]
    assert [one["state"] for one in moves] == ["sorted", "in_transit", "ready"], "it arrived once"
    assert short_of(shop, taken) == [0, 1, 2]
    assert refunds(shop, taken[2]) == [("shortage", 1000), ("shortage", 1000)]
    refused = enter(shop, who, offer, received=5, short=1, number=4)
    assert (refused.status, refused.json["code"], refused.json["shared"]) == (409, "shortage_already_shared", 3)
    # the same loss under another name is fine
    assert enter(shop, who, offer, received=3, short=0, damaged=3, number=4).status == 200
    shop.bed.later(HOUR)
    assert money_adds_up(shop, offer.group)["refunded_minor"] == 3000
    assert len(shop.ok("GET", f"/groups/{offer.group}/receipts/{GATE}", who=who)["entries"]) == 4


@pytest.mark.req("S9")
def test_everything_lost_is_everything_back_and_not_a_cent_more(shop: Shop) -> None:
    """With a better final price: what went back as the difference is not paid back again."""
    tiers = [{"participants": 3, "unit_price_minor": 900}, {"participants": 4, "unit_price_minor": 850}]
    items = [item(tiers=tiers, supplier_id="supplier-x")]
    who, offer, taken = formed(shop, [1, 1, 1, 3], items=items)
    enter(shop, who, offer, received=0, short=6)
    shop.bed.later(HOUR)
    assert shop.story(taken[0])["delivery"] is None or shop.story(taken[0])["delivery"]["state"] == "preparing"
    money = money_adds_up(shop, offer.group)
    assert (money["captured_minor"], money["refunded_minor"], money["held_minor"]) == (5400, 5400, 0)
    assert refunds(shop, taken[3]) == [("price_drop", 150), ("shortage", 2550)]


@pytest.mark.req("S9", "R8")
def test_all_refunds_together_stay_within_what_was_paid(shop: Shop) -> None:
    """Somebody else has paid back most of it meanwhile: only the rest goes back for what did not arrive."""
    who, offer, taken = formed(shop, [2, 2, 2])
    store = wiring.world().store
    order = store.order(taken[2].id)
    assert order is not None and order.captured_id is not None
    payment = store.entry(order.captured_id)
    assert payment is not None
    other = ledger.refund_of(payment, cause="spoiled", amount_minor=1500, now=shop.bed.now)
    store.commit(Replace(order), Create(other))
    enter(shop, who, offer, received=5, short=1)
    shop.bed.later(HOUR)
    assert sorted(refunds(shop, taken[2])) == [("shortage", 500), ("spoiled", 1500)]
    money_adds_up(shop, offer.group)


@pytest.mark.req("S9", "O5")
def test_nothing_is_received_while_buyers_may_still_choose_another_point(shop: Shop) -> None:
    cutoff = shop.bed.now + 8 * HOUR
    who, offer, _ = formed(shop, [2, 2, 2], choose_pickup_by=rfc3339(cutoff))
    assert enter(shop, who, offer, received=6, short=0).json["code"] == "choices_still_open"
    shop.bed.advance_to(cutoff + MINUTE)
    assert enter(shop, who, offer, received=6, short=0).status == 200


@pytest.mark.req("S9", "E21")
def test_who_may_receive_and_what_is_refused(shop: Shop) -> None:
    who, offer, _ = formed(shop, [2, 2, 2])
    path = f"/groups/{offer.group}/receipts"

    def said(body_lines: dict[str, Any], by: str = who, number: int = 1, where: str = GATE) -> str:
        body = {"number": number, "lines": body_lines}
        return str(shop.bed.call("POST", f"{path}/{where}", body, who=by).json.get("code"))

    good = {APPLE: {"received": 6}}
    assert said(good, by=shop.merchant) == "not_yours_to_receive"
    assert said(good, by=shop.person()) == "receipt_not_found"
    assert said(good, where="point.nowhere") == "receipt_not_found"
    assert said({APPLE: {"received": 5}}) == "receipt_does_not_add_up"
    assert said({APPLE: {"received": 7}}) == "receipt_does_not_add_up"
    assert said({APPLE: {"received": -1, "short": 7}}) == "out_of_bounds"
    assert said({APPLE: {"received": 6}, PEAR: {"received": 1}}) == "not_expected_here"
    assert said({PEAR: {"received": 1}}) == "not_expected_here"
    assert said(good, number=2) == "receipt_has_changed"
    assert said({APPLE: {"received": "6"}}) == "wrong_type"
    stranger = shop.bed.call("GET", f"{path}/{GATE}/shares", who=shop.person())
    assert stranger.json["code"] == "receipt_not_found", "nothing was shared yet"
    # suspended: the merchant steps in
    manager = shop.person("manager", roles=("manager",))
    shop.ok("POST", f"/leaders/{who}/decision", {"decision": "suspend", "reason": "投诉"}, who=manager)
    assert said(good) == "not_a_leader"
    assert said(good, by=shop.merchant) == "None"


@pytest.mark.req("E21")
def test_more_than_a_place_holds_is_told_by_name(shop: Shop) -> None:
    boss = shop.merchant = shop.person("merchant", roles=("merchant",), contact=True)
    who, offer, _ = formed(shop, [1, 1, 1])
    (receipt,) = shop.ok("GET", "/leading/receipts", who=who)["items"]
    assert (receipt["orders"], receipt["capacity"], receipt["over_capacity"]) == (3, 2, True)
    assert len(shop.told(boss, "place_over_capacity")) == 2
    assert "南门" in shop.sent_to(boss, "每天只能放")[0].text
    assert [one["destination"] for one in shop.ok("GET", f"/groups/{offer.group}/receipts", who=boss)["items"]] == [
        GATE
    ]


# ----------------------------------------------------------------- leaders and neighbours


@pytest.mark.req("E21")
def test_a_leader_applies_is_decided_about_and_told(shop: Shop) -> None:
    who = shop.person("leader", contact=True)
    manager = shop.person("manager", roles=("manager",))
    place = {"name": "南门小店", "address": "花园里", "capacity": 5}
    headers = {"Idempotency-Key": shop.key()}

    def add() -> Any:
        return shop.bed.call("POST", "/places", place, who=who, headers=headers)

    def decide(decision: str, by: str = manager) -> Any:
        return shop.bed.call("POST", f"/leaders/{who}/decision", {"decision": decision}, who=by)

    assert shop.bed.call("GET", "/me/leader", who=who).json["code"] == "not_a_leader"
    assert decide("approve").json["code"] == "leader_not_found"
    for _ in range(2):
        assert shop.ok("POST", "/me/leader", {"community": "花园里"}, who=who)["state"] == "applied"
    assert add().json["code"] == "not_a_leader", "an application is no approval"
    waiting = [one["person_id"] for one in shop.pages("/leaders?state=applied", who=manager)]
    assert who in waiting
    assert decide("suspend").json["code"] == "leader_is"
    assert decide("refuse").json["state"] == "refused"
    assert shop.ok("POST", "/me/leader", {"community": "江畔"}, who=who)["state"] == "applied"
    for _ in range(2):
        assert decide("approve").json["state"] == "approved"
    assert [len(shop.told(who, f"leader_{state}")) for state in ("refused", "approved", "suspended")] == [2, 2, 0]

    made = add()
    assert made.status == 201 and add().json == made.json
    path = f"/places/{made.json['id']}"
    assert shop.ok("PUT", path, {**place, "capacity": 9, "version": 1}, who=who)["capacity"] == 9
    assert shop.bed.call("PUT", path, {**place, "version": 1}, who=who).json["code"] == "place_has_changed"
    other, _ = leader(shop)
    assert shop.bed.call("PUT", path, {**place, "version": 2}, who=other).json["code"] == "place_not_found"

    assert decide("suspend").json["state"] == "suspended"
    assert shop.bed.call("POST", "/me/leader", {"community": "江畔"}, who=who).json["code"] == "leader_suspended"
    draft = shop.drafted(pickup_points=[{"id": "gate", "name": "南门", "place_id": made.json["id"]}])
    said = shop.bed.call("POST", f"/campaigns/{draft}/publish", who=shop.merchant)
    assert said.json["code"] == "place_closed"
    draft = shop.drafted(pickup_points=[{"id": "gate", "name": "南门", "place_id": "pnowhere"}])
    assert shop.bed.call("POST", f"/campaigns/{draft}/publish", who=shop.merchant).json["code"] == "place_not_found"


@pytest.mark.req("E21")
def test_nobody_decides_about_themselves(shop: Shop) -> None:
    both = shop.person("manager", roles=("manager",))
    shop.ok("POST", "/me/leader", {"community": "花园里"}, who=both)
    said = shop.bed.call("POST", f"/leaders/{both}/decision", {"decision": "approve"}, who=both)
    assert said.json["code"] == "not_about_yourself"


@pytest.mark.req("E21")
def test_a_leader_orders_for_a_neighbour_who_said_yes_and_is_told(shop: Shop) -> None:
    who, place = leader(shop)
    neighbour, stranger = shop.person(contact=True), shop.person()
    offer = shop.offer(hours=2)

    def order(code: str, key: str = "for-aunt-wang", by: str = who) -> Any:
        body = shop.ask(neighbour=code)
        headers = {"Idempotency-Key": key}
        return shop.bed.call("POST", f"/groups/{offer.group}/join-for", body, who=by, headers=headers)

    assert order("0000000000").json["code"] == "neighbour_not_found"
    code = shop.ok("POST", "/me/helpers", {"place_id": place}, who=neighbour)["code"]
    assert [one["code"] for one in shop.pages("/leading/neighbours", who=who)] == [code]
    assert order(code, by=stranger).json["code"] == "not_a_leader"
    another, _ = leader(shop)
    assert order(code, by=another).json["code"] == "neighbour_not_found", "the code is good with one leader only"

    seat = order(code)
    assert seat.status == 201 and order(code).text == seat.text
    # the order is the neighbour's own, and they alone are told
    taken = Taken(neighbour, seat.json["order_id"], offer.group, seat.json)
    assert shop.story(taken)["order"]["state"] == "held"
    assert len(shop.told(neighbour, "ordered_for_you")) == 2
    assert shop.told(neighbour, "order_held") == []
    assert shop.bed.call("GET", f"/orders/{taken.id}", who=who).status == 404
    # what the leader pays counts for the neighbour; nothing of theirs was shown to the leader
    shop.bed.pay(taken.pay_url)
    assert shop.state(taken) == "paid"
    assert neighbour not in seat.text and shop.phone(neighbour) not in seat.text

    # taken back: no further order, and the one there can be cancelled by its owner
    shop.ok("POST", "/me/helpers", {"place_id": place, "allowed": False}, who=neighbour)
    assert order(code, key="another").json["code"] == "neighbour_not_found"
    shop.ok("POST", f"/orders/{taken.id}/cancel", {}, who=neighbour)
    assert shop.bed.call("POST", "/me/helpers", {"place_id": place}, who=who).json["code"] == "not_about_yourself"


@pytest.mark.req("E21", "E20")
def test_a_leader_orders_to_the_doors_of_neighbours_who_are_each_told(shop: Shop) -> None:
    who, place = leader(shop)
    offer = delivering(shop)
    people = [shop.person(contact=True) for _ in range(2)]
    doors = [
        str(shop.ok("POST", "/me/addresses", {**ADDRESS, "division_code": "310101"}, who=one)["id"]) for one in people
    ]

    def said(one: str, **over: Any) -> Any:
        return shop.bed.call("POST", "/me/helpers", {"place_id": place, **over}, who=one)

    def order(code: str, **over: Any) -> Any:
        body = shop.ask(neighbour=code, pickup_point=..., **over)
        headers = {"Idempotency-Key": shop.key()}
        return shop.bed.call("POST", f"/groups/{offer.group}/join-for", body, who=who, headers=headers)

    code = said(people[0]).json["code"]
    assert order(code).json["code"] == "address_missing", "a code alone says no door"
    assert order(code, address_id=doors[0]).json["code"] == "unknown_address", "and no leader names one"
    assert said(people[0], address_id=doors[1]).json["code"] == "unknown_address", "nor somebody else's"
    codes = [said(one, address_id=door).json["code"] for one, door in zip(people, doors, strict=True)]
    for one, code, door in zip(people, codes, doors, strict=True):
        seat = order(code)
        assert seat.status == 201 and door not in seat.text
        story = shop.story(Taken(one, seat.json["order_id"], offer.group, seat.json))
        assert (story["order"]["address_id"], story["order"]["fee_minor"]) == (door, 600)
        assert len(shop.told(one, "ordered_for_you")) == 2
    listed = shop.ok("GET", "/leading/neighbours", who=who)["items"]
    assert [one["to_the_door"] for one in listed] == [True, True] and doors[0] not in str(listed)


@pytest.mark.req("E21", "B31")
def test_no_row_of_leaders_and_neighbours_says_how_to_reach_them(shop: Shop) -> None:
    who, place = leader(shop)
    neighbour = shop.person(contact=True)
    shop.ok("POST", "/me/helpers", {"place_id": place}, who=neighbour)
    kinds = ("leader", "neighbour", "receipt", "purchase_order", "lot", "demand")
    text = str([row for row in rows(shop.bed).values() if row["kind"]["S"] in kinds])
    for person in (who, neighbour):
        assert shop.phone(person) not in text and f"{person}@example.com" not in text


@pytest.mark.req("E21", "X10")
def test_a_leader_who_leaves_takes_their_address_along_and_orders_for_nobody(shop: Shop) -> None:
    who, place = leader(shop)
    neighbour = shop.person()
    code = shop.ok("POST", "/me/helpers", {"place_id": place}, who=neighbour)["code"]
    shop.ok("POST", "/me/erasure", who=who)
    left = rows(shop.bed)[f"PLACE#{place}", "PLACE"]
    assert "花园里南门" not in str(left) and "南门小店" not in str(left)
    offer = shop.offer(hours=2)
    headers = {"Idempotency-Key": shop.key()}
    said = shop.bed.call("POST", f"/groups/{offer.group}/join-for", shop.ask(neighbour=code), who=who, headers=headers)
    assert said.json["code"] in ("not_a_leader", "bad_token")
    draft = shop.drafted(pickup_points=[{"id": "gate", "name": "南门", "place_id": place}])
    assert shop.bed.call("POST", f"/campaigns/{draft}/publish", who=shop.merchant).json["code"] == "place_closed"
    # the neighbour leaves: no trace of the consent stays
    shop.ok("POST", "/me/erasure", who=neighbour)
    assert not [row for row in rows(shop.bed).values() if row["kind"]["S"] == "neighbour" and neighbour in str(row)]
