"""Tables that pages give out as files for spreadsheets."""

from collections.abc import Iterable, Sequence

from ..domain.money import decimals
from ..web import sheets
from ..web.sheets import Cell
from .edge import NO_STORE
from .page import Sent

Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
"""A heading, and rows that are made while they are written."""


def as_csv(table: Table, name: str) -> Sent:
    return Sent(sheets.as_csv(*table), sheets.CSV, NO_STORE, f"{name}.csv")


def as_xlsx(table: Table, name: str) -> Sent:
    return Sent(sheets.as_xlsx(*table), sheets.XLSX, NO_STORE, f"{name}.xlsx")


def major(amount_minor: int, currency: str) -> float | int:
    """12.5 of 1250: a number that a spreadsheet adds up."""
    places = decimals(currency)
    return round(amount_minor / 10**places, places) if places else amount_minor
