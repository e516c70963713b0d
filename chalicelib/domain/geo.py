"""Places on the globe, as whole millionths of a degree (about 11 cm), because rows hold no fractions."""

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_M = 6_371_000


class Point(NamedTuple):
    lat_e6: int
    lon_e6: int


def metres(a: Point, b: Point) -> float:
    """The great circle between two points."""
    lat_a, lat_b = radians(a.lat_e6 / 1e6), radians(b.lat_e6 / 1e6)
    north, east = lat_b - lat_a, radians((b.lon_e6 - a.lon_e6) / 1e6)
    h = sin(north / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin(east / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(h)))
