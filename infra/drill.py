"""Drills (演练): `make drill KIND=burst|provider-down|region-down|carrier-down`, with a report.

On this machine against stacks of its own, which are gone afterwards; or against a scratch stage on AWS (`--cell`),
where play money and passwords are allowed. Ends with 1 when a promise was broken.
"""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from infra import cells, keys, smoke
from infra.deploy import Outputs, Region
from infra.kept import keep
from infra.local.meter import Meter
from infra.local.stack import LocalStack, real_ms
from infra.market import Arrive, Market, Order, percentile, through_own_log_in, through_the_pool, wait_for

FAST = 30.0
"""How much faster a stage's clock runs where a drill has to sit out retries."""

console = Console(emoji=False, highlight=False)


@dataclass
class Report:
    """What was seen, what it took, and which promises were broken."""

    kind: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def says(self, what: str, value: object) -> None:
        self.facts.append((what, str(value)))
        console.print(f"[dim]{what}: {value}[/dim]")

    def show(self) -> None:
        table = Table(title=f"drill: {self.kind}", title_justify="left", show_header=False)
        for what, value in self.facts:
            table.add_row(what, value)
        for one in self.broken:
            table.add_row("[red]broken[/red]", one)
        table.add_row("verdict", "[red]failed[/red]" if self.broken else "[green]every promise held[/green]")
        console.print(table)


# ---------------------------------------------------------------------- where


@contextmanager
def scratch(name: str, speed: float = 1.0) -> Iterator[LocalStack]:
    """A local stack that leaves nothing behind."""
    start = a_while_ago() if speed != 1.0 else 0
    stack = LocalStack(name, clock_start=start, clock_speed=speed, fresh=True)
    try:
        with stack:
            yield stack
    finally:
        shutil.rmtree(stack.home, ignore_errors=True)


def a_while_ago() -> int:
    """Where a fast clock starts: log-ins last an hour of the real time, and must not look expired on it."""
    return (int(time.time()) - 300 * 86_400) * 1000


def market_on(stack: LocalStack, workers: int = 8) -> Market:
    provider = (stack.sandbox_url, stack.keys["sandbox_api_key"])
    return Market(stack.url, doors(stack.region, stack.outputs, stack.now_ms), provider, stack.now_ms, workers)


def doors(region: Region, outputs: Outputs, clock: Callable[[], int]) -> Arrive:
    """How people come into this cell."""
    if "UserPoolId" in outputs:
        return through_the_pool(region.connect("cognito-idp"), outputs)
    return through_own_log_in(region, outputs, clock)


def market_in(cell: str, stage: str) -> Market:
    """On AWS: a stage with passwords and a sandbox provider."""
    region = cells.find(cell, stage)
    if region.settings["Protected"] == "true" or not region.settings["SandboxUrl"]:
        raise SystemExit(f"{stage} takes real people's money: drill on a stage that is not protected")
    outputs = region.outputs()
    secret = keys.read(region.connect("secretsmanager"), outputs["SecretArn"])
    provider = (region.settings["SandboxUrl"], secret["sandbox_api_key"])
    url = region.api_url(outputs).rstrip("/")
    return Market(url, doors(region, outputs, real_ms), provider, real_ms)


# ---------------------------------------------------------------------- drills


def burst(report: Report, options: argparse.Namespace) -> None:
    """爆单: more buyers than units, all at once."""
    if options.cell:
        rush(report, market_in(options.cell, options.stage), options.buyers, seconds=180)
        return
    with scratch("drill-burst") as stack:
        rush(report, market_on(stack), options.buyers, seconds=60 + options.buyers)
        lags(report, Meter(stack.region))


def rush(report: Report, market: Market, buyers: int, seconds: float) -> None:
    units = max(1, buyers * 3 // 5)
    names = market.arrive(buyers)
    market.open(units=units, at_least=max(1, units // 2), seconds=seconds)
    began = time.monotonic()
    market.buy(names)
    took = time.monotonic() - began
    sold = sum(order.units for order in market.orders)
    report.says("buyers for units", f"{buyers} for {units}")
    report.says("seats given", f"{sold}, refused {dict(market.refusals)}")
    report.says("joins", f"{len(market.joins_s)} in {took:.1f} s; {latencies(market.joins_s)}")
    report.says("paid at the provider", sum(order.paid for order in market.orders))
    report.says("verdict carried out", f"{market.settled(seconds + 120):.1f} s after the rush")
    report.says("verdict", {k: market.verdict().get(k) for k in ("formed", "participants", "units")})
    report.broken += market.broken(units)
    report.says("oversold", max(0, sold - units))
    if sold < units and set(market.refusals) <= {"sold_out", "group_full"} and market.refusals:
        report.broken.append(
            f"{sum(market.refusals.values())} were told it is full while {units - sold} units were left"
        )
    balance(report, market)


def provider_down(report: Report, options: argparse.Namespace) -> None:
    """The payment provider is silent, first when buyers want to pay, then when they are to get their money back."""
    only_here(options)
    with scratch("drill-provider", speed=FAST) as stack:
        market = market_on(stack)
        names = market.arrive(options.buyers)
        units, paying = options.buyers * 2, options.buyers // 2
        market.open(units=units, at_least=options.buyers + 1, seconds=3600)
        silence(market, "payments", options.buyers * 3)
        with ThreadPoolExecutor(market.workers) as crowd:
            orders = [order for order in crowd.map(market.join, names) if order is not None]
        report.says("joined while the provider was silent", f"{len(orders)} of {len(names)}")
        report.says("seats without a payment yet", sum(not order.pay_url for order in orders))
        report.says("joins meanwhile", latencies(market.joins_s))
        speak(market)
        with ThreadPoolExecutor(market.workers) as crowd:
            list(crowd.map(lambda order: pay_later(market, order), orders[:paying]))
        report.says("paid when it was back", sum(order.paid for order in orders))
        silence(market, "refunds", 10_000)
        wait_for(market.verdict, "the verdict", 180)
        time.sleep(5)
        report.says("refunds while it was silent", market.money()["refunded_minor"])
        speak(market)
        report.says(
            "all refunds done", f"{market.settled(240) * FAST / 60:.1f} of the stage's minutes after it was back"
        )
        report.broken += market.broken(units)
        balance(report, market)
        lags(report, Meter(stack.region))


def pay_later(market: Market, order: Order) -> None:
    if order.pay_url or market.start_payment(order):
        market.pay(order)


def region_down(report: Report, options: argparse.Namespace) -> None:
    """One of two regions is killed while both sell; the other must not notice."""
    only_here(options)
    with scratch("drill-east") as east, scratch("drill-west") as west:
        markets = [market_on(east), market_on(west)]
        crowds = [market.arrive(options.buyers) for market in markets]
        for market in markets:
            market.open(units=options.buyers, at_least=1, seconds=60 + options.buyers)
        half = options.buyers // 2
        for market, names in zip(markets, crowds, strict=True):
            market.buy(names[:half])
        before = [len(market.orders) for market in markets]
        west.kill()
        wrong = smoke.failures(west.url)
        report.says("west was killed, and answers", wrong[0] if wrong else "as ever")
        if not wrong:
            report.broken.append("west was killed and still answers: nothing was drilled")
        markets[0].buy(crowds[0][half:])
        report.says("orders in east, before and after", f"{before[0]}, {len(markets[0].orders)}")
        report.says("joins in east", latencies(markets[0].joins_s))
        if len(markets[0].orders) != options.buyers:
            report.broken.append(f"east sold to {len(markets[0].orders)} of {options.buyers}: {markets[0].refusals}")
        report.says("east carried its verdict out", f"{markets[0].settled(240):.1f} s later")
        report.broken += markets[0].broken(options.buyers)
        balance(report, markets[0])


def carrier_down(report: Report, options: argparse.Namespace) -> None:
    """物流瘫痪: the carrier stands still and nobody finishes the delivery. Each step of the escalation must be taken at
    its time, until the other carrier is asked; then the goods arrive, and nobody's money went astray meanwhile."""
    only_here(options)
    with scratch("drill-carrier", speed=DELIVERY_SPEED) as stack:
        market = market_on(stack)
        names = market.arrive(options.buyers)
        market.open(
            units=options.buyers,
            at_least=1,
            seconds=86_400,
            pay_minutes=20_000,
            manager_id=market.id_of("manager"),
            plan=[
                {"name": "stocking", "limit": {"minutes": 600}},
                {"name": "delivery", "limit": {"minutes": LIMIT_MINUTES}, "fallback": {**OTHER_CARRIER}},
            ],
        )
        market.buy(names)
        report.says("orders", f"{len(market.orders)} of {len(names)}; joins {latencies(market.joins_s)}")
        market.close_in(2 * DELIVERY_SPEED)
        report.says("verdict carried out", f"{market.settled(240):.1f} s after the last order")
        market.works("stocking", "enter")
        market.works("stocking", "finish")
        market.works("delivery", "enter")
        delivery = wait_for(lambda: fallen_back(market), "the other carrier", 600)
        report.says("limit of the delivery", f"{LIMIT_MINUTES} minutes from the end of stocking")
        escalations(report, delivery)
        market.works("delivery", "finish")
        report.says("finished by", f"the other carrier, {OTHER_CARRIER['to']}; broken limit: {delivery['late']}")
        report.broken += market.broken(options.buyers)
        balance(report, market)
        lags(report, Meter(stack.region))


DELIVERY_SPEED = 240.0
LIMIT_MINUTES = 120
OTHER_CARRIER = {"kind": "other_carrier", "to": "reserve-carrier"}
PLANNED_MINUTES = {"due_soon": -30, "overdue": 0, "manager": 30, "fallback": 60}
"""Beside the limit: a quarter of the limit lies between two steps (domain/escalation.py)."""

MOST_LATE_MINUTES = 20
"""Of the stage's clock, which runs 240-fold: five seconds here."""


def fallen_back(market: Market) -> dict[str, Any]:
    delivery = market.stage("delivery")
    return delivery if delivery.get("fallback_on_at") else {}


def escalations(report: Report, delivery: Mapping[str, Any]) -> None:
    """When each step was taken, beside when it was to be."""
    limit = minutes(delivery["due_at"])
    taken = {step["step"]: minutes(step["at"]) - limit for step in delivery["steps"]}
    for step, planned in PLANNED_MINUTES.items():
        if step not in taken:
            report.broken.append(f"nobody was told: the step {step} was not taken")
            continue
        report.says(f"escalation: {step}", f"{taken[step]:+.1f} min beside the limit, planned {planned:+d}")
        if not 0 <= taken[step] - planned <= MOST_LATE_MINUTES:
            report.broken.append(f"the step {step} was taken {taken[step] - planned:.0f} minutes beside its time")


def minutes(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() / 60


# ---------------------------------------------------------------------- small things


def silence(market: Market, on: str, times: int) -> None:
    market.at_provider("PUT", "/faults", [{"kind": "silent_before", "on": on, "times": times}])


def speak(market: Market) -> None:
    market.at_provider("PUT", "/faults", [])


def latencies(seconds: list[float]) -> str:
    shares = {"half": 0.5, "19 of 20": 0.95, "all": 1.0}
    return ", ".join(f"{name} within {percentile(seconds, share):.2f} s" for name, share in shares.items())


def balance(report: Report, market: Market) -> None:
    money = market.money()
    told = {name: money[f"{name}_minor"] for name in ("captured", "refunded", "released", "held")}
    report.says("money, minor units", told)


def lags(report: Report, meter: Meter) -> None:
    """What the cell's own metrics say of the time it took."""
    meter.look()
    for metric in ("close_lag_ms", "resolution_lag_ms", "timer_lag_ms", "stream_age_ms"):
        values = [value for _, value in meter.series(metric)]
        if values:
            report.says(metric, f"half within {percentile(values, 0.5):.0f}, all within {max(values):.0f}")
    report.says("alarms that went off", ", ".join(sorted(meter.firing() - {"tick-silent"})) or "none")


def only_here(options: argparse.Namespace) -> None:
    if options.cell:
        raise SystemExit(f"{options.kind} breaks things that only this machine lets us break: leave REGION out")


DRILLS: dict[str, Callable[[Report, argparse.Namespace], None]] = {
    "burst": burst,
    "provider-down": provider_down,
    "region-down": region_down,
    "carrier-down": carrier_down,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=sorted(DRILLS))
    parser.add_argument("--buyers", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="keep the report in docs/operations.md")
    parser.add_argument("--cell", default="", help="a scratch stage on AWS; default: this machine")
    parser.add_argument("--stage", default="scratch")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report(options.kind)
    with console.status(f"drill: {options.kind} …"):
        DRILLS[options.kind](report, options)
    report.show()
    if options.write:
        keep(
            f"drill-{report.kind}",
            ("asked", "seen"),
            [*report.facts, ("promises broken", "; ".join(report.broken) or "none")],
        )
    sys.exit(bool(report.broken))


if __name__ == "__main__":
    main()
