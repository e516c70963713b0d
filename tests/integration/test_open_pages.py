"""What everybody may check, what support may hide, and what comes back: as pages, without scripts."""

import re

import pytest

from .shop import Shop, item
from .test_supply_pages import Reader


@pytest.mark.req("X4")
def test_a_campaigns_money_is_open_to_everybody_and_ones_own_row_is_found_in_it(shop: Shop) -> None:
    offer = shop.offer()
    taken = shop.buy(offer.group)
    stranger = Reader(shop, shop.person())
    group = stranger.get(f"/g/{offer.group}").text
    assert f"c/{offer.id}/solvency" in group, "the group's page leads there"
    shown = stranger.get(f"/c/{offer.id}/solvency", "en").text
    assert re.findall(r"<dd>([^<]+)</dd>", shown) == ["¥9.00", "¥0.00", "¥0.00", "¥0.00", "¥9.00"]
    rows = re.findall(r"<code>([^<]+)</code>", shown)
    assert rows == [one["hash"] for one in shop.ok("GET", f"/campaigns/{offer.id}/solvency")["items"]]
    response = shop.bed.client.http.get(f"/c/{offer.id}/solvency?entry={taken.payment}", headers={"Host": "t.example"})
    assert f"{rows[0]}</code> ←" in response.body.decode()
    assert taken.who not in shown and taken.id not in shown


@pytest.mark.req("O13", "E20")
def test_support_hides_a_review_and_those_who_serve_a_question(shop: Shop) -> None:
    product = shop.product()
    offer = shop.offer(items=[item(product_id=product)], target={"measure": "participants", "at_least": 1})
    taken = shop.buy(offer.group)
    shop.close(offer.group)
    said = {"sku": "apple", "stars": 1, "text": "骂人的话"}
    shop.ok("POST", f"/orders/{taken.id}/reviews", said, who=taken.who)
    support = Reader(shop, shop.person("s", roles=("support",)), "support")
    listed = support.get(f"/support/reviews?product={product}")
    assert "骂人的话" in listed.text
    refused = support.send("/support/reviews", listed.text.split("</form>", 1)[1], "/support/reviews", reason="")
    assert refused.status == 400 and "骂人的话" in refused.text
    support.send("/support/reviews", listed.text.split("</form>", 1)[1], "/support/reviews", reason="辱骂")
    assert "已隐藏：辱骂" in support.get(f"/support/reviews?product={product}").text
    assert "骂人的话" not in support.get(f"/c/{offer.id}/p/{product}").text
    merchant = Reader(shop, shop.merchant, "merchant")
    assert merchant.get(f"/support/reviews?product={product}").status == 403

    shop.ok("POST", f"/groups/{offer.group}/questions", {"text": "几点到？"}, who=taken.who, key="q")
    feed = f"/g/{offer.group}/feed"
    page = merchant.get(feed)
    assert "feed/hide" in page.text and "feed/hide" not in Reader(shop, taken.who).get(feed).text
    assert merchant.send(f"{feed}/hide", page.text, "feed/hide").status == 303
    assert "feed/hide" not in merchant.get(feed).text


@pytest.mark.req("E6")
def test_who_shares_reads_what_it_brings_and_finds_the_coupon(shop: Shop) -> None:
    offer = shop.offer(share_reward={"amount_minor": 300, "min_spend_minor": 2000, "most_per_person": 1})
    sharer = Reader(shop, who := shop.person())
    assert "¥3.00" in sharer.get(f"/g/{offer.group}/share", "en").text
    link = shop.ok("POST", f"/groups/{offer.group}/share", who=who)["code"]
    shop.buy(offer.group, share=link)
    shown = sharer.get("/my/coupons", "en").text
    assert "for sharing" in shown and "¥3.00" in shown and "from ¥20.00 on" in shown
