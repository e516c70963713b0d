"""docs/performance.md: each goal, what was found, what it is compared with, and the command. Nothing typed by hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.services.buying.carry_out import ORDERS_AT_ONCE

from . import memory, reasons
from .compare import Way
from .cost import GOAL as COST_GOAL
from .cost import floor, lines, mix, next_saving
from .hot import Result
from .looks import Look
from .outside import Outside
from .peer_engine import NotHere
from .race import Outcome
from .rate import HandlerTime, Rates
from .reasons import Line
from .report import DOCS, made_by, number, plot, table, write
from .storm import DEADLINE_MS, WORKER_LIMIT_MS, Night


@dataclass
class Found:
    """What the parts found, by name. A part that did not run, or could not, is missing."""

    parts: dict[str, Any]

    def get(self, name: str) -> Any:
        found = self.parts.get(name)
        return None if isinstance(found, NotHere) else found


def document(found: Found) -> None:
    goals = goals_of(found)
    sections_of = (peers_text, crowd_text, night_text, ways_text, memory_text, cost_text, run_text)
    sections = [text for make in sections_of for text in make(found)]
    short(found)
    write(
        DOCS / "performance.md",
        "# Performance",
        made_by("make bench"),
        "A part may be run again by itself; the others keep what they found, and the last table says when each ended. "
        "Ratios and counts are the figures to keep; absolute times belong to the machine and its load, which other "
        "work may share. What is compared by the clock is therefore taken in turns, block by block, and a ratio is "
        "the median of the blocks' ratios (goals 2, 3, 4 and 7). Goals 5 and 6 are played in virtual time: no load "
        "changes them. Goals 8 and 9 are counted.",
        table(("goal", "asked", "found", "", "command"), [line.cells() for line in goals], numbers_from=9),
        *reasons.section(goals),
        *sections,
    )


def goals_of(found: Found) -> list[Line]:
    makers = (races, peers, rates, crowd, night, cold_start, memory_lines, dollars, reading)
    return [line for make in makers for line in make(found)]


SHORT = DOCS / "performance.json"


def short(found: Found) -> None:
    """The few figures that README shows, as the run found them."""
    raced: list[Outcome] = found.get("race") or []
    told = {
        "exact_runs": sum(one.exact for one in raced),
        "runs": len(raced),
        "hot_per_s": int(hot.rate) if (hot := found.get("hot")) else None,
        "hot_slices": int(hot.slices) if hot else None,
        "beside_pretix": round(seen["ratio"], 1) if (seen := found.get("peers")) else None,
        "p95_beside_pretix": round(seen["p95"], 3) if seen else None,
    }
    SHORT.write_text(json.dumps(told, indent=1) + "\n")


def absent(goal: str, part: str, found: Found) -> list[Line]:
    reason = found.parts.get(part)
    said = str(reason) if isinstance(reason, NotHere) else "not measured in this run"
    return [Line(goal, "", said, None, f"python -m tests.bench {part}", reasons.NOT_MEASURED)]


def races(found: Found) -> list[Line]:
    outcomes: list[Outcome] | None = found.get("race")
    if outcomes is None:
        return absent("1 exact", "race", found)
    exact = sum(one.exact for one in outcomes)
    shapes = sorted({(one.clients, one.slices) for one in outcomes})
    spelled = ", ".join(f"{clients}x{slices}" for clients, slices in shapes)
    said = f"{exact} of {len(outcomes)} runs sold 500 of 500 to 700 buyers (clients x slices: {spelled})"
    command = "python -m tests.bench race"
    return [Line("1 exact", "500 each, ten runs", said, exact == len(outcomes), command, reasons.EXACT)]


def rates(found: Found) -> list[Line]:
    return handler_line(found) + rate_lines(found)


def handler_line(found: Found) -> list[Line]:
    handler: HandlerTime | None = found.get("handler")
    if handler is None:
        return absent("3 little of our own", "handler", found)
    said = f"{handler.median_ms:.1f} ms (p95 {handler.p95_ms:.1f}; waiting {handler.waiting_ms:.1f})"
    command = "python -m tests.bench handler"
    return [Line("3 handler without the store", "3 ms", said, handler.median_ms <= 3, command, reasons.HANDLER)]


def rate_lines(found: Found) -> list[Line]:
    both: Rates | None = found.get("rates")
    if both is None:
        return absent("3, 4 rates", "rates", found)
    beside = f"{both.to_raw:.2f}x ({both.ours:,.0f}/s beside {both.raw:,.0f}/s of boto3 alone)"
    flat = f"{both.full_to_empty:.2f}x; calls {number(both.calls_empty)} and {number(both.calls_full)}"
    command, quick = "python -m tests.bench rates", both.to_raw >= 0.6
    return [
        Line("3 joins/s beside boto3 doing the same writes", "0.6x", beside, quick, command, reasons.RATES),
        Line("4 flat: 10,000 orders in the group", "0.95x", flat, both.full_to_empty >= 0.95, command, reasons.FLAT),
    ]


def crowd(found: Found) -> list[Line]:
    return hot_line(found) + ordinary_line(found) + sold_out_line(found)


WAIT_MS = 250
"""The slowest hundredth of a crowd waits less than this."""


def hot_line(found: Found) -> list[Line]:
    hot: Result | None = found.get("hot")
    if hot is None:
        return absent("5 one hot group", "hot", found)
    begun = int(hot.slices_by_second[0][1])
    said = (
        f"from second {hot.settled_s:.0f} on {hot.rate:,.0f}/s, p99 {hot.p99_ms:.0f} ms, conflicts "
        f"{hot.conflict_rate:.1%}, {hot.slices:.0f} slices (whole run, begun with {begun}: "
        f"{hot.whole_rate:,.0f}/s, p99 {hot.whole_p99_ms:.0f} ms)"
    )
    reached = hot.rate >= 10_000 and hot.p99_ms < WAIT_MS and sound(hot)
    partly = reasons.first_seconds(begun, hot.whole_p99_ms) if hot.whole_p99_ms >= WAIT_MS else ""
    asked, command = f"10,000/s, p99 < {WAIT_MS} ms", "python -m tests.bench hot"
    return [Line("5 one hot group", asked, said, reached, command, reasons.HOT, partly)]


def ordinary_line(found: Found) -> list[Line]:
    many: Result | None = found.get("ordinary")
    if many is None:
        return absent("5 ordinary groups", "ordinary", found)
    said = (
        f"from second {many.settled_s:.0f} on conflicts {many.conflict_rate:.1%} (whole run "
        f"{many.whole_conflict_rate:.1%}), p99 {many.p99_ms:.0f} ms at {many.rate:,.0f}/s, "
        f"{many.slices:.1f} slices a group"
    )
    reached = many.conflict_rate <= 0.02 and many.p99_ms < WAIT_MS and sound(many)
    late = many.whole_conflict_rate > 0.02
    partly = reasons.first_ordinary(many.settled_s, many.rate, many.whole_conflict_rate) if late else ""
    goal, asked = "5 500 workers, 1,000 groups", f"conflicts 2 %, p99 < {WAIT_MS} ms"
    return [Line(goal, asked, said, reached, "python -m tests.bench ordinary", reasons.ORDINARY, partly)]


def sold_out_line(found: Found) -> list[Line]:
    out: Result | None = found.get("sold_out")
    if out is None:
        return absent("5 selling out", "sold_out", found)
    said = (
        f"{out.joined:,} joined, {out.refused:,} told full, {out.false_full} of them while a unit was left, "
        f"{out.gave_up} without an answer; "
        f"{out.crashes} workers died; p99 {out.p99_ms:.0f} ms"
    )
    reached = sound(out) and out.joined == 4_000 and out.gave_up == 0
    partly = reasons.last_units(out.p99_ms) if out.p99_ms >= WAIT_MS else ""
    goal, asked = "5 selling out: 6,000 for 4,000", "exact, nobody falsely told full"
    return [Line(goal, asked, said, reached, "python -m tests.bench sold_out", reasons.SOLD_OUT, partly)]


def sound(run: Result) -> bool:
    """Every unit accounted for, and nobody told "full" while a unit was left at that moment."""
    return run.exact and run.false_full == 0


def night(found: Found) -> list[Line]:
    seen: Night | None = found.get("storm")
    if seen is None:
        return absent("6 storm", "storm", found)
    nights = [one for one in (*_by_size(found), found.get("storm_huge")) if one]
    command = "python -m tests.bench storm"
    verdicts = (
        f"{seen.verdicts} of {seen.groups} within {seen.last_verdict_ms / 1000:.0f} s (the huge one "
        f"{seen.huge_verdict_ms / 1000:.0f} s), on {seen.workers} workers instead of 50"
    )
    in_time = seen.verdicts == seen.groups and seen.last_verdict_ms <= 60_000
    done = seen.resolved == seen.groups and not seen.alarms
    served = f"{seen.others_served:,} joins elsewhere meanwhile, p99 {seen.others_p99_ms:.0f} ms"
    quick = seen.others_p99_ms < WAIT_MS
    return [
        Line("6 storm: all verdicts", "60 s", verdicts, in_time, command, reasons.VERDICTS),
        Line("6 everything resolved", "", resolved(seen), done, command, reasons.RESOLVED),
        steady_line(_by_size(found), command),
        *bounded_lines(nights, command),
        Line("6 other work is served", f"(p99 < {WAIT_MS} ms)", served, quick, command, reasons.OTHERS),
    ]


def steady_line(sizes: list[Night], command: str) -> Line:
    each = [one.writes_per_order for one in sizes]
    said = "; ".join(f"{one.writes_per_order:.1f} for {one.orders:,} orders" for one in sizes)
    steady = len(each) > 1 and max(each) / min(each) - 1 <= STEADY
    goal, asked = "6 write units per order, all that follows included", f"constant (within {STEADY:.0%})"
    return Line(goal, asked, said, steady, command, reasons.STEADY)


def bounded_lines(nights: list[Night], command: str) -> list[Line]:
    longest, over = max(one.longest_ms for one in nights), sum(one.over_limit for one in nights)
    asked, parted = max(one.most_asked for one in nights), max(one.most_parted for one in nights)
    queued = (
        f"at most {asked} times in {len(nights)} nights; a part of the huge group, "
        f"{ORDERS_AT_ONCE} orders at a time, {parted} times"
    )
    spans = f"longest {longest / 1000:.0f} s, {over} over (one run has ten parts of a huge group on two workers)"
    limit = f"{WORKER_LIMIT_MS // 1000} s"
    return [
        Line("6 a timer is queued", f"bounded ({MOST_ASKED})", queued, asked <= MOST_ASKED, command, reasons.ASKED),
        Line("6 no worker over its limit", limit, spans, over == 0, command, reasons.OVER_LIMIT),
    ]


STEADY, MOST_ASKED = 0.05, 12
"""How far the dearest order may be from the cheapest, over all sizes; how often one timer may be queued while a
night lasts (ahead of its moment, then 1, 2, 4, 8 and 16 minutes late, twice where ticks overlap, and by the stream)."""


def _by_size(found: Found) -> list[Night]:
    nights: list[Night] = [one for name in ("storm_small", "storm") if (one := found.get(name))]
    return nights


def resolved(seen: Night) -> str:
    return (
        f"{seen.resolved} of {seen.groups} carried out by {seen.last_resolved_ms / 1000:.0f} s, "
        f"{seen.refunds:,} refunds by {seen.last_refund_ms / 1000:.0f} s, {seen.alarms} alarms"
    )


MOST_IMPORT = 1.15
"""Of importing boto3 and making a client."""


def cold_start(found: Found) -> list[Line]:
    both = found.get("cold")
    if both is None:
        return absent("7 cold", "cold", found)
    sizes, (baseline, starts) = both
    command = "make figures"
    lines_: list[Line] = []
    for one in starts:
        ready = f"; until its first client {one.ready_ratio:.2f}x" if one.ready_ratio else ""
        answers = "".join(f"; until {answer.what} is answered {answer.ratio:.2f}x" for answer in one.answers)
        said = f"{one.import_ratio:.2f}x of {baseline:.0f} ms{ready}{answers}"
        quick = one.import_ratio <= MOST_IMPORT
        lines_.append(Line(f"7 import of {one.function}", f"{MOST_IMPORT}x", said, quick, command, reasons.START))
    for name, (size, limit) in sizes.items():
        asked, said = f"{limit >> 10:,} KiB", f"{size / 1024:,.0f} KiB"
        lines_.append(Line(f"7 {name}", asked, said, size <= limit, command, reasons.SIZE))
    return lines_


def dollars(found: Found) -> list[Line]:
    known = lines()
    total = mix(known)
    said = f"${total:.2f}; a million joins ${known['join'].base:.2f} and ${known['join'].indexes:.2f} of indexes"
    why = reasons.cost(floor(), total, next_saving())
    goal, asked = "8 cost of 1 M joins, 20,000 closings, 200,000 refunds", f"${COST_GOAL:.2f}"
    return [Line(goal, asked, said, total <= COST_GOAL, "make cost", why)]


def reading(found: Found) -> list[Line]:
    seen: list[Look] | None = found.get("reading")
    return absent("4, 9 reading", "reading", found) if seen is None else [look_line(look) for look in seen]


def look_line(look: Look) -> Line:
    said = (
        f"{number(look.calls)} calls; unchanged: {look.again_status}, {number(look.again_calls)} calls, "
        f"{number(look.warm_calls)} by a process that answered within the second; "
        f"ETag {'yes' if look.etag else 'no'}, Cache-Control {look.cache or 'none'}"
    )
    most = 2 if look.what.startswith("progress") else 99  # the hall's reads are no goal, its 304's are
    public = "no-store" not in look.cache
    reached = look.calls <= most and (not public or (look.etag and look.again_status == 304))
    reached = reached and (not public or look.again_calls <= 1)
    if look.what.startswith("hall"):
        reached = reached and public
    asked, command = "ETag; a 304 one read; progress 2 calls", "python -m tests.bench reading"
    return Line(f"4, 9 {look.what}", asked, said, reached, command, reasons.READING)


def peers(found: Found) -> list[Line]:
    seen = found.get("peers")
    if seen is None:
        return absent("2 faster than a shop", "peers", found)
    said = f"{seen['ratio']:.0f}x ({seen['ours']:.0f}/s beside {seen['theirs']:.1f}/s), p95 {seen['p95']:.2f}x"
    reached = seen["ratio"] >= 20 and seen["p95"] <= 0.1
    goal, why = "2 orders/s beside pretix, which does more per order", reasons.peers(seen["load"])
    return [Line(goal, "20x, p95 0.1x", said, reached, "make bench-peers", why)]


def memory_lines(found: Found) -> list[Line]:
    needed: list[memory.Need] | None = found.get("memory")
    handler: HandlerTime | None = found.get("handler")
    if needed is None or handler is None:
        return absent("7 memory", "memory", found)
    return [memory_line(need, handler.median_ms) for need in needed]


def memory_line(need: memory.Need, own_ms: float) -> Line:
    keep = [one.mb for one in memory.settings_of(need, own_ms, CALLS) if one.keeps]
    said = f"{need.set_mb} MB; the least that keeps them is {keep[0]} MB" if keep else "none keeps them"
    limits = f"first answer {memory.MOST_FIRST_MS[need.function] / 1000:g} s, own {memory.MOST_OWN_MS} ms"
    chosen = bool(keep) and need.set_mb == keep[0]
    goal, command = f"7 memory of {need.function}", "python -m tests.bench memory"
    return Line(goal, limits, said, chosen, command, reasons.MEMORY)


CALLS = 2
"""To the store, of a join."""


# ------------------------------------------------------------- sections


def peers_text(found: Found) -> list[str]:
    seen = found.get("peers")
    if seen is None:
        return []
    head = ("shop", "orders/s", "p95, ms")
    rows = [
        ("Tuan, 4 processes, dynoxide", f"{seen['ours']:.0f}", f"{seen['ours_p95_ms']:.0f}"),
        ("pretix, 4 processes, PostgreSQL", f"{seen['theirs']:.1f}", f"{seen['theirs_p95_ms']:.0f}"),
    ]
    return [
        "## Beside a shop",
        f"One hot product, eight clients, {seen['rounds']} pairs of blocks taken in turns by `make bench-peers` "
        f"({seen['made_at']} UTC, load {seen['load']:.1f} at the end). **pretix does more per order than a join "
        "does**: it renders and queues an e-mail, writes positions, fees, taxes and a log of every step, and its API "
        "checks the whole order. So this says how a hot product feels, not who writes better code; and dynoxide is no "
        "DynamoDB.",
        table(head, rows),
    ]


def memory_text(found: Found) -> list[str]:
    needed: list[memory.Need] | None = found.get("memory")
    handler: HandlerTime | None = found.get("handler")
    if needed is None or handler is None:
        return []
    head = ("function", "MB", "first answer, ms", "own time of a join, ms", "memory used", "Lambda, $ a million", "")
    rows = []
    for need in needed:
        for one in memory.settings_of(need, handler.median_ms, CALLS):
            mark = "set" if one.mb == need.set_mb else ""
            rows.append((need.function, str(one.mb), f"{one.first_ms:.0f}", f"{one.own_ms:.1f}", f"{one.full:.0%}",
                         f"{one.dollars:.2f}", mark))  # fmt: skip
    return [
        "## Memory",
        "Lambda gives processor in proportion to memory, a whole one at "
        f"{memory.WHOLE_PROCESSOR_MB:,} MB. Measured here: processor time from an empty interpreter to the first "
        "client, the most memory that took, and the handler's own time; reckoned: what that comes to at each setting. "
        "Without SnapStart; with it (Python 3.12 or later) a start is a restore.",
        table(head, rows),
    ]


def run_text(found: Found) -> list[str]:
    took: list[dict[str, Any]] = found.parts.get("took", [])
    rows = [
        (one["part"], one["ended"], f"{one['seconds']:.0f}",
         f"{one['processor_s']:.0f}" if "processor_s" in one else "", *(f"{load:.1f}" for load in one["loads"]))
        for one in took
    ]  # fmt: skip
    head = ("part", "ended, UTC", "seconds", "of a processor", "load before", "load after")
    return ["## The run", table(head, rows)] if rows else []


def crowd_text(found: Found) -> list[str]:
    hot: Result | None = found.get("hot")
    if hot is None:
        return []
    drawn = plot(
        "hot",
        "One hot group, from its first slices on (model, virtual time)",
        ("seconds", "joins/s"),
        {"answered": hot.joins_by_second},
        {"goal 10,000/s": 10_000.0},
    )
    grown = plot("slices", "Slices found by itself", ("seconds", "slices"), {"slices": hot.slices_by_second})
    hottest = ", ".join(f"{where} {units}" for where, units in hot.hottest.items())
    return [
        "## The crowd",
        "The model (`tests/bench/virtual.py`) gives every key 1,000 write units a second, lets transactions take 10 ms "
        "and cancels the later of two that meet, and kills workers "
        f"({hot.crashes} in the hot run). The services are the real ones. Most units one key took in a second: "
        f"{hottest} (limit 1,000). What follows a join (notices, figures) is not part of this run; it waits in the "
        "queue and has workers of its own.",
        drawn,
        grown,
    ]


def night_text(found: Found) -> list[str]:
    seen: Night | None = found.get("storm")
    if seen is None:
        return []
    lines_of = {
        "verdicts": seen.verdicts_by_second, "carried out": seen.resolved_by_second,
    }  # fmt: skip
    return [
        "## The storm",
        f"{seen.groups:,} groups with {seen.orders:,} paid orders end at one moment, {seen.failed} of them fail; one "
        f"group has a fifth of all orders. Groups, that group and the workers ({seen.workers}) are an equal share of a "
        "full night's 10,000 groups of 20, one of 50,000, and 50 workers, so that each worker has as much to do; "
        f"the full night itself was not played. The deadline lies {DEADLINE_MS // 1000} s after a tick. Verdicts come "
        "before anybody's refund: carrying out waits behind the verdicts of others. Refunds wait with the notices in "
        "one queue, which is why the last ones are late; the promise is a day.",
        plot(
            "storm",
            "Groups after the common deadline (model)",
            ("seconds", "groups"),
            lines_of,
            {"all": float(seen.groups)},
        ),
        plot("refunds", "Refunds booked", ("seconds", "refunds"), {"refunds": seen.refunds_by_second}),
        "Write units by whose rows they went to, every write of the run among them: the night's groups, campaigns and "
        "buyers; the shopping elsewhere, which goes on until the end and is not the night's; and rows of neither "
        "(products' price histories, the hall, cursors of the tick).",
        table(
            ("paid orders", "groups", "units of the night", "an order", "of the shopping elsewhere", "of neither"),
            [
                (f"{one.orders:,}", f"{one.groups:,}", f"{one.written.get('night', 0):,}",
                 f"{one.writes_per_order:.2f}", f"{one.written.get('elsewhere', 0):,}",
                 f"{one.written.get('nobody', 0):,}")
                for one in _by_size(found)
            ],
        ),
        plot(
            "writes",
            "Write units of the whole night, by its size",
            ("paid orders", "units"),
            {"units of the night": [(0, 0), *((one.orders, one.written.get("night", 0)) for one in _by_size(found))]},
        ),
    ]  # fmt: skip


def ways_text(found: Found) -> list[str]:
    ways: list[Way] | None = found.get("ways")
    if ways is None:
        return []
    head = (
        "way",
        "joins/s",
        "p99, ms",
        "calls",
        "write units",
        "conflicts",
        "sold of 12,000",
        "told full too early",
        "seats lost",
    )
    spelled: Callable[[Way], tuple[str, ...]] = lambda one: (  # noqa: E731
        one.name, f"{one.rate:,.0f}", f"{one.p99_ms:.0f}", f"{one.calls:.2f}", f"{one.write_units:.2f}",
        f"{one.conflict_rate:.1%}", f"{one.sold:,}", f"{one.false_full:,}", str(one.unfinished),
    )  # fmt: skip
    return [
        "## Four ways to take a seat",
        "As bare calls on the same model, workers dying now and then; decision 0015 says why the transaction stays.",
        table(head, [spelled(one) for one in ways]),
        *outside_text(found),
    ]


def outside_text(found: Found) -> list[str]:
    """The same calls against an engine outside."""
    seen: list[Outside] | None = found.get("outside")
    if seen is None:
        return []
    rows = [
        (one.name, f"{one.rate:,.0f}", f"{one.beside:.2f}x", f"{one.calls:.2f}", str(one.conflicts)) for one in seen
    ]
    return [
        "The same calls over HTTP to dynoxide, four processes, nobody dying, in blocks that take turns. It does one "
        "thing at a time, so nothing is cancelled there and the calls alone decide.",
        table(("way", "joins/s", "beside the transaction", "calls", "cancelled"), rows),
    ]


def cost_text(found: Found) -> list[str]:
    said = found.get("cost")
    return ["## Dollars", said] if said else []
