"""Wording: every notice in both languages, with exactly its parameters, and nothing smuggled in."""

import re

import pytest

from chalicelib.domain.notice import TEMPLATES
from chalicelib.domain.person import Channel, Urgency
from chalicelib.domain.refusals import Broken
from chalicelib.gateways.texts import LANGUAGES, OPTIONAL, Wording, texts_in
from tests.every import every

pytestmark = pytest.mark.req("N1")

LINK = "https://tuan.example/g/abcdefgh1234"
EVERY = [(language, template) for language in LANGUAGES for template in TEMPLATES]


def sample(template: str) -> dict[str, str]:
    said = {
        "title": "红富士苹果 5kg", "amount": "¥39.90", "price": "¥29.90", "final_price": "¥35.90",
        "pay_by": "2026-11-21 22:00",
        "closes_at": "2026-11-21 22:00", "arrives_by": "2026-11-22 22:00", "choose_by": "2026-11-21 12:00",
        "method": "微信支付", "alternative": "翠冠梨团", "link": LINK, "item": "5kg 装",
    }  # fmt: skip
    return {name: said.get(name, "7") for name in TEMPLATES[template].params}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{([^}]*)\}", text))


def test_both_languages_have_every_template_and_no_other() -> None:
    for language in LANGUAGES:
        assert texts_in(language).keys() == TEMPLATES.keys()


@every(EVERY)
def test_a_template_uses_exactly_its_parameters(language: str, template: str) -> None:
    subject, sms, email = texts_in(language)[template]
    wanted = set(TEMPLATES[template].params)
    assert places(subject) <= wanted
    assert places(sms) == wanted, "an SMS tells all there is to tell"
    assert places(email) == wanted
    optional = OPTIONAL.get(template, frozenset())
    for text in (subject, sms, email):
        outside = re.sub(r"\[[^\]]*\]", "", text)
        assert not places(outside) & optional, "outside brackets nothing may be empty"


@every(EVERY)
def test_a_text_is_short_complete_and_signed_only_where_it_must(language: str, template: str) -> None:
    wording = Wording()
    empty, sms = wording.text(template, sample(template), language, Channel.SMS)
    subject, email = wording.text(template, sample(template), language, Channel.EMAIL)
    assert empty == ""
    assert subject
    assert "\n" not in subject + sms
    assert LINK in sms
    assert LINK in email
    assert not re.search(r"[{}\[\]]", subject + sms + email)
    assert len(sms) <= (140 if language == "zh" else 240)
    assert len(subject) <= 80
    marketing = TEMPLATES[template].urgency is Urgency.MARKETING
    assert sms.startswith("【") is marketing
    assert bool(re.search(r"回复R|Reply R", sms)) is marketing


@every(TEMPLATES)
def test_missing_empty_and_extra_parameters_are_a_bug(template: str) -> None:
    wording, good = Wording(), sample(template)
    for name in good:
        with pytest.raises(Broken):
            wording.text(template, {n: v for n, v in good.items() if n != name}, "zh", Channel.SMS)
        if name not in OPTIONAL.get(template, frozenset()):
            with pytest.raises(Broken):
                wording.text(template, good | {name: "  "}, "zh", Channel.SMS)
    with pytest.raises(Broken):
        wording.text(template, good | {"phone": "1"}, "zh", Channel.SMS)
    with pytest.raises(Broken):
        wording.text("no_such_template", good, "zh", Channel.SMS)


@pytest.mark.req("R10")
def test_a_failed_group_always_offers_something_else() -> None:
    with pytest.raises(Broken):
        Wording().text("group_failed", sample("group_failed") | {"alternative": ""}, "en", Channel.EMAIL)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", Channel)
def test_a_refund_is_mentioned_only_where_money_had_moved(language: str, channel: Channel) -> None:
    paid = sample("order_cancelled")
    unpaid = paid | {"arrives_by": ""}
    _, with_refund = Wording().text("order_cancelled", paid, language, channel)
    _, without = Wording().text("order_cancelled", unpaid, language, channel)
    assert "¥39.90" in with_refund
    assert "2026-11-22" in with_refund
    assert "¥39.90" not in without


def test_a_title_cannot_smuggle_in_placeholders_lines_or_pages() -> None:
    nasty = "{amount}[{link}]\r\nBcc: all@example.org\x00\u202egnirts " + "长" * 500
    params = sample("order_held") | {"title": nasty}
    subject, email = Wording().text("order_held", params, "zh", Channel.EMAIL)
    assert "{amount}[{link}]" in subject
    assert not re.search(r"[\r\n\x00\u202e]", subject)
    assert "Bcc" not in email.split("\n")[1:3]
    _, sms = Wording().text("order_held", params, "zh", Channel.SMS)
    assert len(sms) < 160
    assert LINK in sms


def test_a_language_we_do_not_speak_falls_back_to_chinese() -> None:
    params = sample("order_paid")
    zh, en = (Wording().text("order_paid", params, language, Channel.SMS) for language in ("zh-Hant", "en-GB"))
    assert zh == Wording().text("order_paid", params, "zh", Channel.SMS)
    assert en == Wording().text("order_paid", params, "en", Channel.SMS)
    assert Wording().text("order_paid", params, "fr", Channel.SMS) == zh
