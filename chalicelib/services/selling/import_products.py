"""Products from a file (O12), a table or JSON: UTF-8 with or without its mark, or GB18030. What is wrong is told row by
row, and the rows that are right are taken.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial

from ...domain.instants import Instant
from ...domain.money import MAX_MINOR, decimals
from ...domain.ports import Caller
from ...domain.refusals import Refused
from ...lean import dataclass
from ..world import World
from . import products
from .products import ProductDraft

MOST_ROWS = 300
MOST_ATTRIBUTES = 50
LENGTHS = {"title": 120, "category": 40, "description": 5_000, "code": 64}

HEADINGS = {
    "title": ("title", "name", "商品名称", "名称", "标题"),
    "price": ("price", "list_price", "价格", "原价", "标价"),
    "category": ("category", "分类", "类目"),
    "description": ("description", "描述", "详情", "商品描述"),
    "code": ("code", "sku", "编码", "商品编码", "货号"),
}
"""A column of any other name is an attribute."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`row` as a spreadsheet numbers it, the heading being row 1; in JSON, the object's place, from 1."""

    row: int
    code: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    taken: Sequence[str]
    problems: Sequence[RowProblem]


def decoded(content: bytes) -> str:
    """Raises Refused('not_text')."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Refused("not_text")


def import_products(world: World, caller: Caller, content: bytes, currency: str, *, now: Instant) -> Report:
    """The same file again takes nothing twice: a row is known by its code or, without one, by its title."""
    text = decoded(content)
    rows = _from_json(text) if text.lstrip()[:1] in ("[", "{") else _from_table(text)
    taken: list[str] = []
    problems: list[RowProblem] = []
    seen: set[str] = set()
    for number, read in rows:
        try:
            values = read()
            key = values.get("code") or values["title"]
            if key in seen:
                raise Wrong("repeated_row", "code" if values.get("code") else "title")
            seen.add(key)
            draft = _draft(values, currency)
            taken.append(products.create(world, caller, draft, key=f"import\x1f{key}", now=now).id)
        except Wrong as wrong:
            problems.append(RowProblem(number, wrong.code, wrong.column))
        except Refused as refused:
            known = refused.code == "key_reused"
            problems.append(RowProblem(number, "known_otherwise" if known else "bad_cell", "" if known else "price"))
    return Report(taken, problems)


Values = dict[str, str]
Row = tuple[int, Callable[[], Values]]
"""Its number, and how to read it. Raises Wrong."""


def _from_table(text: str) -> list[Row]:
    rows = _rows(text)
    if not rows:
        raise Refused("file_is_empty")
    names = [_name(heading) for heading in rows[0]]
    if not {"title", "price"} <= set(names):
        raise Refused("columns_missing")
    _check_count(len(rows) - 1)
    filled = [(number, cells) for number, cells in enumerate(rows[1:], start=2) if any(cell.strip() for cell in cells)]
    return [(number, partial(_values, names, cells)) for number, cells in filled]


def _from_json(text: str) -> list[Row]:
    """A list of objects, or {"products": [...]}; one is numbered by its place. `attributes` holds names and values."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("not_a_table") from None
    listed = said.get("products") if isinstance(said, dict) else said
    if not isinstance(listed, list):
        raise Refused("not_a_table")
    if not listed:
        raise Refused("file_is_empty")
    _check_count(len(listed))
    return [(number, partial(_of_object, one)) for number, one in enumerate(listed, start=1)]


def _of_object(one: object) -> Values:
    if not isinstance(one, dict):
        raise Wrong("bad_cell")
    names, cells = [], []
    for name, value in {**one, **_attributes(one.get("attributes"))}.items():
        if name == "attributes":
            continue
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise Wrong("bad_cell", str(name)[:80])
        names.append(name if name.startswith("+") else _name(name))
        cells.append(str(value))
    return _values(names, cells)


def _attributes(given: object) -> dict[str, object]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Wrong("bad_cell", "attributes")
    return {f"+{name}": value for name, value in given.items()}


def _check_count(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Refused("too_many_rows", most=MOST_ROWS)


class Wrong(Exception):
    """What is wrong with one row."""

    def __init__(self, code: str, column: str = "") -> None:
        super().__init__(code)
        self.code, self.column = code, column


def _rows(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error:
        raise Refused("not_a_table") from None


def _name(heading: str) -> str:
    plain = heading.strip()
    return next((name for name, known in HEADINGS.items() if plain.lower() in known), f"+{plain}")


def _values(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        raise Wrong("too_many_cells")
    values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name != "+"}
    for name in ("title", "price"):
        if not values.get(name):
            raise Wrong("cell_missing", name)
    for name, value in values.items():
        control = any(ord(letter) < 32 for letter in value if letter not in "\n\r\t" or name != "description")
        if control or len(value) > LENGTHS.get(name, 200) or len(name) > 120:
            raise Wrong("bad_cell", name.removeprefix("+"))
    return values


def _draft(values: Mapping[str, str], currency: str) -> ProductDraft:
    attributes = tuple((name[1:], value) for name, value in values.items() if name.startswith("+") and value)
    if len(attributes) > MOST_ATTRIBUTES:
        raise Wrong("bad_cell", attributes[MOST_ATTRIBUTES][0])
    minor = to_minor(values["price"], currency)
    if minor is None:
        raise Wrong("bad_cell", "price")
    return ProductDraft(
        title=values["title"],
        list_price_minor=minor,
        currency=currency,
        description=values.get("description", ""),
        category=values.get("category", ""),
        attributes=attributes,
    )


def to_minor(text: str, currency: str) -> int | None:
    """`¥1,234.50` -> 123450; None where it is no amount of that currency, or not a positive one."""
    plain = text.strip().strip("¥￥$€").replace(",", "").strip()
    try:
        minor = Decimal(plain).scaleb(decimals(currency))
    except InvalidOperation:
        return None
    if not minor.is_finite() or minor != minor.to_integral_value() or not 0 < minor <= MAX_MINOR:
        return None
    return int(minor)
