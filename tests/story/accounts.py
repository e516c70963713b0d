"""Promises 3 and 4 on what was read back: money adds up, and nothing is forgotten."""

from collections.abc import Iterator

from .goods import stories_in
from .record import Record, ms
from .stack import Json

ENDED_HOLDS = ("authorised", "captured", "voided")
"""Of a payment that was made: nothing was charged before the verdict."""

WAITS_MS = 3 * 60_000
"""A row may stay due this long before it counts as forgotten: the tick looks again every minute."""


def groups_add_up(record: Record) -> Iterator[str]:
    """captured = refunded + released + held, and all accounts together are nothing: at every look."""
    for look in record.looks:
        clock = record.script.day.clock(look.at)
        for key, group in look.groups.items():
            seen = group.money
            out = seen["refunded_minor"] + seen["released_minor"] + seen["held_minor"]
            if seen["captured_minor"] != out:
                yield f"at {clock} {key} has captured {seen['captured_minor']} and accounts for {out}"
            if sum(seen["accounts"].values()) != 0:
                yield f"at {clock} the accounts of {key} add up to {sum(seen['accounts'].values())}"
            if seen["held_minor"] < 0 or seen["pending_refunds_minor"] > seen["held_minor"]:
                yield f"at {clock} {key} owes {seen['pending_refunds_minor']} and holds {seen['held_minor']}"


def groups_are_their_orders(record: Record) -> Iterator[str]:
    for key, group in record.groups.items():
        stories = [story for _, story in stories_in(record, key)]
        captured = sum(p["captured_minor"] for s in stories for p in s["payments"])
        refunded = sum(back(story) for story in stories)
        seen = (group.money["captured_minor"], group.money["refunded_minor"])
        if seen != (captured, refunded):
            yield f"{key} shows captured and refunded {seen}; its orders add up to {(captured, refunded)}"


def back(story: Json) -> int:
    return sum(refund["amount_minor"] for refund in story["refunds"] if refund["stage"] == "succeeded")


def everyone_ends_right(record: Record) -> Iterator[str]:
    """What a buyer paid less what came back is what the goods cost: nothing, unless paid and formed."""
    for key, group in record.groups.items():
        verdict = group.card["verdict"]
        for who, story in stories_in(record, key) if verdict else ():
            order = story["order"]
            came = sum(payment["captured_minor"] for payment in story["payments"])
            owed = 0
            if order["state"] == "paid" and verdict["formed"]:
                owed = sum(units * verdict["prices_minor"][sku] for sku, units in order["lines"].items()) - missed(
                    story
                )
            if came - back(story) != owed:
                yield f"{who} paid {came} in {key}, got {back(story)} back, and should have paid {owed}"
            yield from refunded_once(who, key, story, verdict)


def missed(story: Json) -> int:
    """Paid back for goods that never came: what is right there is checked with how they were shared out."""
    return sum(r["amount_minor"] for r in story["refunds"] if r["cause"] == "shortage" and done(r))


def refunded_once(who: str, key: str, story: Json, verdict: Json) -> Iterator[str]:
    """Failed: one refund, in full. Formed: at most one, of the difference to the cent."""
    order = story["order"]
    if order["state"] != "paid":
        return
    if any(payment["state"] in ENDED_HOLDS and payment["paid_at"] == order["paid_at"] for payment in story["payments"]):
        if any(refund["cause"] != "shortage" for refund in story["refunds"]):
            yield f"{who} paid in {key} by a hold, which is taken at the final price or not at all, and has refunds"
        return
    causes = [refund["cause"] for refund in story["refunds"] if refund["cause"] != "shortage"]
    amounts = {refund["cause"]: refund["amount_minor"] for refund in story["refunds"]}
    if not verdict["formed"] and (causes.count("failed") != 1 or amounts["failed"] != order["amount_minor"]):
        yield f"{who} paid {order['amount_minor']} in {key}, which failed, and has the refunds {amounts}"
    less = order["amount_minor"] - sum(n * verdict["prices_minor"][sku] for sku, n in order["lines"].items())
    if verdict["formed"] and less > 0 and (causes.count("price_drop") != 1 or amounts["price_drop"] != less):
        yield f"{who} paid {less} above the final price of {key} and has the refunds {amounts}"
    if verdict["formed"] and less == 0 and causes:
        yield f"{who} paid the final price of {key} and has the refunds {amounts}"


def late_money_is_explained(record: Record) -> Iterator[str]:
    """Money that came after its time is seated, or goes back with a word."""
    for who, stories in record.orders.items():
        for story in stories:
            order, key = story["order"], record.group_of(story)
            for payment in story["payments"]:
                if payment["paid_at"] is None or ms(payment["paid_at"]) < ms(order["pay_by"]):
                    continue
                sat = order["state"] == "paid" and order["paid_at"] == payment["paid_at"]
                refunds = [r for r in story["refunds"] if r["id"].startswith(payment["id"] + ".")]
                words = {n["template"] for n in record.notices.get(who, []) if n["about"] == order["id"]}
                if sat and "order_paid" not in words:
                    yield f"{who} paid late in {key}, was seated again, and was not told"
                if not sat and payment["state"] == "voided" and "hold_released" in words:
                    continue
                if not sat and (not refunds or "late_money_refund" not in words):
                    yield f"{who} paid late in {key}: refunds {[r['cause'] for r in refunds]}, told {sorted(words)}"


def provider_agrees(record: Record) -> Iterator[str]:
    """The provider's own books: every payment there is on ours, and it paid back exactly what we say, once."""
    if record.books is None:
        return
    stories = [story for mine in record.orders.values() for story in mine]
    payments = {p["id"]: p for story in stories for p in story["payments"] if p["method"] != "transfer"}
    ours = {r["id"]: r for story in stories for r in story["refunds"] if r["method"] != "transfer"}
    for theirs in record.books["payments"]:
        if theirs["status"] not in ("paid", "captured"):
            continue
        mine = payments.get(theirs["key"])
        if mine is None or mine["captured_minor"] != (theirs.get("captured_minor") or theirs["amount_minor"]):
            yield f"the provider took {theirs['amount_minor']} as {theirs['key']}, and no order knows of it"
            continue
        said = sum(r["amount_minor"] for r in ours.values() if r["id"].startswith(mine["id"] + ".") and done(r))
        if theirs["refunded_minor"] != said:
            yield f"the provider paid {theirs['refunded_minor']} of {theirs['key']} back; we say {said}"
    paid_back = [
        refund["key"].rpartition(".")[0] for refund in record.books["refunds"] if refund["status"] == "succeeded"
    ]
    for refund_id in {key for key in paid_back if paid_back.count(key) > 1}:
        yield f"the provider paid {refund_id} back {paid_back.count(refund_id)} times"


def done(refund: Json) -> bool:
    return bool(refund["stage"] == "succeeded")


def nothing_unfinished(record: Record) -> Iterator[str]:
    for who, stories in record.orders.items():
        for story in stories:
            key = record.group_of(story)
            for refund in story["refunds"]:
                if not done(refund):
                    yield f"the refund of {refund['amount_minor']} to {who} in {key} is still {refund['stage']}"
            if story["order"]["state"] == "held" and record.groups[key].card["verdict"] is not None:
                yield f"{who} still holds a seat in {key}, which is closed"
    for row in record.parked:
        yield f"a row is parked: {row['pk']} {row['sk']}: {row['reason']}"
    for alarm in record.alarms:
        yield f"an operator was woken: {alarm}"


def nothing_forgotten(record: Record) -> Iterator[str]:
    for row in record.due:
        late = record.ended_at - ms(row["due_at"])
        if late > max(WAITS_MS, record.patience_ms):
            yield f"{row['pk']} {row['sk']} is overdue by {late // 1000} s"
