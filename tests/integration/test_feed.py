"""A group's feed, its questions, its chat, and the robots a campaign speaks through."""

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE
from chalicelib.domain.ports import Answer, Outcome

from .shop import Offer, Shop, rows

WECOM = {"kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=key-12345678", "name": "水果群"}
FEISHU = {"kind": "feishu", "url": "https://open.feishu.cn/open-apis/bot/v2/hook/hook-1234", "secret": "s3cret",
          "audience": "group", "name": "邻居群"}  # fmt: skip


@pytest.fixture
def offer(shop: Shop) -> Offer:
    return shop.offer(hours=72)


def say(shop: Shop, offer: Offer, text: str, *, who: str | None = None, **over: object) -> dict[str, object]:
    body = {"text": text, **over}
    made: dict[str, object] = shop.ok(
        "POST", f"/groups/{offer.group}/posts", body, who=who or shop.merchant, key=shop.key()
    )
    return made


@pytest.mark.req("N8")
def test_posts_are_read_by_anyone_and_told_once_a_day(shop: Shop, offer: Offer) -> None:
    reader = shop.person(contact=True)
    shop.buy(offer.group, reader)
    say(shop, offer, "早上开始采摘了", media=[{"kind": "video", "ref": "https://video.example/1"}])
    shop.bed.later(MINUTE)
    say(shop, offer, "装车出发，预计明早到 🚚")
    page = shop.ok("GET", f"/groups/{offer.group}/posts")
    assert [one["text"] for one in page["items"]] == ["装车出发，预计明早到 🚚", "早上开始采摘了"]
    assert page["items"][1]["media"] == [{"kind": "video", "url": "https://video.example/1", "caption": ""}]
    shop.bed.later(DAY + HOUR)
    told = shop.told(reader, "feed_digest")
    assert len(told) == 2, "one by SMS, one by e-mail, for both posts"
    assert any("2" in one.text and "装车出发" in one.text for one in shop.sent_to(reader))
    shop.bed.later(DAY)
    assert len(shop.told(reader, "feed_digest")) == 2, "nothing new, nothing told"


@pytest.mark.req("N9")
def test_two_groups_of_one_person_are_one_digest(shop: Shop, offer: Offer) -> None:
    other, reader = shop.offer(hours=72), shop.person(contact=True)
    shop.buy(offer.group, reader)
    shop.buy(other.group, reader)
    say(shop, offer, "一")
    say(shop, other, "二")
    shop.bed.later(DAY + HOUR)
    assert len(shop.told(reader, "feed_digest")) == 2, "two channels, one digest each"


@pytest.mark.req("N8")
def test_a_repeated_post_is_one_and_its_author_may_take_it_back(shop: Shop, offer: Offer) -> None:
    body, key = {"text": "重复"}, shop.key()
    first = shop.ok("POST", f"/groups/{offer.group}/posts", body, who=shop.merchant, key=key)
    shop.bed.later(MINUTE)
    assert shop.ok("POST", f"/groups/{offer.group}/posts", body, who=shop.merchant, key=key)["id"] == first["id"]
    for number in range(21):  # a feed's first page is no place to look for it
        say(shop, offer, f"第 {number} 条")
    assert shop.ok("POST", f"/groups/{offer.group}/posts", body, who=shop.merchant, key=key)["id"] == first["id"]
    assert len(list(shop.pages(f"/groups/{offer.group}/posts"))) == 22
    other = {"text": "别的话"}
    headers = {"Idempotency-Key": key}
    said = shop.bed.call("POST", f"/groups/{offer.group}/posts", other, who=shop.merchant, headers=headers)
    assert said.json["code"] == "key_reused"
    for _ in range(2):
        shop.ok("DELETE", f"/groups/{offer.group}/posts/{first['id']}", who=shop.merchant)
    assert len(list(shop.pages(f"/groups/{offer.group}/posts"))) == 21
    assert shop.ok("POST", f"/groups/{offer.group}/posts", body, who=shop.merchant, key=key)["id"] == first["id"]
    assert len(list(shop.pages(f"/groups/{offer.group}/posts"))) == 21, "what was taken back stays so"


@pytest.mark.req("N8")
def test_who_does_not_serve_the_group_cannot_write(shop: Shop, offer: Offer) -> None:
    stranger, support = shop.person(), shop.person("help", roles=("support",))
    path, body = f"/groups/{offer.group}/posts", {"text": "我是店主"}
    headers = {"Idempotency-Key": "k"}
    assert shop.bed.call("POST", path, body, who=stranger, headers=headers).json["code"] == "group_not_found"
    assert say(shop, offer, "公告：今日延迟", who=support, statement=True)["role"] == "support"
    video = {"text": "看", "media": [{"kind": "video", "ref": "http://plain.example/1"}]}
    assert shop.bed.call("POST", path, video, who=shop.merchant, headers=headers).json["code"] == "media_not_https"


@pytest.mark.req("N8")
def test_a_photo_is_looked_at_before_it_is_shown(shop: Shop, offer: Offer) -> None:
    form = shop.ok("POST", f"/groups/{offer.group}/posts/form", who=shop.merchant)
    body = {"text": "照片", "media": [{"kind": "photo", "ref": form["key"]}]}
    refused = shop.bed.call(
        "POST", f"/groups/{offer.group}/posts", body, who=shop.merchant, headers={"Idempotency-Key": "p"}
    )
    assert refused.json["code"] == "file_not_uploaded"


@pytest.mark.req("E20")
def test_the_groups_own_chat_stands_on_its_page(shop: Shop, offer: Offer) -> None:
    assert shop.ok("GET", f"/groups/{offer.group}/posts")["chat"] is None
    chat = {"url": "https://work.weixin.qq.com/gm/abc"}
    shop.ok("PUT", f"/groups/{offer.group}/chat", chat, who=shop.merchant)
    assert shop.ok("GET", f"/groups/{offer.group}/posts")["chat"] == chat["url"]
    refused = shop.bed.call("PUT", f"/groups/{offer.group}/chat", chat, who=shop.person())
    assert refused.json["code"] == "group_not_found"


@pytest.mark.req("E20")
def test_a_question_is_seen_by_all_only_when_it_is_answered_in_public(shop: Shop, offer: Offer) -> None:
    asker, other = shop.person(contact=True), shop.person()
    path = f"/groups/{offer.group}/questions"
    asked = shop.ok("POST", path, {"text": "橙子甜吗？"}, who=asker, key="q1")
    assert shop.ok("POST", path, {"text": "橙子甜吗？"}, who=asker, key="q1")["id"] == asked["id"]
    assert shop.ok("GET", path)["items"] == shop.ok("GET", f"{path}/mine", who=other)["items"] == []
    assert shop.ok("GET", f"{path}/mine", who=asker)["items"][0]["mine"]
    assert shop.ok("GET", f"{path}/mine", who=shop.merchant)["items"][0]["state"] == "waiting"
    answer = f"{path}/{asked['id']}/answer"
    assert shop.bed.call("POST", answer, {"text": "x"}, who=other).json["code"] == "group_not_found"
    shop.ok("POST", answer, {"text": "很甜，糖度 13"}, who=shop.merchant)
    shop.ok("POST", answer, {"text": "很甜，糖度 13"}, who=shop.merchant)
    shop.bed.later(MINUTE)
    seen = shop.ok("GET", path)["items"]
    assert [(one["text"], one["answer"], one["role"]) for one in seen] == [("橙子甜吗？", "很甜，糖度 13", "merchant")]
    assert len(shop.told(asker, "question_answered")) == 2, "once a channel"
    shop.ok("POST", f"{path}/{asked['id']}/hide", who=shop.merchant)
    assert shop.ok("GET", path)["items"] == []


@pytest.mark.req("E20")
def test_nobody_floods_a_group_with_questions(shop: Shop, offer: Offer) -> None:
    asker, path = shop.person(), f"/groups/{offer.group}/questions"
    for number in range(5):
        shop.ok("POST", path, {"text": f"问 {number}"}, who=asker, key=f"q{number}")
    refused = shop.bed.call("POST", path, {"text": "再问"}, who=asker, headers={"Idempotency-Key": "q6"})
    assert refused.json["code"] == "too_many_questions"


@pytest.mark.req("N6", "N15")
def test_the_team_hears_every_hour_and_the_groups_chat_each_post(shop: Shop, offer: Offer) -> None:
    hook = shop.ok("POST", f"/campaigns/{offer.id}/chats", WECOM, who=shop.merchant)
    assert shop.ok("POST", f"/campaigns/{offer.id}/chats", WECOM, who=shop.merchant)["id"] == hook["id"]
    shop.ok("POST", f"/campaigns/{offer.id}/chats", FEISHU, who=shop.merchant)
    mine = len(shop.bed.rooms.said)
    shop.buy(offer.group)
    shop.bed.later(61 * MINUTE)
    said = [one for one in shop.bed.rooms.said[mine:] if one.kind.value == "wecom"]
    assert said, "an hour has passed"
    assert "1 件" in said[-1].text.replace("售出1件", "1 件") and "累计1人" in said[-1].text
    say(shop, offer, "到货啦")
    shop.bed.later(MINUTE)
    heard = [one for one in shop.bed.rooms.said[mine:] if one.kind.value == "feishu"]
    assert len(heard) == 1 and "到货啦" in heard[0].text and heard[0].secret == "s3cret"
    shop.ok("DELETE", f"/campaigns/{offer.id}/chats/{hook['id']}", who=shop.merchant)
    before = len(shop.bed.rooms.said)
    shop.bed.later(2 * HOUR)
    assert [one for one in shop.bed.rooms.said[before:] if one.key == "key-12345678"] == []


@pytest.mark.req("N6")
def test_a_robots_key_stands_in_no_row_or_answer(shop: Shop, offer: Offer) -> None:
    shop.ok("POST", f"/campaigns/{offer.id}/chats", FEISHU, who=shop.merchant)
    say(shop, offer, "x")
    shop.bed.later(MINUTE)
    seen = str(rows(shop.bed)) + str(shop.ok("GET", f"/campaigns/{offer.id}/chats", who=shop.merchant))
    assert "hook-1234" not in seen and "s3cret" not in seen + "".join(shop.bed.log)
    other = shop.person("rival", roles=("merchant",))
    assert shop.bed.call("GET", f"/campaigns/{offer.id}/chats", who=other).status == 404


@pytest.mark.req("N6")
@pytest.mark.parametrize(
    ("answers", "times"),
    [
        ([Answer(outcome=Outcome.PENDING, reason="too_many")], 2),
        ([Answer(outcome=Outcome.UNKNOWN, reason="no_answer")], 1),
        ([Answer(outcome=Outcome.FAILED, reason="refused_1")], 1),
    ],
    ids=["later", "unknown", "refused"],
)
def test_a_chat_that_is_busy_hears_it_later_and_never_twice(
    shop: Shop, offer: Offer, answers: list[Answer], times: int
) -> None:
    shop.ok("POST", f"/campaigns/{offer.id}/chats", FEISHU, who=shop.merchant)
    shop.bed.rooms.answers[:] = answers
    before = len(shop.bed.rooms.said)
    say(shop, offer, "只说一次")
    shop.bed.later(30 * MINUTE)
    assert sum("只说一次" in one.text for one in shop.bed.rooms.said[before:]) == times


@pytest.mark.req("N6")
def test_only_a_robots_own_address_is_taken(shop: Shop, offer: Offer) -> None:
    bad = {**WECOM, "url": "https://evil.example/cgi-bin/webhook/send?key=key-12345678"}
    refused = shop.bed.call("POST", f"/campaigns/{offer.id}/chats", bad, who=shop.merchant)
    assert refused.json["code"] == "wrong_chat_address"


@pytest.mark.req("N8", "E20")
def test_the_feeds_page_is_there_for_anyone_and_its_forms_for_those_they_are_for(shop: Shop, offer: Offer) -> None:
    say(shop, offer, "<script>alert(1)</script> 𠮷野家")
    answer = shop.bed.call("GET", f"/g/{offer.group}/feed")
    assert answer.status == 200
    assert "𠮷野家" in answer.text and "<script>alert" not in answer.text
    assert 'name="text"' not in answer.text, "who is not signed in has nothing to fill in"
