"""What became of a day, for people (tables) and for machines (JSON)."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from .check import Promise
from .goods import stories_in
from .record import Record, money, ms
from .stack import Json, Stack

MOST_SHOWN = 8
Broken = list[tuple[Promise, list[str]]]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group's fate. Lags in story milliseconds: deadline to verdict, verdict to the last refund."""

    group: str
    kind: str
    joined: int
    target: str
    state: str
    price: str
    verdict_lag_ms: int | None
    refund_lag_ms: int | None


def figures(record: Record, stack: Stack, seconds: float) -> Json:
    return {
        "api_calls": len(record.calls),
        "dynamodb_calls": stack.dynamodb_calls(),
        "messages": len(record.messages),
        "seconds": round(seconds, 1),
        "speed": stack.speed,
    }


def group_lines(record: Record) -> list[GroupLine]:
    return [group_line(record, key) for key in record.script.orders if key in record.groups]


def group_line(record: Record, key: str) -> GroupLine:
    card = record.groups[key].card
    verdict = card["verdict"]
    joining = {item["sku"]: item["joining_price_minor"] for item in card["items"]}
    prices = []
    for sku, price in joining.items():
        final = verdict["prices_minor"][sku] if verdict and verdict["formed"] else price
        prices.append(money(price) if final == price else f"{money(price)} → {money(final)}")
    given_at = ms(verdict["given_at"]) if verdict else None
    causes = ("failed", "price_drop")
    refunds = [
        r for _, s in stories_in(record, key) for r in s["refunds"] if r["cause"] in causes and r["succeeded_at"]
    ]
    by_hand = {"transfer"}
    last = max((ms(r["succeeded_at"]) for r in refunds if r["method"] not in by_hand), default=None)
    target = card["target"]
    return GroupLine(
        group=key,
        kind=card["kind"],
        joined=verdict["participants"] if verdict else record.groups[key].progress["joined"],
        target=f"{target['at_least']} {target['measure']}",
        state=card["state"],
        price=", ".join(prices),
        verdict_lag_ms=None if given_at is None else given_at - ms(card["closes_at"]),
        refund_lag_ms=None if last is None or given_at is None else last - given_at,
    )


def notices(record: Record) -> dict[str, Counter[str]]:
    """Template -> how many were sent by channel."""
    found: dict[str, Counter[str]] = {}
    for mine in record.notices.values():
        for notice in mine:
            channel = notice["channel"] if notice["state"] == "sent" else notice["state"]
            found.setdefault(notice["template"], Counter())[channel] += 1
    return dict(sorted(found.items()))


def as_json(record: Record, broken: Broken, figures: Json) -> Json:
    return {
        "story": record.script.day.title,
        "groups": [{name: getattr(line, name) for name in GroupLine.__slots__} for line in group_lines(record)],
        "money": {key: group.money for key, group in record.groups.items()},
        "notices": notices(record),
        "ways": record.ways,
        "promises": [{"promise": p.number, "says": p.says, "broken": said} for p, said in broken],
        "figures": figures,
        "kept": not any(said for _, said in broken),
    }


def show(console: Console, record: Record, broken: Broken, figures: Json) -> None:
    console.print(
        of_groups(record, figures["speed"]), of_money(record), of_notices(record), *of_ways(record), of_promises(broken)
    )
    for _, said in broken:
        for one in said[:MOST_SHOWN]:
            console.print(f"[red]✗[/red] {one}", soft_wrap=True)
        if len(said) > MOST_SHOWN:
            console.print(f"[red]✗[/red] … and {len(said) - MOST_SHOWN} more like these")
    calls = f", {figures['dynamodb_calls']:,} calls to DynamoDB" if figures["dynamodb_calls"] else ""
    console.print(
        f"{figures['api_calls']:,} API calls{calls}, {figures['messages']:,} messages, {figures['seconds']} s"
    )


def of_groups(record: Record, speed: float) -> Table:
    table = Table(title="groups")
    for column in ("group", "kind", "joined", "target", "verdict", "price on joining → final"):
        table.add_column(column)
    table.add_column("deadline → verdict", justify="right")
    table.add_column("verdict → last refund", justify="right")
    for line in group_lines(record):
        state = {"formed": "[green]formed[/green]", "failed": "[yellow]failed[/yellow]"}.get(line.state, line.state)
        lags = [spelled_lag(lag, speed) for lag in (line.verdict_lag_ms, line.refund_lag_ms)]
        table.add_row(line.group, line.kind, str(line.joined), line.target, state, line.price, *lags)
    return table


def spelled_lag(lag_ms: int | None, speed: float) -> str:
    """Story seconds; on a fast clock, the real ones that passed."""
    if lag_ms is None:
        return ""
    if lag_ms < 0:
        return f"{-lag_ms / 60_000:.0f} min early"
    return f"{lag_ms / 1000 / speed:.1f} s real" if speed else f"{lag_ms / 1000:.1f} s"


def of_money(record: Record) -> Table:
    table = Table(title="money (transfers confirmed by hand included)")
    table.add_column("group")
    for column in ("captured", "refunded", "released", "held", "buyer", "held", "merchant"):
        table.add_column(column, justify="right")
    for key, group in record.groups.items():
        seen, accounts = group.money, group.money["accounts"]
        names = ("captured_minor", "refunded_minor", "released_minor", "held_minor")
        sums = ("buyer_minor", "held_minor", "merchant_minor")
        table.add_row(key, *(money(seen[name]) for name in names), *(money(accounts[name]) for name in sums))
    return table


def of_notices(record: Record) -> Table:
    table = Table(title="notices")
    counted = notices(record)
    states = ["sms", "email", *sorted({s for c in counted.values() for s in c} - {"sms", "email"})]
    table.add_column("template")
    for state in states:
        table.add_column(state, justify="right")
    for template, counts in counted.items():
        table.add_row(template, *(str(counts[state] or "") for state in states))
    return table


def of_ways(record: Record) -> list[Table]:
    """For each group that was brought: its stages, and who was told what, when."""
    return [table for key in record.script.expect.delivered if key in record.ways for table in of_way(record, key)]


def of_way(record: Record, key: str) -> tuple[Table, Table]:
    clock = record.script.day.clock
    stages = Table(title=f"the way of {key}")
    for column in ("stage", "its turn", "entered", "finished", "limit", "late by", "set off"):
        stages.add_column(column)
    for stage in record.ways[key]["stages"]:
        times = [clock(ms(stage[at])) if stage[at] else "" for at in ("since", "entered_at", "finished_at", "due_at")]
        off = [f"{clock(ms(step['at']))} {step['step']}" for step in stage["steps"]]
        off += [f"{clock(ms(n['at']))} nudged, answered in {n['answered_in_s'] // 60} min" for n in stage["nudges"]
                if n["answered_in_s"] is not None]  # fmt: skip
        stages.add_row(stage["title"] or stage["name"], *times, late_by(stage), ", ".join(sorted(off)))
    told = Table(title=f"who was told what about {key} after its verdict")
    for column in ("when", "what", "who"):
        told.add_column(column)
    for (at, template), people in told_after(record, key).items():
        names = list(people)
        told.add_row(clock(at), template, ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else ""))
    return stages, told


def late_by(stage: Json) -> str:
    if not stage["due_at"] or not stage["finished_at"] or stage["finished_at"] <= stage["due_at"]:
        return ""
    return f"{(ms(stage['finished_at']) - ms(stage['due_at'])) // 60_000} min"


def told_after(record: Record, key: str) -> dict[tuple[int, str], dict[str, None]]:
    """(minute, template) -> whom; each person once, whatever their channels."""
    group_id, given_at = record.group_ids[key], ms(record.groups[key].card["verdict"]["given_at"])
    found: dict[tuple[int, str], dict[str, None]] = {}
    told = [
        (ms(notice["sent_at"]), notice["template"], record.script.people[who].name)
        for who, notices in record.notices.items()
        for notice in notices
        if notice["sent_at"] and notice["about"].startswith(group_id) and ms(notice["sent_at"]) >= given_at
    ]
    for at, template, name in sorted(told):
        found.setdefault((at // 60_000 * 60_000, template), {})[name] = None
    return found


def of_promises(broken: Broken) -> Table:
    table = Table("", "promise", title="promises, on what was read back")
    for promise, said in broken:
        mark = "[green]✓[/green]" if not said else f"[red]✗ {len(said)}[/red]"
        table.add_row(mark, f"{promise.number or '·'}  {promise.says}")
    return table
