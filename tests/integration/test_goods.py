"""A product as people see it (O12, O13): its pictures, its questions, and what buyers say who really have it."""

from typing import Any

import boto3
import pytest

from tests.bed.bed import REGION

from .shop import APPLE, Offer, Shop, answers_lost, item, overtaken

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 500
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"w" * 40_000


def brought(shop: Shop, product: str, content: bytes = PNG) -> Any:
    """As a browser does it: a form is asked for, the file goes to the bucket, its key comes back."""
    form = shop.ok("POST", f"/products/{product}/pictures/form", who=shop.merchant)
    boto3.client("s3", region_name=REGION).put_object(Bucket="tuan-bed-files", Key=form["key"], Body=content)
    return shop.bed.call("POST", f"/products/{product}/pictures", {"key": form["key"]}, who=shop.merchant)


@pytest.mark.req("O12")
def test_pictures_are_brought_ordered_and_taken_away(shop: Shop) -> None:
    product = shop.product()
    light, heavy = brought(shop, product).json["pictures"][0], brought(shop, product, WEBP).json["pictures"][1]
    assert [one["size"] for one in (light, heavy)] == [len(PNG), len(WEBP)]
    assert brought(shop, product).json["pictures"] == [light, heavy], "the same picture again is the same"
    seen = shop.bed.call("GET", light["path"])
    assert seen.status == 302
    assert light["key"] in seen.headers["location"] and "X-Amz-Signature" in seen.headers["location"]
    first = shop.ok("POST", f"/products/{product}/pictures/first", {"key": heavy["key"]}, who=shop.merchant)
    assert first["pictures"] == [heavy, light]
    left = shop.ok("POST", f"/products/{product}/pictures/remove", {"key": heavy["key"]}, who=shop.merchant)
    assert left["pictures"] == [light]


@pytest.mark.req("O12")
def test_pictures_that_are_none_or_too_many_or_anothers(shop: Shop) -> None:
    product = shop.product()
    assert brought(shop, product, b"<svg onload=alert(1)>").json["code"] == "wrong_file_type"
    answer = shop.bed.call("POST", f"/products/{product}/pictures", {"key": "new/x"}, who=shop.merchant)
    assert (answer.status, answer.json["code"]) == (409, "file_not_uploaded")
    for number in range(6):
        assert brought(shop, product, PNG + bytes([number])).status == 200
    assert brought(shop, product, PNG + b"seven").json["code"] == "too_many_pictures"
    rival = shop.person("rival", roles=("merchant",))
    assert shop.bed.call("POST", f"/products/{product}/pictures/form", who=rival).status == 404
    for path in (
        "/pictures/p1/none.png",
        "/pictures/p1/" + "0" * 32 + ".svg",
        "/pictures/..%2Fnew/" + "0" * 32 + ".png",
    ):
        assert shop.bed.call("GET", path).status == 404


@pytest.mark.req("O12")
def test_terms_keep_the_picture_they_were_published_with(shop: Shop) -> None:
    product = shop.product()
    heavy, light = brought(shop, product, WEBP), brought(shop, product)
    assert heavy.status == light.status == 200
    offer = shop.offer(items=[item(product_id=product)])
    shown = shop.ok("GET", f"/campaigns/{offer.id}")["items"][0]["picture"]
    assert shown == light.json["pictures"][1]["path"], "the first that is light enough for a list"
    shop.ok("POST", f"/products/{product}/pictures/remove", {"key": shown[1:]}, who=shop.merchant)
    assert shop.ok("GET", f"/campaigns/{offer.id}")["items"][0]["picture"] == shown
    assert shop.bed.call("GET", shown).status == 302


@pytest.mark.req("O12")
def test_two_pictures_at_once_both_stay(shop: Shop) -> None:
    product = shop.product()
    with overtaken(shop.bed, lambda: brought(shop, product, PNG + b"2"), before="PutItem"):
        assert brought(shop, product).status == 200
    found = shop.ok("GET", f"/products/{product}", who=shop.merchant)
    assert len(found["pictures"]) == 2


@pytest.mark.req("O13")
def test_questions_stay_unless_they_are_sent(shop: Shop) -> None:
    faq = [{"question": "甜吗?", "answer": "甜。\n糖度 14。"}]
    product = shop.product(faq=faq, attributes=[{"name": "成分", "value": "苹果"}])
    bare = {"title": "苹果", "list_price_minor": 900, "currency": "CNY", "version": 1}
    assert shop.ok("PUT", f"/products/{product}", bare, who=shop.merchant)["faq"] == faq
    assert shop.ok("PUT", f"/products/{product}", {**bare, "version": 2, "faq": []}, who=shop.merchant)["faq"] == []


# ----------------------------------------------------------------- reviews


def formed(shop: Shop) -> tuple[Offer, list[Any]]:
    offer = shop.offer(hours=1)
    taken = [shop.buy(offer.group) for _ in range(3)]
    shop.close(offer.group)
    return offer, taken


def story(shop: Shop, offer: Offer) -> Any:
    product = shop.ok("GET", f"/campaigns/{offer.id}")["items"][0]["product_id"]
    return shop.ok("GET", f"/campaigns/{offer.id}/products/{product}") | {"product": product}


def said(shop: Shop, taken: Any, stars: int, text: str = "") -> Any:
    body = {"sku": APPLE, "stars": stars, "text": text}
    return shop.bed.call("POST", f"/orders/{taken.id}/reviews", body, who=taken.who)


@pytest.mark.req("O13")
def test_buyers_of_a_formed_group_say_what_they_think_once(shop: Shop) -> None:
    offer, taken = formed(shop)
    with answers_lost(shop.bed):
        assert said(shop, taken[0], 5, "脆甜 <b>好</b>").status == 503
    assert said(shop, taken[0], 5, "脆甜 <b>好</b>").status == 201, "a lost answer is found again, and counted once"
    assert said(shop, taken[0], 1, "其实不好").json["code"] == "already_reviewed"
    with overtaken(shop.bed, lambda: said(shop, taken[1], 4)):
        assert said(shop, taken[2], 4).status == 201
    seen = story(shop, offer)
    assert (seen["reviews_count"], seen["stars_tenths"]) == (3, 43)
    assert sorted(one["stars"] for one in seen["reviews"]) == [4, 4, 5]
    everything = str(seen)
    assert all(one.who not in everything for one in taken), "nobody is named"


@pytest.mark.req("O13", "promise-7")
def test_only_who_has_the_goods_may_speak(shop: Shop) -> None:
    offer = shop.offer(hours=1)
    waiting, stranger = shop.buy(offer.group), shop.person()
    assert said(shop, waiting, 5).json["code"] == "review_needs_goods", "its group is still open"
    other = shop.bed.call("POST", f"/orders/{waiting.id}/reviews", {"sku": APPLE, "stars": 1}, who=stranger)
    assert other.json["code"] == "order_not_found"
    shop.close(offer.group)
    assert said(shop, waiting, 5).json["code"] == "review_needs_goods", "its group failed"
    _, (one, *_) = formed(shop)
    wrong = shop.bed.call("POST", f"/orders/{one.id}/reviews", {"sku": "pear", "stars": 1}, who=one.who)
    assert wrong.json["code"] == "unknown_item"
    for stars in (0, 6):
        assert said(shop, one, stars).status == 400
    assert said(shop, one, 3, "字" * 1_001).status == 400


@pytest.mark.req("O13", "X7")
def test_the_merchant_answers_and_only_support_hides(shop: Shop) -> None:
    offer, (one, two, _) = formed(shop)
    said(shop, one, 1, "加微信 abc 领红包")
    said(shop, two, 4, "不错")
    product = story(shop, offer)["product"]
    spam = next(r for r in story(shop, offer)["reviews"] if r["stars"] == 1)
    path = f"/products/{product}/reviews/{spam['id']}"
    answered = shop.ok("POST", f"{path}/reply", {"text": "请勿发广告"}, who=shop.merchant)
    assert answered["reply"] == "请勿发广告"
    assert shop.bed.call("POST", f"{path}/hide", {"why": "难听"}, who=shop.merchant).status == 403
    rival = shop.person("rival", roles=("merchant",))
    assert shop.bed.call("POST", f"{path}/reply", {"text": "x"}, who=rival).status == 404
    helper, watcher = shop.person("helper", roles=("support",)), shop.person("ops", roles=("ops",))
    for _ in range(2):
        shop.ok("POST", f"{path}/hide", {"why": "广告"}, who=helper)
    seen = story(shop, offer)
    assert (seen["reviews_count"], seen["stars_tenths"], len(seen["reviews"])) == (1, 40, 1)
    acts = shop.ok("GET", f"/ops/audit/{helper}", who=watcher)["items"]
    assert [act["what"] for act in acts].count("review_hidden") == 1
    gone = f"/products/{product}/reviews/1.g1-00none/reply"
    assert shop.bed.call("POST", gone, {"text": "x"}, who=shop.merchant).json["code"] == "not_found"
