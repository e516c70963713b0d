"""Labels as a printable PDF: one a page of 100 x 100 mm, as label printers take them.

Chinese is set in STSong-Light, one of the fonts every PDF viewer brings or replaces by its own (Adobe-GB1), so the
file carries no font and a label is about a kilobyte. The QR code holds the order's id.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Any

from ..domain.label import Label

PDF = "application/pdf"
MM = 72 / 25.4
SIDE = 100 * MM
MARGIN = 6 * MM
QR_SIDE = 30 * MM


def as_pdf(labels: Iterable[Label], title: str) -> bytes:
    import pydyf

    pdf = pydyf.PDF()
    pdf.info["Title"] = pydyf.String(title)
    font = _font(pdf)
    for label in labels:
        content = pydyf.Stream([line.encode("ascii") for line in _drawn(label)], compress=True)
        pdf.add_object(content)
        pdf.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": pdf.pages.reference,
                    "MediaBox": pydyf.Array([0, 0, round(SIDE, 2), round(SIDE, 2)]),
                    "Contents": content.reference,
                    "Resources": pydyf.Dictionary({"Font": pydyf.Dictionary({"F": font.reference})}),
                }
            )
        )
    out = io.BytesIO()
    pdf.write(out)
    return out.getvalue()


def _font(pdf: Any) -> Any:
    """Latin letters half as wide as Chinese ones, so that a line's width is known here without the font."""
    import pydyf

    descriptor = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": "/STSong-Light",
            "Flags": 4,
            "FontBBox": pydyf.Array([-25, -254, 1000, 880]),
            "ItalicAngle": 0,
            "Ascent": 880,
            "Descent": -120,
            "CapHeight": 880,
            "StemV": 93,
        }
    )
    pdf.add_object(descriptor)
    system = pydyf.Dictionary({"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("GB1"), "Supplement": 4})
    glyphs = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/CIDFontType0",
            "BaseFont": "/STSong-Light",
            "CIDSystemInfo": system,
            "DW": 1000,
            "W": pydyf.Array([1, 95, 500, 814, 939, 500]),
            "FontDescriptor": descriptor.reference,
        }
    )
    pdf.add_object(glyphs)
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": "/STSong-Light",
            "Encoding": "/UniGB-UTF16-H",
            "DescendantFonts": pydyf.Array([glyphs.reference]),
        }
    )
    pdf.add_object(font)
    return font


def _drawn(label: Label) -> Iterator[str]:
    """Top down: the number in its row, where it goes, who, what; the code at the bottom right."""
    top = SIDE - MARGIN
    yield _text(MARGIN, top - 22, 22, f"#{label.number}")
    yield _text(MARGIN + 70, top - 20, 11, _cut(label.place, SIDE - 2 * MARGIN - 70, 11))
    y = top - 52
    for line in _wrapped(label.door, SIDE - 2 * MARGIN, 20)[:2]:
        yield _text(MARGIN, y, 20, line)
        y -= 25
    yield _text(MARGIN, y, 13, _cut(f"{label.recipient}  {label.phone}".strip(), SIDE - 2 * MARGIN, 13))
    y -= 20
    narrow = SIDE - 2 * MARGIN - QR_SIDE - 4 * MM
    for line in [one for item in label.goods for one in _wrapped(item, narrow, 11)][:7]:
        yield _text(MARGIN, y, 11, line)
        y -= 15
    yield _text(MARGIN, MARGIN + 12, 8, label.order_id)
    yield _text(MARGIN, MARGIN, 8, f"{label.carrier} {label.waybill}".strip())
    yield from _code(label.order_id, SIDE - MARGIN - QR_SIDE, MARGIN)


def _text(x: float, y: float, size: int, text: str) -> str:
    return f"BT /F {size} Tf {x:.2f} {y:.2f} Td <{text.encode('utf-16-be').hex()}> Tj ET"


def _width(letter: str) -> float:
    return 0.5 if letter.isascii() else 1.0


def _wrapped(text: str, width: float, size: int) -> list[str]:
    """Broken wherever the line is full, as Chinese is."""
    lines, line, used = [], "", 0.0
    for letter in text:
        if used + _width(letter) * size > width and line:
            lines.append(line)
            line, used = "", 0.0
        line, used = line + letter, used + _width(letter) * size
    return [*lines, line] if line else lines


def _cut(text: str, width: float, size: int) -> str:
    lines = _wrapped(text, width, size)
    return lines[0] if lines else ""


def _code(text: str, x: float, y: float) -> Iterator[str]:
    import segno

    rows = [list(row) for row in segno.make_qr(text, error="m").matrix]
    step = QR_SIDE / len(rows)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                yield f"{x + across * step:.2f} {y + (len(rows) - 1 - down) * step:.2f} {step:.2f} {step:.2f} re"
    yield "f"
