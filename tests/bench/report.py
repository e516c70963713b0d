"""Tables and plots for the documents, made from what a run found; and where the run took place."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.package import ROOT

DOCS = ROOT / "docs"
PLOTS = DOCS / "figures"
LINES = ("#0b6e4f", "#c1440e", "#3a5a98", "#8a6d3b", "#6b4c9a")


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers_from: int = 1) -> str:
    """A Markdown table; columns from `numbers_from` on are aligned right."""
    marks = ["---" if column < numbers_from else "--:" for column in range(len(head))]
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value: float) -> str:
    """As many digits as say something."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def made_by(command: str) -> str:
    """When and on what, so that nobody takes an absolute time for a promise."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return (
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: Python {platform.python_version()}, "
        f"{sys.platform} {platform.machine()}, {cores} cores, load {load:.1f} at the end. "
        "Every figure below was written by that run."
    )


def write(path: Path, *parts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n")


def plot(
    name: str,
    title: str,
    axes: tuple[str, str],
    lines: Mapping[str, Sequence[tuple[float, float]]],
    limits: dict[str, float] | None = None,
) -> str:
    """Writes docs/figures/NAME.svg with these lines and horizontal limits; returns the Markdown that shows it."""
    width, height, left, top, right, bottom = 760, 340, 70, 40, 20, 50
    limits = limits or {}
    xs = [x for points in lines.values() for x, _ in points] or [0.0, 1.0]
    ys = [y for points in lines.values() for _, y in points] + list(limits.values())
    x_most, y_most = max(xs) or 1, max(ys, default=1) * 1.08 or 1

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x / x_most * (width - left - right), height - bottom - y / y_most * (height - top - bottom)

    shapes = [f'<text x="{left}" y="22" font-size="15" font-weight="bold">{title}</text>']
    for step in range(5):
        value = y_most * step / 4
        (x, y), (end, _) = at(0, value), at(x_most, value)
        shapes.append(f'<path d="M{x:.0f} {y:.1f}H{end:.0f}" stroke="#ddd"/>')
        shapes.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{number(round(value, 2))}</text>')
        x, y = at(x_most * step / 4, 0)
        shapes.append(
            f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{number(round(x_most * step / 4, 2))}</text>'
        )
    for label, value in limits.items():
        (x, y), (end, _) = at(0, value), at(x_most, value)
        shapes.append(f'<path d="M{x:.0f} {y:.1f}H{end:.0f}" stroke="#444" stroke-dasharray="6 4"/>')
        shapes.append(f'<text x="{end:.0f}" y="{y - 5:.1f}" text-anchor="end">{label}</text>')
    for place, ((label, points), colour) in enumerate(zip(lines.items(), LINES * 3, strict=False)):
        path = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in points)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes.append(f'<text x="{left + 12}" y="{top + 14 + 16 * place}" fill="{colour}">{label}</text>')
    middle = (left + width - right) / 2
    shapes.append(f'<text x="{middle}" y="{height - 10}" text-anchor="middle">{axes[0]}</text>')
    upright = f'transform="rotate(-90 16 {height / 2})"'
    shapes.append(f'<text x="16" y="{height / 2}" text-anchor="middle" {upright}>{axes[1]}</text>')
    PLOTS.mkdir(parents=True, exist_ok=True)
    (PLOTS / f"{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{width}" height="{height}" fill="#fff"/>{"".join(shapes)}</svg>\n'
    )
    return f"![{title}](figures/{name}.svg)"
