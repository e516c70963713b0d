"""Who sees what, and what is counted: rows S2, S3, S20, E6, M1, X5 and X6."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.gateways.real_names import SILENT

from .shop import APPLE, Shop, everything, item, rows

ADDRESS = {
    "province": "上海市", "city": "上海市", "district": "徐汇区", "street": "湖南街道", "community": "花园里",
    "building": "3", "unit": "2", "room": "501", "division_code": "310104", "recipient": "林一",
    "phone": "+8613900000000",
}  # fmt: skip


# ----------------------------------------------------------------- S2, S3: how far it is


@pytest.mark.req("S2")
@pytest.mark.req("S3")
def test_progress_counts_paid_buyers_apart_from_held_seats_and_equals_the_orders(shop: Shop) -> None:
    offer = shop.offer(max_participants=5, items=[item(stock=20)])
    for _ in range(2):
        shop.buy(offer.group, lines={APPLE: 2})
    shop.join(offer.group)
    shop.bed.later(10 * SECOND)

    exact, shown = shop.progress(offer.group), shop.progress(offer.group, strong=False)
    for progress in (exact, shown):
        assert (progress["joined"], progress["held"], progress["target"]["at_least"]) == (2, 1, 3)
        assert (progress["reached"], progress["remaining"], progress["seats_left"]) == (2, 1, 2)
        assert progress["as_of"]
    assert (exact["exact"], shown["exact"]) == (True, False)
    assert exact["items"][0]["units_left"] == 15
    states = [o["state"] for o in shop.pages(f"/groups/{offer.group}/orders", who=shop.merchant)]
    assert (states.count("paid"), states.count("held")) == (exact["joined"], exact["held"])


@pytest.mark.req("S3")
def test_the_strong_read_is_right_although_every_stream_record_was_lost(own: Shop) -> None:
    offer = own.offer(max_participants=5)
    own.bed.dice.lost = 100
    own.join(offer.group)
    assert own.progress(offer.group, strong=False)["seats_left"] == 5  # the projection has not heard yet
    assert own.progress(offer.group)["seats_left"] == 4
    own.bed.dice.lost = 0
    own.bed.later(3 * MINUTE)
    assert own.progress(offer.group, strong=False)["seats_left"] == 4


@pytest.mark.req("S3", "B20")
def test_a_change_that_the_stream_lost_is_counted_however_soon_the_tick_came(own: Shop) -> None:
    offer = own.offer()
    own.join(offer.group)
    own.bed.later(2 * MINUTE)

    def lost(act: Callable[[], Any]) -> Any:
        """Five seconds before a tick."""
        own.bed._next_tick = own.bed.now - own.bed.now % MINUTE + 2 * MINUTE  # idle ticks until then
        own.bed.advance_to(own.bed._next_tick - 5 * SECOND)
        own.bed.dice.lost = 100
        answer = act()
        own.bed.drain()
        own.bed.dice.lost = 0
        own.bed.later(MINUTE)
        return answer

    taken = lost(lambda: own.join(offer.group, lines={APPLE: 2}, method=...))
    assert own.progress(offer.group, strong=False)["held"] == 2
    version = own.story(taken)["order"]["version"]
    more = {"version": version, "lines": {APPLE: 5}}
    lost(lambda: own.ok("PATCH", f"/orders/{taken.id}", more, who=taken.who))
    tallies = [row["body"]["M"] for (_, sk), row in rows(own.bed).items() if sk == "TALLY"]
    assert [tally["units"]["M"][APPLE]["N"] for tally in tallies] == ["6", "6"], "its group's and its campaign's"


# ----------------------------------------------------------------- S20: roles


@pytest.mark.req("S20")
def test_each_role_sees_its_own_and_another_merchant_nothing(shop: Shop) -> None:
    offer = shop.offer()
    taken = shop.buy(offer.group)
    stranger = shop.person("stranger", roles=("merchant",))
    support, manager, ops = (shop.person(role, roles=(role,)) for role in ("support", "manager", "ops"))
    supplier, leader = (shop.person(role, roles=(role,)) for role in ("supplier", "leader"))

    def status(who: str | None, path: str, method: str = "GET", body: Any = None) -> int:
        return shop.bed.call(method, path, body, who=who).status

    orders = f"/groups/{offer.group}/orders"
    asked = {who: status(who, orders) for who in (shop.merchant, manager, support, ops)}
    assert set(asked.values()) == {200}
    refused = {who: status(who, orders) for who in (supplier, leader, taken.who)}
    assert set(refused.values()) == {403}
    assert status(stranger, orders) == 404  # another merchant's group looks like none
    assert status(None, orders) == 401
    for path in (f"/campaigns/{offer.id}/own", f"/campaigns/{offer.id}/figures", f"/groups/{offer.group}/money"):
        assert status(shop.merchant, path) == 200
        assert status(stranger, path) == 404
    deadline = {"closes_at": "2027-01-01T00:00:00Z"}
    assert status(stranger, f"/groups/{offer.group}/deadline", "POST", deadline) == 404
    assert status(shop.person(), f"/orders/{taken.id}") == 404
    assert status(ops, "/ops/due") == 200
    assert status(shop.merchant, "/ops/due") == 403
    # buyers are masked for the merchant, and named for support only
    (line,) = shop.ok("GET", orders, who=shop.merchant)["items"]
    assert line["buyer_id"] is None and line["buyer"] != taken.who
    assert shop.ok("GET", orders, who=support)["items"][0]["buyer_id"] == taken.who


@pytest.mark.req("S20")
def test_an_initiator_sees_no_more_than_another_buyer(shop: Shop) -> None:
    opened = shop.open_team(shop.teams(), size=3)
    member = shop.join(opened.group)
    for who in (opened.who, member.who):
        assert shop.bed.call("GET", f"/groups/{opened.group}/orders", who=who).status == 403
    assert shop.bed.call("GET", f"/orders/{member.id}", who=opened.who).status == 404


# ----------------------------------------------------------------- E6: share links


@pytest.mark.req("E6")
def test_a_share_link_is_ones_own_and_a_join_through_it_is_attributed(shop: Shop) -> None:
    offer = shop.offer()
    sharer, friend = shop.people(2)
    link = shop.ok("POST", f"/groups/{offer.group}/share", who=sharer)
    assert shop.ok("POST", f"/groups/{offer.group}/share", who=sharer) == link  # always the same one
    assert shop.ok("POST", f"/groups/{offer.group}/share", who=friend)["code"] != link["code"]
    assert shop.ok("GET", link["path"])["group_id"] == offer.group

    through = shop.buy(offer.group, friend, share=link["code"])
    own_link = shop.buy(offer.group, sharer, share=link["code"])  # one's own link brings nobody
    unknown = shop.buy(offer.group, share="nothing")

    assert [_shared_by(shop, one.id) for one in (through, own_link, unknown)] == [sharer, None, None]


@pytest.mark.req("E6")
def test_a_paid_join_through_ones_link_brings_a_coupon_so_many_times_and_it_ends_with_its_order(shop: Shop) -> None:
    reward = {"amount_minor": 300, "min_spend_minor": 2000, "most_per_person": 2, "valid_days": 10}
    offer = shop.offer(share_reward=reward)
    assert shop.ok("GET", f"/campaigns/{offer.id}")["share_reward"] == reward
    sharer = shop.person(contact=True)
    link = shop.ok("POST", f"/groups/{offer.group}/share", who=sharer)["code"]

    def coupons() -> list[tuple[str, bool]]:
        found = list(shop.pages("/me/coupons", who=sharer))
        return [(one["order_id"], one["voided_at"] is None) for one in found if one["cause"] == "share"]

    shop.join(offer.group, share=link)
    shop.buy(offer.group, sharer, share=link)
    assert coupons() == [], "neither for a seat that is not paid nor for one's own"
    first, second, third = (shop.buy(offer.group, share=link) for _ in range(3))
    assert coupons() == [(first.id, True), (second.id, True)], "no more than the campaign says"
    assert len(shop.told(sharer, "share_rewarded")) == 4, "by SMS and by e-mail, once each"

    shop.ok("POST", f"/orders/{first.id}/cancel", {}, who=first.who)
    assert coupons() == [(first.id, False), (second.id, True)]
    again = shop.buy(offer.group, share=link)
    assert coupons() == [(again.id, True), (second.id, True)], "the place that was given back is taken again"
    shop.ok("POST", f"/orders/{third.id}/cancel", {}, who=third.who)
    assert coupons() == [(again.id, True), (second.id, True)]


@pytest.mark.req("E6")
def test_a_group_that_fails_takes_its_rewards_along(shop: Shop) -> None:
    offer = shop.offer(share_reward={"amount_minor": 300})
    sharer = shop.person()
    link = shop.ok("POST", f"/groups/{offer.group}/share", who=sharer)["code"]
    shop.buy(offer.group, share=link)
    assert shop.close(offer.group)["state"] == "failed"
    (one,) = shop.pages("/me/coupons", who=sharer)
    assert one["voided_at"] is not None and one["used_at"] is None


def _shared_by(shop: Shop, order_id: str) -> str | None:
    (row,) = (row for (_, sk), row in rows(shop.bed).items() if sk == f"ORDER#{order_id}")
    shared_by: dict[str, str] = row["body"]["M"].get("shared_by", {})
    return shared_by.get("S")


# ----------------------------------------------------------------- M1: the figures


def view(shop: Shop, group: str, visitor: str, agent: str = "Mozilla/5.0") -> None:
    headers = {"User-Agent": agent}
    answer = shop.bed.call("POST", f"/groups/{group}/views", {"visitor": visitor}, headers=headers)
    assert answer.status == 204


@pytest.mark.req("M1")
@pytest.mark.parametrize("lost", [0, 60])
def test_the_figures_equal_a_recount_from_the_orders(own: Shop, lost: int) -> None:
    """With 60 % of stream records and messages lost as well: the recount heals what the stream did not say."""
    # given two groups of which one will form, with visitors, buyers, unpaid, cancelled, and a robot
    offer = own.communities(hours=3, target={"measure": "participants", "at_least": 2})
    own.bed.dice.lost = lost
    garden, river = offer.groups["garden"], offer.groups["river"]
    for number in range(10):
        view(own, garden, f"visitor-{number}")
        view(own, garden, f"visitor-{number}")
    view(own, garden, "visitor-robot", agent="Googlebot/2.1")
    bought = [own.buy(garden, lines={APPLE: units}) for units in (1, 2, 4)]
    own.join(garden)
    given_up = own.buy(garden)
    own.ok("POST", f"/orders/{given_up.id}/cancel", {}, who=given_up.who)
    own.buy(river, bought[0].who, key="river", pickup_point="pier")

    own.bed.later(5 * HOUR)
    own.bed.dice.lost = 0
    own.bed.later(10 * MINUTE)

    # then what is shown equals what a count of the orders and the ledger gives
    figures = own.figures(offer.id)
    orders = [o for g in (garden, river) for o in own.pages(f"/groups/{g}/orders", who=own.merchant)]
    paid = [o for o in orders if o["state"] == "paid"]
    money = [own.money(g) for g in (garden, river)]
    assert figures["orders_paid"] == len(paid) == 4
    assert figures["orders_held"] == 0
    assert figures["orders_expired"] == sum(o["state"] == "expired" for o in orders) == 1
    assert figures["orders_cancelled"] == sum(o["state"] == "cancelled" for o in orders) == 1
    assert figures["paid_minor"] == sum(o["amount_minor"] for o in paid)
    assert figures["captured_minor"] == sum(m["captured_minor"] for m in money) == 9000
    assert figures["refunded_minor"] == sum(m["refunded_minor"] for m in money)
    assert (figures["visitors"], figures["buyers"]) == (10, 3)
    assert figures["conversion_bp"] == 10_000 * 3 // 10
    assert figures["average_order_minor"] == sum(o["amount_minor"] for o in paid) // 4
    assert (figures["groups_formed"], figures["groups_failed"], figures["formed_share_bp"]) == (1, 1, 5_000)
    assert figures["refund_share_bp"] == 10_000 * figures["refunded_minor"] // figures["captured_minor"]


@pytest.mark.req("M1")
def test_a_group_in_which_nobody_was_counts_as_failed(shop: Shop) -> None:
    offer = shop.offer(hours=1)
    shop.close(offer.group)
    figures = shop.figures(offer.id)
    assert (figures["groups"], figures["groups_formed"], figures["groups_failed"]) == (1, 0, 1)


# ----------------------------------------------------------------- X5, X6: contact data


@pytest.mark.req("X5")
def test_contact_data_lies_encrypted_in_the_vault_and_nowhere_else(shop: Shop) -> None:
    who = shop.person(contact=True)
    shop.ok("POST", "/me/addresses", ADDRESS, who=who)
    vault = str(rows(shop.bed, "tuan-bed-vault"))
    for secret in (shop.phone(who), f"{who}@example.com", "湖南街道", "林一", ADDRESS["phone"]):
        assert secret not in vault
        assert secret not in str(rows(shop.bed))
    card = shop.ok("GET", "/me/contact", who=who)
    assert (card["phone"], card["email"]) == (shop.phone(who), f"{who}@example.com")
    assert card["addresses"][0]["street"] == "湖南街道"


@pytest.mark.req("X6")
def test_reading_a_contact_is_a_right_of_its_own_and_every_read_is_recorded(shop: Shop) -> None:
    who = shop.person(contact=True)
    support, ops = shop.person("support", roles=("support",)), shop.person("ops", roles=("ops",))
    # others may not, whatever else they may
    for other in (ops, shop.merchant, shop.person("manager", roles=("manager",)), shop.person()):
        refused = shop.bed.call("GET", f"/people/{who}/contact?why=curious", who=other)
        assert (refused.status, refused.json["code"]) == (403, "forbidden")
    # support must say why
    assert shop.bed.call("GET", f"/people/{who}/contact", who=support).status == 400
    card = shop.ok("GET", f"/people/{who}/contact?why=parcel-lost", who=support)
    assert card["phone"] == shop.phone(who)

    offer = shop.offer()
    shop.join(offer.group, who)  # two notices, whose sending reads the address as well

    reads = list(shop.pages(f"/people/{who}/contact/reads", who=ops))
    assert (support, "parcel-lost") in [(read["reader"], read["why"]) for read in reads]
    assert sum(read["reader"] == "notices" for read in reads) >= 1
    assert not any(read["reader"] in (ops, shop.merchant) for read in reads)


@pytest.mark.req("X5")
def test_an_address_goes_when_nothing_is_on_its_way_to_it(shop: Shop) -> None:
    who, other = shop.person(), shop.person()
    added = shop.ok("POST", "/me/addresses", ADDRESS, who=who)["id"]
    spare = shop.ok("POST", "/me/addresses", ADDRESS, who=who)["id"]
    offer = shop.offer(fulfilment="delivery", pickup_points=[], hours=1)
    shop.buy(offer.group, who, pickup_point=..., address_id=added)
    refused = shop.bed.call("DELETE", f"/me/addresses/{added}", who=who)
    assert (refused.status, refused.json["code"]) == (409, "address_in_use")
    shop.ok("DELETE", f"/me/addresses/{spare}", who=who)
    shop.ok("DELETE", f"/me/addresses/{added}", who=other)
    assert [one["id"] for one in shop.ok("GET", "/me/contact", who=who)["addresses"]] == [added]
    shop.close(offer.group)  # one is not enough: it fails, and nothing is coming
    shop.ok("DELETE", f"/me/addresses/{added}", who=who)
    assert shop.ok("GET", "/me/contact", who=who)["addresses"] == []


@pytest.mark.req("X1")
def test_a_real_name_is_verified_and_only_the_answer_is_kept(shop: Shop) -> None:
    who, number = shop.person(), "11010519491231002X"

    def says(name: str = "李明", given: str = number) -> Any:
        return shop.bed.call("POST", "/me/real-name", {"name": name, "number": given}, who=who).json

    assert shop.ok("GET", "/me/real-name", who=who) == {"offered": True, "status": "none", "at": None}
    assert says(SILENT)["status"] == "asked"
    assert says(given=number[:-1] + "1")["status"] == "refused"
    assert says()["status"] == "verified"
    assert says(given="11010519491231")["status"] == "verified", "once is enough"
    kept = str(everything(shop.bed))
    assert number not in kept and "李明" not in kept
    tired = shop.person()
    for _ in range(5):
        shop.bed.call("POST", "/me/real-name", {"name": "张三", "number": "110105194912310021"}, who=tired)
    answer = shop.bed.call("POST", "/me/real-name", {"name": "张三", "number": number}, who=tired)
    assert (answer.status, answer.json["code"]) == (429, "too_many_tries")
