"""Campaigns from the draft to the last line in the hall: rows L1 to L14, P1, P2, P10, P12 and P14."""

from typing import Any

import pytest

from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND, rfc3339

from .shop import APPLE, Offer, Shop, instant_of, item, rows, trouble


def hall(shop: Shop, **filters: str) -> list[str]:
    """A second later: so long may a process repeat what it last read of the hall."""
    shop.bed.later(SECOND)
    asked = "&".join(f"{name}={value}" for name, value in filters.items())
    return [line["id"] for line in shop.pages(f"/hall?{asked}" if asked else "/hall")]


# ----------------------------------------------------------------- L1: complete before it is published


@pytest.mark.req("L1")
@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("items", "items"),
        ("target", "target"),
        ("opens_at", "opens_at"),
        ("closes_at", "closes_at"),
        ("payment_window_minutes", "payment_window"),
        ("refund_rule", "refund_rule"),
        ("fulfilment", "fulfilment"),
        ("pickup_points", "pickup_points"),
        ("methods", "methods"),
        ("category", "category"),
    ],
)
def test_an_incomplete_draft_is_not_published_and_says_what_it_lacks(shop: Shop, left_out: str, named: str) -> None:
    draft = shop.draft()
    del draft[left_out]
    made = shop.ok("POST", "/campaigns", draft, who=shop.merchant, key=shop.key())

    before = rows(shop.bed)
    answer = shop.bed.call("POST", f"/campaigns/{made['id']}/publish", who=shop.merchant)

    assert (answer.status, answer.json["code"]) == (422, "campaign_incomplete")
    assert answer.json["missing"] == [named]
    assert rows(shop.bed) == before


@pytest.mark.req("L1")
def test_the_rules_are_frozen_at_publishing_and_named_on_every_order(shop: Shop) -> None:
    # given a published campaign with a buyer in it
    offer = shop.offer()
    taken = shop.join(offer.group)
    version = shop.ok("GET", f"/campaigns/{offer.id}/own", who=shop.merchant)["version"]

    # when its merchant tries to change the rules
    answer = shop.bed.call(
        "PUT", f"/campaigns/{offer.id}", {**shop.draft(title="别的"), "version": version}, who=shop.merchant
    )

    # then nothing changes, and the order names the version it was placed under
    assert (answer.status, answer.json["code"]) == (409, "already_published")
    order = shop.story(taken)["order"]
    assert order["terms_version"] == taken.seat["terms"]["version"] == 1
    assert taken.seat["terms"]["refund_rule"] == "不成团全额退款"
    assert shop.group(offer.group)["title"] == "周末水果团"


# ----------------------------------------------------------------- L2: the condition, and one verdict


def verdicts(shop: Shop, group: str) -> list[str]:
    """Each change of the group's state that was ever written, read from the table's stream."""
    states: list[str] = []
    for record in shop.bed.table.stream_shard.items:
        image = record.to_json()["dynamodb"].get("NewImage", {})
        if image.get("kind", {}).get("S") == "group" and image["pk"]["S"] == f"GROUP#{group}":
            state = image["state"]["S"]
            if not states or states[-1] != state:
                states.append(state)
    return states


@pytest.mark.req("L2")
@pytest.mark.parametrize(
    ("target", "lines", "just_enough"),
    [
        ({"measure": "participants", "at_least": 3}, {APPLE: 1}, 3),
        ({"measure": "units", "at_least": 6}, {APPLE: 2}, 3),
        ({"measure": "amount", "at_least": 4000}, {APPLE: 2}, 2),
    ],
)
@pytest.mark.parametrize("short", [0, 1])
def test_a_group_forms_with_just_enough_and_fails_with_one_less(
    shop: Shop, target: dict[str, Any], lines: dict[str, int], just_enough: int, short: int
) -> None:
    offer = shop.offer(target=target)
    for _ in range(just_enough - short):
        shop.buy(offer.group, lines=lines)
    shop.join(offer.group, lines=lines)  # held is not paid, and does not count

    closed = shop.close(offer.group)

    ending = "failed" if short else "formed"
    assert closed["state"] == ending
    assert closed["verdict"]["participants"] == just_enough - short
    assert verdicts(shop, offer.group) == ["open", "sealing", ending]


# ----------------------------------------------------------------- L3: the clock at the write decides


@pytest.mark.req("L3")
def test_joining_before_the_start_and_after_the_end_is_refused_by_the_clock_alone(shop: Shop) -> None:
    opens, closes = shop.bed.now + HOUR, shop.bed.now + 2 * HOUR
    offer = shop.offer(opens_at=rfc3339(opens), closes_at=rfc3339(closes))

    early = shop.try_join(offer.group, shop.person())
    assert (early.status, early.json["code"]) == (409, "not_started")
    shop.bed.advance_to(opens)
    assert shop.try_join(offer.group, shop.person()).status == 201

    # given a closer that has not come yet, then the end is the end all the same
    shop.bed.now = closes - 1
    assert shop.bed.call_only(*_join(shop, offer)[0], **_join(shop, offer)[1]).status == 201
    shop.bed.now = closes
    late = shop.bed.call_only(*_join(shop, offer)[0], **_join(shop, offer)[1])
    assert (late.status, late.json["code"]) == (409, "group_closed")
    assert shop.bed.call_only("GET", f"/groups/{offer.group}").json["state"] == "open"


def _join(shop: Shop, offer: Offer) -> tuple[tuple[Any, ...], dict[str, Any]]:
    headers = {"Idempotency-Key": shop.key()}
    return ("POST", f"/groups/{offer.group}/join", shop.ask()), {"who": shop.person(), "headers": headers}


# ----------------------------------------------------------------- L4, P2: pots and teams


@pytest.mark.req("L4")
@pytest.mark.req("P2")
def test_a_team_of_three_closes_itself_on_its_third_paid_member_at_its_own_price(shop: Shop) -> None:
    offer = shop.teams()
    opened = shop.open_team(offer, size=3)
    assert opened.seat["amount_minor"] == 700  # the price of a team of three
    shop.bed.pay(opened.pay_url)
    shop.buy(opened.group)
    assert shop.group(opened.group)["state"] == "open"

    third = shop.join(opened.group)
    fourth = shop.try_join(opened.group, shop.person())
    assert (fourth.status, fourth.json["code"]) == (409, "group_full")

    shop.bed.pay(third.pay_url)
    closed = shop.group(opened.group)
    assert (closed["state"], closed["verdict"]["participants"]) == ("formed", 3)
    assert closed["verdict"]["prices_minor"] == {APPLE: 700}
    fifth = shop.try_join(opened.group, shop.person())
    assert (fifth.status, fifth.json["code"]) == (409, "group_closed")


@pytest.mark.req("L4")
@pytest.mark.req("P2")
def test_a_team_has_its_own_end_and_its_size_its_own_price(shop: Shop) -> None:
    offer = shop.teams(team_open_minutes=60)
    opened = shop.open_team(offer, size=2)
    assert opened.seat["amount_minor"] == 900
    shop.bed.pay(opened.pay_url)

    shop.bed.later(HOUR + 10 * SECOND)

    closed = shop.group(opened.group)
    assert closed["state"] == "failed"
    assert [r["amount_minor"] for r in shop.story(opened)["refunds"]] == [900]
    wrong = shop.bed.call(
        "POST",
        f"/campaigns/{offer.id}/teams",
        {"size": 4, **shop.ask()},
        who=shop.person(),
        headers={"Idempotency-Key": shop.key()},
    )
    assert (wrong.status, wrong.json["code"], wrong.json["sizes"]) == (422, "team_size_not_offered", [2, 3])


@pytest.mark.req("L4")
def test_a_team_whose_initiator_does_not_pay_closes_and_gives_its_units_back(shop: Shop) -> None:
    offer = shop.teams(payment_window_minutes=30)
    opened = shop.open_team(offer, size=3)
    member = shop.buy(opened.group)
    assert _stock(shop, offer) == 97

    shop.bed.later(31 * MINUTE)

    assert shop.group(opened.group)["state"] == "failed"
    assert shop.state(opened) == "expired"
    assert shop.story(member)["refunds"][0]["stage"] == "succeeded"
    assert _stock(shop, offer) == 100


def _stock(shop: Shop, offer: Offer) -> int:
    return int(rows(shop.bed)[f"CAMPAIGN#{offer.id}", "STOCK"]["body"]["M"]["left"]["M"][APPLE]["N"])


# ----------------------------------------------------------------- L6, P12, P14: stock


@pytest.mark.req("L6")
@pytest.mark.req("P12")
def test_sales_stop_at_the_threshold_once_and_go_on_when_stock_is_added(shop: Shop) -> None:
    # given ten units of which three are never sold
    shop = Shop(shop.bed, contact=True)
    offer = shop.offer(items=[item(stock=10, stop_threshold=3)], category="peach")
    assert hall(shop, category="peach") == [offer.group]

    # when seven are taken
    shop.buy(offer.group, lines={APPLE: 7})
    shop.bed.later(MINUTE)

    # then nobody gets the eighth, the hall no longer shows it, and the merchant is told once, with the reason
    full = shop.try_join(offer.group, shop.person())
    assert (full.status, full.json["code"], full.json["sku"]) == (409, "sold_out", APPLE)
    assert hall(shop, category="peach") == []
    assert shop.figures(offer.id)["sold_out"] == [APPLE]
    for _ in range(3):
        shop.try_join(offer.group, shop.person())
        shop.bed.later(MINUTE)
    assert [one["channel"] for one in shop.told(shop.merchant, "sold_out")] == ["email", "sms"]

    # when stock is added before the deadline
    shop.ok("POST", f"/campaigns/{offer.id}/stock", {"units": {APPLE: 5}}, who=shop.merchant, key=shop.key())
    shop.bed.later(MINUTE)

    # then it sells again
    assert hall(shop, category="peach") == [offer.group]
    assert shop.try_join(offer.group, shop.person(), lines={APPLE: 5}).status == 201


@pytest.mark.req("P12")
def test_the_buffer_is_never_sold_in_whatever_way_it_is_asked_for(shop: Shop) -> None:
    offer = shop.communities(items=[item(stock=10, buffer=4)])
    taken = 0
    for number in range(14):
        group = offer.groups["garden" if number % 2 else "river"]
        point = "gate" if number % 2 else "pier"
        taken += shop.try_join(group, shop.person(), pickup_point=point).status == 201
    assert taken == 6
    shop.ok("POST", f"/campaigns/{offer.id}/stock", {"units": {APPLE: 1}}, who=shop.merchant, key=shop.key())
    assert shop.try_join(offer.groups["river"], shop.person(), pickup_point="pier").status == 201
    assert shop.try_join(offer.groups["river"], shop.person(), pickup_point="pier").status == 409


@pytest.mark.req("P14")
@pytest.mark.req("L6")
def test_low_stock_alerts_exactly_once_per_crossing(shop: Shop) -> None:
    shop = Shop(shop.bed, contact=True)
    offer = shop.offer(items=[item(stock=10, low_stock=5)], category="plum")

    def alerts() -> int:
        shop.bed.later(MINUTE)
        return len(shop.told(shop.merchant, "stock_low")) // 2  # one on each channel

    shop.buy(offer.group, lines={APPLE: 4})
    assert alerts() == 0  # six are left
    shop.buy(offer.group, lines={APPLE: 1})
    assert alerts() == 1  # five: crossed downwards
    shop.buy(offer.group, lines={APPLE: 1})
    assert alerts() == 1  # still below
    shop.ok("POST", f"/campaigns/{offer.id}/stock", {"units": {APPLE: 4}}, who=shop.merchant, key=shop.key())
    assert alerts() == 1  # upwards says nothing
    shop.buy(offer.group, lines={APPLE: 4})
    assert alerts() == 2  # crossed again
    shop.buy(offer.group, lines={APPLE: 4})
    assert alerts() == 2
    assert hall(shop, category="plum") == []  # at zero it is unlisted by itself
    assert len(shop.told(shop.merchant, "sold_out")) == 2


@pytest.mark.req("P14", "B19")
def test_twenty_items_that_run_low_at_once_are_each_told_of_in_small_transactions(shop: Shop) -> None:
    shop = Shop(shop.bed, contact=True)
    names = [f"plum-{number}" for number in range(20)]
    offer = shop.offer(items=[item(sku=name, stock=10, low_stock=8) for name in names])
    with shop.bed.hook.watched() as calls:
        shop.join(offer.group, lines=dict.fromkeys(names, 2), method=...)
        shop.bed.later(MINUTE)
    assert len([one for one in shop.notices(shop.merchant) if one["template"] == "stock_low"]) == 20 * 2
    transactions = [named["TransactItems"] for _, name, named in calls if name == "TransactWriteItems"]
    assert max(map(len, transactions)) <= 10


# ----------------------------------------------------------------- L7: price and listing go with the close


@pytest.mark.req("L7")
@pytest.mark.parametrize("moved", [0, HOUR, -2 * HOUR])
def test_the_list_price_comes_back_and_the_hall_lets_go_in_the_same_transition(shop: Shop, moved: int) -> None:
    # given a deal in the catalogue, whose deadline may be moved
    category = f"pear{moved // HOUR + 5}"
    product = shop.product()
    offer = shop.offer(items=[item(product_id=product)], category=category)
    closes = instant_of(shop.group(offer.group)["closes_at"])
    if moved:
        closes += moved
        said = shop.ok("POST", f"/groups/{offer.group}/deadline", {"closes_at": rfc3339(closes)}, who=shop.merchant)
        assert said["done"]
    seen: list[tuple[bool, int, bool]] = []

    def look() -> None:
        price = shop.bed.call_only("GET", f"/products/{product}", who=shop.merchant).json["price_minor"]
        listed = shop.bed.call_only("GET", f"/hall?category={category}").json["items"] != []
        seen.append((shop.bed.now < closes, price, listed))

    busy = False

    def looking(service: str, operation: str, arguments: dict[str, Any], call: Any) -> Any:
        """Everybody looks after every single write."""
        nonlocal busy
        said = call()
        if operation in ("PutItem", "UpdateItem", "TransactWriteItems") and service == "dynamodb" and not busy:
            busy = True
            look()
            busy = False
        return said

    # when it runs until well after its close
    look()
    shop.bed.advance_to(closes - 1)
    look()
    with trouble(shop.bed, looking):
        shop.bed.advance_to(closes + 10 * MINUTE)

    # then the deal and the line in the hall were there until the deadline, and neither for a moment without the other
    assert {(price, listed) for before, price, listed in seen if before} == {(900, True)}
    assert {(price, listed) for before, price, listed in seen if not before} == {(1000, False)}
    assert len(seen) > 5


@pytest.mark.req("L7")
def test_a_product_keeps_the_history_of_its_list_and_deal_prices(shop: Shop) -> None:
    product = shop.product()
    offer = shop.offer(items=[item(product_id=product)])
    for _ in range(3):
        shop.buy(offer.group)
    shop.close(offer.group)
    card = shop.ok("GET", f"/products/{product}", who=shop.merchant)
    body = {"title": card["title"], "list_price_minor": 1200, "currency": "CNY", "version": card["version"]}
    shop.ok("PUT", f"/products/{product}", body, who=shop.merchant)

    history = shop.ok("GET", f"/products/{product}/prices", who=shop.merchant)["items"]

    lines = [(line["nature"], line["price_minor"], line["units"]) for line in history]
    assert sorted(lines) == [("list", 1000, 0), ("list", 1200, 0), ("sale", 900, 3)]


# ----------------------------------------------------------------- L13, L14: the hall, and one call to join


@pytest.mark.req("L13")
def test_the_hall_pages_through_open_groups_by_community_category_and_deadline(shop: Shop) -> None:
    one = shop.communities(category="melon", hours=2)
    other = shop.communities(category="melon", hours=5)
    flower = shop.communities(category="flower", hours=3)

    assert set(hall(shop, category="melon")) == {*one.groups.values(), *other.groups.values()}
    garden = hall(shop, community="garden", category="melon")
    assert garden == [one.groups["garden"], other.groups["garden"]]  # by deadline
    assert hall(shop, community="garden", category="flower") == [flower.groups["garden"]]
    soon = hall(shop, category="melon", closing_within_minutes="180")
    assert set(soon) == set(one.groups.values())
    in_pages = [line["id"] for line in shop.pages("/hall?category=melon", limit=1)]
    assert in_pages == hall(shop, category="melon")
    # it is public, and a closed group is no longer in it
    shop.bed.later(2 * HOUR + MINUTE)
    assert set(hall(shop, category="melon")) == set(other.groups.values())


@pytest.mark.req("L13")
def test_open_teams_are_in_the_hall_until_they_are_complete(shop: Shop) -> None:
    offer = shop.teams(category="tea")
    opened = shop.open_team(offer, size=2)
    assert hall(shop, category="tea") == [opened.group]
    shop.bed.pay(opened.pay_url)
    shop.buy(opened.group)
    assert hall(shop, category="tea") == []


@pytest.mark.req("L14")
def test_one_call_joins_and_begins_the_payment_and_states_the_terms(shop: Shop) -> None:
    offer = shop.offer(return_exception="生鲜食品")
    answer = shop.bed.call(
        "POST",
        f"/groups/{offer.group}/join",
        shop.ask(lines={APPLE: 2}),
        who=shop.person(),
        headers={"Idempotency-Key": "one-tap", "Accept-Language": "en"},
    )
    assert answer.status == 201
    seat = answer.json
    assert (seat["amount_minor"], seat["currency"]) == (1800, "CNY")
    assert seat["payment"]["pay_url"].startswith("http")
    terms = seat["terms"]
    assert (terms["measure"], terms["at_least"]) == ("participants", 3)
    assert terms["deadline"] == shop.group(offer.group)["closes_at"]
    assert terms["refund_arrives_within_days"] == {"sandbox": 1, "transfer": 3}
    assert terms["return_exception"] == "生鲜食品"
    assert any("3" in sentence and "2026" not in sentence for sentence in terms["sentences"])


# ----------------------------------------------------------------- P1, P10: prices


@pytest.mark.req("P1")
def test_the_final_tier_is_everybodys_price_to_the_cent(shop: Shop) -> None:
    # given percentage tiers over an awkward price: 1111 less 5 % is 1055.45, less 15 % is 944.35; 1110 less 15 % 943.5
    tiers = [{"participants": 2, "percent_off": 5}, {"participants": 4, "percent_off": 15}]
    offer = shop.offer(
        items=[
            item(list_price_minor=1111, tiers=tiers),
            item(sku="egg", title="土鸡蛋", list_price_minor=1110, tiers=tiers),
        ],
        target={"measure": "participants", "at_least": 2},
    )
    # when four buy, each at the price that was certain then
    taken = [shop.buy(offer.group, lines={APPLE: units, "egg": 1}) for units in (1, 2, 3, 7)]
    assert [one.seat["amount_minor"] for one in taken] == [1055 * n + 1055 for n in (1, 2, 3, 7)]
    progress = shop.progress(offer.group)
    assert progress["items"][0]["price_now_minor"] == 944

    closed = shop.close(offer.group)

    # then the last tier holds for all, half a cent up by the unit, and the difference comes back by itself
    assert closed["verdict"]["prices_minor"] == {APPLE: 944, "egg": 944}
    for one, units in zip(taken, (1, 2, 3, 7), strict=True):
        story = shop.story(one)
        refund = (1055 - 944) * units + (1055 - 944)
        assert [(r["cause"], r["amount_minor"], r["stage"]) for r in story["refunds"]] == [
            ("price_drop", refund, "succeeded")
        ]
        assert story["order"]["amount_minor"] - refund == 944 * (units + 1)
    # and the refunds have changed neither verdict nor price
    assert shop.group(offer.group)["verdict"] == closed["verdict"]
    assert shop.money(offer.group)["held_minor"] == 944 * (1 + 2 + 3 + 7 + 4)


@pytest.mark.req("P1")
@pytest.mark.req("S2")
def test_progress_says_how_many_more_people_bring_the_next_tier(shop: Shop) -> None:
    offer = shop.offer(target={"measure": "participants", "at_least": 2})
    shop.buy(offer.group)
    shop.bed.later(10 * SECOND)
    (line,) = shop.progress(offer.group)["items"]
    assert line["price_now_minor"] == 1000
    assert line["next_tier"] == {"more_participants": 2, "unit_price_minor": 900, "less_minor": 100}


@pytest.mark.req("P10")
def test_a_reference_price_is_one_at_which_it_was_really_sold(shop: Shop) -> None:
    product = shop.product()
    never = shop.drafted(items=[item(product_id=product, reference_price_minor=1500)])
    refused = shop.bed.call("POST", f"/campaigns/{never}/publish", who=shop.merchant)
    assert (refused.status, refused.json["code"]) == (422, "reference_price_never_sold")

    # when it was sold elsewhere at that price, the merchant says so, and it may be shown
    sale = {"price_minor": 1500, "units": 3, "sold_at": rfc3339(shop.bed.now - DAY)}
    shop.ok("POST", f"/products/{product}/sales", sale, who=shop.merchant)
    offer = shop.offer(items=[item(product_id=product, reference_price_minor=1500)])
    (line,) = shop.group(offer.group)["items"]
    assert (line["reference_price_minor"], line["percent_off"]) == (1500, 40)
