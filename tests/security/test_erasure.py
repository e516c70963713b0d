"""Somebody leaves (X10, B29): what could name them is gone for good, and every sum still adds up."""

import json

import pytest

from chalicelib import wiring
from chalicelib.domain.instants import DAY, HOUR, rfc3339
from tests.integration.shop import Shop, money_adds_up, rows

ADDRESS = {
    "province": "标记省", "city": "标记市", "district": "标记区", "street": "标记街道", "community": "标记小区",
    "building": "标记楼7", "unit": "标记单元", "room": "标记室501", "division_code": "310104",
    "recipient": "标记收件人", "phone": "+8613787654321",
}  # fmt: skip


def sign_in_again(shop: Shop, *people: str) -> None:
    """Tokens last an hour, and weeks have passed."""
    shop.bed._tokens = {one: shop.bed.people.token(one, shop.bed.now) for one in (shop.merchant, *people)}


def books(shop: Shop, group: str) -> dict[str, object]:
    return {name: value for name, value in money_adds_up(shop, group).items() if name != "as_of"}


@pytest.mark.req("X10")
def test_nobody_leaves_while_something_is_owed_to_them_or_by_them(own: Shop) -> None:
    offer = own.offer(hours=1)
    held, paid = own.join(offer.group), own.buy(offer.group)
    for taken in (held, paid):
        refused = own.bed.call("POST", "/me/erasure", who=taken.who)
        assert (refused.status, refused.json["code"]) == (409, "orders_under_way")
        assert refused.json["orders"] == [taken.id]
    own.close(offer.group, after=4 * HOUR)
    for taken in (held, paid):
        assert own.bed.call("POST", "/me/erasure", who=taken.who).status == 204


@pytest.mark.req("X10")
def test_no_merchant_leaves_while_they_sell_or_owe_a_transfer_back(own: Shop) -> None:
    """Nobody else can confirm a bank transfer: a merchant who has left would keep the money of a failed group."""
    offer = own.offer(hours=1)
    taken = own.join(offer.group, method="transfer")
    body = {
        "amount_minor": own.story(taken)["order"]["amount_minor"], "currency": "CNY", "reference": "in-1",
        "received_at": rfc3339(own.bed.now - 1),
    }  # fmt: skip
    own.ok("POST", f"/payments/{taken.payment}/confirm", body, who=own.merchant)

    def leaves() -> tuple[int, list[str]]:
        answer = own.bed.call("POST", "/me/erasure", who=own.merchant)
        return answer.status, answer.json["campaigns"] if answer.text else []

    assert leaves() == (409, [offer.id])
    own.close(offer.group, after=2 * HOUR)
    assert leaves() == (409, [offer.id])
    (refund,) = own.story(taken)["refunds"]
    back = {"reference": "out-1", "paid_back_at": rfc3339(own.bed.now - 1)}
    own.ok("POST", f"/refunds/{refund['id']}/confirm", back, who=own.merchant)
    assert leaves() == (204, [])


@pytest.mark.req("X10")
@pytest.mark.req("B29")
def test_after_leaving_the_contact_is_unreadable_and_the_money_still_adds_up(own: Shop) -> None:
    # given somebody with a contact, an address, wishes, consents, orders that ended well and badly, and messages
    who = own.person(contact=True)
    phone, email = own.phone(who), f"{who}@example.com"
    own.ok("POST", "/me/addresses", ADDRESS, who=who)
    own.ok("POST", "/me/consents", {"channel": "sms", "text_version": "v1", "given": True}, who=who)
    formed = own.offer(hours=1, target={"measure": "participants", "at_least": 1})
    failed = own.offer(hours=1)
    bought, lost = own.buy(formed.group, who), own.buy(failed.group, who)
    support, ops = own.person("support", roles=("support",)), own.person("ops", roles=("ops",))
    own.close(formed.group, after=40 * DAY)
    sign_in_again(own, who, support, ops)
    before = {group: books(own, group) for group in (formed.group, failed.group)}
    sealed = [row for (pk, _), row in rows(own.bed, "tuan-bed-vault").items() if pk == f"person#{who}"]
    assert len(sealed) == 2

    # when they leave
    assert own.bed.call("POST", "/me/erasure", who=who).status == 204

    # then nothing that names them is left, nor anything sealed that a key could open again
    vault = rows(own.bed, "tuan-bed-vault")
    assert not [pk for pk, _ in vault if pk == f"person#{who}"]
    left = json.dumps([list(rows(own.bed).values()), list(vault.values())], ensure_ascii=False)
    for mark in (phone, phone[1:], email, "标记收件人", ADDRESS["phone"]):
        assert mark not in left
    assert own.bed.call("GET", f"/people/{who}/contact?why=parcel", who=support).status == 404
    assert wiring.world().identity.phone_of(who) is None

    # nor what they wished for; nobody writes to them any more
    kept = rows(own.bed)[f"PERSON#{who}", "PREFERENCES"]["body"]["M"]
    assert kept["channels"] == {"L": []} and "consents" not in kept
    sent = len(own.bed.sent())
    own.bed.later(DAY)
    assert len(own.bed.sent()) == sent
    sign_in_again(own, support, ops)

    # and the books say what they said
    assert {group: books(own, group) for group in before} == before
    assert before[failed.group]["refunded_minor"] == before[failed.group]["captured_minor"] != 0
    orders = {row["id"] for group in before for row in own.pages(f"/groups/{group}/orders", who=own.merchant)}
    assert orders == {bought.id, lost.id}

    # and who left, when, is on record
    assert [act["what"] for act in own.pages(f"/ops/audit/{who}", who=ops)] == ["erased"]


@pytest.mark.req("X10")
def test_leaving_twice_is_leaving_once(own: Shop) -> None:
    """An answer that was lost: the same token asks again."""
    who = own.person(contact=True)
    assert own.bed.call("POST", "/me/erasure", who=who).status == 204
    assert own.bed.call_only("POST", "/me/erasure", who=who).status == 204


@pytest.mark.req("X10")
def test_what_is_kept_goes_in_time() -> None:
    """The whole list of rows that end by themselves; orders and money are books, and stay."""
    from chalicelib.store.rows import KINDS

    assert {kind.name for kind in KINDS if kind.gone_at} == {
        "brake", "chat_message", "confirmed", "listing", "login_code", "notice", "pace", "session", "spent", "visit",
    }  # fmt: skip
