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
        "promises": [{"promise": p.number, "says": p.says, "broken": said} for p, said in broken],
        "figures": figures,
        "kept": not any(said for _, said in broken),
    }


def show(console: Console, record: Record, broken: Broken, figures: Json) -> None:
    console.print(of_groups(record, figures["speed"]), of_money(record), of_notices(record), of_promises(broken))
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


def of_promises(broken: Broken) -> Table:
    table = Table("", "promise", title="promises, on what was read back")
    for promise, said in broken:
        mark = "[green]✓[/green]" if not said else f"[red]✗ {len(said)}[/red]"
        table.add_row(mark, f"{promise.number or '·'}  {promise.says}")
    return table
