"""What a formed group was promised after its verdict, on what was read back: brought, shared out, told, and seen."""

from collections import Counter
from collections.abc import Iterator

from .goods import stories_in
from .record import Record, ms
from .stack import Json

STEPS = ("due_soon", "overdue", "manager", "fallback")
HEARD = {
    "due_soon": "stage_due_soon",
    "overdue": "stage_overdue",
    "manager": "stage_late",
    "fallback": "stage_fallback",
}
MOST_READS = 2


def everyone_has_their_goods(record: Record) -> Iterator[str]:
    """Each paid order of a group that was delivered was handed over, unless all of it was missing and paid back."""
    for key in record.script.expect.delivered:
        for who, story in stories_in(record, key):
            if story["order"]["state"] != "paid":
                continue
            state = (story["delivery"] or {}).get("state")
            paid_back = sum(r["amount_minor"] for r in story["refunds"] if r["cause"] == "shortage")
            if state != "picked_up" and paid_back < story["order"]["amount_minor"]:
                yield f"{who}’s order in {key} ends {state}, and is not accounted for"
            if state == "picked_up" and not any(step["what"] == "order_handed_over" for step in story["timeline"]):
                yield f"{who}’s order in {key} is picked up, and nobody handed it over"


def shortages_add_up(record: Record) -> Iterator[str]:
    """What was missing is what buyers are short of, and each is paid exactly that back at the price they paid."""
    for key, missing in record.missing.items():
        prices = record.groups[key].card["verdict"]["prices_minor"]
        short: Counter[str] = Counter()
        worth = []
        for share in record.shares[key]:
            short.update(share["short"])
            worth += [sum(units * prices[sku] for sku, units in share["short"].items())] if share["short"] else []
            if any(units > share["units"].get(sku, 0) for sku, units in share["short"].items()):
                yield f"somebody in {key} ordered {share['units']} and is short of {share['short']}"
        if short != Counter(missing):
            yield f"{missing} were missing in {key}; its buyers are short of {dict(short)}"
        paid = [r for _, s in stories_in(record, key) for r in s["refunds"] if r["cause"] == "shortage"]
        if sorted(refund["amount_minor"] for refund in paid if refund["stage"] == "succeeded") != sorted(worth):
            yield f"what is short in {key} is worth {worth}; paid back is {[r['amount_minor'] for r in paid]}"
    for key in record.script.expect.short:
        if not record.missing.get(key):
            yield f"something should have been missing in {key}"


def stages_in_order(record: Record) -> Iterator[str]:
    """One after the other, none skipped; a group that was delivered has all of them behind it."""
    for key, way in record.ways.items():
        before = 0
        for stage in way["stages"]:
            if stage["finished_at"] is None:
                if key in record.script.expect.delivered:
                    yield f"{key} was delivered and its stage {stage['name']} is {stage['state']}"
                continue
            times = [before, *(ms(stage[at]) for at in ("since", "entered_at", "finished_at"))]
            if times != sorted(times):
                yield f"{key} began or ended {stage['name']} out of order"
            before = times[-1]


def each_step_once(record: Record) -> Iterator[str]:
    """Lateness is said step by step, each once, in its order, to those it concerns; and only lateness (S5)."""
    for key, way in record.ways.items():
        for stage in way["stages"]:
            taken = [step["step"] for step in stage["steps"]]
            if taken != [step for step in STEPS if step in taken]:
                yield f"the steps of {stage['name']} in {key} were {taken}"
            end = ms(stage["finished_at"]) if stage["finished_at"] else record.ended_at
            if ("overdue" in taken) != (stage["due_at"] is not None and end >= ms(stage["due_at"])):
                yield f"{stage['name']} of {key} ended at {stage['finished_at']}, its limit {stage['due_at']}: {taken}"
            for step in taken:
                told = [
                    n
                    for n in about(record, key)
                    if n["template"] == HEARD[step] and n["params"]["stage"] == (stage["title"] or stage["name"])
                ]
                if step != "due_soon" and not told:
                    yield f"nobody heard of {stage['name']} in {key} being {step}"
    for wanted in record.script.expect.fell_back:
        key, _, name = wanted.rpartition(" ")
        stages = record.ways.get(key, {"stages": []})["stages"]
        if not any(stage["name"] == name and stage["fallback_on_at"] for stage in stages):
            yield f"the fallback of {wanted} should have taken over"


def nudges_answered(record: Record) -> Iterator[str]:
    for key in record.script.expect.delivered:
        stages = record.ways.get(key, {"stages": []})["stages"]
        for nudge in (nudge for stage in stages for nudge in stage["nudges"]):
            if nudge["answered_in_s"] is None:
                yield f"the leader of {key} asked at {nudge['at']} and was never answered"


def nobody_told_twice(record: Record) -> Iterator[str]:
    for who, notices in record.notices.items():
        told = Counter((n["about"], n["event"], n["template"], n["channel"]) for n in notices)
        for (about_, event, template, channel), times in told.items():
            if times > 1:
                yield f"{who} was told “{template}” of {about_} ({event}) {times} times by {channel}"


def about(record: Record, key: str) -> list[Json]:
    group_id = record.group_ids[key]
    return [n for notices in record.notices.values() for n in notices if n["about"] == group_id]


def progress_is_cheap(record: Record) -> Iterator[str]:
    """The page of truth costs the same, whatever has happened to the group."""
    for key, reads in record.progress_reads:
        if reads > MOST_READS:
            yield f"the progress of {key} took {reads} calls to the database; {MOST_READS} are promised"
