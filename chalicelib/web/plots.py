"""Plots as pictures (SVG) within the page: bars over time, and a line against a target. In both colour schemes."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

DARK = """inline:
@media (prefers-color-scheme: dark) {
  text { fill: #b9aba0 !important; } .axis path, .axis line { stroke: #4a4039 !important; }
  .color-0 { fill: #ff9a62 !important; stroke: #ff9a62 !important; }
  .color-1 { fill: #7fd1a1 !important; stroke: #7fd1a1 !important; }
  .line .color-0, .line .color-1 { fill: none !important; }
}"""
SHOWN_LABELS = 6


def bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    import pygal

    return _drawn(pygal.Bar(**_looks(labels)), labels, series)


def lines(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int | None]]]) -> str:
    import pygal

    return _drawn(pygal.Line(**_looks(labels), show_dots=len(labels) < 3, stroke_style={"width": 3}), labels, series)


def _looks(labels: Sequence[str]) -> dict[str, Any]:
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#6d5f56",
        foreground_strong="#6d5f56",
        foreground_subtle="#8f8177",
        colors=("#b8400e", "#2c6e49"),
        font_family="system-ui, sans-serif",
        label_font_size=15,
        major_label_font_size=15,
        legend_font_size=16,
    )
    return {
        "style": style,
        "css": ["file://style.css", "file://graph.css", DARK],
        "js": [],
        "width": 760,
        "height": 300,
        "margin": 8,
        "show_minor_x_labels": False,
        "x_labels_major_every": max(1, -(-len(labels) // SHOWN_LABELS)),
        "legend_at_bottom": True,
        "legend_box_size": 14,
        "no_prefix": True,
        "disable_xml_declaration": True,
        "value_formatter": lambda value: f"{value:g}",
        "range": (0, None),
    }


def _drawn(chart: Any, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int | None]]]) -> str:
    """The address of the picture: it is all in there."""
    highest = max((value for _, values in series for value in values if value is not None), default=0)
    chart.y_labels = _steps(max(highest, 1))
    chart.range = (0, chart.y_labels[-1])
    chart.x_labels = list(labels)
    for name, values in series:
        chart.add(name, list(values))
    return "data:image/svg+xml;base64," + b64encode(chart.render().encode()).decode()


def _steps(highest: int) -> list[int]:
    """Up to six whole numbers to write beside the plot: nobody joins by halves."""
    size = 10 ** (len(str(highest)) - 1)
    step = next(
        step
        for step in (max(1, size // 10), max(1, size // 5), max(1, size // 2), size, 2 * size)
        if highest / step <= 5
    )
    return list(range(0, highest + step, step))
