"""What comes back of what we said (B25), and what people write to us (N12)."""

import base64
import gzip
import json
from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.ports import Answer, Outcome
from chalicelib.gateways.sms import Sms

from .shop import Shop, rows
from .test_delivery import formed, move, refused

pytestmark = pytest.mark.bar("B25")


def notices(shop: Shop, who: str, template: str) -> list[dict[str, Any]]:
    """Of one person and template: the stored rows' documents, by channel."""
    found = [row for (pk, sk), row in rows(shop.bed).items() if pk == f"PERSON#{who}" and sk.startswith("NOTICE#")]
    plain = [
        {name: next(iter(value.values())) for name, value in row["body"]["M"].items()}
        | {"state": row["state"]["S"], "kept": row["body"]["M"].get("provider_ref", {}).get("S", "")}
        for row in found
    ]
    return sorted((one for one in plain if one["template"] == template), key=lambda one: one["channel"])


def ref_of(shop: Shop, who: str, template: str, channel: str) -> str:
    (one,) = [one for one in notices(shop, who, template) if one["channel"] == channel and one["kept"]]
    return str(one["kept"])


def bounce(shop: Shop, ref: str, kind: str = "Permanent") -> None:
    shop.bed.heard({"eventType": "Bounce", "bounce": {"bounceType": kind}, "mail": {"messageId": ref}})


def failed_sms(shop: Shop, ref: str, answer: str) -> None:
    line = {"notification": {"messageId": ref}, "delivery": {"providerResponse": answer}, "status": "FAILURE"}
    data = gzip.compress(json.dumps({"logEvents": [{"message": json.dumps(line)}]}).encode())
    shop.bed._heard({"awslogs": {"data": base64.b64encode(data).decode()}}, None)
    shop.bed.drain()


def mails(shop: Shop, who: str) -> int:
    return sum(one.channel == "email" for one in shop.sent_to(who))


def suppressed(shop: Shop, who: str) -> list[str]:
    return list(shop.ok("GET", "/me/preferences", who=who)["suppressed"])


def test_a_hard_bounce_ends_it_until_the_address_is_given_again_and_proved(shop: Shop) -> None:
    mei, group = shop.person("mei", contact=True), shop.offer().group
    shop.join(group, mei)
    ref = ref_of(shop, mei, "order_held", "email")
    bounce(shop, ref, "Transient")
    assert suppressed(shop, mei) == [], "a full mailbox may be empty tomorrow"

    other = shop.offer().group
    shop.join(other, mei)
    (ref,) = {
        one["kept"] for one in notices(shop, mei, "order_held") if one["channel"] == "email" and one["state"] == "sent"
    }
    for _ in range(2):
        bounce(shop, ref)
    assert suppressed(shop, mei) == ["email"]
    before = mails(shop, mei)
    shop.join(shop.offer().group, mei)
    assert mails(shop, mei) == before, "nothing after a hard bounce"
    assert len(shop.told(mei, "order_held")) == 3, "by SMS, three times"
    assert f"{mei}@" not in json.dumps([str(row) for row in rows(shop.bed).values()])

    shop.bed.later(MINUTE)
    shop.ok("PUT", "/me/contact", {"email": f"{mei}@example.com"}, who=mei)
    (letter,) = [one for one in shop.sent_to(mei, "/confirm/") if one.channel == "email"]
    assert suppressed(shop, mei) == ["email"], "given is not proved"
    link = letter.text.partition("https://tuan.example")[2].split()[0]
    bounce(shop, ref)
    assert shop.bed.call("GET", link[:-3] + "AAA").status == 403
    assert shop.bed.call("GET", link).status == 200
    assert suppressed(shop, mei) == ["email"], "a mail server has looked at it, and nobody else"
    posted(shop, link)
    assert suppressed(shop, mei) == []
    bounce(shop, ref)
    assert suppressed(shop, mei) == [], "a late word about a message of before"
    before = mails(shop, mei)
    shop.join(shop.offer().group, mei)
    assert mails(shop, mei) == before + 1


def posted(shop: Shop, path: str) -> Any:
    """As a browser does: the page, then its form with what it holds."""
    page = shop.bed.call("GET", path)
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    cookie = str(page.headers["set-cookie"]).partition(";")[0]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    answer = shop.bed.call("POST", path, f"csrf={token}".encode(), headers=headers)
    assert answer.status in (200, 303), answer.text
    return answer


def test_a_complaint_ends_it_and_what_bounced_about_money_is_said_elsewhere_once(shop: Shop) -> None:
    lan, wei = shop.people(2, contact=True)
    for who in (lan, wei):
        shop.ok("PUT", "/me/preferences", {"channels": ["email"]}, who=who)
    group = shop.offer().group
    for who in (lan, wei):
        shop.join(group, who)
    complaint = {"eventType": "Complaint", "mail": {"messageId": ref_of(shop, lan, "order_held", "email")}}
    shop.bed.heard(complaint)
    assert suppressed(shop, lan) == ["email"]
    assert [one["channel"] for one in notices(shop, lan, "order_held")] == ["email"], "who complains has read it"

    for _ in range(2):
        bounce(shop, ref_of(shop, wei, "order_held", "email"))
    said = notices(shop, wei, "order_held")
    assert [(one["channel"], one["state"]) for one in said] == [("email", "failed"), ("sms", "sent")]


def test_a_phone_that_takes_no_sms_gets_none_until_a_code_is_answered(shop: Shop) -> None:
    mei, group = shop.person("mei", contact=True), shop.offer().group
    shop.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=mei)
    shop.join(group, mei)
    failed_sms(shop, ref_of(shop, mei, "order_held", "sms"), "Phone is currently unreachable/unavailable")
    assert suppressed(shop, mei) == []
    assert [one["channel"] for one in notices(shop, mei, "order_held")] == ["email", "sms"], "money finds another way"
    shop.join(shop.offer().group, mei)
    (ref,) = {
        one["kept"] for one in notices(shop, mei, "order_held") if one["channel"] == "sms" and one["state"] == "sent"
    }
    failed_sms(shop, ref, "Phone has blocked SMS")
    assert suppressed(shop, mei) == ["sms"]
    shop.bed.confirm(mei)
    assert suppressed(shop, mei) == []
    failed_sms(shop, "somebody-elses", "Invalid phone number")


class Account:
    """Whose money for SMS is spent, until somebody raises the limit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried, self.spent, self.send = 0, True, Sms.send
        monkeypatch.setattr(Sms, "send", lambda sender, **said: self.sent(sender, **said))

    def sent(self, sender: Sms, **said: str) -> Answer:
        self.tried += 1
        return Answer(outcome=Outcome.FAILED, reason="spend_limit") if self.spent else self.send(sender, **said)


def test_a_spent_limit_opens_a_breaker_and_notices_go_round_it(own: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mei, lan, wei = own.people(3, contact=True)
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=lan)
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=wei)
    own.ok("PUT", "/me/contact", {"email": None}, who=wei)
    group = own.offer().group
    account = Account(monkeypatch)
    for who in (mei, lan, wei):
        own.join(group, who)
    assert account.tried == 1, "one is refused, and nobody else tries"
    assert [what for what, _ in own.bed.alarms] == ["spend_limit"]

    def held(who: str) -> list[tuple[str, str]]:
        return [(one["channel"], one["state"]) for one in notices(own, who, "order_held")]

    assert held(mei) == [("email", "sent"), ("sms", "suppressed")], "once by e-mail, not twice"
    assert held(lan) == [("email", "sent"), ("sms", "suppressed")]
    assert held(wei) == [("sms", "planned")], "there is no e-mail, so it waits"
    own.bed.later(HOUR + MINUTE)
    assert (account.tried, held(wei)) == (2, [("sms", "planned")]), "still spent"
    account.spent = False
    own.bed.later(HOUR + MINUTE)
    assert held(wei) == [("sms", "sent")]


@pytest.mark.req("N7")
def test_news_opened_by_its_link_is_read_and_the_link_shows_nobodys_order(own: Shop) -> None:
    offer, (mei, lan, _) = formed(own, contact=True)
    move(own, offer, "sorted", "in_transit", "ready")
    (sms,) = [one for one in own.sent_to(mei.who, "/r/") if one.channel == "sms"]
    link = sms.text.partition("https://tuan.example")[2].split()[0]

    def read(who: str) -> bool:
        return any("read_at" in one for one in notices(own, who, "batch_ready"))

    page = own.bed.call("GET", link)
    assert (page.status, read(mei.who)) == (200, False), "a preview has fetched it; nobody has read it"
    assert "apple" not in page.text and "红富士" not in page.text.replace("周末水果团", ""), (
        "what was ordered is not shown"
    )
    for forged in (link[:-4] + "AAAA", link.replace(mei.id, lan.id)):
        assert own.bed.call("GET", forged).headers["location"].endswith(f"o/{forged.split('/')[2]}")
    assert not read(lan.who)
    posted(own, link)
    assert read(mei.who) and not read(lan.who)
    own.bed.later(31 * DAY)
    assert own.bed.call("GET", link).status == 303, "expired"


def sms(shop: Shop, phone: str, text: str, number: str) -> None:
    shop.bed.heard({"originationNumber": phone, "messageBody": text, "inboundMessageId": number})


@pytest.mark.req("N12")
def test_where_is_my_order_is_answered_once_with_the_facts_of_its_page(own: Shop) -> None:
    offer, (mei, *_) = formed(own, contact=True)
    move(own, offer, "sorted", "in_transit")
    (line,) = own.ok("GET", "/me/where", who=mei.who)["items"]
    story = own.story(mei)
    assert (line["order_id"], line["status"], line["stage"]) == (mei.id, story["delivery"]["state"], story["stage"])
    ready = story["delivery"]["expected"][-1]
    assert line["eta"] == {"earliest": ready["earliest"], "latest": ready["latest"]}
    for number in ("one", "one", "two"):
        sms(own, own.phone(mei.who), "请问我的订单到哪了？", number)
    answers = [one for one in own.sent_to(mei.who, "运输中") if one.channel == "sms"]
    assert [one.text for one in answers] == [line["text"]] * 2, "a repeat of one is answered once"
    english = own.bed.call("GET", "/me/where", who=mei.who, headers={"Accept-Language": "en"}).json["items"]
    assert "in transit. Expected between" in english[0]["text"]


@pytest.mark.req("N12")
def test_what_no_template_answers_goes_to_a_person_and_a_no_is_a_no(own: Shop) -> None:
    mei, support = own.person("mei", contact=True), own.person("support", roles=("support",))
    phone = own.phone(mei)
    for number in ("a", "a"):
        sms(own, phone, "苹果能换成梨吗", number)
    sms(own, "+8619900000000", "where is it", "b")
    mine, strange = sorted(own.pages("/tasks", who=support), key=lambda task: task["person_id"], reverse=True)
    assert (mine["errand"], mine["person_id"], strange["person_id"]) == ("answer", mei, "")
    assert own.ok("GET", f"/tasks/{mine['id']}/words", who=support) == {"phone": phone, "text": "苹果能换成梨吗"}
    assert own.ok("GET", f"/tasks/{strange['id']}/words", who=support)["phone"] == "+8619900000000"
    assert refused(own, "GET", f"/tasks/{mine['id']}/words", who=mei) == "forbidden"
    assert [one.text for one in own.sent_to(mei, "客服会尽快答复")]
    kept = json.dumps([str(row) for row in rows(own.bed).values()]) + "".join(own.bed.log)
    assert "19900000000" not in kept and "换成梨" not in kept and phone not in kept

    for number in ("c", "d", "c"):
        sms(own, phone, " 退订。", number)
    assert own.ok("GET", "/me/preferences", who=mei)["opted_out"] == ["sms"]
    assert len(own.sent_to(mei, "已退订")) == 1
    own.ok("PUT", "/me/preferences", {"channels": ["sms"]}, who=mei)
    sms(own, phone, "退订", "c")
    assert own.ok("GET", "/me/preferences", who=mei)["opted_out"] == [], "a repeat is no new word"

    before = len(own.sent_to(mei))
    for number in range(10):
        sms(own, phone, "订单", f"many-{number}")
    assert len(own.sent_to(mei)) - before <= 5
