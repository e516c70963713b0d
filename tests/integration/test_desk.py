"""What the merchant's desk stands on: files in and out, and many rows at once."""

import json
import time
from io import BytesIO
from zipfile import ZipFile

import pytest

from chalicelib import wiring
from chalicelib.domain.ports import Caller
from chalicelib.domain.refusals import Refused
from chalicelib.services.selling.import_products import Report, import_products, to_minor
from chalicelib.web import sheets
from tests.bed import Bed

BOSS = Caller(id="boss", roles=frozenset({"merchant"}), phone_verified=True)
TABLE = (
    "title,price,code,Origin\nApple,¥12.50,a1,Aksu\nPear,1e400,a2,\n"
    "Plum,3.999,a3,\n,5,a4,\nFig,5,a1,\n𠮷 Peach,8,a5,x\n"
)


def taken(bed: Bed, content: bytes) -> Report:
    return import_products(wiring.world(), BOSS, content, "CNY", now=bed.now)


@pytest.mark.req("O12")
def test_a_file_is_taken_row_by_row_and_only_once() -> None:
    with Bed.made() as bed:
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            report = taken(bed, TABLE.encode(encoding))
            assert len(report.taken) == 2
            assert [(one.row, one.code, one.column) for one in report.problems] == [
                (3, "bad_cell", "price"),
                (4, "bad_cell", "price"),
                (5, "cell_missing", "title"),
                (6, "repeated_row", "code"),
            ]
        assert len(wiring.world().store.products_of("boss", 50, None).rows) == 2
        known = taken(bed, b"title;price;code\nApple;13;a1\n")
        assert [one.code for one in known.problems] == ["known_otherwise"]
        for content, code in (
            (b"\xff\xfe\x00", "not_text"),
            (b"", "file_is_empty"),
            (b"a,b\n1,2\n", "columns_missing"),
            (b'title,price\n"x', "not_a_table"),
            (b"title,price\n" + b"x,1\n" * 301, "too_many_rows"),
        ):
            with pytest.raises(Refused) as refused:
                taken(bed, content)
            assert refused.value.code == code


@pytest.mark.req("O12")
def test_a_json_file_is_taken_object_by_object() -> None:
    objects = [
        {"title": "苹果", "price": 12.5, "code": "a1", "attributes": {"产地": "阿克苏"}},
        {"title": "梨", "price": True},
        {"title": "李", "price": "4", "attributes": ["x"]},
        "桃",
        {"price": 3},
        {"title": "杏", "price": "¥8", "tags": {"a": 1}},
    ]
    with Bed.made() as bed:
        for content in (json.dumps(objects).encode(), json.dumps({"products": objects}).encode("utf-8-sig")):
            report = taken(bed, content)
            assert len(report.taken) == 1
            assert [(one.row, one.code, one.column) for one in report.problems] == [
                (2, "bad_cell", "price"),
                (3, "bad_cell", "attributes"),
                (4, "bad_cell", ""),
                (5, "cell_missing", "title"),
                (6, "bad_cell", "tags"),
            ]
        (apple,) = wiring.world().store.products_of("boss", 50, None).rows
        assert (apple.list_price_minor, apple.attributes) == (1250, (("产地", "阿克苏"),))
        for broken, code in (
            (b"[", "not_a_table"),
            (b"[]", "file_is_empty"),
            (b'{"a": 1}', "not_a_table"),
            (b"[" * 5_000, "not_a_table"),
            (json.dumps(objects * 60).encode(), "too_many_rows"),
        ):
            with pytest.raises(Refused) as refused:
                taken(bed, broken)
            assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "minor"), [("12.5", 1250), ("￥1,234.50", 123_450), ("0", None), ("-1", None), ("NaN", None), ("", None)]
)
def test_amounts_as_people_write_them(text: str, minor: int | None) -> None:
    assert to_minor(text, "CNY") == minor


@pytest.mark.req("M16")
def test_ten_thousand_rows_become_files_within_five_seconds() -> None:
    rows = [[f"g1-{k:05d}", "已付款", "=1+1", k, k / 100, None] for k in range(10_000)]
    begun = time.process_time()  # of this process alone: a busy machine takes longer, not more
    text, book = sheets.as_csv(["订单"] * 6, rows), sheets.as_xlsx(["订单"] * 6, rows)
    assert time.process_time() - begun < 5
    assert text.startswith("\ufeff订单") and text.count("\n") == 10_001
    assert "'=1+1" in text, "no cell runs as a formula"
    with ZipFile(BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 10_001 and "<f>" not in sheet
