"""Writes docs/figures.md: what each path asks of the table, how big the zips are, how long a function takes to load."""

from . import breadth, cold, paths
from .paths import Cost
from .report import DOCS, made_by, number, table, verdict, write

MOST_RATIO = 1.15
PATHS_INTRO = """
## What each path asks of the table

Counted at the client while the real services play a group of twenty buyers over the engine in memory
(`tests/engine`), which charges by AWS's published rules. Write units are those of the rows themselves (twice as many
inside a transaction, as AWS charges); index entries stand beside them. The ids are as long as real ones. A join is
one transaction of two rows: the slice and the order; the query before it reads the buyer's other unpaid orders from
the index. "(a join)" and the like mean: the share of one, where several were done at once.
"""
COLD_INTRO = """
## How long a function takes to load

A fresh interpreter imports the handler's module from the very zip that is deployed, between runs of
`import boto3; boto3.client("dynamodb")`; medians, and the median of the ratios round by round. What the zip holds as
source only is compiled at every start here, as in a Lambda; what a start needs lies in it compiled. *Ready* goes on
until the first DynamoDB client exists. *First answer* goes on until the first piece of work is done, its calls to a
table, a queue and a secret on this machine included, so that nothing that was merely put off is missing: a group's
progress and a join for the API, a tick with late groups to queue, such a group's row in the stream, its closing.
"""


def cost_table(costs: list[Cost]) -> str:
    head = ("path", "calls", "write units", "of indexes", "read units", "which calls")
    rows = [
        (c.path, number(c.total), number(c.writes), number(c.index_writes), number(c.reads), spelled(c)) for c in costs
    ]
    return table(head, rows)


def spelled(cost: Cost) -> str:
    return ", ".join(f"{number(count)} {name}" for name, count in cost.calls.items())


def size_table() -> str:
    used = {
        "api.zip": "api",
        "events.zip": "tick, changes, wake, heard",
        "authorize.zip": "authorize",
        "payments.zip": "the layer of regions with Stripe, WeChat Pay or Alipay",
    }
    rows = [
        (used[name], f"{size / 1024:,.0f}", f"{limit / 1024:,.0f}", verdict(size <= limit))
        for name, (size, limit) in cold.sizes().items()
    ]
    return table(("functions", "zip, KiB", "limit", ""), rows)


def cold_table(baseline: float, starts: list[cold.Start]) -> str:
    rows = [
        (
            one.function,
            f"{one.import_ms:.0f}",
            f"{one.import_ratio:.2f}x",
            verdict(one.import_ratio <= MOST_RATIO),
            f"{one.ready_ms:.0f}" if one.ready_ms else "",
            f"{one.ready_ratio:.2f}x" if one.ready_ratio else "",
            ", ".join(f"{answer.what} {answer.ms:.0f}" for answer in one.answers),
            ", ".join(f"{answer.ratio:.2f}x" for answer in one.answers),
        )
        for one in starts
    ]
    head = ("function", "import, ms", f"of boto3 + client ({baseline:.0f} ms)", "goal 1.15x", "ready, ms", "ready",
            "first answer, ms", "first answer")  # fmt: skip
    return table(head, rows)


def cold_sections() -> list[str]:
    return ["## How big the zips are", size_table(), COLD_INTRO, cold_table(*cold.starts())]


def main() -> None:
    found = paths.figures()
    write(
        DOCS / "figures.md",
        "# Figures",
        made_by("make figures"),
        PATHS_INTRO,
        "### A group that fails: everybody is paid back",
        cost_table(found["failed"]),
        "### A group that forms, at a lower price than was paid",
        cost_table(found["formed"][-2:]),
        breadth.section([breadth.breadth(size) for size in breadth.SIZES]).strip(),
        *cold_sections(),
        "Time from the deadline to the verdict, and from the verdict to the last refund, are printed by `make demo`.",
    )


if __name__ == "__main__":
    main()
