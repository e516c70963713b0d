"""A stolen token does not pay out, read a contact, put a row back or erase anybody (X2)."""

import re
from typing import Any

import pytest

from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from chalicelib.handlers import edge
from tests.bed.bed import Answer
from tests.integration.shop import Shop

SENSITIVE = {
    "POST /refunds/{entry_id}/confirm",
    "POST /groups/{group_id}/call-off",
    "PUT /payees/{person_id}/accounts/{method}",
    "POST /payouts/{payout_id}/paid",
    "POST /ops/parked/put-back",
    "GET /people/{person_id}/contact",
    "GET /tasks/{task_id}/words",
    "POST /me/erasure",
}


@pytest.mark.req("X2")
def test_the_sensitive_routes_and_no_others_ask_for_it() -> None:
    assert {f"{one.method} {one.path}" for one in edge.ROUTES if one.fresh} == SENSITIVE
    assert all(one.roles for one in edge.ROUTES if one.fresh)


def asked(shop: Shop, who: str) -> tuple[str, str]:
    """(the challenge, the code in the message)"""
    answer = shop.bed.call_only("POST", "/me/codes", who=who)
    assert answer.status == 201, answer.text
    (text,) = [one.text for one in shop.bed.sent() if one.to == shop.phone(who)][-1:]
    return answer.json["challenge"], re.findall(r"\d{6}", text)[0]


def answered(shop: Shop, who: str, challenge: str, code: str) -> Answer:
    return shop.bed.call_only("POST", "/me/codes/answer", {"challenge": challenge, "code": code}, who=who)


def reads(shop: Shop, support: str, person: str) -> tuple[int, Any]:
    answer = shop.bed.call_only("GET", f"/people/{person}/contact?why=parcel", who=support)
    return answer.status, answer.json.get("code")


@pytest.mark.req("X2")
@pytest.mark.req("X6")
def test_a_code_opens_ten_minutes_and_no_code_opens_nothing(own: Shop) -> None:
    person, support = own.person(contact=True), own.person("support", roles=("support",))
    assert reads(own, support, person) == (403, "second_factor_required")
    challenge, code = asked(own, support)
    wrong = "000000" if code != "000000" else "111111"
    refused = answered(own, support, challenge, wrong)
    assert (refused.status, refused.json["code"]) == (422, "wrong_code")
    assert reads(own, support, person)[0] == 403
    assert answered(own, support, refused.json["challenge"], code).status == 204
    assert reads(own, support, person)[0] == 200
    own.bed.now += 10 * MINUTE - 1
    assert reads(own, support, person)[0] == 200
    own.bed.now += 1
    assert reads(own, support, person) == (403, "second_factor_required")


@pytest.mark.req("X2")
def test_a_code_opens_only_under_the_token_that_asked(own: Shop) -> None:
    """Whoever holds another token of the same person has not answered anything."""
    person, support = own.person(contact=True), own.person("support", roles=("support",))
    assert answered(own, support, *asked(own, support)).status == 204
    from chalicelib.config import real_now

    own.bed._tokens[support] = own.bed.people.token(support, real_now() - 5_000)
    assert reads(own, support, person)[0] == 403


@pytest.mark.req("X2")
def test_anothers_code_opens_nothing(own: Shop) -> None:
    person, support = own.person(contact=True), own.person("support", roles=("support",))
    thief = own.person("thief", roles=("support",))
    refused = answered(own, thief, *asked(own, support))
    assert refused.status == 422
    assert reads(own, thief, person)[0] == 403
    assert reads(own, support, person)[0] == 403


@pytest.mark.req("X2")
@pytest.mark.req("X9")
def test_guessing_ends_with_the_challenge(own: Shop) -> None:
    support = own.person("support", roles=("support",))
    challenge, code = asked(own, support)
    told = []
    for number in range(4):
        guess = f"{(int(code) + number + 1) % 10**6:06d}"
        refused = answered(own, support, challenge, guess).json
        challenge = refused.get("challenge") or challenge
        told.append(refused["code"])
    assert told == ["wrong_code", "wrong_code", "code_expired", "code_expired"]
    assert answered(own, support, challenge, code).status == 422
    again = own.bed.call_only("POST", "/me/codes", who=support)
    assert (again.status, again.json["code"]) == (429, "code_sent_lately")


@pytest.mark.req("X2")
def test_money_is_not_declared_paid_back_without_it(own: Shop) -> None:
    offer = own.offer(hours=1)
    taken = own.join(offer.group, method="transfer")
    own.bed.later(MINUTE)
    body = {
        "amount_minor": own.story(taken)["order"]["amount_minor"], "currency": "CNY", "reference": "in-1",
        "received_at": rfc3339(own.bed.now - 1),
    }  # fmt: skip
    own.ok("POST", f"/payments/{taken.payment}/confirm", body, who=own.merchant)
    own.close(offer.group, after=2 * HOUR)
    (refund,) = own.story(taken)["refunds"]
    back = {"reference": "out-1", "paid_back_at": rfc3339(own.bed.now - 1)}
    refused = own.bed.call_only("POST", f"/refunds/{refund['id']}/confirm", back, who=own.merchant)
    assert (refused.status, refused.json["code"]) == (403, "second_factor_required")
    assert own.story(taken)["refunds"][0]["stage"] != "succeeded"
    own.ok("POST", f"/refunds/{refund['id']}/confirm", back, who=own.merchant)  # with a code
    assert own.story(taken)["refunds"][0]["stage"] == "succeeded"
