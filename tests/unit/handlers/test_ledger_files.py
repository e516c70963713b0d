"""The journal as a file (issue 8): ten thousand lines at once, sums that are the ledger's, and nobody's name."""

import csv
import io
import random
import time
from dataclasses import replace

import pytest

from chalicelib.domain import journal, ledger
from chalicelib.domain.instants import DAY
from chalicelib.domain.ledger import Entry, EntryState, Kind
from chalicelib.domain.refusals import Refused
from chalicelib.handlers.pages_ledger import journal_table
from chalicelib.services.paying.journal import bounds
from chalicelib.web import sheets
from tests.unit.domain import given as story

pytestmark = pytest.mark.req("R12", "X3")
KINDS = (Kind.PAYMENT, Kind.REFUND, Kind.RELEASE, Kind.REVERSAL, Kind.CHARGEBACK)


def many(count: int) -> list[Entry]:
    dice = random.Random(8)
    payment = replace(story.payment(), buyer_id="somebody-who-buys")
    return [
        replace(
            payment,
            id=f"{payment.id}.{n}",
            kind=dice.choice(KINDS),
            payee=dice.choice(("merchant", "supplier", "leader")),
            state=dice.choice((EntryState.POSTED, EntryState.POSTED, EntryState.PENDING)),
            amount_minor=dice.randrange(1, 10**6),
            currency=dice.choice(("CNY", "JPY")),
            posted_at=n * DAY // 100,
        )
        for n in range(count)
    ]


def said(key: str, **_: object) -> str:
    return key.rpartition(".")[2]


def test_ten_thousand_lines_are_written_in_no_time_and_add_up() -> None:
    entries = many(10_000)
    began = time.process_time()
    text = sheets.as_csv(*journal_table(iter(entries), "Asia/Shanghai", said))
    assert time.process_time() - began < 5, "reading them apart"
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    sums = {(row["currency"], row["to"]): row["amount"] for row in rows if row["kind"] == "sum"}
    assert len(rows) == 10_000 + len(sums)
    for currency, scale in (("CNY", 100), ("JPY", 1)):
        accounts = ledger.accounts(one for one in entries if one.currency == currency)
        found = {name: round(float(sums[currency, name]) * scale) for name in accounts if (currency, name) in sums}
        assert found == {name: amount for name, amount in accounts.items() if (currency, name) in sums or amount}
        assert sum(found.values()) == 0
    assert "somebody-who-buys" not in text


def test_what_no_answer_could_hold_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="export_too_large"):
        list(journal_table(iter(many(1) * (journal.MOST_LINES + 1)), "UTC", said)[1])
    for month in ("", "2026-13", "11/2026", "2026-1-1"):
        with pytest.raises(Refused, match="bad_month"):
            bounds(month, "Asia/Shanghai")
    begin, end = bounds("2026-12", "Asia/Shanghai")
    assert end - begin == 31 * DAY
