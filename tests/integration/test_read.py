"""Read receipts: opening the page is reading; what nobody reads is said elsewhere, and then by a person (N7)."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR

from .shop import Shop, Taken, rows
from .test_delivery import formed, move, refused


def notices(shop: Shop, taken: Taken, template: str = "batch_ready") -> list[tuple[str, str, bool]]:
    """Channel, whether it is the second word, and whether it has been read."""
    found = [
        row["body"]["M"] for (pk, sk), row in rows(shop.bed).items() if pk == f"PERSON#{taken.who}" and "NOTICE#" in sk
    ]
    mine = [body for body in found if body["template"]["S"] == template]
    return sorted(
        (b["channel"]["S"], "again" if b["event"]["S"].endswith(":again") else "", "read_at" in b) for b in mine
    )


def calls(shop: Shop, support: str, *who: Taken) -> list[dict[str, Any]]:
    ids = {taken.who for taken in who}
    return [task for task in shop.pages("/tasks", who=support) if task["person_id"] in ids]


@pytest.mark.req("N7")
def test_what_nobody_reads_goes_elsewhere_and_then_to_a_person(own: Shop) -> None:
    offer, (mei, lan, wei) = formed(own, contact=True)
    support = own.person("support", roles=("support",))
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=lan.who)
    move(own, offer, "sorted", "in_transit", "ready")
    own.bed.later(HOUR)
    own.story(mei)
    assert notices(own, mei) == [("email", "", True), ("sms", "", True)]
    assert notices(own, lan) == [("sms", "", False)]
    assert notices(own, wei) == [("email", "", False), ("sms", "", False)], "delivered is not read"
    assert not calls(own, support, mei, lan, wei)

    own.bed.later(2 * DAY)
    assert notices(own, mei) == [("email", "", True), ("sms", "", True)], "who has read it is left in peace"
    assert notices(own, lan) == [("email", "again", False), ("sms", "", False)]
    (call,) = calls(own, support, mei, lan, wei)  # both of Wei's channels have been tried
    assert (call["errand"], call["person_id"], call["about"]) == ("call", wei.who, wei.id)

    own.bed.later(2 * DAY + HOUR)
    assert {call["person_id"] for call in calls(own, support, mei, lan, wei)} == {lan.who, wei.who}
    own.story(lan)
    assert {read for _, _, read in notices(own, lan)} == {True}


@pytest.mark.req("N7")
def test_a_second_channel_that_leads_nowhere_becomes_a_call_and_is_done_once(own: Shop) -> None:
    offer, (mei, *_) = formed(own)
    support = own.person("support", roles=("support",))
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=mei.who)
    move(own, offer, "sorted", "in_transit", "ready")
    own.bed.later(2 * DAY + HOUR)
    assert ("email", "again", False) in notices(own, mei), "there is no e-mail address"
    (call,) = calls(own, support, mei)
    assert refused(own, "POST", f"/tasks/{call['id']}/done", {}, who=own.merchant) == "task_not_found"
    for _ in range(2):
        own.ok("POST", f"/tasks/{call['id']}/done", {"note": "已电话告知"}, who=support)
    assert not calls(own, support, mei)
