"""Promises 1, 2 and 7 on what was read back: nothing oversold, one verdict in time, only what is paid counts."""

from collections.abc import Iterator

from .record import GroupSeen, Look, Record, ms
from .script import Campaign
from .stack import Instant, Json

HOLDING = ("held", "paid")
OVER = ("formed", "failed")


def sellable(record: Record, campaign: Campaign, at: Instant) -> dict[str, int]:
    """Units that may be sold by then: the stock less its buffer, and what the merchant has added."""
    units = {item.sku: item.sellable for item in campaign.items}
    for when, key, added in record.added:
        for sku, more in added.items() if key == campaign.key and when <= at else ():
            units[sku] += more
    return units


def taken(look: Look, campaign: Campaign) -> dict[str, int]:
    """Units in buyers' hands: held and paid, but for groups that failed."""
    units = {item.sku: 0 for item in campaign.items}
    for group in groups_of(look, campaign).values():
        for order in group.orders if group.card["state"] != "failed" else ():
            for sku, count in order["lines"].items() if order["state"] in HOLDING else ():
                units[sku] += count
    return units


def groups_of(look: Look, campaign: Campaign) -> dict[str, GroupSeen]:
    return {key: group for key, group in look.groups.items() if key.partition("/")[0] == campaign.key}


def not_oversold(record: Record) -> Iterator[str]:
    for look in record.looks:
        clock = record.script.day.clock(look.at)
        for campaign in record.script.campaigns:
            given, sold = sellable(record, campaign, look.at), taken(look, campaign)
            for sku, units in sold.items():
                left = sum(units_left(group, sku) for group in groups_of(look, campaign).values())
                if units > given[sku]:
                    yield f"at {clock} buyers hold {units} {sku} of {campaign.key}, and only {given[sku]} may be sold"
                elif units + left > given[sku]:
                    yield f"at {clock} {campaign.key} offers {left} {sku} beside {units} sold; it has {given[sku]}"
        for key, group in look.groups.items():
            seats = group.card["team_size"] or record.script.campaign(key).max_participants
            holding = sum(order["state"] in HOLDING for order in group.orders)
            if seats is not None and holding > seats:
                yield f"at {clock} {holding} buyers sit on {seats} seats in {key}"


def units_left(group: GroupSeen, sku: str) -> int:
    """What a group still offers; after its close, nothing."""
    if group.card["state"] in OVER:
        return 0
    return sum(item["units_left"] or 0 for item in group.progress["items"] if item["sku"] == sku)


def full_is_full(record: Record) -> Iterator[str]:
    """Nobody is told “full” or “closed” while it is not so."""
    for refusal in record.refusals:
        said = f"{refusal.who} was told “{refusal.code}” in {refusal.group}"
        if refusal.code == "sold_out" and all(
            refusal.taken.get(sku, 0) + units <= refusal.sellable[sku] for sku, units in refusal.takes.items()
        ):
            yield f"{said} while there was enough: {refusal.taken} of {refusal.sellable} taken"
        if refusal.code == "group_closed" and refusal.at < refusal.closes_at:
            yield f"{said} before its deadline"


def one_order_each(record: Record) -> Iterator[str]:
    for who, stories in record.orders.items():
        groups = [record.group_of(story) for story in stories]
        for key in {key for key in groups if groups.count(key) > 1}:
            yield f"{who} has {groups.count(key)} orders in {key}"


def one_verdict_in_time(record: Record) -> Iterator[str]:
    for key, group in record.groups.items():
        verdict, closes_at = group.card["verdict"], ms(group.card["closes_at"])
        if verdict is None:
            if closes_at + record.patience_ms < record.ended_at:
                yield f"{key} has no verdict, {(record.ended_at - closes_at) // 1000} s after its deadline"
            continue
        given_at = ms(verdict["given_at"])
        said = {str(look.groups[key].card["verdict"]) for look in record.looks if key in look.groups} - {"None"}
        if len(said) > 1:
            yield f"{key} has had {len(said)} different verdicts"
        if given_at < closes_at and verdict["participants"] != group.card["team_size"]:
            yield f"{key} was closed {(closes_at - given_at) // 1000} s before its deadline, and is no full team"
        if given_at - closes_at > record.patience_ms:
            yield f"{key} got its verdict {(given_at - closes_at) // 1000} s after its deadline"
        if group.card["state"] != ("formed" if verdict["formed"] else "failed"):
            yield f"{key} is {group.card['state']} and its verdict says formed={verdict['formed']}"
        yield from judged_right(record, key, verdict)


def judged_right(record: Record, key: str, verdict: Json) -> Iterator[str]:
    target = record.groups[key].card["target"]
    have = {
        "participants": verdict["participants"],
        "units": sum(verdict["units"].values()),
        "amount": verdict["amount_minor"],
    }[target["measure"]]
    if verdict["formed"] != (have >= target["at_least"]):
        yield f"{key} has {have} of {target['at_least']} {target['measure']} and formed={verdict['formed']}"
    for item in record.script.campaign(key).items:
        right, given = item.price(verdict["participants"]), verdict["prices_minor"][item.sku]
        if given != right:
            yield f"{item.sku} in {key} ends at {given}; with {verdict['participants']} participants it is {right}"


def count_is_the_orders(record: Record) -> Iterator[str]:
    for key, group in record.groups.items():
        verdict = group.card["verdict"]
        paid = [story["order"] for _, story in stories_in(record, key) if story["order"]["state"] == "paid"]
        if verdict is None:
            continue
        amount = sum(order["amount_minor"] for order in paid)
        if (verdict["participants"], verdict["amount_minor"]) != (len(paid), amount):
            yield (
                f"{key} was judged with {verdict['participants']} participants and {verdict['amount_minor']} fen; "
                f"its paid orders are {len(paid)} and {amount}"
            )
        units: dict[str, int] = {}
        for order in paid:
            for sku, count in order["lines"].items():
                units[sku] = units.get(sku, 0) + count
        if {sku: count for sku, count in verdict["units"].items() if count} != units:
            yield f"{key} was judged with {verdict['units']}; its paid orders hold {units}"
        if group.progress["joined"] != len(paid):
            yield f"the progress of {key} shows {group.progress['joined']} joined; {len(paid)} have paid"
        shown = sum(order["state"] == "paid" for order in group.orders)
        if shown != len(paid):
            yield f"the merchant sees {shown} paid orders in {key}; their buyers see {len(paid)}"


def counts_only_money_in_time(record: Record) -> Iterator[str]:
    """Nothing faked: whoever counts has paid, and did before the deadline."""
    for key, group in record.groups.items():
        for who, story in stories_in(record, key):
            order = story["order"]
            money = [
                p for p in story["payments"] if p["paid_at"] is not None and p["amount_minor"] == order["amount_minor"]
            ]
            if order["state"] != "paid":
                continue
            if not money:
                yield f"{who} counts in {key} and no payment of that amount came in"
            elif min(ms(payment["paid_at"]) for payment in money) >= ms(group.card["closes_at"]):
                yield f"{who} counts in {key} and paid after its deadline"


def joined_at_the_certain_price(record: Record) -> Iterator[str]:
    for key, group in record.groups.items():
        campaign = record.script.campaign(key)
        target = group.card["target"]
        certain = target["at_least"] if target["measure"] == "participants" else 1
        for who, story in stories_in(record, key):
            order = story["order"]
            right = sum(units * campaign.item(sku).price(certain) for sku, units in order["lines"].items())
            if order["amount_minor"] != right:
                yield f"{who} was asked {order['amount_minor']} in {key}; certain is {right}"


def as_it_was_written(record: Record) -> Iterator[str]:
    """The story took its course: what should happen did, so that the promises above were really tried."""
    yield from record.surprises
    expect = record.script.expect
    for wanted, keys in (("formed", expect.formed), ("failed", expect.failed)):
        for key in keys:
            state = record.groups[key].card["state"] if key in record.groups else "not there"
            if state != wanted:
                yield f"{key} should have {wanted} and is {state}"
    for key in expect.cheaper:
        taken = [p for _, s in stories_in(record, key) for p in s["payments"] if p["state"] == "captured"]
        cheaper = any(p["captured_minor"] < p["amount_minor"] for p in taken)
        drop = any(refund["cause"] == "price_drop" for _, s in stories_in(record, key) for refund in s["refunds"])
        if not drop and not cheaper:
            yield f"{key} should have become cheaper"
    for who in expect.seated_again:
        if not any(seated_again(story) for story in record.orders[who]):
            yield f"{who} should have been seated again after paying late"
    for who in expect.refunded_late:
        late = any(refund["cause"] == "late" for story in record.orders[who] for refund in story["refunds"])
        let_go = any(n["template"] == "hold_released" for n in record.notices[who])
        if not late and not let_go:
            yield f"{who} should have been paid back after paying too late"


def seated_again(story: Json) -> bool:
    steps = [step["what"] for step in story["timeline"]]
    return "order_expired" in steps and story["order"]["state"] == "paid"


def closed_is_gone(record: Record) -> Iterator[str]:
    """A closed group is out of the hall, its price is over, and what it really sold for is on record (L7, P10)."""
    for line in record.hall:
        if line["state"] != "open":
            yield f"the hall offers {line['id']}, which is {line['state']}"
    over = {key for key, g in record.groups.items() if g.card["verdict"] is not None}
    if over != record.groups.keys():
        return
    for product in record.products:
        if product["price_minor"] != product["list_price_minor"]:
            yield f"{product['title']} still shows {product['price_minor']} after its campaign"
    for key in record.groups:
        verdict = record.groups[key].card["verdict"]
        for sku, units in verdict["units"].items() if verdict["formed"] else ():
            price, title = verdict["prices_minor"][sku], record.script.campaign(key).item(sku).title
            marks = [mark for p in record.products if p["title"] == title for mark in p["history"]]
            if units and not any((m["nature"], m["price_minor"], m["units"]) == ("sale", price, units) for m in marks):
                yield f"the {units} {sku} that {key} sold at {price} are not in the price history"


def figures_are_a_recount(record: Record) -> Iterator[str]:
    """What the merchant steers by equals a count of the orders (M1)."""
    for campaign in record.script.campaigns:
        shown = record.figures[campaign.key]
        stories = [
            s for key in record.groups if key.partition("/")[0] == campaign.key for _, s in stories_in(record, key)
        ]
        states = [story["order"]["state"] for story in stories]
        refunds = [r["amount_minor"] for s in stories for r in s["refunds"] if r["stage"] == "succeeded"]
        counted = {
            "visitors": record.visitors.get(campaign.key, 0),
            "orders_held": states.count("held"),
            "orders_paid": states.count("paid"),
            "orders_expired": states.count("expired"),
            "orders_cancelled": states.count("cancelled"),
            "captured_minor": sum(p["captured_minor"] for s in stories for p in s["payments"]),
            "refunded_minor": sum(refunds),
            "refunds": len(refunds),
        }
        for name, right in counted.items():
            if shown[name] != right:
                yield f"the figures of {campaign.key} say {name} = {shown[name]}; counted, it is {right}"


def stories_in(record: Record, key: str) -> Iterator[tuple[str, Json]]:
    """(who, order with its story) of one group."""
    for who, stories in record.orders.items():
        for story in stories:
            if record.group_of(story) == key:
                yield who, story
