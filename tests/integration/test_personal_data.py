"""Marked phone, e-mail and address through a whole run: no plain hit where they have no business (X5, B29)."""

import json
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from infra.local.sandbox.state import Fault

from .shop import APPLE, Shop, rows

PHONE, EMAIL, OTHER_PHONE = "+8613912345678", "marked.person@secret.example", "+8613787654321"
ADDRESS = {
    "province": "标记省", "city": "标记市", "district": "标记区", "street": "标记街道", "community": "标记小区",
    "building": "标记楼7", "unit": "标记单元", "room": "标记室501", "division_code": "310104",
    "recipient": "标记收件人", "phone": OTHER_PHONE,
}  # fmt: skip
MARKS = [PHONE[3:], EMAIL, EMAIL.partition("@")[0], OTHER_PHONE[3:], *(v for v in ADDRESS.values() if "标记" in v)]


def hits(text: str) -> list[str]:
    spelled = text + text.encode().decode("unicode_escape", errors="ignore") if "\\u" in text else text
    return [mark for mark in MARKS if mark in spelled]


@pytest.mark.req("X5")
@pytest.mark.req("B29")
def test_personal_data_goes_nowhere_but_into_the_vault_and_to_its_owner(own: Shop) -> None:
    bed = own.bed
    answers: list[tuple[str, str]] = []
    calling = bed.call_only

    def overheard(method: str, path: str, *rest: Any, **named: Any) -> Any:
        answer = calling(method, path, *rest, **named)
        answers.append((f"{method} {path}", answer.text + json.dumps(dict(answer.headers))))
        return answer

    bed.call_only = overheard  # type: ignore[method-assign]
    buyer = bed.person("lin", phone=PHONE)
    support = own.person("support", roles=("support",))
    ops = own.person("ops", roles=("ops",))

    with bed.hook.watched() as calls:
        # given a buyer whose every word is marked, with an address, in a delivered campaign
        own.ok("PUT", "/me/contact", {"email": EMAIL}, who=buyer)
        address = own.ok("POST", "/me/addresses", ADDRESS, who=buyer)["id"]
        delivered = own.offer(fulfilment="delivery", pickup_points=..., hours=2)
        formed = own.offer(target={"measure": "participants", "at_least": 1}, hours=2)
        cancelled = own.offer(hours=2)
        shipped = own.offer(
            fulfilment="delivery", pickup_points=..., target={"measure": "participants", "at_least": 1}, hours=2
        )
        taken = own.buy(delivered.group, buyer, pickup_point=..., address_id=address, lines={APPLE: 2})
        own.buy(formed.group, buyer)
        own.buy(shipped.group, buyer, pickup_point=..., address_id=address)
        gone = own.buy(cancelled.group, buyer)
        own.ok("POST", f"/orders/{gone.id}/cancel", {}, who=buyer)
        link = own.ok("POST", f"/groups/{delivered.group}/share", who=buyer)
        own.ok("GET", link["path"])
        # when one group fails, its refund fails and is parked, and everybody looks at everything
        bed.provider.faults.append(Fault(kind="refund_fails", times=20, match=taken.id))
        bed.later(3 * HOUR)
        bed.later(5 * HOUR)
        # what was sold is labelled and handed to a carrier, a robot speaks of it, and something goes wrong with it
        (batch,) = own.ok("POST", f"/groups/{shipped.group}/batches", who=own.merchant)["items"]
        there = f"/groups/{shipped.group}/batches/{batch['destination']}"
        own.ok("GET", f"{there}/labels", who=own.merchant)
        own.ok("POST", f"{there}/waybills", {"carrier": "sandbox"}, who=own.merchant)
        asked = own.ok("POST", f"/groups/{shipped.group}/questions", {"text": "几时到？"}, who=buyer, key="ask")["id"]
        own.ok(
            "POST",
            f"/groups/{shipped.group}/questions/{asked}/answer",
            {"text": "明天"},
            who=own.merchant,
        )
        trouble = {"what": "quality", "level": 3, "text": "压坏了"}
        own.ok("POST", f"/groups/{shipped.group}/incidents", trouble, who=own.merchant, key="trouble")
        # nonsense that quotes the marks is refused without repeating them
        for body in ({"email": EMAIL, PHONE: 1}, {"email": [EMAIL]}, {"email": EMAIL + " " + PHONE}):
            bed.call("PUT", "/me/contact", body, who=buyer)
        bed.call("POST", "/me/addresses", {**ADDRESS, "room": "标记室501" * 40}, who=buyer)
        for who, path in (
            (buyer, f"/orders/{taken.id}"), (buyer, "/orders"), (buyer, "/me/notices"), (buyer, "/me/preferences"),
            (own.merchant, f"/groups/{delivered.group}/orders"), (own.merchant, f"/groups/{delivered.group}/money"),
            (support, f"/groups/{delivered.group}/orders"), (own.merchant, f"/campaigns/{delivered.id}/figures"),
            (None, f"/groups/{delivered.group}"), (None, "/hall"), (ops, "/ops/due"), (ops, "/ops/parked"),
        ):  # fmt: skip
            own.ok("GET", path, who=who)
        own.ok("GET", f"/people/{buyer}/contact?why=parcel", who=support)
        own.ok("GET", f"/people/{buyer}/contact/reads", who=ops)
        own.ok("GET", "/me/contact", who=buyer)
        bed.later(DAY)
        bed.later(MINUTE)

    # then it was said to its owner and to support, and to the services that carry the messages
    allowed = ("GET /me/contact", "PUT /me/contact", f"GET /people/{buyer}/contact?why=parcel", f"GET {there}/labels")
    said = {path: hits(text) for path, text in answers if hits(text)}
    assert said.keys() == set(allowed)
    # and the door alone to the merchant who labels the parcel
    assert {*said[f"GET {there}/labels"]} & {*MARKS[:4], ADDRESS["recipient"]} == set()
    assert {sent.to for sent in bed.sent()} >= {PHONE, EMAIL}
    assert all(not hits(sent.subject + sent.text) for sent in bed.sent())

    # and it is nowhere else: no row, no stream image, no line of the log, no message, no call but to those services
    assert hits(json.dumps(list(rows(bed).values()), ensure_ascii=False)) == []
    assert hits(json.dumps(list(rows(bed, "tuan-bed-vault").values()), ensure_ascii=False)) == []
    images = [json.dumps(record.to_json(), default=str, ensure_ascii=False) for record in bed.table.stream_shard.items]
    assert len(images) > 100
    assert hits("".join(images)) == []
    assert len(bed.log) > 50
    assert hits("".join(bed.log)) == []
    carried = {(service, operation) for service, operation, arguments in calls if hits(str(arguments))}
    assert carried == {("kms", "Encrypt"), ("sns", "Publish"), ("sesv2", "SendEmail")}


def test_the_search_would_find_a_mark() -> None:
    assert hits(f"call {PHONE[3:]} now") == [PHONE[3:]]
    assert hits(json.dumps({"city": "标记市"})) == ["标记市"]
