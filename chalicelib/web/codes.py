"""Codes to scan, drawn as SVG."""


def drawn(address: str) -> str:
    """Dark on light whatever the page's colours: scanners want it so."""
    import segno

    code = segno.make(address, error="m")
    svg: str = code.svg_inline(scale=1, border=2, dark="#1b1613", light="#ffffff", omitsize=True, svgclass="qr")
    return svg
